"""Text files of other programs, in whatever encoding they are."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final, NamedTuple

from cardwright.adopt.encoding import guess_encoding
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import read_plain_file
from cardwright.text import BIDI_OVERRIDES, CONTROLS

MAX_TEXT_BYTES: Final = 64 * 2**20
MAX_NOTES: Final = 200_000
"""The most notes that are adopted at once from files of text."""
MAX_NOTE_LENGTH: Final = 100_000
"""The most characters of one text of a note."""
_SAMPLE_BYTES: Final = 2**17
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Longer ones first where they begin alike."""
_LINE_SIGNS: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
"""Spreadsheets write some of these for a line break within a cell."""
_CONTROL: Final = re.compile(f"[{CONTROLS}{BIDI_OVERRIDES}]")


class ForeignText(NamedTuple):
    """The text of a file."""

    text: str
    """Its lines end with `\\n`."""
    guessed: str
    """The encoding that was guessed from the content; "" if the file tells it, or it is UTF-8."""
    dropped: int
    """How many control characters it had, which no card may contain."""


def read_text(path: Path, *, follow_link: bool = False) -> ForeignText:
    """Read a file whose encoding nobody tells.

    Raises:
        FileNotFoundError: there is none.
        ForeignFileError: it cannot be read, is too large, or is not text.

    """
    data = read_plain_file(path, MAX_TEXT_BYTES, follow_link=follow_link)
    encoding, start, guessed = _find_encoding(data)
    text = data[start:].decode(encoding, "replace")
    if "\0" in text:
        raise ForeignFileError(path, "it is not a text file")
    text = _LINE_SIGNS.sub("\n", text)
    clean = _CONTROL.sub("", text)
    return ForeignText(clean, encoding if guessed else "", len(text) - len(clean))


def _find_encoding(data: bytes) -> tuple[str, int, bool]:
    """Return an encoding, where the text starts, and whether the encoding is a guess."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return encoding, len(bom), False
    try:
        data.decode()
    except UnicodeDecodeError:
        pass
    else:
        return _find_wide(data) or "utf-8", 0, False
    if wide := _find_wide(data):
        return wide, 0, False
    sample = data[:_SAMPLE_BYTES]
    return guess_encoding(sample[: sample.rfind(b"\n") + 1] or sample), 0, True


def _find_wide(data: bytes) -> str:
    """Return the kind of UTF-16 without a mark, by where its zeros are; "" if it is none."""
    head = data[: _SAMPLE_BYTES & ~1]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > even and odd > len(head) // 8:
        return "utf-16-le"
    return "utf-16-be" if even > len(head) // 8 else ""
