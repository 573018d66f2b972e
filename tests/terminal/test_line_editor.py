"""A line that is typed is edited as in a shell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.terminal.keys import PASTE
from cardwright.terminal.line_editor import _MOVES, LineEditor


def edit(*keys: str) -> LineEditor:
    line = LineEditor(30)
    for key in keys:
        line.press(key)
    return line


def show(line: LineEditor) -> str:
    """Return the line with the cursor as a bar."""
    drawn, column = line.draw("", 80)
    text = drawn.plain.removesuffix("█")
    return f"{text[:column]}|{text[column:]}"


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("o a k", "oak|"),
        ("o a k left left x", "ox|ak"),
        ("o a k home right backspace", "|ak"),
        ("o a k ctrl-a delete ctrl-e s", "aks|"),
        ("o a k left ctrl-k", "oa|"),
        ("o a k left ctrl-u", "|k"),
        ("left right backspace delete ctrl-w ctrl-delete home end f1 up", "|"),
        (f"{PASTE}an␣old␣oak ctrl-left ctrl-left", "an |old oak"),
        (f"{PASTE}an␣old␣oak ctrl-w ctrl-w", "an |"),
        (f"{PASTE}an␣old␣oak home alt-f ctrl-delete", "an| oak"),
        (f"{PASTE}an␣old␣␣ alt-b", "an |old  "),
    ],
)
def test_keys_edit(keys: str, shown: str) -> None:
    assert show(edit(*(key.replace("␣", " ") for key in keys.split(" ")))) == shown


@pytest.mark.parametrize(
    ("text", "left"),
    [("oak", "oa"), ("e\u0301", ""), ("ne\u0301", "n"), ("木木", "木"), ("นี้", "")],
)
def test_backspace_drops_a_letter_with_its_marks(text: str, left: str) -> None:
    assert edit(*text, "backspace").text == left


def test_a_mark_typed_in_the_middle_belongs_to_the_letter_before_it() -> None:
    line = edit("n", "e", "x", "left", "\u0301", "backspace")

    assert line.text == "nx"


def test_the_cursor_stays_in_sight() -> None:
    line = edit(*"日本語" * 5)

    drawn, column = line.draw("> ", 10)
    assert drawn.plain == "> 日本語█"
    assert column == 8
    for _ in range(15):
        line.press("left")
    drawn, column = line.draw("> ", 10)
    assert drawn.plain.startswith("> 日本")
    assert column == 2


KEYS = st.lists(st.sampled_from([*_MOVES, "a", " ", "é", "\u0301", f"{PASTE}x y", "enter"]))


@given(KEYS)
def test_no_keys_lose_the_cursor(keys: list[str]) -> None:
    line = edit(*keys)

    assert len(line.text) <= 30
    drawn, column = line.draw("", 80)
    assert 0 <= column <= drawn.cell_len
    line.press("ctrl-u")
    line.press("ctrl-k")
    assert line.text == ""
