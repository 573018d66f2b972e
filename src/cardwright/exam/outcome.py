"""What FSRS-6 expects of an answer, for one prompt or for an array of them.

The formulas are those of `study.maths`, in arithmetic that floats and numpy arrays share; tests
hold the two together. Ratings are taken for Good when a prompt is recalled, and for Again followed
by Good within the day when it is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import e
from typing import Any, NamedTuple

from cardwright.history import Rating
from cardwright.study.maths import Maths
from cardwright.study.workload import Habits

Figures = Any
"""A float, or a numpy array of them."""


class Start(NamedTuple):
    """One way in which the first day of a prompt may end."""

    share: float
    stability: float
    difficulty: float


class Outcomes:
    """What an answer is expected to do to a memory; stabilities are days."""

    def __init__(self, parameters: Sequence[float], habits: Habits) -> None:
        """Take the 21 parameters, and how somebody answers; ValueError when they are not 21."""
        maths = Maths(parameters, 0.9)
        self._w = w = tuple(parameters)
        self._decay = -w[20]
        self._factor = 0.9 ** (1 / self._decay) - 1
        self._answering = (
            *(e ** w[8], -w[9], w[10], w[11], -w[12], w[13], w[14]),
            *(e ** (-w[17] * w[18]), e ** (w[17] * w[18]), -w[19]),
        )
        self._pull = w[7] * (w[4] - e ** (w[5] * 3) + 1)
        self._habits = habits
        self.starts = _list_starts(maths, habits.first_shares)
        """How the first day of a prompt may end."""
        self.new_s = habits.new_s

    def recall(self, stability: Figures, days: Figures) -> Figures:
        """Return the probability of recall so many days after the last answer."""
        return (1 + self._factor * days / stability) ** self._decay

    def recall_new(self, days: float) -> float:
        """Return the expected recall so many days after a first answer."""
        recalls = (share * self.recall(stability, days) for share, stability, _ in self.starts)
        return float(sum(recalls))

    def answer(
        self, stability: Figures, difficulty: Figures, recall: Figures
    ) -> tuple[Figures, Figures]:
        """Return the stability after a later day on which it was recalled, and forgotten.

        `recall` is the probability of it on that day.
        """
        growth, w9, w10, w11, w12, w13, w14, share, same_day, w19 = self._answering
        missed = 1 - recall
        rise = growth * (11 - difficulty) * stability**w9 * (e ** (w10 * missed) - 1)
        fall = w11 * difficulty**w12 * ((stability + 1) ** w13 - 1) * e ** (w14 * missed)
        most = stability * share
        is_fall = fall < most
        left = is_fall * fall + (1 - is_fall) * most
        # A second look raises it, and never lowers it.
        again = same_day * left**w19
        is_again = again > 1
        return stability * (1 + rise), left * (is_again * again + (1 - is_again))

    def measure_gain(
        self, stability: Figures, difficulty: Figures, since: Figures, left: Figures
    ) -> tuple[Figures, Figures, Figures]:
        """Return recall today, and on the exam's day if not asked before and if asked today.

        The last answer was `since` days ago, and the exam is `left` days ahead.
        """
        factor, decay = self._factor, self._decay
        recall = (1 + factor * since / stability) ** decay
        known, lapsed = self.answer(stability, difficulty, recall)
        span = factor * left
        asked = recall * (1 + span / known) ** decay + (1 - recall) * (1 + span / lapsed) ** decay
        return recall, (1 + factor * (since + left) / stability) ** decay, asked

    def toughen(self, difficulty: Figures) -> Figures:
        """Return the difficulty after Again and Good; Good alone leaves it much as it is."""
        w = self._w
        damped = difficulty + w[6] * 2 * (10 - difficulty) / 9
        return self._pull + (1 - w[7]) * damped

    def seconds(self, recall: Figures) -> Figures:
        """Return the expected seconds that an answer takes, with the second one of a lapse."""
        lapse_s = self._habits.forgotten_s
        return lapse_s + (self._habits.recalled_s - lapse_s) * recall


def _list_starts(maths: Maths, shares: Sequence[float]) -> tuple[Start, ...]:
    starts = []
    for rating, share in zip(Rating, shares, strict=True):
        stability, difficulty = maths.start(rating)
        if rating is not Rating.EASY:
            stability = maths.stabilise(stability, difficulty, 0, Rating.GOOD)
            difficulty = maths.toughen(difficulty, Rating.GOOD)
        starts.append(Start(share, stability, difficulty))
    return tuple(starts)
