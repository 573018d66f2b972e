"""The options of decks and sub-decks: a prompt is studied under those of its own deck.

A deck is known here by its namespace and its place below the pack's deck, as in `mlpro::2 MLOps`;
the pack's deck by its namespace alone. The user's settings for a deck are stored under this name.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Final

from cardwright.history import namespace_of
from cardwright.item import Item, Items
from cardwright.model import Deck, DeckOptions
from cardwright.study.days import EVERY_DAY, StudyDays
from cardwright.study.settings import Settings

SEPARATOR: Final = "::"
_DEFAULT_OPTIONS: Final = DeckOptions()


def name_deck(namespace: str, full_name: str) -> str:
    """Return what a deck is called here, given its full name in Anki."""
    return SEPARATOR.join((namespace, *full_name.split(SEPARATOR)[1:]))


def list_options(
    deck: Deck, settings: Settings, *, is_complete: bool = False
) -> dict[str, DeckOptions]:
    """Return the options of a pack's deck, and of each sub-deck that differs from the one above.

    A sub-deck inherits what neither its manifest nor the user sets for it. With `is_complete`,
    all sub-decks are listed.
    """
    found: dict[str, DeckOptions] = {}

    def add(part: Deck, name: str, above: DeckOptions, options: DeckOptions) -> None:
        options = settings.override(name, options)
        if part is deck or options != above or is_complete:
            found[name] = options
        for child in part.decks:
            own = {
                field.name: getattr(child.options, field.name)
                for field in fields(DeckOptions)
                if getattr(child.options, field.name) != getattr(part.options, field.name)
            }
            child_name = f"{name}{SEPARATOR}{child.name}"
            add(child, child_name, options, replace(options, **own))

    add(deck, deck.namespace, deck.options, deck.options)
    return found


def place_items(items: Iterable[Item], decks: Container[str]) -> dict[str, str]:
    """Return the deck of each prompt, by key, that is in one of the sub-decks or below one."""
    placed: dict[str, str] = {}
    nearest: dict[tuple[str, str], str] = {}
    for item in items:
        namespace = namespace_of(item.key)
        place = (namespace, item.deck)
        if place not in nearest:
            names = _list_decks_above(name_deck(namespace, item.deck))
            nearest[place] = next((name for name in names if name in decks), namespace)
        if nearest[place] != namespace:
            placed[item.key] = nearest[place]
    return placed


def _list_decks_above(name: str) -> Iterator[str]:
    """Yield a deck and those above it, up to the pack's."""
    while name:
        yield name
        name = name.rpartition(SEPARATOR)[0]


class Limits:
    """Which decks' daily limits a prompt counts towards: its own and those above, as in Anki."""

    def __init__(
        self,
        options: Mapping[str, DeckOptions],
        placed: Mapping[str, str],
        days: StudyDays = EVERY_DAY,
    ) -> None:
        """Take the options by deck, and the deck of each prompt that is in a sub-deck."""
        self.days = days
        """The user's study days: a lighter one has lower limits."""
        self._options = options
        self._placed = placed
        self._twins: dict[str, str] = {}
        self._chains: dict[str, tuple[str, ...]] = {}

    def options_of(self, deck: str) -> DeckOptions:
        """Return the options of a deck, or the default ones if it has none."""
        return self._options.get(deck, _DEFAULT_OPTIONS)

    def set_twins(self, items: Items) -> None:
        """Learn from all prompts which of them are twins."""
        self._twins = {item.key: item.siblings for item in items.list_twins()}

    def siblings_of(self, key: str) -> str:
        """Return the name that a prompt shares with its siblings (`Item.siblings`)."""
        return self._twins.get(key) or key.rpartition("/")[0]

    def list_decks(self, key: str) -> tuple[str, ...]:
        """Return the decks whose limits hold for a prompt, its own first."""
        deck = self._placed.get(key) or namespace_of(key)
        found = self._chains.get(deck)
        if found is None:
            known = [name for name in _list_decks_above(deck) if name in self._options]
            found = self._chains[deck] = tuple(known) or (deck,)
        return found
