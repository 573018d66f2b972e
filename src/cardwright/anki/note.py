"""Cards → notes: fields as HTML, and what Anki stores of them."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cardwright.anki.notetype import SPARE_FIELDS
from cardwright.kinds import render_text
from cardwright.markdown import Renderer, escape_html, replace_images
from cardwright.model import Card, Collection, Field, FieldType, Kind, Option, Source

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
    fields: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in card.fields.items()
    }
    if card.options and (name := collection.kinds[card.kind].options):
        fields[name] = [asdict(option) for option in card.options]
    matter: dict[str, Any] = {"fields": fields}
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


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def make_fields(
    collection: Collection, card: Card, renderer: Renderer, media: dict[str, str]
) -> list[str]:
    """Return the fields of a card's note in the order of its note type.

    `media` maps the images of the card, as written, to their names in Anki.
    """
    kind = collection.kinds[card.kind]
    lesson = collection.lesson_of(card)
    fields = [_make_field(card, kind, field, renderer) for field in kind.fields]
    if media:
        fields = [replace_images(html, media) for html in fields]
    extra = renderer.render_block(card.extra).html if card.extra else ""
    return [
        *fields,
        replace_images(extra, media) if media else extra,
        _make_sources(card.sources),
        escape_html(str(lesson) if lesson else card.lesson or ""),
        # The first id, not the present one: a renaming must not touch people's notes.
        card.key,
        *("" for _ in SPARE_FIELDS),
    ]


def _make_field(card: Card, kind: Kind, field: Field, renderer: Renderer) -> str:
    if field.type is FieldType.OPTIONS:
        return _make_options(card.options, field, renderer)
    value = card.fields.get(field.name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, str):
        return render_text(renderer, kind, field.name, value, field.type).html
    items = "".join(f"<li>{renderer.render_inline(item).html}</li>\n" for item in value)
    return f'<ul class="{field.name}">\n{items}</ul>'


def _make_options(options: tuple[Option, ...], field: Field, renderer: Renderer) -> str:
    if not options:
        return ""
    items = "".join(_make_option(option, renderer) for option in options)
    return f'{_make_pick(options)}<ul class="{field.name}">\n{items}</ul>'


def _make_option(option: Option, renderer: Renderer) -> str:
    return (
        f'<li class="{"right" if option.right else "wrong"}">'
        f'<div class="option">{renderer.render_inline(option.text).html}</div>'
        f'<div class="reason">{renderer.render_inline(option.reason).html}</div></li>\n'
    )


def _make_pick(options: tuple[Option, ...]) -> str:
    right = sum(option.right for option in options)
    if right == 1:
        return ""
    number = _NUMBERS[right] if right < len(_NUMBERS) else str(right)
    return f'<p class="pick">Choose {number}.</p>\n'


def _make_sources(sources: tuple[Source, ...]) -> str:
    if not sources:
        return ""
    items = "".join(f"<li>{_make_source(source)}</li>" for source in sources)
    return f"<ul>{items}</ul>"


def _make_source(source: Source) -> str:
    parts = urlsplit(source.url)
    shown = source.title or f"{parts.netloc}{parts.path}".rstrip("/") or source.url
    if parts.scheme.lower() in ("http", "https", "mailto"):
        return f'<a href="{escape_html(source.url)}">{escape_html(shown)}</a>'
    return escape_html(shown)
