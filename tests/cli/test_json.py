"""Every command that prints data prints JSON on request, errors included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cardwright.cli.lazy import LazyGroup
from cardwright.cli.main import cards
from command_table import walk_commands
from exam_project import make_exam_files
from project_files import Run, Write

WITHOUT_JSON = {
    "completion": "prints a script",
    "export": "prints JSON Lines, or CSV",
    "help": "prints a text to read",
    "init": "does, and says what to do next",
    "lsp": "talks to an editor",
    "preview": "opens a browser",
    "projects forget": "does, and says what",
    "projects relink": "does, and says what",
    "review": "asks",
    "schema": "prints JSON, but for the page on kinds",
}
"""The commands that have no --json, and why."""
PROJECT = {
    "decks/trees/deck.yaml": "name: Trees\n",
    "cards/trees/a.yaml": """
kind: basic
cards:
  - {id: oak, question: Which?, answer: An oak., tags: [wet]}
  - {id: elm, question: Which other?, answer: An elm., tags: [wet]}
""",
}
LINES = (
    "check",
    "list",
    "show oak",
    "due",
    "stats",
    "next",
    "answer oak good",
    "history oak",
    "history --day 2026-11-26",
    "suspend oak",
    "unsuspend oak",
    "bury oak",
    "flag oak",
    "reset oak",
    "reschedule oak --in 5",
    "browse is:review",
    "options",
    "options trees new_per_day=5",
    "days",
    "days sat=off",
    "pause",
    "pause --off",
    "optimize",
    "namespace",
    "namespace trees",
    "build",
    "diff",
    "release trees --dry-run",
    "release trees 1.0.0",
    "backup",
    "backup --list",
    "backup copy.db",
    "backup --restore copy.db",
    "doctor --rescue rescued.jsonl",
    "sync ../folder",
    "new basic cards/trees/b.yaml --id ash",
)
"""Lines that need neither Anki nor an exam, in an order in which each succeeds."""
EXAM_LINES = (
    "set trees --date 2026-12-20",
    "coverage",
    "misses",
    "mock --list",
    "set trees --clear",
)


def name_all() -> dict[str, bool]:
    """Return every command by its words, and whether it has --json."""
    return {
        " ".join(path): any("--json" in param.opts for param in command.params)
        for path, command in walk_commands()
        if not isinstance(command, LazyGroup)
    }


def test_every_command_has_json_or_a_reason_not_to() -> None:
    assert {name for name, has_json in name_all().items() if not has_json} == WITHOUT_JSON.keys()


def test_what_is_printed_is_json(
    write: Write, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write(PROJECT)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "data" / "reviews.db"))

    for line in LINES:
        assert json.loads(run(*line.split(), "--json").stdout) is not None, line


def test_what_is_printed_of_an_exam_is_json(
    write: Write, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(make_exam_files())
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))

    for line in EXAM_LINES:
        assert json.loads(run("exam", *line.split(), "--json").stdout) is not None, line


@pytest.mark.parametrize("name", sorted(name_all()))
def test_errors_are_json(name: str) -> None:
    done = CliRunner().invoke(cards, [*name.split(), "--json", "--no-such-option"])

    assert done.exit_code == 2
    assert done.stdout == ""
    error = json.loads(done.stderr)
    assert error["help"] == f"see `cards {name} --help`"
    assert error.keys() == {"error", "help", "details"}


def test_an_error_keeps_its_exit_status_and_its_help(
    run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    nowhere = run("list", "--json", folder=tmp_path, exit_code=1)
    write({"cards/trees/a.yaml": "cards: [{id: oak, kind: basik, question: \x85}]"})
    broken = run("build", "--json", exit_code=1)
    text = run("show", "--", "--json", exit_code=1)

    assert json.loads(nowhere.stderr)["help"].startswith("start one with `cards init NAME`")
    assert "control-character" in json.loads(broken.stderr)["details"]
    assert text.stderr.startswith("error: there is no card `--json`")


def test_the_error_is_the_last_line_after_notes(run: Run, write: Write) -> None:
    write(PROJECT)

    done = run("show", "no\x1bthing", "--json", exit_code=1)

    assert "no\\u001bthing" in done.stderr
    assert "no\x1bthing" in json.loads(done.stderr.splitlines()[-1])["error"]
