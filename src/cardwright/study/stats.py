"""Statistics of recall, of effort, and of current memories.

All figures are computed from a list of answers, each with the state of its prompt just before it
(`list_answers`), and from the current memories. `compute_stats` computes all figures for some
prompts; the functions after it compute one each: first recall, then effort, then memories.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import inf, log, sqrt
from operator import itemgetter
from typing import Final, NamedTuple, TypeVar

from cardwright.history import (
    MAX_ANSWER_MS,
    MS_PER_SECOND,
    Act,
    count_days,
    count_study_day,
    make_date,
)
from cardwright.memory import Memory, State
from cardwright.study.journal import Journal
from cardwright.study.schedule import Schedule

MATURE_DAYS: Final = 21
"""Prompts with this interval or longer are mature, others young, as in Anki."""
DAY_EDGES: Final = (0, 1, 2, 4, 8, 15, 31, 91, 181, 366, inf)
"""Bin edges of intervals and stabilities, in days."""
DIFFICULTY_EDGES: Final = (*range(1, 10), inf)
SHARE_EDGES: Final = (*(tenth / 10 for tenth in range(10)), inf)
_CALIBRATION_BINS: Final = 20
_TIME_UNITS: Final = (("day", 31), ("week", 7 * 26), ("month", 3 * 366), ("year", inf))
"""Units of time, each with the number of days below which it is used."""
_Key = TypeVar("_Key")


class Answer(NamedTuple):
    """One answer, with the state of its prompt just before it."""

    key: str
    """The prompt's key."""
    day: int
    """The study day of the answer."""
    rating: int
    duration_ms: int
    """At most MAX_ANSWER_MS; 0 if it was not measured."""
    state: State | None
    """None for a cram, which does not affect the schedule."""
    interval_days: int
    retrievability: float
    """Expected recall (0 for a new prompt)."""
    is_test: bool
    """Whether it tests the memory: the first answer of its study day, in the review state."""

    @property
    def is_passed(self) -> bool:
        """Whether the prompt was recalled."""
        return self.rating > 1

    @property
    def is_mature(self) -> bool:
        """Whether the prompt had a long interval."""
        return self.interval_days >= MATURE_DAYS


_CRAM: Final = (None, 0, 0.0, False)
"""The last fields of the Answer for a cram."""


def list_answers(journal: Journal, is_chosen: Callable[[str], bool]) -> list[Answer]:
    """Return the answers to chosen prompts, grouped by prompt and in order, without undone ones."""
    found = []
    for key, rows in groupby(journal.store.list_acts(), key=itemgetter(0)):
        if not is_chosen(key):
            continue
        acts, spent_ms = [], []
        for row in rows:
            acts.append(row[2:8])
            spent_ms.append(min(row[-1], MAX_ANSWER_MS))
        schedule = journal.schedule_of(key)
        expectations = iter(schedule.list_expectations(key, acts))
        for (act, rating, at_ms, offset, *_), took_ms in zip(acts, spent_ms, strict=True):
            if rating is not None and act == Act.ANSWER:
                day, state, interval, recall, is_test = next(expectations)
                found.append(Answer(key, day, rating, took_ms, state, interval, recall, is_test))
            elif rating is not None:
                day = count_study_day(at_ms, offset, schedule.rollover_hour)
                found.append(Answer(key, day, rating, took_ms, *_CRAM))
    return found


class Subject(NamedTuple):
    """The names of a prompt's lesson, domain and kind."""

    lesson: str
    domain: str
    kind: str


