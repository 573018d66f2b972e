"""A pack → the contents of its package: notes, their decks, note types and media files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cardwright.anki.ledger import Ledger
from cardwright.anki.media import FindMedia, MediaFinder
from cardwright.anki.note import Note, make_note
from cardwright.anki.notetype import NoteType
from cardwright.item import place_cards
from cardwright.markdown import Renderer
from cardwright.model import Card, Collection, Deck


@dataclass(frozen=True, slots=True, kw_only=True)
class PackContents:
    """The contents of a pack's package."""

    deck: Deck
    """The pack's top deck."""
    notes: tuple[Note, ...]
    """In the order of the sources."""
    placed: Mapping[tuple[str, ...], tuple[Note, ...]]
    """The same notes by deck, under the parts of its full name, in the order of learning."""
    note_types: Mapping[str, NoteType]
    """The note types of the notes, by kind."""
    media: Mapping[str, Path]
    """The files of the notes' images, sounds and videos, by their names in Anki."""

    @property
    def card_count(self) -> int:
        """How many cards Anki creates from the notes."""
        return sum(len(note.ordinals) for note in self.notes)

    @property
    def deck_names(self) -> tuple[str, ...]:
        """Full names of the decks that get cards: Anki creates no others on import."""
        return tuple(
            "::".join(path)
            for path, notes in self.placed.items()
            if any(note.ordinals for note in notes)
        )

    def list_decks(self) -> dict[str, str]:
        """Return the full name of the deck of each note that is still asked, by key of its card."""
        return {
            note.card.key: "::".join(path)
            for path, notes in self.placed.items()
            for note in notes
            if note.card.retired is None
        }


def describe_pack(
    collection: Collection,
    deck: Deck,
    ledger: Ledger,
    note_types: Mapping[str, NoteType],
    *,
    renderer: Renderer,
    find_media: FindMedia,
) -> PackContents:
    """Return the contents of the package of a deck; the collection must be free of errors.

    `note_types` holds the note types of all kinds in use, by kind.
    """
    placed = _place_pack(collection, deck, ledger)
    published = {card.ref for cards in placed.values() for card in cards}
    finder = MediaFinder(find_media, renderer)
    media: dict[str, Path] = {}
    notes: dict[str, Note] = {}
    for card in collection.cards:
        if card.ref in published:
            files = finder.list_files(card, collection.kinds[card.kind])
            notes[card.ref] = make_note(collection, card, renderer, files)
            media.update({file.name: file.path for file in files.values()})
    return PackContents(
        deck=deck,
        notes=tuple(notes.values()),
        placed={path: tuple(notes[card.ref] for card in cards) for path, cards in placed.items()},
        note_types={note.card.kind: note_types[note.card.kind] for note in notes.values()},
        media=media,
    )


def _place_pack(
    collection: Collection, deck: Deck, ledger: Ledger
) -> dict[tuple[str, ...], list[Card]]:
    """Return the cards that a pack publishes, by deck.

    Retired cards that were published are included, whichever cards the decks select today: people
    have their notes, and the update marks these as retired.
    """
    cards = [card for card in collection.cards if card.pack == deck.pack]
    placed, _ = place_cards(deck, (card for card in cards if card.retired is None))
    placed[deck.name,] += [c for c in cards if c.retired is not None and ledger.find(c)]
    return placed
