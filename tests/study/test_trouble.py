"""Unusable stores: a clear message with help, and no harm done."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cardwright.history import Rating
from cardwright.model import DeckOptions
from cardwright.study.backup import list_backups, restore_backup
from cardwright.study.error import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    explain_sqlite_error,
)
from cardwright.study.queue import SessionOptions
from cardwright.study.store import open_store
from studying import MORNING, fail_commit, later, make_items, open_journal, read_log, sit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with forty answers, closed."""
    path = tmp_path / "reviews.db"
    journal = open_journal(path)
    session = sit(journal, make_items(40))
    for number in range(40):
        session.answer(Rating.GOOD, later(MORNING, minutes=number))
    journal.store.close()
    return path


def check_refusal(path: Path, match: str, kind: type[StoreError] = StoreError) -> None:
    """Opening is refused in words that name the file and a cure, and changes no byte of it."""
    before = path.read_bytes()
    with pytest.raises(kind, match=match) as caught:
        open_store(path, "laptop", today="2026-11-02")
    assert type(caught.value) is kind
    assert str(path) in str(caught.value)
    assert "\n  help: " in str(caught.value)
    assert path.read_bytes() == before
    assert not (path.parent / "backups").exists()


def test_a_newer_schema(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("insert into migrations values ('of-next-year')")
    check_refusal(path, "written by a newer Cardwright")


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("create table places (url text)")
    check_refusal(path, "belongs to another program")


def test_a_full_disk_is_told_when_nothing_can_even_be_read(tmp_path: Path) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    assert isinstance(explain_sqlite_error(tmp_path, error), StoreFullError)


@pytest.mark.parametrize("content", [b"hello\n" * 500, bytes(range(256)) * 40, b"PK\x03\x04" * 999])
def test_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "reviews.db"
    path.write_bytes(content)
    check_refusal(path, "is damaged .*; it was left unchanged", StoreDamagedError)


def test_a_damaged_beginning(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100:4096] = os.urandom(3996)
    path.write_bytes(content)
    check_refusal(path, "is damaged", StoreDamagedError)


def test_a_truncated_file(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])
    check_refusal(path, "is damaged", StoreDamagedError)


@pytest.mark.parametrize("filling", [bytes(4096), b"\xa5" * 4096])
def test_damaged_pages_are_found(path: Path, filling: bytes) -> None:
    """Whichever page it is, nothing but a StoreError or a finding of damage comes of it."""
    whole = path.read_bytes()
    found = 0
    for start in range(4096, len(whole), 4096):
        path.write_bytes(whole[:start] + filling + whole[start + 4096 :])
        try:
            journal = open_journal(path)
        except StoreDamagedError:
            found += 1
            continue
        try:
            said = journal.store.find_damage()
        except StoreDamagedError:
            said = "damaged"
        journal.store.close()
        found += bool(said)
    assert found == len(whole) // 4096 - 1


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"it is a folder\n  help: name another"):
        open_store(tmp_path, "laptop")


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine", "utf-8")
    for path in (file / "reviews.db", file / "deeper" / "reviews.db"):
        with pytest.raises(StoreError, match=r"reviews\.db cannot be written .*\n  help: check"):
            open_store(path, "laptop")
    assert file.read_text("utf-8") == "mine"


def test_a_python_with_an_old_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(StoreError, match=r"needs SQLite 3\.37.*\n  help: use a Python"):
        open_store(tmp_path / "reviews.db", "laptop")
    assert not (tmp_path / "reviews.db").exists()


