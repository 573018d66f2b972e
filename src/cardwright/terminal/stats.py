"""Study statistics, and the workload of each desired retention, as charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from cardwright.history import Rating, make_date
from cardwright.study.stats import (
    Bin,
    Calibration,
    CalibrationBin,
    Effort,
    Retention,
    Stats,
    split_time,
)
from cardwright.study.workload import Workload
from cardwright.terminal.charts import (
    Bar,
    Column,
    Dot,
    Fitted,
    draw_bars,
    draw_calendar,
    draw_columns,
    draw_dots,
)
from cardwright.terminal.words import format_time_spent, name_rating
from cardwright.text import count

_MIN_DOTS: Final = 8
_MAX_DOTS: Final = 60
_BESIDE_DOTS: Final = 32
"""Width of the columns before the dots."""
_HISTOGRAMS: Final = {
    "interval_days": "Intervals in days",
    "stability_days": "Stability: days until recall falls to 90%",
    "difficulty": "Difficulty, from 1 to 10",
    "retrievability": "Expected recall today",
}
_BAR_PER_MINUTE: Final = 100
"""The values of bars are integers."""


def draw_stats(stats: Stats) -> Group:
    """Draw the statistics, the most important figures first."""
    if not stats.effort.answers:
        when = f" in the last {count(stats.days, 'day')}" if stats.days else " yet"
        return Group(Text(f"No answers{when}. Study with `cards review` first."))
    parts: list[RenderableType] = [*_draw_summary(stats)]
    if stats.retention.tests:
        parts += _draw_retention(stats)
    if stats.calibration:
        parts += _draw_calibration(stats.calibration)
    return Group(*parts, *_draw_answers(stats), *_draw_prompts(stats))


def _draw_summary(stats: Stats) -> Iterator[Text]:
    retention = stats.retention
    if retention.tests:
        yield Text.assemble(
            "True retention ",
            (f"{retention.actual:.1%}", "bold"),
            f", expected {retention.expected:.1%} ({count(retention.tests, 'review')})",
        )
    else:
        yield Text("True retention: no card has come back for review yet.")
    streak, effort = stats.streak, stats.effort
    yield Text.assemble(
        (count(streak.current, "day"), "bold"),
        f" in a row (longest: {streak.longest:,})",
    )
    when = f"in the last {count(stats.days, 'day')}" if stats.days else "in all"
    yield Text.assemble(
        (count(effort.answers, "answer"), "bold"),
        f" {when}, in {format_time_spent(effort.duration_ms)}",
    )


def _draw_retention(stats: Stats) -> Iterator[RenderableType]:
    yield from _draw_heading("Retention", "first answers of a day to cards in review")
    yield _draw_groups("", {"all": stats.retention, "young": stats.young, "mature": stats.mature})
    for name, groups in stats.groups.items():
        if len(groups) > 1:
            yield Text()
            yield _draw_groups(f"by {name}", groups)


def _draw_groups(heading: str, groups: Mapping[str, Retention]) -> Fitted:
    found = {name: group for name, group in groups.items() if group.tests}
    gains = [(group.actual or 0) - (group.expected or 0) for group in found.values()]
    columns = (
        Column("reviews", [f"{group.tests:,}" for group in found.values()], rank=2),
        Column("recalled", [f"{group.actual:.1%}" for group in found.values()]),
        Column("expected", [f"{group.expected:.1%}" for group in found.values()]),
        Column("gain", [_draw_gain(gain) for gain in gains], rank=3),
    )
    return draw_columns(Column(heading, list(found)), columns)


def _draw_gain(gain: float) -> Text:
    return Text(f"{gain * 100:+.1f}", "green" if gain >= 0 else "yellow")


def _draw_calibration(calibration: Calibration) -> Iterator[RenderableType]:
    yield from _draw_heading("Calibration", "│ expected recall, ● actual recall")
    yield Fitted(lambda width: [_draw_bins(calibration.bins, width)])
    yield Text(f"RMSE(bins) {calibration.rmse:.2%}, log loss {calibration.log_loss:.3f}", "dim")


def _draw_bins(bins: Sequence[CalibrationBin], width: int) -> Fitted:
    names = [*(f"{part.low:.0%}–{part.high:.0%}" for part in bins), ""]
    retentions = [part.retention for part in bins]
    columns = [
        Column("reviews", [*(f"{group.tests:,}" for group in retentions), ""], rank=1),
        Column("recalled", [*(f"{group.actual:.1%}" for group in retentions), ""]),
    ]
    room = min(width - _BESIDE_DOTS, _MAX_DOTS)
    if room >= _MIN_DOTS:
        dots = [Dot(group.expected or 0, group.actual or 0) for group in retentions]
        columns.append(Column("", draw_dots(dots, room), is_left=True))
    return draw_columns(Column("expected", names), columns)


def _draw_answers(stats: Stats) -> Iterator[RenderableType]:
    yield from _draw_heading("Answers", "at most one minute each")
    efforts = stats.effort_by_day
    first = min(efforts) if stats.days is None else stats.today - stats.days + 1
    unit, sums = split_time(efforts, max(first, min(efforts)), stats.today)
    bars = [
        Bar(_name_time(day, unit), effort.answers, shown=_format_effort(effort))
        for day, effort in sums.items()
    ]
    yield Text(f"by {unit}", "dim")
    yield draw_bars(bars)
    yield Text()
    numbers = {day: effort.answers for day, effort in efforts.items()}
    yield draw_calendar(numbers, stats.today)
    yield Text()
    yield from _draw_buttons(stats)
    yield Text()
    kinds = stats.effort_by_kind
    means = [effort.seconds_per_answer for effort in kinds.values()]
    columns = (
        Column("answers", [f"{effort.answers:,}" for effort in kinds.values()], rank=1),
        Column("seconds each", ["–" if mean is None else f"{mean:.1f}" for mean in means]),
        Column(
            "time", [format_time_spent(effort.duration_ms) for effort in kinds.values()], rank=2
        ),
    )
    yield draw_columns(Column("by kind", list(kinds)), columns)


def _draw_buttons(stats: Stats) -> Iterator[Fitted]:
    buttons = {name: counts for name, counts in stats.buttons.items() if counts.total()}
    columns = [Column("answers", [f"{c.total():,}" for c in buttons.values()], rank=1)]
    for rating in Rating:
        cells = [f"{counts[rating] / counts.total():.0%}" for counts in buttons.values()]
        columns.append(Column(name_rating(rating), cells))
    if buttons:
        yield draw_columns(Column("by button", list(buttons)), columns)


def _draw_prompts(stats: Stats) -> Iterator[RenderableType]:
    counts = stats.prompts
    yield from _draw_heading("Prompts", "as they are today")
    stages = ("new", "learning", "young", "mature")
    yield draw_bars([Bar(stage, getattr(counts, stage)) for stage in stages])
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
            yield draw_bars(bars)


def _trim(bins: Sequence[Bin]) -> Sequence[Bin]:
    """Return the bins without the empty ones at both ends."""
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


def _format_effort(effort: Effort) -> str:
    if not effort.answers:
        return "0".ljust(10)
    return f"{effort.answers:,} · {format_time_spent(effort.duration_ms):>6}"


def _draw_heading(title: str, about: str) -> tuple[Text, Text]:
    return Text(), Text.assemble((title, "bold underline"), (f"  {about}", "dim"))


def draw_workloads(workloads: Sequence[Workload], current: float, prompts: int) -> Group:
    """Draw a bar of minutes a day for each desired retention; the current one is marked."""
    about = f"desired retention, and the work for {count(prompts, 'prompt')} over a year"
    bars = []
    for retention, minutes, remembered in workloads:
        mark = "▸" if retention == current else " "
        shown = f"{minutes:.1f} min a day, {remembered:,.0f} remembered"
        bars.append(Bar(f"{mark} {retention:g}", round(minutes * _BAR_PER_MINUTE), shown=shown))
    return Group(Text(about, "dim"), draw_bars(bars))
