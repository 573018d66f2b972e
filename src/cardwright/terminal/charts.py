"""Charts as text, readable without colour: columns, bars, dots on a scale, a calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from cardwright.history import make_date
from cardwright.text import make_plain

_GAP: Final = "  "
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_FULL: Final = len(_EIGHTHS) - 1
_PART: Final = "▒"
_SHADES: Final = "·░▒▓█"
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_LABEL_WIDTH: Final = 12
_MIN_BESIDE: Final = 40
"""The text of a fact stands below its label rather than be narrower than this."""
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK_DAYS: Final = 7
_MAX_WEEKS: Final = 53
_THURSDAY: Final = 3
"""The weekday of 1 January 1970."""
_MIN_LABEL: Final = 16
"""Columns are left out before labels are cut shorter than this."""


class Fitted(NamedTuple):
    """Lines that are drawn once their width is known."""

    draw: Callable[[int], Iterable[RenderableType]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        yield from self.draw(options.max_width)


class Fact(NamedTuple):
    """Lines of text beside their label, or below it if space is short."""

    label: str
    lines: Sequence[Text]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, wrapped."""
        is_beside = options.max_width >= _LABEL_WIDTH + _MIN_BESIDE
        indent = _LABEL_WIDTH if is_beside else len(_GAP)
        if self.label and not is_beside:
            yield Text(self.label, "bold")
        label = self.label if is_beside else ""
        for line in self.lines:
            for row in line.wrap(console, options.max_width - indent):
                row.rstrip()
                yield Text.assemble((label.ljust(indent), "bold"), row)
                label = ""


class Column(NamedTuple):
    """A column of numbers or text."""

    heading: str
    cells: Sequence[str | Text]
    is_left: bool = False
    """Whether its cells are aligned left, as text is."""
    rank: int = 0
    """The column with the highest rank is left out first if space is short."""


class Bar(NamedTuple):
    """A bar of a chart."""

    label: str
    value: int
    part: int = 0
    """The part of the value that is drawn in another shade."""
    shown: str = ""
    """Shown instead of the value, unless it is empty."""


class Dot(NamedTuple):
    """Two shares to compare, from 0 to 1."""

    expected: float
    actual: float


def make_line(text: str) -> str:
    """Return any text as one line that is safe to print."""
    return " ".join(make_plain(text).split())


def draw_columns(label: Column, columns: Iterable[Column]) -> Fitted:
    """Draw rows with labels; if space is short, columns are left out, then labels are cut."""
    return Fitted(partial(_draw_columns, label, tuple(columns)))


def _draw_columns(label: Column, columns: Sequence[Column], width: int) -> Iterator[Text]:
    kept = list(columns)
    longest = max(map(_measure, (label.heading, *label.cells)))
    while len(kept) > 1 and _room(kept, width) < min(longest, _MIN_LABEL):
        kept.remove(max(kept, key=lambda column: column.rank))
    label_width = max(min(longest, _room(kept, width)), 1)
    widths = [_widen(column) for column in kept]
    heading = _as_text(label.heading)
    heading.truncate(label_width, overflow="ellipsis", pad=True)
    heading.stylize("dim")
    for column, room in zip(kept, widths, strict=True):
        heading.append_text(_place(Text(column.heading, "dim"), room, is_left=column.is_left))
    heading.rstrip()
    yield heading
    for number, name in enumerate(label.cells):
        line = _as_text(name)
        line.truncate(label_width, overflow="ellipsis", pad=True)
        for column, room in zip(kept, widths, strict=True):
            cell = _as_text(column.cells[number])
            line.append_text(_place(cell, room, is_left=column.is_left))
        line.rstrip()
        yield line


def draw_bars(bars: Sequence[Bar], headings: tuple[str, str] = ("", "")) -> Fitted:
    """Draw a bar for each number; its part comes first, in another shade.

    The headings are those of the labels and the numbers.
    """
    return Fitted(partial(_draw_bars, bars, headings))


def _draw_bars(bars: Sequence[Bar], headings: tuple[str, str], width: int) -> Iterator[Text]:
    about_labels, about_numbers = headings
    label_width = max(map(cell_len, (about_labels, *(bar.label for bar in bars))))
    shown = [bar.shown or f"{bar.value:,}" for bar in bars]
    number_width = max(map(cell_len, (about_numbers, *shown)))
    longest = max((bar.value for bar in bars), default=0)
    room = max(width - label_width - number_width - 2 * len(_GAP), 1)
    if about_labels:
        heading = f"{about_labels:<{label_width}}{_GAP}{about_numbers:>{number_width}}"
        yield Text(heading.rstrip(), "dim")
    for bar, number in zip(bars, shown, strict=True):
        line = Text(set_cell_size(bar.label, label_width))
        line.append(_GAP + " " * (number_width - cell_len(number)) + number + _GAP)
        part = round(room * bar.part / longest) if longest else 0
        line.append(_PART * part, "yellow")
        line.append(_draw_length(room * bar.value / longest - part if longest else 0), "cyan")
        line.rstrip()
        yield line


