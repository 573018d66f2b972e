"""Answers that are typed in `cards review`, in a window and line by line."""

from __future__ import annotations

from project_files import Write
from reviewing import click, pipe, read_acts, review
from typing_deck import FILES


def test_letters_are_typed_compared_and_decide_the_rating(write: Write) -> None:
    project = write(FILES)
    with review(project) as program:
        program.wait_for("What is 柿?")
        program.wait_for("enter compare   esc other keys")
        # Every letter is part of the answer: `q` does not leave, `s` does not suspend.
        program.type("qs the")
        program.wait_for("> qs the█")
        program.type("\x15the kakx\x7fi\u0301\x7fi tree\r")
        program.wait_for("✗ wrong")
        program.wait_for("typed: the kak[i] tree")
        program.wait_for("right: the kak[í] tree")
        program.wait_for("Also right")
        program.type(" ")
        program.wait_for("What is Eiche?")
        program.type("OAK\r")
        program.wait_for("✓ right")
        assert "typed:" not in program.text
        program.type(" ")
        # A gap: escape leaves the line, and keys are commands again.
        program.wait_for("[…] makes wood")
        program.type("xyz\x1b")
        program.wait_for("space show the answer")
        program.type("f")
        program.wait_for("flagged")
        program.type(" 4")
        # Enter alone shows the answer, without a verdict.
        program.wait_for("Cambium makes […]")
        program.type("\r")
        program.wait_for("1 Again")
        assert "wrong" not in program.text
        program.type("3")
        program.wait_for("What is 柿?")
        program.type("Persimmon\r")
        program.wait_for("✓ right")
        program.type(" ")
        program.wait_for("What is Eiche?")
        program.type("\x1b")
        program.wait_for("space ")
        program.type("u")
        program.wait_for("took back Good")
        program.wait_for("> █")
        program.type("\x1b")
        program.wait_for("space ")
        program.type("q")
        assert program.wait_for_exit() == 0

    acts = [(key, act, rating) for key, act, rating in read_acts(project) if act != "undo"]
    assert acts == [
        ("trees:kaki/there", "answer", 1),
        ("trees:eiche/there", "answer", 3),
        ("trees:gap/c1", "flag", None),
        ("trees:gap/c1", "answer", 4),
        ("trees:gap/c2", "answer", 3),
        ("trees:kaki/there", "answer", 3),
    ]


def test_escape_leads_back_to_the_line_and_what_was_typed_is_still_there(write: Write) -> None:
    with review(write(FILES)) as program:
        program.wait_for("What is 柿?")
        program.type("pers\x1b")
        program.wait_for("space show the answer   esc type")
        program.type("f")
        program.wait_for("flagged")
        program.type("\x1b")
        program.wait_for("> pers█")
        program.type("immon\r")
        program.wait_for("✓ right")
        # Of an answer that is shown, nothing is typed.
        program.type("\x1b")
        program.wait_for("? shows all keys")
        assert "esc type" not in program.text
        program.type(" ")
        # Whoever asks for the answer gives up: what was typed so far is not compared.
        program.wait_for("What is Eiche?")
        program.type("elm\x1b")
        program.wait_for("esc type")
        program.type(" ")
        program.wait_for("1 Again")
        assert "wrong" not in program.text
        program.type("q")
        assert program.wait_for_exit() == 0


def test_hints_beside_a_line_can_be_clicked_and_nothing_else_is_typed(write: Write) -> None:
    fence = "```\\n1) [ ] an option\\n```"
    kind = FILES["kinds/word.yaml"].replace("**{{word}}**?", f"**{{{{word}}}}**?\\n\\n{fence}")
    with review(write({**FILES, "kinds/word.yaml": kind})) as program:
        program.wait_for("> █")
        click(program, "1) [ ]")
        program.type("oak")
        program.wait_for("> oak█")
        click(program, "other keys")
        program.wait_for("esc type")
        click(program, "esc type")
        program.wait_for("> oak█")
        click(program, "enter compare")
        program.wait_for("✗ wrong")
        program.type("q")
        assert program.wait_for_exit() == 0


def test_a_long_answer_shows_its_end_in_a_narrow_window(write: Write) -> None:
    project = write(FILES)
    with review(project, size=(30, 10)) as program:
        program.wait_for("What is 柿?")
        program.type("木" * 20 + "end")
        program.wait_for("木end█")
        rows = program.text.splitlines()
        assert all(len(row) <= 30 for row in rows)
        program.type("\x1b")
        program.wait_for("space ")
        program.type("q")
        assert program.wait_for_exit() == 0


def test_line_by_line_a_line_is_the_answer_and_commands_begin_with_a_colon(write: Write) -> None:
    project = write(FILES)
    lines = ":?\n:f\nthe kaki tree\n\nq\n\n\n4\n:s\n:q\n"
    printed = pipe(project, lines, "--plain")

    for said in (
        "[type the answer; enter alone to see it, :? for help]",
        "where an answer is typed, commands begin with a colon, as in :q",
        "flagged",
        "typed: the kak[i] tree",
        "right: the kak[í] tree",
        "✗ wrong",
        "enter: again]",
        # `q` is an answer, and a wrong one.
        "typed: [q]",
        "suspended trees:gap",
    ):
        assert said in printed, said
    assert [act for _, act, _ in read_acts(project)] == [
        "flag",
        "answer",
        "answer",
        "answer",
        "suspend",
    ]
