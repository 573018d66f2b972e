"""The ledger: the published notes of a pack, and when each of them last changed.

A note has changed if its source has, or if a rendering fix changes its HTML. `stamp` tells why its time
matters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from cardwright.anki.note import Note, hash_content
from cardwright.diagnostic import Diagnostic, Span, diagnose, diagnose_conflict
from cardwright.model import Card
from cardwright.text import find_conflicts

LEDGER_FORMAT: Final = 1
LEDGER_NAME: Final = "ledger.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A note as it was last published."""

    id: str
    guid_ref: str
    """The key of its card, from which its guid is derived."""
    kind: str
    mod_s: int
    """Its modification time in Unix seconds."""
    hash: str
    content: dict[str, Any]
    rendering: int = 1
    """The version of the rendering it was last published with."""
    html_hash: str = ""
    """Digest of its fields as published; empty if an older version of the program published it."""
    deck: str = ""
    """The full name of the deck it was published in; empty if it is not known."""
    line: int = 0
    """Its line in the ledger's file; 0 if it was not read from one."""
    guid: str = ""
    """The guid that its card adopted; empty if it is derived from the key."""
    shipped: str = ""
    """If it is retired: the hash of the content that people have, unless they have this one."""

    @property
    def is_retired(self) -> bool:
        """Whether it was published as retired."""
        return "retired" in self.content.get("tags", ())

    @property
    def shipped_hash(self) -> str:
        """The hash of the content that people have."""
        return self.shipped or self.hash


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedType:
    """A note type as it was last published."""

    kind: str
    mod_s: int
    hash: str
    structure: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything published of a pack; empty before its first release."""

    pack: str
    namespace: str = ""
    """The namespace it was published with; empty before the first release."""
    version: str = ""
    released_s: int = 0
    unfinished: str = ""
    """The changelog's entry of the last release, until changelog and package are written."""
    deck_names: tuple[str, ...] = ()
    notes: Mapping[str, Published] = field(default_factory=dict)
    """By id of the card."""
    note_types: Mapping[str, PublishedType] = field(default_factory=dict)
    """By kind."""

    def find(self, card: Card) -> Published | None:
        """Return a card as published, under its current or an earlier id."""
        for card_id in (card.id, *reversed(card.formerly)):
            if card_id in self.notes:
                return self.notes[card_id]
        return None

    def list_note_type_ids(self) -> dict[str, int]:
        """Return the ids of the published note types, by kind."""
        found = {kind: made.structure.get("id") for kind, made in self.note_types.items()}
        return {kind: id for kind, id in found.items() if isinstance(id, int)}

    def is_published(self, note: Note) -> bool:
        """Tell whether a note is as people have it from the last release."""
        published = self.find(note.card)
        return (
            published is not None
            and published.shipped_hash == note.hash
            and note.has_html_of(published)
        )

    def is_rerendered(self, note: Note) -> bool:
        """Tell whether a rendering fix has changed the HTML of a published note."""
        published = self.find(note.card)
        return published is not None and not note.has_html_of(published)


def format_ledger(ledger: Ledger) -> str:
    """Return a ledger as JSON lines: a header, then note types and notes, each sorted by name."""
    header = {
        "ledger": LEDGER_FORMAT,
        "pack": ledger.pack,
        "namespace": ledger.namespace,
        "version": ledger.version,
        "released": ledger.released_s,
        "decks": list(ledger.deck_names),
        **({"unfinished": ledger.unfinished} if ledger.unfinished else {}),
    }
    note_types = [
        {"note_type": t.kind, "mod": t.mod_s, "hash": t.hash, "structure": t.structure}
        for _, t in sorted(ledger.note_types.items())
    ]
    notes = [
        {
            "note": note.id,
            "guid_ref": note.guid_ref,
            **({"guid": note.guid} if note.guid else {}),
            "kind": note.kind,
            "mod": note.mod_s,
            "hash": note.hash,
            "matter": note.content,
            "rendering": note.rendering,
            "html": note.html_hash,
            "deck": note.deck,
            **({"shipped": note.shipped} if note.shipped else {}),
        }
        for _, note in sorted(ledger.notes.items())
    ]
    rows = [header, *note_types, *notes]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def read_ledger(path: Path, pack: str, shown_path: str) -> tuple[Ledger, list[Diagnostic]]:
    """Read a pack's ledger; a missing one is empty, and every damaged line is reported."""
    if not path.exists():
        return Ledger(pack=pack), []
    if not path.is_file():
        return Ledger(pack=pack), [_damage(shown_path, 1, "this is not a regular file")]
    try:
        # Not `splitlines`: texts may contain characters that it treats as line ends.
        lines = path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        return Ledger(pack=pack), [_damage(shown_path, 1, "this is not UTF-8 text")]
    if conflicts := list(_find_conflicts("\n".join(lines), shown_path)):
        return Ledger(pack=pack), conflicts
    problems: list[Diagnostic] = []
    ledger = Ledger(pack=pack)
    notes: dict[str, Published] = {}
    note_types: dict[str, PublishedType] = {}
    for number, line in enumerate(lines, 1):
        try:
            row = _read_row(line)
            if number == 1:
                ledger = _read_header(row, pack)
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


def _find_conflicts(text: str, shown_path: str) -> Iterator[Diagnostic]:
    for conflict in find_conflicts(text):
        line = text.count("\n", 0, conflict.start) + 1
        span = Span(path=shown_path, line=line, column=1, length=conflict.length)
        yield diagnose_conflict(span)


def _read_row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(row, dict):
        raise TypeError("it is not a JSON object")
    return row


def _read_header(row: dict[str, Any], pack: str) -> Ledger:
    if row["ledger"] != LEDGER_FORMAT:
        raise ValueError(f"ledger format {row['ledger']} is not known; update cardwright")
    return Ledger(
        # The folder may have another name since: what counts is the namespace.
        pack=pack,
        # Until packs had namespaces, their names were used.
        namespace=str(row.get("namespace", row["pack"])),
        version=str(row["version"]),
        released_s=int(row["released"]),
        deck_names=tuple(map(str, row["decks"])),
        unfinished=str(row.get("unfinished", "")),
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
        guid=str(row.get("guid", "")),
        kind=str(row["kind"]),
        mod_s=int(row["mod"]),
        hash=str(row["hash"]),
        content=_read_content(row["matter"]),
        rendering=int(row.get("rendering", 1)),
        html_hash=str(row.get("html", "")),
        deck=str(row.get("deck", "")),
        shipped=str(row.get("shipped", "")),
        line=number,
    )


def _read_content(matter: object) -> dict[str, Any]:
    if not isinstance(matter, dict):
        raise TypeError("`matter` is not a JSON object")
    is_right = isinstance(matter.get("fields", {}), dict) and isinstance(
        matter.get("tags", []), list
    )
    if not is_right:
        raise TypeError("`fields` or `tags` of `matter` are of the wrong type")
    return matter


def _check_note(
    note: Published, notes: Mapping[str, Published], shown_path: str
) -> Iterator[Diagnostic]:
    if note.id in notes:
        yield _damage(shown_path, note.line, f"`{note.id}` appears twice")
    if hash_content(note.content) != note.hash:
        yield _damage(shown_path, note.line, f"`{note.id}` does not match its hash")


def _damage(path: str, line: int, message: str) -> Diagnostic:
    return diagnose(
        "ledger-mismatch",
        message,
        Span(path=path, line=line, column=1),
        help="restore the ledger from version control; only `cards release` writes it",
    )
