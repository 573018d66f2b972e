"""The door to a running Anki, with a stand-in for AnkiConnect over a real collection."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from anki._backend import RustBackend
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.scheduler.v3 import CardAnswer
from click.testing import CliRunner

from anki_backend import Anki
from anki_connect import AnkiConnectServer, GoneError, serve_anki_connect
from cardwright.anki.collection import open_collection
from cardwright.anki.doors import anki_connect, running
from cardwright.anki.doors.anki_connect import AnkiConnect, Call, find_running_anki
from cardwright.anki.doors.closed import ProfileDoor
from cardwright.anki.doors.door import Push
from cardwright.anki.doors.profiles import Profile
from cardwright.anki.doors.running import AnkiConnectDoor
from cardwright.anki.error import AnkiChangedError, AnkiError
from cardwright.anki.identity import NoteIdentity, find_identities
from cardwright.anki.rows import AnkiView, CardWrite, LogRow
from cardwright.app.project import open_project
from cardwright.cli.main import cards as run_cards
from cardwright.foreign.live_database import stamp_database

NOW = datetime(2026, 11, 28, 12, 30, 5, tzinfo=timezone(timedelta(hours=1)))
AT_MS = 1_795_000_000_000
CARDS = "".join(
    f"  - id: tree-{number}\n    question: Which tree is number {number}?\n"
    f"    answer: The one after {number - 1}.\n"
    for number in range(8)
)
RETENTION = 0.87


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, and a profile of Anki with its cards, of which some were answered."""
    root = tmp_path_factory.mktemp("connect")
    for name, text in {
        "cards/trees/a.yaml": f"kind: basic\ncards:\n{CARDS}",
        "decks/trees/deck.yaml": "name: Trees\nnamespace: trees\n",
    }.items():
        (root / "project" / name).parent.mkdir(parents=True)
        (root / "project" / name).write_text(text, "utf-8")
    folder = root / "project"
    assert CliRunner().invoke(run_cards, ["-C", str(folder), "build"]).exit_code == 0
    anki = Anki(root / "User 1")
    anki.import_package(folder / "build" / "trees.apkg")
    preset = anki.col.decks.config_dict_for_deck_id(anki.col.decks.id_for_name("Trees"))  # type: ignore[arg-type]
    preset["desiredRetention"] = RETENTION
    anki.col.decks.update_config(preset)
    # Two notes of somebody else, one of which has been answered.
    for number in range(2):
        note = anki.col.new_note(anki.col.models.by_name("Basic"))  # type: ignore[arg-type]
        note.fields = [f"Foreign {number}", "Yes"]
        anki.col.add_note(note, anki.col.decks.id("Other"))  # type: ignore[arg-type]
    for card_id in [
        *sorted(anki.col.find_cards("deck:Trees"))[:4],
        *anki.col.find_cards("Foreign 0"),
    ]:
        anki.answer(card_id, CardAnswer.GOOD)
    # Anki keeps the time of a change in seconds.
    assert anki.col.db is not None
    anki.col.db.execute("update cards set mod = mod - 100")
    anki.col.close()
    return root


@pytest.fixture(scope="module")
def identities(made: Path) -> Mapping[str, NoteIdentity]:
    collection = open_project(made / "project").collection
    return find_identities(collection.cards, collection.kinds, str)


class Running:
    """Anki, with a profile open, and the door to it."""

    def __init__(
        self, server: AnkiConnectServer, folder: Path, identities: Mapping[str, NoteIdentity]
    ) -> None:
        assert server.col is not None
        self.server, self.col, self.folder = server, server.col, folder
        self._identities = identities

    @property
    def profile(self) -> Profile:
        return Profile("User 1", self.folder / "User 1")

    def open_door(self, **words: Any) -> AnkiConnectDoor:
        client = find_running_anki(self.server.url)
        assert client is not None
        words = {"folder": self.folder / "ours", "now": NOW, **words}
        return AnkiConnectDoor(client, self._identities, **words)

    def read_tables(self) -> dict[str, list[Sequence[Any]]]:
        """Read all that a user would miss."""
        assert self.col.db is not None
        tables = ("notes", "cards", "revlog", "graves", "decks", "deck_config", "notetypes")
        return {name: [*self.col.db.all(f"select * from {name} order by 1")] for name in tables}

    def answer(self, card_id: int) -> None:
        """Answer a card in Anki's window."""
        self.server.handle(
            {
                "action": "answerCards",
                "version": 6,
                "params": {"answers": [{"cardId": card_id, "ease": 3}]},
            }
        )


