"""Opening a review store: made when there is none, brought up to date, refused when it is not ours."""

from __future__ import annotations

import platform
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from cardwright.study.backup import write_backup
from cardwright.study.fault import BUSY_S, StoreError, explain_fault, explain_os_fault
from cardwright.study.migration import is_empty, list_missing, migrate
from cardwright.study.store import Store

_OLDEST_SQLITE: Final = (3, 37, 0)
"""The first one with strict tables."""
_PAUSE_S: Final = 0.01


def open_store(path: Path, machine: str = "", *, today: str = "") -> Store:
    """Open the store of a file, or make one; `today` dates the backup before an old one is changed.

    `machine` is the name of this one where the usual will not do.

    Raises:
        StoreError: the file cannot be used; it was left as it is.

    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        message = (
            f"{path} needs SQLite 3.37, and this Python has {sqlite3.sqlite_version}.\n"
            "  help: use a Python with a newer SQLite, such as one from python.org or uv"
        )
        raise StoreError(message)
    connection = None
    try:
        with suppress(FileExistsError):
            path.parent.mkdir(parents=True)
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        _prepare(path, connection, today)
        return Store(path, connection, machine or platform.node())
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise explain_fault(path, error) from error
        if isinstance(error, OSError):
            raise explain_os_fault(path, error) from error
        raise


def _prepare(path: Path, db: sqlite3.Connection, today: str) -> None:
    """Bring a database up to date, and have every commit reach the disk before it returns."""
    if list_missing(path, db):
        if today and not is_empty(db):
            write_backup(path, db, today, reason="before-update")
        migrate(path, db)
    _write_ahead(db)
    # In WAL mode, `full` and no less: a commit is to outlive a power failure. On a Mac, only
    # `fullfsync` empties the disk's own buffer; elsewhere it does nothing.
    db.execute("pragma synchronous = full")
    db.execute("pragma fullfsync = on")


def _write_ahead(db: sqlite3.Connection) -> None:
    """Turn to WAL mode; SQLite does not wait for another that does so with the same new store."""
    end_s = time.monotonic() + BUSY_S
    while True:
        try:
            db.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= end_s:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
