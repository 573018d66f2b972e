"""The images of cards, at a size that fits the window, if the terminal can show them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.style import Style
from rich.text import Text

from cardwright.terminal.markdown import Drawing

if TYPE_CHECKING:
    from cardwright.foreign.media import MediaFile
    from cardwright.markdown.tokens import Token
    from cardwright.model import Card
    from cardwright.terminal.images import Canvas, Protocol
    from cardwright.terminal.screen import Screen

Finder = Callable[["Card", Iterable[str]], "list[MediaFile]"]
"""Finds the media files of a card by their paths as written."""

_CELL_WIDTH: Final = 8
"""The pixels of an image that are as wide as a character; a screen with more has smaller ones."""
_AROUND: Final = 9
"""Rows of the window that an image leaves: header, hints, keys, and a few lines of text."""
_MIN_ROWS: Final = 3
MAX_CELLS: Final = 129
"""The most rows or columns of an image that kitty's protocol can number."""
_MAX_KNOWN: Final = 500


class _Measured(NamedTuple):
    """A file that can be shown, and its size in pixels."""

    path: Path
    width: int
    height: int


class Gallery:
    """Adds images to drawings; it asks the terminal what it supports when the first one comes."""

    def __init__(
        self,
        screen: Screen,
        find: Finder,
        environ: Mapping[str, str],
        *,
        seed: int,
        wish: str = "auto",
    ) -> None:
        """Show images on a screen; see `Canvas` for the seed.

        The user wishes `auto`, a protocol, which is not asked for, or `off`.
        """
        self._seed = seed
        self._screen = screen
        self._find = find
        self._environ = environ
        self._wish = wish
        self._in_tmux = bool(environ.get("TMUX")) or environ.get("TERM", "").startswith("tmux")
        self._has_asked = False
        self._canvas: Canvas | None = None
        self._known: dict[tuple[str, str], _Measured | None] = {}

    @property
    def is_open(self) -> bool:
        """Whether the terminal is known to show images."""
        return self._canvas is not None

    def illustrate(self, drawing: Drawing, card: Card) -> Drawing:
        """Return a drawing with its images, if it has any that can be shown."""
        if not any(token.name == "image" for token in drawing.tokens):
            return drawing
        canvas = self._find_canvas()
        return drawing._replace(hang=partial(self._hang, canvas, card)) if canvas else drawing

    def forget(self) -> None:
        """Look at the files again: a card was edited."""
        self._known = {}

    def _find_canvas(self) -> Canvas | None:
        if self._canvas is None and (protocol := self._find_protocol()):
            from cardwright.terminal.images import Canvas  # noqa: PLC0415  (few cards have images)

            self._canvas = Canvas(protocol, in_tmux=self._in_tmux, seed=self._seed)
            self._screen.canvas = self._canvas
        return self._canvas

    def _find_protocol(self) -> Protocol | None:
        from cardwright.terminal.images import (  # noqa: PLC0415  (few cards have images)
            REPLY_S,
            Protocol,
            make_query,
            read_replies,
        )

        if self._wish in (Protocol.KITTY, Protocol.ITERM2):
            protocol = Protocol(self._wish)
            # tmux does not tell iTerm2 where its images are.
            return None if self._in_tmux and protocol is Protocol.ITERM2 else protocol
        has_none = self._environ.get("NO_COLOR") or self._environ.get("STY")
        if self._wish == "off" or has_none or sys.platform == "win32":
            return None
        if not self._has_asked:
            self._has_asked = True
            self._screen.ask(*make_query(in_tmux=self._in_tmux), REPLY_S)
        # A reply that came late counts from the next image on.
        return read_replies(self._screen.replies, self._environ, in_tmux=self._in_tmux)

    def _hang(self, canvas: Canvas, card: Card, token: Token, width: int) -> list[Text] | None:
        """Return the rows of an image for at most a width; None if it cannot be shown."""
        found = self._measure(canvas, card, token.detail)
        room = min(self._screen.size.lines - _AROUND, MAX_CELLS)
        if found is None or room < _MIN_ROWS or width < 1:
            return None
        size = (found.width, found.height)
        columns, rows = fit_image(
            size, token.width, (min(width, MAX_CELLS), room), self._screen.cell_ratio
        )
        id = canvas.add(found.path, columns, rows)
        styles = (Style(meta={"image": (id, row)}) for row in range(rows))
        return [Text.assemble(("#" * columns, style)) for style in styles]

    def _measure(self, canvas: Canvas, card: Card, written: str) -> _Measured | None:
        # Two projects may have a file of the same name.
        key = (card.key, written)
        if key not in self._known:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[key] = self._look(canvas, card, written)
        return self._known[key]

    def _look(self, canvas: Canvas, card: Card, written: str) -> _Measured | None:
        from cardwright.foreign.picture import read_picture  # noqa: PLC0415  (few cards have images)

        found = self._find(card, [written])
        picture = read_picture(found[0].path) if found else None
        if picture is None:
            return None
        if not canvas.can_show(picture):
            return None
        return _Measured(found[0].path, picture.width, picture.height)


def fit_image(
    size: tuple[int, int], wanted: str, room: tuple[int, int], cell_ratio: float
) -> tuple[int, int]:
    """Return the columns and rows of an image within a room, keeping its proportions.

    `wanted` is its width as the card has it: pixels, percent of the room, or "".
    """
    width, height = size
    if wanted.endswith("%"):
        columns = room[0] * int(wanted[:-1]) / 100
    else:
        columns = (int(wanted) if wanted else width) / _CELL_WIDTH
    columns = min(columns, room[0], room[1] * cell_ratio * width / height)
    rows = columns * height / width / cell_ratio
    return min(max(round(columns), 1), room[0]), min(max(round(rows), 1), room[1])
