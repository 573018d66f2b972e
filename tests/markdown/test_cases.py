"""Golden cases of Markdown → HTML, one test each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardwright.markdown.render import Renderer
from cardwright.markdown.rendered import Rendered

CASES = Path(__file__).parents[1] / "cases"
renderer = Renderer()


def read_cases(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield title, input and expected output of each case; what precedes the first is prose."""
    blocks = (CASES / name).read_text(encoding="utf-8").split("\n.\n")
    assert not blocks.pop().strip()
    assert len(blocks) % 3 == 0
    for title, source, expected in zip(blocks[::3], blocks[1::3], blocks[2::3], strict=True):
        yield title.rsplit("\n", 1)[-1], source, expected


def write_result(rendered: Rendered) -> str:
    lines = [rendered.html.rstrip("\n")]
    lines += [f"& {path}" for path in rendered.media]
    lines += [
        f"! {problem.code}: {problem.message}" + (f" @ {problem.quote}" if problem.quote else "")
        for problem in rendered.problems
    ]
    return "\n".join(lines)


def titles(cases: list[tuple[str, str, str]]) -> list[str]:
    return [title for title, _, _ in cases]


LINES = [case for case in read_cases("markdown.md") if case[0].startswith("inline:")]
BLOCKS = [case for case in read_cases("markdown.md") if not case[0].startswith("inline:")]
CLOZES = list(read_cases("cloze.md"))


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in BLOCKS], ids=titles(BLOCKS))
def test_block(source: str, expected: str) -> None:
    assert write_result(renderer.render_block(source)) == expected


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in LINES], ids=titles(LINES))
def test_inline(source: str, expected: str) -> None:
    assert write_result(renderer.render_inline(source)) == expected


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in CLOZES], ids=titles(CLOZES))
def test_cloze(source: str, expected: str) -> None:
    assert write_result(renderer.render_cloze(source)) == expected
