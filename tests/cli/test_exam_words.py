"""What `cards exam` says on every kind of day, word by word, and the summary after the exam."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from cardwright.app.preparation import put_goal
from cardwright.app.study import Study, open_study
from cardwright.exam.goal import Goal
from cardwright.exam.plan import WHOLE, Plan
from cardwright.exam.policy import DEFAULT_POLICY
from cardwright.history import Act, Moment, Rating
from cardwright.terminal.exam import format_fit
from exam_project import make_exam_files, run_exam
from project_files import Write

GOLDEN: Final = Path(__file__).parents[1] / "cases" / "exam_words.md"
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SET_ON: Final = "2026-11-26"
"""A Thursday."""
PROMPTS: Final = 22

PLANNED: Final = {
    r"\d+%": "N%",
    r"\d+ minutes( a day)? would": r"N minutes\1 would",
    r"\d+ (new prompt|review)s": r"N \1s",
    r"about \d+ minutes": "about N minutes",
}
"""What the planner chooses, and how it is shown instead."""

Look = Callable[..., str]


class Day(NamedTuple):
    """A situation: the state in which commands are run."""

    name: str
    now: str
    exam_on: str = "2026-12-10"
    minutes: int = 10
    days_off: str = "sat,sun"
    studied: Sequence[tuple[str, int, int]] = ()
    """Dates, each with the number of prompts that were answered and the seconds for each."""
    suspended: bool = False
    looked: Sequence[str] = ()
    """Dates on which the user looked at the plan."""
    commands: Sequence[str] = ("status",)


DAYS: Final = (
    Day("The goal is set", SET_ON, commands=("set trees", "status", "plan", "ready")),
    Day("Some minutes are spent", "2026-11-27", studied=[("2026-11-27", 3, 50)]),
    Day("One minute is spent, and one prompt is left", "2026-11-27",
        studied=[("2026-11-27", PROMPTS - 1, 3)]),
    Day("All prompts are asked before the minutes are spent", "2026-11-27",
        studied=[("2026-11-27", PROMPTS, 10)]),
    Day("The minutes are spent", "2026-11-27", studied=[("2026-11-27", 12, 50)]),
    Day("More minutes are spent than planned", "2026-11-27", studied=[("2026-11-27", 20, 50)]),
    Day("A day off", "2026-11-28", studied=[(SET_ON, 12, 50), ("2026-11-27", 9, 50)]),
    Day("A day off before a study day", "2026-11-29", studied=[(SET_ON, 12, 50)]),
    Day("A day off with study", "2026-11-28", studied=[("2026-11-28", 2, 50)]),
    Day("A day off with all minutes spent", "2026-11-28", studied=[("2026-11-28", 14, 50)]),
    Day("One study day was missed", "2026-11-27"),
    Day("All study days were missed", "2026-12-08"),
    Day("Some study days were missed", "2026-12-08",
        studied=[(SET_ON, 12, 50), ("2026-11-30", 6, 50), ("2026-12-05", 3, 50)]),
    Day("Missed, and one study day is left", "2026-12-09", studied=[(SET_ON, 6, 50)]),
    Day("No study day was missed", "2026-11-30", minutes=1,
        studied=[(SET_ON, 1, 59), ("2026-11-27", 1, 59)]),
    Day("It does not fit", "2026-11-27", minutes=1, commands=("set trees", "status")),
    Day("On days off only", "2026-11-29", studied=[("2026-11-28", 2, 50)], days_off="thu,fri,sat"),
    Day("The day before, nothing seen", "2026-12-09", minutes=30),
    Day("The day before, too few minutes", "2026-12-09", minutes=1),
    Day("The day before, all seen", "2026-12-09", studied=[("2026-12-07", PROMPTS, 20)]),
    Day("The day before, done", "2026-12-09", studied=[("2026-12-09", 15, 40)]),
    Day("The day before is off", "2026-11-29", "2026-11-30", commands=("status", "plan", "ready")),
    Day("The day before is off, all seen", "2026-11-29", "2026-11-30",
        studied=[(SET_ON, PROMPTS, 20)]),
    Day("The day before is off, one unseen", "2026-11-29", "2026-11-30",
        studied=[(SET_ON, PROMPTS - 1, 20)]),
    Day("Two days off are left", "2026-11-28", "2026-11-30", commands=("set trees", "status")),
    Day("More days off are left", "2026-12-01", "2026-12-04", days_off="tue,wed,thu"),
    Day("One study day is left, after days off", "2026-11-28", "2026-12-01"),
    Day("All prompts are suspended", "2026-11-27", suspended=True,
        commands=("set trees", "status", "plan", "ready")),
    Day("The exam is far away", "2026-11-27", "2099-12-10"),
    Day("The exam is today", "2026-12-10", looked=[SET_ON, "2026-12-09"],
        commands=("status", "plan", "ready", "set trees")),
    Day("The exam is today, a day off", "2026-12-12", "2026-12-12", looked=[SET_ON],
        studied=[(SET_ON, 2, 50), ("2026-12-05", 2, 50), ("2026-12-12", 5, 50)]),
    Day("The exam was yesterday", "2026-12-11",
        looked=[SET_ON, "2026-11-27", "2026-12-09"], commands=("status", "plan")),
    Day("The exam was yesterday, one study day and one prompt", "2026-11-28", "2026-11-27",
        looked=[SET_ON], studied=[(SET_ON, 1, 50)]),
    Day("The exam was long ago", "2028-12-11", commands=("status", "ready")),
    Day("After the exam, all suspended before", "2026-12-11", suspended=True),
)  # fmt: skip


@pytest.fixture
def forest(write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Where lines break depends on the numbers.
    monkeypatch.setenv("COLUMNS", "400")
    return write(make_exam_files())


@pytest.fixture
def look(forest: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Run `cards exam` on a date."""

    def run(on: str, *words: str, exit_code: int = 0) -> str:
        monkeypatch.setenv("CARDS_NOW", f"{on}T20:00:00+01:00")
        return run_exam(forest, *words, exit_code=exit_code).output

    return run


