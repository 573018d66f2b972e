"""The model's nouns ↔ what JSON can hold; places that do not compare are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from cardwright.blueprint import (
    Blueprint,
    Domain,
    FailureMode,
    Lane,
    LastDay,
    Lesson,
    Measure,
    Objective,
    Signal,
    StartingPoint,
    StudyPlan,
    Week,
)
from cardwright.diagnostic import Span
from cardwright.model import (
    Card,
    Deck,
    DeckOptions,
    Field,
    FieldType,
    Kind,
    Option,
    Selection,
    Side,
    Source,
)

_CLASSES: Final = (
    *(Blueprint, Domain, Lesson, Objective, Span),
    *(FailureMode, Lane, LastDay, Measure, StudyPlan, Signal, StartingPoint, Week),
    *(Card, Deck, DeckOptions, Field, Kind, Option, Selection, Side, Source),
)
_BY_NAME: Final[dict[str, type[Any]]] = {cls.__name__: cls for cls in _CLASSES}
_FIELDS: Final = {cls: tuple((f.name, f.compare) for f in fields(cls)) for cls in _CLASSES}
_MAPPING: Final = ""
_FIELD_TYPE: Final = "FieldType"


def encode(value: Any) -> Any:
    """Return a value as JSON: tuples as lists, all else that JSON lacks as `{class: content}`."""
    if value is None or type(value) in {str, int, float, bool}:
        return value
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {_MAPPING: {key: encode(item) for key, item in value.items()}}
    if isinstance(value, FieldType):
        return {_FIELD_TYPE: value.value}
    return {
        type(value).__name__: {
            name: encode(getattr(value, name) if compares else {})
            for name, compares in _FIELDS[type(value)]
        }
    }


def decode(node: Any) -> Any:
    """Return the value that was encoded.

    Raises:
        KeyError: it is of a class that is not ours.

    """
    if isinstance(node, list):
        return tuple(map(decode, node))
    if not isinstance(node, dict):
        return node
    ((name, content),) = node.items()
    if name == _FIELD_TYPE:
        return FieldType(content)
    values = {key: decode(item) for key, item in content.items()}
    return values if name == _MAPPING else _BY_NAME[name](**values)
