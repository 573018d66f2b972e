"""The smallest files of each format, real enough to be recognised and, where it matters, played."""

from __future__ import annotations

import struct

SILENCE = b"\0" * 413
MP3 = (b"\xff\xfb\x90\x64" + SILENCE) * 12
"""A third of a second of silence, without a tag."""
MP3_16K = b"\xff\xf3\x44\xc4" + SILENCE
"""As speech generators write it."""
TAGGED_MP3 = b"ID3\x04\0\0\0\0\0\x0a" + b"\0" * 10 + MP3
_PCM = b"\x80" * 800
WAV = b"".join(
    (
        b"RIFF" + struct.pack("<I", 36 + len(_PCM)) + b"WAVE",
        b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8),
        b"data" + struct.pack("<I", len(_PCM)) + _PCM,
    )
)
"""A tenth of a second of silence."""
_OGG = b"OggS\0\2" + bytes(20)
OPUS = _OGG + b"\1\x13OpusHead\1\1" + bytes(30)
VORBIS = _OGG + b"\1\x1e\x01vorbis" + bytes(30)
SPEEX = _OGG + b"\1\x50Speex   1.2" + bytes(30)
THEORA = _OGG + b"\1\x2a\x80theora" + bytes(30)
FLAC = b"fLaC\0\0\0\x22" + bytes(40)
AAC = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(60)
AIFF = b"FORM\0\0\0\x20AIFFCOMM" + bytes(30)
M4A = b"\0\0\0\x1cftypM4A \0\0\0\0M4A mp42isom" + bytes(30)
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(30)
MOV = b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(30)
AVI = b"RIFF\x24\0\0\0AVI LIST" + bytes(30)
_EBML = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08"
WEBM = _EBML + b"\x42\x82\x84webm\x42\x87\x81\x04" + b"V_VP9" + b"A_OPUS"
WEBA = _EBML + b"\x42\x82\x84webm\x42\x87\x81\x04" + b"A_OPUS"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4"
    "890000000d49444154789c63f8cfc0f01f00050001ff56c72f0d0000000049454e44ae426082"
)
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + bytes(30) + b"\xff\xd9"
GIF = b"GIF89a\1\0\1\0\0\0\0;"
WEBP = b"RIFF\x24\0\0\0WEBPVP8 " + bytes(30)
AVIF = b"\0\0\0\x20ftypavif\0\0\0\0avifmif1" + bytes(30)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(30)
TIFF = b"II*\0\x08\0\0\0" + bytes(20)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
