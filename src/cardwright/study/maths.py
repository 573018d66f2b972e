"""The formulas of FSRS-6 on whole study days: the `fsrs` package, without its clock.

The package counts days in blocks of 24 hours, its steps and fuzz are its own; what is taken from it
is how an answer changes a memory. Tests hold the result to fsrs-rs and to Anki.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import fsrs
from fsrs.scheduler import DEFAULT_PARAMETERS

__all__ = ["DEFAULT_PARAMETERS", "MODEL", "Maths"]

MODEL: Final = "FSRS-6"
"""What parameters were fitted for."""
_MOST_STABILITY_DAYS: Final = 36_500.0
"""As in Anki; the package knows no such limit."""
_MOST_DIFFICULTIES: Final = 65_536
"""Difficulty depends on the ratings alone, so that the same ones recur."""
_RATINGS: Final = {int(rating): rating for rating in fsrs.Rating}


class Maths(fsrs.Scheduler):
    """What FSRS-6 says of a memory; ratings are 1 to 4, stabilities are days."""

    def __init__(self, parameters: Sequence[float], desired_retention: float) -> None:
        """Take the 21 parameters; ValueError when they are not 21, or out of their bounds."""
        super().__init__(parameters, desired_retention=desired_retention)
        self.interval_per_stability = float(
            (desired_retention ** (1 / self._DECAY) - 1) / self._FACTOR
        )
        """Days, per day of stability, in which recall falls to the desired retention."""
        self.toughen = lru_cache(maxsize=_MOST_DIFFICULTIES)(self._toughen)
        """Returns the difficulty, 1 to 10, that an answer makes of another: (difficulty, rating)."""

    def start(self, rating: int) -> tuple[float, float]:
        """Return stability and difficulty after a first answer."""
        given = _RATINGS[rating]
        return (
            self._initial_stability(rating=given),
            self._initial_difficulty(rating=given, clamp=True),
        )

    def stabilise(self, stability: float, difficulty: float, days: int, rating: int) -> float:
        """Return the stability after an answer so many study days after the one before."""
        given = _RATINGS[rating]
        if days == 0:
            reached = self._short_term_stability(stability=stability, rating=given)
        else:
            reached = self._next_stability(
                difficulty=difficulty,
                stability=stability,
                retrievability=self.recall(stability, days),
                rating=given,
            )
        return min(reached, _MOST_STABILITY_DAYS)

    def recall(self, stability: float, days: float) -> float:
        """Return the probability of recall after so many days: (1 + F·t/S)^-w₂₀."""
        return float((1 + self._FACTOR * days / stability) ** self._DECAY)

    def _toughen(self, difficulty: float, rating: int) -> float:
        return self._next_difficulty(difficulty=difficulty, rating=_RATINGS[rating])
