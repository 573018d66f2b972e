"""The table of records: mock exams, drills, misses, forecasts, and the aliases of namespaces."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

from cardwright.study.database import Database
from cardwright.study.rows import ALIAS, RowError, quote, read_json, read_record
from cardwright.study.versions import Record, date_change

_SELECT_RECORD: Final = (
    "select cast(id as blob), cast(kind as blob), cast(pack as blob), at_ms, cast(body as blob),"
    " changed_ms from records"
)
"""Texts as bytes, so that damaged ones can be read."""


class RecordsTable:
    """The records of a store, each with the JSON of its body."""

    def __init__(self, database: Database) -> None:
        """Use the table of a database."""
        self._database = database

    def put(
        self, record_id: str, kind: str, namespace: str, at_ms: int, body: Any, changed_ms: int
    ) -> None:
        """Write a record that the user changes at a time, within a transaction.

        One with the same id is replaced.
        """
        text = json.dumps(body, ensure_ascii=False)
        record = Record(record_id, kind, namespace, at_ms, text, changed_ms)
        known = self._find(record_id)
        if known is None or known[:-1] != record[:-1]:
            at_ms = date_change(changed_ms, known and known.changed_ms)
            self.write(record._replace(changed_ms=at_ms))

    def write(self, record: Record) -> None:
        """Write a record as it is, within a transaction."""
        sql = "insert or replace into records (id, kind, pack, at_ms, body, changed_ms)"
        self._database.change(f"{sql} values (?, ?, ?, ?, ?, ?)", [record])

    def merge(self, records: Iterable[Record]) -> int:
        """Write the records that outrank those of the store, within a transaction."""
        taken = 0
        for record in records:
            known = self._find(record.id)
            if known is None or (known.kind != ALIAS and record.rank > known.rank):
                self.write(record)
                taken += 1
        return taken

    def list_all(self) -> Iterator[Record]:
        """Yield all records that are readable, except aliases."""
        # One by one: together, they may be large.
        for row in self._database.query(f"{_SELECT_RECORD} where kind <> ? order by id", ALIAS):
            try:
                yield read_record(row)
            except RowError:
                self._database.leave_out(f"record {quote(row[0])}")

    def get(self, record_id: str) -> Any:
        """Return the body of a record, or None if it does not exist."""
        body = self._database.find_value(
            "select cast(body as blob) from records where id = ?", record_id
        )
        if body is None:
            return None
        try:
            return read_json(body)
        except RowError as error:
            raise self._database.refuse_row("records", ascii(record_id), error) from error

    def list_bodies(self, kind: str, namespaces: Collection[str]) -> Iterator[Any]:
        """Yield the bodies of all readable records of a kind, sorted by time."""
        sql = (
            "select cast(id as blob), cast(body as blob) from records"  # noqa: S608
            f" where kind = ? and pack in ({', '.join('?' * len(namespaces))}) order by at_ms, id"
        )
        for id, body in self._database.query(sql, kind, *namespaces):
            try:
                yield read_json(body)
            except RowError:
                self._database.leave_out(f"record {quote(id)}")

    def _find(self, record_id: str) -> Record | None:
        """Return a record, or None if there is none or it is damaged."""
        row = self._database.find_row(f"{_SELECT_RECORD} where id = ?", record_id)
        with suppress(RowError):
            return read_record(row) if row else None
        return None
