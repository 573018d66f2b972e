"""Searching prompts: words, conditions, and what is said of names of nothing."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.app.search import Catalog, Row, fold_card, join_words, quote_condition
from cardwright.diagnostic import Span
from cardwright.error import CardwrightError
from cardwright.item import Item
from cardwright.memory import Memory, State
from cardwright.model import Card
from cardwright.text import to_nfc

TODAY = 20_000
TEXTS = {
    "fir": "Which tree keeps **needles**?",
    "oak": "Eiche: el ROBLE, o la encina",
    "elm": "Ulme, el olmo, Größe",
    "ash": "Esche, el fresno\\nécole",
}


def make_row(name: str, position: int, **known: object) -> Row:
    deck, kind = ("Trees::2 Soft wood", "cloze") if name == "fir" else ("Trees::1 Hard", "basic")
    tags = ("wood", f"wood::{name}")
    item = Item(
        *(f"trees:{name}/recall", f"trees:{name}", "recall", "trees", deck, position),
        *(kind, "1.1" if name == "fir" else "1.2", tags, ("og-1",) if name == "oak" else ()),
        reserved="mock" if name == "ash" else None,
    )
    return Row(item, Memory(item.key, **known), item.reserved is not None)  # type: ignore[arg-type]


ROWS = [
    make_row("fir", 0),
    make_row("oak", 1, state=State.REVIEW, due_day=TODAY, is_flagged=True),
    make_row("elm", 2, state=State.RELEARNING, due_day=TODAY, is_suspended=True, is_leech=True),
    make_row("ash", 3, state=State.REVIEW, due_day=TODAY - 1, buried_day=TODAY),
]


def load_card(item: Item) -> Card:
    name = item.card_ref.partition(":")[2]
    return Card(
        pack="trees",
        namespace="trees",
        id=name,
        kind=item.kind,
        tags=item.tags,
        lesson=item.lesson,
        objectives=(),
        formerly=(),
        retired=None,
        span=Span("a.yaml", 1, 1),
        fields={"question": TEXTS[name], "points": ("one", "two")},
        sources=(),
        extra="",
    )


def find(text: str) -> str:
    found = Catalog(ROWS, load_card).search(text, TODAY)
    return " ".join(row.item.card_ref.partition(":")[2] for row in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "fir oak elm ash"),
        ("NEEDLES", "fir"),
        ("el -olmo", "oak ash"),
        ('"el roble"', "oak"),
        ("roble encina", "oak"),
        ("GROSSE", "elm"),
        ("ecole", "ash"),
        ("E\u0301COLE", "ash"),
        ("trees:oak", "oak"),
        ("tag:wood::OAK", "oak"),
        ("tag:wood::*k", "oak"),
        ("-tag:wood::oak", "fir elm ash"),
        ("lesson:1.1", "fir"),
        ("kind:cloze,basic", "fir oak elm ash"),
        ("deck:2", "fir"),
        ('deck:"trees::1 hard"', "oak elm ash"),
        ("deck:trees objective:og-1", "oak"),
        ("pack:trees -deck:1", "fir"),
        ("is:due", "oak"),
        ("is:new", "fir"),
        ("is:learning", "elm"),
        ("is:review", "oak ash"),
        ("is:suspended", "elm"),
        ("is:buried", "ash"),
        ("is:leech,flagged", "oak elm"),
        ("IS:Flagged -is:new", "oak"),
        ("is:reserved", "ash"),
        ("one two", "fir oak elm ash"),
        ("tag:", "fir oak elm ash"),
        ("-is:", "fir oak elm ash"),
        ('"un finished', ""),
        ("-", ""),
    ],
)
def test_what_a_search_finds(text: str, found: str) -> None:
    assert find(text) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tag:wod", "there is no card with tag `wod`"),
        ("lesson:9", "there is no card of lesson `9`\n  help: lessons: 1.1, 1.2"),
        ("kind:x*", "there is no card of kind `x*`\n  help: kinds: basic, cloze"),
        ("deck:nowhere", "there is no deck `nowhere`; the decks are:\n  Trees::1 Hard"),
        ("is:dew", "there is no `is:dew`\n  help: is:due, is:new,"),
        ("woods:oak", "there is no `woods:` to search by\n  help: is:, deck:, tag:,"),
    ],
)
def test_names_of_nothing_are_answered_by_what_there_is(text: str, message: str) -> None:
    with pytest.raises(CardwrightError) as caught:
        find(text)
    assert str(caught.value).startswith(message)


@given(st.text())
def test_any_text_is_a_search_or_an_error_of_ours(text: str) -> None:
    with suppress(CardwrightError):
        find(text)


@given(st.text(min_size=1).map(to_nfc))
def test_a_quoted_name_is_that_name(name: str) -> None:
    row = ROWS[0]._replace(item=ROWS[0].item._replace(tags=(name,)))
    assert Catalog([row], load_card).search(quote_condition("tag", name), TODAY) == [row]


def test_words_of_a_command_line_keep_their_blanks() -> None:
    words = ["deck:2 Soft wood", "el roble", "-tag:a b", "is:due", 'kind:"basic"', "A: b"]
    assert join_words(words) == (
        'deck:"2 Soft wood" "el roble" -tag:"a b" is:due kind:"basic" "A: b"'
    )


def test_texts_are_read_once_and_only_if_a_search_needs_them() -> None:
    loaded = []

    def load(item: Item) -> Card:
        loaded.append(item.card_ref)
        return load_card(item)

    catalog = Catalog(ROWS, load)
    catalog.search("is:due tag:wood", TODAY)
    assert loaded == []
    assert catalog.read_ahead(3)
    assert not catalog.read_ahead(3)
    catalog.search("needles", TODAY)
    assert loaded == [row.item.card_ref for row in ROWS]
    assert "roble" in fold_card(load_card(ROWS[1].item))
