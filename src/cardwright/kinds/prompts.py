"""The prompts and the Markdown texts of a card."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cardwright.item import Item, place_cards
from cardwright.markdown.cloze import cloze_numbers
from cardwright.markdown.render import Renderer
from cardwright.markdown.rendered import Rendered
from cardwright.model import Card, Collection, Deck, FieldType, Kind, Prompt, Side

MAX_SHOWN: Final = 50
"""How many prompts of one card are shown with others: a cloze may have hundreds, each with its text."""
_FIELD_REF: Final = re.compile(r"\{\{(\w+)\}\}")


def list_prompts(card: Card, kind: Kind) -> tuple[Prompt, ...]:
    """Return the prompts of a card, even of a retired one, in Anki's order."""
    if kind.cloze is not None:
        (side,) = kind.sides
        numbers = cloze_numbers(card.text(kind.cloze))
        if not numbers and kind.adopted:
            # Anki makes a card of every note.
            numbers = (1,)
        return tuple(
            Prompt(card=card, side=side, side_name=f"c{number}", ordinal=number - 1)
            for number in numbers
        )
    return tuple(
        Prompt(card=card, side=side, side_name=side.name, ordinal=ordinal)
        for ordinal, side in enumerate(kind.sides)
        if is_asked(card, kind, side)
    )


def is_asked(card: Card, kind: Kind, side: Side) -> bool:
    """Tell whether a side of a card is asked, which depends on the fields that are filled."""
    if side.template is not None:
        filled = {field.label: has_value(card, kind, field.name) for field in kind.fields}
        if makes_card_of(side, filled, has_tags=bool(card.tags)):
            return True
        # Anki makes a card of every note: if no other, the first.
        return side is kind.sides[0] and not any(
            makes_card_of(other, filled, has_tags=bool(card.tags)) for other in kind.sides[1:]
        )
    return side.when is None or has_value(card, kind, side.when)


def makes_card_of(side: Side, filled: Mapping[str, bool], *, has_tags: bool) -> bool:
    """Tell whether Anki makes a card of an adopted side; of a broken template it makes none.

    `filled` tells for all fields, by their names in Anki, whether they are.
    """
    from cardwright.kinds.template import TemplateError, makes_card  # noqa: PLC0415  (seldom needed)

    try:
        return side.template is not None and makes_card(
            side.template.front, filled, has_tags=has_tags
        )
    except TemplateError:
        return False


def has_value(card: Card, kind: Kind, name: str) -> bool:
    """Tell whether a field of a card is filled."""
    field = kind.field(name)
    match field.holds:
        case "extra":
            return bool(card.extra)
        case "sources":
            return bool(card.sources)
        case "lesson":
            return card.lesson is not None
        case "id":
            return True
    return bool(card.options if field.type is FieldType.OPTIONS else card.fields.get(name))


def list_items(collection: Collection) -> list[Item]:
    """Return every prompt that is asked, in the order in which new prompts are introduced.

    If cards share a key, only the first one counts. Retired cards are not asked.
    """
    packs: dict[str, list[Card]] = {pack: [] for pack in collection.decks}
    taken: set[str] = set()
    for card in collection.cards:
        asked = packs.setdefault(card.pack, [])
        names = {f"{card.namespace}:{card.id}", card.key}
        if taken.isdisjoint(names) and card.retired is None:
            asked.append(card)
        taken |= names
    items: list[Item] = []
    for pack, asked in packs.items():
        for deck, card in _order_cards(pack, asked, collection.decks.get(pack)):
            for prompt in list_prompts(card, collection.kinds[card.kind]):
                item = Item(
                    key=f"{card.key}/{prompt.side_name}",
                    card_ref=card.ref,
                    side_name=prompt.side_name,
                    pack=pack,
                    deck=deck,
                    position=len(items),
                    kind=card.kind,
                    lesson=card.lesson,
                    tags=card.tags,
                    objectives=card.all_objectives,
                    reserved=card.reserved,
                    twins=card.twins,
                )
                items.append(item)
    return items


def _order_cards(pack: str, cards: Iterable[Card], deck: Deck | None) -> Iterator[tuple[str, Card]]:
    """Yield the cards of a pack in the order of learning, each with the full name of its deck."""
    if deck is None:
        yield from ((pack, card) for card in cards)
        return
    placed, left = place_cards(deck, cards)
    for path, found in placed.items():
        yield from (("::".join(path), card) for card in found)
    yield from ((deck.name, card) for card in left)


def list_asked(side: Side) -> tuple[str, ...]:
    """Return the fields that a side's question shows, in order."""
    return tuple(_FIELD_REF.findall(side.ask))


def is_alone(ask: str, field: str) -> bool:
    """Tell whether a field is alone in a paragraph of a question."""
    return bool(re.search(r"(?:^|\n\n)\{\{" + field + r"\}\}(?:\n\n|$)", ask.strip()))


def list_texts(card: Card, kind: Kind) -> Iterator[tuple[str, str, FieldType]]:
    """Yield the key, the text and the field type of every Markdown text of a card."""
    for field in kind.fields:
        value = card.fields.get(field.name)
        if field.type is FieldType.OPTIONS:
            for option in card.options:
                yield field.name, option.text, FieldType.INLINE
                yield field.name, option.reason, FieldType.INLINE
        elif isinstance(value, str):
            yield field.name, value, field.type
        elif isinstance(value, tuple):
            for item in value:
                yield field.name, item, FieldType.INLINE
    if card.extra:
        yield "extra", card.extra, FieldType.BLOCK


def render_text(
    renderer: Renderer, kind: Kind, key: str, text: str, text_type: FieldType
) -> Rendered:
    """Render one text of a card of this kind."""
    is_bare = kind.adopted is not None and _is_bare(kind, key)
    if key == kind.cloze:
        return renderer.render_bare_cloze(text) if is_bare else renderer.render_cloze(text)
    if text_type is FieldType.BLOCK:
        return renderer.render_bare(text) if is_bare else renderer.render_block(text)
    return renderer.render_bare_inline(text) if is_bare else renderer.render_inline(text)


def _is_bare(kind: Kind, key: str) -> bool:
    """Tell whether a key of an adopted kind is written as Anki's editor does it."""
    return any(field.is_bare and key in (field.name, field.holds) for field in kind.fields)


def list_media(card: Card, kind: Kind, renderer: Renderer) -> tuple[str, ...]:
    """Return the paths of a card's images, sounds and videos as written, each once."""
    found = dict.fromkeys(
        path
        for key, text, text_type in list_texts(card, kind)
        if "![" in text
        for path in render_text(renderer, kind, key, text, text_type).media
    )
    return tuple(found)
