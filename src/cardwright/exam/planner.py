"""The planner: simulates policies up to exam day and keeps the best one.

This module needs numpy, an optional extra; `plan`, which defines the result, does not.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import chain
from math import sqrt
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cardwright.exam.candidates import Candidate
from cardwright.exam.goal import Goal
from cardwright.exam.outcome import Outcomes
from cardwright.exam.plan import WHOLE, ExpectedRecall, Plan, PlannedDay
from cardwright.exam.policy import POLICIES, Policy
from cardwright.history import SECONDS_PER_MINUTE
from cardwright.progress import track

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SAMPLE_SIZE: Final = 400
"""Policies are compared on a sample of at most this many prompts."""
_GOLDEN: Final = (sqrt(5) - 1) / 2
"""The golden ratio less 1: fractional parts of its multiples fill 0 to 1 evenly, at any count."""
_MINUTES_TRIED: Final = (1, 2, 4, 8, 15, 20, 30, 45, 60, 90, 120, 240, 480)
_FAR_DAYS: Final = 270
"""With more days than this, only a few numbers of minutes are tried: every day takes its time."""
_FAR_TRIES: Final = 3
_MARGIN: Final = 0.003
"""How much more recall a new policy must promise, so that plans do not keep changing."""
_ZERO: Final = np.zeros(1)
_GROUPS: Final = tuple(
    tuple(policy for policy in POLICIES if policy.new_by == new_by)
    for new_by in dict.fromkeys(policy.new_by for policy in POLICIES)
)
"""The policies by how they pace new prompts: those of a group begin alike."""
_SPREAD: Final = 1.645
"""The number of standard deviations on either side that covers nine outcomes in ten."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The expected memories of all prompts, as arrays of equal length."""

    weight: Floats
    """Shares of the exam."""
    domain: Ints
    """Indices of domains."""
    stability: Floats
    """Days; 0 when new."""
    difficulty: Floats
    last_day: Ints

    def copy(self) -> Pool:
        """Return an independent copy."""
        return Pool(
            self.weight,
            self.domain,
            self.stability.copy(),
            self.difficulty.copy(),
            self.last_day.copy(),
        )

    def recall(self, outcomes: Outcomes, day: int) -> Floats:
        """Return the expected recall of every prompt on a day (0 for new prompts)."""
        is_seen = self.stability > 0
        recall: Floats = outcomes.recall(
            np.where(is_seen, self.stability, 1.0), np.maximum(day - self.last_day, 0)
        )
        return recall * is_seen


class Rollout(NamedTuple):
    """The result of simulating a policy."""

    recall: float
    """Expected on exam day, weighted, from 0 to 1."""
    pool: Pool
    """The memories after the last study day."""
    days: tuple[PlannedDay, ...]


def make_pool(candidates: Iterable[Candidate], domains: Sequence[str]) -> Pool:
    """Convert candidates into arrays; `domains` are names in the order of their indices."""
    rows = list(candidates)
    index = {name: place for place, name in enumerate(domains)}
    return Pool(
        np.array([row.weight for row in rows], dtype=np.float64),
        np.array([index[row.domain] for row in rows], dtype=np.int64),
        np.array([row.stability for row in rows], dtype=np.float64),
        np.array([row.difficulty for row in rows], dtype=np.float64),
        np.array([row.last_day for row in rows], dtype=np.int64),
    )


