"""Text for readers that keep line breaks: one line for each paragraph, and nothing lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.markdown.line_breaks import unwrap
from cardwright.markdown.render import Renderer

LINES = st.lists(
    st.sampled_from(
        [
            "oak",
            "an *elm*",
            "is",
            "",
            "",
            "- pine",
            "  needles",
            "> bark",
            "1. fir",
            "# Wood",
            "a  ",
            "b\\",
        ]
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a **b\nc**\nd", "a **b c** d"),
        ("a\nb\n\n\nc\n  d\n", "a b<br><br>c d"),
        ("a  \nb\\\nc", "a<br>b<br>c"),
        ("- a\n  b\n- c", "- a b\n- c"),
        ("> a\n> b\n\nc\nd", "> a b\n\nc d"),
        ("a\nb\n\n```\nx\n\ny\n```\n", "a b\n\n```\nx\n\ny\n```"),
        ("[a\nb][r]\n\n[r]: https://example.com", "[a b][r]\n\n[r]: https://example.com"),
        ("", ""),
    ],
)
def test_paragraphs_become_lines(text: str, expected: str) -> None:
    assert unwrap(text) == expected


@given(LINES)
def test_every_word_and_every_block_stays(lines: list[str]) -> None:
    text = "\n".join(lines)
    renderer = Renderer()

    def read(source: str) -> str:
        html = renderer.render_block(source).html.replace("&lt;br&gt;", " ")
        # Paragraphs in a row are one; a break is a space.
        return " ".join(re.sub(r"<br>|</?p>", " ", html).split())

    assert read(unwrap(text)) == read(text)
