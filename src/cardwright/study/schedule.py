"""The scheduler: how an answer changes a memory, with FSRS and Anki's rules for intervals.

Stability and difficulty follow the formulas in `fsrs.py`. Days, steps, interval limits, fuzz and
leeches follow Anki's scheduler (rslib/src/scheduler/states), not the `fsrs` package;
tests/study/test_parity.py compares them with Anki's backend. An answer belongs to the study day in
the time zone where it was given, so a replay on a machine elsewhere gives the same days.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from cardwright.history import (
    MS_PER_DAY,
    MS_PER_HOUR,
    MS_PER_MINUTE,
    MS_PER_SECOND,
    Act,
    Moment,
    Rating,
    Review,
    count_study_day,
    unpack_ease,
)
from cardwright.memory import Memory, State
from cardwright.model import DeckOptions
from cardwright.study.fsrs import DEFAULT_PARAMETERS, MODEL, Fsrs

_MIN_FUZZED_DAYS: Final = 2.5
_SECONDS_PER_DAY: Final = 86_400
_MIN_INTERVAL_DAYS: Final = 0.5
"""Without learning steps, an interval shorter than this stays within the day."""
_AGAIN, _HARD, _GOOD, _EASY = map(int, Rating)
_NEW, _LEARNING, _REVIEW, _RELEARNING = State
"""Module globals, because looking them up in the classes costs a tenth of the replay time."""


class ActRow(NamedTuple):
    """The fields of a Review that a replay needs."""

    act: str
    rating: int | None
    at_ms: int
    utc_offset_minutes: int
    interval_days: int | None = None
    interval_basis: int | None = None


_Act = tuple[str, int | None, int, int, int | None, int | None]
"""The fields of an ActRow, which are quicker to read from a tuple."""


def to_act_row(review: Review) -> ActRow:
    """Return the fields of a review that a replay needs."""
    return ActRow(
        review.act,
        review.rating,
        review.at_ms,
        review.utc_offset_minutes,
        review.interval_days,
        review.interval_basis,
    )


class ReplayedAnswer(NamedTuple):
    """One answer, with the memory before and after it."""

    elapsed_days: int
    """Study days since the previous answer (0 for the first)."""
    before: Memory
    after: Memory
    retrievability: float
    """Expected recall at the time of the answer (0 for a new prompt)."""


class Expectation(NamedTuple):
    """What was expected of a prompt just before an answer."""

    state: State
    interval_days: int
    retrievability: float
    """Expected recall (0 for a new prompt)."""
    is_test: bool
    """Whether the answer tests the memory: the first of its study day, in the review state."""


class _Draft:
    """A mutable Memory, used while it is being computed."""

    __slots__ = Memory._fields
    key: str
    state: State
    is_suspended: bool
    is_leech: bool
    is_flagged: bool
    step: int | None
    stability: float
    difficulty: float
    due_at_ms: int | None
    due_day: int | None
    interval_days: int
    first_day: int | None
    last_day: int | None
    last_at_ms: int | None
    reps: int
    lapses: int
    buried_day: int | None

    def __init__(self, memory: Memory) -> None:
        self._load(memory)

    def _load(self, memory: Memory) -> None:
        for name, value in zip(Memory._fields, memory, strict=True):
            setattr(self, name, value)

    def finish(self) -> Memory:
        return Memory._make(_READ_FIELDS(self))

    def reset(self) -> None:
        """Reset to new, but keep the flag, suspension and burial."""
        blank = Memory(
            key=self.key,
            is_suspended=self.is_suspended,
            is_flagged=self.is_flagged,
            buried_day=self.buried_day,
        )
        self._load(blank)


_READ_FIELDS: Final = attrgetter(*Memory._fields)


class Schedule:
    """The rules under which the prompts of a pack are studied."""

    def __init__(
        self,
        options: DeckOptions,
        parameters: Sequence[float] = DEFAULT_PARAMETERS,
        rollover_hour: int = 4,
    ) -> None:
        """Initialize with a pack's options and its 21 parameters of FSRS-6.

        Raises:
            ValueError: the parameters are invalid.

        """
        self.options = options
        self.parameters = tuple(parameters)
        self.rollover_hour = rollover_hour
        self._rollover_ms = rollover_hour * MS_PER_HOUR
        self._fsrs = Fsrs(parameters)
        self._interval_factor = self._fsrs.interval_factor(options.desired_retention)
        self._hard_share, self._easy_share = self.parameters[15:17]
        self._steps = _to_seconds(options.learning_steps_minutes)
        self._relearning_steps = _to_seconds(options.relearning_steps_minutes)
        # Looked up a million times in a long replay.
        self._max_days = options.maximum_interval_days
        self._has_fuzz = options.fuzz
        self._half_leech = max(1, -(-options.leech_lapses // 2))
        self.rules = json.dumps(
            [
                MODEL,
                self.parameters,
                rollover_hour,
                options.desired_retention,
                options.maximum_interval_days,
                options.learning_steps_minutes,
                options.relearning_steps_minutes,
                options.leech_lapses,
                options.fuzz,
            ]
        )
        """Everything that a memory depends on besides reviews; memories are rebuilt when it changes."""
        basis = f"{options.desired_retention:.4f} {' '.join(f'{w:.4f}' for w in self.parameters)} "
        self._basis_start = zlib.crc32(basis.encode())
        self._bases: dict[int, int] = {}
        """The cached results of `make_basis`."""

    def make_basis(self, reps: int) -> int:
        """Return what the interval after an answer rests on: parameters, retention, and its number.

        `reps` counts the answers since the last reset, with this one. An interval that the user was
        promised counts as long as the basis is the same; so it does not once an earlier answer is
        inserted or undone.
        """
        basis = self._bases.get(reps)
        if basis is None:
            basis = self._bases[reps] = zlib.crc32(str(reps).encode(), self._basis_start)
        return basis

    def apply(self, memory: Memory, review: Review) -> Memory:
        """Return the memory after one more act. An undo needs `replay` instead."""
        draft = _Draft(memory)
        self._apply(draft, to_act_row(review))
        return draft.finish()

    def replay(self, key: str, acts: Iterable[_Act]) -> Memory:
        """Return a prompt's memory after acts in order (ActRow fields), without undone ones."""
        draft, answer = _Draft(Memory(key=key)), self._answer
        for act, rating, at_ms, offset, days, basis in acts:
            # A fast path: most acts are answers, and there may be a million.
            if act == "answer" and rating:
                answer(draft, rating, at_ms, offset, days, basis)
            else:
                self._apply(draft, (act, rating, at_ms, offset, days, basis))
        return draft.finish()

    def trace(self, key: str, acts: Iterable[ActRow]) -> Iterator[tuple[ActRow, ReplayedAnswer]]:
        """Yield each answer among acts, with the memory before and after it."""
        draft = _Draft(Memory(key=key))
        before = draft.finish()
        for act in acts:
            self._apply(draft, act)
            after = draft.finish()
            if act.act == Act.ANSWER:
                day = count_study_day(act.at_ms, act.utc_offset_minutes, self.rollover_hour)
                days = 0 if before.last_day is None else max(day - before.last_day, 0)
                yield act, ReplayedAnswer(days, before, after, self.retrievability(before, day))
            before = after

    def list_expectations(self, key: str, acts: Iterable[_Act]) -> list[Expectation]:
        """Return what was expected at each answer among acts (ActRow fields), in order.

        This takes half the time of `trace`, which builds two complete memories per answer.
        """
        draft = _Draft(Memory(key=key))
        found = []
        for act, rating, at_ms, offset, days, basis in acts:
            if act == "answer" and rating:
                found.append(self._expect(draft, at_ms, offset))
                self._answer(draft, rating, at_ms, offset, days, basis)
            else:
                self._apply(draft, (act, rating, at_ms, offset, days, basis))
        return found

    def preview(self, memory: Memory, moment: Moment) -> dict[Rating, Memory]:
        """Return the memory after each possible answer."""
        outcomes = {}
        for rating in Rating:
            draft = _Draft(memory)
            self._answer(draft, rating, *moment)
            outcomes[rating] = draft.finish()
        return outcomes

    def retrievability(self, memory: Memory, study_day: int) -> float:
        """Return the expected recall of a prompt on a study day (0 for a new prompt)."""
        if memory.last_day is None:
            return 0.0
        days = max(study_day - memory.last_day, 0)
        return float(self._fsrs.retrievability(memory.stability, days))

    def _expect(self, draft: _Draft, at_ms: int, offset: int) -> Expectation:
        if draft.last_day is None:
            return Expectation(draft.state, 0, 0.0, is_test=False)
        days = max(count_study_day(at_ms, offset, self.rollover_hour) - draft.last_day, 0)
        recall = self._fsrs.retrievability(draft.stability, days)
        is_test = days > 0 and draft.state is _REVIEW
        return Expectation(draft.state, draft.interval_days, recall, is_test)

    def _apply(self, draft: _Draft, row: _Act) -> None:
        act, rating, at_ms, offset, days, basis = row
        if act == "answer" and rating is not None:
            self._answer(draft, rating, at_ms, offset, days, basis)
        elif act in {"suspend", "unsuspend"}:
            draft.is_suspended = act == "suspend"
        elif act == "bury":
            draft.buried_day = count_study_day(at_ms, offset, self.rollover_hour)
        elif act == "unbury":
            draft.buried_day = None
        elif act in {"flag", "unflag"}:
            draft.is_flagged = act == "flag"
        elif act == "reset":
            draft.reset()
        elif act == "reschedule" and days is not None:
            self._reschedule(draft, days, at_ms, offset)
        elif act == "assume" and days is not None and basis is not None:
            self._assume(draft, days, basis, at_ms, offset)

    def _assume(self, draft: _Draft, days: int, basis: int, at_ms: int, offset: int) -> None:
        """Do as Anki with the first answer it knows: it derives the memory from what that led to."""
        draft.stability, draft.difficulty = self._fsrs.assume_memory(days, *unpack_ease(basis))
        if draft.state in {_NEW, _LEARNING}:
            local_ms = at_ms + offset * MS_PER_MINUTE - self._rollover_ms
            draft.state = _REVIEW
            draft.step = None
            draft.interval_days = days
            draft.last_day = local_ms // MS_PER_DAY
            draft.first_day = draft.last_day if draft.first_day is None else draft.first_day
            draft.last_at_ms = at_ms
            draft.due_day = draft.last_day + days
            draft.due_at_ms = at_ms - local_ms + draft.due_day * MS_PER_DAY

    def _reschedule(self, draft: _Draft, days: int, at_ms: int, offset: int) -> None:
        """Do as Anki's "set due date": the interval is counted from the last answer, if it had one."""
        local_ms = at_ms + offset * MS_PER_MINUTE - self._rollover_ms
        day = local_ms // MS_PER_DAY
        has_interval = draft.interval_days > 0 or draft.state is _RELEARNING
        if has_interval and draft.last_day is not None:
            draft.interval_days = max(day - draft.last_day, 0) + days
        draft.state = _REVIEW
        draft.step = None
        draft.due_day = day + days
        draft.due_at_ms = at_ms - local_ms + draft.due_day * MS_PER_DAY

    def _answer(
        self,
        draft: _Draft,
        rating: int,
        at_ms: int,
        offset: int,
        promised: int | None = None,
        basis: int | None = None,
    ) -> None:
        local_ms = at_ms + offset * MS_PER_MINUTE - self._rollover_ms
        day = local_ms // MS_PER_DAY
        last_day = draft.last_day
        fsrs = self._fsrs
        stability, difficulty = draft.stability, draft.difficulty
        days = 0
        if last_day is None:
            draft.first_day = day
            draft.stability = fsrs.initial_stability(rating)
            draft.difficulty = fsrs.initial_difficulty(rating)
        else:
            # A clock that was set back must not make the elapsed days negative.
            days = max(day - last_day, 0)
            draft.stability = fsrs.next_stability(stability, difficulty, days, rating)
            draft.difficulty = fsrs.next_difficulty(difficulty, rating)
        draft.reps += 1
        draft.last_day = day
        draft.last_at_ms = at_ms
        if promised is not None:
            if basis != self.make_basis(draft.reps):
                promised = None
            elif promised > self._max_days:
                promised = self._max_days
        if draft.state is _REVIEW:
            delay_s = self._answer_review(draft, rating, stability, difficulty, days, promised)
        else:
            delay_s = self._answer_learning(draft, rating, stability, difficulty, days, promised)
        if delay_s is None:
            due_day = day + draft.interval_days
            draft.state = _REVIEW
            draft.step = None
            draft.due_day = due_day
            draft.due_at_ms = at_ms - local_ms + due_day * MS_PER_DAY
        else:
            draft.interval_days = 0
            draft.due_at_ms = at_ms + delay_s * MS_PER_SECOND
            draft.due_day = (local_ms + delay_s * MS_PER_SECOND) // MS_PER_DAY

    def _answer_learning(
        self,
        draft: _Draft,
        rating: int,
        stability: float,
        difficulty: float,
        days: int,
        promised: int | None,
    ) -> int | None:
        """Set the step and return the seconds to wait; or set the interval and return None.

        Stability and difficulty are the values before the answer. A promised interval is kept.
        """
        factor, max_days = self._interval_factor, self._max_days
        steps = self._relearning_steps if draft.state is _RELEARNING else self._steps
        if draft.state is _NEW:
            draft.state = _LEARNING
        step = min(draft.step or 0, max(len(steps) - 1, 0))
        if rating == _AGAIN:
            step = 0
        elif rating == _GOOD:
            step += 1
        draft.step = step
        if rating != _EASY:
            if step < len(steps):
                if rating == _HARD and step == 0:
                    return hard_delay(steps)
                return steps[step]
            interval = draft.stability * factor
            if not steps and interval < _MIN_INTERVAL_DAYS:
                return int(interval * _SECONDS_PER_DAY)
            draft.interval_days = promised or limit_interval(
                max(round_half_up(interval), 1.0), 1, max_days, self._draw(draft)
            )
            return None
        if promised:
            draft.interval_days = promised
            return None
        if stability:
            good = self._fsrs.next_stability(stability, difficulty, days, _GOOD)
        else:
            good = self._fsrs.initial_stability(_GOOD)
        draw = self._draw(draft)
        min_days = limit_interval(good * factor, 1, max_days, draw) + 1
        easy = max(round_half_up(draft.stability * factor), 1.0)
        draft.interval_days = limit_interval(easy, min_days, max_days, draw)
        return None

    def _answer_review(
        self,
        draft: _Draft,
        rating: int,
        stability: float,
        difficulty: float,
        days: int,
        promised: int | None,
    ) -> int | None:
        """Set the interval and return None; or start relearning and return the seconds to wait."""
        factor, max_days = self._interval_factor, self._max_days
        if rating == _AGAIN:
            draft.lapses += 1
            self._mark_leech(draft)
            interval = draft.stability * factor
            if self._relearning_steps or interval < _MIN_INTERVAL_DAYS:
                draft.state = _RELEARNING
                draft.step = 0
                steps = self._relearning_steps
                return steps[0] if steps else int(interval * _SECONDS_PER_DAY)
            draft.interval_days = promised or limit_interval(
                max(round_half_up(interval), 1.0), 1, max_days, self._draw(draft)
            )
            return None
        if promised:
            draft.interval_days = promised
            return None
        # As in Anki, each rating's interval is at least a day longer than that of the harder
        # rating, and fuzz never makes it shorter than the previous interval.
        previous = draft.interval_days
        draw = self._draw(draft)
        min_days = 1
        for harder in self._list_stabilities(rating, draft.stability, stability, difficulty, days):
            interval = harder * factor
            if interval + 0.5 >= previous + 1:
                min_days = max(min_days, previous + 1)
            elif previous <= max_days and previous <= fuzz_range(min(interval, max_days))[1]:
                min_days = max(min_days, previous)
            draft.interval_days = limit_interval(interval, min_days, max_days, draw)
            min_days = draft.interval_days + 1
        return None

    def _list_stabilities(
        self, rating: int, reached: float, stability: float, difficulty: float, days: int
    ) -> tuple[float, ...]:
        """Return the stabilities that Hard, Good, … give, up to this answer's rating."""
        if rating == _HARD:
            return (reached,)
        if days == 0:
            if not stability:
                # It was new when it was rescheduled.
                return tuple(map(self._fsrs.initial_stability, range(_HARD, rating + 1)))
            harder = range(_HARD, rating)
            next_stability = self._fsrs.next_stability
            return (*(next_stability(stability, difficulty, 0, r) for r in harder), reached)
        # By the recall formula, Hard adds w₁₅ times what Good adds to the stability, Easy w₁₆ times.
        added = reached - stability
        if rating == _GOOD:
            return (stability + added * self._hard_share, reached)
        added /= self._easy_share
        return (stability + added * self._hard_share, stability + added, reached)

    def _mark_leech(self, draft: _Draft) -> None:
        """Suspend at the threshold and after every further half of it, as Anki does."""
        over = draft.lapses - self.options.leech_lapses
        if over >= 0 and over % self._half_leech == 0:
            draft.is_leech = draft.is_suspended = True

    def _draw(self, draft: _Draft) -> float | None:
        """Return a number from 0 to 1, stable across replays of this answer; None without fuzz."""
        if not self._has_fuzz:
            return None
        seed = zlib.crc32(f"{draft.key}#{draft.reps}".encode())
        return (seed * 2_654_435_761 & 0xFFFFFFFF) / 2**32


