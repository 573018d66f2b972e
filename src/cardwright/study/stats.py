"""Statistics: every answer with what was expected of it, and the figures that follow."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import inf, log, sqrt
from operator import itemgetter
from typing import Final, NamedTuple, TypeVar

from cardwright.history import MOST_MS, Act, Memory, State, count_days, count_study_day, make_date
from cardwright.study.journal import Journal
from cardwright.study.schedule import Schedule
from cardwright.study.work import Work

MATURE_DAYS: Final = 21
"""From this interval on a prompt is called mature, before young. As in Anki."""


class Answer(NamedTuple):
    """One answer, and its prompt just before it."""

    prompt: str
    day: int
    """Study day."""
    rating: int
    duration_ms: int
    """At most MOST_MS; 0 when it was not measured."""
    state: State | None
    """None: it was a cram, which the schedule does not count."""
    interval_days: int
    retrievability: float
    """Expected recall; 0 when it was new."""
    is_test: bool
    """Whether it tells if a memory held: the first answer of its day, in state review."""

    @property
    def is_passed(self) -> bool:
        """Whether the prompt was recalled."""
        return self.rating > 1

    @property
    def is_mature(self) -> bool:
        """Whether the prompt had a long interval."""
        return self.interval_days >= MATURE_DAYS


class _Tracer(Schedule):
    """A schedule that notes what was before each answer; whole memories would take twice as long."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(schedule.options, schedule.parameters, schedule.rollover_hour)
        self.seen: list[tuple[State, int, float, bool]] = []
        """The last fields of an Answer."""

    def _answer(self, work: Work, rating: int, at_ms: int, offset: int) -> None:
        state, recall, days = work.state, 0.0, 0
        if work.last_day is not None:
            # As the schedule has it: a clock that was set back takes nothing away.
            days = max(count_study_day(at_ms, offset, self.rollover_hour) - work.last_day, 0)
            recall = self._maths.recall(work.stability, days)
        self.seen.append((state, work.interval_days, recall, days > 0 and state == "review"))
        super()._answer(work, rating, at_ms, offset)


def list_answers(journal: Journal, takes: Callable[[str], bool]) -> list[Answer]:
    """Return the answers to the prompts whose key is taken, by prompt, in order; none undone."""
    tracers: dict[str, _Tracer] = {}
    found = []
    for prompt, rows in groupby(journal.store.list_acts(), key=itemgetter(0)):
        if not takes(prompt):
            continue
        dones, took_ms = [], []
        for row in rows:
            # As replay takes them.
            dones.append(row[2:6])
            took_ms.append(min(row[6], MOST_MS))
        pack = prompt.partition(":")[0]
        if pack not in tracers:
            tracers[pack] = _Tracer(journal.schedule_of(prompt))
        tracer = tracers[pack]
        tracer.seen.clear()
        tracer.replay(prompt, dones)
        seen = iter(tracer.seen)
        for (act, rating, at_ms, offset), spent_ms in zip(dones, took_ms, strict=True):
            if rating is not None:
                before = next(seen) if act == Act.ANSWER else _CRAM
                day = count_study_day(at_ms, offset, tracer.rollover_hour)
                found.append(Answer(prompt, day, rating, spent_ms, *before))
    return found


_CRAM: Final = (None, 0, 0.0, False)


_Key = TypeVar("_Key")
_MS_PER_SECOND: Final = 1000


class Effort(NamedTuple):
    """Answers, and the time they took."""

    answers: int
    duration_ms: int
    timed: int
    """Answers whose time is known."""

    @property
    def seconds_per_answer(self) -> float | None:
        """Mean seconds; None when no time is known."""
        return self.duration_ms / self.timed / _MS_PER_SECOND if self.timed else None


class Streak(NamedTuple):
    """Study days in a row with an answer."""

    current: int
    """Up to today, or to yesterday while nothing was answered today."""
    longest: int


def measure_effort(
    answers: Iterable[Answer], name_group: Callable[[Answer], _Key]
) -> dict[_Key, Effort]:
    """Return what each group of answers took, in order of appearance; crams are answers too."""
    sums: dict[_Key, tuple[int, int, int]] = {}
    for answer in answers:
        name, took_ms = name_group(answer), answer.duration_ms
        number, duration_ms, timed = sums.get(name, (0, 0, 0))
        sums[name] = (number + 1, duration_ms + took_ms, timed + (took_ms > 0))
    return {name: Effort(*values) for name, values in sums.items()}


def add_efforts(efforts: Iterable[Effort]) -> Effort:
    """Return the sum of efforts."""
    return Effort(*map(sum, zip(_NONE, *efforts, strict=True)))


