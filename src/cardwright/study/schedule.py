"""The scheduler: how an answer changes a memory, with FSRS and Anki's rules for intervals.

Stability and difficulty follow the formulas in `fsrs.py`. Days, steps, interval limits, fuzz and
leeches follow Anki's scheduler (rslib/src/scheduler/states), not the `fsrs` package;
tests/study/test_parity.py compares them with Anki's backend. An answer belongs to the study day in
the time zone where it was given, so a replay on a machine elsewhere gives the same days.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
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
_LATER_DAYS: Final = 14
_MEASURED_DAYS: Final = 42
RECALLED_S: Final = 13.0
FORGOTTEN_S: Final = 31.0
"""What a review takes, with its steps: averages over Anki users, from the simulator of fsrs-rs."""
_AGAIN, _HARD, _GOOD, _EASY = map(int, Rating)
_NEW, _LEARNING, _REVIEW, _RELEARNING = State
"""Module globals, because looking them up in the classes costs a tenth of the replay time."""
_make_memory: Final = partial(tuple.__new__, Memory)
"""Makes a Memory without running the Python code of its constructor."""


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


Expectation = tuple[int, State, int, float, bool]
"""What was expected of a prompt just before an answer.

The study day of the answer; the state and the interval in days before it; the expected recall (0 for
a new prompt); and whether the answer tests the memory: the first of its study day, in the review state.
"""


Balance = Callable[[int, int, float], int]
"""Takes the shortest and the longest interval that fuzz allows, and a draw from 0 to 1; returns one
of these intervals."""


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
        self._first_memories = [(0.0, 0.0)] + [
            (self._fsrs.initial_stability(rating), self._fsrs.initial_difficulty(rating))
            for rating in Rating
        ]
        """By rating."""
        self._max_days = options.maximum_interval_days
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

    def apply(self, memory: Memory, review: Review, balance: Balance | None = None) -> Memory:
        """Return the memory after one more act. An undo needs `replay` instead.

        `balance` chooses among fuzzed intervals. A replay knows nothing of it: what was chosen must
        be promised.
        """
        return self._apply(memory, (to_act_row(review),), balance=balance)

    def replay(
        self, key: str, acts: Iterable[_Act], expected: list[Expectation] | None = None
    ) -> Memory:
        """Return a prompt's memory after acts in order (ActRow fields), without undone ones.

        What was expected at each answer is added to `expected`.
        """
        return self._apply(Memory(key=key), acts, expected)

    def trace(self, key: str, acts: Iterable[ActRow]) -> Iterator[tuple[ActRow, ReplayedAnswer]]:
        """Yield each answer among acts, with the memory before and after it."""
        before = Memory(key=key)
        for act in acts:
            after = self._apply(before, (act,))
            if act.act == Act.ANSWER:
                day = count_study_day(act.at_ms, act.utc_offset_minutes, self.rollover_hour)
                days = 0 if before.last_day is None else max(day - before.last_day, 0)
                yield act, ReplayedAnswer(days, before, after, self.retrievability(before, day))
            before = after

    def preview(
        self, memory: Memory, moment: Moment, balance: Balance | None = None
    ) -> dict[Rating, Memory]:
        """Return the memory after each possible answer, as `apply` gives it."""
        outcomes = {}
        for rating in Rating:
            act = ("answer", rating, *moment, None, None)
            outcomes[rating] = self._apply(memory, (act,), balance=balance)
        return outcomes

    def retrievability(self, memory: Memory, study_day: int) -> float:
        """Return the expected recall of a prompt on a study day (0 for a new prompt)."""
        if memory.last_day is None:
            return 0.0
        days = max(study_day - memory.last_day, 0)
        return float(self._fsrs.retrievability(memory.stability, days))

    def measure_loss(self, memory: Memory, study_day: int) -> float:
        """Return what is lost, per second, if a prompt is asked two weeks after a day instead of then.

        That is recall, summed over the six weeks from that day, divided by the time that asking is
        expected to take. benchmarks/backlog.py compares this with other orders.
        """
        if memory.last_day is None:
            # It was new when it was rescheduled.
            stability = self._first_memories[_GOOD][0]
            return self._fsrs.integrate_recall(stability, 0, _LATER_DAYS) / FORGOTTEN_S
        days = max(study_day - memory.last_day, 0)
        known, recall = self._expect(memory, days, _MEASURED_DAYS)
        known_later, _ = self._expect(memory, days + _LATER_DAYS, _MEASURED_DAYS - _LATER_DAYS)
        forgetting = self._fsrs.integrate_recall(memory.stability, days, days + _LATER_DAYS)
        seconds = recall * RECALLED_S + (1 - recall) * FORGOTTEN_S
        return (known - forgetting - known_later) / seconds

    def _expect(self, memory: Memory, days: int, measured_days: int) -> tuple[float, float]:
        """Return the recall summed over days after an answer, and the recall at the answer."""
        fsrs, stability, difficulty = self._fsrs, memory.stability, memory.difficulty
        recalled, _, recall = fsrs.next_memory(stability, difficulty, days, _GOOD)
        forgotten, _, _ = fsrs.next_memory(stability, difficulty, days, _AGAIN)
        known = recall * fsrs.integrate_recall(recalled, 0, measured_days)
        return known + (1 - recall) * fsrs.integrate_recall(forgotten, 0, measured_days), recall

    def _apply(  # noqa: C901, PLR0912, PLR0915  (one loop: see below)
        self,
        memory: Memory,
        acts: Iterable[_Act],
        expected: list[Expectation] | None = None,
        balance: Balance | None = None,
    ) -> Memory:
        """Return a memory after more acts; add to `expected` what was expected at each answer.

        The replay of a long history is this one loop: everything is in local variables, because calls
        and attributes took two thirds of its time.
        """
        # fmt: off
        (
            key, state, is_suspended, is_leech, is_flagged, step, stability, difficulty, due_at_ms,
            due_day, interval, first_day, last_day, last_at_ms, reps, lapses, buried_day,
        ) = memory
        # fmt: on
        fsrs, rollover_ms, bases = self._fsrs, self._rollover_ms, self._bases
        next_memory, first_memories = fsrs.next_memory, self._first_memories
        learning_steps, relearning_steps = self._steps, self._relearning_steps
        factor, max_days, leech_lapses = (
            self._interval_factor,
            self._max_days,
            self.options.leech_lapses,
        )
        draw: float | None = None
        fuzz_start = zlib.crc32(f"{key}#".encode()) if self.options.fuzz else None
        answered_ms, delay_s = 0, None
        has_due = True
        """Whether what is due was set by something else than the last answer."""
        for act, rating, at_ms, offset, days, basis in acts:
            local_ms = at_ms + offset * MS_PER_MINUTE - rollover_ms
            day = local_ms // MS_PER_DAY
            if act != "answer" or not rating:
                if act in {"suspend", "unsuspend"}:
                    is_suspended = act == "suspend"
                elif act == "bury":
                    buried_day = day
                elif act == "unbury":
                    buried_day = None
                elif act in {"flag", "unflag"}:
                    is_flagged = act == "flag"
                elif act == "reset":
                    # It keeps the flag, the suspension and the burial.
                    state, is_leech, step, stability, difficulty = _NEW, False, None, 0.0, 0.0
                    due_at_ms = due_day = first_day = last_day = last_at_ms = None
                    interval = reps = lapses = 0
                    has_due = True
                elif act == "reschedule" and days is not None:
                    # As Anki's "set due date": the interval is counted from the last answer, if it
                    # had one.
                    if last_day is not None and (interval > 0 or state is _RELEARNING):
                        interval = max(day - last_day, 0) + days
                    state, step = _REVIEW, None
                    due_day = day + days
                    due_at_ms = at_ms - local_ms + due_day * MS_PER_DAY
                    has_due = True
                elif act == "assume" and days is not None and basis is not None:
                    # As Anki does with the first answer it knows: it derives the memory from what
                    # that led to.
                    stability, difficulty = fsrs.assume_memory(days, *unpack_ease(basis))
                    if state is _NEW or state is _LEARNING:
                        state, step, interval = _REVIEW, None, days
                        last_day, last_at_ms = day, at_ms
                        first_day = day if first_day is None else first_day
                        due_day = day + days
                        due_at_ms = at_ms - local_ms + due_day * MS_PER_DAY
                        has_due = True
                continue

            answered_ms, has_due = local_ms, False
            if last_day is None:
                first_day, elapsed = day, 0
                reached, reached_difficulty = first_memories[rating]
                if expected is not None:
                    expected.append((day, state, 0, 0.0, False))
            else:
                # A clock that was set back must not make the elapsed days negative.
                elapsed = day - last_day if day > last_day else 0
                reached, reached_difficulty, recall = next_memory(
                    stability, difficulty, elapsed, rating
                )
                if expected is not None:
                    is_test = elapsed > 0 and state is _REVIEW
                    expected.append((day, state, interval, recall, is_test))
            reps += 1
            last_day, last_at_ms = day, at_ms
            # An interval that was promised is kept if what it rests on is unchanged.
            promised = 0
            if days is not None and basis == (bases.get(reps) or self.make_basis(reps)):
                promised = days if days < max_days else max_days  # noqa: FURB136  (a call)
            delay_s = None

            if state is not _REVIEW:
                steps = relearning_steps if state is _RELEARNING else learning_steps
                if state is _NEW:
                    state = _LEARNING
                if step is None or rating == _AGAIN or not steps:
                    step = 0
                elif step >= len(steps):
                    step = len(steps) - 1
                if rating == _GOOD:
                    step += 1
                if rating != _EASY and step < len(steps):
                    delay_s = hard_delay(steps) if rating == _HARD and step == 0 else steps[step]
                elif rating != _EASY and not steps and reached * factor < _MIN_INTERVAL_DAYS:
                    delay_s = int(reached * factor * _SECONDS_PER_DAY)
                elif promised:
                    interval = promised
                else:
                    if fuzz_start is not None:
                        draw = _draw(fuzz_start, reps)
                    min_days = 1
                    if rating == _EASY:
                        good = (
                            next_memory(stability, difficulty, elapsed, _GOOD)
                            if stability
                            else first_memories[_GOOD]
                        )
                        min_days = limit_interval(good[0] * factor, 1, max_days, draw, balance) + 1
                    exact = max(round_half_up(reached * factor), 1.0)
                    interval = limit_interval(exact, min_days, max_days, draw, balance)
            elif rating == _AGAIN:
                lapses += 1
                over = lapses - leech_lapses
                # Suspend at the threshold and after every further half of it, as Anki does.
                if over >= 0 and over % self._half_leech == 0:
                    is_leech = is_suspended = True
                if relearning_steps:
                    state, step, delay_s = _RELEARNING, 0, relearning_steps[0]
                elif reached * factor < _MIN_INTERVAL_DAYS:
                    state, step = _RELEARNING, 0
                    delay_s = int(reached * factor * _SECONDS_PER_DAY)
                elif promised:
                    interval = promised
                else:
                    if fuzz_start is not None:
                        draw = _draw(fuzz_start, reps)
                    exact = max(round_half_up(reached * factor), 1.0)
                    interval = limit_interval(exact, 1, max_days, draw, balance)
            elif promised:
                interval = promised
            else:
                # As in Anki, each rating's interval is at least a day longer than that of the harder
                # rating, and fuzz never makes it shorter than the previous interval.
                if fuzz_start is not None:
                    draw = _draw(fuzz_start, reps)
                previous, min_days = interval, 1
                harder = self._list_harder(rating, reached, stability, difficulty, elapsed)
                for harder_stability in (*harder, reached):
                    exact = harder_stability * factor
                    if exact + 0.5 >= previous + 1:
                        if min_days <= previous:
                            min_days = previous + 1
                    elif previous <= max_days and previous <= fuzz_range(min(exact, max_days))[1]:
                        min_days = max(min_days, previous)
                    interval = limit_interval(exact, min_days, max_days, draw, balance)
                    min_days = interval + 1
            stability, difficulty = reached, reached_difficulty
            if delay_s is None:
                state, step = _REVIEW, None
            else:
                interval = 0
        if not has_due and last_day is not None and last_at_ms is not None:
            if delay_s is None:
                due_day = last_day + interval
                due_at_ms = last_at_ms - answered_ms + due_day * MS_PER_DAY
            else:
                due_at_ms = last_at_ms + delay_s * MS_PER_SECOND
                due_day = (answered_ms + delay_s * MS_PER_SECOND) // MS_PER_DAY
        # fmt: off
        return _make_memory((
            key, state, is_suspended, is_leech, is_flagged, step, stability, difficulty, due_at_ms,
            due_day, interval, first_day, last_day, last_at_ms, reps, lapses, buried_day,
        ))
        # fmt: on

    def _list_harder(
        self, rating: int, reached: float, stability: float, difficulty: float, days: int
    ) -> tuple[float, ...]:
        """Return the stabilities that the ratings harder than this one give, from Hard on."""
        if rating == _HARD:
            return ()
        if days == 0:
            if not stability:
                # It was new when it was rescheduled.
                return tuple(map(self._fsrs.initial_stability, range(_HARD, rating)))
            next_stability = self._fsrs.next_stability
            return tuple(next_stability(stability, difficulty, 0, r) for r in range(_HARD, rating))
        # By the recall formula, Hard adds w₁₅ times what Good adds to the stability, Easy w₁₆ times.
        added = reached - stability
        if rating == _GOOD:
            return (stability + added * self._hard_share,)
        added /= self._easy_share
        return (stability + added * self._hard_share, stability + added)


def _draw(fuzz_start: int, reps: int) -> float:
    """Return a number from 0 to 1, stable across replays of an answer."""
    seed = zlib.crc32(b"%d" % reps, fuzz_start)
    return (seed * 2_654_435_761 & 0xFFFFFFFF) / 2**32


def limit_interval(
    interval: float,
    min_days: int,
    max_days: int,
    draw: float | None,
    balance: Balance | None = None,
) -> int:
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
        if days < min_days:
            return min_days
        return days if days < max_days else max_days  # noqa: FURB136
    low, high = fuzz_range(interval)
    if low < min_days:  # noqa: PLR1730
        low = min_days
    if high > max_days:  # noqa: PLR1730
        high = max_days
    if low >= high:
        low = high = min(max(high, min_days), max_days)
        if 2 < high < max_days:  # noqa: PLR2004  (Anki's: fuzz of at least one day)
            high += 1
    return balance(low, high, draw) if balance else low + int(draw * (1 + high - low))


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
