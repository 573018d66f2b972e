"""The text of an open file, with places as editors count them: from 0, in UTF-16 code units."""

from __future__ import annotations

import re
from bisect import bisect_right
from difflib import SequenceMatcher
from functools import cached_property
from itertools import accumulate
from typing import Any, Final, NamedTuple

from cardwright.diagnostic import Span

Position = dict[str, int]
"""A position of the protocol: line and character."""
Range = dict[str, Position]
"""A range of the protocol: start and end."""

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_BOM: Final = "\ufeff"
_LAST_UNIT: Final = "\uffff"
"""Every character behind it takes two code units."""


class Place(NamedTuple):
    """A place in a text: line and column from 0, in characters."""

    line: int
    column: int


class Buffer:
    """A text that an editor shows; it never changes."""

    def __init__(self, text: str, version: int | None = None) -> None:
        """Keep a text, with the number that the editor gave it."""
        self.text = text
        self.version = version

    @cached_property
    def raw_lines(self) -> list[str]:
        """The lines with their ends; the last one has none."""
        found = _LINE.findall(self.text)
        # The pattern also matches the empty text at the end, which is a line only after a line's end.
        if len(found) > 1 and not found[-1] and not found[-2].endswith(("\r", "\n")):
            found.pop()
        return found

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return [line.rstrip("\r\n") for line in self.raw_lines]

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate(map(len, self.raw_lines[:-1]), initial=0))

    @property
    def raw(self) -> bytes:
        """The text as bytes, as a file would hold it."""
        return self.text.encode("utf-8", "surrogatepass")

    def line(self, number: int) -> str:
        """Return a line; "" beyond the end."""
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    def locate(self, position: Any) -> Place:
        """Return the place of a position; one beyond a line or the text is at its end."""
        line = min(max(int(position["line"]), 0), len(self.lines))
        if line == len(self.lines):
            return Place(line - 1, len(self.lines[-1]))
        text, units = self.lines[line], max(int(position["character"]), 0)
        return Place(line, _to_column(text, units))

    def change(self, range: Any, text: str, version: int | None) -> Buffer:
        """Return the text after a change; without a range, all of it is new."""
        if range is None:
            return Buffer(text, version)
        start, end = (self._find_index(self.locate(range[name])) for name in ("start", "end"))
        return Buffer(self.text[:start] + text + self.text[max(start, end) :], version)

    def _find_index(self, place: Place) -> int:
        return self._starts[place.line] + place.column

    def position(self, line: int, column: int) -> Position:
        """Return the position of a place."""
        line = min(max(line, 0), len(self.lines) - 1)
        text = self.lines[line]
        return {"line": line, "character": _count_units(text, min(max(column, 0), len(text)))}

    def range(self, line: int, start: int, end: int) -> Range:
        """Return the range between two columns of a line."""
        return {"start": self.position(line, start), "end": self.position(line, end)}

    def range_of(self, span: Span) -> Range:
        """Return the range of the place of a problem."""
        start = self.column_of(span)
        return self.range(span.line - 1, start, start + span.length)

    def column_of(self, span: Span) -> int:
        """Return the column of a problem, in whose place a mark of the byte order does not count."""
        return span.column - 1 + (span.line == 1 and self.text.startswith(_BOM))

    def place_of(self, index: int) -> Place:
        """Return the place of an index of the text."""
        line = bisect_right(self._starts, index) - 1
        return Place(line, min(index - self._starts[line], len(self.lines[line])))

    def make_edits(self, new: str) -> list[dict[str, Any]]:
        """Return the edits that make this text another one: of the lines that differ."""
        old, lines = self.raw_lines, Buffer(new).raw_lines
        head = _count_equal(old, lines)
        tail = _count_equal(old[head:][::-1], lines[head:][::-1])
        mine, theirs = old[head : len(old) - tail], lines[head : len(lines) - tail]
        edits = []
        for what, start, end, first, last in SequenceMatcher(None, mine, theirs).get_opcodes():
            if what != "equal":
                places = (self.place_of(self._find_line(head + number)) for number in (start, end))
                begin, stop = (self.position(*place) for place in places)
                text = "".join(theirs[first:last])
                edits.append({"range": {"start": begin, "end": stop}, "newText": text})
        return edits

    def _find_line(self, number: int) -> int:
        return self._starts[number] if number < len(self._starts) else len(self.text)


def _count_equal(lines: list[str], others: list[str]) -> int:
    """Return how many lines are the same, from the first one on."""
    pairs = zip(lines, others, strict=False)
    return next(
        (n for n, (one, other) in enumerate(pairs) if one != other), min(len(lines), len(others))
    )


def _to_column(line: str, units: int) -> int:
    """Return how many characters have so many UTF-16 code units; one is not cut in two."""
    if line.isascii():
        return min(units, len(line))
    column = 0
    for char in line:
        units -= 2 if char > _LAST_UNIT else 1
        if units < 0:
            break
        column += 1
    return column


def _count_units(line: str, column: int) -> int:
    if line.isascii():
        return column
    return column + sum(char > _LAST_UNIT for char in line[:column])
