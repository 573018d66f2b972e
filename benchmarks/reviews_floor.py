"""The floor of `sync.py`: read reviews as JSON Lines, insert them, and replay them with `fsrs`.

python benchmarks/reviews_floor.py STORE FILE...
"""

from __future__ import annotations

import json
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsrs

_COLUMNS = (
    *("id", "prompt", "act", "rating", "at", "duration_ms", "undoes"),
    *("interval_days", "interval_basis"),
)


def main() -> None:
    store, *names = sys.argv[1:]
    rows: list[dict[str, Any]] = []
    for name in names:
        with Path(name).open(encoding="utf-8") as file:
            rows += map(json.loads, file)
    with sqlite3.connect(store) as db:
        db.execute(
            "create table reviews (id text primary key, prompt text, act text, rating integer,"
            " at text, duration_ms integer, undoes text, interval_days integer,"
            " interval_basis integer)"
        )
        values = ([row[column] for column in _COLUMNS] for row in rows)
        db.executemany("insert into reviews values (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    scheduler = fsrs.Scheduler()
    ratings = {int(rating): rating for rating in fsrs.Rating}
    cards: dict[str, fsrs.Card] = {}
    for row in sorted(rows, key=lambda row: row["id"]):
        prompt = row["prompt"]
        card = cards.get(prompt) or fsrs.Card(card_id=len(cards))
        at = datetime.fromisoformat(row["at"]).astimezone(UTC)
        cards[prompt], _ = scheduler.review_card(card, ratings[row["rating"]], at)


if __name__ == "__main__":
    main()
