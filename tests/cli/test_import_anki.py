"""`cards import` of Anki's files, as the user sees it."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from anki_past import Past
from project_files import Run, Write

if TYPE_CHECKING:
    from anki.cards import CardId

DAY_MS = 86_400_000
TREES = """\
kind: basic
sources: [https://example.com/trees]
cards:
  - {id: oak, question: What is an oak?, answer: A tree with acorns.}
  - {id: elm, question: What is an elm?, answer: A tree with winged seeds.}
  - {id: ash, question: What is an ash?, answer: A tree with black buds.}
  - {id: yew, question: What is a yew?, answer: A tree with red arils.}
"""
WITHOUT_YEW = "".join(line for line in TREES.splitlines(keepends=True) if "yew" not in line)


class Reader(Past):
    """Somebody who studies the deck in Anki."""

    def find(self, name: str) -> CardId:
        """Return the card of one of ours."""
        notes = {note_id.rpartition(":")[2]: note for note_id, note in self.notes().items()}
        return notes[name].card_ids()[0]

    def review(self, name: str, *rows: tuple[int, int, int, int]) -> None:
        """Give a card a log, with days ago, ease, interval and kind of each row, and its last due day."""
        card_id = self.find(name)
        now_ms = int(time.time() * 1000)
        for number, (days, ease, interval, kind) in enumerate(rows):
            id = now_ms - days * DAY_MS - 3_600_000 + number * 60_000 + card_id % 100
            row = (id, card_id, -1, ease, interval, 0, 300, 4_000, kind)
            self.db.execute("insert into revlog values (?,?,?,?,?,?,?,?,?)", *row)
        _, _, interval, _ = rows[-1]
        if interval > 0:
            # An hour ago may have been yesterday.
            hour = self.col.get_config("rollover", 4)
            today, answered = (
                (datetime.fromtimestamp(ms / 1000, UTC).astimezone() - timedelta(hours=hour)).date()
                for ms in (now_ms, id)
            )
            sql = 'update cards set type=2, queue=2, due=?, ivl=?, reps=?, data=\'{"s":5,"d":5}\' where id=?'
            self.db.execute(
                sql,
                self.col.sched.today - (today - answered).days + interval,
                interval,
                len(rows),
                card_id,
            )

    def save(self) -> Path:
        """Write everything to the file, which is the collection that Anki works on."""
        self.reopen()
        return self.path

    def add_other(self, deck: str, number: int, answers: int) -> None:
        """Add a deck of somebody else, each of whose cards has so many answers."""
        deck_id = self.col.decks.id(deck)
        note_type = self.col.models.by_name("Basic")
        assert note_type is not None
        assert deck_id is not None
        now_ms = int(time.time() * 1000)
        for index in range(number):
            note = self.col.new_note(note_type)
            note["Front"] = f"{deck} {index}"
            self.col.add_note(note, deck_id)
            for answer in range(answers):
                id = now_ms - (answers - answer) * DAY_MS + index * 7 - len(deck) * 1_000
                row = (id, note.card_ids()[0], -1, 3, answer + 1, 0, 300, 900, min(answer, 1))
                self.db.execute("insert into revlog values (?,?,?,?,?,?,?,?,?)", *row)


GRADUATED = ((9, 3, -600, 0), (9, 3, 2, 0), (6, 3, 8, 1))


@pytest.fixture
def make_reader(
    tmp_path: Path, write: Write, run: Run, project: Path
) -> Iterator[Callable[[], Reader]]:
    made: list[Reader] = []

    def make() -> Reader:
        write({"cards/trees/trees.yaml": TREES})
        run("release", "trees")
        made.append(Reader(tmp_path / f"anki{len(made)}", seed=1))
        made[-1].import_package(project / "build" / "trees.apkg")
        return made[-1]

    yield make
    for reader in made:
        reader.col.close()


@pytest.fixture
def reader(make_reader: Callable[[], Reader]) -> Reader:
    """Somebody who has imported the deck."""
    return make_reader()


def read_history(run: Run, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("history", name, "--json").stdout)["reviews"]
    return found


def test_a_history_is_taken_over_once(reader: Reader, run: Run) -> None:
    reader.review("oak", *GRADUATED)
    reader.review("elm", (5, 1, -60, 0), (5, 3, -600, 0), (5, 4, 9, 0), (2, 3, 0, 4), (1, 0, 20, 4))
    reader.col.sched.suspend_cards([reader.find("ash")])
    reader.col.set_user_flag_for_cards(3, [reader.find("oak")])
    file = reader.save()

    shown = run("import", str(file))
    assert (
        shown.stdout == f"{file}: 7 answers of 2 prompts, 1 rescheduled, 1 suspended, 1 flagged\n"
    )
    assert shown.stderr == ""
    assert run("import", str(file)).stdout == f"{file}: nothing new (8 known)\n"
    listed = json.loads(run("import", str(file), "--json").stdout)
    assert (listed["taken"], listed["clashes"], listed["files"][0]["known"]) == (0, [], 8)

    oak = json.loads(run("history", "oak", "--json").stdout)
    assert oak["interval_days"] == 8


def test_what_was_decided_here_later_stands(
    reader: Reader, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.col.sched.suspend_cards([reader.find("ash"), reader.find("oak")])
    reader.col.set_user_flag_for_cards(3, [reader.find("oak")])
    file = reader.save()
    run("import", str(file))
    # The card was changed in Anki in this very second.
    time_s = reader.db.scalar("select max(mod) from cards") + 1
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time_s))
    monkeypatch.setenv("CARDS_NOW", at)
    run("unsuspend", "oak")
    run("flag", "--off", "oak")
    run("suspend", "yew")
    run("flag", "elm")

    assert "nothing new" in run("import", str(file)).stdout
    states = {
        name: json.loads(run("history", name, "--json").stdout) for name in ("oak", "ash", "yew")
    }
    assert [states[name]["suspended"] for name in states] == [False, True, True]


def test_the_answers_of_other_cards_are_named_and_can_be_kept(
    reader: Reader, run: Run, tmp_path: Path
) -> None:
    reader.review("oak", *GRADUATED)
    reader.add_other("Spanish::Verbs", 4, 3)
    reader.add_other("Birds", 1, 2)
    reader.col.remove_notes([reader.col.find_notes("Birds")[0]])
    file = reader.save()

    shown = run("import", str(file))
    assert "3 answers of 1 prompt\n" in shown.stdout
    assert shown.stderr == (
        "note: left out: 12 answers of 4 cards that this project does not have, in Spanish::Verbs (12);"
        " --keep keeps them\n"
        "note: left out: 2 answers of 1 card that Anki no longer has\n"
    )
    kept = run("import", str(file), "--keep")
    assert kept.stdout == f"{file}: 12 reviews of other cards (3 known)\n"
    assert "nothing new" in run("import", str(file), "--keep").stdout

    assert json.loads(run("stats", "--json").stdout)["answers"] == 15
    exported = tmp_path / "all.jsonl"
    run("export", str(exported))
    assert sum('"anki:' in line for line in exported.read_text("utf-8").splitlines()) == 12
    shared = tmp_path / "shared"
    shared.mkdir()
    run("sync", str(shared))
    other = tmp_path / "other.db"
    run("sync", str(shared), "--db", str(other))
    assert json.loads(run("stats", "--json", "--db", str(other)).stdout)["answers"] == 15
    again = run("import", str(file), "--keep", "--db", str(other))
    assert "nothing new" in again.stdout


def test_a_card_that_comes_into_the_project_finds_its_kept_history(
    reader: Reader, run: Run, write: Write, tmp_path: Path
) -> None:
    reader.review("yew", *GRADUATED)
    file = reader.save()
    write({"cards/trees/trees.yaml": WITHOUT_YEW})
    assert "3 reviews of other cards" in run("import", str(file), "--keep").stdout
    write({"cards/trees/trees.yaml": TREES})

    shown = run("import", str(file))
    assert shown.stdout == f"{file}: nothing new (3 known)\n"
    assert shown.stderr == "note: taken from what was kept: the history of 1 prompt\n"
    assert len(read_history(run, "yew")) == 3
    assert json.loads(run("stats", "--json").stdout)["answers"] == 3
    # Who has never kept it gets the same.
    other = ("--db", str(tmp_path / "other.db"))
    run("import", str(file), *other)
    (tmp_path / "shared").mkdir()
    run("sync", str(tmp_path / "shared"))
    run("sync", str(tmp_path / "shared"), *other)
    assert json.loads(run("stats", "--json", *other).stdout)["answers"] == 3


def test_renamed_and_retired_cards_and_namespaces_keep_their_history(
    reader: Reader, run: Run, write: Write
) -> None:
    for name in ("oak", "elm", "ash"):
        reader.review(name, *GRADUATED)
    file = reader.save()
    run("answer", "yew", "good")
    text = TREES.replace("id: oak", "id: quercus, formerly: [oak]")
    text = text.replace("black buds.}", "black buds., retired: It is dying out.}")
    write({"cards/trees/trees.yaml": text})

    assert "9 answers of 3 prompts" in run("import", str(file)).stdout
    assert len(read_history(run, "quercus")) == 3
    assert len(read_history(run, "trees:ash/recall")) == 3


def test_a_pack_with_a_new_namespace_continues_one_history(
    make_reader: Callable[[], Reader], run: Run, write: Write, tmp_path: Path
) -> None:
    write({"cards/trees/trees.yaml": TREES, "decks/trees/deck.yaml": "name: Trees\n"})
    run("answer", "oak", "good")
    write({"decks/trees/deck.yaml": "name: Trees\nnamespace: acme-trees\n"})
    reader = make_reader()
    reader.review("oak", *GRADUATED)
    file = reader.save()

    assert "3 answers of 1 prompt" in run("import", str(file)).stdout
    assert "nothing new" in run("import", str(file)).stdout
    assert len(read_history(run, "oak")) == 4
    # A machine that has never known the old name has the same reviews under the new one.
    other = ("--db", str(tmp_path / "other.db"))
    run("import", str(file), *other)
    (tmp_path / "shared").mkdir()
    for db in ((), other, ()):
        assert "another version" not in run("sync", str(tmp_path / "shared"), *db).output
    assert json.loads(run("stats", "--json").stdout)["answers"] == 4


def test_machines_in_other_time_zones_have_one_history(
    reader: Reader, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reader.review("oak", *GRADUATED)
    file = reader.save()
    stores = [("--db", str(tmp_path / f"{zone}.db")) for zone in ("+02:00", "+01:00")]
    for db, zone in zip(stores, ("+02:00", "+01:00"), strict=True):
        time_text = time.strftime("%Y-%m-%dT12:00:00", time.gmtime())
        monkeypatch.setenv("CARDS_NOW", f"{time_text}{zone}")
        run("import", str(file), *db)
    (tmp_path / "shared").mkdir()
    for db in (*stores, *stores):
        assert "another version" not in run("sync", str(tmp_path / "shared"), *db).output
    logs = [run("export", *db).stdout for db in stores]
    assert logs[0] == logs[1]
    assert logs[0].count("+01:00") == 3


@pytest.mark.parametrize("name", ["trees.apkg", "all.colpkg"])
def test_days_start_at_the_hour_that_is_set_here(
    reader: Reader, run: Run, tmp_path: Path, name: str
) -> None:
    """Packages do not tell the hour. These answers were given two hours before a day's start."""
    hour = (datetime.now().astimezone().hour + 1) % 24
    reader.col.set_config("rollover", hour)
    reader.start_earlier()
    run("options", f"rollover_hour={hour}")
    reader.review("oak", *GRADUATED)
    file = reader.export(tmp_path / name)

    assert run("import", str(file)).stderr == ""
    assert json.loads(run("history", "oak", "--json").stdout)["interval_days"] == 8


def test_leeches_are_suspended_only_if_they_are_in_anki(reader: Reader, run: Run) -> None:
    lapses = tuple((60 - day, 1 if day % 2 else 3, -600 if day % 2 else 3, 1) for day in range(40))
    rows = ((70, 4, 9, 0), *lapses)
    for name in ("oak", "elm"):
        reader.review(name, *rows, (1, 3, 5, 1))
    reader.col.sched.suspend_cards([reader.find("elm")])

    run("import", str(reader.save()))
    oak, elm = (json.loads(run("history", name, "--json").stdout) for name in ("oak", "elm"))
    assert (oak["leech"], oak["suspended"]) == (True, False)
    assert (elm["leech"], elm["suspended"]) == (True, True)


def test_what_anki_does_otherwise_is_told(reader: Reader, run: Run) -> None:
    reader.review("oak", *GRADUATED)
    reader.review("elm", (9, 3, 200, 1), (2, 1, -600, 1), (2, 3, 3, 2))
    reader.review("ash", *GRADUATED)
    reader.review("yew", (3, 3, -600, 9), (2, 3, 1, 0), (1, 0, 4, 1))
    reader.db.execute("update cards set data='' where id = ?", reader.find("ash"))
    data = json.dumps({"s": 5, "d": 5, "cd": '{"v":1}'})
    reader.db.execute("update cards set data=? where id = ?", data, reader.find("oak"))
    deck_id = reader.col.decks.id_for_name("Trees")
    assert deck_id is not None
    config = reader.col.decks.config_dict_for_deck_id(deck_id)
    config["desiredRetention"] = 0.85
    reader.col.decks.update_config(config)

    told = run("import", str(reader.save())).stderr
    assert "of 1 prompt, Anki ignores or lacks the first answers" in told
    assert "1 row of Anki's log of the unknown kind 9" in told
    assert "1 row of Anki's log without a rating" in told
    assert "once the options of the deck are saved: 1 card" in told
    assert "custom scheduling, which changes intervals in Anki only: 1 card" in told
    assert "preset Default has desired_retention 0.85; here it is 0.9 for trees" in told
    assert "`cards options trees desired_retention=0.85`" in told


def test_cards_on_sm_2_come_with_their_due_days(reader: Reader, run: Run) -> None:
    reader.col.set_config("fsrs", val=False)
    reader.review("oak", *GRADUATED)
    reader.db.execute("update cards set data='', factor=2500, due=due+3 where type=2")

    shown = run("import", str(reader.save()))
    assert "Anki schedules these cards by SM-2" in shown.stderr
    oak = json.loads(run("history", "oak", "--json").stdout)
    assert oak["interval_days"] == 11


def test_a_package_without_a_log_says_so(
    make_reader: Callable[[], Reader], run: Run, project: Path, tmp_path: Path
) -> None:
    reader = make_reader()
    assert run("import", str(project / "build" / "trees.apkg")).stderr == (
        "note: the file has no answers: in Anki, export it with scheduling information\n"
    )
    stranger = Past(tmp_path / "stranger", seed=1)
    stranger.col.close()
    told = run("import", str(stranger.path)).stderr
    assert "the file has no card of this project" in told
    reader.save()


def test_a_file_that_is_none_of_these_is_refused(run: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "letters.zip", "w") as archive:
        archive.writestr("a.txt", "Dear Anna")
    told = run("import", str(tmp_path / "letters.zip"), exit_code=1).stderr
    assert "is not a readable Anki collection: it contains no collection" in told
    (tmp_path / "reviews.jsonl").write_text("", "utf-8")
    assert "--keep is for files of Anki" in (
        run("import", "--keep", str(tmp_path / "reviews.jsonl"), exit_code=2).stderr
    )


def test_outside_a_project_it_says_what_is_missing(
    reader: Reader, run: Run, tmp_path: Path
) -> None:
    file = reader.save()
    told = run("import", str(file), folder=tmp_path, exit_code=1).stderr
    assert told == (
        f"error: {file} is a file of Anki, and no project is here to tell which of its cards are yours\n"
        "  help: go to the project's folder, or name it: cards -C DIR import FILE\n"
    )


def test_files_of_both_kinds_are_imported_together(
    reader: Reader, run: Run, tmp_path: Path
) -> None:
    reader.review("oak", *GRADUATED)
    run("answer", "elm", "good", "--db", str(tmp_path / "other.db"))
    run("export", str(tmp_path / "reviews.jsonl"), "--db", str(tmp_path / "other.db"))
    shown = run("import", str(tmp_path / "reviews.jsonl"), str(reader.save())).stdout
    assert "1 new review\n" in shown
    assert "3 answers of 1 prompt" in shown
