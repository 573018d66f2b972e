"""What FSRS-6 expects of an answer, for one prompt or for an array of them.

Ratings are taken for Good when a prompt is recalled, and for Again followed by Good on the same day
when it is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cardwright.history import Rating
from cardwright.study.fsrs import MAX_DIFFICULTY, MIN_DIFFICULTY, Fsrs
from cardwright.study.workload import Habits

Figures = Any
"""A float, or a numpy array of them."""
_AGAIN, _GOOD = int(Rating.AGAIN), int(Rating.GOOD)


class FirstDay(NamedTuple):
    """One way in which the first day of a prompt may end."""

    share: float
    """Of new prompts for which it does."""
    stability: float
    difficulty: float


class Outcomes:
    """What an answer is expected to do to a memory; stabilities are days."""

    def __init__(self, parameters: Sequence[float], habits: Habits) -> None:
        """Take the 21 parameters, and how the user answers.

        Raises:
            ValueError: the parameters are not valid.

        """
        self._fsrs = Fsrs(parameters)
        self._habits = habits
        self.first_days = _list_first_days(self._fsrs, habits.first_shares)
        """How the first day of a prompt may end."""
        self.new_s = habits.new_s
        """Seconds that the first day of a prompt takes."""

    def recall(self, stability: Figures, days: Figures) -> Figures:
        """Return the probability of recall some days after the last answer."""
        return self._fsrs.retrievability(stability, days)

    def recall_new(self, days: float) -> float:
        """Return the expected recall some days after a first answer."""
        recalls = (share * self.recall(stability, days) for share, stability, _ in self.first_days)
        return float(sum(recalls))

    def answer(
        self, stability: Figures, difficulty: Figures, recall: Figures
    ) -> tuple[Figures, Figures]:
        """Return the stability after a later day on which the prompt is recalled, or forgotten.

        `recall` is the probability of recall on that day.
        """
        fsrs = self._fsrs
        lapsed = _smaller(
            fsrs.stability_after_lapse(stability, difficulty, recall),
            fsrs.max_stability_after_lapse(stability),
        )
        # The second answer of the day raises it, and never lowers it.
        growth = _larger(fsrs.same_day_growth(lapsed, _GOOD), 1.0)
        return fsrs.stability_after_recall(stability, difficulty, recall), lapsed * growth

    def measure_gain(
        self, stability: Figures, difficulty: Figures, since: Figures, left: Figures
    ) -> tuple[Figures, Figures, Figures]:
        """Return recall today, and on the day of the exam if not asked before, and if asked today.

        The last answer was `since` days ago, and the exam is `left` days ahead.
        """
        recall_after = self._fsrs.retrievability
        recall = recall_after(stability, since)
        known, lapsed = self.answer(stability, difficulty, recall)
        asked = recall * recall_after(known, left) + (1 - recall) * recall_after(lapsed, left)
        return recall, recall_after(stability, since + left), asked

    def difficulty_after_lapse(self, difficulty: Figures) -> Figures:
        """Return the difficulty after Again and Good; Good alone leaves it much as it is."""
        reached = self._fsrs.unclamped_difficulty(difficulty, _AGAIN)
        return _larger(_smaller(reached, MAX_DIFFICULTY), MIN_DIFFICULTY)

    def seconds(self, recall: Figures) -> Figures:
        """Return the expected seconds that an answer takes, with the second one of a lapse."""
        lapse_s = self._habits.forgotten_s
        return lapse_s + (self._habits.recalled_s - lapse_s) * recall


def _smaller(one: Figures, other: Figures) -> Figures:
    is_one = one < other
    return is_one * one + (1 - is_one) * other


def _larger(one: Figures, other: Figures) -> Figures:
    is_one = one > other
    return is_one * one + (1 - is_one) * other


def _list_first_days(fsrs: Fsrs, shares: Sequence[float]) -> tuple[FirstDay, ...]:
    found = []
    for rating, share in zip(Rating, shares, strict=True):
        stability, difficulty = fsrs.initial_stability(rating), fsrs.initial_difficulty(rating)
        if rating is not Rating.EASY:
            stability = fsrs.next_stability(stability, difficulty, 0, Rating.GOOD)
            difficulty = fsrs.next_difficulty(difficulty, Rating.GOOD)
        found.append(FirstDay(share, stability, difficulty))
    return tuple(found)
