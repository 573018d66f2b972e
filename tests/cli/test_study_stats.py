"""`cards due`, `cards stats` and `cards history` on a real project and a real store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from math import nan
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import pytest

from cardwright.app.study import Study, open_study
from cardwright.cli.stats import PARTS
from cardwright.history import Act, Moment, count_days
from cardwright.study.expectations import ANSWER, TEST
from cardwright.study.stats import Effort, PromptCounts, Recall, Streak, compute_stats
from cardwright.study.workload import DueForecast
from cardwright.terminal.paint import paint
from cardwright.terminal.stats import PARTS as DRAWN
from cardwright.terminal.stats import draw_stats
from project_files import Run, Write
from study_store import FIRST_DAY, at, give, undo

DECK = """\
name: Trees
options: {fuzz: false, new_per_day: 2}
decks:
  - {name: Oaks, select: {lesson: "1.1"}}
  - {name: Elms, select: {lesson: "1.2"}}
"""
BLUEPRINT = """\
name: Forester
questions: 10
minutes: 20
domains:
  - id: leaves
    name: Leaves
    weight: 60
    lessons:
      - {id: "1.1", title: Broad leaves}
  - id: bark
    name: Bark
    weight: 40
    lessons:
      - {id: "1.2", title: "Rough \\u200fbark"}
"""
CARDS = """\
kind: basic
lesson: "1.1"
sources: [https://example.com/trees]
cards:
  - {id: oak, question: What is an oak?, answer: A tree with acorns.}
  - {id: ash, question: What is an ash?, answer: A tree with keys.}
  - {id: elm, lesson: "1.2", question: What is an elm?, answer: A tree., tags: [old]}
  - {id: fir, lesson: "1.2", question: What is a fir?, answer: A tree.}
  - {id: yew, lesson: "1.2", question: What is a yew?, answer: A tree.}
  - {id: box, lesson: "1.2", question: What is a box?, answer: A shrub.}
"""
OAK, ASH, ELM, GONE = (
    "trees:oak/recall",
    "trees:ash/recall",
    "trees:elm/recall",
    "trees:gone/recall",
)
Ask = Callable[..., Any]
"""Runs a command, and reads the JSON it prints."""
CASES = Path(__file__).parents[1] / "cases" / "stats.md"
TODAY = 12


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock to noon of the twelfth day after the first, and the terminal to 80 columns."""
    monkeypatch.setenv("CARDS_NOW", at(TODAY).local.isoformat())
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "study" / "reviews.db"))
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    write(
        {
            "decks/trees/deck.yaml": DECK,
            "decks/trees/blueprint.yaml": BLUEPRINT,
            "cards/trees/trees.yaml": CARDS,
        }
    )


@pytest.fixture
def study(project: Path, tmp_path: Path) -> Iterator[Study]:
    """The store in which the commands look, two weeks after it was begun."""
    with open_study(project, tmp_path / "study" / "reviews.db", at(TODAY)) as opened:
        journal = opened.journal
        for prompt in (OAK, ASH, ELM):
            give(journal, prompt, 0, 3, ms=12_000)
            give(journal, prompt, 0, 3, ms=4_000, minute=10)
        give(journal, OAK, 2, 3)
        give(journal, ASH, 2, 1)
        give(journal, ASH, 2, 3, minute=10)
        give(journal, ELM, 11, 3, ms=90_000)
        undo(journal, give(journal, OAK, 12, 1, minute=-20))
        give(journal, OAK, 12, 4, minute=-10, act=Act.CRAM)
        give(journal, GONE, 11, 2, minute=5)
        with journal.store.transaction():
            journal.record(ASH, Act.FLAG, at(12, -5))
        yield opened


@pytest.fixture
def ask(study: Study, run: Run) -> Ask:
    """Run a command on that store, and read its JSON."""
    assert study.store

    def ask_json(*words: str) -> Any:
        return json.loads(run(*words, "--json").stdout)

    return ask_json


def read_cases() -> list[tuple[str, str]]:
    blocks = CASES.read_text("utf-8").split("\n.\n")
    assert not blocks.pop().strip()
    commands = [block.rsplit("\n", 1)[-1] for block in blocks[::2]]
    return list(zip(commands, blocks[1::2], strict=True))


