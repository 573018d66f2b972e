"""Looking into a review store, a backup or a stray copy without changing the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from cardwright.history import Review
from cardwright.study.backup import check_whole
from cardwright.study.error import (
    StoreError,
    explain_os_error,
    explain_sqlite_error,
    make_damaged_error,
)
from cardwright.study.migration import MIGRATIONS, is_empty, list_missing, migrate
from cardwright.study.store import Store

_MAGIC: Final = b"SQLite format 3\0"
_LOCK_TIMEOUT_S: Final = 0.5


@contextmanager
def open_snapshot(path: Path, machine: str = "") -> Iterator[Store]:
    """Open a copy in memory of a store, upgraded if needed.

    Raises:
        StoreError: the file is locked, damaged, or not a store of this version.

    """
    copy = sqlite3.connect(":memory:", isolation_level=None)
    with closing(copy):
        try:
            with _open(path) as file:
                list_missing(path, file)
                file.backup(copy)
            migrate(path, copy)
            store = Store(path, copy, machine)
        except sqlite3.Error as error:
            raise explain_sqlite_error(path, error) from error
        yield store


def is_database(path: Path) -> bool:
    """Tell whether a file is an SQLite database, by its beginning."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def read_copy(path: Path) -> list[Review]:
    """Return the reviews in a backup or another copy of a store.

    Raises:
        StoreError: the file is damaged, or not a store of this version.

    """
    with open_snapshot(path) as store:
        if store.find_damage():
            raise make_damaged_error(path, "its contents disagree")
        return list(store.list_log())


def read_ids(path: Path) -> set[bytes]:
    """Return the ids of all reviews in a store, a backup or a copy of one.

    Raises:
        StoreError: the file is damaged, or not a store of this version.

    """
    try:
        with _open(path) as file:
            check_whole(file)
            list_missing(path, file)
            if is_empty(file):
                return set()
            # A damaged text might not be decodable.
            return {id for (id,) in file.execute("select cast(id as blob) from reviews")}
    except sqlite3.Error as error:
        raise explain_sqlite_error(path, error) from error


def is_outdated(path: Path) -> bool:
    """Tell whether a store was written by an older version and is upgraded when it is next used.

    Raises:
        StoreError: the file is damaged, or not a store of this version.

    """
    try:
        with _open(path) as file:
            return 0 < len(list_missing(path, file)) < len(MIGRATIONS)
    except sqlite3.Error as error:
        raise explain_sqlite_error(path, error) from error


def check_writable(path: Path) -> None:
    """Raise a StoreError if a store cannot be written now; nothing is changed in it."""
    try:
        file = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None
        )
        with closing(file):
            file.execute(f"pragma busy_timeout = {int(_LOCK_TIMEOUT_S * 1000)}")
            file.execute("begin immediate")
            file.execute("rollback")
    except sqlite3.Error as error:
        raise explain_sqlite_error(path, error) from error


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for reading, even in a folder that cannot be written to.

    Raises:
        StoreError: it is not a regular file, or cannot be read.

    """
    if not path.is_file():
        raise StoreError(f"{path} is not a regular file", help="put the file itself there")
    try:
        path.open("rb").close()
        log = path.with_name(f"{path.name}-wal")
        # Without a log, nobody is writing, and no files need to be made beside it.
        is_alone = not log.exists() or not log.stat().st_size
    except OSError as error:
        raise explain_os_error(path, error) from error
    address = f"{path.absolute().as_uri()}?mode=ro" + ("&immutable=1" if is_alone else "")
    with closing(
        sqlite3.connect(address, uri=True, timeout=_LOCK_TIMEOUT_S, isolation_level=None)
    ) as db:
        yield db
