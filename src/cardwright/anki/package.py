"""The contents of a pack → an Anki package (`.apkg`): the same contents give the same bytes.

genanki makes the tables and describes decks and note types. The rest is done below, for it gives all notes
and note types the same modification time, derives a note's cards by rules that differ from Anki's, knows no
deck options, and keeps all notes in memory.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from cardwright.anki.description import write_description
from cardwright.anki.genanki_module import genanki
from cardwright.anki.note import FIELD_SEPARATOR
from cardwright.anki.notetype import NoteField, NoteType, Template
from cardwright.anki.pack import PackContents
from cardwright.anki.publish import Stamps
from cardwright.model import Attribute, Deck, DeckOptions, make_anki_id
from cardwright.progress import track

_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)
_FILE_MODE: Final = 0o644 << 16
_UNIX: Final = 3
_DEFLATE_LEVEL: Final = 3
"""Packages are a tenth larger than with zlib's default, and made in a third of the time."""
_INSERT_NOTE: Final = "INSERT INTO notes VALUES(?,?,?,?,-1,?,?,?,0,0,'')"
_INSERT_CARD: Final = "INSERT INTO cards VALUES(?,?,?,?,?,-1,0,0,?,0,0,0,0,0,0,0,0,'')"
_BATCH: Final = 1000
_Row = tuple[int | str, ...]
_CHUNK_BYTES: Final = 2**20
_DEFAULT, _DEFAULT_ID = "Default", 1


def write_package(contents: PackContents, stamps: Stamps, file: BinaryIO) -> None:
    """Write the Anki package of a pack into a file. Neither its notes nor its media need fit into memory.

    Raises:
        OSError: a file cannot be read or written.

    """
    with tempfile.TemporaryDirectory(prefix="cards-", ignore_cleanup_errors=True) as folder:
        database = Path(folder) / "collection.anki2"
        try:
            _write_database(database, contents, stamps)
        except sqlite3.OperationalError as error:
            raise OSError(errno.EIO, f"{error} in {folder}") from error
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


def _make_deck(contents: PackContents, part: Deck, path: tuple[str, ...], stamps: Stamps) -> _Deck:
    name = "::".join(path)
    # That of the deck that every collection has never differs.
    deck_id = (
        _DEFAULT_ID if name == _DEFAULT else make_anki_id("deck", contents.deck.namespace, name)
    )
    is_root = part is contents.deck
    about = write_description(part.description, stamps.version, contents.retired, is_root=is_root)
    deck = _Deck(deck_id, name, about)
    deck.mod_s = stamps.released_s
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


def _write_database(path: Path, contents: PackContents, stamps: Stamps) -> None:
    """Write Anki's database."""
    models = {
        kind: _make_model(note_type, stamps.note_types_s[kind])
        for kind, note_type in contents.note_types.items()
    }
    presets = _make_presets(contents.deck)
    decks = {}
    for deck_path, part in contents.deck.walk():
        deck = decks[deck_path] = _make_deck(contents, part, deck_path, stamps)
        deck.preset_id = presets[deck_path]["id"]
    deck_ids = {deck_path: deck.deck_id for deck_path, deck in decks.items()}
    homes = {
        note.card.kind: deck_ids[deck_path]
        for deck_path, notes in contents.placed.items()
        for note in notes
    }
    newest_s = max(
        (
            *(model.mod_s for model in models.values()),
            *(stamps.notes_s[note.card.key] for note in contents.packed),
        ),
        default=0,
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # Nobody else opens it, and what a crash leaves of it is never read.
        for setting in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            connection.execute(f"PRAGMA {setting}")
        cursor = connection.cursor()
        genanki.Package([]).write_to_db(cursor, newest_s, iter(()))
        cursor.execute("BEGIN")
        _write_collection(cursor, decks, models, homes, presets)
        made = _make_rows(contents, stamps, deck_ids, models, newest_s * 1000)
        rows = track(made, "Writing notes", len(contents.packed))
        while batch := list(islice(rows, _BATCH)):
            cursor.executemany(_INSERT_NOTE, (note for note, _ in batch))
            cursor.executemany(_INSERT_CARD, chain.from_iterable(cards for _, cards in batch))
        cursor.execute("COMMIT")


def _make_rows(
    contents: PackContents,
    stamps: Stamps,
    deck_ids: Mapping[tuple[str, ...], int],
    models: Mapping[str, _Model],
    first_id: int,
) -> Iterator[tuple[_Row, list[_Row]]]:
    """Yield the rows of each note and of its cards, in the order of learning."""
    model_ids = {kind: model.model_id for kind, model in models.items()}
    next_id, due = first_id, 1
    for path, notes in contents.placed.items():
        deck_id = deck_ids[path]
        for note in notes:
            head, note_id = note.card, next_id
            mod_s = stamps.notes_s[head.key]
            guid, tags, fields = note.row
            first, _, _ = fields.partition(FIELD_SEPARATOR)
            cards: list[_Row] = [
                (note_id + number, note_id, deck_id, ordinal, mod_s, due)
                for number, ordinal in enumerate(note.ordinals, 1)
            ]
            yield (note_id, guid, model_ids[head.kind], mod_s, f" {tags} ", fields, first), cards
            next_id += 1 + len(cards)
            due += 1


def _write_collection(
    cursor: sqlite3.Cursor,
    decks: Mapping[tuple[str, ...], _Deck],
    models: Mapping[str, _Model],
    homes: Mapping[str, int],
    presets: Mapping[tuple[str, ...], dict[str, Any]],
) -> None:
    """Write decks, note types and options into the row of the collection.

    `homes` holds the ids of the decks where Anki puts what a reader adds of a note type, by kind.
    """
    row = cursor.execute("SELECT conf, dconf, decks, models FROM col").fetchone()
    conf, known_presets, known_decks, known_models = map(json.loads, row)
    # Without the version of the scheduler, Anki would shift the ratings of cards in learning by one
    # when it upgrades the collection.
    conf |= {"schedVer": 2, "creationOffset": 0}
    known_presets |= {str(preset["id"]): preset for preset in presets.values()}
    known_decks |= {str(deck.deck_id): deck.to_json() for deck in decks.values()}
    for kind, model in models.items():
        known_models[str(model.model_id)] = model.to_json(model.mod_s, homes[kind])
    cursor.execute(
        "UPDATE col SET conf = ?, dconf = ?, decks = ?, models = ?",
        tuple(map(json.dumps, (conf, known_presets, known_decks, known_models))),
    )


def _write_archive(file: BinaryIO, database: Path, media: Mapping[str, Path]) -> None:
    names = sorted(media)
    index = json.dumps({str(number): name for number, name in enumerate(names)}).encode()
    with zipfile.ZipFile(file, "w") as archive:
        _copy_file(archive, "collection.anki2", database)
        archive.writestr(_make_member("media"), index)
        for number, name in enumerate(track(names, "Adding media")):
            _copy_file(archive, str(number), media[name])


def _copy_file(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    member = _make_member(name)
    with path.open("rb") as source:
        member.file_size = os.fstat(source.fileno()).st_size
        with archive.open(member, "w") as target:
            shutil.copyfileobj(source, target, _CHUNK_BYTES)


def _make_member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _ZIP_DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    member._compresslevel = _DEFLATE_LEVEL  # type: ignore[attr-defined]  # noqa: SLF001  (public since 3.13)
    member.create_system = _UNIX
    member.external_attr = _FILE_MODE
    return member


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
