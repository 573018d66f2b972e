"""The backlog: reviews that have piled up while nobody studied, or too little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from cardwright.history import Act, Review
from cardwright.memory import Memory
from cardwright.study.workload import DueForecast

_MIN_DAYS: Final = 2
"""As much as is due on two usual days is no backlog: that is what a missed day leaves."""


class Backlog(NamedTuple):
    """More reviews than a few days' work."""

    reviews: int
    """How many are due."""
    per_day: int
    """How many the user usually answers on a day of study."""

    @property
    def days(self) -> int:
        """How many usual days they take."""
        return -(-self.reviews // self.per_day)


def find_backlog(
    forecast: DueForecast,
    recent: Iterable[Review],
    memories: Mapping[str, Memory],
    rollover_hour: int,
) -> Backlog | None:
    """Return the backlog, if there is one, compared with recent days of study.

    `memories` are those of the prompts that the forecast is for, by key.
    """
    done = {
        (review.moment.study_day(rollover_hour), review.key)
        for review in recent
        if review.act is Act.ANSWER
    }
    days = {day for day, _ in done}
    reviews = sum(
        (memory := memories.get(key)) is not None and memory.first_day != day for day, key in done
    )
    if not forecast.overdue or not reviews:
        return None
    found = Backlog(forecast.reviews[0], -(-reviews // len(days)))
    return found if found.reviews > _MIN_DAYS * found.per_day else None
