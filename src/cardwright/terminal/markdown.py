"""Markdown → what rich can print, from the tokens that the HTML is made of as well."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult

from cardwright.markdown import Token, read_block, read_cloze, read_inline
from cardwright.terminal.page import Page


@dataclass(frozen=True, slots=True)
class Drawing:
    """A text that is laid out when it is printed, for then its width is known."""

    tokens: tuple[Token, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, none of which acts on the terminal but by styles and links."""
        page = Page(console, options.max_width)
        page.draw(self.tokens)
        for line in page.finish():
            fits = line.cell_len <= options.max_width
            parts = [line] if fits else line.wrap(console, options.max_width, overflow="fold")
            for part in parts:
                yield from part.render(console, end="\n")


def draw_block(text: str) -> Drawing:
    """Draw a text of paragraphs, lists, tables, code."""
    return Drawing(read_block(text))


def draw_inline(text: str) -> Drawing:
    """Draw a line of Markdown."""
    return Drawing(read_inline(text))


def draw_cloze(text: str, number: int, *, revealed: bool) -> Drawing:
    """Draw a text with deletions, those of one number as gaps or revealed."""
    return Drawing(read_cloze(text, number, revealed=revealed))
