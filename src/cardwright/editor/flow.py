"""Mappings and lists in brackets within a line of YAML, complete or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

KEY: Final = re.compile(
    r"""("[^"]*"|'[^']*'|[^\s:#'"\[\]{},&*!|>%@`-][^:#\[\]{},]*?)[ \t]*:(?=\s|$)"""
)
QUOTES: Final = ("'", '"')
_PIECE: Final = re.compile(
    r"""[\[\]{},]|:(?=\s|$)|(?<![^\s\[{,:])(?:'[^']*(?:'|$)|"[^"]*(?:"|$))|[^\[\]{},:'"]+|[:'"]"""
)


class InBrackets(NamedTuple):
    """What is at a place in brackets."""

    path: tuple[str, ...]
    """The keys that lead there; "-" stands for an item of a list."""
    key: str | None
    """The key whose value is there."""
    is_key: bool
    """Whether a key may be written there."""
    start: int
    """The column at which the word there starts."""
    siblings: frozenset[str]
    """The other keys of the mapping there."""


class _Level:
    """A bracket that is open."""

    def __init__(self, sign: str, start: int, path: tuple[str, ...]) -> None:
        self.is_list = sign == "["
        self.path = (*path, "-") if self.is_list else path
        self.keys: dict[int, str] = {}
        """By the column at which the part with the key starts."""
        self.key: str | None = None
        self.start = start
        """The column after the last bracket, comma or colon."""


def find_in_brackets(text: str, start: int, column: int) -> InBrackets | None:
    """Return what is at a column within brackets that open at a place; None outside of any."""
    if text[start : start + 1] not in ("[", "{") or column <= start:
        return None
    levels: list[_Level] = []
    found: tuple[_Level, str | None, int] | None = None
    for piece in _PIECE.finditer(text, start):
        sign, place = piece[0], piece.start()
        if place >= column and found is None:
            if not levels:
                return None
            found = (levels[-1], levels[-1].key, levels[-1].start)
        if found is not None and found[0] not in levels:
            break
        _follow(levels, text, sign, place, piece.end())
    if found is None:
        if not levels:
            return None
        found = (levels[-1], levels[-1].key, levels[-1].start)
    level, key, begin = found
    while begin < column and text[begin] == " ":
        begin += 1
    siblings = frozenset(
        name for place, name in level.keys.items() if not place <= begin <= place + len(name)
    )
    is_key = key is None and not level.is_list
    return InBrackets(level.path, key, is_key, begin, siblings)


def _follow(levels: list[_Level], text: str, sign: str, place: int, end: int) -> None:
    """Update the open brackets by a piece of text."""
    if sign in {"[", "{"}:
        outer = levels[-1] if levels else None
        path = outer.path if outer else ()
        path = (*path, outer.key) if outer and outer.key is not None else path
        levels.append(_Level(sign, end, path))
    elif not levels:
        return
    elif sign in {"]", "}"}:
        levels.pop()
    elif sign == ",":
        levels[-1].key, levels[-1].start = None, end
    elif sign == ":" and not levels[-1].is_list and levels[-1].key is None:
        level = levels[-1]
        words = text[level.start : place]
        level.key = words.strip().strip("'\"")
        level.keys[level.start + len(words) - len(words.lstrip())] = level.key
        level.start = end


def list_pairs(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield the keys of a mapping in braces, with their values and the columns where these start."""
    levels: list[_Level] = []
    start = 0
    for piece in _PIECE.finditer(text):
        level = levels[0] if levels else None
        if level and level.key is not None and len(levels) == 1 and piece[0] in {",", "}"}:
            words = text[start : piece.start()]
            yield level.key, words.strip(), start + len(words) - len(words.lstrip())
        _follow(levels, text, piece[0], piece.start(), piece.end())
        if not levels:
            return
        start = levels[0].start
    if levels and levels[0].key is not None:
        words = text[start:]
        yield levels[0].key, words.strip(), start + len(words) - len(words.lstrip())
