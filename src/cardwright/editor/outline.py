"""A YAML file line by line, as far as it can be understood while somebody types.

A parser of YAML gives up at the first error, and half a line is usually one. Here, each line is taken
by itself: its indentation, its dashes, its key. What is in brackets is understood within a line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise, takewhile
from operator import attrgetter
from typing import Final, NamedTuple

from cardwright.editor.buffer import Buffer

_LEAD: Final = re.compile(r"[ \t\ufeff]*((?:-[ \t]+)*-?)")
_KEY: Final = re.compile(
    r"""("[^"]*"|'[^']*'|[^\s:#'"\[\]{},&*!|>%@`-][^:#\[\]{},]*?)[ \t]*:(?=\s|$)"""
)
_BLOCK: Final = re.compile(r"[|>][-+0-9]*[ \t]*(?:#.*)?")
_MAX_LINE: Final = 5_000
"""Beyond this column, nothing is understood."""
_MAX_KEYS: Final = 1_000
"""So many lines are gone through to find the keys below one."""
_BLANK: Final = " \t"
_QUOTES: Final = "\"'"


class Line(NamedTuple):
    """A line with a key or an item of a list."""

    number: int
    """From 0."""
    indent: int
    """The column of its first dash or of its key."""
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
        return unquote(line.value) if line else ""


class Cursor(NamedTuple):
    """What is at a place of a file."""

    path: tuple[str, ...]
    """The keys that lead to the mapping or list there; "-" stands for an item of a list."""
    key: str | None
    """The key whose value is there, or that is there itself; None in an item without one."""
    is_key: bool
    """Whether the place is in a key, or where only a key may be written."""
    is_text: bool
    """Whether the place is in a text of several lines."""
    line: int
    start: int
    """The column at which the word there starts; a quote before it belongs to it."""
    end: int
    """The column at which it ends."""
    word: str
    """The word itself, without quotes."""
    before: str
    """Its part before the place."""
    siblings: frozenset[str]
    """The other keys of the mapping there."""

    @property
    def value_path(self) -> tuple[str, ...]:
        """The keys and items that lead to the value there."""
        return self.path if self.key is None or self.is_key else (*self.path, self.key)


def unquote(value: str) -> str:
    """Return a plain or quoted word without quotes, and without a comment behind it."""
    if value.startswith(tuple(_QUOTES)):
        return value[1:].partition(value[0])[0]
    return value.partition(" #")[0].strip()


class Outline:
    """The lines of a file that have keys or are items of lists."""

    def __init__(self, buffer: Buffer) -> None:
        """Go through the lines, and leave out texts, comments and blank lines."""
        self.buffer = buffer
        self.lines: list[Line] = []
        self._texts: list[tuple[int, int, Line]] = []
        """The texts of several lines: first line, line after the last one, and where they belong."""
        self._read()

    def _read(self) -> None:
        block: Line | None = None
        for number, whole in enumerate(self.buffer.lines):
            text = whole[:_MAX_LINE]
            if block is not None:
                depth = len(text) - len(text.lstrip(" \t"))
                if not text.strip() or depth > block.indent:
                    continue
                self._texts.append((block.number + 1, number, block))
                block = None
            line = _read_line(number, text)
            if line is not None:
                self.lines.append(line)
                block = line if line.is_block else None
        if block is not None:
            self._texts.append((block.number + 1, len(self.buffer.lines), block))

    @cached_property
    def top(self) -> Item:
        """The keys of the file itself."""
        lines = tuple(
            line for line in self.lines if not line.indent and not line.has_dash and line.key
        )
        return Item(0, len(self.buffer.lines), lines)

    def list_items(self, key: str) -> list[Item]:
        """Return the items of a list at the top of the file, such as `cards`."""
        head = self.top.find(key)
        if head is None:
            return []
        after = [line.number for line in self.top.lines if line.number > head.number]
        end = after[0] if after else len(self.buffer.lines)
        below = self.lines[self._find_index(head.number + 1) : self._find_index(end)]
        indent = min((line.indent for line in below if line.has_dash), default=0)
        starts = [
            place for place, line in enumerate(below) if line.has_dash and line.indent <= indent
        ]
        return [
            _make_item(below[place:stop], below[stop].number if stop < len(below) else end)
            for place, stop in pairwise([*starts, len(below)])
        ]

    def list_keys(self, key: str) -> list[str]:
        """Return the keys of a mapping at the top of the file, such as the names of `fields`."""
        head = self.top.find(key)
        if head is None:
            return []
        after = self.lines[self._find_index(head.number + 1) :]
        below = list(takewhile(lambda line: line.column > head.column, after))
        indent = min((line.column for line in below), default=0)
        return [
            line.key
            for line in (*_read_flow(head), *below)
            if line is not head
            and line.key
            and (line.number == head.number or line.column == indent)
        ]

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
        column = min(column, len(text))
        for start, end, block in self._texts:
            # An empty line behind a text may start a key, if the place is not indented as the text.
            if start <= line < end and (text.strip() or column > block.indent):
                path, _ = self._climb(block)
                before = text[:column]
                return Cursor(
                    path,
                    block.key or None,
                    False,
                    True,
                    line,
                    column,
                    column,
                    "",
                    before,
                    frozenset(),
                )
        return self._find_on_line(line, column, text)

    def _find_on_line(self, number: int, column: int, text: str) -> Cursor:
        found = _read_line(number, text)
        if found is None:
            # What is written here will be a key, at the depth of the line or of the place.
            blank = len(text) - len(text.lstrip(_BLANK))
            found = Line(
                number, blank, blank if text.strip() else column, False, "", text.strip(), blank
            )
        path, siblings = self._climb(found)
        start = found.value_column if found.key or found.has_dash else found.column
        key_end = found.column + len(text[found.column :].partition(":")[0])
        if found.key and column <= key_end:
            start, end, word = found.column, found.column + len(found.key), found.key
            siblings -= {word}
            return Cursor(
                path, word, True, False, number, start, end, word, text[start:column], siblings
            )
        key = found.key or None
        flow = _find_in_flow(text, start, column)
        if flow is not None:
            path = (*path, *([key] if key else []), *flow.path)
            ends = ":,[]{}" if flow.is_key else ",[]{}"
            start, end, word = _cut_word(text, flow.start, column, ends)
            key, is_key, siblings = flow.key, flow.is_key, flow.siblings
        else:
            start, end, word = _cut_value(text, min(start, column), column)
            is_key = key is None and not found.has_dash
        before = text[start:column].lstrip(_QUOTES)
        return Cursor(path, key, is_key, False, number, start, end, word, before, siblings)

    def _climb(self, own: Line) -> tuple[tuple[str, ...], frozenset[str]]:
        """Return the keys above a line, and the keys beside its own."""
        path: list[str] = []
        siblings: set[str] = set()
        at = self._find_index(own.number)
        for line in self.lines[at : at + _MAX_KEYS]:
            if line.number > own.number:
                if line.indent < own.column:
                    break
                if line.column == own.column and not line.has_dash:
                    siblings.add(line.key)
        level, dash = own.column, own.indent if own.has_dash else None
        if dash is not None:
            path.append("-")
        while at > 0 and (level > 0 or dash is not None or not path):
            at -= 1
            line = self.lines[at]
            if dash is not None:
                # The list belongs to the nearest key that is not deeper than its dashes.
                is_parent = line.key and line.column <= dash
            elif line.column == level or (line.has_dash and not line.key and line.indent < level):
                if line.key and not path:
                    siblings.add(line.key)
                if line.has_dash:
                    path.append("-")
                    dash = line.indent
                continue
            else:
                is_parent = line.key and line.column < level
            if is_parent:
                path.append(line.key)
                level, dash = line.column, line.indent if line.has_dash else None
                if dash is not None:
                    path.append("-")
        return tuple(reversed(path)), frozenset(siblings - {""})

    def _find_index(self, number: int) -> int:
        """Return the index of the first of the lines from a number on."""
        return bisect_left(self.lines, number, key=attrgetter("number"))


def _make_item(lines: Sequence[Line], end: int) -> Item:
    first = lines[0]
    own = [line for line in lines[1:] if line.column == first.column and not line.has_dash]
    return Item(first.number, end, (first, *_read_flow(first), *own))


class _Flow(NamedTuple):
    """What is at a place in brackets."""

    path: tuple[str, ...]
    key: str | None
    is_key: bool
    start: int
    siblings: frozenset[str]


def _read_line(number: int, text: str) -> Line | None:
    """Return what a line holds; None for a comment, a blank line, and one that only continues."""
    lead = _LEAD.match(text)
    if lead is None:
        return None
    column = lead.end()
    while column < len(text) and text[column] in " \t":
        column += 1
    has_dash = bool(lead[1])
    rest = text[column:]
    if rest.startswith("#") or (not rest and not has_dash):
        return None
    indent = lead.start(1) if has_dash else column
    key = _KEY.match(text, column)
    if key is None:
        if not has_dash:
            return None
        return Line(number, indent, column, True, "", rest.strip(), column)
    start = key.end()
    while start < len(text) and text[start] in " \t":
        start += 1
    return Line(number, indent, column, has_dash, unquote(key[1]), text[start:].strip(), start)


def _read_flow(line: Line) -> list[Line]:
    """Return the keys of a mapping in braces on one line."""
    if not line.value.startswith("{"):
        return []
    found = []
    for start, end in _split_flow(line.value, 1):
        part = line.value[start:end]
        key = _KEY.match(part.lstrip())
        if key is not None:
            value = part.lstrip()[key.end() :].strip()
            column = (
                line.value_column + end - len(part[key.end() :].lstrip())
                if value
                else line.value_column + end
            )
            found.append(
                Line(line.number, line.indent, line.column, False, unquote(key[1]), value, column)
            )
    return found


def _split_flow(text: str, start: int) -> list[tuple[int, int]]:
    """Return where the parts of a collection in brackets start and end."""
    parts, depth, quote, begin = [], 0, "", start
    for place in range(start, len(text)):
        char = text[place]
        if quote:
            quote = "" if char == quote else quote
        elif char in _QUOTES and not text[begin:place].split(": ")[-1].strip():
            quote = char
        elif char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
            if depth < 0:
                parts.append((begin, place))
                return parts
        elif char == "," and not depth:
            parts.append((begin, place))
            begin = place + 1
    parts.append((begin, len(text)))
    return parts


def _find_in_flow(text: str, start: int, column: int) -> _Flow | None:
    """Return what is at a column within brackets that open at `start` or later; None outside of any."""
    if text[start : start + 1] not in {"[", "{"} or not text[start : start + 1] or column <= start:
        return None
    path: list[str] = []
    opened: list[tuple[str, int, str | None]] = []
    quote, begin, place = "", start, start
    key: str | None = None
    while place < column:
        char = text[place]
        if quote:
            quote = "" if char == quote else quote
        elif char in _QUOTES and not text[begin:place].strip():
            quote = char
        elif char in "[{":
            opened.append((char, place, key))
            if key is not None:
                path.append(key)
            if len(opened) > 1 and opened[-2][0] == "[" and char == "{":
                path.append("-")
            key, begin = None, place + 1
        elif char in "]}" and opened:
            kind, _, outer = opened.pop()
            if opened and opened[-1][0] == "[" and kind == "{" and path:
                path.pop()
            if outer is not None and path:
                path.pop()
            key, begin = outer, place + 1
            if not opened:
                return None
        elif char == ",":
            key, begin = None, place + 1
        elif (
            char == ":"
            and text[place + 1 : place + 2] in {" ", ""}
            and opened
            and opened[-1][0] == "{"
            and key is None
        ):
            key, begin = unquote(text[begin:place].strip()), place + 1
        place += 1
    if not opened:
        return None
    while begin < column and text[begin] == " ":
        begin += 1
    kind, at, _ = opened[-1]
    if kind == "[":
        return _Flow((*path, "-"), None, False, begin, frozenset())
    keys = set()
    for first, last in _split_flow(text, at + 1):
        match = _KEY.match(text[first:last].lstrip() + " ")
        if match is not None and not first <= begin <= last:
            keys.add(unquote(match[1]))
    return _Flow(tuple(path), key, key is None, begin, frozenset(keys))


def _cut_word(text: str, start: int, column: int, ends: str) -> tuple[int, int, str]:
    """Return where the word at a column starts and ends, within what starts at `start`, and the word."""
    quote = text[start : start + 1]
    if quote in tuple(_QUOTES):
        end = text.find(quote, start + 1)
        end = len(text) if end < 0 else end + 1
        if column <= end:
            return start, end, text[start + 1 : end].rstrip(quote)
    end = max(column, start)
    while end < len(text) and text[end] not in ends:
        end += 1
    return start, end, text[start:end].strip()


def _cut_value(text: str, start: int, column: int) -> tuple[int, int, str]:
    value = text[start:]
    if value.startswith(tuple(_QUOTES)):
        return _cut_word(text, start, column, _BLANK)
    end = start + len(value.partition(" #")[0].rstrip())
    end = max(end, column)
    return start, end, text[start:end].strip()
