"""A stranger's zip archive: its list of members is bounded, and so is what is unpacked."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn

from cardwright.foreign.fault import ForeignFileError

MOST_MEMBERS: Final = 150_000
MOST_LISTED_BYTES: Final = 16 * 2**20
"""Of the list of members, which is read at once."""
MOST_RATIO: Final = 200
"""By how much a member may be compressed. Databases come to a tenth; bombs to a thousandth."""
_RATIO_COUNTS_FROM: Final = 16 * 2**20
_CHUNK: Final = 2**18
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_OUTSIDE: Final = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|\0")
_FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What `zipfile` raises on bytes that are no archive."""


class ForeignArchive:
    """An open archive whose list of members is sound."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        """Take an archive whose members were checked."""
        self._path = path
        self._archive = archive
        self.names = frozenset(archive.namelist())

    def unpack(self, name: str, target: Path, *, most_bytes: int, start: bytes = b"") -> None:
        """Unpack a member that begins with certain bytes.

        Raises:
            ForeignFileError: it is larger than `most_bytes`, or broken.

        """
        try:
            with self._archive.open(name) as member, target.open("xb") as file:
                self._check_size(name, self._archive.getinfo(name).file_size, most_bytes)
                done = 0
                while chunk := member.read(_CHUNK):
                    if done == 0 and not chunk.startswith(start):
                        self._refuse(f"{name} in it is not what it should be")
                    done += len(chunk)
                    # What the archive says of its members may be wrong.
                    self._check_size(name, done, most_bytes)
                    file.write(chunk)
                if done == 0:
                    self._refuse(f"{name} in it is empty")
        except _FAULTS as error:
            self._refuse(f"{name} in it is broken ({error})")
        except OSError as error:
            self._refuse(f"{name} in it cannot be unpacked ({error.strerror})")

    def _check_size(self, name: str, size: int, most_bytes: int) -> None:
        packed = max(self._archive.getinfo(name).compress_size, 1)
        if size > most_bytes:
            self._refuse(f"{name} in it is larger than {most_bytes // 2**20:,} MiB")
        if size > _RATIO_COUNTS_FROM and size > packed * MOST_RATIO:
            self._refuse(f"{name} in it unpacks to more than {MOST_RATIO} times its size")

    def _refuse(self, reason: str) -> NoReturn:
        raise ForeignFileError(self._path, reason)


@contextmanager
def open_archive(path: Path) -> Iterator[ForeignArchive]:
    """Open an archive to read members of it.

    Raises:
        ForeignFileError: it cannot be read, or its list of members is unsound.

    """
    with _open_plain_file(path) as file:
        try:
            archive = zipfile.ZipFile(file)
        except _FAULTS as error:
            raise ForeignFileError(path, f"it is no zip archive ({error})") from error
        except OSError as error:
            raise ForeignFileError(path, "it is no zip archive") from error
        with archive:
            if flaw := _find_flaw(archive.infolist()):
                raise ForeignFileError(path, flaw)
            yield ForeignArchive(path, archive)


class _BoundedReader(io.BufferedReader):
    """A file of which no one can read much at once: `zipfile` reads as much as the file says."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_LISTED_BYTES:
            message = "its list of members is too long"
            raise ValueError(message)
        return super().read(size)


def _open_plain_file(path: Path) -> _BoundedReader:
    try:
        # To open a pipe might wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ForeignFileError(path, "it is no file")
        return _BoundedReader(io.FileIO(path))
    except OSError as error:
        raise ForeignFileError(path, error.strerror or "it cannot be opened") from error
    except ValueError as error:
        raise ForeignFileError(path, "no file can have that name") from error


def _find_flaw(members: list[zipfile.ZipInfo]) -> str:
    if len(members) > MOST_MEMBERS:
        return f"it has more than {MOST_MEMBERS:,} members"
    if len({member.filename for member in members}) < len(members):
        return "two members of it have one name"
    for member in members:
        if _OUTSIDE.search(member.orig_filename):
            return f"the name of a member leads out of it: {member.filename[:80]!r}"
        if member.flag_bits & _ENCRYPTED:
            return "it is encrypted"
        if member.compress_type not in _METHODS:
            return "it is compressed in a way that Anki does not use"
    return ""
