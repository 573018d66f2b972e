"""What may be written at a place of a file, from the JSON Schemas of its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from cardwright.editor.workspace import OpenFile, Sort
from cardwright.model import Kind
from cardwright.project import table
from cardwright.project.card import COMMON
from cardwright.project.schema import make_schemas

Schema = Mapping[str, Any]

_ALTERNATIVES = ("anyOf", "oneOf")


class Schemas:
    """The schemas of a project's files."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        """Describe files with these kinds."""
        self.kinds = kinds

    @cached_property
    def _made(self) -> dict[str, dict[str, Any]]:
        made = make_schemas(self.kinds)
        # Without a known kind, a card has at least the keys of all of them.
        common = table.make_schema(COMMON)
        common["properties"]["kind"] = made["cards"]["properties"]["kind"]
        made["card"] = common
        return made

    def find(self, file: OpenFile, path: Sequence[str], line: int) -> list[Schema]:
        """Return the schemas of a value, of which one applies."""
        root, rest = self._find_root(file, path, line)
        found = _resolve(root, root)
        for step in rest:
            found = [inner for outer in found for inner in _step(root, outer, step)]
        return found

    def find_keys(self, file: OpenFile, path: Sequence[str], line: int) -> dict[str, Schema]:
        """Return the keys of a mapping, each with its schema."""
        keys: dict[str, Schema] = {}
        for schema in self.find(file, path, line):
            keys |= schema.get("properties", {})
        return keys

    def list_required(self, file: OpenFile, path: Sequence[str], line: int) -> set[str]:
        """Return the keys that a mapping must have."""
        found = self.find(file, path, line)
        return {name for schema in found for name in schema.get("required", ())}

    def _find_root(
        self, file: OpenFile, path: Sequence[str], line: int
    ) -> tuple[Schema, Sequence[str]]:
        sort: Sort = file.sort
        if sort != "cards" or tuple(path[:2]) != ("cards", "-"):
            return self._made.get({"": "kind"}.get(sort, sort), {}), path
        item = file.outline.find_card(line)
        kind = (item.value("kind") if item else "") or file.outline.top.value("kind")
        definitions = self._made["cards"]["definitions"]
        made = definitions.get(f"card-{kind}")
        return {**made, "definitions": definitions} if made else self._made["card"], path[2:]


def _step(root: Schema, schema: Schema, step: str) -> list[Schema]:
    if step == "-":
        inner = schema.get("items")
    else:
        inner = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
    return _resolve(root, inner) if isinstance(inner, Mapping) else []


def _resolve(root: Schema, schema: Schema) -> list[Schema]:
    """Return the alternatives of a schema, and what it refers to."""
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    found = [schema]
    for word in _ALTERNATIVES:
        found += [inner for one in schema.get(word, ()) for inner in _resolve(root, one)]
    return found
