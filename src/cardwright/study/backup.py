"""Dated copies of a review store, a few of them, and the way back to one."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from cardwright.study.fault import (
    BUSY_S,
    StoreDamagedError,
    StoreError,
    explain_fault,
    explain_os_fault,
)
from cardwright.study.migration import list_missing

KEPT: Final = 10
"""Dated backups that are kept: the newest, one a day at the most."""
_DATE: Final = r"\d{4}-\d{2}-\d{2}"


def backup_folder(path: Path) -> Path:
    """Return where the backups of a store lie."""
    return path.parent / "backups"


def list_backups(path: Path) -> list[Path]:
    """Return the backups of a store, the newest first."""
    found = _find_backups(path, rf"{_DATE}(?:-.+)?")
    return sorted(found, key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)


def find_backup(path: Path, today: str) -> Path:
    """Return where the backup of a day (ISO date) is, or would be."""
    return backup_folder(path) / f"{path.stem}-{today}.db"


def write_backup(path: Path, db: sqlite3.Connection, today: str, *, reason: str = "") -> Path:
    """Copy an open database to the backup of a day (ISO date), and drop the oldest of the dated.

    With a reason ("before-update"), it is a copy of its own, which only its owner deletes.
    """
    target = find_backup(path, f"{today}-{reason}" if reason else today)
    if reason:
        target = _find_free(target)
    copy_database(db, target)
    for old in sorted(_find_backups(path, _DATE), reverse=True)[KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return target


def copy_database(db: sqlite3.Connection, target: Path) -> None:
    """Write a copy of a database, whole or not at all.

    Raises:
        StoreError: it cannot be written, or what was to be copied is damaged.

    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(temporary)) as copy:
            db.backup(copy)
            # One file, not three, is easier to keep.
            copy.execute("pragma journal_mode = delete")
            _check_whole(copy)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    except sqlite3.Error as error:
        raise explain_fault(target, error) from error
    except OSError as error:
        raise explain_os_fault(target, error) from error
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)


def restore_backup(backup: Path, path: Path, today: str) -> Path | None:
    """Put a backup in the place of a store; return where the store went that was there.

    A store that can be read is copied away first, and takes on the content of the backup while
    others may have it open; a damaged one is moved aside.

    Raises:
        StoreError: the backup is no whole review store, or what is there cannot be put aside or
            written; nothing was changed.

    """
    if not backup.is_file():
        message = f"there is no file {backup}.\n  help: `cards backup --list` shows the backups"
        raise StoreError(message)
    try:
        source = sqlite3.connect(f"{backup.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise explain_fault(backup, error) from error
    with closing(source):
        try:
            _check_whole(source)
            list_missing(backup, source)
            source.execute("select count(*) from reviews").fetchone()
        except sqlite3.Error as error:
            raise explain_fault(backup, error) from error
        aside = _set_aside(path, today)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as target:
                # `backup` itself would wait for another's lock without end.
                target.execute("begin immediate")
                target.execute("rollback")
                source.backup(target)
                target.execute("pragma journal_mode = wal")
        except sqlite3.Error as error:
            raise explain_fault(path, error) from error
        except OSError as error:
            raise explain_os_fault(path, error) from error
    return aside


def _set_aside(path: Path, today: str) -> Path | None:
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as present:
            list_missing(path, present)
            return write_backup(path, present, today, reason="before-restore")
    except sqlite3.Error as error:
        fault = explain_fault(path, error)
        if not isinstance(fault, StoreDamagedError):
            raise fault from error
    except StoreDamagedError:
        pass
    aside = _find_free(path.with_name(f"{path.stem}-damaged-{today}{path.suffix}"))
    try:
        for suffix in ("-wal", "-shm", ""):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise explain_os_fault(path, error) from error
    return aside


def _check_whole(db: sqlite3.Connection) -> None:
    """Raise what SQLite raises for a damaged database when there is anything wrong with one."""
    said = str(db.execute("pragma quick_check(1)").fetchone()[0])
    if said != "ok":
        error = sqlite3.DatabaseError(said)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _find_backups(path: Path, rest: str) -> list[Path]:
    """Return the backups of a store, and not of one whose name begins likewise."""
    name = re.compile(rf"{re.escape(path.stem)}-{rest}\.db")
    folder = backup_folder(path)
    return (
        [file for file in folder.iterdir() if name.fullmatch(file.name)] if folder.is_dir() else []
    )


def _find_free(path: Path) -> Path:
    """Return a name, as it is or with a number, that no file has."""
    number = 1
    free = path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
