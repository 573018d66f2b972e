"""Two models of forgetting, each under many sets of parameters at once.

People forget in different ways, and nobody knows beforehand how the user does. FSRS-6 is what the
schedule uses. With two rates, part of a memory is lost within days, and the rest slowly. `learner`
finds the parameters of both that agree with the answers, and which of them agrees better.

A set of parameters is a row of every array; a column is a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from cardwright.history import Rating
from cardwright.study.fsrs import (
    MAX_DIFFICULTY,
    MAX_STABILITY_DAYS,
    MIN_DIFFICULTY,
    STABILITY_MIN,
    Fsrs,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_AGAIN, _HARD, _GOOD, _EASY = map(int, Rating)


class Memories(NamedTuple):
    """Memories of prompts, as arrays of one shape."""

    stability: Floats
    """Days; 0 when new."""
    trait: Floats
    """The difficulty, or the share that is lost within days."""

    def take(self, place: Any) -> Memories:
        """Return some of the memories."""
        return Memories(self.stability[place], self.trait[place])


class Forgetting(Protocol):
    """A model of forgetting. Its methods take and return arrays of memories that are not new."""

    @property
    def first(self) -> Memories:
        """The memories after a first answer with each rating and its repetition that day."""

    def take_rows(self, rows: Ints) -> Self:
        """Return the model under some of its sets of parameters."""

    def start(self, ratings: Ints) -> Memories:
        """Return memories after a first answer with ratings, one for each column."""

    def assume(self, memories: Memories) -> Memories:
        """Return memories that agree with those of FSRS-6 whose answers are not known."""

    def recall(self, memories: Memories, days: Any) -> Floats:
        """Return the probability of recall `days` after the last answer."""

    def repeat(self, memories: Memories, ratings: Ints) -> Memories:
        """Return memories after another answer on the same day."""

    def answer(self, memories: Memories, recall: Floats, ratings: Ints) -> Memories:
        """Return memories after an answer on a later day, on which `recall` was expected."""

    def succeed(self, memories: Memories, recall: Floats) -> Memories:
        """Return memories after a prompt was recalled on a later day."""

    def fail(self, memories: Memories, recall: Floats) -> Memories:
        """Return memories after a prompt was forgotten on a later day, and repeated that day."""


class FsrsForgetting:
    """FSRS-6. Its parameters may be out of the bounds of those that a schedule can have."""

    def __init__(self, parameters: Sequence[Floats]) -> None:
        """Initialize the model with 21 columns of parameters."""
        self._parameters = tuple(parameters)
        self._fsrs = Fsrs(self._parameters, is_bounded=False)
        w = self._parameters
        self._bonuses = np.concatenate([0 * w[15], w[15], 0 * w[15] + 1, w[16]], axis=1)
        self._starts = Memories(
            np.maximum(np.concatenate(w[:4], axis=1), STABILITY_MIN),
            _clamp_difficulty(
                np.concatenate(
                    [self._fsrs.unclamped_initial_difficulty(rating) for rating in Rating], axis=1
                )
            ),
        )
        repeated = self._repeat_well(self._starts)
        is_easy = np.arange(1, 5) == _EASY
        self.first = Memories(
            np.where(is_easy, self._starts.stability, repeated.stability),
            np.where(is_easy, self._starts.trait, repeated.trait),
        )

    def take_rows(self, rows: Ints) -> Self:
        """Return the model under some of its sets of parameters."""
        return type(self)([column[rows] for column in self._parameters])

    def start(self, ratings: Ints) -> Memories:
        """Return memories after a first answer with ratings, one for each column."""
        return self._starts.take((slice(None), ratings - 1))

    def assume(self, memories: Memories) -> Memories:
        """Return the memories themselves, as they are those of FSRS-6."""
        rows = np.ones((len(self._parameters[0]), 1))
        return Memories(rows * memories.stability, rows * memories.trait)

    def recall(self, memories: Memories, days: Any) -> Floats:
        """Return the probability of recall `days` after the last answer."""
        recall: Floats = self._fsrs.retrievability(memories.stability, days)
        return recall

    def repeat(self, memories: Memories, ratings: Ints) -> Memories:
        """Return memories after another answer on the same day."""
        stability, difficulty = memories
        growth = self._fsrs.same_day_growth(stability, _GOOD)
        growth = growth * np.exp(self._parameters[17] * (ratings - _GOOD))
        growth = np.where(ratings > _AGAIN, np.maximum(growth, 1.0), growth)
        return Memories(
            _clamp_stability(stability * growth), self._change_difficulty(difficulty, ratings)
        )

    def answer(self, memories: Memories, recall: Floats, ratings: Ints) -> Memories:
        """Return memories after an answer on a later day, on which `recall` was expected."""
        stability, difficulty = memories
        good = self._fsrs.stability_after_recall(stability, difficulty, recall)
        recalled = stability + (good - stability) * self._bonuses[:, ratings - 1]
        reached = np.where(ratings > _AGAIN, recalled, self._lapse(memories, recall))
        return Memories(_clamp_stability(reached), self._change_difficulty(difficulty, ratings))

    def succeed(self, memories: Memories, recall: Floats) -> Memories:
        """Return memories after a prompt was recalled on a later day. (Good keeps difficulties.)"""
        stability, difficulty = memories
        reached = self._fsrs.stability_after_recall(stability, difficulty, recall)
        return Memories(_clamp_stability(reached), difficulty)

    def fail(self, memories: Memories, recall: Floats) -> Memories:
        """Return memories after a prompt was forgotten on a later day, and repeated that day."""
        again = self._fsrs.unclamped_difficulty(memories.trait, _AGAIN)
        lapsed = Memories(self._lapse(memories, recall), _clamp_difficulty(again))
        return Memories(self._repeat_well(lapsed).stability, lapsed.trait)

    def _lapse(self, memories: Memories, recall: Floats) -> Floats:
        fsrs, (stability, difficulty) = self._fsrs, memories
        reached = np.minimum(
            fsrs.stability_after_lapse(stability, difficulty, recall),
            fsrs.max_stability_after_lapse(stability),
        )
        return _clamp_stability(reached)

    def _repeat_well(self, memories: Memories) -> Memories:
        stability, difficulty = memories
        growth = np.maximum(self._fsrs.same_day_growth(stability, _GOOD), 1.0)
        return Memories(stability * growth, self._change_difficulty(difficulty, _GOOD))

    def _change_difficulty(self, difficulty: Floats, ratings: Any) -> Floats:
        # The formula is linear in the rating.
        again = self._fsrs.unclamped_difficulty(difficulty, _AGAIN)
        good = self._fsrs.unclamped_difficulty(difficulty, _GOOD)
        return _clamp_difficulty(good + (again - good) * (_GOOD - ratings) / 2)


def _clamp_stability(stability: Any) -> Floats:
    clamped: Floats = np.clip(stability, STABILITY_MIN, MAX_STABILITY_DAYS)
    return clamped


def _clamp_difficulty(difficulty: Any) -> Floats:
    clamped: Floats = np.clip(difficulty, MIN_DIFFICULTY, MAX_DIFFICULTY)
    return clamped


class TwoRates:
    """Forgetting as a sum of two exponentials: a share p is lost within days, the rest slowly.

    R = p·e^(-t/f) + (1-p)·e^(-t/s). The slow days s are the stability, p is the trait. A success
    multiplies s by 1.1 + g·(1-R), and p by a factor below 1; a lapse multiplies s.

    Sums of two exponentials describe measured forgetting well (Rubin, Hinton and Wenzel, 1999); how
    they change with answers is a guess, whose parameters are fitted.
    """

    def __init__(self, parameters: Sequence[Floats]) -> None:
        """Initialize the model with seven columns of parameters.

        They are s after Good, the ratio of the others to it, f, p of a new prompt, g, the factor of
        p after a success, and that of s after a lapse.
        """
        self._parameters = tuple(parameters)
        slow, ratio, self._fast, share, self._growth, self._fade, self._loss = parameters
        days = [0.4 * slow / ratio, 0.7 * slow, slow, 2.5 * slow * ratio]
        self._min = 0.4 * slow
        self.first = Memories(np.concatenate(days, axis=1), np.concatenate([share] * 4, axis=1))

    def take_rows(self, rows: Ints) -> Self:
        """Return the model under some of its sets of parameters."""
        return type(self)([column[rows] for column in self._parameters])

    def start(self, ratings: Ints) -> Memories:
        """Return memories after a first answer with ratings, one for each column."""
        return self.first.take((slice(None), ratings - 1))

    def assume(self, memories: Memories) -> Memories:
        """Return memories whose recall falls to 90 % as late as that of FSRS-6."""
        slow, _, _, share, *_ = self._parameters
        return Memories(
            _clamp_stability(slow + memories.stability * 9.5),
            share * self._fade**2 + 0 * memories.stability,
        )

    def recall(self, memories: Memories, days: Any) -> Floats:
        """Return the probability of recall `days` after the last answer."""
        slow, share = memories
        recall: Floats = share * np.exp(-days / self._fast) + (1 - share) * np.exp(-days / slow)
        return recall

    def repeat(self, memories: Memories, ratings: Ints) -> Memories:  # noqa: ARG002
        """Return the memories themselves: what was just seen is not remembered longer."""
        return memories

    def answer(self, memories: Memories, recall: Floats, ratings: Ints) -> Memories:
        """Return memories after an answer on a later day, on which `recall` was expected."""
        slow, share = memories
        bonuses = np.array([0.0, 0.6, 1.0, 1.6])[ratings - 1]
        is_recalled = ratings > _AGAIN
        grown = slow * (1.1 + self._growth * (1 - recall) * bonuses)
        return Memories(
            _clamp_stability(np.where(is_recalled, grown, self._lapse(slow))),
            np.where(is_recalled, share * self._fade, share),
        )

    def succeed(self, memories: Memories, recall: Floats) -> Memories:
        """Return memories after a prompt was recalled on a later day."""
        slow, share = memories
        grown = slow * (1.1 + self._growth * (1 - recall))
        return Memories(_clamp_stability(grown), share * self._fade)

    def fail(self, memories: Memories, recall: Floats) -> Memories:  # noqa: ARG002
        """Return memories after a prompt was forgotten on a later day, and repeated that day."""
        return Memories(self._lapse(memories.stability), memories.trait)

    def _lapse(self, slow: Floats) -> Floats:
        lapsed: Floats = np.minimum(slow, np.maximum(slow * self._loss, self._min))
        return lapsed
