"""The expected outcome of an answer under FSRS-6, for one prompt or for arrays.

A recalled prompt is assumed to be rated Good, a forgotten one Again and then Good on the same day.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from cardwright.history import Rating
from cardwright.study.fsrs import MAX_DIFFICULTY, MIN_DIFFICULTY, Fsrs
from cardwright.study.workload import Habits

Figures = Any
"""A float, or a numpy array of floats."""
_AGAIN, _GOOD = int(Rating.AGAIN), int(Rating.GOOD)


class FirstDay(NamedTuple):
    """One possible outcome of a prompt's first day."""

    share: float
    """The share of new prompts with this outcome."""
    stability: float
    difficulty: float


class Outcomes:
    """The expected effect of an answer on a memory. Stabilities are in days."""

    def __init__(self, parameters: Sequence[float], habits: Habits) -> None:
        """Initialize with the 21 parameters and the user's habits.

        Raises:
            ValueError: the parameters are invalid.

        """
        self._fsrs = Fsrs(parameters)
        self._habits = habits
        self.first_days = _list_first_days(self._fsrs, habits.first_shares)
        """The possible outcomes of a prompt's first day."""
        self.new_s = habits.new_s
        """Seconds spent on a prompt on its first day."""

    def recall(self, stability: Figures, days: Figures) -> Figures:
        """Return the probability of recall `days` after the last answer."""
        return self._fsrs.retrievability(stability, days)

    def recall_new(self, days: float) -> float:
        """Return the expected recall `days` after a first answer."""
        recalls = (share * self.recall(stability, days) for share, stability, _ in self.first_days)
        return float(sum(recalls))

    def stability_after_recall(
        self, stability: Figures, difficulty: Figures, recall: Figures
    ) -> Figures:
        """Return the stability after a later day on which the prompt is recalled.

        `recall` is the probability of recall on that day.
        """
        return self._fsrs.stability_after_recall(stability, difficulty, recall)

    def stability_after_lapse(
        self, stability: Figures, difficulty: Figures, recall: Figures
    ) -> Figures:
        """Return the stability after a later day on which the prompt is forgotten.

        `recall` is the probability of recall on that day.
        """
        fsrs = self._fsrs
        lapsed = _smaller(
            fsrs.stability_after_lapse(stability, difficulty, recall),
            fsrs.max_stability_after_lapse(stability),
        )
        # The second answer of the day never lowers the stability.
        return lapsed * _larger(fsrs.same_day_growth(lapsed, _GOOD), 1.0)

    def measure_gain(
        self, stability: Figures, difficulty: Figures, since: Figures, left: Figures
    ) -> tuple[Figures, Figures, Figures]:
        """Return recall today, on exam day if not asked before then, and on exam day if asked today.

        The last answer was `since` days ago, and the exam is in `left` days.
        """
        recall_after = self._fsrs.retrievability
        recall = recall_after(stability, since)
        known = self.stability_after_recall(stability, difficulty, recall)
        lapsed = self.stability_after_lapse(stability, difficulty, recall)
        asked = recall * recall_after(known, left) + (1 - recall) * recall_after(lapsed, left)
        return recall, recall_after(stability, since + left), asked

    def difficulty_after_lapse(self, difficulty: Figures) -> Figures:
        """Return the difficulty after Again and Good. (Good alone hardly changes it.)"""
        reached = self._fsrs.unclamped_difficulty(difficulty, _AGAIN)
        return _larger(_smaller(reached, MAX_DIFFICULTY), MIN_DIFFICULTY)

    def seconds(self, recall: Figures) -> Figures:
        """Return the expected seconds per answer, including the second answer after a lapse."""
        lapse_s = self._habits.forgotten_s
        return lapse_s + (self._habits.recalled_s - lapse_s) * recall


def _smaller(one: Figures, other: Figures) -> Figures:
    return min(one, other) if isinstance(one, float) else _find_ufuncs()[0](one, other)


def _larger(one: Figures, other: Figures) -> Figures:
    return max(one, other) if isinstance(one, float) else _find_ufuncs()[1](one, other)


@cache
def _find_ufuncs() -> tuple[Any, Any]:
    from numpy import maximum, minimum  # noqa: PLC0415  (an extra: whoever has an array has it)

    return minimum, maximum


def _list_first_days(fsrs: Fsrs, shares: Sequence[float]) -> tuple[FirstDay, ...]:
    found = []
    for rating, share in zip(Rating, shares, strict=True):
        stability, difficulty = fsrs.initial_stability(rating), fsrs.initial_difficulty(rating)
        if rating is not Rating.EASY:
            stability = fsrs.next_stability(stability, difficulty, 0, Rating.GOOD)
            difficulty = fsrs.next_difficulty(difficulty, Rating.GOOD)
        found.append(FirstDay(share, stability, difficulty))
    return tuple(found)
