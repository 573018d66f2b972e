"""What studying needs of a project: its prompts in brief, and each card on request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cardwright.blueprint import Blueprint
from cardwright.diagnostic import Diagnostic
from cardwright.frozen import frozen
from cardwright.item import Items
from cardwright.model import Card, Collection, Deck, Kind


@frozen
class Sources:
    """The prompts of a project in brief, and its cards on demand.

    This is a snapshot, unaffected by later changes to the files.
    """

    items: Items
    """Every prompt that is still asked, sorted by position."""
    kinds: Mapping[str, Kind]
    """All kinds by name, including the built-in ones."""
    decks: Mapping[str, Deck]
    """Top decks by pack."""
    blueprints: Mapping[str, Blueprint]
    """Exams by pack."""
    error_count: int
    """The number of errors that `load` would return: with any, cards may be missing."""
    load_card: Callable[[str], Card | None]
    """Returns the first card with this ref, `pack:id`. A card from the index has no places of values."""
    list_cards: Callable[[], Iterable[Card]]
    """Returns all cards, even retired ones."""

    def namespace_of(self, pack: str) -> str:
        """Return the namespace under which a pack is studied."""
        return find_namespace(self.decks, pack)

    def pack_of(self, namespace: str) -> str:
        """Return the name of the pack that is studied under a namespace."""
        found = (pack for pack, deck in self.decks.items() if deck.namespace == namespace)
        return next(found, namespace)

    def find_kind(self, name: str) -> Kind:
        """Return the kind with this name.

        Raises:
            KeyError: there is no such kind.

        """
        return self.kinds[name]


def find_namespace(decks: Mapping[str, Deck], pack: str) -> str:
    """Return the namespace of a pack, which is its name if its manifest does not write one."""
    return decks[pack].namespace if pack in decks else pack


def count_errors(problems: Iterable[Diagnostic]) -> int:
    """Return how many problems are errors."""
    return sum(problem.is_error for problem in problems)


def make_sources(collection: Collection, problems: Iterable[Diagnostic] = ()) -> Sources:
    """Return the sources of a collection, given the problems found when loading it."""
    from cardwright.kinds import list_items  # noqa: PLC0415  (start-up of `cards check`)

    return Sources(
        items=Items(list_items(collection)),
        kinds=collection.kinds,
        decks=collection.decks,
        blueprints=collection.blueprints,
        error_count=count_errors(problems),
        load_card={card.ref: card for card in reversed(collection.cards)}.get,
        list_cards=lambda: collection.cards,
    )
