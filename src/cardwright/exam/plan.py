"""The plan to a date: several policies are rolled out, and the best one is kept to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Final, NamedTuple

import numpy as np

from cardwright.exam.goal import Goal
from cardwright.exam.outcome import Outcomes
from cardwright.exam.policy import POLICIES, Policy
from cardwright.exam.rollout import Floats, Period, PlannedDay, Pool, Rollout, make_pool, roll_out
from cardwright.exam.value import Candidate

WHOLE: Final = ""
"""The name under which the whole exam stands among the domains."""
_RUNGS_MINUTES: Final = (1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 135, 200, 300, 480)
ENOUGH: Final = 600
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


def _list_domains(candidates: Sequence[Candidate]) -> list[str]:
    return list(dict.fromkeys(candidate.domain for candidate in candidates))
