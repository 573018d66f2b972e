"""The formulas of FSRS-6, the memory model of Anki, for one prompt or for an array of them.

A memory is a stability (the days until the probability of recall falls to 90 percent) and a
difficulty (1 to 10); w₀ to w₂₀ are the 21 parameters of the model. The formulas are those of
https://github.com/open-spaced-repetition/awesome-fsrs/wiki/The-Algorithm; days are study days.
A test holds defaults, bounds and every formula equal to those of the `fsrs` package, which takes
long to load. The arithmetic is reimplemented here because that scheduler counts days in blocks of 24
hours, and because plain floats replay a long history in about half the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import e
from typing import Any, Final

__all__ = [
    "DEFAULT_PARAMETERS",
    "MAX_DIFFICULTY",
    "MAX_STABILITY_DAYS",
    "MIN_DIFFICULTY",
    "MODEL",
    "Fsrs",
]

MIN_DIFFICULTY: Final = 1.0
MAX_DIFFICULTY: Final = 10.0
STABILITY_MIN: Final = 0.001
# fmt: off
DEFAULT_PARAMETERS: Final = (
    0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796,
    1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
)
LOWER_BOUNDS_PARAMETERS: Final = (
    0.001, 0.001, 0.001, 0.001, 1.0, 0.001, 0.001, 0.001, 0.0, 0.0, 0.001,
    0.001, 0.001, 0.001, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.1,
)
UPPER_BOUNDS_PARAMETERS: Final = (
    100.0, 100.0, 100.0, 100.0, 10.0, 4.0, 4.0, 0.75, 4.5, 0.8, 3.5,
    5.0, 0.25, 0.9, 4.0, 1.0, 6.0, 2.0, 2.0, 0.8, 0.8,
)
# fmt: on
MODEL: Final = "FSRS-6"
"""Stored with fitted parameters to say which model they belong to."""
MAX_STABILITY_DAYS: Final = 36_500.0
"""Anki's limit; the `fsrs` package has none."""
_MAX_SHOWN_DIFFICULTY: Final = 1_100
_AGAIN, _HARD, _GOOD, _EASY = 1, 2, 3, 4

Figures = Any
"""A float, or a numpy array of floats: the formulas use arithmetic operators only."""


