"""A YAML file line by line, as far as it can be understood while somebody types.

A parser of YAML gives up at the first error, and half a line is usually one. Here, each line is taken
by itself: its indentation, its dashes, its key. What is in brackets is understood within a line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, takewhile
from operator import attrgetter
from typing import Final, NamedTuple

from cardwright.editor.buffer import Buffer
from cardwright.editor.flow import KEY, QUOTES, find_in_brackets, list_pairs

_LEAD: Final = re.compile(r"[ \t]*((?:-[ \t]+)*(?:-(?=\s|$))?)[ \t]*")
_BLOCK: Final = re.compile(r"[|>][-+0-9]*[ \t]*(?:#.*)?")
_MAX_LINE: Final = 5_000
"""Beyond this column, nothing is understood."""
_MAX_BELOW: Final = 1_000
"""So many lines are gone through to find the keys below one."""
_BLANK: Final = " \t"
_BOM: Final = "\ufeff"
_ITEM: Final = "-"


class Line(NamedTuple):
    """A line with a key, or with an item of a list."""

    number: int
    """From 0."""
    indent: int
    """The column of its first dash, or of its key."""
    column: int
    """The column of what follows the dashes."""
    has_dash: bool
    key: str
    """Empty if it has none."""
    value: str
    """What follows the key, or the dashes, without white space around it."""
    value_column: int

    @property
    def is_block(self) -> bool:
        """Whether a text follows below."""
        return _BLOCK.fullmatch(self.value) is not None


class Item(NamedTuple):
    """An item of a list of mappings: a card, a lesson, a sub-deck."""

    start: int
    """Its first line, from 0."""
    end: int
    """The line after its last one."""
    lines: tuple[Line, ...]
    """Those of its own keys."""

    def find(self, key: str) -> Line | None:
        """Return the line of a key."""
        return next((line for line in self.lines if line.key == key), None)

    def value(self, key: str) -> str:
        """Return a value that is a word; "" if there is none."""
        line = self.find(key)
        return _unquote(line.value) if line else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """What is at a place of a file."""

    path: tuple[str, ...]
    """The keys that lead to the mapping or list there; "-" stands for an item of a list."""
    key: str | None
    """The key whose value is there, or that is there itself; None in an item without one."""
    line: int
    start: int
    """The column at which the word there starts; a quote before it belongs to it."""
    end: int
    """The column at which it ends."""
    before: str
    """The text from there to the place, without a quote before it."""
    word: str = ""
    """The word itself, without quotes."""
    is_key: bool = False
    """Whether the place is in a key, or where only a key may be written."""
    is_text: bool = False
    """Whether the place is in a text of several lines."""
    siblings: frozenset[str] = frozenset()
    """The other keys of the mapping there."""

    @property
    def value_path(self) -> tuple[str, ...]:
        """The keys and items that lead to the value there."""
        return self.path if self.key is None or self.is_key else (*self.path, self.key)

    @property
    def names(self) -> list[str]:
        """The keys that lead to the value there."""
        return [step for step in self.value_path if step != _ITEM]


class Outline:
    """The lines of a file that have keys or are items of lists."""

    def __init__(self, buffer: Buffer) -> None:
        """Go through the lines, and leave out texts, comments and blank lines."""
        self.buffer = buffer
        self.lines: list[Line] = []
        self._texts: list[tuple[Line, int]] = []
        """The lines that have a text of several lines, each with the line after the text."""
        block: Line | None = None
        for number, whole in enumerate(buffer.lines):
            text = whole[:_MAX_LINE].removeprefix(_BOM)
            if block is not None:
                if not text.strip() or _measure_indent(text) > block.indent:
                    continue
                self._texts.append((block, number))
            line = _read_line(number, text)
            block = line if line and line.is_block else None
            if line is not None:
                self.lines.append(line)
        if block is not None:
            self._texts.append((block, len(buffer.lines)))

    @cached_property
    def top(self) -> Item:
        """The keys of the file itself."""
        own = (line for line in self.lines if line.key and not line.indent and not line.has_dash)
        return Item(0, len(self.buffer.lines), tuple(own))

    def list_items(self, key: str) -> list[Item]:
        """Return the items of a list at the top of the file, such as `cards`."""
        head = self.top.find(key)
        if head is None:
            return []
        after = [line.number for line in self.top.lines if line.number > head.number]
        end = after[0] if after else len(self.buffer.lines)
        below = self.lines[self._find_index(head.number + 1) : self._find_index(end)]
        indent = min((line.indent for line in below if line.has_dash), default=0)
        starts = [at for at, line in enumerate(below) if line.has_dash and line.indent <= indent]
        return [
            _make_item(below[start:stop], below[stop].number if stop < len(below) else end)
            for start, stop in pairwise([*starts, len(below)])
        ]

    def list_keys(self, key: str) -> list[str]:
        """Return the keys of a mapping at the top of the file, such as the names of `fields`."""
        head = self.top.find(key)
        if head is None:
            return []
        after = self.lines[self._find_index(head.number + 1) :]
        below = list(takewhile(lambda line: line.column > head.column, after))
        indent = min((line.column for line in below), default=0)
        own = (line for line in below if line.column == indent)
        return [line.key for line in (*_read_flow(head), *own) if line.key]

    @cached_property
    def cards(self) -> list[Item]:
        """The cards of a file of cards."""
        return self.list_items("cards")

    def find_card(self, line: int) -> Item | None:
        """Return the card that a line belongs to."""
        return next((item for item in self.cards if item.start <= line < item.end), None)

    def find(self, line: int, column: int) -> Cursor:
        """Return what is at a place."""
        text = self.buffer.line(line)[:_MAX_LINE]
        if text.startswith(_BOM):
            # The editor counts it, but what follows is at the start of the line.
            found = self._find(line, max(column - 1, 0), text[1:])
            return replace(found, start=found.start + 1, end=found.end + 1)
        return self._find(line, column, text)

    def _find(self, line: int, column: int, text: str) -> Cursor:
        column = min(column, len(text))
        for block, end in self._texts:
            # An empty line behind a text may start a key, if the place is not indented as the text.
            if block.number < line < end and (text.strip() or column > block.indent):
                path, _ = self._climb(block)
                return Cursor(
                    path=path,
                    key=block.key or None,
                    line=line,
                    start=column,
                    end=column,
                    before=text[:column],
                    is_text=True,
                )
        return self._find_on_line(line, column, text)

    def _find_on_line(self, number: int, column: int, text: str) -> Cursor:
        found = _read_line(number, text)
        if found is None:
            # What is written here will be a key, at the depth of the line or of the place.
            depth = _measure_indent(text) if text.strip() else column
            found = Line(number, depth, depth, False, "", text.strip(), depth)  # noqa: FBT003
        path, siblings = self._climb(found)
        key = found.key or None
        start = found.value_column if key or found.has_dash else found.column
        if key and column < start:
            is_key, siblings = True, siblings - {key}
            start, end, word = found.column, found.column + len(key), key
        elif brackets := find_in_brackets(text, start, column):
            path = (*path, *([key] if key else []), *brackets.path)
            key, is_key, siblings = brackets.key, brackets.is_key, brackets.siblings
            start, end, word = _cut_word(
                text, brackets.start, column, ":,[]{}" if is_key else ",[]{}"
            )
        else:
            start = min(start, column)
            ends = "" if text[start : start + 1] in QUOTES else "#"
            start, end, word = _cut_word(text, start, column, ends)
            is_key = key is None and not found.has_dash
        return Cursor(
            path=path,
            key=key,
            line=number,
            start=start,
            end=end,
            before=text[start:column].lstrip("'\""),
            word=word,
            is_key=is_key,
            siblings=siblings,
        )

    def _climb(self, own: Line) -> tuple[tuple[str, ...], frozenset[str]]:
        """Return the keys above a line, and the keys beside its own."""
        at = self._find_index(own.number)
        siblings = set(self._list_keys_below(own, at))
        path: list[str] = [_ITEM] if own.has_dash else []
        level, dash = own.column, own.indent if own.has_dash else None
        while at > 0 and (level > 0 or dash is not None or not path):
            at -= 1
            line = self.lines[at]
            starts_item = line.column == level or (not line.key and line.indent < level)
            if dash is None and line.has_dash and starts_item:
                siblings |= {line.key} if not path else set()
                path.append(_ITEM)
                dash = line.indent
            elif dash is None and line.column == level:
                siblings |= {line.key} if not path else set()
            elif line.key and (line.column < level if dash is None else line.column <= dash):
                # A list belongs to the nearest key that is not deeper than its dashes.
                path += [line.key, _ITEM] if line.has_dash else [line.key]
                level, dash = line.column, line.indent if line.has_dash else None
        return tuple(reversed(path)), frozenset(siblings - {""})

    def _list_keys_below(self, own: Line, at: int) -> Iterator[str]:
        """Yield the keys beside that of a line, on the lines below it."""
        for line in self.lines[at : at + _MAX_BELOW]:
            if line.number > own.number:
                if line.indent < own.column:
                    return
                if line.column == own.column and not line.has_dash:
                    yield line.key

    def _find_index(self, number: int) -> int:
        """Return the index of the first of the lines from a number on."""
        return bisect_left(self.lines, number, key=attrgetter("number"))


def _read_line(number: int, text: str) -> Line | None:
    """Return what a line holds; None for a comment, a blank line, and one that only continues."""
    lead = _LEAD.match(text)
    if lead is None:
        return None
    column, has_dash = lead.end(), bool(lead[1])
    if text.startswith("#", column) or (column == len(text) and not has_dash):
        return None
    indent = lead.start(1) if has_dash else column
    key = KEY.match(text, column)
    if key is None:
        words = text[column:].strip()
        return Line(number, indent, column, has_dash, "", words, column) if has_dash else None
    start = key.end() + _measure_indent(text[key.end() :])
    return Line(number, indent, column, has_dash, _unquote(key[1]), text[start:].strip(), start)


def _make_item(lines: Sequence[Line], end: int) -> Item:
    first = lines[0]
    own = [line for line in lines[1:] if line.column == first.column and not line.has_dash]
    return Item(first.number, end, (first, *_read_flow(first), *own))


def _read_flow(line: Line) -> list[Line]:
    """Return the keys of a mapping in braces that is the value of a line."""
    if not line.value.startswith("{"):
        return []
    return [
        line._replace(has_dash=False, key=key, value=value, value_column=line.value_column + column)
        for key, value, column in list_pairs(line.value)
    ]


def _measure_indent(text: str) -> int:
    return len(text) - len(text.lstrip(_BLANK))


def _unquote(value: str) -> str:
    """Return a plain or quoted word without quotes, and without a comment behind it."""
    if value.startswith(QUOTES):
        return value[1:].partition(value[0])[0]
    return value.partition(" #")[0].strip()


def _cut_word(text: str, start: int, column: int, ends: str) -> tuple[int, int, str]:
    """Return where the word at a column starts and ends, and the word without quotes.

    It starts at `start`, and ends before one of some characters, or behind its quote.
    """
    quote = text[start : start + 1]
    if quote in QUOTES:
        close = text.find(quote, start + 1)
        end = len(text) if close < 0 else close + 1
        if column <= end:
            return start, end, text[start + 1 : end].rstrip(quote)
    end = start + len(re.split(f"[{re.escape(ends)}]", text[start:])[0]) if ends else len(text)
    word = text[start : max(end, column)].rstrip()
    return start, max(start + len(word), column), word.strip()
