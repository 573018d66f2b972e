"""Two projects with a pack of the same name and cards of the same ids, studied in one store."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cardwright.cli.main import cards
from pty_driver import PtyProgram

MINE, YOURS = "namespace: python-k3v9", "namespace: python-w7x2"
EXAM = """\
name: Snakes
questions: 2
minutes: 4
domains:
  - {id: all, name: All, weight: 100, lessons: [{id: "1", title: Begin}]}
"""


def write_project(root: Path, ids: str, manifest: str = "", pack: str = "python") -> Path:
    rows = "".join(
        f"""\
  - id: {id}
    question: What is {id}, says {root.name}?
    options:
      - {{right: This., reason: So it is.}}
      - {{wrong: That., reason: No.}}
"""
        for id in ids.split()
    )
    for name, text in {
        f"decks/{pack}/deck.yaml": f"name: Python\n{manifest}\n",
        f"decks/{pack}/blueprint.yaml": EXAM,
        f"cards/{pack}/a.yaml": f'kind: choice\nlesson: "1"\ncards:\n{rows}',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    monkeypatch.setenv("CARDS_NOW", "2026-11-02T09:00:00+01:00")
    return tmp_path / "reviews.db"


def run(root: Path, *words: str, exit_code: int = 0, input: str = "") -> str:
    result = CliRunner().invoke(cards, ["-C", str(root), *words], input=input)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result.output


def ask(root: Path, *words: str) -> Any:
    return json.loads(run(root, *words, "--json"))


@pytest.mark.usefixtures("db")
def test_nothing_is_shared(tmp_path: Path) -> None:
    mine = write_project(tmp_path / "mine", "lists dicts sets", MINE)
    yours = write_project(tmp_path / "yours", "lists tuples", YOURS)
    run(mine, "answer", "lists", "easy", "--ms", "5000")
    run(mine, "options", "python", "new_per_day=7", "desired_retention=0.95")
    run(mine, "exam", "set", "python", "--date", "2026-12-01", "--minutes", "11")
    run(mine, "exam", "drill", "--plain", "--questions", "1", input="1\n\n2\n\n")
    run(mine, "exam", "miss", "lists", "--rule", "Copy.", "--action", "Look.")

    assert ask(yours, "history", "lists")["reviews"] == []
    assert ask(yours, "due")["new"] == 2
    assert ask(yours, "options")["python"]["new_per_day"] == 20
    assert ask(yours, "stats")["answers"] == 0
    assert "no exam is set" in run(yours, "exam", "status", exit_code=1)
    assert ask(yours, "exam", "misses")["misses"] == []
    run(yours, "exam", "miss", "lists", "--rule", "Other.", "--action", "Wait.")
    run(yours, "suspend", "lists")

    assert ask(mine, "history", "lists")["suspended"] is False
    assert [row["rule"] for row in ask(mine, "exam", "misses")["misses"]] == ["Copy."]
    assert [row["rule"] for row in ask(yours, "exam", "misses")["misses"]] == ["Other."]
    assert "11 minutes" in run(mine, "exam", "status")
    for root in (mine, yours):
        assert "memories match a replay" in run(root, "doctor", "--verify")


@pytest.mark.usefixtures("db")
def test_a_clone_shares_and_a_renamed_folder_keeps_everything(tmp_path: Path) -> None:
    mine = write_project(tmp_path / "mine", "lists dicts", MINE)
    run(mine, "answer", "lists", "easy", "--ms", "5000")
    run(mine, "options", "python", "new_per_day=7")
    run(mine, "exam", "set", "python", "--date", "2026-12-01", "--minutes", "11")
    run(mine, "exam", "drill", "--plain", "--questions", "1", input="1\n")
    run(mine, "exam", "miss", "lists", "--rule", "Copy.", "--action", "Look.")
    before = ask(mine, "history", "lists")

    clone = write_project(tmp_path / "clone", "lists dicts", MINE, pack="snakes")

    known = ask(clone, "history", "lists")
    renamed = {"prompt": "snakes:lists/choose"}
    prompts = [{**before["prompts"][0], **renamed}]
    assert known == {**before, **renamed, "prompts": prompts}
    assert ask(clone, "options")["snakes"]["new_per_day"] == 7
    assert "11 minutes" in run(clone, "exam", "status")
    (miss,) = ask(clone, "exam", "misses")["misses"]
    assert (miss["card"], miss["pack"], miss["rule"]) == ("snakes:lists", "snakes", "Copy.")
    run(clone, "exam", "miss", "lists", "--rule", "Never.", "--action", "Look.")
    assert len(ask(clone, "exam", "misses")["misses"]) == 1
    assert "Continuing python-2026-11-02" in run(clone, "exam", "drill", "--plain", input="q\n")


def test_an_earlier_history_goes_on_under_a_new_namespace(tmp_path: Path, db: Path) -> None:
    mine = write_project(tmp_path / "mine", "lists dicts")
    run(mine, "answer", "lists", "easy")
    before = ask(mine, "history", "lists")

    said = run(mine, "namespace", "python")

    made = said.split()[2]
    assert f"the reviews under `python` continue as `{made}`\n" in said
    assert "continues the reviews under `python`\n" in run(
        mine, "namespace", "python", "--history", "keep"
    )
    assert ask(mine, "history", "lists") == before
    assert ask(mine, "history", "python:lists/choose") == before
    run(mine, "answer", "dicts", "good")
    with closing(sqlite3.connect(db)) as store:
        keys = [key for (key,) in store.execute("select prompt from reviews order by id")]
    assert keys == ["python:lists/choose", "python:dicts/choose"]
    exported = run(mine, "export").splitlines()
    assert [json.loads(line)["prompt"] for line in exported] == keys


@pytest.mark.usefixtures("db")
def test_a_shared_history_is_asked_about_once(tmp_path: Path) -> None:
    mine = write_project(tmp_path / "mine", "lists dicts")
    yours = write_project(tmp_path / "yours", "lists tuples")
    run(mine, "answer", "dicts", "easy")
    run(yours, "answer", "tuples", "easy")
    write_project(mine, "lists dicts", MINE)
    write_project(yours, "lists tuples", YOURS)

    said = run(mine, "answer", "lists", "good", exit_code=1)
    assert "2 prompts under the name `python`, but only 1 is in this project" in said
    assert ask(mine, "due")["new"] == 2
    assert run(mine, "namespace", "python", "--history", "leave") == "python: starts afresh\n"
    run(mine, "answer", "lists", "good")
    assert "continues the reviews" in run(yours, "namespace", "python", "--history", "keep")
    assert ask(yours, "history", "tuples")["reps"] == 1
    assert ask(yours, "history", "lists")["reviews"] == []
    said = run(yours, "namespace", "python", "--history", "leave", exit_code=1)
    assert "this is final" in said
    third = write_project(tmp_path / "third", "lists tuples", "namespace: third")
    said = run(third, "answer", "lists", "good")
    assert "belong to another project (python-w7x2): this one starts afresh" in said
    assert "note:" not in run(third, "answer", "lists", "good")
    assert "nothing to decide" in run(
        write_project(tmp_path / "fourth", "x", "namespace: fourth", pack="new"),
        *("namespace", "new", "--history", "keep"),
        exit_code=1,
    )


def test_somebody_at_a_terminal_is_asked(tmp_path: Path, db: Path) -> None:
    mine = write_project(tmp_path / "mine", "lists dicts")
    yours = write_project(tmp_path / "yours", "lists tuples")
    run(mine, "answer", "dicts", "easy")
    run(yours, "answer", "tuples", "easy")
    write_project(mine, "lists dicts", MINE)

    code = "from cardwright.cli.main import main; main()"
    with PtyProgram(
        [sys.executable, "-c", code, "-C", str(mine), "suspend", "dicts"],
        environ={"CARDS_DB": str(db)},
    ) as program:
        program.wait_for("Do these reviews belong to this project")
        program.type("y\n")
        assert program.wait_for_exit() == 0
    assert ask(mine, "history", "dicts")["reps"] == 1
