"""Which deck takes which card, and in which order new cards come."""

from __future__ import annotations

from collections.abc import Iterable

from cardwright.model import Card, Deck


def place_cards(
    deck: Deck, cards: Iterable[Card]
) -> tuple[dict[tuple[str, ...], list[Card]], list[Card]]:
    """Give each card to the first deck, in reading order, that selects it.

    Returns the cards of every deck, by the parts of its full name, in the order in which they
    are to be learned; and the cards that no deck takes.
    """
    placed: dict[tuple[str, ...], list[Card]] = {path: [] for path, _ in deck.walk()}
    selecting = [(path, part.select) for path, part in deck.walk() if part.select is not None]
    left = []
    for card in cards:
        if card.pack != deck.pack:
            continue
        for path, select in selecting:
            if select.takes(card):
                placed[path].append(card)
                break
        else:
            left.append(card)
    rank = {kind: number for number, kind in enumerate(deck.order)}
    for found in placed.values():
        found.sort(key=lambda card: rank.get(card.kind, len(rank)))
    return placed, left
