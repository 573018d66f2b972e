"""`cards doctor`: each state is made on disk, named, put right by the advised commands, and gone."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib import metadata
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cardwright.anki.doors.door import describe_place
from cardwright.app.doctor.examine import AREAS
from cardwright.cli.main import cards
from cardwright.history import Act, Rating, Review
from cardwright.study.journal import make_journal
from cardwright.study.mirror import Mirror, MirrorCard, MirrorRow
from cardwright.study.store import open_store
from project_files import Run, Write

CARDS = """\
cards:
  - {id: oak, kind: basic, question: Which tree has acorns?, answer: The oak.}
  - {id: yew, kind: basic, question: Which tree has needles and arils?, answer: The yew.}
"""
NOW = "2026-03-02T09:00:00+00:00"
NOW_MS = 1_772_442_000_000
DAY_MS = 86_400_000


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a store that does not exist yet."""
    path = tmp_path / "store" / "reviews.db"
    monkeypatch.setenv("CARDS_DB", str(path))
    monkeypatch.setenv("CARDS_NOW", NOW)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    return path


def invoke(*words: str) -> Result:
    """Run a command line as it is."""
    result = CliRunner().invoke(cards, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


class Doctor:
    """Runs the doctor, and does what it says."""

    def __init__(self, project: Path) -> None:
        self._project = project

    def run(self, *words: str) -> str:
        """Run a command in the project, which must succeed; return its output."""
        result = invoke("-C", str(self._project), *words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def examine(self, *words: str) -> dict[str, Any]:
        """Return the findings of each area, by code."""
        result = invoke("-C", str(self._project), "doctor", "--json", *words)
        found = json.loads(result.stdout)
        assert result.exit_code == (0 if found["is_well"] else 1)
        findings = {
            finding["code"]: finding for area in found["areas"] for finding in area["findings"]
        }
        assert "defect" not in findings, findings["defect"]
        for area in found["areas"]:
            states = {finding["severity"] for finding in area["findings"]} - {"note"}
            expected = "error" if "error" in states else "warning" if states else "ok"
            assert area["state"] == expected
        return findings

    def summary_of(self, area: str) -> str:
        """Return what is said of an area in a line."""
        found = json.loads(invoke("-C", str(self._project), "doctor", "--json").stdout)
        return next(str(row["summary"]) for row in found["areas"] if row["area"] == area)

    def run_line(self, command: str) -> None:
        """Run a command line."""
        program, *rest = shlex.split(command)
        if program == "cards":
            assert invoke(*rest).exit_code == 0
        else:
            subprocess.run([program, *rest], check=True, capture_output=True)

    def cure(self, code: str, *words: str) -> dict[str, Any]:
        """Run what is advised for a finding, and check that it is gone; return what is left."""
        for command in self.examine(*words)[code]["commands"]:
            self.run_line(command)
        left = self.examine(*words)
        assert code not in left
        return left


@pytest.fixture
def doctor(write: Write, project: Path, store: Path) -> Doctor:
    """A doctor for a project of two cards, and a store."""
    assert not store.exists()
    write({"cards/trees/trees.yaml": CARDS})
    return Doctor(project)


def answer(store: Path, number: int = 8, *, first: int = 0, days_ago: int = 1) -> None:
    """Add so many answers, each a minute after the one before."""
    with open_store(store) as opened:
        start_ms = NOW_MS - days_ago * DAY_MS
        make_journal(opened, {}).merge(
            make_review(
                opened.device,
                f"trees:{('oak', 'yew')[i % 2]}/recall",
                start_ms + (first + i) * 60_000,
            )
            for i in range(number)
        )


def make_review(device: str, key: str, at_ms: int = NOW_MS - DAY_MS - 1) -> Review:
    """Return an answer."""
    return Review(
        id=f"{at_ms:012x}-{device}",
        key=key,
        act=Act.ANSWER,
        rating=Rating.GOOD,
        at_ms=at_ms,
        utc_offset_minutes=0,
        duration_ms=3_000,
        undoes=None,
    )


def read_store(store: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(store)) as db:
        return db.execute(sql).fetchall()


def change_store(store: Path, *statements: str) -> None:
    """Change a store as no part of the program would."""
    with closing(sqlite3.connect(store, isolation_level=None)) as db:
        db.execute("pragma writable_schema = on")
        db.execute("pragma ignore_check_constraints = on")
        for statement in statements:
            db.execute(statement)
        db.execute("pragma wal_checkpoint(truncate)")


def damage_row(store: Path, change: str) -> None:
    """Change rows of reviews although a trigger forbids it, and put the trigger back."""
    sql = "select sql from sqlite_schema where name = 'reviews_stay'"
    ((trigger,),) = read_store(store, sql)
    change_store(store, "drop trigger reviews_stay", change, trigger)


def count_reviews(store: Path) -> int:
    return int(read_store(store, "select count(*) from reviews")[0][0])


def back_up(doctor: Doctor, store: Path) -> Path:
    doctor.run("backup")
    (path,) = (store.parent / "backups").iterdir()
    return path


def test_all_is_well(doctor: Doctor, store: Path, run: Run) -> None:
    answer(store)
    back_up(doctor, store)

    assert not {f["severity"] for f in doctor.examine("--verify").values()} - {"note"}

    lines = run("doctor").stdout.splitlines()
    areas = [line.split()[1] for line in lines if not line.startswith(" ")]
    assert areas == ["program", "store", "backups", "index", "project", "sync", "anki", "git"]
    assert "8 reviews, the last on 2026-03-01, memories match a replay" in "".join(lines)


def test_nothing_is_created_or_changed(doctor: Doctor, store: Path) -> None:
    doctor.examine()
    assert not store.parent.exists()
    answer(store)
    before = {path: path.read_bytes() for path in store.parent.rglob("*")}

    doctor.examine("--verify")

    assert {path: path.read_bytes() for path in store.parent.rglob("*")} == before


def test_a_store_that_is_gone_is_restored(doctor: Doctor, store: Path) -> None:
    answer(store)
    back_up(doctor, store)
    store.unlink()

    doctor.cure("store-missing")

    assert count_reviews(store) == 8


def test_an_empty_file_is_no_store_yet(doctor: Doctor, store: Path) -> None:
    store.parent.mkdir()
    store.touch()
    assert not {f["severity"] for f in doctor.examine().values()} - {"note"}
    assert "empty" in doctor.summary_of("store")


def test_a_file_that_is_not_a_database(doctor: Doctor, store: Path) -> None:
    answer(store)
    back_up(doctor, store)
    store.write_bytes(b"hello\n" * 999)

    doctor.cure("store-unreadable")

    assert count_reviews(store) == 8


def test_without_a_backup_an_unreadable_store_is_no_dead_end(doctor: Doctor, store: Path) -> None:
    store.parent.mkdir()
    store.write_bytes(b"hello\n" * 999)

    finding = doctor.examine()["store-unreadable"]

    assert "no good backup" in finding["harm"]
    assert "move this file away" in finding["help"]
    doctor.cure("store-unreadable")
    assert [file.read_bytes() for file in store.parent.glob("*-damaged-*")] == [b"hello\n" * 999]


@pytest.mark.parametrize("what", ["a folder", "a pipe", "a link to itself", "a link to a device"])
def test_something_in_the_place_of_the_store(doctor: Doctor, store: Path, what: str) -> None:
    answer(store)
    doctor.run("export", str(store.with_name("reviews-rescued.jsonl")))
    store.unlink()
    if what == "a folder":
        store.mkdir()
    elif what == "a pipe":
        os.mkfifo(store)
    else:
        store.symlink_to(store if what == "a link to itself" else "/dev/zero")

    doctor.cure("store-unusable")
    doctor.cure("copy-has-more")

    assert count_reviews(store) == 8


_CRASH = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("pragma journal_mode = delete")
db.execute("pragma cache_size = 1")
db.execute("begin immediate")
db.execute("delete from memories")
db.execute("delete from settings")
db.execute("create table spare (a)")
db.execute("insert into spare values (zeroblob(100000))")
os._exit(0)
"""


def test_what_a_killed_program_had_begun_is_taken_back(doctor: Doctor, store: Path) -> None:
    answer(store)
    subprocess.run([sys.executable, "-c", _CRASH, store], check=True)
    assert store.with_name(f"{store.name}-journal").stat().st_size

    assert not {f["severity"] for f in doctor.examine().values()} - {"note"}

    assert "8 reviews" in doctor.summary_of("store")


@pytest.mark.parametrize(
    ("place", "damage"),
    [
        *((0, b"s"), (0, bytes(100)), (16, b"\0\0"), (18, b"\5\2"), (21, b"\0")),
        *((28, b"\xff" * 4), (56, b"\0\0\0\5"), (68, b"\0\0\0\5")),
    ],
)
def test_a_damaged_header_hides_nothing(
    doctor: Doctor, store: Path, place: int, damage: bytes
) -> None:
    """Also what is only in the log, which a killed command has left."""
    answer(store)
    with open_store(store) as opened:
        kept = [store.read_bytes(), store.with_name(f"{store.name}-wal").read_bytes()]
        key = "trees:oak/recall"
        make_journal(opened, {}).merge([make_review(opened.device, key, NOW_MS - DAY_MS // 2)])
        kept[1] = store.with_name(f"{store.name}-wal").read_bytes()
    raw = bytearray(kept[0])
    raw[place : place + len(damage)] = damage
    store.write_bytes(raw)
    store.with_name(f"{store.name}-wal").write_bytes(kept[1])

    for _ in range(2):
        if damaged := doctor.examine().get("store-damaged"):
            assert "none is lost" in damaged["harm"]
            doctor.cure("store-damaged")

    assert count_reviews(store) == 9


@pytest.mark.parametrize(
    "change",
    [
        "drop table memories",
        "update migrations set name = 'x' where name = 'due'",
        "pragma application_id = 5",
    ],
)
def test_a_schema_that_no_version_made(doctor: Doctor, store: Path, change: str) -> None:
    answer(store)
    change_store(store, change)

    doctor.cure("store-damaged")

    assert count_reviews(store) == 8


@pytest.mark.parametrize("table", ["reviews", "memories", "mirror_cards"])
@pytest.mark.parametrize(("place", "damage"), [(30, b"#"), (90, b"y"), (90, b"\xff")])
def test_a_damaged_definition_hides_nothing(
    doctor: Doctor, store: Path, table: str, place: int, damage: bytes
) -> None:
    """SQLite reads no table of a file if the definition of one is damaged."""
    answer(store)
    raw = bytearray(store.read_bytes())
    place += raw.index(b"CREATE TABLE " + table.encode())
    raw[place : place + 1] = damage
    store.write_bytes(raw)

    assert "8 reviews can be saved; none is lost" in doctor.examine()["store-damaged"]["harm"]
    doctor.cure("store-damaged")

    assert count_reviews(store) == 8


@pytest.mark.parametrize("has_backup", [True, False])
def test_damaged_rows_are_named_and_the_rest_is_rescued(
    doctor: Doctor, store: Path, has_backup: bool
) -> None:
    answer(store)
    if has_backup:
        back_up(doctor, store)
    damage_row(store, "update reviews set act = 'a_swer' where prompt like '%oak%'")

    finding = doctor.examine()["store-damaged"]
    assert "4 reviews can be saved, 4 rows cannot" in finding["harm"]
    assert sum("a_swer" in line and "oak" in line for line in finding["details"]) >= 4
    left = doctor.cure("store-damaged")

    assert count_reviews(store) == 4
    if has_backup:
        doctor.cure("copy-has-more")
        assert count_reviews(store) == 8
        left = doctor.examine("--verify")
    assert not {f["severity"] for f in left.values()} - {"note", "warning"}


def test_a_rescued_store_keeps_settings_and_device(doctor: Doctor, store: Path) -> None:
    answer(store)
    doctor.run("options", "rollover_hour=5")
    device = read_store(store, "select value from settings where pack = '.'")
    damage_row(store, "update reviews set at_ms = -1 where prompt like '%oak%'")

    doctor.cure("store-damaged")

    assert read_store(store, "select value from settings where pack = '.'") == device
    assert read_store(store, "select value from settings where pack = ''") == [("5",)]


def test_damaged_settings(doctor: Doctor, store: Path) -> None:
    answer(store)
    change_store(store, "insert into settings values ('', 'rollover_hour', 'four', 1)")

    finding = doctor.examine()["store-damaged"]
    assert "none is lost" in finding["harm"]
    assert "rollover_hour" in finding["details"][0]
    doctor.cure("store-damaged")

    assert count_reviews(store) == 8


def test_indexes_that_disagree_are_made_again(doctor: Doctor, store: Path) -> None:
    answer(store)
    (row,) = read_store(store, "select * from sqlite_schema where name = 'reviews_undone'")
    (id, prompt), *_ = read_store(store, "select id, prompt from reviews order by id")
    change_store(store, "delete from sqlite_schema where name = 'reviews_undone'")
    undo = f"('{prompt}', 'e{id[1:]}', 'undo', null, 0, 0, 0, '{id}', null, null)"
    change_store(store, f"insert into reviews values {undo}")
    values = ", ".join("null" if value is None else repr(value) for value in row)
    change_store(store, f"insert into sqlite_schema values ({values})")

    doctor.cure("indexes-damaged")

    assert count_reviews(store) == 9
    doctor.run("export", str(store.parent / "all.jsonl"))
    assert len((store.parent / "all.jsonl").read_text().splitlines()) == 9


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("update memories set state = 'odd'", "memories-damaged"),
        ("update memories set stability = 99", "memories-differ"),
    ],
)
def test_memories_are_computed_again(doctor: Doctor, store: Path, change: str, code: str) -> None:
    answer(store)
    doctor.run("due")
    before = read_store(store, "select * from memories")
    change_store(store, change)

    doctor.cure(code)

    assert read_store(store, "select * from memories") == before


def test_a_stranger_in_the_schema(doctor: Doctor, store: Path) -> None:
    answer(store)
    change_store(
        store,
        "create view spy as with recursive n(i) as (select 1 union all select i from n) select * from n",
    )

    assert "spy" in str(doctor.examine()["store-damaged"]["details"])
    doctor.cure("store-damaged")

    assert count_reviews(store) == 8


def test_a_database_of_another_program(doctor: Doctor, store: Path) -> None:
    store.parent.mkdir()
    change_store(store, "create table places (url text)")

    finding = doctor.examine()["store-unusable"]

    assert "belongs to another program" in finding["message"]
    assert "--db" in finding["help"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anything"
)
def test_a_store_that_may_only_be_read(doctor: Doctor, store: Path) -> None:
    answer(store)
    store.chmod(0o400)
    assert "cannot be written" in doctor.examine()["store-unusable"]["message"]


def test_a_locked_store_is_told_at_once(doctor: Doctor, store: Path) -> None:
    answer(store)
    with closing(sqlite3.connect(store, isolation_level=None)) as db:
        db.execute("begin immediate")
        found = doctor.examine()
        assert found["store-locked"]["severity"] == "error"
        assert "store-damaged" not in found
        db.execute("rollback")
        db.execute("pragma journal_mode = delete")
        db.execute("begin exclusive")
        assert "close the program" in doctor.examine()["store-locked"]["help"]
    assert "store-locked" not in doctor.examine()


def test_answers_of_the_future(doctor: Doctor, store: Path, run: Run) -> None:
    answer(store, 2)
    answer(store, 2, days_ago=-400)

    finding = doctor.examine()["reviews-in-future"]
    assert "2 reviews" in finding["message"]
    assert "2027-04-06" in finding["message"]
    run("answer", "trees:oak/recall", "good")

    assert doctor.examine()["reviews-in-future"]["severity"] == "note"


@pytest.mark.parametrize("name", ["reviews (conflicted copy).db", "reviews.sync-conflict-1-AB.db"])
@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_conflicted_copy_is_imported(
    doctor: Doctor, store: Path, name: str, is_damaged: bool
) -> None:
    answer(store)
    copy = store.with_name(name)
    shutil.copy(store, copy)
    answer(copy, 3, first=20)
    if is_damaged:
        damage_row(copy, "update reviews set rating = 7 where id = (select min(id) from reviews)")

    assert "3 reviews that the store lacks" in doctor.examine()["copy-has-more"]["message"]
    doctor.cure("copy-has-more")

    assert count_reviews(store) == 11


def test_an_older_version_in_the_place_of_the_store(doctor: Doctor, store: Path) -> None:
    answer(store, 2)
    older = store.read_bytes()
    answer(store, 6, first=2)
    back_up(doctor, store)
    store.write_bytes(older)

    doctor.cure("copy-has-more")

    assert count_reviews(store) == 8


def test_whoever_restored_an_older_backup_is_not_urged_to_undo_that(
    doctor: Doctor, store: Path
) -> None:
    answer(store, 2)
    older = back_up(doctor, store)
    answer(store, 6, first=2)
    doctor.run("backup", "--restore", str(older))

    assert doctor.examine()["copy-has-more"]["severity"] == "note"


def test_no_backup(doctor: Doctor, store: Path) -> None:
    answer(store)
    assert doctor.examine()["backup-missing"]["severity"] == "note"
    doctor.cure("backup-missing")


def test_an_old_backup(doctor: Doctor, store: Path) -> None:
    answer(store, 2, days_ago=30)
    backup = back_up(doctor, store).rename(store.parent / "backups" / "reviews-2026-01-31.db")
    os.utime(backup, (NOW_MS / 1000 - 30 * DAY_MS / 1000,) * 2)
    answer(store, 3, days_ago=60)
    answer(store)
    assert "backup-outdated" not in doctor.examine()
    answer(store, 3, days_ago=9)

    assert "14 reviews came later" in doctor.examine()["backup-outdated"]["message"]
    doctor.cure("backup-outdated")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a permission there")
def test_a_store_that_is_a_link_to_nowhere_is_not_urged_to_be_restored(
    doctor: Doctor, store: Path, tmp_path: Path
) -> None:
    answer(store)
    back_up(doctor, store)
    drive = store.rename(tmp_path / "drive.db")
    store.symlink_to(drive)
    assert "store-missing" not in doctor.examine()
    drive.rename(tmp_path / "unplugged.db")

    finding = doctor.examine()["store-missing"]
    assert str(drive) in finding["message"]
    assert finding["commands"] == []
    store.unlink()
    doctor.cure("store-missing")

    assert count_reviews(store) == 8


def test_what_a_newer_version_wrote_is_told_once(store: Path) -> None:
    answer(store)
    change_store(store, "insert into migrations values ('of-next-year')")

    report = json.loads(invoke("doctor", "--json").stdout)

    findings = [finding for area in report["areas"] for finding in area["findings"]]
    assert [finding["code"] for finding in findings if finding["severity"] == "error"] == [
        "store-unusable"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a permission there")
def test_a_backup_that_is_a_link_to_nowhere(doctor: Doctor, store: Path) -> None:
    answer(store)
    backup = back_up(doctor, store)
    (backup.parent / "reviews-2026-03-09.db").symlink_to("nowhere")

    found = doctor.examine()

    assert found["backup-damaged"]["severity"] == "note"
    assert "newest good one reviews-2026-03-02.db" in doctor.summary_of("backups")
    doctor.run("backup", "--list")


def test_something_in_the_place_of_the_backups(doctor: Doctor, store: Path) -> None:
    answer(store)
    (store.parent / "backups").touch()

    assert "move it away" in doctor.examine()["backup-unwritable"]["help"]
    (store.parent / "backups").unlink()
    doctor.run("backup")
    assert "backup-unwritable" not in doctor.examine()


def test_a_damaged_backup(doctor: Doctor, store: Path) -> None:
    answer(store)
    backup = back_up(doctor, store)
    backup.write_bytes(backup.read_bytes()[:5000])

    assert doctor.examine()["backup-damaged"]["path"] == str(backup)
    doctor.cure("backup-damaged")


def test_temporary_files(doctor: Doctor, store: Path, project: Path) -> None:
    answer(store)
    names = [
        store.parent / ".reviews-x.jsonl.a1b2c3d4",
        store.parent / "backups" / ".reviews-2026-03-01.db.4711",
        project / "build" / ".trees.apkg.abcd_123",
    ]
    for path in names:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (NOW_MS / 1000 - 7200,) * 2)
    kept = store.parent / ".hidden.db"
    kept.write_bytes(b"x")

    finding = doctor.examine()["leftover-files"]
    assert finding["severity"] == "note"
    if sys.platform != "win32":
        for _ in range(2):
            if "leftover-files" in doctor.examine():
                for command in doctor.examine()["leftover-files"]["commands"]:
                    subprocess.run(shlex.split(command), check=True)
        assert not any(path.exists() for path in names)
        assert kept.exists()


def commit(project: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-C", str(project)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "cards"]):
        subprocess.run([*git, *words], check=True)


def test_without_a_project_the_store_is_still_examined(
    store: Path, tmp_path: Path, run: Run
) -> None:
    answer(store)
    (tmp_path / "lone" / "cards").mkdir(parents=True)

    found = json.loads(run("doctor", "--json", folder=tmp_path / "lone").stdout)

    project = next(area for area in found["areas"] if area["area"] == "project")
    assert (project["state"], project["summary"]) == ("ok", "none here")
    assert "no `decks`" in project["findings"][0]["message"]
    assert "cards init" in project["findings"][0]["help"]
    assert "8 reviews" in found["areas"][1]["summary"]


def test_errors_and_warnings_in_the_sources(doctor: Doctor, write: Write, project: Path) -> None:
    write(
        {"cards/trees/trees.yaml": CARDS.replace("The oak.", "").replace("yew, kind", "oak, kind")}
    )

    finding = doctor.examine()["project-errors"]

    assert finding["severity"] == "error"
    assert finding["path"] == str(project / "cards" / "trees" / "trees.yaml")
    assert finding["line"] == 2
    assert len(finding["details"]) == 2
    assert finding["commands"] == [f"cards -C {project} check"]


@pytest.mark.parametrize("damage", ["torn", "conflict", "gone"])
def test_a_damaged_ledger(doctor: Doctor, run: Run, project: Path, damage: str) -> None:
    run("release", "trees")
    commit(project)
    ledger = project / "decks" / "trees" / "ledger.jsonl"
    text = ledger.read_text("utf-8")
    torn, conflict = text[: len(text) // 2], f"<<<<<<< a\n{text}=======\n{text}>>>>>>> b\n"
    if damage == "gone":
        ledger.unlink()
    else:
        ledger.write_text(torn if damage == "torn" else conflict, "utf-8")

    found = doctor.examine()
    finding = found["ledger-damaged"]
    assert "unfinished-release" not in found
    assert finding["line"] == (text[: len(text) // 2].count("\n") + 1 if damage == "torn" else 1)
    left = doctor.cure("ledger-damaged")

    assert "project-errors" not in left
    assert ledger.read_text("utf-8") == text


def test_a_ledger_of_a_newer_version_is_kept(doctor: Doctor, run: Run, project: Path) -> None:
    run("release", "trees")
    commit(project)
    ledger = project / "decks" / "trees" / "ledger.jsonl"
    ledger.write_text(ledger.read_text("utf-8").replace('"ledger": 1', '"ledger": 2'), "utf-8")

    found = doctor.examine()

    assert "ledger-damaged" not in found
    assert (found["ledger-newer"]["commands"], found["ledger-newer"]["help"]) == (
        [],
        "update Cardwright",
    )


def test_a_pack_without_a_namespace(doctor: Doctor, write: Write) -> None:
    write({"decks/trees/deck.yaml": "name: Trees\n"})
    doctor.cure("missing-namespace")


def test_a_release_that_was_killed(doctor: Doctor, run: Run, write: Write, project: Path) -> None:
    ledger = project / "decks" / "trees" / "ledger.jsonl"
    run("release", "trees")
    write({"cards/trees/trees.yaml": CARDS.replace("The oak.", "An oak.")})
    before = ledger.read_bytes()
    run("release", "trees")
    ledger.write_bytes(before)
    changelog = (project / "decks" / "trees" / "CHANGELOG.md").read_text("utf-8")

    assert doctor.examine()["unfinished-release"]["line"] == 3
    doctor.cure("unfinished-release")

    assert (project / "decks" / "trees" / "CHANGELOG.md").read_text("utf-8") == changelog


def test_a_release_that_wrote_only_its_ledger(
    doctor: Doctor, run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("cardwright.app.release.write_package", fail)
        run("release", "trees", exit_code=1)

    doctor.cure("unfinished-release")

    assert "## 1.0.0" in (project / "decks" / "trees" / "CHANGELOG.md").read_text("utf-8")
    assert (project / "build" / "trees.apkg").exists()


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}\n", b"[" * 10**5])
def test_a_damaged_record_of_builds(
    doctor: Doctor, run: Run, project: Path, content: bytes
) -> None:
    run("build")
    (project / "build" / "trees.builds.jsonl").write_bytes(content)

    doctor.cure("build-record-damaged")


@pytest.mark.parametrize("is_link", [True, False])
def test_something_in_the_way_of_packages(
    doctor: Doctor, run: Run, project: Path, tmp_path: Path, is_link: bool
) -> None:
    if is_link:
        (project / "build").symlink_to(tmp_path)
    else:
        (project / "build").touch()

    finding = doctor.examine()["build-blocked"]

    refused = run("build", exit_code=1).stderr
    assert finding["message"].removeprefix("`trees` cannot be built: ") in refused
    assert finding["help"] in refused
    (project / "build").unlink()
    run("build")
    assert "build-blocked" not in doctor.examine()
    (project / "build" / "trees.apkg").unlink()
    (project / "build" / "trees.apkg").mkdir()
    assert "is a folder" in doctor.examine()["build-blocked"]["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes")
@pytest.mark.parametrize("place", ["pipe", "folder", "link", "no text"])
def test_a_changelog_that_no_release_can_add_to(
    doctor: Doctor, run: Run, project: Path, place: str
) -> None:
    run("release", "trees")
    path = project / "decks" / "trees" / "CHANGELOG.md"
    path.unlink()
    if place == "pipe":
        os.mkfifo(path)
    elif place == "folder":
        path.mkdir()
    elif place == "link":
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes(b"\xff")

    finding = doctor.examine()["changelog-unreadable"]

    assert finding["path"] == str(path)
    assert str(path) in finding["message"]
    path.rename(project / "moved")
    assert "changelog-unreadable" not in doctor.examine()


def test_changes_that_are_not_released(doctor: Doctor, run: Run, write: Write) -> None:
    run("release", "trees")
    assert "unreleased-changes" not in doctor.examine()
    write({"cards/trees/trees.yaml": CARDS.replace("The oak.", "An oak.")})

    finding = doctor.examine()["unreleased-changes"]

    assert "1 change since 1.0.0" in finding["message"]
    assert finding["severity"] == "note"
    assert "oak" in run(*shlex.split(finding["commands"][0])[3:]).stdout


def test_a_link_out_of_the_project(doctor: Doctor, project: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(CARDS, "utf-8")
    (project / "cards" / "trees" / "more.yaml").symlink_to(tmp_path / "secret.yaml")

    finding = doctor.examine()["project-errors"]

    assert "outside the project" in finding["message"]
    assert finding["path"] == str(project / "cards" / "trees" / "more.yaml")


def test_packs_of_other_projects(doctor: Doctor, store: Path, write: Write) -> None:
    answer(store)
    assert "packs-elsewhere" not in doctor.examine()
    write({"decks/trees/deck.yaml": "name: Trees\nnamespace: woods\n"})
    with open_store(store) as opened:
        make_journal(opened, {}).merge([make_review(opened.device, "spanish:hola/recall")])

    finding = doctor.examine()["packs-elsewhere"]

    assert finding["severity"] == "note"
    assert finding["details"] == ["spanish: 1 prompt"]


def test_projects_that_are_known_and_those_that_are_gone(
    doctor: Doctor, store: Path, tmp_path: Path
) -> None:
    answer(store)
    doctor.run("due")
    other = tmp_path / "shrubs"
    assert invoke("init", str(other)).exit_code == 0
    name = json.loads(invoke("-C", str(other), "next", "--json").stdout)["prompt"]
    assert invoke("-C", str(other), "answer", name, "good").exit_code == 0
    assert not {"packs-elsewhere", "projects-gone"} & doctor.examine().keys()
    moved = other.rename(tmp_path / "bushes")

    found = doctor.examine()

    assert found["projects-gone"]["details"] == [f"shrubs: {other}"]
    assert invoke("projects", "relink", "shrubs", str(moved)).exit_code == 0
    assert not {"packs-elsewhere", "projects-gone"} & doctor.examine().keys()


@pytest.mark.parametrize("choice", [0, 1])
def test_a_history_of_which_only_the_user_knows(
    doctor: Doctor, store: Path, write: Write, choice: int
) -> None:
    answer(store)
    write({"decks/trees/deck.yaml": "name: Trees\nnamespace: woods\n"})
    with open_store(store) as opened:
        make_journal(opened, {}).merge([make_review(opened.device, "trees:fir/recall")])

    finding = doctor.examine()["history-undecided"]
    doctor.run_line(finding["commands"][choice])

    assert "history-undecided" not in doctor.examine()


def test_a_damaged_index_is_made_again_by_itself(doctor: Doctor, store: Path) -> None:
    answer(store)
    doctor.run("due")
    (index,) = (store.parent / "index").iterdir()
    index.write_bytes(index.read_bytes()[:-9])

    doctor.examine()
    assert "outdated" in doctor.summary_of("index")
    doctor.run("due")

    assert doctor.summary_of("index").endswith("intact")


def test_indexes_of_projects_long_gone(doctor: Doctor, store: Path) -> None:
    answer(store)
    doctor.run("due")
    old = store.parent / "index" / "gone-12345678.index"
    old.write_bytes(b"x")
    os.utime(old, (NOW_MS / 1000 - 100 * 86_400,) * 2)

    doctor.cure("index-unused")

    assert not old.exists()
    assert len(list((store.parent / "index").iterdir())) == 1


def test_something_in_the_place_of_the_index(doctor: Doctor, store: Path) -> None:
    answer(store)
    (store.parent / "index").write_bytes(b"")

    assert "move it away" in doctor.examine()["index-unwritable"]["help"]


def test_variables_that_stop_every_command(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDS_NOW", "yesterday")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")

    found = doctor.examine()

    assert "unset CARDS_NOW" in found["clock-invalid"]["help"]
    assert "unset SOURCE_DATE_EPOCH" in found["date-invalid"]["help"]


def test_the_project_and_the_sync_folder_of_the_config_file_are_examined(
    project: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(store)
    config, shared = tmp_path / "config.toml", tmp_path / "shared"
    shared.mkdir()
    config.write_text(f"project = '{project}'\nsync = '{shared}'\nmouze = true\n", "utf-8")
    monkeypatch.setenv("CARDS_CONFIG", str(config))
    monkeypatch.chdir(tmp_path)

    report = json.loads(invoke("doctor", "--json").stdout)

    said = {area["area"]: area["summary"] for area in report["areas"]}
    assert said["project"].startswith(str(project))
    assert said["sync"].startswith(str(shared))
    findings = {one["code"]: one for area in report["areas"] for one in area["findings"]}
    assert "did you mean `mouse`?" in findings["config-unknown"]["help"]


def test_programs_that_cannot_be_started(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_CONFIG", str(tmp_path / "config.toml"))
    for editor in ("no-such-editor", "vim 'x"):
        monkeypatch.setenv("VISUAL", editor)
        assert "editor" in doctor.examine()["editor-missing"]["message"]
    monkeypatch.setenv("VISUAL", sys.executable)
    (tmp_path / "config.toml").write_text("player = 'no-such-player'", "utf-8")

    found = doctor.examine()

    assert "editor-missing" not in found
    assert "no-such-player" in found["player-missing"]["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes, and others' rights differ")
@pytest.mark.parametrize("state", ["file", "pipe", "open to others", "empty", "none"])
def test_a_cache_that_cannot_be_used(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    folder = tmp_path / "cache"
    monkeypatch.setenv("CARDS_CACHE", str(folder))
    if state == "file":
        folder.touch()
    elif state != "none":
        doctor.run("check")
    (file,) = folder.glob("*.db") if folder.is_dir() and state != "empty" else (folder,)
    if state == "pipe":
        file.unlink()
        os.mkfifo(file)
    elif state == "open to others":
        file.chmod(0o666)
    elif state == "empty":
        shutil.rmtree(folder)
        folder.mkdir()

    found = doctor.examine()

    assert ("cache-unusable" in found) is (state not in {"empty", "none"})


@pytest.mark.parametrize("state", ["no git", "reftable", "alternates", "changed", "committed"])
def test_what_dates_unreleased_notes(
    doctor: Doctor, project: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    said = "not in a git repository"
    if state != "no git":
        commit(project)
        said = "2026" if state == "committed" else state
    if state == "reftable":
        (project / ".git" / "reftable").mkdir()
        (project / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    elif state == "alternates":
        (project / ".git" / "objects" / "info" / "alternates").write_text("/elsewhere\n")
    elif state == "changed":
        (project / "cards" / "trees" / "trees.yaml").write_text(CARDS + "\n")
        said = "differ from the last commit"
    elif state == "committed":
        said = "the last commit dates unreleased notes"

    assert said in doctor.summary_of("git")


def test_whatever_happens_in_one_area_the_others_are_shown(
    store: Path, run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is broken at once, and in one area even the program itself."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    store.parent.mkdir()
    store.write_bytes(b"hello\n" * 999)
    (store.parent / "backups").mkdir()
    (store.parent / "backups" / "reviews-2026-03-01.db").write_bytes(b"hello\n" * 999)
    (store.parent / "index").write_bytes(b"")
    (project / "cards" / "trees" / "trees.yaml").write_bytes(b"\xff\xfe\0")
    monkeypatch.setitem(AREAS, "index", fail)

    lines = run("doctor", exit_code=1).stdout.splitlines()

    heads = [line.split() for line in lines if not line.startswith(" ")]
    states = {area: state for state, area, *_ in heads}
    assert states == {
        "program": "ok",
        "store": "error",
        "backups": "ok",
        "index": "error",
        "project": "error",
        "sync": "ok",
        "anki": "ok",
        "git": "ok",
    }
    assert any("please report" in line for line in lines)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("profile User 1", "--profile 'User 1'"),
        ("server http://10.0.0.2:8080/ anna", "--server http://anna@10.0.0.2:8080/"),
        ("server https://a.org/ a b@c", "--server https://a%20b%40c@a.org/"),
    ],
)
def test_what_waits_for_anki(doctor: Doctor, store: Path, place: str, words: str) -> None:
    assert doctor.summary_of("anki").startswith("not synced with yet")
    with open_store(store) as opened:
        make_journal(opened, {}).merge([make_review(opened.device, "trees:oak/recall")])
        [review] = opened.list_log()
        mirror = Mirror(opened, place)
        card = MirrorCard(1, is_suspended=False, flag=0, due_day=None, is_pending=False)
        with opened.transaction():
            mirror.put_cards({"trees:oak/recall": card})
            mirror.put_sync_time(NOW_MS)
    who = describe_place(place)
    assert doctor.summary_of("anki") == f"{who}: last synced on 2026-03-02 at 09:00, 1 card"

    finding = doctor.examine()["anki-pending"]
    assert (finding["severity"], finding["message"]) == (
        "note",
        f"to be written to {who}: 1 answer",
    )
    [command] = finding["commands"]
    assert command.endswith(f"anki sync {words}")

    with open_store(store) as opened, opened.transaction():
        Mirror(opened, place).put_rows({review.at_ms: MirrorRow(review.id, is_seen=False)})
    said = f"to be written to {who}: 1 answer of an interrupted sync"
    assert doctor.examine()["anki-pending"]["message"] == said
    with open_store(store) as opened, opened.transaction():
        Mirror(opened, place).put_rows({review.at_ms: MirrorRow(review.id, is_seen=True)})
    assert "anki-pending" not in doctor.examine()


@pytest.mark.parametrize("damage", ['"x"', "-1", "1e99", "null", "[]"])
def test_a_time_of_a_sync_that_cannot_be(doctor: Doctor, store: Path, damage: str) -> None:
    with open_store(store) as opened, opened.transaction():
        opened.change("insert into mirror_facts values ('profile A', 'synced', ?)", [(damage,)])
    assert doctor.summary_of("anki") == "profile A: synced, 0 cards"


def test_a_library_that_is_too_old(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: "24.11")
    assert "26.09 is the oldest" in doctor.examine()["extra-too-old"]["message"]


@pytest.fixture
def shared(doctor: Doctor, store: Path, tmp_path: Path) -> Path:
    """A folder with which this store, and another machine with three answers, have synced."""
    folder = tmp_path / "shared"
    folder.mkdir()
    answer(store)
    other = tmp_path / "other" / "reviews.db"
    answer(other, 3, days_ago=2)
    doctor.run("sync", str(folder), "--db", str(other))
    doctor.run("sync", str(folder))
    return folder


def find_own(store: Path, shared: Path) -> Path:
    """Return the file of this machine."""
    ((text,),) = read_store(
        store, "select value from settings where pack = '.' and name = 'device'"
    )
    return shared / f"{json.loads(text)['device']}.jsonl"


def find_theirs(store: Path, shared: Path) -> Path:
    """Return the file of the other machine."""
    (path,) = (path for path in shared.glob("*.jsonl") if path != find_own(store, shared))
    return path


def test_the_folder_of_the_last_sync_is_examined(doctor: Doctor, store: Path, shared: Path) -> None:
    assert doctor.summary_of("sync") == f"{shared}: 1 other machine, nothing new"
    other = store.parent.parent / "other" / "reviews.db"
    answer(other, 2, first=30, days_ago=2)
    doctor.run("sync", str(shared), "--db", str(other))
    answer(store, 4, first=30)

    finding = doctor.examine()["sync-pending"]
    assert finding["message"] == "2 new reviews of others to take, 4 reviews to give"
    assert finding["severity"] == "note"
    doctor.cure("sync-pending")

    assert count_reviews(store) == 17


def test_another_folder_can_be_named(doctor: Doctor, shared: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    assert "sync-folder-missing" in doctor.examine("--sync", str(other))
    other.mkdir()
    assert "11 reviews to give" in doctor.examine("--sync", str(other))["sync-pending"]["message"]
    assert not list(other.iterdir())
    shared.rename(tmp_path / "gone")
    assert doctor.examine()["sync-folder-missing"]["path"] == str(shared)
    shared.touch()
    finding = doctor.examine()["sync-folder-missing"]
    assert finding["message"] == f"the sync folder {shared} is not a folder"
    assert "move away" in finding["help"]


@pytest.mark.parametrize("damage", ["torn", "pipe", "tampered"])
def test_a_damaged_file_of_another_machine(
    doctor: Doctor, store: Path, shared: Path, damage: str
) -> None:
    path = find_theirs(store, shared)
    text = path.read_text("utf-8")
    if damage == "torn":
        path.write_text(text[:-40], "utf-8")
    elif damage == "tampered":
        path.write_text(text.replace("answer", "a_swer", 1), "utf-8")
    elif sys.platform == "win32":
        pytest.skip("no pipes")
    else:
        os.mkfifo(shared / "pipe.jsonl")

    finding = doctor.examine()["sync-unreadable"]

    place = {"torn": f"{path}:3:", "pipe": "pipe.jsonl:1:", "tampered": f"{path}:1:"}[damage]
    assert place in finding["details"][0]
    if damage == "pipe":
        (shared / "pipe.jsonl").unlink()
    else:
        doctor.run("sync", str(shared), "--db", str(store.parent.parent / "other" / "reviews.db"))
    assert "sync-unreadable" not in doctor.examine()


def test_the_own_file_is_damaged(doctor: Doctor, store: Path, shared: Path) -> None:
    own = find_own(store, shared)
    text = own.read_text("utf-8")
    own.write_text(text[:-30], "utf-8")

    doctor.cure("sync-own-file-damaged")

    assert own.read_text("utf-8") == text


def test_two_stores_under_one_name(doctor: Doctor, store: Path, shared: Path) -> None:
    before = store.read_bytes()
    answer(store, 2, first=40)
    doctor.run("sync", str(shared))
    store.write_bytes(before)

    assert "2 reviews that the store lacks" in doctor.examine()["sync-shared-name"]["message"]
    doctor.cure("sync-shared-name")

    assert count_reviews(store) == 13


def test_reviews_with_the_same_id_that_differ(doctor: Doctor, store: Path, shared: Path) -> None:
    path = find_theirs(store, shared)
    path.write_text(path.read_text("utf-8").replace('"rating": 3', '"rating": 1', 1), "utf-8")

    assert len(doctor.examine()["sync-conflict"]["details"]) == 1
    doctor.run("sync", str(shared))
    doctor.run("sync", str(shared), "--db", str(store.parent.parent / "other" / "reviews.db"))
    doctor.run("sync", str(shared))

    assert "sync-conflict" not in doctor.examine()


def test_a_conflicted_copy_in_the_sync_folder(doctor: Doctor, store: Path, shared: Path) -> None:
    path = find_theirs(store, shared)
    copy = path.with_name(f"{path.stem} (conflicted copy).jsonl")
    shutil.copy(path, copy)

    assert doctor.examine()["sync-copies"]["details"] == [str(copy)]
    doctor.cure("sync-copies")

    assert not copy.exists()


def test_everything_is_cured_from_top_to_bottom(
    doctor: Doctor, run: Run, write: Write, store: Path, shared: Path, project: Path
) -> None:
    """A damaged store, a conflicted copy, no recent backup, a torn sync file and a dead release."""
    answer(store, 4, days_ago=30)
    back_up(doctor, store)
    answer(store, 4, days_ago=20)
    copy = store.with_name("reviews (conflicted copy).db")
    shutil.copy(store, copy)
    answer(copy, 3, first=30, days_ago=20)
    damage_row(store, "update reviews set rating = 9 where id = (select max(id) from reviews)")
    own = find_own(store, shared)
    own.write_bytes(own.read_bytes()[:-50])
    run("release", "trees")
    ledger = project / "decks" / "trees" / "ledger.jsonl"
    before = ledger.read_bytes()
    write({"cards/trees/trees.yaml": CARDS.replace("The oak.", "An oak.")})
    run("release", "trees")
    ledger.write_bytes(before)

    for _ in range(2):
        for finding in doctor.examine().values():
            if finding["severity"] != "note":
                for command in finding["commands"]:
                    doctor.run_line(command)

    left = doctor.examine("--verify")
    assert not {finding["severity"] for finding in left.values()} - {"note"}, left
    assert count_reviews(store) == 22


def test_every_finding_is_explained_in_the_documentation() -> None:
    root = Path(__file__).parents[2]
    sources = [
        *(root / "src" / "cardwright" / "app" / "doctor").glob("*.py"),
        root / "src" / "cardwright" / "cli" / "surroundings.py",
    ]
    used = {
        code
        for path in sources
        for line in re.findall(r"\bcode ?= ?(.*?)(?:, severity.*)?\n", path.read_text("utf-8"))
        for code in re.findall(r'"([a-z0-9-]+)"', line)
    }
    page = (root / "docs" / "trouble.md").read_text("utf-8")
    told = {
        code
        for row in re.findall(r"(?m)^\| (`.*?) \|", page)
        for code in re.findall(r"`([a-z0-9-]+)`", row)
    }

    assert used - {"defect"} == told


@pytest.mark.parametrize("seed", range(4))
def test_a_store_damaged_anywhere_is_cured_or_said_to_be_unreadable(
    doctor: Doctor, store: Path, seed: int
) -> None:
    """`cards export` and `cards due` work again once the doctor is content."""
    answer(store, 100)
    doctor.run("due")
    change_store(store)
    dice = Random(seed)
    raw = bytearray(store.read_bytes())
    page, other = (dice.randrange(len(raw) // 4096) * 4096 for _ in range(2))
    match seed % 4:
        case 0:
            raw[page : page + 4096] = dice.randbytes(4096)
        case 1:
            page_before = raw[page : page + 4096]
            raw[page : page + 4096] = raw[other : other + 4096]
            raw[other : other + 4096] = page_before
        case 2:
            for _ in range(50):
                raw[dice.randrange(len(raw))] = dice.randrange(256)
        case _:
            del raw[dice.randrange(len(raw)) :]
    store.write_bytes(raw)

    for _ in range(3):
        found = doctor.examine()
        if {"store-unreadable", "store-unusable"} & found.keys():
            return
        for finding in found.values():
            if finding["severity"] == "error":
                for command in finding["commands"]:
                    doctor.run_line(command)

    assert not any(finding["severity"] == "error" for finding in doctor.examine().values())
    doctor.run("export", str(store.parent / "all.jsonl"))
    doctor.run("due")
