"""How well it goes, drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Final

from rich.console import Console, RenderableType
from rich.text import Text

from cardwright.history import Rating, make_date
from cardwright.study.stats import Bin, Calibration, Effort, Retention, Stats, split_time
from cardwright.terminal.charts import (
    Bar,
    Column,
    Dot,
    draw_bars,
    draw_calendar,
    draw_columns,
    draw_dots,
    say_time,
)
from cardwright.terminal.words import name_rating

_MAX_WIDTH: Final = 110
"""So that a year of weeks fits in."""
_LEAST_DOTS: Final = 8
_MOST_DOTS: Final = 60
_BESIDE_DOTS: Final = 32
"""Columns that are taken by what stands before the dots."""
_HISTOGRAMS: Final = {
    "interval_days": "Intervals, in days",
    "stability_days": "Stability, in days: recall falls to 90%",
    "difficulty": "Difficulty, from 1 to 10",
    "retrievability": "Expected recall today",
}


def print_stats(stats: Stats) -> None:
    """Print how well it goes: what matters most first."""
    console = Console(highlight=False)
    console.width = min(console.width, _MAX_WIDTH)
    for part in draw_stats(stats, console.width):
        console.print(part)


def draw_stats(stats: Stats, width: int) -> Iterator[RenderableType]:
    """Draw how well it goes, within a width."""
    if not stats.effort.answers:
        when = f" in the last {stats.days:,} days" if stats.days else " yet"
        yield Text(f"No answers{when}. Study with `cards review`, then look again.")
        return
    yield from _draw_summary(stats)
    if stats.retention.tests:
        yield from _draw_retention(stats, width)
    if stats.calibration:
        yield from _draw_calibration(stats.calibration, width)
    yield from _draw_answers(stats, width)
    yield from _draw_prompts(stats, width)


def _draw_summary(stats: Stats) -> Iterator[Text]:
    retention = stats.retention
    if retention.tests:
        yield Text.assemble(
            "True retention ",
            (f"{retention.actual:.1%}", "bold"),
            f", expected {retention.expected:.1%} ({_count(retention.tests, 'review')})",
        )
    else:
        yield Text("Nothing has come back for review so far: retention is yet to be seen.")
    streak, effort = stats.streak, stats.effort
    yield Text.assemble(
        (_count(streak.current, "day"), "bold"),
        f" in a row (longest: {streak.longest:,})",
    )
    when = f"in the last {stats.days:,} days" if stats.days else "in all"
    yield Text.assemble(
        (_count(effort.answers, "answer"), "bold"),
        f" {when}, in {say_time(effort.duration_ms)}",
    )


def _draw_retention(stats: Stats, width: int) -> Iterator[Text]:
    yield from _head("Retention", "the first answer of a day to what was in review")
    yield from _draw_groups(
        "", {"all": stats.retention, "young": stats.young, "mature": stats.mature}, width
    )
    for name, groups in stats.groups.items():
        if len(groups) > 1:
            yield Text()
            yield from _draw_groups(f"by {name}", groups, width)


def _draw_groups(heading: str, groups: Mapping[str, Retention], width: int) -> Iterator[Text]:
    found = {name: group for name, group in groups.items() if group.tests}
    gains = [(group.actual or 0) - (group.expected or 0) for group in found.values()]
    columns = (
        Column("reviews", [f"{group.tests:,}" for group in found.values()], rank=2),
        Column("recalled", [f"{group.actual:.1%}" for group in found.values()]),
        Column("expected", [f"{group.expected:.1%}" for group in found.values()]),
        Column("gain", [_draw_gain(gain) for gain in gains], rank=3),
    )
    yield from draw_columns(Column(heading, list(found)), columns, width)


def _draw_gain(gain: float) -> Text:
    return Text(f"{gain * 100:+.1f}", "green" if gain >= 0 else "yellow")


def _draw_calibration(calibration: Calibration, width: int) -> Iterator[Text]:
    yield from _head("Calibration", "│ what was expected, ● what was recalled")
    bins = calibration.bins
    names = [*(f"{part.low:.0%}–{part.high:.0%}" for part in bins), ""]
    retentions = [part.retention for part in bins]
    columns = [
        Column("reviews", [*(f"{group.tests:,}" for group in retentions), ""], rank=1),
        Column("recalled", [*(f"{group.actual:.1%}" for group in retentions), ""]),
    ]
    room = min(width - _BESIDE_DOTS, _MOST_DOTS)
    if room >= _LEAST_DOTS:
        dots = [Dot(group.expected or 0, group.actual or 0) for group in retentions]
        columns.append(Column("", draw_dots(dots, room), is_left=True))
    yield from draw_columns(Column("expected", names), columns, width)
    yield Text(f"RMSE(bins) {calibration.rmse:.2%}, log loss {calibration.log_loss:.3f}", "dim")


def _draw_answers(stats: Stats, width: int) -> Iterator[Text]:
    yield from _head("Answers", "an answer counts a minute at the most")
    efforts = stats.effort_by_day
    first = min(efforts) if stats.days is None else stats.today - stats.days + 1
    unit, sums = split_time(efforts, max(first, min(efforts)), stats.today)
    bars = [
        Bar(_name_time(day, unit), effort.answers, shown=_say_effort(effort))
        for day, effort in sums.items()
    ]
    yield Text(f"by {unit}", "dim")
    yield from draw_bars(bars, width)
    yield Text()
    numbers = {day: effort.answers for day, effort in efforts.items()}
    yield from draw_calendar(numbers, stats.today, width)
    yield Text()
    yield from _draw_buttons(stats, width)
    yield Text()
    kinds = stats.effort_by_kind
    means = [effort.seconds_per_answer for effort in kinds.values()]
    columns = (
        Column("answers", [f"{effort.answers:,}" for effort in kinds.values()], rank=1),
        Column("seconds each", ["–" if mean is None else f"{mean:.1f}" for mean in means]),
        Column("time", [say_time(effort.duration_ms) for effort in kinds.values()], rank=2),
    )
    yield from draw_columns(Column("by kind", list(kinds)), columns, width)


def _draw_buttons(stats: Stats, width: int) -> Iterator[Text]:
    buttons = {name: counts for name, counts in stats.buttons.items() if counts.total()}
    columns = [Column("answers", [f"{c.total():,}" for c in buttons.values()], rank=1)]
    for rating in Rating:
        cells = [f"{counts[rating] / counts.total():.0%}" for counts in buttons.values()]
        columns.append(Column(name_rating(rating), cells))
    if buttons:
        yield from draw_columns(Column("by button", list(buttons)), columns, width)


def _draw_prompts(stats: Stats, width: int) -> Iterator[Text]:
    counts = stats.prompts
    yield from _head("Prompts", "as they are today")
    stages = ("new", "learning", "young", "mature")
    yield from draw_bars([Bar(stage, getattr(counts, stage)) for stage in stages], width)
    yield Text(
        f"suspended {counts.suspended:,}, leeches {counts.leech:,}, flagged {counts.flagged:,}"
    )
    for name, title in _HISTOGRAMS.items():
        bins = _trim(stats.histograms[name])
        if bins:
            yield Text()
            yield Text(title, "dim")
            is_share = name == "retrievability"
            bars = [Bar(_name_bin(bin_, is_share=is_share), bin_.number) for bin_ in bins]
            yield from draw_bars(bars, width)


def _trim(bins: Sequence[Bin]) -> Sequence[Bin]:
    """Leave out the empty bins at both ends."""
    filled = [place for place, part in enumerate(bins) if part.number]
    return bins[filled[0] : filled[-1] + 1] if filled else ()


def _name_bin(part: Bin, *, is_share: bool) -> str:
    if is_share:
        return f"{part.low:.0%}–{min(part.high, 1):.0%}"
    if part.high == inf:
        return f"{part.low:g} +"
    last = part.high - 1
    return (
        f"<{part.high:g}"
        if last < 1
        else f"{part.low:g}" + (f"–{last:g}" if last > part.low else "")
    )


def _name_time(day: int, unit: str) -> str:
    on = make_date(day)
    if unit in {"day", "week"}:
        return f"{on:%a} {on.day:>2} {on:%b}"
    return f"{on:%b %Y}" if unit == "month" else f"{on:%Y}"


def _say_effort(effort: Effort) -> str:
    if not effort.answers:
        return "0".ljust(10)
    return f"{effort.answers:,} · {say_time(effort.duration_ms):>6}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _head(title: str, about: str) -> Iterable[Text]:
    return Text(), Text.assemble((title, "bold underline"), (f"  {about}", "dim"))
