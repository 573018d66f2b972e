"""Markdown of other programs shows the same in ours, or what is lost is counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cardwright.adopt.dialect import Dialect
from cardwright.adopt.latex import expand_macros, read_macros
from cardwright.html import normalize_html
from cardwright.incoming import LossCounter
from cardwright.markdown.render import Renderer

COMMONMARK = MarkdownIt("commonmark", {"html": True}).enable("table")
RENDERER = Renderer(highlights=False)
PIECES = st.sampled_from(
    [
        *("word", "B2", " ", "\n", "\n\n", " *x* ", " **y** ", " `code` ", "`", "$5 "),
        *("H~2~O", "x^2^", "~~z~~ ", "~", "^", "{漢|かん} ", "{a|b} ", "\\[", "\\]", "\\(", "\\)"),
        *("\\*", "[t](https://x.y) ", "![i](m.png) ", " <b>b</b> ", "H<sub>2</sub>O ", "a<br>b "),
        *("\n- item\n", "\n1. one\n", "\n> quote\n", "\n# Head\n", "\n```\nx^2^ \\[\n```\n"),
        *("\n| a | b |\n|---|---|\n| ~c~ | d |\n\n", "&amp;", "<https://a.b> ", "a < b ", "==m== "),
    ]
)


def adapt(text: str, **options: object) -> tuple[str, list[tuple[str, int]]]:
    losses = LossCounter()
    media = {"m.png": "m.png", "a b.png": "pictures/a b.png"}
    dialect = Dialect(losses, media.get, **options)  # type: ignore[arg-type]
    adapted = dialect.adapt(text, "a.md:1")
    return adapted, [(loss.what, loss.count) for loss in losses.list_losses()]


@settings(max_examples=60)
@given(parts=st.lists(PIECES, max_size=8))
def test_commonmark_shows_the_same_in_our_markdown(parts: list[str]) -> None:
    text = "".join(parts).strip()
    adapted, losses = adapt(text, has_strikes=False)
    assert not losses
    shown = normalize_html(RENDERER.render_block(adapted).html)
    assert shown == normalize_html(COMMONMARK.render(text))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a <i>b <b>c</b></i> d", "a *b **c*** d"),
        ("<kbd>Ctrl</kbd>+<code>x</code>", "`Ctrl`+`x`"),
        ('<a href="https://x.y">t</a>', "[t](<https://x.y>)"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("a\n<ul><li>b</li>\n<li><i>c</i></li></ul>\nd", "a\n\n- b\n- *c*\n\nd"),
        ('<img src="a%20b.png" width="200px" alt="it">', "![it](<pictures/a b.png>){width=200}"),
        (
            "![it|300](<a b.png>) ![40x30](m.png)",
            "![it](<pictures/a b.png>){width=300} ![](m.png){width=40}",
        ),
        ("List<int> and <name>", "List<int> and <name>"),
        ("`<b>` and\n```html\n<b>\n\n\n\n</b>\n```", "`<b>` and\n```html\n<b>\n\n\n\n</b>\n```"),
        ("${a|b}^2^$ {{c1::x}} `{{c1::x}}`", "${a|b}^2^$ \\{{c1::x}} `{{c1::x}}`"),
        (r"\[a\](b) [a](b c) \(x", "[a]&#40;b) [a]&#40;b c) (x"),
    ],
)
def test_what_has_an_equivalent_is_written_with_it(written: str, expected: str) -> None:
    assert adapt(written) == (expected, [])


@pytest.mark.parametrize(
    ("written", "expected", "what"),
    [
        ("a <u>b</u> c", "a b c", "HTML element `u`"),
        ('<span style="color:red">b</span>', "b", "HTML element `span`"),
        ("x <ul><li>a</li><li>b</li></ul>", "x \n\na\n\nb", "HTML element `li`"),
        ("<b>open", "open", "HTML element `b`"),
        ("x<sub>i, j</sub>", "xi, j", "HTML element `sub`"),
        ("a <!-- b --> c", "a  c", "hidden comments"),
        ("[t](other.md)", "t", "links to other notes or files"),
        (
            "![t](https://x.y/z.png)",
            "[t](<https://x.y/z.png>)",
            "media on the web, which became links",
        ),
        (
            "![](https://x.y/z.png)",
            "<https://x.y/z.png>",
            "media on the web, which became links",
        ),
        ("![](no.png) ![t](../m.png)", "no.png t", "media that are not there"),
        ("<script>alert(1)</script>", "alert(1)", "HTML element `script`"),
    ],
)
def test_of_what_has_none_the_text_is_kept_and_the_loss_counted(
    written: str, expected: str, what: str
) -> None:
    adapted, losses = adapt(written)
    assert adapted == expected
    assert what in [name for name, _ in losses]


def test_commands_of_latex_are_expanded_in_formulas_only() -> None:
    macros = read_macros(
        "\\R \\mathbb{R}\n\\half \\frac{#1}{2}\n\nnothing\n\\norm \\left\\| #1 \\right\\|\n"
    )
    adapted, _ = adapt(r"$\R^n \half{x+1} \half y \Re$ and `\R` \R", macros=macros)
    assert adapted == r"$\mathbb{R}^n \frac{x+1}{2} \frac{y}{2} \Re$ and `\R` \R"
    assert expand_macros(r"\norm{a_{1}}b", macros) == r"\left\| a_{1} \right\|b"


def test_formulas_in_brackets_are_formulas_where_they_are() -> None:
    text = r"\(x_{a::b}\) \[y\]"
    assert adapt(text, has_brackets=True)[0] == text
    assert adapt(text)[0] == "(x_{a::b}) [y]"


def test_endless_commands_of_latex_are_left_alone() -> None:
    assert expand_macros(r"\a", {r"\a": r"\a\a"}) == r"\a"
    assert expand_macros(r"\a", {r"\a": r"\b x", r"\b": r"\a"}) == r"\a"
    assert expand_macros(r"\a{", {r"\a": "#1#2"}) == "{"
