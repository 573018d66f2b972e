"""HTML → Markdown whose rendering shows the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Layout(StrEnum):
    """How a field renders its Markdown."""

    INLINE = "inline"
    """One line."""
    BLOCK = "block"
    """Paragraphs are `<p>`, as in kinds of Cardwright's own."""
    BARE = "bare"
    """As Anki's editor writes it: no `<p>`, `<b>` and `<i>`; an empty line between paragraphs."""


@dataclass(frozen=True, slots=True)
class HtmlLoss:
    """Something that the Markdown of a text lacks."""

    what: str
    """As in `Loss.what`."""
    example: str


@dataclass(frozen=True, slots=True)
class Converted:
    """A text as Markdown."""

    markdown: str
    losses: tuple[HtmlLoss, ...]


def convert_html(
    html: str,
    layout: Layout,
    *,
    is_cloze: bool = False,
    find_media: Callable[[str], str | None] = lambda name: name,
) -> Converted:
    """Return a text as Markdown that renders the same in a field of this layout.

    `find_media` returns the path to write for a media file, by its name in the HTML; None if there
    is no such file. Whatever the Markdown cannot express is in the losses, and its text is kept.
    """
    raise NotImplementedError
