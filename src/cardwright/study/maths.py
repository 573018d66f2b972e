"""The formulas of FSRS-6, on whole study days.

They are written out, not taken from the `fsrs` package: its formulas are private and have changed
between patch releases, and a memory must not change because a library did. Tests hold them to that
package, to fsrs-rs and to Anki.
Source: https://github.com/open-spaced-repetition/awesome-fsrs/wiki/The-Algorithm (FSRS-6).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import Final

from cardwright.history import Rating

MODEL: Final = "FSRS-6"
"""What parameters were fitted for."""
DEFAULT_PARAMETERS: Final = (
    *(0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796),
    *(1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542),
)
_LEAST_STABILITY_DAYS: Final = 0.001
_MOST_STABILITY_DAYS: Final = 36_500.0
"""Both as in Anki."""


class Maths:
    """What FSRS-6 says of a memory; ratings are 1 to 4, stabilities are days."""

    def __init__(self, parameters: Sequence[float], desired_retention: float) -> None:
        """Take the 21 parameters; ValueError when they are not 21."""
        w = tuple(parameters)
        if len(w) != len(DEFAULT_PARAMETERS):
            message = f"{MODEL} has {len(DEFAULT_PARAMETERS)} parameters, not {len(w)}"
            raise ValueError(message)
        self._w = w
        self._decay = -w[20]
        self._factor = 0.9 ** (1 / self._decay) - 1
        self._growth = exp(w[8])
        self._lapse_share = exp(-w[17] * w[18])
        self._bonus: dict[int, float] = {Rating.HARD: w[15], Rating.GOOD: 1.0, Rating.EASY: w[16]}
        self._same_day: dict[int, float] = {
            rating: exp(w[17] * (rating - 3 + w[18])) for rating in Rating
        }
        self._pull = w[7] * self._first_difficulty(Rating.EASY)
        self.interval_per_stability = (desired_retention ** (1 / self._decay) - 1) / self._factor
        """Days, per day of stability, in which recall falls to the desired retention."""

    def start(self, rating: int) -> tuple[float, float]:
        """Return stability and difficulty after a first answer."""
        stability = max(self._w[rating - 1], _LEAST_STABILITY_DAYS)
        return stability, min(max(self._first_difficulty(rating), 1.0), 10.0)

    def stabilise(self, stability: float, difficulty: float, days: int, rating: int) -> float:
        """Return the stability after an answer so many study days after the one before."""
        w = self._w
        if days == 0:
            growth = self._same_day[rating] * stability ** -w[19]
            reached = stability * (growth if growth > 1 or rating == Rating.AGAIN else 1.0)
        elif rating == Rating.AGAIN:
            missed = 1 - self.recall(stability, days)
            reached = min(
                w[11] * difficulty ** -w[12] * ((stability + 1) ** w[13] - 1) * exp(missed * w[14]),
                stability * self._lapse_share,
            )
        else:
            missed = 1 - self.recall(stability, days)
            growth = (
                self._growth * (11 - difficulty) * stability ** -w[9] * (exp(missed * w[10]) - 1)
            )
            reached = stability * (1 + growth * self._bonus[rating])
        if reached < _LEAST_STABILITY_DAYS:
            return _LEAST_STABILITY_DAYS
        return min(_MOST_STABILITY_DAYS, reached)

    def toughen(self, difficulty: float, rating: int) -> float:
        """Return the difficulty, 1 to 10, after an answer."""
        w = self._w
        damped = difficulty - w[6] * (rating - 3) * (10 - difficulty) / 9
        reached = self._pull + (1 - w[7]) * damped
        if reached < 1:
            return 1.0
        return min(reached, 10.0)

    def recall(self, stability: float, days: float) -> float:
        """Return the probability of recall after so many days: (1 + F·t/S)^-w₂₀."""
        return float((1 + self._factor * days / stability) ** self._decay)

    def _first_difficulty(self, rating: int) -> float:
        return self._w[4] - exp(self._w[5] * (rating - 1)) + 1
