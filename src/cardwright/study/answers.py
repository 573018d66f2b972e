"""Every answer that stands, with what was believed of its prompt just before."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from cardwright.history import MOST_MS, Act, State, count_study_day
from cardwright.study.journal import Journal
from cardwright.study.schedule import Schedule
from cardwright.study.work import Work

MATURE_DAYS: Final = 21
"""From this interval on a prompt is called mature, before young. As in Anki."""


class Answer(NamedTuple):
    """One answer, and its prompt just before it."""

    prompt: str
    day: int
    """Study day."""
    rating: int
    duration_ms: int
    """At most MOST_MS; 0 when it was not measured."""
    state: State | None
    """None: it was a cram, which the schedule does not count."""
    interval_days: int
    retrievability: float
    """Expected recall; 0 when it was new."""
    is_test: bool
    """Whether it tells if a memory held: the first answer of its day, in state review."""

    @property
    def is_passed(self) -> bool:
        """Whether the prompt was recalled."""
        return self.rating > 1

    @property
    def is_mature(self) -> bool:
        """Whether the prompt had a long interval."""
        return self.interval_days >= MATURE_DAYS


class _Tracer(Schedule):
    """A schedule that notes what was before each answer; whole memories would take twice as long."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(schedule.options, schedule.parameters, schedule.rollover_hour)
        self.seen: list[tuple[State, int, float, bool]] = []
        """The last fields of an Answer."""

    def _answer(self, work: Work, rating: int, at_ms: int, offset: int) -> None:
        state, recall, days = work.state, 0.0, 0
        if work.last_day is not None:
            # As the schedule has it: a clock that was set back takes nothing away.
            days = max(count_study_day(at_ms, offset, self.rollover_hour) - work.last_day, 0)
            recall = self._maths.recall(work.stability, days)
        self.seen.append((state, work.interval_days, recall, days > 0 and state == "review"))
        super()._answer(work, rating, at_ms, offset)


def list_answers(journal: Journal, takes: Callable[[str], bool]) -> list[Answer]:
    """Return the answers to the prompts whose key is taken, by prompt, in order; none undone."""
    tracers: dict[str, _Tracer] = {}
    found = []
    for prompt, rows in groupby(journal.store.list_acts(), key=itemgetter(0)):
        if not takes(prompt):
            continue
        dones, took_ms = [], []
        for row in rows:
            # As replay takes them.
            dones.append(row[2:6])
            took_ms.append(min(row[6], MOST_MS))
        pack = prompt.partition(":")[0]
        if pack not in tracers:
            tracers[pack] = _Tracer(journal.schedule_of(prompt))
        tracer = tracers[pack]
        tracer.seen.clear()
        tracer.replay(prompt, dones)
        seen = iter(tracer.seen)
        for (act, rating, at_ms, offset), spent_ms in zip(dones, took_ms, strict=True):
            if rating is not None:
                before = next(seen) if act == Act.ANSWER else _CRAM
                day = count_study_day(at_ms, offset, tracer.rollover_hour)
                found.append(Answer(prompt, day, rating, spent_ms, *before))
    return found


_CRAM: Final = (None, 0, 0.0, False)
