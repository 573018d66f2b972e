"""Planning to a date: policies are rolled out, and the best one is kept."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cardwright.exam.goal import Goal
from cardwright.exam.outcome import Outcomes
from cardwright.exam.policy import POLICIES, Policy
from cardwright.exam.value import WHOLE, Candidate

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
        self._shares = np.cumsum([start.share for start in outcomes.first_days])[:-1]
        self._stabilities = np.array([start.stability for start in outcomes.first_days])
        self._difficulties = np.array([start.difficulty for start in outcomes.first_days])
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
            is_lapse, self._outcomes.difficulty_after_lapse(difficulty), difficulty
        )
        pool.last_day[prompts] = day


_RUNGS_MINUTES: Final = (1, 2, 4, 8, 15, 20, 30, 45, 60, 90, 120, 240, 480)
ENOUGH: Final = 400
"""So many prompts stand for all of them while policies are compared."""
_MARGIN: Final = 0.003
"""A policy is left only for one that promises so much more recall: plans should not flutter."""
_SECONDS_PER_MINUTE: Final = 60
_SPREAD: Final = 1.645
"""Standard deviations on either side within which nine of ten outcomes lie."""


class Forecast(NamedTuple):
    """Expected recall, from 0 to 1: not a chance of passing."""

    recall: float
    low: float
    high: float
    """Nine times of ten, what would be recalled lies between the two, by the chance of answers
    alone: how far the memory model errs is not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What lies between today and the exam."""

    policy: Policy
    days: tuple[PlannedDay, ...]
    """The study days left."""
    today: Mapping[str, Forecast]
    """Recall as it is today, by domain and under WHOLE."""
    on_day: Mapping[str, Forecast]
    """Recall on the day of the exam."""
    met_share: float
    """Of the prompts, those that will have been asked."""
    enough_minutes: int | None
    """Minutes a day in which all can be met; None: no number of them is enough."""


def choose_policy(
    candidates: Sequence[Candidate],
    goal: Goal,
    outcomes: Outcomes,
    today: int,
    previous: Policy | None = None,
) -> Policy:
    """Return the policy that promises most, or the previous one if that is hardly less."""
    pool, share = make_pool(candidates, _list_domains(candidates)).thin(ENOUGH)
    period = make_period(goal, today, goal.minutes_a_day * share)
    return pick_rollout(pool, outcomes, period, previous)[0]


def make_period(goal: Goal, today: int, minutes_a_day: float) -> Period:
    """Return the study days from today to the exam."""
    return Period(
        goal.list_days(today), goal.exam_day, goal.set_day, minutes_a_day * _SECONDS_PER_MINUTE
    )


def pick_rollout(
    pool: Pool, outcomes: Outcomes, period: Period, previous: Policy | None = None
) -> tuple[Policy, Rollout]:
    """Return the best policy and where it leads; the previous one if that is hardly worse."""
    found = {policy: roll_out(pool, policy, outcomes, period) for policy in POLICIES}
    best = max(POLICIES, key=lambda policy: found[policy].score)
    if previous in found and found[previous].score >= found[best].score - _MARGIN:
        best = previous
    return best, found[best]


def plan_to_date(
    candidates: Sequence[Candidate],
    goal: Goal,
    outcomes: Outcomes,
    today: int,
    previous: Policy | None = None,
) -> Plan:
    """Return the plan from a study day to the exam, if every study day is kept.

    Raises:
        ValueError: there is no candidate.

    """
    if not candidates:
        message = "a plan needs a prompt"
        raise ValueError(message)
    domains = _list_domains(candidates)
    pool = make_pool(candidates, domains)
    period = make_period(goal, today, goal.minutes_a_day)
    thin, share = pool.thin(ENOUGH)
    less = _scale(period, share)
    policy, _ = pick_rollout(thin, outcomes, less, previous)
    kept = roll_out(pool, policy, outcomes, period)
    return Plan(
        policy=policy,
        days=kept.days,
        today=_as_forecasts(domains, *_sum_recall(pool, pool.recall(outcomes, today), 1.0)),
        on_day=_as_forecasts(domains, *_foresee(thin, outcomes, less, share)),
        met_share=_share_met(kept),
        enough_minutes=_find_enough(thin, policy, outcomes, less, share),
    )


def _foresee(thin: Pool, outcomes: Outcomes, period: Period, share: float) -> tuple[Floats, Floats]:
    """Return recall on the day and its variance, by domain and at last of the whole.

    It never falls with more minutes: nobody has to use them. So what fewer minutes reach counts,
    at fixed numbers of them, and between two of those what lies in between.
    """
    wanted_s = period.seconds_a_day
    best = np.zeros((2, thin.domain.max() + 2))
    below, below_s = best, 0.0
    for minutes in _RUNGS_MINUTES:
        rung_s = minutes * _SECONDS_PER_MINUTE * share
        _, rollout = pick_rollout(thin, outcomes, period._replace(seconds_a_day=rung_s))
        found = np.array(_sum_recall(thin, rollout.pool.recall(outcomes, period.exam_day), share))
        below, best = best, found if found[0, -1] > best[0, -1] else best
        if rung_s >= wanted_s:
            part = (wanted_s - below_s) / (rung_s - below_s)
            best = below + part * (best - below)
            break
        below_s = rung_s
    return best[0], best[1]


def _sum_recall(pool: Pool, recall: Floats, share: float) -> tuple[Floats, Floats]:
    """Return the mean recall and its variance, by domain and at last of the whole."""
    number = int(pool.domain.max()) + 1
    weights = np.bincount(pool.domain, pool.weight, number)
    means = np.bincount(pool.domain, pool.weight * recall, number) / weights
    spread = pool.weight**2 * recall * (1 - recall)
    # Of a thinned pool, every prompt stands for several, which err apart from one another.
    variances = np.bincount(pool.domain, spread, number) * share
    return (
        np.append(means, pool.weight @ recall),
        np.append(variances / weights**2, variances.sum()),
    )


def _as_forecasts(
    domains: Sequence[str], recalls: Floats, variances: Floats
) -> dict[str, Forecast]:
    found = {}
    rows = zip((*domains, WHOLE), recalls.tolist(), variances.tolist(), strict=True)
    for name, recall, variance in rows:
        reach = _SPREAD * sqrt(variance)
        found[name] = Forecast(recall, max(recall - reach, 0.0), min(recall + reach, 1.0))
    return found


def _find_enough(
    thin: Pool, policy: Policy, outcomes: Outcomes, period: Period, share: float
) -> int | None:
    """Return the least number of minutes a day in which all prompts can be met."""

    def is_enough(minutes: int) -> bool:
        seconds = minutes * _SECONDS_PER_MINUTE * share
        rollout = roll_out(thin, policy, outcomes, period._replace(seconds_a_day=seconds))
        return _share_met(rollout) == 1

    most = _RUNGS_MINUTES[-1]
    found = bisect_left(range(most + 1), True, lo=1, key=is_enough)  # noqa: FBT003
    return found if found <= most else None


def _share_met(rollout: Rollout) -> float:
    return float(np.mean(rollout.pool.stability > 0))


def _scale(period: Period, share: float) -> Period:
    return period._replace(seconds_a_day=period.seconds_a_day * share)


def _list_domains(candidates: Sequence[Candidate]) -> list[str]:
    return list(dict.fromkeys(candidate.domain for candidate in candidates))
