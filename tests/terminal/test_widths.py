"""Headers and hints in windows of any width: nothing overlaps, and no word is cut."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cardwright.blueprint import Measure, Signal
from cardwright.diagnostic import Span
from cardwright.exam.readiness import SignalReading
from cardwright.terminal.exam import draw_readings
from cardwright.terminal.keymap import SCREENS, make_keymap
from cardwright.terminal.paint import paint
from cardwright.terminal.reports import draw_sections
from cardwright.terminal.window import draw_header, draw_key_help, fit_text
from exam_project import exam_command, make_exam_files
from project_files import Write

if sys.platform == "win32":
    pytest.skip("no pseudo-terminal there", allow_module_level=True)

from pty_driver import PtyProgram
from reviewing import review

CASES: Final = Path(__file__).parents[1] / "cases" / "widths.md"
CASE: Final = re.compile(r"## ([^\n]+) \((\d+) columns\)\n\n```text\n(.*?)\n```", re.DOTALL)
CLOCK: Final = re.compile(r"\d:\d\d:\d\d")
WIDTHS: Final = (40, 80, 100, 200)
DECK: Final = """\
name: The trees of the northern forests
decks:
  - name: 1 Wood, and what it tells about the years
    select: {lesson: a1}
  - name: 2 Advanced dendrochronology of very old and very slow trees
    select: {lesson: a2}
"""
WORDS: Final = st.lists(st.text("abcé日本", min_size=1, max_size=12), min_size=1, max_size=12)


def read_case(name: str, columns: int) -> str:
    """Return what a frame should be."""
    cases: list[tuple[str, str, str]] = CASE.findall(CASES.read_text("utf-8"))
    return {(title, int(width)): text for title, width, text in cases}[name, columns]


def read_frame(program: PtyProgram) -> str:
    """Return the header of a window, with its clock stopped, and the two lines at its end."""
    header = CLOCK.sub("8:20:00", program.lines[0])
    return "\n".join((header, "…", *program.lines[-2:]))


def check_frames(program: PtyProgram, name: str) -> None:
    """The frame is as it should be at every width."""
    for columns in WIDTHS:
        program.resize(columns, 24)
        program.wait_until(
            lambda columns=columns: read_frame(program) == read_case(name, columns),  # type: ignore[misc]
            f"this:\n{read_case(name, columns)}\n",
        )


@pytest.fixture
def forest(write: Write) -> Path:
    return write({**make_exam_files(), "decks/trees/deck.yaml": DECK})


def test_the_frame_of_a_review(forest: Path) -> None:
    with review(forest, "--lesson", "a2") as program:
        program.wait_for("Question 1 of a2?")
        check_frames(program, "question")
        program.type("f1 ")
        program.wait_for("Again")
        check_frames(program, "flagged card with its answer")


def test_the_frame_of_a_mock_exam(forest: Path) -> None:
    command = exam_command(forest, "mock", "--questions", "4", "--seed", "1", "--minutes", "500")
    with PtyProgram(command, environ={"CARDS_NOW": "2026-11-26T09:00:00+01:00"}) as program:
        program.wait_for("question 1 of 4")
        check_frames(program, "mock exam")
        program.resize(80, 12)
        program.wait_until(lambda: program.lines[-1].endswith("? keys"), "the keys in one line")


@given(st.lists(WORDS, min_size=1, max_size=4), st.integers(40, 200), st.booleans())
def test_a_title_is_cut_behind_a_word_and_stands_apart_from_the_figures(
    names: list[list[str]], columns: int, is_cram: bool
) -> None:
    titles = [" › ".join(map(" ".join, names[start:])) for start in range(len(names))]
    figures = ["new 20 · learning 3 · review 100 · ~35 min", "20+3+100 ~35 min"][columns < 56 :]
    figures = [f"{'cram · ' if is_cram else ''}{figure}" for figure in figures]
    line = draw_header(titles, figures, columns).plain

    assert cell_len(line) == columns
    title, _, figure = line.strip().rpartition("   ")
    assert figure in figures
    title = title.rstrip()
    assert title in titles or title.endswith("…")
    if title not in titles:
        kept = title.removesuffix("…")
        words = titles[-1].split()
        assert kept.split() == words[: len(kept.split())] or len(kept.split()) == 1


@given(st.text("ab 日", max_size=30), st.integers(0, 40))
def test_a_text_is_made_as_wide_as_its_room(text: str, width: int) -> None:
    assert cell_len(fit_text(text, width)) == width


@pytest.mark.parametrize("width", [40, 56, 80, 200])
@pytest.mark.parametrize("given", [{}, {"undo": "z ctrl-r backspace delete f1"}])
def test_what_keys_do_stands_beside_them(width: int, given: dict[str, str]) -> None:
    """However often it is wrapped: nothing that is no key begins a line."""
    keymap = make_keymap(given)
    for screen in SCREENS:
        rows = list(keymap.list_help(screen))
        shown = paint(draw_key_help(rows), {}, is_terminal=False, width=width)
        lines = shown.splitlines()

        assert all(cell_len(line) <= width for line in lines)
        assert " ".join(line[15:] for line in lines).split() == [
            word for _, does in rows for word in does.split()
        ]
        assert " ".join(line[:15] for line in lines).split() == [
            key for keys, _ in rows for key in keys.split()
        ]


@pytest.mark.parametrize("width", range(40, 201))
def test_signals_for_booking_stand_below_one_another(width: int) -> None:
    measure = Measure(recall_percent=80)
    texts = {
        "You can tell the oldest of the trees apart without looking at their bark": measure,
        "You can defend an answer by repeatability, audit trail and limited damage": None,
    }
    readings = [
        SignalReading(
            Signal(id="s", about=text, measure=measure, span=Span("a.yaml", 1, 1)),
            0.34 if measure else None,
        )
        for text, measure in texts.items()
    ]
    shown = paint(draw_sections({"": draw_readings(readings)}), {}, is_terminal=False, width=width)

    for line in shown.splitlines():
        assert re.match(r"[✗?]  \S|   \S", line), shown
    for words in ("recall 34%, 80% needed", "judge for yourself"):
        columns = {line.index(words) for line in shown.splitlines() if words in line}
        assert len(columns) == 1, "not broken over two lines"
    assert " ".join(" ".join(texts).split()[:3]) in shown
