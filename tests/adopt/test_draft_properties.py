"""Whatever a deck holds, the project made of it has no errors, and every note a card."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cardwright.adopt.draft import Known, KnownCard, KnownPack
from cardwright.app.project import open_project
from cardwright.incoming import (
    Incoming,
    IncomingField,
    IncomingNote,
    IncomingTemplate,
    IncomingType,
    Markup,
)
from cardwright.item import place_cards
from drafts import KINDS, draft, make_incoming, write_draft

MEDIA = ("oak.png", "Oak.PNG", "_logo.png", "a b.png", "con.png", "größe.png", "x'y.png")
WORDS = st.sampled_from(
    [
        "Oak",
        "木",
        "дуб",
        "البلوط",
        "Front",
        "Back",
        "Tags",
        "Type",
        "id",
        "Extra",
        "kind",
        "c1",
        "1st",
    ]
)
SIGNS = st.sampled_from(
    [*"#^/:\"{}', .*-&<>!|\u202e\u2066\x07\n\t", "::", " - ", "é", "\ufeff", "\U0001f333"]
)
NAMES = st.lists(WORDS | SIGNS | st.text(max_size=3), min_size=1, max_size=4).map("".join)
HTML = st.sampled_from(
    [
        *("<b>bold</b>", "<br>", "<div>line</div>", "<p>one</p><p>two</p>", "&nbsp;", "&lt;x&gt;"),
        *("<ul><li>a</li><li>b</li></ul>", "{{c1::gap}}", "{{c2::gap::hint}}", "[sound:oak.png]"),
        *('<img src="oak.png">', '<img src="none.png">', '<img src="a b.png">', "\\(x^2\\)", "$5"),
        *(
            "# no heading",
            "1. no list",
            "- no list",
            "* no *",
            "| no table |",
            "`code`",
            "{{Front}}",
        ),
        *('<font color="red">red</font>', "<script>alert(1)</script>", "  ", "\n", "漢字[かんじ]"),
    ]
)
TEXTS = st.lists(HTML | WORDS | SIGNS | st.text(max_size=4), max_size=5).map("".join)
PARTS = st.sampled_from(
    [
        *("{{%s}}", "{{%s}}", "{{#%s}}{{%s}}{{/%s}}", "{{^%s}}none{{/%s}}", "{{hint:%s}}"),
        *("{{type:%s}}", "{{cloze:%s}}", "{{tts en_US:%s}}", "{{furigana:%s}}", "{{text:%s}}"),
        *("{{Tags}}", "{{Deck}}", "{{Card}}", "{{FrontSide}}", "{{nothing}}", "{{#%s}}", "{{/%s}}"),
        *("<hr id=answer>", "<div>What is it?</div>", "<script>1</script>", "<style>b{}</style>"),
        *(
            "<img src='_logo.png'>",
            "A *word* of #text",
            "\r\n",
            "<!-- {{%s}} -->",
            "{{",
            "{{=<% %>=}}",
        ),
    ]
)


@st.composite
def templates(draw: st.DrawFn, fields: Sequence[str]) -> str:
    parts = []
    for part in draw(st.lists(PARTS, max_size=5)):
        name = draw(st.sampled_from(fields))
        parts.append(part.replace("%s", name))
    return "".join(parts)


@st.composite
def types(draw: st.DrawFn) -> dict[str, IncomingType]:
    made = {}
    for key in "ab"[: draw(st.integers(1, 2))]:
        names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
        is_bare = draw(st.booleans()) and draw(st.booleans())
        made[key] = IncomingType(
            key=key,
            name=draw(NAMES),
            fields=tuple(IncomingField(name=name) for name in names),
            is_cloze=draw(st.booleans()),
            # No two note types of a collection have the same.
            anki_id=None if is_bare else 2 * draw(st.integers(1, 2**52)) + (key == "b"),
            templates=()
            if is_bare
            else tuple(
                IncomingTemplate(
                    name=name, front=draw(templates(names)), back=draw(templates(names))
                )
                for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
            ),
            css=draw(
                st.sampled_from(["", ".card {}\r\n", "@import url('_logo.png');", "\n a\n\n"])
            ),
        )
    return made


@st.composite
def decks(draw: st.DrawFn, markup: Markup, *, names: Sequence[str] = ()) -> Incoming:
    found = draw(types())
    notes = []
    for number in range(draw(st.integers(1, 5))):
        type = found[draw(st.sampled_from(list(found)))]
        notes.append(
            IncomingNote(
                type=type.key,
                fields=tuple(draw(TEXTS) for _ in type.fields),
                place=f"note {number}",
                deck=draw(st.sampled_from(names))
                if names
                else "::".join(draw(st.lists(NAMES, max_size=3))),
                guid=draw(
                    st.none() | st.sampled_from(["a", "b", "#x'\"", ""]) | st.text(max_size=9)
                ),
                tags=tuple(draw(st.lists(NAMES, max_size=3))),
            )
        )
    return make_incoming(notes, *found.values(), markup=markup, media=MEDIA)


@pytest.mark.parametrize("markup", list(Markup))
def test_a_project_has_no_errors(markup: Markup) -> None:
    settings(max_examples=20)(given(incoming=decks(markup))(check_project))()


def check_project(incoming: Incoming) -> None:
    made = draft(incoming)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        write_draft(made, root)
        project = open_project(root, highlights=False)

    collection = project.collection
    errors = [f"{error.span} {error.code}: {error.message}" for error in project.errors]
    assert not errors, errors
    drafted = [card for pack in made.packs for card in pack.cards]
    assert len(collection.cards) == len(drafted)
    lost = sum(loss.count for loss in made.losses if loss.what.startswith("note "))
    assert len(drafted) + lost == incoming.note_count
    placed = sum(
        len(cards)
        for deck in collection.decks.values()
        for cards in place_cards(deck, collection.cards)[0].values()
    )
    assert placed == len(drafted)
    used = {note.guid for note in incoming.read_notes() if note.guid and note.guid.isprintable()}
    assert {card.guid for card in collection.cards} - {None} <= used
    _check_note_types(incoming, [loss.what for loss in made.losses], collection.kinds)


@settings(max_examples=30)
@given(incoming=decks(Markup.HTML, names=["", "A", "A::B", "A::B::C", "木:::x", " b"]))
def test_a_deck_that_comes_again_becomes_the_same_cards(incoming: Incoming) -> None:
    guids = [note.guid for note in incoming.read_notes() if note.guid]
    assume(len(guids) == len(set(guids)))
    first = draft(incoming)
    packs = {
        pack.name: KnownPack(
            deck=pack.deck["name"],
            is_adopted=True,
            ids=frozenset(card.id for card in pack.cards),
            cards={
                str(card.values.get("guid") or f"derived {card.id}"): KnownCard(
                    id=card.id, kind=card.kind, file=card.file, has_guid="guid" in card.values
                )
                for card in pack.cards
            },
        )
        for pack in first.packs
    }

    again = draft(incoming, Known(kinds=KINDS, packs=packs))

    for pack, other in zip(first.packs, again.packs, strict=True):
        assert pack.name == other.name
        assert pack.deck["name"] == other.deck["name"]
        assert [(c.id, c.file) for c in pack.cards] == [(c.id, c.file) for c in other.cards]


def _check_note_types(incoming: Incoming, losses: Sequence[str], kinds: object) -> None:
    """Note types are shipped as they are."""
    assert isinstance(kinds, dict)
    used = Counter(note.type for note in incoming.read_notes())
    for type in incoming.types.values():
        if not type.templates or not used[type.key] or type.anki_id is None:
            continue
        found = next((kind for kind in kinds.values() if kind.anki_id == type.anki_id), None)
        if found is None:
            assert any("note type" in what or what.startswith("note ") for what in losses)
            continue
        templates = type.templates[:1] if type.is_cloze else type.templates
        if "invisible characters of a note type" not in losses:
            assert found.adopted.css == type.css
            faces = [(side.template.front, side.template.back) for side in found.sides]
            if "field name that Anki does not allow" not in losses:
                assert faces == [(one.front, one.back) for one in templates]
        if "field name that Anki does not allow" not in losses:
            assert [field.label for field in found.fields] == [one.name for one in type.fields]
