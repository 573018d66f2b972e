"""The members of Anki's packages: which holds the collection, and what the others are called."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final

from cardwright.foreign.archive import MAX_MEMBERS, ForeignArchive
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.json_text import parse_json
from cardwright.foreign.media import MAX_MEDIA_BYTES
from cardwright.foreign.plain_file import explain_errors, open_plain_file
from cardwright.foreign.protobuf import Budget, Message

NEWEST: Final = "collection.anki21b"
"""The collection of a package whose members are compressed with Zstandard, and its list of media, too."""
MAX_MEDIA_LIST_BYTES: Final = 16 * 2**20
_CHUNK: Final = 2**18
_MAX_META_BYTES: Final = 2**10
_VERSIONS: Final = {1: "collection.anki2", 2: "collection.anki21", 3: NEWEST}


def choose_collection(path: Path, archive: ForeignArchive) -> str:
    """Return the name of the collection in a package, chosen as Anki does.

    Raises:
        ForeignFileError: there is none, or it is newer than this program.

    """
    if "meta" in archive.names:
        try:
            data = archive.read("meta", max_bytes=_MAX_META_BYTES)
            version = Message(data, Budget()).read_int(1)
        except ValueError as error:
            raise ForeignFileError(path, f"its member meta is damaged: {error}") from error
        if version not in _VERSIONS:
            raise ForeignFileError(path, f"its format {version} is not known to this program")
        name = _VERSIONS[version]
    else:
        name = _VERSIONS[2 if _VERSIONS[2] in archive.names else 1]
    if name not in archive.names:
        raise ForeignFileError(path, "it contains no collection")
    return name


class PackageMedia:
    """The media files of an open package."""

    def __init__(self, path: Path, archive: ForeignArchive, *, is_zstd: bool) -> None:
        """Read nothing yet; `is_zstd` if members are compressed once more."""
        self._path = path
        self._archive = archive
        self._is_zstd = is_zstd
        self._sizes: Mapping[str, int] = {}

    def list_names(self) -> dict[str, str]:
        """Return the names of media files by the names of their members.

        Raises:
            ForeignFileError: the list is damaged, or has names that are not safe.

        """
        if "media" not in self._archive.names:
            return {}
        data = self._archive.read("media", max_bytes=MAX_MEDIA_LIST_BYTES, is_zstd=self._is_zstd)
        try:
            if self._is_zstd:
                found, self._sizes = _decode_media_list(data)
            else:
                found = _parse_media_list(data)
        except ValueError as error:
            raise ForeignFileError(
                self._path, f"its list of media is not valid: {error}"
            ) from error
        for name in found.values():
            if name in {"", ".", ".."} or "/" in name:
                raise ForeignFileError(
                    self._path, f"a media file has an unsafe name: {name[:80]!r}"
                )
        return found

    def measure(self, member: str) -> int | None:
        """Return the size of a file as it is declared; None if it is not in the package."""
        if member not in self._archive.names:
            return None
        return self._sizes.get(member) or self._archive.measure(member)

    def fingerprint(self, member: str) -> object:
        """Return what is equal for files of the same content, as far as the archive declares it."""
        return self._archive.fingerprint(member)

    def write(self, member: str, target: BinaryIO) -> None:
        """Write the content of a file.

        Raises:
            ForeignFileError: it is missing, damaged, or too large.

        """
        if member not in self._archive.names:
            raise ForeignFileError(self._path, f"it has no member {member}")
        self._archive.copy(member, target, max_bytes=MAX_MEDIA_BYTES, is_zstd=self._is_zstd)


class FolderMedia:
    """The media files in a folder, such as the one beside a collection."""

    def __init__(self, folder: Path, *, follow_link: bool = False) -> None:
        """Read nothing yet; there may be no such folder. Files in it that are links do not count."""
        self._folder = folder
        self._follow_link = follow_link

    def list_names(self) -> dict[str, str]:
        """Return the names of media files, each by its name on the disk.

        Raises:
            ForeignFileError: the folder cannot be read, or there are too many.

        """
        found: dict[str, str] = {}
        if not self._follow_link and self._folder.is_symlink():
            raise ForeignFileError(self._folder, "it is a link")
        with explain_errors(self._folder):
            try:
                entries = os.scandir(self._folder)
            except (FileNotFoundError, NotADirectoryError):
                return found
            with entries:
                for entry in entries:
                    if len(found) >= MAX_MEMBERS:
                        raise ForeignFileError(
                            self._folder, f"it has more than {MAX_MEMBERS:,} files"
                        )
                    if entry.is_file(follow_symlinks=False):
                        found[entry.name] = unicodedata.normalize("NFC", entry.name)
        return dict(sorted(found.items()))

    def measure(self, member: str) -> int | None:
        """Return the size of a file; None if there is no such file."""
        try:
            return (self._folder / member).lstat().st_size
        except (OSError, ValueError):
            return None

    def fingerprint(self, member: str) -> object:
        """Return what is equal only for the same file."""
        return member

    def write(self, member: str, target: BinaryIO) -> None:
        """Write the content of a file.

        Raises:
            ForeignFileError: it is missing, not a regular file, or too large.

        """
        path = self._folder / member
        done = 0
        with explain_errors(path), open_plain_file(path) as file:
            while chunk := file.read(_CHUNK):
                done += len(chunk)
                if done > MAX_MEDIA_BYTES:
                    raise ForeignFileError(path, "it is larger than 100 MB")
                target.write(chunk)


def _decode_media_list(data: bytes) -> tuple[dict[str, str], dict[str, int]]:
    """Return names and sizes."""
    names, sizes = {}, {}
    for number, entry in enumerate(Message(data, Budget()).read_messages(1)):
        names[str(number)] = unicodedata.normalize("NFC", entry.read_text(1))
        sizes[str(number)] = entry.read_int(2)
    return names, sizes


def _parse_media_list(data: bytes) -> dict[str, str]:
    try:
        found = parse_json(data.decode())
    except ValueError as error:
        raise ValueError(f"its names {error}") from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        raise ValueError("it is not an object of names")
    if not all(re.fullmatch("[0-9]{1,9}", member, re.ASCII) for member in found):
        raise ValueError("a member is not a number")
    return {member: unicodedata.normalize("NFC", name) for member, name in found.items()}
