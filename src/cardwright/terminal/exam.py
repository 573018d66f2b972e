"""A plan to an exam, its readiness and its state, drawn in the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from cardwright.blueprint import Blueprint, LastDay
from cardwright.exam.goal import Goal
from cardwright.exam.readiness import Held, Reading
from cardwright.exam.value import NO_DOMAIN, WHOLE
from cardwright.exam.weeks import PlanWeek
from cardwright.history import make_date
from cardwright.terminal.charts import Column, draw_columns, make_line

if TYPE_CHECKING:
    from cardwright.exam.plan import Forecast, Plan

_FORECAST: Final = "A forecast of recall of the cards, not a chance of passing."


def say_fit(plan: Plan, goal: Goal) -> str:
    """Return whether the goal fits the time there is, and what would do."""
    if plan.enough_minutes is not None and plan.enough_minutes <= goal.minutes_a_day:
        return f"This fits: {goal.minutes_a_day} minutes a day are enough to meet every card."
    text = (
        f"This does not fit: with {goal.minutes_a_day} minutes a day "
        f"{plan.met_share:.0%} of the cards can be met"
    )
    if plan.enough_minutes is None:
        return f"{text}, and no number of minutes would do: move the date."
    return f"{text}; {plan.enough_minutes} would do."


def say_hours(goal: Goal, blueprint: Blueprint | None, days: int) -> str:
    """Return the hours that the starting point asks for, against those there are; "" if unknown."""
    start = blueprint.starts.get(goal.start_as or "") if blueprint else None
    if start is None:
        return ""
    there = days * goal.minutes_a_day / 60
    text = (
        f"Hours: {there:.0f} are there until the exam; whoever can say “{make_line(start.about)}” "
        f"is asked for {start.least_hours:g} to {start.most_hours:g}, reading and practice included."
    )
    if there < start.least_hours and days:
        text += f" That would be {start.least_hours * 60 / days:.0f} minutes a day at the least."
    return text


def draw_forecasts(plan: Plan, blueprint: Blueprint | None, width: int) -> Iterator[Text]:
    """Draw expected recall today and on the day, by domain and for the whole exam."""
    weights = {d.name: d.weight for d in blueprint.domains.values()} if blueprint else {}
    rows = sorted(plan.on_day, key=lambda name: name == WHOLE)
    label = Column("", [_name_domain(name) for name in rows])
    yield from draw_columns(
        label,
        [
            Column("weight", [f"{weights[n]:g}%" if n in weights else "" for n in rows], rank=3),
            Column("today", [f"{plan.today[name].recall:.0%}" for name in rows]),
            Column("exam day", [_say_forecast(plan.on_day[name]) for name in rows]),
        ],
        width,
    )


def _name_domain(name: str) -> str:
    if name == WHOLE:
        return "whole exam, weighted"
    return "cards of no domain" if name == NO_DOMAIN else make_line(name)


def _say_forecast(forecast: Forecast) -> str:
    return f"{forecast.recall:.0%} ({forecast.low:.0%} to {forecast.high:.0%})"


def draw_weeks(weeks: Sequence[PlanWeek], width: int) -> Iterator[Text]:
    """Draw what each week is about, and its time."""
    label = Column("", [f"{_say_date(w.first_day)} to {_say_date(w.last_day)}" for w in weeks])
    yield from draw_columns(
        label,
        [
            Column("asked", [f"{week.minutes_asked / 60:.1f} h" for week in weeks]),
            Column("there", [f"{week.minutes_there / 60:.1f} h" for week in weeks]),
            Column("new", [f"{week.new:.0f}" for week in weeks]),
            Column("reviews", [f"{week.reviews:.0f}" for week in weeks], rank=1),
        ],
        width,
    )
    yield Text()
    for number, week in enumerate(weeks, 1):
        lessons = f" ({', '.join(week.lessons)})" if week.lessons else ""
        yield Text.assemble((f"Week {number}  ", "bold"), f"{make_line(week.focus)}{lessons}")


def draw_last_days(last_days: Iterable[tuple[int, LastDay]]) -> Iterator[Text]:
    """Draw what the days of the last week are for."""
    for day, last in last_days:
        lessons = f" ({', '.join(last.lessons)})" if last.lessons else ""
        line = Text.assemble((f"{_say_date(day)}  ", "bold"), f"{last.days_left} to go: ")
        yield line.append(f"{make_line(last.focus)}{lessons}")


def draw_readings(readings: Iterable[Reading]) -> Iterator[Text]:
    """Draw the booking signals: given, not yet, or for the candidate to judge."""
    for reading in readings:
        mark = {True: "✓", False: "✗", None: "?"}[reading.is_given]
        line = Text(f"{mark} {make_line(reading.signal.about)}")
        if reading.recall is not None and reading.signal.measure is not None:
            wanted = reading.signal.measure.recall_percent
            line.append(f"  recall {reading.recall:.0%} of {wanted:g}% wanted", "dim")
        else:
            line.append("  judge for yourself", "dim")
        yield line


def say_held(held: Held | None) -> str:
    """Return how well earlier forecasts held."""
    if held is None:
        return "Forecasts against answers: none is a week old yet."
    return (
        f"Forecasts against answers, a week or more later: {held.expected:.0%} expected, "
        f"{held.actual:.0%} recalled, in {held.tests} answers."
    )


def write_markdown(
    title: str,
    goal: Goal,
    sentences: Sequence[str],
    weeks: Sequence[PlanWeek],
    last_days: Sequence[tuple[int, LastDay]],
    forecasts: Mapping[str, Forecast],
) -> str:
    """Return the plan as Markdown."""
    lines = [f"# {title}: plan to {goal.exam_on}", "", *(f"{line}\n" for line in sentences)]
    lines += [
        "| week | focus | lessons | asked | there | new | reviews |",
        "|---|---|---|--:|--:|--:|--:|",
    ]
    for week in weeks:
        lines.append(
            f"| {_say_date(week.first_day)} to {_say_date(week.last_day)} | {week.focus} | "
            f"{', '.join(week.lessons)} | {week.minutes_asked / 60:.1f} h | "
            f"{week.minutes_there / 60:.1f} h | {week.new:.0f} | {week.reviews:.0f} |"
        )
    if last_days:
        lines += ["", "## The last days", ""]
        lines += [
            f"- {_say_date(day)}: {last.focus}"
            + (f" ({', '.join(last.lessons)})" if last.lessons else "")
            for day, last in last_days
        ]
    lines += ["", "## Expected recall on the day", "", _FORECAST, ""]
    lines += [
        f"- {_name_domain(name)}: {_say_forecast(forecast)}" for name, forecast in forecasts.items()
    ]
    return "\n".join(lines) + "\n"


def _say_date(day: int) -> str:
    return f"{make_date(day):%a %d %b}"


FORECAST_NOTE: Final = _FORECAST
