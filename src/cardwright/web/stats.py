"""Statistics → one self-contained page of charts, without scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from math import inf
from string import Template
from typing import Final

from cardwright.app.figures import LOAD_DAYS, Figures
from cardwright.history import (
    MS_PER_MINUTE,
    Rating,
    make_date,
)
from cardwright.markdown.escape import escape_html
from cardwright.study.stats import (
    MATURE_DAYS,
    Bin,
    CalibrationBin,
    Recall,
    add_efforts,
    add_recalls,
    split_time,
)
from cardwright.text import count, format_time_spent, make_plain
from cardwright.web.svg import (
    Band,
    Bar,
    Share,
    draw_bands,
    draw_bars,
    draw_calibration,
    draw_days,
    draw_line,
    draw_range,
    find_monday,
    find_start,
)

_TITLE: Final = "How your studying is going"
_MAX_WEEKS: Final = 26
"""Recall is shown by week for so long, then by month."""
_HALF_WEEKS: Final = 27
_WEEK_DAYS: Final = 7
_SHADES: Final = 4
_MAX_GROUPS: Final = 60
_MIN_GROUP_TESTS: Final = 5
_WEEK: Final = 7


def make_stats_page(figures: Figures) -> str:
    """Return the page."""
    stats = figures.stats
    style = _read_asset("stats.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    on = make_date(stats.today)
    when = f", answers of the last {count(stats.days, 'day')}" if stats.days else ""
    return Template(_read_asset("stats.html")).substitute(
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        title=_TITLE,
        style=style,
        about=f"{on:%A} {on.day} {on:%B %Y}{when}. Point at a mark to see its numbers.",
        tiles="".join(
            f"<li><b>{_escape(number)}</b><span>{_escape(about)}</span></li>\n"
            for number, about in _list_tiles(figures)
        ),
        charts="".join(_make_figures(figures)),
    )


@cache
def _read_asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _list_tiles(figures: Figures) -> Iterator[tuple[str, str]]:
    """Yield numbers, and what each of them is."""
    stats = figures.stats
    streak = stats.streak
    yield count(streak.current, "day"), f"in a row; the longest was {count(streak.longest, 'day')}"
    week = add_efforts(
        effort
        for day, effort in stats.effort_by_day.items()
        if stats.today - _WEEK < day <= stats.today
    )
    yield (
        f"{week.answers:,}",
        f"answers in the last 7 days, in {format_time_spent(week.duration_ms)}",
    )
    every = add_efforts(stats.effort_by_day.values())
    yield f"{every.answers:,}", f"answers in all, in {format_time_spent(every.duration_ms)}"
    for recall, what in ((stats.mature, "well-known"), (stats.young, "younger")):
        if recall.tests:
            yield (
                f"{recall.actual:.1%}",
                f"of {what} cards recalled; {recall.expected:.1%} expected",
            )
            break
    load = figures.load
    overdue = f", {load.overdue:,} of them overdue" if load.overdue else ""
    yield (
        f"{load.reviews[0]:,}",
        f"{'review' if load.reviews[0] == 1 else 'reviews'} due today{overdue}",
    )


def _make_figures(figures: Figures) -> Iterator[str]:
    for draw in (
        _make_days,
        _make_recall,
        _make_load,
        _make_time,
        _make_calibration,
        _make_buttons,
        _make_stages,
        _make_seconds,
        _make_hours,
        _make_expected,
        _make_intervals,
        _make_stability,
        _make_difficulty,
        _make_groups,
    ):
        yield draw(figures)


def _wrap(title: str, about: str, chart: str, *, is_wide: bool = False) -> str:
    """Return a chart with its caption; nothing without a chart."""
    if not chart:
        return ""
    name = ' class="wide"' if is_wide else ""
    return (
        f"<figure{name}>\n<figcaption><h2>{_escape(title)}</h2><p>{_escape(about)}</p></figcaption>\n"
        f"{chart}</figure>\n"
    )


def _make_days(figures: Figures) -> str:
    stats = figures.stats
    numbers = {day: effort.answers for day, effort in stats.effort_by_day.items()}
    middle = find_monday(stats.today) - (_HALF_WEEKS - 1) * _WEEK_DAYS
    first = middle - _HALF_WEEKS * _WEEK_DAYS
    shown = {day: number for day, number in numbers.items() if first <= day <= stats.today}
    if not shown:
        return ""
    peak = max(shown.values())
    parts = [(first, middle - 1), (middle, stats.today)]
    if min(shown) >= middle:
        parts = parts[1:]
    maps = "".join(draw_days("Answers by day", shown, start, end, peak) for start, end in parts)
    about = f"Answers by day: {count(len(shown), 'day')} with answers; the busiest had {peak:,}."
    legend = _make_legend(
        [(f"day s{shade}", _name_shade(shade, peak)) for shade in range(_SHADES + 1)]
    )
    return _wrap("Days", about, f'<div class="halves">{maps}</div>{legend}', is_wide=True)


def _name_shade(shade: int, peak: int) -> str:
    low, high = peak * (shade - 1) // _SHADES + 1, peak * shade // _SHADES
    return "none" if not shade else f"{low:,}" if low >= high else f"{low:,}–{high:,}"


def _make_recall(figures: Figures) -> str:
    by_day = figures.stats.recall_by_day
    if not by_day:
        return ""
    is_weekly = max(by_day) - min(by_day) < _MAX_WEEKS * _WEEK_DAYS
    unit = "week" if is_weekly else "month"
    shares = [
        _make_share(_name_period(name), recall, f"{unit.capitalize()} of {_name_period(name)}")
        for name, recall in add_recalls(by_day, unit).items()
    ]
    legend = _make_legend([("bar", "recalled"), ("part", "expected")])
    about = f"Reviews recalled by {unit}; the band holds the true share with 95% certainty."
    return _wrap("Recall over time", about, draw_line("Recall over time", shares) + legend)


def _name_period(name: str) -> str:
    year, month, *day = name.split("-")
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    first = f"{int(day[0])} " if day else ""
    return f"{first}{months[int(month) - 1]}{'' if day else f' {year[2:]}'}"


def _make_share(label: str, recall: Recall, about: str) -> Share:
    actual, expected = recall.actual or 0, recall.expected or 0
    low, high = recall.bounds
    tip = (
        f"{about}: {actual:.1%} of {count(recall.tests, 'review')} recalled"
        f" ({low:.0%} to {high:.0%}), {expected:.1%} expected"
    )
    return Share(label, actual, low, high, expected, recall.tests, tip)


def _make_load(figures: Figures) -> str:
    load = figures.load
    total = sum(load.reviews)
    if not total:
        return ""
    bars = []
    for place, number in enumerate(load.reviews):
        on = make_date(figures.today + place)
        overdue = load.overdue if not place else 0
        tip = f"{on:%a} {on.day} {on:%b}: {count(number, 'review')}"
        tip += f", {overdue:,} of them overdue" if overdue else ""
        bars.append(Bar(f"{on.day} {on:%b}", number, tip, overdue))
    minutes = max(total * figures.minutes_per_review / LOAD_DAYS, 1)
    about = f"Reviews by due date, the next {LOAD_DAYS} days: about {minutes:.0f} min a day."
    legend = _make_legend([("bar", "due"), ("part", "overdue")]) if load.overdue else ""
    return _wrap("Load to come", about, draw_bars("Reviews to come by day", bars) + legend)


def _make_time(figures: Figures) -> str:
    efforts = figures.stats.effort_by_day
    days = figures.days
    first = min(efforts) if days is None else max(min(efforts), figures.today - days + 1)
    unit, sums = split_time(efforts, first, figures.today)
    if not any(effort.duration_ms for effort in sums.values()):
        return ""
    bars = []
    for day, effort in sums.items():
        on = make_date(day)
        name = {"month": f"{on:%b} {on:%y}", "year": f"{on:%Y}"}.get(unit, f"{on.day} {on:%b}")
        tip = f"{name}: {format_time_spent(effort.duration_ms)}, {count(effort.answers, 'answer')}"
        bars.append(Bar(name, effort.duration_ms / MS_PER_MINUTE, tip))
    about = f"Minutes by {unit}; an answer counts a minute at the most."
    return _wrap("Study time", about, draw_bars(about, bars))


def _make_calibration(figures: Figures) -> str:
    calibration = figures.stats.calibration
    if not calibration:
        return ""
    shares = [_make_share("", part.recall, _name_part(part)) for part in calibration.bins]
    about = (
        "Above the dashed line you recall more than expected, below it less. Error:"
        f" {calibration.error * 100:.1f} percentage points; log loss: {calibration.log_loss:.3f}."
    )
    legend = '<p class="legend"><span>across: expected recall; upwards: actual recall</span></p>'
    return _wrap("Calibration", about, draw_calibration("Calibration", shares) + legend)


def _name_part(part: CalibrationBin) -> str:
    return f"Expected {part.low:.0%}–{part.high:.0%}"


def _make_seconds(figures: Figures) -> str:
    effort = figures.stats.effort
    mean = effort.seconds_per_answer
    if mean is None:
        return ""
    about = f"Answers by seconds: {mean:.1f} on average; no more than a minute counts."
    return _wrap("Time per answer", about, _draw_bins("Answers by seconds", figures.seconds, "s"))


def _make_hours(figures: Figures) -> str:
    hours = figures.hours
    if not any(hours):
        return ""
    bars = [
        Bar(f"{hour}", number, f"{hour:02}:00–{hour:02}:59: {count(number, 'answer')}")
        for hour, number in enumerate(hours)
    ]
    busiest = max(range(len(hours)), key=hours.__getitem__)
    about = f"Answers by hour of the day; most of them after {busiest:02}:00."
    return _wrap("Hours", about, draw_bars("Answers by hour of the day", bars))


def _make_buttons(figures: Figures) -> str:
    rows = ""
    for name, counts in figures.stats.buttons.items():
        if total := counts.total():
            bands = [
                Band(rating.name.capitalize(), counts[rating], rating.name.lower())
                for rating in Rating
            ]
            rows += f'<p class="ratings">{name}: {count(total, "answer")}</p>'
            rows += draw_bands(f"Answers to {name} cards by button", bands)
    names = [rating.name for rating in Rating]
    legend = _make_legend([(name.lower(), name.capitalize()) for name in names])
    about = f"Mature cards are asked after {MATURE_DAYS} days or more, young ones earlier."
    return _wrap("Buttons", about, rows and rows + legend)


def _make_stages(figures: Figures) -> str:
    prompts = figures.stats.prompts
    stages = {
        "new": prompts.new,
        "learning": prompts.learning,
        "young": prompts.young,
        "mature": prompts.mature,
    }
    total = sum(stages.values())
    if not total:
        return ""
    bands = [Band(name, number, name) for name, number in stages.items()]
    legend = _make_legend([(name, f"{name} {number:,}") for name, number in stages.items()])
    about = (
        f"{count(total, 'prompt')}: {prompts.suspended:,} suspended, {prompts.flagged:,} flagged,"
        f" {prompts.leech:,} that you keep forgetting."
    )
    return _wrap("Cards", about, draw_bands("Prompts by stage", bands) + legend)


def _make_intervals(figures: Figures) -> str:
    return _make_histogram(
        figures, "interval_days", "Intervals", "Cards in review by days between two reviews."
    )


def _make_stability(figures: Figures) -> str:
    about = "Cards by days until recall falls to 90%."
    return _make_histogram(figures, "stability_days", "Stability", about)


def _make_difficulty(figures: Figures) -> str:
    return _make_histogram(
        figures, "difficulty", "Difficulty", "Cards by difficulty, from 1 to 10."
    )


def _make_expected(figures: Figures) -> str:
    about = "Cards by how likely you recall them today, in percent."
    return _make_histogram(figures, "retrievability", "Expected recall today", about)


def _make_histogram(figures: Figures, name: str, title: str, about: str) -> str:
    bins = figures.histograms[name]
    if not any(part.number for part in bins):
        return ""
    unit = {"difficulty": "", "retrievability": "%"}.get(name, " d")
    return _wrap(title, about, _draw_bins(about, bins, unit, "prompt"))


def _draw_bins(about: str, bins: Sequence[Bin], unit: str, noun: str = "answer") -> str:
    """Draw a histogram without the empty bins at both ends; shares are shown in percent."""
    filled = [place for place, part in enumerate(bins) if part.number]
    scale = 100 if unit == "%" else 1
    bars = []
    for low, high, number in bins[filled[0] : filled[-1] + 1]:
        end = "or more" if high == inf else f"to {high * scale:g}"
        tip = f"{low * scale:g} {end}{unit}: {count(number, noun)}"
        bars.append(Bar(f"{low * scale:g}", number, tip))
    return draw_bars(about, bars)


def _make_groups(figures: Figures) -> str:
    """Show recall by domain, lesson and kind."""
    groups = {
        name: [
            _make_share(key, group, key)
            for key, group in figures.stats.groups[name].items()
            if group.tests >= _MIN_GROUP_TESTS
        ][:_MAX_GROUPS]
        for name in ("domain", "lesson", "kind")
    }
    low = find_start(share for shares in groups.values() for share in shares)
    rows = "".join(
        f"<h3>by {name}</h3>\n{''.join(_make_row(share, low) for share in shares)}"
        for name, shares in groups.items()
        if len(shares) > 1
    )
    about = (
        "Dot: what you recalled; bar: the true share, with 95% certainty; mark: what was expected."
        f" The scale goes from {low:.0%} to 100%."
    )
    chart = rows and f'<div class="rows">{rows}</div>\n'
    return _wrap("Recall by subject", about, chart, is_wide=True)


def _make_row(share: Share, low: float) -> str:
    name = f"<bdi>{_escape(share.label)}</bdi>"
    return f"<div><p>{name}<b>{share.actual:.0%}</b></p>{draw_range(share, low)}</div>\n"


def _make_legend(entries: Sequence[tuple[str, str]]) -> str:
    """Return the names of colours, by the classes that have them."""
    shown = "".join(
        f'<span><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="{name}" width="10" height="10"'
        f' rx="2"/></svg>{_escape(about)}</span>'
        for name, about in entries
    )
    return f'<p class="legend">{shown}</p>\n'


def _escape(text: str) -> str:
    return escape_html(make_plain(text))
