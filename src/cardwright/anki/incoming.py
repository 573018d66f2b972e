"""Anki's packages and collections, as `cards adopt` takes them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from cardwright.anki.collection import (
    Collection,
    NoteRow,
    open_collection,
)
from cardwright.anki.deck_options import list_lost, make_options
from cardwright.anki.definitions import AnkiDeck, NoteType
from cardwright.anki.description import is_written, read_description
from cardwright.anki.incoming_parts import REPEATED, GuidClaims, find_flaw, is_safe_name, make_type
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.media import MAX_MEDIA_BYTES
from cardwright.incoming import (
    Incoming,
    IncomingDeck,
    IncomingNote,
    LossCounter,
    Markup,
    list_above,
)
from cardwright.model import DeckOptions

_DEFAULT_DECK: Final = 1
_DEFAULT_PRESET: Final = 1
_DEFAULT_NAME: Final = "Default"
_MAX_ORDINAL: Final = 500
"""Anki makes no cards for higher numbers of gaps."""
_CUSTOM_DATA: Final = '"cd"'
_MEGABYTE: Final = 1_000_000


@contextmanager
def open_incoming(path: Path) -> Iterator[Incoming]:
    """Open a package, a backup or a collection to adopt what it holds.

    Its notes and media can be read while it is open.

    Raises:
        PackageError: the file is not one of these, is damaged, or exceeds a limit.

    """
    with open_collection(path) as collection:
        yield _Reader(collection).read()


@dataclass(slots=True)
class _Home:
    """Where the cards of a note are."""

    note_id: int
    decks: list[int]
    ordinals: list[int]


class _Reader:
    """Reads a collection once to tell what there is, and its notes as often as asked."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._losses = LossCounter()
        self._shared_guids = collection.find_shared_guids()
        self._used_types: dict[int, NoteType] = {}
        self._used_decks: dict[int, None] = {}
        self._first_deck = _DEFAULT_NAME

    def read(self) -> Incoming:
        note_count = self._scan_notes()
        self._scan_cards()
        deck_names = {id: deck.name for id, deck in self._collection.decks.items()}
        types = {
            str(id): make_type(one, str(id), deck_names, self._losses)
            for id, one in self._used_types.items()
        }
        decks = self._make_decks()
        if decks:
            self._first_deck = next(iter(decks))
        media = self._list_media()
        return Incoming(
            name=self._collection.path.stem,
            markup=Markup.HTML,
            types=types,
            decks=decks,
            read_notes=self._read_notes,
            media=tuple(media),
            write_media=lambda name, target: self._write_media(media, name, target),
            has_history=self._collection.has_log,
            note_count=note_count,
            losses=self._losses.list_losses(),
        )

    def _scan_notes(self) -> int:
        """Find what is used, and list what cannot be kept of notes; return how many there are."""
        count = 0
        guids = GuidClaims(self._shared_guids)
        for note, home in self._join():
            guid = guids.claim(note.guid, str(note.type_id), note.fields)
            if guid == REPEATED:
                self._losses.add("note that is there twice", _name_note(note), note.guid)
                continue
            count += 1
            note_type = self._collection.note_types[note.type_id]
            if note.type_id not in self._used_types and (flaw := find_flaw(note_type)):
                self._collection.refuse(flaw)
            self._used_types[note.type_id] = note_type
            self._used_decks.update(dict.fromkeys(home.decks))
            self._check_note(note, note_type, home)
            if guid is None:
                is_shared = guids.has(note.guid)
                what = "guid that another note has, too" if is_shared else "guid"
                self._losses.add(what, _name_note(note), note.guid)
        return count

    def _check_note(self, note: NoteRow, note_type: NoteType, home: _Home) -> None:
        place = _name_note(note)
        if len(set(home.decks)) > 1:
            names = ", ".join(dict.fromkeys(map(self._name_deck, home.decks)))
            self._losses.add("deck of some cards of a note", place, names)
        if any(map(str.strip, note.fields[len(note_type.fields) :])):
            self._losses.add("text in fields that the note type does not have", place)
        if any(not _is_asked(note_type, number) for number in home.ordinals):
            self._losses.add("card of a template that the note type does not have", place)

    def _scan_cards(self) -> None:
        for row in self._collection.read_cards():
            if _CUSTOM_DATA in row.data:
                self._losses.add("custom data of a card", f"card {row.id}", row.data)

    def _read_notes(self) -> Iterator[IncomingNote]:
        guids = GuidClaims(self._shared_guids)
        for note, home in self._join():
            guid = guids.claim(note.guid, str(note.type_id), note.fields)
            if guid == REPEATED:
                continue
            note_type = self._collection.note_types[note.type_id]
            size = len(note_type.fields)
            ordinals = {number for number in home.ordinals if _is_asked(note_type, number)}
            yield IncomingNote(
                type=str(note.type_id),
                fields=(*note.fields[:size], *[""] * (size - len(note.fields))),
                place=_name_note(note),
                deck=self._name_deck(home.decks[0]) if home.decks else self._first_deck,
                guid=guid,
                tags=note.tags,
                mod_s=note.mod_s,
                ordinals=tuple(sorted(ordinals)),
            )

    def _join(self) -> Iterator[tuple[NoteRow, _Home]]:
        """Yield every note with the places of its cards, in little memory."""
        homes = self._group_homes()
        home = next(homes, None)
        for note in self._collection.read_notes():
            while home is not None and home.note_id < note.id:
                home = next(homes, None)
            if home is not None and home.note_id == note.id:
                yield note, home
            else:
                yield note, _Home(note.id, [], [])

    def _group_homes(self) -> Iterator[_Home]:
        home: _Home | None = None
        for note_id, ordinal, deck_id in self._collection.read_homes():
            if home is None or home.note_id != note_id:
                if home is not None:
                    yield home
                home = _Home(note_id, [], [])
            home.decks.append(deck_id)
            home.ordinals.append(ordinal)
        if home is not None:
            yield home

    def _make_decks(self) -> dict[str, IncomingDeck]:
        known = {deck.name: deck for deck in self._collection.decks.values()}
        names: dict[str, None] = {}
        for name in map(self._name_deck, self._used_decks):
            names.update(dict.fromkeys(list_above(name)))
        ordered = sorted(names, key=lambda name: (name.casefold().split("::"), name))
        found = {name: known[name] for name in ordered if name in known}
        if any(deck.is_markdown and is_written(deck.description) for deck in found.values()):
            found = {
                name: replace(deck, description=read_description(deck.description))
                for name, deck in found.items()
            }
        options = self._make_options(found)
        return {
            name: IncomingDeck(
                name=name,
                description=found[name].description if name in found else "",
                is_markdown=name in found and found[name].is_markdown,
                options=options.get(name),
            )
            for name in ordered
        }

    def _make_options(self, decks: Mapping[str, AnkiDeck]) -> dict[str, DeckOptions]:
        """Return the options that somebody has chosen for decks.

        Anki never imports its default preset: everybody has one.
        """
        options: dict[str, DeckOptions] = {}
        listed: set[str] = set()
        for name, deck in decks.items():
            preset, _ = self._collection.find_preset(deck.id)
            parts = name.split("::")
            is_below = any("::".join(parts[:end]) in options for end in range(1, len(parts)))
            is_chosen = deck.preset_id not in {None, _DEFAULT_PRESET}
            if is_chosen or is_below or _has_own_options(deck):
                options[name] = make_options(preset, deck)
            if is_chosen and preset.name not in listed:
                listed.add(preset.name)
                for what in list_lost(preset):
                    self._losses.add(f"deck option: {what}", f"deck {name}")
        return options

    def _name_deck(self, id: int) -> str:
        deck = self._collection.decks.get(id) or self._collection.decks.get(_DEFAULT_DECK)
        return deck.name if deck else _DEFAULT_NAME

    def _list_media(self) -> dict[str, str]:
        """Return the members of the media files that can be written, by name."""
        found: dict[str, str] = {}
        for member, name in self._collection.media.items():
            size = self._collection.measure_media(member)
            if not is_safe_name(name):
                self._losses.add("media file with a name that is not safe", repr(name)[:80])
            elif size is None:
                self._losses.add("media file that is listed, but missing", name)
            elif size > MAX_MEDIA_BYTES:
                what = f"media file of more than {MAX_MEDIA_BYTES // _MEGABYTE} MB"
                self._losses.add(what, name, f"{size // _MEGABYTE} MB")
            elif found.setdefault(name, member) != member:
                first = self._collection.fingerprint_media(found[name])
                if self._collection.fingerprint_media(member) != first:
                    self._losses.add("second media file of the same name", name)
        return found

    def _write_media(self, members: Mapping[str, str], name: str, target: BinaryIO) -> None:
        if name not in members:
            raise ForeignFileError(self._collection.path, f"it has no media file {name!r}")
        self._collection.write_media(members[name], target)


def _is_asked(note_type: NoteType, ordinal: int) -> bool:
    return 0 <= ordinal < (_MAX_ORDINAL if note_type.is_cloze else len(note_type.templates))


def _has_own_options(deck: AnkiDeck) -> bool:
    own = (deck.new_per_day, deck.reviews_per_day, deck.desired_retention)
    return any(value is not None for value in own)


def _name_note(note: NoteRow) -> str:
    return f"note {note.id}"
