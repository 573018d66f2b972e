"""How cards were answered, read from a store beside its owner: nothing is written, and little is read."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from cardwright.study.error import SQLITE_ERRORS, StoreError
from cardwright.study.opening import connect_to_read

_MAX_CARDS: Final = 1_000
_COUNT: Final = """
select count(*), sum(rating > 1) from reviews
where prompt >= ? and prompt < ? and act = 'answer' and not exists (
  select 1 from reviews u where u.undoes = reviews.id and u.prompt = reviews.prompt
)
"""


class Glance(NamedTuple):
    """The answers to all prompts of a card."""

    asked: int
    recalled: int


def glance_at(path: Path, keys: Iterable[str]) -> dict[str, Glance]:
    """Return the answers to cards that have any, by key; nothing if the store cannot be read."""
    found: dict[str, Glance] = {}
    try:
        with closing(connect_to_read(path)) as connection:
            for _, key in zip(range(_MAX_CARDS), keys, strict=False):
                # A slash is followed by a zero.
                row = connection.execute(_COUNT, (f"{key}/", f"{key}0")).fetchone()
                if row and row[0]:
                    found[key] = Glance(*map(int, row))
    except (StoreError, OSError, TypeError, ValueError, *SQLITE_ERRORS):
        return {}
    return found
