"""Readiness to book the exam: signals, objectives, and the accuracy of forecasts so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cardwright.blueprint import Blueprint, Objective, Signal
from cardwright.exam.plan import find_weakest
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


class ObjectiveRecall(NamedTuple):
    """The expected recall of an objective's prompts."""

    objective: Objective
    recall: float
    """The mean of all, where unseen ones count as 0; 0 without prompts."""
    seen_recall: float
    """The mean of the seen ones; 0 if none is seen."""
    seen: int


class ObjectivesReading(NamedTuple):
    """The expected recall of a set of objectives."""

    name: str
    """The name of the set; "" if the only one has no name."""
    recall: float
    """The mean of its objectives, where unseen prompts count as 0."""
    weakest: tuple[ObjectiveRecall, ...]
    """The few that are recalled worst, worst first, of those with enough seen prompts."""

    def as_json(self) -> dict[str, Any]:
        """Return the reading as a JSON object."""
        return {
            "name": self.name,
            "recall": self.recall,
            "weakest": [
                {
                    "id": found.objective.id,
                    "about": found.objective.about,
                    "recall": found.recall,
                    "seen_recall": found.seen_recall,
                    "seen": found.seen,
                }
                for found in self.weakest
            ],
        }


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
                if measure.matches(item.lesson, item.objectives, item.kind, item.tags)
            ]
            recall = sum(found) / len(found) if found else 0.0
        readings.append(SignalReading(signal, recall))
    return readings


def read_objectives(
    blueprint: Blueprint, items: Iterable[Item], recalls: Mapping[str, float]
) -> list[ObjectivesReading]:
    """Return what to expect of each set of objectives, by the prompts of the exam.

    `recalls` holds the expected recall today of every seen prompt, by key.
    """
    prompts: dict[str, list[str]] = {name: [] for name in blueprint.objectives}
    for item in items:
        for name in item.objectives:
            prompts.get(name, []).append(item.key)
    seen = {
        name: [recalls[key] for key in keys if key in recalls] for name, keys in prompts.items()
    }

    def read(objective: Objective) -> ObjectiveRecall:
        found = seen[objective.id]
        return ObjectiveRecall(
            objective,
            sum(found) / max(len(prompts[objective.id]), 1),
            sum(found) / max(len(found), 1),
            len(found),
        )

    readings = []
    for name, objectives in blueprint.objective_sets.items():
        found = {objective.id: read(objective) for objective in objectives}
        weakest = find_weakest({id: seen[id] for id in found})
        recall = sum(one.recall for one in found.values()) / len(found)
        readings.append(ObjectivesReading(name, recall, tuple(found[id] for id in weakest)))
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
