"""Importing the history of a file of Anki: a package, a backup or a collection.

Nothing is written into the file. What the log cannot tell is taken from the cards: due days that were
moved, suspensions and flags. A file shows a state of the past, so nothing here is taken back by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from cardwright.anki.card_data import read_data
from cardwright.anki.collection import Collection, open_collection
from cardwright.anki.history import (
    KEPT,
    Pull,
    find_due_day,
    is_behind,
    pull_reviews,
)
from cardwright.anki.identity import (
    NoteIdentity,
    find_identities,
    name_kept_prompt,
    read_kept_ordinal,
)
from cardwright.anki.rows import (
    AnkiCard,
    AnkiView,
    CardKind,
    CardRow,
    LogRow,
)
from cardwright.app.anki.options import IGNORED, Difference, find_differences
from cardwright.app.anki.plan import is_derived, make_reschedule
from cardwright.app.garbage import gc_paused
from cardwright.app.study import Study
from cardwright.history import KEPT_NAMESPACE, MS_PER_SECOND, Act, Review
from cardwright.memory import Memory
from cardwright.study.copies import undo
from cardwright.study.mirror_log import find_reviews

_PACKAGE: Final = ".apkg"
_SUSPENDS: Final = frozenset({Act.SUSPEND, Act.UNSUSPEND})
_FLAGS: Final = frozenset({Act.FLAG, Act.UNFLAG})


@dataclass(slots=True, kw_only=True)
class Left:
    """What is about cards that are not in the project, in one deck of Anki."""

    cards: int = 0
    answers: int = 0


@dataclass(slots=True, kw_only=True)
class Imported:
    """What an import from a file of Anki did."""

    file: Path
    has_log: bool = True
    """Whether the file has any review log."""
    cards: int = 0
    """How many cards of the file are prompts of the project."""
    added: Counter[Act] = field(default_factory=Counter)
    """How many acts of the log were new, by what they are."""
    known: int = 0
    """How many acts of the log the store had already."""
    prompts: int = 0
    """How many prompts have new acts."""
    marks: Counter[Act] = field(default_factory=Counter)
    """How many prompts were suspended or flagged here because they are in Anki."""
    adopted: int = 0
    """How many prompts got a history that was kept before they were in the project."""
    kept: int = 0
    """How many acts of cards that are not in the project were added."""
    left: dict[str, Left] = field(default_factory=dict)
    """What is about cards that are not in the project, by the name of their deck in Anki."""
    deleted: Left = field(default_factory=Left)
    """What is about cards that are no longer there."""
    skipped: Counter[str] = field(default_factory=Counter)
    """How many rows of the log were left out, by what is wrong with them."""
    assumed: list[str] = field(default_factory=list)
    """Prompts whose memory is derived as Anki does it, since their first answers do not count."""
    restarted: list[str] = field(default_factory=list)
    """Prompts that were made new at some time without a row that says so."""
    studied: int = 0
    """How many cards are not new in Anki."""
    without_memory: int = 0
    """How many of them Anki schedules without a memory, by SM-2."""
    is_fsrs: bool = False
    """Whether Anki uses FSRS, as far as the file tells."""
    custom: int = 0
    """How many cards have data of custom scheduling, which is not used here."""
    differences: Sequence[Difference] = ()
    """The options that Anki has otherwise."""
    clashes: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many acts were added in all."""
        return sum(self.added.values()) + sum(self.marks.values()) + self.kept


def find_project_notes(study: Study) -> dict[str, NoteIdentity]:
    """Return the notes of all cards of a project by guid, retired ones included."""
    sources = study.sources
    return find_identities(sources.list_cards(), sources.kinds, study.store.aliases.unite_key)


def import_history(
    study: Study,
    notes: Mapping[str, NoteIdentity],
    file: Path,
    *,
    keeps_others: bool = False,
) -> Imported:
    """Record what a file of Anki has about the cards of a project, all or nothing.

    With `keeps_others`, what it has about other cards is recorded too, under keys of their own.

    Raises:
        PackageError: the file cannot be read.
        StoreError: the store cannot be read or written.

    """
    with gc_paused(), open_collection(file) as collection:
        view = collection.view(notes)
        done = Imported(file=file, has_log=collection.has_log, cards=len(view.cards))
        others = _read_others(collection, view, done, is_read=keeps_others)
        # Days are to be counted as the replay counts them.
        hour = study.journal.rollover_hour
        counted = replace(view, timing=replace(view.timing, rollover_hour=hour))
        job = _Import(study, counted, done)
        with study.store.transaction():
            _Kept(study, done).adopt(notes)
            job.pull()
            if keeps_others:
                job.keep(replace(others, timing=counted.timing))
    _describe_cards(view, done)
    done.is_fsrs = view.is_fsrs or done.without_memory < done.studied
    is_package = file.suffix.lower() == _PACKAGE
    if not is_package or len(view.presets) > 1:
        # A package does not tell the hour, and it may lack the presets.
        told = replace(counted if is_package else view, is_fsrs=done.is_fsrs)
        differences = find_differences(study, told)
        done.differences = [one for one in differences if one.name != IGNORED]
    return done


