"""The plan to a date: several policies are rolled out, and the best one is kept to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, NamedTuple

import numpy as np

from cardwright.exam.goal import Goal
from cardwright.exam.outcome import Outcomes
from cardwright.exam.policy import POLICIES, Policy
from cardwright.exam.rollout import Floats, Period, PlannedDay, Pool, Rollout, make_pool, roll_out
from cardwright.exam.value import WHOLE, Candidate

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
