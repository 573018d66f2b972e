"""Kinds → JSON Schema, for editors that complete and check YAML as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from cardwright.diagnostic import SEVERITIES
from cardwright.model import DeckOptions, Field, FieldType, Kind
from cardwright.project.blueprint_schema import make_blueprint_schema
from cardwright.project.card import MAX_ID_LENGTH
from cardwright.project.schema_parts import DIALECT, TEXT, TEXTS, make_record

_ONE_OR_MORE: Final = {"anyOf": [TEXT, TEXTS]}
_SLUG: Final = {
    "type": ["string", "number"],
    "pattern": "^[a-z0-9]+([-.][a-z0-9]+)*$",
    "maxLength": MAX_ID_LENGTH,
}
_COMMON: Final[dict[str, Any]] = {
    "id": {**_SLUG, "description": "A short lasting name, unique in the pack; it never changes."},
    "lesson": {**TEXT, "description": "The lesson of the blueprint that the card belongs to."},
    "objectives": {**TEXTS, "description": "Objectives of the blueprint that the card treats."},
    "tags": {**TEXTS, "description": "Tags in Anki; `::` makes a hierarchy."},
    "sources": {
        "type": "array",
        "minItems": 1,
        "description": "Where the matter can be looked up.",
        "items": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "url": {"type": "string", "description": "Web address."},
                        "title": {"type": "string", "description": "What to call it."},
                        "checked": {
                            "type": "string",
                            "description": "Day on which the card was confirmed: 2026-04-30.",
                        },
                    },
                },
            ]
        },
    },
    "extra": {**TEXT, "description": "Markdown shown below the answer."},
    "formerly": {**TEXTS, "description": "Earlier ids, the oldest first."},
    "retired": {**TEXT, "description": "Why the card is no longer asked."},
}
_OF_A_FILE: Final = ("lesson", "objectives", "tags", "sources", "extra")


def make_schemas(kinds: Mapping[str, Kind]) -> dict[str, dict[str, Any]]:
    """Return the schema of every sort of file, by name."""
    return {
        "cards": make_cards_schema(kinds),
        "deck": make_deck_schema(kinds),
        "blueprint": make_blueprint_schema(),
        "kind": make_kind_schema(),
    }


def make_cards_schema(kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Return the schema of a file of cards; a card's kind may stand once for the file."""
    names = list(kinds)
    kind_key = {"enum": names, "description": "The kind of card."}
    definitions = {f"card-{name}": _make_card(kind, kind_key) for name, kind in kinds.items()}
    own_kind = [
        {"if": _is_kind(name), "then": {"$ref": f"#/definitions/card-{name}"}} for name in names
    ]
    of_file = [
        {
            "if": _is_kind(name),
            "then": {
                "properties": {
                    "cards": {
                        "items": {
                            "if": {"required": ["kind"]},
                            "then": {"allOf": own_kind},
                            "else": {"$ref": f"#/definitions/card-{name}"},
                        }
                    }
                }
            },
        }
        for name in names
    ]
    without = {
        "if": {"not": {"required": ["kind"]}},
        "then": {"properties": {"cards": {"items": {"required": ["kind"], "allOf": own_kind}}}},
    }
    return {
        "$schema": DIALECT,
        "title": "Cardwright cards",
        "type": "object",
        "required": ["cards"],
        "additionalProperties": False,
        "properties": {
            "kind": {**kind_key, "description": "The kind of every card below without its own."},
            **{key: _COMMON[key] for key in _OF_A_FILE},
            "cards": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "object", "properties": {"kind": kind_key}},
            },
        },
        "allOf": [*of_file, without],
        "definitions": definitions,
    }


def _is_kind(name: str) -> dict[str, Any]:
    return {"properties": {"kind": {"const": name}}, "required": ["kind"]}


def _make_card(kind: Kind, kind_key: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": kind.title,
        "description": kind.about,
        "type": "object",
        "required": ["id", *(field.name for field in kind.fields if field.required)],
        "additionalProperties": False,
        "properties": {
            "kind": kind_key,
            **{field.name: _make_field(field) for field in kind.fields},
            **_COMMON,
        },
    }


