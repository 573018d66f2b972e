"""The ways to study that the benchmark compares. Each orders a day's prompts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from exam_world import HABITS, Floats, Ints, World

from cardwright.exam.goal import Goal
from cardwright.exam.outcome import Outcomes
from cardwright.exam.planner import SAMPLE_SIZE, Pool, order_day, pick_rollout, sample_pool
from cardwright.exam.policy import Policy
from cardwright.history import make_date
from cardwright.study.fsrs import DEFAULT_PARAMETERS

OUTCOMES: Final = Outcomes(DEFAULT_PARAMETERS, HABITS)
"""The outcomes that the program expects."""
NEW_A_DAY: Final = (3, 5, 8, 12, 20, 30, 45, 70, 110)
PACED: Final = Policy(new_by=0.7, worth_share=0.0)
GREEDY: Final = Policy(new_by=1.0, worth_share=1.0)
Rival = Callable[[World, int], Ints]


def make_plain(new_a_day: int, *, is_clipped: bool = False, is_new_first: bool = False) -> Rival:
    """Return FSRS at 0.9: due cards, longest overdue first, and a number of new cards."""

    def order(world: World, day: int) -> Ints:
        due_day = world.due_day
        if is_clipped:
            due_day = np.minimum(due_day, world.scenario.days - 1)
        is_seen = world.belief.stability > 0
        due = np.flatnonzero(is_seen & (due_day <= day) & (world.belief.last_day < day))
        due = due[np.argsort(due_day[due], kind="stable")]
        new = np.flatnonzero(~is_seen)[:new_a_day]
        return np.concatenate([new, due] if is_new_first else [due, new])

    return order


def make_fixed(policy: Policy) -> Rival:
    """Return a rival that always follows one policy."""

    def order(world: World, day: int) -> Ints:
        return _order_day(world, policy, day)

    return order


class Planner:
    """The program itself: chooses a policy each day from the memories expected then."""

    def __init__(self) -> None:
        """Start without a policy."""
        self.policies: list[Policy] = []
        self.forecast: float | None = None
        """The forecast on the first day, in percent."""

    def __call__(self, world: World, day: int) -> Ints:
        """Return a day's prompts in order."""
        sample, share = sample_pool(make_pool(world), SAMPLE_SIZE)
        previous = self.policies[-1] if self.policies else None
        seconds_a_day = world.scenario.minutes * 60.0 * share
        goal = _make_goal(world)
        policy, rollout = pick_rollout(sample, OUTCOMES, goal, day, seconds_a_day, previous)
        self.policies.append(policy)
        if self.forecast is None:
            guess = world.scenario.guess_rate
            self.forecast = 100 * (guess + (1 - guess) * rollout.recall)
        return _order_day(world, policy, day)


def make_pool(world: World) -> Pool:
    """Return the memories that the program expects of a learner."""
    belief = world.belief
    stability: Floats = belief.stability
    return Pool(world.weight, world.domain, stability, belief.difficulty, belief.last_day)


def _order_day(world: World, policy: Policy, day: int) -> Ints:
    goal = _make_goal(world)
    return order_day(make_pool(world), policy, OUTCOMES, goal, day, goal.exam_day - day)[0]


def _make_goal(world: World) -> Goal:
    scenario = world.scenario
    return Goal(
        pack="",
        exam_on=make_date(scenario.days),
        minutes_a_day=scenario.minutes,
        set_on=make_date(0),
    )
