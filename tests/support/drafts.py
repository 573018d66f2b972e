"""Incoming decks in a few words, and the projects that their drafts become."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from cardwright.adopt.draft import Draft, Known
from cardwright.adopt.make import make_draft
from cardwright.app.adopt.write import make_cards_text, make_kind_text, make_manifest_text
from cardwright.incoming import (
    Incoming,
    IncomingDeck,
    IncomingField,
    IncomingNote,
    IncomingTemplate,
    IncomingType,
    Markup,
)
from cardwright.project.kind import read_built_in_kinds
from media_files import PNG

KINDS = read_built_in_kinds()


def make_type(name: str, *fields: str, **more: object) -> IncomingType:
    """Return a note type; without templates, it has one that asks for the first field."""
    templates = {
        "templates": (
            IncomingTemplate(
                name="Card 1",
                front=f"{{{{{fields[0]}}}}}",
                back=f"{{{{FrontSide}}}}\n\n<hr id=answer>\n\n{{{{{fields[-1]}}}}}",
            ),
        ),
        "anki_id": 1_700_000_000_000,
    }
    made = {
        "key": name,
        "name": name,
        "fields": tuple(IncomingField(name=field) for field in fields),
        **({} if more.get("anki_id", 0) is None else templates),
        **more,
    }
    return IncomingType(**made)  # type: ignore[arg-type]


def make_incoming(
    notes: list[IncomingNote],
    *types: IncomingType,
    decks: Mapping[str, IncomingDeck] | None = None,
    markup: Markup = Markup.HTML,
    media: tuple[str, ...] = (),
    name: str = "A file",
) -> Incoming:
    """Return an incoming deck whose media are anyway picture."""
    names = dict.fromkeys(
        "::".join(parts[: depth + 1])
        for note in notes
        for parts in [note.deck.split("::")]
        for depth in range(len(parts))
        if note.deck
    )

    def write_media(_: str, stream: BinaryIO) -> None:
        stream.write(PNG)

    return Incoming(
        name=name,
        markup=markup,
        types={type.key: type for type in types},
        decks=decks or {deck: IncomingDeck(name=deck) for deck in names},
        read_notes=lambda: iter(notes),
        media=media,
        write_media=write_media,
        note_count=len(notes),
    )


def make_note(type: IncomingType, *fields: str, **more: object) -> IncomingNote:
    """Return a note in the deck `Trees`."""
    made = {
        "type": type.key,
        "fields": fields,
        "place": f"note {fields[0]}",
        "deck": "Trees",
        **more,
    }
    return IncomingNote(**made)  # type: ignore[arg-type]


def list_files(draft: Draft) -> dict[str, str]:
    """Return the texts of the files that a draft becomes, by path."""
    files = {f"kinds/{name}.yaml": make_kind_text(name, data) for name, data in draft.kinds.items()}
    for pack in draft.packs:
        files[f"decks/{pack.name}/deck.yaml"] = make_manifest_text(pack.name, pack.deck, pack.name)
        paths = dict.fromkeys(f"cards/{pack.name}/{card.file}" for card in pack.cards)
        for path in paths:
            cards = [card for card in pack.cards if f"cards/{pack.name}/{card.file}" == path]
            files[path] = make_cards_text(path, cards)
    return files


def write_draft(draft: Draft, root: Path) -> None:
    """Write a draft into a new project."""
    for folder in ("cards", "decks"):
        (root / folder).mkdir(parents=True)
    for shown, text in list_files(draft).items():
        path = root / shown
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")
    media = [f"cards/{pack.name}/{draft.media[one]}" for pack in draft.packs for one in pack.media]
    for shown in (*media, *(f"kinds/{path}" for path in draft.kind_media.values())):
        path = root / shown
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG)


def draft(incoming: Incoming, known: Known | None = None) -> Draft:
    """Return the draft of a deck for a project that has nothing, or what is known."""
    return make_draft(incoming, known or Known(kinds=KINDS))
