"""The texts of source files, to show problems in context and to place them within values."""

from __future__ import annotations

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

    def find(self, span: Span, text: str, start: int = 0, length: int | None = None) -> Span:
        """Return the place of a part of a text, which is the value at a span or in the list there."""
        if span.path not in self._scalars:
            self._scalars[span.path] = ScalarTexts(span.path, "\n".join(self._read(span.path)))
        length = len(text) if length is None else length
        return self._scalars[span.path].find(span, text, start, length) or span

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
