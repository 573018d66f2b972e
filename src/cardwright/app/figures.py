"""What there is to tell about the studying of some prompts, for every front end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from math import inf
from typing import Final, TypeVar

from cardwright.app.choice import Choice
from cardwright.app.study import Study
from cardwright.history import MS_PER_DAY, MS_PER_HOUR, SECONDS_PER_MINUTE, is_kept, namespace_of
from cardwright.item import Item
from cardwright.memory import Memory
from cardwright.study.histories import Histories
from cardwright.study.stats import (
    Bin,
    Stats,
    Subject,
    compute_stats,
    count_memories,
    count_seconds,
)
from cardwright.study.workload import DueForecast, forecast_load, read_pace

LOAD_DAYS: Final = 30
"""So many days of reviews to come are shown."""
_HOURS: Final = 24

_T = TypeVar("_T")


class Figures:
    """The statistics of chosen prompts; each part is computed once, when it is asked for."""

    def __init__(self, study: Study, choice: Choice, days: int | None) -> None:
        """Choose prompts, and the study days up to today, or all.

        Raises:
            ProjectError: a name in the choice matches no deck.

        """
        self.today = study.today
        self.days = days
        self._study = study
        self._memories = study.read_memories()
        # An index makes its prompts anew whenever they are listed.
        items = list(choice.choose_by_history(study.items, self._memories))
        self._subjects = _name_subjects(study, items)
        # Without a choice, answers to cards that are not in the sources, or were kept, count too.
        self._is_all = len(items) == len(study.items)
        self._histories = Histories(study.journal)

    @cached_property
    def stats(self) -> Stats:
        """Recall, effort, and how far the prompts have been learned."""
        off = self._study.journal.days
        return self._compute(
            lambda: compute_stats(
                self._histories.list(self._is_chosen),
                self._subjects,
                self._memories,
                self.today,
                self.days,
                off,
            )
        )

    @cached_property
    def seconds(self) -> Sequence[Bin]:
        """Answers by the seconds they took."""
        return self._compute(
            lambda: count_seconds(self._histories.list(self._is_chosen), self._first_day)
        )

    @cached_property
    def hours(self) -> Sequence[int]:
        """Answers by the hour of the day in which they were given."""
        since_ms = 0
        if self.days is not None:
            rollover_ms = self._study.journal.rollover_hour * MS_PER_HOUR
            since_ms = (self.today - self.days + 1) * MS_PER_DAY + rollover_ms
        numbers = [0] * _HOURS
        for key, hour, number in self._study.store.count_hours(since_ms):
            if self._is_chosen(key):
                numbers[hour] += number
        return numbers

    @cached_property
    def histograms(self) -> dict[str, list[Bin]]:
        """Current memories by interval, stability, difficulty and expected recall."""
        schedule_of = self._study.journal.schedule_of
        return count_memories(
            ((memory, schedule_of(memory.key)) for memory in self._known()), self.today
        )

    @cached_property
    def load(self) -> DueForecast:
        """The reviews of the coming days by due date, as `cards due` shows them."""
        limits = self._study.journal.limits
        return forecast_load(self._known(), self._memories.values(), limits, self.today, LOAD_DAYS)

    @cached_property
    def minutes_per_review(self) -> float:
        """How long a review takes, judging by the latest ones."""
        return read_pace(self._study.journal).review_s / SECONDS_PER_MINUTE

    def keep(self) -> None:
        """Keep what had to be computed from the reviews, for the next time."""
        self._histories.keep()

    @property
    def _first_day(self) -> float:
        return -inf if self.days is None else self.today - self.days + 1

    def _known(self) -> list[Memory]:
        return [memory for key, memory in self._memories.items() if key in self._subjects]

    def _is_chosen(self, key: str) -> bool:
        if key in self._subjects:
            return True
        name = namespace_of(key)
        return self._is_all and (name in self._study.journal.options or is_kept(name))

    def _compute(self, compute: Callable[[], _T]) -> _T:
        try:
            return compute()
        except (ValueError, ArithmeticError, LookupError):
            # What was kept is damaged.
            self._histories = Histories(self._study.journal, with_kept=False)
            return compute()


def _name_subjects(study: Study, items: Sequence[Item]) -> dict[str, Subject]:
    """Return the subjects of prompts by key; if there are several packs, with the pack's name."""
    has_packs = len({item.pack for item in items}) > 1
    blueprints = study.sources.blueprints

    # Most prompts share these three with others.
    @cache
    def name_subject(pack: str, lesson_id: str | None, kind: str) -> Subject:
        blueprint = blueprints.get(pack)
        lesson = blueprint.lessons.get(lesson_id or "") if blueprint else None
        domain = blueprint.domain_of(lesson_id) if blueprint else None
        prefix = f"{pack}: " if has_packs else ""
        return Subject(
            prefix + str(lesson or lesson_id or "no lesson"),
            prefix + (domain.name if domain else "no domain"),
            kind,
        )

    return {item.key: name_subject(item.pack, item.lesson, item.kind) for item in items}
