"""Golden cases of HTML → Markdown, one test each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardwright.html import Converted, Layout, convert_html

CASES = Path(__file__).parents[1] / "cases" / "html.md"


def read_cases() -> Iterator[tuple[str, str, str]]:
    """Yield title, HTML and expected Markdown of each case; what precedes the first is prose."""
    blocks = CASES.read_text(encoding="utf-8").split("\n.\n")
    assert not blocks.pop().strip()
    for title, html, expected in zip(blocks[::3], blocks[1::3], blocks[2::3], strict=True):
        yield title.rsplit("\n", 1)[-1], html, expected


def write_result(converted: Converted) -> str:
    losses = [f"! {loss.what}: {loss.example}".rstrip(" :") for loss in converted.losses]
    return "\n".join([converted.markdown, *losses])


ALL = list(read_cases())


@pytest.mark.parametrize(("title", "html", "expected"), ALL, ids=[title for title, _, _ in ALL])
def test_case(title: str, html: str, expected: str) -> None:
    word = title.partition(":")[0]
    layout = Layout(word) if word in list(Layout) else Layout.BARE
    assert write_result(convert_html(html, layout, is_cloze=word == "gaps")) == expected
