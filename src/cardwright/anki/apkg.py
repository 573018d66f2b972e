"""The file format: notes, note types and decks as genanki writes them, but for what it gets wrong.

genanki stamps one time on every note, derives cards by rules that differ from Anki's, knows no
options of a deck, and leaves its temporary file behind.
"""

from __future__ import annotations

import io
import itertools
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import genanki

from cardwright.anki.notetype import NoteType
from cardwright.kinds.read import make_anki_id
from cardwright.model import Deck

_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)
_FILE_MODE: Final = 0o644 << 16
_UNIX: Final = 3


def make_guid(ref: str) -> str:
    """Return the guid of the note with this key: Anki knows a note by nothing else."""
    guid: str = genanki.guid_for("cardwright", ref)
    return guid


class ApkgNote(genanki.Note):  # type: ignore[misc]
    """A note with its own mod time and its own card ordinals."""

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


class ApkgModel(genanki.Model):  # type: ignore[misc]
    """A note type with its own mod time."""

    mod_s: int

    @property
    def _req(self) -> list[Any]:
        # Anki works this out anew on import; genanki's way fails on some templates.
        return [[number, "any", [0]] for number in range(len(self.templates))]

    def to_json(self, timestamp: float, deck_id: int) -> dict[str, Any]:
        made: dict[str, Any] = super().to_json(self.mod_s, deck_id)
        return made


class ApkgDeck(genanki.Deck):  # type: ignore[misc]
    """A deck with a description in Markdown and an options preset of its own."""

    preset_id: int
    mod_s: int

    def to_json(self) -> dict[str, Any]:
        made: dict[str, Any] = super().to_json()
        today = {key: [0, 0] for key in ("lrnToday", "newToday", "revToday", "timeToday")}
        return {**made, **today, "conf": self.preset_id, "md": True, "mod": self.mod_s}


class _Package(genanki.Package):  # type: ignore[misc]
    """A package with the deck's options, and the scheduler version that keeps ratings as they are."""

    preset: dict[str, Any]

    def write_to_db(self, cursor: sqlite3.Cursor, timestamp: float, id_gen: Iterator[int]) -> None:
        super().write_to_db(cursor, timestamp, id_gen)
        conf, presets = cursor.execute("SELECT conf, dconf FROM col").fetchone()
        conf = {**json.loads(conf), "schedVer": 2, "creationOffset": 0}
        presets = {**json.loads(presets), str(self.preset["id"]): self.preset}
        cursor.execute(
            "UPDATE col SET conf = ?, dconf = ?", (json.dumps(conf), json.dumps(presets))
        )


def make_model(note_type: NoteType, mod_s: int) -> ApkgModel:
    """Return a note type as it goes into a package."""
    model = ApkgModel(
        note_type.anki_id,
        note_type.name,
        fields=[
            {"name": name, "id": anki_id, "description": text}
            for name, anki_id, text in note_type.fields
        ],
        templates=[
            {"name": t.name, "id": t.anki_id, "qfmt": t.front, "afmt": t.back}
            for t in note_type.templates
        ],
        css=note_type.css,
        model_type=genanki.Model.CLOZE if note_type.is_cloze else genanki.Model.FRONT_BACK,
    )
    model.mod_s = mod_s
    return model


def make_preset(deck: Deck) -> dict[str, Any]:
    """Return a deck's options as Anki keeps them."""
    options = deck.options
    return {
        "id": make_anki_id("preset", deck.pack),
        "name": deck.name,
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


def write_apkg(
    decks: list[ApkgDeck], preset: dict[str, Any], newest_s: int, media: Mapping[str, Path]
) -> bytes:
    """Return an Anki package; the same decks give the same bytes.

    `newest_s` is the latest mod time in it; `media` are its files by their names in Anki.
    """
    # Serialising the database needs no temporary file, which genanki would leave behind.
    connection = sqlite3.connect(":memory:")
    try:
        package = _Package(decks)
        package.preset = preset
        package.write_to_db(connection.cursor(), newest_s, itertools.count(newest_s * 1000))
        connection.commit()
        database = connection.serialize()
    finally:
        connection.close()
    names = sorted(media)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "collection.anki2", database)
        _add(archive, "media", json.dumps({str(i): name for i, name in enumerate(names)}).encode())
        for number, name in enumerate(names):
            _add(archive, str(number), media[name].read_bytes())
    return file.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    member = zipfile.ZipInfo(name, _ZIP_DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = _UNIX
    member.external_attr = _FILE_MODE
    archive.writestr(member, data)
