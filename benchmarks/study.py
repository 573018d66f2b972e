"""Time studying with a generated history: starting a session, answering, replaying everything."""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Final, NamedTuple

import fsrs

from cardwright.app.garbage import gc_paused
from cardwright.history import Act, Moment, Rating, Review
from cardwright.item import Item
from cardwright.model import DeckOptions
from cardwright.study.journal import Journal
from cardwright.study.queue import SessionOptions
from cardwright.study.schedule import Schedule
from cardwright.study.session import Session
from cardwright.study.store import open_store

PACKS: Final = tuple(f"pack-{letter}" for letter in "abcdefghij")
"""Rebuilt alternately with their floor, so that other load on the machine affects both."""
REVIEWS_PER_PROMPT: Final = 20
MAX_RATIO: Final = {"answer, p99": 3.0, "rebuild": 1.0, "with promises": 1.0}
_PROMISED_DAYS: Final = 10
_START_MS: Final = 1_700_000_000_000
_GAPS_MS: Final = (60_000, 600_000, 3 * 86_400_000, 20 * 86_400_000)
_RATINGS: Final = (1, 2, 3, 3, 3, 4)


class Row(NamedTuple):
    """A row of the result table."""

    name: str
    ours_s: float
    floor_s: float | None


def make_history(prompts: int) -> list[list[tuple[int, int]]]:
    """Return ratings and times for each prompt, from minutes to weeks apart."""
    dice = random.Random(7)
    histories = []
    for number in range(prompts):
        at_ms = _START_MS + number * 1000
        history = []
        for _ in range(REVIEWS_PER_PROMPT):
            at_ms += dice.choice(_GAPS_MS)
            history.append((dice.choice(_RATINGS), at_ms))
        histories.append(history)
    return histories


def name_prompt(number: int) -> str:
    """Return the key of a generated prompt."""
    return f"{PACKS[number % len(PACKS)]}:card-{number:06}/recall"


def make_reviews(
    histories: Sequence[Sequence[tuple[int, int]]], *, is_promised: bool = False
) -> Iterable[Review]:
    """Yield histories as reviews with unique ids, each of which may promise an interval."""
    schedule = Schedule(DeckOptions())
    for number, history in enumerate(histories):
        for place, (rating, at_ms) in enumerate(history, 1):
            yield Review(
                id=f"{at_ms:012x}-{number:08x}",
                key=name_prompt(number),
                act=Act.ANSWER,
                rating=Rating(rating),
                at_ms=at_ms,
                utc_offset_minutes=60,
                duration_ms=5000,
                undoes=None,
                interval_days=_PROMISED_DAYS if is_promised else None,
                interval_basis=schedule.make_basis(place) if is_promised else None,
            )


def make_journal(
    path: Path, histories: Sequence[Sequence[tuple[int, int]]], *, is_promised: bool = False
) -> Journal:
    """Make a store with a history, and return its journal."""
    schedule = Schedule(DeckOptions(new_per_day=9999, reviews_per_day=9999))
    journal = Journal(open_store(path, "benchmark"), dict.fromkeys(PACKS, schedule), schedule)
    with journal.store.without_fsync():
        journal.rebuild()
        journal.merge(make_reviews(histories, is_promised=is_promised))
    return journal


def time_rebuild(folder: Path, prompts: int, *, is_promised: bool = False) -> Row:
    """Replay all reviews of a store, against the `fsrs` package doing the same in memory."""
    histories = make_history(prompts)
    path = folder / f"rebuild-{is_promised}.db"
    journal = make_journal(path, histories, is_promised=is_promised)
    ours_s = floor_s = 0.0
    for number, pack in enumerate(PACKS):
        start = time.perf_counter()
        review_barely(histories[number :: len(PACKS)])
        between = time.perf_counter()
        journal.rebuild([pack])
        floor_s += between - start
        ours_s += time.perf_counter() - between
    journal.store.close()
    return Row("with promises" if is_promised else "rebuild", ours_s, floor_s)


def review_barely(histories: Iterable[Iterable[tuple[int, int]]]) -> None:
    """Review with the `fsrs` package alone."""
    scheduler = fsrs.Scheduler()
    ratings = {int(rating): rating for rating in fsrs.Rating}
    for number, history in enumerate(histories):
        card = fsrs.Card(card_id=number)
        for rating, at_ms in history:
            at = datetime.fromtimestamp(at_ms / 1000, UTC)
            card, _ = scheduler.review_card(card, ratings[rating], at)


def time_session(folder: Path, prompts: int, answers: int) -> list[Row]:
    """Start a session and answer, alternating each answer with a bare durable commit."""
    journal = make_journal(folder / "session.db", make_history(prompts))
    items = [make_item(number) for number in range(prompts)]
    moment = Moment(_START_MS + 400 * 86_400_000, 60)
    start = time.perf_counter()
    # As in `cards review`.
    with gc_paused():
        session = Session(journal, items, moment, name="benchmark", options=SessionOptions())
    begun_s = time.perf_counter() - start

    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("pragma journal_mode = wal")
    bare.execute("pragma synchronous = full")
    bare.execute("create table reviews (id text primary key, prompt text, rating integer)")
    ours_s, floor_s = [], []
    for number in range(answers):
        start = time.perf_counter()
        bare.execute("insert into reviews values (?, ?, 3)", (f"{number:012x}", "trees:oak/recall"))
        between = time.perf_counter()
        session.answer(Rating.GOOD, Moment(moment.at_ms + number * 5000, 60), 5000)
        floor_s.append(between - start)
        ours_s.append(time.perf_counter() - between)
    bare.close()
    journal.store.close()
    return [
        Row("start", begun_s, None),
        Row("answer, median", median(ours_s), median(floor_s)),
        Row("answer, p99", quantiles(ours_s, n=100)[98], quantiles(floor_s, n=100)[98]),
    ]


def make_item(number: int) -> Item:
    """Return a generated prompt."""
    return Item(
        key=name_prompt(number),
        card_ref=name_prompt(number).partition("/")[0],
        side_name="recall",
        pack=PACKS[number % len(PACKS)],
        deck="Trees",
        position=number,
        kind="term",
        lesson=None,
        tags=(),
        objectives=(),
    )


def main() -> None:
    """Print a table; exit with status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A tenth of everything.")
    options = parser.parse_args()
    share = 10 if options.quick else 1
    prompts, rebuilt, answers = 10_000 // share, 50_000 // share, 2000 // share
    print(
        f"a session of {prompts:,} prompts with {prompts * REVIEWS_PER_PROMPT:,} reviews,"
        f" {answers:,} answers; {rebuilt * REVIEWS_PER_PROMPT:,} reviews replayed"
    )
    print(f"{'what':16}{'ms':>10}{'floor ms':>10}{'ratio':>7}{'target':>8}")
    missed = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for row in (
            *time_session(folder, prompts, answers),
            time_rebuild(folder, rebuilt),
            time_rebuild(folder, rebuilt, is_promised=True),
        ):
            line = f"{row.name:16}{row.ours_s * 1000:10.2f}"
            if row.floor_s is not None:
                ratio, most = row.ours_s / row.floor_s, MAX_RATIO.get(row.name)
                line += f"{row.floor_s * 1000:10.2f}{ratio:7.2f}"
                if most is not None:
                    line += f"{most:8.2f}"
                    if ratio > most:
                        missed.append(row.name)
            print(line)
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
