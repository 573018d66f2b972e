"""The doors to a closed collection and to a sync server, with Anki's own library and server."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest
from anki.collection import Collection
from anki.decks import DeckId
from anki.models import NotetypeId

from anki_desktop import (
    TODAY,
    Identities,
    answer,
    build_package,
    dump,
    identify,
    import_into,
    list_card_ids,
    make_push,
    open_anki,
    write_cards,
)
from cardwright.anki.collection import open_collection
from cardwright.anki.doors import library, package_import
from cardwright.anki.doors.backup import back_up_daily
from cardwright.anki.doors.closed import ProfileDoor
from cardwright.anki.doors.door import Push
from cardwright.anki.doors.package_import import PackageNote
from cardwright.anki.doors.profiles import Profile
from cardwright.anki.error import AnkiChangedError, AnkiError
from cardwright.error import ExtraMissingError

AT_MS = 1_700_000_000_000
SUPPORT = Path(__file__).parents[2] / "support"


class World(NamedTuple):
    """What is made once, and copied for each test that changes it."""

    project: Path
    package: Path
    """Six notes, each with one card."""
    profile: Path
    """Its collection holds them, and a note of the user's own."""
    identities: Identities


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("world")
    package = build_package(root / "project", write_cards(range(6)))
    profile = root / "profile"
    profile.mkdir()
    with open_anki(profile / "collection.anki2") as col:
        import_into(col, package)
        basic = col.models.by_name("Basic")
        assert basic
        note = col.new_note(basic)
        note["Front"] = "Mine"
        col.add_note(note, DeckId(1))
    return World(root / "project", package, profile, identify(root / "project"))


@pytest.fixture
def identities(world: World) -> Identities:
    return world.identities


@pytest.fixture
def profile(tmp_path: Path, world: World) -> Profile:
    return Profile("User 1", shutil.copytree(world.profile, tmp_path / "Anki2" / "User 1"))


@pytest.fixture
def make_door(
    tmp_path: Path, profile: Profile, identities: Identities
) -> Callable[..., ProfileDoor]:
    def make(days: int = 0) -> ProfileDoor:
        today = TODAY + timedelta(days)
        return ProfileDoor(profile, identities, folder=tmp_path / "mine", today=today)

    return make


@pytest.fixture
def door(make_door: Callable[..., ProfileDoor]) -> ProfileDoor:
    return make_door()


def read_push(door: ProfileDoor, cards: slice = slice(3), at_ms: int = AT_MS) -> Push:
    """Return what answers some cards, by the order of their keys."""
    view = door.read()
    return make_push(view, sorted(view.cards)[cards], at_ms)


