"""Collection → Anki package: one pack as an `.apkg` file, the same bytes for the same sources."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from cardwright.anki.apkg import ApkgDeck, ApkgNote, make_guid, make_model, make_preset, write_apkg
from cardwright.anki.content import Content, describe_card
from cardwright.anki.ledger import Ledger
from cardwright.anki.media import MediaShelf
from cardwright.anki.note import make_fields
from cardwright.anki.notetype import NoteType, make_note_type
from cardwright.kinds import list_prompts
from cardwright.kinds.read import make_anki_id
from cardwright.markdown import Renderer
from cardwright.model import Card, Collection, Deck
from cardwright.selection import place_cards


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An Anki package, and what is in it."""

    data: bytes
    notes: int
    cards: int
    contents: tuple[Content, ...]
    note_types: tuple[NoteType, ...]
    deck_names: tuple[str, ...]


def place_pack(
    collection: Collection, deck: Deck, ledger: Ledger
) -> dict[tuple[str, ...], list[Card]]:
    """Return the cards that a pack publishes, by deck and in teaching order.

    Of the retired ones those already published come too, whatever the decks now select.
    """
    cards = [card for card in collection.cards if card.pack == deck.pack]
    placed, _ = place_cards(deck, (card for card in cards if card.retired is None))
    placed[deck.name,] += [c for c in cards if c.retired is not None and ledger.find(c)]
    return placed


def describe_pack(
    collection: Collection, deck: Deck, ledger: Ledger, shelf: MediaShelf
) -> tuple[Content, ...]:
    """Return what a pack publishes, in the order of its sources."""
    return _describe_placed(collection, place_pack(collection, deck, ledger), shelf)


def _describe_placed(
    collection: Collection, placed: Mapping[tuple[str, ...], list[Card]], shelf: MediaShelf
) -> tuple[Content, ...]:
    published = {card.ref for cards in placed.values() for card in cards}
    return tuple(
        describe_card(collection, card, shelf.hashes_of(card, collection.kinds[card.kind]))
        for card in collection.cards
        if card.ref in published
    )


def make_package(
    collection: Collection,
    deck: Deck,
    ledger: Ledger,
    *,
    build_s: int,
    renderer: Renderer,
    shelf: MediaShelf,
) -> Package:
    """Compile the pack of a deck; the collection must be free of errors.

    `build_s` is the mod time, in Unix seconds, of what differs from the ledger.
    """
    placed = place_pack(collection, deck, ledger)
    contents = _describe_placed(collection, placed, shelf)
    used = dict.fromkeys(content.card.kind for content in contents)
    note_types = tuple(make_note_type(collection.kinds[name], renderer) for name in used)
    models = {t.kind: make_model(t, ledger.stamp_note_type(t, build_s)) for t in note_types}
    by_card = {content.card.ref: content for content in contents}
    position = itertools.count(1)
    decks = []
    newest_s = max((model.mod_s for model in models.values()), default=build_s)
    for path, part in deck.walk():
        made = _make_deck(deck, part, path, ledger)
        for card in placed[path]:
            content = by_card[card.ref]
            note = ApkgNote(
                model=models[card.kind],
                guid=make_guid(card.original_ref),
                fields=_make_fields(collection, content, renderer, shelf),
                tags=content.matter["tags"],
                due=next(position),
            )
            note.mod_s = ledger.stamp_note(content, build_s)
            note.ordinals = _list_ordinals(collection, card)
            newest_s = max(newest_s, note.mod_s)
            made.add_note(note)
        decks.append(made)
    data = write_apkg(decks, make_preset(deck), newest_s, shelf.files)
    notes = [note for made in decks for note in made.notes]
    return Package(
        data=data,
        notes=len(notes),
        cards=sum(len(note.ordinals) for note in notes),
        contents=contents,
        note_types=note_types,
        deck_names=tuple(made.name for made in decks if any(n.ordinals for n in made.notes)),
    )


def _make_fields(
    collection: Collection, content: Content, renderer: Renderer, shelf: MediaShelf
) -> list[str]:
    media = shelf.names_of(content.card, content.matter.get("media", {}))
    return make_fields(collection, content.card, renderer, media)


def _list_ordinals(collection: Collection, card: Card) -> tuple[int, ...]:
    # A retired note brings its news to those who have it, and no card to those who don't.
    if card.retired is not None:
        return ()
    return tuple(p.ordinal for p in list_prompts(card, collection.kinds[card.kind]))


def _make_deck(root: Deck, part: Deck, path: tuple[str, ...], ledger: Ledger) -> ApkgDeck:
    name = "::".join(path)
    made = ApkgDeck(
        make_anki_id("deck", root.pack, name), name, _make_description(part, root, ledger)
    )
    made.preset_id = make_anki_id("preset", root.pack)
    made.mod_s = ledger.released_s
    return made


def _make_description(part: Deck, root: Deck, ledger: Ledger) -> str:
    # Anki renders Markdown here; HTML in it is to be shown as text, as in cards.
    text = part.description.replace("<", "&lt;")
    if part is not root:
        return text
    if ledger.version:
        text += f"\n\nVersion {ledger.version}"
    return text + (
        "\n\nCards that a later version retires keep your progress and get the tag `retired`; "
        f'to delete them, search for `deck:"{root.name}" tag:retired`.'
    )
