"""A queue made from a part of the memories is the one that all of them make, in the plainest way."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cardwright.history import Act, Rating
from cardwright.item import Item, Items
from cardwright.memory import Memory, State
from cardwright.model import DeckOptions
from cardwright.project.columns import PackedItems, pack_items
from cardwright.study.decks import Limits, place_items
from cardwright.study.journal import Journal
from cardwright.study.prospects import Prospects
from cardwright.study.queue import LEARN_AHEAD_MS, Queue, SessionOptions
from cardwright.study.schedule import Schedule
from cardwright.study.store import open_store
from studying import MORNING, TODAY, later, make_items

SIDES = ("recall", "reverse")
TREES, BIRDS = make_items(4, sides=SIDES), make_items(3, pack="birds", sides=SIDES)
ITEMS = [
    item._replace(position=place, deck=f"{item.deck}::Deep" if place % 4 > 1 else item.deck)
    for place, item in enumerate((*TREES, *BIRDS))
]
KEYS = (*(item.key for item in ITEMS), "trees:felled/recall", "fish:pike/recall")
"""Two are in no project any more."""
LEARNING = {State.LEARNING, State.RELEARNING}
ACTS = (
    *3 * (Act.ANSWER,),
    *2 * (Act.SUSPEND, Act.BURY),
    Act.FLAG,
    Act.RESET,
    Act.RESCHEDULE,
    Act.CRAM,
)
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(KEYS),
        st.sampled_from(ACTS),
        st.sampled_from(Rating),
        # Some clocks are ahead.
        st.one_of(st.integers(-60, 0), st.sampled_from((-1, 0, 0, 0, 1, 400))),
        st.integers(-300, 300),
    ),
    max_size=40,
)
OPTIONS = st.builds(
    DeckOptions,
    new_per_day=st.integers(0, 5),
    reviews_per_day=st.integers(0, 5),
    bury_siblings=st.booleans(),
)
SESSIONS = st.builds(
    SessionOptions,
    max_new=st.none() | st.integers(0, 3),
    ahead_days=st.sampled_from((0, 0, 3, 30)),
    is_cram=st.booleans(),
    with_suspended=st.booleans(),
)


AHEAD = SessionOptions(ahead_days=30)
ROOM = (DeckOptions(new_per_day=5, reviews_per_day=5, bury_siblings=False),) * 3


def arrange(items: list[Item]) -> tuple[list[Item], list[Item]]:
    """Take every third prompt, backwards."""
    return items[::-3], [item for item in items if item not in items[::-3]]


class Plainly:
    """What is to be asked today, from all memories, without an end before the last prompt."""

    def __init__(
        self,
        items: Iterable[Item],
        memories: Mapping[str, Memory],
        limits: Limits,
        options: SessionOptions,
        asked: tuple[Item, Memory] | None,
        *,
        is_arranged: bool,
    ) -> None:
        self.limits = limits
        self.counted: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self.cards: set[str] = set()
        self.arranged: list[Item] = []
        self.steps: list[tuple[int, int, Item]] = []
        blank = Memory(key="")
        open_ = [
            (item, memory)
            for item in items
            if (memory := memories.get(item.key, blank)).buried_day != TODAY
            and (not memory.is_suspended or options.with_suspended)
            and not (asked and item == asked[0])
        ]
        if options.is_cram:
            self.reviews = sorted((item for item, _ in open_), key=shuffle)
            self.new: list[Item] = []
            return
        if is_arranged:
            others = [item for item, memory in open_ if memory.state not in LEARNING]
            self.arranged, left = arrange(others)
            open_ = [pair for pair in open_ if pair[1].state in LEARNING or pair[0] in left]
        self.fill(open_, memories, options, asked)

    def fill(
        self,
        open_: list[tuple[Item, Memory]],
        memories: Mapping[str, Memory],
        options: SessionOptions,
        asked: tuple[Item, Memory] | None,
    ) -> None:
        for memory in memories.values():
            if memory.last_day == TODAY:
                self.count(memory.key, is_new=memory.first_day == TODAY)
        max_new = options.max_new
        if asked:
            if asked[1].last_day != TODAY:
                self.count(asked[0].key, is_new=asked[1].is_new)
            max_new = max_new and max_new - asked[1].is_new
        due = []
        for item, memory in open_:
            at_ms, day = memory.due_at_ms or 0, memory.due_day or 0
            is_asked = memory.last_day == TODAY
            if memory.state in LEARNING:
                if day <= TODAY or at_ms <= MORNING.at_ms + LEARN_AHEAD_MS:
                    self.steps.append((at_ms, item.position, item))
                    if not is_asked:
                        self.count(item.key, is_new=False)
            elif not memory.is_new and day <= TODAY + options.ahead_days and not is_asked:
                due.append((day, shuffle(item), item.position, item))
        new = [item for item, memory in open_ if memory.is_new]
        self.reviews = self.choose([item for *_, item in sorted(due)], "reviews_per_day", None)
        self.new = self.choose(new, "new_per_day", max_new)[:max_new]

    def count(self, key: str, *, is_new: bool) -> None:
        for deck in self.limits.list_decks(key):
            self.counted[is_new][deck] += 1
        self.cards.add(key.rpartition("/")[0])

    def choose(self, items: Iterable[Item], limit: str, most: int | None) -> list[Item]:
        counted = self.counted[limit == "new_per_day"]
        taken: Counter[str] = Counter()
        chosen = []
        for item in items:
            decks, card = self.limits.list_decks(item.key), item.key.rpartition("/")[0]
            options = [self.limits.options_of(deck) for deck in decks]
            rooms = (
                getattr(option, limit) - counted[deck] if most is None else most
                for deck, option in zip(decks, options, strict=True)
            )
            if all(room > taken[deck] for deck, room in zip(decks, rooms, strict=True)) and not (
                card in self.cards and options[0].bury_siblings
            ):
                taken.update(decks)
                self.cards.add(card)
                chosen.append(item)
        return chosen


def shuffle(item: Item) -> int:
    return zlib.crc32(f"{TODAY} {item.key}".encode())


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stores") / "empty.db"
    open_store(path).close()
    return path


@given(
    history=HISTORIES,
    options=st.tuples(OPTIONS, OPTIONS, OPTIONS),
    session=SESSIONS,
    asked=st.none() | st.sampled_from(ITEMS),
    is_arranged=st.booleans(),
    is_chosen=st.booleans(),
)
@example(
    history=[(KEYS[0], Act.ANSWER, Rating.EASY, 0, -5)],
    options=ROOM,
    session=AHEAD,
    asked=None,
    is_arranged=False,
    is_chosen=False,
)
@example(
    history=[
        (KEYS[1], Act.ANSWER, Rating.EASY, -2, 0),
        (KEYS[0], Act.ANSWER, Rating.EASY, 400, -5),
    ],
    options=ROOM,
    session=AHEAD,
    asked=None,
    is_arranged=False,
    is_chosen=False,
)
@example(
    history=[
        (KEYS[0], Act.ANSWER, Rating.EASY, -60, 0),
        (KEYS[0], Act.SUSPEND, Rating.EASY, -1, 0),
    ],
    options=ROOM,
    session=SessionOptions(),
    asked=None,
    is_arranged=False,
    is_chosen=False,
)
@example(
    history=[(KEYS[0], Act.ANSWER, Rating.EASY, -60, 0), (KEYS[0], Act.BURY, Rating.EASY, 0, -5)],
    options=ROOM,
    session=SessionOptions(),
    asked=None,
    is_arranged=False,
    is_chosen=False,
)
@settings(max_examples=100)
def test_queue(
    empty: Path,
    history: list[tuple[str, Act, Rating, int, int]],
    options: tuple[DeckOptions, DeckOptions, DeckOptions],
    session: SessionOptions,
    asked: Item | None,
    is_arranged: bool,
    is_chosen: bool,
) -> None:
    names = dict(zip(("trees", "trees::Deep", "birds"), options, strict=True))
    items: Items = PackedItems(
        pack_items(ITEMS, dict.fromkeys((item.card_ref for item in ITEMS), 0))
    )
    if is_chosen:
        items = Items(ITEMS[1::2])
    path = empty.with_name("reviews.db")
    shutil.copy(empty, path)
    with open_store(path) as store:
        store._db.execute("pragma synchronous = off")
        schedules = {name: Schedule(option) for name, option in names.items()}
        placed = place_items(ITEMS, names)
        journal = Journal(store, schedules, Schedule(DeckOptions()), placed)
        with store.transaction():
            for key, act, rating, days, minutes in history:
                moment = later(MORNING, days, minutes=minutes)
                rated = rating if act in {Act.ANSWER, Act.CRAM} else None
                wait = 7 if act is Act.RESCHEDULE else None
                journal.record(key, act, moment, rating=rated, interval_days=wait)
        memories = journal.read_memories(MORNING)
        shown = (asked, store.read_memory(asked.key)[0]) if asked else None
        every = Prospects(items, memories)
        arranges = arrange if is_arranged else None
        plain = Plainly(items, memories, journal.limits, session, shown, is_arranged=is_arranged)
        queues = [
            Queue(found, journal.limits, session, MORNING, TODAY, shown, arranges)
            for found in (journal.read_prospects(items, MORNING), every)
        ]
    for queue in queues:
        steps = [item for *_, item in sorted(plain.steps)]
        assert queue.list_left() == [*steps, *plain.arranged, *plain.reviews, *plain.new]
    assert queues[0].counts == queues[1].counts
    assert queues[0].list_day(MORNING.at_ms) == queues[1].list_day(MORNING.at_ms)


def test_the_keys_of_millions_of_prompts_may_be_too_long_for_one_text(empty: Path) -> None:
    path = empty.with_name("long.db")
    shutil.copy(empty, path)
    with open_store(path) as store:
        journal = Journal(store, {}, Schedule(DeckOptions()))
        with store.transaction():
            for item in ITEMS:
                journal.record(item.key, Act.ANSWER, MORNING, rating=Rating.EASY)
        store._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 250)
        memories, begun = store.list_notable(MORNING.at_ms, TODAY)
    assert [memory.key for memory in memories] == begun == sorted(item.key for item in ITEMS)
