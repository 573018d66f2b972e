"""Simulating ways to study up to an exam, many at once, and ordering a day.

A row of every array is one simulation: a policy, a set of parameters, and the seconds of each day. A
column is a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final, NamedTuple

import numpy as np

from cardwright.exam.forgetting import Bools, Floats, Forgetting, Ints, Memories
from cardwright.exam.policy import Policy
from cardwright.study.workload import Habits

GOLDEN: Final = (sqrt(5) - 1) / 2
"""The golden ratio less 1: fractional parts of its multiples fill 0 to 1 evenly, at any count."""
NEVER: Final = 1e9
"""The rank of prompts that are not asked."""
_RANK_OF_QUOTA, _RANK_OF_NEW, _RANK_OF_REST = -2.0, 2.0, 4.0


class Horizon(NamedTuple):
    """The time up to an exam."""

    exam_day: int
    total_days: int
    """From the day on which the goal was set."""


class Policies:
    """Policies as columns of numbers, one for each row."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        """Lay out policies in their order."""
        self.worth_share = np.array([policy.worth_share for policy in policies])
        self.retention = np.array([policy.retention for policy in policies])
        self.new_by = np.array([policy.new_by or np.inf for policy in policies])
        self.horizon_days = np.array([policy.horizon_days for policy in policies])


class Ranking(NamedTuple):
    """The order of prompts on a day, for each row."""

    ranks: Floats
    """Lowest first; NEVER for those that are not asked."""
    recall: Floats
    """Today; 0 for new prompts."""


class Deck:
    """The weights of prompts, and how they are remembered; memories have a row per simulation."""

    def __init__(self, weight: Floats, memories: Memories, last_day: Ints) -> None:
        """Initialize with arrays whose columns are prompts."""
        self.weight = weight
        order = np.argsort(-weight, kind="stable")
        self.by_weight = order
        """Columns, heaviest first."""
        self._place_by_weight = np.argsort(order, kind="stable")
        self.memories = memories
        self.last_day = last_day

    def number_new(self, is_new: Bools) -> Floats:
        """Return the number of each new prompt, counted from 1, heaviest first; 0 for others."""
        counted = np.cumsum(is_new[:, self.by_weight], axis=1)[:, self._place_by_weight].astype(
            float
        )
        numbers: Floats = counted * is_new
        return numbers


def fill_new(memories: Memories) -> Memories:
    """Return memories that formulas accept, with any value for prompts that are new."""
    is_new = memories.stability == 0
    return Memories(*(np.where(is_new, 1.0, part) for part in memories))


def measure_gain(
    model: Forgetting, memories: Memories, recall: Floats, since: Ints, days: Floats
) -> tuple[Floats, Floats]:
    """Return recall in some days, if a prompt is not asked today and if it is; not for new ones."""
    known = model.recall(model.succeed(memories, recall), days)
    lapsed = model.recall(model.fail(memories, recall), days)
    return model.recall(memories, since + days), recall * known + (1 - recall) * lapsed


def expect_first(model: Forgetting, habits: Habits, days: Floats) -> Floats:
    """Return recall some days after the first day of a prompt, as a column."""
    recall: Floats = model.recall(model.first, days) @ np.array([habits.first_shares]).T
    return recall


def expect_seconds(habits: Habits, recall: Floats) -> Floats:
    """Return the expected seconds for a prompt that is not new, with the repetition of a lapse."""
    seconds: Floats = habits.forgotten_s + (habits.recalled_s - habits.forgotten_s) * recall
    return seconds


def rank_prompts(
    model: Forgetting,
    policies: Policies,
    habits: Habits,
    deck: Deck,
    day: int,
    horizon: Horizon,
    study_days: int,
) -> Ranking:
    """Return the order of a day for each row; `study_days` are the remaining ones, with this one."""
    stability = deck.memories.stability
    days_left = horizon.exam_day - day
    is_seen = stability > 0
    memories = fill_new(deck.memories)
    since = np.maximum(day - deck.last_day, 0)
    recall = model.recall(memories, since) * is_seen
    is_last = days_left <= policies.worth_share * horizon.total_days
    by_worth = is_last | (policies.horizon_days > 0)
    ranks = np.empty_like(stability)
    rows = np.flatnonzero(by_worth)
    if len(rows):
        far = np.where(is_last, days_left, np.minimum(policies.horizon_days, days_left))
        days = far[rows, None]
        some = model.take_rows(rows)
        unasked, asked = measure_gain(some, memories.take(rows), recall[rows], since[rows], days)
        worth = np.where(
            is_seen[rows],
            (asked - unasked) / expect_seconds(habits, recall[rows]),
            expect_first(some, habits, days) / habits.new_s,
        )
        worth = worth * deck.weight
        ranks[rows] = np.where(worth > 0, -worth, NEVER)
    rows = np.flatnonzero(~by_worth)
    if len(rows):
        ranks[rows] = _rank_by_pace(
            policies.retention[rows, None],
            policies.new_by[rows],
            deck.number_new(~is_seen[rows]),
            recall[rows],
            study_days,
        )
    ranks[is_seen & (deck.last_day >= day)] = NEVER
    return Ranking(ranks, recall)


def _rank_by_pace(
    retention: Floats, new_by: Floats, numbers: Floats, recall: Floats, study_days: int
) -> Floats:
    unseen = numbers.max(axis=1, initial=0)
    quota = np.ceil(unseen / np.maximum(np.ceil(new_by * study_days), 1))
    quota = np.where(np.isinf(new_by), 0, quota)[:, None]
    part = numbers / (numbers.shape[1] + 1)
    is_due = recall < retention
    seen = np.where(is_due, -recall, recall + np.where(retention > 0, _RANK_OF_REST, 0.0))
    new = part + np.where(numbers <= quota, _RANK_OF_QUOTA, _RANK_OF_NEW)
    ranks: Floats = np.where(numbers > 0, new, seen)
    return ranks


class Course(NamedTuple):
    """What simulations came to."""

    recall: Floats
    """On exam day, by row and prompt."""
    is_all_seen: Bools
    """For each row, whether every prompt was asked."""
    seconds: Floats
    """Spent, by row and day."""
    new: Floats
    """Prompts begun, by row and day."""
    reviews: Floats
    """Other prompts asked, by row and day."""


def roll_out(
    model: Forgetting,
    policies: Policies,
    habits: Habits,
    deck: Deck,
    days: Sequence[int],
    seconds: Floats,
    horizon: Horizon,
) -> Course:
    """Simulate study on some days; `seconds` are those available, by row and day.

    Answers are the expected mix of ratings, without chance: among the prompts in order, one is
    forgotten whenever the probabilities of that add up to another whole one.
    """
    stability, trait = (part.copy() for part in deck.memories)
    last_day = np.broadcast_to(deck.last_day, stability.shape).copy()
    deck = Deck(deck.weight, Memories(stability, trait), last_day)
    rows, size = stability.shape
    starts = np.cumsum(habits.first_shares)[:-1]
    begun, missed = np.zeros(rows), np.full(rows, 0.5)
    row = np.arange(rows)[:, None]
    spent, new, reviews = (np.zeros((rows, len(days))) for _ in range(3))
    for number, day in enumerate(days):
        ranking = rank_prompts(model, policies, habits, deck, day, horizon, len(days) - number)
        most = int(seconds[:, number].max() / min(habits.recalled_s, habits.new_s)) + 2
        order = _list_first(ranking.ranks, min(most, size))
        recall = np.take_along_axis(ranking.recall, order, axis=1)
        before = Memories(stability[row, order], trait[row, order])
        is_new = before.stability == 0
        cost = np.where(is_new, habits.new_s, expect_seconds(habits, recall))
        total = cost.cumsum(axis=1)
        is_asked = total - cost < seconds[:, number, None]
        is_asked &= np.take_along_axis(ranking.ranks, order, axis=1) < NEVER
        is_begun, is_reviewed = is_asked & is_new, is_asked & ~is_new
        counted = begun[:, None] + is_begun.cumsum(axis=1)
        begun = counted[:, -1]
        rating = starts.searchsorted(counted * GOLDEN % 1, side="right")
        due = missed[:, None] + (is_reviewed * (1 - recall)).cumsum(axis=1)
        lapses = np.floor(due)
        is_lapse = is_reviewed & (lapses > np.concatenate([0 * row, lapses[:, :-1]], axis=1))
        missed = due[:, -1] % 1
        old = fill_new(before)
        known, lapsed = model.succeed(old, recall), model.fail(old, recall)
        for target, first, kept, good, bad in zip(
            (stability, trait), model.first, before, known, lapsed, strict=True
        ):
            reached = np.where(is_lapse, bad, np.where(is_reviewed, good, kept))
            target[row, order] = np.where(is_begun, first[row, rating], reached)
        last_day[row, order] = np.where(is_asked, day, last_day[row, order])
        spent[:, number] = (cost * is_asked).sum(axis=1)
        new[:, number], reviews[:, number] = is_begun.sum(axis=1), is_reviewed.sum(axis=1)
    is_seen = stability > 0
    memories = fill_new(Memories(stability, trait))
    recall = model.recall(memories, np.maximum(horizon.exam_day - last_day, 0)) * is_seen
    return Course(recall, np.all(is_seen, axis=1), spent, new, reviews)


def _list_first(ranks: Floats, count: int) -> Ints:
    """Return the columns with the lowest ranks, in order, for each row."""
    if count < ranks.shape[1]:
        some = np.argpartition(ranks, count - 1, axis=1)[:, :count]
        order = np.take_along_axis(ranks, some, axis=1).argsort(axis=1, kind="stable")
        return np.take_along_axis(some, order, axis=1)
    return ranks.argsort(axis=1, kind="stable")
