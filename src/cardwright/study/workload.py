"""Forecasts of work: reviews due by day, minutes today, and the cost of desired retentions.

Times are learned from the user's own answers, blended with averages over other users while answers
are few. The cost of a desired retention is estimated by simulating a year.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from cardwright.history import (
    MS_PER_SECOND,
    SECONDS_PER_MINUTE,
    Act,
    Rating,
    Review,
    count_study_day,
)
from cardwright.memory import Memory, State
from cardwright.study.decks import Limits
from cardwright.study.fsrs import Fsrs
from cardwright.study.queue import Counts, find_waiting
from cardwright.study.schedule import FORGOTTEN_S, RECALLED_S, Schedule

if TYPE_CHECKING:
    from cardwright.study.journal import Journal

MIN_ANSWER_MS: Final = 800
"""Nobody reads a question and recalls its answer in less: keys pressed in a row, which say nothing
about the answers to come."""
RETENTIONS: Final = (0.70, 0.73, 0.76, 0.79, 0.82, 0.85, 0.88, 0.91, 0.94, 0.97)
_DAYS_PER_YEAR: Final = 365
_MIN_SAMPLE: Final = 500
"""At least this many prompts are simulated, to even out chance, and less than twice as many."""
_MAX_REPEATS: Final = 10
_HABITS_WEIGHT: Final = 10
_PACE_WEIGHT: Final = 20
"""How many of the user's own answers each average over other users counts for."""
_MIN_PACE: Final = 0.2
"""The smallest part of an average over other users that is believed."""
_PACE_REVIEWS: Final = 400
"""So many of the latest reviews show the pace."""


class DueForecast(NamedTuple):
    """Reviews due by study day, from today on, assuming that none are answered."""

    reviews: list[int]
    """Counts by day; today's, the first, includes overdue ones."""
    overdue: int
    """The number of reviews that could have been asked before today."""


def forecast_reviews(
    memories: Iterable[Memory],
    today: int,
    days: int,
    waiting: Container[str] = (),
    put_off: Container[str] = (),
) -> DueForecast:
    """Return how many prompts in the review state fall due on each of `days` days from today.

    Suspended prompts are left out; those buried today, and those whose keys are `waiting`, count as
    due tomorrow at the earliest. Those buried yesterday, and those whose keys are `put_off` until
    today, are not overdue.
    """
    reviews = [0] * days
    overdue = 0
    for memory in memories:
        if memory.state is not State.REVIEW or memory.is_suspended:
            continue
        due_day = memory.due_day or 0
        is_buried = memory.buried_day == today or memory.key in waiting
        is_put_off = memory.buried_day == today - 1 or memory.key in put_off
        overdue += due_day < today and not (is_buried or is_put_off)
        place = max(due_day - today, int(is_buried), 0)
        if place < days:
            reviews[place] += 1
    return DueForecast(reviews, overdue)


def forecast_load(
    chosen: Iterable[Memory], known: Collection[Memory], limits: Limits, today: int, days: int
) -> DueForecast:
    """Return how many chosen prompts fall due on each day; siblings among all `known` put them off."""
    waiting, put_off = (find_waiting(known, limits, day) for day in (today, today - 1))
    return forecast_reviews(chosen, today, days, waiting, put_off)


class Pace(NamedTuple):
    """Seconds per prompt and day, including all answers to the prompt on that day.

    The defaults are the costs assumed by FSRS's simulator: 13 s for a recalled review, 32 s for a
    forgotten one with its steps, 27 s for a new prompt with its second answer.
    """

    new_s: float = 27.0
    step_s: float = 10.0
    """For one answer, since a prompt in a learning step has had others today."""
    review_s: float = 15.0

    def estimate_minutes(self, counts: Counts) -> float:
        """Return the minutes that these prompts will take."""
        seconds = (
            counts.new * self.new_s + counts.learning * self.step_s + counts.review * self.review_s
        )
        return seconds / SECONDS_PER_MINUTE


