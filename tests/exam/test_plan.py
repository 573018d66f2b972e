"""The plan as output: complete weeks, calendar, Markdown and JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from cardwright.blueprint import StudyPlan, Week
from cardwright.exam.goal import Goal
from cardwright.exam.plan import (
    WHOLE,
    ExpectedRecall,
    Plan,
    PlannedDay,
    find_seen_lessons,
    find_weak_lessons,
    format_plan_markdown,
    lay_out_weeks,
    list_last_days,
    make_calendar,
    plan_as_json,
)
from cardwright.exam.policy import DEFAULT_POLICY
from cardwright.history import count_days, make_date
from cardwright.item import Item
from exam_project import EXAM, make_item

TODAY = 20_783
LESSONS = ["a1", "a2", "b1", "b2"]


def make_goal(days_left: int, days_off: frozenset[int] = frozenset()) -> Goal:
    today = make_date(TODAY)
    return Goal(
        pack="trees",
        exam_on=today + timedelta(days=days_left),
        minutes_a_day=20,
        days_off=days_off,
        set_on=today,
    )


@given(
    days_left=st.integers(1, 150),
    done=st.sets(st.sampled_from(LESSONS)),
    days_off=st.frozensets(st.integers(0, 6), max_size=6),
)
def test_weeks_tile_the_days_and_hold_every_lesson_that_is_left(
    days_left: int, done: set[str], days_off: frozenset[int]
) -> None:
    goal = make_goal(days_left, days_off)
    days = [PlannedDay(day, 15.0, 3, 7) for day in goal.list_days(TODAY)]

    weeks = lay_out_weeks(goal, EXAM, days, TODAY, done=done)

    covered = [day for week in weeks for day in range(week.first_day, week.last_day + 1)]
    assert covered == list(range(TODAY, goal.exam_day))
    assert sum(week.study_days for week in weeks) == len(days)
    assert sum(week.planned_minutes for week in weeks) == 15.0 * len(days)
    assert sum(week.new for week in weeks) == 3 * len(days)
    named = list(dict.fromkeys(lesson for week in weeks for lesson in week.lessons))
    assert named == [lesson for lesson in LESSONS if lesson not in done]


def test_what_is_weak_is_repaired_in_the_first_week() -> None:
    first, second = lay_out_weeks(make_goal(14), EXAM, [], TODAY, weak=["b2"])

    assert first.focus == "Repair first: b2. Wood"
    assert first.lessons == ("b2", "a1", "a2")
    assert second.lessons == ("b1", "b2")


def test_the_last_days_are_dated_and_those_gone_by_left_out() -> None:
    goal = make_goal(3)

    ((day, last),) = list_last_days(goal, EXAM, TODAY)
    assert (day, last.focus) == (count_days(goal.exam_on) - 1, "A walk")
    assert list_last_days(goal, EXAM, goal.exam_day) == []


def make_lesson(
    lesson: str, *recalls: float, unseen: int = 0
) -> tuple[list[Item], dict[str, float]]:
    """Return the prompts of a lesson, and the expected recall of those that were seen."""
    items = [make_item(f"{lesson}-{n}", lesson) for n in range(len(recalls) + unseen)]
    return items, {item.key: recall for item, recall in zip(items, recalls, strict=False)}


def find_weak(*lessons: tuple[list[Item], dict[str, float]]) -> list[str]:
    items = [item for found, _ in lessons for item in found]
    return find_weak_lessons(items, {k: v for _, recalls in lessons for k, v in recalls.items()})


def test_a_lesson_is_weak_from_five_prompts_seen() -> None:
    assert find_weak(make_lesson("a1", *[0.5] * 4, unseen=9)) == []
    assert find_weak(make_lesson("a1", *[0.5] * 5)) == ["a1"]


def test_a_lesson_is_weak_below_eighty_percent_of_what_was_seen() -> None:
    assert find_weak(make_lesson("a1", *[0.8] * 5, unseen=9)) == []
    assert find_weak(make_lesson("a1", *[0.8] * 4, 0.79)) == ["a1"]


def test_no_more_than_three_lessons_are_weak_the_worst_first() -> None:
    means = {"a1": 0.7, "a2": 0.5, "b1": 0.6, "b2": 0.75}
    assert find_weak(*(make_lesson(name, *[mean] * 5) for name, mean in means.items())) == [
        "a2",
        "b1",
        "a1",
    ]


def test_prompts_of_no_lesson_are_of_none_that_is_weak_or_seen() -> None:
    strays = [make_item(f"stray-{n}", None) for n in range(9)]
    recalls = {item.key: 0.1 for item in strays}
    assert find_weak_lessons(strays, recalls) == []
    assert find_seen_lessons(strays, recalls) == set()


def test_a_lesson_is_seen_when_all_of_its_prompts_are() -> None:
    whole, part = make_lesson("a1", 0.1, 0.9), make_lesson("a2", 0.9, unseen=1)
    assert find_seen_lessons([*whole[0], *part[0]], {**whole[1], **part[1]}) == {"a1"}


def make_study_plan(name: str, weeks: int) -> StudyPlan:
    steps = tuple(Week(focus=f"{name} {number}", lessons=()) for number in range(weeks))
    return StudyPlan(id=name, about=name, weeks=steps, span=EXAM.span)


@pytest.mark.parametrize(
    ("days_left", "name"),
    [(7, "week"), (21, "week"), (22, "month"), (28, "month"), (50, "month"), (200, "term")],
)
def test_the_study_plan_nearest_in_length_is_followed(days_left: int, name: str) -> None:
    # Of two that are equally near, the first one is.
    lengths = {"week": 2, "month": 4, "term": 12}
    plans = {name: make_study_plan(name, weeks) for name, weeks in lengths.items()}

    weeks = lay_out_weeks(make_goal(days_left), replace(EXAM, plans=plans), [], TODAY)

    assert weeks[0].focus.startswith(name)
    assert all(week.focus.startswith(name) for week in weeks[1:])


def test_without_a_study_plan_weeks_follow_the_lessons() -> None:
    weeks = lay_out_weeks(make_goal(14), replace(EXAM, plans={}), [], TODAY)
    assert [week.lessons for week in weeks] == [("a1", "a2"), ("b1", "b2")]
    assert weeks[0].focus == "a1 Rings; a2 Bark"
    (week,) = lay_out_weeks(make_goal(3), None, [], TODAY)
    assert (week.focus, week.lessons) == ("Mixed practice", ())


# 2026-11-26 is a Thursday; the exam is on a Saturday.
GOAL = replace(make_goal(9, frozenset({6})), start_as="walker")
WEEKS = lay_out_weeks(
    GOAL, EXAM, [PlannedDay(day, 15.0, 2, 7) for day in GOAL.list_days(TODAY)], TODAY
)
LAST_DAYS = list_last_days(GOAL, EXAM, TODAY)
PLAN = Plan(
    policy=DEFAULT_POLICY,
    days=(PlannedDay(TODAY, 15.0, 2, 7),),
    today={"Wood": ExpectedRecall(0.2, 0.1, 0.3), WHOLE: ExpectedRecall(0.1, 0.05, 0.2)},
    on_day={
        "Wood": ExpectedRecall(0.8, 0.7, 0.9),
        "": ExpectedRecall(0.5, 0.4, 0.6),
        WHOLE: ExpectedRecall(0.75, 0.7, 0.8),
    },
    seen_share=0.9,
    enough_minutes=25,
)


def read_events(goal: Goal, today: int) -> dict[str, Any]:
    weeks = lay_out_weeks(goal, EXAM, [], today)
    last_days = list_last_days(goal, EXAM, today)
    now = datetime(2026, 11, 26, 9, tzinfo=UTC)
    events: list[Any] = Calendar.from_ical(
        make_calendar(goal, "Forester", weeks, last_days, now)
    ).walk("VEVENT")
    return {str(event["uid"]).removesuffix("@cardwright"): event for event in events}


def test_a_calendar_has_an_event_for_each_week_each_last_day_and_the_exam() -> None:
    events = read_events(GOAL, TODAY)

    spans = {key: (event["dtstart"].dt, event["dtend"].dt) for key, event in events.items()}
    assert spans == {
        "trees-week-2": (date(2026, 11, 26), date(2026, 12, 3)),
        "trees-week-1": (date(2026, 12, 3), date(2026, 12, 5)),
        "trees-day-1": (date(2026, 12, 4), date(2026, 12, 5)),
        "trees-exam": (date(2026, 12, 5), date(2026, 12, 6)),
    }
    assert str(events["trees-week-2"]["summary"]) == "Week 1: Wood"
    assert str(events["trees-week-2"]["description"]) == (
        "Lessons a1, a2. 6 study days of 20 minutes: about 0 new prompts and 0 reviews."
    )
    assert str(events["trees-day-1"]["summary"]) == "1 to go: A walk"
    assert "description" not in events["trees-exam"]


def test_events_keep_their_ids_as_time_goes_by() -> None:
    later = read_events(GOAL, TODAY + 7)
    assert set(later) == {"trees-week-1", "trees-day-1", "trees-exam"}
    assert str(later["trees-week-1"]["summary"]).startswith("Week 1: ")
    assert later["trees-week-1"]["dtstart"].dt == date(2026, 12, 3)


def test_the_plan_as_markdown() -> None:
    text = format_plan_markdown("Forester", GOAL, ["It fits."], WEEKS, LAST_DAYS, PLAN.on_day)
    assert (
        text
        == """\
