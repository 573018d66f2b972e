"""The plan for an exam: days, weeks and expected recall, as Markdown, JSON and a calendar.

`planner` computes the plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any, Final, NamedTuple

from cardwright.blueprint import Blueprint, LastDay, StudyPlan, Week
from cardwright.exam.candidates import NO_DOMAIN
from cardwright.exam.goal import Goal
from cardwright.exam.policy import Policy
from cardwright.history import make_date
from cardwright.item import Item
from cardwright.text import count, list_names

WHOLE: Final = "*"
"""Stands for the whole exam among the domains of a forecast."""
FORECAST_NOTE: Final = "A forecast of recall of the cards, not a chance of passing."
INTERVAL_NOTE: Final = "The range holds nine times in ten."
_DAYS_PER_WEEK: Final = 7
_MIN_SEEN: Final = 5
"""The minimum number of seen prompts before a lesson or objective can count as weak."""
_WEAK_BELOW: Final = 0.8
_MAX_WEAK: Final = 3
_REPAIR: Final = "Repair first: "


class ExpectedRecall(NamedTuple):
    """Expected recall, from 0 to 1. This is not a chance of passing."""

    recall: float
    low: float
    high: float
    """Recall is between `low` and `high` nine times out of ten."""


class PlannedDay(NamedTuple):
    """The expected work of a study day."""

    day: int
    minutes: float
    new: int
    reviews: int


class Learning(NamedTuple):
    """What was expected of answers so far, and what came."""

    tests: int = 0
    """Answers on a later day than the one before."""
    expected: float = 0.0
    """The share that was to be recalled, by the parameters in force."""
    actual: float = 0.0


_NOTHING_LEARNED: Final = Learning()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The study days until the exam, and the resulting recall."""

    policy: Policy
    days: tuple[PlannedDay, ...]
    """The remaining study days."""
    today: Mapping[str, ExpectedRecall]
    """Recall today, by domain name, and for the whole exam under WHOLE."""
    on_day: Mapping[str, ExpectedRecall]
    """Recall on exam day."""
    seen_share: float
    """The share of prompts that will have been asked by then."""
    enough_minutes: int | None
    """Minutes per day needed to ask every prompt; None if no number of minutes is enough."""
    learning: Learning = _NOTHING_LEARNED


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWeek:
    """Seven days of a plan, or the rest before the exam."""

    first_day: int
    last_day: int
    """First and last study day, both before the exam."""
    focus: str
    lessons: tuple[str, ...]
    study_days: int
    available_minutes: float
    planned_minutes: float
    """At most the available minutes."""
    new: float
    reviews: float

    def as_json(self) -> dict[str, Any]:
        """Return the week as a JSON object."""
        return {
            "focus": self.focus,
            "lessons": self.lessons,
            "study_days": self.study_days,
            "minutes_there": self.available_minutes,
            "minutes_asked": self.planned_minutes,
            "new": self.new,
            "reviews": self.reviews,
            "first_on": make_date(self.first_day).isoformat(),
            "last_on": make_date(self.last_day).isoformat(),
        }


def find_weak_lessons(items: Iterable[Item], recalls: Mapping[str, float]) -> list[str]:
    """Return the few lessons of an exam whose seen prompts are recalled worst, worst first.

    `recalls` holds the expected recall today of every seen prompt, by key.
    """
    found: dict[str, list[float]] = defaultdict(list)
    for item in items:
        if item.lesson is not None and item.key in recalls:
            found[item.lesson].append(recalls[item.key])
    return find_weakest(found)


