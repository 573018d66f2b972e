"""The colours of a window follow the background that the terminal tells of, whenever it does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

from cardwright.cli.config_file import asks_background
from project_files import Write
from reviewing import read_acts, review, store_of

if sys.platform == "win32":
    pytest.skip("no pseudo-terminal there", allow_module_level=True)

from pty_driver import PtyProgram

QUERY: Final = b"\x1b]11;?\x1b\\"
LIGHT, DARK = "\x1b]11;rgb:ffff/fdfd/e8e8\x1b\\", "\x1b]11;rgb:1e1e/1e1e/2e2e\x07"
CYAN, BLUE = b"\x1b[36m", b"\x1b[38;5;24m"
"""The colour of code, on a dark background and on a light one."""
UNKNOWN: Final = {"COLORFGBG": "", "STY": ""}
CARDS: Final = """\
kind: basic
sources: [https://example.com]
cards:
  - {id: one, question: "Is `bark` wood?", answer: "`No`."}
  - {id: two, question: "Is `pith` wood?", answer: "`Yes`."}
"""


@pytest.fixture
def woods(write: Write) -> Path:
    return write({"cards/trees/a.yaml": CARDS})


def start(project: Path, **environ: str) -> PtyProgram:
    return review(project, environ={**UNKNOWN, **environ})


def test_a_light_background_repaints_the_card_that_is_shown_already(woods: Path) -> None:
    with start(woods) as program:
        # The card does not wait for the reply.
        program.wait_for("Is bark wood?")
        assert program.output.count(QUERY) == 1
        assert CYAN in program.output
        assert BLUE not in program.output
        # A slow line brings it in pieces, and a key between two of them counts as a key.
        for byte in f"{LIGHT} ":
            program.type(byte)
        program.wait_for("1 Again")
        painted = program.output[program.output.index(BLUE) :]
        assert b"bark" in painted
        assert CYAN not in painted
        program.type("3")
        program.wait_for("Is pith wood?")
        program.type("q")
        assert program.wait_for_exit() == 0
        assert CYAN not in program.output[program.output.index(BLUE) :]
    assert [act for _, act, _ in read_acts(woods)] == ["answer"]


def test_a_dark_background_and_a_late_reply_change_nothing(woods: Path) -> None:
    with start(woods) as program:
        program.wait_for("Is bark wood?")
        program.type(f"{DARK} ")
        program.wait_for("1 Again")
        program.type("q")
        assert program.wait_for_exit() == 0
        assert BLUE not in program.output
    assert read_acts(woods) == []


@pytest.mark.parametrize(
    ("environ", "asks"),
    [
        ({}, True),
        ({"COLORFGBG": "15;0"}, False),
        ({"NO_COLOR": "1"}, False),
        ({"STY": "1.tty"}, False),
        ({"TERM": "linux"}, False),
        ({"CARDS_THEME": "contrast"}, False),
        ({"CARDS_THEME": "terminal"}, False),
    ],
)
def test_what_is_known_or_has_no_colours_is_not_asked(
    environ: dict[str, str], *, asks: bool
) -> None:
    assert asks_background({"CARDS_THEME": "auto", "TERM": "xterm-256color", **environ}) is asks


def test_no_question_is_written_where_none_is_needed(woods: Path) -> None:
    with start(woods, COLORFGBG="0;15") as program:
        program.wait_for("Is bark wood?")
        program.type("q")
        assert program.wait_for_exit() == 0
        assert QUERY not in program.output
        assert BLUE in program.output


def test_a_review_from_the_home_screen_knows_what_that_was_told(woods: Path) -> None:
    command = [sys.executable, "-c", "from cardwright.cli.main import main; main()"]
    environ = {**UNKNOWN, "CARDS_DB": str(store_of(woods))}
    with PtyProgram([*command, "-C", str(woods), "home"], environ=environ) as program:
        program.wait_for("? keys")
        program.type(f"{LIGHT} ")
        program.wait_for("Is bark wood?")
        assert program.output.count(QUERY) == 1
        assert CYAN not in program.output[program.output.index(b"Is ") :]
        program.type("q")
        program.wait_for("any key")
        program.type("x")
        program.wait_for("space study")
        program.type("q")
        assert program.wait_for_exit() == 0
