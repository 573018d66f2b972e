"""Backups of a review store: daily dated copies, of which the newest are kept, and restoring."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from cardwright.files import find_free, make_temporary, remove_abandoned
from cardwright.study.error import (
    SQLITE_ERRORS,
    StoreDamagedError,
    StoreError,
    explain_os_error,
    explain_sqlite_error,
)
from cardwright.study.migration import list_missing
from cardwright.study.opening import SIDE_FILES, connect, copy_pages, create_file

MAX_BACKUPS: Final = 10
"""How many dated backups are kept; there is at most one per day."""
_DATE: Final = r"\d{4}-\d{2}-\d{2}"


def backup_folder(path: Path) -> Path:
    """Return the backup folder of a store."""
    return path.parent / "backups"


def list_backups(path: Path) -> list[Path]:
    """Return the backups of a store, newest first."""
    found = _find_backups(path, rf"{_DATE}(?:-.+)?")
    return sorted(found, key=lambda file: (_find_time_ns(file), file.name), reverse=True)


def find_backup(path: Path, today: str) -> Path:
    """Return the path of the backup for a day (ISO date), which need not exist."""
    return backup_folder(path) / f"{path.stem}-{today}.db"


def write_backup(path: Path, db: sqlite3.Connection, today: str, *, reason: str = "") -> Path:
    """Back up an open database under a day (ISO date), and delete the oldest dated backups.

    With a reason ("before-update"), write a separate copy that is never deleted automatically.
    """
    target = find_backup(path, f"{today}-{reason}" if reason else today)
    if reason:
        target = find_free(target)
    copy_database(path, db, target)
    for old in sorted(_find_backups(path, _DATE), reverse=True)[MAX_BACKUPS:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return target


def copy_database(path: Path, db: sqlite3.Connection, target: Path) -> None:
    """Copy an open store atomically; `path` is its file.

    Raises:
        StoreError: the copy cannot be written, or the store is damaged.

    """
    temporary = make_temporary(target)
    try:
        create_file(temporary)
        with closing(sqlite3.connect(temporary, isolation_level=None)) as copy:
            copy_pages(db, copy)
            # Leave WAL mode, so that the backup is a single file.
            copy.execute("pragma journal_mode = delete")
            _check_whole(path, copy)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        remove_abandoned(temporary)
        temporary.replace(target)
    except SQLITE_ERRORS as error:
        explained = explain_sqlite_error(target, error)
        if isinstance(explained, StoreDamagedError):
            explained = explain_sqlite_error(path, error)
        raise explained from error
    except OSError as error:
        raise explain_os_error(target, error) from error
    finally:
        for suffix in ("", *SIDE_FILES):
            temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)


def restore_backup(backup: Path, path: Path, today: str) -> Path | None:
    """Replace a store with a backup; return the path where the previous store was saved.

    A readable store is copied and then overwritten in place, since other processes may have it
    open; a damaged one is moved aside.

    Raises:
        StoreError: the backup is not an intact review store, or the current store cannot be
        saved or written. Nothing was changed.

    """
    if not backup.is_file():
        raise StoreError(
            f"there is no file {backup}", help="`cards backup --list` shows the backups"
        )
    if path.exists() and backup.samefile(path):
        raise StoreError(
            f"{backup} is the review store itself", help="`cards backup --list` shows the backups"
        )
    try:
        source = connect(backup, mode="ro")
    except SQLITE_ERRORS as error:
        raise explain_sqlite_error(backup, error) from error
    with closing(source):
        try:
            _check_whole(backup, source)
        except SQLITE_ERRORS as error:
            raise explain_sqlite_error(backup, error) from error
        aside, is_damaged = _set_aside(path, today)
        if is_damaged:
            copy_database(backup, source, path)
            return aside
        try:
            create_file(path)
            with closing(connect(path)) as target:
                copy_pages(source, target)
                target.execute("pragma journal_mode = wal")
        except SQLITE_ERRORS as error:
            raise explain_sqlite_error(path, error) from error
        except OSError as error:
            raise explain_os_error(path, error) from error
    return aside


def _set_aside(path: Path, today: str) -> tuple[Path | None, bool]:
    """Save a store under another name; return which, and whether it is damaged and is to be replaced."""
    if not path.exists():
        return None, False
    try:
        with closing(connect(path, mode="rw")) as present:
            list_missing(path, present)
            return write_backup(path, present, today, reason="before-restore"), False
    except SQLITE_ERRORS as error:
        explained = explain_sqlite_error(path, error)
        if not isinstance(explained, StoreDamagedError):
            raise explained from error
    except StoreDamagedError:
        pass
    aside = find_free(path.with_name(f"{path.stem}-damaged-{today}{path.suffix}"))
    try:
        _link(path, aside)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise explain_os_error(path, error) from error
    return aside, True


def _link(path: Path, aside: Path) -> None:
    """Give a file a second name; it keeps the first, so that no new store begins there meanwhile."""
    try:
        aside.hardlink_to(path)
    except OSError:
        # Not every file system has links.
        path.replace(aside)


def _find_backups(path: Path, rest: str) -> list[Path]:
    """Return the backups of a store, but not those of a store whose name has the same prefix."""
    name = re.compile(rf"{re.escape(path.stem)}-{rest}\.db")
    folder = backup_folder(path)
    return (
        [file for file in folder.iterdir() if name.fullmatch(file.name)] if folder.is_dir() else []
    )


def _find_time_ns(file: Path) -> int:
    """Return when a file was changed; 0 if that cannot be told, as of a link that leads nowhere."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _check_whole(path: Path, db: sqlite3.Connection) -> None:
    """Check that everything in a store can be read."""
    from cardwright.study.rescue import check_whole  # noqa: PLC0415  (sessions start without it)

    check_whole(path, db)
