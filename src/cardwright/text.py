"""Untrusted text → text that is safe to print to a terminal."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Final, NamedTuple

CONTROLS: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff"
"""Control characters other than tab, line feed and carriage return, and lone surrogates, for use
within the brackets of a regular expression."""
BIDI_OVERRIDES: Final = "\u202a-\u202e"
"""Characters that embed or override the direction of text, for the brackets of a regular expression.

No source may contain them. It may contain direction marks (U+061C, U+200E, U+200F), and isolates
(U+2066 to U+2069) that are balanced. What is printed to a terminal contains none of all these.
"""
_ISOLATE: Final = "[\u2066-\u2069]"
_CLOSE_ISOLATE: Final = "\u2069"
MAX_LISTED: Final = 20
"""How many names of a longer list a message shows."""
_MAX_COMPARED: Final = 200
"""With so many names one is compared letter by letter; of more, with those that begin or end alike."""
_MAX_SLIP: Final = 3
"""By how many letters a similar name of many may be longer or shorter."""
_TAB_WIDTH: Final = 4
_PLAIN_WORD: Final = re.compile(r"[\w@%+=:,./-]+")
_PLAIN_WINDOWS_WORD: Final = re.compile(r"[\w@+=:,./\\-]+")
_NUMBER: Final = r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?"
_CONFLICT: Final = r"(?m)^(?:<{7}|\|{7}|={7}|>{7})(?![^ \r\n])[^\r\n]*"
"""A line that version control writes around the versions in a merge conflict."""
_CONFLICT_WIDTH: Final = 7
_CONTROL: Final = f"[{CONTROLS}\t\r]"
INVISIBLE: Final = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""Characters that change the direction of text or have no width, and so can make one text look
like another (Unicode: Default_Ignorable_Code_Point, Bidi_Control), for the brackets of a regular
expression. Joiners and the selector of emoji, which shape what is seen, are not among them."""
_INVISIBLE: Final = f"[{INVISIBLE}]"
_PRINTABLE_END: Final = "\u3164"
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f")
"""The invisible ones before `_PRINTABLE_END` that Python takes for printable."""
_STRAY_JOINERS: Final = "(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])|(?<=[\u200c\u200d])[\u200c\u200d]+"
"""Joiners that shape neither a script nor an emoji."""
_ACCENTS: Final = "[\u0300-\u036f]+"
"""What stands on letters once they are decomposed."""
_MAX_MINUTES: Final = 100
"""Longer times are given in hours."""


@cache
def compile_late(pattern: str) -> re.Pattern[str]:
    """Compile a large pattern that few texts need: that takes as long as rendering several."""
    return re.compile(pattern)


def make_plain(text: str) -> str:
    """Make a text safe to print: control characters become �, invisible ones are dropped.

    Line breaks are kept; tabs become spaces.
    """
    if _is_plain(text):
        return text
    text = text.replace("\r\n", "\n").expandtabs(_TAB_WIDTH)
    text = compile_late(_CONTROL).sub("�", text)
    return compile_late(_STRAY_JOINERS).sub("", compile_late(_INVISIBLE).sub("", text))


def _is_plain(text: str) -> bool:
    """Tell without a pattern whether no character of a text is a control character or invisible."""
    return text.isprintable() and (
        text.isascii() or (max(text) < _PRINTABLE_END and _UNSEEN.isdisjoint(text))
    )


def escape_controls(text: str) -> str:
    r"""Escape control and invisible characters as `\\uXXXX`; line breaks are kept."""
    return text if _is_plain(text) else _replace_controls(text, _escape)


def replace_controls(text: str) -> str:
    """Replace each control or invisible character by �; the length of the text stays the same."""

    def replace(match: re.Match[str]) -> str:
        return "�" * len(match[0])

    return _replace_controls(text, replace)


def _replace_controls(text: str, replace: Callable[[re.Match[str]], str]) -> str:
    for pattern in (_CONTROL, _INVISIBLE, _STRAY_JOINERS):
        text = compile_late(pattern).sub(replace, text)
    return text


def _escape(match: re.Match[str]) -> str:
    # JSON escapes have four digits: characters beyond U+FFFF need two surrogates.
    raw = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[i]:02x}{raw[i + 1]:02x}" for i in range(0, len(raw), 2))


