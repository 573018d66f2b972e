"""Browsing prompts: those that a search finds, acts on them, and undoing these acts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from cardwright.app.acts import Marked, PastAct, list_past_acts, mark, reschedule, undo
from cardwright.app.search import Catalog, Row
from cardwright.app.study import Study
from cardwright.error import ProjectError
from cardwright.history import Act, Moment, Review
from cardwright.item import Item
from cardwright.memory import Memory
from cardwright.model import Card
from cardwright.study.error import StoreError
from cardwright.study.schedule import ReplayedAnswer

_NEVER: Final = 2**62
ORDERS: Final[Mapping[str, Callable[[Row], tuple[float, ...]]]] = {
    "deck": lambda _: (),
    "due": lambda row: (row.memory.due_at_ms or _NEVER,),
    "lapses": lambda row: (-row.memory.lapses, -row.memory.difficulty),
}
"""The orders of rows; in the first, new prompts are introduced."""
_PAIRS: Final[Mapping[Act, tuple[Act, Callable[[Row, int], bool]]]] = {
    Act.SUSPEND: (Act.UNSUSPEND, lambda row, _: row.memory.is_suspended),
    Act.BURY: (Act.UNBURY, Row.is_buried),
    Act.FLAG: (Act.UNFLAG, lambda row, _: row.memory.is_flagged),
}
"""The reverse of acts, which is meant if all prompts are what the act makes them."""


class Browsing:
    """The prompts of a study that a search finds.

    They stay until the next search, whatever becomes of them.
    """

    def __init__(self, study: Study, clock: Callable[[], Moment]) -> None:
        """Show all prompts."""
        self.study = study
        self._clock = clock
        self.text = ""
        """The search."""
        self.order = next(iter(ORDERS))
        self.rows: Sequence[Row] = ()
        """What it found."""
        self._version = 0
        """Of the store, when memories were read last."""
        self._begun_at_ms = clock().at_ms
        self._catalog = self._read()
        self.rows = self._catalog.rows

    @property
    def count(self) -> int:
        """The number of all prompts."""
        return len(self._catalog.rows)

    @property
    def today(self) -> int:
        """The study day."""
        return self.study.today

    def _read(self) -> Catalog:
        return Catalog(self._make_rows(), self.load_card)

    def _make_rows(self) -> list[Row]:
        study = self.study
        study.moment = self._clock()
        self._version = study.store.data_version()
        memories, held = study.read_memories(), study.find_held()
        return [
            Row(item, memories.get(item.key) or Memory(item.key), item.key in held)
            for item in study.items
        ]

    def load_card(self, item: Item) -> Card | None:
        """Return the card of a prompt, if it is still in the sources."""
        return self.study.part_of(item).load_card(item.card_ref)

    def search(self, text: str) -> None:
        """Show what a search finds.

        Raises:
            ProjectError: a condition names what does not exist; the same prompts are shown.

        """
        self.rows = self._sort(self._catalog.search(text, self.today))
        self.text = text

    def change_order(self) -> None:
        """Show the same prompts in the next order."""
        names = list(ORDERS)
        self.order = names[(names.index(self.order) + 1) % len(names)]
        places = {row.item.key for row in self.rows}
        self.rows = self._sort([row for row in self._catalog.rows if row.item.key in places])

    def _sort(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows if self.order == "deck" else sorted(rows, key=ORDERS[self.order])

    def read_ahead(self, number: int) -> bool:
        """Read texts that a search will need; return whether some are left."""
        return self._catalog.read_ahead(number)

    def reload(self) -> None:
        """Show what the same search finds in the sources and the store as they are now."""
        self._catalog = self._read()
        try:
            self.search(self.text)
        except ProjectError:
            # The edit took out the last card that it named.
            self.search("")

    def follow_store(self) -> None:
        """Read memories again if another program has changed them."""
        if self.study.store.data_version() != self._version:
            self._renew({row.item.key: row for row in self._make_rows()})

    def mark(self, rows: Sequence[Row], act: Act) -> tuple[Act, int]:
        """Do an act, or its reverse if all prompts are like that; return it and how many changed.

        Raises:
            StoreError: the store cannot be written; nothing has changed.

        """
        if act in _PAIRS:
            reverse, is_done = _PAIRS[act]
            act = reverse if all(is_done(row, self.today) for row in rows) else act
        return act, self._change(rows, lambda items: mark(self.study, items, act))

    def reschedule(self, rows: Sequence[Row], days: range) -> int:
        """Make prompts due in some days; return how many changed.

        Raises:
            StoreError: the store cannot be written; nothing has changed.

        """
        return self._change(rows, lambda items: reschedule(self.study, items, days))

    def _change(self, rows: Sequence[Row], act: Callable[[list[Item]], list[Marked]]) -> int:
        self.study.moment = self._clock()
        marked = act([row.item for row in rows])
        self._put((one.item, one.memory) for one in marked)
        return sum(one.is_changed for one in marked)

    def undo(self) -> PastAct | None:
        """Undo the last act of this machine since this began, and return it; None if there is none.

        What was answered on earlier days cannot be redone, so one press too many must not take it.

        Raises:
            StoreError: Anki has it, or the store cannot be written; nothing has changed.

        """
        study = self.study
        study.moment = self._clock()
        past = next(list_past_acts(study), None)
        if past is None or past.review.at_ms < self._begun_at_ms:
            return None
        if past.is_in_anki:
            raise StoreError(
                f"{past.review.act} on {past.refs[0]} cannot be undone: it is in Anki's log too"
            )
        memories = undo(study, past)
        found = ((study.items.find(memory.key), memory) for memory in memories)
        self._put((item, memory) for item, memory in found if item)
        return past

    def _put(self, changed: Iterable[tuple[Item, Memory]]) -> None:
        memories = {item.key: memory for item, memory in changed}
        self._renew(
            {
                row.item.key: row._replace(memory=memories[row.item.key])
                for row in self._catalog.rows
                if row.item.key in memories
            }
        )

    def _renew(self, rows: Mapping[str, Row]) -> None:
        """Replace rows by others of the same prompts."""
        self._catalog.with_rows([rows.get(row.item.key, row) for row in self._catalog.rows])
        self.rows = [rows.get(row.item.key, row) for row in self.rows]

    def expect_recall(self, row: Row) -> float:
        """Return the expected recall of a prompt today."""
        schedule = self.study.journal.schedule_of(row.item.key)
        return schedule.retrievability(row.memory, self.today)

    def list_steps(self, row: Row) -> list[tuple[Review, ReplayedAnswer]]:
        """Return the answers to a prompt, the latest last, each with its effect."""
        return list(self.study.journal.trace(row.item.key))
