"""Whatever a text says is shown, or a problem names it at its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cardwright.diagnostic import TextProblem
from cardwright.markdown.render import Renderer
from cardwright.markdown.rendered import Rendered
from cardwright.markdown.tokens import Token, read_block, read_inline

CASES = Path(__file__).parents[1] / "cases" / "visible.md"
OURS = {"lost-text", "read-as-markup", "empty-field"}
renderer = Renderer()
patiently = settings(deadline=None)

PIECES = st.sampled_from(
    [
        *"abdä漢1", *" \n\t", "\n\n", "    ", "*", "**", "_", "__", "~~", "`", "``", "```", "~~~", "\\",
        "[", "]", "(", ")", "<", ">", "!", "#", "##", "-", "+", "=", "|", ":", "&", ";", "$", "$$", "%",
        "{", "}", '"', "- ", "1. ", "3) ", "> ", "# ", "---", "===", "\n---\n", "|-|-|\n", "\n|a|b|\n|-|-|\n",
        "| a | b |", "|a|b|d|", "```ab\n", "\n```\n", "[q]", "[q]: ", "[q]: b\n", "[Q]: d 'a'\n", "[a][q]",
        "[a](", "](", "](https://x.org/a)", '](b "d")', "![a](media/b.png)", "<https://x.org/b>", "<b>",
        "<!-- a -->", "&amp;", "&nbsp;", "&#65;", "\\*", "\\,", "\\\\", "\\\n", "  \n", "a*b", "a_b", "*a*",
        "**b**", "`a|b`", "$a^b$", "$a % b$", "{{c1::", "}}", "::", "[^q]", "[^q]: a\n", "- [ ] a\n", "<br>",
        "- [x] d\n", "x^a^", "x~b~", "{漢字|か}", "{漢|ab}", "![a](media/b.png){width=9}", "\\(a\\)", "\\[", "\\]",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=14).map("".join)
MARKED = "abdeä漢"
"""The letters that are followed from the source to the reader; labels of links have others."""
MARK = "\ue000"
LABEL = re.compile(r"(?i)\[\^?q\]")


def read_cases() -> list[tuple[str, str, str]]:
    blocks = CASES.read_text("utf-8").split("\n.\n")
    assert not blocks.pop().strip()
    triples = zip(blocks[::3], blocks[1::3], blocks[2::3], strict=True)
    return [(title.rsplit("\n", 1)[-1], source, expected) for title, source, expected in triples]


def write_problems(source: str, problems: tuple[TextProblem, ...]) -> str:
    """Write each problem as its line and column, its code and the rest of its line."""
    lines = []
    for problem in problems:
        before = source[: problem.start] if problem.start >= 0 else ""
        place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        lines.append(f"{place} {problem.code} {problem.quote}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("title", "source", "expected"), read_cases(), ids=[case[0] for case in read_cases()]
)
def test_case(title: str, source: str, expected: str) -> None:
    mode = title.split(":", maxsplit=1)[0]
    render = {"line": renderer.render_inline, "cloze": renderer.render_cloze}.get(
        mode, renderer.render_block
    )

    assert write_problems(source, render(source).problems) == expected


@settings(patiently, max_examples=200)
@given(TEXTS)
@example("| a | b |\n|-|-|\n| `a|b` | d |")
@example("a\n\n[q]: b\n[q]: d\n\n[q]")
@example("```ab a d\nb\n```")
@example("> " * 22 + "a")
@example("- " * 12 + "a\n\nb")
def test_every_letter_is_shown_or_named(source: str) -> None:
    follow_letters(source, renderer.render_block, read_block)


@patiently
@given(TEXTS.map(lambda text: " ".join(text.split("\n"))))
@example("[a](](https://x.org/a)a)")
def test_every_letter_of_a_line_is_shown_or_named(source: str) -> None:
    follow_letters(source, renderer.render_inline, read_inline)


def follow_letters(
    source: str, render: Callable[[str], Rendered], read: Callable[[str], tuple[Token, ...]]
) -> None:
    """Replace each letter by a mark, which goes the way of the letter, and count the marks."""
    for letter in sorted(set(source) & set(MARKED)):
        marked = source.replace(letter, MARK)
        rendered = render(marked)
        if any(problem.code == "empty-field" for problem in rendered.problems):
            continue
        named = "".join(covered_by(problem, marked) for problem in rendered.problems)
        written = LABEL.sub("", marked).count(MARK)
        html = unescape(rendered.html).replace("%EE%80%80", MARK)
        tokens = "".join(f"{token.text}{token.detail}\n" for token in read(marked))

        assert html.count(MARK) + named.count(MARK) >= written
        # The terminal has neither titles, nor the addresses of images and unknown languages.
        attributes = "".join(re.findall(r'(?:title|src|class)="[^"]*"', html))
        shown = tokens.replace("%EE%80%80", MARK).count(MARK) + attributes.count(MARK)
        assert shown + named.count(MARK) >= written


def covered_by(problem: TextProblem, source: str) -> str:
    """Return what a problem says is not shown: up to the end of the block it stands in."""
    if problem.code in ("bad-link", "unsafe-link"):
        # Links and images are left out with their addresses and titles, wherever these stand.
        return "".join(re.findall(r"(?s)\](?:\(.*\)|:.*?(?:\n\n|\Z))", source))
    if problem.code != "lost-text":
        return ""
    return source[problem.start :].split("\n\n", maxsplit=1)[0]


@patiently
@given(TEXTS, st.sampled_from(["block", "inline", "cloze"]))
def test_problems_are_placed(source: str, mode: str) -> None:
    render = getattr(renderer, f"render_{mode}")
    text = source.strip() if mode == "inline" else source

    for problem in render(source).problems:
        assert problem.quote in source
        if problem.code in OURS - {"empty-field"}:
            assert problem.quote
            assert text.startswith(problem.quote, problem.start)


@patiently
@given(st.lists(st.integers(0, 12), min_size=1, max_size=5))
def test_numbers_of_a_list_are_shown_or_named(numbers: list[int]) -> None:
    source = "".join(f"{number}. a\n" for number in numbers)
    shown = [token.detail for token in read_block(source) if token.name == "list_item_open"]
    changed = [number for number, mark in zip(numbers, shown, strict=True) if f"{number}." != mark]

    named = [int(problem.quote[:-1]) for problem in renderer.render_block(source).problems]

    assert named == [number for number in changed if number != numbers[0]][:1]


@pytest.mark.parametrize(
    "text",
    ["*", "***", "-", "+", "#", "## ", ">", "---", "~~~", "```", "[TODO]: later", "- -"],
)
def test_the_help_for_a_text_that_shows_nothing_shows_it(text: str) -> None:
    (problem,) = renderer.render_block(text).problems
    written = re.fullmatch("write `(.*)` to show it", problem.help)

    assert written is not None
    shown = re.sub("<[^>]*>", "", renderer.render_block(written[1]).html)
    assert unescape(shown).strip() == text.strip()
