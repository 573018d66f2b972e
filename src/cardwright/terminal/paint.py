"""Renderables → text to print, and rows of a window. Nothing else creates a rich Console.

Whatever a caller forgot, the text of a card, a package or a file name cannot control the terminal:
`text.make_plain` cleans every piece, and rich writes the only escape codes: styles and links.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from rich.color import ColorSystem
from rich.segment import Segment, Segments
from rich.style import Style

from cardwright.terminal.cells import mark_cells
from cardwright.terminal.markdown import Drawing
from cardwright.text import make_plain

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    Renderable = RenderableType

MAX_WIDTH: Final = 110
"""Longer lines are hard to read, and the calendar of a year needs this much."""
THEME: Final = "CARDS_THEME"
LIGHT: Final = "light"
"""The theme for a light background, on which yellow, green and cyan are hard to read."""
CONTRAST: Final = "contrast"
"""The theme without dim text, in which weight, underlining and reversal stand for colours."""
_DARKER: Final = {"yellow": ("magenta", 94), "green": ("blue", 28), "cyan": ("blue", 24)}
"""What these colours are on a light background: of the first 16, and of 256."""
_VARIABLES: Final = (
    *("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"),
    THEME,
)
"""Environment variables that rich reads, for colours and for the width if it is not given; and ours."""
_LOUD: Final = frozenset({"red", "yellow"})
"""Colours of what must not be overlooked."""
_UNUSED_HEIGHT: Final = 24
_MAX_DIGITS: Final = 9
"""Of a width in COLUMNS."""
_COLORS: Final = {"kitty": "256", "256color": "256", "16color": "standard"}
"""Rich's name of the colours of a terminal, by the end of TERM."""
_COLOR_SYSTEMS: Final = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
    "windows": ColorSystem.WINDOWS,
}


class Painted(str):
    """Text that is safe to print as it is, styles included."""

    __slots__ = ()


class Stack:
    """Renderables below one another."""

    def __init__(self, *parts: RenderableType) -> None:
        """Take them from top to bottom."""
        self._parts = parts

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> RenderResult:
        """Yield them."""
        return iter(self._parts)


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
    return Painted("\n".join(_write(console, rows, environ)))


def paint_pieces(
    pieces: Iterable[tuple[str, str]], styles: Mapping[str, str], environ: Mapping[str, str]
) -> Painted:
    """Return pieces of text for a terminal, each in the style of its role, without wrapping lines."""
    console = _make_console(None, _pick(environ), is_terminal=True, is_styled=True)
    known = {role: Style.parse(style) for role, style in styles.items()}
    theme, system = environ.get(THEME, ""), _find_system(console)
    known = {role: _adapt(style, theme, system) for role, style in known.items()}
    with console.capture() as capture:
        segments = [Segment(make_plain(text), known.get(role)) for text, role in pieces]
        console.print(Segments(segments), end="", crop=False)
    return Painted(capture.get())


def paint_rows(renderable: RenderableType, width: int, environ: Mapping[str, str]) -> list[Painted]:
    """Return the rows of a renderable in the window of a terminal, without links."""
    width = max(width, 1)
    if isinstance(renderable, Drawing):
        terminal = _find_terminal(_pick(environ))
        # It asks for nothing else.
        pieces = renderable.write(cast("Console", terminal), width)
        lines = Segment.split_and_crop_lines(pieces, width, pad=False, include_new_lines=False)
        return list(
            map(Painted, _write(terminal, _clean_rows(lines, width, has_links=False), environ))
        )
    console = _make_console(width, _pick(environ), is_terminal=True, is_styled=True)
    rows = _render(console, renderable, console.width, has_links=False)
    return list(map(Painted, _write(console, rows, environ)))


def paint_line(text: str, style: str, environ: Mapping[str, str]) -> Painted:
    """Return a line that fits the window of a terminal."""
    (row,) = _write(
        _find_terminal(_pick(environ)),
        [[Segment(make_plain(text), Style.parse(style))]],
        environ,
    )
    return Painted(row)


class _Terminal(NamedTuple):
    """What a Drawing asks of a console in the window of a terminal."""

    color_system: str | None
    no_color: bool
    legacy_windows: bool = False

    def get_style(self, name: str | Style, *, default: Style) -> Style:
        """Return a style."""
        return name if isinstance(name, Style) else Style.parse(name) if name else default


