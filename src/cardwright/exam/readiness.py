"""How ready one is: expected recall today, booking signals, weak lessons, and how forecasts held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from cardwright.blueprint import Blueprint, Signal
from cardwright.history import Memory
from cardwright.item import Item
from cardwright.study.journal import Journal
from cardwright.study.stats import Answer

_MIN_SEEN: Final = 5
"""Prompts of a lesson that must have been asked before it can be called weak."""
_WEAK_BELOW: Final = 0.8
_MAX_WEAK: Final = 3
_MIN_FORECAST_DAYS: Final = 7


class SignalReading(NamedTuple):
    """A booking signal, and what the cards say about it."""

    signal: Signal
    recall: float | None
    """Mean expected recall of its cards, unseen ones counting as 0; None: not measured."""

    @property
    def is_given(self) -> bool | None:
        """Whether it is given; None when only the candidate can judge."""
        if self.recall is None or self.signal.measure is None:
            return None
        return self.recall * 100 >= self.signal.measure.recall_percent


class ForecastCheck(NamedTuple):
    """Expected against actual recall, over answers a week or more after the previous one."""

    tests: int
    """The number of these answers."""
    expected: float
    actual: float


def expect_recall(
    memories: Mapping[str, Memory], journal: Journal, study_day: int
) -> dict[str, float]:
    """Return the expected recall on a study day of every prompt that was ever answered, by key."""
    return {
        key: journal.schedule_of(key).retrievability(memory, study_day)
        for key, memory in memories.items()
        if memory.last_day is not None
    }


def read_signals(
    blueprint: Blueprint, items: Iterable[Item], recalls: Mapping[str, float]
) -> list[SignalReading]:
    """Return the booking signals, measured by the prompts of the exam where cards can tell.

    `recalls` holds the expected recall today of every seen prompt, by key.
    """
    items = list(items)
    readings = []
    for signal in blueprint.signals.values():
        measure = signal.measure
        recall = None
        if measure is not None:
            found = [
                recalls.get(item.key, 0.0)
                for item in items
                if measure.matches(item.lesson, item.kind, item.tags)
            ]
            recall = sum(found) / len(found) if found else 0.0
        readings.append(SignalReading(signal, recall))
    return readings


def find_weak_lessons(items: Iterable[Item], recalls: Mapping[str, float]) -> list[str]:
    """Return the few lessons whose seen prompts are recalled worst, the worst first."""
    found: dict[str, list[float]] = defaultdict(list)
    for item in items:
        if item.lesson is not None and item.key in recalls:
            found[item.lesson].append(recalls[item.key])
    means = (
        (sum(lesson_recalls) / len(lesson_recalls), lesson)
        for lesson, lesson_recalls in found.items()
        if len(lesson_recalls) >= _MIN_SEEN
    )
    weak = sorted((mean, lesson) for mean, lesson in means if mean < _WEAK_BELOW)
    return [lesson for _, lesson in weak[:_MAX_WEAK]]


def find_seen_lessons(items: Iterable[Item], recalls: Mapping[str, float]) -> set[str]:
    """Return the lessons of which every prompt was asked."""
    unseen, lessons = set(), set()
    for item in items:
        if item.lesson is not None:
            lessons.add(item.lesson)
            if item.key not in recalls:
                unseen.add(item.lesson)
    return lessons - unseen


def check_forecasts(answers: Iterable[Answer]) -> ForecastCheck | None:
    """Compare the recall expected a week or more ahead with the answers; None: there are none yet."""
    tests = [
        answer
        for answer in answers
        if answer.is_test and answer.interval_days >= _MIN_FORECAST_DAYS
    ]
    if not tests:
        return None
    count = len(tests)
    expected = sum(answer.retrievability for answer in tests) / count
    return ForecastCheck(count, expected, sum(answer.is_passed for answer in tests) / count)
