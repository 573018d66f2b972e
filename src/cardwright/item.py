"""Prompts in brief, and the assignment of cards to decks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple, TypeVar, overload

from cardwright.model import CardHead, Deck, Selection, name_siblings
from cardwright.pattern import first_name, has_wildcard

_Card = TypeVar("_Card", bound=CardHead)


class Item(NamedTuple):
    """The data of a prompt needed to schedule it. Retired cards have none."""

    key: str
    """The unique key of its history, which does not change when its card is renamed."""
    card_ref: str
    """Its card: `pack:id`."""
    side_name: str
    """The last part of the prompt's key."""
    pack: str
    deck: str
    """The full name of its deck, `A::B`; the pack's top deck if no deck selects the card, or the
    name of the pack if it has no decks."""
    position: int
    """Its index in the order in which new prompts are introduced."""
    kind: str
    lesson: str | None
    tags: tuple[str, ...]
    objectives: tuple[str, ...]
    """The card's objectives (`Card.all_objectives`)."""
    reserved: str | None = None
    """What the card is held back for (`Card.reserved`)."""
    twins: str | None = None
    """The name of the card's set of twins (`Card.twins`)."""

    @property
    def ref(self) -> str:
        """The prompt's current name: `pack:id/side`."""
        return f"{self.card_ref}/{self.side_name}"

    @property
    def siblings(self) -> str:
        """The name of the prompts of its card and of its twins: of all these, a day asks one."""
        return name_siblings(self.key.rpartition("/")[0], self.pack, self.twins)


class Items(Sequence[Item]):
    """Prompts in the order in which new ones are introduced, each found by its key."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        """Take prompts in order."""
        self._items = list(items)

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> list[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | list[Item]:
        return self._items[place]

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of all keys."""
        return frozenset(item.key.partition(":")[0] for item in self._items)

    def find(self, key: str) -> Item | None:
        """Return the prompt with this key, if there is one."""
        return self._by_key.get(key)

    def list_others(self, known: Iterable[str]) -> Iterator[Item]:
        """Yield the prompts whose keys are not known, in order."""
        known = set(known)
        return (item for item in self._items if item.key not in known)

    def list_reserved(self) -> list[Item]:
        """Return the prompts of reserved cards, in order."""
        return [item for item in self._items if item.reserved is not None]

    def list_twins(self) -> list[Item]:
        """Return the prompts of cards with twins, in order."""
        return [item for item in self._items if item.twins is not None]

    def leave_out(self, keys: frozenset[str]) -> Items:
        """Return these prompts without those of some keys."""
        return Items(item for item in self._items if item.key not in keys)

    @cached_property
    def _by_key(self) -> dict[str, Item]:
        return {item.key: item for item in reversed(self._items)}


def place_cards(
    deck: Deck, cards: Iterable[_Card]
) -> tuple[dict[tuple[str, ...], list[_Card]], list[_Card]]:
    """Assign each card to the first deck that selects it, sub-decks before the deck they are in.

    Returns the cards of each deck in the order of learning, by the parts of the deck's full name,
    and the cards that no deck selects.
    """
    placed: dict[tuple[str, ...], list[_Card]] = {path: [] for path, _ in deck.walk()}
    selecting = _Selecting(deck)
    left: list[_Card] = []
    for card in cards:
        if card.pack == deck.pack:
            path = selecting.find(card)
            (left if path is None else placed[path]).append(card)
    rank = {kind: number for number, kind in enumerate(deck.order)}
    for found in placed.values():
        _part_twins(found)
        if rank:
            found.sort(key=lambda card: rank.get(card.kind, len(rank)))
    return placed, left


def _part_twins(cards: list[_Card]) -> None:
    """Move cards with twins before them to the end: those with one, then those with two, and so on."""
    counts: Counter[tuple[str, str]] = Counter()
    before = {}
    for card in cards:
        if card.twins is not None:
            # Reserved ones are not asked along with the others.
            name = card.twins, card.withdrawn
            before[card.key] = counts[name]
            counts[name] += 1
    if before:
        cards.sort(key=lambda card: before.get(card.key, 0))


class _Selecting:
    """The decks that select cards, found by one of their conditions: there may be thousands."""

    def __init__(self, deck: Deck) -> None:
        self._all = list(_list_selecting(deck))
        self._places: dict[tuple[str, str], list[int]] = defaultdict(list)
        """The places of selections in `_all`, by the name and a value of their rarest condition."""
        self._others: list[int] = []
        self._names: set[str] = set()
        """The conditions by which selections are found."""
        for place, (_, select) in enumerate(self._all):
            name, values = next(
                ((name, values) for name in _RAREST if (values := _list_values(select, name))),
                ("", ()),
            )
            for value in values:
                self._places[name, value].append(place)
                self._names.add(name)
            if not values:
                self._others.append(place)

    def find(self, card: CardHead) -> tuple[str, ...] | None:
        """Return the deck that is the first to select a card."""
        places = self._others
        for name in self._names:
            values = card.tags if name == "tags" else (_value_of(card, name),)
            for value in values:
                if found := self._places.get((name, value)):
                    places = [*places, *found]
        for place in places if places is self._others else sorted(set(places)):
            path, select = self._all[place]
            if select.takes(card):
                return path
        return None


_RAREST: Final = ("ids", "files", "folders", "lessons", "tags", "kinds")
"""The conditions of a selection, those that fewer cards meet first."""
_OF_CARD: Final = {"ids": "id", "files": "file", "lessons": "lesson", "kinds": "kind"}
"""What of a card meets them."""


def _list_values(select: Selection, name: str) -> Iterable[str]:
    """Return the values of a condition; none if a card could meet it with others."""
    if name == "files":
        return () if any(map(has_wildcard, select.files)) else select.files
    if name == "folders":
        firsts = [first_name(pattern) for pattern in select.files]
        return () if None in firsts else dict.fromkeys(filter(None, firsts))
    values: Iterable[str] = getattr(select, name)
    return values


def _value_of(card: CardHead, name: str) -> str:
    if name == "folders":
        return card.file.partition("/")[0]
    return getattr(card, _OF_CARD[name]) or ""


def _list_selecting(
    deck: Deck, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Selection]]:
    """Yield the decks that select cards, in the order in which they do."""
    path = (*above, deck.name)
    for part in deck.decks:
        yield from _list_selecting(part, path)
    if deck.select is not None:
        yield path, deck.select