def open_on(forest: Path, on: str) -> Any:
    return open_study(forest, forest.parent / "reviews.db", read_time(on))


def read_time(on: str, hour: int = 9) -> Moment:
    from cardwright.cli.environment import parse_time

    return parse_time(f"{on}T{hour:02}:00:00+01:00")


def answer(study: Study, on: str, number: int, seconds: int, rating: Rating = Rating.GOOD) -> None:
    """Answer the first prompts of the project on a date."""
    with study.store.transaction():
        for item in list(study.items)[:number]:
            study.journal.record(
                item.key, Act.ANSWER, read_time(on), rating=rating, duration_ms=seconds * 1000
            )


def prepare(forest: Path, look: Look, day: Day) -> None:
    """Bring about a situation."""
    days_off = frozenset(map(WEEKDAYS.index, day.days_off.split(",")))
    with open_on(forest, SET_ON) as study:
        goal = Goal(
            pack="trees",
            exam_on=date.fromisoformat(day.exam_on),
            minutes_a_day=day.minutes,
            days_off=days_off,
            set_on=date.fromisoformat(SET_ON),
        )
        put_goal(study.journal, "trees", goal, study.moment)
        for on, number, seconds in day.studied:
            answer(study, on, number, seconds)
        if day.suspended:
            with study.store.transaction():
                for item in study.items:
                    study.journal.record(item.key, Act.SUSPEND, study.moment)
    for on in day.looked:
        look(on, "status", "--json")


def keep_sentences(text: str) -> Iterator[str]:
    """Yield the sentences without tables, and without the numbers that the planner chooses."""
    for line in text.splitlines():
        if "  " not in line.strip():
            yield mask(line)


def mask(line: str) -> str:
    for chosen, shown in PLANNED.items():
        line = re.sub(chosen, shown, line)
    return line


def is_over(day: Day) -> bool:
    return day.now >= day.exam_on


