"""Reviews and the memories computed from them: recording a review changes both or neither.

Reviews are ordered by id. An id starts with the time in milliseconds, as twelve hexadecimal digits.
A new id always sorts after the existing ones, even if the clock was set back; only a review that is
deliberately entered with an earlier date gets an id in the middle.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Final

from cardwright.history import (
    END_PLACE,
    MAX_DURATION_MS,
    MS_PER_DAY,
    Act,
    Moment,
    Rating,
    Review,
    is_kept,
    namespace_of,
)
from cardwright.item import Items
from cardwright.memory import Memory, State
from cardwright.model import Deck, DeckOptions
from cardwright.progress import track
from cardwright.study.alias import Alias, find_changes
from cardwright.study.days import EVERY_DAY, StudyDays
from cardwright.study.decks import SEPARATOR, Limits, list_options, place_items
from cardwright.study.expectations import NOTHING, pack_answers
from cardwright.study.prospects import Others, Prospects
from cardwright.study.rows import ReviewRow
from cardwright.study.schedule import Balance, Expectation, ReplayedAnswer, Schedule, to_act_row
from cardwright.study.settings import Settings
from cardwright.study.store import Store

_NO_ITEMS: Final = Items()
_MIXED: Final = ""
"""Stored as the rules of a namespace whose memories were computed under more than one set of rules."""


def make_journal(store: Store, decks: Mapping[str, Deck], items: Items = _NO_ITEMS) -> Journal:
    """Return the journal of a store, with the options of decks, by pack, and the user's settings.

    `items` are the prompts of these decks. Memories computed under other rules are rebuilt. Fitted
    parameters that FSRS cannot use are ignored; `Journal.unused_fits` lists their namespaces.

    Raises:
        StoreError: the store cannot be read or written.

    """
    settings = Settings(store.settings.read())

    def make_schedule(namespace: str, options: DeckOptions) -> Schedule:
        return Schedule(options, settings.parameters_of(namespace), settings.rollover_hour)

    options = {
        name: found
        for deck in decks.values()
        for name, found in list_options(deck, settings).items()
    }
    schedules = {
        name: make_schedule(name.partition(SEPARATOR)[0], found) for name, found in options.items()
    }
    placed = place_items(items, options) if len(options) > len(decks) else {}
    default = make_schedule("", DeckOptions())
    journal = Journal(store, schedules, default, placed, settings.days)
    journal.limits.set_twins(items)
    journal.unused_fits = settings.unused_fits
    if outdated := journal.list_outdated():
        journal.rebuild(outdated)
    return journal


class Journal:
    """A store together with the schedules of its decks."""

    def __init__(
        self,
        store: Store,
        schedules: Mapping[str, Schedule],
        default: Schedule,
        placed: Mapping[str, str] | None = None,
        days: StudyDays = EVERY_DAY,
    ) -> None:
        """Use the schedules by deck, and `default` for any other namespace.

        `placed` is the deck of each prompt, by key, that is not under its namespace's own schedule.
        """
        self.days = days
        """The user's study days."""
        self.store = store
        store.mend = self._mend
        self._schedules = schedules
        self._parts_of: dict[str, list[str]] = {}
        """The decks with a schedule of their own, by namespace."""
        for name in schedules:
            namespace, separator, _ = name.partition(SEPARATOR)
            if separator:
                self._parts_of.setdefault(namespace, []).append(name)
        self._placed = placed or {}
        self._default = default
        self._rules: dict[str, str] = {}
        """The cached results of `describe_rules`."""
        self._stored_rules: dict[str, str] | None = None
        """The cached result of `Store.read_rules`; None when it must be read again."""
        self._rules_version = 0
        """The store's data version when the rules were read."""
        self.limits = Limits(self.options, self._placed, days)
        self.unused_fits: list[str] = []
        """Namespaces whose fitted parameters are of another model or invalid, and ignored."""

    def schedule_of(self, key: str) -> Schedule:
        """Return the schedule of a prompt's deck."""
        name = self._placed.get(key) or namespace_of(key)
        return self._schedules.get(name, self._default)

    def schedule_of_namespace(self, namespace: str) -> Schedule:
        """Return the schedule of a pack's deck."""
        return self._schedules.get(namespace, self._default)

    @property
    def options(self) -> dict[str, DeckOptions]:
        """The options of each deck that has its own schedule."""
        return {name: schedule.options for name, schedule in self._schedules.items()}

    @property
    def namespaces(self) -> list[str]:
        """The namespaces that have their own schedules."""
        return [name for name in self._schedules if SEPARATOR not in name]

    @property
    def rollover_hour(self) -> int:
        """The local hour at which a study day starts, the same for all packs."""
        return self._default.rollover_hour

    def list_outdated(self) -> list[str]:
        """Return the namespaces whose memories were not computed under the current rules."""
        stored, owners = self.store.read_rules(), self.store.aliases.owners
        return [
            namespace
            for namespace in (*self.namespaces, *filter(is_kept, stored))
            if stored.get(namespace) != self.describe_rules(namespace)
            # Another process recorded answers before it knew the alias.
            or owners.get(namespace) in stored
        ]

    def is_current(self, namespace: str) -> bool:
        """Return whether all memories of a namespace were computed under the current rules."""
        return self._read_rules().get(namespace) == self.describe_rules(namespace)

    def rebuild(self, namespaces: Iterable[str] | None = None) -> int:
        """Rebuild memories from reviews, for some namespaces or all; return their number."""
        with self.store.transaction():
            return (
                self._rebuild_all() if namespaces is None else sum(map(self._rebuild, namespaces))
            )

    def _mend(self) -> None:
        """Rebuild all memories, since one is damaged."""
        if self.store.is_in_transaction:
            self._rebuild_all()
        else:
            self.rebuild()

    def _rebuild_all(self) -> int:
        """Rebuild all memories, even if their table is damaged, within a transaction."""
        known = {*self.store.read_rules(), *self.store.list_namespaces()}
        self.store.forget_memories()
        self._stored_rules = None
        namespaces = {*self.namespaces, *map(self.store.aliases.unite, known)}
        return sum(map(self._rebuild, sorted(namespaces)))

    def _rebuild(self, namespace: str) -> int:
        """Rebuild the memories of a namespace, within a transaction; return their number."""
        owner = self.store.aliases.owners.get(namespace)
        if owner is not None:
            self.store.delete_memories(owner)
            self._stored_rules = None
            self.store.delete_rules(owner)
        self.store.delete_memories(namespace)
        replayed = list(track(self._replay(self.store.list_acts(namespace)), "Computing memories"))
        self.store.put_memories(replayed)
        self._put_rules(namespace, self.describe_rules(namespace))
        return len(replayed)

    def add_aliases(self, aliases: Iterable[Alias]) -> int:
        """Record the aliases that the store does not have yet; return how many memories changed.

        A namespace that continues a history keeps its own reviews and settings.
        """
        store = self.store
        with store.transaction():
            before = store.aliases.histories
            store.add_aliases(aliases)
            changed = find_changes(before, store.aliases.histories)
            united = set()
            for namespace, history in sorted(changed):
                if store.aliases.histories.get(namespace) == history:
                    store.settings.carry_over(namespace, history)
                if store.has_reviews(namespace):
                    united |= {store.aliases.unite(namespace), history}
            return sum(map(self._rebuild, sorted(united)))

    def find_differences(self) -> list[str]:
        """Return the keys of prompts for which a replay of the reviews gives something else.

        That is another memory, or other expectations than those that are kept (see
        `study.expectations`). Memories of other projects, whose options are not known here, are left
        out.
        """
        stored = self.store.read_rules()

        def is_known(key: str) -> bool:
            namespace = namespace_of(key)
            rules = self.describe_rules(namespace)
            return stored.get(namespace, rules) == rules

        cached = {memory.key: memory for memory in self.store.list_memories()}
        cached = {key: memory for key, memory in cached.items() if is_known(key)}
        expectations = self.store.read_expectations()
        found = []
        prompts = groupby(self.store.list_acts(), key=itemgetter(0))
        for key, group in track(prompts, "Verifying memories", len(cached)):
            if not is_known(key):
                continue
            rows, schedule = list(group), self.schedule_of(key)
            kept = expectations.pop(key, None)
            expected: list[Expectation] | None = None if kept is None else []
            memory = schedule.replay(key, [row[2:8] for row in rows], expected)
            is_same = cached.pop(key, Memory(key=key)) == memory
            if expected is not None:
                is_same &= kept == pack_answers(rows, expected, schedule.rollover_hour)
            if not is_same:
                found.append(key)
        without_reviews = (key for key, memory in cached.items() if memory != Memory(key=key))
        without_answers = (
            key for key, kept in expectations.items() if kept != NOTHING and is_known(key)
        )
        return sorted({*found, *without_reviews, *without_answers})

    def read_memories(self, moment: Moment) -> dict[str, Memory]:
        """Return every memory by key, with its days corrected if a clock was once ahead.

        An answer dated in the future was really given after the reviews recorded before it. Until
        that date has passed, its prompt is due as if it had been answered just after them, so that
        no prompt waits for years because a clock showed the wrong year.
        """
        return self._correct(self.store.list_memories(), moment)

    def read_prospects(self, items: Items, moment: Moment) -> Prospects:
        """Return which of the prompts may be asked, with days corrected likewise."""
        today = moment.study_day(self.rollover_hour)
        memories, begun = self.store.list_notable(moment.at_ms, today)
        return Prospects(items, self._correct(memories, moment), Others(begun, self.store.list_due))

    def measure_loss(self, keys: Sequence[str], study_day: int) -> dict[str, float]:
        """Return by key what is lost if prompts are not asked on a study day: `Schedule.measure_loss`."""
        return {
            memory.key: self.schedule_of(memory.key).measure_loss(memory, study_day)
            for memory in self.store.list_some(keys)
        }

    def _correct(self, found: Iterable[Memory], moment: Moment) -> dict[str, Memory]:
        memories = {memory.key: memory for memory in found}
        now_ms, today = moment.at_ms, moment.study_day(self.rollover_hour)
        ahead = {
            m.key: m.last_at_ms or 0 for m in memories.values() if (m.last_at_ms or 0) > now_ms
        }
        for key, known_at_ms in self.store.find_times_before(ahead, now_ms).items():
            memory = memories[key]
            ahead_ms = ahead[key] - known_at_ms
            ahead_days = -(-ahead_ms // MS_PER_DAY) if (memory.last_day or 0) > today else 0
            last_day = max((memory.last_day or 0) - ahead_days, 0)
            memories[key] = memory._replace(
                due_at_ms=(memory.due_at_ms or 0) - ahead_ms,
                due_day=(memory.due_day or 0) - ahead_days,
                first_day=min(memory.first_day or 0, last_day),
                last_day=last_day,
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
        interval_days: int | None = None,
        is_dated: bool = False,
        before: tuple[Memory, str] | None = None,
    ) -> tuple[Review, Memory]:
        """Add one act and return it with the resulting memory. Call within a transaction.

        The act is placed after all others even if the clock was set back. With `is_dated` it is
        placed by its time, and later acts are replayed after it. `before` is the current memory,
        for callers that have read it within the same transaction. `interval_days` is for
        Act.RESCHEDULE; an answer is recorded with the interval that follows from it.

        Raises:
            StoreError: an undo of what was shared with Anki, or a value is out of bounds.

        """
        if undoes is not None:
            from cardwright.study.mirror import check_unshared  # noqa: PLC0415  (rare)

            check_unshared(self.store, undoes)
        review = Review(
            id=self._make_id(moment.at_ms, is_dated=is_dated),
            key=key,
            act=act,
            rating=rating,
            at_ms=moment.at_ms,
            utc_offset_minutes=moment.utc_offset_minutes,
            duration_ms=min(max(duration_ms, 0), MAX_DURATION_MS),
            undoes=undoes,
            interval_days=interval_days,
        )
        memory, last_id = before or self.store.read_memory(key)
        is_last = act is not Act.UNDO and review.id >= last_id
        if act is Act.ANSWER and not is_last:
            memory = self._replay_before(review)
        if is_last or act is Act.ANSWER:
            memory = self.schedule_of(key).apply(memory, review, self._make_balance(moment))
        if act is Act.ANSWER and memory.state is State.REVIEW:
            basis = self.schedule_of(key).make_basis(memory.reps)
            review = replace(review, interval_days=memory.interval_days, interval_basis=basis)
        self.store.add(review)
        if not is_last:
            return review, self._replay_prompts([key])[key]
        self._put([(memory, review.id)])
        return review, memory

    def undo(self, reviews: Sequence[Review], moment: Moment) -> list[Memory]:
        """Undo acts, in this order; return the memories of their prompts. Call within a transaction.

        Raises:
            StoreError: one was shared with Anki.

        """
        from cardwright.study.mirror import check_unshared  # noqa: PLC0415  (rare)

        for review in reviews:
            check_unshared(self.store, review.id)
            undone = Review(
                id=self._make_id(moment.at_ms, is_dated=False),
                key=review.key,
                act=Act.UNDO,
                rating=None,
                at_ms=moment.at_ms,
                utc_offset_minutes=moment.utc_offset_minutes,
                duration_ms=0,
                undoes=review.id,
            )
            self.store.add(undone)
        memories = self._replay_prompts(list(dict.fromkeys(review.key for review in reviews)))
        return [memories[review.key] for review in reviews]

    def preview(self, memory: Memory, moment: Moment) -> dict[Rating, Memory]:
        """Return the memory after each possible answer, as `record` would give it."""
        balance = self._make_balance(moment)
        return self.schedule_of(memory.key).preview(memory, moment, balance)

    def _make_balance(self, moment: Moment) -> Balance:
        """Return what chooses among fuzzed intervals: by the study days, and what is due on each.

        The loads of other machines differ. What is chosen is promised, so it is the same on all.
        """
        today = moment.study_day(self.rollover_hour)

        def choose(low: int, high: int, draw: float) -> int:
            loads = self.store.count_due(today + low, today + high)
            return self.days.choose(today, loads, (low, high), draw)

        return choose

    def _replay_before(self, review: Review) -> Memory:
        """Return the memory of a prompt before a review that is placed between others."""
        rows = self.store.list_acts(keys=[review.key])
        acts = (row[2:8] for row in rows if row[1] < review.id)
        return self.schedule_of(review.key).replay(review.key, acts)

    def merge(self, reviews: Iterable[Review]) -> tuple[int, list[str]]:
        """Add the reviews that the store does not have yet.

        Returns the number of reviews added, and the ids that the store had with different content:
        both versions count from now on (see `study.conflict`).
        """
        with self.store.transaction():
            return self.add(reviews)

    def add(self, reviews: Iterable[Review]) -> tuple[int, list[str]]:
        """Do what `merge` does, within a transaction."""
        # A review that an index lacks would be added a second time.
        self.store.check_reviews()
        before = self.store.count_reviews()
        keys, clashing = self.store.merge(reviews)
        added = self.store.count_reviews() - before
        disputed = self.store.list_disputed()
        clashes: list[str] = []
        if clashing or disputed:
            clashes, settled = self._settle(clashing, disputed)
            keys |= settled
        self._undo_copies(keys)
        self._replay_prompts(sorted(keys))
        return added, clashes

    def _undo_copies(self, keys: Collection[str]) -> None:
        """Undo what prompts have twice because it came by way of Anki as well."""
        mixed = self.store.list_mixed(keys)
        if mixed:
            from cardwright.study.copies import find_copies  # noqa: PLC0415  (rare)

            for key in mixed:
                self.store.merge(find_copies(self.store.list_reviews(key)))

    def _settle(
        self, clashing: Iterable[Review], disputed: Iterable[str]
    ) -> tuple[list[str], set[str]]:
        """Settle conflicts, within a transaction; return the new ones' ids, and the changed keys."""
        from cardwright.study.conflict import find_versions, settle  # noqa: PLC0415  (rare)

        store = self.store
        versions: dict[str, set[Review]] = {review_id: set() for review_id in disputed}
        for review in clashing:
            versions.setdefault(review.id, set()).add(review.without_promise)
        clashes, keys = [], set()
        for review_id, found in sorted(versions.items()):
            known = find_versions(store.list_derived(review_id))
            if not found <= known:
                clashes.append(review_id)
            ours = store.get_review(review_id)
            everything = found | known | ({ours.without_promise} if ours else set())
            added, _ = store.merge(settle(everything, store.list_undos(review_id)))
            keys |= added
        return clashes, keys

    def trace(self, key: str) -> Iterator[tuple[Review, ReplayedAnswer]]:
        """Yield a prompt's answers, undone ones excluded, each with the memory before and after."""
        reviews = [r for r in self.store.list_reviews(key) if r.act is not Act.CRAM]
        acts = map(to_act_row, reviews)
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

    def _replay(self, acts: Iterable[ReviewRow]) -> Iterator[tuple[Memory, str]]:
        """Yield the memory of each prompt and the id of its last review, from `Store.list_acts`."""
        for key, group in groupby(acts, key=itemgetter(0)):
            rows = list(group)
            memory = self.schedule_of(key).replay(key, [row[2:8] for row in rows])
            yield memory, rows[-1][1]

    def _put(self, memories: Collection[tuple[Memory, str]]) -> None:
        """Write memories, and record it when a namespace's memories now follow different rules."""
        self.store.put_memories(memories)
        stored = self._read_rules()
        for namespace in {namespace_of(memory.key) for memory, _ in memories}:
            if stored.get(namespace) != self.describe_rules(namespace):
                self._put_rules(namespace, _MIXED)

    def describe_rules(self, namespace: str) -> str:
        """Return everything that the memories of a namespace depend on besides reviews."""
        if namespace not in self._rules:
            rules = self.schedule_of_namespace(namespace).rules
            others = {
                name: self._schedules[name].rules
                for name in self._parts_of.get(namespace, ())
                if self._schedules[name].rules != rules
            }
            if others:
                # Moving a card to a deck with other options changes its memory.
                places = sorted(
                    f"{key} {name}" for key, name in self._placed.items() if name in others
                )
                digest = zlib.crc32("\n".join(places).encode())
                rules = json.dumps([rules, others, digest], sort_keys=True)
            self._rules[namespace] = rules
        return self._rules[namespace]

    def _read_rules(self) -> dict[str, str]:
        """Return the rules in the store, reading them only if they may have changed."""
        version = self.store.data_version()
        if self._stored_rules is None or version != self._rules_version:
            self._stored_rules, self._rules_version = self.store.read_rules(), version
        return self._stored_rules

    def _put_rules(self, namespace: str, rules: str) -> None:
        # Do not cache the new rules: this transaction may still fail.
        self._stored_rules = None
        self.store.put_rules(namespace, rules)

    def _make_id(self, at_ms: int, *, is_dated: bool) -> str:
        place = at_ms
        device = self.store.device
        if not is_dated and (last := self.store.last_id()):
            following = int(last[:12], 16) + 1
            # Only a forged id is at the end of all places. What comes later keeps its own time.
            place = max(place, following) if following < END_PLACE else place
        while self.store.has_id(review_id := f"{place:012x}-{device}"):
            place += 1
        return review_id
