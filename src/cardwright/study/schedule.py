"""What an answer does to a memory."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from cardwright.history import Act, Memory, Moment, Rating, Review, State, count_study_day
from cardwright.model import DeckOptions
from cardwright.study.maths import DEFAULT_PARAMETERS, MODEL, Maths
from cardwright.study.work import Work

_FUZZ_FROM_DAYS: Final = 2.5
_SECONDS_PER_DAY: Final = 86_400


def limit_interval(interval: float, least: int, most: int, draw: float | None) -> int:
    """Return an interval in whole days within its limits, fuzzed by a draw from 0 to 1."""
    # No min and max: this is called a million times in a replay, and they take half of its time.
    if least > most:  # noqa: PLR1730
        least = most
    if interval < least:
        interval = least
    elif interval > most:
        interval = most
    if draw is None or interval < _FUZZ_FROM_DAYS:
        days = int(interval + 0.5)
        return least if days < least else min(days, most)
    low, high = spread_interval(interval)
    if low < least:  # noqa: PLR1730
        low = least
    if high > most:  # noqa: PLR1730
        high = most
    if low >= high:
        low = high = min(max(high, least), most)
        if 2 < high < most:  # noqa: PLR2004  (Anki's: fuzz of one day at least)
            high += 1
    return low + int(draw * (1 + high - low))


def spread_interval(interval: float) -> tuple[int, int]:
    """Return the shortest and the longest interval that fuzz may make of one."""
    if interval < _FUZZ_FROM_DAYS:
        spread = 0.0
    elif interval < 7:  # noqa: PLR2004  (Anki's ranges: 15, 10 and 5 percent of what lies in each)
        spread = 1 + 0.15 * (interval - 2.5)
    elif interval < 20:  # noqa: PLR2004
        spread = 1.675 + 0.1 * (interval - 7)
    else:
        spread = 2.975 + 0.05 * (interval - 20)
    return int(interval - spread + 0.5), int(interval + spread + 0.5)


def round_half_up(number: float) -> float:
    """Round half up, as Anki does, and Python does not."""
    return float(int(number + 0.5))


def wait_longer(steps: Sequence[int]) -> int:
    """Return the seconds that Hard waits in the first step: between Again and Good."""
    again = steps[0]
    seconds = (
        (again + steps[1]) // 2 if steps[1:] else min(again * 3 // 2, again + _SECONDS_PER_DAY)
    )
    if seconds > _SECONDS_PER_DAY:
        return int(round_half_up(seconds / _SECONDS_PER_DAY)) * _SECONDS_PER_DAY
    return seconds


_AGAIN, _HARD, _GOOD, _EASY = map(int, Rating)
_LEARNING, _REVIEW, _RELEARNING = State.LEARNING, State.REVIEW, State.RELEARNING
"""To look them up in their classes takes a tenth of the time of a replay."""
_MS_PER_SECOND: Final = 1_000
_MS_PER_MINUTE: Final = 60_000
_MS_PER_DAY: Final = 86_400_000
_SHORT_DAYS: Final = 0.5
"""Without learning steps, a shorter interval than this stays within the day."""


class Done(NamedTuple):
    """What replay needs of a Review; the fields are a Review's."""

    act: str
    rating: int | None
    at_ms: int
    utc_offset_minutes: int


class Step(NamedTuple):
    """One answer as replay met it."""

    elapsed_days: int
    """Study days since the answer before; 0 at the first."""
    before: Memory
    after: Memory
    retrievability: float
    """Expected recall at the time of the answer; 0 when it was new."""


