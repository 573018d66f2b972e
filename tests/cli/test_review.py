"""A complete session in a window: every key, every way to leave, and no answer lost."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cardwright.terminal.screen import RESET
from project_files import Write
from pty_driver import PtyProgram
from reviewing import CARDS, FILES, FULL, NOW, read_acts, read_memories, review

GIVEN_BACK = b"\x1b[?1049l"
ANSWERS = "trees:ring/recall", "trees:water/recall"


def answer(program: PtyProgram, question: str, keys: str = " 3") -> None:
    """Wait for a question, and type what reveals and rates it."""
    program.wait_for(question)
    program.type(keys)


def expect_given_back(program: PtyProgram) -> None:
    """The terminal is as it was before the program."""
    assert program.attributes == program.first_attributes
    assert program.output.rindex(GIVEN_BACK) > program.output.rindex(b"\x1b[?1049h")
    assert not program.cursor_is_hidden


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 60)])
def test_a_sitting_with_every_key_and_back_to_its_beginning(
    write: Write, size: tuple[int, int]
) -> None:
    project = write(FILES)
    with review(project, size=size) as program:
        program.wait_for("Tree ring")
        program.type("?")
        program.wait_for("show all keys" if size[1] > 12 else "any key: back")
        program.type("x")
        program.wait_for("space show the answer")
        program.type("f")
        program.wait_for("flagged")
        program.type("i")
        program.wait_for("trees:ring")
        program.type("\x1b")
        answer(program, "Tree ring")
        answer(program, "Watering", "s")
        program.wait_for("suspended")
        answer(program, "tell a tree's", " 13  ")
        answer(program, "keeps its leaves", "b")
        program.wait_for("buried")
        program.type("/sapw\x7f")
        program.wait_for("enter find   esc back") if size[1] > 12 else None
        program.type("wood\r")
        program.wait_for("nothing left for today")
        program.type("/maple\r")
        answer(program, "wet clay", "12")
        program.wait_for("[x]") if size[1] > 12 else None
        program.type(" ")
        program.wait_for("right")
        program.type("q")
        assert program.wait_for_exit() == 0
        assert b"2 answers" in program.output
        expect_given_back(program)

    assert read_acts(project) == [
        ("trees:ring/recall", "flag", None),
        ("trees:ring/recall", "answer", 3),
        ("trees:water/instinct", "suspend", None),
        ("trees:age/recall", "answer", 2),
        ("trees:table/recall", "bury", None),
    ]


def test_undo_leads_back_to_the_beginning(write: Write) -> None:
    project = write(FILES)
    with review(project) as program:
        program.wait_for("Tree ring")
        program.type("f")
        program.wait_for("flagged")
        answer(program, "Tree ring")
        answer(program, "Watering", "s")
        answer(program, "tell a tree's", " a  ")
        answer(program, "keeps its leaves", "b")
        answer(program, "Bark carries", " 1")
        program.wait_for("wet clay")
        for said in (
            "took back Again on trees:bark/c1",
            "trees:table/recall is no longer buried",
            "took back Good on trees:age",
            "trees:water/instinct is no longer suspended",
            "took back Good on trees:ring",
            "removed the flag from trees:ring",
        ):
            program.type("u")
            program.wait_for(f"undo: {said}")
        program.type("u")
        program.wait_for("nothing to undo")
        assert "Tree ring" in program.text
        program.type("q")
        assert program.wait_for_exit() == 0

    untouched = ("new", 0, 0, 0.0, None, 0, 0, None)
    assert {row[1:] for row in read_memories(project)} == {untouched}
    assert len(read_acts(project)) == 12, "an undo appends"


def test_the_last_answer_can_be_taken_back_before_the_end(write: Write) -> None:
    project = write(FILES)
    with review(project, "--kind", "term", "--limit", "1") as program:
        answer(program, "Tree ring", " 4")
        program.wait_for("Limit reached")
        program.type("u")
        program.wait_for("undo: took back Easy")
        answer(program, "Tree ring", " 3")
        program.wait_for("Limit reached")
        program.type(" ")
        assert program.wait_for_exit() == 0
        assert "1 answer in" in program.text

    assert [act for _, act, _ in read_acts(project)] == ["answer", "undo", "answer"]


EDITOR = """
import pathlib, sys
line, path = sys.argv[1:]
path = pathlib.Path(path)
text = path.read_text("utf-8")
assert text.splitlines()[int(line[1:]) - 1].strip() == "- id: ring", line
path.write_text(text{change}, "utf-8")
"""


def make_editor(folder: Path, change: str) -> dict[str, str]:
    """Return what makes a change to the text of a file the editor."""
    script = folder / "editor.py"
    script.write_text(EDITOR.format(change=change), "utf-8")
    return {"VISUAL": f"{sys.executable} {script}"}


def test_a_card_is_edited_at_its_line_and_shown_anew(write: Write, tmp_path: Path) -> None:
    project = write(FILES)
    environ = make_editor(tmp_path, ".replace('wood of **one** year', 'growth of a summer')")
    with review(project, environ=environ) as program:
        program.wait_for("Tree ring")
        program.type(" ")
        program.wait_for("The wood of one year.")
        program.type("e")
        program.wait_for("reloaded")
        program.wait_for("The growth of a summer.")
        program.type("3")
        program.wait_for("Watering")
        program.type("q")
        assert program.wait_for_exit() == 0
        expect_given_back(program)

    assert read_acts(project) == [("trees:ring/recall", "answer", 3)]


def test_a_file_that_was_broken_in_the_editor_keeps_its_cards(write: Write, tmp_path: Path) -> None:
    project = write(FILES)
    environ = make_editor(tmp_path, " + '  - id: [\\n'")
    with review(project, environ=environ) as program:
        program.wait_for("Tree ring")
        program.type("e")
        program.wait_for("cards/trees/trees.yaml:")
        program.wait_for("edit it again")
        answer(program, "Tree ring")
        answer(program, "Watering")
        program.wait_for("tell a tree's")
        program.type("q")
        assert program.wait_for_exit() == 0

    assert len(read_acts(project)) == 2


def test_a_card_that_was_deleted_in_the_editor_makes_room_for_the_next(
    write: Write, tmp_path: Path
) -> None:
    environ = make_editor(
        tmp_path, ".replace(text[text.index('  - id: ring') : text.index('  - id: water')], '')"
    )
    with review(write(FILES), environ=environ) as program:
        program.wait_for("Tree ring")
        program.type("e")
        program.wait_for("trees:ring no longer exists")
        program.wait_for("Watering")


KILLED_EDITOR = """
import os, signal, sys, tty
tty.setraw(0)
os.write(1, b"\\x1b[?1049h\\x1b[5;6r\\x1b[4h\\x1b[?1000h\\x1b(0garbage")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_editor_leaves_the_terminal_as_it_was(write: Write, tmp_path: Path) -> None:
    (tmp_path / "editor.py").write_text(KILLED_EDITOR, "utf-8")
    environ = {"VISUAL": f"{sys.executable} {tmp_path / 'editor.py'}"}
    with review(write(FILES), environ=environ) as program:
        program.wait_for("Tree ring")
        program.type("e")
        program.wait_for("was ended by signal 9")
        answer(program, "Tree ring")
        program.wait_for("Watering")
        program.type("q")
        assert program.wait_for_exit() == 0
        expect_given_back(program)


