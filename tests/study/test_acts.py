"""Any sequence of acts: the cache equals a replay, and undo restores the previous state."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cardwright.history import Act, Moment, Rating
from cardwright.item import Item
from cardwright.memory import Memory
from cardwright.model import DeckOptions
from cardwright.study.queue import Counts
from studying import (
    DAY_MS,
    HOUR_MS,
    MORNING,
    ROLLOVER_HOUR,
    TODAY,
    make_items,
    open_journal,
    read_memories,
    record,
    sit,
)

RATINGS = st.sampled_from(Rating)
ITEMS = make_items(6, sides=("recall", "reverse"))
PROMPTS = [item.key for item in ITEMS]
OPTIONS = DeckOptions(new_per_day=7, reviews_per_day=4, leech_lapses=2)


class Acts(RuleBasedStateMachine):
    """A sitting, acts from outside, a clock that jumps, a reader who travels."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cards-"))
        self.journal = open_journal(self.folder / "reviews.db", OPTIONS)
        self.outside = open_journal(self.folder / "reviews.db", OPTIONS)
        """Another process, as far as SQLite can tell."""
        self.is_aware = True
        """Whether what the sitting shows is of this day, and knows of what was done outside."""
        self.now = MORNING
        self.session = sit(self.journal, ITEMS, self.now)
        self.undoable: list[tuple[Item, Memory, Counts | None, int] | None] = []
        self.log_length = 0

    def teardown(self) -> None:
        self.journal.store.close()
        self.outside.store.close()
        shutil.rmtree(self.folder)

    @initialize(answers=st.lists(st.tuples(st.sampled_from(PROMPTS), RATINGS), max_size=12))
    def begin(self, answers: list[tuple[str, Rating]]) -> None:
        for days, (prompt, rating) in enumerate(answers):
            record(
                self.journal,
                prompt,
                Act.ANSWER,
                Moment(self.now.at_ms - (20 - days) * DAY_MS, 60),
                rating,
                is_dated=True,
            )
        self.session = sit(self.journal, ITEMS, self.now)

    def note_act(self) -> None:
        assert self.session.current is not None
        prompt = self.session.current.key
        self.undoable.append(
            (
                self.session.current,
                self.journal.store.read_memory(prompt)[0],
                self.session.counts if self.is_aware else None,
                self.now.study_day(ROLLOVER_HOUR),
            )
        )

    @precondition(lambda self: self.session.current is not None)
    @rule(rating=RATINGS, wait_ms=st.integers(0, HOUR_MS))
    def answer(self, rating: Rating, wait_ms: int) -> None:
        self.now = Moment(self.now.at_ms + wait_ms, self.now.utc_offset_minutes)
        self.note_act()
        self.session.answer(rating, self.now, wait_ms)
        self.is_aware = True

    @precondition(lambda self: self.session.current is not None)
    @rule(act=st.sampled_from(["suspend", "bury", "flag"]))
    def put_away(self, act: str) -> None:
        self.note_act()
        getattr(self.session, act)(self.now)

    @precondition(lambda self: self.undoable)
    @rule()
    def undo(self) -> None:
        expected = self.undoable.pop()
        assert self.session.undo(self.now) is not None
        if expected is None:
            return
        item, memory, counts, day = expected
        assert self.session.current == item
        assert self.session.memory == memory
        assert self.journal.store.read_memory(item.key)[0] == memory
        if counts is not None and day == self.now.study_day(ROLLOVER_HOUR) == TODAY:
            assert self.session.counts == counts

    @rule()
    def undo_everything(self) -> None:
        while self.undoable:
            self.undo()
        assert self.session.undo(self.now) is None

    @rule(
        prompt=st.sampled_from(PROMPTS),
        act=st.sampled_from([Act.RESET, Act.UNSUSPEND, Act.UNBURY, Act.UNFLAG, Act.ANSWER]),
        ago_ms=st.integers(-DAY_MS, 20 * DAY_MS),
        is_dated=st.booleans(),
    )
    def act_from_outside(self, prompt: str, act: Act, ago_ms: int, *, is_dated: bool) -> None:
        moment = Moment(self.now.at_ms - ago_ms, self.now.utc_offset_minutes)
        rating = Rating.GOOD if act is Act.ANSWER else None
        record(self.outside, prompt, act, moment, rating, is_dated=is_dated)
        self.is_aware = False
        self.undoable = [None] * len(self.undoable)

    @rule(jump_ms=st.sampled_from([-400 * DAY_MS, -HOUR_MS, HOUR_MS, DAY_MS, 400 * DAY_MS]))
    def set_clock(self, jump_ms: int) -> None:
        self.now = Moment(self.now.at_ms + jump_ms, self.now.utc_offset_minutes)
        self.session.wait_over(self.now)
        self.is_aware = False
        self.undoable = [None] * len(self.undoable)

    @rule(utc_offset_minutes=st.sampled_from([-660, -300, 0, 60, 120, 345, 840]))
    def travel(self, utc_offset_minutes: int) -> None:
        self.now = Moment(self.now.at_ms, utc_offset_minutes)
        self.is_aware = False
        self.undoable = [None] * len(self.undoable)

    @rule()
    def come_back(self) -> None:
        self.session.close()
        self.session = sit(self.journal, ITEMS, self.now)
        self.is_aware = True
        self.undoable = []

    @invariant()
    def the_cache_is_what_replay_gives(self) -> None:
        assert self.journal.find_differences() == []

    @invariant()
    def nothing_is_lost_and_the_order_stays(self) -> None:
        ids = [review.id for review in self.journal.store.list_reviews(with_undone=True)]
        assert ids == sorted(set(ids))
        assert len(ids) >= self.log_length
        self.log_length = len(ids)

    @invariant()
    def no_days_are_negative(self) -> None:
        for prompt in PROMPTS:
            for _, step in self.journal.trace(prompt):
                assert step.elapsed_days >= 0
                assert 0 <= step.retrievability <= 1

    @rule()
    def rebuild(self) -> None:
        before = read_memories(self.journal)
        self.journal.rebuild()
        assert read_memories(self.journal) == before


TestActs = Acts.TestCase
TestActs.settings = settings(max_examples=60, stateful_step_count=40)
