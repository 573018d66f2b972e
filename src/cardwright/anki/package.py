"""The contents of a pack → an Anki package (`.apkg`): the same contents give the same bytes.

genanki writes the tables. Its shortcomings are overridden below: it gives all notes and note types
the same modification time, derives a note's cards by rules that differ from Anki's, knows
no deck options, and leaves its temporary file behind.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from cardwright.anki.description import write_description
from cardwright.anki.genanki_module import genanki
from cardwright.anki.guid import make_guid
from cardwright.anki.ledger import Ledger
from cardwright.anki.note import Note
from cardwright.anki.notetype import NoteField, NoteType, Template
from cardwright.anki.pack import PackContents
from cardwright.model import Attribute, Deck, DeckOptions, make_anki_id

_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)
_FILE_MODE: Final = 0o644 << 16
_UNIX: Final = 3
_DEFAULT, _DEFAULT_ID = "Default", 1


def write_package(contents: PackContents, ledger: Ledger, file: BinaryIO) -> None:
    """Write the Anki package of a pack into a file. Its media need not fit into memory.

    The ledger of the release or build provides the version for the description, and the modification
    times of all notes and note types.
    """
    models = {
        kind: _make_model(note_type, ledger.note_types[kind].mod_s)
        for kind, note_type in contents.note_types.items()
    }
    times_s = {note.guid_ref: note.mod_s for note in ledger.notes.values()}
    due = itertools.count(1)
    decks = []
    newest_s = max((model.mod_s for model in models.values()), default=0)
    presets = _make_presets(contents.deck)
    for path, part in contents.deck.walk():
        deck = _make_deck(contents, part, path, ledger)
        deck.preset_id = presets[path]["id"]
        for note in contents.placed[path]:
            mod_s = times_s[note.card.key]
            deck.add_note(_make_note(note, models[note.card.kind], mod_s, next(due)))
            newest_s = max(newest_s, mod_s)
        decks.append(deck)
    database = _write_database(decks, list(presets.values()), newest_s)
    _write_archive(file, database, contents.media)


def _make_model(note_type: NoteType, mod_s: int) -> _Model:
    model = _Model(
        note_type.anki_id,
        note_type.name,
        fields=[_describe_field(field) for field in note_type.fields],
        templates=[_describe_template(template) for template in note_type.templates],
        css=note_type.css,
        model_type=genanki.Model.CLOZE if note_type.is_cloze else genanki.Model.FRONT_BACK,
    )
    model.attributes = note_type.attributes
    model.mod_s = mod_s
    return model


def _describe_field(field: NoteField) -> dict[str, Any]:
    made = {
        "name": field.name,
        "id": field.anki_id,
        "description": field.description,
        "collapsed": field.is_collapsed,
        **field.attributes,
    }
    return {name: value for name, value in made.items() if value is not None}


def _describe_template(template: Template) -> dict[str, Any]:
    made = {
        "name": template.name,
        "id": template.anki_id,
        "qfmt": template.front,
        "afmt": template.back,
        "bqfmt": template.browser_front,
        "bafmt": template.browser_back,
        **template.attributes,
    }
    return {name: value for name, value in made.items() if value is not None}


def _make_note(note: Note, model: _Model, mod_s: int, due: int) -> _Note:
    """Return a note for genanki; `due` is its position in the order of new cards."""
    made = _Note(
        model=model,
        guid=make_guid(note.card),
        fields=list(note.fields),
        tags=note.content["tags"],
        due=due,
    )
    made.mod_s = mod_s
    made.ordinals = note.ordinals
    return made


def _make_deck(contents: PackContents, part: Deck, path: tuple[str, ...], ledger: Ledger) -> _Deck:
    name = "::".join(path)
    # That of the deck that every collection has never differs.
    deck_id = (
        _DEFAULT_ID if name == _DEFAULT else make_anki_id("deck", contents.deck.namespace, name)
    )
    is_root = part is contents.deck
    about = write_description(part.description, ledger.version, contents.retired, is_root=is_root)
    deck = _Deck(deck_id, name, about)
    deck.mod_s = ledger.released_s
    return deck


def _make_presets(root: Deck) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return the preset of each deck: its own if it sets options, else that of the deck above."""
    top = _make_preset(make_anki_id("preset", root.namespace), root.name, root.options)
    presets: dict[tuple[str, ...], dict[str, Any]] = {}
    for path, part in root.walk():
        presets[path] = presets.get(path[:-1], top)
        if part is not root and part.has_options:
            name = "::".join(path)
            preset_id = make_anki_id("preset", root.namespace, name)
            presets[path] = _make_preset(preset_id, name, part.options)
    return presets


