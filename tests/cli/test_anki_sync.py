"""`cards anki sync`, with a real collection of a closed Anki."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from anki_backend import RATINGS
from anki_desktop import open_anki, write_cards
from cardwright.cli.environment import read_clock
from cardwright.history import count_days
from project_files import Run, Write

COLLECTION = "User 1/collection.anki2"


@pytest.fixture
def anki_folder(
    project: Path, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Anki's folder, with an empty profile; the project has three cards."""
    assert project
    folder = tmp_path / "Anki2"
    (folder / COLLECTION).parent.mkdir(parents=True)
    with open_anki(folder / COLLECTION) as col:
        col.set_config("fsrs", val=True)
    monkeypatch.setenv("ANKI_BASE", str(folder))
    write({"cards/trees/a.yaml": write_cards(range(3))})
    return folder


def test_due_dates_that_were_set_here_are_those_in_anki(anki_folder: Path, run: Run) -> None:
    run("anki", "update")
    run("answer", "card-0", "easy")
    run("anki", "sync")
    run("reschedule", "card-0", "card-1", "--in", "7")
    run("reschedule", "card-2", "--in", "0")
    run("undo")
    assert run("anki", "sync").stdout == "0 from Anki, 2 to Anki, 2 cards written there\n"
    assert run("anki", "sync").stdout.startswith("nothing new: ")

    with open_anki(anki_folder / COLLECTION) as col:
        for name, kind, days in (("card-0", 2, 7), ("card-1", 2, 7), ("card-2", 0, None)):
            card = col.get_card(col.find_cards(f"Id:trees:{name}")[0])
            assert card.type == kind
            assert days is None or card.due - col.sched.today == days
    told = {row["prompt"]: row for row in read_memories(run)}
    assert told["trees:card-0/recall"]["stability"], "what is remembered stays"
    assert run("undo", exit_code=1).stderr.startswith("reschedule on trees:card-0/recall, ")

    with open_anki(anki_folder / COLLECTION) as col:
        [card_id] = col.find_cards("Id:trees:card-1")
        col.sched.set_due_date([card_id], "3")
    run("anki", "sync")
    [row] = json.loads(run("browse", "trees:card-1", "--json").stdout)
    assert count_days(date.fromisoformat(row["due_on"])) == read_clock().study_day(4) + 3


def test_a_day_with_both(anki_folder: Path, run: Run) -> None:
    first = run("anki", "sync")
    assert first.stdout == "nothing new: 0 from Anki, 0 to Anki, 0 cards\n"
    assert "`cards anki update` brings them there" in first.stderr

    run("anki", "update")
    run("answer", "card-0", "easy")
    run("suspend", "card-1")
    with open_anki(anki_folder / COLLECTION) as col:
        [card_id] = col.find_cards("Id:trees:card-2")
        col._backend.grade_now(card_ids=[card_id], rating=RATINGS[3])
        col.set_user_flag_for_cards(2, [card_id])

    planned = run("anki", "sync", "--dry-run")
    assert planned.stdout == (
        "1 from Anki, 1 to Anki, 2 cards written there (nothing was changed: this was a dry run)\n"
    )
    done = run("anki", "sync", "--profile", "User 1")
    assert done.stdout == "1 from Anki, 1 to Anki, 2 cards written there\n"
    assert "note: changed here as in Anki: 1 flag\n" in done.stderr
    told = json.loads(run("anki", "sync", "--json").stdout)
    assert {name: told[name] for name in ("place", "from_anki", "to_anki", "cards", "found")} == {
        "place": "profile User 1",
        "from_anki": 0,
        "to_anki": 0,
        "cards": 0,
        "found": 3,
    }

    ours = {row["prompt"]: row for row in read_memories(run)}
    with open_anki(anki_folder / COLLECTION) as col:
        for name in ("card-0", "card-2"):
            [card_id] = col.find_cards(f"Id:trees:{name}")
            card = col.get_card(card_id)
            computed = col._backend.compute_memory_state(card_id).state
            assert card.memory_state
            assert card.memory_state.stability == pytest.approx(computed.stability, abs=1e-3)
            memory = ours[f"trees:{name}/recall"]
            assert memory["stability"] == pytest.approx(computed.stability, rel=1e-5)
            days = count_days(date.fromisoformat(memory["due_on"])) - read_clock().study_day(4)
            assert days == card.due - col.sched.today
        [suspended] = col.find_cards("Id:trees:card-1")
        assert col.get_card(suspended).queue == -1


