"""Copies of an SQLite database that another program may be writing to."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import BinaryIO, Final

from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import explain_errors, open_plain_file

MAX_TRIES: Final = 20
_PAUSE_S: Final = 0.1
_CHUNK: Final = 2**20
_HEADER_BYTES: Final = 32
"""The header of a log; and of a database, what counts the changes that are made without one."""
_FRAME_HEADER_BYTES: Final = 24
_CHANGES: Final = slice(24, 28)
"""Where the header of a database counts these changes."""


class _ChangedError(Exception):
    """A file was written to while it was copied."""


def copy_database(path: Path, target: Path, *, max_bytes: int) -> None:
    """Copy a database as it was at one moment, its write-ahead log included.

    SQLite never opens the original: that would write beside it, and wait for its owner. A log is only
    ever appended to, or begun again with another header, and while there is one, the database changes
    only by what is in it. So if the header stayed, a copy of the log that was made after that of the
    database holds whatever was half written there. Without a log, the database must not have changed.

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
            with explain_errors(path):
                has_log = _copy_once(real, target, max_bytes)
        except _ChangedError:
            continue
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
    with explain_errors(path), open_plain_file(real) as database, ExitStack() as stack:
        changes = database.read(_CHANGES.stop)[_CHANGES]
        log = _open_log(real.with_name(f"{real.name}-wal"), stack)
        return changes if log is None else changes + _stamp_log(log)


def _stamp_log(log: BinaryIO) -> bytes:
    """Return the header of a log, and the checksum of all of its frames that count."""
    header = log.read(_HEADER_BYTES)
    page_bytes = int.from_bytes(header[8:12], "big")
    frame_bytes = _FRAME_HEADER_BYTES + (page_bytes or 2**16)

    def read_frame(number: int) -> bytes:
        log.seek(_HEADER_BYTES + number * frame_bytes)
        return log.read(_FRAME_HEADER_BYTES)

    # A log is written again from the start; frames of the last time have other salts.
    first, last = 0, (os.fstat(log.fileno()).st_size - _HEADER_BYTES) // frame_bytes
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
    with open_plain_file(path) as database, ExitStack() as stack:
        log_file = _open_log(log, stack)
        before = _describe(database if log_file is None else log_file, has_log=log_file is not None)
        _copy(database, target, max_bytes)
        if log_file is not None:
            _copy(log_file, target_log, max_bytes)
        again = _open_log(log, stack)
        is_same = os.path.samestat(os.fstat(database.fileno()), path.lstat())
        if not is_same or (again is None) != (log_file is None):
            raise _ChangedError
        if _describe(again or database, has_log=again is not None) != before:
            raise _ChangedError
    return log_file is not None


def _open_log(path: Path, stack: ExitStack) -> BinaryIO | None:
    """Open a log; None if there is none, or if it is empty."""
    try:
        file = stack.enter_context(open_plain_file(path))
    except FileNotFoundError:
        return None
    return file if os.fstat(file.fileno()).st_size > _HEADER_BYTES else None


def _describe(file: BinaryIO, *, has_log: bool) -> tuple[object, ...]:
    """Return what tells whether a log was begun again, or a database without one was changed."""
    info = os.fstat(file.fileno())
    file.seek(0)
    header = file.read(_HEADER_BYTES)
    if has_log:
        return info.st_ino, header
    return info.st_ino, info.st_size, info.st_mtime_ns, header


def _copy(source: BinaryIO, target: Path, max_bytes: int) -> None:
    left = os.fstat(source.fileno()).st_size
    if left > max_bytes:
        raise OSError(errno.EFBIG, f"it has more than {max_bytes >> 20:,} MiB")
    source.seek(0)
    with target.open("xb") as file:
        while chunk := source.read(min(_CHUNK, left)):
            left -= len(chunk)
            file.write(chunk)
    if left:
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
