"""Pictures on their way to a terminal: their sizes, and what is refused."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardwright.foreign.picture import read_picture
from image_terminal import insert_chunk, make_png
from media_files import AVIF, MP3, SVG, TIFF

PNG = make_png(1, 1)
JPEG = (
    b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xfe\0\4hi"
    b"\xff\xff\xc0\0\x11\x08\0\x30\0\x40\3\1\x22\0\2\x11\1\3\x11\1"
)
GIF = b"GIF89a\x40\0\x30\0\0\0\0;"
VP8 = b"RIFF\x24\0\0\0WEBPVP8 \x10\0\0\0\x30\1\0\x9d\1\x2a\x40\x40\x30\x40" + bytes(8)
VP8L = b"RIFF\x24\0\0\0WEBPVP8L\x10\0\0\0\x2f" + struct.pack("<I", 63 | 47 << 14) + bytes(8)
VP8X = b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\0\0\x2f\0\0" + bytes(8)


def rewrite_header(png: bytes, **values: int) -> bytes:
    """Return a PNG whose header says something else."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    given = {"width": width, "height": height, "depth": depth, "colour": colour, **values}
    header = b"IHDR" + struct.pack(">IIBB", *given.values()) + png[26:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


def write_picture(folder: Path, data: bytes) -> Path:
    path = folder / "x.png"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("data", [make_png(64, 48), JPEG, GIF, VP8, VP8L, VP8X])
def test_the_size_is_in_the_header(tmp_path: Path, data: bytes) -> None:
    picture = read_picture(write_picture(tmp_path, data))

    assert picture
    assert (picture.width, picture.height) == (64, 48)
    assert (picture.data, picture.is_png) == (data, data[:4] == b"\x89PNG")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        MP3,
        SVG,
        AVIF,
        TIFF,
        PNG[:-12],
        PNG[:-1],
        PNG[:20],
        PNG.replace(b"IDAT", b"IDAU"),
        bytes([*PNG[:50], PNG[50] ^ 1, *PNG[51:]]),
        make_png(64, 48).replace(b"IHDR", b"tEXt"),
        rewrite_header(PNG, depth=3),
        rewrite_header(PNG, colour=5),
        rewrite_header(PNG, width=0),
        JPEG[:24],
        JPEG.replace(b"\xff\xff\xc0", b"\xff\xda\0"),
        b"\xff\xd8\xff\xe0\0\0" + b"\xff\xe0\0\0" * 9,
        GIF[:8],
        VP8X[:29],
        b"RIFF\x24\0\0\0WEBPVP9 " + bytes(40),
    ],
)
def test_what_is_damaged_or_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    assert read_picture(write_picture(tmp_path, data)) is None


@pytest.mark.parametrize(
    "data",
    [
        rewrite_header(PNG, width=60_000, height=60_000),
        rewrite_header(PNG, width=2**31 - 1, height=1),
        rewrite_header(PNG, width=8000, height=8000),
        b"GIF89a\xff\xff\xff\xff\0\0\0;",
        VP8X.replace(b"\x3f\0\0", b"\xff\xff\xff"),
        insert_chunk(PNG, b"IDAT", bytes(4_000_000)),
    ],
)
def test_bombs_are_refused(tmp_path: Path, data: bytes) -> None:
    assert read_picture(write_picture(tmp_path, data)) is None


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes need rights there")
def test_only_a_plain_file_is_read(tmp_path: Path) -> None:
    path = write_picture(tmp_path, PNG)
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe")

    assert read_picture(path)
    for name in ("link", "pipe", ".", "none", "a\0b"):
        assert read_picture(tmp_path / name) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from([PNG, JPEG, GIF, VP8, VP8L, VP8X]),
    cut=st.integers(0, 60),
    rest=st.binary(max_size=60),
)
def test_any_bytes_are_measured_or_refused(
    tmp_path: Path, start: bytes, cut: int, rest: bytes
) -> None:
    picture = read_picture(write_picture(tmp_path, start[:cut] + rest))

    assert picture is None or picture.width * picture.height > 0
