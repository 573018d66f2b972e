"""The imports of `cards --help` are limited to an allow-list, so that start-up stays fast."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from cardwright.cli.main import cards
from exam_project import make_exam_files, run_exam
from project_files import Write

LIGHT = {
    *("cardwright", "cardwright.cli", "cardwright.cli.lazy", "cardwright.cli.main"),
    "cardwright.error",
}
HEAVY = {"yaml", "markdown_it", "genanki", "pygments", "rich", "sqlite3", "difflib", "asyncio"}
LIST_NEW_MODULES = """
import json, sys
before = set(sys.modules)
import click
click_itself = set(sys.modules) - before
import cardwright.cli.main
print(json.dumps(sorted(set(sys.modules) - before - click_itself)))
"""


def run_python(*words: str) -> str:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_command_line_loads_only_itself_and_click() -> None:
    loaded = set(json.loads(run_python("-c", LIST_NEW_MODULES)))

    foreign = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign == LIGHT
    assert not {name.partition(".")[0] for name in loaded} & HEAVY


def test_help_works_and_lists_every_command() -> None:
    printed = run_python("-m", "cardwright", "--help")

    assert printed.startswith("Usage:")
    for name in cards.commands:
        assert f"  {name} " in printed


@pytest.mark.parametrize("name", list(cards.commands))
def test_a_command_is_listed_with_the_first_sentence_of_its_own_help(name: str) -> None:
    command = cards.load_command(name)

    assert cards.commands[name].short_help == command.get_short_help_str(limit=200)


def test_help_is_a_command_too() -> None:
    run = partial(CliRunner().invoke, cards, prog_name="cards")

    assert run(["help"]).output == run(["--help"]).output
    assert run(["help", "exam", "set"]).output == run(["exam", "set", "--help"]).output
    unknown = run(["help", "exam", "sett"])
    assert unknown.exit_code == 2
    assert "Did you mean" in unknown.output
    assert run(["help", "show", "oak"]).exit_code == 2
    assert run(["-V"]).output == run(["--version"]).output


def test_a_mistyped_command_is_answered_by_a_close_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cardwright", "chek"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "check" in done.stderr


def test_a_review_starts_without_what_an_unchanged_project_does_not_need() -> None:
    code = "import sys; import cardwright.cli.review; print(*sorted(sys.modules))"

    loaded = set(run_python("-c", code).split())

    unneeded = {"yaml", "markdown_it", "pygments", "genanki", "numpy", "fsrs", "rich.console"}
    assert not unneeded & loaded


def test_the_kept_plan_of_the_day_is_read_without_numpy(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    monkeypatch.setenv("CARDS_NOW", "2026-11-26T09:00:00+01:00")
    forest = str(write(make_exam_files()))
    run_exam(Path(forest), "set", "trees", "--date", "2026-12-10")

    for words in (["review", "--plain"], ["exam", "status"]):
        code = f"""
import sys
from cardwright.cli.main import cards
try:
    cards(["-C", {forest!r}, *{words!r}])
finally:
    print("numpy" in sys.modules)
"""
        shown = run_python("-c", code).splitlines()
        assert any("Expected on exam day" in line for line in shown)
        assert shown[-1] == "False"