def _make_field(field: Field) -> dict[str, Any]:
    described = {"description": field.help}
    if field.type is FieldType.FLAG:
        return {"type": "boolean", **described}
    if field.type is FieldType.LIST:
        return {**TEXTS, **described}
    if field.type is FieldType.OPTIONS:
        option = {
            "type": "object",
            "required": ["reason"],
            "oneOf": [{"required": ["right"]}, {"required": ["wrong"]}],
            "additionalProperties": False,
            "properties": {
                "right": {**TEXT, "description": "A right option."},
                "wrong": {**TEXT, "description": "A wrong option."},
                "reason": {**TEXT, "description": "Why it is right or wrong."},
            },
        }
        return {"type": "array", "minItems": 2, "items": option, **described}
    return {**TEXT, **described}


def make_deck_schema(kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Return the schema of a manifest."""
    select = {
        "type": "object",
        "additionalProperties": False,
        "description": "Which cards the deck takes: those that meet every line.",
        "properties": dict.fromkeys(("lesson", "kind", "tag", "id"), _ONE_OR_MORE),
    }
    part = {
        "name": {**TEXT, "description": "The deck's name in Anki; it must not change later."},
        "description": {**TEXT, "description": "Markdown shown with the deck."},
        "select": select,
        "decks": {"type": "array", "items": {"$ref": "#/definitions/deck"}, "minItems": 1},
    }
    warnings = [code for code, severity in SEVERITIES.items() if severity == "warning"]
    return {
        "$schema": DIALECT,
        "title": "Cardwright deck",
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            **part,
            "order": {
                "type": "array",
                "items": {"enum": list(kinds)},
                "description": "Kinds in the order in which new cards of one deck come.",
            },
            "options": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    field.name: _make_option(field.default) for field in fields(DeckOptions)
                },
            },
            "checks": {
                "type": "object",
                "additionalProperties": False,
                "description": "Warnings that are errors here, or switched off.",
                "properties": {code: {"enum": ["error", "off"]} for code in warnings},
            },
        },
        "definitions": {
            "deck": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": part,
            }
        },
    }


def _make_option(default: object) -> dict[str, Any]:
    if isinstance(default, bool):
        return {"type": "boolean", "default": default}
    if isinstance(default, tuple):
        return {"type": "array", "items": {"type": "number"}, "default": list(default)}
    return {"type": "number", "default": default}


def make_kind_schema() -> dict[str, Any]:
    """Return the schema of a kind's file."""
    anki_id = {"type": "integer", "minimum": 1, "description": "Fixed id in Anki."}
    field = make_record(
        {
            "type": {"enum": list(FieldType)},
            "label": TEXT,
            "required": {"type": "boolean"},
            "max_words": {"type": "integer", "minimum": 1},
            "id": anki_id,
            "help": TEXT,
        },
        [],
    )
    side = make_record(
        {
            "id": anki_id,
            "ask": {**TEXT, "description": "Markdown with {{field}} where a field's text goes."},
            "show": {**TEXTS, "description": "Fields of the answer, the answer itself first."},
            "when": {**TEXT, "description": "The flag that switches this side on."},
        },
        ["ask", "show"],
    )
    return {
        "$schema": DIALECT,
        "title": "Cardwright kind",
        **make_record(
            {
                "kind": TEXT,
                "title": TEXT,
                "about": TEXT,
                "anki": make_record({"id": anki_id, "name": TEXT}, []),
                "sources": {"enum": ["wanted", "optional"]},
                "cloze": {**TEXT, "description": "The field with the gaps, for a cloze kind."},
                "fields": {"type": "object", "additionalProperties": field, "minProperties": 1},
                "sides": {"type": "object", "additionalProperties": side, "minProperties": 1},
                "sample": {**TEXT, "description": "YAML of an example card, without its id."},
            },
            ["fields", "sides"],
        ),
    }