def find_streak(days: Iterable[int], today: int) -> Streak:
    """Return the streaks in the study days on which something was answered."""
    lengths: dict[int, int] = {}
    for day in sorted(set(days)):
        lengths[day] = lengths.get(day - 1, 0) + 1
    current = lengths.get(today) or lengths.get(today - 1, 0)
    return Streak(current, max(lengths.values(), default=0))


def count_buttons(answers: Iterable[Answer]) -> dict[str, Counter[int]]:
    """Return how often each rating was given to prompts in learning, young and mature ones."""
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


def split_time(
    efforts: Mapping[int, Effort], first: int, last: int
) -> tuple[str, dict[int, Effort]]:
    """Sum what was done on study days by day, week, month or year, so that few numbers remain.

    Returns the unit, and the effort by the first day of each, idle ones too.
    """
    unit = next(name for name, most in _UNITS if last - first < most)
    sums: dict[int, Effort] = {}
    for day in range(first, last + 1):
        start = _find_start(day, unit)
        sums[start] = add_efforts((sums.get(start, _NONE), efforts.get(day, _NONE)))
    return unit, sums


_NONE: Final = Effort(0, 0, 0)
_UNITS: Final = (("day", 31), ("week", 7 * 26), ("month", 3 * 366), ("year", inf))
"""How many days each unit is used for."""


def _find_start(day: int, unit: str) -> int:
    on = make_date(day)
    if unit == "week":
        return day - on.weekday()
    if unit == "month":
        return count_days(on.replace(day=1))
    return count_days(on.replace(month=1, day=1)) if unit == "year" else day


DAY_EDGES: Final = (0, 1, 2, 4, 8, 15, 31, 91, 181, 366, inf)
"""Bins of intervals and stabilities, in days."""
DIFFICULTY_EDGES: Final = (*range(1, 10), inf)
SHARE_EDGES: Final = (*(tenth / 10 for tenth in range(10)), inf)
_CALIBRATION_BINS: Final = 20


class Retention(NamedTuple):
    """What was recalled, of prompts in state review, when they were first asked on a day."""

    tests: int
    passed: int
    expected_sum: float

    @property
    def actual(self) -> float | None:
        """The share that was recalled: true retention, as Anki has it; None without tests."""
        return self.passed / self.tests if self.tests else None

    @property
    def expected(self) -> float | None:
        """The share that was expected: the mean retrievability just before; None without tests."""
        return self.expected_sum / self.tests if self.tests else None


class CalibrationBin(NamedTuple):
    """Tests for which recall was expected to lie between two shares."""

    low: float
    high: float
    retention: Retention


class Calibration(NamedTuple):
    """How far what was expected can be believed."""

    bins: list[CalibrationBin]
    """Those that hold something, the lowest first."""
    rmse: float
    """RMSE(bins): √(Σ n·(expected − actual)² / Σ n) over these bins."""
    log_loss: float
    """−mean(y·ln p + (1−y)·ln(1−p)), p expected and y 1 or 0."""


class Bin(NamedTuple):
    """How many lie from `low` up to, but not including, `high`."""

    low: float
    high: float
    number: int


class PromptCounts(NamedTuple):
    """How many prompts there are; the first four make up all."""

    new: int
    learning: int
    young: int
    mature: int
    suspended: int
    leech: int
    flagged: int


def measure_retention(answers: Iterable[Answer]) -> Retention:
    """Return what was recalled in the tests among the answers."""
    return measure_groups(answers, lambda _: None).get(None, Retention(0, 0, 0.0))


def measure_groups(
    answers: Iterable[Answer], name_group: Callable[[Answer], _Key]
) -> dict[_Key, Retention]:
    """Return what was recalled in each group that has tests, in order of appearance."""
    sums: dict[_Key, tuple[int, int, float]] = {}
    for answer in answers:
        if answer.is_test:
            name = name_group(answer)
            tests, passed, expected = sums.get(name, (0, 0, 0.0))
            sums[name] = (tests + 1, passed + answer.is_passed, expected + answer.retrievability)
    return {name: Retention(*values) for name, values in sums.items()}


def measure_calibration(answers: Iterable[Answer]) -> Calibration | None:
    """Hold expected against actual recall, in bins of expected recall; None without tests.

    The bins are those of FSRS's first benchmarks: twenty of the same width.
    """
    tests = [answer for answer in answers if answer.is_test]
    if not tests:
        return None

    def find_bin(answer: Answer) -> int:
        # The share is that of a float: 0.85 must not fall below its own edge.
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


