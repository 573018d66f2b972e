"""A complete mock exam in a real terminal: marks, going back, time out, a kill, a resume."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from exam_project import exam_command, run_exam, write_exam_project

if sys.platform == "win32":
    pytest.skip("no pseudo-terminal there", allow_module_level=True)

from pty_driver import PtyProgram

NOW: Final = "2026-11-26T09:00:00+01:00"
Start = Callable[..., PtyProgram]


@pytest.fixture
def forest(tmp_path: Path) -> Path:
    return write_exam_project(tmp_path)


@pytest.fixture
def start(forest: Path) -> Start:
    def begin(*words: str, now: str = NOW, columns: int = 80, lines: int = 24) -> PtyProgram:
        return PtyProgram(
            exam_command(forest, *words),
            columns=columns,
            lines=lines,
            environ={"CARDS_NOW": now, "PYTHONUTF8": "1"},
        )

    return begin


def list_exams(forest: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    monkeypatch.setenv("CARDS_NOW", NOW)
    found: list[dict[str, object]] = json.loads(run_exam(forest, "mock", "--list", "--json").stdout)
    return found


def press(program: PtyProgram, key: str, shown: str) -> None:
    program.type(key)
    program.wait_for(shown)


def test_a_whole_exam_with_marks_and_going_back(
    forest: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start("mock", "--questions", "4", "--seed", "1") as program:
        program.wait_for("question 1 of 4 · 0 answered")
        assert re.search(r"[78]:\d\d left", program.text)
        press(program, "2", "2) [x]")
        press(program, "m", "⚑ question 1 of 4 · 1 answered")
        press(program, " ", "question 2 of 4")
        press(program, "1", "1) [x]")
        press(program, "3", "3) [x]")
        assert "1) [ ]" in program.text
        press(program, "N", "⚑ question 1 of 4")
        assert "2) [x]" in program.text
        press(program, "g", "go to question █")
        press(program, "4", "go to question 4█")
        press(program, "\r", "question 4 of 4")
        press(program, "l", "○ unanswered")
        assert "1●⚑" in program.text
        assert "3○" in program.text
        press(program, "x", "question 4 of 4")
        press(program, " ", "Hand it in?")
        assert "Unanswered: 3, 4" in program.text
        assert "Marked: 1" in program.text
        press(program, "n", "question 4 of 4")
        press(program, "h", "Hand it in?")
        press(program, "y", "Mock exam:")
        assert "weighted by domain" in program.text
        press(program, " ", "Question 1, ")
        # Each option is there once, with its reason.
        assert "So it is." in program.text
        assert program.text.count("1) [") == 1
        assert re.search("✓ right|✗ wrong: . is right", program.text)
        press(program, "x", "is right")
        program.type("q")
        assert program.wait_for_exit() == 0
        assert "`cards exam mock --export FILE --id trees-2026-11-26-" in program.text
        assert program.attributes == program.first_attributes

    (found,) = list_exams(forest, monkeypatch)
    assert found["score"]["answered"] == 2  # type: ignore[index]
    assert found["interrupted"] == 0


def test_misses_are_logged_right_after_the_exam(
    forest: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_NOW", NOW)
    with start("mock", "--questions", "2", "--seed", "1") as program:
        program.wait_for("question 1 of 2")
        press(program, "h", "Hand it in?")
        press(program, "y", "r record misses")
        press(program, "r", "What went wrong")
        press(program, "I looked away.\r", "Failure mode, 1 to 2")
        press(program, "2\r", "The missing rule")
        press(program, "Look.\r", "The safer action")
        press(program, "Look twice.\r", "Lesson to revisit")
        press(program, "\r", "What went wrong")
        program.type("\x04")
        assert program.wait_for_exit() == 0
        assert "1 entry in the log: see `cards exam misses`." in program.text
    (entry,) = json.loads(run_exam(forest, "misses", "--json").stdout)["misses"]
    assert (entry["failure"], entry["rule"]) == ("I looked away.", "Look.")

    # Line by line, it is asked; only what this exam missed counts, and what has no entry yet.
    with start("mock", "--questions", "1", "--plain") as program:
        program.wait_for("? for help]")
        press(program, "h\r", "Hand it in?")
        press(program, "y\r", "Log why you missed 1 question? (y: yes) >")
        press(program, "y\r", "What went wrong")
        program.type("\x04")
        assert program.wait_for_exit() == 0
        assert "0 entries in the log" in program.text
        assert "`cards exam miss` records" not in program.text


def test_a_killed_exam_goes_on_without_loss(
    forest: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start("mock", "--questions", "3", "--seed", "1", "--minutes", "6") as program:
        program.wait_for("question 1 of 3")
        press(program, "1", "1 answered")
        press(program, " ", "question 2 of 3")
        press(program, "3", "2 answered")
        program.send_signal(signal.SIGKILL)
        assert program.wait_for_exit() == -signal.SIGKILL

    with start("mock", now="2026-11-27T20:00:00+01:00") as program:
        program.wait_for("question 2 of 3 · 2 answered")
        assert "3) [x]" in program.text
        assert re.search(r"[0-5]:\d\d left", program.text)
        press(program, "N", "question 1 of 3")
        assert "1) [x]" in program.text
        press(program, "h", "Hand it in?")
        press(program, "y", "interrupted 1 time")
        program.type("q")
        assert program.wait_for_exit() == 0

    (found,) = list_exams(forest, monkeypatch)
    assert found["score"]["answered"] == 2  # type: ignore[index]
    assert found["interrupted"] == 1


def test_leaving_is_asked_about_and_noted(start: Start) -> None:
    with start("mock", "--questions", "2") as program:
        program.wait_for("question 1 of 2")
        press(program, "q", "Leave? All answers are kept")
        press(program, "x", "question 1 of 2")
        press(program, "q", "Leave? All answers are kept")
        program.type("q")
        assert program.wait_for_exit() == 0
        assert "Interrupted; every answer is kept." in program.text


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_leaves_at_once_and_loses_nothing(
    forest: Path, start: Start, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    with start("mock", "--questions", "2") as program:
        program.wait_for("question 1 of 2")
        press(program, "1", "1 answered")
        program.type(key)
        assert program.wait_for_exit() == 0

    (found,) = list_exams(forest, monkeypatch)
    assert found["ended_at"] is None


def test_time_that_runs_out_hands_in(
    forest: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start("mock", "--questions", "2", "--minutes", "0.02") as program:
        program.wait_for("Time is up: the exam was handed in as it was.")
        assert "0:01 used of 0:01; time was up." in program.text
        program.type("q")
        assert program.wait_for_exit() == 0

    (found,) = list_exams(forest, monkeypatch)
    assert found["timed_out"] is True


def test_a_drill_answers_at_once_and_has_no_clock(start: Start) -> None:
    with start("drill", "--questions", "2", "--seed", "2") as program:
        program.wait_for("Drill · question 1 of 2 · 0 answered")
        assert "left" not in program.text
        press(program, "1", "1) [x]")
        press(program, " ", "So it is.")
        assert re.search("✓ right|✗ wrong: . is right", program.text)
        press(program, "2", "1) [x]")
        press(program, " ", "question 2 of 2")
        press(program, "h", "Finish the drill?")
        assert "y finish" in program.text
        press(program, "x", "question 2 of 2")
        press(program, "q", "Leave? All answers are kept, and `cards exam drill` continues")
        assert "clock" not in program.text
        press(program, "x", "question 2 of 2")
        press(program, " ", "– unanswered")
        # All answers were shown: there is nothing to ask about.
        press(program, "\r", "Drill: ")
        program.type("q")
        assert program.wait_for_exit() == 0


def test_a_small_window_shows_what_matters(start: Start) -> None:
    with start("mock", "--questions", "4", "--seed", "1", columns=40, lines=12) as program:
        program.wait_for("1 of 4 · 0 answered")
        assert "left" in program.lines[0]
        assert "1) [ ]" in program.text
        press(program, "1", "1) [x]")
        assert "space next" in program.lines[-1]
        press(program, "?", "any key: back")
        press(program, "x", "1) [x]")
        program.resize(80, 24)
        program.wait_for("Mock exam · question 1 of 4")


def test_invisible_characters_of_a_card_do_not_reach_the_terminal(
    forest: Path, start: Start
) -> None:
    path = forest / "cards/trees/questions.yaml"
    text = path.read_text("utf-8").replace("The right one", "The \u200fright\u200e \u200bone")
    path.write_text(text, "utf-8")
    with start("mock", "--questions", "2") as program:
        program.wait_for("question 1 of 2")
        press(program, "h", "Hand it in?")
        press(program, "y", "Mock exam:")
        press(program, " ", "The right one")
        for sign in ("\u200f", "\u200e", "\u200b"):
            assert sign.encode() not in program.output


def test_hints_tell_what_the_next_keys_do(start: Start) -> None:
    with start("drill", "--questions", "2", "--seed", "2", columns=40, lines=11) as program:
        program.wait_for("1 of 2")
        program.wait_for("1–3 pick  space answer  m l h ?")
        press(program, "l", "g go to   any other key: back")
        press(program, "g", "go to question █   enter go")
        press(program, "\x1b", "space answer")
        # Right or wrong, the answer is longer than the window, and takes no picks.
        press(program, "1 ", "↑")
        assert "pick" not in program.text
        program.type("\x1b[H")
        program.wait_for("space scroll  m l h")
        program.type("\x1b[F")
        program.wait_for("space next  m l h ?")
        press(program, "h", "Finish the drill?")
        press(program, "y", "Drill: ")
        press(program, "\x1b[F ", "space scroll  N back")
        program.type("\x1b[F")
        program.wait_for("space next  N back")
        press(program, "n\x1b[F", "space finish  N back")


def test_the_answer_of_a_drill_is_scrolled_to(start: Start) -> None:
    with start("drill", "--questions", "1", columns=40, lines=10) as program:
        program.wait_for("1 of 1")
        press(program, "1", "1 answered")
        # Which option is right is drawn: its reason may lie below the window, the verdict never.
        program.type(" ")
        verdict = re.compile("✓ right|✗ wrong: . is right")
        program.wait_until(lambda: verdict.search(program.text) is not None, "the verdict")
        assert "↑" in program.text
        press(program, "h", "Drill: ")
