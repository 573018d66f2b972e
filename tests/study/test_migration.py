"""Upgrading an older store: completely or not at all, with a backup."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from importlib.resources import files
from operator import itemgetter
from pathlib import Path

import pytest

import updating
from cardwright.history import Act, Rating
from cardwright.study import migration
from cardwright.study.backup import backup_folder, restore_backup
from cardwright.study.error import StoreDamagedError, StoreError
from cardwright.study.migration import MIGRATIONS
from cardwright.study.rescue import check_store, rescue_rest, rescue_reviews
from cardwright.study.snapshot import read_copy, read_ids
from cardwright.study.store import open_store
from damage import make_store
from older_stores import LEVELS, write_older
from studying import MORNING, later, open_journal, read_log, record

SHIPPED = {
    "first": "a5875a7a1c40b3bb038b49267f074071df96de48bb167b12b7354d5944c8c507",
    "records": "16e06160ed5ae7e263601d2c55f6a601d0dd15c3863a1d8c4a0067d5b5d2850f",
}
"""Script by name. What was shipped is never changed: a new one is added."""

Add = Callable[[str, str], None]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Make a program of next year, which has one migration more."""

    def add_migration(name: str, script: str) -> None:
        path = tmp_path / f"{name}.sql"
        path.write_text(script, "utf-8")
        # An absolute path stays what it is when joined.
        monkeypatch.setattr(migration, "MIGRATIONS", (*MIGRATIONS, (name, str(path))))

    return add_migration


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "study" / "reviews.db"
    journal = open_journal(path)
    record(journal, "trees:oak/recall", Act.ANSWER, MORNING, Rating.GOOD)
    journal.store.close()
    return path


def test_what_was_shipped_never_changes() -> None:
    folder = files("cardwright.study")
    scripts = {name: folder.joinpath(script).read_bytes() for name, script in MIGRATIONS}
    frozen = {name: sha256(scripts[name]).hexdigest() for name in SHIPPED}
    assert frozen == SHIPPED
    assert list(SHIPPED) == list(scripts)[: len(SHIPPED)]


def test_what_all_migrations_make_is_known_without_making_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sorted(migration.make_schema(len(MIGRATIONS)), key=itemgetter(2, 1))
    lines = ",\n".join(map(json.dumps, made))
    assert files("cardwright.study").joinpath("current.json").read_text() == f"[\n{lines}\n]\n"

    monkeypatch.delattr(migration, "_make_schema")
    open_store(path).close()


def test_an_older_store_keeps_its_data_and_a_copy_is_made_first(path: Path, add: Add) -> None:
    before = read_log(open_journal(path))
    add("moods", "create table moods (mood text) strict;\ninsert into moods values ('fine');\n")

    store = open_store(path, "laptop", today="2026-11-02")

    assert list(store.list_reviews()) == before
    assert store.find_value("select mood from moods") == "fine"
    copy = backup_folder(path) / "reviews-2026-11-02-before-update.db"
    with closing(sqlite3.connect(copy)) as db:
        names = [name for (name,) in db.execute("select name from migrations order by rowid")]
        assert names == [name for name, _ in MIGRATIONS]
        assert db.execute("select count(*) from reviews").fetchone() == (1,)
    store.close()
    open_store(path, "laptop", today="2026-11-03").close()
    assert list(backup_folder(path).iterdir()) == [copy]


def test_a_migration_that_fails_leaves_nothing(path: Path, add: Add) -> None:
    add("moods", "create table moods (mood text) strict;\ninsert into nowhere values (1);\n")

    with pytest.raises(StoreError, match="no such table: nowhere"):
        open_store(path, "laptop", today="2026-11-02")

    with closing(sqlite3.connect(path)) as db:
        assert not list(db.execute("select 1 from sqlite_schema where name = 'moods'"))
        assert db.execute("select count(*) from migrations").fetchone() == (len(MIGRATIONS),)


def test_a_new_store_needs_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "reviews.db"
    open_store(path, "laptop", today="2026-11-02").close()
    assert not backup_folder(path).exists()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("pragma application_id").fetchone() == (0x63617264,)