def adopt_kept_history(study: Study, notes: Mapping[str, NoteIdentity]) -> int:
    """Give the project the history of its cards that was kept before they were in it.

    Returns how many prompts got one.

    Raises:
        StoreError: the store cannot be read or written.

    """
    done = Imported(file=Path())
    with study.store.transaction():
        _Kept(study, done).adopt(notes)
    return done.adopted


class _Kept:
    """Moves history that was kept to the prompts of the project."""

    def __init__(self, study: Study, done: Imported) -> None:
        self._store = study.store
        self._journal = study.journal
        self._done = done

    def adopt(self, notes: Mapping[str, NoteIdentity]) -> None:
        """Give the project the history of its cards that was kept before they were in it."""
        keys = self._store.list_keys(KEPT_NAMESPACE)
        if not keys:
            return
        cards = {_find_card(name_kept_prompt(guid, 0)): note for guid, note in notes.items()}
        for kept_key in keys:
            note = cards.get(_find_card(kept_key))
            key = note and note.name_prompt(read_kept_ordinal(kept_key))
            reviews = list(self._store.list_reviews(kept_key)) if key else []
            if key and reviews:
                self._journal.add([*self._move(reviews, key), *map(undo, reviews)])
                self._done.adopted += 1

    def _move(self, reviews: Iterable[Review], key: str) -> Iterator[Review]:
        """Yield kept reviews as those that an import would have given the prompt of a project."""
        reps = 0
        for review in reviews:
            reps = 0 if review.act is Act.RESET else reps + (review.act is Act.ANSWER)
            moved = replace(review, id=review.id.replace(KEPT, "", 1), key=key)
            if review.promise:
                moved = replace(moved, interval_basis=self._make_basis(key, reps))
            yield moved

    def _make_basis(self, key: str, reps: int) -> int:
        return self._journal.schedule_of(key).make_basis(reps)


