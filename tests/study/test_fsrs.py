"""The formulas of FSRS-6 agree with the scheduler of the `fsrs` package."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import fsrs
import numpy as np
import pytest
from fsrs.scheduler import LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS
from hypothesis import given
from hypothesis import strategies as st

from cardwright.study import fsrs as own
from cardwright.study.fsrs import DEFAULT_PARAMETERS, MAX_STABILITY_DAYS, Figures, Fsrs

PARAMETERS = st.one_of(
    st.just(DEFAULT_PARAMETERS),
    st.tuples(
        *map(st.floats, LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS),
    ),
)
HISTORIES = st.lists(
    st.tuples(st.integers(1, 4), st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 1000))),
    min_size=1,
    max_size=15,
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(PARAMETERS, HISTORIES, st.integers(0, 2000))
def test_every_history_is_computed_as_the_package_does(
    parameters: tuple[float, ...], history: list[tuple[int, int]], wait: int
) -> None:
    ours, theirs = Fsrs(parameters), fsrs.Scheduler(parameters, enable_fuzzing=False)
    card = fsrs.Card(card_id=1)
    at, stability, difficulty = NOON, 0.0, 0.0
    for rating, days in history:
        if not stability:
            stability = ours.initial_stability(rating)
            difficulty = ours.initial_difficulty(rating)
        else:
            at += timedelta(days=days)
            stability = ours.next_stability(stability, difficulty, days, rating)
            difficulty = ours.next_difficulty(difficulty, rating)
        card, _ = theirs.review_card(card, fsrs.Rating(rating), at)
        assert card.stability is not None
        assert stability == pytest.approx(min(card.stability, MAX_STABILITY_DAYS), rel=1e-12)
        assert difficulty == pytest.approx(card.difficulty, rel=1e-12)
        if card.stability > MAX_STABILITY_DAYS:
            # The package knows no limit; from here on the two differ.
            return
    recall = theirs.get_card_retrievability(card, at + timedelta(days=wait))
    assert ours.retrievability(stability, wait) == pytest.approx(recall, rel=1e-12)


@given(
    PARAMETERS,
    st.lists(st.tuples(st.floats(0.001, 36_500), st.floats(1, 10), st.floats(0, 1)), min_size=1),
    st.integers(1, 4),
)
def test_an_array_is_computed_as_its_numbers_are(
    parameters: tuple[float, ...], memories: list[tuple[float, float, float]], rating: int
) -> None:
    model = Fsrs(parameters)

    def compute(stability: Figures, difficulty: Figures, recall: Figures) -> tuple[Figures, ...]:
        return (
            model.retrievability(stability, 7),
            model.stability_after_recall(stability, difficulty, recall, max(rating, 2)),
            model.stability_after_lapse(stability, difficulty, recall),
            model.max_stability_after_lapse(stability),
            model.same_day_growth(stability, rating),
            model.unclamped_difficulty(difficulty, rating),
        )

    together = compute(*np.array(memories).T)
    alone = zip(*(compute(*memory) for memory in memories), strict=True)
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@given(
    PARAMETERS,
    st.floats(0.001, 36_500),
    st.floats(1, 10),
    st.integers(0, 2000),
    st.integers(1, 4),
)
def test_what_a_replay_computes_is_what_the_formulas_say(
    parameters: tuple[float, ...], stability: float, difficulty: float, days: int, rating: int
) -> None:
    model = Fsrs(parameters)
    recall = model.retrievability(stability, days)
    if days == 0:
        growth = model.same_day_growth(stability, rating)
        reached = stability * (growth if rating == 1 else max(growth, 1.0))
    elif rating == 1:
        reached = min(
            model.stability_after_lapse(stability, difficulty, recall),
            model.max_stability_after_lapse(stability),
        )
    else:
        reached = model.stability_after_recall(stability, difficulty, recall, rating)

    assert model.next_memory(stability, difficulty, days, rating) == (
        min(max(reached, 0.001), MAX_STABILITY_DAYS),
        min(max(model.unclamped_difficulty(difficulty, rating), 1.0), 10.0),
        recall,
    )


def test_recall_falls_to_the_desired_retention_within_the_interval() -> None:
    model = Fsrs()
    assert model.retrievability(12.0, 12.0) == pytest.approx(0.9)
    assert model.retrievability(12.0, 12.0 * model.interval_factor(0.8)) == pytest.approx(0.8)


@pytest.mark.parametrize(
    "name",
    [
        *("DEFAULT_PARAMETERS", "LOWER_BOUNDS_PARAMETERS", "UPPER_BOUNDS_PARAMETERS"),
        *("MIN_DIFFICULTY", "MAX_DIFFICULTY", "STABILITY_MIN"),
    ],
)
def test_the_numbers_of_the_model_are_those_of_the_package(name: str) -> None:
    assert getattr(own, name) == getattr(fsrs.scheduler, name)


def test_parameters_are_held_to_the_bounds_of_the_package() -> None:
    with pytest.raises(ValueError, match="expected 21 parameters, got 19"):
        Fsrs(DEFAULT_PARAMETERS[:19])
    for index, (lower, upper) in enumerate(
        zip(LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS, strict=True)
    ):
        for value in (lower - 0.01, upper + 0.01, float("nan")):
            wrong = [*DEFAULT_PARAMETERS]
            wrong[index] = value
            with pytest.raises(ValueError, match=f"parameter {index} is .*, not between"):
                Fsrs(wrong)