def limit_interval(interval: float, min_days: int, max_days: int, draw: float | None) -> int:
    """Return an interval in whole days within the limits, fuzzed by a draw from 0 to 1."""
    # A replay calls this a million times, and `min` and `max` would take half of its time.
    if min_days > max_days:  # noqa: PLR1730
        min_days = max_days
    if interval < min_days:
        interval = min_days
    elif interval > max_days:
        interval = max_days
    if draw is None or interval < _MIN_FUZZED_DAYS:
        days = int(interval + 0.5)
        return min_days if days < min_days else min(days, max_days)
    low, high = fuzz_range(interval)
    if low < min_days:  # noqa: PLR1730
        low = min_days
    if high > max_days:  # noqa: PLR1730
        high = max_days
    if low >= high:
        low = high = min(max(high, min_days), max_days)
        if 2 < high < max_days:  # noqa: PLR2004  (Anki's: fuzz of at least one day)
            high += 1
    return low + int(draw * (1 + high - low))


def fuzz_range(interval: float) -> tuple[int, int]:
    """Return the shortest and longest fuzzed interval, in days."""
    if interval < _MIN_FUZZED_DAYS:
        spread = 0.0
    elif interval < 7:  # noqa: PLR2004  (Anki's ranges: 15, 10 and 5 percent of each part)
        spread = 1 + 0.15 * (interval - 2.5)
    elif interval < 20:  # noqa: PLR2004
        spread = 1.675 + 0.1 * (interval - 7)
    else:
        spread = 2.975 + 0.05 * (interval - 20)
    return int(interval - spread + 0.5), int(interval + spread + 0.5)


def round_half_up(number: float) -> float:
    """Round half up, as Anki does (Python's `round` rounds half to even)."""
    return float(int(number + 0.5))


def hard_delay(steps: Sequence[int]) -> int:
    """Return the delay of Hard in the first step, in seconds: between Again and Good."""
    again = steps[0]
    seconds = (
        (again + steps[1]) // 2 if steps[1:] else min(again * 3 // 2, again + _SECONDS_PER_DAY)
    )
    if seconds > _SECONDS_PER_DAY:
        return int(round_half_up(seconds / _SECONDS_PER_DAY)) * _SECONDS_PER_DAY
    return seconds


def _to_seconds(steps_minutes: Iterable[float]) -> tuple[int, ...]:
    return tuple(int(step * 60) for step in steps_minutes)