def test_what_is_said_on_every_kind_of_day(forest: Path, look: Look) -> None:
    with open_on(forest, SET_ON):
        pass
    empty = (forest.parent / "reviews.db").rename(forest.parent / "empty.db")
    parts = ["# What `cards exam` says, without its tables"]
    for day in DAYS:
        for path in forest.parent.glob("reviews.db*"):
            path.unlink()
        # A new store takes a moment to make.
        shutil.copyfile(empty, forest.parent / "reviews.db")
        prepare(forest, look, day)
        parts.append(f"## {day.name}")
        for command in day.commands:
            fails = (is_over(day) or day.suspended) and command in {"plan", "ready"}
            fails |= is_over(day) and command.startswith("set")
            shown = look(day.now, *command.split(), exit_code=int(fails))
            text = re.sub(r"\n{2,}", "\n\n", "\n".join(keep_sentences(shown)))
            parts.append(f"```text\n$ cards exam {command}\n{text.strip()}\n```")

    assert "\n\n".join(parts) + "\n" == GOLDEN.read_text("utf-8")


@pytest.mark.parametrize(
    ("exam_on", "minutes", "said"),
    [
        ("2026-12-10", None, "no number of minutes would show you all: move the date, or study on"),
        ("2026-11-28", None, "no number of minutes would show you all: move the date."),
        ("2099-12-10", 12, "By 2028-11-25, with 10 minutes a day you see 40% of the prompts; 12"),
        ("2026-11-27", 12, "with 10 minutes today you see 40% of the prompts; 12 minutes would"),
    ],
)
def test_what_does_not_fit(
    forest: Path, look: Look, exam_on: str, minutes: int | None, said: str
) -> None:
    prepare(forest, look, Day("", SET_ON, exam_on))
    with open_on(forest, SET_ON) as study:
        preparation = study.prepare()
    found = Plan(
        policy=DEFAULT_POLICY,
        days=(),
        today={},
        on_day={},
        seen_share=0.4,
        enough_minutes=minutes,
    )
    assert said in format_fit(found, preparation)
    # A share that is rounded up must not say that all are seen.
    assert "99%" in format_fit(replace(found, seen_share=0.999), preparation)


def test_the_summary_after_the_exam(forest: Path, look: Look) -> None:
    days = ("2026-12-01", "2026-12-07")
    studied = [(SET_ON, PROMPTS, 20), *((on, PROMPTS, 10) for on in days)]
    prepare(forest, look, Day("", SET_ON, studied=studied, looked=[SET_ON, *days, "2026-12-09"]))
    run_exam(forest, "mock", "--plain", "--questions", "2", typed="h\ny\n")
    look("2026-12-09", "miss", "a1-1", "--rule", "Look at the bark")
    look("2026-12-09", "miss", "a1-2", "--rule", "Read to the end")
    before = json.loads(look("2026-12-10", "status", "--json"))
    with open_on(forest, "2026-12-10") as study:
        # What is answered or suspended from the day of the exam on changes no summary.
        answer(study, "2026-12-10", PROMPTS, 60, Rating.AGAIN)
        with study.store.transaction():
            study.journal.record(study.items[0].key, Act.SUSPEND, study.moment)
    after = json.loads(look("2027-01-03", "status", "--json"))
    table = look("2027-01-03", "status")

    summary = after["summary"]
    assert (before["days_left"], after["days_left"]) == (0, -24)
    assert summary["recall"] == before["summary"]["recall"]
    assert set(summary["recall"]) == {"Wood", "Leaves", "", WHOLE}
    assert all(0.8 < recall < 1 for recall in summary["recall"].values())
    assert (summary["studied"], summary["study_days"], round(summary["minutes"])) == (4, 10, 15)
    assert [mock["weighted"] for mock in summary["mocks"]] == [0]
    assert (summary["misses"], summary["misses_with_rule"]) == (2, 2)
    assert "1 mock exam, by the weights of the domains: 0%." in table
    assert "2 misses recorded, 2 with the missing rule." in table
    assert [made["made_on"] for made in summary["forecasts"]] == [SET_ON, *days, "2026-12-09"]
    held = [made["held"] for made in summary["forecasts"]]
    for made, is_held in zip(summary["forecasts"], held, strict=True):
        whole = made["on_day"][WHOLE]
        assert is_held is (whole["low"] <= summary["recall"][WHOLE] <= whole["high"])
    assert summary["held"][WHOLE] == sum(held)
    assert "Wed 09 Dec" in table
