"""Images, sounds and videos, recognised by content and never by name."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import NotPlainError, open_plain_file

MAX_MEDIA_BYTES: Final = 100 * 1000 * 1000
"""AnkiWeb synchronises no larger file."""
_HEAD_BYTES: Final = 4096
_NAMED_BYTES: Final = 4
"""A shorter file cannot hold the signature of an image: it is a placeholder, known by its name."""
_ID3_HEADER_BYTES: Final = 10


class MediaKind(StrEnum):
    """How a file is shown."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class MediaFormat:
    """A format of media files."""

    name: str
    """For people, such as `MP3`."""
    kind: MediaKind
    mime_type: str
    endings: tuple[str, ...]
    """The endings of its files, with the dot; the usual one first."""
    is_common: bool = True
    """Whether Anki and AnkiDroid both show or play it."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A media file and its format."""

    path: Path
    format: MediaFormat

    @property
    def ending(self) -> str:
        """The ending that its content should have; its own if that is right."""
        own = self.path.suffix.lower()
        return own if own in self.format.endings else self.format.endings[0]


_IMAGE, _AUDIO, _VIDEO = MediaKind.IMAGE, MediaKind.AUDIO, MediaKind.VIDEO
_SVG: Final = MediaFormat("SVG", _IMAGE, "image/svg+xml", (".svg",))
_MP3: Final = MediaFormat("MP3", _AUDIO, "audio/mpeg", (".mp3",))
_M4A: Final = MediaFormat("M4A", _AUDIO, "audio/mp4", (".m4a", ".m4b", ".mp4"))
_MP4: Final = MediaFormat("MP4", _VIDEO, "video/mp4", (".mp4", ".m4v"))
_3GP: Final = MediaFormat("3GP", _VIDEO, "video/3gpp", (".3gp", ".3g2"))
_MOV: Final = MediaFormat("QuickTime", _VIDEO, "video/quicktime", (".mov", ".qt"), is_common=False)
_AVIF: Final = MediaFormat("AVIF", _IMAGE, "image/avif", (".avif",))
_HEIF: Final = MediaFormat("HEIF", _IMAGE, "image/heif", (".heic", ".heif"), is_common=False)
_OGG: Final = MediaFormat("Ogg", _AUDIO, "audio/ogg", (".ogg", ".oga", ".opus"))
_OGG_RARE: Final = MediaFormat(
    "Ogg", _AUDIO, "audio/ogg", (".ogg", ".oga", ".spx"), is_common=False
)
_OGV: Final = MediaFormat("Ogg Theora", _VIDEO, "video/ogg", (".ogv", ".ogg"), is_common=False)
_WEBM: Final = MediaFormat("WebM", _VIDEO, "video/webm", (".webm", ".mkv"))
_WEBA: Final = MediaFormat("WebM", _AUDIO, "audio/webm", (".webm", ".weba", ".mka"))
_FORMATS: Final = (
    _SVG,
    _MP3,
    _MP4,
    _M4A,
    _3GP,
    _MOV,
    _AVIF,
    _HEIF,
    _OGG,
    _OGV,
    _WEBM,
    MediaFormat("PNG", _IMAGE, "image/png", (".png", ".apng")),
    MediaFormat("JPEG", _IMAGE, "image/jpeg", (".jpg", ".jpeg", ".jfif", ".jpe")),
    MediaFormat("GIF", _IMAGE, "image/gif", (".gif",)),
    MediaFormat("WebP", _IMAGE, "image/webp", (".webp",)),
    MediaFormat("BMP", _IMAGE, "image/bmp", (".bmp", ".dib")),
    MediaFormat("ICO", _IMAGE, "image/x-icon", (".ico",)),
    MediaFormat("TIFF", _IMAGE, "image/tiff", (".tif", ".tiff"), is_common=False),
    MediaFormat("JPEG XL", _IMAGE, "image/jxl", (".jxl",), is_common=False),
    MediaFormat("Photoshop", _IMAGE, "image/vnd.adobe.photoshop", (".psd",), is_common=False),
    MediaFormat("WAV", _AUDIO, "audio/wav", (".wav",)),
    MediaFormat("FLAC", _AUDIO, "audio/flac", (".flac",)),
    MediaFormat("AAC", _AUDIO, "audio/aac", (".aac",)),
    MediaFormat("AMR", _AUDIO, "audio/amr", (".amr",)),
    MediaFormat("AIFF", _AUDIO, "audio/aiff", (".aiff", ".aif"), is_common=False),
    MediaFormat("MIDI", _AUDIO, "audio/midi", (".mid", ".midi"), is_common=False),
    MediaFormat("CAF", _AUDIO, "audio/x-caf", (".caf",), is_common=False),
    MediaFormat(
        "Windows Media", _VIDEO, "video/x-ms-asf", (".wmv", ".wma", ".asf"), is_common=False
    ),
    MediaFormat("AVI", _VIDEO, "video/x-msvideo", (".avi",), is_common=False),
    MediaFormat("Flash Video", _VIDEO, "video/x-flv", (".flv",), is_common=False),
    MediaFormat("MPEG", _VIDEO, "video/mpeg", (".mpg", ".mpeg", ".vob"), is_common=False),
)
"""`is_common` follows Android's list of media formats, which is what AnkiDroid plays, and what mpv
plays, which is what Anki uses."""
_BY_ENDING: Final = {ending: found for found in reversed(_FORMATS) for ending in found.endings}
_STARTS: Final = {
    b"\x89PNG\r\n\x1a\n": ".png",
    b"\xff\xd8\xff\xe0": ".jpg",
    b"\xff\xd8\xff\xe1": ".jpg",
    b"GIF89a": ".gif",
}
"""What most images start with: the library takes a thousand times longer to find out."""
_BRANDS: Final = {
    b"avif": _AVIF,
    b"avis": _AVIF,
    b"heic": _HEIF,
    b"heix": _HEIF,
    b"hevc": _HEIF,
    b"mif1": _HEIF,
    b"msf1": _HEIF,
    b"qt  ": _MOV,
    b"M4A ": _M4A,
    b"M4B ": _M4A,
}
_SVG_START: Final = re.compile(
    rb"(?s)(?:\xef\xbb\xbf)?(?:\s|<\?(?>.*?\?>)|<!--(?>.*?-->))*+<(?:!DOCTYPE\s+|\w+:)?svg\b"
)
_LFS: Final = b"version https://git-lfs.github.com/spec/"
_OTHERS: Final = {
    ".docx": "a ZIP archive",
    ".exe": "a program",
    ".gz": "a gzip archive",
    ".html": "an HTML page",
    ".json": "JSON",
    ".pdf": "a PDF document",
    ".py": "a Python script",
    ".sh": "a shell script",
    ".xml": "XML",
    ".zip": "a ZIP archive",
}
"""What people call some files that are often mistaken for media."""