def find_weakest(recalls: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the few names whose recalls are lowest on average, lowest first, if they are weak.

    `recalls` are those of seen prompts; a name with few of them is left out.
    """
    means = (
        (sum(found) / len(found), name)
        for name, found in recalls.items()
        if len(found) >= _MIN_SEEN
    )
    weak = sorted((mean, name) for mean, name in means if mean < _WEAK_BELOW)
    return [name for _, name in weak[:_MAX_WEAK]]


def find_seen_lessons(items: Iterable[Item], recalls: Mapping[str, float]) -> set[str]:
    """Return the lessons whose prompts have all been asked."""
    unseen, lessons = set(), set()
    for item in items:
        if item.lesson is not None:
            lessons.add(item.lesson)
            if item.key not in recalls:
                unseen.add(item.lesson)
    return lessons - unseen


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

    Lessons in `done` are omitted from the blueprint's study plan; those in `weak`, weakest first,
    are added to the first week.
    """
    starts = list(range(today, goal.exam_day, _DAYS_PER_WEEK))
    steps = _spread_steps(_list_steps(blueprint, len(starts), done), len(starts))
    planned = list(days)
    weeks = []
    for place, start in enumerate(starts):
        end = min(start + _DAYS_PER_WEEK, goal.exam_day)
        inside = [day for day in planned if start <= day.day < end]
        study_days = sum(not goal.is_off(day) for day in range(start, end))
        focus, lessons = steps[place]
        if place == 0 and weak:
            focus = f"{_REPAIR}{', '.join(weak)}. {focus}"
            lessons = tuple(dict.fromkeys((*weak, *lessons)))
        weeks.append(
            PlanWeek(
                first_day=start,
                last_day=end - 1,
                focus=focus,
                lessons=lessons,
                study_days=study_days,
                available_minutes=sum(map(goal.minutes_on, range(start, end))),
                planned_minutes=sum(day.minutes for day in inside),
                new=sum(day.new for day in inside),
                reviews=sum(day.reviews for day in inside),
            )
        )
    return weeks


def list_last_days(
    goal: Goal, blueprint: Blueprint | None, today: int
) -> list[tuple[int, LastDay]]:
    """Return the blueprint's last days that are still to come, each with its study day."""
    found = blueprint.last_days if blueprint else ()
    dated = [(goal.exam_day - last.days_left, last) for last in found]
    return [(day, last) for day, last in dated if day >= today]


def _list_steps(
    blueprint: Blueprint | None, weeks: int, done: Collection[str]
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the focus and remaining lessons by week, from the study plan closest in length."""
    if blueprint is None:
        return []
    plan = _choose_study_plan(blueprint, weeks)
    if plan is None:
        lessons = blueprint.lessons.values()
        steps = [Week(focus=str(lesson), lessons=(lesson.id,)) for lesson in lessons]
    else:
        steps = list(plan.weeks)
    found = []
    for step in steps:
        left = tuple(lesson for lesson in step.lessons if lesson not in done)
        if left or not step.lessons:
            found.append((step.focus, left))
    return found


def _choose_study_plan(blueprint: Blueprint, weeks: int) -> StudyPlan | None:
    """Return the study plan closest in length (the first if tied), or None without plans."""
    plans = list(blueprint.plans.values())
    return min(plans, key=lambda plan: abs(len(plan.weeks) - weeks), default=None)


def _spread_steps(
    steps: Sequence[tuple[str, tuple[str, ...]]], weeks: int
) -> list[tuple[str, tuple[str, ...]]]:
    """Divide steps among weeks, at least one each; a step may appear in two weeks."""
    if not steps:
        return [("Mixed practice", ())] * weeks
    spread = []
    for week in range(weeks):
        first = week * len(steps) // weeks
        end = max(ceil((week + 1) * len(steps) / weeks), first + 1)
        # With more weeks than steps, each week has one focus.
        own = steps[first:end] if len(steps) > weeks else steps[first : first + 1]
        lessons = tuple(dict.fromkeys(lesson for _, part in own for lesson in part))
        focus = list_names([focus for focus, _ in own], separator="; ")
        spread.append((focus, lessons))
    return spread


def plan_as_json(
    goal: Goal, planned: Goal, plan: Plan, weeks: Iterable[PlanWeek], today: int
) -> dict[str, Any]:
    """Return the goal and its plan, which goes up to the goal `planned`, as a JSON object."""
    return {
        **goal.as_json(),
        "days_left": goal.exam_day - today,
        "planned_to": planned.exam_on.isoformat(),
        "met_share": plan.seen_share,
        "enough_minutes": plan.enough_minutes,
        "policy": asdict(plan.policy),
        "recall_today": {name: found._asdict() for name, found in plan.today.items()},
        "weeks": [week.as_json() for week in weeks],
        "days": [{**day._asdict(), "on": make_date(day.day).isoformat()} for day in plan.days],
    }


def format_plan_markdown(
    title: str,
    goal: Goal,
    sentences: Sequence[str],
    weeks: Sequence[PlanWeek],
    last_days: Sequence[tuple[int, LastDay]],
    forecasts: Mapping[str, ExpectedRecall],
) -> str:
    """Return the plan as Markdown."""
    lines = [f"# {title}: plan to {goal.exam_on}", "", *(f"{line}\n" for line in sentences)]
    lines += [
        "| week | focus | lessons | planned | available | new | reviews |",
        "|---|---|---|--:|--:|--:|--:|",
    ]
    for week in weeks:
        lines.append(
            f"| {format_day(week.first_day)} to {format_day(week.last_day)} | {week.focus} | "
            f"{list_names(week.lessons)} | {week.planned_minutes / 60:.1f} h | "
            f"{week.available_minutes / 60:.1f} h | {week.new:.0f} | {week.reviews:.0f} |"
        )
    if last_days:
        lines += ["", "## The last days", ""]
        lines += [
            f"- {format_day(day)}: {last.focus}"
            + (f" ({list_names(last.lessons)})" if last.lessons else "")
            for day, last in last_days
        ]
    lines += ["", "## Expected recall on exam day", ""]
    lines += [f"{FORECAST_NOTE} {INTERVAL_NOTE}", ""]
    lines += [
        f"- {format_domain(name)}: {format_recall(found)}" for name, found in forecasts.items()
    ]
    return "\n".join(lines) + "\n"


def format_day(study_day: int) -> str:
    """Format a study day as `Mon 02 Nov`."""
    return f"{make_date(study_day):%a %d %b}"


def format_domain(name: str) -> str:
    """Return the display name of a forecast's domain."""
    if name == WHOLE:
        return "whole exam, weighted"
    return "cards of no domain" if name == NO_DOMAIN else name


def format_recall(expected: ExpectedRecall) -> str:
    """Format expected recall with its range: `81% (74% to 88%)`."""
    return f"{expected.recall:.0%} ({expected.low:.0%} to {expected.high:.0%})"


def make_calendar(
    goal: Goal,
    title: str,
    weeks: Iterable[PlanWeek],
    last_days: Iterable[tuple[int, LastDay]],
    now: datetime,
) -> bytes:
    """Return an .ics file with an all-day event for each week, each last day, and the exam.

    Events keep their ids, so importing a later plan for the same exam updates them.

    Raises:
        ImportError: icalendar is not installed.

    """
    from icalendar import Calendar, Event  # noqa: PLC0415  (an optional extra, slow to load)

    # icalendar does not escape line breaks everywhere.
    title = " ".join(title.split())
    calendar = Calendar()
    calendar.add("prodid", "-//Cardwright//exam plan//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)

    def add(key: str, first: int, last: int, summary: str, about: str) -> None:
        event = Event()
        event.add("uid", f"{goal.pack}-{key}@cardwright")
        event.add("dtstamp", now)
        event.add("dtstart", make_date(first))
        # An event without an end lasts a day: after the last day of the calendar there is none.
        if (last_on := make_date(last)) < date.max:
            event.add("dtend", last_on + timedelta(days=1))
        event.add("summary", summary)
        if about:
            event.add("description", about)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)

    for number, week in enumerate(weeks, 1):
        lessons = f"Lessons {list_names(week.lessons)}. " if week.lessons else ""
        about = (
            f"{lessons}{count(week.study_days, 'study day')} of "
            f"{count(goal.minutes_a_day, 'minute')}: about {count(round(week.new), 'new prompt')} "
            f"and {count(round(week.reviews), 'review')}."
        )
        # Weeks are numbered backwards from the exam, so that ids do not change as time passes.
        key = f"week-{(goal.exam_day - week.first_day + 6) // 7}"
        add(key, week.first_day, week.last_day, f"Week {number}: {week.focus}", about)
    for day, last in last_days:
        lessons = f"Lessons {list_names(last.lessons)}" if last.lessons else ""
        add(f"day-{last.days_left}", day, day, f"{last.days_left} to go: {last.focus}", lessons)
    add("exam", goal.exam_day, goal.exam_day, f"Exam: {title}", "")
    return bytes(calendar.to_ical())
