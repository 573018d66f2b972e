"""One YAML file: bytes → text and nodes, with their places."""

from __future__ import annotations

import re
from bisect import bisect_right
from codecs import BOM_UTF8
from itertools import accumulate, islice
from typing import Final

import yaml

from cardwright.diagnostic import Diagnostic, Related, Span, diagnose
from cardwright.entry.compose import Node, compose
from cardwright.entry.mapping import CONTROL, Entry, describe

MAX_BYTES: Final = 5_000_000
"""Largest source file that is read."""

_MOST_SHOWN: Final = 20
"""Control characters that are reported of one file: a binary file has thousands."""
_LINE_BREAK: Final = re.compile(r"\r\n?")


class Document:
    """One YAML file: its text, its root and its problems."""

    __slots__ = ("_line_starts", "_lines", "path", "problems", "root", "text")

    def __init__(self, path: str, raw: bytes) -> None:
        """Read `raw`; a file that cannot be read has no root and says why in `problems`."""
        self.path = path
        self.problems: list[Diagnostic] = []
        self.text = ""
        """Its text, with `\\n` at the end of each line."""
        self._lines: list[str] = [""]
        self._line_starts: list[int] = []
        """Filled with the first fault: a file may have very many."""
        self.root: Node | None = None
        if len(raw) > MAX_BYTES:
            self._report_at(
                "file-too-large",
                f"the file has more than {MAX_BYTES:,} bytes",
                help="split it by topic: cards may move between files freely",
            )
        elif self._decode(raw) and not self._has_control_characters():
            self._compose()

    def span(self, node: Node) -> Span:
        """Return where a node stands: its first line."""
        start, end = node.start_mark, node.end_mark
        line, column = start.line, start.column
        if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
            # The mark of a block scalar is its indicator; people look at the text below.
            text = self._line(line + 1)
            if node.value and text.strip():
                indent = len(text) - len(text.lstrip())
                return self._span(line + 1, indent, len(text.rstrip()) - indent)
        if end.line == line:
            length = end.column - column
        else:
            length = len(self._line(line).rstrip()) - column
        return self._span(line, column, length)

    def report(
        self, code: str, message: str, node: Node, *, help: str, related: tuple[Related, ...] = ()
    ) -> None:
        """Record a problem at a node."""
        self.problems.append(diagnose(code, message, self.span(node), help=help, related=related))

    def entry(self, node: Node | None = None) -> Entry | None:
        """Read a node (default: the root) as a mapping; None, and a problem, when it is not."""
        node = self.root if node is None else node
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self.report(
                "wrong-type",
                f"expected keys and values here, found {describe(node)}",
                node,
                help="write `key: value` lines, with a space after the colon",
            )
            return None
        return Entry(self, node)

    def _span(self, line: int, column: int, length: int) -> Span:
        return Span(path=self.path, line=line + 1, column=column + 1, length=max(1, length))

    def _line(self, line: int) -> str:
        return self._lines[line] if line < len(self._lines) else ""

    def _report_at(
        self, code: str, message: str, index: int = 0, length: int = 1, *, help: str
    ) -> None:
        if not self._line_starts:
            self._line_starts = list(accumulate((len(line) + 1 for line in self._lines), initial=0))
        line = bisect_right(self._line_starts, index) - 1
        column = index - self._line_starts[line]
        self.problems.append(diagnose(code, message, self._span(line, column, length), help=help))

    def _decode(self, raw: bytes) -> bool:
        raw = raw.removeprefix(BOM_UTF8)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            # The text before the fault is sound, so that its place can be told.
            self._take(raw[: error.start].decode("utf-8"))
            self._report_at(
                "not-utf8",
                f"byte 0x{raw[error.start]:02x} is not UTF-8 text",
                len(self.text),
                help="save the file in the encoding UTF-8",
            )
            return False
        self._take(text)
        return True

    def _take(self, text: str) -> None:
        self.text = _LINE_BREAK.sub("\n", text) if "\r" in text else text
        self._lines = self.text.split("\n")

    def _has_control_characters(self) -> bool:
        for match in islice(CONTROL.finditer(self.text), _MOST_SHOWN):
            self._report_at(
                "control-character",
                f"the file holds the invisible character U+{ord(match[0]):04X}",
                match.start(),
                help="remove it: cards hold text only",
            )
        return bool(self.problems)

    def _compose(self) -> None:
        self.root, faults = compose(self.text)
        for fault in faults:
            self._report_at(fault.code, fault.message, fault.index, fault.length, help=fault.help)
        is_empty = self.root is None or (
            isinstance(self.root, yaml.ScalarNode) and not self.root.value.strip()
        )
        if is_empty and not faults:
            self.root = None
            self._report_at("missing-field", "the file is empty", help="fill it, or delete it")
