"""Markdown in the terminal: golden cases, and effects that no text may have."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from cardwright.markdown.tokens import read_block, read_cloze, read_inline
from cardwright.terminal.formula import draw_formula
from cardwright.terminal.markdown import Drawing
from cardwright.terminal.paint import paint
from cardwright.text import make_plain

CASES = Path(__file__).parents[1] / "cases"
HOSTILE = """
\x1b[31m \x1b]0;title\x07 \x1b]8;;http://evil\x1b\\ \x1b[2J \x1bc \x9b31m \x90 \x92, ,\x94 \x93, \x07 \x08 \r \x0b
\x0c \x00 \x7f \x85 \u202e \u202c \u2066 \u2069 \u200e \u200f \u061c \u200b \u200d \u2028 \u2029 \ufeff \ud800
\U000e0041 &#27; &#155; &#x202e; &#8238; &#12; &#13; &NewLine; &Tab; [red] [/red] [link=http://x] [@click=x]
[a](https://e.com/\x1b]8;;) [b](<https://e.com/\u202e>) <https://e.com/\x9b> [c](javascript:x) ![d\x1b](media/e.png)
$x\x1b$ $\\text{\u202e}$ $$ $ \\frac{ } {{c1:: {{c2:: :: }} ` ``` ```python | |-|-| * ** _ ~~ > - 1. # --- <b>
é 樹 👩\u200d🔬 e\u0301
""".replace("\n", " ").split(" ")
LATEX = r"""
x 1 + - = ( ) { } {ab} _ ^ & \\\\ | , ; / ' \sum \int \max \lim \limits \left( \right) \left. \frac \sqrt \sqrt[ ] \hat
\overline \underbrace \binom \not \text{a} \mathrm{b} \begin{cases} \end{cases} \begin{aligned} \end{aligned} \alpha
\, \! \quad \phantom \boxed \color{red} \dots \mid \unheard \overset \prescript \braket é
""".replace("\n", " ").split()
PIECES = st.one_of(
    st.sampled_from([*HOSTILE, " ", "    ", "\t", "\n", "\n\n", "a", "words "]), st.text(max_size=4)
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)
ACTS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
SGR = re.compile(r"\x1b\[[0-9;]*m")
LINK = re.compile(r"(?i)\x1b\]8;(?:id=[0-9-]+;(?:https?|mailto):[^\x00-\x20\x7f-\xa0]*|;)\x1b\\")


def read_cases(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield title, input and expected output of each case; what precedes the first is prose."""
    blocks = (CASES / name).read_text("utf-8").split("\n.\n")
    for title, source, expected in zip(blocks[:-1:3], blocks[1::3], blocks[2::3], strict=True):
        yield title.rsplit("\n", 1)[-1], source, expected


def show(drawing: Drawing, width: int = 60, *, colour: bool = False, no_color: bool = False) -> str:
    """Return what is printed: in a pipe, or in a terminal of many colours."""
    environ = {"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1" if no_color else ""}
    return paint(drawing, environ, is_terminal=colour, width=width) + "\n"


def draw_block(text: str) -> Drawing:
    return Drawing(read_block(text))


def draw_inline(text: str) -> Drawing:
    return Drawing(read_inline(text))


def draw_cloze(text: str, number: int, *, revealed: bool) -> Drawing:
    return Drawing(read_cloze(text, number, revealed=revealed))


@pytest.mark.parametrize(
    ("title", "source", "expected"),
    [pytest.param(*case, id=case[0]) for case in read_cases("terminal.md")],
)
def test_drawn(title: str, source: str, expected: str) -> None:
    width = int(title.partition(":")[0]) if title[0].isdigit() else 60

    assert show(draw_block(source), width).rstrip("\n") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in read_cases("terminal_maths.md")],
)
def test_formulas(source: str, expected: str) -> None:
    assert [draw_formula(latex) for latex in source.splitlines()] == expected.splitlines()


@pytest.mark.parametrize("latex", [r"\unheard{x}", r"\frac{a", "x" * 5000, "{" * 900 + "}" * 900])
def test_a_formula_that_cannot_be_read_is_left_as_it_is(latex: str) -> None:
    assert draw_formula(latex) is None
    assert latex[:20] in show(draw_inline(f"${latex}$"))


@given(st.lists(st.sampled_from(LATEX), max_size=8).map("".join))
@example(r"\braket\limits")
@example("\\text{a\nb}")
def test_a_formula_is_one_line_or_left_as_it_is(latex: str) -> None:
    drawn = draw_formula(latex)

    assert drawn is None or not re.search(r"[\\\n]", drawn)


def test_a_cloze_hides_its_answer_and_then_shows_it() -> None:
    text = "The {{c1::*cambium*}} makes {{c2::wood::what?}} at $x^{{{c1::2}}}$ and `{{c1::3}}`."

    assert show(draw_cloze(text, 1, revealed=False)) == "The […] makes wood at x^[…] and […].\n"
    assert show(draw_cloze(text, 2, revealed=False)) == "The cambium makes [what?] at x² and 3.\n"
    assert show(draw_cloze(text, 1, revealed=True)) == "The cambium makes wood at x² and 3.\n"


def test_a_gap_and_its_answer_stand_out() -> None:
    text = "{{c1::Bark}} and\n\n```python\nx = {{c1::1}}\n```"

    hidden = show(draw_cloze(text, 1, revealed=False), colour=True)
    shown = show(draw_cloze(text, 1, revealed=True), colour=True)

    assert hidden.count("\x1b[1;7m[…]\x1b[0m") == 2
    assert "Bark" not in hidden
    assert "\x1b[1;4;32mBark\x1b[0m and" in shown
    assert re.search(r"x = .*\x1b\[1;4;32m1\x1b\[0m", shown)


def test_a_hint_beside_a_bracket_makes_no_link() -> None:
    text = "{{c1::x::hint}}(https://example.com) {{c1::y::[a](javascript:b)}}"

    assert show(draw_cloze(text, 1, revealed=False)) == "[hint](https://example.com) [a]\n"


def test_code_is_coloured_by_its_language() -> None:
    drawn = show(draw_block("```python\nreturn 'x'  # why\n```"), colour=True)

    assert "\x1b[35mreturn\x1b[0m" in drawn
    assert "\x1b[32m'x'\x1b[0m" in drawn


def test_a_link_is_a_link_where_the_terminal_has_colours() -> None:
    drawing = draw_inline("[Bark](https://example.com/a) [x](javascript:y)")

    coloured = show(drawing, colour=True)
    assert re.search(r"\x1b\]8;id=\d+;https://example\.com/a\x1b\\\x1b\[4mBark", coloured)
    assert coloured.count("\x1b]8;id=") == 1
    assert "(https" not in coloured
    assert show(drawing) == "Bark (https://example.com/a) x\n"
    without_colour = show(drawing, colour=True, no_color=True)
    assert "Bark" in without_colour
    assert "(https://example.com/a)" in without_colour
    assert "\x1b]8" not in without_colour


@given(TEXTS, st.integers(20, 80))
@example("[a](https://e.com/&#x202e;) <https://e.com/\u2066>", 20)
def test_without_colour_nothing_is_written_but_text_within_the_width(text: str, width: int) -> None:
    for drawing in (
        draw_block(text),
        draw_inline(text),
        draw_cloze(text, 1, revealed=False),
        draw_cloze(text, 1, revealed=True),
    ):
        drawn = show(drawing, width)
        assert not ACTS.search(drawn)
        assert all(cell_len(line) <= width for line in drawn.split("\n"))


@given(TEXTS)
@example("[a](ssh://example.com/x) [b](tel:1) [c](smb://example.com) [d](https://example.com)")
def test_with_colour_the_only_escapes_are_styles_and_links_to_web_addresses(text: str) -> None:
    for drawing in (draw_block(text), draw_inline(text), draw_cloze(text, 1, revealed=True)):
        assert not ACTS.search(LINK.sub("", SGR.sub("", show(drawing, colour=True))))


@given(st.text(alphabet="ab", min_size=8, max_size=8), TEXTS, TEXTS)
def test_a_hidden_answer_cannot_come_to_light(answer: str, before: str, after: str) -> None:
    secret = f"zq{answer}"
    text = f"{before} {{{{c7::{secret}}}}} {after}"
    drawing = draw_cloze(text, 7, revealed=False)
    if "{{c" in before or "`" in before:
        return  # what stands before may take the deletion for a part of itself

    assert secret not in show(drawing, 200)


@given(TEXTS)
def test_made_plain_is_safe_and_stays_as_it_is(text: str) -> None:
    plain = make_plain(text)

    assert not ACTS.search(plain)
    assert make_plain(plain) == plain


def test_make_plain_keeps_what_people_write() -> None:
    assert (
        make_plain("a\tb\r\nc 樹 é 👩\u200d🔬 ❤️ नमस्\u200dते")
        == "a   b\nc 樹 é 👩\u200d🔬 ❤️ नमस्\u200dते"
    )
    assert make_plain("\x1b[31mred \u202egpj.exe a\u200db pass\u200bword \U000e0041") == (
        "�[31mred gpj.exe ab password "
    )


def test_deep_and_long_texts_are_drawn() -> None:
    for text in ("> " * 300 + "x", "- " * 300 + "x", "**a " * 2000 + "b**" * 2000, "[" * 3000):
        assert show(draw_block(text), 20)


def test_only_what_a_text_holds_is_imported() -> None:
    code = (
        "import sys\n"
        "from cardwright.markdown.tokens import read_block\n"
        "from cardwright.terminal.markdown import Drawing\n"
        "from cardwright.terminal.paint import paint\n"
        "paint(Drawing(read_block('a **b** | `c`\\n\\n- d')), {}, is_terminal=False, width=60)\n"
        "print(sorted({'pygments', 'latex2mathml', 'rich.table', 'rich.markdown', 'rich.syntax'}"
        " & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
