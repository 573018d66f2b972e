"""Kept forecasts: one a day whatever the machine, of one exam, and never of a form that is not theirs."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cardwright.exam.forecasts import (
    Forecast,
    count_held,
    is_forecast,
    list_forecasts,
    make_forecast,
    pick_forecasts,
    put_forecast,
)
from cardwright.exam.goal import Goal
from cardwright.exam.plan import WHOLE, ExpectedRecall, Plan, PlannedDay
from cardwright.exam.policy import DEFAULT_POLICY
from cardwright.exam.shared import is_valid_record
from cardwright.history import Moment, make_date
from cardwright.study.store import Store
from studying import MORNING, TODAY, later, open_journal

GOAL = Goal(pack="trees", exam_on=make_date(TODAY + 30), minutes_a_day=30, set_on=make_date(TODAY))


def make(days: int = 0, recall: float = 0.8, goal: Goal = GOAL, hours: int = 0) -> Forecast:
    """Return the forecast made so many days after the goal was set."""
    expected = ExpectedRecall(recall, recall - 0.1, recall + 0.1)
    plan = Plan(
        policy=DEFAULT_POLICY,
        days=(PlannedDay(TODAY + days, 28.04, 3, 20), PlannedDay(TODAY + days + 1, 30, 0, 9)),
        today={},
        on_day={"Wood": expected, WHOLE: expected},
        seen_share=1,
        enough_minutes=20,
    )
    return make_forecast(goal, "trees", plan, "", TODAY + days, later(MORNING, days, hours=hours))


def put(store: Store, *made: Forecast) -> None:
    for forecast in made:
        put_forecast(store, forecast, Moment(forecast.at_ms, 60))


def test_the_last_forecast_of_a_day_is_kept(tmp_path: Path) -> None:
    store = open_journal(tmp_path / "reviews.db").store
    put(store, make(1, 0.7), make(), make(1, 0.75, hours=2))

    first, second = list_forecasts(store, "trees", GOAL)

    assert (first.on, first.days_before, first.minutes) == (GOAL.set_on, 30, 28.0)
    assert (second.on, second.whole.recall) == (make_date(TODAY + 1), 0.75)


def test_of_two_machines_the_later_forecast_counts_on_both(tmp_path: Path) -> None:
    here, there = (
        open_journal(tmp_path / f"{name}.db", machine=name).store for name in ("here", "there")
    )
    put(here, make(1, 0.6), make(2, 0.6, hours=5))
    put(there, make(1, 0.5, hours=3), make(2, 0.5), make(3, 0.5))
    ours, theirs = list(here.records.list_all()), list(there.records.list_all())
    assert all(map(is_valid_record, (*ours, *theirs)))
    for store, records in ((here, theirs), (there, ours)):
        with store.transaction():
            store.records.merge(records)

    found = [list_forecasts(store, "trees", GOAL) for store in (here, there)]

    assert found[0] == found[1]
    assert [made.whole.recall for made in found[0]] == [0.5, 0.6, 0.5]


def test_forecasts_for_another_date_or_of_an_earlier_goal_are_left_out(tmp_path: Path) -> None:
    store = open_journal(tmp_path / "reviews.db").store
    moved = replace(GOAL, exam_on=make_date(TODAY + 40))
    put(store, make(0), make(5, goal=moved), make(6))

    assert [made.study_day - TODAY for made in list_forecasts(store, "trees", GOAL)] == [0, 6]
    assert [made.study_day - TODAY for made in list_forecasts(store, "trees", moved)] == [5]
    later_goal = replace(GOAL, set_on=make_date(TODAY + 1))
    assert [made.study_day - TODAY for made in list_forecasts(store, "trees", later_goal)] == [6]
    assert list_forecasts(store, "oaks", GOAL) == []


@pytest.mark.parametrize(
    "change",
    [
        {"minutes": float("nan")},
        {"minutes": -1},
        {"minutes": True},
        {"study_day": 2**52},
        {"exam_study_day": "soon"},
        {"on_day": []},
        {"on_day": {"Wood": [0.5, 0.4, 0.6]}},
        {"on_day": {WHOLE: [0.5, 0.6, 0.7]}},
        {"on_day": {WHOLE: [0.5, 0.4, 1.6]}},
        {"on_day": {WHOLE: [0.5, 0.4]}},
        {"on_day": {WHOLE: ["a", 0.4, 0.6]}},
        {"on_day": {WHOLE: float("inf")}},
        {"more": 1},
    ],
)
def test_a_record_of_another_form_is_left_out_and_noted(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    whole = json.loads(json.dumps(asdict(make())))
    assert is_forecast(whole)
    assert not is_forecast({**whole, **change})
    assert not is_forecast({key: whole[key] for key in list(whole)[1:]})

    store = open_journal(tmp_path / "reviews.db").store
    with store.transaction():
        body = {**whole, **change}
        store.records.put(whole["id"], "forecast", "trees", MORNING.at_ms, body, MORNING.at_ms)
    assert list_forecasts(store, "trees", GOAL) == []
    assert [what for what in store.left_out if "(forecast)" in what]


def test_the_first_the_last_halfway_and_a_week_before_are_shown() -> None:
    every_day = [make(days) for days in range(30)]

    assert [made.days_before for made in pick_forecasts(every_day)] == [30, 15, 7, 1]
    assert pick_forecasts(every_day[:1]) == every_day[:1]
    assert pick_forecasts([]) == []


def test_a_forecast_held_if_its_range_has_what_came() -> None:
    made = [make(0, 0.8), make(1, 0.7), make(2, 0.6)]

    assert count_held(made, {WHOLE: 0.7001}, WHOLE) == 2
    assert count_held(made, {WHOLE: 0.45}, WHOLE) == 0
    assert count_held(made, {"Leaves": 0.7}, "Leaves") == 0
    assert date.fromisoformat(made[1].as_json()["made_on"]) == made[1].on
