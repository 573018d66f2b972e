"""HTML as Anki's editor writes it, of fields that say so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.markdown.render import Renderer

renderer = Renderer()
TEXTS = {
    "a *b* **c**\nd\n\ne<br>f": "a <i>b</i> <b>c</b> d<br><br>e<br>f",
    "a\n\n- x\n\n- y\n\n  z\n  - q\n\nb": "a<ul><li>x</li><li>y<br><br>z<ul><li>q</li></ul></li></ul>b",
    "> a\n>\n> b": "<blockquote>a<br><br>b</blockquote>",
    "| | |\n|-|:-:|\n| a | b |": "<table><tbody><tr><td>a</td>"
    '<td style="text-align: center;">b</td></tr></tbody></table>',
    "| a |\n|-|\n| b |": "<table><thead><tr><th>a</th></tr></thead>"
    "<tbody><tr><td>b</td></tr></tbody></table>",
    "```py\n\nx = 1\n```": '<pre><code class="language-py">\nx = 1</code></pre>',
    "# A\n3. b\n4. c\n\n---": '<h1>A</h1><ol start="3"><li>b</li><li>c</li></ol><hr>',
    "a\n$$x$$\nb\n\n$$y$$\n\n$$z$$\n- c": "a \\[x\\] b<br><br>\\[y\\]<br><br>\\[z\\]<ul><li>c</li></ul>",
    "![](media/x.png){width=30} ![y](media/y.png)": '<img src="media/x.png" width="30">'
    ' <img src="media/y.png" alt="y">',
    "<br>a<br>\n<br>\n\n- b": "<br>a<br><br><ul><li>b</li></ul>",
    "- [x] a": "<ul><li>☑ a</li></ul>",
}


@pytest.mark.parametrize(("text", "html"), TEXTS.items())
def test_blocks(text: str, html: str) -> None:
    rendered = renderer.render_bare(text)
    assert (rendered.html, rendered.problems) == (html, ())


def test_a_line() -> None:
    assert renderer.render_bare_inline("- **a** *b*").html == "- <b>a</b> <i>b</i>"


def test_gaps_may_hold_paragraphs_and_lists() -> None:
    rendered = renderer.render_bare_cloze("{{c1::\n\n- *a*\n\n}} x {{c2::a\n\nb::hint}}")
    assert rendered.html == "{{c1::<ul><li><i>a</i></li></ul>}} x {{c2::a<br><br>b::hint}}"
    assert not rendered.problems


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "*b*", "\n", "\n\n", "- ", "> ", "|", "|-|\n", "$$x$$", "<br>"]))
)
def test_no_line_break_is_written(pieces: list[str]) -> None:
    text = "".join(pieces)
    html = renderer.render_bare(text).html
    assert "\n" not in html
    assert "<p>" not in html
    usual = renderer.render_block(text)
    assert usual.media == renderer.render_bare(text).media
