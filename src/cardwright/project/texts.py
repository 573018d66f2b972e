"""The texts of source files, to show problems in context and locate them within values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cardwright.diagnostic import Span
from cardwright.project.document import MAX_BYTES
from cardwright.project.scalar import ScalarTexts


class SourceTexts:
    """The texts of source files, each file read when its first problem is shown."""

    def __init__(self, root: Path) -> None:
        """Read files below `root`."""
        self._root = root
        self._lines: dict[str, list[str]] = {}
        self._scalars: dict[str, ScalarTexts] = {}

    def line(self, span: Span) -> str | None:
        """Return the line of a span, or None if it cannot be read."""
        lines = self._read(span.path)
        return lines[span.line - 1] if span.line <= len(lines) else None

    def find(self, span: Span, quote: str, *, whole: bool = False) -> Span:
        """Return the place of a quote within a value (optionally as a word), or else the value's."""
        if not quote or "\n" in quote:
            return span
        bound = r"(?<![\w.-]){}(?![\w-])" if whole else "{}"
        pattern = re.compile(bound.format(re.escape(quote)))
        start = span.column - 1
        end = start + span.length
        for number, line in enumerate(self._lines_of(span), span.line):
            if found := pattern.search(line, start, end):
                return replace(span, line=number, column=found.start() + 1, length=len(quote))
            start, end = 0, MAX_BYTES
        return span

    def find_at(self, span: Span, text: str, start: int, length: int) -> Span:
        """Return the place of a part of a text, which is the value at a span or in the list there."""
        if span.path not in self._scalars:
            self._scalars[span.path] = ScalarTexts(span.path, "\n".join(self._read(span.path)))
        return self._scalars[span.path].find(span, text, start, length) or span

    def _lines_of(self, span: Span) -> Iterator[str]:
        """Yield the lines of a value: the first, and those after it indented deeper than the key."""
        lines = self._read(span.path)
        if span.line > len(lines):
            return
        first = lines[span.line - 1]
        yield first
        indent = len(first) - len(first.lstrip())
        # A value that starts on the line below its key is indented like its other lines.
        min_indent = indent if span.column - 1 == indent else indent + 1
        for number in range(span.line, len(lines)):
            line = lines[number]
            if line.strip() and len(line) - len(line.lstrip()) < min_indent:
                return
            yield line

    def _read(self, path: str) -> list[str]:
        if path not in self._lines:
            self._lines[path] = self._read_lines(path)
        return self._lines[path]

    def _read_lines(self, path: str) -> list[str]:
        try:
            real = (self._root / path).resolve()
            # Do not show refused files either: a link may point anywhere, and a pipe never ends.
            if not real.is_relative_to(self._root.resolve()) or not real.is_file():
                return []
            with real.open("rb") as file:
                text = file.read(MAX_BYTES).decode("utf-8-sig", "replace")
        except (OSError, RuntimeError, ValueError):
            return []
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
