"""Charts as SVG: no script, and colours from the classes of the page that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from math import ceil
from typing import Final, NamedTuple

from cardwright.history import make_date
from cardwright.markdown.escape import escape_html
from cardwright.text import make_plain

WIDTH: Final = 360
"""Of most charts; a phone shows one at about this width, so that its text has its true size."""
HEIGHT: Final = 190
_LEFT: Final = 38
_RIGHT: Final = 10
_TOP: Final = 10
_BOTTOM: Final = 24
_CHARACTER: Final = 6.2
"""The usual width of a character."""
_MAX_TICKS: Final = 4
_THOUSANDS: Final = 10_000
_MAX_BAR: Final = 48
_TALL: Final = HEIGHT + 60
_MAX_RADIUS: Final = 9.0
_WEEK_DAYS: Final = 7
_THURSDAY: Final = 3
"""The weekday of 1 January 1970."""
_CELL: Final = 12
_SHADES: Final = 4
_MAP_LEFT: Final = 30
_MAP_TOP: Final = 16
_WEEKDAYS: Final = {0: "Mon", 2: "Wed", 4: "Fri"}


class Bar(NamedTuple):
    """A column of a chart; its tip is shown to whoever points at it."""

    label: str
    value: float
    tip: str
    part: float = 0
    """The part of the value that is drawn in another shade, at the bottom."""


class Share(NamedTuple):
    """A share with the bounds within which it lies, next to the expected one; all from 0 to 1."""

    label: str
    actual: float
    low: float
    high: float
    expected: float
    weight: int
    """How many cases it stands for."""
    tip: str


class Band(NamedTuple):
    """A part of a whole."""

    label: str
    number: int
    shade: str
    """The class of its colour."""


def make_svg(
    about: str, pieces: Iterable[str], width: float = WIDTH, height: float = HEIGHT
) -> str:
    """Return a picture, which programs that read the page aloud describe by `about`."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{_escape(about)}">'
        f"{''.join(pieces)}</svg>\n"
    )


def draw_bars(about: str, bars: Sequence[Bar], *, unit: str = "") -> str:
    """Draw upright bars on a scale from zero."""
    return make_svg(about, _draw_bars(bars, unit))


def _draw_bars(bars: Sequence[Bar], unit: str) -> Iterator[str]:
    ticks = _find_ticks(max(bar.value for bar in bars))
    top = ticks[-1]
    yield from _draw_grid((tick / top, f"{_shorten(tick)}{unit}") for tick in ticks)
    step = _width() / len(bars)
    gap = max(min(step * 0.2, 3), step - _MAX_BAR)
    for place, (_, value, tip, part) in enumerate(bars):
        if value:
            yield "<g>"
            x, room = _LEFT + place * step + gap / 2, step - gap
            yield _rect(x, _y(value / top), room, _y(0) - _y(value / top), "bar", tip)
            if part:
                yield _rect(x, _y(part / top), room, _y(0) - _y(part / top), "part", tip)
            yield "</g>"
    yield from _label_below([(place + 0.5, bar.label) for place, bar in enumerate(bars)], len(bars))


def draw_line(about: str, shares: Sequence[Share]) -> str:
    """Draw shares over time as a line within the band of their bounds, and what was expected."""
    return make_svg(about, _draw_line(shares))