SIT_WITHOUT_RIGHTS = """
import os, sys
from pathlib import Path
from cardwright.study.error import StoreError
from studying import MORNING, fail_commit, later, make_items, open_journal, sit
import cardwright.study.backup
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    sit(open_journal(Path(sys.argv[1])), make_items(50), later(MORNING, 1))
except StoreError as error:
    print(error)
"""


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that other users reach, for root becomes one of them."""
    folder = Path(tempfile.mkdtemp(prefix="cards-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.skipif(os.name == "nt", reason="rights are another matter there")
@pytest.mark.parametrize("what", ["file", "folder", "no file"])
def test_no_right_to_write(path: Path, public_folder: Path, what: str) -> None:
    target = public_folder / "reviews.db"
    if what != "no file":
        shutil.copy(path, target)
        target.chmod(0o444 if what == "file" else 0o666)
    public_folder.chmod(0o777 if what == "file" else 0o555)
    before = target.read_bytes() if target.exists() else None

    done = subprocess.run(
        [sys.executable, "-c", SIT_WITHOUT_RIGHTS, str(target)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )

    assert str(target) in done.stdout
    assert "cannot be written" in done.stdout
    assert "\n  help: check the permissions" in done.stdout
    assert (target.read_bytes() if target.exists() else None) == before


def test_a_full_disk_changes_nothing_and_is_got_over(path: Path) -> None:
    journal = open_journal(path)
    items = make_items(2000)
    moment = later(MORNING, 1)
    session = sit(journal, items, moment, options=SessionOptions(max_new=1000))
    db = journal.store._db
    db.execute("pragma max_page_count = 1")

    def look() -> tuple[object, ...]:
        now = (session.current, session.memory, session.counts, session.answers)
        return (*now, session.list_ahead(), read_log(journal))

    with pytest.raises(StoreFullError, match=r"no room left .*\n  help: free some space"):  # noqa: PT012
        while True:
            before = look()
            session.answer(Rating.EASY, moment)
    assert len(before[3]) > 3  # type: ignore[arg-type]
    assert look() == before
    for act in ("suspend", "bury", "undo"):
        with pytest.raises(StoreFullError):  # noqa: PT012
            while True:
                before = look()
                getattr(session, act)(moment)
        assert look() == before

    db.execute("pragma max_page_count = 100000")
    answer = session.answer(Rating.EASY, moment)

    assert answer.item == before[0]
    assert read_log(journal)[-1] == answer.review
    assert len(read_log(journal)) == len(before[-1]) + 1  # type: ignore[arg-type]
    assert journal.find_differences() == []


@pytest.mark.parametrize("act", ["answer", "suspend", "bury"])
def test_an_act_that_failed_once_leaves_the_queue_as_it_was(tmp_path: Path, act: str) -> None:
    """The next prompt is chosen before the commit fails, and must be chosen again."""
    moments = [later(MORNING, minutes=number) for number in range(9)]
    words = (Rating.GOOD,) if act == "answer" else ()
    asked = []
    for name, fails in (("whole.db", False), ("full.db", True)):
        journal = open_journal(tmp_path / name, DeckOptions(learning_steps_minutes=()))
        session = sit(journal, make_items(5))
        if fails:
            with pytest.raises(StoreFullError), fail_commit(journal.store):
                getattr(session, act)(*words, moments[0])
        keys = []
        for moment in moments:
            if session.current is None:
                break
            keys.append(session.current.key)
            getattr(session, act)(*words, moment)
        asked.append(keys)
    assert asked[0] == asked[1]
    assert len(asked[1]) == 5


def test_a_locked_store_changes_nothing_and_is_got_over(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cardwright.study.opening.LOCK_TIMEOUT_S", 0.02)
    journal, other = open_journal(path), open_journal(path)
    moment = later(MORNING, 1)
    session = sit(journal, make_items(60), moment)
    session.answer(Rating.GOOD, moment)
    before = (session.current, session.memory, session.counts, session.answers)
    log = read_log(journal)
    with other.store.transaction():
        for act in ("suspend", "bury", "flag", "undo"):
            with pytest.raises(StoreError, match="locked by another program"):
                getattr(session, act)(moment)
        with pytest.raises(StoreError, match="locked by another program"):
            session.answer(Rating.EASY, moment)
    assert (session.current, session.memory, session.counts, session.answers) == before
    assert read_log(journal) == log

    answer = session.answer(Rating.EASY, moment)

    assert answer.item == before[0]
    assert read_log(journal) == [*log, answer.review]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_nobody_else_can_read_what_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "data" / "cardwright" / "reviews.db"
    before = os.umask(0)
    try:
        with open_store(path) as store:
            store.settings.put({("", "rollover_hour"): 3}, 0)
            store.back_up("2026-01-01")
            found = [path.parent, *path.parent.rglob("*")]
            modes = {file.name: file.stat().st_mode & 0o077 for file in found if not file.is_dir()}
            assert path.parent.stat().st_mode & 0o077 == 0
        path.unlink()
        restore_backup(list_backups(path)[0], path, "2026-01-02")
        modes["restored"] = path.stat().st_mode & 0o077
    finally:
        os.umask(before)
    assert {"reviews.db", "reviews.db-wal", "reviews-2026-01-01.db"} <= modes.keys()
    assert not any(modes.values()), modes
