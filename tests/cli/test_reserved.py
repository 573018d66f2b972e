"""Cards reserved for mock exams: review and drill leave them out until they are released."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cardwright.app.mock import draw_drill, draw_mock
from cardwright.app.study import open_study
from cardwright.cli.environment import read_clock
from exam_project import make_exam_files
from project_files import Run, Write

RESERVED = ("a1-1", "a1-2", "a2-1", "b1-1")
"""Some questions, of two kinds."""


@pytest.fixture(autouse=True)
def forest(write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    monkeypatch.delenv("CARDS_DB", raising=False)
    files = dict(make_exam_files(each=9))
    questions = files["cards/trees/questions.yaml"]
    for id in RESERVED:
        questions = questions.replace(f"  - id: {id}\n", f"  - id: {id}\n    reserved: mock\n")
    files["cards/trees/questions.yaml"] = questions
    return write(files)


def read(run: Run, *words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


def list_due(run: Run, *words: str) -> set[str]:
    """Return the ids of the cards that review would ask today, without a limit for new ones."""
    run("options", "trees", "new_per_day=999")
    prompts = [row["prompt"] for row in read(run, "due", *words)["prompts"]]
    return {prompt.partition(":")[2].partition("/")[0] for prompt in prompts}


def test_check_list_and_show_tell_what_is_reserved(run: Run) -> None:
    listed = {card["id"]: card["reserved"] for card in read(run, "list")}
    assert {id for id, word in listed.items() if word} == set(RESERVED)
    assert set(listed.values()) == {"mock", None}
    assert read(run, "show", "a1-1")["reserved"] == "mock"
    assert "Reserved for mock exams" in run("show", "a1-1").stdout
    lines = run("list", "--lesson", "a1").stdout.splitlines()
    assert [line.endswith("(reserved)") for line in lines if " a1 " in line] == [True] * 2 + [
        False
    ] * (len(lines) - 2)
    rows = run("list", "--csv", "--lesson", "b1").stdout
    assert sum(",mock," in row for row in rows.splitlines()) == 1


def test_review_leaves_them_out_until_they_are_released_and_again_once_held(run: Run) -> None:
    every = {card["id"] for card in read(run, "list")}
    assert list_due(run) == every - set(RESERVED)
    # A deck, kind or lesson may have no others.
    assert read(run, "due", "--lesson", "a1")["new"] == 8

    told = run("exam", "release").stdout
    assert "4 reserved cards can be asked from now on" in told
    assert "unseen questions are left for 3 mock exams, 2 without the reserved ones" in told
    assert list_due(run) == every

    assert "4 reserved cards held back" in run("exam", "release", "trees", "--hold").stdout
    assert read(run, "exam", "release", "--hold") == {
        "pack": "trees",
        "reserved": 4,
        "held": True,
        "unseen_mocks": 3,
        "unseen_mocks_without_reserved": 2,
    }
    assert list_due(run) == every - set(RESERVED)


def test_next_and_answer_ask_none(run: Run) -> None:
    assert read(run, "next", "--kind", "choice")["prompt"] == "trees:a1-3/choose"

    refused = run("answer", "a1-1", "good", exit_code=1).stderr
    assert "reserved for mock exams" in refused
    assert "cards exam release trees" in refused
    run("exam", "release")
    assert read(run, "answer", "a1-1", "good")["state"] == "learning"


def test_what_was_answered_before_keeps_its_memory_and_waits(run: Run, forest: Path) -> None:
    path = forest / "cards/trees/questions.yaml"
    reserved = path.read_text("utf-8")
    path.write_text(reserved.replace("    reserved: mock\n", ""), "utf-8")
    run("answer", "a1-1", "easy", "--at", "2026-10-01T09:00")
    assert "a1-1" in list_due(run)

    path.write_text(reserved, "utf-8")

    assert "a1-1" not in list_due(run)
    assert read(run, "history", "a1-1")["reps"] == 1
    # A script that replays answers can go on.
    run("answer", "a1-1", "good", "--at", "2026-10-20T09:00")
    run("exam", "release")
    assert "a1-1" not in list_due(run)
    assert read(run, "history", "a1-1")["reps"] == 2


def test_plan_and_forecast_count_what_they_ask(run: Run) -> None:
    prompts = sum(len(card["prompts"]) for card in read(run, "list"))
    run("exam", "set", "trees", "--date", "2026-12-20")

    assert read(run, "exam", "status")["prompts"] == prompts - len(RESERVED)
    assert read(run, "exam", "ready")["prompts"] == prompts - len(RESERVED)
    run("exam", "release")
    assert read(run, "exam", "status")["prompts"] == prompts


def test_after_the_day_of_the_exam_they_are_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("exam", "set", "trees", "--date", "2026-12-20")
    counted = read(run, "exam", "status")["prompts"]
    for day, is_asked in (("19", False), ("20", False), ("21", True)):
        monkeypatch.setenv("CARDS_NOW", f"2026-12-{day}T09:00:00+01:00")
        assert ("a1-1" in list_due(run)) == is_asked

    # The forecasts that the summary looks back on did not count them.
    assert read(run, "exam", "status")["summary"]["prompts"] == counted
    assert "since the exam is over" in run("exam", "release", "--hold").stdout
    run("exam", "set", "trees", "--date", "2027-02-20")
    assert "a1-1" not in list_due(run)


def test_coverage_tells_how_many_mock_exams_there_are(run: Run) -> None:
    found = read(run, "exam", "coverage")

    assert (found["questions"], found["reserved"], found["mocks"]) == (36, 4, 3)
    assert [domain["reserved"] for domain in found["domains"]] == [3, 1]
    shown = " ".join(run("exam", "coverage").stdout.split())
    assert (
        "36 questions for mock exams, 4 of them reserved: enough for 3 mock exams without repetition."
        in shown
    )


def test_a_drill_asks_none_and_a_mock_exam_does(forest: Path) -> None:

    with open_study(forest, forest.parent / "own.db", read_clock()) as study:
        blueprint = study.sources.blueprints["trees"]
        drill = draw_drill(study, blueprint, seed=1, count=99)
        mock, _ = draw_mock(study, blueprint, seed=1, count=99)
        names = [
            {one.card_ref.partition(":")[2] for one in made.questions} for made in (drill, mock)
        ]
    assert len(names[0]) == 32
    assert names[0].isdisjoint(RESERVED)
    assert set(RESERVED) <= names[1]


def test_a_drill_of_reserved_questions_only_says_what_to_do(run: Run, forest: Path) -> None:
    path = forest / "cards/trees/questions.yaml"
    path.write_text(f"reserved: mock\n{path.read_text('utf-8')}", "utf-8")

    error = run("exam", "drill", "--lesson", "a1", exit_code=1).stderr

    assert "there is no card with options to ask" in error
    assert "`cards exam release` lets drills ask the reserved ones" in error


def test_a_release_reaches_other_machines(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    run("exam", "release")
    run("sync", str(tmp_path / "shared"))
    other = str(tmp_path / "other.db")
    assert "a1-1" not in str(read(run, "due", "--lesson", "a1", "--db", other))

    run("sync", str(tmp_path / "shared"), "--db", other)

    assert read(run, "due", "--lesson", "a1", "--db", other)["new"] == 10


def test_there_may_be_nothing_to_release(run: Run, write: Write) -> None:
    write(make_exam_files())

    assert "no card of `trees` is reserved" in run("exam", "release", exit_code=1).stderr


def test_the_index_tells_what_is_reserved_from_start_to_start(run: Run, forest: Path) -> None:
    path = forest / "cards/trees/questions.yaml"
    for _ in range(2):
        assert not list_due(run) & set(RESERVED)
    path.write_text(path.read_text("utf-8").replace("reserved: mock", "extra: more"), "utf-8")
    for _ in range(2):
        assert set(RESERVED) <= list_due(run)
