"""The plan of the day as kept: the same when it is read, and nothing else is taken for one."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cardwright.exam.daily import MAX_ORDER, DailyPlan, read_daily_plan
from cardwright.exam.plan import WHOLE, ExpectedRecall, Learning, Plan, PlannedDay
from cardwright.exam.policy import POLICIES, Ranked

PLAN = DailyPlan(
    day=20_000,
    basis="0a1b",
    prompts=2,
    order=(Ranked("trees:ring/recall", 0.5, 0.25, 0.75, 12.5), Ranked("trees:x/y", 0, 0, 1, 48)),
    plan=Plan(
        policy=POLICIES[8],
        days=(PlannedDay(20_000, 9.5, 3, 20), PlannedDay(20_001, 10.0, 0, 31)),
        today={WHOLE: ExpectedRecall(0.5, 0.4, 0.6)},
        on_day={"Wood": ExpectedRecall(0.75, 0.5, 0.9), WHOLE: ExpectedRecall(0.7, 0.5, 0.9)},
        seen_share=1.0,
        enough_minutes=None,
        learning=Learning(40, 0.9, 0.7),
    ),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def test_a_plan_is_read_as_it_was_kept() -> None:
    for policy in POLICIES:
        assert PLAN.plan
        plan = DailyPlan(
            day=PLAN.day,
            basis=PLAN.basis,
            prompts=2,
            order=PLAN.order,
            plan=Plan(
                policy=policy,
                days=PLAN.plan.days,
                today=PLAN.plan.today,
                on_day=PLAN.plan.on_day,
                seen_share=0.5,
                enough_minutes=30,
            ),
        )
        assert read_daily_plan(json.loads(json.dumps(plan.as_json()))) == plan
    assert read_daily_plan(json.loads(json.dumps(PLAN.as_json()))) == PLAN


def test_without_numpy_there_is_an_order_alone() -> None:
    plan = DailyPlan(day=1, basis="", prompts=1, order=PLAN.order, plan=None)
    assert read_daily_plan(json.loads(json.dumps(plan.as_json()))) == plan


def test_a_long_order_is_cut() -> None:
    plan = DailyPlan(day=1, basis="", prompts=1, order=PLAN.order * MAX_ORDER, plan=None)
    assert len(plan.as_json()["order"]) == MAX_ORDER


def list_places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where the values of JSON are."""
    found = [place]
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in pairs:
            found += list_places(inner, (*place, name))
    return found


@given(st.data(), JSON)
def test_what_is_not_a_plan_is_not_taken_for_one(data: st.DataObject, odd: Any) -> None:
    value = json.loads(json.dumps(PLAN.as_json()))
    place = data.draw(st.sampled_from(list_places(value)))
    if place:
        inner = value
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = odd
    else:
        value = odd
    found = read_daily_plan(value)
    # Whatever is read can be kept and read again.
    assert found is None or read_daily_plan(json.loads(json.dumps(found.as_json()))) is not None


def test_a_plan_without_what_is_shown_is_not_taken() -> None:
    value = json.loads(json.dumps(PLAN.as_json()))

    assert read_daily_plan({**value, "order": [["a:b/c", 0, 0, 1, 0]]}) is None
    for name in ("today", "on_day"):
        assert read_daily_plan({**value, "plan": {**value["plan"], name: {}}}) is None
