"""`cards optimize` on a real store."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cardwright.history import Review
from cardwright.study.fsrs import DEFAULT_PARAMETERS, MODEL
from cardwright.study.store import open_store
from learner import FORGETFUL, study
from project_files import Run, Write

PROMPTS = 150
NOW = "2024-08-10T12:00:00+00:00"


@pytest.fixture
def db(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose prompts are those of the learner, and the path of a store."""
    cards = "".join(
        f"  - {{id: p{number}, question: Which?, answer: This.}}\n" for number in range(PROMPTS)
    )
    write(
        {
            "cards/trees/trees.yaml": f"kind: basic\ncards:\n{cards}",
            "cards/stones/stones.yaml": (
                "kind: basic\ncards: [{id: flint, question: Which?, answer: This.}]\n"
            ),
            "decks/stones/deck.yaml": "name: Stones\n",
        }
    )
    path = tmp_path / "reviews.db"
    monkeypatch.setenv("CARDS_DB", str(path))
    monkeypatch.setenv("CARDS_NOW", NOW)
    return path


def fill(path: Path, reviews: Sequence[Review]) -> None:
    store = open_store(path, "machine")
    with store.transaction():
        for review in reviews:
            store.add(review)
    store.close()


def read_settings(path: Path) -> dict[tuple[str, str], Any]:
    store = open_store(path, "machine")
    settings = store.settings.read()
    store.close()
    return settings


def test_better_parameters_are_put_in_force_for_one_pack(db: Path, run: Run) -> None:
    fill(db, study(FORGETFUL, PROMPTS, 60, 2))

    shown = run("optimize").stdout

    assert "trees: 886 reviews on a later day than the previous answer" in shown
    assert "the fitted ones predict better; fitted to all reviews, they are now used" in shown
    assert "150 memories recomputed" in shown
    assert "▸ 0.9 " in shown
    assert "stones" not in shown
    fitted = read_settings(db)["trees", "parameters"]
    assert fitted["model"] == MODEL
    assert fitted["fitted_on"] == "2024-08-10"
    assert len(fitted["parameters"]) == 21
    assert fitted["reviews"] > 500

    again = json.loads(run("optimize", "--json").stdout)["trees"]
    assert again["parameters"] == fitted["parameters"]
    assert again["before"]["log_loss"] < 0.6


def test_programs_get_all_figures(db: Path, run: Run) -> None:
    fill(db, study(FORGETFUL, PROMPTS, 60, 2))

    found = json.loads(run("optimize", "trees", "--dry-run", "--json").stdout)

    (row,) = found.values()
    assert set(row) == {
        *("reviews", "held_out", "before", "after", "is_better", "parameters", "workload")
    }
    assert row["is_better"]
    assert row["after"]["log_loss"] < row["before"]["log_loss"]
    assert row["held_out"] == row["reviews"] - int(row["reviews"] * 0.8)
    assert [set(workload) for workload in row["workload"]] == [
        {"desired_retention", "minutes_per_day", "remembered"}
    ] * 11
    assert found == json.loads(run("optimize", "trees", "--json").stdout)


def test_a_dry_run_changes_nothing(db: Path, run: Run) -> None:
    fill(db, study(FORGETFUL, PROMPTS, 60, 2))

    assert "they would be used" in run("optimize", "--dry-run").stdout

    assert ("trees", "parameters") not in read_settings(db)


def test_memories_follow_the_parameters_at_once_and_go_back_with_them(db: Path, run: Run) -> None:
    fill(db, study(FORGETFUL, PROMPTS, 60, 2))

    def read_stabilities() -> list[float]:
        store = open_store(db, "machine")
        found = [memory.stability for memory in store.list_memories()]
        store.close()
        return found

    run("optimize", "--dry-run")
    before = read_stabilities()
    run("optimize")
    after = read_stabilities()
    assert sum(after) < sum(before) / 2

    shown = run("optimize", "trees", "--defaults").stdout
    assert shown == "trees: the default parameters are used; 150 memories recomputed\n"
    assert read_stabilities() == before
    assert ("trees", "parameters") not in read_settings(db)
    assert run("optimize", "trees", "--defaults").stdout == (
        "trees: the default parameters are used\n"
    )
    assert json.loads(run("optimize", "trees", "--defaults", "--json").stdout) == {
        "trees": {"parameters": list(DEFAULT_PARAMETERS)}
    }


def test_too_few_reviews_change_nothing_and_are_counted(db: Path, run: Run) -> None:
    fill(db, study(FORGETFUL, 20, 10, 1))

    shown = run("optimize").stdout

    assert "at least 500 are needed; nothing was changed" in shown
    assert "trees: " in shown
    assert "stones: 0 reviews" in shown
    row = json.loads(run("optimize", "trees", "--json").stdout)["trees"]
    assert 0 < row["reviews"] < 500
    assert row["before"] is row["after"] is None
    assert row["parameters"] == list(DEFAULT_PARAMETERS)
    assert ("trees", "parameters") not in read_settings(db)


def test_parameters_that_are_no_better_are_not_taken(db: Path, run: Run) -> None:
    fill(db, study(DEFAULT_PARAMETERS, PROMPTS, 70, 3))

    assert "the current parameters predict better, and are kept" in run("optimize").stdout

    assert ("trees", "parameters") not in read_settings(db)


def test_without_the_fitting_library_it_says_what_to_install(
    db: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db, study(FORGETFUL, 20, 10, 1))
    monkeypatch.setitem(sys.modules, "fsrs_rs_python", None)
    monkeypatch.delitem(sys.modules, "cardwright.study.optimize", raising=False)

    result = run("optimize", exit_code=1)

    assert "help: pip install fsrs-rs-python" in result.stderr
    assert "Traceback" not in result.output
    run("optimize", "--defaults")


def test_what_cannot_be_meant_is_refused(db: Path, run: Run) -> None:
    assert "there is no pack `tree` (packs: " in run("optimize", "tree", exit_code=1).stderr
    run("optimize", "--dry-run", "--defaults", exit_code=2)
    assert db.exists()
