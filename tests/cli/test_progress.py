"""Long work shows on a terminal how far it has come, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cardwright.progress import announced, show_progress, track
from pty_driver import PtyProgram

AT_ONCE = """
import sys
import cardwright.cli.progress as progress
progress._DELAY_S = progress._PAUSE_S = 0
from cardwright.cli.main import main
main()
"""
CARDS = "cards:\n- {{id: {0}, kind: basic, question: 'What is {0}?', answer: A tree.}}\n"
NO_CI = {"CI": "", "TERM": "xterm"}


@pytest.fixture
def trees(project: Path) -> Path:
    """A project with three files."""
    for name in ("oak", "elm", "fir"):
        (project / "cards" / "trees" / f"{name}.yaml").write_text(CARDS.format(name), "utf-8")
    return project


def run_in_terminal(project: Path, *words: str, **environ: str) -> PtyProgram:
    command = [sys.executable, "-c", AT_ONCE, "-C", str(project), *words]
    with PtyProgram(command, environ={**NO_CI, **environ}) as program:
        program.wait_for_exit()
    return program


def test_a_terminal_shows_what_is_done_and_then_nothing_of_it(trees: Path) -> None:
    program = run_in_terminal(trees, "check")
    assert b"\rChecking files: 1 of 3" in program.output
    assert b"\x1b" not in program.output.partition(b"3 cards")[0]
    assert "Checking" not in program.text
    assert "3 cards: 0 errors" in program.text


ENDLESS = """
import sys
from itertools import count
import click
import cardwright.cli.progress as progress
progress._DELAY_S = 0
from cardwright.cli.main import cards, main
from cardwright.progress import track

@click.command()
def wait():
    for _ in track(count(), "Waiting"):
        pass

sys.modules["own.wait"] = sys.modules["__main__"]
cards.add_lazily("own", {"wait": "Wait for ever."})
main()
"""


def test_ctrl_c_leaves_nothing_of_it() -> None:
    with PtyProgram([sys.executable, "-c", ENDLESS, "wait"], environ=NO_CI) as program:
        program.wait_for("Waiting: ")
        program.type("\x03")
        assert program.wait_for_exit() == 130
    assert program.text.replace("^C", "").strip() == "Aborted."


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        (("check", "--json"), {}),
        (("check", "--format", "github"), {}),
        (("list", "--json"), {}),
        (("check",), {"CI": "true"}),
        (("check",), {"TERM": "dumb"}),
    ],
)
def test_data_and_robots_get_nothing_of_it(
    trees: Path, words: tuple[str, ...], environ: dict[str, str]
) -> None:
    assert b" of 3" not in run_in_terminal(trees, *words, **environ).output


def test_pipes_get_nothing_of_it(trees: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE, "-C", str(trees), "check"],
        capture_output=True,
        text=True,
        env={**os.environ, **NO_CI},
        check=True,
    )
    assert "3 cards" in done.stdout + done.stderr
    assert "Checking" not in done.stdout + done.stderr


class Screen:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int | None] | None] = []

    def show(self, what: str, done: int, total: int | None) -> None:
        self.told.append((what, done, total))

    def announce(self, what: str) -> None:
        self.told.append((what, 0, None))

    def erase(self) -> None:
        self.told.append(None)


def test_work_that_fails_leaves_nothing_on_the_screen() -> None:
    screen = Screen()
    show_progress(screen)
    try:
        with pytest.raises(ZeroDivisionError):
            [1 // number for number in track([1, 0, 1], "Dividing")]
        assert list(track(iter("ab"), "Reading", 2)) == ["a", "b"]
        with announced("Thinking"):
            pass
    finally:
        show_progress(None)
    assert screen.told == [
        *(("Dividing", 0, 3), ("Dividing", 1, 3), None),
        *(("Reading", 0, 2), ("Reading", 1, 2), None),
        *(("Thinking", 0, None), None),
    ]
