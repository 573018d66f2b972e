"""One prompt in brief, and which deck takes its card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cardwright.model import Card, Deck


class Item(NamedTuple):
    """A prompt of a card that is still asked, in brief."""

    key: str
    """The key under which its history is kept, whatever its card is called now; never twice."""
    card_ref: str
    """Its card: `pack:id`."""
    side_name: str
    """The last part of the prompt's key."""
    pack: str
    deck: str
    """Full name of its deck, `A::B`; the pack's top deck when no deck takes the card, and the pack
    when there is none."""
    position: int
    """Its place among all in the order in which new ones come."""
    kind: str
    lesson: str | None
    tags: tuple[str, ...]
    objectives: tuple[str, ...]
    """All that the card names (`Card.all_objectives`)."""

    @property
    def ref(self) -> str:
        """The prompt's key as it is today."""
        return f"{self.card_ref}/{self.side_name}"


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
