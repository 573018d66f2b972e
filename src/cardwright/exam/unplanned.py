"""The order of a day without numpy: by the default policy, under the parameters in force."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter, itemgetter

from cardwright.exam.candidates import Candidate
from cardwright.exam.goal import Goal
from cardwright.exam.outcome import Outcomes
from cardwright.exam.policy import DEFAULT_POLICY, Ranked


def rank_unplanned(
    candidates: Iterable[Candidate], goal: Goal, outcomes: Outcomes, today: int
) -> list[Ranked]:
    """Return the prompts to ask on a study day, in order, also those beyond its minutes.

    Prompts that were answered on this day are left out. Empty from exam day on.
    """
    days_left = goal.exam_day - today
    if days_left <= 0:
        return []
    seen, new = [], []
    for candidate in sorted(candidates, key=attrgetter("weight"), reverse=True):
        if not candidate.stability:
            recall = outcomes.recall_new(days_left)
            ranked = Ranked(candidate.item.key, 0.0, 0.0, recall, outcomes.new_s)
            new.append((candidate.weight, ranked))
        elif candidate.last_day < today:
            since = today - candidate.last_day
            figures = outcomes.measure_gain(
                candidate.stability, candidate.difficulty, since, days_left
            )
            seconds = outcomes.seconds(figures[0])
            seen.append((candidate.weight, Ranked(candidate.item.key, *figures, seconds)))
    if DEFAULT_POLICY.is_last(days_left, goal.exam_day - goal.set_day):
        worths = [
            (weight * (ranked.recall_asked - ranked.recall_unasked) / ranked.seconds, ranked)
            for weight, ranked in (*seen, *new)
        ]
        useful = [(worth, ranked) for worth, ranked in worths if worth > 0]
        useful.sort(key=itemgetter(0), reverse=True)
        return [ranked for _, ranked in useful]
    known = sorted((ranked for _, ranked in seen), key=attrgetter("recall"))
    due = [ranked for ranked in known if ranked.recall < DEFAULT_POLICY.retention]
    return [*reversed(due), *(ranked for _, ranked in new), *known[len(due) :]]
