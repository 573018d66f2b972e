"""The rows that Anki's log lacks, made of reviews, each with the memory before and after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cardwright.anki.history import read_act
from cardwright.anki.rows import DEFAULT_EASE, SECONDS_PER_DAY, AnkiCard, LogKind, LogRow, Timing
from cardwright.history import MS_PER_SECOND, Act, Review
from cardwright.memory import Memory, State

_LEARNING: Final = frozenset({State.NEW, State.LEARNING})


class Step(NamedTuple):
    """An act with the memory before and after it, from a replay of all acts on its prompt."""

    review: Review
    before: Memory
    after: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What rows and card states depend on besides memories: the options of a card's deck."""

    timing: Timing
    is_fsrs: bool
    """Whether FSRS is switched on in Anki; if not, no memory is written."""
    learning_steps_minutes: Sequence[float]
    relearning_steps_minutes: Sequence[float]
    desired_retention: float
    decay: float
    """The last of the 21 parameters of FSRS-6."""

    def count_steps(self, state: State) -> int:
        """Return the number of learning or relearning steps."""
        return len(self._steps_of(state))

    def find_step_s(self, memory: Memory) -> int:
        """Return the length of the current step, in seconds; 0 if there is none."""
        steps = self._steps_of(memory.state)
        index = min(memory.step or 0, max(len(steps) - 1, 0))
        return int(steps[index] * 60) if steps else 0

    def count_interval(self, stability: float) -> int:
        """Return the interval at the desired retention, in days."""
        power = -1 / self.decay
        factor = (self.desired_retention**power - 1) / (0.9**power - 1)
        return max(int(stability * factor + 0.5), 1)

    def count_day(self, review: Review) -> int:
        """Return the study day of a review."""
        return review.moment.study_day(self.timing.rollover_hour)

    def _steps_of(self, state: State) -> Sequence[float]:
        if state is State.RELEARNING:
            return self.relearning_steps_minutes
        return self.learning_steps_minutes


def make_log_rows(
    card: AnkiCard, rows: Sequence[LogRow], steps: Iterable[tuple[int, Step]], rules: Rules
) -> list[LogRow]:
    """Return the rows of acts that the log of a card lacks; acts that have none are left out.

    `rows` are those of the card, `steps` the acts with the ids of their rows. Anki's FSRS starts to
    read with the last learning steps. So that it reads the log as a replay does, none follow an
    answer of another kind, unless Anki has written both.
    """
    made = {id: found for id, step in steps if (found := _make_log_row(card, id, step, rules))}
    merged = sorted((*rows, *made.values()))
    is_learning = False
    for row in reversed(merged):
        act, _ = read_act(row)
        if act is Act.RESET:
            is_learning = False
        elif act is Act.ANSWER and is_learning and row.id in made:
            made[row.id] = row._replace(kind=LogKind.LEARNING)
        elif act is Act.ANSWER and row.id not in made:
            is_learning = is_learning or row.kind == LogKind.LEARNING
    _begin_with_learning(merged, made)
    return sorted(made.values())


def _begin_with_learning(rows: Iterable[LogRow], made: dict[int, LogRow]) -> None:
    """Let the rows that are made begin with learning steps, and have none after other answers."""
    is_learnt = is_begun = False
    for written in rows:
        row = made.get(written.id, written)
        act, _ = read_act(row)
        if act is Act.RESET:
            is_learnt = is_begun = False
        elif act is Act.ANSWER:
            if row.id in made and row.kind == LogKind.LEARNING and is_learnt:
                row = made[row.id] = row._replace(kind=LogKind.REVIEW)
            elif row.id in made and not is_begun:
                # It was new when its due date was set; the memory starts with this answer.
                row = made[row.id] = row._replace(kind=LogKind.LEARNING)
            is_begun = True
            is_learnt = is_learnt or row.kind != LogKind.LEARNING


def _make_log_row(card: AnkiCard, row_id: int, step: Step, rules: Rules) -> LogRow | None:
    review, before, after = step
    made = LogRow(
        id=row_id,
        card_id=card.row.id,
        ease=int(review.rating or 0),
        interval=0,
        last_interval=0,
        factor=0,
        duration_ms=review.spent_ms,
        kind=LogKind.MANUAL,
    )
    if review.act is Act.CRAM:
        return made._replace(kind=LogKind.FILTERED)
    if review.act is Act.RESET:
        return made._replace(last_interval=before.interval_days)
    if review.act is Act.RESCHEDULE:
        return made._replace(
            interval=_count_rescheduled(review, before, rules),
            last_interval=before.interval_days,
            factor=_make_factor(after, card, rules) or DEFAULT_EASE,
        )
    if review.act is not Act.ANSWER:
        return None
    day = rules.count_day(review)
    if before.state is State.REVIEW:
        is_early = before.due_day is not None and day < before.due_day
        kind, last_interval = LogKind.REVIEW, before.interval_days
        if is_early:
            kind = LogKind.FILTERED
    else:
        is_again = before.state is State.RELEARNING
        kind = LogKind.RELEARNING if is_again else LogKind.LEARNING
        wait_s = 0 if before.is_new else rules.find_step_s(before)
        last_interval = _count_wait(review, wait_s, rules)
    interval = after.interval_days
    if after.state is not State.REVIEW:
        wait_s = max((after.due_at_ms or 0) - review.at_ms, 0) // MS_PER_SECOND
        interval = _count_wait(review, wait_s, rules)
    factor = _make_factor(after, card, rules)
    if not factor and kind != LogKind.LEARNING:
        factor = DEFAULT_EASE
    return made._replace(kind=kind, interval=interval, last_interval=last_interval, factor=factor)


def _count_wait(review: Review, wait_s: int, rules: Rules) -> int:
    """Return a wait as the log has it: days if it passes the end of the day, else negative seconds."""
    moment = review.moment
    rollover_hour = rules.timing.rollover_hour
    next_day_ms = moment.start_of(moment.study_day(rollover_hour) + 1, rollover_hour)
    left_s = (next_day_ms - moment.at_ms) // MS_PER_SECOND
    return -wait_s if wait_s < left_s else (wait_s - left_s) // SECONDS_PER_DAY + 1


def _count_rescheduled(review: Review, before: Memory, rules: Rules) -> int:
    """Return the interval that Anki computes for a card whose due date is set."""
    if not before.interval_days or before.last_day is None:
        return 0
    elapsed = max(rules.count_day(review) - before.last_day, 0)
    return elapsed + (review.interval_days or 0)


def _make_factor(memory: Memory, card: AnkiCard, rules: Rules) -> int:
    """Return what the log shows of the difficulty, or of the ease if FSRS is off; 0 if nothing."""
    if not rules.is_fsrs:
        return 0 if memory.state in _LEARNING else card.row.factor
    if not memory.difficulty:
        return 0
    return int(((memory.difficulty - 1) / 9 + 0.1) * 1_000 + 0.5)
