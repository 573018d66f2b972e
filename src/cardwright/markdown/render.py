"""Markdown → HTML, rendering each text once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cardwright.markdown.rendered import Rendered


class Renderer:
    """Renders Markdown and remembers the results, so that checking and building share them."""

    def __init__(self, *, highlights: bool = True) -> None:
        """Import the parser and the writer, which is slow.

        Unless it `highlights`, code has no colours: that is enough to find the problems of texts.
        """
        from cardwright.markdown.convert import Converter  # noqa: PLC0415

        self._converter = Converter(highlights=highlights)
        self._known: dict[tuple[str, str], Rendered] = {}

    def render_block(self, text: str) -> Rendered:
        """Render a text with paragraphs, lists, tables and code."""
        return self._recall("block", text, self._converter.convert_block)

    def render_inline(self, text: str) -> Rendered:
        """Render a line without a surrounding paragraph; block syntax is plain text."""
        return self._recall("inline", text, self._converter.convert_inline)

    def render_cloze(self, text: str) -> Rendered:
        """Render a text with cloze deletions, for Anki's `cloze` filter."""
        return self._recall("cloze", text, self._converter.convert_cloze)

    def render_bare(self, text: str) -> Rendered:
        """Render a text like `render_block`, as Anki's editor writes it: without `<p>`."""
        return self._recall("bare", text, partial(self._converter.convert_block, is_bare=True))

    def render_bare_inline(self, text: str) -> Rendered:
        """Render a line with `<b>` and `<i>`, as Anki's editor writes it."""
        return self._recall("line", text, partial(self._converter.convert_inline, is_bare=True))

    def render_bare_cloze(self, text: str) -> Rendered:
        """Render a text with cloze deletions as Anki's editor writes it."""
        return self._recall("gaps", text, partial(self._converter.convert_cloze, is_bare=True))

    def _recall(self, mode: str, text: str, convert: Callable[[str], Rendered]) -> Rendered:
        known = self._known.get((mode, text))
        if known is None:
            known = self._known[mode, text] = convert(text)
        return known
