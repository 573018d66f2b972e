"""Where a reader can improve a card: `source_url` of its deck, with the card's place filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cardwright.markdown.links import split_address
from cardwright.model import CardHead, Deck
from cardwright.project.entry import Entry
from cardwright.project.table import Key
from cardwright.text import suggest

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDERS: Final = ("path", "line", "card")
_NOT_IN_ADDRESS: Final = re.compile(r"[\s{}<>\"\\^`|]")
_HELP: Final = (
    "copy it from a browser's address bar; put {path} and {line} where a file and line stand"
)
_NAMES_CARD: Final = ("path", "card")
"""Placeholders without which every card would lead to the same place."""


def _read(entry: Entry, name: str) -> str | None:
    template = entry.text(name)
    if not template:
        return None
    fault = _find_fault(template)
    if fault is None:
        return template
    message, help = fault
    entry.report("bad-value", message, name, help=help)
    return None


def _find_fault(template: str) -> tuple[str, str] | None:
    """Return what is wrong with a template, and how to correct it; None if nothing is."""
    names = _PLACEHOLDER.findall(template)
    for name in names:
        if name not in _PLACEHOLDERS:
            return f"unknown placeholder `{{{name}}}`", suggest(name, _PLACEHOLDERS, "placeholders")
    bare = _PLACEHOLDER.sub("", template)
    address = split_address(bare)
    # The host must not depend on a card, nor look like another one.
    if (
        address is None
        or "@" in address.place
        or not template.startswith(f"https://{address.place}/")
        or _NOT_IN_ADDRESS.search(bare)
    ):
        return f"`{template}` is not a valid https address", _HELP
    if not set(names) & set(_NAMES_CARD):
        return f"`{template}` leads to the same place for every card", _HELP
    return None


SOURCE_URL: Final = Key(
    read=_read,
    schema={
        "type": "string",
        "pattern": r"^https://[^/?#{}\s]+/.*\{(path|card)\}",
        "description": "Where a reader can improve a card: an https address with {path}, {line} or {card}.",
    },
    default="",
)


def make_source_url(decks: Mapping[str, Deck], card: CardHead) -> str:
    """Return the address at which a reader can improve a card; "" if its deck names none."""
    deck = decks.get(card.pack)
    if deck is None or not deck.source_url:
        return ""
    from urllib.parse import quote  # noqa: PLC0415  (few decks have one)

    # Nothing of a name may end the part of the address that it stands in.
    values = {
        "path": quote(card.span.path, errors="surrogateescape"),
        "line": str(card.span.line),
        "card": quote(card.ref, safe=""),
    }
    return _PLACEHOLDER.sub(lambda match: values[match[1]], deck.source_url)
