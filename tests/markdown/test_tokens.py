"""Texts that are read without the parser are read as the parser reads them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.markdown.escape import drop_control
from cardwright.markdown.parser import make_parser
from cardwright.markdown.tokens import Token, _read_evident_block, _Reader, read_block, read_inline

_PARSER = make_parser()
_BITS = (
    *("a", "b ", "word", "文", "é", "١", "😀", "「", "»", '"', "'", "(", ")", "]", "}", "@", "%"),
    *("**", "**x**", "**a b**", "*", "_", "`", "`c d`", "``", "[", "!", "&", "< ", "{", "~", "^"),
    *(" ", "\t", "\n", "\n\n", "\r", "\u00a0", "\u2028", ".", ",", "-", "- ", "+", "#", "1.", "2"),
    *("|", "\n|--", "a|b", "=", "==", ":", ">", "$", "\\", "http://x.y", "x@y.z"),
    *("- a", "\n- b", "[c](https://d.e/F-g_h)", "](http://x.y)", "latex", "*e f*", "- [", "\n  "),
)
_TEXTS = st.lists(st.sampled_from(_BITS), max_size=10).map("".join)


def join(tokens: tuple[Token, ...]) -> list[Token]:
    """Return tokens with texts beside one another joined: they are shown alike."""
    joined: list[Token] = []
    for token in tokens:
        if token.name == "text" and joined and joined[-1].name == "text":
            joined[-1] = replace(token, text=joined[-1].text + token.text)
        elif token.name != "text" or token.text:
            joined.append(token)
    return joined


@given(_TEXTS)
def test_blocks(text: str) -> None:
    parsed = tuple(_Reader().read(_PARSER.parse(drop_control(text))))
    assert join(read_block(text)) == join(parsed)


@given(_TEXTS)
def test_lines(text: str) -> None:
    parsed = tuple(_Reader().read(_PARSER.parseInline(drop_control(text).strip())))
    assert join(read_inline(text)) == join(parsed)


@pytest.mark.parametrize(
    "text",
    [
        "What does this mean?",
        "Which of `a.b(c)` and **two words**, say?",
        "a\nb",
        "文「字」。",
        "*One* [page](https://example.com/a):\n\n- two `a`\n- three\n\nfour",
    ],
)
def test_usual_questions_do_not_need_the_parser(text: str) -> None:
    assert _read_evident_block(text)
