"""Twins: of questions with the same options, a day, a drill and a mock exam ask one."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cardwright.app.choice import Choice
from cardwright.app.mock import draw_drill, draw_mock
from cardwright.app.study import open_study
from cardwright.cli.environment import read_clock
from cardwright.exam.mock import Question, put_mock
from exam_project import BLUEPRINT
from project_files import Run, Write

LESSONS = ("a1", "a2", "b1", "b2")
SETS = 6
"""In each lesson, of three twins: two that are asked in review, and one that is reserved."""


def make_questions(lesson: str, *, is_reserved: bool) -> str:
    twins = [2] if is_reserved else [0, 1]
    lines = ["kind: choice", f"lesson: {lesson}", *(["reserved: mock"] * is_reserved), "cards:"]
    for number in range(SETS):
        for twin in twins:
            lines += [f"  - id: {lesson}-{number}-{twin}", f"    twins: {lesson}-{number}"]
            lines += [f"    question: In lesson {lesson} of wood {number}, who am {twin}?"]
            lines += ["    options:"]
            lines += [
                f"      - {{{'right' if place == twin else 'wrong'}: {name}, reason: Right if so.}}"
                for place, name in enumerate(("Oak", "Elm", "Yew"))
            ]
    return "\n".join(lines) + "\n"


@pytest.fixture(autouse=True)
def forest(write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    monkeypatch.delenv("CARDS_DB", raising=False)
    files = {
        f"cards/trees/{lesson}{'-mock' * is_reserved}.yaml": make_questions(
            lesson, is_reserved=is_reserved
        )
        for lesson in LESSONS
        for is_reserved in (False, True)
    }
    exam = BLUEPRINT.replace("kinds: [pick]", "kinds: [choice]")
    files["decks/trees/blueprint.yaml"] = re.sub(r"(?ms)^objectives:.*?^starts:", "starts:", exam)
    files["decks/trees/deck.yaml"] = "name: Trees\nnamespace: trees\noptions: {new_per_day: 999}\n"
    return write(files)


def read(run: Run, *words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


def set_of(name: str) -> str:
    """Return the set of twins of a card or prompt."""
    return name.partition("/")[0].rpartition(":")[2].rpartition("-")[0]


def list_due(run: Run) -> Counter[str]:
    """Return how many twins of each set review would ask today."""
    return Counter(set_of(row["prompt"]) for row in read(run, "due")["prompts"])


def test_a_day_asks_one_of_each_set(run: Run) -> None:
    every = {f"{lesson}-{number}" for lesson in LESSONS for number in range(SETS)}
    assert list_due(run) == dict.fromkeys(every, 1)

    run("answer", "a1-0-0", "easy")
    assert list_due(run) == dict.fromkeys(every - {"a1-0"}, 1)
    run("exam", "release")
    run("options", "trees", "bury_siblings=false")
    assert list_due(run) == {name: 2 if name == "a1-0" else 3 for name in every}


def test_the_day_of_an_exam_plan_asks_one_of_each_set(run: Run) -> None:
    run("exam", "set", "trees", "--date", "2026-12-20", "--minutes", "200")
    assert set(list_due(run).values()) == {1}
    before = len(list_due(run))

    # What a mock exam asked this morning, though review never would have.
    run("exam", "release")
    run("answer", "b2-5-2", "easy")
    run("exam", "release", "--hold")
    due = list_due(run)
    assert "b2-5" not in due
    assert (set(due.values()), len(due)) == ({1}, before - 1)


def test_the_same_day_without_an_exam_plan(run: Run) -> None:
    run("exam", "release")
    run("answer", "b2-5-2", "easy")
    run("exam", "release", "--hold")

    assert "b2-5" not in list_due(run)


def draw(forest: Path, *, is_drill: bool, seed: int, count: int) -> Sequence[Question]:
    with open_study(forest, forest / "store.db", read_clock()) as study:
        blueprint = study.sources.blueprints["trees"]
        if is_drill:
            return draw_drill(study, blueprint, seed=seed, count=count).questions
        return draw_mock(study, blueprint, seed=seed, count=count)[0].questions


@pytest.mark.parametrize("is_drill", [False, True])
def test_an_exam_and_a_drill_ask_one_of_each_set(forest: Path, *, is_drill: bool) -> None:
    for seed in range(5):
        for count, drawn in ((10, 10), (24, 24), (70, 24)):
            questions = draw(forest, is_drill=is_drill, seed=seed, count=count)
            sets = Counter(set_of(question.card_ref) for question in questions)
            assert (set(sets.values()), len(questions)) == ({1}, drawn)


def test_new_ones_come_first_of_each_set(run: Run) -> None:
    run("options", "trees", "bury_siblings=false")
    order = [row["prompt"] for row in read(run, "due", "--lesson", "a1")["prompts"]]

    firsts, seconds = order[:SETS], order[SETS:]
    assert [set_of(one) for one in firsts] == [set_of(one) for one in seconds]
    assert len(seconds) == SETS


def test_check_show_list_and_coverage_know_them(run: Run) -> None:
    # 36 questions on wood, of which an exam asks six, in twelve sets of three.
    assert run("check").output.endswith("0 errors, 0 warnings\n")
    assert read(run, "exam", "coverage")["mocks"] == 6
    assert "Twins: a1-0" in run("show", "a1-0-0").stdout
    assert {card["twins"] for card in read(run, "list", "--lesson", "a1")} == {
        f"a1-{number}" for number in range(SETS)
    }
    assert ",a1-0," in run("list", "--csv").stdout


def test_a_step_from_yesterday_keeps_its_twins_away(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_planned in (False, True):
        if is_planned:
            run("exam", "set", "trees", "--date", "2026-12-20", "--minutes", "200")
        else:
            run("answer", "a1-3-0", "again")
            monkeypatch.setenv("CARDS_NOW", "2026-11-27T09:00:00+01:00")
        due = [row["prompt"] for row in read(run, "due")["prompts"]]
        assert [one for one in due if set_of(one) == "a1-3"] == ["trees:a1-3-0/choose"]


def test_a_plan_does_not_promise_more_of_a_set_than_there_are_days(run: Run) -> None:
    run("exam", "release")
    plan = run("exam", "set", "trees", "--date", "2026-11-28", "--minutes", "600").output
    assert "no number of minutes would show you all" in plan
    assert "you see 67% of the prompts" in plan
    plan = run("exam", "set", "trees", "--date", "2026-11-29", "--minutes", "600").output
    assert "you see every prompt" in plan


def test_a_drill_leaves_the_twins_of_an_open_exam_for_last(forest: Path) -> None:
    with open_study(forest, forest / "store.db", read_clock()) as study:
        blueprint = study.sources.blueprints["trees"]
        mock = draw_mock(study, blueprint, seed=1)[0]
        with study.store.transaction():
            put_mock(study.store, mock, study.moment)
        asked = {set_of(question.card_ref) for question in mock.questions}
        drill = draw_drill(study, blueprint, seed=1, count=10)

    assert len(asked) == 10
    assert asked.isdisjoint(set_of(question.card_ref) for question in drill.questions)


def test_twins_of_a_card_edited_in_a_session_count_at_once(forest: Path) -> None:
    path = forest / "cards/trees/a1.yaml"
    with open_study(forest, forest / "store.db", read_clock()) as study:
        before = study.make_queue(Choice(lessons=["a1"]), {})[0].counts.new
        path.write_text(path.read_text("utf-8").replace("twins: a1-1\n", "twins: a1-0\n"), "utf-8")
        assert study.reload(study.items[0], study.moment.at_ms)
        after = study.make_queue(Choice(lessons=["a1"]), {})[0].counts.new
        path.write_text("cards: [", "utf-8")
        is_used = study.reload(study.find_item("a1-0-0"), study.moment.at_ms)
        broken = study.make_queue(Choice(lessons=["a1"]), {})[0].counts.new

    assert (before, after) == (SETS, SETS - 1)
    assert (is_used, broken) == (False, after), "the cards before the edit count, and so do twins"
