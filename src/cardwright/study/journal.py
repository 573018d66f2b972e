"""Reviews and the memories computed from them: recording a review changes both or neither.

Reviews are ordered by id. An id starts with the time in milliseconds, as twelve hexadecimal digits.
A new id always sorts after the existing ones, even if the clock was set back; only a review that is
deliberately entered with an earlier date gets an id in the middle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Final

from cardwright.history import MS_PER_DAY, Act, Moment, Rating, Review, pack_of
from cardwright.memory import Memory
from cardwright.model import Deck, DeckOptions
from cardwright.study.schedule import ActRow, ReplayedAnswer, Schedule
from cardwright.study.settings import Settings
from cardwright.study.store import Store

_MIXED: Final = ""
"""Stored as the rules of a pack whose memories were computed under more than one set of rules."""


def make_journal(store: Store, decks: Mapping[str, Deck]) -> Journal:
    """Return the journal of a store, with the decks' options (by pack) and the user's settings.

    Memories computed under other rules are rebuilt. Fitted parameters that FSRS cannot use are
    ignored; `Journal.unused_fits` lists their packs.

    Raises:
        StoreError: the store cannot be read or written.

    """
    settings = Settings(store.read_settings())

    def make_schedule(pack: str, options: DeckOptions) -> Schedule:
        return Schedule(
            settings.override(pack, options), settings.parameters_of(pack), settings.rollover_hour
        )

    schedules = {pack: make_schedule(pack, deck.options) for pack, deck in decks.items()}
    journal = Journal(store, schedules, make_schedule("", DeckOptions()))
    journal.unused_fits = settings.unused_fits
    if outdated := journal.list_outdated():
        journal.rebuild(outdated)
    return journal


class Journal:
    """A store together with the schedules of its packs."""

    def __init__(self, store: Store, schedules: Mapping[str, Schedule], default: Schedule) -> None:
        """Use the schedules by pack, and `default` for any other pack."""
        self.store = store
        self._schedules = schedules
        self._default = default
        self._stored_rules: dict[str, str] | None = None
        """The cached result of `Store.read_rules`; None when it must be read again."""
        self._rules_version = 0
        """The store's data version when the rules were read."""
        self.unused_fits: list[str] = []
        """Packs whose fitted parameters are ignored: they belong to another model or are invalid."""

    def schedule_of(self, key: str) -> Schedule:
        """Return the schedule of a prompt's pack."""
        return self._schedules.get(pack_of(key), self._default)

    def schedule_of_pack(self, pack: str) -> Schedule:
        """Return the schedule of a pack."""
        return self._schedules.get(pack, self._default)

    @property
    def options(self) -> dict[str, DeckOptions]:
        """The options of each pack that has its own schedule."""
        return {pack: schedule.options for pack, schedule in self._schedules.items()}

    @property
    def rollover_hour(self) -> int:
        """The local hour at which a study day starts, the same for all packs."""
        return self._default.rollover_hour

    def list_outdated(self) -> list[str]:
        """Return the packs whose memories were not computed under the current rules."""
        stored = self.store.read_rules()
        return [
            pack for pack, schedule in self._schedules.items() if stored.get(pack) != schedule.rules
        ]

    def rebuild(self, packs: Iterable[str] | None = None) -> int:
        """Rebuild memories from reviews, for some packs or all; return the number of memories."""
        count = 0
        with self.store.transaction():
            if packs is None:
                packs = {*self._schedules, *self.store.read_rules(), *self.store.list_packs()}
            for pack in packs:
                self.store.delete_memories(pack)
                replayed = list(self._replay(self.store.list_acts(pack)))
                self.store.put_memories(replayed)
                self._put_rules(pack, self._rules_of(pack))
                count += len(replayed)
        return count

    def find_differences(self) -> list[str]:
        """Return the keys of prompts whose memory differs from a replay of their reviews."""
        cached = {memory.key: memory for memory in self.store.list_memories()}
        found = []
        for memory, _ in self._replay(self.store.list_acts()):
            if cached.pop(memory.key, Memory(key=memory.key)) != memory:
                found.append(memory.key)
        without_reviews = (key for key, memory in cached.items() if memory != Memory(key=key))
        return sorted((*found, *without_reviews))

    def read_memories(self, moment: Moment) -> dict[str, Memory]:
        """Return every memory by key, with due times corrected if a clock was once ahead.

        An answer dated in the future was really given after the reviews recorded before it. Until
        that date has passed, its prompt is due as if it had been answered just after them, so that
        no prompt waits for years because a clock showed the wrong year.
        """
        memories = {memory.key: memory for memory in self.store.list_memories()}
        now_ms, today = moment.at_ms, moment.study_day(self.rollover_hour)
        for memory in [m for m in memories.values() if (m.last_at_ms or 0) > now_ms]:
            last_at_ms, last_day = memory.last_at_ms or 0, memory.last_day or 0
            known_at_ms = self.store.find_time_before(memory.key, last_at_ms, now_ms)
            ahead_ms = last_at_ms - known_at_ms
            ahead_days = -(-ahead_ms // MS_PER_DAY) if last_day > today else 0
            memories[memory.key] = memory._replace(
                due_at_ms=(memory.due_at_ms or 0) - ahead_ms,
                due_day=(memory.due_day or 0) - ahead_days,
            )
        return memories

    def record(
        self,
        key: str,
        act: Act,
        moment: Moment,
        *,
        rating: Rating | None = None,
        duration_ms: int = 0,
        undoes: str | None = None,
        is_dated: bool = False,
        before: tuple[Memory, str] | None = None,
    ) -> tuple[Review, Memory]:
        """Add one act and return it with the resulting memory. Call within a transaction.

        The act is placed after all others even if the clock was set back. With `is_dated` it is
        placed by its time, and later acts are replayed after it. `before` is the current memory,
        for callers that have read it within the same transaction.
        """
        review = Review(
            id=self._make_id(moment.at_ms, is_dated=is_dated),
            key=key,
            act=act,
            rating=rating,
            at_ms=moment.at_ms,
            utc_offset_minutes=moment.utc_offset_minutes,
            duration_ms=duration_ms,
            undoes=undoes,
        )
        memory, last_id = before or self.store.read_memory(key)
        self.store.add(review)
        if act is Act.UNDO or review.id < last_id:
            return review, self._replay_prompts([key])[key]
        memory = self.schedule_of(key).apply(memory, review)
        self._put([(memory, review.id)])
        return review, memory

    def merge(self, reviews: Iterable[Review]) -> tuple[int, list[str]]:
        """Add the reviews that the store does not have yet.

        Returns the number of reviews added, and the ids that the store has with different content.
        """
        with self.store.transaction():
            before = self.store.count_reviews()
            keys, clashes = self.store.merge(reviews)
            self._replay_prompts(sorted(keys))
            return self.store.count_reviews() - before, clashes

    def trace(self, key: str) -> Iterator[tuple[Review, ReplayedAnswer]]:
        """Yield a prompt's answers, undone ones excluded, each with the memory before and after."""
        reviews = [r for r in self.store.list_reviews(key) if r.act is not Act.CRAM]
        acts = [ActRow(r.act, r.rating, r.at_ms, r.utc_offset_minutes) for r in reviews]
        answers = (review for review in reviews if review.act is Act.ANSWER)
        steps = self.schedule_of(key).trace(key, acts)
        for review, (_, replayed) in zip(answers, steps, strict=True):
            yield review, replayed

    def _replay_prompts(self, keys: list[str]) -> dict[str, Memory]:
        """Rebuild the memories of prompts; one whose reviews were all undone becomes blank."""
        found = {key: (Memory(key=key), "") for key in keys}
        if keys:
            replayed = self._replay(self.store.list_acts(keys=keys))
            found |= {memory.key: (memory, last_id) for memory, last_id in replayed}
        self._put(found.values())
        return {key: memory for key, (memory, _) in found.items()}

    def _replay(
        self, acts: Iterable[tuple[str, str, str, int | None, int, int, int]]
    ) -> Iterator[tuple[Memory, str]]:
        """Yield the memory of each prompt and the id of its last review, from `Store.list_acts`."""
        for key, group in groupby(acts, key=itemgetter(0)):
            rows = list(group)
            memory = self.schedule_of(key).replay(key, (row[2:6] for row in rows))
            yield memory, rows[-1][1]

    def _put(self, memories: Collection[tuple[Memory, str]]) -> None:
        """Write memories, and record it when a pack's memories now follow different rules."""
        self.store.put_memories(memories)
        stored = self._read_rules()
        for pack in {pack_of(memory.key) for memory, _ in memories}:
            if stored.get(pack) != self._rules_of(pack):
                self._put_rules(pack, _MIXED)

    def _rules_of(self, pack: str) -> str:
        return self.schedule_of_pack(pack).rules

    def _read_rules(self) -> dict[str, str]:
        """Return the rules in the store, reading them only if they may have changed."""
        version = self.store.data_version()
        if self._stored_rules is None or version != self._rules_version:
            self._stored_rules, self._rules_version = self.store.read_rules(), version
        return self._stored_rules

    def _put_rules(self, pack: str, rules: str) -> None:
        # Do not cache the new rules: this transaction may still fail.
        self._stored_rules = None
        self.store.put_rules(pack, rules)

    def _make_id(self, at_ms: int, *, is_dated: bool) -> str:
        place = at_ms
        device = self.store.device
        if not is_dated and (last := self.store.last_id()):
            place = max(place, int(last[:12], 16) + 1)
        while self.store.has_id(review_id := f"{place:012x}-{device}"):
            place += 1
        return review_id
