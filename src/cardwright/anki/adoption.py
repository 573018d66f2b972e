"""What an adopted pack was published as elsewhere, before its first release here: its first ledger."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cardwright.anki.adopted import AdoptedNote, AdoptedPack
from cardwright.anki.guid import make_guid
from cardwright.anki.ledger import Ledger, Published, PublishedType, pack_content
from cardwright.anki.media import FindMedia, MediaFinder, PackedFile
from cardwright.anki.note import RENDERING_VERSION, MadeNote, make_note
from cardwright.anki.notetype import NoteType
from cardwright.anki.original import Originals
from cardwright.item import place_cards
from cardwright.markdown.render import Renderer
from cardwright.model import Card, Collection, Deck, Kind, Option, Source, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What is adopted otherwise than before."""

    guids: Container[str]
    kinds: Container[str]


def publish_adopted(
    collection: Collection,
    deck: Deck,
    ledger: Ledger,
    adopted: AdoptedPack,
    note_types: Mapping[str, NoteType],
    changed: Changed,
    *,
    root: Path,
    renderer: Renderer,
    find_media: FindMedia,
) -> Ledger:
    """Return the ledger of a pack with its adopted notes as people have them from elsewhere.

    `note_types` holds the note types of the pack's cards, by kind. A pack that was released here keeps
    its ledger: what is new in it is for the next release.
    """
    if ledger.version or ledger.unfinished:
        return ledger
    cards = [card for card in collection.cards if card.pack == deck.pack]
    placed, _ = place_cards(deck, (card for card in cards if card.retired is None))
    decks = {card.key: "::".join(path) for path, found in placed.items() for card in found}
    names = ["::".join(path) for path, _ in deck.walk()]
    finder = MediaFinder(find_media, adopted.media)
    originals = Originals(adopted)
    by_guid = {note.guid: note for note in ledger.notes.values() if note.guid}
    notes: dict[str, Published] = {}
    kinds: dict[str, None] = {}
    for card in cards:
        kind = collection.kinds[card.kind]
        guid = make_guid(card)
        # The id may have changed since, with no `formerly` yet.
        base, known = adopted.notes.get(guid), ledger.find(card) or by_guid.get(card.guid or "")
        if base is None or not _is_published(base, kind, card):
            continue
        kinds[card.kind] = None
        if known and (guid not in changed.guids or card.retired is not None):
            continue
        was = _restore(card, kind, base)
        files = {
            written: replace(file, hash=adopted.files.get(_name(root, file), file.hash))
            for written, file in finder.list_files(was, kind, renderer).items()
        }
        kept = originals.find(was, kind, files)
        note = make_note(collection, was, renderer, files, kept.html)
        place = base.deck if base.deck in names else decks.get(card.key, "")
        made = _publish(was, note, base.mod_s, place)
        notes[known.id if known else card.id] = (
            replace(made, id=known.id, guid_ref=known.guid_ref) if known else made
        )
    types = {
        kind: PublishedType(
            kind=kind,
            mod_s=adopted.type_times_s.get(kind, 0),
            hash=note_types[kind].hash,
            structure=note_types[kind].structure,
        )
        for kind in kinds
        if kind in changed.kinds or kind not in ledger.note_types
    }
    all_notes = {**ledger.notes, **notes}
    used = {note.deck for note in all_notes.values()} - {""}
    return replace(
        ledger,
        namespace=deck.namespace,
        deck_names=tuple(name for name in names if name in used),
        notes=all_notes,
        note_types={**ledger.note_types, **types},
    )


def _name(root: Path, file: PackedFile) -> str:
    """Return the path of a file in the project."""
    return file.path.relative_to(root).as_posix() if file.path.is_relative_to(root) else ""


def _is_published(base: AdoptedNote, kind: Kind, card: Card) -> bool:
    """Tell whether people may have the note: it is one of a note type that they have, too."""
    has_type = kind.adopted is not None or card.guid is None
    is_known = any(part.html for part in base.fields.values()) or (not card.guid and base.mod_s)
    return has_type and bool(is_known)


def _restore(card: Card, kind: Kind, base: AdoptedNote) -> Card:
    """Return a card as it was adopted."""
    found = {key: part.value for key, part in base.fields.items() if part.value}
    own = {field.name for field in kind.fields if not field.holds} - {kind.options}
    return replace(
        card,
        fields={key: value for key, value in found.items() if key in own},
        options=tuple(Option(**item) for item in _load(found, kind.options)),
        extra=str(found.get("extra", "")),
        sources=tuple(Source(**item) for item in _load(found, "sources")),
        tags=base.tags,
        retired=None,
    )


def _load(found: Mapping[str, Value], key: str | None) -> list[dict[str, Any]]:
    """Return a value that is kept as JSON."""
    made: list[dict[str, Any]] = json.loads(str(found.get(key or "") or "[]"))
    return made


def _publish(card: Card, note: MadeNote, mod_s: int, deck: str) -> Published:
    return Published(
        id=card.id,
        guid_ref=card.key,
        guid=card.guid or "",
        kind=card.kind,
        mod_s=mod_s,
        hash=note.hash,
        packed=pack_content(note.content),
        rendering=RENDERING_VERSION,
        html_hash=note.html_hash,
        markup=note.markup,
        deck=deck,
    )
