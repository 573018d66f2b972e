"""Text files that Anki exports, with any of its headers: the same notes are read from them."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from anki.collection import Collection
from anki.decks import DeckId
from anki.notes import Note
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.adopt.table import read_table
from cardwright.incoming import Markup
from cardwright.text import make_plain

FIELDS = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]),
        st.sampled_from(list("\t\n\"'#,;<>&: ")),
    ),
    min_size=1,
    max_size=12,
)
TAGS = st.lists(st.text("abcäöß:#_-", min_size=1, max_size=6), max_size=3)
NAMES = {"Basic": ("Front", "Back"), "Cloze": ("Text", "Back Extra")}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return Collection(str(tmp_path_factory.mktemp("anki") / "collection.anki2"))


def add(col: Collection, type: str, fields: tuple[str, str], tags: list[str], deck: str) -> Note:
    found = col.models.by_name(type)
    assert found
    note = col.new_note(found)
    note.fields = list(fields)
    note.tags = tags
    deck_id = col.decks.id(deck)
    assert deck_id
    col.add_note(note, DeckId(deck_id))
    return col.get_note(note.id)


@settings(max_examples=25)
@given(
    drawn=st.lists(
        st.tuples(
            # A field in which nothing is seen is an empty one.
            FIELDS.filter(lambda text: make_plain(text).strip()),
            FIELDS,
            TAGS,
            st.sampled_from(["A", "A::b c", "D"]),
        ),
        min_size=1,
        max_size=5,
    ),
    with_cloze=st.booleans(),
    parts=st.sampled_from(list(product([True, False], repeat=4))),
)
def test_notes_that_anki_writes_are_read_back(
    collection: Collection,
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[str, str, list[str], str]],
    with_cloze: bool,
    parts: tuple[bool, bool, bool, bool],
) -> None:
    col = collection
    col.remove_notes(list(col.find_notes("")))
    notes = [(add(col, "Basic", (f, b), tags, deck), "Basic", deck) for f, b, tags, deck in drawn]
    if with_cloze:
        notes.append((add(col, "Cloze", ("{{c1::x}}", ""), [], "A"), "Cloze", "A"))
    path = tmp_path_factory.getbasetemp() / "notes.txt"
    with_tags, with_deck, with_type, with_guid = parts
    col.export_note_csv(
        out_path=str(path),
        limit=None,
        with_html=True,
        with_tags=with_tags,
        with_deck=with_deck,
        with_notetype=with_type,
        with_guid=with_guid,
    )
    incoming = read_table(path)
    read = list(incoming.read_notes())
    assert incoming.markup is Markup.HTML
    assert len(read) == len(notes)
    for found, (note, type, deck) in zip(read, notes, strict=True):
        expected = [field.strip().replace("\r\n", "\n") for field in note.fields]
        assert list(found.fields) + [""] * (2 - len(found.fields)) == expected
        assert found.tags == (tuple(note.tags) if with_tags else ())
        assert found.guid == (note.guid if with_guid else None)
        assert found.deck == (deck if with_deck else "")
        if with_type:
            assert incoming.types[found.type].is_cloze == (type == "Cloze")
    assert set(incoming.decks) >= {note.deck for note in read} - {""}
    # The file has no templates, and nobody should believe that they are kept.
    assert any("templates" in loss.what for loss in incoming.losses) == with_type


def test_headers_written_by_hand_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text(
        "#separator:Semicolon\n#html:false\n#notetype:Basic\n#deck:Spanish::Verbs\n"
        "#tags:verb b1\n#columns:Back;Front;Tags\n#tags column:3\n#if matches:keep current\n"
        '# a comment\nto be;<ser>;irregular\n# another\n"to\nhave";tener;\n',
        encoding="utf-8",
    )
    incoming = read_table(path)
    first, second = incoming.read_notes()
    assert incoming.markup is Markup.PLAIN
    assert first.fields == ("<ser>", "to be")
    assert second.fields == ("tener", "to\nhave")
    assert (first.tags, second.tags) == (("verb", "b1", "irregular"), ("verb", "b1"))
    assert first.deck == "Spanish::Verbs"
    assert (first.place, second.place) == ("words.txt:10", "words.txt:12")
    assert list(incoming.decks) == ["Spanish", "Spanish::Verbs"]


def test_fields_of_a_note_type_with_more_of_them_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(
        "#separator:tab\n#html:true\n#notetype column:1\n"
        "Country\tFrance\tParis\t<img src=fr.png>\nBasic\tq\ta\t\nCountry\tChad\t\t\n",
        encoding="utf-8",
    )
    incoming = read_table(path)
    country = incoming.types["Country"]
    assert [field.name for field in country.fields] == ["Front", "Back", "Field 3"]
    assert [note.fields for note in incoming.read_notes()] == [
        ("France", "Paris", "<img src=fr.png>"),
        ("q", "a"),
        ("Chad", "", ""),
    ]