def name_kind(path: str) -> MediaKind:
    """Return the kind of media that the name of a file stands for, without looking at the file."""
    found = _BY_ENDING.get(os.path.splitext(path)[1].lower())  # noqa: PTH122  (any platform's path)
    return found.kind if found else _IMAGE


def has_media_name(path: str) -> bool:
    """Tell whether the name of a file is that of an image, a sound or a video."""
    return os.path.splitext(path)[1].lower() in _BY_ENDING  # noqa: PTH122  (as above)


def read_media(path: Path) -> MediaFile:
    """Detect what a file contains from its first bytes; only an SVG is read completely.

    Raises:
        ForeignFileError: it is not an image, a sound or a video, or must not be opened.
        OSError: it cannot be read.

    """
    try:
        opened = open_plain_file(path, follow_link=True)
    except NotPlainError as error:
        raise ForeignFileError(path, f"it is {error.strerror}") from error
    with opened as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise ForeignFileError(path, "it is empty")
        head = file.read(_HEAD_BYTES)
        if _SVG_START.match(head):
            from cardwright.foreign.svg import check_svg  # noqa: PLC0415  (few media are SVG)

            check_svg(path, file, head)
            return MediaFile(path, _SVG)
    return MediaFile(path, _detect(path, head, size))


def _detect(path: Path, head: bytes, size: int) -> MediaFormat:
    ending = path.suffix.lower()
    if head.startswith(b"ID3"):
        _check_id3(path, head, size)
        return _MP3
    if _is_mpeg_audio(head):
        return _MP3
    if head[4:8] == b"ftyp":
        return _read_brands(head, ending)
    if known := next((_STARTS[start] for start in _STARTS if head.startswith(start)), ""):
        return _BY_ENDING[known]
    import puremagic  # noqa: PLC0415  (slow to load, and only media need it)

    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        matches = []
    best = max((match.confidence for match in matches), default=0)
    endings = [match.extension for match in matches if match.confidence == best]
    # These two were looked for above; the library takes comments for SVG, and AAC for MP3.
    for found in filter(None, map(_BY_ENDING.get, endings)):
        if found not in (_SVG, _MP3):
            return _refine(found, head, ending)
    by_name = _BY_ENDING.get(ending)
    if size < _NAMED_BYTES and by_name and by_name.kind is _IMAGE:
        return by_name
    raise ForeignFileError(path, _describe(head, endings))


