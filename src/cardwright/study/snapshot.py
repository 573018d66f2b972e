"""Looking into a review store, a backup or another copy without changing the file."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from cardwright.history import Review
from cardwright.study.error import SQLITE_ERRORS, explain_sqlite_error, make_damaged_error
from cardwright.study.migration import MIGRATIONS, is_empty, list_missing, migrate
from cardwright.study.opening import (
    MAX_VALUE_BYTES,
    connect,
    connect_to_read,
    copy_pages,
    find_damage,
)
from cardwright.study.rescue import check_whole
from cardwright.study.store import Store

_PATIENCE_MS: Final = 200
"""How long to wait for a lock, only to tell that there is one."""


@contextmanager
def open_snapshot(path: Path) -> Iterator[Store]:
    """Open a copy in memory of a store, upgraded if needed.

    Raises:
        StoreError: the file is locked, damaged, or not a store of this version.

    """
    with _open_memory(path, is_copied=True) as store:
        yield store


@contextmanager
def open_empty(path: Path) -> Iterator[Store]:
    """Open a new store in memory, to be copied to a file."""
    with _open_memory(path, is_copied=False) as store:
        yield store


@contextmanager
def _open_memory(path: Path, *, is_copied: bool) -> Iterator[Store]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        copy.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        try:
            if is_copied:
                with closing(connect_to_read(path)) as file:
                    list_missing(path, file)
                    copy_pages(file, copy)
            migrate(path, copy)
            store = Store(path, copy, platform.node(), is_snapshot=True)
        except SQLITE_ERRORS as error:
            raise explain_sqlite_error(path, error) from error
        yield store


def read_copy(path: Path) -> list[Review]:
    """Return the reviews in a backup or another copy of a store.

    Raises:
        StoreError: the file is damaged, or not a store of this version.

    """
    with open_snapshot(path) as store:
        return list(store.list_log())


def read_ids(path: Path, *, is_checked: bool) -> frozenset[str]:
    """Return the ids of all reviews in a store, a backup or a copy of one.

    If `is_checked`, each review was read; otherwise only SQLite's own check was made.

    Raises:
        StoreError: the file is damaged, or not a store of this version.

    """
    try:
        with closing(connect_to_read(path)) as file:
            list_missing(path, file)
            if is_empty(file):
                return frozenset()
            if is_checked:
                check_whole(path, file)
            elif problems := find_damage(file):
                raise make_damaged_error(path, problems[0])
            return frozenset(id for (id,) in file.execute("select id from reviews"))
    except SQLITE_ERRORS as error:
        raise explain_sqlite_error(path, error) from error


def is_outdated(path: Path) -> bool:
    """Tell whether an older version wrote a store, so that it is upgraded when it is next used.

    Raises:
        StoreError: the file is damaged, or not a store of this version.

    """
    try:
        with closing(connect_to_read(path)) as file:
            return 0 < len(list_missing(path, file)) < len(MIGRATIONS)
    except SQLITE_ERRORS as error:
        raise explain_sqlite_error(path, error) from error


def check_lock(path: Path, *, is_writing: bool) -> None:
    """Raise a StoreError at once if a store cannot be read, or written, now; nothing is changed.

    Raises:
        StoreError: it is locked or write-protected, or cannot be opened at all.

    """
    try:
        try:
            _try_lock(path, "rw" if is_writing else "ro", is_writing=is_writing)
        except sqlite3.OperationalError as error:
            # What a killed program had begun to write must be taken back before anything is read.
            code = getattr(error, "sqlite_errorcode", 0)
            if is_writing or code != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            _try_lock(path, "rw", is_writing=False)
    except SQLITE_ERRORS as error:
        raise explain_sqlite_error(path, error) from error


def _try_lock(path: Path, mode: str, *, is_writing: bool) -> None:
    with closing(connect(path, mode=mode)) as file:
        file.execute(f"pragma busy_timeout = {_PATIENCE_MS}")
        file.execute("begin immediate" if is_writing else "begin")
        file.execute("select count(*) from sqlite_schema").fetchone()
        file.execute("rollback")
