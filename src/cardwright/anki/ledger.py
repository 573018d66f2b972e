"""What was published: the ledger of a pack, which `cards release` alone writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cardwright.anki.content import Content, hash_matter
from cardwright.anki.notetype import NoteType
from cardwright.diagnostic import Diagnostic, Span, diagnose
from cardwright.model import Card, Collection

LEDGER_FORMAT: Final = 1
LEDGER_NAME: Final = "ledger.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A note as it was last published."""

    id: str
    guid_ref: str
    """The key that its guid is made from."""
    kind: str
    mod_s: int
    """Unix time that Anki compares: a later one updates the note, in whatever it holds."""
    hash: str
    matter: Mapping[str, Any]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedType:
    """A note type as it was last published."""

    kind: str
    mod_s: int
    hash: str
    structure: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything published of a pack; empty before its first release."""

    pack: str
    version: str = ""
    released_s: int = 0
    deck_names: tuple[str, ...] = ()
    notes: Mapping[str, Published] = field(default_factory=dict)
    note_types: Mapping[str, PublishedType] = field(default_factory=dict)

    def find(self, card: Card) -> Published | None:
        """Return a card as published, under its present or an earlier id."""
        for card_id in (card.id, *reversed(card.formerly)):
            if card_id in self.notes:
                return self.notes[card_id]
        return None

    def stamp_note(self, content: Content, build_s: int) -> int:
        """Return a note's mod time: the published one, or the build's where the matter differs."""
        published = self.find(content.card)
        if published is None:
            return build_s
        if published.hash == content.hash:
            return published.mod_s
        # Never at or below what people have, even when this machine's clock is behind.
        return max(build_s, published.mod_s + 1)

    def stamp_note_type(self, note_type: NoteType, build_s: int) -> int:
        """Return a note type's mod time, by the same rule."""
        published = self.note_types.get(note_type.kind)
        if published is None:
            return build_s
        if published.hash == note_type.hash:
            return published.mod_s
        return max(build_s, published.mod_s + 1)


