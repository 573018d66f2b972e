"""Filters that match nothing are errors, in every command that has them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from project_files import Run, Write
from reviewing import FILES, NOW, review, store_of

CARDS = """\
kind: basic
cards:
  - {id: oak, question: Q?, answer: A, tags: [broad, wood]}
  - {id: elm, question: Q?, answer: A, tags: [broad]}
  - {id: bay, kind: cloze, text: "A {{c1::bay}}.", tags: [spice]}
"""
ALL = [["review", "--plain"], ["due"], ["next"], ["stats"]]


@pytest.fixture(autouse=True)
def _forest(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write({"cards/trees/a.yaml": CARDS, **FILES})
    monkeypatch.setenv("CARDS_DB", str(store_of(project)))
    monkeypatch.setenv("CARDS_NOW", NOW)


@pytest.mark.parametrize("command", [*ALL, ["list"]], ids=lambda words: words[0])
def test_names_of_nothing_are_answered_by_what_there_is(run: Run, command: list[str]) -> None:
    for option, name, said, help in (
        ("--tag", "woo", "there is no card with tag `woo`", "did you mean `wood`?"),
        ("--tag", "x", "there is no card with tag `x`", "tags: broad, spice, wood"),
        (
            "--kind",
            "trem",
            "there is no card of kind `trem`",
            "kinds: basic, choice, cloze, instinct, objective, route, term",
        ),
        ("--lesson", "9.9", "there is no card of lesson `9.9`", "lessons: 1.1"),
    ):
        found = run(*command, option, name, exit_code=1)
        assert (found.stderr, found.stdout) == (f"error: {said}\n  help: {help}\n", "")


@pytest.mark.parametrize("command", [*ALL, ["list"]], ids=lambda words: words[0])
def test_names_that_meet_on_no_card_are_answered_by_those_that_do(
    run: Run, command: list[str]
) -> None:
    said = run(*command, "--tag", "broad", "--kind", "cloze", exit_code=1).stderr
    assert said == (
        "error: there is no card with tag `broad` of kind `cloze`\n  help: kinds there: basic\n"
    )
    said = run(*command, "--lesson", "1.1", "--tag", "spice", exit_code=1).stderr
    assert said.endswith("of lesson `1.1` with tag `spice`\n  help: tags there: none\n")


def test_of_several_names_each_must_exist_and_one_must_match(run: Run) -> None:
    asked = json.loads(
        run("due", "--tag", "broad", "--kind", "basic", "--kind", "term", "--json").stdout
    )
    assert len(asked["prompts"]) == 2
    said = run("due", "--tag", "broad", "--tag", "nope", "--json", exit_code=1)
    assert json.loads(said.stderr)["error"] == "there is no card with tag `nope`"
    said = run("due", "trees", "--tag", "spice", "--tag", "wood", "--kind", "term", exit_code=1)
    assert "no card in `trees` with tag `spice` or `wood` of kind `term`\n" in said.stderr


def test_packs_and_objectives_of_a_list(run: Run) -> None:
    assert "help: packs: trees\n" in run("list", "--pack", "tree", exit_code=1).stderr
    said = run("list", "--objective", "x", "--json", exit_code=1)
    assert (said.stderr.count("objectives: 7"), said.stdout) == (1, "")
    assert "trees:age" in run("list", "--objective", "7").stdout


@pytest.mark.parametrize("command", ALL, ids=lambda words: words[0])
def test_marks_that_no_prompt_has(run: Run, command: list[str]) -> None:
    said = run(*command, "--flagged", exit_code=1).stderr
    assert said == "error: no prompt is flagged\n  help: `cards flag CARD` flags one\n"
    assert run(*command, "--leeches", exit_code=1).stderr == "error: no prompt is a leech\n"
    run("flag", "oak")
    run(*command, "--flagged", "--tag", "wood")
    said = run(*command, "--flagged", "--tag", "spice", exit_code=1).stderr
    assert said.startswith("error: none of these prompts is flagged\n")


def test_cards_of_which_nothing_is_due_are_no_error(run: Run) -> None:
    run("bury", "bay")
    assert "Nothing left to review today." in run("review", "--tag", "spice", "--plain").output
    assert "Nothing left for today." in run("due", "--tag", "spice").output
    assert run("next", "--tag", "spice").output == "nothing to ask now\n"


def test_an_edit_that_takes_out_the_last_card_chosen_ends_the_session(
    project: Path, tmp_path: Path
) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import pathlib, sys\n"
        "path = pathlib.Path(sys.argv[-1])\n"
        "path.write_text(path.read_text('utf-8').replace('spice', 'herb'), 'utf-8')\n",
        "utf-8",
    )
    environ = {"EDITOR": f"{sys.executable} {editor}"}
    with review(project, "--tag", "spice", environ=environ) as program:
        program.wait_for("A [")
        program.type("e")
        program.wait_for("Nothing left to review today.")
        program.type(" ")
        assert program.wait_for_exit() == 0


def test_files_that_cannot_be_read_are_named_as_a_reason(write: Write, run: Run) -> None:
    write({"cards/trees/b.yaml": "kind: basic\ncards: [{id: yew, tags: [needles]\n"})
    for command in ("list", "due"):
        said = run(command, "--tag", "needles", exit_code=1).stderr
        assert said.startswith("some files could not be read completely: see `cards check`\n")


def test_no_number_of_days_is_too_much_for_the_store(run: Run) -> None:
    run("review", "--plain", "--ahead", "36500")
    for days in ("36501", "9" * 40):
        run("review", "--plain", "--ahead", days, exit_code=2)
