"""Texts made to be slow: the work stays in proportion, whatever a stranger writes."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import helpers
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from pygments.lexer import Lexer

from cardwright.markdown.highlight import cut_code
from cardwright.markdown.languages import PART_SIZES
from cardwright.markdown.parser import make_parser
from cardwright.markdown.render import Renderer

CAP_S = 20.0
"""Far more than is needed; quadratic work would take minutes."""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("```" + "a" * 200_000, id="a word after a fence"),
        pytest.param(
            "|" + "a|" * 9_000 + "\n|" + "-|" * 9_000 + "\n" + "|x|\n" * 9_000, id="table"
        ),
        pytest.param("|a|\n|-|\n" + "|a|b|\n|-|\n" * 1_500, id="rows like heads"),
        pytest.param("```perl\n" + "s{" * 3_000 + "\n```", id="perl"),
        pytest.param("```lilypond\n" + "a" * 9_900 + "\n```", id="lilypond"),
        pytest.param("```csharp\n" + "a\n" * 1_500 + "\n```", id="csharp"),
    ],
)
def test_a_text_made_to_be_slow_is_rendered(text: str) -> None:
    began = process_time()
    assert Renderer().render_block(text).html
    assert process_time() - began < CAP_S


@pytest.mark.parametrize("language", ["python", "csharp", "perl"])
def test_a_lexer_is_given_little_at_once(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    get_tokens = Lexer.get_tokens

    def watch(lexer: Lexer, text: str, **options: Any) -> Iterator[Any]:
        given.append(text)
        return get_tokens(lexer, text, **options)

    monkeypatch.setattr(Lexer, "get_tokens", watch)
    code = "".join(f"total_{number} = {number}\n" for number in range(500))
    pieces = cut_code(code, language)
    assert "".join(text for _, text in pieces) == code
    assert {css_class for css_class, _ in pieces} > {""}
    assert "".join(given) == code
    assert all(len(part) <= PART_SIZES[language] and part.endswith("\n") for part in given)


def test_code_of_other_languages_is_plain() -> None:
    assert cut_code("a b", "lilypond") == [("", "a b")]


def test_a_table_of_missing_cells_stays_text() -> None:
    few = "|a|b|\n|-|-|\n" + "|x|\n" * 100
    many = "|" + "a|" * 40 + "\n|" + "-|" * 40 + "\n" + "|x|\n" * 100
    renderer = Renderer()
    assert "<table" in renderer.render_block(few).html
    assert "<table" not in renderer.render_block(many).html
    assert "<table" in renderer.render_block(f"{many}\n{few}").html


@pytest.mark.parametrize("text", ["![" * 1_000, "![" * 1_000 + "]", "[a](" * 1_000])
def test_brackets_that_nothing_closes_are_passed_over(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    skip = ParserInline.skipToken

    def count(parser: ParserInline, state: StateInline) -> None:
        calls.append(state.pos)
        skip(parser, state)

    monkeypatch.setattr(ParserInline, "skipToken", count)
    assert make_parser().parse(text)
    assert len(calls) < 5 * len(text)


@given(st.text(st.sampled_from("[[[]]]!()`*\\a"), max_size=40))
def test_labels_end_where_those_of_the_library_do(text: str) -> None:
    parser, other = make_parser(), make_parser()
    other.helpers = helpers
    assert parser.parse(text) == other.parse(text)
