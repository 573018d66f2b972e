"""A collection of Anki in memory, and the door to it: what a sync reads and writes, without Anki.

Its answers are computed by our own scheduler, which other tests hold equal to Anki's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cardwright.anki.card_data import write_data
from cardwright.anki.card_state import make_card_write
from cardwright.anki.doors.door import Push
from cardwright.anki.error import AnkiChangedError
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
    CardRow,
    CardWrite,
    LogRow,
    Preset,
    Timing,
)
from cardwright.history import Act, Moment, Rating, Review, count_study_day
from cardwright.memory import Memory, State
from cardwright.model import DeckOptions
from cardwright.study.schedule import Schedule

CREATED_DAY: Final = 20_000
ROLLOVER_HOUR: Final = 4
_STATES: Final = (State.NEW, State.LEARNING, State.REVIEW, State.RELEARNING)
PRESET: Final = Preset(
    name="Default",
    desired_retention=0.9,
    parameters=(),
    learning_steps_minutes=(1, 10),
    relearning_steps_minutes=(10,),
    maximum_interval_days=36_500,
    leech_lapses=8,
    suspends_leeches=True,
)


@dataclass
class MemoryAnki:
    """A collection, and a Door to it."""

    place: str = "profile User 1"
    offset: int = 60
    is_fsrs: bool = True
    cards: dict[str, AnkiCard] = field(default_factory=dict)
    log: dict[int, LogRow] = field(default_factory=dict)
    presets: dict[str, Preset] = field(default_factory=lambda: {"Default": PRESET})
    taken: set[int] = field(default_factory=set)
    """The ids of rows of other cards."""
    unmatched: tuple[str, ...] = ()
    before_write: Callable[[], None] = lambda: None
    after_write: Callable[[], None] = lambda: None
    writes: int = 0
    _next_id: int = 1_000
    _version: int = 0
    _read_version: int = -1

    def add(self, note: NoteIdentity, ordinal: int = 0) -> str:
        """Add the card of a note."""
        key = note.name_prompt(ordinal)
        assert key
        self._next_id += 1
        row = CardRow(
            *(self._next_id, 1, 1, ordinal, 0, CardKind.NEW, CardQueue.NEW, 5, 0, 0, 0, 0, 0, 0, 0),
            flags=0,
            data="",
        )
        self.cards[key] = AnkiCard(key, note.guid, row, "Default")
        self._version += 1
        return key

    def delete(self, key: str) -> None:
        """Delete a card; its rows stay in the log, as in Anki."""
        self.taken |= {row.id for row in self._list_rows(key)}
        del self.cards[key]
        self._version += 1

    def answer(self, key: str, rating: Rating, moment: Moment, *, row_id: int | None = None) -> int:
        """Answer a card, as it is now; return the id of the row."""
        return self._act(key, Act.ANSWER, rating, moment, row_id or moment.at_ms)

    def reset(self, key: str, moment: Moment) -> int:
        """Make a card new."""
        return self._act(key, Act.RESET, None, moment, moment.at_ms)

    def change(self, key: str, **values: Any) -> None:
        """Change columns of a card."""
        card = self.cards[key]
        self.cards[key] = card._replace(row=card.row._replace(**values))
        self._version += 1

    def suspend(self, key: str) -> None:
        self.change(key, queue=CardQueue.SUSPENDED)

    def unsuspend(self, key: str) -> None:
        self.change(key, queue=int(self.cards[key].row.kind))

    def filter(self, key: str) -> None:
        """Put a card into a filtered deck."""
        row = self.cards[key].row
        self.change(key, original_deck_id=row.deck_id, deck_id=99, original_due=row.due, due=-100)

    def unfilter(self, key: str) -> None:
        row = self.cards[key].row
        self.change(
            key,
            original_deck_id=0,
            deck_id=row.original_deck_id,
            original_due=0,
            due=row.original_due,
        )

    def undo(self, row_id: int, was: CardRow) -> None:
        """Take an answer back."""
        row = self.log.pop(row_id)
        for key, card in self.cards.items():
            if card.row.id == row.card_id:
                self.cards[key] = card._replace(row=was)
        self._version += 1

    def copy(self) -> MemoryAnki:
        """Return a backup."""
        return replace(self, cards=dict(self.cards), log=dict(self.log), taken=set(self.taken))

    # The door.

    def read(self) -> AnkiView:
        self._read_version = self._version
        return AnkiView(
            timing=Timing(created_day=CREATED_DAY, rollover_hour=ROLLOVER_HOUR),
            is_fsrs=self.is_fsrs,
            cards=dict(self.cards),
            log={key: self._list_rows(key) for key in self.cards},
            presets=self.presets,
            unmatched=self.unmatched,
        )

    def find_taken(self, ids: Sequence[int]) -> set[int]:
        return set(ids) & (self.taken | self.log.keys())

    def write(self, push: Push) -> None:
        self.before_write()
        if self._version != self._read_version:
            raise AnkiChangedError("it has changed")
        ids = [row.id for row in push.log]
        assert len(set(ids)) == len(ids)
        assert not self.find_taken(ids)
        by_id = {card.row.id: key for key, card in self.cards.items()}
        for row in push.log:
            assert row.card_id in by_id
            self.log[row.id] = row
        for card in push.cards:
            self._put(by_id[card.card_id], card)
        self.writes += 1
        self._version += 1
        self.after_write()

    def close(self) -> None:
        pass

    # What a test looks at.

    def list_log(self, key: str) -> list[tuple[int, int]]:
        """Return time and rating of a card's rows."""
        return [(row.id, row.ease) for row in self._list_rows(key)]

    def read_memory(self, key: str) -> Memory:
        """Return the memory that a card holds."""
        row = self.cards[key].row
        data = json.loads(row.data or "{}")
        at_ms = data["lrt"] * 1000 if "lrt" in data and row.kind else None
        due = row.original_due if row.is_filtered else row.due
        is_review = row.kind == CardKind.REVIEW
        steps = {CardKind.LEARNING: 2, CardKind.RELEARNING: 1}.get(CardKind(row.kind))
        return Memory(
            key=key,
            state=_STATES[row.kind],
            stability=data.get("s", 0.0),
            difficulty=data.get("d", 0.0),
            step=None if steps is None else max(steps - row.left, 0),
            due_day=CREATED_DAY + due if is_review else None,
            due_at_ms=None if is_review else due * 1000,
            interval_days=row.interval_days if is_review else 0,
            last_day=None if at_ms is None else self._count_day(at_ms),
            first_day=None if at_ms is None else self._count_day(at_ms),
            last_at_ms=at_ms,
            reps=row.reps,
            lapses=row.lapses,
            is_suspended=row.is_suspended,
            is_flagged=bool(row.flag),
        )

    def _list_rows(self, key: str) -> list[LogRow]:
        card_id = self.cards[key].row.id
        return sorted(row for row in self.log.values() if row.card_id == card_id)

    def _count_day(self, at_ms: int) -> int:
        return count_study_day(at_ms, self.offset, ROLLOVER_HOUR)

    def _act(self, key: str, act: Act, rating: Rating | None, moment: Moment, row_id: int) -> int:
        card, rows = self.cards[key], self._list_rows(key)
        preset = self.presets[card.preset]
        schedule = Schedule(
            DeckOptions(
                desired_retention=preset.desired_retention,
                learning_steps_minutes=tuple(preset.learning_steps_minutes),
                relearning_steps_minutes=tuple(preset.relearning_steps_minutes),
            )
        )
        before = self.read_memory(key)
        review = Review(
            id=f"{moment.at_ms:012x}-test",
            key=key,
            act=act,
            rating=rating,
            at_ms=moment.at_ms,
            utc_offset_minutes=moment.utc_offset_minutes,
            duration_ms=1_000,
            undoes=None,
        )
        step = Step(review, before, schedule.apply(before, review))
        options = schedule.options
        rules = Rules(
            timing=Timing(created_day=CREATED_DAY, rollover_hour=ROLLOVER_HOUR),
            is_fsrs=self.is_fsrs,
            learning_steps_minutes=options.learning_steps_minutes,
            relearning_steps_minutes=options.relearning_steps_minutes,
            desired_retention=options.desired_retention,
            decay=schedule.parameters[-1],
        )
        for row in make_log_rows(card, rows, [(row_id, step)], rules):
            self.log[row.id] = row
        self._put(key, make_card_write(card, rows, step.after, rules, [step]))
        self._version += 1
        return row_id

    def _put(self, key: str, card: CardWrite) -> None:
        row = self.cards[key].row
        self.change(
            key,
            kind=card.kind,
            queue=card.queue,
            due=card.due,
            interval_days=card.interval_days,
            factor=card.factor,
            reps=card.reps,
            lapses=card.lapses,
            left=card.left,
            flags=card.flag,
            data=write_data(row, card),
        )
