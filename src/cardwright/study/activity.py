"""How much was studied, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Final, NamedTuple, TypeVar

from cardwright.history import State, count_days, make_date
from cardwright.study.answers import Answer

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