def _draw_line(shares: Sequence[Share]) -> Iterator[str]:
    # The bounds of a period with few cases must not squeeze all others.
    most = max(share.weight for share in shares)
    sure = [share.low for share in shares if share.weight * 4 >= most]
    low = int(min(*sure, *(share.expected for share in shares), 0.9) * 10) / 10
    span = 1 - low

    def find(share: float) -> float:
        return _y(min(max((share - low) / span, 0), 1))

    step = _width() / len(shares)
    xs = [_LEFT + (place + 0.5) * step for place in range(len(shares))]
    ticks = sorted({low, *(tenth / 10 for tenth in range(11) if tenth / 10 > low)})
    if len(ticks) > _MAX_TICKS + 2:
        ticks = ticks[:: 2 if len(ticks) % 2 else 1]
    yield from _draw_grid(((tick - low) / span, f"{tick:.0%}") for tick in ticks)
    band = [
        *((x, find(share.high)) for x, share in zip(xs, shares, strict=True)),
        *((x, find(share.low)) for x, share in list(zip(xs, shares, strict=True))[::-1]),
    ]
    if len(shares) > 1:
        yield f'<polygon class="band" points="{_points(band)}"/>'
        expected = [(x, find(share.expected)) for x, share in zip(xs, shares, strict=True)]
        yield f'<polyline class="expected" points="{_points(expected)}"/>'
        actual = [(x, find(share.actual)) for x, share in zip(xs, shares, strict=True)]
        yield f'<polyline class="line" points="{_points(actual)}"/>'
    for x, share in zip(xs, shares, strict=True):
        yield _circle(x, find(share.actual), 3, "dot", share.tip)
        if len(shares) == 1:
            yield _line(x - 12, find(share.expected), x + 12, find(share.expected), "expected")
    yield from _label_below(
        [(place + 0.5, share.label) for place, share in enumerate(shares)], len(shares)
    )


def draw_calibration(about: str, shares: Sequence[Share]) -> str:
    """Draw actual above expected shares: on the diagonal, they are the same."""
    return make_svg(about, _draw_calibration(shares), height=_TALL)


def _draw_calibration(shares: Sequence[Share]) -> Iterator[str]:
    height = _TALL
    # What lies below, of few cases, is drawn at the edge.
    low = int(min(*(share.expected for share in shares), 0.9) * 10) / 10
    span = 1 - low

    def place_x(share: float) -> float:
        return _LEFT + (share - low) / span * _width()

    def place_y(share: float) -> float:
        return _y(min(max((share - low) / span, 0), 1), height)

    ticks = [tenth / 10 for tenth in range(11) if tenth / 10 >= low - 1e-9]
    if len(ticks) > _MAX_TICKS + 2:
        ticks = ticks[::-2][::-1]
    for tick in ticks:
        yield _line(_LEFT, place_y(tick), WIDTH - _RIGHT, place_y(tick), "grid")
        yield _text(_LEFT - 6, place_y(tick) + 4, f"{tick:.0%}", "end")
        yield _text(place_x(tick), height - 8, f"{tick:.0%}", "middle")
    yield _line(place_x(low), place_y(low), place_x(1), place_y(1), "expected")
    most = max(share.weight for share in shares)
    for share in shares:
        x = place_x(share.expected)
        yield _line(x, place_y(share.low), x, place_y(share.high), "whisker")
        radius = max((share.weight / most) ** 0.5 * _MAX_RADIUS, 2.5)
        yield _circle(x, place_y(share.actual), radius, "dot", share.tip)


def draw_range(share: Share, low: float) -> str:
    """Draw one share with its bounds and the expected one on a scale from `low` to 1."""
    return make_svg(share.tip, _draw_range(share, low), height=22)


def _draw_range(share: Share, low: float) -> Iterator[str]:
    def place(value: float) -> float:
        return 6 + max(value - low, 0) / (1 - low) * (WIDTH - 12)

    yield _line(place(low), 11, place(1), 11, "grid")
    yield _line(place(share.low), 11, place(share.high), 11, "span")
    yield _line(place(share.expected), 3, place(share.expected), 19, "mark")
    yield _circle(place(share.actual), 11, 5, "dot", share.tip)


def draw_bands(about: str, bands: Sequence[Band]) -> str:
    """Draw the parts of a whole beside each other."""
    return make_svg(about, _draw_bands(bands), height=26)


