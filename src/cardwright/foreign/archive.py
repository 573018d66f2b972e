"""Untrusted zip archives, with limits on the list of members and on unpacked sizes."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import explain_errors, open_plain_file
from cardwright.foreign.zstd import decompress

MAX_MEMBERS: Final = 150_000
MAX_LISTED_BYTES: Final = 16 * 2**20
"""Size of the list of members, which is read at once."""
MAX_RATIO: Final = 200
"""Unpacked size divided by packed size. Databases shrink to a tenth, bombs to a thousandth."""
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
"""The exceptions of `zipfile` for files that are not valid archives."""


class ForeignArchive:
    """An open archive with a valid list of members."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        """Wrap an archive whose list of members was checked."""
        self._path = path
        self._archive = archive
        self.names = frozenset(archive.namelist())

    def unpack(
        self, name: str, target: Path, *, max_bytes: int, start: bytes = b"", is_zstd: bool = False
    ) -> None:
        """Unpack a member, which must begin with `start`; `is_zstd` if it is compressed once more.

        Raises:
            ForeignFileError: it is larger than `max_bytes`, or damaged.

        """
        done = 0
        try:
            with target.open("xb") as file:
                for chunk in self._read(name, max_bytes, is_zstd=is_zstd):
                    if done == 0 and not chunk.startswith(start):
                        self._refuse(f"its member {name} has an unexpected format")
                    done += len(chunk)
                    file.write(chunk)
        except OSError as error:
            self._refuse(f"its member {name} cannot be unpacked ({error.strerror})")
        if done == 0:
            self._refuse(f"its member {name} is empty")

    def read(self, name: str, *, max_bytes: int, is_zstd: bool = False) -> bytes:
        """Return the content of a member; `is_zstd` if it is compressed once more.

        Raises:
            ForeignFileError: it is larger than `max_bytes`, or damaged.

        """
        return b"".join(self._read(name, max_bytes, is_zstd=is_zstd))

    def copy(self, name: str, target: BinaryIO, *, max_bytes: int, is_zstd: bool = False) -> None:
        """Write the content of a member to a file, a piece at a time.

        Raises:
            ForeignFileError: it is larger than `max_bytes`, or damaged.
            OSError: it cannot be written.

        """
        target.writelines(self._read(name, max_bytes, is_zstd=is_zstd))

    def measure(self, name: str) -> int:
        """Return the size of a member as the archive declares it, which may be wrong."""
        return self._archive.getinfo(name).file_size

    def fingerprint(self, name: str) -> tuple[int, int]:
        """Return the size and the checksum of a member as the archive declares them."""
        member = self._archive.getinfo(name)
        return member.file_size, member.CRC

    def _read(self, name: str, max_bytes: int, *, is_zstd: bool) -> Iterator[bytes]:
        done = 0
        try:
            with self._archive.open(name) as member:
                self._check_size(name, self._archive.getinfo(name).file_size, max_bytes)
                chunks = iter(partial(member.read, _CHUNK), b"")
                for chunk in decompress(chunks) if is_zstd else chunks:
                    done += len(chunk)
                    # The sizes that an archive declares may be wrong.
                    self._check_size(name, done, max_bytes)
                    yield chunk
        except _FAULTS as error:
            self._refuse(f"its member {name} is damaged ({error})")
        except OSError as error:
            self._refuse(f"its member {name} cannot be unpacked ({error.strerror})")

    def _check_size(self, name: str, size: int, max_bytes: int) -> None:
        packed = max(self._archive.getinfo(name).compress_size, 1)
        if size > max_bytes:
            self._refuse(f"its member {name} is larger than {max_bytes // 2**20:,} MiB")
        if size > _RATIO_COUNTS_FROM and size > packed * MAX_RATIO:
            self._refuse(f"its member {name} unpacks to more than {MAX_RATIO} times its size")

    def _refuse(self, reason: str) -> NoReturn:
        raise ForeignFileError(self._path, reason)


@contextmanager
def open_archive(path: Path) -> Iterator[ForeignArchive]:
    """Open an archive to read some of its members.

    Raises:
        ForeignFileError: it cannot be read, or its list of members is not valid.

    """
    with _open(path) as file:
        try:
            archive = zipfile.ZipFile(file)
        except _FAULTS as error:
            raise ForeignFileError(path, f"it is not a zip archive ({error})") from error
        except OSError as error:
            raise ForeignFileError(path, "it is not a zip archive") from error
        with archive:
            if flaw := _find_flaw(archive.infolist()):
                raise ForeignFileError(path, flaw)
            yield ForeignArchive(path, archive)


class _BoundedReader(io.BufferedReader):
    """A file that refuses large reads: `zipfile` reads as many bytes as an archive declares."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_LISTED_BYTES:
            raise ValueError("its list of members is too long")
        return super().read(size)


def _open(path: Path) -> _BoundedReader:
    with explain_errors(path):
        return _BoundedReader(open_plain_file(path, follow_link=True).detach())


def _find_flaw(members: list[zipfile.ZipInfo]) -> str:
    if len(members) > MAX_MEMBERS:
        return f"it has more than {MAX_MEMBERS:,} members"
    if len({member.filename for member in members}) < len(members):
        return "two of its members have the same name"
    for member in members:
        if _OUTSIDE.search(member.orig_filename):
            return f"a member has a name outside the archive: {member.filename[:80]!r}"
        if member.flag_bits & _ENCRYPTED:
            return "it is encrypted"
        if member.compress_type not in _METHODS:
            return "it uses a compression method that Anki does not use"
    return ""
