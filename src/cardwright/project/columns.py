"""Prompts in columns, as the index keeps them: a hundred thousand are read in a few milliseconds."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from typing import Final, NamedTuple, overload

from cardwright.item import Item, Items

_NUMBER: Final = "I"
"""Of `array`: unsigned, in the order of bytes of this machine."""
_MAX_STEP: Final = 4_096


class Group(NamedTuple):
    """What prompts have in common."""

    pack: str
    deck: str
    kind: str
    lesson: str | None
    tags: tuple[str, ...]
    objectives: tuple[str, ...]
    reserved: str | None
    twins: str | None


class Columns(NamedTuple):
    """The columns of all prompts, sorted by key."""

    keys: list[str]
    card_refs: dict[int, str]
    """By row, unless the card has the name that the key begins with."""
    groups: list[Group]
    group_numbers: bytes
    cards: bytes
    """The number of each prompt's card among all cards."""
    places: bytes
    """The place of each prompt in the order in which new ones are introduced."""
    rows: bytes
    """The rows in that order."""
    namespaces: list[str]


def pack_items(items: Sequence[Item], card_numbers: dict[str, int]) -> Columns:
    """Return the columns of prompts, given the number of each card by its ref."""
    rows = sort_places([item.key for item in items])
    groups: dict[Group, int] = {}
    numbers, cards = array(_NUMBER), array(_NUMBER)
    places = array(_NUMBER, [0]) * len(items)
    refs = {}
    ordered = [items[place] for place in rows]
    for row, item in enumerate(ordered):
        group = Group(
            *(item.pack, item.deck, item.kind, item.lesson),
            *(item.tags, item.objectives, item.reserved, item.twins),
        )
        numbers.append(groups.setdefault(group, len(groups)))
        cards.append(card_numbers[item.card_ref])
        if item.card_ref != item.key.rpartition("/")[0]:
            refs[row] = item.card_ref
    for row, place in enumerate(rows):
        places[place] = row
    keys = [item.key for item in ordered]
    return Columns(
        keys=keys,
        card_refs=refs,
        groups=list(groups),
        group_numbers=numbers.tobytes(),
        cards=cards.tobytes(),
        places=rows.tobytes(),
        rows=places.tobytes(),
        namespaces=sorted({key.partition(":")[0] for key in keys}),
    )


def sort_places(names: Sequence[str]) -> array[int]:
    """Return the places of names sorted by name, and of equal ones by place."""
    return array(_NUMBER, sorted(range(len(names)), key=names.__getitem__))


def read_numbers(raw: bytes, count: int) -> array[int]:
    """Return packed numbers.

    Raises:
        ValueError: there are not this many.

    """
    numbers = array(_NUMBER)
    numbers.frombytes(raw)
    if len(numbers) != count:
        raise ValueError("these numbers are not as many as the others")
    return numbers


def list_missing(names: Sequence[str], known: Sequence[str]) -> list[int]:
    """Return the places of names that are not known. Both are sorted.

    Most are alike, and are compared in steps that grow as long as they are.
    """
    missing: list[int] = []
    place = other = 0
    step = 1
    while place < len(names) and other < len(known):
        here = names[place : place + step]
        if here == known[other : other + step]:
            place, other = place + len(here), other + len(here)
            step = min(2 * step, _MAX_STEP)
        elif step > 1:
            step //= 2
        elif names[place] < known[other]:
            missing.append(place)
            place += 1
        else:
            other += 1
    missing += range(place, len(names))
    return missing


class PackedItems(Items):
    """Prompts that are made from columns when they are asked for."""

    def __init__(self, columns: Columns) -> None:
        """Take the columns.

        Raises:
            ValueError: they do not belong together.

        """
        self._keys, self._refs, self._groups = columns.keys, columns.card_refs, columns.groups
        count = len(self._keys)
        self._numbers = read_numbers(columns.group_numbers, count)
        self._cards = read_numbers(columns.cards, count)
        self._places = read_numbers(columns.places, count)
        self._rows = read_numbers(columns.rows, count)
        self._namespaces = frozenset(columns.namespaces)
        self._left_out: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> list[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | list[Item]:
        rows = self._rows[place]
        return self._make(rows) if isinstance(rows, int) else list(map(self._make, rows))

    def __iter__(self) -> Iterator[Item]:
        return map(self._make, self._rows)

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of all keys."""
        return self._namespaces

    def find(self, key: str) -> Item | None:
        """Return the prompt with this key, if there is one."""
        row = bisect_left(self._keys, key)
        if row == len(self._keys) or self._keys[row] != key or key in self._left_out:
            return None
        return self._make(row)

    def list_others(self, known: Iterable[str]) -> Iterator[Item]:
        """Yield the prompts whose keys are not known, in order."""
        # What is known is usually sorted, and stays so until here: then sorting takes no time.
        rows = list_missing(self._keys, sorted([*known, *sorted(self._left_out)]))
        return map(self._make, sorted(rows, key=self._places.__getitem__))

    def list_reserved(self) -> list[Item]:
        """Return the prompts of reserved cards, in order."""
        return self._list_grouped(lambda group: group.reserved is not None)

    def list_twins(self) -> list[Item]:
        """Return the prompts of cards with twins, in order."""
        return self._list_grouped(lambda group: group.twins is not None)

    def _list_grouped(self, is_meant: Callable[[Group], bool]) -> list[Item]:
        numbers = {number for number, group in enumerate(self._groups) if is_meant(group)}
        if not numbers:
            return []
        return [self._make(row) for row in self._rows if self._numbers[row] in numbers]

    def leave_out(self, keys: frozenset[str]) -> PackedItems:
        """Return these prompts without those of some keys."""
        other = copy(self)
        other._left_out = self._left_out | keys  # noqa: SLF001
        rows = (row for row in self._rows if self._keys[row] not in keys)
        other._rows = array(_NUMBER, rows)  # noqa: SLF001
        return other

    def find_card(self, ref: str) -> int | None:
        """Return the number of the card with this ref, if that follows from the keys of prompts."""
        row = bisect_left(self._keys, f"{ref}/")
        if row < len(self._keys) and row not in self._refs:
            return self._cards[row] if self._keys[row].startswith(f"{ref}/") else None
        return None

    def _make(self, row: int) -> Item:
        key = self._keys[row]
        card, _, side_name = key.rpartition("/")
        group = self._groups[self._numbers[row]]
        place, ref = self._places[row], self._refs.get(row, card)
        return Item(key, ref, side_name, group.pack, group.deck, place, *group[2:])
