"""What a sync remembers of a mirror: another collection that holds our prompts, such as Anki's.

A row of its log is planned here before it is written there. So a sync that was killed neither repeats
nor loses one: a planned row that is found there was written, one that is not is written again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from cardwright.history import END_MS
from cardwright.study.error import StoreError
from cardwright.study.mirror_rows import (
    CARD_COLUMNS,
    ROW_COLUMNS,
    MirrorCard,
    MirrorRow,
    read_mirror_card,
    read_mirror_row,
)
from cardwright.study.rows import RowError, read_json
from cardwright.study.store import Store

__all__ = [
    "Mirror",
    "MirrorCard",
    "MirrorRow",
    "check_unshared",
    "list_places",
    "list_shifted",
]

_SYNCED: Final = "synced"
_K = TypeVar("_K")
_V = TypeVar("_V")


class Mirror:
    """A mirror under the name of its place. Whatever writes must be called within a transaction."""

    def __init__(self, store: Store, place: str) -> None:
        """Use what the store knows about the mirror at a place."""
        self._store = store
        self.place = place

    def read_rows(self) -> dict[int, MirrorRow]:
        """Return the rows of the mirror's log that are reviews of ours, by their ids."""
        sql = f"select {ROW_COLUMNS} from mirror_rows where place = ? order by row_id"  # noqa: S608
        return dict(self._read("mirror_rows", sql, read_mirror_row))

    def put_rows(self, rows: Mapping[int, MirrorRow]) -> None:
        """Remember rows that are planned or were seen."""
        sql = "insert or replace into mirror_rows values (?, ?, ?, ?)"
        # In this order, many are written far more quickly.
        self._store.change(sql, ((self.place, id, *row) for id, row in sorted(rows.items())))

    def forget_rows(self, row_ids: Iterable[int]) -> None:
        """Forget rows, such as those that are no longer there."""
        sql = "delete from mirror_rows where place = ? and row_id = ?"
        self._store.change(sql, ((self.place, id) for id in row_ids))

    def read_cards(self) -> dict[str, MirrorCard]:
        """Return the cards as they were at the last sync, by the keys of their prompts."""
        sql = f"select {CARD_COLUMNS} from mirror_cards where place = ? order by prompt"  # noqa: S608
        return dict(self._read("mirror_cards", sql, read_mirror_card))

    def put_cards(self, cards: Mapping[str, MirrorCard]) -> None:
        """Remember cards by the keys of their prompts."""
        sql = "insert or replace into mirror_cards values (?, ?, ?, ?, ?, ?, ?)"
        self._store.change(sql, ((self.place, key, *card) for key, card in cards.items()))

    def forget_cards(self, keys: Iterable[str]) -> None:
        """Forget the cards of prompts."""
        sql = "delete from mirror_cards where place = ? and prompt = ?"
        self._store.change(sql, ((self.place, key) for key in keys))

    def read_fact(self, name: str) -> Any:
        """Return something else that is remembered, or None."""
        sql = "select cast(value as blob) from mirror_facts where place = ? and name = ?"
        for (value,) in self._store.query(sql, self.place, name):
            try:
                return read_json(value)
            except RowError:
                self._store.leave_out(f"{name} of {self.place}")
        return None

    def put_fact(self, name: str, value: Any) -> None:
        """Remember anything that JSON can hold."""
        row = (self.place, name, json.dumps(value))
        self._store.change("insert or replace into mirror_facts values (?, ?, ?)", [row])

    def read_sync_time(self) -> int | None:
        """Return when the last sync was complete, in milliseconds since 1970."""
        at_ms = self.read_fact(_SYNCED)
        return at_ms if type(at_ms) is int and 0 <= at_ms < END_MS else None

    def put_sync_time(self, at_ms: int) -> None:
        """Remember that a sync is complete."""
        self.put_fact(_SYNCED, at_ms)

    def _read(
        self, table: str, sql: str, read: Callable[[tuple[Any, ...]], tuple[_K, _V]]
    ) -> Iterator[tuple[_K, _V]]:
        try:
            yield from map(read, self._store.query(sql, self.place))
        except RowError as error:
            raise self._store.refuse_row(table, "", error) from error


def list_places(store: Store) -> list[str]:
    """Return the places of all mirrors that the store was synced with."""
    sql = (
        "select cast(place as blob) from (select place from mirror_facts union"
        " select place from mirror_cards union select place from mirror_rows)"
    )
    return sorted(
        bytes(place).decode("utf-8", "replace")
        for (place,) in store.query(sql)
        if place is not None
    )


def has_row(store: Store, review_id: str) -> bool:
    """Tell whether a review is in some mirror's log, or planned for it."""
    return store.find_row("select 1 from mirror_rows where review_id = ?", review_id) is not None


def check_unshared(store: Store, review_id: str) -> None:
    """Check that a review can be undone.

    Raises:
        StoreError: a mirror has it. What is in Anki's log is never taken out of it by a sync.

    """
    if has_row(store, review_id):
        raise StoreError(
            "this cannot be undone: it is in Anki's log too, which a sync only adds to",
            help="answer again, or `cards reset` the card",
        )


def list_shifted(store: Store) -> Iterator[tuple[str, int, str]]:
    """Yield place, id and review of the rows that were seen under another id than their time."""
    if not list(store.query("select 1 from mirror_rows limit 1")):
        return
    found: set[tuple[Any, ...]] = set()
    for sql in (_SELECT_SHIFTED, _SELECT_UNTIMED):
        found.update(store.query(sql))
    for place, row_id, review_id in sorted(found, key=repr):
        if isinstance(place, str) and isinstance(row_id, int) and isinstance(review_id, str):
            yield place, row_id, review_id


_SELECT_SHIFTED: Final = (
    "select place, row_id, review_id from mirror_rows cross join reviews r on r.id = review_id"
    " where substr(review_id, 1, 12) <> printf('%012x', row_id) and is_seen and row_id <> at_ms"
)
_SELECT_UNTIMED: Final = (
    "select place, row_id, review_id from reviews r not indexed"
    " cross join mirror_rows on review_id = r.id"
    " where substr(r.id, 1, 12) <> printf('%012x', at_ms) and is_seen and row_id <> at_ms"
)
"""Two scans that look up few rows take a third of the time of a join of all: nearly always, the row's
id, the review's time, and the place that its id encodes are the same."""
