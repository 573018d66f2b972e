"""The values of a card as its file has them, and cards with other values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cardwright.model import Card, Kind, Option, Source

Data = Any
"""A value as a card's file has it: a text, `True`, a list of texts, or of mappings (options, and
sources with a title and an address); None if there is none."""


def list_keys(kind: Kind) -> dict[str, str]:
    """Return the keys whose values the fields of a kind's note type show, by the fields' names in Anki."""
    own = {field.anki_name: field.holds or field.name for field in kind.fields}
    if kind.adopted:
        return own
    return {**own, "Extra": "extra", "Sources": "sources", "Lesson": "lesson", "Id": "id"}


def get_value(card: Card, kind: Kind, key: str) -> Data:
    """Return what a card has for a key."""
    value: Data
    match key:
        case "extra":
            value = card.extra
        case "sources":
            value = [_get_source(source) for source in card.sources]
        case "tags":
            value = list(card.tags)
        case _ if key == kind.options:
            value = [_get_option(option) for option in card.options]
        case _:
            found = card.fields.get(key)
            value = list(found) if isinstance(found, tuple) else found
    return value or None


def set_value(card: Card, kind: Kind, key: str, value: Data) -> Card:
    """Return a card with another value for a key."""
    match key:
        case "extra":
            return replace(card, extra=value or "")
        case "sources":
            return replace(card, sources=tuple(_set_source(one) for one in value or ()))
        case "tags":
            return replace(card, tags=tuple(value or ()))
        case _ if key == kind.options:
            return replace(card, options=tuple(_set_option(one) for one in value or ()))
    fields = {name: old for name, old in card.fields.items() if name != key}
    if value:
        fields[key] = tuple(value) if isinstance(value, list) else value
    return replace(card, fields=fields)


def restore_card(card: Card, kind: Kind, content: Mapping[str, Any]) -> Card:
    """Return a card as it was when it had this content; see `describe_content`.

    Raises:
        TypeError, ValueError, KeyError, AttributeError: the content is not that of a card.

    """
    found = {**content.get("fields", {})}
    options = found.pop(kind.options, None) or [] if kind.options else []
    return replace(
        card,
        fields={name: tuple(v) if isinstance(v, list) else v for name, v in found.items()},
        options=tuple(Option(**option) for option in options),
        extra=content.get("extra", ""),
        sources=tuple(
            Source(url=url, title=title, checked_on="") for url, title in content.get("sources", ())
        ),
        # It is shown with its title, as this text is.
        lesson=content.get("lesson"),
    )


def _get_source(source: Source) -> Data:
    if source.url and source.title:
        return {"url": source.url, "title": source.title}
    return source.url or source.title


def _set_source(value: str | Mapping[str, str]) -> Source:
    if not isinstance(value, str):
        return Source(url=value.get("url", ""), title=value.get("title", ""), checked_on="")
    is_address = " " not in value and (":" in value or value.startswith("www."))
    return Source(url=value if is_address else "", title="" if is_address else value, checked_on="")


def _get_option(option: Option) -> dict[str, str]:
    return {"right" if option.right else "wrong": option.text, "reason": option.reason}


def _set_option(value: Mapping[str, str]) -> Option:
    is_right = "right" in value
    text = value["right" if is_right else "wrong"]
    return Option(text=text, right=is_right, reason=value.get("reason", ""))


def format_value(value: Data) -> str:
    """Return a value as text, to show it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    items: Sequence[Data] = value
    return "\n".join(f"- {_format_item(item)}" for item in items)


def _format_item(item: Data) -> str:
    lines = (
        item.split("\n")
        if isinstance(item, str)
        else [f"{name}: {text}" for name, text in item.items()]
    )
    return "\n  ".join(lines)
