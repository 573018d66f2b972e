"""Card → the fields of its Anki note, as HTML."""

from __future__ import annotations

from urllib.parse import urlsplit

from cardwright.anki.notetype import SPARE_FIELDS
from cardwright.kinds import render_text
from cardwright.markdown import Renderer, escape_html, replace_images
from cardwright.model import Card, Collection, Field, FieldType, Kind, Option, Source

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
        card.original_ref,
        *("" for _ in SPARE_FIELDS),
    ]


def _make_field(card: Card, kind: Kind, field: Field, renderer: Renderer) -> str:
    value = card.fields.get(field.name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, str):
        return render_text(renderer, kind, field.name, value, field.type).html
    items = [
        _make_option(item, renderer)
        if isinstance(item, Option)
        else f"<li>{renderer.render_inline(item).html}</li>\n"
        for item in value
    ]
    pick = _make_pick(value) if field.type is FieldType.OPTIONS else ""
    return f'{pick}<ul class="{field.name}">\n{"".join(items)}</ul>'


def _make_option(option: Option, renderer: Renderer) -> str:
    return (
        f'<li class="{"right" if option.right else "wrong"}">'
        f'<div class="option">{renderer.render_inline(option.text).html}</div>'
        f'<div class="reason">{renderer.render_inline(option.reason).html}</div></li>\n'
    )


def _make_pick(options: tuple[object, ...]) -> str:
    right = sum(isinstance(option, Option) and option.right for option in options)
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
