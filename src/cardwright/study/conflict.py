"""Conflicts: two reviews with the same id and different content.

They arise when two machines use copies of one store under the same name, or when a file is damaged or
tampered with. A review is never changed or deleted, so no machine can take over the other's version.
Instead, each version is added under an id derived from its content, and the disputed id is undone.
Whichever machine does this adds the same reviews, so all of them end up with the same memories.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, replace
from typing import Final

from cardwright.history import REVIEW_ID, Act, Review

_FIRST_FIELDS: Final = 8
_MAX_KEYS: Final = 10
"""On how many prompts an undo of a version is repeated: one prompt has few keys."""
_DERIVED: Final = re.compile(r"(.+)_([0-9a-f]{16})")


def settle(versions: Iterable[Review], undos: Iterable[Review]) -> Iterator[Review]:
    """Yield the reviews that settle a conflict between reviews with the same id.

    `undos` are the undos of this id: they hold for every version.
    """
    undos = sorted(undos, key=lambda undo: undo.id)
    for version in versions:
        base, added = version.id, _derive(version)
        if not REVIEW_ID.fullmatch(added.id):
            # Only a forged id is so long; it stays in dispute.
            continue
        yield added
        undo = replace(
            version.without_promise,
            act=Act.UNDO,
            rating=None,
            duration_ms=0,
            undoes=base,
            interval_days=None,
            interval_basis=None,
        )
        yield _derive(undo)
        others = [other for other in undos if _find_base(other) != base]
        for other in _choose_undos(version, others):
            yield _derive(replace(other, id=base, undoes=added.id))


def _choose_undos(version: Review, undos: Sequence[Review]) -> Iterable[Review]:
    """Return one undo for each key under which the version may be read.

    One is enough. Many undos of many versions would be too many reviews.
    """
    prompt = _name_prompt(version)
    by_key = {undo.key: undo for undo in reversed(undos) if _name_prompt(undo) == prompt}
    keys = sorted(by_key, key=lambda key: (key != version.key, key))
    return [by_key[key] for key in keys[:_MAX_KEYS]]


def _name_prompt(review: Review) -> str:
    """Return the part of a prompt's key that no alias changes."""
    return review.key.partition(":")[2]


def find_versions(derived: Iterable[Review]) -> set[Review]:
    """Return the versions of a disputed review from what was added to settle the conflict."""
    found = set()
    for review in derived:
        base = _find_base(review)
        if base and not (review.undoes or "").startswith(base):
            found.add(replace(review.without_promise, id=base))
    return found


def _find_base(review: Review) -> str:
    """Return the disputed id that a review settles, or ""."""
    match = _DERIVED.fullmatch(review.id)
    if match and _derive(replace(review, id=match[1])).id == review.id:
        return match[1]
    return ""


def _derive(review: Review) -> Review:
    """Return a review under an id that is made from its own and its content.

    What was promised is left out: both versions count, so the user had not been promised either.
    """
    review = review.without_promise
    values = astuple(review)
    # Reviews had these fields when the first ids were derived.
    is_newer = review.act in {Act.RESCHEDULE, Act.ASSUME}
    content = values if is_newer else values[:_FIRST_FIELDS]
    digest = hashlib.sha256("\n".join(map(str, content)).encode()).hexdigest()[:16]
    return replace(review, id=f"{review.id}_{digest}")
