"""Copies: one answer that was recorded twice, because it came by way of Anki as well.

A machine pushes an answer to Anki, and another one pulls it from there before both share their
reviews. Once a store has both, the copy is undone. Whichever machine does this adds the same undo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256

from cardwright.history import FROM_ANKI, LOGGED, Act, Review


def find_copies(reviews: Iterable[Review]) -> Iterator[Review]:
    """Yield the undos of copies among the reviews of a prompt that were not undone."""
    same: dict[tuple[object, ...], list[Review]] = defaultdict(list)
    for review in reviews:
        if review.act in LOGGED:
            same[review.act, review.rating, review.at_ms].append(review)
    for found in same.values():
        copies = sorted(review.id for review in found if review.is_from_anki)
        # Of several from Anki, every machine keeps the same one.
        kept = 0 if len(copies) < len(found) else 1
        undone = set(copies[kept:])
        yield from (undo(review) for review in found if review.id in undone)


def undo(review: Review) -> Review:
    """Return an undo that is the same on every machine."""
    digest = sha256(review.id.encode()).hexdigest()[:8]
    return Review(
        id=f"{review.id[:12]}-{FROM_ANKI}{digest}_undo",
        key=review.key,
        act=Act.UNDO,
        rating=None,
        at_ms=review.at_ms,
        utc_offset_minutes=0,
        duration_ms=0,
        undoes=review.id,
    )
