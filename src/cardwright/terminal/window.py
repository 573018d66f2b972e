"""The window of reviews and mock exams: a header, a scrolling body, a footer; and its keys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from cardwright.study.error import StoreError
from cardwright.terminal.paint import MAX_WIDTH, Painted, Stack, paint_line, paint_rows
from cardwright.terminal.screen import Screen
from cardwright.text import make_plain

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable

WIDE: Final = 56
"""Columns needed for words instead of letters, and for a margin."""
ROOMY: Final = 16
"""Rows needed for blank lines."""
QUIT_KEYS: Final = frozenset({"ctrl-c", "ctrl-d", "hangup"})
CONTINUE_KEYS: Final = frozenset({" ", "enter"})
_HEADER_FROM, _KEYS_FROM, _GAP_FROM = 6, 8, 10
"""Rows needed for the header, the keys, and a line above the body."""
_MAX_CACHED: Final = 200
_STEPS: Final = {"up": -1, "down": 1, "k": -1, "j": 1}
_PAGES: Final = {"pageup": -1, "pagedown": 1}
_ENDS: Final = {"home": -1, "end": 1}


class Window:
    """Paints a scrolling body of several parts between a header and a footer."""

    def __init__(self, screen: Screen, environ: Mapping[str, str]) -> None:
        """Paint on a screen, in the colours that `environ` allows."""
        self._screen = screen
        self._environ = environ
        self.message = ""
        """The result of the last key, shown until the next one."""
        self._top = 0
        self._below = 0
        """Rows of the body below the window."""
        self._height = 1
        """Rows of the body that are shown."""
        self._wants_last_part = False
        self._wanted_row: int | None = None
        self._cache: dict[object, list[Painted]] = {}

    @property
    def columns(self) -> int:
        """The width of the window."""
        return self._screen.size.columns

    @property
    def width(self) -> int:
        """The width of the body and the footer."""
        return min(self.columns - 2 * len(self._margin), MAX_WIDTH)

    @property
    def _margin(self) -> str:
        return " " if self.columns >= WIDE else ""

    @property
    def is_roomy(self) -> bool:
        """Whether there is room for blank lines."""
        return self._screen.size.lines >= ROOMY

    @property
    def has_more(self) -> bool:
        """Whether the body continues below the window."""
        return self._below > 0

    def go_to_start(self) -> None:
        """Show the body from its start."""
        self._top = 0

    def go_to_last_part(self) -> None:
        """Scroll to the last part of the body when it is painted next."""
        self._wants_last_part = True

    def keep_in_view(self, row: int) -> None:
        """Scroll as little as possible to show a row of the body when it is painted next."""
        self._wanted_row = row

    def scroll(self, key: str) -> bool:
        """Scroll if the key is for scrolling; return whether it is."""
        page = max(self._height - 1, 1)
        steps = {**_STEPS, **{name: sign * page for name, sign in _PAGES.items()}}
        steps |= {name: sign * (self._top + self._below) for name, sign in _ENDS.items()}
        self._top += steps.get(key, 0)
        return key in steps

    def render(self, renderable: Renderable, width: int | None = None) -> list[Painted]:
        """Return the rows of a renderable, as wide as the body."""
        width = self.width if width is None else width
        if not isinstance(renderable, Text):
            return paint_rows(renderable, width, self._environ)
        # The lines around the body are often the same.
        plain, style = renderable.plain, renderable.style
        key = (plain, *renderable.spans, style, renderable.no_wrap, width)
        if key not in self._cache:
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            is_line = renderable.no_wrap and not renderable.spans and isinstance(style, str)
            if is_line and plain.isprintable() and cell_len(plain) <= width:
                self._cache[key] = [paint_line(plain, str(style), self._environ)]
            else:
                self._cache[key] = paint_rows(renderable, width, self._environ)
        return self._cache[key]

    def paint(
        self,
        header: Text,
        parts: Iterable[Sequence[Painted]],
        draw_step: Callable[[], Text],
        *,
        keys: str = "",
        note: str = "",
        reads_on: bool = False,
    ) -> None:
        """Paint the header, the parts of the body, a hint on the next keys, and other keys.

        `draw_step` is called once it is known whether the body continues below; with `reads_on`,
        the space bar then scrolls. `note` is shown if there is no message.
        """
        rows, margin, width = self._screen.size.lines, self._margin, self.width
        head = self.render(header, self.columns)[:1] if rows >= _HEADER_FROM else []
        message = self._render_message(note)[: max(rows // 2, 1)] if rows > 1 else []
        last = self.render(_draw_line(keys, "dim"))[:1] if keys and rows >= _KEYS_FROM else []
        has_gap = rows >= _GAP_FROM
        height = max(rows - len(head) - len(message) - len(last) - has_gap - (rows > 1), 1)
        body = self._place(parts, height)
        above = f"↑ {self._top} more" if self._top else ""
        gap = self.render(_draw_line(above, "dim"))[:has_gap]
        if self._below and height > 1:
            below = f"↓ {self._below} more{', space' if reads_on else ''}"
            body += self.render(_draw_line(below, "dim"))[:1]
        step = self.render(draw_step(), width)[:1] if rows > 1 else []
        self._screen.paint(
            [*head, *(f"{margin}{row}" for row in (*gap, *body, *message, *step, *last))]
        )

    def prepare(self, rows: Iterable[Painted]) -> None:
        """Get rows of a body ready that will probably be painted next."""
        self._screen.prepare(f"{self._margin}{row}" for row in rows)

    def _place(self, parts: Iterable[Sequence[Painted]], height: int) -> list[Painted]:
        """Return the visible rows of the body; the last row may be left for a hint."""
        parts = list(parts)
        length = sum(map(len, parts))
        if self._wants_last_part:
            self._top = length - len(parts[-1]) if parts else 0
            self._wants_last_part = False
        if self._wanted_row is not None:
            # The last row may be taken by the hint that more follows.
            self._top = max(min(self._top, self._wanted_row), self._wanted_row - max(height - 2, 0))
            self._wanted_row = None
        self._top = max(min(self._top, length - height), 0)
        is_end = self._top + height >= length
        self._height = height if is_end or height == 1 else height - 1
        self._below = max(length - self._top - self._height, 0)
        rows = [row for part in parts for row in part][self._top : self._top + self._height]
        return rows + [Painted()] * (self._height - len(rows))

    def _render_message(self, note: str) -> list[Painted]:
        if self.message:
            return self.render(Text(make_plain(self.message), "bold yellow"))
        return self.render(Text(make_plain(note), "dim")) if note else []


class KeyLoop(ABC):
    """Paints a window, and handles keys until one ends it."""

    def __init__(self, screen: Screen, environ: Mapping[str, str]) -> None:
        """Paint on a screen, and read its keys."""
        self._screen = screen
        self._window = Window(screen, environ)

    def run(self) -> None:
        """Run until a key ends it."""
        self._paint()
        while self.press(self._read_key()):
            pass

    def press(self, key: str | None) -> bool:
        """Handle a key, or None if none came for a while, and paint; return whether to go on."""
        if key in QUIT_KEYS:
            return False
        goes_on = True
        try:
            if key is None:
                goes_on = self._wait()
            elif key != "resize":
                self._window.message = ""
                goes_on = self._act(key)
        except StoreError as error:
            # Nothing was recorded, and the same key can be tried again.
            self._window.message = str(error)
        if self._warning:
            self._window.message = f"{self._warning}\n{self._window.message}".strip()
        if goes_on:
            self._paint()
        return goes_on

    @property
    def _warning(self) -> str:
        """What the user must know about the store, whatever else is shown."""
        return ""

    def _read_key(self) -> str | None:
        """Return the next key, or None after a while without one."""
        return self._screen.read()

    def _wait(self) -> bool:
        """Handle a while without a key; return whether to go on."""
        return True

    @abstractmethod
    def _act(self, key: str) -> bool:
        """Handle a key; return whether to go on."""

    @abstractmethod
    def _paint(self) -> None:
        """Paint the window."""


def choose_text(texts: Sequence[str], width: int) -> str:
    """Return the first text that fits, else the last one."""
    return next((text for text in texts if cell_len(text) <= width), texts[-1])


def fit_text(text: str, width: int) -> str:
    """Return a text in exactly this width: padded, or cut with an ellipsis."""
    length = cell_len(text)
    if length > width:
        text, length = f"{set_cell_size(text, width - 1)}…" if width > 0 else "", width
    return text + " " * (width - length)


def draw_step(width: int, *texts: str) -> Text:
    """Draw a hint on the next keys: the first text that fits, else the last one."""
    return _draw_line(choose_text(texts, width), "bold")


def draw_input(start: str, typed: str, width: int) -> Text:
    """Draw a line that is being typed: its end, if it is too long."""
    shown = make_plain(typed)
    while shown and cell_len(f"{start}{shown}█") > width:
        shown = shown[1:]
    return Text(f"{start}{shown}█", no_wrap=True)


def draw_title_bar(text: str, columns: int) -> Text:
    """Draw a header, over the whole width."""
    return Text(fit_text(f" {text}", columns), "reverse", no_wrap=True)


def draw_key_help(keys: Iterable[tuple[str, str]]) -> Stack:
    """Draw a list of keys, each with its effect."""
    return Stack(*(Text.assemble((f"{names:<14}", "bold"), does) for names, does in keys))


def _draw_line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True)
