"""Prompts in columns are those that they were made from, whichever are left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cardwright.item import Items
from cardwright.project.columns import PackedItems, pack_items
from studying import make_items

ITEMS = [
    item._replace(position=place) for place, item in enumerate(make_items(6, sides=("a", "b")))
]
KEYS = st.frozensets(st.sampled_from([*(item.key for item in ITEMS), "trees:felled/a"]))


@given(KEYS, KEYS, KEYS)
def test_they_are_the_same_whichever_are_left_out(
    reserved: frozenset[str], held: frozenset[str], known: frozenset[str]
) -> None:
    items = [
        item._replace(reserved="mock" if item.key in reserved else None) for item in ITEMS[::-1]
    ]
    items = [item._replace(position=place) for place, item in enumerate(items)]
    numbers = {ref: number for number, ref in enumerate({item.card_ref: 0 for item in items})}
    plain, packed = Items(items), PackedItems(pack_items(items, numbers))

    assert packed.list_reserved() == plain.list_reserved()
    plain, packed = plain.leave_out(held), packed.leave_out(held)

    assert list(packed) == list(plain) == [item for item in items if item.key not in held]
    assert len(packed) == len(plain)
    assert packed[:3] == plain[:3]
    assert packed.list_reserved() == plain.list_reserved()
    assert list(packed.list_others(known)) == list(plain.list_others(known))
    assert [packed.find(item.key) for item in items] == [plain.find(item.key) for item in items]
