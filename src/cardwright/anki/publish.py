"""A pack → what its package publishes of each note and note type, with their modification times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import msgspec

from cardwright.anki.ledger import Ledger, Published, PublishedType, pack_content
from cardwright.anki.note import RENDERING_VERSION, Note
from cardwright.anki.notetype import NoteType
from cardwright.anki.pack import PackContents
from cardwright.anki.record import Record
from cardwright.anki.stamp import (
    Edition,
    Past,
    add_edition,
    drop_superseded,
    has_edition,
    stamp_build,
    stamp_release,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """The modification times in a package, in Unix seconds, and the version that it shows."""

    version: str
    """The last release; empty before the first one."""
    released_s: int
    notes_s: Mapping[str, int]
    """By key of the card."""
    note_types_s: Mapping[str, int]
    """By kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A build of a pack, ready to be written."""

    stamps: Stamps
    record: Record
    """The updated record of the builds since the release."""
    reverted: int
    """How many notes are as released, but take back what an earlier build shipped."""
    is_adopted: bool = False
    """Whether it has notes that people have, although nothing was released here."""


def prepare_build(
    contents: PackContents, ledger: Ledger, record: Record, *, built_s: int, now_s: int
) -> Build:
    """Return the build of a pack, stamped with `built_s`, in Unix seconds.

    That may be the time of a commit, long before the build ships it at `now_s`.
    """
    notes_s: dict[str, int] = {}
    notes: dict[str, tuple[Edition, ...]] = {}
    reverted = 0
    for note in contents.packed:
        key, past = note.card.key, _find_note(ledger, record, note)
        mod_s = notes_s[key] = stamp_build(past, built_s)
        reverted += past.is_published and past.last is not None
        if editions := _ship(past, note, mod_s, now_s):
            notes[key] = editions
    note_types_s: dict[str, int] = {}
    note_types: dict[str, tuple[Edition, ...]] = {}
    for kind, note_type in contents.note_types.items():
        mod_s = note_types_s[kind] = _stamp_type(ledger, record, note_type, stamp_build, built_s)
        if note_type.changed_s is None:
            past = _find_type(ledger, record, note_type)
            if editions := _ship(past, note_type, mod_s, now_s):
                note_types[kind] = editions
    kept = keep_unreleased(contents, ledger, record)
    return Build(
        stamps=Stamps(
            version=ledger.version,
            released_s=ledger.released_s,
            notes_s=notes_s,
            note_types_s=note_types_s,
        ),
        record=Record(notes={**kept.notes, **notes}, note_types={**kept.note_types, **note_types}),
        reverted=reverted,
        is_adopted=bool(ledger.notes) and not ledger.version,
    )


def keep_unreleased(contents: PackContents, ledger: Ledger, record: Record) -> Record:
    """Return what builds have shipped, since the release, of notes that are not in the package."""
    packed = {note.card.key for note in contents.packed} if record.notes else set()
    left = {key: editions for key, editions in record.notes.items() if key not in packed}
    published_s = {note.guid_ref: note.mod_s for note in ledger.notes.values()} if left else {}
    return Record(
        notes={
            key: editions
            for key, editions in left.items()
            if drop_superseded(editions, published_s.get(key))
        },
        note_types={
            kind: editions
            for kind, editions in record.note_types.items()
            if kind not in contents.note_types
        },
    )


def list_stamps(ledger: Ledger) -> Stamps:
    """Return the stamps of the package of a release."""
    return Stamps(
        version=ledger.version,
        released_s=ledger.released_s,
        notes_s={note.guid_ref: note.mod_s for note in ledger.notes.values()},
        note_types_s={kind: note_type.mod_s for kind, note_type in ledger.note_types.items()},
    )


def _ship(
    past: Past,
    made: Note | NoteType,
    mod_s: int,
    now_s: int,
) -> tuple[Edition, ...]:
    """Return the editions of a note or note type after a build has shipped it."""
    if has_edition(past, mod_s):
        return past.editions
    first_s = past.same.first_s if past.same else now_s
    edition = Edition(hash=made.hash, first_s=first_s, mod_s=mod_s)
    if isinstance(made, Note):
        edition = msgspec.structs.replace(
            edition, html_hash=made.html_hash, rendering=RENDERING_VERSION, markup=made.markup
        )
    return add_edition(past, edition)


def stage(
    contents: PackContents,
    ledger: Ledger,
    record: Record,
    stamp: Callable[[Past, int], int],
    now_s: int,
) -> Ledger:
    """Return the ledger with the notes and note types of a pack, stamped at `now_s`."""
    decks = contents.list_decks()
    published = {}
    for note in contents.notes:
        before = ledger.find(note.card)
        if before and note.card.withdrawn:
            made = _withdraw_note(before, note, _stamp_withdrawn(ledger, record, note, now_s))
        else:
            past = _find_note(ledger, record, note)
            made = _publish_note(before, note, decks[note.card.key], stamp(past, now_s))
        published[note.card.id] = made
    # Cards that no deck selects any more are kept: people still have their notes. So are kinds.
    keys = {note.guid_ref for note in published.values()}
    kept = {
        note.id: replace(note, is_left_out=True)
        for note in ledger.notes.values()
        if note.guid_ref not in keys
    }
    note_types = {
        kind: PublishedType(
            kind=kind,
            mod_s=_stamp_type(ledger, record, note_type, stamp, now_s),
            hash=note_type.hash,
            structure=note_type.structure,
        )
        for kind, note_type in contents.note_types.items()
    }
    return replace(
        ledger, notes={**kept, **published}, note_types={**ledger.note_types, **note_types}
    )


def _publish_note(before: Published | None, note: Note, deck: str, mod_s: int) -> Published:
    content, html_hash = note.content, note.html_hash
    rendering = RENDERING_VERSION
    if before and before.mod_s == mod_s and before.html_hash != html_hash:
        # Only a library renders it differently: everyone keeps the HTML published before.
        html_hash, rendering = before.html_hash, before.rendering
    return Published(
        id=note.card.id,
        guid_ref=note.card.key,
        guid=note.card.guid or "",
        kind=note.card.kind,
        mod_s=mod_s,
        hash=note.hash,
        packed=pack_content(content),
        rendering=rendering,
        html_hash=html_hash,
        markup=note.markup,
        deck=deck,
        former=before.keep_former(content, html_hash) if before else (),
    )


def _withdraw_note(before: Published, note: Note, mod_s: int) -> Published:
    """Return a note that is withdrawn: people keep what was published before."""
    content = note.content
    return replace(
        before,
        id=note.card.id,
        mod_s=mod_s,
        hash=note.hash,
        packed=pack_content(content),
        shipped=before.shipped if before.withdrawn else before.hash,
        is_left_out=False,
        former=before.keep_former(content, before.html_hash),
    )


def _stamp_withdrawn(ledger: Ledger, record: Record, note: Note, now_s: int) -> int:
    """Return the modification time of a published note that the package leaves out."""
    if note.card.withdrawn == "reserved":
        # What builds of the reserved cards have shipped since is for the release that returns it.
        return _find_note(ledger, record, note).published_s or 0
    return stamp_release(_find_note(ledger, record, note), now_s)


def _find_note(ledger: Ledger, record: Record, note: Note) -> Past:
    published = ledger.find(note.card)
    published_s = published.mod_s if published else None
    editions = drop_superseded(record.notes.get(note.card.key, ()), published_s)
    hash, is_published = note.hash, published is not None and published.is_note(note)
    if published and note.card.retired is not None:
        # It is not shipped any more, so it is about what people have.
        hash, is_published = published.shipped_hash, True
    same = [edition for edition in editions if edition.hash == hash and note.has_html_of(edition)]
    if is_published and list(editions) == same:
        # A build that did not know of the release, as from an older commit: nothing to take back.
        editions, same = (), []
    return Past(
        published_s=published_s,
        is_published=is_published,
        editions=editions,
        same=same[-1] if same else None,
    )


def _find_type(ledger: Ledger, record: Record, note_type: NoteType) -> Past:
    published = ledger.note_types.get(note_type.kind)
    published_s = published.mod_s if published else None
    editions: tuple[Edition, ...] = ()
    if note_type.changed_s is None:
        editions = drop_superseded(record.note_types.get(note_type.kind, ()), published_s)
    same = [edition for edition in editions if edition.hash == note_type.hash]
    return Past(
        published_s=published_s,
        is_published=published is not None and published.hash == note_type.hash,
        editions=editions,
        same=same[-1] if same else None,
    )


def _stamp_type(
    ledger: Ledger,
    record: Record,
    note_type: NoteType,
    stamp: Callable[[Past, int], int],
    now_s: int,
) -> int:
    """Return the modification time of a note type.

    That of a built-in one is the time of its last change in this program, wherever it is built: of two
    packs that share it, the one with the newer design wins.
    """
    past = _find_type(ledger, record, note_type)
    if note_type.changed_s is None:
        return stamp(past, now_s)
    return stamp_release(past, note_type.changed_s)


def list_restyled(ledger: Ledger, note_types: Mapping[str, NoteType]) -> list[str]:
    """Return the published kinds that look different now."""
    return [
        kind
        for kind, note_type in note_types.items()
        if kind in ledger.note_types and ledger.note_types[kind].hash != note_type.hash
    ]
