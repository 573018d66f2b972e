"""A pack as an Anki package."""

from __future__ import annotations

import io
import itertools
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import genanki

from cardwright.anki.ledger import Ledger
from cardwright.anki.media import MediaShelf
from cardwright.anki.note import Content, describe_card, make_fields
from cardwright.anki.notetype import NoteType, make_note_type
from cardwright.item import place_cards
from cardwright.kinds import list_prompts
from cardwright.markdown import Renderer
from cardwright.model import Card, Collection, Deck, make_anki_id

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An Anki package, and what is in it."""

    data: bytes
    notes: int
    cards: int
    contents: tuple[Content, ...]
    note_types: tuple[NoteType, ...]
    deck_names: tuple[str, ...]


def place_pack(
    collection: Collection, deck: Deck, ledger: Ledger
) -> dict[tuple[str, ...], list[Card]]:
    """Return the cards that a pack publishes, by deck and in teaching order.

    Of the retired ones those already published come too, whatever the decks now select.
    """
    cards = [card for card in collection.cards if card.pack == deck.pack]
    placed, _ = place_cards(deck, (card for card in cards if card.retired is None))
    placed[deck.name,] += [c for c in cards if c.retired is not None and ledger.find(c)]
    return placed


def describe_pack(
    collection: Collection, deck: Deck, ledger: Ledger, shelf: MediaShelf
) -> tuple[Content, ...]:
    """Return what a pack publishes, in the order of its sources."""
    return _describe_placed(collection, place_pack(collection, deck, ledger), shelf)


def _describe_placed(
    collection: Collection, placed: Mapping[tuple[str, ...], list[Card]], shelf: MediaShelf
) -> tuple[Content, ...]:
    published = {card.ref for cards in placed.values() for card in cards}
    return tuple(
        describe_card(collection, card, shelf.hashes_of(card, collection.kinds[card.kind]))
        for card in collection.cards
        if card.ref in published
    )


def make_package(
    collection: Collection,
    deck: Deck,
    ledger: Ledger,
    *,
    build_s: int,
    renderer: Renderer,
    shelf: MediaShelf,
) -> Package:
    """Compile the pack of a deck; the collection must be free of errors.

    `build_s` is the mod time, in Unix seconds, of what differs from the ledger.
    """
    placed = place_pack(collection, deck, ledger)
    contents = _describe_placed(collection, placed, shelf)
    used = dict.fromkeys(content.card.kind for content in contents)
    note_types = tuple(make_note_type(collection.kinds[name], renderer) for name in used)
    models = {t.kind: make_model(t, ledger.stamp_note_type(t, build_s)) for t in note_types}
    by_card = {content.card.ref: content for content in contents}
    position = itertools.count(1)
    decks = []
    newest_s = max((model.mod_s for model in models.values()), default=build_s)
    for path, part in deck.walk():
        made = _make_deck(deck, part, path, ledger)
        for card in placed[path]:
            content = by_card[card.ref]
            note = ApkgNote(
                model=models[card.kind],
                guid=make_guid(card.key),
                fields=_make_fields(collection, content, renderer, shelf),
                tags=content.matter["tags"],
                due=next(position),
            )
            note.mod_s = ledger.stamp_note(content, build_s)
            note.ordinals = _list_ordinals(collection, card)
            newest_s = max(newest_s, note.mod_s)
            made.add_note(note)
        decks.append(made)
    data = write_apkg(decks, make_preset(deck), newest_s, shelf.files)
    notes = [note for made in decks for note in made.notes]
    return Package(
        data=data,
        notes=len(notes),
        cards=sum(len(note.ordinals) for note in notes),
        contents=contents,
        note_types=note_types,
        deck_names=tuple(made.name for made in decks if any(n.ordinals for n in made.notes)),
    )


def _make_fields(
    collection: Collection, content: Content, renderer: Renderer, shelf: MediaShelf
) -> list[str]:
    media = shelf.names_of(content.card, content.matter.get("media", {}))
    return make_fields(collection, content.card, renderer, media)


def _list_ordinals(collection: Collection, card: Card) -> tuple[int, ...]:
    # A retired note brings its news to those who have it, and no card to those who don't.
    if card.retired is not None:
        return ()
    return tuple(p.ordinal for p in list_prompts(card, collection.kinds[card.kind]))


def _make_deck(root: Deck, part: Deck, path: tuple[str, ...], ledger: Ledger) -> ApkgDeck:
    name = "::".join(path)
    made = ApkgDeck(
        make_anki_id("deck", root.pack, name), name, _make_description(part, root, ledger)
    )
    made.preset_id = make_anki_id("preset", root.pack)
    made.mod_s = ledger.released_s
    return made


def _make_description(part: Deck, root: Deck, ledger: Ledger) -> str:
    # Anki renders Markdown here; HTML in it is to be shown as text, as in cards.
    text = part.description.replace("<", "&lt;")
    if part is not root:
        return text
    if ledger.version:
        text += f"\n\nVersion {ledger.version}"
    return text + (
        "\n\nCards that a later version retires keep your progress and get the tag `retired`; "
        f'to delete them, search for `deck:"{root.name}" tag:retired`.'
    )