@contextmanager
def start_anki(
    folder: Path, made: Path, identities: Mapping[str, NoteIdentity]
) -> Iterator[Running]:
    shutil.copytree(made / "User 1", folder / "User 1")
    col = Collection(str(folder / "User 1" / "collection.anki2"))
    try:
        with serve_anki_connect(col) as server:
            yield Running(server, folder, identities)
    finally:
        col.close()


@pytest.fixture
def anki(tmp_path: Path, made: Path, identities: Mapping[str, NoteIdentity]) -> Iterator[Running]:
    with start_anki(tmp_path, made, identities) as running:
        yield running


def make_push(view: AnkiView) -> Push:
    """Answers, a reset, a suspension and a flag: one of each that a sync writes."""
    rows = [view.cards[f"trees:tree-{number}/recall"].row for number in range(8)]
    log = [
        LogRow(AT_MS + row.ordinal + n, row.id, 3, 12, 1, 500, 4000, 1)
        for n, row in enumerate(rows)
    ]

    def write(number: int, **values: Any) -> CardWrite:
        row = rows[number]
        before = CardWrite(
            card_id=row.id,
            kind=row.kind,
            queue=row.queue,
            due=row.due,
            interval_days=row.interval_days,
            factor=row.factor,
            reps=row.reps,
            lapses=row.lapses,
            left=row.left,
            flag=row.flag,
            stability=None,
            difficulty=None,
            last_review_s=None,
        )
        return before._replace(**values)

    learned = {"kind": 2, "queue": 2, "due": 17, "interval_days": 12, "factor": 2500, "left": 0}
    memory = {"stability": 12.345678, "difficulty": 5.43219, "last_review_s": AT_MS // 1000}
    return Push(
        log=log,
        cards=[
            write(0, **learned, **memory, reps=2),
            write(1, **learned, **memory, reps=2, lapses=3, flag=1),
            write(2, queue=-1, kind=2, due=30, interval_days=9, **memory),
            write(3, kind=0, queue=0, due=5, interval_days=0, factor=0, reps=0, left=0),
            write(4, **learned, **memory, reps=1),
            write(5, kind=1, queue=1, due=AT_MS // 1000 + 600, left=1001, **memory, reps=1),
            write(6, queue=-1),
            write(7, flag=3),
        ],
    )


def test_an_answer_is_read_while_anki_has_not_closed_its_collection(anki: Running) -> None:
    door = anki.open_door()
    view = door.read()
    assert len(view.cards) == 8
    assert view.presets["Default"].desired_retention == pytest.approx(RETENTION)
    key, card = next(iter(view.cards.items()))
    number = len(view.log[key])
    anki.answer(card.row.id)
    again = door.read()
    assert len(again.log[key]) == number + 1
    assert again.cards[key].row.reps == card.row.reps + 1
    taken = again.log[key][-1].id
    assert door.find_taken([taken, taken + 1, 5]) == {taken}
    assert {"cardsInfo", "notesInfo"}.isdisjoint(anki.server.asked)


def test_a_push_writes_what_the_closed_collection_gets_and_nothing_else(
    anki: Running, tmp_path: Path, made: Path, identities: Mapping[str, NoteIdentity]
) -> None:
    before = anki.read_tables()
    assert anki.col.db is not None
    mod_ms = anki.col.db.scalar("select mod from col")
    door = anki.open_door()
    door.write(make_push(door.read()))
    after = anki.read_tables()
    # A sync of Anki notices.
    assert anki.col.db.scalar("select mod from col") > mod_ms
    own = {card.row.id for card in door.read().cards.values()}
    door.close()

    def leave_out(tables: dict[str, list[Sequence[Any]]]) -> dict[str, list[Sequence[Any]]]:
        return tables | {
            "cards": [row for row in tables["cards"] if row[0] not in own],
            "revlog": [row for row in tables["revlog"] if row[1] not in own],
        }

    assert leave_out(after) == leave_out(before)
    assert anki.server.refreshes == 1

    shutil.copytree(made / "User 1", tmp_path / "closed")
    closed = ProfileDoor(
        Profile("closed", tmp_path / "closed"), identities, folder=tmp_path / "x", today=NOW.date()
    )
    closed.write(make_push(closed.read()))
    col = Collection(str(tmp_path / "closed" / "collection.anki2"))
    assert col.db is not None
    other = {name: col.db.all(f"select * from {name} order by 1") for name in ("cards", "revlog")}
    col.close()
    assert after["revlog"] == other["revlog"]

    def read_card(row: Sequence[Any]) -> list[Any]:
        """All but the time of the change; the JSON of the data has no order."""
        return [*row[:4], *row[5:17], json.loads(row[17] or "{}")]

    assert [read_card(row) for row in after["cards"]] == [read_card(row) for row in other["cards"]]
    written = {row[0]: json.loads(row[17] or "{}") for row in after["cards"] if row[0] in own}
    assert {"s": 12.3457, "d": 5.432, "dr": RETENTION} in [
        {key: data.get(key) for key in ("s", "d", "dr")} for data in written.values()
    ]


def test_a_push_that_changes_nothing_does_nothing(anki: Running) -> None:
    door = anki.open_door()
    push = make_push(door.read())
    door.write(push)
    before, asked = anki.read_tables(), len(anki.server.asked)
    door.read()
    door.write(Push(log=(), cards=push.cards))
    assert anki.read_tables() == before
    assert "setSpecificValueOfCard" not in anki.server.asked[asked:]


def test_a_stamp_differs_after_every_change_and_only_then(anki: Running) -> None:
    db, path = anki.col.db, anki.profile.collection
    assert db is not None
    seen = [stamp_database(path)]
    for number in range(40):
        if number % 8 == 5:
            # The log is written again from its start.
            db.execute("pragma wal_checkpoint(restart)")
        assert stamp_database(path) == seen[-1]
        if number % 2:
            anki.server.insert_reviews([[AT_MS + number, 1, -1, 3, 1, 1, 1, 1, 1]])
        else:
            anki.col.set_config("number", number)
        seen.append(stamp_database(path))
        assert len(set(seen)) == len(seen)


def test_nothing_is_written_if_anything_was_answered_since_it_was_read(anki: Running) -> None:
    door = anki.open_door()
    push = make_push(door.read())
    anki.answer(anki.col.find_cards("deck:Other")[1])
    before = anki.read_tables()
    with pytest.raises(AnkiChangedError, match="has changed since it was read"):
        door.write(push)
    assert anki.read_tables() == before
    door.write(make_push(door.read()))


def test_rows_whose_id_is_taken_meanwhile_are_not_written(anki: Running) -> None:
    door = anki.open_door()
    push = make_push(door.read())

    def take(action: str, _: Mapping[str, Any]) -> None:
        if action == "insertReviews":
            anki.server.before = lambda *_: None
            row = push.log[-1]
            anki.server.insert_reviews([[row.id, 1, -1, 3, 1, 1, 1, 1, 1]])

    anki.server.before = take
    cards = anki.read_tables()["cards"]
    with pytest.raises(AnkiChangedError):
        door.write(push)
    assert anki.read_tables()["cards"] == cards
    assert door.read().log["trees:tree-7/recall"] == []


def test_a_card_that_is_answered_during_the_push_is_not_overlooked(anki: Running) -> None:
    door = anki.open_door()
    push = make_push(door.read())
    answered = push.cards[0].card_id

    def answer(action: str, _: Mapping[str, Any]) -> None:
        if action == "cardsModTime":
            anki.server.before = lambda *_: None
            card = anki.col.get_card(answered)  # type: ignore[arg-type]
            card.reps = 77
            anki.col.update_card(card)

    anki.server.before = answer
    with pytest.raises(AnkiError, match="changed while it was written to") as found:
        door.write(push)
    assert not isinstance(found.value, AnkiChangedError)
    assert "run the command again" in found.value.help
    door.read()
    door.write(Push(log=(), cards=push.cards))
    assert anki.col.get_card(answered).reps == push.cards[0].reps  # type: ignore[arg-type]


@pytest.mark.parametrize("ends_at", range(2, 8))
def test_a_push_that_breaks_off_is_completed_by_the_next(
    anki: Running, monkeypatch: pytest.MonkeyPatch, ends_at: int
) -> None:
    monkeypatch.setattr(running, "_ROWS_AT_ONCE", 3)
    monkeypatch.setattr(running, "_CARDS_AT_ONCE", 3)
    door = anki.open_door()
    push = make_push(door.read())
    left = [ends_at]

    def end(action: str, _: Mapping[str, Any]) -> None:
        if action in {"insertReviews", "cardsModTime", "getMediaDirPath", "replaceTags"}:
            left[0] -= 1
            if left[0] == 0:
                raise GoneError

    anki.server.before = end
    with pytest.raises(AnkiError) as found:
        door.write(push)
    assert not isinstance(found.value, AnkiChangedError)
    assert "run the command again" in found.value.help
    anki.server.before = lambda *_: None
    door.read()
    taken = door.find_taken([row.id for row in push.log])
    door.write(Push(log=[row for row in push.log if row.id not in taken], cards=push.cards))
    view = door.read()
    assert sorted(row for rows in view.log.values() for row in rows)[:8] == sorted(push.log)
    assert [view.cards["trees:tree-4/recall"].row.due, len(taken) > 0] == [17, ends_at > 2]
    assert anki.col.get_card(push.cards[1].card_id).flags == 1  # type: ignore[arg-type]


def test_a_backup_restores_what_was_there_before_the_first_write_of_a_day(
    anki: Running, tmp_path: Path
) -> None:
    before = anki.read_tables()
    door = anki.open_door()
    door.write(make_push(door.read()))
    assert door.backup == tmp_path / "User 1" / "backups" / "backup-2026-11-28-12.30.05.colpkg"
    later = anki.open_door()
    push = make_push(later.read())
    later.write(Push(log=[row._replace(id=row.id + 100) for row in push.log], cards=()))
    assert later.backup is None
    with open_collection(door.backup) as backup:
        assert len(list(backup.read_log())) == len(before["revlog"])
    target = tmp_path / "restored" / "collection.anki2"
    target.parent.mkdir()
    RustBackend().import_collection_package(
        col_path=str(target),
        backup_path=str(door.backup),
        media_folder=str(target.with_suffix(".media")),
        media_db=str(target.with_suffix(".mdb")),
    )
    col = Collection(str(target))
    assert col.db is not None
    assert col.db.all("select * from revlog order by 1") == before["revlog"]
    assert col.db.all("select * from cards order by 1") == before["cards"]
    col.close()


def test_a_collection_that_cannot_be_backed_up_is_not_written_to(
    anki: Running, tmp_path: Path
) -> None:
    (tmp_path / "User 1" / "backups").write_text("a file is in the way")
    before = anki.read_tables()
    (tmp_path / "ours").write_text("here, too")
    door = anki.open_door()
    with pytest.raises(AnkiError, match="so nothing was written"):
        door.write(make_push(door.read()))
    assert anki.read_tables() == before
    (tmp_path / "ours").unlink()
    door.write(make_push(door.read()))
    assert door.backup is not None
    assert tmp_path / "ours" in door.backup.parents


def test_the_open_profile_is_named_as_the_closed_one_and_no_other_is_used(
    anki: Running, tmp_path: Path
) -> None:
    own = anki.profile
    assert anki.open_door().place == "profile User 1"
    named = Profile("User 1 (there)", own.folder)
    assert anki.open_door(profiles=[named]).place == "profile User 1 (there)"
    other = Profile("User 1", tmp_path / "elsewhere" / "User 1")
    assert anki.open_door(profiles=[other]).place == f"profile User 1 ({tmp_path})"
    anki.open_door(wanted="User 1")
    with pytest.raises(AnkiError, match="has the profile User 1 open, not Anna"):
        anki.open_door(wanted="Anna")
    door = anki.open_door()
    push = make_push(door.read())
    anki.server.before = lambda *_: None
    shutil.copytree(own.folder, tmp_path / "User 2")
    anki.server.instead["getMediaDirPath"] = str(tmp_path / "User 2" / "collection.media")
    with pytest.raises(AnkiChangedError):
        door.write(push)


@pytest.mark.parametrize(
    "path",
    [
        *("/nowhere/User 1/collection.media", "//server/share/x", "User 1/x", "", None, 7),
        *(
            "/a\0b/x",
            "/a\nhelp: b/x",
            f"/{'a' * 5_000}/x",
            "/dev/fd/0/x",
            "/dev/null",
        ),
    ],
)
def test_a_path_that_is_not_of_this_computer_is_not_opened(anki: Running, path: object) -> None:
    anki.server.instead["getMediaDirPath"] = path
    with pytest.raises(AnkiError, match="not on this computer"):
        anki.open_door()


def test_half_a_character_is_no_answer(anki: Running) -> None:
    anki.server.instead["getMediaDirPath"] = "/\ud800/x"
    with pytest.raises(AnkiError, match="is not JSON"):
        anki.open_door()


@pytest.mark.parametrize("planted", ["folder", "collection.anki2", "owner"])
def test_a_profile_that_is_not_known_must_be_the_users_own(
    anki: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    """What others name could be a link to a private collection, of which they would get a backup."""
    theirs = tmp_path / "theirs"
    if planted == "folder":
        theirs.symlink_to(anki.profile.folder)
    else:
        theirs.mkdir()
        if planted == "owner":
            shutil.copy(anki.profile.collection, theirs)
            monkeypatch.setattr(os, "geteuid", lambda: theirs.stat().st_uid + 1)
        else:
            (theirs / planted).symlink_to(anki.profile.collection)
    anki.server.instead["getMediaDirPath"] = str(theirs / "collection.media")
    with pytest.raises(AnkiError, match="a link or belongs to somebody else"):
        anki.open_door()
    # In a known folder, it may be wherever the user has put it.
    anki.open_door(profiles=[Profile("User 1", theirs)])


def test_what_a_reply_says_stays_on_one_line() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert anki_connect.show_reply("a\nhelp: b\r\tc") == "a help: b c"
    assert len(anki_connect.show_reply({"a": "b" * 5_000})) <= 200
    assert anki_connect.show_reply(deep) == "a value that is nested too deeply"


def test_what_comes_slowly_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anki_connect, "_GREETING_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            taken, _ = listener.accept()
            with taken, suppress(OSError):
                taken.sendall(b"HTTP/1.1 200 OK\r\nX-Header: ")
                while not is_done.wait(0.02):
                    taken.sendall(b"x")

        is_done = threading.Event()
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        started = time.monotonic()
        with pytest.raises(AnkiError, match="has not replied"):
            AnkiConnect(f"http://127.0.0.1:{listener.getsockname()[1]}").greet()
        assert time.monotonic() - started < 5
        is_done.set()
        thread.join()


def test_without_an_open_profile_it_says_so(anki: Running) -> None:
    anki.server.col = None
    with pytest.raises(AnkiError, match="has no profile open"):
        anki.open_door()


def test_keys(anki: Running) -> None:
    assert AnkiConnect(anki.server.url, "not needed").greet()
    anki.server.key = "secret"
    with pytest.raises(AnkiError, match="wants an API key"):
        find_running_anki(anki.server.url)
    with pytest.raises(AnkiError, match="wants another API key"):
        find_running_anki(anki.server.url, "wrong")
    client = find_running_anki(anki.server.url, "secret")
    assert client is not None
    assert client.ask_all([Call("version"), Call("deckNames")])[0] == 6


def test_the_add_on_imports_packages_with_other_options_than_anki(
    anki: Running, made: Path
) -> None:
    """Why `cards anki update` needs a closed Anki: a note type that changes forces a full sync."""
    model = anki.col.models.by_name("Cardwright Basic")
    assert model is not None
    assert anki.col.db is not None
    anki.col.models.remove_field(model, model["flds"][-1])
    anki.col.models.update_dict(model)
    package = str(made / "project" / "build" / "trees.apkg")
    schema = anki.col.db.scalar("select scm from col")
    options = ImportAnkiPackageOptions()
    anki.col.import_anki_package(ImportAnkiPackageRequest(package_path=package, options=options))
    assert anki.col.db.scalar("select scm from col") == schema
    anki.server.import_package(package)
    assert anki.col.db.scalar("select scm from col") > schema


def test_a_sync_finds_the_running_anki_and_the_second_does_nothing(
    anki: Running, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANKICONNECT_URL", anki.server.url)
    anki.server.key = "secret"
    monkeypatch.setenv("ANKICONNECT_KEY", "secret")
    db = tmp_path / "store" / "reviews.db"

    def run(*words: str) -> str:
        command = ["-C", str(made / "project"), *words, "--db", str(db)]
        result = CliRunner().invoke(run_cards, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    run("answer", "trees:tree-7", "easy")
    assert "4 from Anki, 1 to Anki" in run("anki", "sync")
    before = anki.read_tables()
    assert "nothing new" in run("anki", "sync")
    assert anki.read_tables() == before
    assert anki.server.refreshes == 1


def test_nobody_answers() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    assert AnkiConnect(url).greet() is False
    with pytest.raises(AnkiError, match="nothing answers"):
        find_running_anki(url)


@contextmanager
def serve_raw(reply: bytes | None) -> Iterator[tuple[str, list[bytes]]]:
    """Send one reply to whatever is asked; None is none at all."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            taken, _ = listener.accept()
            with taken, suppress(OSError):
                asked.append(taken.recv(2**16))
                if reply is not None:
                    taken.sendall(reply)
                    taken.shutdown(socket.SHUT_WR)
                while data := taken.recv(2**16):
                    asked.append(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        thread.join()


def make_reply(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


GRANTED = (
    b'{"result": {"permission": "granted", "requireApikey": false, "version": %s}, "error": null}'
)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (make_reply(b"<html>"), "not JSON"),
        (make_reply(b"[" * 190_000), "not JSON"),
        (make_reply(b"", "302 Found", "Location: http://127.0.0.1:1/\r\n"), "status 302"),
        (make_reply(b"[]"), "not valid"),
        (make_reply(b'{"result": 6, "error": null}'), "is not AnkiConnect"),
        (make_reply(b'{"result": null, "error": "unsupported action"}'), "or an old one"),
        (make_reply(GRANTED % b"5"), "speaks version 5"),
        (make_reply(GRANTED % b'"6"'), "is not AnkiConnect"),
        (make_reply(b" " * 200_001), "too large"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 9_000, "too large"),
        (CHUNKED + b"1\r\n \r\n" * 40_000, "too large"),
        (CHUNKED + b"0\r\n" + b"X: y\r\n" * 40_000, "too large"),
        (CHUNKED + b"-1\r\n", "AnkiConnect at"),
        (CHUNKED + b"f" * 5_000 + b"\r\n{}", "AnkiConnect at"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000\r\n\r\n{}", "not valid"),
        (make_reply(b'{"result": %s, "error": null}' % (b"9" * 5_000)), "not JSON"),
        (b"hello\n" * 100, "hello"),
        (b"SSH-2.0-x\r\n", "SSH"),
        (b"", "closed connection|Remote end"),
        (None, "has not replied"),
    ],
)
def test_what_is_not_ankiconnect_is_told_from_it(
    monkeypatch: pytest.MonkeyPatch, reply: bytes | None, message: str
) -> None:
    if reply is None:
        monkeypatch.setattr(anki_connect, "_GREETING_TIMEOUT_S", 0.05)
    monkeypatch.setattr(anki_connect, "_MAX_REPLY_BYTES", 200_000)
    with serve_raw(reply) as (url, asked), pytest.raises(AnkiError, match=message):
        AnkiConnect(url, "secret").greet()
    # The key goes to nobody who did not ask for it.
    assert b"secret" not in b"".join(asked)


def test_another_program_at_the_port_of_the_add_on_is_no_running_anki(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for body in (b"<html>", b"[]", b"{}"):
        with serve_raw(make_reply(body)) as (url, _):
            monkeypatch.setattr(anki_connect, "DEFAULT_URL", url)
            assert find_running_anki() is None
    with serve_raw(make_reply(b"<html>")) as (url, _), pytest.raises(AnkiError, match="not JSON"):
        find_running_anki(url)


@pytest.mark.parametrize(
    "url",
    [
        *("https://127.0.0.1:8765", "http://192.168.1.5:8765", "http://ankiweb.net", "8765", ""),
        *("http://127.0.0.1.example.com", "http://me@127.0.0.1", "http://[::1", "file:///x"),
        "http://127.0.0.1:99999",
    ],
)
def test_only_this_computer_is_asked(url: str) -> None:
    with pytest.raises(AnkiError, match="not an address of AnkiConnect on this computer"):
        AnkiConnect(url)


@pytest.mark.parametrize("url", ["http://localhost", "http://[::1]:8765", "http://127.0.0.1:80/"])
def test_addresses_of_this_computer(url: str) -> None:
    AnkiConnect(url)


def test_the_stand_in_has_the_oddities_of_the_add_on(anki: Running) -> None:
    def ask(action: str, **params: Any) -> Any:
        reply = anki.server.handle({"action": action, "version": 6, "params": params})
        return json.loads(json.dumps(reply))

    card = min(anki.col.find_cards("deck:Trees"))
    ask_to_set: Callable[..., Any] = lambda keys, values, **more: ask(  # noqa: E731
        "setSpecificValueOfCard", card=card, keys=keys, newValues=values, **more
    )["result"]
    assert ask_to_set(["reps"], [5]) is False
    assert ask_to_set(["reps"], [5, 6], warning_check=True) is False
    assert ask_to_set(["data"], ["{}"]) == [True]
    assert ask_to_set(["memory_state"], [{"s": 1}])[0][0] is False
    assert ask("getReviewsOfCards", cards=[card])["result"].keys() == {str(card)}
    assert ask("cardReviews", deck="Trees", startID=0)["result"][0][1:3] == [card, -1]
    row = [AT_MS, card, -1, 3, 1, 1, 1, 1, 1]
    assert ask("insertReviews", reviews=[row])["error"] is None
    assert "UNIQUE" in ask("insertReviews", reviews=[[AT_MS + 1, *row[1:]], row])["error"]
    assert AT_MS + 1 not in {
        row["id"] for row in ask("getReviewsOfCards", cards=[card])["result"][str(card)]
    }
    assert ask("cardsModTime", cards=[5]) == {"result": [{}], "error": None}
    assert ask("addNote")["error"] == "unsupported action"
    assert anki.server.handle({"action": "version"}) == 6
