"""What studying needs of a project, from its index or from a collection that was loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cardwright.blueprint import Blueprint
from cardwright.item import Item, list_items
from cardwright.kinds import list_prompts
from cardwright.model import Card, Collection, Deck, Kind


class Sources(Protocol):
    """What studying needs of a project: its index, or a collection that was loaded."""

    @property
    def items(self) -> Sequence[Item]:
        """All prompts, in the order in which new ones come."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Kinds by name."""

    @property
    def decks(self) -> Mapping[str, Deck]:
        """Top decks by pack."""

    @property
    def blueprints(self) -> Mapping[str, Blueprint]:
        """Exams by pack."""

    @property
    def problem_count(self) -> int:
        """Problems met in reading."""

    def load_card(self, ref: str) -> Card | None:
        """Return a card by `pack:id`."""


class LoadedSources:
    """A loaded collection as Sources."""

    problem_count = 0

    def __init__(self, collection: Collection) -> None:
        """Serve a collection."""
        self.kinds = collection.kinds
        self.decks = collection.decks
        self.blueprints = collection.blueprints
        self._cards = {card.ref: card for card in reversed(collection.cards)}

        def list_side_names(card: Card) -> list[str]:
            return [prompt.side_name for prompt in list_prompts(card, collection.kinds[card.kind])]

        self.items = list(list_items(collection.cards, collection.decks, list_side_names))

    def load_card(self, ref: str) -> Card | None:
        """Return a card by `pack:id`."""
        return self._cards.get(ref)
