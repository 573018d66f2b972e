"""Decks that strangers made to take time or memory: it stays in proportion to their size."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.adopt.decks import list_decks
from cardwright.adopt.ids import FreeNames
from cardwright.adopt.media import find_named
from cardwright.adopt.obsidian_cards import SCHEDULE
from cardwright.adopt.survey import survey_notes
from cardwright.anki.media import find_names
from cardwright.anki.notetype import NoteField, NoteType, Template
from cardwright.anki.template import render_card
from cardwright.html.scan import find_formulas, scan_html
from cardwright.incoming import (
    MAX_DECK_DEPTH,
    Incoming,
    IncomingField,
    IncomingNote,
    IncomingType,
    Markup,
    cut_deck,
    list_above,
)
from cardwright.kinds.template import find_needed_fields, makes_card
from cardwright.web.maths import convert_maths
from nets import ended_in_time
from project_files import Run
from strange_packages import encode, make_newest_database, pack_newest

LONG = 60_000


@pytest.fixture(autouse=True)
def _net() -> Iterator[None]:
    with ended_in_time():
        yield


def write_deck(path: Path, texts: list[str], front: str = "{{Front}}") -> Path:
    """Write a package with a note for each text."""

    def act(made: sqlite3.Connection) -> None:
        made.execute("DELETE FROM notes")
        for id, text in enumerate(texts, start=1):
            row = (id, f"guid-{id}", 7, 1, "", f"{id} {text}\x1fb")
            made.execute("INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?)", row)

    template = encode((1, front.encode()), (2, b"{{FrontSide}} {{Back}}"))
    path.write_bytes(pack_newest(make_newest_database(path.parent, template=template, act=act)))
    return path


FRONTS = {
    "repeated": "{{Front}}" * 10_000,
    "sections": "{{#Front}}x{{/Front}}" * 10_000 + "{{text:Front}}",
    "what does not end": "{{Front}}" + "<!--<svg><br {{" * 20_000,
}


@pytest.mark.parametrize("front", FRONTS.values(), ids=FRONTS)
def test_templates(home: Path, run: Run, tmp_path: Path, front: str) -> None:
    old = write_deck(tmp_path / "old.apkg", ["x"])
    deck = write_deck(tmp_path / "slow.apkg", ["word " * 1_000], front)

    run("diff", str(old), str(deck), "--html", str(tmp_path / "changes.html"))
    run("adopt", str(deck), folder=home)
    run("preview", folder=home)

    for page in (tmp_path / "changes.html", home / "build" / "preview.html"):
        assert page.stat().st_size < 6_000_000


def show(text: str, front: str = "{{cloze:Front}}{{text:Front}}", *, back: str = "") -> str:
    note_type = NoteType(
        kind="",
        anki_id=7,
        name="",
        is_cloze=True,
        fields=(NoteField(name="Front", anki_id=None),),
        templates=(Template(name="", anki_id=None, front=front, back=back),),
        css="",
    )
    return render_card(note_type, [text], 0)[0]


@pytest.mark.parametrize(
    "text",
    [
        "\\(" * LONG,
        "\\[<i>" * LONG,
        "<" * LONG,
        "<img src=" * LONG,
        "<img src " * LONG,
        "[sound:" * LONG,
        "{{c1::a" * LONG,
        "<b>x</b>" + "<br>" * LONG,
        "." * LONG,
        " " * LONG + "x",
        "<!--SR:" * LONG,
    ],
)
def test_texts_in_which_something_does_not_end(text: str) -> None:
    assert show(text)
    assert convert_maths(text) == text
    assert len(list(find_names(text))) <= 1
    assert not find_named([text], {"x.png"})
    assert SCHEDULE.sub("", text) == text
    incoming = read_notes([text])
    assert survey_notes(incoming, incoming.read_notes()).notes[0].size == len(text)


FORMULA = re.compile(
    r"\\\((?P<inline>(?:[^\\\x92-\x95]|\\[^()\[\]\x95])*?)\\\)"
    r"|\\\[(?P<block>(?:[^\\\x92-\x95]|\\[^()\[\]\x95])*?)\\\]"
)
"""What a formula is; looking for it like this takes the square of a length."""


@given(st.text(st.sampled_from("\\\\\\()[]a{\n\x92\x93\x94\x95"), max_size=30))
def test_formulas_are_found(text: str) -> None:
    matches = list(FORMULA.finditer(text))
    assert [(found.start, found.end) for found in find_formulas(text)] == [
        match.span() for match in matches
    ]
    assert [(found.display, found.latex) for found in find_formulas(text)] == [
        (match.lastgroup, match[match.lastgroup or ""]) for match in matches
    ]


def test_formulas_that_do_not_end() -> None:
    assert not list(find_formulas("\\(a\\" * LONG))
    assert not list(find_formulas("\\[a\\" * LONG + "\\)"))
    long = "\\({\\" * LONG + "\\) {{c1::a}} {{c2::\\(}}\\) {{c3::\\({{b}}\\)}}"
    marked = scan_html(long, is_cloze=True).html
    assert marked.endswith(" \x921\x96a\x94 \x922\x96\\(\x94\\) \x923\x96\\({{b}}\\)\x94")


def read_notes(texts: list[str]) -> Incoming:
    note = IncomingNote(type="7", fields=(texts[0],), place="", deck="A", guid=None)
    kind = IncomingType(key="7", name="", fields=(IncomingField(name="Front"),))
    return Incoming(
        name="",
        markup=Markup.HTML,
        types={"7": kind},
        decks={},
        read_notes=lambda: iter([note]),
    )


def test_gaps_are_shown_as_anki_does() -> None:
    deep = "{{c1::a" * 12 + "}}" * 12
    assert show(deep, "{{cloze:Front}}") == '<span class="cloze" data-ordinal="1">[...]</span>}}}}'
    huge = f"{{{{c{'9' * 5_000}::a}}}}"
    assert show(huge, "{{cloze:Front}}") == huge


def test_a_template_shows_as_often_as_anyone_needs() -> None:
    assert show("word", "{{Front}}" * 1_000) == "word" * 1_000
    assert "too long to show" in show("x" * 100_000, "{{Front}}" * 1_000)
    assert "too long to show" in show("<i>" * 100_000, "{{text:Front}}" * 1_000)


NAMES = ("Front", "Back", "Tags", "X", "Deck")


@given(
    st.recursive(
        st.sampled_from(["x", *(f"{{{{{name}}}}}" for name in NAMES)]),
        lambda inner: st.tuples(
            st.sampled_from("#^"), st.sampled_from(NAMES), st.lists(inner, max_size=3)
        ).map(lambda one: f"{{{{{one[0]}{one[1]}}}}}{''.join(one[2])}{{{{/{one[1]}}}}}"),
        max_leaves=8,
    ),
    st.sets(st.sampled_from(NAMES[:3])),
)
def test_needed_fields_are_those_without_which_anki_makes_no_card(
    front: str, fields: set[str]
) -> None:
    assert find_needed_fields(front, fields) == {
        name
        for name in fields
        if not makes_card(front, {one: one != name for one in fields}, has_tags=True)
    }


def test_a_face_that_is_too_long_is_not_shown(home: Path, run: Run, tmp_path: Path) -> None:
    deck = write_deck(tmp_path / "long.apkg", ["word " * 9_000], "{{Front}}" * 5)
    run("adopt", str(deck), folder=home)
    run("preview", folder=home)

    page = (home / "build" / "preview.html").read_text("utf-8")
    assert "Too long to show: 225," in page
    assert len(page) < 200_000


def test_a_note_that_is_too_long_is_left_out_and_named(
    home: Path, run: Run, tmp_path: Path
) -> None:
    deck = write_deck(tmp_path / "long.apkg", ["short", "&lt;" * 100_001, "word " * 19_000])

    output = run("adopt", str(deck), folder=home).output

    assert "note with a text that is too long: 1, first at note 2" in output
    assert "2 cards" in output
    assert "2 cards: 0 errors" in run("check", folder=home).output
    alone = write_deck(tmp_path / "alone.apkg", ["&lt;" * 100_001])
    output = run("adopt", str(alone), folder=tmp_path, exit_code=1).output
    assert "left out: note with a text that is too long, first at note 1" in output


@pytest.mark.parametrize(
    "name", ["\x1f".join("a" * 100_000), "::" * 100_000, ": " * 100_000, "x" * 100_000]
)
def test_the_name_of_a_deck_is_bounded(home: Path, run: Run, tmp_path: Path, name: str) -> None:
    deck = tmp_path / "deep.apkg"
    database = make_newest_database(
        tmp_path, act=lambda made: made.execute("UPDATE decks SET name = ?", (name,))
    )
    deck.write_bytes(pack_newest(database))

    output = run("adopt", str(deck), folder=home, exit_code=1).output

    assert "the name of a deck is too long" in output
    assert list(home.iterdir()) == []


def test_decks_above_one_are_listed_as_deep_as_a_pack_can_be() -> None:
    deep = "::".join("abcdefghijklmnopqr")
    assert cut_deck(deep) == "::".join("abcdefghijklmno")
    assert [*list_above(deep)][-1] == cut_deck(deep)
    assert [*list_above("A::B")] == ["A", "A::B"]
    assert [*list_above("A")] == ["A"]
    assert len(list_decks(["::".join("a" * 100_000)])) == MAX_DECK_DEPTH


def test_names_that_are_alike_get_the_lowest_number_that_is_free() -> None:
    names = FreeNames(["Deck-3"])
    assert [names.take(name) for name in ("deck", "DECK", "deck", "other", "deck")] == [
        *("deck", "DECK-2", "deck-4", "other", "deck-5")
    ]
    assert [names.take("a", ending) for ending in (".png", ".png", ".jpg")] == [
        *("a.png", "a-2.png", "a.jpg")
    ]
    assert "A.PNG" in names
    assert len({names.take("same") for _ in range(20_000)}) == 20_000