_DEFAULT_PACE: Final = Pace()


def read_pace(journal: Journal) -> Pace:
    """Return the pace of the latest reviews of a store."""
    store = journal.store
    reviews = store.list_latest(_PACE_REVIEWS)
    found = store.list_some(sorted({review.key for review in reviews}))
    memories = {memory.key: memory for memory in found}
    return measure_pace(reviews, memories, journal.rollover_hour)


def measure_pace(
    reviews: Iterable[Review], memories: Mapping[str, Memory], rollover_hour: int
) -> Pace:
    """Return the pace of recent reviews; memories, by key, show which prompts were new."""
    spent_ms: dict[tuple[str, int], int] = {}
    step_ms: list[int] = []
    for review in reviews:
        if review.act is Act.ANSWER and review.duration_ms >= MIN_ANSWER_MS:
            place = (review.key, review.moment.study_day(rollover_hour))
            spent_ms[place] = spent_ms.get(place, 0) + review.spent_ms
            step_ms.append(review.spent_ms)
    new_ms: list[int] = []
    review_ms: list[int] = []
    for (key, day), day_ms in spent_ms.items():
        memory = memories.get(key)
        is_first = memory is not None and memory.first_day == day
        (new_ms if is_first else review_ms).append(day_ms)
    times = zip(_DEFAULT_PACE, (new_ms, step_ms, review_ms), strict=True)
    return Pace(*(_blend(default_s, _PACE_WEIGHT, sum(ms), len(ms)) for default_s, ms in times))


