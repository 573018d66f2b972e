"""Golden cases of Markdown → HTML, one test each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardwright.markdown import Rendered, Renderer

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
    lines += [f"& {image}" for image in rendered.images]
    lines += [
        f"! {problem.code}: {problem.message} @ {problem.needle}" for problem in rendered.problems
    ]
    return "\n".join(lines)


def as_parameters(name: str) -> list[object]:
    return [pytest.param(*case, id=case[0]) for case in read_cases(name)]


@pytest.mark.parametrize(("title", "source", "expected"), as_parameters("markdown.md"))
def test_markdown(title: str, source: str, expected: str):
    render = renderer.render_inline if title.startswith("inline:") else renderer.render_block
    assert write_result(render(source)) == expected


@pytest.mark.parametrize(("title", "source", "expected"), as_parameters("cloze.md"))
def test_cloze(title: str, source: str, expected: str):
    assert write_result(renderer.render_cloze(source)) == expected
