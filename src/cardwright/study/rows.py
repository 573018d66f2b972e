"""Reviews and memories as rows of the store."""

from __future__ import annotations

from typing import Any, Final

from cardwright.history import Act, Memory, Rating, Review, State

_TRUTHS: Final = ("is_suspended", "is_leech", "is_flagged")
_MEMORY: Final = (
    *("prompt", "state", "step", "stability", "difficulty", "due_at_ms", "due_day"),
    *("interval_days", "first_day", "last_day", "last_at_ms", "reps", "lapses"),
    *("is_suspended", "is_leech", "is_flagged", "buried_day"),
)
_REVIEW: Final = (
    *("id", "prompt", "act", "rating", "at_ms", "utc_offset_minutes", "duration_ms", "undoes"),
)
PUT_MEMORY: Final = (
    f"insert or replace into memories ({', '.join(_MEMORY)}, pack, last_id) "  # noqa: S608
    f"values ({', '.join('?' * (len(_MEMORY) + 2))})"
)
ADD_REVIEW: Final = (
    f"insert into reviews ({', '.join(_REVIEW)}) values ({', '.join('?' * len(_REVIEW))})"  # noqa: S608
)
SELECT_REVIEW: Final = f"select {', '.join(_REVIEW)} from reviews"  # noqa: S608
SELECT_MEMORY: Final = f"select {', '.join(_MEMORY)}, last_id from memories"  # noqa: S608
SELECT_STANDINGS: Final = """
select prompt, state, due_at_ms, due_day, interval_days, first_day, last_day, last_at_ms,
  is_suspended, is_leech, is_flagged, buried_day,
  case when last_at_ms > :now_ms then coalesce((
    select at_ms from reviews where at_ms <= :now_ms and id < (
      select min(a.id) from reviews a
      where a.prompt = memories.prompt and a.at_ms = memories.last_at_ms and a.act = 'answer'
    ) order by id desc limit 1
  ), 0) else last_at_ms end
from memories
"""
"""The columns of `study.queue.Standing`. Where an answer is dated in the future, what was recorded
before it tells when it can have been at the earliest."""


def as_row(review: Review) -> tuple[Any, ...]:
    """Return a review as ADD_REVIEW takes it."""
    rating = None if review.rating is None else int(review.rating)
    return (
        review.id,
        review.prompt,
        str(review.act),
        rating,
        review.at_ms,
        review.utc_offset_minutes,
        review.duration_ms,
        review.undoes,
    )


def as_review(row: tuple[Any, ...]) -> Review:
    """Return what SELECT_REVIEW gave as a review."""
    values = dict(zip(_REVIEW, row, strict=True))
    values["act"] = Act(values["act"])
    values["rating"] = None if values["rating"] is None else Rating(values["rating"])
    return Review(**values)


def as_memory(row: tuple[Any, ...]) -> Memory:
    """Return what SELECT_MEMORY gave as a memory."""
    values = dict(zip(_MEMORY, row, strict=False))
    values["state"] = State(values["state"])
    for name in _TRUTHS:
        values[name] = bool(values[name])
    return Memory(**values)


def as_memory_row(memory: Memory, last_id: str) -> tuple[Any, ...]:
    """Return a memory, and the review it rests on, as PUT_MEMORY takes them."""
    pack = memory.prompt.partition(":")[0]
    return (*(getattr(memory, name) for name in _MEMORY), pack, last_id)
