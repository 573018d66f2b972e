"""Two changes of the same text → the text with both, if they are in different places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"\S+\s*|\s+")
_TOKEN: Final = re.compile(r"([^\W_]+|\S|\A(?=\s))(\s*)")
"""A word or a mark, and the space behind it."""
_MAX_WORK: Final = 20_000_000
"""If comparing two sequences may take more steps, only their starts and ends are compared."""
_MAX_PAIRS: Final = 4_000_000
"""Longer texts are compared by lines: the time grows with the product of their lengths."""


Run = tuple[str, int, int, int, int]
"""What happened to a part of the old sequence (start, end), and its place in the new one."""


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
    before, after, written = map(split_words, (base, theirs, source))
    pairs = list(_align(before, written))
    changes = [
        (start, end, after[new_start:new_end])
        for what, start, end, new_start, new_end in compare_words(before, after)
        if what != "equal"
    ]
    found = (_transfer(before, written, pairs, changes, is_left=left) for left in (True, False))
    yield from dict.fromkeys(found)


def split_words(text: str) -> list[str]:
    """Return the words and marks of a text, each followed by the space behind it, which may be ""."""
    return [part for token in _TOKEN.findall(text) for part in token]


def compare_words(
    old: Sequence[str], new: Sequence[str], *, is_exact: bool = False
) -> Iterator[Run]:
    """Yield the runs of `split_words` of two texts: first words are compared, then the spaces between.

    Unless it `is_exact`, a line break is a space.
    """
    for what, start, end, new_start, new_end in compare_sequences(old[::2], new[::2]):
        # The spaces behind words that were replaced may be the same.
        common = min(end - start, new_end - new_start)
        if end - start != new_end - new_start:
            common = min(common, 1)
        last, new_last = 2 * (end - common), 2 * (new_end - common)
        if 2 * start < last or 2 * new_start < new_last:
            yield what, 2 * start, last, 2 * new_start, new_last
        for offset in range(0, 2 * common, 2):
            at, new_at = last + offset, new_last + offset
            is_word_same = old[at] == new[new_at]
            yield "equal" if is_word_same else "replace", at, at + 1, new_at, new_at + 1
            gap, new_gap = old[at + 1], new[new_at + 1]
            is_same = gap == new_gap or (not is_exact and _sort_gap(gap) == _sort_gap(new_gap))
            yield "equal" if is_same else "replace", at + 1, at + 2, new_at + 1, new_at + 2


def _sort_gap(gap: str) -> str:
    return gap and ("\n\n" if gap.count("\n") > 1 else " ")


def compare_sequences(old: Sequence[str], new: Sequence[str]) -> Iterator[Run]:
    """Yield equal and other runs of two sequences, as `SequenceMatcher` does, in bounded time."""
    start, most = 0, min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    if start:
        yield "equal", 0, start, 0, start
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    counts = Counter(after)
    work = sum(counts[one] for one in before) * min(len(before), len(after))
    if work > _MAX_WORK:
        yield "replace", start, start + len(before), start, start + len(after)
    elif before or after:
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for what, first, last, new_first, new_last in matcher.get_opcodes():
            yield what, start + first, start + last, start + new_first, start + new_last
    if end:
        yield "equal", len(old) - end, len(old), len(new) - end, len(new)


class _Part(NamedTuple):
    """A part of the base, and the part of the source that stands for it."""

    start: int
    end: int
    source_start: int
    source_end: int


def _align(base: Sequence[str], source: Sequence[str]) -> Iterator[_Part]:
    """Yield the parts of both: tokens that are equal one by one, others together."""
    for what, start, end, source_start, source_end in compare_words(base, source):
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
