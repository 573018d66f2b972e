"""Prompts in columns, as the index keeps them: a hundred thousand are read in a few milliseconds."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, overload

from cardwright.item import Item, Items

_NUMBER: Final = "I"
"""Of `array`: unsigned, in the order of bytes of this machine."""
_FINDING_COST: Final = 40
"""How many keys are looked through in the time that finding one takes."""


class Group(NamedTuple):
    """What prompts have in common."""

    pack: str
    deck: str
    kind: str
    lesson: str | None
    tags: tuple[str, ...]
    objectives: tuple[str, ...]


class Columns(NamedTuple):
    """The columns of all prompts, in the order in which new ones are introduced."""

    keys: list[str]
    card_refs: dict[int, str]
    """By the place of a prompt, unless its card has the name that its key begins with."""
    groups: list[Group]
    group_numbers: bytes
    by_key: bytes
    """The places of the prompts, sorted by key."""
    namespaces: list[str]


def pack_items(items: Sequence[Item]) -> Columns:
    """Return the columns of prompts."""
    groups: dict[Group, int] = {}
    numbers = array(_NUMBER)
    for item in items:
        group = Group(item.pack, item.deck, item.kind, item.lesson, item.tags, item.objectives)
        numbers.append(groups.setdefault(group, len(groups)))
    keys = [item.key for item in items]
    refs = {
        place: item.card_ref
        for place, item in enumerate(items)
        if item.card_ref != item.key.rpartition("/")[0]
    }
    namespaces = sorted({key.partition(":")[0] for key in keys})
    return Columns(keys, refs, list(groups), numbers.tobytes(), sort_places(keys), namespaces)


def sort_places(names: Sequence[str]) -> bytes:
    """Return the places of names sorted by name, and of equal ones by place."""
    return array(_NUMBER, sorted(range(len(names)), key=names.__getitem__)).tobytes()


def read_numbers(raw: bytes, count: int, end: int) -> array[int]:
    """Return packed numbers.

    Raises:
        ValueError: there are not this many, or one is not below the end.

    """
    numbers = array(_NUMBER)
    numbers.frombytes(raw)
    if len(numbers) != count or max(numbers, default=-1) >= end:
        raise ValueError("these numbers are not in their bounds")
    return numbers


def find_place(names: Sequence[str], places: Sequence[int], name: str) -> int | None:
    """Return the first place of a name, given all places sorted by name."""
    index = bisect_left(places, name, key=names.__getitem__)
    if index < len(places) and names[places[index]] == name:
        return places[index]
    return None


class PackedItems(Items):
    """Prompts that are made from columns when they are asked for."""

    def __init__(self, columns: Columns) -> None:
        """Take the columns.

        Raises:
            ValueError: they do not belong together.

        """
        self._keys, self._refs, self._groups = columns.keys, columns.card_refs, columns.groups
        count = len(self._keys)
        self._numbers = read_numbers(columns.group_numbers, count, len(self._groups))
        self._by_place = read_numbers(columns.by_key, count, count)
        self._namespaces = frozenset(columns.namespaces)

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> list[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | list[Item]:
        places = range(len(self._keys))[place]
        return self._make(places) if isinstance(places, int) else list(map(self._make, places))

    def __iter__(self) -> Iterator[Item]:
        return map(self._make, range(len(self._keys)))

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of all keys."""
        return self._namespaces

    def find(self, key: str) -> Item | None:
        """Return the prompt with this key, if there is one."""
        place = find_place(self._keys, self._by_place, key)
        return None if place is None else self._make(place)

    def list_others(self, *known: Iterable[str]) -> Iterator[Item]:
        """Yield the prompts whose keys are not among others, in order."""
        left = set(self._keys)
        for keys in known:
            left.difference_update(keys)
        if len(left) * _FINDING_COST < len(self._keys):
            places = (find_place(self._keys, self._by_place, key) for key in left)
            return map(self._make, sorted(place for place in places if place is not None))
        return (self._make(place) for place, key in enumerate(self._keys) if key in left)

    def _make(self, place: int) -> Item:
        key = self._keys[place]
        card, _, side_name = key.rpartition("/")
        pack, deck, kind, lesson, tags, objectives = self._groups[self._numbers[place]]
        ref = self._refs.get(place, card)
        return Item(key, ref, side_name, pack, deck, place, kind, lesson, tags, objectives)
