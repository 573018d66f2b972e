"""What a reader changed in Anki, compared with the sources, and taken over into them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from filecmp import cmp
from pathlib import Path, PurePosixPath
from typing import Any, Final

from cardwright.anki.card_files import CardFiles
from cardwright.anki.card_values import Data, get_value
from cardwright.anki.collection import Collection, NoteRow
from cardwright.anki.edits import Edit, Past, ReaderNote, Sources, find_edits, is_as_shipped
from cardwright.anki.guid import derive_guid, make_guid
from cardwright.anki.media import MediaFinder
from cardwright.anki.note import Note
from cardwright.anki.pack import PackContents
from cardwright.app.build import WarnOf, load_record
from cardwright.app.project import Project
from cardwright.error import CardwrightError, ProjectError
from cardwright.files import find_below, find_free, read_below, write_below
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.media import read_media
from cardwright.model import Card
from cardwright.project.card import parse_cards
from cardwright.project.check_cards import check_cards, check_sources
from cardwright.project.check_texts import check_texts
from cardwright.project.checking import CardChecking
from cardwright.project.document import Document
from cardwright.project.edit import Edited, edit_card, read_card_values
from cardwright.project.mentions import explain_mentions
from cardwright.text import to_nfc

MAX_LISTED: Final = 200
"""How many notes of the reader's own are described."""
_MAX_COMPARED: Final = 2_000_000
"""How much changed text is compared, in characters: a file may hold any amount of it."""
_MAX_NAME: Final = 150
"""Of the name of a new file, in characters."""


class EditError(CardwrightError):
    """A change cannot be written."""


@dataclass(slots=True, kw_only=True)
class PackEdits:
    """What a reader changed in a pack."""

    pack: str
    compared: int = 0
    """How many of its notes the reader has."""
    edits: list[Edit] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    """Cards that were released, but that the reader does not have, by id."""
    converted: list[str] = field(default_factory=list)
    """Cards whose notes have another note type in Anki, by id."""
    skipped: list[str] = field(default_factory=list)
    """Cards that were not compared, since the file has too much changed text, by id."""
    own_count: int = 0
    """How many notes the reader added to the pack's decks."""
    own: list[str] = field(default_factory=list)
    """The first fields of some of them."""


class NewFiles:
    """Media files that a reader added to notes, kept in a folder until they are taken over."""

    def __init__(self, collection: Collection, root: Path, folder: Path) -> None:
        """Take files of `collection` for the project at `root`; `folder` is for them alone."""
        self._collection = collection
        self._root = root
        self._folder = folder
        self._staged: dict[str, Path | None] = {}
        self._paths: dict[str, Path] = {}

    def place(self, card: Card, name: str) -> str | None:
        """Return the path, relative to a card's file, at which a file of the reader can be put."""
        if name not in self._staged:
            self._staged[name] = self._stage(name)
        staged = self._staged[name]
        if staged is None:
            return None
        folder = PurePosixPath(card.span.path).parent / "media"
        try:
            wanted = find_below(self._root, str(folder / to_nfc(name)))
        except ProjectError:
            return None
        if wanted.is_file() and not cmp(wanted, staged, shallow=False):
            wanted = find_free(wanted)
        path = f"media/{wanted.name}"
        self._paths[str(folder / wanted.name)] = staged
        return path

    def copy(self, card: Card, path: str) -> None:
        """Put a file where `place` said.

        Raises:
            ProjectError: a link is in the way.
            OSError: it cannot be written.

        """
        name = str(PurePosixPath(card.span.path).parent / path)
        if not find_below(self._root, name).exists():
            write_below(self._root, name, self._paths[name].read_bytes())

    def _stage(self, name: str) -> Path | None:
        members = {found: member for member, found in self._collection.media.items()}
        is_safe = (
            name.isprintable() and len(name) <= _MAX_NAME and not set(name) & set('/\\:*?"<>|')
        )
        if name not in members or not is_safe or name.startswith("."):
            return None
        path = self._folder / f"{len(self._staged)}{PurePosixPath(name).suffix}"
        try:
            with path.open("wb") as target:
                self._collection.write_media(members[name], target)
            read_media(path)
        except (ForeignFileError, OSError):
            return None
        return path


@contextmanager
def keep_new_files(collection: Collection, root: Path) -> Iterator[NewFiles]:
    """Keep the files that a reader added while the context lasts."""
    with tempfile.TemporaryDirectory(prefix="cards-", ignore_cleanup_errors=True) as folder:
        yield NewFiles(collection, root, Path(folder))


