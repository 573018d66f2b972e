"""Changes of values of cards: brought into another notation, or merged with other changes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Final

from cardwright.anki.card_values import Data
from cardwright.merge import merge_texts, transfer_change

_MAX_WAYS: Final = 4
_MIN_WIDTH: Final = 80
_SLACK: Final = 25
_MARKER: Final = re.compile(r" *(?:[-*+] +|[0-9]+[.)] +|> ?)?")
_NO_PROSE: Final = re.compile(r" *(?:\||```|~~~|\$\$|    )")


def transfer_values(base: Data, theirs: Data, source: Data) -> Iterator[Data]:
    """Yield a source's value changed as `theirs` changes `base`, which says the same; nearest first."""
    for number in range(_MAX_WAYS):
        value = _transfer(base, theirs, source, number)
        if value is not None:
            yield value


def _transfer(base: Data, theirs: Data, source: Data, number: int) -> Data:
    """Return one of the ways to transfer a change; None if there are not so many."""
    if isinstance(base, str) and isinstance(theirs, str) and isinstance(source, str):
        ways: dict[str, None] = {}
        for way in transfer_change(base, theirs, source):
            ways[wrap_lines(way.strip(), source)] = None
            ways[way.strip()] = None
        return list(ways)[number] if number < len(ways) else None
    if isinstance(base, list) and isinstance(theirs, list) and isinstance(source, list):
        return _transfer_list(base, theirs, source, number)
    if isinstance(base, Mapping) and isinstance(theirs, Mapping) and isinstance(source, Mapping):
        return _transfer_mapping(base, theirs, source, number)
    return None


def _transfer_list(
    base: list[Data], theirs: list[Data], source: list[Data], number: int
) -> list[Data] | None:
    if len(base) != len(source):
        return None
    matcher = SequenceMatcher(None, list(map(repr, base)), list(map(repr, theirs)), autojunk=False)
    made: list[Data] = []
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what == "equal":
            made += source[start:end]
            continue
        for offset in range(new_end - new_start):
            item = theirs[new_start + offset]
            if start + offset < end:
                at = start + offset
                way = _transfer(base[at], item, source[at], number)
                item = way if way is not None else item
            made.append(item)
    return made


def _transfer_mapping(
    base: Mapping[str, str], theirs: Mapping[str, str], source: Mapping[str, str], number: int
) -> dict[str, Data]:
    made: dict[str, Data] = {}
    # An option that became right, or wrong, is the same text under another key.
    texts = {name: (base.get(name), source.get(name)) for name in base}
    spare = next(((b, s) for name, (b, s) in texts.items() if name not in theirs), (None, None))
    for name, text in theirs.items():
        before, written = texts.get(name, spare)
        way = None
        if before == text:
            way = written
        elif before is not None and written is not None:
            way = _transfer(before, text, written, number)
        made[name] = text if way is None else way
    return made


def merge_values(base: Data, ours: Data, theirs: Data) -> Data:
    """Return a value with the changes of both sides; None if they touch each other."""
    if base == ours:
        return theirs
    if theirs in (base, ours):
        return ours
    merged: Data = None
    if isinstance(base, str) and isinstance(ours, str) and isinstance(theirs, str):
        merged = merge_texts(base, ours, theirs)
    elif isinstance(base, list) and isinstance(ours, list) and isinstance(theirs, list):
        if len(base) == len(ours) == len(theirs):
            items = [merge_values(*three) for three in zip(base, ours, theirs, strict=True)]
            merged = None if None in items else items
    elif (
        isinstance(base, Mapping)
        and isinstance(ours, Mapping)
        and isinstance(theirs, Mapping)
        and base.keys() == ours.keys() == theirs.keys()
    ):
        pairs = {name: merge_values(base[name], ours[name], theirs[name]) for name in base}
        merged = None if None in pairs.values() else pairs
    return merged


def wrap_lines(text: str, source: str) -> str:
    """Return a text with new long lines wrapped, if the lines of its source are."""
    if "\n" not in source:
        return text
    known = set(source.split("\n"))
    width = max(_MIN_WIDTH, *map(len, known))
    lines: list[str] = []
    is_code = False
    for line in text.split("\n"):
        is_code ^= line.lstrip().startswith(("```", "~~~"))
        # A few words too long look better than a few words on a line of their own.
        is_short = len(line) <= width + _SLACK
        if is_short or line in known or is_code or _NO_PROSE.match(line):
            lines.append(line)
            continue
        marker = _MARKER.match(line)
        indent = " " * len(marker[0]) if marker else ""
        lines += textwrap.wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
    return "\n".join(lines)
