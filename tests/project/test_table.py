"""Editors accept exactly the numbers that `cards check` accepts."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema
import pytest

from cardwright.project.blueprint import BLUEPRINT
from cardwright.project.deck import DECK
from cardwright.project.document import Document
from cardwright.project.entry import read_entry
from cardwright.project.kind import KIND
from cardwright.project.table import Key, Table, make_schema, number, read_record, record, text


def list_bounds(table: Table) -> Iterator[tuple[str, Key, float]]:
    for name, key in table.items():
        if key.bounds:
            yield from ((name, key, bound) for bound in key.bounds)


NUMBERS = [
    *list_bounds(BLUEPRINT),
    *(("weight", number(0, 100), bound) for bound in (0, 100)),
    *(("share", number(0.7, 0.99), bound) for bound in (0.7, 0.99)),
]


@pytest.mark.parametrize(("name", "key", "bound"), NUMBERS)
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_the_schema_has_the_bounds_of_the_reader(
    name: str, key: Key, bound: float, step: int
) -> None:
    value = bound + step
    document = Document("a.yaml", f"{name}: {value}\n".encode())
    entry = read_entry(document)
    assert entry is not None

    found = read_record(entry, {name: key})[name]

    is_valid = jsonschema.Draft7Validator(make_schema({name: key})).is_valid({name: value})
    assert is_valid == (not document.problems)
    assert found == (value if is_valid else key.default)


def test_an_absent_key_has_its_default_and_a_required_one_is_missed() -> None:
    document = Document("a.yaml", b"part: {}\n")
    entry = read_entry(document)
    table = {"name": text(missing="name it"), "part": record({"size": number(1, 9, default=3)})}
    assert entry is not None

    found = read_record(entry, table)

    assert (found["name"], found["part"]["size"]) == ("", 3)
    assert [(problem.code, problem.help) for problem in document.problems] == [
        ("missing-field", "name it")
    ]
    assert make_schema(table)["required"] == ["name"]


@pytest.mark.parametrize("table", [BLUEPRINT, DECK, KIND], ids=["blueprint", "deck", "kind"])
def test_every_table_is_a_valid_schema(table: Table) -> None:
    jsonschema.Draft7Validator.check_schema(make_schema(table))
