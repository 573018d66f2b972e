"""The terminal and Anki show the same letters, and operators in text are neither lost nor markup."""

from __future__ import annotations

import re
import time
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.markdown.render import Renderer
from cardwright.markdown.tokens import Token, read_block, read_cloze, read_inline
from cardwright.terminal.markdown import Drawing
from cardwright.terminal.paint import paint

WORDS = ("a", "B", "ab", "Word", "x", "2", "15", "漢字", "かな", "단어", "слово", "คำ", "é", "init")
MARKS = (
    "*",
    "**",
    "***",
    "_",
    "__",
    "~",
    "~~",
    "^",
    "^^",
    "|",
    "{",
    "}",
    ":",
    "::",
    "(",
    ")",
    "[",
    "]",
)
MORE = (
    " ",
    " ",
    " ",
    "\n",
    "。",
    "「",
    "」",
    "：",
    ",",
    ".",
    '"',
    "-",
    "+",
    "=",
    "<",
    ">",
    "/",
    "\\*",
    "\\_",
)
TEXTS = st.lists(
    st.sampled_from([*WORDS, *WORDS, *MARKS, *MORE, "<br>", "H~2~O", "x^2^"]), max_size=25
)
renderer = Renderer()
patiently = settings(deadline=None)


class Page(HTMLParser):
    """The text that a browser shows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.text += "\n"


def draw(*tokens: Token) -> str:
    return paint(Drawing(tokens), {}, is_terminal=False, width=400)


def find_letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text)))


def drop_space(text: str) -> str:
    return "".join(text.split())


@patiently
@given(TEXTS.map("".join))
def test_both_show_the_letters_of_the_source(text: str) -> None:
    """Without numbers of lists and references, which CommonMark reads as such."""
    text = "x " + re.sub(r"\n\s*", "\nx ", text).replace("](", "] (")
    shown = find_letters(Page(renderer.render_block(text).html).text)

    assert shown == find_letters(text.replace("<br>", "\n"))
    assert shown == find_letters(draw(*read_block(text)))


@patiently
@given(TEXTS.map("".join), TEXTS.map("".join), TEXTS.map("".join))
def test_both_show_the_same_of_a_cloze(before: str, answer: str, after: str) -> None:
    text = f"x {before}{{{{c1::{answer}}}}}{after} {{{{c2::y}}}}".replace("\n", " ")
    rendered = renderer.render_cloze(text)
    if any(problem.code == "bad-cloze" for problem in rendered.problems):
        return
    html = re.sub(r"\{\{c[0-9]+::(?:(?!\}\}).)*?::((?:(?!\}\}).)*)\}\}", r"\1", rendered.html)
    shown = find_letters(Page(re.sub(r"\{\{c[0-9]+::|\}\}", "", html)).text)
    if "::" not in answer:
        assert find_letters(draw(*read_cloze(text, 1, revealed=True))) == shown
        assert find_letters(draw(*read_cloze(text, 2, revealed=True))) == shown


OPERANDS = st.sampled_from(["a", "x1", "15", "n", "int", "q", "(a+b)", "(3)", "f(x)", "é", "β"])
OPERATORS = st.sampled_from(["*", "_", "^", "~", "|", "+", "-", "/"])


@patiently
@given(OPERANDS, st.lists(st.tuples(OPERATORS, OPERANDS), min_size=1, max_size=6))
def test_operators_without_spaces_are_text(first: str, rest: list[tuple[str, str]]) -> None:
    text = first + "".join(f"{sign}{operand}" for sign, operand in rest)

    rendered = renderer.render_inline(text)

    assert Page(rendered.html).text == text
    assert rendered.problems == ()
    assert draw(*read_inline(text)) == text


@patiently
@given(st.lists(st.sampled_from(["2", "10", "n", "x", "k"]), min_size=2, max_size=6), st.booleans())
def test_powers_are_text(names: list[str], spaced: bool) -> None:
    text = (" ** " if spaced else "**").join(names)

    assert Page(renderer.render_inline(f"It is {text} here").html).text == f"It is {text} here"


PROSE = st.lists(
    st.sampled_from(
        [
            "word",
            "Two",
            "*em*",
            "**strong**",
            "_em_",
            "__two words__",
            "***both***",
            "*a b*",
            "`*`",
            "**a *b* c**",
            "(*x*)",
            "*x*,",
            '"**y**"',
            "**z**.",
            "5",
            "* alone",
            "**",
            "~~gone~~",
            "重点",
        ]
    ),
    max_size=8,
).map(" ".join)


@patiently
@given(PROSE)
def test_usual_emphasis_reads_as_in_commonmark(text: str) -> None:
    from markdown_it import MarkdownIt

    commonmark = MarkdownIt("commonmark").enable("strikethrough")

    assert renderer.render_inline(text).html == commonmark.renderInline(text.strip()).replace(
        "&quot;", "&quot;"
    )


NO_FORMULAS = """
export PATH=$HOME/bin:$PATH
echo $1 $2
echo $HOME and $USER
${a}/${b} and $(date)-$(date)
from $5 to 10$
US$5 and A$6
cost $5, $6 or $7
$5,000 to $10,000 (or 90$)
a $100 bill
$i++ and $this->name
""".strip().splitlines()


@pytest.mark.parametrize("text", NO_FORMULAS)
def test_dollars_of_prices_and_shells_are_text(text: str) -> None:
    assert "\\(" not in renderer.render_inline(text).html
    assert draw(*read_inline(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        r"$x$",
        r"$\alpha$-level",
        r"$n$th",
        r"$(n+1)$th",
        r"$2^n$",
        r"$5x$",
        r"($a$)",
        r"设$x$为",
        "$x$는",
        r"$f(x) = 2$,",
        r"$k$NN",
        r"$\{a\}$",
        r"$0.05$",
        r"$n - 1$",
        r"$p$s",
        "$a / b$",
        r"$2 \cdot 3$",
    ],
)
def test_formulas_are_no_prices(text: str) -> None:
    rendered = renderer.render_inline(text)

    assert "\\(" in rendered.html
    assert rendered.problems == ()


@pytest.mark.parametrize(
    "piece",
    [
        "*a",
        "**a**b",
        "__a",
        "$a ",
        "$$",
        "\\(",
        "\\[\n",
        "~a",
        "1^2^",
        "{漢|か",
        "x<a>",
        "<b ",
        "[^1]",
        "{{c1::",
        "{{c1::a}}",
        "{{c1:",
        "{c1::",
        "a::b",
        "{{c1::a::b",
        "** ",
        '**"a"**b ',
        "- [x] a\n",
    ],
)
def test_time_grows_with_length_alone(piece: str) -> None:
    short, long = (measure(piece * (length // len(piece))) for length in (1_000, 8_000))

    # Eight times the length; its square would be sixty-four times.
    assert long < 24 * short + 0.2


def measure(text: str) -> float:
    start = time.process_time()
    Renderer().render_cloze(text)
    read_block(text)
    return time.process_time() - start
