"""Lists and links of notes that others may have filled with anything."""

from __future__ import annotations

import pytest

from cardwright.html import read_link, read_list, read_text

NESTED = "<div>" * 200_000
ITEM = "<ul><li>" * 50_000


@pytest.mark.parametrize("html", [NESTED, ITEM, "<b>" * 50_000 + "x"])
def test_what_is_nested_without_end_stays_text(html: str) -> None:
    """A browser's parser would need minutes for these."""
    assert [entry.html for entry in read_list(html)] == [html]
    assert read_link(html) == ("", html)
    assert read_text(html) == html


def test_what_notes_have_is_read() -> None:
    assert [entry.html for entry in read_list("<ul><li>a <b>b</b></li><li>c</li></ul>d")] == [
        *("a <b>b</b>", "c", "d")
    ]
    assert read_link('see <a href="https://example.com">this</a>') == (
        "https://example.com",
        "see this",
    )
