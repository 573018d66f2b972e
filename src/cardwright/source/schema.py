"""Kinds → JSON Schema, for editors that complete and check YAML as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from cardwright.diagnostic import SEVERITIES
from cardwright.model import DeckOptions, Field, FieldType, Kind
from cardwright.source.card import MAX_ID_LENGTH

_DIALECT: Final = "http://json-schema.org/draft-07/schema#"
_TEXT: Final = {"type": ["string", "number", "boolean"]}
_TEXTS: Final = {"type": "array", "items": _TEXT, "minItems": 1}
_ONE_OR_MORE: Final = {"anyOf": [_TEXT, _TEXTS]}
_SLUG: Final = {
    "type": ["string", "number"],
    "pattern": "^[a-z0-9]+([-.][a-z0-9]+)*$",
    "maxLength": MAX_ID_LENGTH,
}
_COMMON: Final[dict[str, Any]] = {
    "id": {**_SLUG, "description": "A short lasting name, unique in the pack; it never changes."},
    "lesson": {**_TEXT, "description": "The lesson of the blueprint that the card belongs to."},
    "objectives": {**_TEXTS, "description": "Objectives of the blueprint that the card treats."},
    "tags": {**_TEXTS, "description": "Tags in Anki; `::` makes a hierarchy."},
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
    "extra": {**_TEXT, "description": "Markdown shown below the answer."},
    "formerly": {**_TEXTS, "description": "Earlier ids, the oldest first."},
    "retired": {**_TEXT, "description": "Why the card is no longer asked."},
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
        "$schema": _DIALECT,
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
        return {**_TEXTS, **described}
    if field.type is FieldType.OPTIONS:
        option = {
            "type": "object",
            "required": ["reason"],
            "oneOf": [{"required": ["right"]}, {"required": ["wrong"]}],
            "additionalProperties": False,
            "properties": {
                "right": {**_TEXT, "description": "A right option."},
                "wrong": {**_TEXT, "description": "A wrong option."},
                "reason": {**_TEXT, "description": "Why it is right or wrong."},
            },
        }
        return {"type": "array", "minItems": 2, "items": option, **described}
    return {**_TEXT, **described}


def make_deck_schema(kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Return the schema of a manifest."""
    select = {
        "type": "object",
        "additionalProperties": False,
        "description": "Which cards the deck takes: those that meet every line.",
        "properties": dict.fromkeys(("lesson", "kind", "tag", "id"), _ONE_OR_MORE),
    }
    part = {
        "name": {**_TEXT, "description": "The deck's name in Anki; it must not change later."},
        "description": {**_TEXT, "description": "Markdown shown with the deck."},
        "select": select,
        "decks": {"type": "array", "items": {"$ref": "#/definitions/deck"}, "minItems": 1},
    }
    warnings = [code for code, severity in SEVERITIES.items() if severity == "warning"]
    return {
        "$schema": _DIALECT,
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


def make_blueprint_schema() -> dict[str, Any]:
    """Return the schema of an exam's blueprint."""
    lesson = _make_record({"id": _TEXT, "title": _TEXT}, ["id", "title"])
    domain = _make_record(
        {
            "id": _TEXT,
            "name": _TEXT,
            "weight": {"type": "number", "description": "Share of the questions, in percent."},
            "lessons": {"type": "array", "items": lesson},
        },
        ["id", "weight"],
    )
    objective = _make_record(
        {"id": _TEXT, "lesson": _TEXT, "about": _TEXT}, ["id", "lesson", "about"]
    )
    return {
        "$schema": _DIALECT,
        "title": "Cardwright blueprint",
        **_make_record(
            {
                "name": _TEXT,
                "questions": {"type": "integer", "minimum": 1},
                "minutes": {"type": "integer", "minimum": 1},
                "domains": {"type": "array", "items": domain, "minItems": 1},
                "objectives": {"type": "array", "items": objective},
            },
            ["name", "domains"],
        ),
    }


def make_kind_schema() -> dict[str, Any]:
    """Return the schema of a kind's file."""
    anki_id = {"type": "integer", "minimum": 1, "description": "Fixed id in Anki."}
    field = _make_record(
        {
            "type": {"enum": list(FieldType)},
            "label": _TEXT,
            "required": {"type": "boolean"},
            "max_words": {"type": "integer", "minimum": 1},
            "id": anki_id,
            "help": _TEXT,
        },
        [],
    )
    side = _make_record(
        {
            "id": anki_id,
            "ask": {**_TEXT, "description": "Markdown with {{field}} where a field's text goes."},
            "show": {**_TEXTS, "description": "Fields of the answer, the answer itself first."},
            "when": {**_TEXT, "description": "The flag that switches this side on."},
        },
        ["ask", "show"],
    )
    return {
        "$schema": _DIALECT,
        "title": "Cardwright kind",
        **_make_record(
            {
                "kind": _TEXT,
                "title": _TEXT,
                "about": _TEXT,
                "anki": _make_record({"id": anki_id, "name": _TEXT}, []),
                "sources": {"enum": ["wanted", "optional"]},
                "cloze": {**_TEXT, "description": "The field with the gaps, for a cloze kind."},
                "fields": {"type": "object", "additionalProperties": field, "minProperties": 1},
                "sides": {"type": "object", "additionalProperties": side, "minProperties": 1},
                "sample": {**_TEXT, "description": "YAML of an example card, without its id."},
            },
            ["fields", "sides"],
        ),
    }


def _make_record(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"required": required} if required else {}),
    }
