"""Policies: which prompts to ask on a study day, and in which order.

Until the last days, the day's quota of new prompts comes first, followed by the prompts recalled
worst. In the last days, worth alone decides, for new prompts and others alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil
from operator import attrgetter, itemgetter
from typing import Final

from cardwright.exam.candidates import Candidate, Worth, measure_worth
from cardwright.exam.goal import Goal
from cardwright.exam.outcome import Outcomes
from cardwright.history import SECONDS_PER_MINUTE
from cardwright.item import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A way to spend the days before an exam."""

    new_by: float
    """The share of the remaining study days over which new prompts are spread."""
    worth_share: float
    """The final share of the time from goal to exam in which worth alone decides."""

    def is_by_worth(self, days_left: int, total_days: int) -> bool:
        """Tell whether worth alone decides with `days_left` of `total_days` from goal to exam."""
        return days_left <= self.worth_share * total_days

    def count_new(self, unseen: int, study_days: int) -> int:
        """Return how many unseen prompts to start today, the first of `study_days`."""
        return ceil(unseen / max(ceil(self.new_by * study_days), 1))


DEFAULT_POLICY: Final = Policy(new_by=0.35, worth_share=0.2)
"""Does well everywhere; used when no policy was searched for."""
POLICIES: Final = (
    DEFAULT_POLICY,
    Policy(new_by=0.35, worth_share=0.0),
    Policy(new_by=0.35, worth_share=0.1),
    Policy(new_by=0.35, worth_share=0.35),
    Policy(new_by=0.6, worth_share=0.2),
    Policy(new_by=0.2, worth_share=0.3),
    Policy(new_by=1.0, worth_share=1.0),
)
"""The policies that the planner chooses from; the last one is greedy."""


def arrange_today(
    candidates: Iterable[Candidate],
    goal: Goal,
    policy: Policy,
    outcomes: Outcomes,
    today: int,
    minutes: float,
    *,
    buries_siblings: Callable[[Item], bool] = lambda _: True,
) -> list[Worth]:
    """Return the prompts to ask on a study day, in order, until the minutes are used up.

    The last prompt may run over. Prompts answered today are left out. One that `buries_siblings` is
    not asked on the same day as another one of its card. Empty from exam day on.
    """
    if today >= goal.exam_day:
        return []
    candidates = list(candidates)
    cards = {
        found.item.card_ref for found in candidates if found.last_day == today and found.stability
    }
    open_ = [
        found
        for found in candidates
        if found.buried_day != today and not (found.stability and found.last_day >= today)
    ]
    if policy.is_by_worth(goal.exam_day - today, goal.exam_day - goal.set_day):
        ordered = _order_by_worth(open_, outcomes, today, goal.exam_day)
    else:
        # Count prompts started today towards the quota, which would otherwise shrink with each one.
        begun = sum(found.first_day == today for found in candidates)
        unseen = sum(not found.stability for found in candidates)
        study_days = len(goal.list_days(today + 1)) + 1
        quota = max(policy.count_new(unseen + begun, study_days) - begun, 0)
        ordered = _order_by_pace(open_, outcomes, today, quota)
    chosen: list[Worth] = []
    left_s = minutes * SECONDS_PER_MINUTE
    for candidate in ordered:
        if left_s <= 0:
            break
        if candidate.item.card_ref in cards and buries_siblings(candidate.item):
            continue
        cards.add(candidate.item.card_ref)
        worth = measure_worth(candidate, outcomes, today, goal.exam_day)
        left_s -= worth.seconds
        chosen.append(worth)
    return chosen


def _order_by_worth(
    candidates: Iterable[Candidate], outcomes: Outcomes, today: int, exam_day: int
) -> list[Candidate]:
    """Return the prompts that gain from being asked today, highest worth first."""
    days_left = exam_day - today
    new_worth = outcomes.recall_new(days_left) / outcomes.new_s
    measure, seconds_of = outcomes.measure_gain, outcomes.seconds
    found = []
    for candidate in candidates:
        _, _, weight, stability, difficulty, _, last_day, _ = candidate
        if stability:
            recall, unasked, asked = measure(stability, difficulty, today - last_day, days_left)
            worth = weight * (asked - unasked) / seconds_of(recall)
        else:
            worth = weight * new_worth
        if worth > 0:
            found.append((worth, candidate))
    found.sort(key=itemgetter(0), reverse=True)
    return [candidate for _, candidate in found]


def _order_by_pace(
    candidates: Iterable[Candidate], outcomes: Outcomes, today: int, quota: int
) -> list[Candidate]:
    """Return the day's quota of new prompts, then those recalled worst, then other new ones."""
    candidates = list(candidates)
    new = [candidate for candidate in candidates if not candidate.stability]
    new.sort(key=attrgetter("weight"), reverse=True)
    seen = [
        (outcomes.recall(found.stability, today - found.last_day), found)
        for found in candidates
        if found.stability
    ]
    seen.sort(key=itemgetter(0))
    return [*new[:quota], *(candidate for _, candidate in seen), *new[quota:]]
