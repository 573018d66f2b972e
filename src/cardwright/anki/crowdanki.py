"""Folders of the add-on CrowdAnki, as `cards adopt` takes them in: `deck.json` and `media/`.

brain-brew writes them, too. They tell neither when something was changed nor the ids of note types:
the add-on makes a note type with an id of its own in every collection, and later finds it by the UUID
that it keeps there. Anki tells note types apart by their ids. So people who have the deck from
CrowdAnki import the first package with *Merge notetypes* switched on; their notes then get the note
type of the package, and keep their history.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn, TypeGuard

from cardwright.anki.attributes import CROWDANKI_UUID
from cardwright.anki.collection import arrange_tags
from cardwright.anki.deck_options import list_lost, make_options
from cardwright.anki.definitions import AnkiDeck, parse_deck, parse_note_type, parse_preset
from cardwright.anki.incoming_parts import REPEATED, GuidClaims, find_flaw, is_safe_name, make_type
from cardwright.anki.package_members import FolderMedia
from cardwright.anki.rows import Preset
from cardwright.files import find_real
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.json_text import parse_json
from cardwright.foreign.media import MAX_MEDIA_BYTES
from cardwright.foreign.plain_file import read_plain_file
from cardwright.incoming import (
    Incoming,
    IncomingDeck,
    IncomingNote,
    IncomingType,
    LossCounter,
    Markup,
)
from cardwright.model import make_anki_id

_NAME: Final = "deck.json"
_MEDIA: Final = "media"
_MAX_BYTES: Final = 256 * 2**20
_MAX_VALUES: Final = 5_000_000
"""Values, and commas in texts: a hundred thousand notes."""
_MAX_DECKS: Final = 10_000
_MAX_NAME: Final = 1_000


def find_crowdanki(path: Path) -> Path | None:
    """Return the file of a CrowdAnki folder, which old versions named after the folder, if it is one."""
    for name in (_NAME, f"{find_real(path).name}.json"):
        file = path / name
        try:
            if file.is_file():
                return file
        except (OSError, ValueError):
            return None
    return None


@contextmanager
def open_crowdanki(path: Path) -> Iterator[Incoming]:
    """Open a folder, or the file in it, to adopt what it holds.

    Raises:
        ForeignFileError: it is not such a folder, is damaged, or exceeds a limit.

    """
    file = path if path.suffix == ".json" else find_crowdanki(path)
    if file is None:
        raise ForeignFileError(path, f"it has no {_NAME}")
    yield _Reader(file).read()


class _Reader:
    """Reads the file once; its notes stay in memory as JSON."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._media = FolderMedia(file.parent / _MEDIA)
        self._losses = LossCounter()
        self._types: dict[str, IncomingType] = {}
        self._presets: dict[str, Preset] = {}
        self._listed: set[object] = set()
        """Presets whose losses are listed."""
        self._decks: dict[str, Mapping[str, Any]] = {}
        """By full name, as in the file."""

    def read(self) -> Incoming:
        self._list_decks(self._read_file())
        for deck in self._decks.values():
            for found in _list_objects(deck, "note_models"):
                self._add_type(found)
            for found in _list_objects(deck, "deck_configurations"):
                self._add_preset(found)
        types: set[str] = set()
        decks: set[str] = set()
        note_count = 0
        for note in self._make_notes(self._losses):
            types.add(note.type)
            decks.add(note.deck)
            note_count += 1
        media = self._list_media()
        return Incoming(
            name=find_real(self._file).parent.name,
            markup=Markup.HTML,
            types={key: one for key, one in self._types.items() if key in types},
            decks={name: self._make_deck(name) for name in self._sort_decks(decks)},
            read_notes=lambda: self._make_notes(LossCounter()),
            media=tuple(media),
            write_media=lambda name, target: self._write_media(media, name, target),
            note_count=note_count,
            losses=self._losses.list_losses(),
        )

    def _read_file(self) -> Mapping[str, Any]:
        try:
            data = read_plain_file(self._file, _MAX_BYTES)
        except FileNotFoundError as error:
            raise ForeignFileError(self._file, "there is no such file") from error
        try:
            root = parse_json(data.decode("utf-8-sig"), max_values=_MAX_VALUES)
        except UnicodeDecodeError:
            self._refuse("it is not text in UTF-8")
        except ValueError as error:
            self._refuse(f"its values {error}")
        if not isinstance(root, dict) or root.get("__type__", "Deck") != "Deck":
            self._refuse("it does not hold a deck of CrowdAnki")
        if not isinstance(root.get("notes", []), list) or "name" not in root:
            self._refuse("it does not hold a deck of CrowdAnki")
        return root

    def _list_decks(self, root: Mapping[str, Any]) -> None:
        """Find the decks; a child has only the last part of its name."""
        waiting = [("", root)]
        while waiting:
            above, found = waiting.pop()
            name = self._name_deck(above, found)
            if name in self._decks:
                self._refuse(f"two of its decks are called {name}")
            if len(self._decks) >= _MAX_DECKS:
                self._refuse(f"it has more than {_MAX_DECKS:,} decks")
            self._decks[name] = found
            waiting += [(name, child) for child in reversed(_list_objects(found, "children"))]

    def _name_deck(self, above: str, found: Mapping[str, Any]) -> str:
        try:
            name = self._parse_deck(found).name
        except ValueError as error:
            self._refuse(str(error))
        full = f"{above}::{name}" if above else name
        if len(full) > _MAX_NAME:
            self._refuse("the name of a deck is too long")
        return full

    def _parse_deck(self, found: Mapping[str, Any]) -> AnkiDeck:
        return parse_deck({**found, "id": 1, "conf": 1})

    def _add_type(self, found: Mapping[str, Any]) -> None:
        uuid = found.get(CROWDANKI_UUID)
        if not isinstance(uuid, str) or not 0 < len(uuid) <= _MAX_NAME:
            self._refuse("one of its note types has no UUID")
        id = found.get("id")
        is_told = type(id) is int and 0 < id < 2**53
        try:
            made = parse_note_type(
                {**found, "id": id if is_told else make_anki_id("crowdanki", uuid)}
            )
        except ValueError as error:
            self._refuse(str(error))
        if flaw := find_flaw(made):
            self._refuse(flaw)
        if not is_told:
            what = "id of a note type, which CrowdAnki chooses anew in each collection"
            self._losses.add(what, f"note type {made.name}", uuid)
        self._types[uuid] = make_type(made, uuid, {}, self._losses)

    def _add_preset(self, found: Mapping[str, Any]) -> None:
        uuid = found.get(CROWDANKI_UUID)
        if isinstance(uuid, str):
            try:
                self._presets[uuid] = parse_preset(found)
            except ValueError as error:
                self._refuse(str(error))

    def _sort_decks(self, used: set[str]) -> Iterator[str]:
        """Return the decks that have notes, and those above them, in the order of the file."""
        needed: set[str] = set()
        for name in used:
            parts = name.split("::")
            needed.update("::".join(parts[: end + 1]) for end in range(len(parts)))
        above = needed - self._decks.keys()
        yield from sorted(above)
        yield from (name for name in self._decks if name in needed)

    def _make_deck(self, name: str) -> IncomingDeck:
        found = self._decks.get(name)
        if found is None:
            return IncomingDeck(name=name)
        deck = self._parse_deck(found)
        uuid = found.get("deck_config_uuid")
        preset = self._presets.get(uuid) if isinstance(uuid, str) else None
        if preset and uuid not in self._listed:
            self._listed.add(uuid)
            for what in list_lost(preset):
                self._losses.add(f"deck option: {what}", f"deck {name}")
        return IncomingDeck(
            name=name,
            description=deck.description,
            is_markdown=deck.is_markdown,
            options=make_options(preset, deck) if preset else None,
        )

    def _make_notes(self, losses: LossCounter) -> Iterator[IncomingNote]:
        guids = GuidClaims()
        number = 0
        for deck_name, deck in self._decks.items():
            notes = deck.get("notes")
            for found in notes if isinstance(notes, list) else ():
                number += 1
                made = self._make_note(found, number, deck_name, guids, losses)
                if made is not None:
                    yield made

    def _make_note(
        self, found: Any, number: int, deck: str, guids: GuidClaims, losses: LossCounter
    ) -> IncomingNote | None:
        if not isinstance(found, dict) or not _is_list_of_text(found.get("fields")):
            self._refuse(f"its note {number} is not valid")
        given = found.get("guid")
        given = given if isinstance(given, str) else ""
        place = f"note {given}" if given.isprintable() and given else f"note {number}"
        uuid = found.get("note_model_uuid")
        note_type = self._types.get(uuid) if isinstance(uuid, str) else None
        if note_type is None:
            losses.add("note whose note type is missing", place)
            return None
        fields = tuple(_clean(text) for text in found["fields"])
        guid = guids.claim(given, note_type.key, fields)
        if guid == REPEATED:
            losses.add("note that is there twice", place)
            return None
        if guid is None:
            is_shared = guids.has(given)
            losses.add("guid that another note has, too" if is_shared else "guid", place, given)
        size = len(note_type.fields)
        if any(map(str.strip, fields[size:])):
            losses.add("text in fields that the note type does not have", place)
        tags = found.get("tags")
        return IncomingNote(
            type=note_type.key,
            fields=(*fields[:size], *[""] * (size - len(fields))),
            place=place,
            deck=deck,
            guid=guid,
            tags=arrange_tags(_clean(" ".join(tags))) if _is_list_of_text(tags) else (),
        )

    def _list_media(self) -> dict[str, str]:
        """Return the files that can be written, by name, and list those that are missing."""
        found = {}
        for member, name in self._media.list_names().items():
            size = self._media.measure(member) or 0
            if not is_safe_name(name):
                self._losses.add("media file with a name that is not safe", repr(name)[:80])
            elif size > MAX_MEDIA_BYTES:
                self._losses.add("media file of more than 100 MB", name)
            else:
                found[name] = member
        for deck in self._decks.values():
            listed = deck.get("media_files")
            for name in listed if _is_list_of_text(listed) else ():
                if _clean(name) not in found:
                    self._losses.add("media file that is listed, but missing", _clean(name)[:80])
        return found

    def _write_media(self, members: Mapping[str, str], name: str, target: BinaryIO) -> None:
        if name not in members:
            raise ForeignFileError(self._file, f"there is no media file {name!r}")
        self._media.write(members[name], target)

    def _refuse(self, reason: str) -> NoReturn:
        raise ForeignFileError(self._file, reason)


def _list_objects(found: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    values = found.get(key)
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _is_list_of_text(values: object) -> TypeGuard[list[str]]:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _clean(text: str) -> str:
    """Return a text as Anki would keep it, which separates fields by a control character."""
    text = text.replace("\x1f", " ")
    return text if text.isascii() else unicodedata.normalize("NFC", text)
