"""Readiness to book the exam: booking signals, and the accuracy of forecasts so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from cardwright.blueprint import Blueprint, Signal
from cardwright.item import Item

if TYPE_CHECKING:
    from cardwright.study.stats import Answer

_MIN_FORECAST_DAYS: Final = 7


class SignalReading(NamedTuple):
    """A booking signal, and its measurement by cards."""

    signal: Signal
    recall: float | None
    """Mean expected recall of its cards, with unseen ones as 0; None if not measured."""

    @property
    def is_given(self) -> bool | None:
        """Whether it is given; None if only the candidate can judge."""
        if self.recall is None or self.signal.measure is None:
            return None
        return self.recall * 100 >= self.signal.measure.recall_percent


class ForecastCheck(NamedTuple):
    """Expected and actual recall, over answers that test the memory."""

    tests: int
    """The number of answers."""
    expected: float
    actual: float


def read_signals(
    blueprint: Blueprint, items: Iterable[Item], recalls: Mapping[str, float]
) -> list[SignalReading]:
    """Return the booking signals, measured by the prompts of the exam where possible.

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


def check_forecasts(
    answers: Iterable[Answer], min_interval_days: int = _MIN_FORECAST_DAYS
) -> ForecastCheck | None:
    """Compare expected recall over long intervals with the answers; None if it is too early."""
    tests = [
        answer for answer in answers if answer.is_test and answer.interval_days >= min_interval_days
    ]
    if not tests:
        return None
    count = len(tests)
    expected = sum(answer.retrievability for answer in tests) / count
    return ForecastCheck(count, expected, sum(answer.is_passed for answer in tests) / count)
