"""Histories by day: answers on several days after the first one."""

from __future__ import annotations

from cardwright.history import Act, Moment, Rating, Review
from cardwright.study.journal import Journal
from studying import DAY_MS, HOUR_MS, MINUTE_MS

FIRST_DAY = 20_000
"""4 October 2024, a Friday; days are counted from here."""


def give(
    journal: Journal,
    prompt: str,
    day: int,
    rating: int,
    *,
    minute: int = 0,
    ms: int = 8_000,
    act: Act = Act.ANSWER,
) -> Review:
    """Answer a prompt so many days after FIRST_DAY, so many minutes after noon."""
    with journal.store.transaction():
        review, _ = journal.record(
            prompt, act, at(day, minute), rating=Rating(rating), duration_ms=ms
        )
    return review


def undo(journal: Journal, review: Review) -> None:
    """Take an act back."""
    with journal.store.transaction():
        journal.record(review.key, Act.UNDO, review.moment, undoes=review.id)


def at(day: int, minute: int = 0) -> Moment:
    """Return a moment in the zone of Greenwich."""
    return Moment((FIRST_DAY + day) * DAY_MS + 12 * HOUR_MS + minute * MINUTE_MS, 0)
