"""The expected outcome of an answer under FSRS-6.

A recalled prompt is assumed to be rated Good, a forgotten one Again and then Good on the same day.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cardwright.history import Rating
from cardwright.study.fsrs import Fsrs
from cardwright.study.workload import Habits

_GOOD = int(Rating.GOOD)


class _FirstDay(NamedTuple):
    share: float
    """The share of new prompts with this outcome."""
    stability: float


class Outcomes:
    """The expected effect of an answer on a memory. Stabilities are in days."""

    def __init__(self, parameters: Sequence[float], habits: Habits) -> None:
        """Initialize with the 21 parameters and the user's habits.

        Raises:
            ValueError: the parameters are invalid.

        """
        self._fsrs = Fsrs(parameters)
        self._habits = habits
        self._first_days = _list_first_days(self._fsrs, habits.first_shares)
        self.new_s = habits.new_s
        """Seconds spent on a prompt on its first day."""

    def recall_new(self, days: float) -> float:
        """Return the expected recall `days` after a first answer."""
        recall_after = self._fsrs.retrievability
        return float(
            sum(share * recall_after(stability, days) for share, stability in self._first_days)
        )

    def measure_gain(
        self, stability: float, difficulty: float, since: float, left: float
    ) -> tuple[float, float, float]:
        """Return recall today, on exam day if not asked before then, and on exam day if asked today.

        The last answer was `since` days ago, and the exam is in `left` days.
        """
        fsrs = self._fsrs
        recall_after = fsrs.retrievability
        recall = recall_after(stability, since)
        known = fsrs.stability_after_recall(stability, difficulty, recall)
        lapsed = min(
            fsrs.stability_after_lapse(stability, difficulty, recall),
            fsrs.max_stability_after_lapse(stability),
        )
        # The second answer of the day never lowers the stability.
        lapsed *= max(fsrs.same_day_growth(lapsed, _GOOD), 1.0)
        asked = recall * recall_after(known, left) + (1 - recall) * recall_after(lapsed, left)
        return recall, recall_after(stability, since + left), asked

    def seconds(self, recall: float) -> float:
        """Return the expected seconds per answer, including the second answer after a lapse."""
        lapse_s = self._habits.forgotten_s
        return lapse_s + (self._habits.recalled_s - lapse_s) * recall


def _list_first_days(fsrs: Fsrs, shares: Sequence[float]) -> tuple[_FirstDay, ...]:
    found = []
    for rating, share in zip(Rating, shares, strict=True):
        stability, difficulty = fsrs.initial_stability(rating), fsrs.initial_difficulty(rating)
        if rating is not Rating.EASY:
            stability = fsrs.next_stability(stability, difficulty, 0, Rating.GOOD)
        found.append(_FirstDay(share, stability))
    return tuple(found)
