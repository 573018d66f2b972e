"""Two texts → the lines that differ, and the words that differ within them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from cardwright.merge import compare_words, split_words

_MAX_PAIRS: Final = 250_000
"""With more pairs of an old and a new line, all lines are shown as replaced."""
_MAX_REPEATED: Final = 5
"""Lines that occur more often in a text are not used to align it."""
REMOVED: Final = "removed"
ADDED: Final = "added"
"""The roles of words that differ; others have none."""
Pieces = list[tuple[str, str]]
"""Pieces of a line, each with its role."""


def compare_lines(before: list[str], after: list[str]) -> Iterator[str]:
    """Yield the removed lines, prefixed with a minus, and the added ones, with a plus."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    before, after = before[start:], after[start:]
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    if len(before) * len(after) > _MAX_PAIRS:
        runs = [("replace", 0, len(before), 0, len(after))]
    else:
        repeated = {line for line, number in Counter(after).items() if number > _MAX_REPEATED}
        matcher = SequenceMatcher(repeated.__contains__, before, after, autojunk=False)
        runs = [run for run in matcher.get_opcodes() if run[0] != "equal"]
    for _, old, old_end, new, new_end in runs:
        removed = [f"- {line}" for line in before[old:old_end]]
        added = [f"+ {line}" for line in after[new:new_end]]
        if len(removed) == len(added):
            yield from (line for pair in zip(removed, added, strict=True) for line in pair)
        else:
            yield from (*removed, *added)


def mark_words(before: str, after: str) -> Iterator[Pieces]:
    """Yield the lines that differ between two texts, in pieces: words that differ have a role."""
    lines = list(compare_lines(before.splitlines(), after.splitlines()))
    number = 0
    while number < len(lines):
        line = lines[number]
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if line.startswith("-") and following.startswith("+"):
            yield from _mark_pair(line, following)
            number += 2
            continue
        yield [(line, REMOVED if line.startswith("-") else ADDED)]
        number += 1


def _mark_pair(before: str, after: str) -> Iterator[Pieces]:
    old, new = split_words(before[2:]), split_words(after[2:])
    runs = list(compare_words(old, new, is_exact=True))
    yield [("- ", REMOVED), *_mark(old, [(run[0], run[1], run[2]) for run in runs], REMOVED)]
    yield [("+ ", ADDED), *_mark(new, [(run[0], run[3], run[4]) for run in runs], ADDED)]


def _mark(words: Sequence[str], runs: Sequence[tuple[str, int, int]], role: str) -> Pieces:
    return [
        ("".join(words[start:end]), "" if what == "equal" else role)
        for what, start, end in runs
        if start < end
    ]
