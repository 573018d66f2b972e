"""`cards sync`: what is set or recorded on one machine holds on the others."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cardwright.cli.main import cards
from exam_project import write_exam_project
from project_files import Run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    return write_exam_project(tmp_path)


class Machine:
    """Runs commands of one of the user's machines."""

    def __init__(self, run: Run, path: Path) -> None:
        self._run = run
        self._path = path

    def run(self, *words: str, exit_code: int = 0) -> str:
        return self._run(*words, "--db", str(self._path), exit_code=exit_code).output

    def ask(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))


@pytest.fixture
def machines(run: Run, tmp_path: Path) -> tuple[Machine, Machine]:
    return Machine(run, tmp_path / "here.db"), Machine(run, tmp_path / "there.db")


def test_options_exams_mock_exams_and_misses_reach_the_other_machine(
    machines: tuple[Machine, Machine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = machines
    (shared := tmp_path / "shared").mkdir()
    there.run("answer", "b1-1", "good")
    here.run("exam", "set", "trees", "--date", "2026-12-20", "--minutes", "30")
    here.run("options", "trees", "new_per_day=7", "learning_steps_minutes=none", "fuzz=false")
    here.run("options", "rollover_hour=3")
    here.run("exam", "mock", "--plain", "--questions", "3", "--seed", "3")
    here.run("exam", "miss", "a1-1", "--rule", "Look at the bark", "--action", "Wait")
    here.run("answer", "a1-1", "good")

    assert here.run("sync", str(shared)) == (
        "nothing from others; 1 review, 5 settings and 3 exam records for them\n"
    )
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T10:00:00+01:00")
    assert there.run("sync", str(shared)) == (
        "1 new review, 5 settings and 3 exam records from others; 1 review for them\n"
    )

    assert there.ask("options") == here.ask("options")
    assert there.ask("exam", "status")["exam_on"] == "2026-12-20"
    (miss,) = there.ask("exam", "misses")["misses"]
    assert miss["rule"] == "Look at the bark"
    # What was answered before the options arrived is replayed under them.
    assert "memories match a replay" in there.run("doctor", "--verify")
    assert there.ask("history", "b1-1")["state"] == "review"
    # The mock exam that began there goes on here.
    assert "is under way" in there.run("exam", "mock", "--list")
    there.run("exam", "miss", "a1-1", "--rule", "Look at the leaves")
    there.run("exam", "set", "trees", "--clear")
    there.run("options", "trees", "new_per_day=")
    there.run("options", "rollover_hour=2")
    assert there.run("sync") == (
        f"{shared}: nothing from others; 3 settings and 1 exam record for them\n"
    )
    here.run("sync")

    assert "no exam is set" in here.run("exam", "status", exit_code=1)
    assert here.ask("options") == there.ask("options")
    assert here.ask("options")[""]["rollover_hour"] == 2
    assert here.ask("options")["trees"]["new_per_day"] == 20
    assert here.ask("exam", "misses")["misses"][0]["rule"] == "Look at the leaves"
    assert here.run("sync") == f"{shared}: nothing new\n"
    assert there.run("sync") == f"{shared}: nothing new\n"
    assert here.ask("sync")["settings"] == {"taken": 0, "given": 0}


HUGE = str(10**300)
EXTREMES = (
    *(("options", "trees", f"new_per_day={value}") for value in ("0", "9999", "10000", HUGE)),
    *(("options", "trees", f"desired_retention={value}") for value in ("0.7", "0.99", "0.991")),
    *(("options", "trees", f"learning_steps_minutes={value}") for value in ("1439", "1440", HUGE)),
    *(("days", f"{days}=off") for days in ("0001-01-01..9999-12-31", "9999-12-31", "today")),
    *(
        ("exam", "set", "trees", "--yes", "--date", day)
        for day in ("", "9999-12-31", "10000-01-01")
    ),
    *(("exam", "set", "trees", "--minutes", minutes) for minutes in ("1440", "1441")),
    ("exam", "set", "trees", "--days-off", ""),
    *(
        ("exam", "mock", "--plain", "--questions", "1", option, value)
        for option, value in [
            *(("--minutes", value) for value in ("1e-300", "527040", "527041", "1e300", HUGE)),
            *(("--seed", value) for value in ("0", HUGE)),
        ]
    ),
    ("exam", "miss", "a1-1", "--rule", "\x1b[31m\n\u2028" * 99, "--action", "Wait"),
)


def test_whatever_a_command_accepts_can_be_synced(
    machines: tuple[Machine, Machine],
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise it would block every machine from then on."""
    here, there = machines
    (shared := tmp_path / "shared").mkdir()
    accepted = []
    for minute, words in enumerate(EXTREMES):
        monkeypatch.setenv("CARDS_NOW", f"2026-11-26T09:{minute:02}:00+01:00")
        given = "1\n\ny\ny\n" if "mock" in words else ""
        line = ["-C", str(project), *words, "--db", str(tmp_path / "here.db")]
        done = CliRunner().invoke(cards, line, input=given)
        assert done.exit_code in {0, 1, 2}, done.output
        assert "damaged" not in done.output, words
        if not done.exit_code:
            accepted.append(words[-1].rpartition("=")[2])

    here.run("sync", str(shared))
    there.run("sync", str(shared))

    assert {"9999", "1439", "1440", "9999-12-31", "527040"} <= {*accepted}
    assert not {"10000", "1441", "", "1e300", "527041"} & {*accepted}
    for words in (("options",), ("days",), ("exam", "misses"), ("exam", "mock", "--list")):
        assert there.ask(*words) == here.ask(*words)
    assert here.run("sync") == f"{shared}: nothing new\n"


def test_a_folder_that_a_stranger_has_filled_is_emptied_as_the_doctor_says(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    here, there = machines
    (shared := tmp_path / "shared").mkdir()
    for machine, path in ((here, "here.db"), (there, "there.db")):
        machine.run("answer", "a1-1", "good")
        machine.run("sync", str(shared))
        machine.run("backup", str(tmp_path / f"backup-of-{path}"))
    row = {"deck": "", "value": 1, "changed": "2026-11-26T08:00:00+00:00"}
    lines = (json.dumps({**row, "name": f"x{number}"}) for number in range(10_001))
    (shared / "zz.settings").write_text("\n".join(lines), "utf-8")
    here.run("sync", exit_code=1)
    here.run("answer", "a1-2", "good")
    here.run("options", "trees", "new_per_day=7")
    here.run("sync", exit_code=1)

    # Deleting the stranger's file is not enough: our own file has its settings, too.
    (shared / "zz.settings").unlink()
    there.run("answer", "b1-1", "good")
    told = there.run("sync", exit_code=1)
    assert "there are 10,000 settings, and no more are taken" in told
    assert "`cards doctor --verify` says how to make room" in told
    assert "delete all files there that end in .settings, .records, .pairs" in " ".join(
        there.run("doctor", "--verify").split()
    )

    for file in shared.glob("*.settings"):
        file.unlink()
    for machine, name in ((here, "here.db"), (there, "there.db")):
        machine.run("backup", "--restore", str(tmp_path / f"backup-of-{name}"))
    for machine in (here, there, here):
        machine.run("sync")
    there.run("options", "trees", "new_per_day=8")
    there.run("sync")
    here.run("sync")

    for machine in (here, there):
        assert machine.run("export").count('"act": "answer"') == 4
        assert machine.ask("options")["trees"]["new_per_day"] == 8
    assert here.run("sync") == f"{shared}: nothing new\n"


def test_the_last_folder_is_not_looked_up_on_another_computer_unasked(
    machines: tuple[Machine, Machine],
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, _ = machines
    (shared := tmp_path / "shared").mkdir()
    here.run("sync", str(shared))
    with closing(sqlite3.connect(tmp_path / "here.db")) as db, db:
        db.execute(
            "update settings set value = ? where pack = '.' and name = 'shared_folder'",
            (json.dumps(f"/{shared}"),),
        )

    told = here.run("sync", exit_code=2)

    assert f"name the folder: the last one, /{shared}, is on another computer." in told
    here.run("sync", f"/{shared}")
    monkeypatch.setenv("CARDS_CONFIG", str(tmp_path / "config.toml"))
    run("config", f"sync=/{shared}")
    here.run("sync")


def test_whichever_machine_plans_later_expects_the_same_of_exam_day(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    here, there = machines
    (shared := tmp_path / "shared").mkdir()
    here.run("exam", "set", "trees", "--date", "2026-12-20", "--minutes", "1")
    expected = here.ask("exam", "status")["on_day"]
    for card in ("a1-1", "a1-2", "b1-1"):
        here.run("answer", card, "easy")
    here.run("sync", str(shared))
    there.run("sync", str(shared))

    assert there.ask("exam", "status")["on_day"] == here.ask("exam", "status")["on_day"] == expected
    assert here.run("sync") == f"{shared}: nothing new\n"
    assert there.run("sync") == f"{shared}: nothing new\n"
    there.run("exam", "set", "trees", "--minutes", "30")
    assert there.ask("exam", "status")["on_day"] != expected


def test_a_forecast_of_a_clock_that_begins_in_1970_can_be_synced(
    machines: tuple[Machine, Machine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of a computer without a battery, where the study day is still one of 1969."""
    here, there = machines
    (shared := tmp_path / "shared").mkdir()
    monkeypatch.setenv("CARDS_NOW", "1970-01-01T00:30:00+00:00")
    here.run("exam", "set", "trees", "--date", "1970-02-01")
    here.run("exam", "status")
    here.run("sync", str(shared))

    there.run("sync", str(shared))

    records, *_ = shared.glob("*.records")
    assert json.loads(records.read_text("utf-8"))["body"]["study_day"] == -1


def test_a_record_that_this_version_cannot_use_is_named_and_left(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    here, there = machines
    (shared := tmp_path / "shared").mkdir()
    here.run("exam", "miss", "a1-1", "--rule", "Look", "--action", "Wait")
    here.run("exam", "miss", "a1-2", "--rule", "Look", "--action", "Wait")
    here.run("sync", str(shared))
    (path,) = shared.glob("*.records")
    path.write_text(path.read_text("utf-8").replace('"rule"', '"ruling"', 1), "utf-8")

    told = there.run("sync", str(shared), exit_code=1)

    assert f"{path}:1: not a miss as this version of Cardwright has them" in told
    assert len(there.ask("exam", "misses")["misses"]) == 1
    assert f"{path}:1: not a miss" in there.run("doctor")


def test_the_misses_of_a_stranger_fill_no_screen(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    here, there = machines
    (shared := tmp_path / "shared").mkdir()
    here.run("exam", "miss", "a1-1", "--rule", "Look", "--action", "Wait")
    here.run("sync", str(shared))
    (path,) = shared.glob("*.records")
    row = json.loads(path.read_text("utf-8"))
    with path.open("w", encoding="utf-8") as file:
        for number in range(300):
            row["id"] = row["body"]["id"] = f"miss-{number:03}"
            row["body"]["rule"] = "Look " * (4_000 if number == 299 else 1)
            file.write(json.dumps(row) + "\n")

    there.run("sync", str(shared))

    told = there.run("exam", "misses")
    assert "… and 100 earlier entries: see --json" in told
    assert "Look…" in told
    assert len(told) < 60_000
    assert len(there.ask("exam", "misses")["misses"]) == 300


def test_a_folder_that_somebody_else_remembered_is_checked(
    machines: tuple[Machine, Machine], project: Path, tmp_path: Path
) -> None:
    here, _ = machines
    (shared := tmp_path / "shared").mkdir()
    here.run("sync", str(shared))
    shared.rename(tmp_path / "gone")
    shared.symlink_to(project / "cards")

    assert "is in cards/, which holds sources" in here.run("sync", exit_code=2)
    assert not list((project / "cards").glob("*.jsonl"))


def test_settings_of_a_stranger_can_be_changed_back_and_fill_no_screen(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    here, _ = machines
    (shared := tmp_path / "shared").mkdir()
    changed = "2036-11-01T00:00:00.000+00:00"
    strange = {"model": "x", "parameters": [1]}
    rows: list[tuple[str, str, Any, str]] = [
        *((f"pack-{number}", "parameters", strange, changed) for number in range(300)),
        ("", "parameters", strange, changed),
        ("", "autoplay", True, changed),
        ("trees", "desired_retention", 0.71, changed),
        ("trees", "desired_retention", 0.72, "2099-11-01T00:00:00.000+00:00"),
        ("trees", "desired_retention", float("nan"), changed),
        ("trees", "\x1b[31m", 1, changed),
        ("trees::\x1b[31m\n::error::x", "desired_retention", 0.73, changed),
        (".", "sync_folder", "/", changed),
    ]
    names = ("deck", "name", "value", "changed")
    lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
    (shared / "evil.settings").write_text("\n".join(lines), "utf-8")

    here.run("sync", str(shared), exit_code=1)
    said = here.run("answer", "b1-1", "good")
    assert said.count("of another memory model or not valid") == 1
    assert len(said) < 500
    assert "0.71" in here.run("options", "trees")
    here.run("options", "trees", "desired_retention=0.9")
    here.run("options", "autoplay=false")
    here.run("sync", str(shared), exit_code=1)
    told = here.run("options", "trees")
    assert "0.71" not in told
    assert not any(sign in told for sign in ("\x1b", "\n::"))
    assert "/shared" in here.run("sync", exit_code=1)
