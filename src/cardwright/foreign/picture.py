"""Strangers' pictures on their way to a terminal: the size in pixels, read from the header alone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import read_plain_file

MAX_BYTES: Final = 4_000_000
MAX_PIXELS: Final = 32_000_000
"""A few kilobytes can claim to be many more, and a terminal would reserve four bytes for each."""
MAX_SIDE: Final = 16_384
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""The bits of a sample that each type of colour allows."""
_JPEG: Final = b"\xff\xd8\xff"
_JPEG_SIZES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""The markers before the size."""
_JPEG_DATA: Final = 0xDA


@dataclass(frozen=True, slots=True)
class Picture:
    """The content of a file, which a terminal decodes."""

    data: bytes
    width: int
    height: int
    is_png: bool


def read_picture(path: Path) -> Picture | None:
    """Read a PNG, JPEG, GIF or WebP; None if it is something else, damaged or too large."""
    try:
        data = read_plain_file(path, MAX_BYTES)
    except (OSError, ForeignFileError):
        return None
    is_png = data.startswith(_PNG)
    try:
        width, height = _measure_png(data) if is_png else _measure(data)
    except (IndexError, ValueError):
        return None
    is_safe = 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS
    return Picture(data, width, height, is_png) if is_safe else None


def _measure(data: bytes) -> tuple[int, int]:
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _read(data, 6, 2, "little"), _read(data, 8, 2, "little")
    if data.startswith(_JPEG):
        return _measure_jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _measure_webp(data)
    raise ValueError


def _measure_png(data: bytes) -> tuple[int, int]:
    """Return the size of a PNG that is whole: terminals would show nothing, and not say why."""
    chunks = list(_read_chunks(data))
    names = [name for name, _ in chunks]
    if names[0] != b"IHDR" or names[-1] != b"IEND" or b"IDAT" not in names:
        raise ValueError
    header = chunks[0][1]
    if len(header) != 13 or header[8] not in _PNG_DEPTHS.get(header[9], ()):  # noqa: PLR2004
        raise ValueError
    return _read(header, 0, 4, "big"), _read(header, 4, 4, "big")


def _read_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    start, name = len(_PNG), b""
    while name != b"IEND":
        length, name = _read(data, start, 4, "big"), data[start + 4 : start + 8]
        end = start + 8 + length
        if zlib.crc32(data[start + 4 : end]) != _read(data, end, 4, "big"):
            raise ValueError
        yield name, data[start + 8 : end]
        start = end + 4


def _measure_jpeg(data: bytes) -> tuple[int, int]:
    start = 2
    while True:
        if data[start] != 0xFF:  # noqa: PLR2004
            raise ValueError
        marker = data[start + 1]
        if marker == 0xFF:  # noqa: PLR2004  (it may be preceded by any number)
            start += 1
            continue
        if marker in _JPEG_SIZES:
            return _read(data, start + 7, 2, "big"), _read(data, start + 5, 2, "big")
        if marker == _JPEG_DATA:
            raise ValueError
        start += 2 + max(_read(data, start + 2, 2, "big"), 2)


def _measure_webp(data: bytes) -> tuple[int, int]:
    match data[12:16]:
        case b"VP8X":
            return 1 + _read(data, 24, 3, "little"), 1 + _read(data, 27, 3, "little")
        case b"VP8L":
            bits = _read(data, 21, 4, "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            size = _read(data, 26, 2, "little"), _read(data, 28, 2, "little")
            return size[0] & 0x3FFF, size[1] & 0x3FFF
    raise ValueError


def _read(data: bytes, start: int, length: int, order: str) -> int:
    found = data[start : start + length]
    if len(found) != length:
        raise ValueError
    return int.from_bytes(found, "little" if order == "little" else "big")