class _Import:
    """Records what a view of a collection holds, within a transaction."""

    def __init__(self, study: Study, view: AnkiView, done: Imported) -> None:
        self._store = study.store
        self._journal = study.journal
        self._moment = study.moment
        self._view = view
        self._done = done

    def pull(self) -> None:
        """Record what is about the cards of the project."""
        before = {memory.key: memory for memory in self._store.list_memories()}
        pull = self._record(self._view)
        done = self._done
        done.assumed, done.restarted = pull.assumed, pull.restarted
        new = [review for review in pull.reviews if not is_derived(review.id)]
        done.added.update(review.act for review in new)
        done.known += len(pull.pairs) - len(new)
        touched = {review.key for review in pull.reviews}
        done.prompts = len({review.key for review in new})
        after = before
        if touched:
            after = {memory.key: memory for memory in self._store.list_memories()}
        self._journal.add(self._list_moved(touched, after))
        for key, act in self._list_marks(touched, before, after):
            self._journal.record(key, act, self._moment)
            done.marks[act] += act is not Act.UNSUSPEND

    def keep(self, others: AnkiView) -> None:
        """Record what is about other cards."""
        pull = self._record(others, is_kept=True)
        self._done.kept = len(pull.reviews)

    def _record(self, view: AnkiView, *, is_kept: bool = False) -> Pull:
        known = self._list_known(view)
        pull = pull_reviews(
            view,
            self._moment,
            self._make_basis,
            known,
            self._find_paired(view, known),
            is_kept=is_kept,
        )
        _, clashes = self._journal.add(pull.reviews)
        self._done.clashes += clashes
        self._done.skipped.update(pull.skipped)
        return pull

    def _list_known(self, view: AnkiView) -> dict[str, list[Review]]:
        """Return the reviews that the store has of prompts, even undone ones."""
        known: dict[str, list[Review]] = {}
        for review in self._store.list_reviews(with_undone=True):
            if review.key in view.cards:
                known.setdefault(review.key, []).append(review)
        return known

    def _find_paired(self, view: AnkiView, known: Mapping[str, Sequence[Review]]) -> dict[int, str]:
        """Return the ids of the reviews that rows are known to be, from syncs with any place."""
        keys = {row.id: key for key in known for row in view.log.get(key, ())}
        paired: dict[int, str] = {}
        for row_id, found in find_reviews(self._store, keys).items():
            own = found & {review.id for review in known[keys[row_id]]}
            if own:
                paired[row_id] = min(own)
        return paired

    def _make_basis(self, key: str, reps: int) -> int:
        return self._journal.schedule_of(key).make_basis(reps)

    def _list_moved(self, touched: Iterable[str], after: Mapping[str, Memory]) -> Iterator[Review]:
        """Yield what gives prompts the due days of their cards, if Anki knows their last answers.

        They differ if an add-on has moved them, or other options decide here about learning steps.
        """
        for key in sorted(touched):
            card, memory = self._view.cards[key], after.get(key)
            due_day = find_due_day(card, self._view.timing)
            if memory is None or due_day is None or memory.due_day == due_day:
                continue
            rows = self._view.log[key]
            if (memory.last_at_ms or 0) > rows[-1].id or is_behind(card, rows):
                continue
            reviews = self._store.list_reviews(key, with_undone=True)
            yield make_reschedule(card, memory, reviews, self._view.timing, self._moment)

    def _list_marks(
        self, touched: Iterable[str], before: Mapping[str, Memory], after: Mapping[str, Memory]
    ) -> Iterator[tuple[str, Act]]:
        """Yield what suspends and flags prompts as their cards are.

        Only what the pulled answers have suspended here, as leeches, is unsuspended.
        """
        touched = frozenset(touched)
        for key, card in self._view.cards.items():
            memory, was = after.get(key, Memory(key=key)), before.get(key, Memory(key=key))
            if card.row.is_suspended and not memory.is_suspended:
                if not self._has_changed(card, _SUSPENDS):
                    yield key, Act.SUSPEND
            elif memory.is_suspended and not card.row.is_suspended and not was.is_suspended:
                yield from [(key, Act.UNSUSPEND)] if key in touched else ()
            if card.row.flag and not memory.is_flagged and not self._has_changed(card, _FLAGS):
                yield key, Act.FLAG

    def _has_changed(self, card: AnkiCard, acts: frozenset[Act]) -> bool:
        """Tell whether the user has decided otherwise here since the card was changed in Anki."""
        return any(
            review.act in acts and review.at_ms >= card.row.mod_s * MS_PER_SECOND
            for review in self._store.list_reviews(card.key)
        )


def _find_card(key: str) -> str:
    return key.partition("/")[0]


def _read_others(
    collection: Collection, view: AnkiView, done: Imported, *, is_read: bool
) -> AnkiView:
    """Count what is about cards that are not in the project, and return it if it is to be kept."""
    answers = collection.count_answers()
    for card in view.cards.values():
        answers.pop(card.row.id, None)
    rows: list[CardRow] = []
    for row in collection.read_cards() if answers else ():
        number = answers.pop(row.id, 0)
        if number:
            deck = collection.decks.get(row.original_deck_id or row.deck_id)
            left = done.left.setdefault(deck.name if deck else "", Left())
            left.cards += 1
            left.answers += number
            rows.append(row)
    done.deleted = Left(cards=len(answers), answers=sum(answers.values()))
    cards: dict[str, AnkiCard] = {}
    log: dict[str, list[LogRow]] = {}
    if is_read and rows:
        ids = {row.note_id for row in rows}
        guids = {note.id: note.guid for note in collection.read_notes() if note.id in ids}
        keys: dict[int, str] = {}
        for row in rows:
            guid = guids.get(row.note_id)
            key = guid and name_kept_prompt(guid, row.ordinal)
            if guid and key and row.ordinal >= 0 and key not in cards:
                preset, _ = collection.find_preset(row.original_deck_id or row.deck_id)
                cards[key] = AnkiCard(key, guid, row, preset.name)
                log[key] = []
                keys[row.id] = key
        for answer in collection.read_log(keys):
            log[keys[answer.card_id]].append(answer)
    return replace(view, cards=cards, log=log)


def _describe_cards(view: AnkiView, done: Imported) -> None:
    """Count the cards with something that Anki does in another way."""
    for card in view.cards.values():
        data = read_data(card.row.data)
        done.studied += card.row.kind != CardKind.NEW
        done.without_memory += card.row.kind != CardKind.NEW and "s" not in data
        done.custom += bool(data.get("cd"))
