"""A plan to an exam, its readiness and its state, drawn in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from cardwright.blueprint import Blueprint, LastDay
from cardwright.exam.goal import Goal
from cardwright.exam.plan import WHOLE, Plan, PlanWeek, format_day, format_domain, format_recall
from cardwright.exam.readiness import ForecastCheck, SignalReading
from cardwright.terminal.charts import Column, draw_columns, make_line


def say_fit(plan: Plan, goal: Goal) -> str:
    """Return whether the goal fits the time there is, and what would do."""
    if plan.enough_minutes is not None and plan.enough_minutes <= goal.minutes_a_day:
        return f"This fits: {goal.minutes_a_day} minutes a day are enough to meet every card."
    text = (
        f"This does not fit: with {goal.minutes_a_day} minutes a day "
        f"{plan.seen_share:.0%} of the cards can be met"
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
        f"is asked for {start.min_hours:g} to {start.max_hours:g}, reading and practice included."
    )
    if there < start.min_hours and days:
        text += f" That would be {start.min_hours * 60 / days:.0f} minutes a day at the least."
    return text


def draw_forecasts(plan: Plan, blueprint: Blueprint | None, width: int) -> Iterator[Text]:
    """Draw expected recall today and on the day, by domain and for the whole exam."""
    weights = {d.name: d.weight for d in blueprint.domains.values()} if blueprint else {}
    rows = sorted(plan.on_day, key=lambda name: name == WHOLE)
    label = Column("", [make_line(format_domain(name)) for name in rows])
    yield from draw_columns(
        label,
        [
            Column("weight", [f"{weights[n]:g}%" if n in weights else "" for n in rows], rank=3),
            Column("today", [f"{plan.today[name].recall:.0%}" for name in rows]),
            Column("exam day", [format_recall(plan.on_day[name]) for name in rows]),
        ],
        width,
    )


def draw_weeks(weeks: Sequence[PlanWeek], width: int) -> Iterator[Text]:
    """Draw what each week is about, and its time."""
    label = Column("", [f"{format_day(w.first_day)} to {format_day(w.last_day)}" for w in weeks])
    yield from draw_columns(
        label,
        [
            Column("asked", [f"{week.planned_minutes / 60:.1f} h" for week in weeks]),
            Column("there", [f"{week.available_minutes / 60:.1f} h" for week in weeks]),
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
        line = Text.assemble((f"{format_day(day)}  ", "bold"), f"{last.days_left} to go: ")
        yield line.append(f"{make_line(last.focus)}{lessons}")


def draw_readings(readings: Iterable[SignalReading]) -> Iterator[Text]:
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


def say_held(held: ForecastCheck | None) -> str:
    """Return how well earlier forecasts held."""
    if held is None:
        return "Forecasts against answers: none is a week old yet."
    return (
        f"Forecasts against answers, a week or more later: {held.expected:.0%} expected, "
        f"{held.actual:.0%} recalled, in {held.tests} answers."
    )
