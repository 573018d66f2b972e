"""Names of decks, with `::` between those above and below."""

from __future__ import annotations

from collections.abc import Iterable

from cardwright.incoming import list_above


def list_decks(names: Iterable[str]) -> list[str]:
    """Return the names of decks and of those above them, each once, in the order found."""
    found: dict[str, None] = {}
    for name in dict.fromkeys(filter(None, names)):
        found |= dict.fromkeys(list_above(name))
    return list(found)
