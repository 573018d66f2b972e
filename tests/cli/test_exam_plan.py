"""`cards exam set`, `status`, `plan` and `ready`, and how a goal affects `cards review`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from icalendar import Calendar

from cardwright.cli.main import cards
from cardwright.exam.goal import Goal
from exam_project import TWO_SETS, change_blueprint, make_exam_files, run_exam
from project_files import Write
from pty_driver import PtyProgram

WITHOUT = """
import sys
sys.modules.update({name: None for name in ("numpy", "icalendar", "fsrs_rs_python")})
from cardwright.cli.main import main; main()
"""
"""`cards` as it is when no extra is installed."""


@pytest.fixture(autouse=True)
def forest(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    return write(make_exam_files())


def ask(forest: Path, *words: str) -> Any:
    return json.loads(run_exam(forest, *words, "--json").stdout)


def set_goal(forest: Path, *words: str) -> str:
    given = words or ("--date", "2026-12-10", "--minutes", "10", "--days-off", "sat,sun")
    return run_exam(forest, "set", "trees", *given).stdout


def set_refused(forest: Path, *words: str) -> str:
    return run_exam(forest, "set", "trees", *words, exit_code=1).stderr


def run_without_extras(forest: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, "-C", str(forest), *words],
        capture_output=True,
        text=True,
        input="q\n",
        check=False,
    )


def test_prompts_answered_in_a_wrong_future_are_asked_before_the_exam(
    forest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*words: str) -> Any:
        line = ["-C", str(forest), *words, "--json"]
        return json.loads(CliRunner().invoke(cards, line, catch_exceptions=False).stdout)

    monkeypatch.setenv("CARDS_NOW", "2099-01-01T09:00:00+01:00")
    prompt = run("next")["prompt"]
    run("answer", prompt, "easy")
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    set_goal(forest, "--date", "2026-12-10", "--minutes", "300")

    due = run("due")

    assert prompt in [one["prompt"] for one in due["prompts"]]
    assert due["today"]["spent_minutes"] == 0


def test_a_goal_is_kept_and_changed_in_part(forest: Path) -> None:
    assert "10 study days of 10 minutes, days off: sat, sun" in set_goal(forest)
    set_goal(forest, "--date", "2026-12-20")

    status = ask(forest, "status")
    assert status["exam_on"] == "2026-12-20"
    assert status["minutes_a_day"] == 10
    assert status["days_off"] == [5, 6]
    assert status["set_on"] == "2026-11-26"
    assert status["days_left"] == 24
    assert status["today"]["new"] > 0

    shown = run_exam(forest, "set", "trees", "--minutes", "20", "--json").stdout
    given = json.loads(shown)
    assert (given["minutes_a_day"], given["days_left"], given["study_days_left"]) == (20, 24, 17)
    assert given["on_day"]["*"]["recall"] > 0
    assert "trees: the exam is cleared" in run_exam(forest, "set", "trees", "--clear").stdout
    assert "trees: no exam was set" in run_exam(forest, "set", "trees", "--clear").stdout
    assert "no exam is set" in run_exam(forest, "status", exit_code=1).stderr


def test_a_goal_that_is_changed_later_was_set_when_it_was(
    forest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the last days, in which worth alone decides, would begin anew."""
    set_goal(forest)
    monkeypatch.setenv("CARDS_NOW", "2026-12-01T09:00:00+01:00")
    assert "days off: none" in set_goal(forest, "--days-off", "none")

    status = ask(forest, "status")

    assert (status["set_on"], status["exam_on"]) == ("2026-11-26", "2026-12-10")
    assert status["days_off"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("oaks", "--date", "2027-01-01"), "there is no pack `oaks` (packs: trees)"),
        (("trees", "--date", "2026-11-26"), "2026-11-26 is not after today, 2026-11-26"),
        (("trees", "--date", "soon"), "`soon` is not a valid date: write YYYY-MM-DD"),
        (("trees",), "--date is required"),
        (("trees", "--date", "2027-01-01", "--days-off", "someday"), "name weekdays"),
        (("trees", "--date", "2027-01-01", "--start-as", "x"), "walker: I walk in woods"),
    ],
)
def test_a_goal_that_cannot_be_is_refused(forest: Path, words: tuple[str, ...], said: str) -> None:
    code = 2 if "date:" in said or "required" in said or "weekdays" in said else 1
    assert said in run_exam(forest, "set", *words, exit_code=code).stderr