def format_ledger(ledger: Ledger) -> str:
    """Return a ledger as JSON lines: a head, then note types and notes, each sorted by name."""
    head = {
        "ledger": LEDGER_FORMAT,
        "pack": ledger.pack,
        "version": ledger.version,
        "released": ledger.released_s,
        "decks": list(ledger.deck_names),
    }
    note_types = [
        {"note_type": t.kind, "mod": t.mod_s, "hash": t.hash, "structure": t.structure}
        for _, t in sorted(ledger.note_types.items())
    ]
    notes = [
        {
            "note": note.id,
            "guid_ref": note.guid_ref,
            "kind": note.kind,
            "mod": note.mod_s,
            "hash": note.hash,
            "matter": note.matter,
        }
        for _, note in sorted(ledger.notes.items())
    ]
    rows = [head, *note_types, *notes]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def read_ledger(path: Path, pack: str, shown_path: str) -> tuple[Ledger, list[Diagnostic]]:
    """Read a pack's ledger; an absent one is empty, a damaged one is reported line by line."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return Ledger(pack=pack), []
    except UnicodeDecodeError:
        return Ledger(pack=pack), [_damage(shown_path, 1, "this is no UTF-8 text")]
    problems: list[Diagnostic] = []
    head: dict[str, Any] = {}
    notes: dict[str, Published] = {}
    note_types: dict[str, PublishedType] = {}
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            if number == 1:
                head = _read_head(row, pack)
            elif "note_type" in row:
                note_type = PublishedType(
                    kind=row["note_type"],
                    mod_s=int(row["mod"]),
                    hash=row["hash"],
                    structure=dict(row["structure"]),
                )
                note_types[note_type.kind] = note_type
            else:
                note = _read_note(row, number)
                if note.id in notes:
                    problems.append(_damage(shown_path, number, f"`{note.id}` stands twice"))
                elif hash_matter(dict(note.matter)) != note.hash:
                    message = f"`{note.id}` does not match its hash"
                    problems.append(_damage(shown_path, number, message))
                notes[note.id] = note
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problems.append(_damage(shown_path, number, f"this line cannot be read ({error})"))
    ledger = Ledger(
        pack=pack,
        version=str(head.get("version", "")),
        released_s=int(head.get("released", 0)),
        deck_names=tuple(head.get("decks", ())),
        notes=notes,
        note_types=note_types,
    )
    return ledger, problems


def _read_head(row: dict[str, Any], pack: str) -> dict[str, Any]:
    if row["ledger"] != LEDGER_FORMAT:
        message = f"ledger format {row['ledger']} is not known; update cardwright"
        raise ValueError(message)
    if row["pack"] != pack:
        message = f"it belongs to the pack `{row['pack']}`"
        raise ValueError(message)
    return row


def _read_note(row: dict[str, Any], number: int) -> Published:
    return Published(
        id=str(row["note"]),
        guid_ref=str(row["guid_ref"]),
        kind=str(row["kind"]),
        mod_s=int(row["mod"]),
        hash=str(row["hash"]),
        matter=dict(row["matter"]),
        line=number,
    )


def _damage(path: str, line: int, message: str) -> Diagnostic:
    return diagnose(
        "ledger-mismatch",
        message,
        Span(path=path, line=line, column=1),
        help="restore the ledger from version control; only `cards release` writes it",
    )


def check_ledger(
    ledger: Ledger, collection: Collection, note_types: Iterable[NoteType], shown_path: str
) -> Iterator[Diagnostic]:
    """Report what would cost people who imported the pack their cards or their progress."""
    cards = [card for card in collection.cards if card.pack == ledger.pack]
    known = {card_id for card in cards for card_id in (card.id, *card.formerly)}
    for note in ledger.notes.values():
        if note.id not in known:
            yield diagnose(
                "vanished-id",
                f"`{note.id}` was published and is gone",
                Span(path=shown_path, line=note.line, column=1),
                help="put it back with `retired: why`, or name it in `formerly` of its new id",
            )
    for card in cards:
        published = ledger.find(card)
        if published is None:
            continue
        if published.kind != card.kind:
            yield diagnose(
                "kind-changed",
                f"`{card.id}` was published as `{published.kind}`, not `{card.kind}`",
                card.span_of("kind"),
                help="retire it, and write a new card with a new id",
            )
        if published.guid_ref != card.original_ref:
            yield diagnose(
                "ledger-mismatch",
                f"`{card.id}` was published as {published.guid_ref}",
                card.span_of("formerly"),
                help="list the earlier ids in `formerly`, the oldest first",
            )
    yield from _check_frozen(ledger, collection, note_types)
    yield from _check_deck_names(ledger, collection)


def _check_frozen(
    ledger: Ledger, collection: Collection, note_types: Iterable[NoteType]
) -> Iterator[Diagnostic]:
    for note_type in note_types:
        published = ledger.note_types.get(note_type.kind)
        if published is None or dict(published.structure) == note_type.structure:
            continue
        changed = [
            key
            for key, value in note_type.structure.items()
            if published.structure.get(key) != value
        ]
        yield diagnose(
            "note-type-changed",
            f"the note type of `{note_type.kind}` is published and frozen; changed: {', '.join(changed)}",
            collection.decks[ledger.pack].span,
            help="undo the change; new structure is a new kind",
        )


def _check_deck_names(ledger: Ledger, collection: Collection) -> Iterator[Diagnostic]:
    deck = collection.decks.get(ledger.pack)
    if deck is None:
        return
    names = {"::".join(path) for path, _ in deck.walk()}
    for name in ledger.deck_names:
        if name not in names:
            yield diagnose(
                "deck-renamed",
                f"the deck `{name}` was published and is gone",
                deck.span,
                help="Anki knows decks by name: cards that people have stay in the old one",
            )
