"""Words that differ are marked, and HTML stays what it is."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.markdown.render import Renderer
from cardwright.web.marks import mark_changes

CAP_S = 10
IMAGE = '<img src="data:image/png;base64,AA{}" alt="a > b">'
MATHS = "<math><msup><mi>x</mi><mn>{}</mn></msup></math>"
CASES = {
    "a word": ("<p>An old tree.</p>", "An <del>old</del> tree", "An <ins>young</ins> tree"),
    "code": (
        "<code>x = <span>old</span>)</code>",
        "<span><del>old</del>",
        "<span><ins>young</ins>",
    ),
    "a table": (
        "<tr>\n<td>1</td>\n<td>old</td></tr>",
        "<td><del>old</del></td>",
        "<ins>young</ins>",
    ),
    "a gap": ('<span class="cloze">old</span>', '"cloze"><del>old</del><', "<ins>young</ins>"),
    "formulas": (MATHS.format("old"), "<del><math>", "<ins><math>"),
    "images": (IMAGE.format("old"), "<del><img", "<ins><img"),
    "entities": (
        "a &lt; old &amp; b",
        "a &lt; <del>old</del> &amp;",
        "&lt; <ins>young</ins> &amp;",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_differs_is_marked_within_its_element(name: str) -> None:
    html, before, after = CASES[name]
    marked = mark_changes(html, html.replace("old", "young"))
    assert before in marked[0]
    assert after in marked[1]
    assert unmark(marked[0]) == html


def test_words_side_by_side_have_one_mark_and_attributes_and_styles_none() -> None:
    before = '<p title="old one">a b c</p><style>.old { color: red }</style>'
    after = '<p title="new one">a x y c</p><style>.new { color: red }</style>'
    assert mark_changes(before, after)[1] == after.replace("x y", "<ins>x y</ins>")
    assert mark_changes(before, before) == (before, before)


def test_a_word_that_two_long_changes_share_by_chance_is_marked_with_them() -> None:
    before, after = "x one two three four the five six seven eight y", "x a b c d the e f g h y"
    assert mark_changes(before, after)[1] == "x <ins>a b c d the e f g h</ins> y"
    assert mark_changes("x one the two y", "x a the b y")[1] == "x <ins>a</ins> the <ins>b</ins> y"


def unmark(html: str) -> str:
    return re.sub("</?(?:ins|del)>", "", html)


class Balance(HTMLParser):
    """Fails if a mark crosses an element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, _: object) -> None:
        if tag not in {"img", "br", "hr", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


TEXTS = st.text("ab*`|$_[](){}<>&\"'\n -1", max_size=60)


@given(TEXTS, TEXTS)
def test_marks_never_break_what_was_rendered(before: str, after: str) -> None:
    renderer = Renderer()
    pages = [renderer.render_block(text).html for text in (before, after)]
    for page, marked in zip(pages, mark_changes(*pages), strict=True):
        assert unmark(marked) == page
        Balance(marked)


@pytest.mark.parametrize(
    "piece", ["<!--", "<a ", '<a "', "<style>", "<math>", "<audio ", "&a", "<img '"]
)
def test_hostile_html_takes_no_more_time_than_its_size_explains(piece: str) -> None:
    times = 200_000 // len(piece)
    began = process_time()
    mark_changes(piece * times + "a", piece * times + "b")
    # A tenth of a second; minutes if each piece were compared with all that follow.
    assert process_time() - began < CAP_S
