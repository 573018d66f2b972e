"""Today's work and the forecast of exam day are the same wherever they are shown."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from cardwright.app.preparation import put_goal
from cardwright.app.study import Study, open_study
from cardwright.cli.environment import parse_time
from cardwright.cli.main import cards
from cardwright.exam.goal import Goal
from cardwright.exam.plan import WHOLE, Learning
from cardwright.history import Act, Rating
from cardwright.terminal.exam import format_learning
from exam_project import make_exam_files
from project_files import Write

NOW: Final = "2026-11-30T09:00:00+01:00"
MINUTES: Final = 12
"""Of each day: enough for all prompts of the small project."""
STUDIED: Final = [("2026-11-26", 6), ("2026-11-27", 8), ("2026-11-28", 7), ("2026-11-30", 3)]
"""Dates, each with the number of prompts that were answered."""

Run = Callable[..., str]


@pytest.fixture
def forest(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a project with an exam, studied for some days and this morning."""
    monkeypatch.setenv("CARDS_NOW", NOW)
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    monkeypatch.setenv("COLUMNS", "200")
    forest = write(make_exam_files())
    with open_study(forest, tmp_path / "reviews.db", parse_time(NOW)) as study:
        set_goal(study)
        for on, number in STUDIED:
            answer(study, on, number)
    return forest


@pytest.fixture
def mashed(forest: Path, tmp_path: Path, write: Write) -> Path:
    """Return a larger project with the same answers, given by keys pressed in a row."""
    write(make_exam_files(each=20))
    for path in tmp_path.glob("reviews.db*"):
        path.unlink()
    with open_study(forest, tmp_path / "reviews.db", parse_time(NOW)) as study:
        set_goal(study)
        for on, number in STUDIED:
            answer(study, on, number, seconds=0.4)
    return forest


def set_goal(study: Study) -> None:
    set_on = date(2026, 11, 26)
    goal = Goal(pack="trees", exam_on=date(2026, 12, 10), minutes_a_day=MINUTES, set_on=set_on)
    put_goal(study.journal, "trees", goal, parse_time(f"{set_on}T08:00:00+01:00"))


def answer(study: Study, on: str, number: int, seconds: float = 9.0) -> None:
    """Answer some prompts twice on a date, an hour apart; the last ones wait in a step."""
    with study.store.transaction():
        for hour in (7, 8):
            for item in list(study.items)[: number - (hour == 8) * 2]:
                study.journal.record(
                    item.key,
                    Act.ANSWER,
                    parse_time(f"{on}T{hour:02}:00:00+01:00"),
                    rating=Rating.GOOD,
                    duration_ms=round(seconds * 1000),
                )


@pytest.fixture
def run(forest: Path) -> Run:
    def run_cards(*words: str, typed: str | None = None) -> str:
        found = CliRunner().invoke(cards, ["-C", str(forest), *words], input=typed)
        assert found.exit_code == 0, found.output
        return found.stdout

    return run_cards


def test_every_front_shows_the_same_figures(run: Run) -> None:
    shown: dict[str, Any] = {
        " ".join(words): json.loads(run(*words, "--json"))
        for words in (("exam", "status"), ("exam", "ready"), ("exam", "plan"), ("due",))
    }
    status = shown["exam status"]
    today, whole = status["today"], status["on_day"][WHOLE]
    assert [today[name] for name in ("new", "learning", "reviews")] == [14, 1, 4]
    assert 0 < today["minutes"] < MINUTES - today["spent_minutes"]
    for name, found in shown.items():
        assert (found["today"], found["on_day"]) == (today, status["on_day"]), name
    due = shown["due"]
    assert [due[name] for name in ("new", "learning", "review")] == [
        today[name] for name in ("new", "learning", "reviews")
    ]
    assert due["forecast"][0]["review"] == today["reviews"]
    assert [day["review"] for day in due["forecast"][1:3]] == [
        day["reviews"] for day in shown["exam plan"]["days"][1:3]
    ]

    work = "14 new prompts, 1 learning step and 4 reviews"
    minutes = f"about {today['minutes']:.0f} minute"
    expected = "Expected on exam day: {recall:.0%} ({low:.0%} to {high:.0%})".format(**whole)
    left = run("review", "--plain", typed="q\n")
    for text in (
        run("exam", "status"),
        run("exam", "ready"),
        run("exam", "plan"),
        run("due"),
        left,
    ):
        assert work in text
        assert minutes in text
        assert f"{expected}. The range holds nine times in ten." in text
    assert "new 14, learning 1, review 4" in left
    assert "The next study day is tomorrow." in left


def test_keys_pressed_in_a_row_make_no_plan(mashed: Path, run: Run) -> None:  # noqa: ARG001
    found = json.loads(run("exam", "status", "--json"))

    # A new prompt takes most people 48 s.
    assert 0 < found["today"]["new"] <= MINUTES * 60 / 40
    assert found["on_day"][WHOLE]["high"] < 0.99
    assert "more slowly" not in run("exam", "status")


@pytest.mark.parametrize(
    ("tests", "expected", "actual", "said"),
    [
        (29, 0.9, 0.5, ""),
        (60, 0.9, 0.88, ""),
        (60, 0.9, 0.7, "faster than your schedule expects: of 60 answers on a later day, 70%"),
        (60, 0.7, 0.9, "more slowly than"),
        (5000, 0.9, 0.88, ""),
        (5000, 0.9, 0.85, "`cards optimize` would fit the schedule as well."),
    ],
)
def test_a_noticeable_difference_is_said(
    tests: int, expected: float, actual: float, said: str
) -> None:
    found = format_learning(Learning(tests, expected, actual))

    assert said in found
    assert bool(said) is bool(found)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_header_shows_the_same_minutes_and_does_not_jump(forest: Path, run: Run) -> None:
    from pty_driver import PtyProgram

    today = json.loads(run("exam", "status", "--json"))["today"]
    found: list[float] = []

    with PtyProgram(
        [sys.executable, "-m", "cardwright", "-C", str(forest), "review"], columns=100
    ) as program:
        for _ in range(7):
            program.wait_for("space show")
            header = program.text.splitlines()[0]
            found.append(float(match[1]) if (match := re.search(r"~(\d+) min", header)) else 0.5)
            if len(found) == 1:
                assert "new 14 · learning 1 · review 4" in header
            program.type(" ")
            program.wait_for("3 Good")
            program.type("3")
            program.wait_until(lambda: "3 Good" not in program.text, "the next card")
        program.type("q")
        program.wait_for_exit()

    assert found[0] == round(today["minutes"])
    steps = [before - after for before, after in pairwise(found)]
    assert all(-0.01 < step <= 1 for step in steps), found