def test_an_editor_that_fails_is_told(write: Write) -> None:
    with review(write(FILES), environ={"VISUAL": "no-such-editor --wait"}) as program:
        program.wait_for("Tree ring")
        program.type("e")
        program.wait_for("no-such-editor was not found")


BROKEN = """
import cardwright.terminal.review as review
draw_header = review._draw_header
def draw(state, columns):
    if state.answers:
        raise RuntimeError("broken")
    return draw_header(state, columns)
review._draw_header = draw
from cardwright.cli.main import main; main()
"""
ENDINGS: dict[str, tuple[Callable[[PtyProgram], None], int]] = {
    "q": (lambda program: program.type("q"), 0),
    "Ctrl-C": (lambda program: program.type("\x03"), 0),
    "SIGTERM": (lambda program: program.send_signal(signal.SIGTERM), 143),
    "SIGHUP": (lambda program: program.send_signal(signal.SIGHUP), 129),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_every_way_out_gives_the_terminal_back_and_keeps_the_answers(
    write: Write, name: str
) -> None:
    project = write(FILES)
    end, code = ENDINGS[name]
    with review(project) as program:
        answer(program, "Tree ring")
        program.wait_for("Watering")
        end(program)

        assert program.wait_for_exit() == code
        expect_given_back(program)
    assert read_acts(project) == [("trees:ring/recall", "answer", 3)]


def test_a_window_that_is_closed_loses_nothing(write: Write) -> None:
    project = write(FILES)
    with review(project) as program:
        answer(program, "Tree ring")
        program.wait_for("Watering")
        program.hang_up()

        assert program.wait_for_exit() == 129
    assert read_acts(project) == [("trees:ring/recall", "answer", 3)]


def test_an_exception_gives_the_terminal_back_and_keeps_the_answers(write: Write) -> None:
    project = write(FILES)
    with review(project, program=BROKEN) as program:
        answer(program, "Tree ring")

        assert program.wait_for_exit() == 1
        assert "RuntimeError: broken" in program.text
        expect_given_back(program)
    assert read_acts(project) == [("trees:ring/recall", "answer", 3)]


@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
def test_a_full_disk_is_told_and_the_same_key_tries_again(
    write: Write, size: tuple[int, int]
) -> None:
    project = write(FILES)
    with review(project, "--kind", "choice", size=size, program=FULL) as program:
        program.type("3")
        program.type(" 3")
        program.wait_for("has no")
        program.type("3")
        program.wait_for("pick" if size[0] > 20 else "answer")
        program.type("q")
        assert program.wait_for_exit() == 0

    assert read_acts(project) == [("trees:maple/choose", "answer", 3)]


def test_two_sittings_never_show_the_same_prompt(write: Write) -> None:
    project = write(FILES)
    first = review(project)
    second = review(project)
    questions = ("Tree ring", "Watering", "tell a tree's", "keeps its", "Bark carries", "wet clay")
    with first, second:
        shown: dict[PtyProgram, str] = {}
        for program in (first, second):
            program.wait_for("space show the answer")
        for _ in range(2):
            for program in (first, second):
                here = [question for question in questions if question in program.text]
                assert len(here) == 1
                shown[program] = here[0]
                assert len({*shown.values()}) == len(shown)
                program.type(" a 3" if "tell a tree's" in program.text else " 3")
                program.wait_until(
                    lambda program=program, here=here: (  # type: ignore[misc]
                        here[0] not in program.text and "space show the answer" in program.text
                    ),
                    "next question",
                )
    asked = [prompt for prompt, act, _ in read_acts(project) if act == "answer"]
    assert len(asked) == len(set(asked))


def ask(project: Path, *words: str, environ: dict[str, str] | None = None) -> str:
    """Answer all that is asked with Easy; return what the window says at the end."""
    with review(project, *words, environ=environ) as program:
        end = re.compile(r"Nothing left|Limit reached|No answers|space show the answer")
        while True:
            program.wait_until(lambda: end.search(program.text) is not None, "question or end")
            if "space show the answer" not in program.text:
                break
            turn = len(program.output)
            program.type(" a 4" if "tell a tree's" in program.text else " 4")
            program.wait_until(
                lambda turn=turn: (
                    len(program.output) > turn  # type: ignore[misc]
                    and "Again" not in program.text
                    and "tick what" not in program.text
                ),
                "the next one",
            )
        program.type(" ")
        assert program.wait_for_exit() == 0
        return program.text


def test_limits_and_choices(write: Write) -> None:
    project = write(FILES)
    assert "2 answers" in ask(project, "--limit", "2")
    assert "3 answers" in ask(project, "--new", "3")
    # All that is due now, and nothing of it counts.
    assert "8 answers" in ask(project, "--cram")
    with review(project, "--kind", "choice") as program:
        program.wait_for("space")
        program.type("f")
        program.wait_for("flagged")
        program.type("q")
        program.wait_for_exit()
    assert "1 answer " in ask(project, "--flagged", "--cram")
    assert "Nothing left to review today" in ask(project, "--flagged", "--new", "0")
    acts = [act for _, act, _ in read_acts(project)]
    assert (acts.count("answer"), acts.count("cram")) == (5, 9)


def test_ahead_asks_what_is_due_later(write: Write) -> None:
    project = write(FILES)
    tomorrow = {"CARDS_NOW": NOW.replace("03-02", "03-03")}
    assert "1 answer " in ask(project, "--kind", "term")
    assert "Nothing left" in ask(project, "--kind", "term", environ=tomorrow)
    assert "1 answer " in ask(project, "--kind", "term", "--ahead", "30", environ=tomorrow)


def test_minutes_end_between_cards(write: Write) -> None:
    """A card that is on the table when time is up may be answered."""
    project = write(FILES)
    with review(project, "--minutes", "0.0001") as program:
        program.wait_for("Tree ring")
        program.type("jk ")
        program.wait_for("The wood of one year.")
        program.type("3")
        program.wait_for("Limit reached")
    assert read_acts(project) == [("trees:ring/recall", "answer", 3)]


def test_a_learning_step_is_waited_for(write: Write) -> None:
    """With learning steps longer than what is asked early, the window waits and says so."""
    project = write(
        {
            **FILES,
            "decks/trees/deck.yaml": "name: Trees\noptions:\n  learning_steps_minutes: [40]\n",
        }
    )
    with review(project, "--kind", "term") as program:
        answer(program, "Tree ring", " 1")
        program.wait_for("Next card at 09:2")
        program.type("u")
        program.wait_for("Tree ring")
        answer(program, "Tree ring", " 1")
        program.wait_for("Next card at 09:2")
        program.type("q")
        assert program.wait_for_exit() == 0
    later = NOW.replace("09:00", "09:41")
    with review(project, "--kind", "term", environ={"CARDS_NOW": later}) as program:
        program.wait_for("Tree ring")


OURS = re.compile(
    re.escape(RESET.encode())
    + rb"|\x1b\[\?100[06][hl]"
    + rb"|\x1b\[(?:\?(?:1049|25|7|2004|2026)[hl]|[0-9;]*m|[0-9]*(?:;[0-9]*)?H|J|K)"
)


def test_hostile_cards_write_nothing_but_text(write: Write) -> None:
    hostile = (Path(__file__).parents[1] / "cases" / "hostile.yaml").read_text("utf-8")
    nasty = (
        "  - id: nasty\n    kind: basic\n"
        '    question: "\\e]0;title\\a \\e[2J \\e[31mred \\x9b31m \\u202eback \\r over"\n'
        '    answer: "[x](https://e.com/\\e]8;;) ```\\e[5m``` \\u2066y \\x90q"\n'
    )
    project = write(
        {**FILES, "cards/trees/hostile.yaml": hostile + nasty, "cards/trees/trees.yaml": CARDS}
    )
    with review(project, "--cram", environ={"COLORTERM": "truecolor"}) as program:
        count = 0
        while "Nothing left" not in program.text:
            count += 1
            program.wait_for("space")
            program.type(" ")
            program.wait_until(
                lambda: "Again" in program.text or "tick what" in program.text, "the answer"
            )
            # To the end of a long answer, where space ends the ticking.
            program.type("\x1b[F 1" if "tick what" in program.text else "1")
            program.wait_until(
                lambda: "space show the answer" in program.text or "Nothing left" in program.text,
                "the next one",
            )
        program.type(" ")
        program.wait_for_exit()
    assert count > 10
    rest = OURS.sub(b"", program.output).decode("utf-8")
    foreign = {
        character
        for character in rest
        if (not character.isprintable() and character not in "\r\n")
        or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
    }
    assert not foreign, foreign
