"""Study statistics, and the workload of each desired retention, as charts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from math import inf
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from cardwright.app.figures import LOAD_DAYS, Figures
from cardwright.history import Rating, make_date
from cardwright.study.stats import (
    MATURE_DAYS,
    Bin,
    CalibrationBin,
    Effort,
    Recall,
    Stats,
    add_efforts,
    split_time,
)
from cardwright.study.workload import Workload
from cardwright.terminal.charts import (
    Bar,
    Column,
    Dot,
    Fact,
    Fitted,
    draw_bars,
    draw_calendar,
    draw_columns,
    draw_dots,
    draw_levels,
    make_line,
)
from cardwright.terminal.words import name_rating
from cardwright.text import count, format_time_spent

_MIN_DOTS: Final = 8
_MAX_DOTS: Final = 60
_BESIDE_DOTS: Final = 32
"""Width of the columns before the dots."""
_MIN_HEADING: Final = 24
"""Width of the dots from which on their heading fits."""
_HISTOGRAMS: Final = {
    "interval_days": ("Intervals, for cards in review", "days"),
    "stability_days": ("Stability: how long until recall falls to 90%", "days"),
    "difficulty": ("Difficulty, from 1 to 10", "difficulty"),
    "retrievability": ("Expected recall today", "recall"),
}
_BAR_PER_MINUTE: Final = 100
"""The values of bars are integers."""
_CELL: Final = 9
_RECENT_DAYS: Final = (1, 7, 30)
_MIN_TESTS: Final = 100
"""Fewer reviews say nothing about the memory model."""
_MIN_LESSON_TESTS: Final = 20


def draw_stats(figures: Figures, part: str | None) -> Group:
    """Draw the essentials, or a part by its name."""
    stats = figures.stats
    if part is None:
        drawn = _draw_overview(figures) if stats.effort_by_day else iter([_deny_answers(None)])
    elif part == "all":
        # Parts about answers have nothing to say without any.
        names = PARTS if stats.effort.answers else ("load", "cards")
        drawn = chain.from_iterable((Text(), *_draw_part(figures, name)) for name in names)
        next(drawn)
    else:
        drawn = _draw_part(figures, part)
    return Group(*drawn)


def _draw_part(figures: Figures, name: str) -> Iterator[RenderableType]:
    if figures.stats.effort.answers or name in {"load", "cards"}:
        return PARTS[name](figures)
    return iter([_deny_answers(figures.days)])


def _deny_answers(days: int | None) -> Text:
    when = f" in the last {count(days, 'day')}" if days else " yet"
    return Text(f"No answers{when}. Study with `cards review` first.")


def _draw_overview(figures: Figures) -> Iterator[RenderableType]:
    stats = figures.stats
    efforts, today = stats.effort_by_day, stats.today
    sums = [
        add_efforts(effort for day, effort in efforts.items() if today - days < day <= today)
        for days in _RECENT_DAYS
    ]
    sums.append(add_efforts(efforts.values()))
    periods = ("today", *(f"{days} days" for days in _RECENT_DAYS[1:]), "in all")
    times = [format_time_spent(effort.duration_ms) for effort in sums]
    recent = [efforts[day].answers if day in efforts else 0 for day in range(today - 29, today + 1)]
    streak = stats.streak
    yield Fact("", [Text(_align(periods), "dim")])
    yield Fact("Answers", [Text(_align([f"{effort.answers:,}" for effort in sums]))])
    yield Fact("Time", [Text(_align(times))])
    if any(recent):
        yield Fact("By day", [draw_levels(recent).append("  the last 30 days", "dim")])
    now = (count(streak.current, "day"), "bold") if streak.current else "none now"
    yield Fact("Streak", [Text.assemble(now, f"; the longest was {count(streak.longest, 'day')}")])
    yield Text()
    yield Fact("Recall", list(_describe_recall(stats)))
    yield Text()
    yield Fact("To come", list(_describe_load(figures)))
    yield Text()
    prompts = stats.prompts
    known = f"{prompts.young:,} young, {prompts.mature:,} mature ({MATURE_DAYS} days and more)"
    yield Fact("Cards", [Text(f"{prompts.new:,} new, {prompts.learning:,} being learned, {known}")])
    attention = list(_list_attention(stats)) or [Text("Nothing needs your attention.")]
    yield Fact("Attention", attention)
    yield Text()
    *names, last = (name for name in PARTS)
    more = f"{', '.join(names)}, {last} or all"
    yield Fact("More", [Text(f"cards stats {more}; --html FILE draws charts", "dim")])


def _align(cells: Sequence[str]) -> str:
    return "".join(f"{cell:>{_CELL}}" for cell in cells)


def _describe_recall(stats: Stats) -> Iterator[Text]:
    when = f", last {count(stats.days, 'day')}" if stats.days else ""
    for recall, what in (
        (stats.mature, "of cards you know well"),
        (stats.young, "of younger cards"),
    ):
        if recall.tests:
            yield Text.assemble(
                (f"{recall.actual:.1%}", "bold"),
                f" {what}, {recall.expected:.1%} expected ({count(recall.tests, 'review')}{when})",
            )
    if not stats.recall.tests:
        yield Text(f"no card has come back for review{when or ' yet'}")


def _describe_load(figures: Figures) -> Iterator[Text]:
    load, minutes = figures.load, figures.minutes_per_review
    today, tomorrow = load.reviews[:2]
    total = sum(load.reviews)
    if not total:
        yield Text(f"no reviews in the next {LOAD_DAYS} days")
        return
    overdue = f" ({load.overdue:,} overdue)" if load.overdue else ""
    a_day = total / LOAD_DAYS
    yield Text.assemble(
        (count(today, "review"), "bold"),
        f" due today{overdue}, {tomorrow:,} tomorrow, {total:,} in {LOAD_DAYS} days:"
        f" about {max(a_day * minutes, 1):.0f} min a day",
    )
    yield draw_levels(load.reviews).append(f"  the next {LOAD_DAYS} days", "dim")


def _list_attention(stats: Stats) -> Iterator[Text]:
    prompts, recall = stats.prompts, stats.recall
    if prompts.leech:
        yield Text(
            f"{count(prompts.leech, 'prompt')} you keep forgetting: `cards review --leeches`"
        )
    if recall.tests >= _MIN_TESTS and recall.actual and recall.expected:
        low, high = recall.bounds
        if not low <= recall.expected <= high:
            more = "less" if high < recall.expected else "more"
            yield Text(f"You recall {more} than expected: try `cards optimize`")
    if weakest := _find_weakest(stats):
        name, lesson = weakest
        yield Text(
            f"Weakest lesson: {make_line(name)} ({lesson.actual:.0%} of"
            f" {count(lesson.tests, 'review')} recalled)"
        )
    if prompts.flagged:
        yield Text(f"{count(prompts.flagged, 'prompt')} flagged: `cards review --flagged`")


def _find_weakest(stats: Stats) -> tuple[str, Recall] | None:
    """Return the lesson that is recalled least, if that is not chance."""
    weak = [
        (name, lesson)
        for name, lesson in stats.groups["lesson"].items()
        if lesson.tests >= _MIN_LESSON_TESTS and lesson.bounds[1] < (stats.recall.actual or 0)
    ]
    return min(weak, key=lambda pair: pair[1].actual or 0) if weak else None


def _draw_recall(figures: Figures) -> Iterator[RenderableType]:
    stats = figures.stats
    about = "the share of reviews you remembered when first asked on a day"
    yield _make_heading("Recall", about)
    if not stats.recall.tests:
        yield Text("No card has come back for review yet.")
        return
    yield Text(
        f"Mature cards are asked after {MATURE_DAYS} days or more, young ones earlier."
        " Differences are in percentage points.",
        "dim",
    )
    ages = {"all": stats.recall, "young": stats.young, "mature": stats.mature}
    for name, groups in (("age", ages), *stats.groups.items()):
        if len(groups) > 1:
            yield Text()
            yield _draw_groups(f"by {name}", groups)


def _draw_groups(heading: str, groups: Mapping[str, Recall]) -> Fitted:
    found = {name: group for name, group in groups.items() if group.tests}
    gains = [(group.actual or 0) - (group.expected or 0) for group in found.values()]
    columns = (
        Column("reviews", [f"{group.tests:,}" for group in found.values()], rank=2),
        Column("recalled", [f"{group.actual:.1%}" for group in found.values()]),
        Column("expected", [f"{group.expected:.1%}" for group in found.values()]),
        Column("difference", [_draw_gain(gain) for gain in gains], rank=3),
    )
    return draw_columns(Column(heading, list(found)), columns)


def _draw_gain(gain: float) -> Text:
    points = round(gain * 100, 1)
    return Text(f"{points:+.1f}" if points else "0.0", "green" if points >= 0 else "yellow")


def _draw_calibration(figures: Figures) -> Iterator[RenderableType]:
    yield _make_heading("Calibration", "how far recall is from what was expected")
    calibration = figures.stats.calibration
    if not calibration:
        yield Text("No card has come back for review yet.")
        return
    yield Text("Reviews by the recall that was expected of each.", "dim")
    yield Text()
    yield Fitted(lambda width: [_draw_bins(calibration.bins, width)])
    yield Text()
    yield Text(
        f"Calibration error: {calibration.error * 100:.1f} percentage points, the root mean square"
        " of the differences."
    )
    yield Text(
        f"Log loss: {calibration.log_loss:.3f}, the mean of −ln p, where p is the probability"
        " given to what happened; less is better."
    )


def _draw_bins(bins: Sequence[CalibrationBin], width: int) -> Fitted:
    names = [*(f"{part.low:.0%}–{part.high:.0%}" for part in bins), ""]
    recalls = [part.recall for part in bins]
    columns = [
        Column("reviews", [*(f"{group.tests:,}" for group in recalls), ""], rank=1),
        Column("recalled", [*(f"{group.actual:.1%}" for group in recalls), ""]),
    ]
    room = min(width - _BESIDE_DOTS, _MAX_DOTS)
    if room >= _MIN_DOTS:
        dots = [Dot(group.expected or 0, group.actual or 0) for group in recalls]
        heading = "│ expected, ● recalled" if room >= _MIN_HEADING else "│, ●"
        columns.append(Column(heading, draw_dots(dots, room), is_left=True))
    return draw_columns(Column("expected", names), columns)


def _draw_answers(figures: Figures) -> Iterator[RenderableType]:
    stats = figures.stats
    efforts = stats.effort_by_day
    yield _make_heading("Answers", f"{stats.effort.answers:,}{_tell_when(stats)}")
    unit, sums = _split_efforts(stats)
    yield draw_bars(
        [Bar(_name_time(day, unit), effort.answers) for day, effort in sums.items()],
        (f"by {unit}", "answers"),
    )
    yield Text()
    yield draw_calendar({day: effort.answers for day, effort in efforts.items()}, stats.today)
    hours = list(enumerate(figures.hours))
    if answered := [hour for hour, number in hours if number]:
        yield Text()
        yield draw_bars(
            [Bar(f"{hour:02}:00", n) for hour, n in hours[answered[0] : answered[-1] + 1]],
            ("by hour", "answers"),
        )
    buttons = {name: counts for name, counts in stats.buttons.items() if counts.total()}
    if buttons:
        columns = [Column("answers", [f"{c.total():,}" for c in buttons.values()], rank=1)]
        for rating in Rating:
            cells = [f"{counts[rating] / counts.total():.0%}" for counts in buttons.values()]
            columns.append(Column(name_rating(rating), cells))
        yield Text()
        yield draw_columns(Column("by button", list(buttons)), columns)


def _draw_time(figures: Figures) -> Iterator[RenderableType]:
    stats = figures.stats
    spent = format_time_spent(stats.effort.duration_ms)
    yield _make_heading("Time", f"{spent}{_tell_when(stats)}, at most one minute an answer")
    unit, sums = _split_efforts(stats)
    yield draw_bars(
        [
            Bar(
                _name_time(day, unit),
                effort.duration_ms,
                shown=format_time_spent(effort.duration_ms),
            )
            for day, effort in sums.items()
        ],
        (f"by {unit}", "time"),
    )
    kinds = stats.effort_by_kind
    means = [effort.seconds_per_answer for effort in kinds.values()]
    columns = (
        Column("answers", [f"{effort.answers:,}" for effort in kinds.values()], rank=1),
        Column("seconds each", ["–" if mean is None else f"{mean:.1f}" for mean in means]),
        Column(
            "time", [format_time_spent(effort.duration_ms) for effort in kinds.values()], rank=2
        ),
    )
    yield Text()
    yield draw_columns(Column("by kind", list(kinds)), columns)
    if bins := _trim(figures.seconds):
        yield Text()
        yield draw_bars(
            [Bar(_name_bin(part), part.number) for part in bins], ("seconds", "answers")
        )


def _draw_load(figures: Figures) -> Iterator[RenderableType]:
    load, minutes = figures.load, figures.minutes_per_review
    total = sum(load.reviews)
    yield _make_heading("Load", "when reviews fall due if you answer none of them")
    if not total:
        yield Text(f"No reviews fall due in the next {LOAD_DAYS} days.")
        return
    bars = [
        Bar(_name_time(figures.today + place, "day"), number, 0 if place else load.overdue)
        for place, number in enumerate(load.reviews)
    ]
    yield draw_bars(bars, ("by day", "reviews"))
    if load.overdue:
        yield Text(f"▒ overdue: {load.overdue:,}", "yellow")
    a_day = max(total * minutes / LOAD_DAYS, 1)
    yield Text(
        f"{count(total, 'review')} in {LOAD_DAYS} days, about {a_day:.0f} min a day; what you"
        " answer comes back. `cards due` has today's work, new cards included."
    )


def _draw_cards(figures: Figures) -> Iterator[RenderableType]:
    prompts = figures.stats.prompts
    yield _make_heading("Cards", "as they are today; each side of a card is a prompt")
    stages = {
        "new": prompts.new,
        "being learned": prompts.learning,
        "young": prompts.young,
        "mature": prompts.mature,
    }
    yield draw_bars([Bar(name, number) for name, number in stages.items()], ("stage", "prompts"))
    yield Text(
        f"{prompts.suspended:,} suspended, {prompts.flagged:,} flagged,"
        f" {prompts.leech:,} {'leech' if prompts.leech == 1 else 'leeches'}"
        " (what you keep forgetting)"
    )
    for name, (title, heading) in _HISTOGRAMS.items():
        if bins := _trim(figures.histograms[name]):
            yield Text()
            yield Text(title)
            is_share = name == "retrievability"
            bars = [Bar(_name_bin(bin_, is_share=is_share), bin_.number) for bin_ in bins]
            yield draw_bars(bars, (heading, "prompts"))


PARTS: Final[Mapping[str, Callable[[Figures], Iterator[RenderableType]]]] = {
    "recall": _draw_recall,
    "calibration": _draw_calibration,
    "answers": _draw_answers,
    "time": _draw_time,
    "load": _draw_load,
    "cards": _draw_cards,
}
"""What is drawn by name, in the order of `all`."""


def _make_heading(title: str, about: str) -> Text:
    return Text.assemble((title, "bold underline"), (f"  {about}", "dim"))


def _tell_when(stats: Stats) -> str:
    return f" in the last {count(stats.days, 'day')}" if stats.days else " in all"


def _split_efforts(stats: Stats) -> tuple[str, dict[int, Effort]]:
    efforts = stats.effort_by_day
    first = min(efforts) if stats.days is None else stats.today - stats.days + 1
    return split_time(efforts, max(first, min(efforts)), stats.today)


def _trim(bins: Sequence[Bin]) -> Sequence[Bin]:
    """Return the bins without the empty ones at both ends."""
    filled = [place for place, part in enumerate(bins) if part.number]
    return bins[filled[0] : filled[-1] + 1] if filled else ()


def _name_bin(part: Bin, *, is_share: bool = False) -> str:
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


def draw_workloads(workloads: Sequence[Workload], current: float, prompts: int) -> Group:
    """Draw a bar of minutes a day for each desired retention; the current one is marked."""
    about = f"desired retention, and the work for {count(prompts, 'prompt')} over a year"
    bars = []
    for retention, minutes, remembered in workloads:
        mark = "▸" if retention == current else " "
        shown = f"{minutes:.1f} min a day, {remembered:,.0f} remembered"
        bars.append(Bar(f"{mark} {retention:g}", round(minutes * _BAR_PER_MINUTE), shown=shown))
    return Group(Text(about, "dim"), draw_bars(bars))