# Forester: plan to 2026-12-05

It fits.

| week | focus | lessons | planned | available | new | reviews |
|---|---|---|--:|--:|--:|--:|
| Thu 26 Nov to Wed 02 Dec | Wood | a1, a2 | 1.5 h | 2.0 h | 12 | 42 |
| Thu 03 Dec to Fri 04 Dec | Leaves | b1, b2 | 0.5 h | 0.7 h | 4 | 14 |

## The last days

- Fri 04 Dec: A walk

## Expected recall on exam day

A forecast of recall of the cards, not a chance of passing. The range holds nine times in ten.

- Wood: 80% (70% to 90%)
- cards of no domain: 50% (40% to 60%)
- whole exam, weighted: 75% (70% to 80%)
"""
    )


def test_the_plan_as_json_keeps_its_keys() -> None:
    found = json.loads(json.dumps(plan_as_json(GOAL, GOAL, PLAN, WEEKS, TODAY)))
    assert set(found) == {
        *GOAL.as_json(),
        *("days_left", "planned_to", "met_share", "enough_minutes", "policy"),
        *("recall_today", "weeks", "days"),
    }
    assert found["met_share"] == 0.9
    assert found["weeks"][1] == {
        "focus": "Leaves",
        "lessons": ["b1", "b2"],
        "study_days": 2,
        "minutes_there": 40,
        "minutes_asked": 30.0,
        "new": 4,
        "reviews": 14,
        "first_on": "2026-12-03",
        "last_on": "2026-12-04",
    }
    day = {"day": TODAY, "minutes": 15.0, "new": 2, "reviews": 7, "on": "2026-11-26"}
    assert found["days"] == [day]
