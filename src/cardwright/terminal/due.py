"""What is due, drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Console
from rich.text import Text

from cardwright.history import make_date
from cardwright.study.queue import Counts
from cardwright.study.workload import DueForecast, Pace
from cardwright.terminal.charts import Bar, Column, draw_bars, draw_columns, make_line

_MAX_WIDTH: Final = 110


def print_due(
    counts: Counts,
    decks: Mapping[tuple[str, ...], Counts],
    pace: Pace,
    forecast: DueForecast,
    today: int,
) -> None:
    """Print what is left for today, in all and by deck, and the reviews of the days to come."""
    console = Console(highlight=False)
    width = console.width = min(console.width, _MAX_WIDTH)
    console.print(_say_today(counts, pace, forecast))
    if len(decks) > 1:
        console.print()
        for line in _draw_decks(decks, pace, width):
            console.print(line)
    if any(forecast.reviews):
        console.print()
        for line in _draw_forecast(forecast, today, width):
            console.print(line)


def _say_today(counts: Counts, pace: Pace, forecast: DueForecast) -> Text:
    if not any(counts):
        said = "Nothing is left for today."
    else:
        parts = zip(counts, Counts._fields, strict=True)
        said = ", ".join(f"{number:,} {name}" for number, name in parts)
        said += f": about {_say_minutes(pace, counts)} min today."
    line = Text(said, "bold")
    if forecast.overdue:
        line.append(f" Overdue: {forecast.overdue:,}.", "yellow")
    return line


def _draw_decks(decks: Mapping[tuple[str, ...], Counts], pace: Pace, width: int) -> Iterator[Text]:
    names = [Text("  " * (len(path) - 1) + make_line(path[-1])) for path in decks]
    found = list(decks.values())
    columns = [
        Column(name, [f"{counts[place]:,}" if counts[place] else "·" for counts in found])
        for place, name in enumerate(Counts._fields)
    ]
    columns.append(Column("min", [_say_minutes(pace, counts) for counts in found], rank=1))
    yield from draw_columns(Column("deck", names), columns, width)


def _draw_forecast(forecast: DueForecast, today: int, width: int) -> Iterator[Text]:
    yield Text("Reviews by the day they fall due", "dim")
    bars = []
    for place, number in enumerate(forecast.reviews):
        on = make_date(today + place)
        late = 0 if place else forecast.overdue
        bars.append(Bar(f"{on:%a} {on.day:>2} {on:%b}", number, part=late))
    yield from draw_bars(bars, width)
    if forecast.overdue:
        yield Text.assemble(("▒", "yellow"), (f" overdue: {forecast.overdue:,}", "dim"))


def _say_minutes(pace: Pace, counts: Counts) -> str:
    return f"{max(pace.estimate_minutes(counts), 1):,.0f}"
