"""Packages and collections of Anki are taken in whole, or what is missing is listed."""

from __future__ import annotations

import io
import json
import re
import shutil
import sqlite3
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anki.collection import DeckIdLimit, ExportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.decks import DeckId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anki_backend import Anki
from cardwright.anki.collection import PackageError
from cardwright.anki.incoming import open_incoming
from cardwright.foreign.error import ForeignFileError
from cardwright.incoming import Incoming, IncomingNote
from incoming_types import describe_kind, keep, rebuild
from project_files import Run, Write
from strange_packages import NOTES, compress, encode, make_newest_database, pack_newest

FORMATS = ("new.apkg", "legacy.apkg", "new.colpkg", "collection.anki2")
ODD = "Ödd «type»"
LATER = 2_000_000_000
Told = tuple[Incoming, list[IncomingNote], dict[str, bytes]]


def read(path: Path) -> Told:
    """Read everything there is."""
    with open_incoming(path) as found:
        media = {}
        for name in found.media:
            assert found.write_media
            file = io.BytesIO()
            found.write_media(name, file)
            media[name] = file.getvalue()
        return found, list(found.read_notes()), media


def list_losses(found: Incoming) -> dict[str, tuple[int, str]]:
    return {loss.what: (loss.count, loss.first) for loss in found.losses}


@pytest.fixture
def export(anki: Anki, tmp_path: Path) -> Callable[[str], Path]:
    """Export the collection in a format."""

    def write(name: str) -> Path:
        path = tmp_path / name
        match path.suffix:
            case ".apkg":
                options = ExportAnkiPackageOptions(
                    with_scheduling=True,
                    with_deck_configs=True,
                    with_media=True,
                    legacy="legacy" in name,
                )
                anki.col.export_anki_package(out_path=str(path), options=options, limit=None)
            case ".colpkg":
                anki.col.export_collection_package(str(path), include_media=True, legacy=False)
                anki.col.reopen()
            case _:
                anki.col.close()
                shutil.copy(anki.col.path, path)
                shutil.copytree(anki.col.media.dir(), path.with_suffix(".media"))
                anki.col.reopen()
        return path

    return write


def make_odd_type(anki: Anki) -> dict[str, Any]:
    """Add a note type of which no attribute has its default."""
    col = anki.col
    made = col.models.new(ODD)
    for name in ("Nr.", "Wort", "Länge"):
        col.models.add_field(made, col.models.new_field(name))
    made["flds"][1] |= {
        "font": "Noto Serif",
        "size": 300,
        "rtl": True,
        "sticky": True,
        "collapsed": True,
        "plainText": True,
        "excludeFromSearch": True,
        "description": "das «Wort»\n",
        "tag": 3,
        "preventDeletion": True,
        "id": -7,
    }
    made["flds"][2] |= {"font": "", "size": 0, "tag": 0}
    for name in ("Karte 1", "zurück"):
        col.models.add_template(made, col.models.new_template(name))
    made["tmpls"][0] |= {"qfmt": "{{Nr.}}\r\n ", "afmt": "{{Wort}}<script>1</script>\n\n"}
    made["tmpls"][1] |= {
        "qfmt": "{{Wort}}",
        "afmt": "",
        "bqfmt": " {{Wort}}",
        "bafmt": "{{Länge}}\n",
        "bfont": "Foo",
        "bsize": 99,
        "id": 2**60,
    }
    made |= {
        "css": ".card {\r\n}\n\n",
        "latexPre": "",
        "latexPost": "\\end{x}\n",
        "latexsvg": True,
        "sortf": 2,
        "originalStockKind": 6,
        "crowdanki_uuid": "0a39f994-daaf",
    }
    col.models.add_dict(made)
    return found_type(anki, ODD)


def found_type(anki: Anki, name: str) -> dict[str, Any]:
    anki.col.models._clear_cache()
    found = anki.col.models.by_name(name)
    assert found
    return found


def add_note(anki: Anki, type_name: str, *fields: str, deck: str = "Länder::Süd") -> Any:
    note = anki.col.new_note(found_type(anki, type_name))
    note.fields[: len(fields)] = fields
    note.tags = ["b::ä", "A"]
    deck_id = anki.col.decks.id(deck)
    assert deck_id
    anki.col.add_note(note, deck_id)
    return note


