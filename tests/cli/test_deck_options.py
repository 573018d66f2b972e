"""`cards options` for sub-decks, and the commands that follow them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from project_files import Run, Write

DECK = """\
name: Trees
namespace: trees-k3v9
options: {new_per_day: 5, fuzz: false}
decks:
  - name: Oaks
    select: {tag: oak}
    options: {new_per_day: 2}
    decks: [{name: Old, select: {tag: old}}]
  - {name: Elms, select: {tag: elm}}
"""
CARDS = "kind: basic\nsources: [A book]\ncards:\n" + "".join(
    f"  - {{id: {tag}-{number}, question: Q {tag} {number}?, answer: A, tags: [{tag}]}}\n"
    for tag in ("old", "oak", "elm")
    for number in range(4)
)


@pytest.fixture(autouse=True)
def _forest(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDS_DB", str(tmp_path / "reviews.db"))
    monkeypatch.setenv("CARDS_NOW", "2026-11-02T09:00:00+01:00")
    write({"cards/trees/a.yaml": CARDS, "decks/trees/deck.yaml": DECK})


@pytest.fixture
def ask(run: Run) -> Any:
    return lambda *words: json.loads(run(*words, "--json").output)


def count_new(ask: Any) -> dict[str, int]:
    """Return how many new prompts are asked today, by tag."""
    asked = [row["prompt"].partition(":")[2][:3] for row in ask("due")["prompts"]]
    return {tag: asked.count(tag) for tag in ("old", "oak", "elm")}


def test_limits_of_a_deck_and_of_those_above(run: Run, ask: Any) -> None:
    assert count_new(ask) == {"old": 0, "oak": 2, "elm": 3}

    run("options", "Trees::Oaks", "new_per_day=1")
    assert count_new(ask) == {"old": 0, "oak": 1, "elm": 4}
    run("options", "trees::oaks::old", "new_per_day=0", "leech_lapses=3")
    run("options", "trees", "new_per_day=3")
    assert ask("options")["Trees::Oaks"]["new_per_day"] == 1
    assert count_new(ask) == {"old": 0, "oak": 1, "elm": 2}
    run("options", "Trees::Elms", "new_per_day=0")
    assert count_new(ask) == {"old": 0, "oak": 1, "elm": 0}
    run("options", "Trees::Elms", "new_per_day=")
    assert count_new(ask) == {"old": 0, "oak": 1, "elm": 2}


def test_only_what_differs_is_listed(run: Run, ask: Any) -> None:
    run("options", "Trees::Oaks::Old", "desired_retention=0.8")

    run("options", "Trees::Elms", "fuzz=true")
    printed = run("options").output

    assert printed.partition("Trees::Oaks:")[2] == (
        "\n"
        "  new_per_day               2\n"
        "Trees::Oaks::Old:\n"
        "  desired_retention         0.8  (yours)\n"
        "Trees::Elms:\n"
        "  fuzz                      true  (yours)\n"
    )
    rows = ask("options")
    assert list(rows) == ["", "trees", "Trees::Oaks", "Trees::Oaks::Old", "Trees::Elms"]
    assert rows["Trees::Oaks::Old"]["new_per_day"] == 2


def test_setting_options_shows_what_changes(run: Run, ask: Any) -> None:
    shown = run("options", "trees", "new_per_day=3", "learning_steps_minutes=none").output
    assert shown == (
        "trees:\n"
        "  new_per_day               5 → 3  (yours)\n"
        "  learning_steps_minutes    1,10 → none  (yours)\n"
    )
    # A sub-deck inherits what is not set for it.
    shown = run("options", "trees::oaks::old", "learning_steps_minutes=none").output
    assert shown == "Trees::Oaks::Old:\n  learning_steps_minutes    still none  (yours)\n"
    assert run("options", "trees", "new_per_day=").output == (
        "trees:\n  new_per_day               3 → 5\n"
    )
    assert run("options", "rollover_hour=5", "autoplay=no").output == (
        "all packs:\n"
        "  rollover_hour             4 → 5  (yours)\n"
        "  autoplay                  still false  (yours)\n"
    )
    assert ask("options", "Trees::Elms", "fuzz=true") == [
        {"deck": "Trees::Elms", "option": "fuzz", "before": False, "after": True}
    ]


def test_an_unknown_deck_and_what_needs_one(run: Run, write: Write) -> None:
    said = run("options", "Trees::Oak", "new_per_day=1", exit_code=1).output
    assert "there is no pack or deck `Trees::Oak`; the decks are:\n  Trees\n  Trees::Oaks\n" in said
    write({"decks/woods/deck.yaml": "name: Woods\ndecks: [{name: 1 Elms}, {name: Oaks}]\n"})
    said = run("options", "oaks", exit_code=1).output
    assert said.startswith("error: several decks match `oaks`:\n  Trees::Oaks\n  Woods::Oaks\n")
    assert "Woods::1 Elms:" in run("options", "1", "new_per_day=1").output
    said = run("options", "new_per_day=1", exit_code=2).output
    assert "applies to one pack or deck: name it first" in said
    assert (
        "less than a day"
        in run("options", "Trees::Elms", "learning_steps_minutes=1440", exit_code=2).output
    )


def test_the_schedule_is_that_of_the_prompts_own_deck(run: Run, ask: Any) -> None:
    run("options", "Trees::Elms", "desired_retention=0.8", "learning_steps_minutes=none")
    for prompt in ("oak-0", "elm-0"):
        run("answer", prompt, "good")
    assert ask("history", "oak-0")["state"] == "learning"
    elm = ask("history", "elm-0")
    assert (elm["state"], elm["interval_days"]) == ("review", 8)

    # Existing memories follow the options, and those of other decks stay.
    run("options", "Trees::Elms", "desired_retention=0.95")
    assert ask("history", "elm-0")["interval_days"] == 1
    assert ask("history", "elm-0")["stability"] == elm["stability"]
    assert "memories match a replay" in run("doctor", "--verify").output


def test_a_card_that_moves_follows_its_new_deck(run: Run, ask: Any, write: Write) -> None:
    run("options", "Trees::Elms", "learning_steps_minutes=none")
    run("answer", "oak-0", "good")
    assert ask("history", "oak-0")["state"] == "learning"

    write({"cards/trees/a.yaml": CARDS.replace("A, tags: [oak]", "A, tags: [elm]")})

    assert ask("history", "oak-0")["state"] == "review"


def test_the_workload_counts_every_deck_by_its_own_options(run: Run, ask: Any) -> None:
    def minutes() -> list[float]:
        return [row["minutes_per_day"] for row in ask("optimize", "trees")["trees"]["workload"]]

    pytest.importorskip("fsrs_rs_python")
    before = minutes()
    run("options", "Trees::Elms", "new_per_day=0")
    fewer = minutes()
    run("options", "Trees::Elms", "new_per_day=", "maximum_interval_days=3")
    more = minutes()

    assert all(few < some < many for few, some, many in zip(fewer, before, more, strict=True))
