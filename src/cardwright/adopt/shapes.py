"""Which note types the rows of a table have, and which columns hold their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cardwright.adopt.columns import choose_kind, is_front, is_side
from cardwright.adopt.delimited import Row
from cardwright.adopt.gaps import GAP
from cardwright.incoming import IncomingField, IncomingType

_SIDES: Final = ("question", "answer")
_LABELS: Final = ("Front", "Back")


@dataclass(frozen=True, slots=True)
class Shape:
    """A note type of a table."""

    type: IncomingType
    """Has the name and the fields of a built-in kind, or names of its own."""
    places: tuple[int, ...]
    """The index of the column of each field."""
    required: int
    """How many of the first fields must not be empty."""

    def read_fields(self, row: Row) -> list[str]:
        """Return the fields of a row."""
        return [read_cell(row, place) for place in self.places]

    def list_missing(self, row: Row) -> list[str]:
        """Return the names of the required fields that are empty."""
        fields = zip(self.places[: self.required], self.type.fields, strict=False)
        return [field.name for place, field in fields if not read_cell(row, place)]


def read_cell(row: Row, index: int) -> str:
    """Return a cell; a row may have fewer than others."""
    return row.cells[index] if index < len(row.cells) else ""


def make_shape(
    key: str,
    rows: Sequence[Row],
    known: Mapping[str, int],
    columns: Sequence[int],
    names: Sequence[str],
) -> Shape:
    """Make the shape of rows, in whose `columns` their fields are.

    `known` are the columns of which it is known what they hold. It has the fields of a built-in
    kind if there is one that has them all, or else those of a kind of the project's own.
    """
    if set(known.values()) >= set(columns) and (shape := choose_shape(key, rows, known)):
        return shape
    if not any(names) and len(columns) <= len(_SIDES):
        by_order = dict(zip(_SIDES, columns, strict=False))
        if shape := choose_shape(key, rows, by_order):
            return shape
    sides = {index: not is_front(name) for name, index in known.items() if is_side(name)}
    labels: dict[str, int] = {}
    # The sides of a card come first, whatever else the table begins with.
    for number, index in enumerate(sorted(columns, key=lambda one: sides.get(one, 2)), 1):
        usual = _LABELS[number - 1] if number <= len(_LABELS) else f"Field {number}"
        label = base = (names[index] if index < len(names) else "") or usual
        again = 1
        while label in labels:
            again += 1
            label = f"{base} {again}"
        labels[label] = index
    return make_own_shape(key, rows, labels)


def choose_shape(key: str, rows: Sequence[Row], columns: Mapping[str, int]) -> Shape | None:
    """Return the shape of the built-in kind that has these columns, if there is one."""
    front = next(iter(columns.values()), None)
    gaps = front is not None and has_gaps(rows, front)
    found = choose_kind(columns, has_gaps=gaps)
    if found is None:
        return None
    kind, places = found
    type = IncomingType(
        key=key or kind,
        name=kind,
        fields=tuple(IncomingField(name=name) for name in places),
        is_cloze=gaps,
    )
    return Shape(type, tuple(places.values()), 1 if gaps else len(_SIDES))


def make_own_shape(key: str, rows: Sequence[Row], fields: Mapping[str, int]) -> Shape:
    """Make the shape of a kind of the project's own, whose first field is required."""
    places = tuple(fields.values())
    type = IncomingType(
        key=key,
        name=key,
        fields=tuple(IncomingField(name=name) for name in fields),
        is_cloze=has_gaps(rows, places[0]),
    )
    return Shape(type, places, 1)


def has_gaps(rows: Sequence[Row], index: int) -> bool:
    """Tell whether each row has a cloze in a column."""
    return all(GAP.search(read_cell(row, index)) for row in rows)
