"""Opening the file of a review store, which may be damaged, crafted, or another program's.

A file is refused before SQLite touches it if it is obviously not a store, since merely opening a
database may change it or its side files. What is read later takes a bounded amount of work.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

from cardwright.foreign.database import MAGIC
from cardwright.study.error import (
    LOCK_TIMEOUT_S,
    SQLITE_ERRORS,
    StoreError,
    explain_os_error,
    explain_sqlite_error,
    make_damaged_error,
)

APPLICATION_ID: Final = 0x63617264
"""Identifies the file as a review store: "card" in ASCII."""
MAX_VALUE_BYTES: Final = 2**24
"""The size of one value or row."""
SIDE_FILES: Final = ("-wal", "-shm", "-journal")
_HEADER_BYTES: Final = 100
_FORMAT_AT: Final = 18
_MAX_FORMAT: Final = 2
_ID_AT: Final = slice(68, 72)
_RETRY_S: Final = 0.01
_STEPS_AT_ONCE: Final = 50_000
_MIN_STEPS: Final = 500_000
"""Instructions of SQLite's virtual machine for one statement, in a small store."""
_STEPS_PER_BYTE: Final = 2
"""Three times what a check of all pages needs, and ten times what the most laborious query does."""
_ROW_BYTES: Final = 250
"""A row with its entries in indexes."""
_SETTINGS: Final = ("trusted_schema = off", "cell_size_check = on", "mmap_size = 0")
_open: Final[WeakSet[StoreConnection]] = WeakSet()


class StoreConnection(sqlite3.Connection):
    """A connection whose statements are interrupted when they take far more work than they could.

    Pages that are used several times would otherwise let a small file yield rows forever.
    """

    path: Path
    identity: tuple[int, int] | None = None
    _steps: int = 0

    def limit(self, path: Path) -> None:
        """Begin to limit all work, by the size of the file."""
        self.path = path
        self.identity = _identify(path)
        _open.add(self)
        self.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        self.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self.set_progress_handler(self._count_steps, _STEPS_AT_ONCE)
        for setting in _SETTINGS:
            self.execute(f"pragma {setting}")

    def execute(self, *words: Any) -> sqlite3.Cursor:
        """Run a statement, which may take as much work as any other."""
        self._steps = 0
        return super().execute(*words)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
        """Run a statement for each row, which may take as much work as any other."""
        return super().executemany(sql, self._give_each(rows))

    def _give_each(self, rows: Iterable[Any]) -> Iterator[Any]:
        for row in rows:
            self._steps = 0
            yield row

    def close(self) -> None:
        """Close the file."""
        self.identity = None
        super().close()

    def _count_steps(self) -> bool:
        self._steps += _STEPS_AT_ONCE
        return self._steps > _MIN_STEPS and self._steps > self._find_most()

    def _find_most(self) -> int:
        # What was changed may not be in the file yet.
        size = self.total_changes * _ROW_BYTES
        for suffix in ("", "-wal"):
            try:
                size += Path(f"{self.path}{suffix}").stat().st_size
            except OSError:
                continue
        return _MIN_STEPS + _STEPS_PER_BYTE * size


def connect(path: Path, *, mode: str = "rwc") -> StoreConnection:
    """Connect to a file that can be a store; `mode` is that of SQLite's URIs.

    Raises:
        StoreError: it cannot be one. It was left unchanged.
        sqlite3.Error: it cannot be opened.

    """
    check_file(path)
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        timeout=LOCK_TIMEOUT_S,
        isolation_level=None,
        uri=True,
        factory=StoreConnection,
    )
    try:
        connection.limit(path)
    except BaseException:
        connection.close()
        raise
    return connection