def find_pack_edits(
    project: Project, collection: Collection, new_files: NewFiles, warn_of: WarnOf
) -> list[PackEdits]:
    """Compare the notes of a reader with those of all packs; the project must be free of errors.

    Raises:
        PackageError: the collection is damaged.

    """
    packs = [_PackComparison(project, pack, warn_of) for pack in project.collection.decks]
    owners = {guid: pack for pack in reversed(packs) for guid in pack.notes}
    # Notes of cards that are retired, or in no deck any more, are nobody's own.
    known = {make_guid(card) for card in project.collection.heads}
    for ledger in project.ledgers.values():
        known |= {note.guid or derive_guid(note.guid_ref) for note in ledger.notes.values()}
    unknown: set[int] = set()
    seen: set[str] = set()
    left = _MAX_COMPARED
    for row in collection.read_notes():
        if row.guid not in owners:
            if row.guid not in known:
                unknown.add(row.id)
        elif row.guid not in seen:
            seen.add(row.guid)
            labels = [one.name for one in collection.note_types[row.type_id].fields]
            theirs = ReaderNote(
                guid=row.guid,
                fields=dict(zip(labels, row.fields, strict=False)),
                tags=row.tags,
            )
            left -= owners[row.guid].measure(theirs)
            if left < 0:
                owners[row.guid].skip(theirs)
            else:
                owners[row.guid].compare(theirs, new_files)
    found = [pack for pack in packs if pack.found.compared]
    for pack in found:
        pack.list_absent(seen)
    _list_own(collection, unknown, found)
    return [pack.found for pack in found]


class _PackComparison:
    """Compares the notes of one pack."""

    def __init__(self, project: Project, pack: str, warn_of: WarnOf) -> None:
        project.refuse_damaged_ledger(pack)
        self.contents: PackContents = project.describe_pack(pack)
        reserved = project.describe_pack(pack, is_reserved=True)
        self.found = PackEdits(pack=pack)
        self.notes: dict[str, Note] = {}
        for note in (*self.contents.packed, *reserved.packed):
            self.notes.setdefault(make_guid(note.card), note)
        self._ledger = project.ledgers[pack]
        self._adopted = project.adopted_packs[pack]
        self._record = load_record(project, pack, warn_of)
        self._finder = MediaFinder(project.media.find, self._adopted.media)
        labels = {
            kind: [one.name for one in note_type.fields]
            for kind, note_type in {**self.contents.note_types, **reserved.note_types}.items()
        }
        self._sources = Sources(project.collection, project.renderer, labels)

    def measure(self, theirs: ReaderNote) -> int:
        """Return how many characters the fields of a note have that may have been edited."""
        note = self.notes[theirs.guid]
        labels = self._sources.labels[note.card.kind]
        changed = [
            html
            for label, shipped in zip(labels, note.fields, strict=True)
            if (html := theirs.fields.get(label, "")) != shipped
        ]
        is_shipped = not changed or is_as_shipped(labels, theirs, self._find_past(note))
        return 0 if is_shipped else sum(map(len, changed))

    def skip(self, theirs: ReaderNote) -> None:
        self.found.compared += 1
        self.found.skipped.append(self.notes[theirs.guid].card.id)

    def compare(self, theirs: ReaderNote, new_files: NewFiles) -> None:
        note = self.notes[theirs.guid]
        card = self._sources.collection.load(note.card)
        self.found.compared += 1
        if theirs.fields.keys().isdisjoint(self._sources.labels[card.kind]):
            self.found.converted.append(card.id)
            return
        past = self._find_past(note)
        contents = past.published.list_contents() if past.published else ()
        files = CardFiles(
            self._finder.list_files(
                card, self._sources.collection.kinds[card.kind], self._sources.renderer
            ),
            [content.get("media") or {} for content in contents],
            lambda name: new_files.place(card, name),
        )
        self.found.edits += find_edits(self._sources, note, theirs, files, past)

    def _find_past(self, note: Note) -> Past:
        card = note.card
        editions = self._record.notes.get(card.key, ())
        return Past(
            published=self._ledger.find(card),
            adopted=self._adopted.notes.get(make_guid(card)),
            built_hashes=frozenset(edition.html_hash for edition in editions),
        )

    def list_absent(self, seen: set[str]) -> None:
        self.found.absent = [
            note.card.id
            for guid, note in self.notes.items()
            if guid not in seen
            and note.card.reserved is None
            and (not self._ledger.version or self._ledger.find(note.card))
        ]

    def has_deck(self, name: str) -> bool:
        top = self.contents.deck.name.casefold()
        return name.casefold() == top or name.casefold().startswith(f"{top}::")