@pytest.mark.parametrize(
    "damage",
    [
        "update notes set guid = (select guid from notes limit 1 offset 1)",
        "update cards set due = 90000000 where type = 2",
        "update cards set ivl = -60, reps = -5, left = -1",
        "update col set crt = 1099511627776",
        "insert into revlog select 2700000000000, cid, -1, 1, 1, 1, 2500, 9, 0 from revlog limit 1",
    ],
)
def test_a_damaged_card_stops_no_sync_and_damages_no_store(
    anki_folder: Path, run: Run, damage: str
) -> None:
    run("anki", "update")
    run("answer", "card-0", "easy")
    run("suspend", "card-1")
    run("anki", "sync")
    with closing(sqlite3.connect(anki_folder / COLLECTION)) as db, db:
        db.execute(damage)
    run("answer", "card-2", "easy")
    run("answer", "card-1", "again")
    run("unsuspend", "card-1")
    run("flag", "card-0")

    run("anki", "sync")

    assert run("anki", "sync").stdout.startswith("nothing new: ")
    assert "memories match a replay" in run("doctor", "--verify").stdout
    log = [json.loads(line) for line in run("export").stdout.splitlines()]
    assert {"trees:card-0/recall", "trees:card-1/recall", "trees:card-2/recall"} <= {
        row["prompt"] for row in log
    }


def test_the_doctor_knows_what_waits(anki_folder: Path, run: Run) -> None:
    path = anki_folder / COLLECTION
    run("anki", "update")
    with open_anki(path) as col:
        [card_id] = col.find_cards("Id:trees:card-0")
        filtered = col.sched.get_or_create_filtered_deck(0)  # type: ignore[arg-type]
        filtered.config.search_terms[0].search = "Id:trees:card-0"
        filtered.name = "Filtered"
        deck_id = col.sched.add_or_update_filtered_deck(filtered).id
    run("anki", "sync")
    run("answer", "card-0", "easy")
    run("answer", "card-2", "easy")

    assert "to be written to profile User 1: 2 answers\n" in run("doctor").stdout
    run("anki", "sync")
    assert "to be written to profile User 1: the state of 1 card\n" in run("doctor").stdout
    with open_anki(path) as col:
        col.sched.empty_filtered_deck(deck_id)  # type: ignore[arg-type]
    run("anki", "sync")
    assert "to be written" not in run("doctor").stdout
    with open_anki(path) as col:
        assert col.get_card(card_id).queue == 2


def read_memories(run: Run) -> list[dict[str, Any]]:
    """Return what the terminal knows of the studied cards, without changing it."""
    found = []
    for name in ("card-0", "card-2"):
        found += json.loads(run("bury", "--off", name, "--json").stdout)
    return found


def test_options_are_named_with_what_aligns_them(anki_folder: Path, run: Run) -> None:
    assert anki_folder
    run("anki", "update")
    run("options", "trees", "learning_steps_minutes=5", "desired_retention=0.85")

    found = run("anki", "sync").stderr

    assert (
        "note: Anki's preset Default has desired_retention 0.9; here it is 0.85 for trees\n"
        "  help: `cards options trees desired_retention=0.9`, or `cards anki sync --take-options`\n"
    ) in found
    taken = run("anki", "sync", "--take-options").stderr
    assert "taken over from Anki: 2 options" in taken
    assert "preset" not in taken
    assert re.search(r"desired_retention +0.9", run("options").stdout)


def test_a_restored_backup_in_a_script(anki_folder: Path, run: Run) -> None:
    run("anki", "update")
    path = anki_folder / COLLECTION
    before = path.read_bytes()
    run("answer", "card-0", "easy")
    with open_anki(path) as col:
        [card_id] = col.find_cards("Id:trees:card-2")
        col._backend.grade_now(card_ids=[card_id], rating=RATINGS[2])
    run("anki", "sync")
    path.write_bytes(before)

    refused = run("anki", "sync", exit_code=1)

    assert "lacks 2 rows of its log that it had at the last sync" in refused.stderr
    assert "--vanished restore" in refused.stderr
    done = run("anki", "sync", "--vanished", "restore")
    assert done.stdout.startswith("0 from Anki, 2 to Anki, 2 cards")
    assert run("anki", "sync").stdout.startswith("nothing new")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--profile", "Nobody"), "Anki has no profile Nobody"),
        (("--server", "https://sync.ankiweb.net/"), "never logs in there"),
    ],
)
def test_what_cannot_be_synced(
    anki_folder: Path, run: Run, words: tuple[str, ...], message: str
) -> None:
    assert anki_folder
    assert message in run("anki", "sync", *words, exit_code=1).stderr


def test_nothing_new_needs_no_library(
    anki_folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert anki_folder
    run("anki", "update")
    for name in [name for name in sys.modules if name.partition(".")[0] == "anki"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "anki", None)

    assert run("anki", "sync").stdout.startswith("nothing new")
    run("answer", "card-0", "easy")
    refused = run("anki", "sync", exit_code=1)
    assert "pip install 'cardwright[anki]'" in refused.stderr
