"""The states of cards in Anki: those that follow from memories, what is written, and what is the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cardwright.anki.card_data import read_data, write_data
from cardwright.anki.history import find_due_day, read_act
from cardwright.anki.log_rows import Rules, Step
from cardwright.anki.rows import (
    DEFAULT_EASE,
    FIRST_TIME,
    AnkiCard,
    CardKind,
    CardQueue,
    CardRow,
    CardWrite,
    LogKind,
    LogRow,
    Timing,
)
from cardwright.history import MAX_EASE, MS_PER_SECOND, Act, Rating
from cardwright.memory import Memory, State

_MIN_EASE: Final = 1_300
_EASE_STEPS: Final = {1: -200, 2: -150, 3: 0, 4: 150}
"""What each rating of a review adds to the ease factor, in thousandths."""
MAX_INT: Final = 2**31 - 1
"""The largest number of a card that Anki can hold."""
MAX_FACTOR: Final = 2**16 - 1
_KINDS: Final = {
    State.NEW: CardKind.NEW,
    State.LEARNING: CardKind.LEARNING,
    State.REVIEW: CardKind.REVIEW,
    State.RELEARNING: CardKind.RELEARNING,
}
_REVIEWED: Final = frozenset({LogKind.REVIEW, LogKind.FILTERED})
_BURIED: Final = frozenset({CardQueue.BURIED, CardQueue.BURIED_BY_USER})
_CLOSE: Final = 1e-3
"""Anki keeps stability and difficulty to three or four decimals."""
_MAX_NUMBER: Final = 2**53
"""No number that Anki keeps of a card is as large."""
_FLAG_BITS: Final = 7


def make_card_write(
    card: AnkiCard,
    rows: Sequence[LogRow],
    memory: Memory,
    rules: Rules,
    pushed: Iterable[Step] = (),
) -> CardWrite:
    """Return the state that a card gets from the memory of its prompt.

    `rows` are those of the card that Anki has counted, without those of the acts that are pushed.
    """
    row = card.row
    data = read_data(card.row.data)
    former_reps, former_lapses = _count_former(card, rows)
    kind, queue, due = _KINDS[memory.state], CardQueue.NEW, 0
    interval, factor, left = row.interval_days, row.factor, row.left
    last_review_s: int | None = None
    if memory.is_new:
        due = _find_position(card, data)
        interval = factor = 0
    else:
        last_review_s = None if memory.last_at_ms is None else memory.last_at_ms // MS_PER_SECOND
        due_day = (memory.due_day or 0) - rules.timing.created_day
        if memory.state is State.REVIEW:
            queue, due, left = CardQueue.REVIEW, due_day, 0
            interval = memory.interval_days
        else:
            steps = rules.count_steps(memory.state)
            left = max(steps - (memory.step or 0), min(steps, 1))
            queue, due = CardQueue.LEARNING, (memory.due_at_ms or 0) // MS_PER_SECOND
            if memory.last_day is not None and (memory.due_day or 0) > memory.last_day:
                queue, due = CardQueue.DAY_LEARNING, due_day
            if memory.state is State.RELEARNING:
                interval = rules.count_interval(memory.stability)
        if memory.state is not State.LEARNING:
            factor = _count_ease(row.factor, pushed)
    if memory.is_suspended:
        queue = CardQueue.SUSPENDED
    elif row.queue in _BURIED:
        queue = CardQueue(row.queue)
    has_memory = rules.is_fsrs and memory.stability > 0 and not memory.is_new
    return _fit(
        CardWrite(
            card_id=row.id,
            kind=kind,
            queue=queue,
            due=due,
            interval_days=interval,
            factor=factor,
            reps=former_reps + memory.reps,
            lapses=former_lapses + memory.lapses,
            left=left,
            flag=(row.flag or 1) if memory.is_flagged else 0,
            stability=memory.stability if has_memory else None,
            difficulty=memory.difficulty if has_memory else None,
            last_review_s=last_review_s,
        )
    )


def keep_state(card: AnkiCard, *, is_suspended: bool, flag: int) -> CardWrite:
    """Return the state that a card has, but for its suspension and flag."""
    row, data = card.row, read_data(card.row.data)
    queue = row.queue
    if is_suspended:
        queue = CardQueue.SUSPENDED
    elif queue == CardQueue.SUSPENDED:
        queue = _restore_queue(row.kind, row.due)
    stability, difficulty = _read_number(data.get("s")), _read_number(data.get("d"))
    has_memory = stability is not None and difficulty is not None
    last_review = _read_number(data.get("lrt"))
    return _fit(
        CardWrite(
            card_id=row.id,
            kind=row.kind,
            queue=queue,
            due=row.due,
            interval_days=row.interval_days,
            factor=row.factor,
            reps=row.reps,
            lapses=row.lapses,
            left=row.left,
            flag=flag,
            stability=stability if has_memory else None,
            difficulty=difficulty if has_memory else None,
            last_review_s=None if last_review is None else int(last_review),
        )
    )


def _fit(write: CardWrite) -> CardWrite:
    """Return a state with numbers that Anki can hold: those of a damaged card can be any."""
    return write._replace(
        due=min(max(write.due, -MAX_INT), MAX_INT),
        interval_days=min(max(write.interval_days, 0), MAX_INT),
        factor=min(max(write.factor, 0), MAX_FACTOR),
        reps=min(max(write.reps, 0), MAX_INT),
        lapses=min(max(write.lapses, 0), MAX_INT),
        left=min(max(write.left, 0), MAX_INT),
    )


def has_same_memory(card: AnkiCard, memory: Memory, timing: Timing) -> bool:
    """Tell whether a card in Anki has the state that follows from the memory here.

    A card in a learning step is only compared in stability and difficulty.
    """
    if not has_same_numbers(card, memory):
        return False
    return memory.state is not State.REVIEW or find_due_day(card, timing) == memory.due_day


def has_same_numbers(card: AnkiCard, memory: Memory) -> bool:
    """Tell whether a card in Anki has the stability, difficulty and state of the memory here."""
    data = read_data(card.row.data)
    pairs = (
        (_read_number(data.get("s")) or 0.0, memory.stability),
        (_read_number(data.get("d")) or 0.0, memory.difficulty),
    )
    if any(abs(theirs - ours) > _CLOSE * max(1.0, ours) for theirs, ours in pairs):
        return False
    return card.row.kind == _KINDS[memory.state]


def apply_write(row: CardRow, card: CardWrite) -> CardRow:
    """Return a card as it is once a state is written into it."""
    return row._replace(
        kind=card.kind,
        queue=card.queue,
        due=card.due,
        interval_days=card.interval_days,
        factor=card.factor,
        reps=card.reps,
        lapses=card.lapses,
        left=card.left,
        flags=(row.flags & ~_FLAG_BITS) | (card.flag & _FLAG_BITS),
        data=write_data(row, card),
    )


def _count_former(card: AnkiCard, rows: Sequence[LogRow]) -> tuple[int, int]:
    """Return the answers and lapses that Anki counts though they were before a reset."""
    reps = lapses = 0
    for row in reversed(rows):
        act, _ = read_act(row)
        if act is Act.RESET:
            break
        if act is Act.ANSWER:
            reps += 1
            lapses += row.ease == Rating.AGAIN and row.kind in _REVIEWED
    return max(card.row.reps - reps, 0), max(card.row.lapses - lapses, 0)


def _count_ease(factor: int, pushed: Iterable[Step]) -> int:
    """Return the ease factor after answers; with FSRS, Anki keeps it but does not use it."""
    factor = factor or DEFAULT_EASE
    for review, before, _ in pushed:
        if review.act is Act.ANSWER and review.rating and before.state is State.REVIEW:
            factor = max(factor + _EASE_STEPS[review.rating], _MIN_EASE)
    return min(factor, MAX_EASE)


def _find_position(card: AnkiCard, data: Mapping[str, Any]) -> int:
    """Return where a card is among the new ones: where it was at first, if that is known."""
    if card.row.kind == CardKind.NEW:
        return card.row.original_due if card.row.is_filtered else card.row.due
    position = data.get("pos")
    return position if isinstance(position, int) and 0 <= position <= MAX_INT else 0


def _restore_queue(kind: int, due: int) -> int:
    if kind in {CardKind.LEARNING, CardKind.RELEARNING}:
        return CardQueue.LEARNING if due >= FIRST_TIME else CardQueue.DAY_LEARNING
    return CardQueue.REVIEW if kind == CardKind.REVIEW else CardQueue.NEW


def _read_number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    # JSON has integers of any length.
    return float(value) if abs(value) < _MAX_NUMBER else None