def _blend(default_s: float, weight: int, sum_ms: float, count: int) -> float:
    """Return the mean seconds of `count` cases and a default that weighs as much as `weight`."""
    mean_s = (default_s * weight + sum_ms / MS_PER_SECOND) / (weight + count)
    return max(mean_s, default_s * _MIN_PACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the user answers: shares of ratings, and seconds per prompt and day.

    The defaults are averages over Anki users, taken from the simulator of fsrs-rs; a test compares
    them.
    """

    first_shares: tuple[float, ...] = (0.24, 0.094, 0.495, 0.171)
    """Shares of Again, Hard, Good and Easy for a new prompt."""
    recalled_shares: tuple[float, ...] = (0.224, 0.631, 0.145)
    """Shares of Hard, Good and Easy for a recalled prompt."""
    repeated_shares: tuple[float, ...] = (0.20, 0.08, 0.66, 0.06)
    """Shares of Again, Hard, Good and Easy for a prompt asked again on the same day."""
    new_s: float = 48.0
    recalled_s: float = RECALLED_S
    forgotten_s: float = FORGOTTEN_S


_DEFAULT_HABITS: Final = Habits()


class Tally:
    """Counts answers and their times, to measure habits."""

    def __init__(self) -> None:
        """Start without answers."""
        self._firsts, self._recalled, self._repeated = [0] * 4, [0] * 3, [0] * 4
        self._seconds = {"new": 0.0, "forgotten": 0.0, "recalled": 0.0}
        self._days = {"new": 0, "forgotten": 0, "recalled": 0}
        """The number of days measured, by how a prompt's day began."""
        self._last: dict[str, tuple[int, str]] = {}
        """The study day of the last answer and how that day began, by prompt."""

    def begin(self, key: str, day: int) -> None:
        """Note that a prompt was answered on a study day before the answers that are counted."""
        self._last[key] = day, "recalled"

    def reset(self, key: str) -> None:
        """Count a prompt as new again."""
        self._last.pop(key, None)

    def add(self, key: str, day: int, rating: int, seconds: float) -> None:
        """Count an answer given on a study day; one that is too short says nothing about times.

        Answers of a script take no seconds.
        """
        if seconds * MS_PER_SECOND < MIN_ANSWER_MS:
            seconds = 0.0
        last_day, began = self._last.get(key, (None, "new"))
        if day == last_day:
            self._repeated[rating - Rating.AGAIN] += 1
        else:
            if last_day is None:
                began = "new"
                self._firsts[rating - Rating.AGAIN] += 1
            elif rating == Rating.AGAIN:
                began = "forgotten"
            else:
                began = "recalled"
                self._recalled[rating - Rating.HARD] += 1
            self._days[began] += seconds > 0
            self._last[key] = day, began
        self._seconds[began] += seconds

    @property
    def habits(self) -> Habits:
        """The habits shown by the answers, blended with averages over other users."""
        default = _DEFAULT_HABITS

        def measure(began: str, default_s: float) -> float:
            sum_ms = self._seconds[began] * MS_PER_SECOND
            return _blend(default_s, _HABITS_WEIGHT, sum_ms, self._days[began])

        return Habits(
            first_shares=_blend_shares(self._firsts, default.first_shares),
            recalled_shares=_blend_shares(self._recalled, default.recalled_shares),
            repeated_shares=_blend_shares(self._repeated, default.repeated_shares),
            new_s=measure("new", default.new_s),
            recalled_s=measure("recalled", default.recalled_s),
            forgotten_s=measure("forgotten", default.forgotten_s),
        )


def measure_habits(reviews: Iterable[Review], rollover_hour: int) -> Habits:
    """Return the habits shown by reviews, which are in order and without undone ones."""
    tally = Tally()
    for review in reviews:
        if review.act is Act.RESET:
            tally.reset(review.key)
        if review.act is Act.ANSWER and review.rating is not None:
            day = count_study_day(review.at_ms, review.utc_offset_minutes, rollover_hour)
            tally.add(review.key, day, review.rating, review.spent_ms / MS_PER_SECOND)
    return tally.habits


def _blend_shares(counts: Sequence[int], defaults: Sequence[float]) -> tuple[float, ...]:
    total = sum(counts) + _HABITS_WEIGHT
    return tuple((n + s * _HABITS_WEIGHT) / total for n, s in zip(counts, defaults, strict=True))


class Workload(NamedTuple):
    """The cost and benefit of a desired retention."""

    desired_retention: float
    minutes_per_day: float
    remembered: float
    """The number of prompts recalled at the end of the year."""


class _SimulatedPrompt(NamedTuple):
    schedule: Schedule
    day: int
    """Relative to today: the day of the last answer, or of a new prompt's first one."""
    stability: float
    difficulty: float


def simulate_workloads(
    studied: Sequence[tuple[Memory, Schedule]],
    limits: Limits,
    today: int,
    desired_retention: float,
    habits: Habits,
    seed: int,
) -> list[Workload]:
    """Simulate a year of these prompts at several desired retentions, including the current one.

    Each memory is paired with its schedule. New prompts are started within the daily limits, and due
    prompts are answered on their day. The same seed gives the same figures.
    """
    prompts = [
        _SimulatedPrompt(
            schedule, min(memory.last_day - today, 0), memory.stability, memory.difficulty
        )
        for memory, schedule in studied
        if memory.last_day is not None
    ]
    new = [(memory.key, schedule) for memory, schedule in studied if memory.last_day is None]
    starts = _spread_new([key for key, _ in new], limits)
    prompts += (
        _SimulatedPrompt(schedule, day, 0.0, 0.0)
        for (_, schedule), day in zip(new, starts, strict=True)
        if day < _DAYS_PER_YEAR
    )
    sample = prompts[:: max(len(prompts) // _MIN_SAMPLE, 1)]
    sample *= -(-_MIN_SAMPLE // len(sample)) if sample else 1
    scale = len(prompts) / len(sample) if sample else 0.0
    workloads = []
    schedules = dict.fromkeys(prompt.schedule for prompt in sample)
    for retention in sorted({*RETENTIONS, desired_retention}):
        simulations = {s: _Simulation(retention, s, habits, seed) for s in schedules}
        spent_s, remembered = 0.0, 0.0
        for prompt in sample:
            seconds, recall = simulations[prompt.schedule].run(prompt)
            spent_s += seconds
            remembered += recall
        minutes = spent_s * scale / SECONDS_PER_MINUTE / _DAYS_PER_YEAR
        workloads.append(Workload(retention, minutes, remembered * scale))
    return workloads


def _spread_new(keys: Iterable[str], limits: Limits) -> list[int]:
    """Return the day on which each new prompt is started, from 0; a year if never."""
    begun: Counter[tuple[str, int]] = Counter()
    first_free: dict[str, int] = {}
    found = []
    for key in keys:
        decks = limits.list_decks(key)
        room = {deck: limits.options_of(deck).new_per_day for deck in decks}
        day = max(first_free.get(deck, 0) for deck in decks)
        while day < _DAYS_PER_YEAR and any(begun[deck, day] >= room[deck] for deck in decks):
            day += 1
        for deck in decks:
            begun[deck, day] += 1
            free = first_free.get(deck, 0)
            while free < _DAYS_PER_YEAR and begun[deck, free] >= room[deck]:
                free += 1
            first_free[deck] = free
        found.append(day)
    return found


class _Simulation:
    """Simulates a year of answers at one desired retention."""

    def __init__(self, retention: float, schedule: Schedule, habits: Habits, seed: int) -> None:
        self._fsrs = Fsrs(schedule.parameters)
        self._interval_factor = self._fsrs.interval_factor(retention)
        self._options = schedule.options
        self._habits = habits
        self._dice = random.Random(seed)  # noqa: S311

    def run(self, prompt: _SimulatedPrompt) -> tuple[float, float]:
        """Return the seconds spent on a prompt, and its recall at the end of the year."""
        fsrs, dice, habits = self._fsrs, self._dice, self._habits
        _, day, stability, difficulty = prompt
        spent_s = 0.0
        if not stability:
            rating = self._draw(habits.first_shares, Rating.AGAIN)
            stability = fsrs.initial_stability(rating)
            difficulty = fsrs.initial_difficulty(rating)
            if rating != Rating.EASY and self._options.learning_steps_minutes:
                stability, difficulty = self._repeat(stability, difficulty)
            spent_s = habits.new_s
        while True:
            interval = max(round(stability * self._interval_factor), 1)
            interval = min(interval, self._options.maximum_interval_days)
            due = max(day + interval, 0)
            if due >= _DAYS_PER_YEAR:
                return spent_s, float(fsrs.retrievability(stability, _DAYS_PER_YEAR - day))
            days, day = due - day, due
            if dice.random() < fsrs.retrievability(stability, days):
                rating = self._draw(habits.recalled_shares, Rating.HARD)
                spent_s += habits.recalled_s
            else:
                rating = Rating.AGAIN
                spent_s += habits.forgotten_s
            stability = fsrs.next_stability(stability, difficulty, days, rating)
            difficulty = fsrs.next_difficulty(difficulty, rating)
            if rating == Rating.AGAIN and self._options.relearning_steps_minutes:
                stability, difficulty = self._repeat(stability, difficulty)

    def _repeat(self, stability: float, difficulty: float) -> tuple[float, float]:
        """Repeat a prompt on the same day until it is recalled."""
        for _ in range(_MAX_REPEATS):
            rating = self._draw(self._habits.repeated_shares, Rating.AGAIN)
            stability = self._fsrs.next_stability(stability, difficulty, 0, rating)
            difficulty = self._fsrs.next_difficulty(difficulty, rating)
            if rating != Rating.AGAIN:
                break
        return stability, difficulty

    def _draw(self, shares: Sequence[float], first: Rating) -> Rating:
        """Return a random rating; `shares` start at the rating `first`."""
        place = self._dice.random()
        for rating, share in enumerate(shares[:-1], first):
            place -= share
            if place < 0:
                return Rating(rating)
        return Rating.EASY
