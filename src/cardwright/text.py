"""Text from a stranger → text that a terminal can only show."""

from __future__ import annotations

import re
from typing import Final

CONTROLS: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff"
"""Control characters other than tab, line feed and carriage return, and lone surrogates; to stand
within the brackets of a regular expression."""
_TAB_WIDTH: Final = 4
_ACTS: Final = re.compile(f"[{CONTROLS}\t\r]")
_HIDES: Final = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""What turns the direction of writing or takes no room, so that a text reads as another one
(Unicode: Default_Ignorable_Code_Point, Bidi_Control)."""
_STRAY_JOINERS: Final = re.compile(
    "(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])|(?<=[\u200c\u200d])[\u200c\u200d]+"
)
"""Joiners stay where they shape a script or an emoji."""


def make_plain(text: str) -> str:
    """Make a text safe to print: what acts on a terminal becomes �, what hides text is dropped.

    Line breaks stay, and tabs become spaces.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").expandtabs(_TAB_WIDTH)
    return _STRAY_JOINERS.sub("", _HIDES.sub("", _ACTS.sub("�", text)))


def escape_controls(text: str) -> str:
    r"""Write as `\\uXXXX` what acts on a terminal or turns or hides text; line breaks stay."""
    if text.isascii() and text.isprintable():
        return text
    return _STRAY_JOINERS.sub(_escape, _HIDES.sub(_escape, _ACTS.sub(_escape, text)))


def replace_controls(text: str) -> str:
    """Put � for each character that acts on a terminal or turns or hides text: none goes."""

    def replace(match: re.Match[str]) -> str:
        return "�" * len(match[0])

    return _STRAY_JOINERS.sub(replace, _HIDES.sub(replace, _ACTS.sub(replace, text)))


def _escape(match: re.Match[str]) -> str:
    # JSON knows four digits only: what lies beyond is a pair of surrogates.
    raw = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[i]:02x}{raw[i + 1]:02x}" for i in range(0, len(raw), 2))


def count(number: int, noun: str) -> str:
    """Return a number with its noun: 1 card, 2 cards, 3 entries."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{number:,} {noun}s"
