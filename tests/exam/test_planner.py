"""The planner: the effect of minutes and days off, and stable plans."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates import OUTCOMES, STANDINGS, TODAY, Standing, make_candidates, make_goal, make_new
from cardwright.exam.goal import MAX_PLANNED_DAYS
from cardwright.exam.plan import WHOLE
from cardwright.exam.planner import (
    choose_policy,
    make_pool,
    order_day,
    pick_rollout,
    plan_to_date,
    roll_out,
    sample_pool,
)
from cardwright.exam.policy import DEFAULT_POLICY, POLICIES, Policy

DOMAINS = ["", "Sorting", "Trees"]
DECKS = st.lists(STANDINGS, min_size=1, max_size=25)
LONGEST_S = max(OUTCOMES.new_s, OUTCOMES.seconds(0.0))


@settings(max_examples=15)
@given(DECKS, st.integers(1, 6), st.integers(1, 40), st.integers(1, 40))
def test_more_minutes_never_lower_the_forecast(
    standings: list[Standing], days: int, minutes: int, more: int
) -> None:
    candidates = make_candidates(standings)
    less, greater = (
        plan_to_date(candidates, make_goal(days, minutes=number), OUTCOMES, TODAY)
        for number in (minutes, minutes + more)
    )
    assert greater.on_day[WHOLE].recall >= less.on_day[WHOLE].recall - 1e-12


@given(DECKS, st.sampled_from(POLICIES), st.integers(1, 30), st.frozensets(st.integers(0, 6)))
def test_a_rollout_keeps_to_the_minutes_and_the_days(
    standings: list[Standing], policy: Policy, minutes: int, days_off: frozenset[int]
) -> None:
    goal = make_goal(9, minutes=minutes, days_off=days_off)
    pool = make_pool(make_candidates(standings), DOMAINS)
    found = roll_out(pool, policy, OUTCOMES, goal, TODAY, minutes * 60).days
    assert [day.day for day in found] == goal.list_days(TODAY)
    assert all(day.minutes < minutes + LONGEST_S / 60 for day in found)


@settings(max_examples=40)
@given(
    st.integers(1, 40),
    st.sampled_from(POLICIES),
    st.frozensets(st.integers(0, 6), max_size=3),
)
def test_a_day_off_moves_work_and_loses_none(
    number: int, policy: Policy, days_off: frozenset[int]
) -> None:
    goal = make_goal(28, minutes=10, days_off=days_off)
    pool = make_pool(make_new(number), ["Trees"])
    rollout = roll_out(pool, policy, OUTCOMES, goal, TODAY, 600)
    assert sum(day.new for day in rollout.days) == number
    assert (rollout.pool.stability > 0).all()


@given(st.lists(STANDINGS, min_size=1, max_size=30), st.sampled_from(POLICIES))
def test_answers_are_as_many_lapses_as_are_expected(
    standings: list[Standing], policy: Policy
) -> None:
    pool = make_pool(make_candidates(standings), DOMAINS)
    goal = make_goal(1)
    rollout = roll_out(pool, policy, OUTCOMES, goal, TODAY, 60_000)
    asked = (pool.stability > 0) & (rollout.pool.last_day == TODAY)
    missed = sum(1 - pool.recall(OUTCOMES, TODAY)[asked])
    lapses = sum(rollout.pool.difficulty[asked] != pool.difficulty[asked])
    hard = sum(pool.difficulty[asked] >= 9.9)
    assert lapses - 1 <= missed <= lapses + hard + 1


def test_a_forecast_reaches_as_far_as_nine_outcomes_in_ten() -> None:
    """Of a large deck, too, which is simulated on a sample."""
    candidates = make_candidates([("Trees", 20.0, 5.0, 9)] * 900)
    plan = plan_to_date(candidates, make_goal(1, minutes=1), OUTCOMES, TODAY)
    for found in (plan.today[WHOLE], plan.on_day[WHOLE]):
        reach = 1.645 * sqrt(found.recall * (1 - found.recall) / 900)
        assert found.high - found.recall == pytest.approx(reach, rel=0.02)
        assert found.recall - found.low == pytest.approx(reach, rel=0.02)


def test_a_plan_says_what_does_not_fit_and_how_many_minutes_would() -> None:
    candidates = make_new(300)
    plan = plan_to_date(candidates, make_goal(20, minutes=5), OUTCOMES, TODAY)
    assert 0.3 < plan.seen_share < 0.6
    assert plan.enough_minutes is not None
    enough = plan_to_date(
        candidates, make_goal(20, minutes=plan.enough_minutes), OUTCOMES, TODAY, plan.policy
    )
    assert enough.seen_share == 1
    assert plan_to_date(make_new(9), make_goal(0), OUTCOMES, TODAY).enough_minutes is None


def test_a_forecast_names_every_domain_and_the_whole() -> None:
    candidates = make_candidates([("Trees", 0.0, 0.0, 0), ("Sorting", 20.0, 5.0, 2)])
    plan = plan_to_date(candidates, make_goal(), OUTCOMES, TODAY)
    assert set(plan.today) == set(plan.on_day) == {"Trees", "Sorting", WHOLE}
    assert plan.today["Trees"].recall == 0
    assert plan.today[WHOLE].recall == pytest.approx(plan.today["Sorting"].recall / 2)
    assert plan.on_day[WHOLE].recall > plan.today[WHOLE].recall
    for found in (*plan.today.values(), *plan.on_day.values()):
        assert 0 <= found.low <= found.recall <= found.high <= 1


@given(st.lists(STANDINGS, min_size=1, max_size=25), st.integers(2, 8))
@settings(max_examples=10)
def test_a_policy_is_kept_unless_another_gains(standings: list[Standing], days: int) -> None:
    candidates, goal = make_candidates(standings), make_goal(days)
    chosen = choose_policy(candidates, goal, OUTCOMES, TODAY)
    assert choose_policy(candidates, goal, OUTCOMES, TODAY) == chosen
    assert choose_policy(candidates, goal, OUTCOMES, TODAY, chosen) == chosen
    pool = make_pool(candidates, DOMAINS)
    seconds_a_day = goal.minutes_a_day * 60
    best = pick_rollout(pool, OUTCOMES, goal, TODAY, seconds_a_day)[1].recall
    for previous in POLICIES:
        kept, rollout = pick_rollout(pool, OUTCOMES, goal, TODAY, seconds_a_day, previous)
        own = roll_out(pool, previous, OUTCOMES, goal, TODAY, seconds_a_day)
        assert (kept == previous) is (own.recall >= best - 0.003)
        assert rollout.recall == (own.recall if kept == previous else best)


def test_a_sample_of_a_large_deck_keeps_every_domain_and_its_weight() -> None:
    standings = [("Trees", 0.0, 0.0, 0), ("Sorting", 9.0, 5.0, 1)] * 600
    candidates = make_candidates([*standings, ("", 3.0, 5.0, 1)])
    pool = make_pool(candidates, DOMAINS)
    sample, share = sample_pool(pool, 400)
    assert np.bincount(sample.domain).tolist() == [1, 151, 151]
    assert share == pytest.approx(303 / 1201)
    assert np.bincount(sample.domain, sample.weight) == pytest.approx(
        np.bincount(pool.domain, pool.weight)
    )
    plan = plan_to_date(candidates, make_goal(4), OUTCOMES, TODAY)
    assert set(plan.on_day) == {*DOMAINS, WHOLE}


def test_a_plan_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a prompt"):
        plan_to_date([], make_goal(), OUTCOMES, TODAY)
    assert choose_policy([], make_goal(), OUTCOMES, TODAY) == DEFAULT_POLICY


def test_a_far_exam_takes_little_more_work_than_a_near_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days_simulated = 0

    def order_and_count(*args: Any) -> tuple[Any, ...]:
        nonlocal days_simulated
        days_simulated += 1
        return order_day(*args)

    monkeypatch.setattr("cardwright.exam.planner.order_day", order_and_count)

    def measure(days: int) -> int:
        nonlocal days_simulated
        days_simulated = 0
        goal = make_goal(days, minutes=480)
        plan_to_date(make_new(20), goal, OUTCOMES, TODAY)
        return days_simulated

    # Eight times as many days.
    assert measure(MAX_PLANNED_DAYS) < 4 * measure(MAX_PLANNED_DAYS // 8)
