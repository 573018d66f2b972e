"""Text from a stranger → text that a terminal can only show."""

from __future__ import annotations

import re
from typing import Final

CONTROLS: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff"
"""Control characters other than tab, line feed and carriage return, and lone surrogates; to stand
within the brackets of a regular expression."""
_TAB_WIDTH: Final = 4
_ACTS: Final = re.compile(f"[{CONTROLS}\t\r]")
_TURNS_OR_HIDES: Final = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
    # Joiners stay where they shape a script or an emoji.
    "|(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])|(?<=[\u200c\u200d])[\u200c\u200d]+"
)
"""What turns the direction of writing or takes no room, so that a text reads as another one
(Unicode: Default_Ignorable_Code_Point, Bidi_Control)."""


_UNSEEN: Final = re.compile(rf"\n|{_ACTS.pattern}|{_TURNS_OR_HIDES.pattern}")


def make_plain(text: str) -> str:
    """Make a text safe to print: what acts on a terminal becomes �, what hides text is dropped.

    Line breaks stay, and tabs become spaces.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").expandtabs(_TAB_WIDTH)
    return _TURNS_OR_HIDES.sub("", _ACTS.sub("�", text))


def escape_unseen(text: str) -> str:
    r"""Show what acts on a terminal, hides text or breaks the line as JSON does: `\u202e`."""
    return _UNSEEN.sub(_escape, text)


def replace_unseen(text: str) -> str:
    """Put � for each character that acts on a terminal or hides text: columns stay as they are."""
    return _UNSEEN.sub(lambda found: "�" * len(found[0]), text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(
        f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)
    )