class Fsrs:
    """FSRS-6 under one set of parameters. Ratings are 1 to 4, stabilities are days.

    Methods that accept `Figures` return unclamped results; callers with arrays clamp them.
    """

    def __init__(self, parameters: Sequence[float] = DEFAULT_PARAMETERS) -> None:
        """Initialize the model with 21 parameters.

        Raises:
            ValueError: the count is wrong, or a parameter is out of bounds.

        """
        _check_bounds(parameters)
        self.parameters = w = tuple(parameters)
        self._decay = -w[20]
        self._factor = 0.9 ** (1 / self._decay) - 1
        self._growth = e ** w[8]
        self._bonuses = (0.0, 0.0, w[15], 1.0, w[16])
        """Indexed by rating; index 0 is unused."""
        self._same_day = (0.0, *(e ** (w[17] * (rating - 3 + w[18])) for rating in range(1, 5)))
        self._lapse_divisor = e ** (w[17] * w[18])
        self._steps = (0.0, *(-(w[6] * (rating - 3)) for rating in range(1, 5)))
        self._reversion = w[7] * self._unclamped_initial_difficulty(_EASY)
        self._kept_share = 1 - w[7]
        self._saturation, self._spacing, self._damping = -w[9], w[10], -w[19]
        self._lapse = (w[11], -w[12], w[13], w[14])

    def retrievability(self, stability: Figures, days: Figures) -> Figures:
        """Return the probability of recall `days` after an answer: (1 + F·t/S)^-w₂₀."""
        return (1 + self._factor * days / stability) ** self._decay

    def integrate_recall(self, stability: float, start: float, end: float) -> float:
        """Return the probability of recall, summed over the days from `start` to `end` after an answer.

        ∫(1 + F·t/S)^-w₂₀ dt, for w₂₀ < 1, which its bounds ensure.
        """
        power = 1 + self._decay
        scale = self._factor / stability
        grown = (1 + scale * end) ** power - (1 + scale * start) ** power
        return float(grown / (scale * power))

    def interval_factor(self, desired_retention: float) -> float:
        """Return the interval at the desired retention, in days per day of stability."""
        return float((desired_retention ** (1 / self._decay) - 1) / self._factor)

    def initial_stability(self, rating: int) -> float:
        """Return the stability after a first answer."""
        return max(self.parameters[rating - 1], STABILITY_MIN)

    def initial_difficulty(self, rating: int) -> float:
        """Return the difficulty after a first answer."""
        difficulty = self._unclamped_initial_difficulty(rating)
        return min(max(difficulty, MIN_DIFFICULTY), MAX_DIFFICULTY)

    def assume_memory(
        self, interval_days: int, ease: int, retention: float = 0.9
    ) -> tuple[float, float]:
        """Return the stability and difficulty that Anki derives from an interval and an ease factor.

        The factor is in thousandths; up to 1,100 it is a difficulty of FSRS, as Anki's log shows it.
        The interval was computed for a retention.
        """
        w = self.parameters
        stability = max(interval_days / self.interval_factor(retention), STABILITY_MIN)
        difficulty = (ease / 1_000 - 0.1) * 9 + 1
        if ease > _MAX_SHOWN_DIFFICULTY:
            growth = self._growth * stability ** -w[9] * (e ** (w[10] * (1 - retention)) - 1)
            difficulty = 11 - (ease / 1_000 - 1) / growth
        stability = min(stability, MAX_STABILITY_DAYS)
        return stability, min(max(difficulty, MIN_DIFFICULTY), MAX_DIFFICULTY)

    def next_memory(
        self, stability: float, difficulty: float, days: int, rating: int
    ) -> tuple[float, float, float]:
        """Return stability and difficulty after an answer, and the recall that was expected.

        The answer is given `days` study days after the previous one. The formulas below are written
        out here, because a replay of a long history calls this a million times.
        """
        recall: float = 1.0
        if days == 0:
            growth = self._same_day[rating] * stability**self._damping
            reached = stability if growth < 1 and rating != _AGAIN else stability * growth
        else:
            recall = (1 + self._factor * days / stability) ** self._decay
            if rating == _AGAIN:
                w11, w12, w13, w14 = self._lapse
                reached = (
                    w11 * difficulty**w12 * ((stability + 1) ** w13 - 1) * e ** ((1 - recall) * w14)
                )
                limit = stability / self._lapse_divisor
                if limit < reached:  # noqa: PLR1730  (a call)
                    reached = limit
            else:
                reached = stability * (
                    1
                    + self._growth
                    * (11 - difficulty)
                    * stability**self._saturation
                    * (e ** ((1 - recall) * self._spacing) - 1)
                    * self._bonuses[rating]
                )
        if reached < STABILITY_MIN:
            reached = STABILITY_MIN
        elif not reached < MAX_STABILITY_DAYS:
            reached = MAX_STABILITY_DAYS
        harder = self._reversion + self._kept_share * (
            difficulty + (10.0 - difficulty) * self._steps[rating] / 9.0
        )
        if harder < MIN_DIFFICULTY:
            harder = MIN_DIFFICULTY
        elif not harder < MAX_DIFFICULTY:
            harder = MAX_DIFFICULTY
        return reached, harder, recall

    def next_stability(self, stability: float, difficulty: float, days: int, rating: int) -> float:
        """Return the stability after an answer `days` study days after the previous one."""
        return self.next_memory(stability, difficulty, days, rating)[0]

    def next_difficulty(self, difficulty: float, rating: int) -> float:
        """Return the difficulty after an answer."""
        reached: float = self.unclamped_difficulty(difficulty, rating)
        if reached < MIN_DIFFICULTY:
            return MIN_DIFFICULTY
        return min(MAX_DIFFICULTY, reached)

    def stability_after_recall(
        self, stability: Figures, difficulty: Figures, recall: Figures, rating: int = _GOOD
    ) -> Figures:
        """Return the stability after Hard, Good or Easy on a later day.

        S·(1 + e^w₈·(11-D)·S^-w₉·(e^(w₁₀·(1-R)) - 1)·b), where b is w₁₅ for Hard, w₁₆ for Easy and
        1 for Good, and R is the retrievability on that day.
        """
        w = self.parameters
        return stability * (
            1
            + self._growth
            * (11 - difficulty)
            * stability ** -w[9]
            * (e ** ((1 - recall) * w[10]) - 1)
            * self._bonuses[rating]
        )

    def stability_after_lapse(
        self, stability: Figures, difficulty: Figures, recall: Figures
    ) -> Figures:
        """Return the stability after Again on a later day, before the limit is applied.

        w₁₁·D^-w₁₂·((S+1)^w₁₃ - 1)·e^(w₁₄·(1-R)).
        """
        w = self.parameters
        return (
            w[11]
            * difficulty ** -w[12]
            * ((stability + 1) ** w[13] - 1)
            * e ** ((1 - recall) * w[14])
        )

    def max_stability_after_lapse(self, stability: Figures) -> Figures:
        """Return the limit of `stability_after_lapse`: S/e^(w₁₇·w₁₈)."""
        return stability / self._lapse_divisor

    def same_day_growth(self, stability: Figures, rating: int) -> Figures:
        """Return the factor by which another answer on the same day multiplies the stability.

        e^(w₁₇·(G-3+w₁₈))·S^-w₁₉ for a rating G. Factors below 1 apply only to Again.
        """
        return self._same_day[rating] * stability ** -self.parameters[19]

    def unclamped_difficulty(self, difficulty: Figures, rating: int) -> Figures:
        """Return the difficulty after an answer, before it is clamped to 1 to 10.

        It changes by -w₆·(G-3)·(10-D)/9, then reverts by w₇ towards the difficulty of a first Easy.
        """
        damped = difficulty + (10.0 - difficulty) * self._steps[rating] / 9.0
        return self._reversion + self._kept_share * damped

    def _unclamped_initial_difficulty(self, rating: int) -> float:
        """w₄ - e^(w₅·(G-1)) + 1."""
        w = self.parameters
        return float(w[4] - e ** (w[5] * (rating - 1)) + 1)


def _check_bounds(parameters: Sequence[float]) -> None:
    if len(parameters) != len(DEFAULT_PARAMETERS):
        raise ValueError(f"expected {len(DEFAULT_PARAMETERS)} parameters, got {len(parameters)}")
    bounds = zip(parameters, LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS, strict=True)
    problems = [
        f"parameter {index} is {value}, not between {lower} and {upper}"
        for index, (value, lower, upper) in enumerate(bounds)
        if not lower <= value <= upper
    ]
    if problems:
        raise ValueError("; ".join(problems))
