"""How ready one is: the signals of the blueprint, the weak lessons, and how well forecasts held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

from cardwright.blueprint import Blueprint, Signal
from cardwright.item import Item

_ENOUGH_SEEN: Final = 5
"""Prompts of a lesson that must have been asked before it can be called weak."""
_WEAK_BELOW: Final = 0.8
_MOST_WEAK: Final = 3
_LATER_DAYS: Final = 7


class Reading(NamedTuple):
    """A signal, and what the cards show of it."""

    signal: Signal
    recall: float | None
    """Mean expected recall of the cards that show it, those never asked as 0; None: not measured."""

    @property
    def is_given(self) -> bool | None:
        """Whether it speaks for booking; None when only the candidate can tell."""
        if self.recall is None or self.signal.measure is None:
            return None
        return self.recall * 100 >= self.signal.measure.recall_percent


class Held(NamedTuple):
    """What became of forecasts: answers that came a week or more after the one before."""

    tests: int
    expected: float
    actual: float


class Test(Protocol):
    """An answer that tells whether a memory held."""

    @property
    def is_test(self) -> bool:
        """Whether it does."""

    @property
    def interval_days(self) -> int:
        """The interval before it."""

    @property
    def retrievability(self) -> float:
        """What was expected."""

    @property
    def is_passed(self) -> bool:
        """Whether it was recalled."""


def read_signals(
    blueprint: Blueprint, items: Iterable[Item], expect: Callable[[Item], float]
) -> list[Reading]:
    """Return the booking signals, measured where cards show them."""
    items = list(items)
    readings = []
    for signal in blueprint.signals.values():
        measure = signal.measure
        recall = None
        if measure is not None:
            found = [expect(i) for i in items if measure.takes(i.lesson, i.kind, i.tags)]
            recall = sum(found) / len(found) if found else 0.0
        readings.append(Reading(signal, recall))
    return readings


def find_weak_lessons(
    items: Iterable[Item], expect: Callable[[Item], float], is_seen: Callable[[Item], bool]
) -> list[str]:
    """Return the lessons of which what was met is recalled worst, the worst first; few, or none."""
    recalls: dict[str, list[float]] = defaultdict(list)
    for item in items:
        if item.lesson is not None and is_seen(item):
            recalls[item.lesson].append(expect(item))
    means = {
        lesson: sum(found) / len(found)
        for lesson, found in recalls.items()
        if len(found) >= _ENOUGH_SEEN
    }
    weak = sorted((mean, lesson) for lesson, mean in means.items() if mean < _WEAK_BELOW)
    return [lesson for _, lesson in weak[:_MOST_WEAK]]


def find_met_lessons(items: Iterable[Item], is_seen: Callable[[Item], bool]) -> set[str]:
    """Return the lessons of which every prompt was asked."""
    met: dict[str, bool] = {}
    for item in items:
        if item.lesson is not None:
            met[item.lesson] = met.get(item.lesson, True) and is_seen(item)
    return {lesson for lesson, is_met in met.items() if is_met}


def hold_forecasts(answers: Iterable[Test]) -> Held | None:
    """Hold what the memory model expected over a week and more against what came; None: too early."""
    tests = [a for a in answers if a.is_test and a.interval_days >= _LATER_DAYS]
    if not tests:
        return None
    count = len(tests)
    expected = sum(test.retrievability for test in tests) / count
    return Held(count, expected, sum(test.is_passed for test in tests) / count)
