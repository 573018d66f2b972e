from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from cardwright.diagnostic import Span
from cardwright.editor.buffer import Buffer
from editor_client import find_index, find_position

TEXTS = st.text(st.sampled_from("ab é👍\u0301\n\r\t\ufeff"), max_size=30)


def slice_text(text: str, place: dict[str, dict[str, int]]) -> tuple[int, int]:
    start, end = (find_index(text, place[name]) for name in ("start", "end"))
    return start, end


def is_between(text: str, index: int) -> bool:
    """Tell whether an index is not within the end of a line."""
    return text[index - 1 : index + 1] != "\r\n"


@given(TEXTS, st.integers(0, 30), st.integers(0, 30), TEXTS)
@example("a\r\nb", 1, 3, "")
def test_a_change_is_that_of_the_editor(text: str, start: int, end: int, new: str) -> None:
    start, end = sorted(min(index, len(text)) for index in (start, end))
    if not (is_between(text, start) and is_between(text, end)):
        return
    place = {"start": find_position(text, start), "end": find_position(text, end)}

    changed = Buffer(text).change(place, new, 2)

    assert (changed.text, changed.version) == (text[:start] + new + text[end:], 2)
    assert Buffer(text).change(None, new, 3).text == new


@given(TEXTS, TEXTS)
def test_edits_make_one_text_of_another(text: str, new: str) -> None:
    edits = Buffer(text).make_edits(new)

    for edit in reversed(edits):
        start, end = slice_text(text, edit["range"])
        text = text[:start] + edit["newText"] + text[end:]
    assert text == new


def test_places_beyond_the_end_are_at_the_end() -> None:
    buffer = Buffer("a👍\nb")

    assert buffer.locate({"line": 0, "character": 99}) == (0, 2)
    assert buffer.locate({"line": 9, "character": 9}) == (1, 1)
    # Between the halves of a pair.
    assert buffer.locate({"line": 0, "character": 2}) == (0, 1)


def test_a_mark_of_the_byte_order_does_not_count() -> None:
    buffer = Buffer("\ufeffkind: 👍x\r\nb")

    assert buffer.range_of(Span(path="", line=1, column=7, length=2)) == {
        "start": {"line": 0, "character": 7},
        "end": {"line": 0, "character": 10},
    }
