"""How well it goes: what was recalled against what was expected, and what is in memory now."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from math import inf, log, sqrt
from typing import Final, NamedTuple, TypeVar

from cardwright.history import Memory, State
from cardwright.study.answers import MATURE_DAYS, Answer

_Key = TypeVar("_Key")
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
