"""Errors of the review store, each with advice."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from cardwright.error import CardwrightError

LOCK_TIMEOUT_S: Final = 5.0
"""How long to wait for another program's lock."""
SQLITE_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What the module `sqlite3` raises; the second if SQLite quotes a damaged name."""


class StoreError(CardwrightError):
    """The review store cannot be read or written.

    StoreBusyError      another program keeps it locked
    StoreFullError      the disk is full
    StoreDamagedError   the file is not, or no longer, a database
    """


class StoreBusyError(StoreError):
    """Another program has kept the store locked for too long."""


class StoreFullError(StoreError):
    """The disk is full. Nothing was changed, and the same act can be retried."""


class StoreDamagedError(StoreError):
    """The file is not, or no longer, a database."""


_Case = tuple[type[StoreError], str, str]
"""The class of an error, the message, and the advice."""
_DAMAGED: Final[_Case] = (
    StoreDamagedError,
    "is damaged ({reason}); it was left unchanged",
    "`cards doctor` tells what can be saved, and how",
)
_UNWRITABLE: Final[_Case] = (
    StoreError,
    "cannot be written ({reason})",
    "check the permissions of the file and its folder, or name another file: --db FILE",
)
_BUSY: Final[_Case] = (
    StoreBusyError,
    "is locked by another program; nothing was changed",
    "close the program that uses it (a backup or sync program, perhaps) and try again",
)
_FULL: Final[_Case] = (
    StoreFullError,
    "has no room left to grow; everything recorded so far is safe",
    "free some space on that disk and try again",
)
_CASES: Final[dict[int, _Case]] = {
    # Of the file that processes share, which SQLite makes even to read.
    sqlite3.SQLITE_IOERR_SHMSIZE: _FULL,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: _UNWRITABLE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_TOOBIG: _DAMAGED,
    # Only an index that disagrees with its table lets a value through that is refused there.
    sqlite3.SQLITE_CONSTRAINT: _DAMAGED,
    sqlite3.SQLITE_MISMATCH: _DAMAGED,
}
_UNKNOWN: Final[_Case] = (
    StoreError,
    "cannot be used ({reason})",
    "check that its disk is still there and works, and try again",
)


def explain_sqlite_error(path: Path, error: Exception) -> StoreError:
    """Convert one of SQLITE_ERRORS into a StoreError with advice for the user."""
    # The lowest byte is the primary result code. Errors raised by Python's module have no code.
    extended = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        return make_damaged_error(path, "it takes far more work to read than a valid one")
    if not code and isinstance(error, (sqlite3.OperationalError, UnicodeDecodeError)):
        # A text, or a name in a message of SQLite, is not UTF-8.
        return make_damaged_error(path, ascii(str(error))[1:-1])
    return _make_error(path, _CASES.get(extended) or _CASES.get(code, _UNKNOWN), str(error))


def make_damaged_error(path: Path, reason: str) -> StoreError:
    """Return the error for a damaged file."""
    return _make_error(path, _DAMAGED, reason)


def explain_os_error(path: Path, error: OSError) -> StoreError:
    """Convert an operating system error into a StoreError with advice for the user."""
    return _make_error(path, _UNWRITABLE, error.strerror or str(error))


def _make_error(path: Path, case: _Case, reason: str) -> StoreError:
    kind, what, help = case
    return kind(f"{path} {what.format(reason=reason)}", help=help)
