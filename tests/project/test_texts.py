"""A part of a text is found in its file, however YAML writes the text."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.diagnostic import Span
from cardwright.project.document import Document
from cardwright.project.scalar import ScalarTexts

WORDS = st.text("ab*\\'\"é漢:#-", min_size=1, max_size=5)
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=5).map(
    "\n".join
)
STYLES = st.sampled_from(["'", '"', "|", ">", None])
patiently = settings(deadline=None)


@patiently
@given(TEXTS, STYLES, st.integers(12, 80), st.booleans(), st.data())
def test_every_character_is_found(
    text: str, style: str | None, width: int, escaped: bool, data: st.DataObject
) -> None:
    source = yaml.dump(
        {"cards": [{"id": "a", "other": text[::-1]}, {"id": "b", "list": [text, "c"]}]},
        default_style=style,
        width=width,
        allow_unicode=not escaped,
        sort_keys=False,
    )
    document = Document("a.yaml", source.encode())
    entry = document.entry()
    assert entry
    card = document.entry(entry.items("cards")[1])
    assert card
    value = card.texts("list")[0]
    start = data.draw(st.sampled_from([i for i, char in enumerate(value) if char not in " \n"]))

    found = ScalarTexts("a.yaml", source).find(card.span_of("list"), value, start, 1)

    assert found
    written = source.split("\n")[found.line - 1][found.column - 1 :][: found.length]
    assert written.strip() == written
    assert read_character(written) == value[start]


def read_character(written: str) -> str:
    if len(written) == 1:
        return written
    return "'" if written == "''" else str(yaml.safe_load(f'"{written}"'))


@pytest.mark.parametrize(
    ("source", "quote", "expected"),
    [
        ("a: x \\, y \\, z", "\\, z", (1, 11, 4)),
        ("a: |2-\n\n   x\n\n  y \\, z", "\\,", (5, 5, 2)),
        ("a: >  # why\n  x\n  y\n\n  y \\, z", "y \\,", (5, 3, 4)),
        ("a: >\n  one\n  two", "one two", (2, 3, 3)),
        ("a: 'it''s \\, so'", "\\,", (1, 11, 2)),
        ('a: "\\x5c, \\u005C,\\\n  \\\\, \\t\\\\;"', "\\;", (2, 9, 3)),
        ("a: one\n  two \\,\n\n  three", "\\,", (2, 7, 2)),
        ("b: x\na: x", "x", (2, 4, 1)),
        ("a: [c, d, x]", "x", (1, 11, 1)),
        ("a:\n  - c\n  - {d: x}", "x", (3, 9, 1)),
    ],
)
def test_places(source: str, quote: str, expected: tuple[int, int, int]) -> None:
    document = Document("a.yaml", source.encode())
    entry = document.entry()
    assert entry
    text = next(value.strip() for value in list_values(source) if quote in value)

    found = ScalarTexts("a.yaml", source).find(
        entry.span_of("a"), text, text.rindex(quote), len(quote)
    )

    assert found == Span(path="a.yaml", line=expected[0], column=expected[1], length=expected[2])


def list_values(source: str) -> list[str]:
    events = yaml.parse(source, Loader=yaml.BaseLoader)
    return [event.value for event in events if isinstance(event, yaml.ScalarEvent)]


def test_a_text_that_is_not_there() -> None:
    span = Span(path="a.yaml", line=1, column=4)

    assert ScalarTexts("a.yaml", "a: b").find(span, "c", 0, 1) is None
    assert ScalarTexts("a.yaml", "a: [").find(span, "c", 0, 1) is None
