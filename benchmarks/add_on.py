"""Compare AnkiConnect in a running Anki with the stand-in for it that the tests use.

It writes into the profile that is open, so that must be called "Cardwright test".
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from anki.collection import Collection

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from anki_connect import AnkiConnectServer
from cardwright.anki.doors.anki_connect import AnkiConnect, AnkiConnectError
from cardwright.foreign.live_database import copy_database

PROFILE = "Cardwright test"
MAX_BYTES = 2**30
NEWER = {"getActiveProfile"}
"""Releases of the add-on before 2024 lack it."""
KEYS = ["type", "queue", "due", "ivl", "factor", "reps", "lapses", "left", "flags"]
MEMORY = ["memory_state", "last_review_time", "original_position", "desired_retention", "decay"]
VALUES = [2, 2, 17, 12, 2500, 4, 1, 0, 3]
REMEMBERED = [{"stability": 12.345678, "difficulty": 5.43219}, 1_795_000_000, 5, 0.87, 0.1542]


def list_requests(
    cards: list[int], notes: list[int], deck: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the door asks, and what shows the oddities."""
    first, second, third = cards[:3]
    row = [1_795_000_000_000, first, -1, 3, 12, 1, 500, 4000, 1]

    def set_values(
        card: int, keys: list[str], values: list[Any], **more: Any
    ) -> tuple[str, dict[str, Any]]:
        return "setSpecificValueOfCard", {"card": card, "keys": keys, "newValues": values, **more}

    yield "version", {}
    yield "requestPermission", {}
    yield "getActiveProfile", {}
    yield "deckNames", {}
    yield "getDeckConfig", {"deck": deck}
    yield "getDeckConfig", {"deck": "No such deck"}
    yield "findNotes", {"query": f'deck:"{deck}"'}
    yield "findCards", {"query": "is:new"}
    yield "findCards", {"query": '"'}
    yield "notesInfo", {"notes": [*notes[:2], 5]}
    yield "cardsInfo", {"cards": [first, 5]}
    yield "cardsModTime", {"cards": [first, second, 5]}
    yield "areSuspended", {"cards": [first, 5]}
    yield "insertReviews", {"reviews": [row]}
    yield "insertReviews", {"reviews": [[row[0] + 1, *row[1:]], row]}
    yield "insertReviews", {"reviews": []}
    yield set_values(first, KEYS + MEMORY, VALUES + REMEMBERED, warning_check=True)
    yield set_values(
        second, KEYS + MEMORY, [*VALUES, None, None, None, None, None], warning_check=True
    )
    yield set_values(third, ["queue"], [-1])
    yield set_values(third, ["queue"], [-1], warning_check=True)
    yield set_values(third, ["data"], ["{}"], warning_check=True)
    yield set_values(third, ["flags"], [2, 3])
    yield set_values(third, ["due"], ["x"], warning_check=True)
    yield set_values(third, ["memory_state"], [{"s": 1}], warning_check=True)
    yield set_values(5, ["flags"], [1])
    yield "areSuspended", {"cards": [third]}
    yield "getReviewsOfCards", {"cards": cards[:3]}
    yield "cardReviews", {"deck": deck, "startID": 0}
    yield "replaceTags", {"notes": [], "tag_to_replace": "", "replace_with_tag": ""}
    yield "multi", {"actions": [{"action": "version"}, {"action": "no such action", "version": 6}]}
    yield "no such action", {}


@contextmanager
def open_copy(folder: Path, profile: Path) -> Iterator[AnkiConnectServer]:
    """Let the stand-in use a copy of the collection."""
    own = folder / profile.name
    own.mkdir()
    copy_database(profile / "collection.anki2", own / "collection.anki2", max_bytes=MAX_BYTES)
    col = Collection(str(own / "collection.anki2"))
    try:
        yield AnkiConnectServer(col)
    finally:
        col.close()


def read_tables(path: Path, folder: Path) -> list[Any]:
    """Return the cards, without the time of their last change, and the review log."""
    copy = folder / "copy.anki2"
    copy_database(path, copy, max_bytes=MAX_BYTES)
    col = Collection(str(copy))
    assert col.db is not None
    cards = [
        [*row[:4], *row[5:17], json.loads(row[17] or "{}")]
        for row in col.db.all("select * from cards order by id")
    ]
    log = [list(row) for row in col.db.all("select * from revlog order by id")]
    col.close()
    return [cards, log]


def simplify(value: Any) -> Any:
    """Drop what may differ: times of changes, and the order in which a search finds."""
    if isinstance(value, dict):
        return {
            key: simplify(found) for key, found in value.items() if key not in {"mod", "profile"}
        }
    if isinstance(value, list):
        found = [simplify(entry) for entry in value]
        return sorted(found) if found and all(type(entry) is int for entry in found) else found
    return value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8765", help="the add-on's address")
    parser.add_argument("--key", default="", help="its API key")
    given = parser.parse_args()
    client = AnkiConnect(given.url, given.key)
    if not client.greet():
        sys.exit(f"nothing answers at {given.url}: start Anki with AnkiConnect")
    profile = Path(client.ask("getMediaDirPath")).parent
    if profile.name != PROFILE:
        sys.exit(
            f'the profile {profile.name} is open: make one called "{PROFILE}", and switch to it'
        )
    cards = sorted(client.ask("findCards", query="deck:*"))
    notes = sorted(client.ask("findNotes", query="deck:*"))
    deck = client.ask("deckNames")[-1]
    differing = number = 0
    with tempfile.TemporaryDirectory() as name, open_copy(Path(name), profile) as stand_in:
        for action, params in list_requests(cards, notes, deck):
            number += 1
            try:
                real = {"result": client.ask(action, **params), "error": None}
            except AnkiConnectError as error:
                real = {"result": None, "error": error.reason}
            if action in NEWER and real["error"] == "unsupported action":
                continue
            request = {"action": action, "version": 6, "params": params}
            made = json.loads(json.dumps(stand_in.handle(request)))
            if simplify(real) != simplify(made):
                differing += 1
                print(f"{action} {json.dumps(params)}\n  add-on:   {real}\n  stand-in: {made}")
        assert stand_in.col is not None
        own = Path(stand_in.col.path)
        tables = [read_tables(path, Path(name)) for path in (profile / "collection.anki2", own)]
        if tables[0] != tables[1]:
            differing += 1
            print("the cards and the log differ afterwards")
    print(f"{number} requests, {differing} differences")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