def to_nfc(text: str) -> str:
    """Return a text in Unicode's Normalization Form C, in which equal texts compare as equal."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold_text(text: str) -> str:
    """Return a text for a search that ignores case and accents."""
    text = text.casefold()
    if text.isascii():
        return text
    bare = compile_late(_ACCENTS).sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", bare)


def find_unbalanced_isolate(text: str) -> int | None:
    """Return the index of the first bidi isolate without its counterpart, or None."""
    if text.isascii():
        return None
    opened: list[int] = []
    for match in re.finditer(_ISOLATE, text):
        if match[0] != _CLOSE_ISOLATE:
            opened.append(match.start())
        elif opened:
            opened.pop()
        else:
            return match.start()
    return opened[0] if opened else None


def parse_number(text: str) -> float | None:
    """Return the number that a text writes in decimal digits, or None."""
    return float(text) if compile_late(_NUMBER).fullmatch(text.strip()) else None


class Conflict(NamedTuple):
    """The first line of a merge conflict in a file."""

    start: int
    length: int
    is_whole: bool
    """Whether all its marker lines are there, so that they cannot be text."""


def find_conflicts(text: str) -> Iterator[Conflict]:
    """Yield the merge conflicts in a file, and what is left of those resolved in part."""
    if not any(sign * _CONFLICT_WIDTH in text for sign in "<|=>"):
        return
    first: re.Match[str] | None = None
    signs = ""
    for marker in compile_late(_CONFLICT).finditer(text):
        if first and marker[0][0] == "<":
            yield Conflict(first.start(), len(first[0]), is_whole=False)
            first = None
        if first is None:
            first, signs = marker, ""
        signs += marker[0][0]
        if signs[-1] == ">":
            is_whole = signs[0] == "<" and "=" in signs
            yield Conflict(first.start(), len(first[0]), is_whole)
            first = None
    if first:
        yield Conflict(first.start(), len(first[0]), is_whole=False)


def format_command(*words: object) -> str:
    """Return words as a line that the user's shell splits into these words again."""
    if sys.platform == "win32":
        return " ".join(
            word if _PLAIN_WINDOWS_WORD.fullmatch(word) else f'"{word}"' for word in map(str, words)
        )
    return " ".join(
        word if _PLAIN_WORD.fullmatch(word) else "'" + word.replace("'", "'\"'\"'") + "'"
        for word in map(str, words)
    )


def list_names(names: Collection[str], *, separator: str = ", ", none: str = "") -> str:
    """Return names as a list, of which the first are enough if there are many; `none` without any.

    What a list names may be somebody else's choice, and there may be thousands.
    """
    shown = separator.join(islice(names, MAX_LISTED)) or none
    if len(names) > MAX_LISTED:
        return f"{shown} … and {len(names) - MAX_LISTED:,} more"
    return shown


class Hint(str):
    """Help that knows what to write instead."""

    __slots__ = ("replacement",)
    replacement: str

    @classmethod
    def make(cls, text: str, replacement: str) -> Hint:
        """Return help with a replacement."""
        hint = cls(text)
        hint.replacement = replacement
        return hint


def suggest(name: str, known: Collection[str], what: str) -> str:
    """Return help for an unknown name: a Hint with a similar known name, or all of them."""
    import difflib  # noqa: PLC0415  (slow to load, and names are seldom unknown)

    close = difflib.get_close_matches(name, _narrow(name, known), n=1)
    if close:
        return Hint.make(f"did you mean `{close[0]}`?", close[0])
    return f"{what}: {list_names(known, none='none')}"


def _narrow(name: str, known: Collection[str]) -> list[str]:
    """Return the known names that a mistake may have turned into another: of many, not all."""
    if len(known) <= _MAX_COMPARED:
        return list(known)
    start, end, length = name[:2], name[-2:], len(name)
    alike = (
        one
        for one in known
        if (one[:2] == start or one[-2:] == end) and abs(len(one) - length) <= _MAX_SLIP
    )
    return list(islice(alike, _MAX_COMPARED))


def format_time_spent(milliseconds: float) -> str:
    """Return time spent: <1 min, 42 min, 2.5 h."""
    minutes = milliseconds / 60_000
    if minutes < 1:
        return "<1 min" if milliseconds else "0 min"
    return f"{minutes:.0f} min" if minutes < _MAX_MINUTES else f"{minutes / 60:.1f} h"


def suggest_close(name: str, known: Iterable[str]) -> str:
    """Return a question that names up to three similar known names; "" if there are none."""
    import difflib  # noqa: PLC0415  (as above)

    close = difflib.get_close_matches(name, list(dict.fromkeys(known)), n=3)
    return f"did you mean {' or '.join(close)}?" if close else ""


def count(number: int, noun: str) -> str:
    """Return a number with its noun: 1 card, 2 cards, 3 entries."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{number:,} {noun}s"
