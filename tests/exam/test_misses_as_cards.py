"""Text typed into the miss log survives the round trip through a card's YAML."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cardwright.project.card import parse_cards
from cardwright.project.document import CONTROL, Document
from cardwright.project.kind import read_built_in_kinds
from cardwright.project.write import WriteError, Written, append_filled_card
from cardwright.text import find_unbalanced_isolate, to_nfc

SHOWN = PurePosixPath("cards/personal/misses.yaml")
KINDS = read_built_in_kinds()
TRICKY = st.text(
    st.sampled_from(
        " \t\n'\"\\#:-?[]{}&*!|>%@`,$~\N{EM SPACE}\N{NO-BREAK SPACE}éß樹🌳\u202e\u2067\u2069"
    ),
    max_size=30,
)
TYPED = (TRICKY | st.text(max_size=60)).filter(
    lambda text: (
        text.strip()
        and not CONTROL.search(text.replace("\r", "\0"))
        and find_unbalanced_isolate(text) is None
    )
)
TYPED = TYPED.filter(lambda text: text.isprintable() or "\n" in text or not text.isascii()).filter(
    lambda text: not any("\ud800" <= char <= "\udfff" for char in text)
)


def read_back(path: Path) -> list[dict[str, Any]]:
    document = Document(str(SHOWN), path.read_bytes())
    cards, is_whole, _ = parse_cards(document, "personal", KINDS)
    assert document.problems == []
    assert is_whole
    return [{"id": card.id, "sources": card.sources, **card.fields} for card in cards]


@settings(max_examples=80)
@example(failure="\uf900", action="a", rule="\uf900\nb")
@given(failure=TYPED.filter(lambda text: "\n" not in text.strip()), action=TYPED, rule=TYPED)
def test_any_text_comes_back_as_typed(
    tmp_path_factory: pytest.TempPathFactory, failure: str, action: str, rule: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "misses.yaml"
    path.unlink(missing_ok=True)
    values = {"failure": failure, "instinct": action, "why": rule}
    for number in range(2):
        raw, line = append_filled_card(path, SHOWN, KINDS["instinct"], f"miss-{number}", values)
        path.write_bytes(raw)
        assert raw.decode().split("\n")[line - 1].strip() == f"- id: miss-{number}"

    for card in read_back(path):
        assert card["failure"] == to_nfc(failure).strip()
        assert card["instinct"] == to_nfc(action).strip()
        assert card["why"] == to_nfc(rule).strip()


@pytest.mark.parametrize(
    "text", ["a\x1b[31mb", "a\rb", "a\x00", "a\u2028b", "a\ufeffb", "a\u202eb", "a\u2067"]
)
def test_what_no_card_may_hold_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(WriteError, match=r"invisible character|isolate"):
        append_filled_card(tmp_path / "a.yaml", SHOWN, KINDS["instinct"], "a", {"why": text})


def test_lists_and_sources_are_written(tmp_path: Path) -> None:
    path = tmp_path / "misses.yaml"
    values: dict[str, Written] = {
        "failure": "f",
        "instinct": "i",
        "why": "w",
        "tags": ["miss::haste"],
        "sources": [{"url": "https://example.com/a#b", "title": "It's: a book"}],
    }
    path.write_bytes(append_filled_card(path, SHOWN, KINDS["instinct"], "a", values)[0])

    (source,) = read_back(path)[0]["sources"]
    assert (source.url, source.title) == ("https://example.com/a#b", "It's: a book")
