"""From a goal to a changed date: three days of study, a mock exam, and a miss made into a card."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from exam_project import write_exam_project

if sys.platform == "win32":
    pytest.skip("no pseudo-terminal there", allow_module_level=True)

from pty_driver import PtyProgram

FIRST_DAY: Final = date(2026, 11, 24)


@pytest.fixture
def forest(tmp_path: Path) -> Path:
    return write_exam_project(tmp_path)


class Learner:
    """Types `cards` commands in a terminal, at nine in the morning of a day."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.day = FIRST_DAY

    def start(self, *words: str) -> PtyProgram:
        return PtyProgram(
            [sys.executable, "-m", "cardwright", "-C", str(self.project), *words],
            columns=100,
            lines=40,
            environ={
                "CARDS_DB": str(self.project.parent / "reviews.db"),
                "CARDS_NOW": f"{self.day}T09:00:00+00:00",
                "PYTHONUTF8": "1",
                "TZ": "UTC",
            },
        )

    def run(self, *words: str) -> str:
        with self.start(*words) as program:
            code = program.wait_for_exit()
            assert code == 0, program.text
            return program.output.decode()

    def ask(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))

    def study(self, answers: int) -> None:
        """Answer Good to so many prompts, and stop."""
        with self.start("review", "--limit", str(answers)) as program:
            for _ in range(answers):
                program.wait_for("space")
                program.type(" ")
                program.wait_for("3 Good")
                program.type("3")
                program.wait_until(lambda: "3 Good" not in program.text, "the next card")
            program.wait_until(
                lambda: "Everything is saved" in program.text or "space finish" in program.text,
                "end",
            )
            if "space finish" in program.text:
                program.type(" ")
            assert program.wait_for_exit() == 0


def test_from_a_goal_to_a_changed_date(forest: Path) -> None:
    learner = Learner(forest)

    said = learner.run("exam", "set", "trees", "--date", "2026-12-05", "--minutes", "10")
    assert "11 study days of 10 minutes" in said
    assert learner.ask("exam", "status")["seen"] == 0

    for day in range(3):
        learner.day = FIRST_DAY + timedelta(days=day)
        learner.study(4)
    status = learner.ask("exam", "status")
    assert status["seen"] >= 4
    assert status["days_left"] == 9

    with learner.start("exam", "mock", "--questions", "4", "--seed", "3") as program:
        for number in range(1, 5):
            program.wait_for(f"question {number} of 4")
            program.type("1")
            program.wait_for("[x]")
            program.type("n" if number < 4 else "h")
        program.wait_for("Hand it in?")
        program.type("y")
        program.wait_for("result")
        program.type("n")
        program.wait_for("1 of 4")
        program.type("E")
        program.wait_for("the deck of trees has no source_url")
        program.type("q")
        program.wait_for_exit()
    (mock,) = learner.ask("exam", "mock", "--list")
    assert mock["score"]["total"] == 4

    missed = "trees:b2-1"
    made = learner.run(
        *("exam", "miss", missed, "--mode", "haste", "--failure", "Taking the first answer."),
        *("--rule", "Read the stem to its end.", "--action", "Read it twice.", "--to-card"),
    )
    assert "cards/personal" in made
    assert "Read it twice." in (forest / "cards" / "personal" / "misses.yaml").read_text("utf-8")
    assert "b2-1" in json.dumps(learner.ask("exam", "misses"))
    assert "0 errors" in learner.run("check")

    ready = learner.ask("exam", "ready")
    assert 0 < ready["on_day"]["*"]["recall"] <= 1
    assert {signal["id"] for signal in ready["signals"]} == {"tells-trees", "calm"}

    learner.run("exam", "set", "trees", "--date", "2026-12-12")
    plan = learner.ask("exam", "plan")
    assert plan["days_left"] == 16
    assert plan["minutes_a_day"] == 10
    assert [week["lessons"] for week in plan["weeks"]][-1] == ["b1", "b2"]
