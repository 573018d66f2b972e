"""What each desired retention would cost and bring over the next year: a simulation."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cardwright.history import Act, Memory, Rating, Review, count_study_day
from cardwright.study.maths import Maths
from cardwright.study.schedule import Schedule

RETENTIONS: Final = (0.70, 0.73, 0.76, 0.79, 0.82, 0.85, 0.88, 0.91, 0.94, 0.97)
_YEAR_DAYS: Final = 365
_ENOUGH: Final = 500
"""So many prompts are simulated at least, for chance to even out, and fewer than twice as many."""
_MOST_REPEATS: Final = 10
_PRIOR_DAYS: Final = 10
"""So much do the figures of others weigh against one's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How somebody answers: shares of ratings, and seconds for all answers to a prompt in a day."""

    first_shares: tuple[float, ...] = (0.24, 0.094, 0.495, 0.171)
    """Of Again, Hard, Good and Easy when a prompt is new."""
    recalled_shares: tuple[float, ...] = (0.224, 0.631, 0.145)
    """Of Hard, Good and Easy when it is recalled."""
    repeated_shares: tuple[float, ...] = (0.20, 0.08, 0.66, 0.06)
    """Of Again, Hard, Good and Easy when it is asked once more on the same day."""
    new_s: float = 48.0
    recalled_s: float = 13.0
    forgotten_s: float = 31.0


_USUAL: Final = Habits()
"""Averages over the users of Anki, after the simulator of fsrs-rs; a test holds them to it."""


class Workload(NamedTuple):
    """What a desired retention comes to."""

    desired_retention: float
    minutes_per_day: float
    remembered: float
    """Prompts that would be recalled at the end of the year."""


class _Start(NamedTuple):
    day: int
    """Of the last answer, not after today, which is 0; or of the first one."""
    stability: float
    difficulty: float


def measure_habits(reviews: Iterable[Review], rollover_hour: int) -> Habits:
    """Return how reviews, in order and not undone, were answered."""
    first_counts, recalled_counts, repeated_counts = [0] * 4, [0] * 3, [0] * 4
    seconds, days = [0.0] * 3, [0] * 3
    last: dict[str, tuple[int, int]] = {}
    for review in reviews:
        if review.act is Act.RESET:
            last.pop(review.prompt, None)
        if review.act is not Act.ANSWER or review.rating is None:
            continue
        day = count_study_day(review.at_ms, review.utc_offset_minutes, rollover_hour)
        last_day, sort = last.get(review.prompt, (None, 0))
        if day == last_day:
            repeated_counts[review.rating - Rating.AGAIN] += 1
        else:
            if last_day is None:
                sort = 0
                first_counts[review.rating - Rating.AGAIN] += 1
            elif review.rating is Rating.AGAIN:
                sort = 1
            else:
                sort = 2
                recalled_counts[review.rating - Rating.HARD] += 1
            # What was answered by a script was not measured.
            days[sort] += review.spent_ms > 0
            last[review.prompt] = day, sort
        seconds[sort] += review.spent_ms / 1000
    usual_s = (_USUAL.new_s, _USUAL.forgotten_s, _USUAL.recalled_s)
    new_s, forgotten_s, recalled_s = (
        (spent + usual * _PRIOR_DAYS) / (number + _PRIOR_DAYS)
        for spent, number, usual in zip(seconds, days, usual_s, strict=True)
    )
    return Habits(
        first_shares=_share(first_counts, _USUAL.first_shares),
        recalled_shares=_share(recalled_counts, _USUAL.recalled_shares),
        repeated_shares=_share(repeated_counts, _USUAL.repeated_shares),
        new_s=new_s,
        recalled_s=recalled_s,
        forgotten_s=forgotten_s,
    )


def _share(counts: Sequence[int], usual: Sequence[float]) -> tuple[float, ...]:
    total = sum(counts) + _PRIOR_DAYS
    return tuple((n + s * _PRIOR_DAYS) / total for n, s in zip(counts, usual, strict=True))


