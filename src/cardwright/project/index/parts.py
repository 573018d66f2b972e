"""The index's file: named parts in one SQLite table. Losing it costs nothing but time."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

_SCHEMA: Final = "CREATE TABLE parts (name BLOB NOT NULL UNIQUE, value BLOB NOT NULL)"
_SEAL: Final = "seal"
_WAIT_SECONDS: Final = 0.2
"""For another process, which holds the file only while it writes."""
_IN_THE_WAY: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
}
"""Faults of the place, not of the file."""

Parts = Mapping[str, bytes]


def read_parts(path: Path) -> dict[str, bytes]:
    """Return all parts; none when there is no file, or none that can be read now.

    A file that is broken, or was not written by us, is thrown away.
    """
    try:
        if not path.is_file():
            return {}
        with closing(_connect(path)) as db:
            # Looked at first: a planted view could keep us busy for ever.
            if _list_tables(db) == [_SCHEMA]:
                rows = db.execute("SELECT name, value FROM parts")
                parts = {_to_text(name): value for name, value in rows}
                if parts.get(_SEAL) == _make_seal(parts):
                    return parts
    except sqlite3.Error as error:
        # The kind of fault is in the lower byte.
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _IN_THE_WAY:
            return {}
    except OSError:
        return {}
    except (AttributeError, TypeError, ValueError):
        pass
    with suppress(OSError):
        path.unlink()
    return {}


def write_parts(path: Path, before: Parts, after: Parts) -> None:
    """Put the parts `after` in place of those `before`, at once or not at all.

    Nothing is written where that is impossible, or when another process has been faster: parts
    of two are never mixed.
    """
    sealed = {**after, _SEAL: _make_seal(after)}
    with suppress(OSError, sqlite3.Error):
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(_connect(path)) as db:
            # A power cut may tear the file, and the seal shows it.
            db.execute("PRAGMA synchronous = OFF")
            # Read whole at every start: the fewer pages the better.
            db.execute("PRAGMA page_size = 65536")
            db.execute("BEGIN IMMEDIATE")
            if not _list_tables(db):
                db.execute(_SCHEMA)
            found = db.execute("SELECT value FROM parts WHERE name = ?", (_to_name(_SEAL),))
            if found.fetchone() != ((before[_SEAL],) if before else None):
                return
            gone = [(_to_name(name),) for name in before if name not in sealed]
            db.executemany("DELETE FROM parts WHERE name = ?", gone)
            new = [(_to_name(k), value) for k, value in sealed.items() if before.get(k) != value]
            db.executemany("REPLACE INTO parts VALUES (?, ?)", new)
            db.execute("COMMIT")


def dump_json(value: Any) -> bytes:
    """Return a value as JSON in one line, for `json.loads`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)


def _list_tables(db: sqlite3.Connection) -> list[str]:
    return [sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]


def _make_seal(parts: Parts) -> bytes:
    """Return a checksum over all parts but the seal."""
    sum_ = 0
    for name in sorted(parts.keys() - {_SEAL}):
        sum_ = zlib.crc32(parts[name], zlib.crc32(_to_name(name), sum_))
    return b"%08x" % sum_


def _to_name(text: str) -> bytes:
    # Names of files need not be UTF-8, and SQLite's text must be.
    return text.encode("utf-8", "surrogatepass")


def _to_text(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")