@pytest.fixture
def nearby(monkeypatch: pytest.MonkeyPatch) -> int:
    """Plan a month ahead at most, and fail where anything goes through more days than that."""
    days = 30
    list_days = Goal.list_days

    def list_few(goal: Goal, today: int) -> list[int]:
        assert goal.exam_day - today <= days
        return list_days(goal, today)

    monkeypatch.setattr("cardwright.exam.goal.MAX_PLANNED_DAYS", days)
    monkeypatch.setattr(Goal, "list_days", list_few)
    return days


@pytest.mark.parametrize(
    ("now", "exam_on", "planned_to"),
    [
        ("2026-11-26T09:00:00+01:00", "9999-12-31", "2026-12-26"),
        ("1970-01-02T09:00:00+00:00", "2026-12-10", "1970-02-01"),
    ],
)
def test_the_work_does_not_grow_with_the_distance_to_the_exam(
    forest: Path,
    tmp_path: Path,
    nearby: int,
    monkeypatch: pytest.MonkeyPatch,
    now: str,
    exam_on: str,
    planned_to: str,
) -> None:
    set_goal(forest, "--date", exam_on, "--minutes", "20", "--yes")
    monkeypatch.setenv("CARDS_NOW", now)
    for words in (["due"], ["next"], ["stats"], ["review", "--plain"], ["exam", "coverage"]):
        done = CliRunner().invoke(cards, ["-C", str(forest), *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output

    status, plan, ready = (ask(forest, word) for word in ("status", "plan", "ready"))
    assert status["planned_to"] == plan["planned_to"] == ready["planned_to"] == planned_to
    assert status["exam_on"] == exam_on
    assert status["days_left"] == status["study_days_left"] > nearby
    assert len(plan["days"]) == nearby
    assert plan["weeks"][-1]["last_on"] < planned_to
    assert ready["on_day"]["*"]["recall"] > 0
    for word in ("status", "plan", "ready"):
        shown = " ".join(run_exam(forest, word).stdout.split())
        assert f"more than two years away: plan and forecast go up to {planned_to}" in shown
    run_exam(forest, "plan", "--ics", str(tmp_path / "plan.ics"))
    events: list[Any] = Calendar.from_ical((tmp_path / "plan.ics").read_bytes()).walk("VEVENT")
    assert max(event["dtstart"].dt for event in events).isoformat() == exam_on


def test_the_name_of_an_exam_may_have_several_lines(forest: Path, tmp_path: Path) -> None:
    path = forest / "decks" / "trees" / "blueprint.yaml"
    text = path.read_text("utf-8")
    path.write_text(re.sub("(?m)^name: .*$", r'name: "One\\n\\n```Two"', text, count=1), "utf-8")
    run_exam(forest, "set", "trees", "--date", "2026-12-10")
    run_exam(forest, "plan", "--ics", str(tmp_path / "plan.ics"))
    assert "X-WR-CALNAME:One ```Two" in (tmp_path / "plan.ics").read_text("utf-8")


def test_a_date_more_than_two_years_away_needs_a_yes(forest: Path) -> None:
    far = ("set", "trees", "--date", "2099-12-10")
    refused = run_exam(forest, *far, exit_code=1)
    assert "2099-12-10 is 73 years away" in refused.stderr
    assert "`--yes` accepts it" in refused.stderr
    assert "no exam is set" in run_exam(forest, "status", exit_code=1).stderr

    store = ("--db", str(forest.parent / "reviews.db"))
    command = [sys.executable, "-m", "cardwright", "-C", str(forest), "exam", *far, *store]
    for answer, exit_code in (("n", 1), ("y", 0)):
        with PtyProgram(command) as program:
            program.wait_for("Is that the day of the exam?")
            program.type(f"{answer}\r")
            assert program.wait_for_exit() == exit_code
    run_exam(forest, "set", "trees", "--minutes", "20")
    assert "2099-12-10: " in run_exam(forest, "set", "trees", "--days-off", "sat").stdout
    set_goal(forest, "--date", "2028-11-25")


def test_the_plan_covers_every_day_and_says_when_it_does_not_fit(
    forest: Path, write: Write
) -> None:
    write(make_exam_files(each=20))
    set_goal(forest, "--date", "2026-12-10", "--minutes", "1", "--start-as", "walker")
    plan = ask(forest, "plan")

    assert plan["met_share"] < 1
    assert plan["enough_minutes"] > 1
    assert [week["first_on"] for week in plan["weeks"]] == ["2026-11-26", "2026-12-03"]
    assert [week["lessons"] for week in plan["weeks"]] == [["a1", "a2"], ["b1", "b2"]]
    assert all(day["minutes"] <= 1 + 48 / 60 for day in plan["days"])
    shown = run_exam(forest, "plan").stdout
    assert f"This does not fit: with 1 minute a day you see {plan['met_share']:.0%}" in " ".join(
        shown.split()
    )
    assert "it takes 2 to 5, reading" in " ".join(shown.split())
    assert re.search(r"1 to go: A walk", shown)

    # 14 days of 1 minute are less than the 2 hours that it takes at least; 14 of 10 are more.
    assert "That would be at least 9 minutes a day" in " ".join(shown.split())
    set_goal(forest, "--minutes", str(max(plan["enough_minutes"], 10)))
    shown = run_exam(forest, "plan").stdout
    assert "This fits" in shown
    assert "That would be" not in " ".join(shown.split())


def test_the_plan_as_a_calendar_and_as_markdown(forest: Path, tmp_path: Path) -> None:
    set_goal(forest)
    run_exam(forest, "plan", "--ics", str(tmp_path / "plan.ics"))
    events: list[Any] = Calendar.from_ical((tmp_path / "plan.ics").read_bytes()).walk("VEVENT")

    found = {str(event["uid"]): event for event in events}
    assert set(found) == {
        f"trees-{key}@cardwright" for key in ("week-2", "week-1", "day-1", "exam")
    }
    assert str(found["trees-exam@cardwright"]["dtstart"].dt) == "2026-12-10"
    assert str(found["trees-week-2@cardwright"]["summary"]) == "Week 1: Wood"
    assert str(found["trees-week-2@cardwright"]["dtend"].dt) == "2026-12-03"
    about = str(found["trees-week-2@cardwright"]["description"])
    assert about.startswith("Lessons a1, a2. 5 study days of 10 minutes: about ")

    markdown = run_exam(forest, "plan", "--markdown").stdout
    assert markdown.startswith("# Forester: plan to 2026-12-10\n")
    assert "| Thu 26 Nov to Wed 02 Dec | Wood | a1, a2 |" in markdown


def test_readiness_counts_what_was_never_met_as_unknown(forest: Path) -> None:
    set_goal(forest)
    ready = ask(forest, "ready")

    assert ready["unseen"] == ready["prompts"]
    assert ready["recall_today"]["*"]["recall"] == 0
    whole = ready["on_day"]["*"]
    assert 0 < whole["low"] <= whole["recall"] <= whole["high"] <= 1
    assert ready["signals"] == [
        {"id": "tells-trees", "recall": 0.0, "given": False},
        {"id": "calm", "recall": None, "given": None},
    ]
    assert ready["calibration"] is None
    shown = " ".join(run_exam(forest, "ready").stdout.split())
    assert "not a chance of passing" in shown
    assert "none is a week old yet" in shown


def forget_lesson(forest: Path, lesson: str) -> None:
    """Answer every question of a lesson once, long ago."""
    for number in range(1, 6):
        words = ("answer", f"{lesson}-{number}", "again", "--at", "2026-10-01T09:00")
        assert CliRunner().invoke(cards, ["-C", str(forest), *words]).exit_code == 0


def test_the_plan_repairs_a_weak_lesson_first_and_leaves_out_what_was_seen(forest: Path) -> None:
    set_goal(forest)
    forget_lesson(forest, "b2")

    weeks = ask(forest, "plan")["weeks"]

    assert weeks[0]["focus"].startswith("Repair first: b2. ")
    assert weeks[0]["lessons"][0] == "b2"
    assert [week["lessons"] for week in weeks[1:]] == [["b1"]]


def test_readiness_by_objective_names_the_weak_ones(forest: Path) -> None:
    guided = change_blueprint(objectives=TWO_SETS)
    (forest / "decks" / "trees" / "blueprint.yaml").write_text(guided, "utf-8")
    questions = forest / "cards" / "trees" / "questions.yaml"
    text = questions.read_text("utf-8").replace(
        "    lesson: b2", "    lesson: b2\n    objectives: [g2]"
    )
    questions.write_text(text, "utf-8")
    set_goal(forest)
    forget_lesson(forest, "b2")

    shown = run_exam(forest, "ready").stdout
    found = ask(forest, "ready")["objective_sets"]

    assert [one["name"] for one in found] == ["Official guide", "Syllabus"]
    (weak,) = found[0]["weakest"]
    assert (weak["id"], weak["about"], weak["seen"]) == ("g2", "Say why leaves fall", 5)
    assert 0 < weak["recall"] == weak["seen_recall"] < 0.8
    # The other objective of the guide has no card that names it.
    assert found[0]["recall"] == pytest.approx(weak["recall"] / 2)
    assert found[1] == {"name": "Syllabus", "recall": 0.0, "weakest": []}
    percent = f"{weak['recall']:.0%}"
    assert re.search(rf"(?m)^  g2 Say why leaves fall +{percent}  {percent} of 5$", shown)


def test_next_and_due_tell_what_review_would_ask(forest: Path) -> None:
    set_goal(forest)
    run = run_without_extras

    asked = json.loads(run(forest, "next", "--json").stdout)["prompt"]
    due = json.loads(run(forest, "due", "--json").stdout)
    status = ask(forest, "status")["today"]

    assert due["prompts"][0]["prompt"] == asked
    assert (due["new"], due["review"]) == (status["new"], status["reviews"])
    card = asked.partition("/")[0].partition(":")[2]
    shown = run(forest, "show", card).stdout
    first = run(forest, "review", "--plain").stdout
    question = next(line for line in shown.splitlines() if line.endswith("?"))
    assert question in first


def test_a_selection_without_a_part_in_the_plan_does_not_deny_the_rest(forest: Path) -> None:
    set_goal(forest, "--date", "2026-12-10", "--minutes", "1")
    due = json.loads(run_without_extras(forest, "due", "--json").stdout)
    planned = {prompt["prompt"].partition(":")[2][:2] for prompt in due["prompts"]}
    other = min({"a1", "a2", "b1", "b2"} - planned)

    shown = run_without_extras(forest, "review", "--plain", "--lesson", other).stdout

    assert shown.startswith("Nothing left to review today of what you selected.\n")
    assert "new prompt" in shown


def test_after_the_date_the_usual_rule_asks(forest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_goal(forest)
    before = run_without_extras(forest, "review", "--plain", "--why")
    monkeypatch.setenv("CARDS_NOW", "2026-12-10T09:00:00+01:00")
    after = run_without_extras(forest, "review", "--plain", "--why")

    assert "points a minute" in before.stdout
    assert "new 13," in " ".join(before.stdout.split()) or "new 12," in before.stdout
    assert "points a minute" not in after.stdout
    assert "new 20," in after.stdout
    for day, told in (("10", "the exam is today"), ("11", "the exam was on 2026-12-10")):
        monkeypatch.setenv("CARDS_NOW", f"2026-12-{day}T09:00:00+01:00")
        for word in ("plan", "ready"):
            assert told in run_exam(forest, word, exit_code=1).stderr


def test_the_next_exam_is_a_new_goal(forest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_goal(forest)
    monkeypatch.setenv("CARDS_NOW", "2026-12-20T09:00:00+01:00")
    assert "the day of the next exam" in set_refused(forest, "--minutes", "20")
    set_goal(forest, "--date", "2027-01-10")

    status = ask(forest, "status")
    assert (status["set_on"], status["minutes_a_day"]) == ("2026-12-20", 10)
    assert status["so_far"]["study_days"] == 0
    assert [made["made_on"] for made in ask(forest, "ready")["earlier"]] == ["2026-12-20"]


def test_without_the_extras_there_is_a_message_and_review_works(forest: Path) -> None:
    set_goal(forest)
    # Another goal: the plan that is kept is not for it.
    run_without_extras(forest, "exam", "set", "trees", "--minutes", "10", "--yes")

    for words in (["exam", "plan"], ["exam", "ready"]):
        done = run_without_extras(forest, *words)
        assert done.returncode == 1
        assert "pip install 'cardwright[exam]'" in done.stderr
        assert "Traceback" not in done.stderr
    status = run_without_extras(forest, "exam", "status")
    assert "No forecast: a plan needs numpy" in status.stdout
    assert "14 days left, 10 study days of 10 minutes" in status.stdout
    assert "`cards review` asks them" in status.stdout
    given = run_without_extras(forest, "exam", "set", "trees", "--minutes", "20")
    assert "10 study days of 20 minutes" in given.stdout
    assert "No forecast: a plan needs numpy" in " ".join(given.stdout.split())
    assert run_without_extras(forest, "review", "--plain").returncode == 0
    assert run_without_extras(forest, "exam", "coverage").returncode == 0
    optimize = run_without_extras(forest, "optimize")
    assert optimize.returncode == 1
    assert "pip install" in optimize.stderr
