"""What a mock exam tells about the next one like it: an estimate of its score, with an interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, lgamma
from typing import Any, Final, NamedTuple

from cardwright.exam.mock import Mock

COVERAGE: Final = 0.9
"""How many of the scores an interval covers at least."""
_MEANS: Final = [(place + 0.5) / 20 for place in range(20)]
"""The ability over all domains: any is as likely as any other."""
_ALIKE: Final = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""How alike the domains are, as a number of questions: each step is as likely as any other."""


class Results(NamedTuple):
    """What is known of a domain."""

    right: int
    """Of the questions never seen before."""
    unseen: int
    total: int
    """How many questions of it the next exam has."""


class Estimate(NamedTuple):
    """The number of right answers to expect in the next exam, or in one of its domains."""

    right: float
    low: int
    high: int
    total: int

    def as_json(self) -> dict[str, Any]:
        """Return the estimate as a JSON object."""
        return {**self._asdict(), "share": self.right / self.total, "coverage": COVERAGE}

    def __str__(self) -> str:
        return f"{self.right:.0f} ({self.low} to {self.high})"


def estimate_next(mock: Mock) -> tuple[Estimate, dict[str, Estimate]] | None:
    """Return the expected score of the next mock exam like a finished one, in all and by domain.

    It is for an exam with as many questions of each domain, none of them seen before: with those
    seen before, a score measures memory of the questions too. So only answers to unseen questions
    count, and without any, the result is None. Earlier exams do not count: what was learned since
    would make the estimate too low, and its interval false.
    """
    if mock.is_drill or mock.ended_at_ms is None:
        return None
    results: dict[str, Results] = {}
    for question in mock.counted:
        right, unseen, total = results.get(question.domain, Results(0, 0, 0))
        if question.was_seen is False:
            unseen += 1
            right += question.is_right
        results[question.domain] = Results(right, unseen, total + 1)
    if not any(found.unseen for found in results.values()):
        return None
    return estimate_score(results)


def estimate_score(results: Mapping[str, Results]) -> tuple[Estimate, dict[str, Estimate]]:
    """Return the expected numbers of right answers, all in all and by domain.

    The model is the hierarchical one of Gelman et al., Bayesian Data Analysis, 3rd edition, 5.3:
    the chance θ of a right answer to a question of a domain is from Beta(mκ, κ - mκ), where m is
    uniform and log κ too, between 2 and 64. So a domain with few questions is taken to be like the
    others, as far as they are alike. The posterior is summed over a grid. Its mean and variance, of
    a domain's θ and of the mean θ of all questions, give a beta distribution each, and this a
    beta-binomial one of right answers. Questions may differ in difficulty: drawn by chance, their
    answers are distributed like those to equal ones, or a little less widely.
    """
    parts = list(results.values())
    total = sum(part.total for part in parts)
    whole, domains = _Moments(), [_Moments() for _ in parts]
    for weight, a, b in _weigh_grid(parts):
        mean = variance = 0.0
        for part, moments in zip(parts, domains, strict=True):
            own = (a + part.right) / (a + b + part.unseen)
            spread = own * (1 - own) / (a + b + part.unseen + 1)
            moments.add(weight, own, spread)
            share = part.total / total
            mean += share * own
            variance += share**2 * spread
        whole.add(weight, mean, variance)
    return _predict(whole, total), {
        name: _predict(moments, part.total)
        for name, part, moments in zip(results, parts, domains, strict=True)
    }


@dataclass(slots=True)
class _Moments:
    """The mean of a chance, and that of its square."""

    mean: float = 0.0
    square: float = 0.0

    def add(self, weight: float, mean: float, variance: float) -> None:
        """Add what it is, with a weight, under one assumption."""
        self.mean += weight * mean
        self.square += weight * (variance + mean**2)

    def fit_beta(self) -> tuple[float, float]:
        """Return the parameters of the beta distribution with the same mean and variance."""
        size = self.mean * (1 - self.mean) / (self.square - self.mean**2) - 1
        return self.mean * size, (1 - self.mean) * size


def _weigh_grid(parts: Sequence[Results]) -> Iterator[tuple[float, float, float]]:
    """Yield the posterior weight of each m and κ, and the parameters of their beta distribution."""
    grid = [(mean * alike, (1 - mean) * alike) for mean in _MEANS for alike in _ALIKE]
    logs = [
        sum(
            _log_beta(a + part.right, b + part.unseen - part.right) - _log_beta(a, b)
            for part in parts
        )
        for a, b in grid
    ]
    peak = max(logs)
    weights = [exp(log - peak) for log in logs]
    whole = sum(weights)
    for weight, (a, b) in zip(weights, grid, strict=True):
        yield weight / whole, a, b


def _predict(moments: _Moments, total: int) -> Estimate:
    """Return the mean and the central interval of the number of right answers."""
    a, b = moments.fit_beta()
    chances = [
        exp(
            _log_beta(a + right, b + total - right)
            - _log_beta(a, b)
            - _log_beta(right + 1, total - right + 1)
        )
        / (total + 1)
        for right in range(total + 1)
    ]
    up_to = list(accumulate(chances))
    tail = (1 - COVERAGE) / 2
    low = next(right for right, chance in enumerate(up_to) if chance > tail)
    high = next((right for right, chance in enumerate(up_to) if chance >= 1 - tail), total)
    return Estimate(total * a / (a + b), low, high, total)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
