"""The cache: what was made of sources, kept between runs in one file of the user's cache folder.

A key is a digest of everything that its value depends on, so a value is never out of date. The file
may be deleted at any time; one that is damaged, locked or not ours is as good as none.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import weakref
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from cardwright.project.program import describe_program

CACHE_NAME: Final = "cardwright-cache.db"
_APPLICATION_ID: Final = 0x43617264
_FORMAT: Final = 1
_MAX_UNUSED_DAYS: Final = 30
_MAX_BYTES: Final = 500_000_000
"""The most that all values may have: 100,000 notes need a tenth of it."""
_MAX_VALUE_BYTES: Final = 64_000_000
_MAX_ROW_EXTRA_BYTES: Final = 1_000
"""What a row holds besides its value."""
_MAX_PENDING_BYTES: Final = 4_000_000
"""How much is written at once."""
_MAX_WAIT_S: Final = 1.0
"""How long another process is waited for; its writing takes less."""
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
_CHECKSUM_BYTES: Final = 4
FAST: Final = 1
"""The level of compression: values are a sixth, in a tenth of the time of making them again."""
_LIBRARIES: Final = ("markdown_it", "mdurl", "pygments", "latex2mathml", "selectolax")
"""What reads and writes HTML."""
_T = TypeVar("_T")


class Cache:
    """Values by key. Whatever is wrong with its file, nothing is raised: values are made again.

    Without a folder, or if its file cannot be used, values are kept until the process ends.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Keep values in a file in `folder`."""
        self._database = _Database(folder / CACHE_NAME if folder else None)
        weakref.finalize(self, self._database.close)

    @property
    def is_lasting(self) -> bool:
        """Whether values are kept for other runs."""
        return self._database.path is not None

    def load(self, key: bytes) -> bytes | None:
        """Return the value with a key, if there is one."""
        return self._database.load(key)

    def save(self, key: bytes, value: bytes) -> None:
        """Keep a value unless it is too large. Others read it after `flush`, or when this process ends."""
        if len(value) < _MAX_VALUE_BYTES:
            self._database.save(key, value)

    def recall(self, key: bytes | None, value_type: type[_T]) -> _T | None:
        """Return what was kept with a key, if anything."""
        packed = self.load(key) if key else None
        if packed is not None:
            with suppress(zlib.error, msgspec.MsgspecError):
                return msgspec.msgpack.decode(zlib.decompress(packed), type=value_type)
        return None

    def keep(self, key: bytes, value: Any) -> None:
        """Keep data of a type that `recall` can make again, unless it is too large."""
        # What no run can encode is made again by each.
        with suppress(UnicodeEncodeError):
            raw = msgspec.msgpack.encode(value)
            if len(raw) < _MAX_VALUE_BYTES:
                self.save(key, zlib.compress(raw, FAST))

    def ask(self, key: bytes | None, value_type: type[_T], make: Callable[[], _T]) -> _T:
        """Return what was kept with a key; otherwise make it, and keep it for other runs."""
        found = self.recall(key, value_type)
        if found is None:
            found = make()
            if key and self.is_lasting:
                self.keep(key, found)
        return found

    def flush(self) -> None:
        """Let other processes read what was saved."""
        self._database.flush()


def make_key(*parts: str | bytes) -> bytes:
    """Return the key of what depends on some texts, and on the program."""
    digest = blake2b(_digest_program(), digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.digest()


@cache
def _digest_program() -> bytes:
    """Return a digest of what identifies the code: ours, the libraries' and Python's."""
    words = [describe_program()]
    for name in _LIBRARIES:
        spec = PathFinder.find_spec(name)
        if spec and spec.origin:
            # Replacing a library replaces this file of it.
            info = os.stat(spec.origin)  # noqa: PTH116
            words.append(f"{spec.origin} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}")
    return blake2b("\n".join(words).encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _Database:
    """The file of a cache, or a temporary one."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        """None for a temporary one, which has no name and is gone with its connection."""
        self._connection: sqlite3.Connection | None = None
        self._is_broken = False
        self._pending: dict[bytes, bytes] = {}
        self._pending_bytes = 0
        self._today = 0
        """The Julian day."""
        self._used: list[bytes] = []
        """Keys of values that were last used on another day."""

    def load(self, key: bytes) -> bytes | None:
        if key in self._pending:
            return self._pending[key]
        if self.path is None and self._connection is None:
            # Nothing has been written yet.
            return None
        row = self._try(lambda connection: connection.execute(_LOAD, (key,)).fetchone())
        if row is None:
            return None
        checked, used_on = row
        if not isinstance(checked, bytes) or _seal(key, checked[_CHECKSUM_BYTES:]) != checked:
            return None
        if used_on != self._today:
            self._used.append(key)
        return checked[_CHECKSUM_BYTES:]

    def save(self, key: bytes, value: bytes) -> None:
        if not self._is_broken:
            self._pending[key] = value
            self._pending_bytes += len(value)
            if self._pending_bytes > _MAX_PENDING_BYTES:
                self._flush()

    def flush(self) -> None:
        if self.path is not None:
            self._flush()

    def _flush(self) -> None:
        if self._pending or self._used:
            self._try(self._write)
            self._pending.clear()
            self._used.clear()
            self._pending_bytes = 0

    def close(self) -> None:
        self.flush()
        self._disconnect()

    def _write(self, connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            pending = self._pending.items()
            connection.executemany(
                _SAVE, ((key, self._today, _seal(key, value)) for key, value in pending)
            )
            connection.executemany(_USE, ((self._today, key) for key in self._used))
            connection.execute(_DROP_UNUSED, (self._today - _MAX_UNUSED_DAYS,))
            (size,) = connection.execute("SELECT sum(length(value)) FROM entries").fetchone()
            if size > _MAX_BYTES:
                connection.execute(_DROP_OLDEST, (_MAX_BYTES // 2,))

    def _try(self, use: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Return what is made with the connection; None if something is wrong with the file."""
        while not self._is_broken:
            try:
                self._connection = self._connection or self._connect()
                return use(self._connection)
            except (sqlite3.Error, OSError, OverflowError) as error:
                self._disconnect()
                if self.path is None:
                    self._is_broken = True
                elif type(error) is sqlite3.DatabaseError:
                    # It is damaged, or not a database: another one is begun next time.
                    with suppress(OSError):
                        self.path.unlink()
                self.path = None
        return None

    def _connect(self) -> sqlite3.Connection:
        if self.path is not None:
            _make_private(self.path)
        connection = sqlite3.connect(
            self.path or "",
            timeout=_MAX_WAIT_S,
            isolation_level=None,
            # It may be closed by whichever thread collects garbage.
            check_same_thread=False,
        )
        try:
            _prepare(connection)
            (self._today,) = connection.execute(_TODAY).fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        if self._connection:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _make_private(path: Path) -> None:
    """Make a file that only its owner can read and write, unless it is there: packages come of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    if fault := find_fault(path):
        raise OSError(fault)


def find_fault(path: Path) -> str:
    """Return why a file cannot be used as the cache; "" if it can.

    Raises:
        OSError: it is not there, or cannot be looked at.

    """
    info = path.lstat()
    if not stat.S_ISREG(info.st_mode):
        return "is not a regular file"
    if sys.platform != "win32":
        if info.st_uid != os.geteuid():
            return "belongs to another user"
        if info.st_mode & _WRITABLE_BY_OTHERS:
            return "can be written by other users"
    return ""


def _prepare(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES + _MAX_ROW_EXTRA_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")
    # It may be lost at any time, so it need not reach the disk.
    connection.execute("PRAGMA synchronous = OFF")
    (known,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (known, version) == (_APPLICATION_ID, _FORMAT):
        return
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and known != _APPLICATION_ID:
        raise OSError("not our file")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DROP TABLE IF EXISTS entries")
        connection.execute(_CREATE)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_FORMAT}")


def _seal(key: bytes, value: bytes) -> bytes:
    """Return a value after its checksum, which also tells that it belongs to the key."""
    return zlib.crc32(value, zlib.crc32(key)).to_bytes(_CHECKSUM_BYTES, "big") + value


_TODAY: Final = "SELECT CAST(julianday('now') AS INTEGER)"
_CREATE: Final = (
    # The value comes last: SQLite reads all that is before a column.
    "CREATE TABLE entries (key BLOB PRIMARY KEY, used_on INTEGER NOT NULL, value BLOB NOT NULL)"
)
_LOAD: Final = "SELECT value, used_on FROM entries WHERE key = ?"
_SAVE: Final = "INSERT OR REPLACE INTO entries (key, used_on, value) VALUES (?, ?, ?)"
_USE: Final = "UPDATE entries SET used_on = ? WHERE key = ?"
_DROP_UNUSED: Final = "DELETE FROM entries WHERE used_on < ?"
_DROP_OLDEST: Final = """
DELETE FROM entries WHERE key IN (
  SELECT key FROM (
    SELECT key, sum(length(value)) OVER (ORDER BY used_on DESC, rowid DESC) AS total FROM entries
  ) WHERE total > ?
)
"""
