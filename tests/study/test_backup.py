"""Dated backups of a store, and restoring one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cardwright.history import Act, Rating
from cardwright.study import migration
from cardwright.study.backup import MAX_BACKUPS, backup_folder, list_backups, restore_backup
from cardwright.study.error import StoreBusyError, StoreDamagedError, StoreError
from cardwright.study.journal import Journal
from cardwright.study.migration import MIGRATIONS
from studying import MORNING, later, make_items, open_journal, read_log, record, sit

TODAY = "2026-11-02"
OAK = "trees:card-0/recall"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = open_journal(tmp_path / "reviews.db")
    answer(journal, 0)
    return journal


def answer(journal: Journal, days: int) -> None:
    record(journal, OAK, Act.ANSWER, later(MORNING, days), Rating.GOOD)


def test_ten_dated_backups_are_kept(journal: Journal) -> None:
    for day in range(1, MAX_BACKUPS + 5):
        journal.store.back_up(f"2026-11-{day:02}")
        journal.store.back_up(f"2026-11-{day:02}")

    found = [path.name for path in list_backups(journal.store.path)]
    assert found == [f"reviews-2026-11-{day:02}.db" for day in range(MAX_BACKUPS + 4, 4, -1)]
    assert sorted(found) == sorted(
        path.name for path in backup_folder(journal.store.path).iterdir()
    )


def test_backups_of_a_neighbour_are_its_own(tmp_path: Path, journal: Journal) -> None:
    neighbour = open_journal(tmp_path / "reviews-of-[mine].db")
    for day in range(1, MAX_BACKUPS + 2):
        neighbour.store.back_up(f"2026-10-{day:02}")
        journal.store.back_up(f"2026-11-{day:02}")
    for store in (neighbour.store, journal.store):
        assert len(list_backups(store.path)) == MAX_BACKUPS
    assert list_backups(tmp_path / "reviews-of-[mine].db")[0].name.startswith("reviews-of-[mine]-")


def test_a_backup_is_whole_while_others_write(journal: Journal) -> None:
    other = open_journal(journal.store.path)
    session = sit(other, make_items(3))
    copy = journal.store.back_up(TODAY)
    session.answer(Rating.GOOD, MORNING)

    restored = open_journal(copy)
    assert read_log(restored) == read_log(other)[:1]
    assert restored.store.find_damage() == ""
    assert len(read_log(journal)) == 2


def test_the_way_back_puts_what_is_there_aside(journal: Journal) -> None:
    """Also twice on one day: the first copy is the one that matters."""
    path = journal.store.path
    backup = journal.store.back_up(TODAY)
    answer(journal, 1)
    newer = read_log(journal)

    first = restore_backup(backup, path, TODAY)
    assert len(read_log(journal)) == 1
    answer(journal, 2)
    second = restore_backup(backup, path, TODAY)

    assert first is not None
    assert second is not None
    assert first != second
    assert read_log(open_journal(first)) == newer
    assert len(read_log(open_journal(second))) == 2
    assert {first, second, backup} == set(list_backups(path))
    assert len(read_log(journal)) == 1
    assert journal.find_differences() == []


def test_a_sitting_goes_on_after_a_restoration(journal: Journal) -> None:
    backup = journal.store.back_up(TODAY)
    session = sit(journal, make_items(5))
    session.answer(Rating.GOOD, MORNING)

    restore_backup(backup, journal.store.path, TODAY)
    session.answer(Rating.GOOD, later(MORNING, minutes=1))

    assert len(read_log(journal)) == 2
    assert journal.find_differences() == []


def test_there_is_a_way_back_from_a_damaged_store(journal: Journal) -> None:
    path = journal.store.path
    backup = journal.store.back_up(TODAY)
    before = read_log(journal)
    journal.store.close()
    for content in (b"rubbish" * 1000, path.read_bytes()[:5000]):
        path.write_bytes(content)

        aside = restore_backup(backup, path, TODAY)

        assert aside is not None
        assert aside.name.startswith(f"reviews-damaged-{TODAY}")
        assert aside.read_bytes() == content
        restored = open_journal(path)
        assert read_log(restored) == before
        restored.store.close()
    assert len(list(path.parent.glob("*-damaged-*"))) == 2


def test_a_store_that_is_gone_comes_back(journal: Journal) -> None:
    backup = journal.store.back_up(TODAY)
    elsewhere = journal.store.path.parent / "new" / "reviews.db"

    assert restore_backup(backup, elsewhere, TODAY) is None
    assert read_log(open_journal(elsewhere)) == read_log(journal)


def test_what_is_no_backup_is_refused(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = journal.store.path
    whole = journal.store.back_up(TODAY)
    cut = tmp_path / "cut.db"
    cut.write_bytes(whole.read_bytes()[:-4096])
    rubbish = tmp_path / "rubbish.db"
    rubbish.write_bytes(b"rubbish" * 1000)
    foreign = tmp_path / "places.db"
    with closing(sqlite3.connect(foreign)) as db, db:
        db.execute("create table places (url text)")
    empty = tmp_path / "empty.db"
    empty.touch()
    alias = tmp_path / "alias.db"
    alias.hardlink_to(path)
    answer(journal, 1)
    before = read_log(journal)

    for file, match in (
        (cut, "damaged"),
        (rubbish, "damaged"),
        (foreign, "another program"),
        (empty, "it is empty"),
        (tmp_path / "missing.db", "there is no file"),
        (tmp_path, "there is no file"),
        (path, "is the review store itself"),
        (alias, "is the review store itself"),
    ):
        with pytest.raises(StoreError, match=match):
            restore_backup(file, path, TODAY)
    monkeypatch.setattr(migration, "MIGRATIONS", MIGRATIONS[:-1])
    with pytest.raises(StoreError, match="newer Cardwright"):
        restore_backup(whole, path, TODAY)

    assert read_log(journal) == before
    assert list_backups(path) == [whole]


def test_a_damaged_store_is_not_copied_over_a_good_backup(journal: Journal) -> None:
    path = journal.store.path
    for number in range(300):
        record(journal, f"trees:card-{number}/recall", Act.ANSWER, MORNING, Rating.GOOD)
    good = journal.store.back_up(TODAY).read_bytes()
    journal.store.close()
    content = bytearray(path.read_bytes())
    content[-8192:-4096] = bytes(4096)
    path.write_bytes(content)

    with pytest.raises(StoreDamagedError):
        open_journal(path).store.back_up(TODAY)
    assert [file.read_bytes() for file in backup_folder(path).iterdir()] == [good]


def test_a_store_that_is_in_use_is_not_taken_for_damaged(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = journal.store.back_up(TODAY)
    monkeypatch.setattr("cardwright.study.opening.LOCK_TIMEOUT_S", 0.02)
    with journal.store.transaction(), pytest.raises(StoreBusyError):
        restore_backup(backup, journal.store.path, TODAY)
    assert journal.store.path.exists()
    assert len(read_log(journal)) == 1


def test_a_restore_does_not_wait_forever_for_a_program_that_reads(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = journal.store.path
    backup = journal.store.back_up(TODAY)
    answer(journal, 1)
    before = read_log(journal)
    journal.store.close()
    monkeypatch.setattr("cardwright.study.opening.LOCK_TIMEOUT_S", 0.02)

    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("pragma journal_mode = delete")
        reader.execute("begin")
        reader.execute("select count(*) from reviews").fetchone()
        with pytest.raises(StoreBusyError):
            restore_backup(backup, path, TODAY)

    assert read_log(open_journal(path)) == before
