"""Expected outcomes of answers agree with the scheduler's own formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates import OUTCOMES
from cardwright.exam.outcome import Outcomes
from cardwright.history import Rating
from cardwright.study.fsrs import DEFAULT_PARAMETERS, Fsrs
from cardwright.study.workload import Habits

STEEP = (*DEFAULT_PARAMETERS[:17], 1.1, 0.4, 0.2, 0.5)
PARAMETERS = st.sampled_from([DEFAULT_PARAMETERS, STEEP])
MEMORY = {"stability": st.floats(0.05, 3000), "difficulty": st.floats(1, 10)}


@given(parameters=PARAMETERS, days=st.integers(1, 400), **MEMORY)
def test_an_answer_does_what_the_schedule_says(
    parameters: tuple[float, ...], stability: float, difficulty: float, days: int
) -> None:
    fsrs, outcomes = Fsrs(parameters), Outcomes(parameters, Habits())
    recall = fsrs.retrievability(stability, days)
    assert outcomes.recall(stability, days) == pytest.approx(recall)

    known = outcomes.stability_after_recall(stability, difficulty, recall)
    lapsed = outcomes.stability_after_lapse(stability, difficulty, recall)
    good = fsrs.next_stability(stability, difficulty, days, Rating.GOOD)
    again = fsrs.next_stability(stability, difficulty, days, Rating.AGAIN)
    assert min(known, 36_500) == pytest.approx(good)
    assert lapsed == pytest.approx(fsrs.next_stability(again, difficulty, 0, Rating.GOOD))

    tougher = fsrs.next_difficulty(fsrs.next_difficulty(difficulty, Rating.AGAIN), Rating.GOOD)
    assert outcomes.difficulty_after_lapse(difficulty) == pytest.approx(tougher, abs=0.02)


@given(since=st.integers(0, 90), left=st.integers(1, 90), **MEMORY)
def test_an_array_gives_what_its_numbers_give(
    stability: float, difficulty: float, since: int, left: int
) -> None:
    one = OUTCOMES.measure_gain(stability, difficulty, since, left)
    several = OUTCOMES.measure_gain(np.array([stability]), np.array([difficulty]), since, left)
    assert [figure[0] for figure in several] == pytest.approx(one)


def test_a_new_prompt_is_expected_to_start_as_its_ratings_are_shared() -> None:
    assert sum(start.share for start in OUTCOMES.first_days) == pytest.approx(1)
    assert OUTCOMES.recall_new(0) == pytest.approx(1)
    assert 0.5 < OUTCOMES.recall_new(90) < OUTCOMES.recall_new(7) < 0.9
