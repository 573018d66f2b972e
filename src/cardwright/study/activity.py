"""How much was studied, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeVar

from cardwright.history import State
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
    found: dict[_Key, list[int]] = {}
    for answer in answers:
        sums = found.setdefault(name_group(answer), [0, 0, 0])
        sums[0] += 1
        sums[1] += answer.duration_ms
        sums[2] += answer.duration_ms > 0
    return {name: Effort(*sums) for name, sums in found.items()}


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
