"""Composed YAML is read back as it was, by this program and by others, and looks written by hand."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.project.card import parse_cards
from cardwright.project.compose import WriteError, compose, compose_pair
from cardwright.project.document import Document
from cardwright.project.entry import read_entry
from cardwright.project.kind import read_built_in_kinds
from cardwright.text import to_nfc

KINDS = read_built_in_kinds()
MARKS = st.sampled_from(
    [
        *"-?:,[]{}#&*!|>'\"%@`~=<\\ \t\n",
        ": ",
        " #",
        "\n\n",
        "\n  ",
        "---",
        "{{c1::",
        "yes",
        "1.10",
        "é",
    ]
)
LINES = st.lists(MARKS | st.text(max_size=4), max_size=8).map("".join)
TEXTS = LINES | st.sampled_from(
    ["null", "", "~", "0x1f", "1_000", "2026-11-29", "12:30", "<<", "="]
)
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
DATA = st.dictionaries(
    KEYS,
    st.recursive(
        TEXTS | st.booleans() | st.integers(-99, 99),
        lambda inner: (
            st.lists(TEXTS, min_size=1, max_size=4)
            | st.dictionaries(KEYS, inner, min_size=1, max_size=5)
            | st.lists(st.dictionaries(KEYS, inner, min_size=1, max_size=3), min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)


def plain(node: Any) -> Any:
    """Return what a node holds, all scalars as text."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain(value) for key, value in node.value}
    return list(map(plain, node.value)) if isinstance(node, yaml.SequenceNode) else node.value


def as_text(data: Any, *, ended: bool) -> Any:
    if isinstance(data, dict):
        return {key: as_text(value, ended=ended) for key, value in data.items()}
    if isinstance(data, list):
        return [as_text(item, ended=ended) for item in data]
    text = data if isinstance(data, str) else str(data).lower()
    return f"{text}\n" if ended and "\n" in text and not text.endswith("\n") else text


@settings(max_examples=40)
@given(data=DATA, exact=st.booleans())
def test_data_is_read_back(data: dict[str, Any], exact: bool) -> None:
    try:
        text = compose(data, exact=exact)
    except WriteError:
        return

    document = Document("cards/a/a.yaml", text.encode())

    wanted = as_text(data, ended=not exact)
    assert not [problem for problem in document.problems if problem.code != "missing-field"]
    assert plain(document.root) == wanted
    assert plain(yaml.compose(text, Loader=yaml.BaseLoader)) == wanted


@given(text=TEXTS)
def test_other_readers_take_texts_for_texts(text: str) -> None:
    try:
        composed = compose({"key": text}, exact=True)
    except WriteError:
        return
    found = yaml.safe_load(composed)["key"]
    assert found == text or str(found) == text


@given(texts=st.lists(TEXTS, min_size=3, max_size=3))
def test_a_card_gets_its_texts(texts: list[str]) -> None:
    question, answer, extra = (to_nfc(text).strip() or "none" for text in texts)
    fields = {"question": question, "answer": answer, "extra": extra}
    guid = {"guid": "".join(filter(str.isprintable, texts[0]))[:80] or "g"}
    try:
        text = compose({"kind": "basic", "cards": [{"id": "one", **guid, **fields}, {"id": "two"}]})
    except WriteError:
        return
    document = Document("cards/a/a.yaml", text.encode())

    (card, *_), _, _ = parse_cards(document, "a", KINDS)

    assert {**card.fields, "extra": card.extra} == fields
    assert card.guid == guid["guid"]
    codes = {
        problem.code for problem in document.problems if problem.span.line < card.span.line + 9
    }
    assert codes <= {"missing-field"}


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_pair_is_stripped_and_composed(text: str) -> None:
    try:
        lines = compose_pair("name", text)
    except WriteError:
        return
    entry = read_entry(Document("decks/a/deck.yaml", "\n".join(lines).encode()))
    assert entry
    assert entry.text("name", is_prose=True) == to_nfc(text).strip()


@pytest.mark.parametrize(
    "text", ["a\0", "a\u202eb", "a\u2066b", "\ud800", "a\x07", "a\rb", "\ufeffa"]
)
def test_what_no_source_may_contain_is_refused(text: str) -> None:
    with pytest.raises(WriteError, match=r"invisible character|isolate"):
        compose({"question": text})


def test_it_looks_written_by_hand() -> None:
    data = {
        "kind": "basic",
        "cards": [
            {
                "id": "oak",
                "guid": "kQwc6%{p.G",
                "question": "What is an *oak*, in short?",
                "answer": "A tree:\n\n- old\n- **hard**",
                "tags": ["wood", "trees::old"],
                "sources": ["https://example.org/a?b=1#c"],
            },
            {
                "id": "elm",
                "guid": "#a'b",
                "question": "Don't: why?",
                "answer": "*No*: 12:30",
                "reverse": True,
                "alike": ["a, b", "c"],
            },
            {
                "id": "no",
                "question": "no",
                "answer": "1.10",
                "word": "1918",
                "plain": "a:b (c) - d",
            },
        ],
    }
    assert compose(data) == (
        "kind: basic\n"
        "cards:\n"
        "  - id: oak\n"
        "    guid: kQwc6%{p.G\n"
        "    question: What is an *oak*, in short?\n"
        "    answer: |\n"
        "      A tree:\n"
        "\n"
        "      - old\n"
        "      - **hard**\n"
        "    tags: [wood, trees::old]\n"
        '    sources: ["https://example.org/a?b=1#c"]\n'
        "\n"
        "  - id: elm\n"
        '    guid: "#a\'b"\n'
        '    question: "Don\'t: why?"\n'
        '    answer: "*No*: 12:30"\n'
        "    reverse: true\n"
        "    alike:\n"
        "      - a, b\n"
        "      - c\n"
        "\n"
        '  - id: "no"\n'
        '    question: "no"\n'
        '    answer: "1.10"\n'
        "    word: 1918\n"
        "    plain: a:b (c) - d\n"
    )


def test_exact_texts_keep_every_character() -> None:
    data = {"front": "{{Front}}", "css": ".card {\r\n  color: red;\r\n}", "back": "a\n\nb\n"}
    assert compose({"anki": data}, exact=True) == (
        "anki:\n"
        '  front: "{{Front}}"\n'
        '  css: "\\\n'
        "    .card {\\r\\n\\\n"
        "    \\  color: red;\\r\\n\\\n"
        '    }"\n'
        "  back: |\n"
        "    a\n"
        "\n"
        "    b\n"
    )
