"""Two changes of the same text → the text with both, if they are in different places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"\S+\s*|\s+")
_TOKEN: Final = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)
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


def transfer_change(base: str, theirs: str, source: str) -> Iterator[str]:
    """Yield a source changed as `theirs` changes `base`, which says the same in another notation.

    Words, marks and line breaks of the source stay wherever nothing was changed. There may be several
    ways, since what the source has between two words may belong to either.
    """
    if source == base:
        yield theirs
        return
    before, after, written = (_TOKEN.findall(text) for text in (base, theirs, source))
    if len(before) * max(len(after), len(written)) > _MAX_PAIRS:
        return
    pairs = list(_align(before, written))
    changes = [
        (start, end, after[new_start:new_end])
        for what, start, end, new_start, new_end in _compare(before, after)
        if what != "equal"
    ]
    found = (_transfer(before, written, pairs, changes, is_left=left) for left in (True, False))
    yield from dict.fromkeys(found)


def _make_key(token: str) -> str:
    """Return what is the same for tokens that differ in notation: a line break is a space."""
    if not token.isspace():
        return token
    return "\n\n" if token.count("\n") > 1 else " "


def _compare(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    before, after = ([_make_key(token) for token in tokens] for tokens in (old, new))
    return list(SequenceMatcher(None, before, after, autojunk=False).get_opcodes())


class _Part(NamedTuple):
    """A part of the base, and the part of the source that stands for it."""

    start: int
    end: int
    source_start: int
    source_end: int


def _align(base: Sequence[str], source: Sequence[str]) -> Iterator[_Part]:
    """Yield the parts of both: tokens that are equal one by one, others together."""
    for what, start, end, source_start, source_end in _compare(base, source):
        if what == "equal":
            for offset in range(end - start):
                at = source_start + offset
                yield _Part(start + offset, start + offset + 1, at, at + 1)
        else:
            yield _Part(start, end, source_start, source_end)


def _transfer(
    base: Sequence[str],
    source: Sequence[str],
    parts: Sequence[_Part],
    changes: Sequence[tuple[int, int, list[str]]],
    *,
    is_left: bool,
) -> str:
    """Return the source with the changes; what only the source has goes to the left or the right."""
    made: list[str] = []
    waiting = list(changes)
    for part in parts:
        touching: list[tuple[int, int, list[str]]] = []
        while waiting and _touches(waiting[0], part, is_left=is_left):
            touching.append(waiting.pop(0))
        # A change that goes on behind this part has removed it.
        if not touching:
            made += source[part.source_start : part.source_end]
            continue
        at = part.start
        rest: list[str] = []
        for start, end, tokens in touching:
            rest += base[at:start]
            rest += tokens
            at = min(end, part.end)
            if end > part.end:
                waiting.insert(0, (part.end, end, []))
        rest += base[at : part.end]
        if part.end - part.start <= 1 and all(start == end for start, end, _ in touching):
            # What was inserted before it does not change it.
            rest = [token for _, _, tokens in touching for token in tokens]
            rest += source[part.source_start : part.source_end]
        made += rest
    made += (token for _, _, tokens in waiting for token in tokens)
    return "".join(made)


def _touches(change: tuple[int, int, list[str]], part: _Part, *, is_left: bool) -> bool:
    start, end, _ = change
    if start == end:
        if part.start == part.end:
            return start == part.start and is_left
        return part.start <= start < part.end
    return start < part.end and part.start < part.end