def draw_levels(numbers: Sequence[int]) -> Text:
    """Draw each number as one character, as high as its part of the largest one; · is none."""
    peak = max(numbers, default=0)
    line = Text()
    for number in numbers:
        level = _LEVELS[-(-number * len(_LEVELS) // peak) - 1] if number else _SHADES[0]
        line.append(level, "cyan" if number else "dim")
    return line


def draw_dots(dots: Sequence[Dot], width: int) -> list[Text]:
    """Draw expected (│) and actual (●) shares, then a line with their scale, which ends at 100 %.

    The scale starts below the lowest expected share; ◂ marks actual shares below its start.
    """
    low = max(int(min(dot.expected for dot in dots) * 10 - 1) / 10, 0.0)

    def find_place(share: float) -> int:
        return round((share - low) / (1 - low) * (width - 1))

    lines = []
    for expected, actual in dots:
        marks = [("·", "dim")] * width
        marks[find_place(expected)] = ("│", "bold")
        mark = "●" if actual >= low else "◂"
        marks[find_place(max(actual, low))] = (mark, "green" if actual >= expected else "yellow")
        lines.append(Text.assemble(*marks))
    first, last = f"{low:.0%}", "100%"
    lines.append(Text(first + last.rjust(width - len(first)), "dim"))
    return lines


def draw_calendar(numbers: Mapping[int, int], today: int) -> Fitted:
    """Draw the numbers of study days, one column per week, for as many weeks as fit."""
    return Fitted(partial(_draw_calendar, numbers, today))


def _draw_calendar(numbers: Mapping[int, int], today: int, width: int) -> Iterator[Text]:
    weekday = (today + _THURSDAY) % _WEEK_DAYS
    margin = len(_WEEKDAYS[0]) + 1
    weeks = max(min((width - margin) // 2, _MAX_WEEKS), 1)
    first = today - weekday - _WEEK_DAYS * (weeks - 1)
    peak = max((number for day, number in numbers.items() if first <= day <= today), default=0)
    yield Text(" " * margin + _name_months(first, weeks), "dim")
    for row, name in enumerate(_WEEKDAYS):
        line = Text(f"{name} ", "dim")
        for day in range(first + row, today + 1, _WEEK_DAYS):
            shade = _shade(numbers.get(day, 0), peak)
            line.append(_SHADES[shade] * 2, "green" if shade else "dim")
        yield line
    if peak:
        yield Text(" " * margin + _explain_shades(peak, width - margin), "dim")


def _shade(number: int, peak: int) -> int:
    """Return the index of a number's shade: 0 for none, else its part of the range to the peak."""
    return -(-number * (len(_SHADES) - 1) // peak) if peak else 0


def _explain_shades(peak: int, width: int) -> str:
    parts = [f"{_SHADES[0]} 0"]
    shades = len(_SHADES) - 1
    for shade in range(1, shades + 1):
        low, high = peak * (shade - 1) // shades + 1, peak * shade // shades
        if low <= high:
            parts.append(f"{_SHADES[shade]} {low}" + (f"–{high}" if high > low else ""))
    text = _GAP.join(parts)
    return text if len(text) <= width else f"{_SHADES[0]} 0  {_SHADES[-1]} up to {peak}"


def _name_months(first: int, weeks: int) -> str:
    """Return the names of months, each above the first Monday in it."""
    line = ""
    for week in range(weeks):
        monday = make_date(first + week * _WEEK_DAYS)
        begins = monday.day <= _WEEK_DAYS or (week == 0 and monday.day <= 2 * _WEEK_DAYS)
        # Three letters must fit above two columns a week.
        if begins and week + 1 < weeks:
            line = f"{line:<{2 * week}}{monday:%b} "
    return line.rstrip()


def _draw_length(cells: float) -> str:
    eighths = max(round(cells * _FULL), 0)
    # A value above zero is always visible.
    if cells > 0:
        eighths = max(eighths, 1)
    return _EIGHTHS[-1] * (eighths // _FULL) + _EIGHTHS[eighths % _FULL].strip()


def _room(columns: Sequence[Column], width: int) -> int:
    return width - sum(_widen(column) for column in columns)


def _widen(column: Column) -> int:
    return len(_GAP) + max(map(_measure, (column.heading, *column.cells)))


def _measure(cell: str | Text) -> int:
    return _as_text(cell).cell_len


def _as_text(cell: str | Text) -> Text:
    return cell.copy() if isinstance(cell, Text) else Text(make_line(cell))


def _place(cell: Text, width: int, *, is_left: bool) -> Text:
    cell.align("left" if is_left else "right", width - (len(_GAP) if is_left else 0))
    return Text.assemble(_GAP, cell) if is_left else cell
