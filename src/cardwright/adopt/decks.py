"""Names of decks, with `::` between those above and below."""

from __future__ import annotations

from collections.abc import Iterable


def list_decks(names: Iterable[str]) -> list[str]:
    """Return the names of decks and of those above them, each once, in the order found."""
    found: dict[str, None] = {}
    for name in dict.fromkeys(filter(None, names)):
        parts = name.split("::")
        found |= dict.fromkeys("::".join(parts[:count]) for count in range(1, len(parts) + 1))
    return list(found)
