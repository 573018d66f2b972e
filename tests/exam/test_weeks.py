"""The weeks of a plan: nothing is left out, and every day is in one of them."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from cardwright.exam.goal import Goal
from cardwright.exam.weeks import lay_out_weeks, list_last_days
from cardwright.history import count_days, make_date
from exam_project import EXAM

TODAY = 20_783
LESSONS = ["a1", "a2", "b1", "b2"]


class Day(NamedTuple):
    day: int
    minutes: float
    new: int
    reviews: int


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
    days = [Day(day, 15.0, 3, 7) for day in goal.list_days(TODAY)]

    weeks = lay_out_weeks(goal, EXAM, days, TODAY, done=done)

    covered = [day for week in weeks for day in range(week.first_day, week.last_day + 1)]
    assert covered == list(range(TODAY, goal.exam_day))
    assert sum(week.study_days for week in weeks) == len(days)
    assert sum(week.minutes_asked for week in weeks) == 15.0 * len(days)
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
