"""The members of Anki's packages: which holds the collection, and what the others are called."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Final

from cardwright.foreign.archive import ForeignArchive
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.json_text import parse_json
from cardwright.foreign.protobuf import Budget, Message

NEWEST: Final = "collection.anki21b"
"""The collection of a package whose members are compressed with Zstandard, and its list of media, too."""
MAX_MEDIA_LIST_BYTES: Final = 16 * 2**20
_MAX_META_BYTES: Final = 2**10
_VERSIONS: Final = {1: "collection.anki2", 2: "collection.anki21", 3: NEWEST}
_UNSAFE: Final = re.compile(r"[/\\\0]")


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


def read_media_list(path: Path, archive: ForeignArchive, *, is_zstd: bool) -> dict[str, str]:
    """Return the names of media files by the names of their members.

    Raises:
        ForeignFileError: the list is damaged, or has names that are not safe.

    """
    if "media" not in archive.names:
        return {}
    data = archive.read("media", max_bytes=MAX_MEDIA_LIST_BYTES, is_zstd=is_zstd)
    try:
        found = _decode_media_list(data) if is_zstd else _parse_media_list(data)
    except ValueError as error:
        raise ForeignFileError(path, f"its list of media is not valid: {error}") from error
    for name in found.values():
        if name in {"", ".", ".."} or _UNSAFE.search(name):
            raise ForeignFileError(path, f"a media file has an unsafe name: {name[:80]!r}")
    return found


def _decode_media_list(data: bytes) -> dict[str, str]:
    entries = Message(data, Budget()).read_messages(1)
    return {str(number): entry.read_text(1) for number, entry in enumerate(entries)}


def _parse_media_list(data: bytes) -> dict[str, str]:
    found = parse_json(data.decode())
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        raise ValueError("it is not an object of names")
    if not all(re.fullmatch("[0-9]{1,9}", member, re.ASCII) for member in found):
        raise ValueError("a member is not a number")
    return {member: unicodedata.normalize("NFC", name) for member, name in found.items()}
