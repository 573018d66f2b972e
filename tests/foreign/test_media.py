"""What a file holds is told by its content, whatever its name."""

from __future__ import annotations

import os
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import media_files as files
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.media import MediaKind, name_kind, read_media

IMAGE, AUDIO, VIDEO = MediaKind.IMAGE, MediaKind.AUDIO, MediaKind.VIDEO


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "kind", "ending"),
    [
        ("a.png", files.PNG, IMAGE, ".png"),
        ("a.PNG", files.PNG, IMAGE, ".png"),
        ("a.jpeg", files.JPEG, IMAGE, ".jpeg"),
        ("a.jpg", files.PNG, IMAGE, ".png"),
        ("a", files.GIF, IMAGE, ".gif"),
        ("a.webp", files.WEBP, IMAGE, ".webp"),
        ("a.avif", files.AVIF, IMAGE, ".avif"),
        ("a.svg", files.SVG, IMAGE, ".svg"),
        ("a.mp3", files.MP3, AUDIO, ".mp3"),
        ("a.mp3", files.MP3_16K, AUDIO, ".mp3"),
        ("a.mp3", files.TAGGED_MP3, AUDIO, ".mp3"),
        ("a.wav", files.MP3, AUDIO, ".mp3"),
        ("a.wav", files.WAV, AUDIO, ".wav"),
        ("a.ogg", files.VORBIS, AUDIO, ".ogg"),
        ("a.opus", files.OPUS, AUDIO, ".opus"),
        ("a.flac", files.FLAC, AUDIO, ".flac"),
        ("a.aac", files.AAC, AUDIO, ".aac"),
        ("a.m4a", files.M4A, AUDIO, ".m4a"),
        ("a.m4a", files.MP4, AUDIO, ".m4a"),
        ("a.mp4", files.M4A, AUDIO, ".mp4"),
        ("a.mp4", files.MP4, VIDEO, ".mp4"),
        ("a.webm", files.WEBM, VIDEO, ".webm"),
        ("a.webm", files.WEBA, AUDIO, ".webm"),
    ],
)
def test_formats_that_everybody_can_play(
    tmp_path: Path, name: str, data: bytes, kind: MediaKind, ending: str
) -> None:
    found = read_media(write(tmp_path, name, data))

    assert (found.format.kind, found.ending) == (kind, ending)
    assert found.format.is_common


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (files.TIFF, "TIFF"),
        (files.HEIC, "HEIF"),
        (files.AIFF, "AIFF"),
        (files.SPEEX, "Ogg"),
        (files.THEORA, "Ogg Theora"),
        (files.MOV, "QuickTime"),
        (files.AVI, "AVI"),
    ],
)
def test_formats_that_some_cannot_play(tmp_path: Path, data: bytes, name: str) -> None:
    found = read_media(write(tmp_path, "a.mp4", data)).format

    assert (found.name, found.is_common) == (name, False)


HTML = b"<!DOCTYPE html>\n<html><body><svg xmlns='http://www.w3.org/2000/svg'/></body></html>"
SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg">%s</svg>'


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.mp3", b"", "it is empty"),
        ("a.mp3", b"ID3", "it is an ID3 tag without sound"),
        ("a.mp3", b"ID3\4\0\0\0\0\0\x0a" + bytes(10), "it is an ID3 tag without sound"),
        ("a.mp3", b"x", "it is text"),
        ("a.mp3", HTML, "it is an HTML page"),
        ("a.svg", HTML, "it is an HTML page"),
        ("a.svg", b"  <html><svg></svg>", "it is an HTML page"),
        ("a.png", b"print('hello')\n", "it is text"),
        ("a.png", b"#!/usr/bin/env python3\nprint()\n", "it is a Python script"),
        ("a.png", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "it is a Git LFS"),
        ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "it is a PDF document"),
        ("a.mp4", b"PK\3\4" + bytes(30), "it is a ZIP archive"),
        ("a.mp4", bytes(range(128, 256)), "its content is not recognised"),
        ("a.svg", b"<svg><path/></svg>", "its <svg> lacks xmlns"),
        ("a.svg", SCRIPT % b"<script>1</script>", "it contains <script>"),
        ("a.svg", SCRIPT % b"<g onload='x()'/>", "it contains a script in `onload`"),
        ("a.svg", SCRIPT % b"<a href=' java\nscript:x()'/>", "it contains a script in `href`"),
        (
            "a.svg",
            SCRIPT % b"<iframe xmlns='http://www.w3.org/1999/xhtml'/>",
            "it contains <iframe>",
        ),
        ("a.svg", SCRIPT % b"<path>", "it is not well-formed SVG"),
        (
            "a.svg",
            b"<?xml version='1.0' encoding='utf-7'?>" + SCRIPT % b"",
            "it is not well-formed",
        ),
        (
            "a.svg",
            b"<?xml version='1.0' encoding='rot13'?>" + SCRIPT % b"",
            "it is not well-formed",
        ),
        ("a.svg", b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SCRIPT % b"&a;", "it declares entities"),
        ("a.svg", b"<?xml-stylesheet href='data:,'?>" + SCRIPT % b"", "it loads a stylesheet"),
        ("a.svg", b"<!---->" * 500 + b"x" * 100, "it is "),
    ],
)
def test_what_is_not_media(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    with pytest.raises(ForeignFileError) as caught:
        read_media(write(tmp_path, name, data))

    assert caught.value.reason.startswith(reason)


def test_a_placeholder_of_an_image_counts_by_its_name(tmp_path: Path) -> None:
    assert read_media(write(tmp_path, "a.png", b"x")).ending == ".png"


def test_svg_of_drawing_programs_is_fine(tmp_path: Path) -> None:
    start = b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made\nby hand -->\n<!DOCTYPE svg PUBLIC "x" "y">\n'
    label = b"<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>label</p></foreignObject>"

    assert read_media(write(tmp_path, "a.svg", start + SCRIPT % label)).format.name == "SVG"


def test_pipes_and_folders_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp3")
    for path in (tmp_path / "a.mp3", tmp_path):
        with pytest.raises(ForeignFileError, match="it is not a regular file"):
            read_media(path)


def test_only_the_start_of_a_file_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "a.mp3", files.MP3)
    os.truncate(path, 10**12)

    assert read_media(path).format.name == "MP3"


@given(
    start=st.sampled_from(
        [
            b"",
            b"\xff\xfb",
            b"ID3",
            b"OggS",
            b"\0\0\0\x20ftyp",
            b"\x1a\x45\xdf\xa3",
            b"<svg",
            b"RIFF",
        ]
    ),
    rest=st.binary(max_size=200),
    name=st.sampled_from(["a.mp3", "a.png", "a.svg", "a", "a.m4a"]),
)
def test_any_content_is_media_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes, name: str
) -> None:
    path = write(tmp_path_factory.getbasetemp(), name, start + rest)
    with suppress(ForeignFileError):
        found = read_media(path)
        assert found.ending in found.format.endings


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("media/a.mp3", AUDIO),
        ("a.OGG", AUDIO),
        ("a.mp4", VIDEO),
        ("a.webm", VIDEO),
        ("a.png", IMAGE),
        ("a.b/mp3", IMAGE),
        ("a", IMAGE),
    ],
)
def test_a_name_stands_for_a_kind(path: str, kind: MediaKind) -> None:
    assert name_kind(path) is kind


def test_a_zip_archive_of_real_life_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(ForeignFileError, match="a ZIP archive"):
        read_media(path)
