"""Renderables → text to print, and rows of a window. Nothing else creates a rich Console.

Whatever a caller forgot, the text of a card, a package or a file name cannot control the terminal:
`text.make_plain` cleans every piece, and rich writes the only escape codes: styles and links.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console, RenderableType
from rich.segment import Segment, Segments
from rich.style import Style

from cardwright.text import make_plain

Renderable = RenderableType

MAX_WIDTH: Final = 110
"""Longer lines are hard to read, and the calendar of a year needs this much."""
_VARIABLES: Final = ("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS")
"""Environment variables that rich reads, for colours and for the width if it is not given."""
_UNUSED_HEIGHT: Final = 24


class Painted(str):
    """Text that is safe to print as it is, styles included."""

    __slots__ = ()


def paint(
    renderable: RenderableType,
    environ: Mapping[str, str],
    *,
    is_terminal: bool,
    is_styled: bool = True,
    width: int | None = None,
) -> Painted:
    """Return the text of a renderable, without the last line break.

    It is as wide as the terminal, unless `width` is given, and never wider than MAX_WIDTH. Styles
    are those that `environ` and the terminal allow; none are written to a pipe.
    """
    console = _make_console(width, _pick(environ), is_terminal=is_terminal, is_styled=is_styled)
    rows = _render(console, renderable, min(console.width, MAX_WIDTH), has_links=True)
    return Painted("\n".join(_write(console, rows)))


def paint_pieces(
    pieces: Iterable[tuple[str, str]], styles: Mapping[str, str], environ: Mapping[str, str]
) -> Painted:
    """Return pieces of text for a terminal, each in the style of its role, without wrapping lines."""
    console = _make_console(None, _pick(environ), is_terminal=True, is_styled=True)
    known = {role: Style.parse(style) for role, style in styles.items()}
    with console.capture() as capture:
        segments = [Segment(make_plain(text), known.get(role)) for text, role in pieces]
        console.print(Segments(segments), end="", crop=False)
    return Painted(capture.get())


def paint_rows(renderable: RenderableType, width: int, environ: Mapping[str, str]) -> list[Painted]:
    """Return the rows of a renderable in the window of a terminal, without links."""
    console = _make_console(max(width, 1), _pick(environ), is_terminal=True, is_styled=True)
    rows = _render(console, renderable, console.width, has_links=False)
    return [Painted(row) for row in _write(console, rows)]


def paint_line(text: str, style: str, environ: Mapping[str, str]) -> Painted:
    """Return a line that fits the window of a terminal."""
    console = _make_console(None, _pick(environ), is_terminal=True, is_styled=True)
    (row,) = _write(console, [[Segment(make_plain(text), Style.parse(style))]])
    return Painted(row)


def _pick(environ: Mapping[str, str]) -> tuple[str | None, ...]:
    return tuple(map(environ.get, _VARIABLES))


@lru_cache(maxsize=8)
def _make_console(
    width: int | None, values: tuple[str | None, ...], *, is_terminal: bool, is_styled: bool
) -> Console:
    """Create a console; they are cached because the window uses several after each key."""
    environ = {name: value for name, value in zip(_VARIABLES, values, strict=True) if value}
    return Console(
        file=io.StringIO(),
        width=width,
        # Not used, but without it rich queries the size of the terminal for each line.
        height=None if width is None else _UNUSED_HEIGHT,
        color_system="auto" if is_styled else None,
        # Without a terminal, rich checks FORCE_COLOR.
        force_terminal=True if is_terminal else None,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        # Rich would assume sixteen colours.
        no_color=True if environ.get("TERM", "").endswith("-mono") else None,
        _environ=environ,
    )


def _render(
    console: Console, renderable: RenderableType, width: int, *, has_links: bool
) -> Iterator[list[Segment]]:
    """Yield the rows of a renderable, each as clean pieces."""
    options = console.options.update_width(width)
    for row in console.render_lines(renderable, options, pad=False):
        shown = [segment for segment in row if not segment.control]
        if not has_links:
            shown = list(Segment.strip_links(shown))
        clean = [_clean(segment) for segment in shown]
        # A control character has no width, but its replacement does.
        yield clean if clean == shown else Segment.adjust_line_length(clean, width, pad=False)


def _clean(segment: Segment) -> Segment:
    text, style, _ = segment
    if style is not None and style.link and style.link != (link := make_plain(style.link)):
        style = style.update_link(link)
    return Segment(make_plain(text).replace("\n", " "), style)


def _write(console: Console, rows: Iterable[list[Segment]]) -> list[str]:
    """Return rows as text with escape codes, as the console would print them."""
    name = console.color_system
    system = COLOR_SYSTEMS[name] if name else None
    written = []
    for row in rows:
        pieces = Segment.remove_color(row) if console.no_color and system else row
        written.append("".join(_write_piece(piece, system) for piece in pieces))
    return written


def _write_piece(piece: Segment, system: ColorSystem | None) -> str:
    text, style, _ = piece
    return style.render(text, color_system=system) if style else text
