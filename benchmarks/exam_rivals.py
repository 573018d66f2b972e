"""The ways to study that the benchmark compares: each orders a day's prompts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from exam_world import HABITS, Floats, Ints, World

from cardwright.exam.outcome import Outcomes
from cardwright.exam.plan import ENOUGH, Period, Pool, order_day, pick_rollout
from cardwright.exam.policy import Policy
from cardwright.study.fsrs import DEFAULT_PARAMETERS

OUTCOMES: Final = Outcomes(DEFAULT_PARAMETERS, HABITS)
"""As the program believes them."""
NEW_A_DAY: Final = (3, 5, 8, 12, 20, 30, 45, 70, 110)
PACED: Final = Policy(new_by=0.7, worth_share=0.0)
GREEDY: Final = Policy(new_by=1.0, worth_share=1.0)
Rival = Callable[[World, int], Ints]


def make_plain(new_a_day: int, *, is_clipped: bool = False, is_new_first: bool = False) -> Rival:
    """Return FSRS at 0.9: what is due, the longest overdue first, and so many new cards."""

    def order(world: World, day: int) -> Ints:
        due_day = world.due_day
        if is_clipped:
            due_day = np.minimum(due_day, world.scenario.days - 1)
        is_met = world.belief.stability > 0
        due = np.flatnonzero(is_met & (due_day <= day) & (world.belief.last_day < day))
        due = due[np.argsort(due_day[due], kind="stable")]
        new = np.flatnonzero(~is_met)[:new_a_day]
        return np.concatenate([new, due] if is_new_first else [due, new])

    return order


def make_fixed(policy: Policy) -> Rival:
    """Return one policy that is kept to."""

    def order(world: World, day: int) -> Ints:
        period = _make_period(world, day)
        return order_day(make_pool(world), policy, OUTCOMES, period, day, len(period.days))[0]

    return order


class Planner:
    """The program: the policy is chosen anew each day, with what is then believed."""

    def __init__(self) -> None:
        """Start without a policy."""
        self.policies: list[Policy] = []
        self.forecast: float | None = None
        """Of the first day, in percent."""

    def __call__(self, world: World, day: int) -> Ints:
        """Return a day's prompts in order."""
        period = _make_period(world, day)
        pool = make_pool(world)
        thin, share = pool.thin(ENOUGH)
        previous = self.policies[-1] if self.policies else None
        less = period._replace(seconds_a_day=period.seconds_a_day * share)
        policy, rollout = pick_rollout(thin, OUTCOMES, less, previous)
        self.policies.append(policy)
        if self.forecast is None:
            guess = world.scenario.guess_rate
            self.forecast = 100 * (guess + (1 - guess) * rollout.score)
        return order_day(pool, policy, OUTCOMES, period, day, len(period.days))[0]


def make_pool(world: World) -> Pool:
    """Return what the program believes of a learner's memories."""
    belief = world.belief
    stability: Floats = belief.stability
    return Pool(world.weight, world.domain, stability, belief.difficulty, belief.last_day)


def _make_period(world: World, day: int) -> Period:
    days = world.scenario.days
    return Period(range(day, days), days, 0, world.scenario.minutes * 60.0)
