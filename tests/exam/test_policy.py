"""A day's list: within the minutes, in the policy's order, the same in both computations."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates import OUTCOMES, STANDINGS, TODAY, Standing, make_candidates, make_goal, make_new
from cardwright.exam.goal import Goal, read_goal
from cardwright.exam.planner import make_pool, order_day
from cardwright.exam.policy import DEFAULT_POLICY, POLICIES, Policy, arrange_today

GREEDY = POLICIES[-1]
PACED = POLICIES[1]
DAYS = st.integers(1, 60)
ALL_DAY = 100_000


@given(st.lists(STANDINGS, max_size=40), st.sampled_from(POLICIES), DAYS, st.floats(0, 20))
def test_the_list_exceeds_the_minutes_by_one_prompt_at_the_most(
    standings: list[Standing], policy: Policy, days: int, minutes: float
) -> None:
    found = arrange_today(
        make_candidates(standings), make_goal(days), policy, OUTCOMES, TODAY, minutes
    )
    assert sum(worth.seconds for worth in found[:-1]) < minutes * 60 or not found
    prompts = [worth.candidate.item.key for worth in found]
    assert len(set(prompts)) == len(prompts)


@given(st.lists(STANDINGS, min_size=1, max_size=40), st.sampled_from(POLICIES), DAYS)
def test_one_prompt_at_a_time_or_all_at_once_gives_the_same_order(
    standings: list[Standing], policy: Policy, days: int
) -> None:
    candidates, goal = make_candidates(standings), make_goal(days)
    found = arrange_today(candidates, goal, policy, OUTCOMES, TODAY, ALL_DAY)
    pool = make_pool(candidates, ["", "Sorting", "Trees"])
    study_days = len(goal.list_days(TODAY))
    order, seconds, _ = order_day(pool, policy, OUTCOMES, goal, TODAY, study_days)
    # What is worth the same to the last digit but one may change places.
    numbers = {w.candidate.item.position: (w.recall, w.points_per_minute) for w in found}
    assert sorted(numbers) == sorted(order.tolist())
    key = int(policy is GREEDY)
    assert [numbers[place][key] for place in order] == pytest.approx(
        [figures[key] for figures in numbers.values()]
    )
    assert sorted(worth.seconds for worth in found) == pytest.approx(sorted(seconds))


@given(st.lists(STANDINGS, max_size=40), DAYS)
def test_by_worth_nothing_comes_before_what_is_worth_more(
    standings: list[Standing], days: int
) -> None:
    found = arrange_today(
        make_candidates(standings), make_goal(days), GREEDY, OUTCOMES, TODAY, ALL_DAY
    )
    worths = [worth.points_per_minute for worth in found]
    assert worths == sorted(worths, reverse=True)
    assert all(worth > 0 for worth in worths)


def test_until_the_last_days_new_ones_are_paced_and_the_least_known_come_next() -> None:
    candidates = [
        *make_new(20),
        *make_candidates([("Trees", 50.0, 5.0, 3), ("Trees", 2.0, 5.0, 9)]),
    ]
    # 7 of the 20 days are 0.35: 20 new ones in 7 days are 3 a day.
    found = arrange_today(
        candidates, make_goal(20), PACED, OUTCOMES, TODAY, ALL_DAY, buries_siblings=lambda _: False
    )
    assert [worth.candidate.stability for worth in found] == [*[0.0] * 3, 2.0, 50.0, *[0.0] * 17]


def test_of_new_prompts_those_of_the_greatest_weight_come_first() -> None:
    weights = (0.1, 0.6, 0.3)
    new = [one._replace(weight=weight) for one, weight in zip(make_new(3), weights, strict=True)]
    goal = make_goal(20)
    found = arrange_today(new, goal, PACED, OUTCOMES, TODAY, ALL_DAY)
    assert [worth.candidate.weight for worth in found] == [0.6, 0.3, 0.1]
    order, _, _ = order_day(make_pool(new, ["Trees"]), PACED, OUTCOMES, goal, TODAY, 20)
    assert order.tolist() == [1, 2, 0]


def test_what_was_begun_today_counts_for_the_pace_of_the_day() -> None:
    new, goal = make_new(22), make_goal(20)
    begun = [
        candidate._replace(stability=2.0, difficulty=5.0, first_day=TODAY, last_day=TODAY)
        for candidate in new[:2]
    ]
    known = make_candidates([("Trees", 9.0, 5.0, 3)])[0]
    candidates = [
        *begun,
        *new[2:],
        known._replace(item=known.item._replace(card_ref="trees:other")),
    ]
    # 22 new ones in 7 days are 4 a day, of which 2 are left; the 20 that are unseen would be 3.
    found = arrange_today(candidates, goal, PACED, OUTCOMES, TODAY, ALL_DAY)
    assert [bool(worth.candidate.stability) for worth in found[:4]] == [False, False, True, False]
    assert len(found) == 21


def test_siblings_and_buried_prompts_wait_for_another_day() -> None:
    one, two, three = make_new(3)
    sibling = two._replace(item=one.item._replace(key="trees:card-0/reverse"))
    buried = three._replace(buried_day=TODAY)
    goal, candidates = make_goal(), [one, sibling, buried]
    assert [
        worth.candidate
        for worth in arrange_today(candidates, goal, GREEDY, OUTCOMES, TODAY, ALL_DAY)
    ] == [one]
    answered = one._replace(stability=2.0, difficulty=5.0, first_day=TODAY, last_day=TODAY)
    assert not arrange_today([answered, sibling], goal, GREEDY, OUTCOMES, TODAY, ALL_DAY)


def test_from_the_day_of_the_exam_on_there_is_no_list() -> None:
    goal = make_goal(5)
    for day in (TODAY + 5, TODAY + 6):
        assert not arrange_today(make_new(9), goal, DEFAULT_POLICY, OUTCOMES, day, ALL_DAY)
        assert goal.list_days(day) == []


def test_study_days_leave_days_off_and_the_day_of_the_exam_out() -> None:
    # 2026-11-26 is a Thursday.
    goal = Goal(
        pack="trees",
        exam_on=date(2026, 12, 3),
        minutes_a_day=30,
        days_off=frozenset({5, 6}),
        start_as="knows-trees",
        set_on=date(2026, 11, 26),
    )
    days = goal.list_days(goal.set_day)
    assert [day - goal.set_day for day in days] == [0, 1, 4, 5, 6]
    assert read_goal(goal.as_json()) == goal


def test_a_day_is_arranged_without_numpy() -> None:
    code = "import sys, cardwright.exam.policy; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
