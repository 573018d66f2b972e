"""A policy carried out over the days left, on all prompts at once.

Nothing is drawn by chance: of so many answers as many are taken for lapses as are expected, spread
evenly over the day's list, and first answers by their shares. The same question has one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cardwright.exam.outcome import Outcomes
from cardwright.exam.policy import Policy
from cardwright.exam.value import Candidate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_GOLDEN: Final = (sqrt(5) - 1) / 2
"""Its multiples, less their whole parts, fill the span from 0 to 1 evenly at any number of them."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What is believed of all prompts; they are arrays of one length."""

    weight: Floats
    """Shares of the exam."""
    domain: Ints
    """Index of a domain."""
    stability: Floats
    """Days; 0 when new."""
    difficulty: Floats
    last_day: Ints

    def copy(self) -> Pool:
        """Return a pool that can be studied while this one stays."""
        return Pool(
            self.weight,
            self.domain,
            self.stability.copy(),
            self.difficulty.copy(),
            self.last_day.copy(),
        )

    def thin(self, most: int) -> tuple[Pool, float]:
        """Return one in so many prompts, of each sort alike, and the share that they are.

        Of no more than `most` prompts all are returned; no domain is lost, nor its weight.
        """
        step = -(-len(self.weight) // most)
        if step <= 1:
            return self, 1.0
        order = np.lexsort((self.difficulty, self.stability, self.weight, self.domain))
        first = order[np.unique(self.domain[order], return_index=True)[1]]
        some = np.union1d(order[step // 2 :: step], first)
        domain, weight = self.domain[some], self.weight[some]
        scale = np.bincount(self.domain, self.weight) / np.bincount(domain, weight)
        pool = Pool(
            weight * scale[domain],
            domain,
            self.stability[some],
            self.difficulty[some],
            self.last_day[some],
        )
        return pool, len(some) / len(self.weight)

    def recall(self, outcomes: Outcomes, day: int) -> Floats:
        """Return the recall of every prompt on a day; 0 where it is new."""
        is_met = self.stability > 0
        recall: Floats = outcomes.recall(
            np.where(is_met, self.stability, 1.0), np.maximum(day - self.last_day, 0)
        )
        return recall * is_met


class Period(NamedTuple):
    """The time up to an exam."""

    days: Sequence[int]
    """Study days on which there is time, in order."""
    exam_day: int
    set_day: int
    seconds_a_day: float


class PlannedDay(NamedTuple):
    """What a study day is expected to take."""

    day: int
    minutes: float
    new: int
    reviews: int


class Rollout(NamedTuple):
    """Where a policy leads."""

    score: float
    """Expected recall on the day of the exam, weighted, from 0 to 1."""
    pool: Pool
    days: tuple[PlannedDay, ...]


def make_pool(candidates: Iterable[Candidate], domains: Sequence[str]) -> Pool:
    """Return candidates as arrays; `domains` are the names, in the order of their indices."""
    rows = list(candidates)
    index = {name: place for place, name in enumerate(domains)}
    return Pool(
        np.array([row.weight for row in rows], dtype=np.float64),
        np.array([index[row.domain] for row in rows], dtype=np.int64),
        np.array([row.stability for row in rows], dtype=np.float64),
        np.array([row.difficulty for row in rows], dtype=np.float64),
        np.array([row.last_day for row in rows], dtype=np.int64),
    )


def order_day(
    pool: Pool, policy: Policy, outcomes: Outcomes, period: Period, day: int, days_left: int
) -> tuple[Ints, Floats]:
    """Return the prompts of a day as `policy.arrange_today` would, uncut, and their seconds."""
    left = period.exam_day - day
    new = np.flatnonzero(pool.stability == 0)
    known = np.flatnonzero((pool.stability > 0) & (pool.last_day < day))
    stability, since = pool.stability[known], day - pool.last_day[known]
    if policy.is_by_worth(left, period.exam_day - period.set_day):
        recall, unasked, asked = outcomes.measure_gain(
            stability, pool.difficulty[known], since, left
        )
        seconds = outcomes.seconds(recall)
        prompts = np.concatenate([known, new])
        all_s = np.concatenate([seconds, np.full(len(new), outcomes.new_s)])
        gains = np.concatenate([asked - unasked, np.full(len(new), outcomes.recall_new(left))])
        worth = pool.weight[prompts] * gains / all_s
        order = np.argsort(-worth, kind="stable")[: np.count_nonzero(worth > 0)]
        return prompts[order], all_s[order]
    new = new[np.argsort(-pool.weight[new], kind="stable")]
    recall = outcomes.recall(stability, since)
    order = np.argsort(recall, kind="stable")
    quota = policy.count_new(len(new), days_left)
    seconds = outcomes.seconds(recall[order])
    new_s = np.full(len(new), outcomes.new_s)
    return (
        np.concatenate([new[:quota], known[order], new[quota:]]),
        np.concatenate([new_s[:quota], seconds, new_s[quota:]]),
    )


def roll_out(pool: Pool, policy: Policy, outcomes: Outcomes, period: Period) -> Rollout:
    """Study by a policy on all days of a period."""
    pool = pool.copy()
    study = _Study(outcomes)
    days = []
    for number, day in enumerate(period.days):
        order, seconds = order_day(pool, policy, outcomes, period, day, len(period.days) - number)
        spent = np.cumsum(seconds)
        taken = order[: np.searchsorted(spent - seconds, period.seconds_a_day)]
        is_new = pool.stability[taken] == 0
        study.review(pool, taken[~is_new], day)
        study.begin(pool, taken[is_new], day)
        minutes = float(spent[len(taken) - 1]) / 60 if len(taken) else 0.0
        begun = int(np.count_nonzero(is_new))
        days.append(PlannedDay(day, minutes, begun, len(taken) - begun))
    score = float(pool.weight @ pool.recall(outcomes, period.exam_day))
    return Rollout(score, pool, tuple(days))


class _Study:
    """Answers as they are expected."""

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self._shares = np.cumsum([start.share for start in outcomes.starts])[:-1]
        self._stabilities = np.array([start.stability for start in outcomes.starts])
        self._difficulties = np.array([start.difficulty for start in outcomes.starts])
        self._begun = 0
        self._missed = 0.5
        """Lapses that are expected but have not come; a half, for the first to come in time."""

    def begin(self, pool: Pool, prompts: Ints, day: int) -> None:
        """Meet new prompts."""
        numbers = np.arange(self._begun + 1, self._begun + 1 + len(prompts))
        self._begun += len(prompts)
        start = np.searchsorted(self._shares, numbers * _GOLDEN % 1, side="right")
        pool.stability[prompts] = self._stabilities[start]
        pool.difficulty[prompts] = self._difficulties[start]
        pool.last_day[prompts] = day

    def review(self, pool: Pool, prompts: Ints, day: int) -> None:
        """Answer prompts that were met before."""
        if not len(prompts):
            return
        stability, difficulty = pool.stability[prompts], pool.difficulty[prompts]
        recall = self._outcomes.recall(stability, day - pool.last_day[prompts])
        known, lapsed = self._outcomes.answer(stability, difficulty, recall)
        missed = self._missed + np.cumsum(1 - recall)
        is_lapse = np.diff(np.floor(missed), prepend=0.0) > 0
        self._missed = float(missed[-1] % 1)
        pool.stability[prompts] = np.where(is_lapse, lapsed, known)
        pool.difficulty[prompts] = np.where(
            is_lapse, self._outcomes.toughen(difficulty), difficulty
        )
        pool.last_day[prompts] = day
