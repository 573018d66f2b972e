"""The end of `cards review`: what was done, what is left, when to go on, and how."""

from __future__ import annotations

import re

import pytest

from cardwright.terminal.words import format_duration
from exam_project import make_exam_files
from project_files import Run, Write
from reviewing import FILES, LATE, NOW, pipe, review, store_of

TERM = ("--plain", "--kind", "term")


def end(printed: str) -> list[str]:
    """Return the lines behind the last blank one."""
    return printed.rstrip().rpartition("\n\n")[2].splitlines()


def test_a_session_that_was_stopped_says_what_is_left(write: Write) -> None:
    project = write(FILES)
    printed = pipe(project, "\n1\n\nq\n", "--plain")

    assert re.search(r"1 answer in \d+ s, \d+ s each\n  1 again\n  1 new card started\n", printed)
    assert end(printed) == [
        "Left today: 6 new, 1 learning, 0 review: about 3 min.",
        "Due tomorrow if you stop here: 1 prompt, about 1 min.",
        "Everything is saved.",
        "`cards review` goes on.",
        "`cards exam miss` records why you missed 1 card.",
    ]


def test_the_end_of_the_day_says_when_the_next_card_is_due(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write(FILES)
    printed = pipe(project, "\n4\n", *TERM)
    assert end(printed) == [
        "Due on Thu 12 Mar: 1 prompt, about 1 min.",
        "Everything is saved.",
        "`cards exam mock` starts a mock exam, `cards exam drill` a few questions.",
    ]
    assert pipe(project, "", *TERM).splitlines() == [
        "Nothing left to review today.",
        "Due on Thu 12 Mar: 1 prompt, about 1 min.",
    ]

    # A card that was asked today is not asked ahead, so nobody was told to.
    monkeypatch.setattr("reviewing.NOW", NOW.replace("03-02", "03-11"))
    hint = "`cards review --ahead 1` asks 1 prompt due tomorrow."
    assert pipe(project, "", *TERM).splitlines() == [
        "Nothing left to review today.",
        "Due tomorrow: 1 prompt, about 1 min.",
        hint,
    ]
    assert "Tree ring" in pipe(project, "q\n", *TERM, "--ahead", "1")


def test_a_day_off_is_not_the_next_day(write: Write, run: Run) -> None:
    manifest = "name: Trees\noptions: {learning_steps_minutes: []}\n"
    project = write({**FILES, "decks/trees/deck.yaml": manifest})
    run("days", "2026-03-03=off", "--db", str(store_of(project)))
    assert "Due on Wed 4 Mar if you stop here: 1 prompt" in pipe(project, "\n1\n", *TERM)


def test_a_cram_says_what_was_done_and_no_more(write: Write) -> None:
    printed = pipe(write(FILES), "\n3\n", *TERM, "--cram")
    assert "1 answer in" in printed
    assert "Due" not in printed
    assert "Left" not in printed


def test_whoever_is_quicker_than_planned_learns_why_more_is_left(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_NOW", NOW)
    project = write(make_exam_files())
    store = str(store_of(project))
    run("exam", "set", "trees", "--date", "2026-03-20", "--minutes", "2", "--db", store)
    why = "You were quicker than planned, so there is time for more:"

    assert why not in pipe(project, "\n4\nq\n", "--plain", "--minutes", "1")
    assert why not in pipe(project, "q\n", "--plain")
    assert why not in pipe(project, "\n4\n\n4\nq\n", "--plain", "--kind", "term")
    assert why in end(pipe(project, "\n4\n\n4\nq\n", "--plain"))


def test_commands_name_the_exam_if_there_are_several(write: Write) -> None:
    other = make_exam_files()
    project = write({**FILES, "decks/woods/blueprint.yaml": other["decks/trees/blueprint.yaml"]})
    assert "`cards exam mock trees` starts" in pipe(project, "\n4\n", *TERM)


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [(0, "0 s"), (9_400, "9 s"), (160_000, "2 min 40 s"), (3_900_000, "1 h 5 min")],
)
def test_a_duration(milliseconds: int, expected: str) -> None:
    assert format_duration(milliseconds) == expected


def test_keys_typed_at_the_end_do_not_reach_the_shell(write: Write) -> None:
    with review(write(FILES), program=LATE) as program:
        program.wait_for("Tree ring")
        program.type("q")
        program.wait_for("type now")
        program.type("rm -rf /\n")
        assert program.wait_for_exit() == 0

        assert not program.is_typed_ahead
