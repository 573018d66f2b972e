"""`cards days` and `cards pause`: what they set, and what other commands make of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exam_project import write_exam_project
from project_files import Run

SATURDAY, SUNDAY = "2026-11-28T09:00:00+01:00", "2026-11-29T09:00:00+01:00"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    monkeypatch.setenv("CARDS_NOW", SATURDAY)
    return write_exam_project(tmp_path)


def read(run: Run, *words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


def test_a_day_off_asks_nothing_unless_minutes_are_given(run: Run) -> None:
    assert run("days").stdout == "weekdays: all alike\n"
    off = "Off until Sun 2026-11-29. `cards review --minutes 10` asks anyway.\n"
    assert run("days", "sat=off", "sun=50%").stdout == f"weekdays: sat off, sun 50%\n{off}"
    assert run("next").stdout == off
    assert run("due").stdout == off
    assert read(run, "due")["off"] is True
    assert run("review", "--plain").stdout == off
    assert "Question" in run("review", "--plain", "--minutes", "5").stdout
    assert "Nothing left" in run("review", "--plain", "--minutes", "5", "--new", "0").stdout

    run("days", "today=100%")
    assert read(run, "due")["off"] is False
    assert run("days").stdout == "weekdays: sat off, sun 50%\n2026-11-28: 100%\n"


def test_lighter_days_have_fewer_new_cards(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("options", "trees", "new_per_day=6")
    run("days", "sun=50%")
    assert read(run, "due")["new"] == 6
    monkeypatch.setenv("CARDS_NOW", SUNDAY)
    assert read(run, "due")["new"] == 3


def test_dates_are_set_and_given_back(run: Run) -> None:
    run("days", "2026-12-24..2027-01-02=off", "2026-12-31=30")
    assert run("days").stdout == (
        "weekdays: all alike\n"
        "2026-12-24 to 2026-12-30: off\n"
        "2026-12-31: 30%\n"
        "2027-01-01 to 2027-01-02: off\n"
    )
    found = read(run, "days", "2026-12-01..2027-02-01=")
    weekdays = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 100)
    assert found == {
        "weekdays": weekdays,
        "dates": [],
        "paused": False,
        "today": 100,
        "next": "2026-11-28",
    }


def test_a_pause_ends_by_itself_or_when_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("days", "2026-12-24=off")
    paused = run("pause").stdout
    assert paused == (
        "weekdays: all alike\n"
        "from 2026-11-28 on: off\n"
        "Paused. `cards pause --off` ends the pause; `cards review --minutes 10` asks anyway.\n"
    )
    assert read(run, "days")["next"] is None
    assert "until Sun 2026-12-20. " in run("pause", "2026-12-20").stdout

    monkeypatch.setenv("CARDS_NOW", "2026-12-05T09:00:00+01:00")
    dates = [
        {"first": "2026-11-28", "last": "2026-12-04", "percent": 0},
        {"first": "2026-12-24", "last": "2026-12-24", "percent": 0},
    ]
    assert read(run, "pause", "--off")["dates"] == dates
    assert run("pause", "--off", exit_code=1).stderr == "error: there is no pause\n"

    run("pause", "2026-12-10")
    monkeypatch.setenv("CARDS_NOW", "2026-12-10T09:00:00+01:00")
    assert read(run, "days")["today"] == 100
    # Another pause leaves the days of the former one off.
    run("pause", "2026-12-12")
    assert [span["first"] for span in read(run, "days")["dates"]] == [
        "2026-11-28",
        "2026-12-05",
        "2026-12-10",
        "2026-12-24",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("days", "sat"), "`sat` is not DAY=SHARE, as in sat=off"),
        (("days", "satur=off"), "`satur` is not a day: write mon, tue"),
        (("days", "sat=120%"), "`120%` is not a share: write off, or a whole percentage"),
        (("days", "sat=1.5"), "`1.5` is not a share"),
        (("days", "2026-12-02..2026-12-01=off"), "the second date is before the first"),
        (("days", "2026-02-30=off"), "`2026-02-30` is not a day"),
        (("pause", "2026-11-28"), "2026-11-28 is not after today"),
        (("pause", "soon"), "`soon` is not a date: write YYYY-MM-DD"),
        (("pause", "--off", "2026-12-20"), "leave out the date"),
    ],
)
def test_what_is_no_day_is_refused(run: Run, words: tuple[str, ...], said: str) -> None:
    assert said in run(*words, exit_code=2).stderr


def test_some_weekday_is_left(run: Run) -> None:
    week = [f"{day}=off" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
    assert "every weekday would be off" in run("days", *week, exit_code=1).stderr
    assert run("days").stdout == "weekdays: all alike\n"


def test_an_exam_keeps_to_the_study_days(run: Run) -> None:
    run("days", "2026-12-01..2026-12-07=off", "sun=50%")
    run("exam", "set", "trees", "--date", "2026-12-12", "--minutes", "20", "--days-off", "sat")
    status = read(run, "exam", "status")
    assert status["study_days_left"] == 14 - 7 - 1
    assert status["today"]["day_off"] is True
    assert status["today"]["minutes"] == 0
    assert "Off until Sun 2026-11-29" in run("review", "--plain").stdout
    run("pause")
    assert read(run, "exam", "status")["study_days_left"] == 0


def test_a_pause_set_by_a_clock_that_was_ahead_can_be_ended(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_NOW", SUNDAY)
    run("pause")
    monkeypatch.setenv("CARDS_NOW", SATURDAY)
    assert run("days").stdout == "weekdays: all alike\nfrom 2026-11-29 on: off\n"
    assert run("pause", "--off").stdout == "weekdays: all alike\n"


def test_days_off_weeks_ahead_change_the_forecast_at_once(run: Run) -> None:
    run("exam", "set", "trees", "--date", "2027-01-10", "--minutes", "1")
    before = read(run, "exam", "status")["on_day"]
    run("days", "2026-12-16..2027-01-09=off")
    assert read(run, "exam", "status")["on_day"] != before


def test_study_days_reach_other_machines(run: Run, tmp_path: Path) -> None:
    (shared := tmp_path / "shared").mkdir()
    run("days", "sat=off", "2026-12-24=off")
    run("pause", "2026-12-20")
    run("sync", str(shared))
    there = ("--db", str(tmp_path / "there.db"))
    run("sync", str(shared), *there)
    assert run("days", *there).stdout == run("days").stdout
    run("pause", "--off", *there)
    run("sync", str(shared), *there)
    run("sync", str(shared))
    assert read(run, "days")["paused"] is False


def test_what_two_machines_set_before_they_first_sync_is_kept(run: Run, tmp_path: Path) -> None:
    (shared := tmp_path / "shared").mkdir()
    there = ("--db", str(tmp_path / "there.db"))
    run("days", "sat=off")
    run("days", "2026-12-24=off", *there)
    for machine in ((), there, ()):
        run("sync", str(shared), *machine)
    assert read(run, "days") == read(run, "days", *there)
    assert run("days").stdout.startswith("weekdays: sat off\n2026-12-24: off\n")


def test_a_backlog_is_told_after_weeks_away(run: Run) -> None:
    def answer(prompt: str, on: str) -> None:
        run("answer", prompt, "easy", "--at", f"{on}T09:00:00+01:00", "--ms", "9000")

    for number in range(1, 6):
        for lesson in ("a1", "a2", "b1"):
            answer(f"{lesson}-{number}", "2026-11-01")
    for number, day in enumerate((12, 13, 14, 15), 1):
        answer(f"a1-{number}", f"2026-11-{day}")
    assert read(run, "due")["backlog"] == {"reviews": 11, "per_day": 1, "days": 11}
    assert (
        "Backlog: 11 reviews, as many as you usually do in 11 days. What would be lost most comes "
        "first: `cards review --minutes 30`."
    ) in " ".join(run("due").stdout.split())
