"""Folders of CrowdAnki hold what the package of the same deck holds, but for ids and times."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anki.collection import ExportAnkiPackageOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from anki_backend import Anki
from cardwright.anki.crowdanki import find_crowdanki, open_crowdanki
from cardwright.anki.incoming import open_incoming
from cardwright.foreign.error import ForeignFileError
from cardwright.incoming import Incoming, IncomingNote
from crowdanki_folder import export_folder, make_uuid

ID_LOSS = "id of a note type, which CrowdAnki chooses anew in each collection"
Change = Callable[[dict[str, Any]], object]


def read(path: Path) -> tuple[Incoming, list[IncomingNote]]:
    with open_crowdanki(path) as found:
        return found, list(found.read_notes())


def add_note(anki: Anki, type_name: str, deck: str, *fields: str) -> None:
    model = anki.col.models.by_name(type_name)
    deck_id = anki.col.decks.id(deck)
    assert model
    assert deck_id
    note = anki.col.new_note(model)
    note.fields[: len(fields)] = fields
    note.tags = ["ä::b", "A"]
    anki.col.add_note(note, deck_id)


@pytest.fixture
def filled(anki: Anki) -> Anki:
    """Fill a collection with decks, note types and media."""
    col = anki.col
    add_note(anki, "Basic", "Länder", "oak", "<b>tree</b>\u200d")
    add_note(anki, "Cloze", "Länder::Süd::Tief", "{{c2::x}}", "\r\n")
    add_note(anki, "Image Occlusion", "Länder::Süd", "x", "<img src='ü.png'>")
    preset = col.decks.add_config("Fast")
    preset["new"]["perDay"] = 7
    preset["newMix"] = 1
    col.decks.update_config(preset)
    for name, about in (
        ("Länder", {"desc": "Viele *Länder*", "md": True, "conf": preset["id"]}),
        ("Länder::Süd", {"desc": "<b>Süd</b>", "newLimit": 3}),
        ("Länder::Süd::Tief", {"conf": preset["id"]}),
    ):
        deck = col.decks.by_name(name)
        assert deck
        col.decks.save(deck | about)
    col.media.write_data("ü.png", b"\x89PNG")
    model = col.models.by_name("Basic")
    assert model
    model |= {"css": "a\r\n{}", "latexsvg": True, "sortf": 1}
    model["flds"][0] |= {"rtl": True, "size": 33}
    col.models.update_dict(model)
    return anki


@pytest.mark.parametrize("file", ["deck.json", "folder.json"])
def test_a_folder_holds_what_the_package_holds(filled: Anki, tmp_path: Path, file: str) -> None:
    folder = export_folder(filled.col, "Länder", tmp_path / "folder", file=file)
    path = tmp_path / "x.apkg"
    options = ExportAnkiPackageOptions(with_deck_configs=True, with_media=True)
    filled.col.export_anki_package(out_path=str(path), options=options, limit=None)

    found, notes = read(folder)

    with open_incoming(path) as package:
        expected = {note.guid: note for note in package.read_notes()}
        names = {key: one.name for key, one in package.types.items()}
        assert len(notes) == found.note_count == len(expected) == 3
        for note in notes:
            other = expected[note.guid]
            assert (note.fields, note.tags, note.deck) == (other.fields, other.tags, other.deck)
            assert found.types[note.type].name == names[other.type]
            assert (note.mod_s, note.ordinals, note.place) == (0, None, f"note {note.guid}")
        by_name = {one.name: one for one in package.types.values()}
        for one in found.types.values():
            uuid = make_uuid(one.name)
            other_type = by_name[one.name]
            attributes = {**other_type.attributes, "crowdanki_uuid": uuid}
            assert one == replace(
                other_type,
                key=uuid,
                anki_id=one.anki_id,
                mod_s=0,
                attributes=attributes,
            )
        decks = {**package.decks}
        # Presets of a folder are all there, even the default one.
        south = found.decks["Länder::Süd"].options
        assert south
        assert south.new_per_day == 3
        decks["Länder::Süd"] = replace(decks["Länder::Süd"], options=south)
        assert dict(found.decks) == decks
        assert list(found.decks) == list(package.decks)
        assert found.media == package.media == ("ü.png",)
    assert found.write_media
    media = io.BytesIO()
    found.write_media("ü.png", media)
    assert media.getvalue() == b"\x89PNG"
    assert not found.has_history
    assert {loss.what: loss.count for loss in found.losses} == {
        ID_LOSS: 3,
        "deck option: mix of new cards and reviews": 1,
    }


def test_ids_are_the_same_every_time(filled: Anki, tmp_path: Path) -> None:
    folder = export_folder(filled.col, "Länder", tmp_path / "folder")
    first, second = read(folder)[0], read(folder / "deck.json")[0]

    assert first.types == second.types
    assert len({one.anki_id for one in first.types.values()}) == 3
    assert all(one.anki_id and 0 < one.anki_id < 2**53 for one in first.types.values())


NOTE = {"fields": ["a", "b"], "guid": "g1", "note_model_uuid": "u", "tags": ["t"]}
DECK = {
    "__type__": "Deck",
    "name": "D",
    "children": [],
    "notes": [NOTE],
    "note_models": [
        {
            "crowdanki_uuid": "u",
            "name": "Basic",
            "type": 0,
            "flds": [{"name": "Front"}, {"name": "Back"}],
            "tmpls": [{"name": "Card", "qfmt": "{{Front}}", "afmt": "{{Back}}"}],
        }
    ],
    "deck_configurations": [],
}


def write_deck(folder: Path, change: Change = dict.copy) -> Path:
    deck = json.loads(json.dumps(DECK))
    change(deck)
    folder.mkdir(exist_ok=True)
    (folder / "deck.json").write_text(json.dumps(deck), "utf-8")
    return folder


def test_a_folder_may_hold_little(tmp_path: Path) -> None:
    found, notes = read(write_deck(tmp_path / "x"))

    assert [(note.fields, note.deck, note.tags) for note in notes] == [(("a", "b"), "D", ("t",))]
    assert (found.name, list(found.media), found.decks["D"].options) == ("x", [], None)


def test_a_note_type_that_tells_its_id_keeps_it(tmp_path: Path) -> None:
    folder = write_deck(tmp_path / "x", lambda deck: deck["note_models"][0].update(id=1234))

    found, _ = read(folder)

    assert (found.types["u"].anki_id, found.losses) == (1234, ())


def test_what_cannot_be_carried_over_is_listed(tmp_path: Path) -> None:
    def change(deck: dict[str, Any]) -> None:
        deck["media_files"] = ["gone.png"]
        deck["notes"] += [
            {**NOTE, "guid": "g2", "fields": ["a", "b", "more"]},
            {**NOTE, "guid": "g3", "note_model_uuid": "none"},
            {**NOTE, "guid": ""},
            NOTE,
            {**NOTE, "fields": ["other", "x"]},
        ]
        deck["children"] = [{"name": "Empty", "notes": [], "children": []}]

    found, notes = read(write_deck(tmp_path / "x", change))

    assert [(note.guid, note.fields) for note in notes] == [
        ("g1", ("a", "b")),
        ("g2", ("a", "b")),
        (None, ("a", "b")),
        (None, ("other", "x")),
    ]
    assert list(found.decks) == ["D"]
    assert {loss.what: (loss.count, loss.first) for loss in found.losses} == {
        ID_LOSS: (1, "note type Basic"),
        "text in fields that the note type does not have": (1, "note g2"),
        "note whose note type is missing": (1, "note g3"),
        "guid": (1, "note 4"),
        "note that is there twice": (1, "note g1"),
        "guid that another note has, too": (1, "note g1"),
        "media file that is listed, but missing": (1, "gone.png"),
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda deck: deck.pop("name"), "does not hold a deck"),
        (lambda deck: deck.update(__type__="Note"), "does not hold a deck"),
        (lambda deck: deck.update(notes={}), "does not hold a deck"),
        (lambda deck: deck.update(notes=[5]), "note 1 is not valid"),
        (lambda deck: deck.update(notes=[{**NOTE, "fields": [5]}]), "note 1 is not valid"),
        (lambda deck: deck.update(note_models=[{"name": "x"}]), "no UUID"),
        (lambda deck: deck["note_models"][0].update(flds=[]), "no fields"),
        (lambda deck: deck["note_models"][0].update(tmpls=[]), "no templates"),
        (lambda deck: deck["note_models"][0].update(flds=5), "not valid"),
        (lambda deck: deck["note_models"][0].update(tmpls=[5]), "not valid"),
        (lambda deck: deck.update(children=[{"name": "x"}, {"name": "x"}]), "two of its decks"),
        (lambda deck: deck.update(name="x" * 2_000), "too long"),
        (lambda deck: deck.update(name="\ud800"), "surrogate"),
    ],
)
def test_folders_that_are_not_valid_are_refused(
    tmp_path: Path, change: Change, reason: str
) -> None:
    with pytest.raises(ForeignFileError, match=reason):
        read(write_deck(tmp_path / "x", change))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not valid JSON"),
        ("[]", "does not hold a deck"),
        ("\xff", "not text in UTF-8"),
        ('{"name": ' + "[" * 100_000, "nested too deeply"),
        ("[" + "1," * 5_000_001 + "1]", "more than 5,000,000 parts"),
    ],
)
def test_files_that_are_not_valid_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "deck.json").write_bytes(text.encode("latin-1"))

    with pytest.raises(ForeignFileError, match=reason):
        read(tmp_path)


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.png").write_text("secret")
    folder = write_deck(tmp_path / "x")
    (folder / "media").mkdir()
    (folder / "media" / "a.png").symlink_to(secret / "a.png")
    os.mkfifo(folder / "media" / "pipe.png")
    assert read(folder)[0].media == ()

    (folder / "media" / "a.png").unlink()
    (folder / "media" / "pipe.png").unlink()
    (folder / "media").rmdir()
    (folder / "media").symlink_to(secret)
    with pytest.raises(ForeignFileError, match="link"):
        read(folder)

    (folder / "deck.json").rename(secret / "deck.json")
    (folder / "deck.json").symlink_to(secret / "deck.json")
    with pytest.raises(ForeignFileError, match="link"):
        read(folder)


def test_other_folders_are_told_apart(tmp_path: Path) -> None:
    assert find_crowdanki(tmp_path) is None
    assert find_crowdanki(tmp_path / "none") is None
    with pytest.raises(ForeignFileError, match=r"no deck\.json"):
        read(tmp_path)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
KEYS = (
    *("name", "children", "notes", "note_models", "deck_configurations", "media_files", "desc"),
    *(
        "guid",
        "fields",
        "tags",
        "flds",
        "tmpls",
        "css",
        "type",
        "did",
        "size",
        "sortf",
        "id",
        "qfmt",
    ),
    *("note_model_uuid", "crowdanki_uuid", "deck_config_uuid", "dyn", "newLimit"),
)
PLACES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "deck": lambda deck: deck,
    "note": lambda deck: deck["notes"][0],
    "type": lambda deck: deck["note_models"][0],
    "field": lambda deck: deck["note_models"][0]["flds"][0],
    "template": lambda deck: deck["note_models"][0]["tmpls"][0],
}


@settings(max_examples=80)
@given(
    place=st.sampled_from(sorted(PLACES)),
    key=st.sampled_from(KEYS),
    value=ANY,
)
def test_any_value_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: str, key: str, value: object
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"

    def change(deck: dict[str, Any]) -> None:
        PLACES[place](deck)[key] = value

    try:
        found, notes = read(write_deck(folder, change))
    except ForeignFileError:
        return
    for note in notes:
        assert note.deck in found.decks
        assert len(note.fields) == len(found.types[note.type].fields)
