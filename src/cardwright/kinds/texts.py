"""Card → its Markdown texts, and how each is to be rendered."""

from __future__ import annotations

from collections.abc import Iterator

from cardwright.markdown import Rendered, Renderer
from cardwright.model import Card, FieldType, Kind, Option


def list_texts(card: Card, kind: Kind) -> Iterator[tuple[str, str, FieldType]]:
    """Yield every Markdown text of a card: its key, the text, and whether it is a line or a block."""
    for field in kind.fields:
        value = card.fields.get(field.name)
        if isinstance(value, str):
            yield field.name, value, field.type
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, Option):
                    yield field.name, item.text, FieldType.INLINE
                    yield field.name, item.reason, FieldType.INLINE
                else:
                    yield field.name, item, FieldType.INLINE
    if card.extra:
        yield "extra", card.extra, FieldType.BLOCK


def render_text(
    renderer: Renderer, kind: Kind, key: str, text: str, text_type: FieldType
) -> Rendered:
    """Render one text of a card of this kind."""
    if key == kind.cloze:
        return renderer.render_cloze(text)
    if text_type is FieldType.BLOCK:
        return renderer.render_block(text)
    return renderer.render_inline(text)


def list_images(card: Card, kind: Kind, renderer: Renderer) -> tuple[str, ...]:
    """Return the images of a card, as written, each once."""
    found = dict.fromkeys(
        image
        for key, text, text_type in list_texts(card, kind)
        if "![" in text
        for image in render_text(renderer, kind, key, text, text_type).images
    )
    return tuple(found)
