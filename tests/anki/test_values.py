"""Notes of our own note types become the cards that they came from, even edited ones."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.anki.incoming import open_incoming
from cardwright.anki.note import make_fields
from cardwright.anki.notetype import make_note_type
from cardwright.anki.values import NoteValues, read_values
from cardwright.app.project import open_project
from cardwright.markdown.render import Renderer
from cardwright.model import Card, Collection, Kind
from cardwright.project.card import parse_cards
from cardwright.project.document import Document
from cardwright.project.kind import parse_kind
from media_files import MP3, PNG
from project_files import Run, Write

RENDERER = Renderer(highlights=False)
KIND = {
    "fields": {
        "word": {"type": "inline", "required": True},
        "note": {"type": "block", "label": "A note"},
        "points": {"type": "list"},
        "flag": {"type": "flag"},
        "pick": {"type": "options"},
        "more": {"type": "block", "spare": 2},
    },
    "sides": {"recall": {"ask": "{{word}}", "show": ["points", "note", "pick", "more"]}},
}
CARDS: dict[str, dict[str, Any]] = {
    "oak": {
        "kind": "own",
        "word": "an **oak** $x_1$",
        "note": "One.\n\nTwo `{{Id}}`:\n\n- a\n- b",
        "points": ["first", "**second** ![a leaf](media/leaf.png)", "a < b"],
        "flag": True,
        "pick": [
            {"right": "yes", "reason": "since ![](media/oak.mp3)"},
            {"right": "*also*", "reason": "why"},
            {"wrong": "no", "reason": "because ![the oak](media/oak.mp3)"},
        ],
        "more": "| a | b |\n| --- | --- |\n| 1 | 2 |",
        "extra": "More.\n\n```python\nx = 1\n```",
        "sources": [
            "https://example.com/a/b/",
            {"url": "https://example.com/?q=1&r=2", "title": "A page"},
            "A book",
        ],
        "lesson": "2.5",
        "tags": ["a::b", "c"],
    },
    "gap": {"kind": "cloze", "text": "A {{c1::**gap**::hint}} and {{c2::$y$}}.\n\n> quoted"},
    "heard": {
        "kind": "basic",
        "question": "![](media/oak.mp3)",
        "answer": "![an oak, slowly](media/oak.mp3)",
    },
    "which": {
        "kind": "choice",
        "question": "Which?",
        "options": [{"right": "a", "reason": "b"}, {"wrong": "c", "reason": "d"}],
    },
    "plain": {
        "kind": "instinct",
        "failure": "x",
        "instinct": "y",
        "why": "z",
        "spot": True,
        "example": "E",
    },
    "mot": {"kind": "vocabulary", "word": "arbre", "translation": "tree", "reading": "aʁbʁ"},
}
MEDIA = {"leaf.png": PNG, "oak.mp3": MP3}


def name_in_anki(name: str) -> str:
    digest = hashlib.sha256(MEDIA[name]).hexdigest()[:16]
    return f"cardwright-{digest}{Path(name).suffix}"


PATHS = {name_in_anki(name): f"media/{name}" for name in MEDIA}


def read_package(project: Path) -> dict[str, NoteValues]:
    """Return what the notes of the built package say, by key."""
    kinds = {one.anki_name: one for one in open_project(project).collection.kinds.values()}
    with open_incoming(project / "build" / "trees.apkg") as found:
        notes = []
        for note in found.read_notes():
            note_type = found.types[note.type]
            names = (field.name for field in note_type.fields)
            fields = dict(zip(names, note.fields, strict=True))
            kind = kinds[note_type.name]
            notes.append(read_values(kind, fields, note.tags, find_media=PATHS.get))
    return {note.key: note for note in notes}


def list_fields(project: Path) -> dict[str, list[str]]:
    with open_incoming(project / "build" / "trees.apkg") as found:
        return {
            note.guid or "": [re.sub(r"\s+", " ", text) for text in note.fields]
            for note in found.read_notes()
        }


@pytest.fixture
def trees(write: Write, project: Path) -> Path:
    folder = project / "cards" / "trees" / "media"
    folder.mkdir(parents=True)
    for name, data in MEDIA.items():
        (folder / name).write_bytes(data)
    write(
        {
            "kinds/own.yaml": json.dumps(KIND),
            "decks/trees/deck.yaml": "name: Trees\nnamespace: trees-k3\n",
            "cards/trees/all.yaml": json.dumps(
                {"cards": [{"id": id, **card} for id, card in CARDS.items()]}
            ),
        }
    )
    return project


def test_notes_become_the_cards_they_came_from(trees: Path, write: Write, run: Run) -> None:
    run("build", "trees")
    before = list_fields(trees)

    found = read_package(trees)

    assert set(found) == {f"trees-k3:{id}" for id in CARDS}
    for id, card in CARDS.items():
        note = found[f"trees-k3:{id}"]
        expected = {key: value for key, value in card.items() if key not in {"kind", "tags"}}
        assert note.values == expected
        assert (note.tags, note.is_retired) == (tuple(card.get("tags", ())), False)
        assert not note.losses
    rewritten = [
        {"id": id, "kind": card["kind"], **found[f"trees-k3:{id}"].values}
        for id, card in CARDS.items()
    ]
    write({"cards/trees/all.yaml": json.dumps({"cards": rewritten})})
    run("build", "trees")
    assert list_fields(trees) == before


TEXT = st.sampled_from(
    [
        "x",
        "**x** y",
        "x&nbsp;y",
        "$x$ z",
        "{{Word}}",
        "0",
        "`<br>`",
        "[a](https://b.c)",
        "1. x",
        "<b>",
    ]
)
BLOCK = TEXT | st.sampled_from(["a\n\nb", "- a\n- b", "```\nx  y\n```", "$$x$$", "> q"])
OPTION = st.tuples(st.sampled_from(["right", "wrong"]), TEXT, TEXT)
CARD = st.fixed_dictionaries(
    {"word": TEXT},
    optional={
        "note": BLOCK,
        "more": BLOCK,
        "extra": BLOCK,
        "points": st.lists(TEXT, min_size=1, max_size=3),
        "flag": st.just(value=True),
        "pick": st.lists(OPTION, min_size=2, max_size=3).map(
            lambda options: [
                {"right": "sure", "reason": "r"},
                *({kind: text, "reason": reason} for kind, text, reason in options),
            ]
        ),
    },
)


def make_card(values: dict[str, Any]) -> tuple[Kind, Card]:
    _, kind = parse_kind(Document("kinds/own.yaml", json.dumps(KIND).encode()))
    assert kind
    text = json.dumps({"kind": "own", "cards": [{"id": "a", **values}]})
    (card,) = parse_cards(Document("cards/p/a.yaml", text.encode()), "p", {"own": kind})[0]
    return kind, card


def render(kind: Kind, card: Card) -> dict[str, str]:
    collection = Collection(kinds={"own": kind}, cards=(card,), decks={}, blueprints={})
    fields = make_fields(collection, card, RENDERER, {})
    return {
        field.name: re.sub(r"\s+", " ", text)
        for field, text in zip(make_note_type(kind, RENDERER).fields, fields, strict=True)
    }


@settings(max_examples=60)
@given(CARD)
def test_any_card_shows_the_same_afterwards(values: dict[str, Any]) -> None:
    kind, card = make_card(values)
    fields = render(kind, card)

    found = read_values(kind, fields)

    assert not found.losses
    assert render(kind, make_card(dict(found.values))[1]) == fields


EDITED_OPTIONS = """\
<p class="pick">Choose two.</p><ul class="pick"><li class="right">a</li>
<li class="wrong"><div class="option"><b>b</b></div><div class="reason">c</div></li>
<li class="right"><div class="reason">d</div></li></ul>e"""


@pytest.mark.parametrize(
    ("field", "html", "key", "value"),
    [
        ("Points", "<ul><li>a</li><li><b>b</b></li><li></li></ul>", "points", ["a", "**b**"]),
        ("Points", "<ul class=points><li>a</li></ul>b<br>c<div>d</div>", "points", [*"abcd"]),
        ("Points", "<div><ol><li>a</li></ol></div>", "points", ["a"]),
        ("Points", "only text", "points", ["only text"]),
        ("Flag", "yes", "flag", True),
        ("Flag", "<br>", "flag", None),
        ("Word", "<b>new</b> word<br>", "word", "**new** word"),
        ("A note", "<p>a</p><p>b</p>", "note", "a\n\nb"),
        ("Spare 2", "<p>x</p>", "more", "x"),
        ("Extra", "<i>x</i>", "extra", "*x*"),
        (
            "Sources",
            '<a href="https://a.b/c">C</a>',
            "sources",
            [{"url": "https://a.b/c", "title": "C"}],
        ),
        ("Sources", "A book<br><br>", "sources", ["A book"]),
        (
            "Pick",
            EDITED_OPTIONS,
            "pick",
            [
                {"right": "a", "reason": ""},
                {"wrong": "**b**", "reason": "c"},
                {"right": "", "reason": "d"},
                {"wrong": "e", "reason": ""},
            ],
        ),
    ],
)
def test_what_people_edit_is_read(field: str, html: str, key: str, value: object) -> None:
    kind, _ = make_card({"word": "x"})

    found = read_values(kind, {"Word": "x", "Id": "p:a", field: html})

    assert found.values.get(key) == value
    assert found.key == "p:a"


def test_tags_of_ours_are_not_those_of_the_author() -> None:
    kind, _ = make_card({"word": "x"})
    tags = ("kind::own", "lesson::2.5-Über-Bäume", "domain::d", "Retired", "own::tag", "kinds")

    found = read_values(kind, {"Word": "x", "Lesson": "2.5 Über: Bäume und mehr"}, tags)

    assert (found.tags, found.is_retired) == (("own::tag", "kinds"), True)
    assert found.values["lesson"] == "2.5 Über: Bäume"


def test_text_that_markdown_cannot_express_is_listed() -> None:
    kind, _ = make_card({"word": "x"})

    found = read_values(
        kind, {"Word": "x", "Points": '<ul><li><font color="red">a</font></li></ul>'}
    )

    assert found.values["points"] == ["a"]
    assert [loss.what for loss in found.losses["points"]]
