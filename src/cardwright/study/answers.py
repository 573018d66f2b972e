"""Every answer that stands, with what was believed of its prompt just before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from cardwright.history import Act, State, count_study_day
from cardwright.study.journal import Journal
from cardwright.study.schedule import Done, Schedule
from cardwright.study.work import Work

MOST_MS: Final = 60_000
"""What an answer counts at the most: who takes longer has gone for a coffee. As in Anki."""
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


class _Before(NamedTuple):
    state: State
    interval_days: int
    retrievability: float
    is_test: bool


class _Tracer(Schedule):
    """A schedule that notes what was before each answer; whole memories would take twice as long."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(schedule.options, schedule.parameters, schedule.rollover_hour)
        self.seen: list[_Before] = []

    def _answer(self, work: Work, rating: int, at_ms: int, offset: int) -> None:
        recall, days = 0.0, 0
        if work.last_day is not None:
            day = count_study_day(at_ms, offset, self.rollover_hour)
            days = max(day - work.last_day, 0)
            recall = self._maths.recall(work.stability, days)
        is_test = days > 0 and work.state == "review"
        self.seen.append(_Before(work.state, work.interval_days, recall, is_test))
        super()._answer(work, rating, at_ms, offset)


def list_answers(journal: Journal, takes: Callable[[str], bool]) -> list[Answer]:
    """Return the answers to the prompts whose key is taken, by prompt, in order; none undone."""
    acts: dict[str, list[tuple[Done, int]]] = {}
    for review in journal.store.list_reviews():
        if review.prompt in acts or takes(review.prompt):
            done = Done(review.act, review.rating, review.at_ms, review.utc_offset_minutes)
            took_ms = min(review.duration_ms, MOST_MS)
            acts.setdefault(review.prompt, []).append((done, took_ms))
    tracers: dict[str, _Tracer] = {}
    found = []
    for prompt, rows in acts.items():
        pack = prompt.partition(":")[0]
        if pack not in tracers:
            tracers[pack] = _Tracer(journal.schedule_of(prompt))
        tracer = tracers[pack]
        tracer.seen.clear()
        tracer.replay(prompt, (done for done, _ in rows))
        seen = iter(tracer.seen)
        for done, took_ms in rows:
            if done.act == Act.ANSWER or done.act == Act.CRAM:  # noqa: PLR1714  (a set costs hashing)
                before = next(seen) if done.act == Act.ANSWER else _CRAM
                day = count_study_day(done.at_ms, done.utc_offset_minutes, tracer.rollover_hour)
                found.append(Answer(prompt, day, done.rating or 0, took_ms, *before))
    return found


_CRAM: Final = (None, 0, 0.0, False)