def copy_pages(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy all of a database over another, and wait for locks no longer than a statement does.

    Raises:
        sqlite3.Error: one of them stays locked, cannot be read or cannot be written.

    """
    waits = 0

    def count_waits(status: int, _remaining: int, _total: int) -> None:
        # SQLite would try again forever.
        nonlocal waits
        if status not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return
        waits += 1
        if waits * _RETRY_S > LOCK_TIMEOUT_S:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = status
            raise error

    source.backup(target, progress=count_waits, sleep=_RETRY_S)


def connect_to_read(path: Path) -> StoreConnection:
    """Connect to a file to read it, even where nothing can be written.

    Raises:
        StoreError: it cannot be a store, or cannot be opened.

    """
    if not path.exists():
        raise StoreError(f"there is no file {path}")
    for mode in ("rw", "ro", "ro&immutable=1"):
        db = None
        try:
            db = connect(path, mode=mode)
            db.execute("pragma query_only = on")
            db.execute("select 1 from sqlite_schema").fetchone()
        except SQLITE_ERRORS as error:
            if db is not None:
                db.close()
            explained = explain_sqlite_error(path, error)
            # SQLite cannot read a database in WAL mode in a folder that is read-only.
            is_locked_up = getattr(error, "sqlite_errorcode", 0) & 0xFF in {
                sqlite3.SQLITE_CANTOPEN,
                sqlite3.SQLITE_READONLY,
            }
            if not is_locked_up or "immutable" in mode:
                raise explained from error
        except BaseException:
            if db is not None:
                db.close()
            raise
        else:
            return db
    raise AssertionError


def create_file(path: Path) -> None:
    """Create an empty file that only the user can read, unless it exists: answers are personal.

    A folder that is created for it is private too, as XDG asks of folders for data.

    Raises:
        OSError: the file or the folder cannot be created.

    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def use_write_ahead_log(db: sqlite3.Connection) -> None:
    """Switch to WAL mode; SQLite does not wait for another process that switches the same file."""
    end_s = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            db.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= end_s:
                raise
            time.sleep(_RETRY_S)
        else:
            return


def check_file(path: Path) -> None:
    """Check the kind and the beginning of a file that may not exist yet.

    Raises:
        StoreError: it or a file that SQLite keeps beside it is a folder, a pipe or a device; or it
            is not a database; or it belongs to another program.

    """
    for suffix in ("", *SIDE_FILES):
        _check_kind(path.with_name(path.name + suffix))
    identity = _identify(path)
    # Closing a file would drop the locks that this process holds on it.
    if identity is None or any(other.identity == identity for other in _open):
        return
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
        has_journal = Path(f"{path}-journal").stat().st_size > 0
    except FileNotFoundError:
        has_journal = False
    except OSError as error:
        raise explain_os_error(path, error) from error
    if not header:
        return
    if not header.startswith(MAGIC) or len(header) < _HEADER_BYTES:
        raise make_damaged_error(path, "file is not a database")
    if header[_FORMAT_AT] > _MAX_FORMAT:
        # SQLite would read it, and call it write-protected.
        raise make_damaged_error(path, "its header names an unknown format")
    found = int.from_bytes(header[_ID_AT], "big")
    # A store whose creation was interrupted by a power failure is rolled back by SQLite.
    if found != APPLICATION_ID and not (has_journal and not found):
        raise StoreError(
            f"{path} belongs to another program; it was left unchanged",
            help="name another file with --db; if this should be your store, move it away, then run `cards doctor`",
        )


def _check_kind(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise explain_os_error(path, error) from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise StoreError(
            f"{path} cannot be used: it is {kind}",
            help="name another file with --db, or move this one away",
        )


def _identify(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def find_damage(db: sqlite3.Connection, table: str = "") -> list[str]:
    """Return what SQLite's integrity check finds, in a table or everywhere.

    It also finds rows that an index lacks, and values that the table's constraints forbid.
    """
    check = f"pragma integrity_check('{table}')" if table else "pragma integrity_check"
    factory, db.text_factory = db.text_factory, _decode_leniently
    try:
        lines = [line for row in db.execute(check) for line in str(row[0]).splitlines()]
    except SQLITE_ERRORS as error:
        return [ascii(str(error))[1:-1]]
    finally:
        db.text_factory = factory
    return [] if lines == ["ok"] else lines


def _decode_leniently(text: bytes) -> str:
    return text.decode("ascii", "backslashreplace")