@pytest.mark.parametrize("format", FORMATS)
def test_note_types_are_known_whole(anki: Anki, export: Callable[[str], Path], format: str) -> None:
    names = [entry.name for entry in anki.col.models.all_names_and_ids()]
    make_odd_type(anki)
    for number, name in enumerate([*names, ODD]):
        add_note(anki, name, f"{{{{c1::{number}}}}}", "x")

    found, _, _ = read(export(format))

    assert {one.name for one in found.types.values()} == {*names, ODD}
    for one in found.types.values():
        expected = found_type(anki, one.name)
        assert rebuild(one, anki.col) == keep(expected)
        assert one.mod_s == expected["mod"] or format == "legacy.apkg"
        defaults = [field.attributes for field in one.fields if one.name != ODD]
        assert all(attributes.keys() <= {"id", "tag", "preventDeletion"} for attributes in defaults)


def test_note_types_come_back_from_a_project(
    anki: Anki,
    export: Callable[[str], Path],
    write: Write,
    run: Run,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [ODD, "Image Occlusion", "Basic (type in the answer)"]
    make_odd_type(anki)
    guids = {}
    for name in names:
        guids[name] = add_note(anki, name, "{{c1::oak}}", "an oak").guid
    before = {name: keep(found_type(anki, name)) for name in names}
    found, _, _ = read(export("new.apkg"))
    kinds = {f"kind-{number}": one for number, one in enumerate(found.types.values())}
    write(
        {
            **{f"kinds/{name}.yaml": json.dumps(describe_kind(one)) for name, one in kinds.items()},
            "decks/trees/deck.yaml": "name: Länder\nnamespace: trees-x\n",
            "cards/trees/all.yaml": json.dumps(
                {
                    "cards": [
                        {
                            "id": name,
                            "kind": name,
                            "guid": guids[one.name],
                            "f0": "{{c1::elm}}" if one.is_cloze else "elm",
                        }
                        for name, one in kinds.items()
                    ]
                }
            ),
        }
    )
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(LATER))
    run("build", "trees")

    result = anki.import_package(project / "build" / "trees.apkg")

    assert (result.new, result.conflicting) == (set(), set())
    assert {name: keep(found_type(anki, name)) for name in names} == before


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
FIELD = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.booleans() for name in ("rtl", "sticky", "collapsed", "plainText")},
        **{name: st.booleans() for name in ("excludeFromSearch", "preventDeletion")},
        "font": TEXT,
        "size": st.integers(0, 65_535),
        "description": TEXT,
        "id": st.none() | st.integers(-(2**63), 2**63 - 1),
        "tag": st.none() | st.integers(0, 2**32 - 1),
    },
)
TEMPLATE = st.fixed_dictionaries(
    {"afmt": TEXT},
    optional={
        "bqfmt": TEXT,
        "bafmt": TEXT,
        "bfont": TEXT,
        "bsize": st.integers(0, 255),
        "id": st.none() | st.integers(-(2**63), 2**63 - 1),
    },
)
TYPE = st.fixed_dictionaries(
    {"css": TEXT},
    optional={
        "latexPre": TEXT,
        "latexPost": TEXT,
        "latexsvg": st.booleans(),
        "originalStockKind": st.integers(0, 6),
        "crowdanki_uuid": st.text("0123456789abcdef-", min_size=1, max_size=36),
        "sortf": st.integers(0, 1),
    },
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(st.tuples(TYPE, FIELD, FIELD, TEMPLATE), min_size=1, max_size=12))
def test_any_attribute_is_read_as_anki_has_it(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[dict[str, Any], ...]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    anki = Anki(folder / "anki")
    for number, (about, first, second, template) in enumerate(made):
        model = anki.col.models.new(f"T{number}")
        for name in ("Front", "Back"):
            anki.col.models.add_field(model, anki.col.models.new_field(name))
        anki.col.models.add_template(model, anki.col.models.new_template("Card"))
        model["flds"][0] |= first
        model["flds"][1] |= second
        model["tmpls"][0] |= {"qfmt": "{{Front}}", **template}
        anki.col.models.add_dict(model | about)
        add_note(anki, f"T{number}", "x")
    expected = {f"T{number}": keep(found_type(anki, f"T{number}")) for number in range(len(made))}
    for is_legacy in (False, True):
        path = folder / f"{is_legacy}.apkg"
        options = ExportAnkiPackageOptions(legacy=is_legacy)
        anki.col.export_anki_package(out_path=str(path), options=options, limit=None)

        found, _, _ = read(path)

        assert {one.name: rebuild(one, anki.col) for one in found.types.values()} == expected
    anki.col.close()


@pytest.mark.parametrize("format", FORMATS)
def test_notes_are_those_of_anki(anki: Anki, export: Callable[[str], Path], format: str) -> None:
    make_odd_type(anki)
    added = [
        add_note(anki, ODD, "1", "eins", "<b>lang</b>"),
        add_note(anki, "Cloze", "{{c2::zwei}} {{c4::vier}}", "x", deck="Länder"),
        add_note(anki, "Basic", unicodedata.normalize("NFC", "ü"), "", deck="Zahlen::Eins"),
    ]
    filtered = anki.col.decks.new_filtered("Filter")
    search = anki.col.decks.get(filtered)
    assert search
    search["terms"] = [['deck:"Zahlen"', 10, 0]]
    anki.col.decks.save(search)
    anki.col.sched.rebuild_filtered_deck(filtered)
    assert anki.col.get_card(anki.col.find_cards("deck:Filter")[0]).odid

    found, notes, _ = read(export(format))

    added = [anki.col.get_note(note.id) for note in added]
    assert [
        (one.guid, one.fields, one.mod_s, one.place, one.tags, one.deck, one.ordinals)
        for one in notes
    ] == [
        (note.guid, tuple(note.fields), note.mod, f"note {note.id}", ("A", "b::ä"), deck, ordinals)
        for note, deck, ordinals in zip(
            added,
            ("Länder::Süd", "Länder", "Zahlen::Eins"),
            ((0, 1), (1, 3), (0,)),
            strict=True,
        )
    ]
    assert [found.types[one.type].name for one in notes] == [ODD, "Cloze", "Basic"]
    assert list(found.decks) == ["Länder", "Länder::Süd", "Zahlen", "Zahlen::Eins"]
    assert found.note_count == 3
    assert not found.losses


def test_answers_are_announced(anki: Anki, export: Callable[[str], Path]) -> None:
    add_note(anki, "Basic", "oak", "tree")
    assert not read(export("legacy.apkg"))[0].has_history

    anki.answer_all()

    assert read(export("new.apkg"))[0].has_history


def test_decks_have_their_options_and_descriptions(
    anki: Anki, export: Callable[[str], Path]
) -> None:
    col = anki.col
    for name in ("Länder", "Länder::Süd", "Zahlen"):
        add_note(anki, "Basic", name, "x", deck=name)
    preset = col.decks.add_config("Fast")
    preset["new"] |= {"perDay": 7, "bury": True, "delays": [0.5, 15, 1440]}
    preset["rev"] |= {"perDay": 9_000, "maxIvl": 400, "bury": False}
    preset["lapse"] |= {"delays": [], "leechFails": 5, "leechAction": 0}
    preset |= {"desiredRetention": 0.85, "autoplay": False, "newMix": 1}
    col.decks.update_config(preset)
    deck = col.decks.by_name("Länder")
    assert deck
    deck |= {"conf": preset["id"], "desc": "Viele *Länder*", "md": True}
    col.decks.save(deck)
    below = col.decks.by_name("Länder::Süd")
    assert below
    below |= {"newLimit": 3, "reviewLimit": 0, "desiredRetention": 95, "desc": "<b>Süd</b>"}
    col.decks.save(below)

    for format in FORMATS:
        found, _, _ = read(export(format))

        own = found.decks["Länder"].options
        assert own
        assert (own.new_per_day, own.reviews_per_day) == (7, 9_000)
        assert (own.desired_retention, own.maximum_interval_days, own.leech_lapses) == (
            0.85,
            400,
            5,
        )
        assert own.learning_steps_minutes == (0.5, 15.0)
        assert own.relearning_steps_minutes == ()
        assert own.bury_siblings
        limited = found.decks["Länder::Süd"].options
        assert limited
        assert (limited.new_per_day, limited.reviews_per_day) == (3, 0)
        assert limited.desired_retention == 0.95
        assert found.decks["Zahlen"].options is None
        assert (found.decks["Länder"].description, found.decks["Länder"].is_markdown) == (
            "Viele *Länder*",
            True,
        )
        assert not found.decks["Länder::Süd"].is_markdown
        assert list_losses(found) == {
            f"deck option: {what}": (1, "deck Länder")
            for what in (
                "mix of new cards and reviews",
                "sounds that do not play by themselves",
                "learning steps of a day or more",
                "burying of some siblings only",
                "suspending of leeches",
            )
        }


DESCRIPTION = "Many *trees*\nand < 3.\n\n- a\n- b\n\nThe\nend.\n\nReally."


@pytest.mark.parametrize("description", [DESCRIPTION, "", "One."])
def test_descriptions_of_ours_are_those_of_the_author(
    write: Write, run: Run, project: Path, description: str
) -> None:
    deck = {
        "name": "Trees",
        "namespace": "trees-k3",
        "description": description or "-",
        "decks": [{"name": "All", "select": {"kind": "basic"}, "description": "Two.\n\nThree."}],
    }
    if not description:
        del deck["description"]
    cards = [
        {"id": "oak", "kind": "basic", "question": "a", "answer": "b"},
        {"id": "elm", "kind": "basic", "question": "c", "answer": "d", "retired": "why"},
    ]
    write(
        {
            "decks/trees/deck.yaml": json.dumps(deck),
            "cards/trees/all.yaml": json.dumps({"cards": cards}),
        }
    )
    run("release", "trees")

    found, _, _ = read(project / "build" / "trees.apkg")

    shown = re.sub(r"(?<!\n)\n(?![\n-])", " ", description)
    assert found.decks["Trees"].description == shown
    assert found.decks["Trees::All"].description == "Two.\n\nThree."


def test_what_cannot_be_carried_over_is_listed(anki: Anki, export: Callable[[str], Path]) -> None:
    make_odd_type(anki)
    split = add_note(anki, ODD, "1", "eins")
    elsewhere = anki.col.decks.id("Anderswo")
    assert elsewhere
    anki.col.set_deck([split.cards()[1].id], elsewhere)
    twin = add_note(anki, "Basic", "a", "b")
    copy = add_note(anki, "Basic", "a", "b")
    other = add_note(anki, "Basic", "c", "d")
    card = other.cards()[0]
    card.custom_data = '{"v":"x"}'
    anki.col.update_card(card)
    model = found_type(anki, "Basic")
    model["addon"] = {"x": 1}
    model["tmpls"][0]["did"] = elsewhere
    anki.col.models.update_dict(model)
    assert anki.col.db
    for note in (copy, other):
        anki.col.db.execute("update notes set guid = ? where id = ?", twin.guid, note.id)

    found, notes, _ = read(export("new.apkg"))

    assert list_losses(found) == {
        "deck of some cards of a note": (1, f"note {split.id}"),
        "note that is there twice": (1, f"note {copy.id}"),
        "guid that another note has, too": (1, f"note {other.id}"),
        "custom data of a card": (1, f"card {card.id}"),
        "data of an add-on in a note type": (1, "note type Basic"),
    }
    assert notes[0].deck == "Länder::Süd"
    assert [note.guid for note in notes] == [split.guid, twin.guid, None]
    (basic,) = [one for one in found.types.values() if one.name == "Basic"]
    assert basic.templates[0].deck == "Anderswo"


@pytest.mark.parametrize("format", FORMATS)
def test_media_are_read_one_at_a_time(
    anki: Anki, export: Callable[[str], Path], format: str
) -> None:
    contents = {"blatt ü.png": b"\x89PNG", "_logo.svg": b"<svg/>", "x.mp3": bytes(300_000)}
    for name, data in contents.items():
        anki.col.media.write_data(name, data)
    text = "<img src='blatt ü.png'>[sound:x.mp3]"
    add_note(anki, "Basic", text, "x")
    model = found_type(anki, "Basic")
    model["css"] = "a { background: url(_logo.svg) }"
    anki.col.models.update_dict(model)

    _, _, media = read(export(format))

    assert media == contents


@pytest.fixture
def newest(tmp_path: Path) -> bytes:
    return make_newest_database(tmp_path)


def describe_media(*files: tuple[str, int]) -> bytes:
    entries = (encode((1, name.encode()), (2, size)) for name, size in files)
    return b"".join(encode((1, entry)) for entry in entries)


def write_newest(path: Path, database: bytes, media: bytes, others: dict[str, bytes]) -> Path:
    path.write_bytes(pack_newest(database, media=media))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, data in others.items():
            archive.writestr(name, data)
    return path


def test_media_that_cannot_be_kept_are_listed(tmp_path: Path, newest: bytes) -> None:
    listed = describe_media(
        ("a.png", 1),
        ("gone.png", 1),
        ("huge.mp4", 100_000_001),
        ("esc\x1b[31m.png", 1),
        ("_a\\..\\b.png", 1),
        (unicodedata.normalize("NFD", "ü.png"), 1),
        ("ü.png", 1),
    )
    members = {str(number): compress(b"data") for number in (0, 2, 3, 4, 5)}
    path = write_newest(tmp_path / "x.apkg", newest, listed, {**members, "6": compress(b"other")})

    found, _, media = read(path)

    assert media == {"a.png": b"data", "ü.png": b"data"}
    assert list_losses(found) == {
        "media file that is listed, but missing": (1, "gone.png"),
        "media file of more than 100 MB": (1, "huge.mp4"),
        "media file with a name that is not safe": (2, "'esc\\x1b[31m.png'"),
        "second media file of the same name": (1, "ü.png"),
    }


def test_media_larger_than_they_say_are_refused(tmp_path: Path, newest: bytes) -> None:
    bomb = compress(bytes(150 * 2**20))
    path = write_newest(tmp_path / "x.apkg", newest, describe_media(("a.png", 9)), {"0": bomb})

    with open_incoming(path) as found:
        assert found.write_media
        with pytest.raises(ForeignFileError, match="times its size"):
            found.write_media("a.png", io.BytesIO())
        with pytest.raises(ForeignFileError, match="no media file"):
            found.write_media("../secret", io.BytesIO())


def test_links_beside_a_collection_are_not_followed(
    anki: Anki, export: Callable[[str], Path], tmp_path: Path
) -> None:
    add_note(anki, "Basic", "x", "y")
    path = export("collection.anki2")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (path.with_suffix(".media") / "a.png").symlink_to(secret)

    assert read(path)[2] == {}


def test_names_of_fields_are_those_that_anki_makes_of_them(
    anki: Anki, export: Callable[[str], Path], tmp_path: Path
) -> None:
    make_odd_type(anki)
    add_note(anki, ODD, "1", "2", "3")
    path = export("legacy.apkg")
    change_models(path, lambda model: rename(model, ODD, [' "#a:b}', "AB", "Ab "], ["x", "X"]))

    found, _, _ = read(path)

    (one,) = found.types.values()
    other = Anki(tmp_path / "other")
    other.col.import_anki_package(ImportAnkiPackageRequest(package_path=str(path)))
    model = found_type(other, ODD)
    assert [field.name for field in one.fields] == [field["name"] for field in model["flds"]]
    assert [made.name for made in one.templates] == [made["name"] for made in model["tmpls"]]
    other.col.close()


def rename(model: dict[str, Any], name: str, fields: list[str], templates: list[str]) -> None:
    if model["name"] == name:
        for part, names in (("flds", fields), ("tmpls", templates)):
            for one, new in zip(model[part], names, strict=True):
                one["name"] = new


def change_models(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the note types of a package in the older format."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    file = path.with_suffix(".db")
    file.write_bytes(members["collection.anki21"])
    database = sqlite3.connect(file)
    models = json.loads(database.execute("select models from col").fetchone()[0])
    for model in models.values():
        change(model)
    database.execute("update col set models = ?", (json.dumps(models),))
    database.commit()
    database.close()
    members["collection.anki21"] = file.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_fields_are_as_many_as_the_note_type_has(tmp_path: Path) -> None:
    def tamper(database: sqlite3.Connection) -> None:
        database.execute("update notes set flds = ? where id = 1", ("\x1f".join("abcd"),))
        database.execute("update notes set flds = 'only' where id = 2")

    path = tmp_path / "x.apkg"
    path.write_bytes(pack_newest(make_newest_database(tmp_path, act=tamper)))

    found, notes, _ = read(path)

    assert [note.fields for note in notes] == [("a", "b"), ("only", "")]
    assert list_losses(found) == {"text in fields that the note type does not have": (1, "note 1")}


def test_cards_may_be_anywhere(tmp_path: Path) -> None:
    def tamper(database: sqlite3.Connection) -> None:
        database.execute("delete from cards where nid = 2")
        for id, note, ordinal, deck in ((8, 1, 5, 1), (9, 1, -1, 77), (10, 99, 0, 1)):
            database.execute(
                "INSERT INTO cards VALUES (?, ?, ?, ?, 1, 0, 0, 9, 5, 0, 1, 0, 0, 0, 0, 0, '')",
                (id, note, deck, ordinal),
            )

    path = tmp_path / "x.apkg"
    path.write_bytes(pack_newest(make_newest_database(tmp_path, act=tamper)))

    found, notes, _ = read(path)

    assert [(note.deck, note.ordinals) for note in notes] == [("A::B", (0,)), ("A", ())]
    assert "card of a template that the note type does not have" in list_losses(found)
    assert len(notes) == len(NOTES)


@pytest.mark.parametrize("table", ["fields", "templates"])
def test_note_types_that_are_not_whole_are_refused(tmp_path: Path, table: str) -> None:
    def tamper(database: sqlite3.Connection) -> None:
        database.execute(f"delete from {table}")

    path = tmp_path / "x.apkg"
    path.write_bytes(pack_newest(make_newest_database(tmp_path, act=tamper)))

    with pytest.raises(PackageError, match=f"no {table}"):
        read(path)


def test_numbers_with_which_anki_would_import_nothing_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.apkg"
    path.write_bytes(
        pack_newest(
            make_newest_database(
                tmp_path,
                field=encode((3, b"Arial"), (4, 2**16), (10, 2**32), (9, 2**63 - 1)),
                template=encode((1, b"{{Front}}"), (7, 2**8), (8, 2**64 - 1)),
                note_type=encode((2, 2**16), (9, 1_001)),
            )
        )
    )

    (one,) = read(path)[0].types.values()

    assert [field.attributes for field in one.fields] == [{"id": 2**63 - 1}] * 2
    assert one.templates[0].attributes == {"id": -1}
    assert one.attributes.keys() == {"latexPre", "latexPost"}


def test_half_characters_in_json_are_refused(anki: Anki, export: Callable[[str], Path]) -> None:
    make_odd_type(anki)
    add_note(anki, ODD, "1", "2", "3")
    path = export("legacy.apkg")
    change_models(path, lambda model: rename(model, ODD, ["\ud800", "b", "c"], ["x", "y"]))

    with pytest.raises(PackageError, match="surrogate"):
        read(path)


def test_a_deck_limit_is_not_needed(anki: Anki, tmp_path: Path) -> None:
    add_note(anki, "Basic", "x", "y", deck="A")
    add_note(anki, "Basic", "z", "y", deck="B")
    deck = anki.col.decks.id_for_name("A")
    assert deck
    path = tmp_path / "a.apkg"
    anki.col.export_anki_package(
        out_path=str(path),
        options=ExportAnkiPackageOptions(),
        limit=DeckIdLimit(DeckId(deck)),
    )

    found, notes, _ = read(path)

    assert (list(found.decks), len(notes), found.name) == (["A"], 1, "a")
