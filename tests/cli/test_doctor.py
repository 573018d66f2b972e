"""`cards doctor`: each state is made on disk, named, put right by the advised commands, and gone."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cardwright.history import Act, Rating, Review
from cardwright.study.journal import make_journal
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
    monkeypatch.setenv("EDITOR", "vi")
    return path


class Doctor:
    """Runs the doctor, and does what it says."""

    def __init__(self, run: Run, project: Path) -> None:
        self._run = run
        self._project = project

    def examine(self, *words: str) -> dict[str, Any]:
        """Return the findings of each area, by code."""
        result = self._run("doctor", "--json", *words, exit_code=None)
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

    def cure(self, code: str, *words: str) -> dict[str, Any]:
        """Run what is advised for a finding, and check that it is gone; return what is left."""
        for command in self.examine(*words)[code]["commands"]:
            program, *rest = shlex.split(command)
            if program == "cards":
                if rest[:1] == ["-C"]:
                    rest = rest[2:]
                self._run(*rest)
            else:
                subprocess.run([program, *rest], check=True, capture_output=True)
        left = self.examine(*words)
        assert code not in left
        return left


@pytest.fixture
def doctor(run: Run, write: Write, project: Path, store: Path) -> Doctor:
    """A doctor for a project of two cards, and a store."""
    write({"cards/trees/trees.yaml": CARDS})

    def run_any(*words: str, exit_code: int | None = 0) -> Any:
        if exit_code is not None:
            return run(*words)
        from click.testing import CliRunner

        from cardwright.cli.main import cards

        result = CliRunner().invoke(cards, ["-C", str(project), *words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return Doctor(run_any, project)


def answer(store: Path, number: int = 8, *, first: int = 0, days_ago: int = 1) -> None:
    """Add so many answers, each a minute after the one before."""
    with open_store(store, "laptop") as opened:
        start_ms = NOW_MS - days_ago * DAY_MS
        make_journal(opened, {}).merge(
            Review(
                id=f"{start_ms + (first + i) * 60_000:012x}-{opened.device}",
                key=f"trees:{('oak', 'yew')[i % 2]}/recall",
                act=Act.ANSWER,
                rating=Rating.GOOD,
                at_ms=start_ms + (first + i) * 60_000,
                utc_offset_minutes=0,
                duration_ms=3_000,
                undoes=None,
            )
            for i in range(number)
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


def back_up(run: Doctor, store: Path) -> Path:
    run._run("backup")
    (path,) = (store.parent / "backups").iterdir()
    return path


def test_all_is_well(doctor: Doctor, store: Path, run: Run) -> None:
    answer(store)
    back_up(doctor, store)

    assert not {f["severity"] for f in doctor.examine("--verify").values()} - {"note"}

    lines = run("doctor").stdout.splitlines()
    areas = [line.split()[1] for line in lines if not line.startswith(" ")]
    assert areas == ["program", "store", "backups", "index", "project", "git"]
    assert "8 reviews, the last on 2026-03-01, memories match a replay" in "".join(lines)


def test_nothing_is_created_or_changed(doctor: Doctor, store: Path, project: Path) -> None:
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
    doctor._run("options", "rollover_hour=5")
    device = read_store(store, "select value from settings where pack = '.'")
    damage_row(store, "update reviews set at_ms = -1 where prompt like '%oak%'")

    doctor.cure("store-damaged")

    assert read_store(store, "select value from settings where pack = '.'") == device
    assert read_store(store, "select value from settings where pack = ''") == [("5",)]


def test_damaged_settings(doctor: Doctor, store: Path) -> None:
    answer(store)
    change_store(store, "insert into settings values ('', 'rollover_hour', 'four')")

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
    undo = f"('{prompt}', 'e{id[1:]}', 'undo', null, 0, 0, 0, '{id}')"
    change_store(store, f"insert into reviews values {undo}")
    values = ", ".join("null" if value is None else repr(value) for value in row)
    change_store(store, f"insert into sqlite_schema values ({values})")

    doctor.cure("indexes-damaged")

    assert count_reviews(store) == 9
    doctor._run("export", str(store.parent / "all.jsonl"))
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
    doctor._run("due")
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
    doctor._run("backup", "--restore", str(older))

    assert doctor.examine()["copy-has-more"]["severity"] == "note"


def test_no_backup(doctor: Doctor, store: Path) -> None:
    answer(store)
    assert "backup-missing" not in doctor.examine()
    answer(store, days_ago=9)
    doctor.cure("backup-missing")


def test_an_old_backup(doctor: Doctor, store: Path) -> None:
    answer(store, 2, days_ago=30)
    back_up(doctor, store)
    answer(store)
    assert "backup-outdated" not in doctor.examine()
    answer(store, 3, days_ago=9)

    assert "11 reviews are in no backup, 3 of them" in doctor.examine()["backup-outdated"]["harm"]
    doctor.cure("backup-outdated")


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
