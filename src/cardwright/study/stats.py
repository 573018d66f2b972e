"""Statistics of recall, of effort, and of current memories: each figure is defined here, once.

All figures are computed from the answers, each with what was expected of its prompt just before it
(`study.expectations`), and from the current memories.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, log, sqrt
from operator import add
from typing import Any, Final, NamedTuple

from cardwright.history import (
    MS_PER_SECOND,
    Rating,
    count_days,
    is_day,
    make_date,
)
from cardwright.memory import Memory, State
from cardwright.study.days import EVERY_DAY, StudyDays
from cardwright.study.expectations import CRAM, STATES, TEST, AnswerRecord
from cardwright.study.histories import Histories
from cardwright.study.journal import Journal
from cardwright.study.schedule import Schedule

MATURE_DAYS: Final = 21
"""Prompts with this interval or longer are mature, others young, as in Anki."""
DAY_EDGES: Final = (0, 1, 2, 4, 8, 15, 31, 91, 181, 366, inf)
"""Bin edges of intervals and stabilities, in days."""
DIFFICULTY_EDGES: Final = (*range(1, 10), inf)
SHARE_EDGES: Final = (*(tenth / 10 for tenth in range(10)), inf)
SECOND_EDGES: Final = (*range(0, 32, 2), inf)
_CALIBRATION_BINS: Final = 20
_TIME_UNITS: Final = (("day", 31), ("week", 7 * 26), ("month", 3 * 366), ("year", inf))
"""Units of time, each with the number of days below which it is used."""
_NORMAL_95: Final = 1.96
_REVIEW: Final = STATES.index(State.REVIEW)


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


def list_answers(journal: Journal, is_chosen: Callable[[str], bool]) -> list[Answer]:
    """Return the answers to chosen prompts, grouped by prompt and in order, without undone ones."""
    states = (*STATES, State.REVIEW, None)
    return [
        Answer(key, day, rating, spent_ms, states[standing], interval, recall, standing == TEST)
        for key, answers in Histories(journal, with_kept=False).list(is_chosen)
        for recall, interval, day, spent_ms, rating, standing in answers
    ]


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
    recall: Recall
    young: Recall
    mature: Recall
    groups: Mapping[str, Mapping[str, Recall]]
    """By domain, lesson, kind and month."""
    recall_by_day: Mapping[int, Recall]
    """Every study day with a test, in order."""
    calibration: Calibration | None
    effort_by_kind: Mapping[str, Effort]
    effort_by_day: Mapping[int, Effort]
    """Every study day with an answer, in order."""
    buttons: Mapping[str, Counter[int]]
    """How often each rating was given, for learning, young and mature prompts."""
    streak: Streak
    prompts: PromptCounts


def compute_stats(
    histories: Iterable[tuple[str, Iterable[AnswerRecord]]],
    subjects: Mapping[str, Subject],
    memories: Mapping[str, Memory],
    today: int,
    days: int | None,
    study_days: StudyDays = EVERY_DAY,
) -> Stats:
    """Return all figures for the prompts in `subjects`, which is by key in the order of learning.

    `study_days` tell which days do not end a streak.

    Raises:
        ValueError, ArithmeticError, LookupError: an answer has values that no answer has.

    """
    sums = _sum_up(histories, subjects, -inf if days is None else today - days + 1)
    by_day = {day: Effort(*sums.days[day].effort) for day in sorted(sums.days)}
    young, mature = Recall(*sums.young), Recall(*sums.mature)
    groups = {}
    for place, what in ((1, "domain"), (0, "lesson"), (2, "kind")):
        found = sums.groups[place]
        order = [*dict.fromkeys(subject[place] for subject in subjects.values()), GONE[place]]
        groups[what] = {name: Recall(*found[name]) for name in order if name in found}
    recall_by_day = {
        day: Recall(*tests) for day, (_, tests) in sorted(sums.days.items()) if tests[0]
    }
    groups["month"] = add_recalls(recall_by_day, "month")
    return Stats(
        today=today,
        days=days,
        effort=add_efforts(
            effort for day, effort in by_day.items() if days is None or day > today - days
        ),
        recall=Recall(young.tests + mature.tests, young.passed + mature.passed, sums.expected_sum),
        young=young,
        mature=mature,
        groups=groups,
        recall_by_day=recall_by_day,
        calibration=_calibrate(sums.bins, sums.losses),
        effort_by_kind={kind: Effort(*effort) for kind, effort in sums.effort_by_kind.items()},
        effort_by_day=by_day,
        buttons=sums.buttons,
        streak=find_streak(by_day, today, study_days),
        prompts=count_prompts(subjects, memories),
    )


_Tally = list[Any]
"""The fields of a Recall, or of an Effort, while they are summed up."""


class _Day(NamedTuple):
    effort: _Tally
    tests: _Tally


class _Sums:
    """What is summed up over answers: those since a day, unless said otherwise."""

    def __init__(self) -> None:
        self.days: dict[int, _Day] = {}
        """Of all answers."""
        self.effort_by_kind: dict[str, _Tally] = {}
        self.buttons: dict[str, Counter[int]] = {}
        self.young: _Tally = [0, 0, 0.0]
        self.mature: _Tally = [0, 0, 0.0]
        self.expected_sum = 0.0
        """Over young and mature tests, in the order of the answers."""
        self.groups: Sequence[dict[str, _Tally]] = ({}, {}, {})
        """By the names of lessons, domains and kinds."""
        self.bins: list[_Tally] = [[0, 0, 0.0] for _ in range(_CALIBRATION_BINS)]
        """By expected recall."""
        self.losses: list[float] = []
        """The logarithms of the expected probability of what happened."""

    def add_day(self, day: int) -> _Day:
        """Make the sums of a study day.

        Raises:
            ValueError: it is none.

        """
        if not is_day(day):
            raise ValueError(f"not a study day: {day}")
        made = self.days[day] = _Day([0, 0, 0], [0, 0, 0.0])
        return made


def _sum_up(  # noqa: C901, PLR0912, PLR0915  (one pass: see below)
    histories: Iterable[tuple[str, Iterable[AnswerRecord]]],
    subjects: Mapping[str, Subject],
    first_day: float,
) -> _Sums:
    """Sum up everything in one pass, since there may be a million answers.

    Shares are added up in the order of the answers, so that the same answers give the same sums.
    """
    sums = _Sums()
    days, losses = sums.days, sums.losses
    # Indexed by rating.
    learning_buttons, young_buttons, mature_buttons = ([0] * (len(Rating) + 1) for _ in range(3))
    # The number of tests of each age in each bin, and how many were passed. An expected recall of 1
    # is in the last bin.
    young_bins, mature_bins = ([[0, 0] for _ in range(_CALIBRATION_BINS + 1)] for _ in range(2))
    expected_by_bin = [0.0] * (_CALIBRATION_BINS + 1)
    expected_sum = expected_young = expected_mature = 0.0
    for key, answers in histories:
        subject = subjects.get(key, GONE)
        tallies = [
            group.get(name) or [0, 0, 0.0] for group, name in zip(sums.groups, subject, strict=True)
        ]
        (_, _, by_lesson), (_, _, by_domain), (_, _, by_kind) = tallies
        answered = spent_ms = untimed = tests = passed = 0
        for recall, interval, day, took_ms, rating, standing in answers:
            try:
                effort, of_day = days[day]
            except KeyError:
                effort, of_day = sums.add_day(day)
            effort[0] += 1
            if took_ms:
                effort[1] += took_ms
                effort[2] += 1
            if day < first_day:
                continue
            answered += 1
            if took_ms:
                spent_ms += took_ms
            else:
                untimed += 1
            if standing == TEST:
                tests += 1
                expected_sum += recall
                by_lesson += recall
                by_domain += recall
                by_kind += recall
                # Rounding may put a share such as 0.85 just below the edge of its bin.
                place = int(recall * _CALIBRATION_BINS + 1e-9)
                expected_by_bin[place] += recall
                of_day[0] += 1
                of_day[2] += recall
                if interval < MATURE_DAYS:
                    expected_young += recall
                    of_bin = young_bins[place]
                    young_buttons[rating] += 1
                else:
                    expected_mature += recall
                    of_bin = mature_bins[place]
                    mature_buttons[rating] += 1
                of_bin[0] += 1
                if rating > 1:
                    passed += 1
                    of_bin[1] += 1
                    of_day[1] += 1
                    losses.append(log(recall))
                else:
                    losses.append(log(1 - recall))
            elif standing == _REVIEW:
                (young_buttons if interval < MATURE_DAYS else mature_buttons)[rating] += 1
            elif standing != CRAM:
                learning_buttons[rating] += 1
        if answered:
            effort = sums.effort_by_kind.setdefault(subject.kind, [0, 0, 0])
            effort[0] += answered
            effort[1] += spent_ms
            effort[2] += answered - untimed
        if tests:
            expected = (by_lesson, by_domain, by_kind)
            for group, name, tally, by in zip(sums.groups, subject, tallies, expected, strict=True):
                tally[0] += tests
                tally[1] += passed
                tally[2] = by
                group[name] = tally
    for place, by in enumerate(expected_by_bin):
        tally = sums.bins[min(place, _CALIBRATION_BINS - 1)]
        tally[2] += by
        for of_age, (number, passed) in (
            (sums.young, young_bins[place]),
            (sums.mature, mature_bins[place]),
        ):
            tally[0] += number
            tally[1] += passed
            of_age[0] += number
            of_age[1] += passed
    sums.young[2], sums.mature[2], sums.expected_sum = expected_young, expected_mature, expected_sum
    for name, counts in (
        ("learning", learning_buttons),
        ("young", young_buttons),
        ("mature", mature_buttons),
    ):
        sums.buttons[name] = Counter({rating: n for rating, n in enumerate(counts) if n})
    return sums


class Recall(NamedTuple):
    """How many tests were passed, and how many were expected to be."""

    tests: int
    passed: int
    expected_sum: float

    @property
    def actual(self) -> float | None:
        """The share recalled (Anki's true retention); None without tests."""
        return self.passed / self.tests if self.tests else None

    @property
    def expected(self) -> float | None:
        """The expected share: the mean retrievability just before the tests; None without tests."""
        return self.expected_sum / self.tests if self.tests else None

    @property
    def bounds(self) -> tuple[float, float]:
        """Where the share would be, with 95% certainty, if there were many tests (Wilson's)."""
        if not self.tests:
            return 0.0, 1.0
        weight = _NORMAL_95**2 / self.tests
        share = self.passed / self.tests
        middle = (share + weight / 2) / (1 + weight)
        spread = sqrt(weight * (share * (1 - share) + weight / 4)) / (1 + weight)
        return max(middle - spread, 0.0), min(middle + spread, 1.0)


def add_recalls(by_day: Mapping[int, Recall], unit: str) -> dict[str, Recall]:
    """Sum up recall by "week" (named by its Monday) or by "month"."""
    found: dict[str, Recall] = {}
    for day, recall in by_day.items():
        on = make_date(_find_start(day, unit))
        name = f"{on:%Y-%m}" if unit == "month" else on.isoformat()
        found[name] = Recall(*map(add, found.get(name, _NO_TESTS), recall))
    return found


_NO_TESTS: Final = Recall(0, 0, 0.0)


class CalibrationBin(NamedTuple):
    """Tests whose expected recall was between two shares."""

    low: float
    high: float
    recall: Recall


class Calibration(NamedTuple):
    """How far actual recall is from expected recall."""

    bins: list[CalibrationBin]
    """The bins that have tests, lowest first."""
    error: float
    """√(Σ n·(expected − actual)² / Σ n) over the bins, which are not those of RMSE(bins)."""
    log_loss: float
    """−mean(y·ln p + (1−y)·ln(1−p)), where p is the expected recall and y is 1 or 0."""


def _calibrate(tallies: Iterable[_Tally], losses: Sequence[float]) -> Calibration | None:
    """Compare expected and actual recall in bins of expected recall; None without tests.

    The twenty bins of equal width are those of FSRS's first benchmarks. Those of RMSE(bins), as
    `cards optimize` and Anki have it, depend on the history of a prompt instead.
    """
    if not losses:
        return None
    bins = [
        CalibrationBin(place / _CALIBRATION_BINS, (place + 1) / _CALIBRATION_BINS, Recall(*tally))
        for place, tally in enumerate(tallies)
        if tally[0]
    ]
    squares = sum((b.recall.expected_sum - b.recall.passed) ** 2 / b.recall.tests for b in bins)
    return Calibration(bins, sqrt(squares / len(losses)), -sum(losses) / len(losses))


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
    """Consecutive study days with an answer; days off between them do not end it."""

    current: int
    """Up to today, or up to the last study day if nothing was answered today."""
    longest: int


def find_streak(days: Iterable[int], today: int, study_days: StudyDays = EVERY_DAY) -> Streak:
    """Return the streaks among days with an answer."""
    length = longest = current = 0
    previous: int | None = None
    for day in sorted(set(days)):
        is_next = previous is not None and not study_days.count(previous + 1, day)
        length = length + 1 if is_next else 1
        longest = max(longest, length)
        if day <= today and not study_days.count(day + 1, today):
            current = length
        previous = day
    return Streak(current, longest)


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
    for place, number in Counter(bisect_right(edges, value) for value in values).items():
        numbers[min(max(place - 1, 0), len(numbers) - 1)] += number
    return [Bin(*ends, number) for ends, number in zip(pairwise(edges), numbers, strict=True)]


def count_memories(memories: Iterable[tuple[Memory, Schedule]], today: int) -> dict[str, list[Bin]]:
    """Count memories, each with its schedule, by interval_days, stability_days and so on."""
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


def count_seconds(
    histories: Iterable[tuple[str, Iterable[AnswerRecord]]], first_day: float
) -> list[Bin]:
    """Count the answers whose time is known by the seconds they took."""
    return count_bins(
        (
            took_ms / MS_PER_SECOND
            for _, answers in histories
            for _, _, day, took_ms, _, _ in answers
            if took_ms and day >= first_day
        ),
        SECOND_EDGES,
    )
