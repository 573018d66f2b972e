"""Problems with deletions, images and limits, and imports, beyond the golden cases."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it.common.normalize_url import normalizeLink

from cardwright.markdown.cloze import (
    Deletion,
    cloze_numbers,
    find_deletions,
    hide_deletions,
    reveal_deletions,
)
from cardwright.markdown.convert import PLAIN_ADDRESS
from cardwright.markdown.escape import escape_html
from cardwright.markdown.render import Renderer
from cardwright.markdown.rendered import WriteMedia, replace_media

TEXT = "A {{c2::tree {{c1::*trunk*::part}}}} and {{c1,3::`x::y`}} {{c0::z}}"


def test_deletions_come_in_order_of_appearance() -> None:
    deletions, problems = find_deletions(TEXT)
    assert deletions == (
        Deletion((2,), "tree {{c1::*trunk*::part}}", ""),
        Deletion((1,), "*trunk*", "part"),
        Deletion((1, 3), "`x::y`", ""),
    )
    assert [(problem.code, problem.quote) for problem in problems] == [
        ("bad-cloze", "{{c0::z}}"),
    ]
    assert cloze_numbers(TEXT) == (1, 2, 3)


def test_deletions_are_hidden_with_what_is_nested_in_them() -> None:
    assert hide_deletions(TEXT) == "A […] and […] {{c0::z}}"


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        (None, "A tree *trunk* and `x::y` {{c0::z}}"),
        (1, "A tree [part] and […] {{c0::z}}"),
        (2, "A […] and `x::y` {{c0::z}}"),
        (3, "A tree *trunk* and […] {{c0::z}}"),
    ],
)
def test_deletions_are_revealed_but_for_those_asked(hidden: int | None, shown: str) -> None:
    assert reveal_deletions(TEXT, hidden=hidden) == shown


def test_a_quote_stays_within_its_line() -> None:
    _, problems = find_deletions("a\n{{c1::b\nc}")
    assert [problem.quote for problem in problems] == ["{{c1::b"]


def test_media_are_replaced_exactly() -> None:
    rendered = Renderer().render_block(
        '![a](media/a.png) ![b](media/a.png.png) ![c](<media/{{"&amp;.png>) `media/a.png`'
    )
    assert rendered.media == ("media/a.png", "media/a.png.png", 'media/{{"&.png')
    writers: dict[str, WriteMedia] = {
        "media/a.png": lambda attributes, **_: f"<img{attributes}>",
        'media/{{"&.png': lambda _, is_hidden: f"[sound:{is_hidden}]",
    }
    assert replace_media(rendered.html, writers) == (
        '<p><img alt="a"> <img src="media/a.png.png" alt="b"> '
        "[sound:False] <code>media/a.png</code></p>\n"
    )


def test_each_text_is_rendered_once_a_mode() -> None:
    renderer = Renderer()
    assert renderer.render_block("{{c1::a}}") is renderer.render_block("{{c1::a}}")
    rendered = {
        render("{{c1::a}}").html
        for render in (renderer.render_block, renderer.render_inline, renderer.render_cloze)
    }
    assert len(rendered) == 3


@pytest.mark.parametrize("mode", ["render_block", "render_inline", "render_cloze"])
def test_control_characters_vanish(mode: str) -> None:
    source = "a\x00b\x1b[31m\x7f\x85c\x92\U00020000,d,\x94\U00020000&#12;e\t\ud800f {{c1::g}}"
    html = getattr(Renderer(), mode)(source).html
    assert "ab[31mc\U00020000,d,\U00020000e\tf " in html


def test_carriage_returns_are_line_breaks() -> None:
    assert Renderer().render_block("a\r\nb\rc&#13;").html == "<p>a\nb\nc</p>\n"


def test_two_spaces_break_a_line() -> None:
    assert Renderer().render_block("a  \nb").html == "<p>a<br>b</p>\n"


def test_very_long_code_is_not_highlighted() -> None:
    renderer = Renderer()
    line = "x = 1\n"
    assert "<span" in renderer.render_block(f"```python\n{line * 3_000}```").html
    assert "<span" not in renderer.render_block(f"```python\n{line * 4_000}```").html


def test_code_that_the_lexer_changes_is_not_highlighted() -> None:
    html = Renderer().render_block("```python\n\ufeffx = 1\n```").html
    assert html == '<pre class="code"><code class="language-python">\ufeffx = 1\n</code></pre>\n'


def test_text_of_others_is_escaped() -> None:
    assert escape_html('<a title="{{x}}">\x00\\(& [sound:a]') == (
        "&lt;a title=&quot;&#123;&#123;x&#125;&#125;&quot;&gt;&#92;(&amp; &#91;sound:a]"
    )


def test_importing_and_rendering_stay_light() -> None:
    script = """
import sys
from cardwright.markdown.render import Renderer
assert "markdown_it" not in sys.modules
Renderer().render_block("```\\ncode\\n```")
assert "pygments" not in sys.modules
Renderer().render_block("```python\\ncode\\n```")
assert "pygments" in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


@settings(max_examples=25)
@given(st.from_regex(PLAIN_ADDRESS, fullmatch=True))
@example(f"http://{'0.' * 126}0")
def test_nothing_in_a_plain_address_is_normalized(address: str) -> None:
    assert normalizeLink(address) == address
