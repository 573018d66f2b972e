"""Which prompts a day takes, and in which order.

Until the last days, what is new comes first, a day's part of it, and then what is known worst; in
the last days whatever is worth most for its time, new or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from operator import attrgetter, itemgetter
from typing import Final

from cardwright.exam.goal import Goal
from cardwright.exam.outcome import Outcomes
from cardwright.exam.value import Candidate, Worth, measure_worth

_SECONDS_PER_MINUTE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A way to spend the days up to an exam."""

    new_by: float
    """Share of the study days left over which what is new is spread."""
    worth_share: float
    """Share of the time from goal to exam, at its end, in which worth alone decides."""

    def is_by_worth(self, left_days: int, period_days: int) -> bool:
        """Tell whether worth alone decides, so many days before the exam."""
        return left_days <= self.worth_share * period_days

    def count_new(self, unmet: int, days_left: int) -> int:
        """Return how many new prompts a day takes, with so many study days left, today included."""
        return ceil(unmet / max(ceil(self.new_by * days_left), 1))


USUAL_POLICY: Final = Policy(new_by=0.35, worth_share=0.2)
"""Good wherever the best one was not looked for."""
POLICIES: Final = (
    USUAL_POLICY,
    Policy(new_by=0.35, worth_share=0.0),
    Policy(new_by=0.35, worth_share=0.1),
    Policy(new_by=0.35, worth_share=0.35),
    Policy(new_by=0.6, worth_share=0.2),
    Policy(new_by=0.2, worth_share=0.3),
    Policy(new_by=1.0, worth_share=1.0),
)
"""Those that a plan chooses from; the last is greed."""


def arrange_today(
    candidates: Iterable[Candidate],
    goal: Goal,
    policy: Policy,
    outcomes: Outcomes,
    today: int,
    minutes: float,
    *,
    buries_siblings: bool = True,
) -> list[Worth]:
    """Return what to ask on a study day, in order, as far as the minutes go.

    They are exceeded by a part of one prompt at the most. Prompts that were answered today are left
    out; with `buries_siblings`, of one card one is taken and none beside an answered one. Empty
    from the day of the exam on.
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
        begun = sum(found.first_day == today for found in candidates)
        unmet = sum(not found.stability for found in candidates)
        days_left = len(goal.list_days(today + 1)) + 1
        quota = max(policy.count_new(unmet + begun, days_left) - begun, 0)
        ordered = _order_by_pace(open_, outcomes, today, quota)
    chosen: list[Worth] = []
    left_s = minutes * _SECONDS_PER_MINUTE
    for candidate in ordered:
        if left_s <= 0:
            break
        if buries_siblings and candidate.item.card_ref in cards:
            continue
        cards.add(candidate.item.card_ref)
        worth = measure_worth(candidate, outcomes, today, goal.exam_day)
        left_s -= worth.seconds
        chosen.append(worth)
    return chosen


def _order_by_worth(
    candidates: Iterable[Candidate], outcomes: Outcomes, today: int, exam_day: int
) -> list[Candidate]:
    """Return what gains by being asked, the greatest worth first."""
    left = exam_day - today
    new_worth = outcomes.recall_new(left) / outcomes.new_s
    measure, seconds_of = outcomes.measure_gain, outcomes.seconds
    found = []
    for candidate in candidates:
        _, _, weight, stability, difficulty, _, last_day, _ = candidate
        if stability:
            recall, unasked, asked = measure(stability, difficulty, today - last_day, left)
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
    """Return the new ones of the day, then the least known, then the other new ones."""
    candidates = list(candidates)
    new = [candidate for candidate in candidates if not candidate.stability]
    new.sort(key=attrgetter("weight"), reverse=True)
    known = [
        (outcomes.recall(found.stability, today - found.last_day), found)
        for found in candidates
        if found.stability
    ]
    known.sort(key=itemgetter(0))
    return [*new[:quota], *(candidate for _, candidate in known), *new[quota:]]
