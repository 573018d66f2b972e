"""One memory with Anki: the merge of a review store with a collection, through any door.

Answers are united, and what follows from them is computed again; suspensions, flags and due days have
no rows, so they are compared with those of the last sync, and the side that changed wins. First
everything from Anki is recorded here, together with what is to be written there; then it is written.
So a sync that is killed at any point is completed by the next one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from operator import itemgetter
from typing import Final
from zlib import crc32

from cardwright.anki.card_state import (
    apply_write,
    has_same_memory,
    has_same_numbers,
    keep_state,
    make_card_write,
)
from cardwright.anki.doors.door import Door, Push
from cardwright.anki.error import AnkiChangedError
from cardwright.anki.history import (
    find_due_day,
    find_unknown_act,
    lacks_act,
    lacks_answers,
    may_lack_row,
    pull_reviews,
)
from cardwright.anki.identity import NoteIdentity
from cardwright.anki.log_rows import (
    Rules,
    Step,
    make_log_rows,
)
from cardwright.anki.rows import (
    AnkiCard,
    AnkiView,
    CardKind,
    CardQueue,
    CardWrite,
    LogRow,
)
from cardwright.app.anki.options import find_differences, name_presets, take_options
from cardwright.app.anki.plan import (
    MAX_SHIFT_MS,
    News,
    Vanished,
    find_news,
    is_derived,
    is_from_anki,
    is_outdated_mark,
    is_pushable,
    is_row_of,
    make_mark,
    make_reschedule,
    match_shifted,
    settle_flag,
)
from cardwright.app.anki.row_ids import Placing
from cardwright.app.anki.synced import Choice, Synced, VanishedError
from cardwright.app.garbage import gc_paused
from cardwright.app.study import Study
from cardwright.history import FROM_ANKI, Act, Review, namespace_of
from cardwright.memory import Memory
from cardwright.progress import announced
from cardwright.study.copies import undo
from cardwright.study.mirror import Mirror, MirrorCard, MirrorRow
from cardwright.study.mirror_log import (
    LogEntry,
    find_reviews,
    find_rows,
    list_missing,
    list_rows,
    list_undone_rows,
    read_row_ids,
)

_MAX_ROUNDS: Final = 5
_FEW_IDS: Final = 1_000
"""So many ids may be looked up to recognize one answer."""
_RULES: Final = "rules"
_MISSING: Final = "missing"
_MARKS: Final = {
    ("is_suspended", True): Act.SUSPEND,
    ("is_suspended", False): Act.UNSUSPEND,
    ("is_flagged", True): Act.FLAG,
    ("is_flagged", False): Act.UNFLAG,
}


def sync_anki(
    study: Study,
    notes: Mapping[str, NoteIdentity],
    door: Door,
    *,
    vanished: Choice | None = None,
    takes_options: bool = False,
    is_dry_run: bool = False,
) -> Synced:
    """Sync the store with a collection; `notes` are those that the door was opened with.

    Raises:
        VanishedError: many rows are gone from Anki's log, and `vanished` does not say what to do.
        AnkiError: Anki cannot be reached, or not be written. The next sync completes this one.
        StoreError: the store cannot be read or written.

    """
    done = Synced(place=door.place)
    with gc_paused():
        _sync(
            study, notes, door, done, vanished, takes_options=takes_options, is_dry_run=is_dry_run
        )
    return done


def _sync(
    study: Study,
    notes: Mapping[str, NoteIdentity],
    door: Door,
    done: Synced,
    vanished: Choice | None,
    *,
    takes_options: bool,
    is_dry_run: bool,
) -> None:
    """Do rounds until Anki does not change while we look at it."""
    for number in range(_MAX_ROUNDS):
        with announced("Reading your collection of Anki"):
            view = door.read()
        differences = find_differences(study, view)
        if takes_options and not is_dry_run:
            done.taken += take_options(study, differences)
            differences = find_differences(study, view)
        done.differences = differences
        merge = _Merge(study, notes, door, view, done, vanished)
        merge.settle(is_dry_run=is_dry_run, is_repeated=number > 0)
        if is_dry_run or not merge.has_work:
            break
        try:
            with announced("Writing to your collection of Anki"):
                door.write(merge.push)
        except AnkiChangedError:
            if number == _MAX_ROUNDS - 1:
                raise
            continue
        merge.finish()
        break


class _DryRun(Exception):  # noqa: N818  (not an error)
    """Takes back a transaction."""


class _Merge:
    """One round: what is in Anki now, and what is to be written there."""

    def __init__(
        self,
        study: Study,
        notes: Mapping[str, NoteIdentity],
        door: Door,
        view: AnkiView,
        done: Synced,
        vanished: Choice | None,
    ) -> None:
        self._study = study
        self._store = study.store
        self._journal = study.journal
        self._notes = notes
        self._door = door
        self._view = view
        self._done = done
        self._vanished = vanished
        self._mirror = Mirror(study.store, door.place)
        unite = study.store.aliases.unite
        keys = {note.key for note in notes.values()}
        self._keys = keys
        self._namespaces = {unite(namespace_of(key)) for key in keys}
        self._are_same = name_presets(view, done.differences)
        self._is_dry_run = False

        self._cards: dict[str, MirrorCard] = {}
        """The cards as they were at the last sync, without those that are others now."""
        self._before: dict[str, Memory] = {}
        """The memories before anything was pulled."""
        self._touched: set[str] = set()
        """The prompts with rows that are new in Anki, or gone from there."""
        self._overwritten: set[str] = set()
        """The prompts whose cards have states from before their last acts, or without some answers."""
        self._changed: set[str] = set()
        """The prompts whose memories are not those from before."""
        self._writes: dict[str, CardWrite] = {}
        self._planned: dict[int, MirrorRow] = {}
        self._log: list[LogRow] = []
        self._pending: set[str] = set()

    @property
    def push(self) -> Push:
        """What to write in Anki."""
        return Push(log=self._log, cards=list(self._writes.values()))

    @property
    def has_work(self) -> bool:
        """Whether there is anything to write in Anki."""
        return bool(self._log or self._writes)

    def settle(self, *, is_dry_run: bool, is_repeated: bool) -> None:
        """Record what came from Anki and what is to be written there, all or nothing.

        A dry run only counts it.
        """
        done, view = self._done, self._view
        self._is_dry_run = is_dry_run
        done.is_fsrs, done.unmatched, done.found = view.is_fsrs, view.unmatched, len(view.cards)
        done.pending = []
        with suppress(_DryRun), self._store.transaction():
            seen, planned = read_row_ids(self._store, self._mirror.place)
            news = find_news(view, seen, planned)
            self._before = {memory.key: memory for memory in self._store.list_memories()}
            self._read_cards()
            arrived = self._note_arrived(news)
            done.pushed += arrived if is_repeated else 0
            restores = self._settle_gone(news)
            self._pull(news)
            self._settle_undone()
            self._find_overwritten()
            self._settle_marks(restores=restores)
            missing = self._list_missing()
            if not restores:
                self._settle_due_days(missing)
            self._plan_rows(missing)
            self._plan_cards()
            self._note_cards()
            if not self.has_work:
                self._mirror.put_sync_time(self._study.moment.at_ms)
            if is_dry_run:
                raise _DryRun
        if is_dry_run:
            self._count()
        done.pending = sorted(self._pending)

    def finish(self) -> None:
        """Record that everything was written in Anki."""
        self._count()
        view = self._view
        cards = {}
        for key, write in self._writes.items():
            card = view.cards[key]
            written = card._replace(row=apply_write(card.row, write))
            cards[key] = MirrorCard(
                card_id=write.card_id,
                is_suspended=write.queue == CardQueue.SUSPENDED,
                flag=write.flag,
                due_day=find_due_day(written, view.timing),
                is_pending=False,
            )
        with self._store.transaction():
            self._mirror.put_rows(
                {id: row._replace(is_seen=True) for id, row in self._planned.items()}
            )
            self._mirror.put_cards(cards)
            self._mirror.put_sync_time(self._study.moment.at_ms)

    def _count(self) -> None:
        self._done.pushed += len(self._log)
        self._done.cards += len(self._writes)

    # What was remembered of Anki.

    def _read_cards(self) -> None:
        """Read the cards of the last sync, and forget those that were deleted."""
        unite = self._store.aliases.unite_key
        view, hidden = self._view, set(self._view.unmatched)
        unmatched = {note.key for note in self._notes.values() if note.ref in hidden}
        deleted = []
        for recorded, card in self._mirror.read_cards().items():
            key = unite(recorded)
            now = view.cards.get(key)
            if now is not None and now.row.id == card.card_id:
                self._cards[key] = card
            elif now is None and key.partition("/")[0] in self._keys - unmatched:
                deleted.append((recorded, key))
        self._mirror.forget_cards(recorded for recorded, _ in deleted)
        self._done.deleted += sorted(key for _, key in deleted)

    def _note_arrived(self, news: News) -> int:
        """Note which planned rows are in Anki: an earlier sync had not come to an end."""
        if not news.arrived:
            return 0
        place, keys = self._mirror.place, dict(news.arrived)
        rows = {row.id: row for key in keys.values() for row in self._view.log[key]}
        found = {}
        for row_id, key, review_id in list_rows(self._store, place, keys, self._namespaces):
            if key == keys[row_id]:
                found[row_id] = MirrorRow(review_id, is_seen=True)
        self._mirror.put_rows(found)
        others = keys.keys() - found.keys()
        # Another row has got the id in the meantime.
        self._mirror.forget_rows(others)
        for row_id in others:
            news.fresh.setdefault(keys[row_id], []).append(rows[row_id])
        return len(found)

    def _settle_gone(self, news: News) -> bool:
        """Settle what was in Anki and is not; return whether an older state of Anki is back.

        An answer that was given in Anki was undone there. One that came from here was not: Anki's
        undo takes back only what it did itself, so it is written again.
        """
        if not news.gone:
            return False
        store, view, place = self._store, self._view, self._mirror.place
        _, planned = read_row_ids(store, place)
        forgotten: list[int] = []
        theirs: dict[int, str] = {}
        ours: dict[int, str] = {}
        for row_id, key, review_id in list_rows(store, place, news.gone, self._namespaces):
            card = view.cards.get(key)
            if card is None:
                continue
            if row_id in planned or key not in self._cards:
                # It was not written before; or the card was deleted, and imported again.
                forgotten.append(row_id)
            else:
                (theirs if is_from_anki(review_id) else ours)[row_id] = review_id
                self._touched.add(key)
        vanished = Vanished(sorted(theirs), sorted(ours))
        choice = self._vanished
        if choice is None and vanished.is_doubtful(news.kept):
            raise VanishedError(place, vanished)
        undone = {} if choice == "restore" else dict(theirs)
        if choice == "undo":
            undone |= ours
        self._mirror.forget_rows([*forgotten, *theirs, *ours])
        reviews = [review for id in undone.values() if (review := store.get_review(id))]
        added, _ = self._journal.add(map(undo, reviews)) if reviews else (0, [])
        self._done.undone += added
        self._done.restored += len(theirs) + len(ours) - len(undone)
        return choice == "restore"

    # What came from Anki.

    def _pull(self, news: News) -> None:
        """Record the rows that are new in Anki as reviews."""
        if not news.fresh:
            return
        view, store, place = self._view, self._store, self._mirror.place
        known_rows = {
            row_id: review_id
            for row_id, _, review_id in list_rows(
                store,
                place,
                [row.id for key in news.fresh for row in view.log[key]],
                self._namespaces,
            )
        }
        known = {key: list(store.list_reviews(key, with_undone=True)) for key in news.fresh}
        fresh = {row.id: key for key, rows in news.fresh.items() for row in rows}
        ids = {key: {review.id for review in reviews} for key, reviews in known.items()}
        undone = {
            review.undoes for reviews in known.values() for review in reviews if review.undoes
        }
        paired = dict(known_rows)
        for row_id, found in find_reviews(self._store, fresh).items():
            own = found & ids[fresh[row_id]]
            if row_id not in paired and own:
                paired[row_id] = min(own, key=lambda one: (one in undone, one))
        log = {key: view.log[key] for key in news.fresh}
        pull = pull_reviews(
            replace(view, log=log), self._study.moment, self._make_basis, known, paired
        )
        taken = {*known_rows.values(), *undone, *(id for _, id in pull.pairs.values())}
        shifted = self._match_shifted(pull.reviews, known, taken)
        reviews = [review for review in pull.reviews if review.id not in shifted]
        _, clashes = self._journal.add(reviews)
        self._done.clashes += clashes
        self._done.skipped.update(pull.skipped)
        rows: dict[int, MirrorRow] = {}
        for row_id, (key, review_id) in pull.pairs.items():
            if row_id in fresh:
                rows[row_id] = MirrorRow(shifted.get(review_id, review_id), is_seen=True)
                self._done.pulled += rows[row_id].review_id not in ids[key]
        self._mirror.put_rows(rows)
        self._touched.update(news.fresh)

    def _find_overwritten(self) -> None:
        """Find cards that another device has overwritten, which did not know of the last act."""
        view = self._view
        unknown = {
            row.id: (key, row)
            for key, rows in view.log.items()
            if rows and (row := find_unknown_act(view.cards[key], rows))
        }
        found = list_rows(self._store, self._mirror.place, unknown, self._namespaces)
        for row_id, key, review_id in found:
            owner, row = unknown[row_id]
            card, is_ours = view.cards[owner], not is_from_anki(review_id)
            # Most cards without the time of their last answer were answered in Anki, long ago.
            if owner != key or not (is_ours or may_lack_row(card, row)):
                continue
            review = self._store.get_review(review_id)
            if review and lacks_act(card, review.act, review.at_ms, is_ours=is_ours):
                self._overwritten.add(key)
        for key, rows in view.log.items():
            card = view.cards[key]
            if lacks_answers(card, rows) and self._is_same(card):
                memory = self._store.read_memory(key)[0]
                if not has_same_numbers(card, memory):
                    self._overwritten.add(key)

    def _make_basis(self, key: str, reps: int) -> int:
        return self._journal.schedule_of(key).make_basis(reps)

    def _match_shifted(
        self,
        pulled: Iterable[Review],
        known: Mapping[str, Sequence[Review]],
        taken: Collection[str],
    ) -> dict[str, str]:
        """Return which pulled reviews are known ones whose rows have other ids than their times."""
        fresh: dict[str, list[Review]] = {}
        for review in pulled:
            if known.get(review.key) and is_pushable(review):
                fresh.setdefault(review.key, []).append(review)
        return {
            pulled_id: known_id
            for key, reviews in fresh.items()
            for pulled_id, known_id in match_shifted(
                reviews, known[key], taken, self._is_filled, is_again=key not in self._cards
            ).items()
        }

    def _is_filled(self, first: int, last: int) -> bool:
        """Tell whether Anki's log has a row for each id from one to another."""
        number = last - first + 1
        ids = self._row_ids
        if bisect_right(ids, last) - bisect_left(ids, first) == number:
            return True
        return number <= _FEW_IDS and len(self._door.find_taken(range(first, last + 1))) == number

    @cached_property
    def _row_ids(self) -> list[int]:
        """The ids of the rows of all cards of the project, in order."""
        return sorted(row.id for rows in self._view.log.values() for row in rows)

    def _settle_undone(self) -> None:
        """Settle rows in Anki whose reviews were undone: no sync of Anki's can take a row away.

        If another review is the same answer, the row is its own from now on. Else the undo came too
        late, by way of a machine that did not know that Anki had the answer: it counts again.
        """
        view = self._view
        rows: dict[int, MirrorRow] = {}
        again: list[Review] = []
        for row_id, key, review_id in list_undone_rows(self._store, self._mirror.place):
            card = view.cards.get(key)
            undone = self._store.get_review(review_id)
            if card is None or undone is None or not self._has_row(key, row_id):
                continue
            paired = set(self._pair_rows(key).values()) | {row.review_id for row in rows.values()}
            elsewhere = find_reviews(self._store, [row_id]).get(row_id, set())
            twins = [
                review.id
                for review in self._store.list_reviews(key)
                if (review.act, review.rating) == (undone.act, undone.rating)
                and (
                    review.at_ms == undone.at_ms
                    or review.id in elsewhere
                    or is_row_of(review, row_id, undone.spent_ms, self._is_filled)
                )
            ]
            # The same answer may have two rows, if two machines have written it.
            twin = min(twins, key=lambda one: (one in paired, one), default=None)
            if twin is None:
                digest = sha256(review_id.encode()).hexdigest()[:8]
                twin = f"{row_id:012x}-{FROM_ANKI}{digest}"
                again.append(replace(undone, id=twin))
                self._touched.add(key)
            rows[row_id] = MirrorRow(twin, is_seen=True)
        if again:
            self._journal.add(again)
            self._done.returned += len(again)
        self._mirror.put_rows(rows)

    def _has_row(self, key: str, row_id: int) -> bool:
        return any(row.id == row_id for row in self._view.log.get(key, ()))

    def _pair_rows(self, key: str) -> dict[int, str]:
        """Return the ids of the reviews of a card's rows."""
        ids = [row.id for row in self._view.log.get(key, ())]
        place = self._mirror.place
        return {
            id: review for id, _, review in list_rows(self._store, place, ids, self._namespaces)
        }

    # Suspensions, flags and due days.

    def _settle_marks(self, *, restores: bool) -> None:
        """Take over suspensions and flags that Anki has changed."""
        store, now_ms, blank = self._store, self._study.moment.at_ms, Memory(key="")
        added: list[Review] = []
        for key, card in self._view.cards.items():
            was = None if restores else self._cards.get(key)
            before = self._before.get(key) or blank
            is_suspended, flag = card.row.is_suspended, card.row.flag
            if (
                key not in self._touched
                and before.is_suspended == is_suspended
                and before.is_flagged == bool(flag)
            ):
                continue
            memory = store.read_memory(key)[0] if key in self._touched else before
            wanted = {
                "is_suspended": settle_flag(
                    before.is_suspended, is_suspended, was and was.is_suspended
                ),
                "is_flagged": settle_flag(before.is_flagged, bool(flag), was and bool(was.flag)),
            }
            for name, value in wanted.items():
                theirs = is_suspended if name == "is_suspended" else bool(flag)
                if was and value != theirs:
                    ours = _MARKS[name, value], _MARKS[name, theirs]
                    if is_outdated_mark(card, ours, store.list_reviews(key)):
                        value = theirs  # noqa: PLW2901
                if getattr(memory, name) == value:
                    continue
                if name == "is_suspended" and memory.is_leech and self._is_mixed(key):
                    # The answers of both sides together have made it a leech.
                    continue
                act = _MARKS[name, value]
                reviews = store.list_reviews(key, with_undone=True)
                added.append(make_mark(card, act, reviews, now_ms))
                self._changed.add(key)
                if getattr(before, name) != value:
                    self._done.marks[str(act)] += 1
        if added:
            self._journal.add(added)

    def _is_mixed(self, key: str) -> bool:
        """Tell whether a prompt has answers that Anki does not know yet."""
        paired = set(self._pair_rows(key).values())
        return any(
            is_pushable(review) and review.id not in paired
            for review in self._store.list_reviews(key)
        )

    def _settle_due_days(self, missing: dict[str, list[LogEntry]]) -> None:
        """Take over due days that Anki has changed, or computed, without telling it in its log."""
        rules = self._read_rules()
        known = self._mirror.read_fact(_RULES)
        known = known if isinstance(known, dict) else {}
        same = {namespace_of(key) for key, card in self._view.cards.items() if self._is_same(card)}
        agreed = {name for name in same if known.get(name) != rules[name]}
        """Where options are the same on both sides now, and were not at the last sync."""
        added: list[Review] = []
        for key, card in self._view.cards.items():
            was = self._cards.get(key)
            if key in missing or key in self._overwritten or (was and was.is_pending):
                continue
            if was and was.due_day is not None and card.row.kind == CardKind.NEW:
                self._reset(key, missing)
            elif self._has_moved(card, was, agreed):
                reviews = self._store.list_reviews(key, with_undone=True)
                timing, moment = self._view.timing, self._study.moment
                added.append(make_reschedule(card, self._read(key), reviews, timing, moment))
        if added:
            self._journal.add(added)
            self._changed.update(review.key for review in added)
            changed = sum(review.key in self._cards for review in added)
            if changed:
                self._done.marks[str(Act.RESCHEDULE)] += changed
        if agreed:
            self._mirror.put_fact(_RULES, known | {name: rules[name] for name in agreed})

    def _has_moved(self, card: AnkiCard, was: MirrorCard | None, agreed: Collection[str]) -> bool:
        """Tell whether Anki has a due day that counts, and is not known here."""
        key = card.key
        due_day = find_due_day(card, self._view.timing)
        if due_day is None or self._read(key).due_day == due_day:
            return False
        if key in self._touched:
            return not self._must_write(key, card)
        is_agreed = self._is_same(card) and namespace_of(key) in agreed
        return was is None or is_agreed or due_day != was.due_day

    def _reset(self, key: str, missing: dict[str, list[LogEntry]]) -> None:
        """Reset a prompt whose card was made new without a row, as older programs did."""
        if key not in self._touched and not self._read(key).is_new:
            review, _ = self._journal.record(key, Act.RESET, self._study.moment)
            self._changed.add(key)
            missing[key] = [LogEntry(key, review.id, review.at_ms, review.act, None)]

    def _read_rules(self) -> dict[str, int]:
        """Return a checksum of what due days depend on, by namespace."""
        return {
            name: crc32(self._journal.describe_rules(name).encode()) for name in self._namespaces
        }

    def _is_same(self, card: AnkiCard) -> bool:
        """Tell whether memories under a card's preset follow from the same rules here."""
        return self._view.is_fsrs and self._are_same.get(card.preset, False)

    def _read(self, key: str) -> Memory:
        """Return the current memory of a prompt."""
        if key in self._touched or key in self._changed:
            return self._store.read_memory(key)[0]
        return self._before.get(key) or Memory(key=key)

    # What Anki lacks.

    def _list_missing(self) -> dict[str, list[LogEntry]]:
        """Return the reviews that Anki lacks, by prompt with a card there."""
        store, place, view = self._store, self._mirror.place, self._view
        entries = [
            entry
            for entry in list_missing(store, place, self._namespaces)
            if not is_derived(entry.id)
        ]
        entries = self._unite_copies(entries)
        missing: dict[str, list[LogEntry]] = {}
        homeless = set()
        for entry in entries:
            if entry.key in view.cards:
                missing.setdefault(entry.key, []).append(entry)
            elif entry.key.partition("/")[0] in self._keys:
                homeless.add(entry.key)
        done = self._done
        done.missing = len(homeless)
        known = self._mirror.read_fact(_MISSING)
        done.is_missing_new = len(homeless) > (known if isinstance(known, int) else 0)
        if len(homeless) != (known or 0):
            self._mirror.put_fact(_MISSING, len(homeless))
        return missing

    def _unite_copies(self, entries: list[LogEntry]) -> list[LogEntry]:
        """Leave out reviews whose row is known from another machine, under the id of a copy here."""
        copies: dict[int, str] = {}
        left = []
        found = find_rows(self._store, [entry.id for entry in entries])
        for entry in entries:
            rows = {id for id in found.get(entry.id, ()) if self._has_row(entry.key, id)}
            rows |= self._find_rows(entry)
            own_id = int(entry.id[:12], 16) if is_from_anki(entry.id) else 0
            is_named = self._has_row(entry.key, own_id)
            paired = self._pair_rows(entry.key) if rows or is_named else {}
            if is_named and paired.get(own_id, entry.id) != entry.id:
                # Another machine did not know which answer the row is.
                copy = self._store.get_review(entry.id)
                known = self._store.get_review(paired[own_id])
                if copy and known and (copy.act, copy.rating) == (known.act, known.rating):
                    self._journal.add([undo(copy)])
                    self._changed.add(entry.key)
                    continue
            free = sorted(id for id in rows - copies.keys() if is_from_anki(paired.get(id, "")))
            row_id = free[0] if free else None
            if row_id is None:
                left.append(entry)
                continue
            copy = self._store.get_review(paired[row_id])
            if copy is None or (copy.act, copy.rating) != (entry.act, entry.rating):
                left.append(entry)
                continue
            self._journal.add([undo(copy)])
            self._changed.add(entry.key)
            copies[row_id] = entry.id
        self._mirror.put_rows(
            {id: MirrorRow(review, is_seen=True) for id, review in copies.items()}
        )
        return left

    def _find_rows(self, entry: LogEntry) -> set[int]:
        """Return which rows of a card can be that of an answer, going by what they say."""
        log = self._view.log.get(entry.key, ())
        first = bisect_left(log, entry.at_ms - MAX_SHIFT_MS, key=itemgetter(0))
        last = bisect_right(log, entry.at_ms + MAX_SHIFT_MS, key=itemgetter(0))
        near = [row for row in log[first:last] if row.ease == (entry.rating or 0)]
        review = self._store.get_review(entry.id) if near else None
        return {
            row.id
            for row in near
            if review and is_row_of(review, row.id, row.duration_ms, self._is_filled)
        }

    def _plan_rows(self, missing: Mapping[str, Sequence[LogEntry]]) -> None:
        """Plan the rows that Anki lacks, and the states of their cards."""
        view, place = self._view, self._mirror.place
        if not missing:
            return
        ids = [row.id for key in missing for row in view.log.get(key, ())]
        rows: dict[str, dict[str, int]] = {key: {} for key in missing}
        for row_id, key, review_id in list_rows(self._store, place, ids, self._namespaces):
            # A note with another's id takes over the rows of its cards.
            if key in rows:
                rows[key][review_id] = row_id
        prompts = {
            key: [
                (review, rows[key].get(review.id))
                for review in self._store.list_reviews(key)
                if is_pushable(review)
            ]
            for key in missing
        }
        chosen = Placing((lambda _: set()) if self._is_dry_run else self._door.find_taken).place(
            prompts, self._journal.rollover_hour
        )
        made = {key: self._make_rows(key, chosen) for key in missing}
        for key in self._derive(made, rows, chosen):
            made[key] = self._make_rows(key, chosen)
        by_id = {id: review_id for review_id, id in chosen.items()}
        for key, (log, pushed) in made.items():
            card = view.cards[key]
            self._log += log
            self._planned |= {row.id: MirrorRow(by_id[row.id], is_seen=False) for row in log}
            if card.row.is_filtered:
                self._pending.add(key)
                continue
            memory = self._store.read_memory(key)[0]
            rules = self._make_rules(key)
            self._put_write(
                key, make_card_write(card, view.log.get(key, ()), memory, rules, pushed)
            )
        self._mirror.put_rows(self._planned)

    def _make_rows(self, key: str, chosen: Mapping[str, int]) -> tuple[list[LogRow], list[Step]]:
        """Return the rows that a card's log lacks, and their acts."""
        card, own = self._view.cards[key], self._view.log.get(key, ())
        pushed = [step for step in self._trace(key) if step.review.id in chosen]
        steps = ((chosen[step.review.id], step) for step in pushed)
        return make_log_rows(card, own, steps, self._make_rules(key)), pushed

    def _derive(
        self,
        made: Mapping[str, tuple[Sequence[LogRow], Sequence[Step]]],
        rows: Mapping[str, Mapping[str, int]],
        chosen: Mapping[str, int],
    ) -> set[str]:
        """Record what Anki derives from logs with the rows of both sides; return the prompts.

        That is where it starts to read, which one side's rows alone do not tell.
        """
        view, store = self._view, self._store
        keys = [key for key in made if view.log.get(key)]
        log = {key: sorted((*view.log[key], *made[key][0])) for key in keys}
        paired = {id: review_id for review_id, id in chosen.items()}
        paired |= {id: review_id for key in keys for review_id, id in rows[key].items()}
        known = {key: list(store.list_reviews(key, with_undone=True)) for key in keys}
        moment = self._study.moment
        pull = pull_reviews(replace(view, log=log), moment, self._make_basis, known, paired)
        derived = [review for review in pull.reviews if review.undoes or is_derived(review.id)]
        if derived:
            self._journal.add(derived)
        return {review.key for review in derived}

    def _trace(self, key: str) -> Iterator[Step]:
        """Yield the acts on a prompt, each with the memory before and after it."""
        schedule = self._journal.schedule_of(key)
        memory = Memory(key=key)
        for review in self._store.list_reviews(key):
            after = schedule.apply(memory, review)
            yield Step(review, memory, after)
            memory = after

    def _make_rules(self, key: str) -> Rules:
        schedule = self._journal.schedule_of(key)
        options = schedule.options
        return Rules(
            timing=self._view.timing,
            is_fsrs=self._view.is_fsrs,
            learning_steps_minutes=options.learning_steps_minutes,
            relearning_steps_minutes=options.relearning_steps_minutes,
            desired_retention=options.desired_retention,
            decay=schedule.parameters[-1],
        )

    def _plan_cards(self) -> None:
        """Plan the states of the other cards that Anki has not computed itself."""
        for key, card in self._view.cards.items():
            if key in self._writes or key in self._pending:
                continue
            was = self._cards.get(key)
            memory = self._read(key)
            row = card.row
            is_marked = memory.is_suspended != row.is_suspended or memory.is_flagged != bool(
                row.flag
            )
            must_write = (
                bool(was and was.is_pending)
                or key in self._overwritten
                or (key in self._touched and self._must_write(key, card))
            )
            if not (is_marked or must_write):
                continue
            if row.is_filtered:
                self._pending.add(key)
            elif must_write:
                own = self._view.log.get(key, ())
                memory = self._store.read_memory(key)[0]
                self._put_write(key, make_card_write(card, own, memory, self._make_rules(key)))
            else:
                flag = (row.flag or 1) if memory.is_flagged else 0
                self._put_write(key, keep_state(card, is_suspended=memory.is_suspended, flag=flag))

    def _must_write(self, key: str, card: AnkiCard) -> bool:
        """Tell whether Anki has computed a card's state without knowing all of its answers.

        An answer from Anki may be older than one from here, or have been given on a device that did
        not know it.
        """
        if not self._store.has_own(key):
            return False
        reviews = [review for review in self._store.list_reviews(key) if is_pushable(review)]
        own = [review for review in reviews if not is_from_anki(review.id)]
        if not own:
            return False
        if self._is_same(card):
            memory = self._store.read_memory(key)[0]
            return not has_same_memory(card, memory, self._view.timing)
        return own[-1] is reviews[-1]

    def _put_write(self, key: str, write: CardWrite) -> None:
        """Plan a state, unless the card has it already."""
        row = self._view.cards[key].row
        if apply_write(row, write) != row:
            self._writes[key] = write

    def _note_cards(self) -> None:
        """Remember the cards as they are in Anki now, and which are to be written."""
        timing = self._view.timing
        changed = {}
        for key, card in self._view.cards.items():
            row = card.row
            found = MirrorCard(
                card_id=row.id,
                is_suspended=row.is_suspended,
                flag=row.flag,
                due_day=find_due_day(card, timing),
                is_pending=key in self._writes or key in self._pending,
            )
            if found != self._cards.get(key):
                changed[key] = found
        self._mirror.put_cards(changed)