def _make_preset(preset_id: int, name: str, options: DeckOptions) -> dict[str, Any]:
    """Return options as an Anki preset."""
    return {
        "id": preset_id,
        "name": name,
        "mod": 0,
        "usn": 0,
        "maxTaken": 60,
        "autoplay": True,
        "timer": 0,
        "replayq": True,
        "desiredRetention": options.desired_retention,
        "new": {
            "bury": options.bury_siblings,
            "delays": list(options.learning_steps_minutes),
            "initialFactor": 2500,
            "ints": [1, 4, 0],
            "order": 1,
            "perDay": options.new_per_day,
        },
        "rev": {
            "bury": options.bury_siblings,
            "ease4": 1.3,
            "ivlFct": 1,
            "maxIvl": options.maximum_interval_days,
            "perDay": options.reviews_per_day,
            "hardFactor": 1.2,
        },
        "lapse": {
            "delays": list(options.relearning_steps_minutes),
            "leechAction": 1,
            "leechFails": options.leech_lapses,
            "minInt": 1,
            "mult": 0,
        },
    }


def _write_database(decks: list[_Deck], presets: list[dict[str, Any]], newest_s: int) -> bytes:
    """Return Anki's database; `newest_s` is the latest modification time in it."""
    # Serialising the database needs no temporary file, which genanki would leave behind.
    connection = sqlite3.connect(":memory:")
    try:
        package = _Package(decks)
        package.presets = presets
        package.write_to_db(connection.cursor(), newest_s, itertools.count(newest_s * 1000))
        connection.commit()
        return connection.serialize()
    finally:
        connection.close()


def _write_archive(file: BinaryIO, database: bytes, media: Mapping[str, Path]) -> None:
    names = sorted(media)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_make_member("collection.anki2"), database)
        index = {str(number): name for number, name in enumerate(names)}
        archive.writestr(_make_member("media"), json.dumps(index).encode())
        for number, name in enumerate(names):
            member = _make_member(str(number))
            with media[name].open("rb") as source:
                member.file_size = os.fstat(source.fileno()).st_size
                with archive.open(member, "w") as target:
                    shutil.copyfileobj(source, target)


def _make_member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _ZIP_DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = _UNIX
    member.external_attr = _FILE_MODE
    return member


class _Note(genanki.Note):  # type: ignore[misc]
    """A note with its own modification time and its own card ordinals."""

    mod_s: int
    ordinals: tuple[int, ...]

    def write_to_db(
        self, cursor: sqlite3.Cursor, timestamp: float, deck_id: int, id_gen: Iterator[int]
    ) -> None:
        note_id = next(id_gen)
        fields = "\x1f".join(self.fields)
        cursor.execute(
            "INSERT INTO notes VALUES(?,?,?,?,-1,?,?,?,0,0,'')",
            (
                note_id,
                self.guid,
                self.model.model_id,
                self.mod_s,
                self._format_tags(),
                fields,
                self.fields[0],
            ),
        )
        cursor.executemany(
            "INSERT INTO cards VALUES(?,?,?,?,?,-1,0,0,?,0,0,0,0,0,0,0,0,'')",
            [
                (next(id_gen), note_id, deck_id, ordinal, self.mod_s, self.due)
                for ordinal in self.ordinals
            ],
        )


class _Model(genanki.Model):  # type: ignore[misc]
    """A note type with its own modification time and attributes."""

    mod_s: int
    attributes: Mapping[str, Attribute]

    @property
    def _req(self) -> list[Any]:
        # Anki recomputes this on import; genanki's version fails on some templates.
        return [[number, "any", [0]] for number in range(len(self.templates))]

    def to_json(self, timestamp: float, deck_id: int) -> dict[str, Any]:
        made: dict[str, Any] = super().to_json(self.mod_s, deck_id)
        return {**made, **self.attributes}


class _Deck(genanki.Deck):  # type: ignore[misc]
    """A deck with a description in Markdown and its own options preset."""

    preset_id: int
    mod_s: int

    def to_json(self) -> dict[str, Any]:
        made: dict[str, Any] = super().to_json()
        today = {key: [0, 0] for key in ("lrnToday", "newToday", "revToday", "timeToday")}
        return {**made, **today, "conf": self.preset_id, "md": True, "mod": self.mod_s}


class _Package(genanki.Package):  # type: ignore[misc]
    """A package with the options of its decks.

    It also sets the scheduler version: without it, Anki would shift the ratings of cards in
    learning by one when it upgrades the collection.
    """

    presets: list[dict[str, Any]]
    decks: list[_Deck]

    def write_to_db(self, cursor: sqlite3.Cursor, timestamp: float, id_gen: Iterator[int]) -> None:
        # genanki would write the row of the collection, with all decks, again for each deck.
        written = self.decks
        self.decks = []
        super().write_to_db(cursor, timestamp, id_gen)
        row = cursor.execute("SELECT conf, dconf, decks, models FROM col").fetchone()
        conf, presets, decks, models = map(json.loads, row)
        conf = {**conf, "schedVer": 2, "creationOffset": 0}
        presets = {**presets, **{str(made["id"]): made for made in self.presets}}
        for deck in written:
            decks[str(deck.deck_id)] = deck.to_json()
            for note in deck.notes:
                deck.add_model(note.model)
                note.write_to_db(cursor, timestamp, deck.deck_id, id_gen)
            for model in deck.models.values():
                models[str(model.model_id)] = model.to_json(timestamp, deck.deck_id)
        cursor.execute(
            "UPDATE col SET conf = ?, dconf = ?, decks = ?, models = ?",
            tuple(map(json.dumps, (conf, presets, decks, models))),
        )