def sample_pool(pool: Pool, max_prompts: int) -> tuple[Pool, float]:
    """Return a stratified sample of about `max_prompts` at most, and the share of prompts in it.

    A smaller pool is returned whole. Every domain keeps its weight and at least one prompt.
    """
    step = -(-len(pool.weight) // max_prompts)
    if step <= 1:
        return pool, 1.0
    order = np.lexsort((pool.difficulty, pool.stability, pool.weight, pool.domain))
    ordered = pool.domain[order]
    is_taken = np.zeros(len(order), bool)
    is_taken[order[step // 2 :: step]] = True
    is_taken[order[0]] = True
    is_taken[order[1:][ordered[1:] != ordered[:-1]]] = True
    some = is_taken.nonzero()[0]
    domain, weight = pool.domain[some], pool.weight[some]
    scale = np.bincount(pool.domain, pool.weight) / np.bincount(domain, weight)
    sample = Pool(
        weight * scale[domain],
        domain,
        pool.stability[some],
        pool.difficulty[some],
        pool.last_day[some],
    )
    return sample, len(some) / len(pool.weight)


def order_day(
    pool: Pool, policy: Policy, outcomes: Outcomes, goal: Goal, day: int, study_days: int
) -> tuple[Ints, Floats, Floats]:
    """Return all prompts in the order of `policy.arrange_today`, with the seconds and recall of each.

    `study_days` are the remaining ones, including today.
    """
    days_left = goal.exam_day - day
    is_new = pool.stability == 0
    new = is_new.nonzero()[0]
    seen = (~is_new & (pool.last_day < day)).nonzero()[0]
    stability, since = pool.stability[seen], day - pool.last_day[seen]
    new_s, new_recall = np.full(len(new), outcomes.new_s), np.zeros(len(new))
    if policy.is_by_worth(days_left, goal.exam_day - goal.set_day):
        recall, unasked, asked = outcomes.measure_gain(
            stability, pool.difficulty[seen], since, days_left
        )
        prompts, seconds, gains = seen, outcomes.seconds(recall), asked - unasked
        if len(new):
            prompts = np.concatenate([seen, new])
            seconds, recall = np.concatenate([seconds, new_s]), np.concatenate([recall, new_recall])
            gains = np.concatenate([gains, np.full(len(new), outcomes.recall_new(days_left))])
        worth = pool.weight[prompts] * gains / seconds
        order = (-worth).argsort(kind="stable")[: np.count_nonzero(worth > 0)]
        return prompts[order], seconds[order], recall[order]
    recall = outcomes.recall(stability, since)
    order = recall.argsort(kind="stable")
    seen, recall = seen[order], recall[order]
    seconds = outcomes.seconds(recall)
    if not len(new):
        return seen, seconds, recall
    new = new[(-pool.weight[new]).argsort(kind="stable")]
    quota = policy.count_new(len(new), study_days)
    return (
        np.concatenate([new[:quota], seen, new[quota:]]),
        np.concatenate([new_s[:quota], seconds, new_s[quota:]]),
        np.concatenate([new_recall[:quota], recall, new_recall[quota:]]),
    )


def roll_out(
    pool: Pool, policy: Policy, outcomes: Outcomes, goal: Goal, today: int, seconds_a_day: float
) -> Rollout:
    """Simulate a policy on every study day from today to the exam."""
    return _Course(pool, outcomes, goal, today, seconds_a_day).run(policy)


class _Course:
    """A simulation, day by day; it can be copied on the day from which two policies differ."""

    def __init__(
        self, pool: Pool, outcomes: Outcomes, goal: Goal, today: int, seconds_a_day: float
    ) -> None:
        self.pool = pool.copy()
        self._outcomes = outcomes
        self._goal = goal
        self._seconds_a_day = seconds_a_day
        self.learner = _Learner(outcomes)
        self.days_left = goal.list_days(today)[::-1]
        self.days: list[PlannedDay] = []

    def fork(self) -> _Course:
        """Return a copy that goes its own way."""
        forked = copy(self)
        forked.pool = self.pool.copy()
        forked.learner = copy(self.learner)
        forked.days_left = self.days_left.copy()
        forked.days = self.days.copy()
        return forked

    def run(self, policy: Policy) -> Rollout:
        """Study every day that is left, and return the result."""
        while self.days_left:
            self._study_day(policy)
        recall = float(self.pool.weight @ self.pool.recall(self._outcomes, self._goal.exam_day))
        return Rollout(recall, self.pool, tuple(self.days))

    def run_together(self, policies: Iterable[Policy]) -> Iterator[tuple[Policy, Rollout]]:
        """Run policies that differ only in when worth decides, each on its own from then on."""
        waiting = sorted(policies, key=attrgetter("worth_share"))
        total_days = self._goal.exam_day - self._goal.set_day
        while len(waiting) > 1 and self.days_left:
            if waiting[-1].is_by_worth(self._goal.exam_day - self.days_left[-1], total_days):
                policy = waiting.pop()
                yield policy, self.fork().run(policy)
            else:
                self._study_day(waiting[0])
        rollout = self.run(waiting[0])
        for policy in waiting:
            yield policy, rollout

    def can_see_all(self, policy: Policy) -> bool:
        """Study until every prompt was asked, and return whether that happens in time."""
        while self.days_left and not _has_seen_all(self.pool):
            self._study_day(policy)
        return _has_seen_all(self.pool)

    def _study_day(self, policy: Policy) -> None:
        pool, learner, study_days = self.pool, self.learner, len(self.days_left)
        day = self.days_left.pop()
        order, seconds, recall = order_day(
            pool, policy, self._outcomes, self._goal, day, study_days
        )
        spent = seconds.cumsum()
        asked = int((spent - seconds).searchsorted(self._seconds_a_day))
        chosen, recall = order[:asked], recall[:asked]
        is_new = pool.stability[chosen] == 0
        begun = int(np.count_nonzero(is_new))
        if begun:
            learner.review(pool, chosen[~is_new], recall[~is_new], day)
            learner.begin(pool, chosen[is_new], day)
        else:
            learner.review(pool, chosen, recall, day)
        minutes = float(spent[asked - 1]) / 60 if asked else 0.0
        self.days.append(PlannedDay(day, minutes, begun, asked - begun))


class _Learner:
    """Answers prompts with the expected mix of ratings, deterministically."""

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self._shares = np.cumsum([start.share for start in outcomes.first_days])[:-1]
        self._stabilities = np.array([start.stability for start in outcomes.first_days])
        self._difficulties = np.array([start.difficulty for start in outcomes.first_days])
        self._begun = 0
        self._missed = 0.5
        """Expected lapses that have not occurred yet; starts at a half, so that lapses are rounded."""

    def begin(self, pool: Pool, prompts: Ints, day: int) -> None:
        """Answer new prompts for the first time."""
        numbers = np.arange(self._begun + 1, self._begun + 1 + len(prompts))
        self._begun += len(prompts)
        start = self._shares.searchsorted(numbers * _GOLDEN % 1, side="right")
        pool.stability[prompts] = self._stabilities[start]
        pool.difficulty[prompts] = self._difficulties[start]
        pool.last_day[prompts] = day

    def review(self, pool: Pool, prompts: Ints, recall: Floats, day: int) -> None:
        """Answer prompts that have been asked before, with their recall."""
        if not len(prompts):
            return
        stability, difficulty = pool.stability[prompts], pool.difficulty[prompts]
        missed = self._missed + (1 - recall).cumsum()
        self._missed = float(missed[-1] % 1)
        lapses = np.floor(missed)
        is_lapse = lapses > np.concatenate((_ZERO, lapses[:-1]))
        pool.stability[prompts] = self._outcomes.stability_after_recall(
            stability, difficulty, recall
        )
        if is_lapse.any():
            lapsed, difficulty = prompts[is_lapse], difficulty[is_lapse]
            pool.stability[lapsed] = self._outcomes.stability_after_lapse(
                stability[is_lapse], difficulty, recall[is_lapse]
            )
            pool.difficulty[lapsed] = self._outcomes.difficulty_after_lapse(difficulty)
        pool.last_day[prompts] = day


def choose_policy(
    candidates: Sequence[Candidate],
    goal: Goal,
    outcomes: Outcomes,
    today: int,
    previous: Policy | None = None,
) -> Policy:
    """Return the policy that promises the most recall, preferring the previous one if close."""
    pool, share = sample_pool(make_pool(candidates, _list_domains(candidates)), SAMPLE_SIZE)
    seconds_a_day = goal.minutes_a_day * share * SECONDS_PER_MINUTE
    return pick_rollout(pool, outcomes, goal, today, seconds_a_day, previous)[0]


def pick_rollout(
    pool: Pool,
    outcomes: Outcomes,
    goal: Goal,
    today: int,
    seconds_a_day: float,
    previous: Policy | None = None,
) -> tuple[Policy, Rollout]:
    """Return the best policy and its rollout, preferring the previous policy if close."""
    return _pick(_roll_out_all(pool, outcomes, goal, today, seconds_a_day), previous)


def _roll_out_all(
    pool: Pool, outcomes: Outcomes, goal: Goal, today: int, seconds_a_day: float
) -> dict[Policy, Rollout]:
    """Simulate every policy."""
    rollouts = chain.from_iterable(
        _Course(pool, outcomes, goal, today, seconds_a_day).run_together(alike) for alike in _GROUPS
    )
    return dict(track(rollouts, "Simulating ways to study", len(POLICIES)))


def _pick(
    found: Mapping[Policy, Rollout], previous: Policy | None = None
) -> tuple[Policy, Rollout]:
    """Return the best policy and its rollout, preferring the previous policy if close."""
    best = max(POLICIES, key=lambda policy: found[policy].recall)
    if (
        previous is not None
        and previous in found
        and found[previous].recall >= found[best].recall - _MARGIN
    ):
        best = previous
    return best, found[best]


def plan_to_date(
    candidates: Sequence[Candidate],
    goal: Goal,
    outcomes: Outcomes,
    today: int,
    previous: Policy | None = None,
) -> Plan:
    """Plan from a study day to the exam, assuming that no study day is missed.

    Raises:
        ValueError: there are no candidates.

    """
    if not candidates:
        raise ValueError("a plan needs a prompt")
    domains = _list_domains(candidates)
    pool = make_pool(candidates, domains)
    seconds_a_day = goal.minutes_a_day * SECONDS_PER_MINUTE
    sample, share = sample_pool(pool, SAMPLE_SIZE)
    tried = {
        minutes: _roll_out_all(sample, outcomes, goal, today, minutes * SECONDS_PER_MINUTE * share)
        for minutes in sorted({goal.minutes_a_day, *_list_minutes_to_try(goal, today)})
    }
    policy, _ = _pick(tried[goal.minutes_a_day], previous)
    rollout = roll_out(pool, policy, outcomes, goal, today, seconds_a_day)
    recalls_today = _average_recall(pool, pool.recall(outcomes, today), 1.0)
    recalls_on_day = _forecast_recall(sample, outcomes, goal, today, share, tried)
    return Plan(
        policy=policy,
        days=rollout.days,
        today=_add_ranges(domains, *recalls_today),
        on_day=_add_ranges(domains, *recalls_on_day),
        seen_share=_measure_seen_share(rollout),
        enough_minutes=_find_enough_minutes(
            sample,
            policy,
            outcomes,
            goal,
            today,
            share,
            {minutes: _has_seen_all(found[policy].pool) for minutes, found in tried.items()},
        ),
    )


def _forecast_recall(
    sample: Pool,
    outcomes: Outcomes,
    goal: Goal,
    today: int,
    share: float,
    tried: Mapping[int, Mapping[Policy, Rollout]],
) -> tuple[Floats, Floats]:
    """Return means and variances of recall on exam day, by domain, then for the whole exam.

    `tried` are the rollouts of every policy, by the minutes a day.

    More minutes never lower the forecast, since they need not be used: it is the best result of
    fixed numbers of minutes up to the goal's, interpolated between two of them.
    """
    goal_s = goal.minutes_a_day * SECONDS_PER_MINUTE * share
    best = np.zeros((2, sample.domain.max() + 2))
    below, below_s = best, 0.0
    for minutes in _list_minutes_to_try(goal, today):
        tried_s = minutes * SECONDS_PER_MINUTE * share
        _, rollout = _pick(tried[minutes])
        recall = rollout.pool.recall(outcomes, goal.exam_day)
        found = np.array(_average_recall(sample, recall, share))
        below, best = best, found if found[0, -1] > best[0, -1] else best
        if tried_s >= goal_s:
            part = (goal_s - below_s) / (tried_s - below_s)
            best = below + part * (best - below)
            break
        below_s = tried_s
    return best[0], best[1]


def _list_minutes_to_try(goal: Goal, today: int) -> Sequence[int]:
    """Return the numbers of minutes up to the first that is not less than the goal's.

    Far from the exam these are only the last few: fewer minutes hardly ever promise more.
    """
    tried = _MINUTES_TRIED[: bisect_left(_MINUTES_TRIED, goal.minutes_a_day) + 1]
    return tried[-_FAR_TRIES:] if goal.exam_day - today > _FAR_DAYS else tried


def _average_recall(pool: Pool, recall: Floats, share: float) -> tuple[Floats, Floats]:
    """Return means and variances of recall, by domain, then for the whole exam."""
    count = int(pool.domain.max()) + 1
    weights = np.bincount(pool.domain, pool.weight, count)
    means = np.bincount(pool.domain, pool.weight * recall, count) / weights
    spread = pool.weight**2 * recall * (1 - recall)
    # Each prompt in a sample represents several, whose answers are independent of one another.
    variances = np.bincount(pool.domain, spread, count) * share
    return (
        np.append(means, pool.weight @ recall),
        np.append(variances / weights**2, variances.sum()),
    )


def _add_ranges(
    domains: Sequence[str], recalls: Floats, variances: Floats
) -> dict[str, ExpectedRecall]:
    found = {}
    rows = zip((*domains, WHOLE), recalls.tolist(), variances.tolist(), strict=True)
    for name, recall, variance in rows:
        reach = _SPREAD * sqrt(variance)
        found[name] = ExpectedRecall(recall, max(recall - reach, 0.0), min(recall + reach, 1.0))
    return found


def _find_enough_minutes(
    sample: Pool,
    policy: Policy,
    outcomes: Outcomes,
    goal: Goal,
    today: int,
    share: float,
    known: Mapping[int, bool],
) -> int | None:
    """Return the fewest minutes per day in which every prompt can be asked, if any.

    `known` tells for some numbers of minutes whether they are enough.
    """

    def is_enough(minutes: int) -> bool:
        seconds_a_day = minutes * SECONDS_PER_MINUTE * share
        return _Course(sample, outcomes, goal, today, seconds_a_day).can_see_all(policy)

    max_minutes = _MINUTES_TRIED[-1]
    end = min((tried for tried, is_known in known.items() if is_known), default=max_minutes + 1)
    end = min(end, max_minutes + 1)
    first = (
        max((tried for tried, is_known in known.items() if not is_known and tried < end), default=0)
        + 1
    )
    found = bisect_left(range(max_minutes + 1), True, lo=first, hi=end, key=is_enough)  # noqa: FBT003
    return found if found <= max_minutes else None


def _has_seen_all(pool: Pool) -> bool:
    return bool(pool.stability.all())


def _measure_seen_share(rollout: Rollout) -> float:
    return float(np.mean(rollout.pool.stability > 0))


def _list_domains(candidates: Sequence[Candidate]) -> list[str]:
    return list(dict.fromkeys(candidate.domain for candidate in candidates))
