"""How cards were answered, read from a store beside its owner: nothing is written, and little is read."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from cardwright.study.alias import Aliases
from cardwright.study.error import SQLITE_ERRORS, StoreError
from cardwright.study.opening import connect_to_read
from cardwright.study.rows import ALIAS, RowError, read_alias

_MAX_CARDS: Final = 1_000
_ALIASES: Final = "select body from records where kind = ?"
_COUNT: Final = """
select count(*), sum(rating > 1) from reviews
where prompt >= ? and prompt < ? and act = 'answer' and not exists (
  select 1 from reviews u where u.undoes = reviews.id and unite(u.prompt) = unite(reviews.prompt)
)
"""


class Glance(NamedTuple):
    """The answers to all prompts of a card."""

    asked: int
    right: int


def glance_at(path: Path, keys: Iterable[str]) -> dict[str, Glance]:
    """Return the answers to cards that have any, by key; nothing if the store cannot be read."""
    found: dict[str, Glance] = {}
    try:
        with closing(connect_to_read(path)) as connection:
            aliases = Aliases(
                read_alias(body) for (body,) in connection.execute(_ALIASES, (ALIAS,))
            )
            connection.create_function("unite", 1, aliases.unite_key, deterministic=True)
            for _, key in zip(range(_MAX_CARDS), keys, strict=False):
                asked = right = 0
                for one in aliases.list_keys(aliases.unite_key(key)):
                    # A slash is followed by a zero.
                    counts = connection.execute(_COUNT, (f"{one}/", f"{one}0")).fetchone()
                    asked, right = asked + counts[0], right + (counts[1] or 0)
                if asked:
                    found[key] = Glance(asked, right)
    except (StoreError, RowError, OSError, TypeError, ValueError, *SQLITE_ERRORS):
        return {}
    return found
