"""Items as columns of JSON: ten thousand of them are read at every start."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from cardwright.item import Item

_OWN: Final = ("key", "card_ref")
"""Columns written out; of the others each value is written once, and then its number."""
_SHARED: Final = tuple(n for n in Item._fields if n not in {*_OWN, "position"})


def encode_items(items: Iterable[Item]) -> dict[str, Any]:
    """Return items as columns, in JSON."""
    items = list(items)
    columns: dict[str, Any] = {name: [getattr(item, name) for item in items] for name in _OWN}
    for name in _SHARED:
        numbers: dict[Any, int] = {}
        found = [numbers.setdefault(getattr(item, name), len(numbers)) for item in items]
        columns[name] = [list(numbers), found]
    return columns


def decode_items(columns: dict[str, Any]) -> list[Item]:
    """Return the items that were encoded."""
    whole: dict[str, Iterable[Any]] = {name: columns[name] for name in _OWN}
    for name in _SHARED:
        values, numbers = columns[name]
        if name in {"tags", "objectives"}:
            values = list(map(tuple, values))
        whole[name] = map(values.__getitem__, numbers)
    whole["position"] = range(len(columns["card_ref"]))
    # Item(…) and Item._make take Python code for each.
    make = partial(tuple.__new__, Item)
    return list(map(make, zip(*(whole[name] for name in Item._fields), strict=True)))
