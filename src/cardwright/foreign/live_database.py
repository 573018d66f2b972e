"""Copies of an SQLite database that another program may be writing to."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import NotPlainError, open_plain_file

MAX_TRIES: Final = 20
_PAUSE_S: Final = 0.1
_CHUNK: Final = 2**20
_FRAME_HEADER_BYTES: Final = 24
_CHANGES: Final = slice(24, 28)
"""Where a database counts the changes that were made without a log."""
_WAL_HEADER_BYTES: Final = 32
"""Of a database, the beginning of its header, which counts the changes made without a log."""


class _ChangedError(Exception):
    """A file was written to while it was copied."""


@dataclass(frozen=True, slots=True)
class _State:
    """What tells whether a file has changed."""

    inode: int
    size: int
    mtime_ns: int
    header: bytes


def copy_database(path: Path, target: Path, *, max_bytes: int) -> None:
    """Copy a database as it was at one moment, its write-ahead log included.

    SQLite never opens the original: that would write beside it, and wait for its owner. A log is only
    ever appended to, or begun again with other salts in its header, and the database is only written
    from the log. So if neither file changed meanwhile, the copies belong together.

    Raises:
        ForeignFileError: it is no plain file, too large, does not come to rest, or a change to it was
            interrupted.

    """
    # SQLite keeps the log beside the file itself, wherever a link to it lies.
    real = Path(os.path.realpath(path))
    for attempt in range(MAX_TRIES):
        if attempt:
            time.sleep(_PAUSE_S)
        try:
            has_log = _copy_once(real, target, max_bytes)
        except _ChangedError:
            continue
        except NotPlainError as error:
            raise ForeignFileError(path, f"it is {error.strerror}") from error
        except OSError as error:
            raise ForeignFileError(path, error.strerror or "it cannot be opened") from error
        except ValueError as error:
            raise ForeignFileError(path, "that is not a valid file name") from error
        if has_log:
            _merge_log(target, max_bytes, path)
        return
    raise ForeignFileError(path, "it is being written to all the time; try again in a moment")


def stamp_database(path: Path) -> bytes:
    """Return a value that differs once the database was written to, whoever did it.

    It is taken from what the files hold: Windows is late to tell sizes and times of open files.

    Raises:
        ForeignFileError: it cannot be read.

    """
    real = Path(os.path.realpath(path))
    try:
        with open_plain_file(real) as database:
            changes = database.read(_CHANGES.stop)[_CHANGES]
        opened_log = _open_log(real.with_name(f"{real.name}-wal"))
        if opened_log is None:
            return changes
        with opened_log:
            return changes + _stamp_log(opened_log)
    except NotPlainError as error:
        raise ForeignFileError(path, f"it is {error.strerror}") from error
    except OSError as error:
        raise ForeignFileError(path, error.strerror or "it cannot be opened") from error


def _stamp_log(log: BinaryIO) -> bytes:
    """Return the header of a log, and the checksum of all of its frames that count."""
    header = log.read(_WAL_HEADER_BYTES)
    page_bytes = int.from_bytes(header[8:12], "big")
    frame_bytes = _FRAME_HEADER_BYTES + (page_bytes or 2**16)

    def read_frame(number: int) -> bytes:
        log.seek(_WAL_HEADER_BYTES + number * frame_bytes)
        return log.read(_FRAME_HEADER_BYTES)

    # A log is written again from the start; frames of the last time have other salts.
    first, last = 0, (os.fstat(log.fileno()).st_size - _WAL_HEADER_BYTES) // frame_bytes
    while first < last:
        middle = (first + last) // 2
        if read_frame(middle)[8:16] == header[16:24]:
            first = middle + 1
        else:
            last = middle
    return header + (read_frame(first - 1)[16:] if first else b"")


def _copy_once(path: Path, target: Path, max_bytes: int) -> bool:
    """Copy the database and then its log; return whether there is one."""
    log, journal = (path.with_name(f"{path.name}-{end}") for end in ("wal", "journal"))
    try:
        is_interrupted = journal.lstat().st_size > 0
    except FileNotFoundError:
        is_interrupted = False
    if is_interrupted:
        raise ForeignFileError(path, "a change to it was interrupted: open it in Anki once")
    target_log = target.with_name(f"{target.name}-wal")
    for file in (target, target_log):
        file.unlink(missing_ok=True)
    with open_plain_file(path) as database:
        opened_log = _open_log(log)
        if opened_log is None:
            _copy_unchanged(database, target, max_bytes)
            if _open_log(log) is not None:
                raise _ChangedError
            return False
        with opened_log:
            before = _describe(opened_log)
            _copy_unchanged(database, target, max_bytes)
            _copy_unchanged(opened_log, target_log, max_bytes)
            again = _open_log(log)
            if again is None:
                raise _ChangedError
            with again:
                if _describe(again) != before:
                    raise _ChangedError
    return True


def _open_log(path: Path) -> BinaryIO | None:
    """Open a log; None if there is none, or if it is empty."""
    try:
        file = open_plain_file(path)
    except FileNotFoundError:
        return None
    if os.fstat(file.fileno()).st_size <= _WAL_HEADER_BYTES:
        file.close()
        return None
    return file


def _describe(file: BinaryIO) -> _State:
    info = os.fstat(file.fileno())
    file.seek(0)
    header = file.read(_WAL_HEADER_BYTES)
    file.seek(0)
    return _State(info.st_ino, info.st_size, info.st_mtime_ns, header)


def _copy_unchanged(source: BinaryIO, target: Path, max_bytes: int) -> None:
    before = _describe(source)
    if before.size > max_bytes:
        raise OSError(errno.EFBIG, f"it has more than {max_bytes >> 20:,} MiB")
    left = before.size
    with target.open("xb") as file:
        while chunk := source.read(min(_CHUNK, left)):
            left -= len(chunk)
            file.write(chunk)
    if left or _describe(source) != before:
        raise _ChangedError


def _merge_log(target: Path, max_bytes: int, shown_as: Path) -> None:
    """Let SQLite write what the copied log holds into the copied database."""
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as connection:
            for pragma in ("trusted_schema = off", "cell_size_check = on", "mmap_size = 0"):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ForeignFileError(shown_as, f"its database is damaged ({error})") from error
    # A log can name a larger size than its pages have.
    if target.stat().st_size > max_bytes:
        raise ForeignFileError(shown_as, f"it has more than {max_bytes >> 20:,} MiB")
