"""Typed answers: what is right, what differs, and what Anki would expect."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterator

import pytest
from anki.collection import Collection
from hypothesis import given
from hypothesis import strategies as st

from cardwright.kinds import list_prompts
from cardwright.kinds.typed import compare_typed, list_accepted
from cardwright.model import Card, Ignored, Kind
from cardwright.project.card import parse_cards
from cardwright.project.document import Document
from cardwright.project.kind import parse_kind

CASE, ACCENTS, PUNCTUATION = Ignored

KIND = """\
fields:
  sign: {type: inline, required: true}
  tree: {type: inline}
  alike: {type: list}
sides:
  recall: {ask: "{{sign}}", show: [tree], type: tree, accept: alike}
"""
GAPS = """\
cloze: text
fields:
  text: {type: block, required: true}
sides:
  gap: {ask: "{{text}}", show: [text], type: text}
"""


@pytest.mark.parametrize(
    ("typed", "expected", "ignored"),
    [
        ("oak", "oak", ()),
        ("  the \t oak ", "the oak", ()),
        ("cafe\u0301", "caf\u00e9", ()),
        ("OAK", "oak", (CASE,)),
        ("STRASSE", "straße", (CASE,)),
        ("cafe", "café", (ACCENTS,)),
        ("Angstrom", "Ångström", (ACCENTS,)),
        ("かき", "がぎ", (ACCENTS,)),
        ("its an oak", "It’s an oak!", (CASE, PUNCTUATION)),
        ("que", "¿Qué?", (CASE, ACCENTS, PUNCTUATION)),
        ("well known", "well – known", (PUNCTUATION,)),
    ],
)
def test_these_are_right(typed: str, expected: str, ignored: tuple[Ignored, ...]) -> None:
    assert compare_typed(typed, [expected], ignored).is_right


@pytest.mark.parametrize(
    ("typed", "expected", "ignored"),
    [
        ("Oak", "oak", ()),
        ("cafe", "café", ()),
        ("cafe", "café", (CASE,)),
        ("theoak", "the oak", ()),
        ("oak!", "oak", (CASE, ACCENTS)),
        ("", "oak", ()),
    ],
)
def test_these_are_wrong(typed: str, expected: str, ignored: tuple[Ignored, ...]) -> None:
    assert not compare_typed(typed, [expected], ignored).is_right


def test_letters_that_differ_are_shown_on_both_sides() -> None:
    compared = compare_typed("hevlo", ["hello"])
    assert compared.typed == (("he", True), ("v", False), ("lo", True))
    assert compared.expected == (("he", True), ("l", False), ("lo", True))
    # Accents belong to their letter, in either form.
    compared = compare_typed("cafe", ["cafe\u0301s"])
    assert compared.typed == (("caf", True), ("e", False))
    assert compared.expected == (("caf", True), ("\u00e9s", False))


def test_the_nearest_of_several_answers_is_shown() -> None:
    compared = compare_typed("autum", ["fall", "autumn"])
    assert "".join(text for text, _ in compared.expected) == "autumn"
    assert compare_typed("autumn", ["fall", "autumn"]).is_right


LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)


@given(LETTERS, st.lists(LETTERS, min_size=1, max_size=3), st.sets(st.sampled_from(Ignored)))
def test_pieces_make_up_both_texts(typed: str, accepted: list[str], ignored: set[Ignored]) -> None:
    compared = compare_typed(typed, accepted, ignored)

    def tidy(text: str) -> str:
        return " ".join(unicodedata.normalize("NFC", text).split())

    assert "".join(text for text, _ in compared.typed) == tidy(typed)
    assert "".join(text for text, _ in compared.expected) in map(tidy, accepted)
    assert compare_typed(accepted[-1], accepted, ignored).is_right
    if compared.is_right:
        assert all(is_same for _, is_same in (*compared.typed, *compared.expected) if _)
    same = [
        "".join(t for t, is_same in side if is_same) for side in (compared.typed, compared.expected)
    ]
    if not ignored:
        assert same[0] == same[1]


def test_long_texts_are_compared_in_time() -> None:
    compared = compare_typed("ab" * 250, ["ba" * 5_000])
    assert compared.typed == (("ab" * 250, False),)


def read(kind_text: str, card_text: str) -> tuple[Kind, Card]:
    name, kind = parse_kind(Document("kinds/sign.yaml", kind_text.encode()))
    assert kind, name
    text = f"kind: sign\ncards: [{{id: oak, {card_text}}}]\n"
    document = Document("cards/trees/a.yaml", text.encode())
    (card,) = parse_cards(document, "trees", {"sign": kind})[0]
    assert not document.problems
    return kind, card


def test_what_is_accepted_is_what_is_shown() -> None:
    kind, card = read(
        KIND,
        r"sign: Acorns, tree: 'the **oak** \*tree\*', alike: ['`Q.` [robur](https://x.org)', the oak *tree*]",
    )
    (prompt,) = list_prompts(card, kind)
    assert list_accepted(prompt, kind) == ("the oak *tree*", "Q. robur", "the oak tree")
    kind, card = read(KIND, "sign: Acorns")
    (prompt,) = list_prompts(card, kind)
    assert list_accepted(prompt, kind) == ()


@pytest.fixture(scope="module")
def collection() -> Iterator[Collection]:
    with tempfile.TemporaryDirectory() as folder:
        made = Collection(f"{folder}/collection.anki2")
        yield made
        made.close()


GAP = st.builds(
    "{{{{c{}::{}{}}}}}".format,
    st.integers(1, 2),
    st.sampled_from(["a", "b c", "é", "x {{c2::y}}"]),
    st.sampled_from(["", "::hint"]),
)


@given(st.lists(GAP, min_size=1, max_size=5))
def test_gaps_are_typed_as_anki_expects_them(collection: Collection, gaps: list[str]) -> None:
    kind, card = read(GAPS, f"text: 'Of {' and '.join(gaps)}.'")
    for prompt in list_prompts(card, kind):
        text = card.text("text")
        expected = collection.extract_cloze_for_typing(text, prompt.ordinal + 1)
        assert list_accepted(prompt, kind) == (expected,)


@given(st.text("aáeéoöß'-A B", max_size=8), st.text("aáeéoöß'-A B", min_size=1, max_size=8))
def test_anki_agrees_on_what_is_right(collection: Collection, typed: str, expected: str) -> None:
    typed, expected = " ".join(typed.split()), " ".join(expected.split()) or "a"
    for ignored, is_combining in (((), True), ((ACCENTS,), False)):
        shown = collection.compare_answer(expected, typed, is_combining)
        is_right = "typeBad" not in shown and "typeMissed" not in shown and bool(typed)
        assert compare_typed(typed, [expected], ignored).is_right == is_right