def _check_id3(path: Path, head: bytes, size: int) -> None:
    """Refuse an ID3 tag that nothing follows."""
    length = sum(
        (byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False)
    )
    if size <= _ID3_HEADER_BYTES + length:
        raise ForeignFileError(path, "it is an ID3 tag without sound")


def _is_mpeg_audio(head: bytes) -> bool:
    """Tell whether a file starts with a frame of MPEG layer III, as sounds without a tag do.

    A third of all speech generators write no tag, and most libraries know only one sample rate.
    """
    if head[:1] != b"\xff" or head[1:2] < b"\xe0" or len(head) < _NAMED_BYTES:
        return False
    bits = f"{int.from_bytes(head[:4]):032b}"
    version, layer, rate, sampling = bits[11:13], bits[13:15], bits[16:20], bits[20:22]
    is_layer_3 = version != "01" and layer == "01"
    return is_layer_3 and rate not in {"0000", "1111"} and sampling != "11"


def _read_brands(head: bytes, ending: str) -> MediaFormat:
    """Tell the formats apart whose files are made of ISO boxes."""
    major = head[8:12]
    if major in _BRANDS:
        # AVIF may call itself HEIF first.
        length = min(int.from_bytes(head[:4]), len(head))
        others = {head[start : start + 4] for start in range(16, length - 3, 4)}
        found = _BRANDS[major]
        return _AVIF if found is _HEIF and b"avif" in others else found
    if ending in _M4A.endings and ending not in _MP4.endings:
        return _M4A
    return _3GP if major[:2] == b"3g" else _MP4


def _refine(found: MediaFormat, head: bytes, ending: str) -> MediaFormat:
    """Tell sound from video where a format holds either."""
    if found in (_OGG, _OGV):
        if b"\x80theora" in head:
            return _OGV
        is_common = b"OpusHead" in head or b"\x01vorbis" in head
        return _OGG if is_common else _OGG_RARE
    if found is _WEBM:
        is_sound = ending in (".weba", ".mka") or (b"A_" in head and b"V_" not in head)
        return _WEBA if is_sound else _WEBM
    return found


def _describe(head: bytes, endings: list[str]) -> str:
    """Describe the content of a file that is not media."""
    if head.startswith(_LFS):
        return "it is a Git LFS pointer, not the file itself: run `git lfs pull`"
    try:
        # The last character may be cut.
        text = head.decode("utf-8", "ignore" if len(head) == _HEAD_BYTES else "strict")
    except UnicodeDecodeError:
        text = "\0"
    if text.lstrip()[:1] == "<" and "<html" in text.lower():
        return "it is an HTML page"
    known = next((_OTHERS[ending] for ending in endings if ending in _OTHERS), "")
    if not known:
        known = "text" if "\0" not in text else ""
    return f"it is {known}" if known else "its content is not recognised"
