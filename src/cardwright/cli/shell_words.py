"""Words of command lines as shells write them: reading what is typed, and quoting what is inserted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

_BREAKS: Final = ":=@"
"""The characters within names at which bash may break words."""
_BARE: Final = re.compile(r"[\w%+:,./=@-]")
_WHOLE: Final = re.compile(r"[\w%+,./-]+")
_BARE_POWERSHELL: Final = re.compile(r"[\w+:./=-]+")
_POWERSHELL_QUOTES: Final = "'\u2018\u2019\u201a\u201b"
"""Each of them ends a text in single quotes."""
_SPECIAL_IN_DOUBLE: Final = '\\"$`'


class Typed(NamedTuple):
    """A line up to the cursor."""

    words: list[str]
    """Without their quotes; the last may be empty."""
    raw: str
    """The last word as it is written."""
    quote: str
    """The quotation mark that is still open, if any."""
    before_quote: str
    """What the last word has before it."""


def split_line(line: str) -> Typed:
    """Split a line as bash does, without expanding anything."""
    words: list[str] = []
    word = quote = before_quote = ""
    start = at = 0
    is_word = False
    while at < len(line):
        letter, following = line[at], line[at + 1 : at + 2]
        is_escape = letter == "\\" and (
            not quote or (quote == '"' and following in {*_SPECIAL_IN_DOUBLE})
        )
        if is_escape:
            word, is_word, at = word + following, True, at + 1
        elif quote and letter != quote:
            word += letter
        elif quote:
            quote = ""
        elif letter in "'\"":
            quote, before_quote, is_word = letter, word, True
        elif letter.isspace():
            words += [word] if is_word else []
            word, is_word, start = "", False, at + 1
        else:
            word, is_word = word + letter, True
        at += 1
    return Typed([*words, word], line[start:], quote, before_quote if quote else "")


def quote_for_bash(names: Iterable[str], typed: Typed, breaks: str) -> Iterator[str]:
    """Yield what replaces the last word; of one that bash breaks, the part after the last break."""
    known = "".join(letter for letter in _BREAKS if letter in breaks)
    parts = len(_split_at(typed.raw, known))
    for name in names:
        if not typed.raw and _WHOLE.fullmatch(name):
            yield name
        elif not typed.quote:
            quoted = "".join(one if _BARE.match(one) else f"\\{one}" for one in name)
            yield "".join(_split_at(quoted, known)[parts - 1 :])
        elif name.startswith(typed.before_quote):
            rest = name[len(typed.before_quote) :]
            yield _escape_in_double(rest) if typed.quote == '"' else rest.replace("'", "'\\''")


def _escape_in_double(text: str) -> str:
    return "".join(f"\\{one}" if one in _SPECIAL_IN_DOUBLE else one for one in text)


def _split_at(word: str, breaks: str) -> list[str]:
    """Return the parts of a word, each with the break after it; one that is escaped is none."""
    parts = [""]
    is_escaped = False
    for letter in word:
        parts[-1] += letter
        if letter in breaks and not is_escaped:
            parts.append("")
        is_escaped = letter == "\\" and not is_escaped
    return parts


def quote_for_powershell(name: str) -> str:
    """Return a name as PowerShell reads it as one word, without expanding anything."""
    if _BARE_POWERSHELL.fullmatch(name):
        return name
    doubled = "".join(one * 2 if one in _POWERSHELL_QUOTES else one for one in name)
    return f"'{doubled}'"
