"""`cards review` line by line: pipes, dumb terminals and the end of input."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from cardwright.terminal.keymap import BINDINGS, HAND_IN, MOCK, REVIEW
from exam_project import run_exam, write_exam_project
from project_files import Write
from reviewing import FILES, FULL, pipe, read_acts, review

SCROLLS = {"up", "down", "page-up", "page-down", "start", "end"}
"""Acts that only a window needs."""


def test_a_pipe_gives_every_command(write: Write) -> None:
    project = write(FILES)
    printed = pipe(project, "?\nf\ni\n\n\nu\n\n4\n\n9\n1 3\n\n\ns\nb\nq\n", "--plain")

    for said in (
        "Trees: new 7, learning 0, review 0",
        "What does this mean?",
        "flagged",
        "trees:ring/recall",
        "[1 again 1 min, 2 hard 6 min, 3 good 10 min, 4 easy 10 d; enter: good]",
        "Good: next in 10 min",
        "undo: took back Good on trees:ring/recall",
        "Easy: next in 10 d",
        "suspended trees:",
        "until tomorrow (u: undo)",
        "answers in",
        "Everything is saved.",
    ):
        assert said in printed, said
    assert [(act, rating) for _, act, rating in read_acts(project)][:4] == [
        ("flag", None),
        ("answer", 3),
        ("undo", None),
        ("answer", 4),
    ]


def test_points_are_ticked_and_options_picked(write: Write) -> None:
    project = write(FILES)
    printed = pipe(project, "\n1,3 9\n1 3\n1\n3\n\n\n", "--kind", "objective", "--limit", "1")
    assert "there is no 9 to mark" in printed
    assert "marked: 1, 3" in printed
    assert "2 of 3 points" in printed
    assert "enter: hard" in printed

    printed = pipe(project, "2\n1\n\n\n", "--kind", "choice", "--limit", "1")
    assert "marked: 1\n" in printed
    assert "✗ wrong: 3 is right" in printed
    assert "Again: next in 1 min" in printed


def test_options_are_shuffled_again_whenever_the_question_is_asked(write: Write) -> None:
    project = write(FILES)
    words = ("--kind", "choice", "--limit", "1", "--cram")

    def list_options(typed: str) -> list[str]:
        lines = pipe(project, typed, *words).splitlines()
        return [line for line in lines if ") [ ]" in line][:3]

    first = list_options("q\n")
    # To leave it without an answer does not turn its options around, a cram does.
    assert list_options("\n3\n") == first
    assert list_options("\n3\n") != first


def test_the_address_of_a_link_around_a_gap_is_not_told(write: Write) -> None:
    printed = pipe(write(FILES), "/sapwood\nq\n", "--kind", "cloze")

    asked, other = printed.split("[what?]", 1)
    assert "(https://example.com/sapwood)" in other.partition("\n\n")[0]
    assert "Bark carries nothing" not in asked


def test_the_end_of_the_input_ends_it(write: Write) -> None:
    project = write(FILES)
    assert "No answers this time." in pipe(project, "")
    assert "No answers this time." in pipe(project, "\n")
    assert read_acts(project) == []


def test_a_dumb_terminal_and_plain_are_asked_line_by_line(write: Write) -> None:
    project = write(FILES)
    for words, environ in (((), {"TERM": "dumb"}), (("--plain",), {})):
        with review(project, *words, "--kind", "choice", environ=environ) as program:
            program.wait_for("[1-3 to pick, enter for the answer, ? for help]")
            program.type("3\n\n")
            program.wait_for("enter: good]")
            assert "✓ right" in program.text
            # Python hears of a Ctrl-C that comes just before it waits for a line after that line.
            program.type("\x03\n")
            assert program.wait_for_exit() == 0
            assert b"\x1b" not in program.output
            assert "No answers" in program.text


def test_an_answer_that_the_disk_has_no_room_for_can_be_given_again(write: Write) -> None:
    project = write(FILES)
    with review(project, "--plain", "--kind", "term", program=FULL) as program:
        program.wait_for("for help]")
        program.type("\n")
        program.wait_for("enter: good]")
        program.type("3\n")
        program.wait_for("error: the store has no room left to grow.")
        # What is typed before the prompt is back would be echoed in front of it.
        program.wait_until(lambda: program.text.count("enter: good]") == 2, "the prompt again")
        program.type("3\n")
        program.wait_for("Good: next in 10 min")
    assert read_acts(project) == [("trees:ring/recall", "answer", 3)]


def test_the_keys_of_the_user_are_commands_and_so_are_the_names_of_acts(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[keys]\nundo = "z"\nbury = "u"\n1 = "j"\nquit = "x"\nsearch = "%"\n', "utf-8"
    )
    monkeypatch.setenv("CARDS_CONFIG", str(config))
    project = write(FILES)
    printed = pipe(project, "%sapwood\nsearch ring\n\nj\nz\nundo\nflag\nu\nг\nq\nx\n", "--plain")

    assert "[j again 1 min, 2 hard 6 min, 3 good 10 min, 4 easy 10 d; enter: good]" in printed
    assert printed.count("undo: took back Again on trees:ring/recall") == 1
    assert "nothing to undo" in printed
    assert "until tomorrow (z: undo)" in printed
    assert re.search("^z +undo, as often", printed, re.MULTILINE)
    assert [act for _, act, _ in read_acts(project)] == ["answer", "undo", "flag", "bury", "bury"]


def test_every_act_of_the_full_screen_is_a_command(write: Write, tmp_path: Path) -> None:
    (tmp_path / "exam").mkdir()
    exam = write_exam_project(tmp_path / "exam")
    helps = {
        REVIEW: pipe(write(FILES), "?\nq\n"),
        MOCK: run_exam(exam, "mock", "--plain", typed="help\nq\n").stdout,
    }
    for screen, printed in helps.items():
        for act, binding in BINDINGS.items():
            if act not in SCROLLS and not act.isdecimal() and screen in binding.does:
                key = "enter" if act == "continue" else binding.keys.split()[0]
                # A pipe does not echo the end of the line that asked for help.
                assert re.search(rf"(?m)(^|[]>] ){re.escape(key)} +\w", printed), act
    # What confirms is asked for where it is needed.
    asked = run_exam(exam, "drill", "--plain", typed="hand-in\nyes\n").stdout
    assert f"Finish the drill? ({BINDINGS['confirm'].keys}: yes)" in asked
    assert "Drill: 0 of" in asked
    assert BINDINGS["confirm"].does.keys() == {HAND_IN}


def test_a_mock_exam_takes_the_same_keys(tmp_path: Path) -> None:
    project = write_exam_project(tmp_path)
    shown = run_exam(
        project, "mock", "--plain", "--questions", "3", typed="n\nN\ng3\nback\no\nw\np\ny\nm 3\nq\n"
    ).stdout

    asked = re.findall(r"Question (\d) of 3\b", shown)
    assert asked == ["1", "2", "1", "3", "2"]
    assert "no image, sound or video on this side" in shown
    assert "no link or source on this side" in shown
    assert "no sound on this side" in shown
    assert "this terminal cannot copy" in shown
    assert "> marked\n" not in shown, "a command with something after it is none"


def test_a_card_is_copied_where_the_terminal_can(write: Write) -> None:
    project = write(FILES)
    assert "this terminal cannot copy" in pipe(project, "y\nq\n")
    with review(project, "--plain", "--kind", "term") as program:
        program.wait_for("for help]")
        program.type("y\n")
        program.wait_for("copied the card")
        program.type("Y\n")
        program.wait_for("copied trees:ring/recall")
        program.type("q\n")
        program.wait_for_exit()
    for text in ("What does this mean?\n\nTree ring\n", "trees:ring/recall"):
        assert base64.b64encode(text.encode()) in program.output
