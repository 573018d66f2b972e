"""The texts of source files, to show problems in context and to place them within values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from cardwright.diagnostic import Span
from cardwright.files import find_real
from cardwright.project.walk import MAX_READ_BYTES, NOTHING_UNSAVED, Unsaved, digest_content

if TYPE_CHECKING:
    from cardwright.project.scalar import ScalarTexts

_MAX_FILES: Final = 32
"""How many files are held."""


class SourceTexts:
    """The texts of source files, each file read when its first problem is shown."""

    def __init__(self, root: Path, unsaved: Unsaved = NOTHING_UNSAVED) -> None:
        """Read files below `root`, unless they are unsaved."""
        self._root = root
        self._unsaved = unsaved
        self._lines: dict[str, list[str]] = {}
        self._scalars: dict[str, ScalarTexts] = {}
        self._digests: dict[str, bytes] = {}

    def line(self, span: Span) -> str | None:
        """Return the line of a span, or None if it cannot be read."""
        lines = self._read(span.path)
        return lines[span.line - 1] if span.line <= len(lines) else None

    def find(self, span: Span, text: str, start: int = 0, length: int | None = None) -> Span:
        """Return the place of a part of a text, which is the value at a span or in the list there."""
        lines = self._read(span.path)
        if span.path not in self._scalars:
            from cardwright.project.scalar import ScalarTexts  # noqa: PLC0415  (YAML, seldom needed)

            self._scalars[span.path] = ScalarTexts(span.path, "\n".join(lines))
        length = len(text) if length is None else length
        return self._scalars[span.path].find(span, text, start, length) or span

    def is_as(self, path: str, digest: bytes) -> bool:
        """Tell whether the places that were found in a file are those of a content."""
        return self._digests.get(path, digest) == digest

    def _read(self, path: str) -> list[str]:
        if path not in self._lines:
            if len(self._lines) == _MAX_FILES:
                oldest = next(iter(self._lines))
                del self._lines[oldest]
                self._scalars.pop(oldest, None)
            self._lines[path] = self._read_lines(path)
        return self._lines[path]

    def _read_lines(self, path: str) -> list[str]:
        if path in self._unsaved:
            return self._split(path, self._unsaved[path])
        try:
            real = find_real(self._root / path)
            # Do not show refused files either: a link may point anywhere, and a pipe never ends.
            if not real.is_relative_to(find_real(self._root)) or not real.is_file():
                return []
            with real.open("rb") as file:
                raw = file.read(MAX_READ_BYTES)
        except (OSError, ValueError):
            self._digests[path] = b""
            return []
        return self._split(path, raw)

    def _split(self, path: str, raw: bytes) -> list[str]:
        self._digests[path] = digest_content(raw)
        text = raw.decode("utf-8-sig", "replace")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
