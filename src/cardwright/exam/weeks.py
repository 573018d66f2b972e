"""The weeks before an exam, on the screen and as a calendar."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final, Protocol

from cardwright.blueprint import Blueprint, LastDay, StudyPlan, Week
from cardwright.exam.goal import Goal
from cardwright.history import make_date

_WEEK_DAYS: Final = 7
_REPAIR: Final = "Repair first: "


class PlannedDay(Protocol):
    """One study day of a plan."""

    @property
    def day(self) -> int:
        """The study day."""

    @property
    def minutes(self) -> float:
        """Expected minutes."""

    @property
    def new(self) -> float:
        """Expected new prompts."""

    @property
    def reviews(self) -> float:
        """Expected prompts that were asked before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWeek:
    """Seven days of a plan, or the rest before the exam."""

    first_day: int
    last_day: int
    """Both are study days; the exam is on neither."""
    focus: str
    lessons: tuple[str, ...]
    study_days: int
    minutes_there: float
    minutes_asked: float
    """By the plan, which never asks for more than there is."""
    new: float
    reviews: float


def lay_out_weeks(
    goal: Goal,
    blueprint: Blueprint | None,
    days: Iterable[PlannedDay],
    today: int,
    *,
    done: Collection[str] = (),
    weak: Sequence[str] = (),
) -> list[PlanWeek]:
    """Return the weeks from today to the exam.

    Lessons that are `done` (all met) are left out of the order of the blueprint's plan; those that
    are `weak`, the weakest first, are repaired in the first week.
    """
    starts = list(range(today, goal.exam_day, _WEEK_DAYS))
    groups = _spread(_choose_groups(blueprint, len(starts), done), len(starts))
    planned = list(days)
    weeks = []
    for number, start in enumerate(starts):
        end = min(start + _WEEK_DAYS, goal.exam_day)
        inside = [day for day in planned if start <= day.day < end]
        study_days = sum(not goal.is_off(day) for day in range(start, end))
        focus, lessons = groups[number]
        if number == 0 and weak:
            focus = f"{_REPAIR}{', '.join(weak)}. {focus}"
            lessons = tuple(dict.fromkeys((*weak, *lessons)))
        weeks.append(
            PlanWeek(
                first_day=start,
                last_day=end - 1,
                focus=focus,
                lessons=lessons,
                study_days=study_days,
                minutes_there=study_days * goal.minutes_a_day,
                minutes_asked=sum(day.minutes for day in inside),
                new=sum(day.new for day in inside),
                reviews=sum(day.reviews for day in inside),
            )
        )
    return weeks


def list_last_days(
    goal: Goal, blueprint: Blueprint | None, today: int
) -> list[tuple[int, LastDay]]:
    """Return the study days of the last week that are still to come, with what each is for."""
    found = blueprint.last_days if blueprint else ()
    dated = [(goal.exam_day - last.days_left, last) for last in found]
    return [(day, last) for day, last in dated if day >= today]


def _choose_groups(
    blueprint: Blueprint | None, weeks: int, done: Collection[str]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return focus and lessons, in order, from the plan of nearest length, without what is done."""
    if blueprint is None:
        return []
    plan = _choose_plan(blueprint, weeks)
    if plan is None:
        lessons = blueprint.lessons.values()
        steps = [Week(focus=str(lesson), lessons=(lesson.id,)) for lesson in lessons]
    else:
        steps = list(plan.weeks)
    groups = []
    for step in steps:
        left = tuple(lesson for lesson in step.lessons if lesson not in done)
        if left or not step.lessons:
            groups.append((step.focus, left))
    return groups


def _choose_plan(blueprint: Blueprint, weeks: int) -> StudyPlan | None:
    """Return the plan that is nearest in length, the first of equals; None when there is none."""
    plans = list(blueprint.plans.values())
    return min(plans, key=lambda plan: abs(len(plan.weeks) - weeks), default=None)


def _spread(
    groups: Sequence[tuple[str, tuple[str, ...]]], weeks: int
) -> list[tuple[str, tuple[str, ...]]]:
    """Give each week its part of the groups, one at least; what two weeks share is named in both."""
    if not groups:
        return [("Mixed practice", ())] * weeks
    spread = []
    for week in range(weeks):
        first = week * len(groups) // weeks
        end = max(ceil((week + 1) * len(groups) / weeks), first + 1)
        # Where weeks are many, each is about one thing.
        taken = groups[first:end] if len(groups) > weeks else groups[first : first + 1]
        lessons = tuple(dict.fromkeys(lesson for _, part in taken for lesson in part))
        spread.append(("; ".join(focus for focus, _ in taken), lessons))
    return spread


def make_calendar(
    goal: Goal,
    title: str,
    weeks: Iterable[PlanWeek],
    last_days: Iterable[tuple[int, LastDay]],
    now: datetime,
) -> bytes:
    """Return an .ics file: a day-long event for each week, each of the last days, and the exam.

    The same plan gives events of the same ids, so that taking it in again renews them.
    """
    from icalendar import Calendar, Event  # noqa: PLC0415  (an extra, and slow to load)

    calendar = Calendar()
    calendar.add("prodid", "-//Cardwright//exam plan//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)

    def add(key: str, first: int, last: int, summary: str, about: str) -> None:
        event = Event()
        event.add("uid", f"{goal.pack}-{key}@cardwright")
        event.add("dtstamp", now)
        event.add("dtstart", make_date(first))
        event.add("dtend", make_date(last) + timedelta(days=1))
        event.add("summary", summary)
        if about:
            event.add("description", about)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)

    for number, week in enumerate(weeks, 1):
        lessons = f"Lessons {', '.join(week.lessons)}. " if week.lessons else ""
        about = (
            f"{lessons}{week.study_days} study days of {goal.minutes_a_day} minutes: about "
            f"{week.new:.0f} new cards and {week.reviews:.0f} reviews."
        )
        # The weeks are counted from the exam, so that an event keeps its id as time goes by.
        key = f"week-{(goal.exam_day - week.first_day + 6) // 7}"
        add(key, week.first_day, week.last_day, f"Week {number}: {week.focus}", about)
    for day, last in last_days:
        lessons = f"Lessons {', '.join(last.lessons)}" if last.lessons else ""
        add(f"day-{last.days_left}", day, day, f"{last.days_left} to go: {last.focus}", lessons)
    add("exam", goal.exam_day, goal.exam_day, f"Exam: {title}", "")
    return bytes(calendar.to_ical())
