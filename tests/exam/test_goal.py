"""The goal: counting its days, and the nearer goal that is planned for when the exam is far away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from cardwright.exam.goal import MAX_PLANNED_DAYS, Goal
from cardwright.history import count_days, make_date
from cardwright.study.days import EVERY_DAY

TODAY: Final = 20_783
DAYS_OFF: Final = st.frozensets(st.integers(0, 6), max_size=6)


def make_goal(exam_day: int, set_day: int = TODAY, days_off: frozenset[int] = frozenset()) -> Goal:
    return Goal(
        pack="trees",
        exam_on=make_date(exam_day),
        minutes_a_day=30,
        days_off=days_off,
        set_on=make_date(set_day),
    )


@given(st.integers(-30, 400), DAYS_OFF)
def test_study_days_are_counted_as_they_are_listed(days: int, days_off: frozenset[int]) -> None:
    goal = make_goal(TODAY + days, days_off=days_off)
    assert goal.count_days(TODAY) == len(goal.list_days(TODAY))
    assert all(make_date(day).weekday() not in days_off for day in goal.list_days(TODAY))


def test_the_last_day_of_the_calendar_can_be_the_exam() -> None:
    goal = Goal(pack="trees", exam_on=date.max, minutes_a_day=30, set_on=make_date(TODAY))
    assert goal.count_days(TODAY) == goal.exam_day - TODAY
    assert goal.limit(TODAY).exam_day == TODAY + MAX_PLANNED_DAYS


@given(st.integers(1, MAX_PLANNED_DAYS), st.integers(0, MAX_PLANNED_DAYS))
def test_a_goal_within_two_years_is_planned_for_itself(left: int, past: int) -> None:
    goal = make_goal(TODAY + left, TODAY - min(past, MAX_PLANNED_DAYS - left))
    assert goal.limit(TODAY) is goal


@given(st.integers(1, 2_000_000), st.integers(-20_000, 20_000), DAYS_OFF)
def test_no_goal_is_planned_for_more_than_two_years(
    left: int, set_in: int, days_off: frozenset[int]
) -> None:
    planned = make_goal(TODAY + left, TODAY + set_in, days_off).limit(TODAY)
    assert 0 < planned.exam_day - TODAY <= MAX_PLANNED_DAYS
    assert planned.exam_day - planned.set_day <= MAX_PLANNED_DAYS
    assert planned.days_off == days_off


def test_the_study_calendar_holds_for_an_exam_too() -> None:
    monday = count_days(date(2026, 11, 30))
    calendar = EVERY_DAY.set_weekdays({6: 50}).set_dates(monday + 1, monday + 2, 0)
    goal = replace(make_goal(monday + 7, days_off=frozenset({5})), calendar=calendar)
    minutes = [goal.minutes_on(day) for day in range(monday, monday + 7)]
    assert minutes == [30, 0, 0, 30, 30, 0, 15]
    assert goal.list_days(monday) == [monday, monday + 3, monday + 4, monday + 6]
    assert goal.count_days(monday) == 4
    assert goal.count_minutes(monday) == sum(minutes)
    assert goal.find_next_day(monday) == monday + 3
    assert goal.limit(monday).calendar == calendar
