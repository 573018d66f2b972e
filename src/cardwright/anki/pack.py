"""A pack → the contents of its package: notes, their decks, note types and media files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cardwright.anki.adopted import AdoptedPack
from cardwright.anki.file_notes import Cache, CardFile, NoteMaker, OpenRenderer
from cardwright.anki.ledger import Ledger
from cardwright.anki.media import FindMedia
from cardwright.anki.note import Note
from cardwright.anki.notetype import NoteType
from cardwright.item import place_cards
from cardwright.model import CardHead, Collection, Deck, Kind
from cardwright.progress import track
from cardwright.text import to_nfc


@dataclass(frozen=True, slots=True, kw_only=True)
class PackContents:
    """The contents of a pack's package."""

    deck: Deck
    """The pack's top deck."""
    notes: tuple[Note, ...]
    """What is published of the pack, in the order of the sources: withdrawn notes too."""
    placed: Mapping[tuple[str, ...], tuple[Note, ...]]
    """The notes in the package by deck, under the parts of its full name, in the order of learning."""
    note_types: Mapping[str, NoteType]
    """The note types in the package, by kind."""
    media: Mapping[str, Path]
    """The files of the images, sounds and videos in the package, by their names in Anki."""
    is_reserved: bool = False
    """Whether the package is that of the reserved cards, which that of the deck leaves out."""

    @property
    def packed(self) -> list[Note]:
        """The notes in the package."""
        return [note for note in self.notes if _is_packed(note.card, is_reserved=self.is_reserved)]

    @property
    def retired(self) -> list[Note]:
        """The notes that were published, and are retired now.

        They are not in the package. Anki adds every note that a collection does not have, so they
        would reach people who never had them; those who have them keep them anyway.
        """
        return [note for note in self.notes if note.card.retired is not None]

    @property
    def reserved(self) -> list[Note]:
        """The notes that are reserved; in the package of the deck, those that were published before."""
        return [note for note in self.notes if _is_packed(note.card, is_reserved=True)]

    @property
    def card_count(self) -> int:
        """How many cards Anki creates from the package."""
        return sum(len(note.ordinals) for note in self.packed)

    @property
    def deck_names(self) -> tuple[str, ...]:
        """Full names of the decks that get cards: Anki creates no others on import."""
        return tuple(
            "::".join(path)
            for path, notes in self.placed.items()
            if any(note.ordinals for note in notes)
        )

    def list_decks(self) -> dict[str, str]:
        """Return the full name of the deck of each note in the package, by key of its card."""
        return {
            note.card.key: "::".join(path) for path, notes in self.placed.items() for note in notes
        }


def _is_packed(card: CardHead, *, is_reserved: bool) -> bool:
    """Tell whether a card that decks select is in the package of the deck, or of the reserved cards."""
    return card.retired is None and (card.reserved is not None) == is_reserved


def describe_pack(
    collection: Collection,
    files: Iterable[CardFile],
    deck: Deck,
    ledger: Ledger,
    note_types: Mapping[str, NoteType],
    *,
    open_renderer: OpenRenderer,
    find_media: FindMedia,
    find_kind_media: Callable[[Kind, str], Path | None] = lambda _kind, _written: None,
    adopted: AdoptedPack | None = None,
    cache: Cache | None = None,
    is_reserved: bool = False,
) -> PackContents:
    """Return what is published of a pack, or its reserved cards; the collection must be free of errors.

    `files` are those of the collection, `note_types` holds the note types of all kinds in use, by kind,
    and `adopted` what the pack was adopted from. Notes are kept in `cache`.
    """
    files = [file for file in files if file.pack == deck.pack]
    heads = [head for file in files for head in file.heads]
    packed = (head for head in heads if _is_packed(head, is_reserved=is_reserved))
    placed, _ = place_cards(deck, packed)
    published = {head.ref for found in placed.values() for head in found}
    wanted = ("retired",) if is_reserved else ("retired", "reserved")
    # Whichever cards the decks select today: the ledger says which withdrawn ones people have.
    published |= {head.ref for head in heads if head.withdrawn in wanted and ledger.find(head)}
    maker = NoteMaker(collection, open_renderer, find_media, adopted or AdoptedPack(), cache)
    media: dict[str, Path] = {}
    notes: dict[str, Note] = {}
    for file in track(files, "Rendering files"):
        if any(head.ref in published for head in file.heads):
            for note, note_media in maker.make_notes(file):
                if note.card.ref in published:
                    notes[note.card.ref] = note
                    is_packed = _is_packed(note.card, is_reserved=is_reserved)
                    media |= note_media if is_packed else {}
    used = {
        head.kind: note_types[head.kind]
        for head in heads
        if _is_packed(head, is_reserved=is_reserved) and head.ref in published
    }
    for name in used:
        kind = collection.kinds[name]
        for written in kind.adopted.media if kind.adopted else ():
            if path := find_kind_media(kind, written):
                media[to_nfc(path.name)] = path
    return PackContents(
        deck=deck,
        notes=tuple(notes.values()),
        placed={path: tuple(notes[head.ref] for head in found) for path, found in placed.items()},
        note_types=used,
        media=media,
        is_reserved=is_reserved,
    )
