"""What can go wrong with a store, in the words of the one whose store it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from cardwright.error import CardwrightError

BUSY_S: Final = 5.0
"""For so long another program's lock is waited for."""


class StoreError(CardwrightError):
    """The store cannot be read or written; its words tell why, and what cures it."""


class StoreBusyError(StoreError):
    """Another program has kept the store locked for too long."""


class StoreFullError(StoreError):
    """There is no room to write; what was to be written is not lost as long as we are told."""


class StoreDamagedError(StoreError):
    """The file is not, or no longer, a database."""


_DAMAGED: Final = (
    StoreDamagedError,
    "is damaged ({said}); it was left as it is",
    "`cards backup --list` shows the backups, `cards backup --restore FILE` takes one",
)
_UNWRITABLE: Final = (
    StoreError,
    "cannot be written ({said})",
    "give yourself the right to write it and its folder, or name another file: --db FILE",
)
_BUSY: Final = (
    StoreBusyError,
    "is in use by another program for too long; nothing was changed",
    "close what works on it (a backup or sync program, say), and try again",
)
_FAULTS: Final[dict[int, tuple[type[StoreError], str, str]]] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: (
        StoreFullError,
        "has no room left to grow; what was recorded is safe",
        "free some space on that disk, and try again",
    ),
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: _UNWRITABLE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
_UNFORESEEN: Final = (
    StoreError,
    "cannot be used ({said})",
    "see whether its disk is sound and still there, and try again",
)


def explain_fault(path: Path, error: sqlite3.Error) -> StoreError:
    """Return what a fault of SQLite means to the one whose store it is."""
    # The lowest byte is the kind of error, the others say more of it. Misuse has no code.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    kind, what, cure = _FAULTS.get(code, _UNFORESEEN)
    return kind(f"{path} {what.format(said=error)}.\n  help: {cure}")


def explain_os_fault(path: Path, error: OSError) -> StoreError:
    """Return what a fault of the system means to the one whose store it is."""
    _, what, cure = _UNWRITABLE
    return StoreError(f"{path} {what.format(said=error.strerror or error)}.\n  help: {cure}")
