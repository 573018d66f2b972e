"""The screens of `cards review` for every kind, in windows of any size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from project_files import Write
from reviewing import FILES, review

CASES = Path(__file__).parents[1] / "cases" / "review.md"
CASE = re.compile(r"## (\w+) \((\d+)x(\d+), `([^`]*)`\)\n\n```text\n(.*?)\n```", re.DOTALL)


def read_cases() -> Iterator[tuple[str, tuple[int, int], list[tuple[str, str]]]]:
    """Yield kind, size, and each group of keys with the window after it."""
    found = CASE.findall(CASES.read_text("utf-8"))
    for (kind, columns, lines), cases in groupby(found, key=lambda case: case[:3]):
        yield kind, (int(columns), int(lines)), [(keys, text) for *_, keys, text in cases]


@pytest.mark.parametrize(
    ("kind", "size", "steps"),
    list(read_cases()),
    ids=[f"{kind}-{columns}x{lines}" for kind, (columns, lines), _ in read_cases()],
)
def test_a_window_shows(
    write: Write, kind: str, size: tuple[int, int], steps: list[tuple[str, str]]
) -> None:
    with review(write(FILES), "--kind", kind, size=size) as program:
        for keys, expected in steps:
            program.type(keys.replace("·", " "))
            program.wait_until(
                lambda expected=expected: program.text.rstrip() == expected.rstrip(),  # type: ignore[misc]
                f"this:\n{expected}\n",
            )


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (9, 2), (20, 3), (12, 7), (300, 4)])
def test_every_card_can_be_answered_in_a_window_of_any_size(
    write: Write, size: tuple[int, int]
) -> None:
    with review(write(FILES), "--kind", "choice", "--limit", "1", size=size) as program:
        program.type("1 4 ")
        assert program.wait_for_exit() == 0

        assert b"1 answer in" in program.output or size[0] < 20


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "xterm-mono"}])
def test_no_colours_where_none_are_wanted(write: Write, environ: dict[str, str]) -> None:
    with review(write(FILES), "--kind", "choice", environ=environ) as program:
        program.type("1 ")
        program.wait_for("wrong: 3 is right")
        program.type("q")
        program.wait_for_exit()

    styles = set(re.findall(rb"\x1b\[([0-9;]*)m", program.output))
    assert styles <= {b"0", b"1", b"2", b"1;7", b"7", b"3", b"4"}, styles


def test_a_window_of_another_size_is_drawn_anew_where_one_was(write: Write) -> None:
    with review(write(FILES), "--kind", "choice") as program:
        program.type("2 ")
        program.wait_for("wrong: 3 is right")
        for size in ((40, 12), (20, 5), (200, 60), (80, 24)):
            program.resize(*size)
            program.wait_until(
                lambda size=size: (  # type: ignore[misc]
                    len(program.lines) == size[1] and "wrong: 3" in program.text
                ),
                f"{size}",
            )
        program.type("q")
        assert program.wait_for_exit() == 0
