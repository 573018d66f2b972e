"""What is written without the parser is what the parser gives, without problems."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from cardwright.markdown.bare import BARE, space_paragraphs
from cardwright.markdown.cloze import scan_deletions
from cardwright.markdown.convert import normalize_address
from cardwright.markdown.escape import drop_control
from cardwright.markdown.evident import write_evident_block, write_evident_line
from cardwright.markdown.highlight import highlight
from cardwright.markdown.marks import mark_deletions, unmark
from cardwright.markdown.parser import make_parser
from cardwright.markdown.visible import Comparer
from cardwright.markdown.write import Page, write_tokens

EVIDENT = [
    *(
        "word",
        "a",
        "Ab",
        "é",
        "ß",
        "か",
        "漢字",
        "1",
        "12",
        "3.5",
        "a_b_c",
        "x=1",
        "a < b",
        "a & b",
        "a>b",
    ),
    *(
        "`x`",
        "`a*b`",
        "`a | b`",
        "$x$",
        "$x_1$",
        "$\\frac{a}{b}$",
        "*b*",
        "**b**",
        "*b c*,",
        "**b.**",
    ),
    *(
        "(*b*)",
        "**`x`**",
        "*[a](https://x.org)*",
        "[a b](https://x.org/a_b?c=d#e)",
        '"a"',
        "'",
        "—",
        "-",
    ),
    *(
        "**(a) b,**",
        "**1%**,",
        "*`x`*.",
        '**"a"**',
        "\\$4.",
        "US\\$4",
        "2^18",
        "`a\nb`",
        "`{{a}}`",
        "**4%**",
    ),
    *("+", "#", "%", "@", "/", "|", ".", ",", ":", ";", "!", "?", "…"),
]
DOUBTFUL = [
    *(
        "*",
        "**",
        "***",
        "_",
        "__",
        "`",
        "``",
        "```",
        "~",
        "~~",
        "^",
        "^a^",
        "~a~",
        "$",
        "$$",
        "[",
        "]",
    ),
    *(
        "![",
        "](",
        "(",
        ")",
        "{",
        "}",
        "{{",
        "}}",
        "{a|b}",
        "<",
        ">",
        "<b>",
        "<br>",
        "&",
        "&amp;",
        "==",
    ),
    *(
        "\\",
        "\\*",
        "\\(",
        "\\)",
        "::",
        "1.",
        "2)",
        "- ",
        "+ ",
        "# ",
        "> ",
        "|-|",
        "---",
        "===",
        "*(",
        ")*",
    ),
    *(
        "*.",
        ".*",
        "**«",
        "»**",
        "$a$b",
        "a$b$",
        "$5",
        "*a*b",
        "a*b*",
        "**a**b",
        "__a__",
        "_a_",
        "[^1]",
    ),
    *(
        "[latex](https://x.org)",
        "[a](x)",
        "[a](https://x.org\\)",
        "[*a*](https://x.org)",
        "[sound:a]",
    ),
    *(
        "[x]",
        "[a]:",
        "$a % b$",
        "$\\def$",
        "$a b c$",
        "$}$",
        "\t",
        "\r",
        "\u00a0",
        "\u0301",
        "\u200b",
    ),
    *("\u2028", "\ufe0f", "½", "①", "𝒳", "٣", "Ⓐ", "ª", "{{c1::", "{{c1::a}}", "{{c2::`b`::c}}"),
]
SPACES = [*[" "] * 10, "", "\n"]
STARTS = [
    "",
    "",
    "",
    "",
    "- ",
    "- ",
    "1. ",
    "2. ",
    "  ",
    "   ",
    "> ab ",
    "| a | |\n| - | --- |\n| b | ",
]
ENDS = [" | c |\n", "\n\n", "\n\n", "\n", "\n```\na *b*\n```\n", ""]
LINES = st.lists(
    st.tuples(st.sampled_from(SPACES), st.sampled_from(EVIDENT)).map("".join),
    min_size=1,
    max_size=4,
).map(lambda pieces: "".join(pieces).strip())
BLOCKS = st.tuples(st.sampled_from(STARTS), LINES, st.sampled_from(ENDS)).map("".join)
DISTURBANCES = st.tuples(
    st.integers(0, 60),
    st.one_of(st.just(""), st.sampled_from(DOUBTFUL), st.characters(codec="utf-8")),
)


@st.composite
def write_texts(draw: st.DrawFn) -> str:
    """Write an evident text, perhaps with something at any place that makes it doubtful."""
    text = "".join(draw(st.lists(BLOCKS, max_size=3)))
    for place, piece in draw(st.lists(DISTURBANCES, max_size=1)):
        text = text[:place] + piece + text[place:]
    return text


parser = make_parser()
comparer = Comparer(make_parser())


@given(text=write_texts(), is_bare=st.booleans())
@example(text="- a", is_bare=False)
@example(text="[a](https://x.org)(**b**)", is_bare=False)
@example(text="- a\n- b\n\n- c", is_bare=False)
@example(text="1. a\n   b\n2. c\n\nd\n- e\n```\nf\n```", is_bare=True)
@example(text="```日本\na\n```", is_bare=False)
def test_an_evident_text_needs_no_parser(text: str, is_bare: bool) -> None:
    source = drop_control(text)
    page = make_page(is_bare=is_bare)
    if write_evident_block(page, source):
        assert "".join(page.parts) == parse(source, is_bare=is_bare)
        assert comparer.compare(source, parse, block=True) == []


@given(text=write_texts(), is_bare=st.booleans())
def test_an_evident_line_needs_no_parser(text: str, is_bare: bool) -> None:
    source = drop_control(text).strip()
    page = make_page(is_bare=is_bare)
    if write_evident_line(page, source):
        assert "".join(page.parts) == parse(source, block=False, is_bare=is_bare)
        assert comparer.compare(source, parse, block=False) == []


@given(write_texts())
@example("{{c1::a}} *b*\n- {{c2::`c`::d}}\n- ${{c1::e}}$")
def test_an_evident_cloze_needs_no_parser(text: str) -> None:
    source = drop_control(text)
    places, _ = scan_deletions(source)
    marked = mark_deletions(source, places)
    page = make_page()
    if write_evident_block(page, marked):
        assert "".join(page.parts) == parse(marked)
        assert not comparer.compare(
            source,
            parse,
            block=True,
            marked=marked,
            unmark=lambda piece: unmark(piece, source, places),
        )


def make_page(*, is_bare: bool = False) -> Page:
    return Page(normalize_address, str, highlight, layout=BARE if is_bare else None)


def parse(source: str, *, block: bool = True, is_bare: bool = False) -> str:
    """Return the HTML of a text that has no problems and no media."""
    page = make_page(is_bare=is_bare)
    tokens = parser.parse(source) if block else parser.parseInline(source)
    write_tokens(page, space_paragraphs(tokens) if is_bare else tokens)
    assert [*page.problems, *page.media, *page.tags] == []
    return "".join(page.parts)
