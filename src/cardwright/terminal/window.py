"""The window of reviews and mock exams: a header, a scrolling body, a footer; and its keys."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from cardwright.study.error import StoreError
from cardwright.terminal.keymap import KeyMap
from cardwright.terminal.keys import PASTE
from cardwright.terminal.paint import MAX_WIDTH, THEME, Painted, paint_line, paint_rows
from cardwright.terminal.screen import Screen
from cardwright.text import make_plain

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable

WIDE: Final = 56
"""Columns needed for words instead of letters, and for a margin."""
ROOMY: Final = 16
"""Rows needed for blank lines."""
QUIT_KEYS: Final = frozenset({"ctrl-c", "ctrl-d", "hangup"})
_LINE_KEYS: Final = frozenset({"enter", "escape"})
"""Keys that end a line that is typed."""
_HEADER_FROM, _KEYS_FROM, _GAP_FROM = 6, 8, 10
"""Rows needed for the header, the keys, and a line above the body."""
_MAX_CACHED: Final = 200
_KEY_WIDTH: Final = 14
"""Columns for the keys of an act in the help."""
_APART: Final = 3
"""Columns between the title and the figures of a header."""
_MIN_TITLE: Final = 24
"""Columns that are enough for the start of a title, so that the figures need not be shortened."""
_STEPS: Final = {"up": -1, "down": 1, "wheel-up": -3, "wheel-down": 3}
_PAGES: Final = {"page-up": -1, "page-down": 1}
_ENDS: Final = {"start": -1, "end": 1}
_ITEM: Final = re.compile(r"\s*([1-9])[.)] \[[x ]\] ")
"""The start of a row with an option, or with a point to tick."""
_HINT: Final = re.compile(r"(?P<key>\S+)(?: \S+)*")
"""A key with what it does; the next one follows after two blanks."""
_LETTERS: Final = re.compile(r"\S(?: \S)+")
"""Keys alone."""
_STYLES: Final = re.compile("\x1b\\[[0-9;:]*m")


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
        self._body: list[Painted] = []
        """All rows of the body, those out of sight included."""
        self._shown: list[str] = []
        """The rows of the window."""
        self.cursor = -1
        """The column of the cursor, where something is typed instead of the hint on the next keys."""
        self._body_row, self._hint_row = 0, 0
        """The first rows of the body, and of the hints on keys."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the window."""
        return self._screen.size.columns, self._screen.size.lines

    @property
    def theme(self) -> str:
        """What the colours are for; it changes when the terminal tells of its background."""
        return self._environ.get(THEME, "")

    @property
    def columns(self) -> int:
        """The width of the window."""
        return self._screen.size.columns

    @property
    def width(self) -> int:
        """The width of the body and the footer."""
        return min(self.full_width, MAX_WIDTH)

    @property
    def full_width(self) -> int:
        """The width of a table, which is as wide as the window."""
        return self.columns - 2 * len(self._margin)

    @property
    def steps(self) -> dict[str, int]:
        """The rows that acts, and the wheel, go down."""
        page = max(self._height - 1, 1)
        return {**_STEPS, **{name: sign * page for name, sign in _PAGES.items()}}

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

    def scroll(self, act: str) -> bool:
        """Scroll if the act, or the wheel, is for scrolling; return whether it is."""
        ends = {name: sign * (self._top + self._below) for name, sign in _ENDS.items()}
        steps = {**self.steps, **ends}
        self._top += steps.get(act, 0)
        return act in steps

    def find_hint_column(self, click: str) -> int | None:
        """Return the column of a click on the hint on the next keys; None if it is elsewhere."""
        column, row = map(int, click.split("-")[1:])
        return column - len(self._margin) if row == self._hint_row else None

    def read_click(self, click: str) -> str:
        """Return what is at a click: the number of an item, a key as a hint shows it, or ""."""
        column, row = map(int, click.split("-")[1:])
        if self._hint_row <= row < len(self._shown):
            return _find_hint(self._shown[row], column)
        place = self.find_body_row(click)
        if place is None:
            return ""
        return _find_item([_STYLES.sub("", text) for text in self._body], place)

    def find_body_row(self, click: str) -> int | None:
        """Return the row of the body that is at a click, or None."""
        row = int(click.split("-")[2])
        place = self._top + row - self._body_row
        is_there = self._body_row <= row < self._hint_row and place < len(self._body)
        return place if is_there else None

    def render(self, renderable: Renderable, width: int | None = None) -> list[Painted]:
        """Return the rows of a renderable, as wide as the body."""
        width = self.width if width is None else width
        if not isinstance(renderable, Text):
            return paint_rows(renderable, width, self._environ)
        # The lines around the body are often the same.
        plain, style = renderable.plain, renderable.style
        key = (plain, *renderable.spans, style, renderable.no_wrap, width, self.theme)
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
        heading: Sequence[Painted] = (),
    ) -> None:
        """Paint the header, the parts of the body, a hint on the next keys, and other keys.

        `draw_step` is called once it is known whether the body continues below; with `reads_on`,
        the space bar then scrolls. `note` is shown if there is no message. A `heading` stays above
        the body.
        """
        rows, margin, width = self._screen.size.lines, self._margin, self.width
        head: list[Painted] = []
        if rows >= _HEADER_FROM:
            head = [*self.render(header, self.columns)[:1]]
            head += [Painted(f"{margin}{row}") for row in heading]
        message = self._render_message(note)[: max(rows // 2, 1)] if rows > 1 else []
        last = self.render(_draw_line(keys, "dim"))[:1] if keys and rows >= _KEYS_FROM else []
        has_gap = rows >= _GAP_FROM
        height = max(rows - len(head) - len(message) - len(last) - has_gap - (rows > 1), 1)
        body = self._place(parts, height)
        above = f"↑ {self._top:,} more" if self._top else ""
        gap = self.render(_draw_line(above, "dim"))[:has_gap]
        if self._below and height > 1:
            below = f"↓ {self._below:,} more{', space' if reads_on else ''}"
            body += self.render(_draw_line(below, "dim"))[:1]
        self.cursor = -1
        step = self.render(draw_step(), width)[:1] if rows > 1 else []
        framed = [f"{margin}{row}" for row in (*gap, *body, *message, *step, *last)]
        self._body_row = len(head) + len(gap)
        self._hint_row = self._body_row + len(body) + len(message)
        self._shown = [_STYLES.sub("", row) for row in (*head, *framed)]
        place = (self._hint_row, len(margin) + self.cursor) if self.cursor >= 0 else None
        self._screen.paint([*head, *framed], place)

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
        self._body = [row for part in parts for row in part]
        rows = self._body[self._top : self._top + self._height]
        return rows + [Painted()] * (self._height - len(rows))

    def _render_message(self, note: str) -> list[Painted]:
        if self.message:
            return self.render(Text(make_plain(self.message), "bold"))
        return self.render(Text(make_plain(note), "dim")) if note else []


class KeyLoop(ABC):
    """Paints a window, and handles keys until one ends it."""

    def __init__(
        self, name: str, keymap: KeyMap, screen: Screen, environ: Mapping[str, str]
    ) -> None:
        """Paint on a screen, and read its keys, whose acts are those of a screen of this name."""
        self._name = name
        self._keymap = keymap
        self._screen = screen
        self._environ = environ
        self._window = Window(screen, environ)

    def _copy(self, text: str) -> None:
        """Put a text on the clipboard."""
        self._screen.copy(text, self._environ)

    def run(self) -> None:
        """Run until a key ends it."""
        self._paint()
        while self.press(self._read_key()):
            pass

    def press(self, key: str | None) -> bool:
        """Handle a key, or None if none came for a while, and paint; return whether to go on."""
        if key in QUIT_KEYS:
            return False
        if key is not None and key.startswith(PASTE) and not self._is_typing:
            return True
        if key is not None and key.startswith("click-"):
            clicked = self._read_click(key)
            if self._is_typing:
                # What else a click stands for would be typed.
                clicked = clicked if clicked in _LINE_KEYS else ""
            key = clicked or ("click" if self._takes_any_key else "resize")
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

    @property
    def _is_typing(self) -> bool:
        """Whether keys are letters of a text."""
        return False

    @property
    def _takes_any_key(self) -> bool:
        """Whether any key goes back, and so does a click anywhere."""
        return False

    def _find_act(self, key: str) -> str:
        """Return the act of a key, or ""; the wheel is its own."""
        return key if key.startswith("wheel-") else self._keymap.find(self._name, key)

    def _name_digits(self, count: int) -> str:
        """Return the keys of so many options."""
        first, last = (self._keymap.show(digit) for digit in ("1", str(min(max(count, 1), 9))))
        return f"{first}–{last}" if count > 1 else first * count

    def _read_click(self, click: str) -> str:
        """Return the key that a click stands for, or "" if it is on nothing."""
        return self._keymap.find_shown(self._name, self._window.read_click(click))

    @property
    def _continue_key(self) -> str:
        """The key that a click on a chosen row stands for."""
        return self._keymap.keys["continue"][0].replace("space", " ")

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
    """Return a text in exactly this width: padded, or cut behind a word, with an ellipsis."""
    if cell_len(text) > width:
        text = _cut_text(text, width)
    return text + " " * (width - cell_len(text))


def _cut_text(text: str, width: int) -> str:
    if width <= 0:
        return ""
    kept = set_cell_size(text, width - 1)
    if not text.startswith(kept):
        # A blank stands for half a wide character.
        kept = kept[:-1]
    if not text[len(kept) :].startswith(" "):
        # A first word that is too long is cut anyway: nothing would be left.
        kept = kept.rpartition(" ")[0] or kept
    return f"{kept.rstrip(' ›·,–')}…"


def draw_step(width: int, *texts: str) -> Text:
    """Draw a hint on the next keys: the first text that fits, else the last one."""
    return _draw_line(choose_text(texts, width), "bold")


def join_hints(*hints: str, gap: int = 3) -> str:
    """Join hints on keys; those of acts without a key are empty."""
    return (" " * gap).join(filter(None, hints))


def draw_title_bar(text: str, columns: int) -> Text:
    """Draw a header, over the whole width."""
    return Text(fit_text(f" {text}", columns), "reverse", no_wrap=True)


def draw_header(titles: Sequence[str], figures: Sequence[str], columns: int) -> Text:
    """Draw a title at the left and figures at the right: the first of each that fit, well apart.

    The last title is cut before the figures are shortened, if enough of it is left.
    """
    room = columns - 2 - _APART
    least = min(cell_len(titles[-1]), _MIN_TITLE)
    figure = next((one for one in figures if cell_len(one) + least <= room), figures[-1])
    width = max(room - cell_len(figure), 0)
    title = fit_text(choose_text(titles, width), width)
    return draw_title_bar(f"{title}{' ' * _APART}{figure} ", columns)


def draw_key_help(keys: Iterable[tuple[str, str]]) -> Renderable:
    """Draw a list of keys, each with its effect beside it."""
    from rich.table import Table  # noqa: PLC0415  (slow, and only the help is one)

    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(style="bold", width=_KEY_WIDTH)
    grid.add_column()
    for names, does in keys:
        grid.add_row(Text(names), Text(does))
    return grid


def _draw_line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True)


def _find_item(rows: Sequence[str], place: int) -> str:
    """Return the number of the item that a row belongs to, or ""; the last list counts."""
    starts = {}
    expected = ""
    for row in range(len(rows) - 1, -1, -1):
        if (found := _ITEM.match(rows[row])) and expected in {"", found[1]}:
            starts[row] = found[1]
            expected = str(int(found[1]) - 1)
    for row in range(place, -1, -1):
        if row in starts:
            return starts[row]
        if not rows[row].strip():
            return ""
    return ""


def _find_hint(row: str, column: int) -> str:
    """Return the key of the hint at a column, or ""."""
    start = 0
    for piece in re.split("( {2,})", row):
        width = cell_len(piece)
        if start <= column < start + width and piece.strip():
            if _LETTERS.fullmatch(piece.strip()):
                return piece[min(column - start, len(piece) - 1)].strip()
            found = _HINT.search(piece)
            return found["key"] if found else ""
        start += width
    return ""