def snap(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_push_writes_its_rows_and_cards_and_nothing_else(
    door: ProfileDoor, profile: Profile
) -> None:
    before = dump(profile.collection)
    push = read_push(door)

    door.write(push)

    after = dump(profile.collection)
    assert [tuple(row[:2] + row[3:]) for row in after["revlog"]] == [tuple(row) for row in push.log]
    written = {card.card_id for card in push.cards}
    for was, now in zip(before["cards"], after["cards"], strict=True):
        if was[0] not in written:
            assert now == was
            continue
        # Its deck, note and ordinal stay; type to left, and data, are written; the next sync takes it.
        assert (now[:4], now[5]) == (was[:4], -1)
        assert now[6:14] == [2, 2, 9, 5, 2500, 1, 0, 0]
        assert now[14:17] == was[14:17]
        assert json.loads(str(now[17])) == {
            "pos": was[8],
            "s": 3.1735,
            "d": 5.282,
            "lrt": AT_MS // 1000,
            "dr": 0.9,
            "decay": 0.154,
        }
    [was_col], [now_col] = before["col"], after["col"]
    assert now_col[2] > was_col[2]  # or no sync would notice
    assert now_col[:2] + now_col[3:] == was_col[:2] + was_col[3:]
    for table in before.keys() - {"cards", "revlog", "col"}:
        assert after[table] == before[table], table


def test_anki_computes_its_next_intervals_from_what_was_written(
    door: ProfileDoor, profile: Profile
) -> None:
    push = read_push(door, slice(1))
    door.write(push)

    with open_anki(profile.collection) as col:
        card = col.get_card(push.cards[0].card_id)  # type: ignore[arg-type]
        assert card.memory_state
        assert card.memory_state.stability == pytest.approx(3.1735)
        assert card.desired_retention == pytest.approx(0.9)
        assert card.decay == pytest.approx(0.154)
        states = col._backend.get_scheduling_states(card.id)
        assert states.good.normal.review.memory_state.stability > 3.1735
        assert col.fix_integrity()[1]


def test_what_add_ons_store_with_a_card_stays(door: ProfileDoor, profile: Profile) -> None:
    """Anki's own call for writing cards refuses long custom data, and drops unknown keys."""
    custom = json.dumps({"v": "x" * 200})
    with open_anki(profile.collection) as col:
        assert col.db
        rows = zip(
            [json.dumps({"pos": 7, "cd": custom, "new": [1]}), "{damaged"],
            list_card_ids(col),
            strict=False,
        )
        col.db.executemany(
            "update cards set data = ?, flags = 12 where id = ?", [list(row) for row in rows]
        )

    door.write(read_push(door, slice(2)))

    first, second = dump(profile.collection)["cards"][:2]
    data = json.loads(str(first[17]))
    assert (data["cd"], data["new"], data["pos"], data["s"]) == (custom, [1], 7, 3.1735)
    assert first[16] == 12  # a bit of Anki's own beside the colour
    assert json.loads(str(second[17]))["s"] == 3.1735


def test_a_collection_is_backed_up_before_the_first_write_of_a_day(
    make_door: Callable[..., ProfileDoor], profile: Profile, identities: Identities
) -> None:
    door = make_door()
    for at_ms in (AT_MS, AT_MS + 1000):
        door.write(read_push(door, at_ms=at_ms))
    made = door.backup
    assert made
    assert made.parent == profile.backups
    assert made.suffix == ".colpkg"
    with open_collection(made) as backup:
        assert sum(map(len, backup.view(identities).log.values())) == 0

    same_day, next_day = make_door(), make_door(1)
    same_day.write(read_push(same_day, at_ms=AT_MS + 2000))
    assert same_day.backup is None
    shutil.rmtree(profile.backups)
    profile.backups.touch()  # where Anki's own folder cannot be used, ours is
    next_day.write(read_push(next_day, at_ms=AT_MS + 3000))
    assert next_day.backup
    assert "mine" in next_day.backup.parts


def test_a_backup_may_have_the_name_of_one_that_a_killed_program_made_in_the_same_second(
    door: ProfileDoor, profile: Profile
) -> None:
    profile.backups.mkdir(exist_ok=True)
    now = datetime.now().astimezone()
    for seconds in range(120):
        at = now + timedelta(seconds=seconds)
        (profile.backups / f"backup-{at:%Y-%m-%d-%H.%M.%S}.colpkg").touch()

    door.write(read_push(door))

    assert door.backup
    assert door.backup.stat().st_size


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes")
def test_a_mark_of_a_backup_that_is_no_file_is_none(tmp_path: Path) -> None:
    mark = tmp_path / "mine" / "backed-up"
    mark.parent.mkdir()
    made = tmp_path / "made.colpkg"

    def back_up() -> Path | None:
        return back_up_daily("it", [tmp_path], date(2026, 11, 28), mark.parent, lambda _: made)

    os.mkfifo(mark)
    assert back_up() == made
    mark.unlink()
    mark.symlink_to("/dev/zero")
    assert back_up() == made
    assert back_up() is None


def test_nothing_is_written_without_a_backup(
    door: ProfileDoor, profile: Profile, tmp_path: Path
) -> None:
    profile.backups.touch()
    (tmp_path / "mine").touch()
    push, before = read_push(door), profile.collection.read_bytes()

    with pytest.raises(AnkiError, match="cannot be backed up, so nothing was written"):
        door.write(push)

    assert profile.collection.read_bytes() == before


def test_nothing_is_imported_without_a_backup(
    door: ProfileDoor, profile: Profile, world: World, tmp_path: Path
) -> None:
    profile.backups.touch()
    (tmp_path / "mine").touch()
    before = profile.collection.read_bytes()

    with pytest.raises(AnkiError, match="cannot be backed up, so nothing was written"):
        door.import_package(world.package, describe_notes(world), with_presets=False)

    assert profile.collection.read_bytes() == before


def _answer_in_anki(col: Collection) -> None:
    answer(col, list_card_ids(col)[0])


def _change_without_trace(col: Collection) -> None:
    assert col.db
    col.db.execute("update cards set due = 99 where id = ?", list_card_ids(col)[0])


def _log_without_trace(col: Collection) -> None:
    assert col.db
    col.db.execute("insert into revlog values (5, ?, -1, 3, 1, 1, 1, 1, 1)", list_card_ids(col)[0])


def _take_a_row(col: Collection) -> None:
    assert col.db
    col.db.execute("insert into revlog values (?, 1, -1, 3, 1, 1, 1, 1, 1)", AT_MS + 1)


def _delete_a_note(col: Collection) -> None:
    col.remove_notes([col.get_card(list_card_ids(col)[0]).nid])


@pytest.mark.parametrize(
    "change",
    [_answer_in_anki, _change_without_trace, _log_without_trace, _take_a_row, _delete_a_note],
)
def test_a_collection_that_has_changed_is_not_written(
    door: ProfileDoor, profile: Profile, change: Callable[[Collection], None]
) -> None:
    push = read_push(door)
    with open_anki(profile.collection) as col:
        change(col)
    before = profile.collection.read_bytes()

    with pytest.raises(AnkiChangedError):
        door.write(push)

    assert profile.collection.read_bytes() == before
    assert door.backup is None


def test_values_that_anki_could_not_read_back_are_not_written(
    door: ProfileDoor, profile: Profile
) -> None:
    push = read_push(door)
    before = dump(profile.collection)
    for bad in ({"factor": 70_000}, {"due": 2**31}, {"kind": 7}, {"left": -1}):
        cards = [*push.cards[:2], push.cards[2]._replace(**bad)]
        with pytest.raises(AnkiError, match="is damaged in Anki"):
            door.write(Push(log=push.log, cards=cards))
    assert dump(profile.collection) == before


def test_reading_and_asking_leave_the_file_as_it_is(
    make_door: Callable[..., ProfileDoor], profile: Profile
) -> None:
    door = make_door()
    push = read_push(door)
    before = snap(profile.folder)

    assert door.find_taken([]) == set()
    assert door.find_taken([1, AT_MS]) == set()
    door.write(Push(log=(), cards=()))
    door.close()
    assert snap(profile.folder) == before

    door.write(push)
    assert door.find_taken([1, AT_MS, AT_MS + 2]) == {AT_MS, AT_MS + 2}


def test_an_open_anki_is_named_and_left_alone(door: ProfileDoor, profile: Profile) -> None:
    push = read_push(door)
    with open_anki(profile.collection):
        with pytest.raises(AnkiError, match="profile User 1 is in use") as raised:
            door.write(push)
        assert "close Anki, or install its add-on AnkiConnect" in raised.value.help
        assert len(door.read().cards) == 6
    door.write(push)
    with open_anki(profile.collection) as col:
        assert col.db
        assert col.db.scalar("select count() from revlog") == 3


def test_a_collection_that_is_not_one_has_a_message(door: ProfileDoor, profile: Profile) -> None:
    push = read_push(door)
    data = bytearray(profile.collection.read_bytes())
    data[4096 : len(data) // 2] = bytes(len(data) // 2 - 4096)
    profile.collection.write_bytes(data)
    with pytest.raises(AnkiError):
        door.write(push)
    profile.collection.unlink()
    with pytest.raises(AnkiError):
        door.write(push)
    assert not profile.collection.exists()


@pytest.mark.parametrize(
    ("is_old", "own", "told"),
    [
        (False, 19, "anki==26.9.3"),
        (False, 17, "--upgrade"),
        (True, 18, "update Anki itself"),
    ],
)
def test_a_collection_of_another_schema_is_never_opened_to_write(
    door: ProfileDoor,
    profile: Profile,
    monkeypatch: pytest.MonkeyPatch,
    is_old: bool,
    own: int,
    told: str,
) -> None:
    if is_old:
        Collection(str(profile.collection)).close(downgrade=True)
    push = read_push(door)
    before = snap(profile.folder)
    monkeypatch.setattr(library, "probe_schema", lambda: own)

    with pytest.raises(AnkiError, match=r"schema 1\d.*installed anki 2\d\.") as raised:
        door.write(push)
    assert told in raised.value.help
    with pytest.raises(AnkiError, match="schema"):
        door.import_package(Path("none.apkg"), {}, with_presets=False)

    assert snap(profile.folder) == before


def test_any_exception_of_the_library_is_explained(door: ProfileDoor, profile: Profile) -> None:
    push = read_push(door)
    with closing(sqlite3.connect(profile.collection)) as db, db:
        db.execute("update config set val = ? where key = 'schedVer'", (b"99",))

    with pytest.raises(AnkiError, match="Anki's library failed: Unsupported scheduler"):
        door.write(push)


def test_an_old_scheduler_is_told_to_be_updated(door: ProfileDoor, profile: Profile) -> None:
    with open_anki(profile.collection) as col:
        col.set_v3_scheduler(enabled=False)
    push, before = read_push(door), profile.collection.read_bytes()
    with pytest.raises(AnkiError, match="old scheduler"):
        door.write(push)
    assert profile.collection.read_bytes() == before


def test_the_installed_library_makes_the_schema_that_is_known() -> None:
    assert library.probe_schema() in library._PACKAGES


def test_reading_does_not_import_the_library(tmp_path: Path, profile: Profile) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(SUPPORT)!r})
from datetime import date
from pathlib import Path
from cardwright.anki.doors.closed import ProfileDoor
from cardwright.anki.doors.profiles import Profile
profile = Profile("", Path({str(profile.folder)!r}))
door = ProfileDoor(profile, {{}}, folder=Path("mine"), today=date(2026, 1, 1))
door.read()
assert not any(name.split(".")[0] == "anki" for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_without_the_library_the_message_says_what_to_install(
    door: ProfileDoor, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    push, before = read_push(door), snap(profile.folder)
    monkeypatch.setitem(sys.modules, "anki.collection", None)
    with pytest.raises(ExtraMissingError, match="AGPL") as raised:
        door.write(push)
    assert raised.value.help == "pip install 'cardwright[anki]'"
    monkeypatch.undo()
    monkeypatch.setattr(metadata, "version", lambda _: "25.7.5")
    with pytest.raises(ExtraMissingError, match=r"anki 25\.7\.5 is too old"):
        door.write(push)
    assert snap(profile.folder) == before


@pytest.mark.skipif(sys.platform == "win32", reason="it has no fork")
def test_a_write_that_is_killed_is_seen_whole_or_not_at_all(
    profile: Profile, world: World, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            *(sys.executable, str(SUPPORT / "anki_killing.py")),
            *(str(profile.folder), str(world.project), str(tmp_path / "killed")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert [0, 0] in found[1:]
    assert [3, 3] in found[:-1]
    assert all(one in ([0, 0], [3, 3]) for one in found)
    assert found == sorted(found)
    assert found[-1] == [3, 3]


def describe_notes(world: World, mod_s: int = 1_700_000_000) -> dict[str, PackageNote]:
    with open_collection(world.package) as package:
        return {note.guid: PackageNote(mod_s, note.fields) for note in package.read_notes()}


def test_an_import_reports_every_note_and_leaves_the_users_options(
    door: ProfileDoor, profile: Profile, world: World
) -> None:
    guids = {identity.id: guid for guid, identity in world.identities.items()}
    newer = build_package(
        world.project.parent / "newer", write_cards(range(7)), time_s=1_800_000_000
    )
    with open_anki(profile.collection) as col:
        for key in ("updateNotetypes", "withScheduling", "withDeckConfigs"):
            col.remove_config(key)
        for key, value in {"mergeNotetypes": True, "updateNotes": 2}.items():
            col.set_config(key, value)
        mine = [col.get_note(id) for id in col.find_notes("Id:trees:card-1 or Id:trees:card-2")]
        mine[0]["Question"] += " Mine."
        col.update_note(mine[0])
        mine[1].add_tag("marked")
        col.update_note(mine[1])
        col.remove_notes(col.find_notes("Id:trees:card-3"))
        other = col.models.by_name("Basic")
        conflict = col.get_note(col.find_notes("Id:trees:card-4")[0])
        assert other
        change = col.models.change_notetype_info(
            old_notetype_id=conflict.mid, new_notetype_id=NotetypeId(other["id"])
        ).input
        change.note_ids.extend([conflict.id])
        col.models.change_notetype_of_notes(change)
    before = dump(profile.collection)

    done = door.import_package(world.package, describe_notes(world), with_presets=False)

    assert done.new == [guids["trees:card-3"]]
    assert done.kept == [guids["trees:card-1"]]
    assert done.conflicting == [guids["trees:card-4"]]
    assert done.updated == []
    assert len(done.unchanged) == 3
    after = dump(profile.collection)
    stays = ("notetypes", "fields", "templates", "deck_config", "decks", "revlog")
    assert {name: after[name] for name in stays} == {name: before[name] for name in stays}
    options = {row[0]: row for row in before["config"] if row[0] in package_import._OPTIONS}
    assert options.keys() == {"mergeNotetypes", "updateNotes"}
    assert {row[0]: row for row in after["config"] if row[0] in package_import._OPTIONS} == options
    assert after["col"][0][3] == before["col"][0][3]  # the time of the schema: no full sync

    notes = describe_notes(world, 1_800_000_000)
    done = door.import_package(newer, notes, with_presets=True)
    assert len(done.new) == 1
    assert len(done.conflicting) == 1
    assert dump(profile.collection)["deck_config"] != before["deck_config"]


def test_an_import_that_would_copy_a_note_type_is_refused(
    door: ProfileDoor, profile: Profile, world: World
) -> None:
    with open_anki(profile.collection) as col:
        kind = col.get_note(col.find_notes("Id:trees:card-1")[0]).note_type()
        assert kind
        col.models.add_field(kind, col.models.new_field("Mine"))
        col.models.update_dict(kind)
    before = dump(profile.collection)

    with pytest.raises(AnkiError, match=r"other fields or templates in Anki") as raised:
        door.import_package(world.package, describe_notes(world), with_presets=False)

    assert str(kind["name"]) in raised.value.message
    assert dump(profile.collection) == before


def test_a_package_that_is_damaged_changes_nothing(
    door: ProfileDoor, profile: Profile, world: World, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.apkg"
    damaged.write_bytes(world.package.read_bytes()[:-200])
    before = dump(profile.collection)
    for path in (damaged, tmp_path / "none.apkg"):
        with pytest.raises(AnkiError):
            door.import_package(path, {}, with_presets=False)
    assert dump(profile.collection) == before