def test_the_store_of_next_year_is_refused_by_the_program_of_today(
    path: Path, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("moods", "create table moods (mood text) strict;\n")
    open_store(path, "laptop").close()
    before = path.read_bytes()
    monkeypatch.setattr(migration, "MIGRATIONS", MIGRATIONS)

    with pytest.raises(StoreError, match=r"newer Cardwright.*\n  help: update"):
        open_store(path, "laptop", today="2026-11-02")
    assert path.read_bytes() == before


@pytest.mark.parametrize("level", LEVELS)
def test_a_store_of_any_earlier_version_is_brought_up_to_date(tmp_path: Path, level: int) -> None:
    """And is examined, rescued and restored as it is."""
    whole, path = tmp_path / "whole.db", tmp_path / "study" / "reviews.db"
    path.parent.mkdir()
    make_store(whole)
    write_older(whole, path, level)
    with closing(open_store(whole, "laptop")) as store:
        kept = level > MIGRATIONS.index(("promises", "promises.sql"))
        log = [
            review if kept else review.without_promise
            for review in store.list_log()
            if kept or review.act is not Act.RESCHEDULE
        ]
    assert check_store(path) == []
    assert rescue_reviews(path).reviews == log == read_copy(path)
    assert read_ids(path, is_checked=True) == {review.id for review in log}

    store = open_store(path, "laptop", today="2026-11-02")

    assert list(store.list_log()) == log
    assert store.find_damage() == ""
    assert (level > 1) == any(r.kind == "mock" for r in rescue_rest(path).records)
    (copy,) = backup_folder(path).iterdir()
    assert read_copy(copy) == log
    store.close()
    restore_backup(copy, path, "2026-11-02")
    with closing(open_store(path, "laptop")) as store:
        assert list(store.list_log()) == log
    assert check_store(path) == []


@pytest.mark.parametrize(
    "change",
    [
        "set rating = 4",
        "set interval_days = null, interval_basis = null where act = 'answer'",
        "set interval_days = interval_days + 1 where interval_days not null",
        "set interval_basis = interval_basis + 1 where interval_basis not null",
        "set interval_days = 1, interval_basis = 1 where act = 'reset'",
        "set interval_days = 1 where interval_days is null and act = 'answer'",
        "set interval_days = 1, interval_basis = 1, at_ms = 5 where act = 'answer'",
        "set interval_days = 1, interval_basis = 1, rating = 1 where act = 'answer'",
        "set interval_days = 0 where interval_days > 0",
        "set interval_days = 1 where act = 'reschedule'",
    ],
)
def test_the_database_lets_nothing_but_a_promise_change(path: Path, change: str) -> None:
    journal = open_journal(path)
    late = later(MORNING, 3)
    record(journal, "trees:oak/recall", Act.ANSWER, late, Rating.EASY)
    record(journal, "trees:oak/recall", Act.RESET, late)
    record(journal, "trees:oak/recall", Act.RESCHEDULE, late)
    record(journal, "trees:oak/recall", Act.ANSWER, late, Rating.AGAIN)
    before = read_log(journal)

    with pytest.raises(StoreDamagedError), journal.store.transaction():
        journal.store._db.execute(f"update reviews {change}")
    assert read_log(journal) == before
    with journal.store.transaction():
        journal.store._db.execute(
            "update reviews set interval_days = 1, interval_basis = 0 where act = 'answer'"
        )


MIGRATE = """
import sys
from pathlib import Path
from cardwright.study import migration
from cardwright.study.store import open_store
migration.MIGRATIONS = (*migration.MIGRATIONS, ("moods", sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
open_store(Path(sys.argv[1]), "laptop", today="2026-11-02").close()
"""


def test_two_processes_update_at_once(path: Path, tmp_path: Path) -> None:
    script = tmp_path / "moods.sql"
    script.write_text("create table moods (mood text) strict;\n", "utf-8")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, path, script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("select name from migrations order by rowid")]
    assert names == [*(name for name, _ in MIGRATIONS), "moods"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is what makes the processes quick")
def test_an_update_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, updating.__file__, tmp_path, "20"],
        capture_output=True,
        text=True,
        check=True,
    )
    ends = done.stdout.splitlines()
    assert len(ends) == 20
    assert all(end.startswith("ended by -9 ") and end.endswith("all kept") for end in ends), ends
    assert len({end for end in ends if "after 2 of" not in end}) >= 1, "some had begun"


def test_a_migration_of_another_process_is_seen_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "reviews.db"
    monkeypatch.setattr(migration, "MIGRATIONS", MIGRATIONS[:1])
    open_store(path).close()
    monkeypatch.setattr(migration, "MIGRATIONS", MIGRATIONS)
    read = migration.read_schema

    def read_and_wait(db: sqlite3.Connection) -> frozenset[tuple[object, ...]]:
        found = read(db)
        with monkeypatch.context() as patch:
            patch.setattr(migration, "read_schema", read)
            open_store(path).close()
        return found

    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        with monkeypatch.context() as patch:
            patch.setattr(migration, "read_schema", read_and_wait)
            assert migration.list_missing(path, db) == list(MIGRATIONS[1:])
        assert migration.list_missing(path, db) == []
