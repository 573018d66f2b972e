"""Package → the ledger that records it as published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cardwright.anki.ledger import Ledger, Published, PublishedType
from cardwright.anki.package import Package


def make_ledger(ledger: Ledger, package: Package, *, version: str, released_s: int) -> Ledger:
    """Return the ledger after publishing a package; mod times advance only where matter changed."""
    notes = {
        content.card.id: Published(
            id=content.card.id,
            guid_ref=content.card.original_ref,
            kind=content.card.kind,
            mod_s=ledger.stamp_note(content, released_s),
            hash=content.hash,
            matter=content.matter,
        )
        for content in package.contents
    }
    note_types = {
        note_type.kind: PublishedType(
            kind=note_type.kind,
            mod_s=ledger.stamp_note_type(note_type, released_s),
            hash=note_type.hash,
            structure=note_type.structure,
        )
        for note_type in package.note_types
    }
    return replace(
        ledger,
        version=version,
        released_s=released_s,
        deck_names=package.deck_names,
        # What no deck takes at present, and kinds that no card uses any more, stay known:
        # people still have those notes and note types.
        notes={**_find_left_out(ledger, notes), **notes},
        note_types={**ledger.note_types, **note_types},
    )


def _find_left_out(ledger: Ledger, notes: Mapping[str, Published]) -> dict[str, Published]:
    refs = {note.guid_ref for note in notes.values()}
    return {note.id: note for note in ledger.notes.values() if note.guid_ref not in refs}
