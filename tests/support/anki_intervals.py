"""Asks Anki's backend where each answer leads: JSON in, JSON out.

A separate program, since the backend reads ANKI_TEST_MODE, which turns its fuzz off, only once.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from anki.cards_pb2 import FsrsMemoryState
from anki.collection import Collection
from anki.consts import CardQueue, CardType
from anki.decks import DeckId

_TYPES: Final = {"learning": 1, "review": 2, "relearning": 3}
_DAY_S: Final = 86_400


def main() -> None:
    """Answer each case of standard input."""
    given = json.load(sys.stdin)
    with TemporaryDirectory() as folder:
        col = Collection(str(Path(folder) / "collection.anki2"))
        col.set_config("fsrs", val=True)
        config = col.decks.config_dict_for_deck_id(DeckId(1))
        config["new"]["delays"] = given["steps"]
        config["lapse"]["delays"] = given["relearning_steps"]
        col.decks.update_config(config)
        note_type = col.models.by_name("Basic")
        assert note_type
        note = col.new_note(note_type)
        note["Front"] = "oak"
        col.add_note(note, DeckId(1))
        card_id = note.cards()[0].id
        outcomes = [ask(col, card_id, case) for case in given["cases"]]
        col.close()
    json.dump(outcomes, sys.stdout)


def ask(col: Collection, card_id: Any, case: dict[str, Any]) -> list[tuple[str, int, float]]:
    """Make Anki's card what a memory is, and return where each of the four answers leads."""
    card = col.get_card(card_id)
    card.type = CardType(_TYPES[case["state"]])
    card.queue = CardQueue(_TYPES[case["state"]])
    card.ivl = case["interval_days"]
    card.due = 0 if case["state"] == "review" else int(time.time())
    card.reps, card.lapses = case["reps"], case["lapses"]
    card.left = case["remaining_steps"]
    card.memory_state = card.last_review_time = None
    if case["stability"]:
        card.memory_state = FsrsMemoryState(
            stability=case["stability"], difficulty=case["difficulty"]
        )
        today_s = col._backend.sched_timing_today().next_day_at - _DAY_S
        card.last_review_time = min(today_s - case["days"] * _DAY_S + 60, int(time.time()))
    col.update_card(card)
    states = col._backend.get_scheduling_states(card_id)
    return [_describe(getattr(states, name).normal) for name in ("again", "hard", "good", "easy")]


def _describe(normal: Any) -> tuple[str, int, float]:
    """Return the state, the seconds or days to wait, and the stability."""
    kind = normal.WhichOneof("kind")
    if kind == "review":
        return kind, normal.review.scheduled_days, normal.review.memory_state.stability
    step = normal.learning if kind == "learning" else normal.relearning.learning
    return kind, step.scheduled_secs, step.memory_state.stability


if __name__ == "__main__":
    main()
