"""A YAML file → the place of each character of its texts."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from operator import itemgetter
from typing import Final

import yaml

from cardwright.diagnostic import Span
from cardwright.project.document import Document, list_scalars

_BLANK: Final = " \t\n"
_ESCAPE_LENGTHS: Final = {"x": 2, "u": 4, "U": 8}
_BLANK_ESCAPES: Final = "nt \t\n"


class ScalarTexts:
    """The scalars of a file, by their texts."""

    def __init__(self, path: str, text: str) -> None:
        """Read a file that has already been loaded once."""
        self._document = Document(path, text.encode("utf-8", "replace"))
        self._nodes: defaultdict[str, list[tuple[int, int, yaml.ScalarNode]]] = defaultdict(list)
        for node in list_scalars(self._document.root):
            span = self._document.span(node)
            self._nodes[node.value.strip()].append((span.line, span.column, node))
        lengths = (len(line) + 1 for line in self._document.text.split("\n"))
        self._line_starts = list(accumulate(lengths, initial=0))
        self._last: tuple[yaml.ScalarNode | None, array[int], array[int]]
        self._last = (None, array("L"), array("L"))
        """The scalar that was searched last, and where its characters start and end."""
        self._counted: tuple[str, array[int]] = ("", array("L", [0]))
        """The text that was searched last, and how many characters precede each index."""

    def find(self, span: Span, text: str, start: int, length: int) -> Span | None:
        """Return the place of a part of a text: of the first scalar with that text from `span` on."""
        nodes = self._nodes.get(text.strip(), [])
        index = bisect_left(nodes, (span.line, span.column), key=itemgetter(0, 1))
        if index == len(nodes):
            return None
        # YAML changes only the white space of a text, so the other characters are counted.
        counts = self._count_characters(text)
        first, stop = counts[min(start, len(text))], counts[min(start + length, len(text))]
        return self._find_in(nodes[index][2], span, first, max(stop - first, 1))

    def _count_characters(self, text: str) -> array[int]:
        """Return how many characters that are not blank precede each index of a text."""
        if text is not self._counted[0]:
            counts = accumulate((char not in _BLANK for char in text), initial=0)
            self._counted = (text, array("L", counts))
        return self._counted[1]

    def _find_in(self, node: yaml.ScalarNode, span: Span, first: int, count: int) -> Span | None:
        if node is not self._last[0]:
            starts, ends = array("L"), array("L")
            for start, end in _place_characters(node, self._document.text):
                starts.append(start)
                ends.append(end)
            self._last = (node, starts, ends)
        _, starts, ends = self._last
        if first >= len(starts):
            return None
        index = starts[first]
        line = bisect_right(self._line_starts, index)
        line_end = self._line_starts[line] - 1
        in_line = [end for end in ends[first : first + count] if end <= line_end]
        return span._replace(
            line=line,
            column=index - self._line_starts[line - 1] + 1,
            length=max(in_line, default=index + 1) - index,
        )


def _place_characters(node: yaml.ScalarNode, source: str) -> Iterator[tuple[int, int]]:
    """Yield where each character of a scalar that is not blank starts and ends."""
    index, end = node.start_mark.index, node.end_mark.index
    if node.style in ("|", ">"):
        index = source.find("\n", index, end) + 1 or end
    elif node.style in ("'", '"'):
        index, end = index + 1, end - 1
    while index < end:
        char = source[index]
        width, blank = 1, char in _BLANK
        if node.style == "'" and char == "'":
            width = 2
        elif node.style == '"' and char == "\\":
            escaped = source[index + 1 : index + 2]
            digits = _ESCAPE_LENGTHS.get(escaped, 0)
            width = 2 + digits
            code = source[index + 2 : index + width]
            blank = escaped in _BLANK_ESCAPES or (digits > 0 and chr(int(code, 16)) in _BLANK)
        if not blank:
            yield index, index + width
        index += width
