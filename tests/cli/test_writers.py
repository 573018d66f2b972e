"""Whatever a command writes into the store is exported, imported and synced."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.cli.options import _read_value
from cardwright.history import MAX_DURATION_MS, MAX_INTERVAL_DAYS
from cardwright.model import DeckOptions
from cardwright.study.settings import _CHECKS, AUTOPLAY, ROLLOVER_HOUR, is_valid
from command_table import walk_commands
from exam_project import write_exam_project
from project_files import Run

OPTIONS = (*(field.name for field in fields(DeckOptions)), ROLLOVER_HOUR, AUTOPLAY)
HELD = """\
kind: choice
sources: [https://example.com]
cards:
  - id: held
    lesson: a1
    question: Which one?
    options: [{right: This., reason: So it is.}, {wrong: That., reason: Not so.}]
    reserved: mock
"""
LONG = "Look at the bark. " * 20
WRITES: dict[str, list[list[str]]] = {
    "answer": [
        ["answer", "ring", "good", "--ms", str(MAX_DURATION_MS)],
        ["answer", "stray", "again", "--at", "2000-01-01T00:00:00+14:00"],
        ["answer", "a1-1", "easy"],
        ["answer", "a1-2", "1", "--ms", "0"],
    ],
    "suspend": [["suspend", "a1-3"]],
    "unsuspend": [["suspend", "a1-4"], ["unsuspend", "a1-4"]],
    "bury": [["bury", "b1-1"]],
    "flag": [["flag", "b1-2"], ["flag", "b1-3"], ["flag", "b1-3", "--off"]],
    "reset": [["reset", "a1-1"]],
    "reschedule": [
        ["reschedule", "ring", "--in", str(MAX_INTERVAL_DAYS)],
        ["reschedule", "a1-2", "--in", "0"],
    ],
    "undo": [["answer", "b2-1", "good"], ["undo"]],
    "review": [["review", "--plain", "--limit", "1"]],
    "options": [
        ["options", "trees", "new_per_day=9999", "reviews_per_day=0", "desired_retention=0.99"],
        ["options", "trees", "learning_steps_minutes=0.5,1439.5", "relearning_steps_minutes=none"],
        ["options", "trees", "maximum_interval_days=36500", "leech_lapses=1", "fuzz=false"],
        ["options", "rollover_hour=23", "autoplay=true"],
    ],
    "days": [["days", "sat=off", "sun=50"], ["days", "2026-12-24=off"]],
    "pause": [["pause", "2026-12-01"]],
    "exam set": [
        ["exam", "set", "trees", "--date", "2026-12-20", "--minutes", "1440", "--days-off", "sun"]
    ],
    "exam miss": [["exam", "miss", "a1-1", "--rule", LONG, "--action", f"{LONG}\u00e9"]],
    "exam mock": [["exam", "mock", "--plain", "--questions", "2", "--seed", "3"]],
    "exam drill": [["exam", "drill", "--plain", "--questions", "1", "--seed", "3"]],
    "exam release": [["exam", "release", "trees"]],
}
"""Command lines of each command that records or sets something, with the most that it takes."""
OTHERS = {
    **dict.fromkeys(
        (
            *(
                "home",
                "due",
                "next",
                "stats",
                "history",
                "browse",
                "lsp",
                "doctor",
                "export",
                "backup",
            ),
            *("exam status", "exam plan", "exam ready", "exam coverage", "exam misses"),
        ),
        "reads, but for acts of the screen, which are those of the commands above",
    ),
    **dict.fromkeys(("projects forget", "projects relink", "namespace"), "folders and aliases"),
    **dict.fromkeys(("import", "sync"), "what others wrote: tests/study/test_sync.py"),
    **dict.fromkeys(("anki sync", "anki update", "adopt"), "what Anki wrote: tests/app/anki"),
    "optimize": "parameters, which need a thousand answers: tests/cli/test_optimize.py",
}


def test_a_command_that_uses_the_store_is_known_to_write_or_not() -> None:
    found = {
        " ".join(path)
        for path, command in walk_commands()
        if not isinstance(command, click.Group) and any(p.name == "db" for p in command.params)
    }

    assert found == WRITES.keys() | OTHERS.keys()


def test_what_commands_write_reaches_every_machine(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    write_exam_project(tmp_path)
    (tmp_path / "project" / "cards" / "trees" / "held.yaml").write_text(HELD, "utf-8")
    (shared := tmp_path / "shared").mkdir()
    here, there, synced = (("--db", str(tmp_path / f"{n}.db")) for n in ("here", "there", "synced"))

    def ask(*words: str, db: tuple[str, str]) -> Any:
        return json.loads(run(*words, "--json", *db).stdout)

    for lines in WRITES.values():
        for words in lines:
            run(*words, *here)
    for name in ("log.jsonl", "log.csv"):
        (tmp_path / name).unlink(missing_ok=True)
        csv = ["--csv"] if name.endswith("csv") else []
        run("export", str(tmp_path / name), *csv, *here)
    run("import", str(tmp_path / "log.jsonl"), *there)
    assert "0" in run("import", str(tmp_path / "log.csv"), *there).output.split()
    run("sync", str(shared), *here)
    run("sync", str(shared), *synced)

    for db in (there, synced):
        run("export", str(tmp_path / "again.jsonl"), *db)
        assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "log.jsonl").read_bytes()
        (tmp_path / "again.jsonl").unlink()
    for words in (["options"], ["days"], ["exam", "status"], ["exam", "misses"]):
        said = [ask(*words, db=db) for db in (here, synced)]
        for one in said:
            one.pop("on_day", None)  # each machine measures it by a simulation of its own
        assert said[0] == said[1], words
    assert ask("exam", "mock", "--list", db=synced) == ask("exam", "mock", "--list", db=here)
    for db in (here, synced):
        report = ask("doctor", "--verify", db=db)
        assert report["is_well"], report


def test_an_option_is_known_to_all_readers() -> None:
    assert {*OPTIONS} <= _CHECKS.keys()


NUMBERS = st.sampled_from(
    ["0", "1", "-1", "23", "24", "0.5", "0.7", "0.99", "1440", "9999", "36500"]
)
TEXTS = st.one_of(
    NUMBERS,
    st.floats().map(str),
    st.integers().map(str),
    st.lists(NUMBERS, max_size=3).map(",".join),
    st.sampled_from(["none", "true", "off", "[]", "1e400", "nan", "١"]),
    st.text(max_size=6),
)


@given(name=st.sampled_from(OPTIONS), text=TEXTS)
def test_what_is_taken_for_an_option_can_be_read_by_every_machine(name: str, text: str) -> None:
    try:
        value = _read_value(name, text)
    except click.UsageError:
        return

    assert is_valid(name, json.loads(json.dumps(value)))
