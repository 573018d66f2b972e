"""Two changes of the same text → the text with both, if they are in different places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"\S+\s*|\s+")
_MAX_PAIRS: Final = 4_000_000
"""Longer texts are compared by lines: the time grows with the product of their lengths."""


class _Change(NamedTuple):
    """A part of the base, from `start` up to `end`, that was replaced."""

    start: int
    end: int
    made: tuple[str, ...]


def merge_texts(base: str, ours: str, theirs: str) -> str | None:
    """Return a text with the changes of both sides, word by word; None if they touch each other."""
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    parts = [_WORD.findall(text) for text in (base, ours, theirs)]
    if len(parts[0]) * max(map(len, parts)) > _MAX_PAIRS:
        parts = [text.splitlines(keepends=True) for text in (base, ours, theirs)]
        if len(parts[0]) * max(map(len, parts)) > _MAX_PAIRS:
            return None
    first, *others = parts
    return _merge(first, *(list(_find_changes(first, other)) for other in others))


def _find_changes(base: Sequence[str], other: Sequence[str]) -> Iterator[_Change]:
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what != "equal":
            yield _Change(start, end, tuple(other[new_start:new_end]))


def _merge(base: Sequence[str], ours: Sequence[_Change], theirs: Sequence[_Change]) -> str | None:
    merged: list[str] = []
    place = -1
    done = 0
    for change in sorted({*ours, *theirs}):
        if change.start <= place:
            return None
        merged += [*base[done : change.start], *change.made]
        place = done = change.end
    return "".join((*merged, *base[done:]))
