"""The default policy without numpy: the same order as with it, before anything is learned."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates import OUTCOMES, STANDINGS, TODAY, Standing, make_candidates, make_goal, make_new
from cardwright.exam.candidates import Candidate
from cardwright.exam.forgetting import Memories
from cardwright.exam.goal import Goal, read_goal
from cardwright.exam.learner import FSRS
from cardwright.exam.policy import DEFAULT_POLICY, POLICIES
from cardwright.exam.rollout import NEVER, Deck, Horizon, Policies, rank_prompts
from cardwright.exam.unplanned import rank_unplanned
from cardwright.history import Rating
from cardwright.study.fsrs import DEFAULT_PARAMETERS, Fsrs
from cardwright.study.workload import Habits

np = pytest.importorskip("numpy")
DECKS = st.lists(STANDINGS, min_size=1, max_size=40)


def rank_with_numpy(candidates: list[Candidate], goal: Goal) -> list[str]:
    deck = Deck(
        np.array([candidate.weight for candidate in candidates]),
        Memories(
            np.array([[candidate.stability for candidate in candidates]]),
            np.array([[candidate.difficulty or 1.0 for candidate in candidates]]),
        ),
        np.array([[candidate.last_day for candidate in candidates]]),
    )
    model = FSRS.make(DEFAULT_PARAMETERS, np.zeros((1, len(FSRS.spreads))))
    horizon = Horizon(goal.exam_day, goal.exam_day - goal.set_day)
    policies = Policies([DEFAULT_POLICY])
    ranks = rank_prompts(model, policies, Habits(), deck, TODAY, horizon, 30).ranks[0]
    order = ranks.argsort(kind="stable")[: np.count_nonzero(ranks < NEVER)]
    return [candidates[place].item.key for place in order]


@given(DECKS, st.integers(1, 60), st.integers(0, 60))
def test_without_numpy_the_order_is_that_of_the_default_policy(
    standings: list[Standing], days: int, since_set: int
) -> None:
    candidates = make_candidates(standings)
    goal = make_goal(days, set_days_ago=since_set)
    found = rank_unplanned(candidates, goal, OUTCOMES, TODAY)
    same = rank_with_numpy(candidates, goal)
    assert sorted(ranked.key for ranked in found) == sorted(same)
    # What is equal to the last digit but one may change places.
    figures = {ranked.key: ranked[1:] for ranked in found}
    for key, ranked in zip(same, found, strict=True):
        if key != ranked.key:
            gains = [(b - a) / s for _, a, b, s in (figures[key], ranked[1:])]
            recalls = [figures[key][0], ranked.recall]
            assert gains[0] == pytest.approx(gains[1]) or recalls[0] == pytest.approx(recalls[1])


def test_what_was_just_forgotten_comes_first_then_new_ones() -> None:
    known, lapsed, lost = make_candidates(
        [("Trees", 50.0, 5.0, 3), ("Trees", 0.15, 5.0, 2), ("Trees", 0.1, 5.0, 60)]
    )
    new = [one._replace(item=one.item._replace(key="trees:new/recall")) for one in make_new(1)]
    found = rank_unplanned([known, lost, *new, lapsed], make_goal(30), OUTCOMES, TODAY)
    keys = [one.item.key for one in (lapsed, lost, *new, known)]
    assert [ranked.key for ranked in found] == keys


def test_in_the_last_days_worth_decides() -> None:
    candidates = make_candidates([("Trees", 9.0, 5.0, 3), ("Trees", 0.5, 5.0, 2), ("", 0, 0, 0)])
    found = rank_unplanned(candidates, make_goal(9, set_days_ago=60), OUTCOMES, TODAY)
    worths = [(ranked.recall_asked - ranked.recall_unasked) / ranked.seconds for ranked in found]
    assert worths == sorted(worths, reverse=True)
    assert min(worths) > 0


def test_from_the_day_of_the_exam_on_there_is_no_list() -> None:
    goal = make_goal(5)
    for day in (TODAY + 5, TODAY + 6):
        assert not rank_unplanned(make_new(9), goal, OUTCOMES, day)
        assert goal.list_days(day) == []


def test_an_answer_by_a_clock_that_was_ahead_counts_as_one_of_today() -> None:
    candidates = make_candidates([("Trees", 6.0, 5.0, since) for since in (-3, 0)])
    assert not rank_unplanned(candidates, make_goal(), OUTCOMES, TODAY)


@given(
    since=st.integers(1, 90),
    left=st.integers(1, 90),
    stability=st.floats(0.05, 3000),
    difficulty=st.floats(1, 10),
)
def test_a_gain_is_what_the_schedule_would_do(
    stability: float, difficulty: float, since: int, left: int
) -> None:
    fsrs = Fsrs(DEFAULT_PARAMETERS)
    recall, unasked, asked = OUTCOMES.measure_gain(stability, difficulty, since, left)
    assert recall == pytest.approx(fsrs.retrievability(stability, since))
    assert unasked == pytest.approx(fsrs.retrievability(stability, since + left))
    good = fsrs.next_stability(stability, difficulty, since, Rating.GOOD)
    again = fsrs.next_stability(stability, difficulty, since, Rating.AGAIN)
    again = fsrs.next_stability(again, difficulty, 0, Rating.GOOD)
    known, lapsed = (fsrs.retrievability(reached, left) for reached in (good, again))
    assert asked == pytest.approx(recall * known + (1 - recall) * lapsed, abs=1e-3)


def test_a_new_prompt_is_expected_to_start_as_its_ratings_are_shared() -> None:
    assert OUTCOMES.recall_new(0) == pytest.approx(1)
    assert 0.5 < OUTCOMES.recall_new(90) < OUTCOMES.recall_new(7) < 0.9


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


def test_policies_are_different_and_the_default_is_one_of_them() -> None:
    assert len(set(POLICIES)) == len(POLICIES)
    assert DEFAULT_POLICY in POLICIES


def test_a_day_is_ordered_without_numpy() -> None:
    code = "import sys, cardwright.exam.unplanned; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
