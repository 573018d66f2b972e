"""The ledger: what was published of a pack, and when each note changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from cardwright.anki.note import RENDERING, Content, hash_matter
from cardwright.anki.notetype import NoteType
from cardwright.diagnostic import Diagnostic, Span, apply_severities, diagnose
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
    if not path.exists():
        return Ledger(pack=pack), []
    if not path.is_file():
        return Ledger(pack=pack), [_damage(shown_path, 1, "this is no plain file")]
    try:
        # Not `splitlines`: texts may hold what it takes for the end of a line.
        lines = path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        return Ledger(pack=pack), [_damage(shown_path, 1, "this is no UTF-8 text")]
    problems: list[Diagnostic] = []
    ledger = Ledger(pack=pack)
    notes: dict[str, Published] = {}
    note_types: dict[str, PublishedType] = {}
    for number, line in enumerate(lines, 1):
        try:
            row = _read_row(line)
            if number == 1:
                ledger = _read_head(row, pack)
            elif "note_type" in row:
                note_type = _read_note_type(row)
                note_types[note_type.kind] = note_type
            else:
                note = _read_note(row, number)
                problems += _check_note(note, notes, shown_path)
                notes[note.id] = note
        except KeyError as error:
            problems.append(_damage(shown_path, number, f"this line lacks `{error.args[0]}`"))
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            problems.append(_damage(shown_path, number, f"this line cannot be read: {error}"))
    return replace(ledger, notes=notes, note_types=note_types), problems


def _check_note(
    note: Published, notes: Mapping[str, Published], shown_path: str
) -> Iterator[Diagnostic]:
    if note.id in notes:
        yield _damage(shown_path, note.line, f"`{note.id}` stands twice")
    matter = dict(note.matter)
    # What was published by an earlier rendering keeps its hash until the next release.
    if all(hash_matter(matter, rendering + 1) != note.hash for rendering in range(RENDERING)):
        yield _damage(shown_path, note.line, f"`{note.id}` does not match its hash")


def _read_row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        message = "it is no JSON"
        raise ValueError(message) from error
    if not isinstance(row, dict):
        message = "it is no object"
        raise TypeError(message)
    return row


def _read_head(row: dict[str, Any], pack: str) -> Ledger:
    if row["ledger"] != LEDGER_FORMAT:
        message = f"ledger format {row['ledger']} is not known; update cardwright"
        raise ValueError(message)
    if row["pack"] != pack:
        message = f"the ledger belongs to the pack `{row['pack']}`"
        raise ValueError(message)
    return Ledger(
        pack=pack,
        version=str(row["version"]),
        released_s=int(row["released"]),
        deck_names=tuple(map(str, row["decks"])),
    )


def _read_note_type(row: dict[str, Any]) -> PublishedType:
    return PublishedType(
        kind=str(row["note_type"]),
        mod_s=int(row["mod"]),
        hash=str(row["hash"]),
        structure=dict(row["structure"]),
    )


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
) -> list[Diagnostic]:
    """Report what would cost people who imported the pack their cards or their progress."""
    cards = [card for card in collection.cards if card.pack == ledger.pack]
    found = [
        *(
            ()
            if ledger.pack in collection.incomplete
            else _check_vanished(ledger, cards, shown_path)
        ),
        *_check_cards(ledger, cards),
        *_check_frozen(ledger, collection, note_types),
        *_check_deck_names(ledger, collection),
    ]
    deck = collection.decks.get(ledger.pack)
    return apply_severities(found, deck.severities if deck else {})


def _check_vanished(ledger: Ledger, cards: list[Card], shown_path: str) -> Iterator[Diagnostic]:
    known = {card_id for card in cards for card_id in (card.id, *card.formerly)}
    for note in ledger.notes.values():
        if note.id not in known:
            yield diagnose(
                "vanished-id",
                f"`{note.id}` was published and is gone",
                Span(path=shown_path, line=note.line, column=1),
                help="put it back with `retired: why`, or name it in `formerly` of its new id",
            )


def _check_cards(ledger: Ledger, cards: list[Card]) -> Iterator[Diagnostic]:
    for card in cards:
        published = ledger.find(card)
        if published is None:
            continue
        if published.kind != card.kind:
            yield diagnose(
                "kind-changed",
                f"`{card.id}` was published as `{published.kind}`, not `{card.kind}`",
                card.span_of("kind"),
                help="put the kind back; or retire the card, and write a new one with a new id",
            )
        if published.guid_ref != card.key:
            yield diagnose(
                "ledger-mismatch",
                f"`{card.id}` was first published as `{published.guid_ref}`, "
                f"and would come as `{card.key}`: a second note for everybody",
                card.span_of("formerly"),
                help="list all earlier ids in `formerly`, the oldest first",
            )


def _check_frozen(
    ledger: Ledger, collection: Collection, note_types: Iterable[NoteType]
) -> Iterator[Diagnostic]:
    for note_type in note_types:
        published = ledger.note_types.get(note_type.kind)
        if published is None or dict(published.structure) == note_type.structure:
            continue
        keys = {*note_type.structure, *published.structure}
        changed = sorted(
            key for key in keys if published.structure.get(key) != note_type.structure.get(key)
        )
        yield diagnose(
            "note-type-changed",
            f"the note type of `{note_type.kind}` is published and frozen; changed: {', '.join(changed)}",
            collection.decks[ledger.pack].span,
            help="undo the change in the kind's file; a new structure is a new kind",
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


def make_ledger(
    ledger: Ledger,
    contents: Iterable[Content],
    note_types: Iterable[NoteType],
    deck_names: tuple[str, ...],
    *,
    version: str,
    released_s: int,
) -> Ledger:
    """Return the ledger after a release; mod times advance only where a note or note type changed."""
    notes = {
        content.card.id: Published(
            id=content.card.id,
            guid_ref=content.card.key,
            kind=content.card.kind,
            mod_s=ledger.stamp_note(content, released_s),
            hash=content.hash,
            matter=content.matter,
        )
        for content in contents
    }
    published_types = {
        note_type.kind: PublishedType(
            kind=note_type.kind,
            mod_s=ledger.stamp_note_type(note_type, released_s),
            hash=note_type.hash,
            structure=note_type.structure,
        )
        for note_type in note_types
    }
    return replace(
        ledger,
        version=version,
        released_s=released_s,
        deck_names=deck_names,
        # What no deck takes at present, and kinds that no card uses any more, stay known:
        # people still have those notes and note types.
        notes={**_find_left_out(ledger, notes), **notes},
        note_types={**ledger.note_types, **published_types},
    )


def _find_left_out(ledger: Ledger, notes: Mapping[str, Published]) -> dict[str, Published]:
    refs = {note.guid_ref for note in notes.values()}
    return {note.id: note for note in ledger.notes.values() if note.guid_ref not in refs}
