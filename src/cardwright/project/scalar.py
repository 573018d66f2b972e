"""A YAML file → the place of each character of its texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

import yaml

from cardwright.diagnostic import Span
from cardwright.project.document import Document, Node

_BLANK: Final = " \t\n"
_ESCAPE_LENGTHS: Final = {"x": 2, "u": 4, "U": 8}
_BLANK_ESCAPES: Final = "nt \t\n"


class ScalarTexts:
    """The scalars of a file, by their texts."""

    def __init__(self, path: str, text: str) -> None:
        """Read a file that has already been loaded once."""
        self._document = Document(path, text.encode("utf-8", "replace"))
        self._nodes: defaultdict[str, list[tuple[int, int, yaml.ScalarNode]]] = defaultdict(list)
        for node in _list_scalars(self._document.root):
            span = self._document.span(node)
            self._nodes[node.value.strip()].append((span.line, span.column, node))

    def find(self, span: Span, text: str, start: int, length: int) -> Span | None:
        """Return the place of a part of a text: of the first scalar with that text from `span` on."""
        for line, column, node in self._nodes.get(text.strip(), ()):
            if (line, column) >= (span.line, span.column):
                return self._find_in(node, span, text, start, length)
        return None

    def _find_in(
        self, node: yaml.ScalarNode, span: Span, text: str, start: int, length: int
    ) -> Span | None:
        # YAML changes only the white space of a text, so the other characters can be counted.
        first = sum(char not in _BLANK for char in text[:start])
        count = max(sum(char not in _BLANK for char in text[start : start + length]), 1)
        source = self._document.text
        places = list(islice(_place_characters(node, source), first, first + count))
        if not places:
            return None
        index = places[0][0]
        line_end = source.find("\n", index)
        ends = (end for _, end in places if line_end < 0 or end <= line_end)
        return replace(
            span,
            line=source.count("\n", 0, index) + 1,
            column=index - source.rfind("\n", 0, index),
            length=max(ends, default=index + 1) - index,
        )


def _list_scalars(root: Node | None) -> Iterator[yaml.ScalarNode]:
    """Yield the scalars below a node in the order of the file."""
    stack = [root] if root else []
    while stack:
        node = stack.pop()
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.MappingNode):
            stack += [part for pair in reversed(node.value) for part in reversed(pair)]
        elif isinstance(node, yaml.SequenceNode):
            stack += reversed(node.value)


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