def count_bins(values: Iterable[float], edges: Sequence[float]) -> list[Bin]:
    """Return how many values lie in each bin; those below the first edge are in the first bin."""
    numbers = [0] * (len(edges) - 1)
    for value in values:
        numbers[min(max(bisect_right(edges, value) - 1, 0), len(numbers) - 1)] += 1
    return [Bin(*ends, number) for ends, number in zip(pairwise(edges), numbers, strict=True)]


def count_prompts(refs: Iterable[str], memories: Mapping[str, Memory]) -> PromptCounts:
    """Count prompts by how far they are on their way."""
    new = learning = young = mature = suspended = leech = flagged = 0
    for ref in refs:
        memory = memories.get(ref)
        if memory is None or memory.state is State.NEW:
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


class Subject(NamedTuple):
    """What a prompt is about, by names."""

    lesson: str
    domain: str
    kind: str


GONE: Final = Subject(*["no longer asked"] * 3)
"""Of prompts that are not in the sources any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How well it goes; but for the streak and days, of the days that were asked for."""

    today: int
    days: int | None
    """So many up to today; None: all."""
    effort: Effort
    retention: Retention
    young: Retention
    mature: Retention
    groups: Mapping[str, Mapping[str, Retention]]
    """By domain, lesson, kind and month."""
    calibration: Calibration | None
    effort_by_kind: Mapping[str, Effort]
    effort_by_day: Mapping[int, Effort]
    """Of every study day ever that saw an answer, in order."""
    buttons: Mapping[str, Counter[int]]
    """How often each rating was given: learning, young, mature."""
    streak: Streak
    prompts: PromptCounts
    histograms: Mapping[str, Sequence[Bin]]
    """Of the memories there are today: interval_days, stability_days, difficulty, retrievability."""


def compute_stats(
    answers: Iterable[Answer],
    subjects: Mapping[str, Subject],
    memories: Iterable[tuple[Memory, Schedule]],
    today: int,
    days: int | None,
) -> Stats:
    """Make all figures of some prompts, whose subjects are in the order of learning.

    The memories are theirs, each with the schedule that it follows.
    """
    ever = list(answers)
    recent = ever if days is None else [a for a in ever if a.day > today - days]
    tests = [answer for answer in recent if answer.is_test]
    by_day = measure_effort(ever, lambda answer: answer.day)
    known = [pair for pair in memories if pair[0].prompt in subjects]
    return Stats(
        today=today,
        days=days,
        effort=add_efforts(
            effort for day, effort in by_day.items() if days is None or day > today - days
        ),
        retention=measure_retention(tests),
        young=measure_retention(test for test in tests if not test.is_mature),
        mature=measure_retention(test for test in tests if test.is_mature),
        groups=_group(tests, subjects),
        calibration=measure_calibration(tests),
        effort_by_kind=measure_effort(
            recent, lambda answer: subjects.get(answer.prompt, GONE).kind
        ),
        effort_by_day={day: by_day[day] for day in sorted(by_day)},
        buttons=count_buttons(recent),
        streak=find_streak(by_day, today),
        prompts=count_prompts(subjects, {memory.prompt: memory for memory, _ in known}),
        histograms=_count_memories(known, today),
    )


def _group(
    tests: Sequence[Answer], subjects: Mapping[str, Subject]
) -> dict[str, dict[str, Retention]]:
    found = {}
    for place, what in ((1, "domain"), (0, "lesson"), (2, "kind")):

        def name_group(answer: Answer, place: int = place) -> str:
            return subjects.get(answer.prompt, GONE)[place]

        order = [*dict.fromkeys(subject[place] for subject in subjects.values()), GONE[place]]
        groups = measure_groups(tests, name_group)
        found[what] = {name: groups[name] for name in order if name in groups}
    months = measure_groups(tests, lambda answer: f"{make_date(answer.day):%Y-%m}")
    return {**found, "month": {month: months[month] for month in sorted(months)}}


def _count_memories(
    memories: Iterable[tuple[Memory, Schedule]], today: int
) -> dict[str, list[Bin]]:
    begun = [pair for pair in memories if pair[0].state is not State.NEW]
    intervals = (memory.interval_days for memory, _ in begun if memory.state is State.REVIEW)
    return {
        "interval_days": count_bins(intervals, DAY_EDGES[1:]),
        "stability_days": count_bins((memory.stability for memory, _ in begun), DAY_EDGES),
        "difficulty": count_bins((memory.difficulty for memory, _ in begun), DIFFICULTY_EDGES),
        "retrievability": count_bins(
            (schedule.retrievability(memory, today) for memory, schedule in begun), SHARE_EDGES
        ),
    }
