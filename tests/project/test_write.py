"""A card that is added to a file leaves what is there as it is, byte for byte."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.project.card import parse_cards
from cardwright.project.document import Document
from cardwright.project.kind import read_built_in_kinds
from cardwright.project.write import WriteError, append_filled_card

SHOWN = PurePosixPath("cards/trees/wood.yaml")
KINDS = read_built_in_kinds()
LINES = (
    "# Trees",
    "kind: basic",
    "cards:",
    "  - id: oak",
    "    question: Tree?  # é",
    "    answer: |",
    "      An oak.",
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@given(
    ends=st.lists(ENDS, min_size=len(LINES), max_size=len(LINES)),
    blank=st.lists(ENDS | st.just("  \r\n"), max_size=3),
    has_bom=st.booleans(),
    is_whole=st.booleans(),
)
def test_a_file_keeps_its_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    ends: list[str],
    blank: list[str],
    has_bom: bool,
    is_whole: bool,
) -> None:
    text = "".join(f"{line}{end}" for line, end in zip(LINES, ends, strict=True)) + "".join(blank)
    before = (b"\xef\xbb\xbf" if has_bom else b"") + text.encode()
    before = before if is_whole else before.rstrip(b"\r\n ")
    path = tmp_path_factory.getbasetemp() / "wood.yaml"
    path.write_bytes(before)

    after, line = append_filled_card(path, SHOWN, KINDS["basic"], "elm", {"question": "Which?"})

    assert after.startswith(before)
    document = Document(str(SHOWN), after)
    assert document.text.split("\n")[line - 1] == "  - id: elm"
    cards, _, _ = parse_cards(document, "trees", KINDS)
    assert [card.id for card in cards] == ["oak", "elm"]
    assert cards[0].text("answer") == "An oak."


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_new_lines_end_like_the_last_one(tmp_path: Path, end: str) -> None:
    path = tmp_path / "wood.yaml"
    path.write_bytes(f"kind: basic{end}cards:{end}".encode())

    after, _ = append_filled_card(path, SHOWN, KINDS["basic"], "elm", {"question": "a\nb"})

    assert after.count(b"\n") == after.count(end.encode())


def test_a_card_is_not_added_after_another_key(tmp_path: Path) -> None:
    path = tmp_path / "wood.yaml"
    path.write_text("cards:\nkind: basic\n", "utf-8")

    with pytest.raises(WriteError, match="something follows"):
        append_filled_card(path, SHOWN, KINDS["basic"], "elm", {"question": "Which?"})