class Schedule:
    """The rules under which the cards of a pack are studied."""

    def __init__(
        self,
        options: DeckOptions,
        parameters: Sequence[float] = DEFAULT_PARAMETERS,
        rollover_hour: int = 4,
    ) -> None:
        """Take a pack's options and the 21 parameters of its FSRS-6."""
        self.options = options
        self.parameters = tuple(parameters)
        self.rollover_hour = rollover_hour
        self._rollover_ms = rollover_hour * 3_600_000
        self._maths = Maths(parameters, options.desired_retention)
        self._hard_share, self._easy_share = self.parameters[15:17]
        self._steps = _in_seconds(options.learning_steps_minutes)
        self._relearning_steps = _in_seconds(options.relearning_steps_minutes)
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
        """All that a memory depends on: when it changes, memories are to be made anew."""

    def apply(self, memory: Memory, review: Review) -> Memory:
        """Return the memory after one more act; an undo is for replay."""
        work = Work(memory)
        done = Done(review.act, review.rating, review.at_ms, review.utc_offset_minutes)
        self._apply(work, done)
        return work.finish()

    def replay(self, prompt: str, acts: Iterable[tuple[str, int | None, int, int]]) -> Memory:
        """Return the memory of a prompt after all acts (fields as in Done), in order, none undone."""
        work = Work(Memory(prompt=prompt))
        for done in acts:
            # Most are answers, and there may be a million.
            if done[0] == "answer" and done[1]:
                self._answer(work, done[1], done[2], done[3])
            else:
                self._apply(work, done)
        return work.finish()

    def trace(self, prompt: str, acts: Iterable[Done]) -> Iterator[tuple[Done, Step]]:
        """Yield each act that was an answer, with the memory before and after it."""
        work = Work(Memory(prompt=prompt))
        before = work.finish()
        for done in acts:
            self._apply(work, done)
            after = work.finish()
            if done.act == Act.ANSWER:
                day = count_study_day(done.at_ms, done.utc_offset_minutes, self.rollover_hour)
                is_new = before.state is State.NEW
                days = 0 if before.last_day is None else max(day - before.last_day, 0)
                recall = 0.0 if is_new else self._maths.recall(before.stability, days)
                yield done, Step(days, before, after, recall)
            before = after

    def preview(self, memory: Memory, moment: Moment) -> dict[Rating, Memory]:
        """Return what the memory would be after each answer."""
        outcomes = {}
        for rating in Rating:
            work = Work(memory)
            self._apply(work, Done(Act.ANSWER, rating, *moment))
            outcomes[rating] = work.finish()
        return outcomes

    def retrievability(self, memory: Memory, study_day: int) -> float:
        """Return the expected recall of a prompt on a study day; 0 when it is new."""
        if memory.last_day is None:
            return 0.0
        return self._maths.recall(memory.stability, max(study_day - memory.last_day, 0))

    def _apply(self, work: Work, done: tuple[str, int | None, int, int]) -> None:
        act, rating, at_ms, offset = done
        if act == "answer" and rating is not None:
            self._answer(work, rating, at_ms, offset)
        elif act in {"suspend", "unsuspend"}:
            work.is_suspended = act == "suspend"
        elif act == "bury":
            work.buried_day = count_study_day(at_ms, offset, self.rollover_hour)
        elif act == "unbury":
            work.buried_day = None
        elif act in {"flag", "unflag"}:
            work.is_flagged = act == "flag"
        elif act == "reset":
            work.forget()

    def _answer(self, work: Work, rating: int, at_ms: int, offset: int) -> None:
        local_ms = at_ms + offset * _MS_PER_MINUTE - self._rollover_ms
        day = local_ms // _MS_PER_DAY
        last_day = work.last_day
        maths = self._maths
        stability, difficulty = work.stability, work.difficulty
        days = 0
        if last_day is None:
            work.first_day = day
            work.stability, work.difficulty = maths.start(rating)
        else:
            # A clock that was set back takes nothing away: the days between are none.
            days = max(day - last_day, 0)
            work.stability = maths.stabilise(stability, difficulty, days, rating)
            work.difficulty = maths.toughen(difficulty, rating)
        work.reps += 1
        work.last_day = day
        work.last_at_ms = at_ms
        if work.state == "review":
            delay_s = self._answer_review(work, rating, stability, difficulty, days)
        else:
            delay_s = self._answer_learning(work, rating, stability, difficulty, days)
        if delay_s is None:
            due_day = day + work.interval_days
            work.state = _REVIEW
            work.step = None
            work.due_day = due_day
            work.due_at_ms = at_ms - local_ms + due_day * _MS_PER_DAY
        else:
            work.interval_days = 0
            work.due_at_ms = at_ms + delay_s * _MS_PER_SECOND
            work.due_day = (local_ms + delay_s * _MS_PER_SECOND) // _MS_PER_DAY

    def _answer_learning(
        self, work: Work, rating: int, stability: float, difficulty: float, days: int
    ) -> int | None:
        """Set the step, and return the seconds to wait; or set the interval, and return None."""
        scale, most = self._maths.interval_per_stability, self.options.maximum_interval_days
        is_relearning = work.state == "relearning"
        steps = self._relearning_steps if is_relearning else self._steps
        if work.state == "new":
            work.state = _LEARNING
        step = min(work.step or 0, max(len(steps) - 1, 0))
        if rating == _AGAIN:
            step = 0
        elif rating == _GOOD:
            step += 1
        work.step = step
        if rating != _EASY:
            if step < len(steps):
                if rating == _HARD and step == 0:
                    return wait_longer(steps)
                return steps[step]
            interval = work.stability * scale
            if not steps and interval < _SHORT_DAYS:
                return int(interval * _SECONDS_PER_DAY)
            work.interval_days = limit_interval(
                max(round_half_up(interval), 1.0), 1, most, self._draw(work)
            )
            return None
        if stability:
            good = self._maths.stabilise(stability, difficulty, days, _GOOD)
        else:
            good = self._maths.start(_GOOD)[0]
        draw = self._draw(work)
        least = limit_interval(good * scale, 1, most, draw) + 1
        easy = max(round_half_up(work.stability * scale), 1.0)
        work.interval_days = limit_interval(easy, least, most, draw)
        return None

    def _answer_review(
        self, work: Work, rating: int, stability: float, difficulty: float, days: int
    ) -> int | None:
        scale, most = self._maths.interval_per_stability, self.options.maximum_interval_days
        if rating == _AGAIN:
            work.lapses += 1
            self._note_leech(work)
            interval = work.stability * scale
            if self._relearning_steps or interval < _SHORT_DAYS:
                work.state = _RELEARNING
                work.step = 0
                steps = self._relearning_steps
                return steps[0] if steps else int(interval * _SECONDS_PER_DAY)
            work.interval_days = limit_interval(
                max(round_half_up(interval), 1.0), 1, most, self._draw(work)
            )
            return None
        # Each answer's interval exceeds that of the harder one by a day at least, as in Anki, and
        # fuzz takes nothing back of what the last interval was.
        last = work.interval_days
        draw = self._draw(work)
        least = 1
        for harder in self._stabilise_harder(rating, work.stability, stability, difficulty, days):
            interval = harder * scale
            if interval + 0.5 >= last + 1:
                least = max(least, last + 1)
            elif last <= most and last <= spread_interval(min(interval, most))[1]:
                least = max(least, last)
            work.interval_days = limit_interval(interval, least, most, draw)
            least = work.interval_days + 1
        return None

    def _stabilise_harder(
        self, rating: int, reached: float, stability: float, difficulty: float, days: int
    ) -> tuple[float, ...]:
        """Return the stabilities that Hard, Good, … would give, up to this answer's own."""
        if rating == _HARD:
            return (reached,)
        if days == 0:
            harder = range(_HARD, rating)
            stabilise = self._maths.stabilise
            return (*(stabilise(stability, difficulty, 0, other) for other in harder), reached)
        # By the formula of recall, Hard adds w₁₅ of what Good adds to a stability, Easy w₁₆ of it.
        added = reached - stability
        if rating == _GOOD:
            return (stability + added * self._hard_share, reached)
        added /= self._easy_share
        return (stability + added * self._hard_share, stability + added, reached)

    def _note_leech(self, work: Work) -> None:
        """Suspend at the threshold, and again after every further half of it, as Anki does."""
        over = work.lapses - self.options.leech_lapses
        if over >= 0 and over % self._half_leech == 0:
            work.is_leech = work.is_suspended = True

    def _draw(self, work: Work) -> float | None:
        """Return a number from 0 to 1, the same whenever this answer is replayed; None: no fuzz."""
        if not self.options.fuzz:
            return None
        seed = zlib.crc32(f"{work.prompt}#{work.reps}".encode())
        return (seed * 2_654_435_761 & 0xFFFFFFFF) / 2**32


def _in_seconds(steps_minutes: Iterable[float]) -> tuple[int, ...]:
    return tuple(int(step * 60) for step in steps_minutes)
