"""What a mock exam tells about the next one like it: an estimate of its score, with an interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    posterior = list(_list_posteriors(parts))
    total = sum(part.total for part in parts)

    def estimate(shares: Sequence[float], count: int) -> Estimate:
        return _predict(*_fit_beta(posterior, shares), count)

    return estimate([part.total / total for part in parts], total), {
        name: estimate([float(other is place) for other in range(len(parts))], parts[place].total)
        for place, name in enumerate(results)
    }


class _Posterior(NamedTuple):
    """What follows for all domains from m and κ."""

    weight: float
    means: list[float]
    variances: list[float]


def _list_posteriors(parts: Sequence[Results]) -> Iterator[_Posterior]:
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
        means = [(a + part.right) / (a + b + part.unseen) for part in parts]
        variances = [
            mean * (1 - mean) / (a + b + part.unseen + 1)
            for mean, part in zip(means, parts, strict=True)
        ]
        yield _Posterior(weight / whole, means, variances)


def _fit_beta(posterior: Sequence[_Posterior], shares: Sequence[float]) -> tuple[float, float]:
    """Return the parameters of the beta distribution of a mean of the domains' chances."""
    mean = square = 0.0
    for one in posterior:
        expected = sum(share * part for share, part in zip(shares, one.means, strict=True))
        spread = sum(share**2 * part for share, part in zip(shares, one.variances, strict=True))
        mean += one.weight * expected
        square += one.weight * (spread + expected**2)
    size = mean * (1 - mean) / (square - mean**2) - 1
    return mean * size, (1 - mean) * size


def _predict(a: float, b: float, total: int) -> Estimate:
    """Return the mean and the central interval of a beta-binomial distribution."""
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
