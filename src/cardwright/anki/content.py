"""Card → what is published of it: the matter a note's hash and mod time hang on."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cardwright.model import Card, Collection

_NOT_IN_TAG: Final = re.compile(r"[\s:]+")
RENDERING: Final = 1
"""Raised when a fault in rendering is mended that must reach notes whose text did not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a note says, as its author wrote it."""

    card: Card
    matter: dict[str, Any]
    """JSON: fields, extra, sources, lesson, tags, media (path → hash)."""
    hash: str


def describe_card(
    collection: Collection, card: Card, media_hashes: dict[str, str] | None = None
) -> Content:
    """Return what is published of a card.

    The matter is the source text, not the HTML made from it, so that a newer Markdown or
    highlighting library does not make every note look changed.
    """
    lesson = collection.lesson_of(card)
    matter: dict[str, Any] = {"fields": {key: _plain(value) for key, value in card.fields.items()}}
    if card.extra:
        matter["extra"] = card.extra
    if card.sources:
        matter["sources"] = [[source.url, source.title] for source in card.sources]
    if card.lesson:
        matter["lesson"] = str(lesson) if lesson else card.lesson
    matter["tags"] = list_tags(collection, card)
    if media_hashes:
        matter["media"] = media_hashes
    return Content(card=card, matter=matter, hash=hash_matter(matter))


def hash_matter(matter: dict[str, Any], rendering: int = RENDERING) -> str:
    """Return a digest that is the same for the same matter, whatever the order of its keys."""
    text = json.dumps([rendering, matter], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def list_tags(collection: Collection, card: Card) -> list[str]:
    """Return a note's tags, sorted: its own, and its domain, lesson and kind."""
    domain = collection.domain_of(card)
    tags = {*card.tags, f"kind::{card.kind}"}
    if card.lesson:
        slug = _NOT_IN_TAG.sub("-", card.lesson)
        tags.add(f"lesson::{slug}")
    if domain:
        tags.add(f"domain::{domain.id}")
    if card.retired is not None:
        tags.add("retired")
    return sorted(tags)


def hash_media(path: Path) -> str:
    """Return the digest that names a media file; 64 bits of SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """Return a field's value as JSON."""
    if not isinstance(value, tuple):
        return value
    return [item if isinstance(item, str) else asdict(item) for item in value]