def _list_own(collection: Collection, unknown: set[int], packs: Sequence[_PackComparison]) -> None:
    """Find the notes that the reader added to the decks of packs."""
    decks = {
        id: pack
        for id, deck in collection.decks.items()
        for pack in packs
        if pack.has_deck(deck.name)
    }
    told: set[int] = set()
    for note_id, _, deck_id in collection.read_homes() if decks else ():
        if note_id not in unknown or note_id in told or deck_id not in decks:
            continue
        told.add(note_id)
        found = decks[deck_id].found
        found.own_count += 1
        if len(found.own) < MAX_LISTED and (row := collection.read_note(note_id)):
            found.own.append(_describe(row))


def _describe(row: NoteRow) -> str:
    return next(filter(None, row.fields), "")


def apply_edit(project: Project, edit: Edit, new_files: NewFiles, value: Data) -> None:
    """Write a value of a card into its file, with the media that it names.

    Only the lines of the value change.

    Raises:
        EditError: the file has changed since it was read, or the value is not valid there.
        WriteError: the value cannot be written.
        ProjectError: a link is in the way.
        OSError: a file cannot be read or written.

    """
    card, name = edit.card, edit.card.span.path
    raw = read_below(project.root, name)
    if raw is None:
        raise EditError(f"{name} is gone")
    card_now, problems = _read_card(project, raw, edit)
    kind = project.collection.kinds[card.kind]
    if card_now is None or get_value(card_now, kind, edit.key) != edit.ours:
        raise EditError(f"{name} has changed since it was read", help="run the command again")
    written = _write_out(raw, name, card_now, edit.key, value)
    edited = edit_card(raw, name, card.id, {edit.key: written})
    card_after, after = _read_card(project, edited, edit)
    if card_after is not None and get_value(card_after, kind, edit.key) != value:
        # It would get what is set for the whole file.
        raise EditError(
            f"`{edit.key}` of {card.id} cannot be removed: it is set at the top of {name}",
            help="change it there",
        )
    if new := [message for message in after if message not in problems]:
        raise EditError(f"{edit.key} of {card.id} cannot be written: {new[0]}")
    for path in edit.files.values():
        new_files.copy(card, path)
    write_below(project.root, name, edited)


def _read_card(project: Project, raw: bytes, edit: Edit) -> tuple[Card | None, list[str]]:
    """Return a card as its file has it, and what would stop a build of it."""
    card = edit.card
    document = Document(card.span.path, raw)
    collection = project.collection
    cards, _, _ = parse_cards(document, card.pack, collection.kinds, namespace=card.namespace)
    found = next((one for one in cards if one.id == card.id), None)
    problems = document.problems
    if found is not None:
        checking = CardChecking(
            cards=(found,),
            kinds=collection.kinds,
            renderer=project.renderer,
            texts=project.texts,
        )
        checked = check_cards(checking, (check_texts, check_sources))
        problems += checked.problems
        problems += explain_mentions(checked.mentions, project.media, project.texts)
    # New files are copied last, so that nothing is left of a change that is refused.
    missing = {f"there is no file `{path}`" for path in edit.files.values()}
    return found, [one.message for one in problems if one.is_error and one.message not in missing]


def _write_out(raw: bytes, shown: str, card: Card, key: str, value: Data) -> Edited | None:
    """Return a value as it is to be written: sources stay in the form that the author chose."""
    if value is None:
        return None
    if key != "sources":
        written: Edited = value
        return written
    own: list[Any] = read_card_values(raw, shown, card.id).get("sources") or []
    checked = {source.url: source.checked_on for source in card.sources if source.checked_on}
    made: list[str | Mapping[str, str]] = []
    for number, item in enumerate(value):
        same = next((one for one in own if _normalize_source(one) == item), None)
        before = own[number] if number < len(own) else None
        if same is not None:
            made.append(same)
        elif isinstance(item, str) and item in checked:
            made.append({"url": item, "checked": checked[item]})
        elif isinstance(before, Mapping):
            made.append(_change_source(before, item))
        else:
            made.append(item)
    return made


def _change_source(before: Mapping[str, str], after: Data) -> Mapping[str, str]:
    """Return a source in the form of the one before; another address was not checked."""
    if isinstance(after, str):
        is_address = " " not in after and ":" in after
        after = {"url" if is_address else "title": after}
    kept = ("checked",) if before.get("url") == after.get("url") else ()
    return {**after, **{name: before[name] for name in kept if name in before}}


def _normalize_source(written: str | Mapping[str, str]) -> Data:
    if isinstance(written, str):
        return written
    url, title = written.get("url", ""), written.get("title", "")
    return {"url": url, "title": title} if url and title else url or title


__all__ = ["EditError", "NewFiles", "PackEdits", "apply_edit", "find_pack_edits", "keep_new_files"]