def simulate_workloads(
    memories: Sequence[Memory], today: int, schedule: Schedule, habits: Habits, seed: int
) -> list[Workload]:
    """Return what desired retentions, the present one among them, come to for these prompts.

    New prompts are begun at the pace of the options, due ones are answered on their day. The same
    seed gives the same figures.
    """
    options = schedule.options
    known = [memory for memory in memories if memory.last_day is not None]
    starts = [
        _Start(min((memory.last_day or 0) - today, 0), memory.stability, memory.difficulty)
        for memory in known
    ]
    new = min(len(memories) - len(known), options.new_per_day * _YEAR_DAYS)
    starts += (_Start(number // options.new_per_day, 0.0, 0.0) for number in range(new))
    sample = starts[:: max(len(starts) // _ENOUGH, 1)]
    sample *= -(-_ENOUGH // len(sample)) if sample else 1
    scale = len(starts) / len(sample) if sample else 0.0
    workloads = []
    for retention in sorted({*RETENTIONS, options.desired_retention}):
        lives = _Lives(retention, schedule, habits, seed)
        spent_s, remembered = 0.0, 0.0
        for start in sample:
            seconds, recall = lives.live(start)
            spent_s += seconds
            remembered += recall
        minutes = spent_s * scale / 60 / _YEAR_DAYS
        workloads.append(Workload(retention, minutes, remembered * scale))
    return workloads


class _Lives:
    """Prompts answered for a year at one desired retention."""

    def __init__(self, retention: float, schedule: Schedule, habits: Habits, seed: int) -> None:
        self._maths = Maths(schedule.parameters, retention)
        self._options = schedule.options
        self._habits = habits
        self._dice = random.Random(seed)  # noqa: S311

    def live(self, start: _Start) -> tuple[float, float]:
        """Return the seconds that a prompt takes, and its recall at the end."""
        maths, dice, habits = self._maths, self._dice, self._habits
        day, stability, difficulty = start
        spent_s = 0.0
        if not stability:
            rating = self._draw(habits.first_shares, Rating.AGAIN)
            stability, difficulty = maths.start(rating)
            if rating != Rating.EASY and self._options.learning_steps_minutes:
                stability, difficulty = self._repeat(stability, difficulty)
            spent_s = habits.new_s
        while True:
            wait = max(round(stability * maths.interval_per_stability), 1)
            wait = min(wait, self._options.maximum_interval_days)
            due = max(day + wait, 0)
            if due >= _YEAR_DAYS:
                return spent_s, maths.recall(stability, _YEAR_DAYS - day)
            days, day = due - day, due
            if dice.random() < maths.recall(stability, days):
                rating = self._draw(habits.recalled_shares, Rating.HARD)
                spent_s += habits.recalled_s
            else:
                rating = Rating.AGAIN
                spent_s += habits.forgotten_s
            stability = maths.stabilise(stability, difficulty, days, rating)
            difficulty = maths.toughen(difficulty, rating)
            if rating == Rating.AGAIN and self._options.relearning_steps_minutes:
                stability, difficulty = self._repeat(stability, difficulty)

    def _repeat(self, stability: float, difficulty: float) -> tuple[float, float]:
        """Answer on the same day until it is known."""
        for _ in range(_MOST_REPEATS):
            rating = self._draw(self._habits.repeated_shares, Rating.AGAIN)
            stability = self._maths.stabilise(stability, difficulty, 0, rating)
            difficulty = self._maths.toughen(difficulty, rating)
            if rating != Rating.AGAIN:
                break
        return stability, difficulty

    def _draw(self, shares: Sequence[float], first: Rating) -> Rating:
        place = self._dice.random()
        for rating, share in enumerate(shares[:-1], first):
            place -= share
            if place < 0:
                return Rating(rating)
        return Rating.EASY
