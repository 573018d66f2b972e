"""Lengths of time, ratings and acts in words."""

from __future__ import annotations

from typing import Final

from cardwright.history import Act, Rating, Review
from cardwright.study.session import SessionAnswer

_RATINGS: Final = {
    Rating.AGAIN: "Again",
    Rating.HARD: "Hard",
    Rating.GOOD: "Good",
    Rating.EASY: "Easy",
}
_ACTS: Final = {
    Act.SUSPEND: "suspending",
    Act.UNSUSPEND: "unsuspending",
    Act.BURY: "putting off",
    Act.UNBURY: "bringing back",
    Act.FLAG: "the flag on",
    Act.UNFLAG: "taking the flag from",
    Act.RESET: "resetting",
}


def name_rating(rating: Rating) -> str:
    """Return a rating as its key is labelled."""
    return _RATINGS[rating]


def say_leech(answer: SessionAnswer) -> str:
    """Return that an answer had its prompt suspended as a leech; "" when it did not."""
    after = answer.after
    if not after.is_leech or not after.is_suspended or answer.before.is_suspended:
        return ""
    return f"{answer.item.card_ref} is a leech, forgotten {after.lapses} times: suspended"


def say_undone(review: Review) -> str:
    """Return what was taken back."""
    if review.rating is not None:
        return f"{name_rating(review.rating)} on {review.key}"
    return f"{_ACTS.get(review.act, str(review.act))} {review.key}"


def say_wait(milliseconds: float, *, days: int = 0) -> str:
    """Return a length of time in one unit, or an interval in days: 10 min, 3 h, 12 d, 4.2 mo, 1.6 y."""
    if not days:
        minutes = milliseconds / 60_000
        if minutes < 1:
            return "<1 min"
        if round(minutes) < 60:  # noqa: PLR2004
            return f"{minutes:.0f} min"
        if round(minutes / 60) < 24:  # noqa: PLR2004
            return f"{minutes / 60:.0f} h"
        days = round(minutes / 60 / 24)
    if days < 31:  # noqa: PLR2004
        return f"{days} d"
    return f"{days / 30.44:.1f} mo" if days < 365 else f"{days / 365.25:.1f} y"  # noqa: PLR2004
