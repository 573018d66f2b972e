"""Prompts, moments and journals for tests of study: real SQLite files and made-up cards."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, Final

from cardwright.history import Act, Moment, Rating, Review
from cardwright.item import Item
from cardwright.memory import Memory
from cardwright.model import DeckOptions
from cardwright.study.journal import Journal
from cardwright.study.queue import SessionOptions
from cardwright.study.schedule import Schedule
from cardwright.study.session import Session
from cardwright.study.store import Store, open_store

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
ROLLOVER_HOUR: Final = 4
MORNING: Final = Moment(1_793_606_400_000, 60)
SYNC_OPTIONS: Final = DeckOptions(leech_lapses=2)
RECORDED: Final = tuple(act for act in Act if act is not Act.ASSUME)
"""The acts of this program; an assumed memory is only read from Anki."""
MACHINES: Final = ("laptop", "desktop", "phone")
PROMPTS: Final = [
    f"{pack}:card-{number}/recall" for pack in ("trees", "birds") for number in range(2)
]

MakeJournal = Callable[[str], Journal]
"""Makes a new store on a machine of this name."""
"""2026-11-02 09:00 in Berlin."""
TODAY: Final = MORNING.study_day(ROLLOVER_HOUR)


_opened: Final[list[Store]] = []


def close_stores() -> None:
    """Let go of every store that `open_journal` opened."""
    while _opened:
        _opened.pop().close()


def later(moment: Moment, days: float = 0, *, hours: float = 0, minutes: float = 0) -> Moment:
    """Return a moment so much later in the same zone."""
    wait_ms = days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS
    return Moment(moment.at_ms + round(wait_ms), moment.utc_offset_minutes)


def make_items(
    number: int, *, pack: str = "trees", sides: Iterable[str] = ("recall",)
) -> list[Item]:
    """Return the prompts of so many cards: `trees:card-0/recall` and so on."""
    return [
        Item(
            key=f"{pack}:card-{index}/{side}",
            card_ref=f"{pack}:card-{index}",
            side_name=side,
            pack=pack,
            deck=pack.title(),
            position=position,
            kind="term",
            lesson=None,
            tags=(),
            objectives=(),
        )
        for position, (index, side) in enumerate(product(range(number), sides))
    ]


def open_journal(
    path: Path,
    options: DeckOptions | None = None,
    *,
    machine: str = "laptop",
    rollover_hour: int = ROLLOVER_HOUR,
    packs: Iterable[str] = ("trees",),
    is_durable: bool = False,
) -> Journal:
    """Open the store of a file under one set of options for every pack."""
    store = open_store(path, machine)
    _opened.append(store)
    if not is_durable:
        # What no test looks at need not wait for the disk.
        store._db.execute("pragma synchronous = off")
    schedule = Schedule(options or DeckOptions(), rollover_hour=rollover_hour)
    journal = Journal(store, dict.fromkeys(packs, schedule), schedule)
    journal.rebuild(journal.list_outdated())
    return journal


def sit(
    journal: Journal,
    items: Iterable[Item],
    moment: Moment = MORNING,
    *,
    name: str = "sitting",
    options: SessionOptions | None = None,
) -> Session:
    """Begin a sitting."""
    return Session(journal, items, moment, name=name, options=options)


def record(
    journal: Journal,
    prompt: str,
    act: Act,
    moment: Moment,
    rating: Rating | None = None,
    *,
    undoes: str | None = None,
    is_dated: bool = False,
) -> tuple[Review, Memory]:
    """Record one act in a transaction of its own; rescheduling is for a week later."""
    with journal.store.transaction():
        return journal.record(
            prompt,
            act,
            moment,
            rating=rating,
            undoes=undoes,
            interval_days=7 if act is Act.RESCHEDULE else None,
            is_dated=is_dated,
        )


def read_memories(journal: Journal) -> Mapping[str, Memory]:
    """Return every memory that is not blank, by prompt."""
    return {
        memory.key: memory
        for memory in journal.store.list_memories()
        if memory != Memory(key=memory.key)
    }


def read_log(journal: Journal) -> list[Review]:
    """Return the whole log, undone reviews and all."""
    return list(journal.store.list_reviews(with_undone=True))


@contextmanager
def fail_commit(store: Store) -> Iterator[None]:
    """Let every commit fail as on a full disk."""
    db = store._db

    class FullDisk:
        def __getattr__(self, name: str) -> Any:
            return getattr(db, name)

        def execute(self, sql: str, *values: Any) -> Any:
            if sql == "commit":
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            return db.execute(sql, *values)

    store._db = FullDisk()  # type: ignore[assignment]
    try:
        yield
    finally:
        store._db = db
