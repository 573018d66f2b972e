"""Markdown → HTML, rendering each text once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from cardwright.markdown.rendered import Rendered

if TYPE_CHECKING:
    from cardwright.markdown.convert import Converter

Texts = Mapping[tuple[str, str], Rendered]
"""What texts were rendered to, by how and text."""


class Renderer:
    """Renders Markdown and remembers the results, so that checking and building share them."""

    def __init__(self, *, highlights: bool = True, known: Texts | None = None) -> None:
        """Render the texts that are not `known`, from a renderer of the same program and kind.

        Unless it `highlights`, code has no colours: that is enough to find the problems of texts.
        """
        self._highlights = highlights
        self._known = known or {}
        self._used: dict[tuple[str, str], Rendered] = {}
        self.has_learned = False
        """Whether a text was rendered that was not known."""

    @property
    def used(self) -> Texts:
        """The texts that it was asked for."""
        return self._used

    def render_block(self, text: str) -> Rendered:
        """Render a text with paragraphs, lists, tables and code."""
        return self._recall("block", text, lambda converter: converter.convert_block(text))

    def render_inline(self, text: str) -> Rendered:
        """Render a line without a surrounding paragraph; block syntax is plain text."""
        return self._recall("inline", text, lambda converter: converter.convert_inline(text))

    def render_cloze(self, text: str) -> Rendered:
        """Render a text with cloze deletions, for Anki's `cloze` filter."""
        return self._recall("cloze", text, lambda converter: converter.convert_cloze(text))

    def render_bare(self, text: str) -> Rendered:
        """Render a text like `render_block`, as Anki's editor writes it: without `<p>`."""
        return self._recall(
            "bare", text, lambda converter: converter.convert_block(text, is_bare=True)
        )

    def render_bare_inline(self, text: str) -> Rendered:
        """Render a line with `<b>` and `<i>`, as Anki's editor writes it."""
        return self._recall(
            "line", text, lambda converter: converter.convert_inline(text, is_bare=True)
        )

    def render_bare_cloze(self, text: str) -> Rendered:
        """Render a text with cloze deletions as Anki's editor writes it."""
        return self._recall(
            "gaps", text, lambda converter: converter.convert_cloze(text, is_bare=True)
        )

    def _recall(self, mode: str, text: str, convert: Callable[[Converter], Rendered]) -> Rendered:
        found = self._used.get((mode, text))
        if found is None:
            found = self._known.get((mode, text))
            if found is None:
                found = convert(_make_converter(highlights=self._highlights))
                self.has_learned = True
            self._used[mode, text] = found
        return found


@cache
def _make_converter(*, highlights: bool) -> Converter:
    # Importing the parser and the writer is slow, and often all texts are known.
    from cardwright.markdown.convert import Converter  # noqa: PLC0415

    return Converter(highlights=highlights)