@pytest.mark.parametrize(
    ("command", "expected"), read_cases(), ids=[command for command, _ in read_cases()]
)
@pytest.mark.usefixtures("study")
def test_what_is_printed_at_80_columns(run: Run, command: str, expected: str) -> None:
    printed = run(*command.split()[1:]).stdout

    assert "\n".join(line.rstrip() for line in printed.splitlines()) == expected


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    "command", ["due", "stats", "stats all", f"history {OAK}", "history --day 2024-10-06"]
)
def test_nothing_is_wider_than_a_narrow_terminal(
    run: Run, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    printed = run(*command.split()).stdout

    assert max(map(len, printed.splitlines())) <= 40
    assert "\x1b" not in printed
    assert "\u200f" not in printed


def test_due_as_json(ask: Ask) -> None:
    row = ask("due", "--days", "3")

    assert list(row) == ["new", "learning", "review", "off", "backlog", "prompts", "forecast"]
    assert (row["off"], row["backlog"]) == (False, None)
    assert (row["new"], row["learning"], row["review"]) == (2, 0, 1)
    assert [(p["prompt"], p["state"]) for p in row["prompts"]] == [
        ("trees:ash/recall", "review"),
        ("trees:fir/recall", "new"),
        ("trees:yew/recall", "new"),
    ]
    ash, fir = row["prompts"][:2]
    assert list(ash) == ["prompt", "state", "due_at", "retrievability"]
    assert ash["due_at"] == "2024-10-07T04:00:00+00:00"
    assert 0.5 < ash["retrievability"] < 0.9
    assert (fir["due_at"], fir["retrievability"]) == (None, None)
    assert row["forecast"] == [
        {"on": "2024-10-16", "review": 1},
        {"on": "2024-10-17", "review": 1},
        {"on": "2024-10-18", "review": 0},
    ]


def test_due_of_a_choice(ask: Ask) -> None:
    assert ask("due", "--flagged")["review"] == 1
    assert ask("due", "elms")["review"] == 0
    assert ask("due", "--lesson", "1.1")["new"] == 0


def test_stats_as_json(ask: Ask) -> None:
    row = ask("stats")

    recall = row["recall"]
    assert (recall["reviews"], recall["actual"]) == (3, pytest.approx(2 / 3))
    nothing = dict.fromkeys(("actual", "expected", "low", "high"))
    assert recall["mature"] == {"reviews": 0, **nothing}
    assert [(r["lesson"], r["reviews"]) for r in recall["by_lesson"]] == [
        ("1.1 Broad leaves", 2),
        ("1.2 Rough \u200fbark", 1),
    ]
    assert [(r["domain"], r["actual"]) for r in recall["by_domain"]] == [
        ("Leaves", 0.5),
        ("Bark", 1.0),
    ]
    assert [(r["month"], r["reviews"]) for r in recall["by_month"]] == [("2024-10", 3)]
    assert sum(part["reviews"] for part in row["calibration"]["bins"]) == 3
    # Twelve answers of which the one that took 90 s counts 60 s, as every other of ours 8 s.
    assert row["answers"] == 12
    assert row["duration_ms"] == 3 * 16_000 + 5 * 8_000 + 60_000
    assert row["streak"] == {"current": 2, "longest": 2}
    assert sum(hour["answers"] for hour in row["by_hour"]) == 12
    assert sum(part["number"] for part in row["by_seconds"]) == 12
    assert [day["reviews"] for day in row["load"]["by_day"][:3]] == [1, 1, 0]
    assert row["load"]["overdue"] == 1
    assert row["prompts"] == {
        "new": 3,
        "learning": 0,
        "young": 2,
        "mature": 1,
        "suspended": 0,
        "leech": 0,
        "flagged": 1,
    }
    assert all(sum(part["number"] for part in b) == 3 for b in row["histograms"].values())
    assert [day["on"] for day in row["by_day"]] == [
        *("2024-10-04", "2024-10-06", "2024-10-15", "2024-10-16"),
    ]


def test_stats_of_a_choice_leave_out_what_is_gone(ask: Ask) -> None:
    assert ask("stats", "--days", "2")["answers"] == 3
    assert ask("stats", "--days", "2", "--kind", "basic", "--tag", "old")["answers"] == 1
    assert ask("stats", "--flagged")["recall"]["actual"] == 0.0


@pytest.mark.parametrize("days", ["0", "-3", "x", "9999999", "²"])
def test_days_that_are_none_are_refused(run: Run, days: str) -> None:
    result = run("stats", f"--days={days}", exit_code=2)

    assert f"`{days}` is neither a number of days nor `all`" in result.stderr


def test_a_part_comes_before_decks_and_a_misspelt_one_is_recognised(run: Run, study: Study) -> None:
    assert study.store
    assert run("stats", "recall", "oaks").stdout.count("Recall") == 1
    assert "Elms" not in run("stats", "cards", "oaks").stdout
    assert run("stats", "Elms").stdout.startswith("                today")
    error = run("stats", "recal", exit_code=1).stderr
    assert "neither a part nor a deck `recal`; did you mean `cards stats recall`?" in error
    assert "there is no deck `xyz`" in run("stats", "xyz", exit_code=1).stderr


def test_parts_are_the_same_wherever_they_are_named(run: Run) -> None:
    shown = run("stats", "--help").stdout

    assert [*PARTS] == [*DRAWN, "all"]
    for name, summary in PARTS.items():
        assert f"  {name:<11}  {summary}\n" in shown


def test_the_essentials_fit_on_one_screen_whatever_there_is_to_say() -> None:
    tests = Recall(123_456, 100_000, 120_000.0)
    lesson = {"A title that is as long as titles of lessons are, and longer": Recall(99, 9, 80.0)}
    stats = compute_stats([], {}, {}, TODAY, None)
    days = {day: Effort(999, 3_600_000, 999) for day in range(-2000, TODAY + 1)}
    prompts = PromptCounts(98_765, 1_234, 23_456, 34_567, 99, 1_234, 1_234)
    stats = replace(stats, recall=tests, young=tests, mature=tests, prompts=prompts)
    stats = replace(stats, effort_by_day=days, streak=Streak(1_234, 2_345))
    stats = replace(stats, groups={"lesson": lesson})
    load = DueForecast([99_999] * 30, 99_999)
    figures: Any = SimpleNamespace(stats=stats, load=load, minutes_per_review=0.5, days=None)

    shown = paint(draw_stats(figures, None), {}, is_terminal=False, width=80)

    assert "Weakest lesson" in shown
    assert "try `cards optimize`" in shown
    assert len(shown.splitlines()) < 24


def test_before_the_first_answer_it_is_told_what_to_do(run: Run) -> None:
    assert run("stats").stdout == "No answers yet. Study with `cards review` first.\n"
    assert run("stats", "recall").stdout == "No answers yet. Study with `cards review` first.\n"
    assert "\nnew                  6  █" in run("stats", "cards").stdout
    assert "No reviews fall due" in run("stats", "load").stdout
    assert "there are no answers yet" in run("stats", "--html", "page.html", exit_code=1).stderr
    assert run("due").stdout.startswith("2 new, 0 learning, 0 review")
    assert run("history", "oak").stdout == "trees:oak/recall\nNow: new\n"
    assert json.loads(run("stats", "--json").stdout)["calibration"] is None


def test_a_prompts_history_as_json(ask: Ask) -> None:
    row = ask("history", "oak")

    assert (row["prompt"], row["state"], row["reps"]) == ("trees:oak/recall", "review", 3)
    reviews = row["reviews"]
    assert [(r["act"], r["rating"], r["undone"]) for r in reviews] == [
        ("answer", 3, False),
        ("answer", 3, False),
        ("answer", 3, False),
        ("answer", 1, True),
        ("undo", None, False),
        ("cram", 4, False),
    ]
    assert [r["state"] for r in reviews] == ["new", "learning", "review", None, None, None]
    assert [r["interval_days"] for r in reviews[:3]] == [0, 2, row["interval_days"]]
    assert [r["promised_days"] for r in reviews[:3]] == [None, 2, row["interval_days"]]
    assert reviews[0]["retrievability"] is None
    assert reviews[2]["stability"] == row["stability"]
    assert reviews[2]["at"] == "2024-10-06T12:00:00.000+00:00"


def test_a_history_names_promises_that_did_not_last_and_days_that_were_set(
    ask: Ask, run: Run, study: Study
) -> None:
    run("options", "trees", "desired_retention=0.8")
    row = ask("history", "oak")
    assert row["interval_days"] > row["reviews"][2]["promised_days"]
    assert f"(promised {row['reviews'][2]['promised_days']} d)" in run("history", "oak").stdout

    with study.store.transaction():
        study.journal.record("trees:fir/recall", Act.RESCHEDULE, at(12), interval_days=4)
    (given,) = ask("history", "fir")["reviews"]
    assert (given["act"], given["interval_days"], given["promised_days"]) == ("reschedule", 4, None)
    shown = run("history", "fir").stdout
    assert "2024-10-16 12:00  reschedule" in shown
    assert shown.splitlines()[-1] == "Now: review, due Sun 20 Oct 2024"
    assert ask("next")["prompt"] != "trees:fir/recall"
    assert ask("stats")["recall"]["reviews"] == 3


def test_the_history_of_a_card_that_is_gone_or_renamed(ask: Ask, run: Run, write: Write) -> None:
    assert ask("history", GONE)["reviews"][0]["rating"] == 2
    assert "there is no card or prompt `gone`" in run("history", "gone", exit_code=1).stderr

    write({"cards/trees/trees.yaml": CARDS.replace("id: oak", "id: oak-tree, formerly: [oak]")})

    for name in ("oak-tree", "trees:oak-tree/recall", OAK):
        row = ask("history", name)
        assert (row["prompt"], len(row["reviews"])) == ("trees:oak-tree/recall", 6)


def test_a_days_history_as_json(ask: Ask) -> None:
    rows = ask("history", "--day", "2024-10-06")

    assert [(r["prompt"], r["rating"]) for r in rows] == [(OAK, 3), (ASH, 1), (ASH, 3)]
    assert [r["act"] for r in ask("history", "--day", "2024-10-16")] == ["cram"]
    assert ask("history", "--day", "2024-10-08") == []


def test_a_day_ends_at_the_rollover_where_it_was_lived(study: Study, ask: Ask) -> None:
    day = count_days(date(2024, 10, 9))
    night_in_auckland = Moment((day + 1) * 86_400_000 + (3 - 13) * 3_600_000, 13 * 60)
    with study.store.transaction():
        study.journal.record(OAK, Act.BURY, night_in_auckland)
    give(study.journal, OAK, day - FIRST_DAY, 3)

    assert [r["prompt"] for r in ask("history", "--day", "2024-10-09")] == [OAK]


@pytest.mark.parametrize("words", [(), ("oak", "--day", "2024-10-06"), ("--day", "tomorrow")])
def test_history_wants_a_prompt_or_a_day(run: Run, words: tuple[str, ...]) -> None:
    assert "Usage: " in run("history", *words, exit_code=2).stderr


FORGED = {
    "recall": (2.0, 5, FIRST_DAY, 0, 3, TEST),
    "nan": (nan, 5, FIRST_DAY, 0, 3, TEST),
    "day": (0.5, 5, 2**31 - 1, 0, 3, TEST),
    "rating": (0.5, 5, FIRST_DAY, 0, 9, TEST),
}


@pytest.mark.parametrize("damage", [b"", b"\xff", bytes(20), bytes(24), *FORGED])
def test_stats_are_the_same_with_what_was_kept_of_them_and_if_that_is_damaged(
    study: Study, ask: Ask, damage: bytes | str
) -> None:
    first = ask("stats")
    kept = study.store.read_expectations()
    assert kept
    assert ask("stats") == first

    if isinstance(damage, str):
        records = ANSWER.pack(*FORGED[damage])
        damage = records + crc32(records).to_bytes(4, "big")
    with study.store.transaction():
        study.store.put_expectations([(OAK, damage)])
    assert ask("stats") == first
    assert study.store.read_expectations() == kept