def _draw_bands(bands: Sequence[Band]) -> Iterator[str]:
    total = sum(band.number for band in bands) or 1
    x = 0.0
    for label, number, shade in bands:
        width = number / total * WIDTH
        if number:
            tip = f"{label}: {number:,} ({number / total:.0%})"
            yield _rect(x, 2, max(width - 1.5, 1), 22, shade, tip)
        x += width


def draw_days(about: str, numbers: Mapping[int, int], first: int, last: int, peak: int) -> str:
    """Draw the numbers of study days in weeks from top to bottom; `first` is a Monday."""
    weeks = (last - first) // _WEEK_DAYS + 1
    width, height = _MAP_LEFT + weeks * _CELL, _MAP_TOP + _WEEK_DAYS * _CELL
    return make_svg(about, _draw_days(numbers, first, last, peak), width, height)


def _draw_days(numbers: Mapping[int, int], first: int, last: int, peak: int) -> Iterator[str]:
    for row, name in _WEEKDAYS.items():
        yield _text(0, _MAP_TOP + row * _CELL + 9, name, "start")
    for day in range(first, last + 1):
        week, row = divmod(day - first, _WEEK_DAYS)
        x, number, on = _MAP_LEFT + week * _CELL, numbers.get(day, 0), make_date(day)
        shade = -(-number * _SHADES // peak) if number else 0
        tip = f"{on:%a} {on.day} {on:%b %Y}: {number:,}"
        yield _rect(x, _MAP_TOP + row * _CELL, _CELL - 2, _CELL - 2, f"day s{shade}", tip)
        if not row and on.day <= _WEEK_DAYS and day + 2 * _WEEK_DAYS <= last:
            yield _text(x, 10, f"{on:%b}", "start")


def find_monday(day: int) -> int:
    """Return the Monday on or before a study day."""
    return day - (day + _THURSDAY) % _WEEK_DAYS


def _find_ticks(peak: float) -> list[float]:
    """Return round numbers from 0 to at least the peak."""
    steps = (base * 10**power for power in count() for base in (1, 2, 5))
    step = next(step for step in steps if peak / step <= _MAX_TICKS)
    return [place * step for place in range(max(ceil(peak / step), 1) + 1)]


def _draw_grid(ticks: Iterable[tuple[float, str]]) -> Iterator[str]:
    for share, label in ticks:
        y = _y(share)
        yield _line(_LEFT, y, WIDTH - _RIGHT, y, "grid")
        yield _text(_LEFT - 6, y + 4, label, "end")


def _label_below(labels: Sequence[tuple[float, str]], number: int) -> Iterator[str]:
    """Label as many places as there is room for, evenly."""
    longest = max(len(label) for _, label in labels) + 1
    step = max(ceil(longest * _CHARACTER * number / _width()), 1)
    for place, label in labels[::step]:
        x = _LEFT + place * _width() / number
        yield _text(x, HEIGHT - 8, label, "middle")


def _width() -> float:
    return WIDTH - _LEFT - _RIGHT


def _y(share: float, height: float = HEIGHT) -> float:
    return height - _BOTTOM - share * (height - _TOP - _BOTTOM)


def find_start(shares: Iterable[Share]) -> float:
    """Return where a scale begins that shows all of some shares and their bounds."""
    lowest = min((min(share.low, share.expected) for share in shares), default=0.0)
    return int(min(lowest, 0.9) * 10) / 10


def _shorten(number: float) -> str:
    return f"{number / 1000:g}k" if number >= _THOUSANDS else f"{number:,g}"


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _rect(x: float, y: float, width: float, height: float, name: str, tip: str) -> str:
    return (
        f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        f' rx="{min(2, width / 4):.1f}"><title>{_escape(tip)}</title></rect>'
    )


def _circle(x: float, y: float, radius: float, name: str, tip: str) -> str:
    return (
        f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
        f"<title>{_escape(tip)}</title></circle>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, name: str) -> str:
    return f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_escape(text)}</text>'


def _escape(text: str) -> str:
    return escape_html(make_plain(text))