@lru_cache(maxsize=8)
def _find_terminal(values: tuple[str | None, ...]) -> _Terminal:
    """Return what rich finds out about a terminal, which it takes long to load for."""
    environ = _name_values(values)
    name = environ.get("TERM", "").strip().lower()
    if sys.platform == "win32" or name in {"dumb", "unknown"}:
        console = _make_console(None, values, is_terminal=True, is_styled=True)
        return _Terminal(console.color_system, console.no_color)
    system = _COLORS.get(name.rpartition("-")[2], "standard")
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        system = "truecolor"
    return _Terminal(system, "NO_COLOR" in environ or _is_monochrome(environ))


def _is_monochrome(environ: Mapping[str, str]) -> bool:
    """Tell whether a terminal has no colours, where rich would assume sixteen."""
    return environ.get("TERM", "").endswith("-mono")


def _name_values(values: tuple[str | None, ...]) -> dict[str, str]:
    return {name: value for name, value in zip(_VARIABLES, values, strict=True) if value}


def _pick(environ: Mapping[str, str]) -> tuple[str | None, ...]:
    values = {name: environ.get(name) for name in _VARIABLES}
    columns = values["COLUMNS"] or ""
    # Rich takes more for a number than Python does.
    is_width = columns.isdecimal() and len(columns) <= _MAX_DIGITS and int(columns) > 0
    values["COLUMNS"] = columns if is_width else None
    return tuple(values.values())


@lru_cache(maxsize=8)
def _make_console(
    width: int | None, values: tuple[str | None, ...], *, is_terminal: bool, is_styled: bool
) -> Console:
    """Create a console; they are cached because the window uses several after each key."""
    from rich.console import Console  # noqa: PLC0415  (slow, and the first card does without)

    environ = _name_values(values)
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
        no_color=True if _is_monochrome(environ) else None,
        _environ=environ,
    )


def _render(
    console: Console, renderable: RenderableType, width: int, *, has_links: bool
) -> Iterator[list[Segment]]:
    """Yield the rows of a renderable, each as clean pieces."""
    options = console.options.update_width(width)
    return _clean_rows(
        console.render_lines(renderable, options, pad=False), width, has_links=has_links
    )


def _clean_rows(
    rows: Iterable[list[Segment]], width: int, *, has_links: bool
) -> Iterator[list[Segment]]:
    for row in rows:
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


def _write(
    console: Console | _Terminal, rows: Iterable[list[Segment]], environ: Mapping[str, str]
) -> list[str]:
    """Return rows as text with escape codes, as the console would print them."""
    system = _find_system(console)
    written = []
    for row in rows:
        is_plain = console.no_color and system is not None
        theme = environ.get(THEME, "")
        written.append(
            "".join(_write_piece(piece, system, theme, is_plain=is_plain) for piece in row)
        )
    return written


def _find_system(console: Console | _Terminal) -> ColorSystem | None:
    return _COLOR_SYSTEMS[console.color_system] if console.color_system else None


def _write_piece(piece: Segment, system: ColorSystem | None, theme: str, *, is_plain: bool) -> str:
    text, style, _ = piece
    if not style:
        return text
    if "image" in style.meta:
        id, row = style.meta["image"]
        return mark_cells(id, row, len(text))
    style = style.without_color if is_plain else style
    return _adapt(style, theme, system).render(text, color_system=system)


@lru_cache(maxsize=256)
def _adapt(style: Style, theme: str, system: ColorSystem | None) -> Style:
    """Return a style as a theme has it."""
    if theme == CONTRAST:
        return _contrast(style)
    if theme == LIGHT and style.color and style.color.name in _DARKER:
        name, number = _DARKER[style.color.name]
        has_few = system in {ColorSystem.STANDARD, ColorSystem.WINDOWS}
        return style + Style(color=name if has_few else f"color({number})")
    return style


def _contrast(style: Style) -> Style:
    """Return a style that is easy to see on any background: that of the terminal's own text."""
    name = style.color.name if style.color else ""
    return Style(
        bold=style.bold or bool(name) or None,
        italic=style.italic,
        underline=style.underline or (bool(name) and name not in _LOUD) or None,
        reverse=style.reverse or name in _LOUD or None,
        strike=style.strike,
        link=style.link,
    )