GONE: Final = Subject(*["no longer asked"] * 3)
"""The subject of prompts that are no longer in the sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """All figures. Except for the streak and `effort_by_day`, answers are from the last `days`."""

    today: int
    days: int | None
    """The number of study days up to today; None for all."""
    effort: Effort
    retention: Retention
    young: Retention
    mature: Retention
    groups: Mapping[str, Mapping[str, Retention]]
    """By domain, lesson, kind and month."""
    calibration: Calibration | None
    effort_by_kind: Mapping[str, Effort]
    effort_by_day: Mapping[int, Effort]
    """Every study day with an answer, in order."""
    buttons: Mapping[str, Counter[int]]
    """How often each rating was given, for learning, young and mature prompts."""
    streak: Streak
    prompts: PromptCounts
    histograms: Mapping[str, Sequence[Bin]]
    """Current memories by interval_days, stability_days, difficulty and retrievability."""


def compute_stats(
    answers: Iterable[Answer],
    subjects: Mapping[str, Subject],
    memories: Iterable[tuple[Memory, Schedule]],
    today: int,
    days: int | None,
) -> Stats:
    """Return all figures for the prompts in `subjects`, which is by key in the order of learning.

    Each memory is paired with its schedule.
    """
    all_answers = list(answers)
    recent = all_answers if days is None else [a for a in all_answers if a.day > today - days]
    tests = [answer for answer in recent if answer.is_test]
    by_day = measure_effort(all_answers, lambda answer: answer.day)
    known = [pair for pair in memories if pair[0].key in subjects]
    return Stats(
        today=today,
        days=days,
        effort=add_efforts(
            effort for day, effort in by_day.items() if days is None or day > today - days
        ),
        retention=measure_retention(tests),
        young=measure_retention(test for test in tests if not test.is_mature),
        mature=measure_retention(test for test in tests if test.is_mature),
        groups=_group_by_subject(tests, subjects),
        calibration=measure_calibration(tests),
        effort_by_kind=measure_effort(recent, lambda answer: subjects.get(answer.key, GONE).kind),
        effort_by_day={day: by_day[day] for day in sorted(by_day)},
        buttons=count_buttons(recent),
        streak=find_streak(by_day, today),
        prompts=count_prompts(subjects, {memory.key: memory for memory, _ in known}),
        histograms=_count_memories(known, today),
    )


class Retention(NamedTuple):
    """How many tests were passed, and how many were expected to be."""

    tests: int
    passed: int
    expected_sum: float

    @property
    def actual(self) -> float | None:
        """The share recalled (true retention in Anki); None without tests."""
        return self.passed / self.tests if self.tests else None

    @property
    def expected(self) -> float | None:
        """The expected share: the mean retrievability just before the tests; None without tests."""
        return self.expected_sum / self.tests if self.tests else None


def measure_retention(answers: Iterable[Answer]) -> Retention:
    """Return the retention of the tests among answers."""
    return measure_groups(answers, lambda _: None).get(None, Retention(0, 0, 0.0))


def measure_groups(
    answers: Iterable[Answer], name_group: Callable[[Answer], _Key]
) -> dict[_Key, Retention]:
    """Return the retention of each group with tests, in order of appearance."""
    sums: dict[_Key, tuple[int, int, float]] = {}
    for answer in answers:
        if answer.is_test:
            name = name_group(answer)
            tests, passed, expected = sums.get(name, (0, 0, 0.0))
            sums[name] = (tests + 1, passed + answer.is_passed, expected + answer.retrievability)
    return {name: Retention(*values) for name, values in sums.items()}


def _group_by_subject(
    tests: Sequence[Answer], subjects: Mapping[str, Subject]
) -> dict[str, dict[str, Retention]]:
    found = {}
    for place, what in ((1, "domain"), (0, "lesson"), (2, "kind")):

        def name_group(answer: Answer, place: int = place) -> str:
            return subjects.get(answer.key, GONE)[place]

        order = [*dict.fromkeys(subject[place] for subject in subjects.values()), GONE[place]]
        groups = measure_groups(tests, name_group)
        found[what] = {name: groups[name] for name in order if name in groups}
    months = measure_groups(tests, lambda answer: f"{make_date(answer.day):%Y-%m}")
    return {**found, "month": {month: months[month] for month in sorted(months)}}


class CalibrationBin(NamedTuple):
    """Tests whose expected recall was between two shares."""

    low: float
    high: float
    retention: Retention


class Calibration(NamedTuple):
    """How far actual recall is from expected recall."""

    bins: list[CalibrationBin]
    """The bins that have tests, lowest first."""
    rmse: float
    """RMSE(bins): √(Σ n·(expected − actual)² / Σ n) over the bins."""
    log_loss: float
    """−mean(y·ln p + (1−y)·ln(1−p)), where p is the expected recall and y is 1 or 0."""


def measure_calibration(answers: Iterable[Answer]) -> Calibration | None:
    """Compare expected and actual recall in bins of expected recall; None without tests.

    The twenty bins of equal width are those of FSRS's first benchmarks.
    """
    tests = [answer for answer in answers if answer.is_test]
    if not tests:
        return None

    def find_bin(answer: Answer) -> int:
        # Rounding may put a share such as 0.85 just below the edge of its bin.
        return min(int(answer.retrievability * _CALIBRATION_BINS + 1e-9), _CALIBRATION_BINS - 1)

    bins = [
        CalibrationBin(place / _CALIBRATION_BINS, (place + 1) / _CALIBRATION_BINS, retention)
        for place, retention in sorted(measure_groups(tests, find_bin).items())
    ]
    squares = sum(
        (b.retention.expected_sum - b.retention.passed) ** 2 / b.retention.tests for b in bins
    )
    loss = sum(log(t.retrievability if t.is_passed else 1 - t.retrievability) for t in tests)
    return Calibration(bins, sqrt(squares / len(tests)), -loss / len(tests))


def count_buttons(answers: Iterable[Answer]) -> dict[str, Counter[int]]:
    """Return how often each rating was given to learning, young and mature prompts."""
    found: dict[str, Counter[int]] = {
        "learning": Counter(),
        "young": Counter(),
        "mature": Counter(),
    }
    for answer in answers:
        if answer.state is State.REVIEW:
            found["mature" if answer.is_mature else "young"][answer.rating] += 1
        elif answer.state is not None:
            found["learning"][answer.rating] += 1
    return found


class Effort(NamedTuple):
    """A number of answers, and the time they took."""

    answers: int
    duration_ms: int
    timed: int
    """The number of answers whose time is known."""

    @property
    def seconds_per_answer(self) -> float | None:
        """The mean time; None if no time is known."""
        return self.duration_ms / self.timed / MS_PER_SECOND if self.timed else None


_NO_EFFORT: Final = Effort(0, 0, 0)


def measure_effort(
    answers: Iterable[Answer], name_group: Callable[[Answer], _Key]
) -> dict[_Key, Effort]:
    """Return the effort of each group of answers, including crams, in order of appearance."""
    sums: dict[_Key, tuple[int, int, int]] = {}
    for answer in answers:
        name, took_ms = name_group(answer), answer.duration_ms
        count, duration_ms, timed = sums.get(name, _NO_EFFORT)
        sums[name] = (count + 1, duration_ms + took_ms, timed + (took_ms > 0))
    return {name: Effort(*values) for name, values in sums.items()}


def add_efforts(efforts: Iterable[Effort]) -> Effort:
    """Return the sum of efforts."""
    return Effort(*map(sum, zip(_NO_EFFORT, *efforts, strict=True)))


def split_time(
    efforts: Mapping[int, Effort], first: int, last: int
) -> tuple[str, dict[int, Effort]]:
    """Sum the efforts of study days by day, week, month or year, depending on the span.

    Returns the unit, and the effort by the first day of each unit, including idle ones.
    """
    unit = next(name for name, max_days in _TIME_UNITS if last - first < max_days)
    sums: dict[int, Effort] = {}
    for day in range(first, last + 1):
        start = _find_start(day, unit)
        sums[start] = add_efforts((sums.get(start, _NO_EFFORT), efforts.get(day, _NO_EFFORT)))
    return unit, sums


def _find_start(day: int, unit: str) -> int:
    """Return the first day of the week, month or year that contains a study day."""
    on = make_date(day)
    if unit == "week":
        return day - on.weekday()
    if unit == "month":
        return count_days(on.replace(day=1))
    return count_days(on.replace(month=1, day=1)) if unit == "year" else day


class Streak(NamedTuple):
    """Consecutive study days with an answer."""

    current: int
    """Up to today, or up to yesterday if nothing was answered today."""
    longest: int


def find_streak(days: Iterable[int], today: int) -> Streak:
    """Return the streaks among study days with an answer."""
    lengths: dict[int, int] = {}
    for day in sorted(set(days)):
        lengths[day] = lengths.get(day - 1, 0) + 1
    current = lengths.get(today) or lengths.get(today - 1, 0)
    return Streak(current, max(lengths.values(), default=0))


class PromptCounts(NamedTuple):
    """Counts of prompts; the first four add up to the total."""

    new: int
    learning: int
    young: int
    mature: int
    suspended: int
    leech: int
    flagged: int


def count_prompts(keys: Iterable[str], memories: Mapping[str, Memory]) -> PromptCounts:
    """Count prompts by how far they have been learned."""
    new = learning = young = mature = suspended = leech = flagged = 0
    for key in keys:
        memory = memories.get(key)
        if memory is None or memory.is_new:
            new += 1
        elif memory.state is not State.REVIEW:
            learning += 1
        elif memory.interval_days < MATURE_DAYS:
            young += 1
        else:
            mature += 1
        if memory is not None:
            suspended += memory.is_suspended
            leech += memory.is_leech
            flagged += memory.is_flagged
    return PromptCounts(new, learning, young, mature, suspended, leech, flagged)


class Bin(NamedTuple):
    """The number of values from `low` up to, but not including, `high`."""

    low: float
    high: float
    number: int


def count_bins(values: Iterable[float], edges: Sequence[float]) -> list[Bin]:
    """Count the values in each bin; values below the first edge go into the first bin."""
    numbers = [0] * (len(edges) - 1)
    for value in values:
        numbers[min(max(bisect_right(edges, value) - 1, 0), len(numbers) - 1)] += 1
    return [Bin(*ends, number) for ends, number in zip(pairwise(edges), numbers, strict=True)]


def _count_memories(
    memories: Iterable[tuple[Memory, Schedule]], today: int
) -> dict[str, list[Bin]]:
    begun = [pair for pair in memories if pair[0].last_day is not None]
    intervals = (memory.interval_days for memory, _ in begun if memory.state is State.REVIEW)
    return {
        "interval_days": count_bins(intervals, DAY_EDGES[1:]),
        "stability_days": count_bins((memory.stability for memory, _ in begun), DAY_EDGES),
        "difficulty": count_bins((memory.difficulty for memory, _ in begun), DIFFICULTY_EDGES),
        "retrievability": count_bins(
            (schedule.retrievability(memory, today) for memory, schedule in begun), SHARE_EDGES
        ),
    }
