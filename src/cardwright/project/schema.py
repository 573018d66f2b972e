"""Tables of keys → JSON Schemas, for completion and validation in editors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from cardwright.model import Kind
from cardwright.project import table
from cardwright.project.blueprint import BLUEPRINT
from cardwright.project.card import COMMON, FILE, make_field_table
from cardwright.project.deck import DECK, SUB_DECK
from cardwright.project.kind import KIND
from cardwright.project.schema_file import TITLE

_DIALECT: Final = "http://json-schema.org/draft-07/schema#"


def make_schemas(kinds: Mapping[str, Kind]) -> dict[str, dict[str, Any]]:
    """Return the schemas of all file types, by name."""
    schemas = {
        "cards": _make_cards_schema(kinds),
        "deck": _make_deck_schema(kinds),
        "blueprint": table.make_schema(BLUEPRINT),
        "kind": table.make_schema(KIND),
    }
    return {
        name: {"$schema": _DIALECT, "title": f"{TITLE} {name}", **schema}
        for name, schema in schemas.items()
    }


def format_schemas(kinds: Mapping[str, Kind]) -> dict[str, str]:
    """Return the text of each schema's file, by name."""
    return {
        name: json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        for name, made in make_schemas(kinds).items()
    }


def _make_deck_schema(kinds: Mapping[str, Kind]) -> dict[str, Any]:
    schema = table.make_schema(DECK)
    schema["properties"]["order"]["items"] = {"enum": list(kinds)}
    return {**schema, "definitions": {"deck": table.make_schema(SUB_DECK)}}


def _make_cards_schema(kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Return the schema of a file of cards, where the kind may be set once for the file."""
    schema = table.make_schema(FILE)
    kind_key = {"enum": list(kinds), "description": COMMON["kind"].schema["description"]}
    about = "The default kind of the cards below."
    schema["properties"]["kind"] = {**kind_key, "description": about}
    schema["properties"]["cards"]["items"] = {"type": "object", "properties": {"kind": kind_key}}
    of_own_kind = [
        {"if": _is_kind(name), "then": {"$ref": f"#/definitions/card-{name}"}} for name in kinds
    ]
    of_file = [
        {
            "if": _is_kind(name),
            "then": _make_items(
                {
                    "if": {"required": ["kind"]},
                    "then": {"$ref": "#/definitions/own-kind"},
                    "else": {"$ref": f"#/definitions/card-{name}"},
                }
            ),
        }
        for name in kinds
    ]
    without = {
        "if": {"not": {"required": ["kind"]}},
        "then": _make_items({"required": ["kind"], "allOf": [{"$ref": "#/definitions/own-kind"}]}),
    }
    return {
        **schema,
        "allOf": [*of_file, without],
        # What every kind needs is there once, however many kinds there are.
        "definitions": {
            "kind": kind_key,
            "own-kind": {"allOf": of_own_kind},
            **{f"card-{name}": _make_card_schema(kind) for name, kind in kinds.items()},
        },
    }


def _is_kind(name: str) -> dict[str, Any]:
    return {"properties": {"kind": {"const": name}}, "required": ["kind"]}


def _make_items(item: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"cards": {"items": item}}}


def _make_card_schema(kind: Kind) -> dict[str, Any]:
    schema = table.make_schema({**make_field_table(kind), **COMMON}, kind.about)
    schema["properties"]["kind"] = {"$ref": "#/definitions/kind"}
    return {"title": kind.title, **schema}
