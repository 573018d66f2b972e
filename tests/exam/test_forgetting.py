"""Both models of forgetting: FSRS-6 as the schedule has it, and many sets of parameters at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.exam.forgetting import Memories
from cardwright.exam.learner import FSRS, KINDS, TWO_RATES, Kind
from cardwright.history import Rating
from cardwright.study.fsrs import DEFAULT_PARAMETERS, Fsrs

np = pytest.importorskip("numpy")
STEEP = (*DEFAULT_PARAMETERS[:17], 1.1, 0.4, 0.2, 0.5)
PARAMETERS = st.sampled_from([DEFAULT_PARAMETERS, STEEP])
ANSWERS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4)), min_size=1, max_size=8)
DEVIATIONS = st.floats(-1.5, 1.5)


def make_one(stability: float, trait: float) -> Memories:
    return Memories(np.array([[stability]]), np.array([[trait]]))


@given(PARAMETERS, ANSWERS)
def test_answers_do_what_the_schedule_says(
    parameters: tuple[float, ...], answers: list[tuple[int, int]]
) -> None:
    fsrs = Fsrs(parameters)
    model = FSRS.make(parameters, np.zeros((1, len(FSRS.spreads))))
    rating = answers[0][1]
    stability, difficulty = fsrs.initial_stability(rating), fsrs.initial_difficulty(rating)
    memories = model.start(np.array([rating]))
    for days, rating in answers[1:]:
        given_rating = np.array([rating])
        if days:
            recall = model.recall(memories, days)
            assert recall[0, 0] == pytest.approx(fsrs.retrievability(stability, days))
            memories = model.answer(memories, recall, given_rating)
        else:
            memories = model.repeat(memories, given_rating)
        stability, difficulty, _ = fsrs.next_memory(stability, difficulty, days, rating)
        assert memories.stability[0, 0] == pytest.approx(stability)
        assert memories.trait[0, 0] == pytest.approx(difficulty)


@given(PARAMETERS, st.integers(1, 90), st.floats(0.05, 3000), st.floats(1, 10))
def test_an_expected_lapse_is_again_and_then_good(
    parameters: tuple[float, ...], days: int, stability: float, difficulty: float
) -> None:
    fsrs = Fsrs(parameters)
    model = FSRS.make(parameters, np.zeros((1, len(FSRS.spreads))))
    memories = make_one(stability, difficulty)
    recall = model.recall(memories, days)
    again, harder, _ = fsrs.next_memory(stability, difficulty, days, Rating.AGAIN)
    after, harder, _ = fsrs.next_memory(again, harder, 0, Rating.GOOD)
    failed = model.fail(memories, recall)
    assert failed.stability[0, 0] == pytest.approx(after)
    assert failed.trait[0, 0] == pytest.approx(harder, abs=0.02)
    succeeded = model.succeed(memories, recall)
    good, _, _ = fsrs.next_memory(stability, difficulty, days, Rating.GOOD)
    assert succeeded.stability[0, 0] == pytest.approx(good)


@given(st.sampled_from(KINDS), DEVIATIONS, st.integers(1, 4), st.integers(1, 200))
def test_memories_fade_and_a_success_slows_that(
    kind: Kind, deviation: float, rating: int, days: int
) -> None:
    deviations = np.full((1, len(kind.spreads)), deviation) * kind.spreads
    model = kind.make(DEFAULT_PARAMETERS, deviations)
    memories = model.start(np.array([rating]))
    now, soon, later = (model.recall(memories, day)[0, 0] for day in (0, days, days + 30))
    assert now == pytest.approx(1)
    assert 1 >= soon >= later >= 0
    recall = model.recall(memories, days)
    known, lapsed = model.succeed(memories, recall), model.fail(memories, recall)
    assert model.recall(known, 30)[0, 0] >= model.recall(lapsed, 30)[0, 0] - 1e-9


@given(st.sampled_from(KINDS), st.lists(DEVIATIONS, min_size=3, max_size=3))
def test_each_set_of_parameters_is_on_its_own(kind: Kind, levels: list[float]) -> None:
    deviations = np.array(levels)[:, None] * kind.spreads
    together = kind.make(DEFAULT_PARAMETERS, deviations)
    ratings = np.array([1, 3, 4])
    all_ = together.recall(together.start(ratings), 9)
    for row in range(len(levels)):
        alone = kind.make(DEFAULT_PARAMETERS, deviations[row : row + 1])
        found = alone.recall(alone.start(ratings), 9)[0]
        assert found == pytest.approx(all_[row])
        taken = together.take_rows(np.array([row]))
        assert taken.recall(taken.start(ratings), 9)[0] == pytest.approx(found)


def test_what_is_known_of_a_memory_without_answers_is_kept_by_both() -> None:
    memories = Memories(np.array([2.0, 40.0, 300.0]), np.array([5.0, 5.0, 5.0]))
    for kind in (FSRS, TWO_RATES):
        model = kind.make(DEFAULT_PARAMETERS, np.zeros((2, len(kind.spreads))))
        recall = model.recall(model.assume(memories), memories.stability)
        assert recall.shape == (2, 3)
        assert ((recall > 0.6) & (recall < 0.91)).all()
        later = model.recall(model.assume(memories), 3 * memories.stability)
        assert (later < recall).all()
