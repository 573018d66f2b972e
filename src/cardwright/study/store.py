"""The review store: one SQLite file in which an answer is safe before the next card shows.

Two things live in it: reviews, which are the truth and only ever added to, and memories, a cache of
what follows from them. `study.journal` keeps the two in step; nothing else writes either.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

from cardwright.history import Memory, Review
from cardwright.study.backup import copy_database, write_backup
from cardwright.study.fault import explain_fault
from cardwright.study.rows import (
    ADD_REVIEW,
    PUT_MEMORY,
    SELECT_MEMORY,
    SELECT_REVIEW,
    SELECT_STANDINGS,
    as_memory,
    as_memory_row,
    as_review,
    as_row,
)

LEASE_MS: Final = 60_000
"""For so long a card that is shown in one sitting is not asked in another."""
_NOT_UNDONE: Final = (
    "act <> 'undo' and not exists"
    " (select 1 from reviews u where u.undoes = reviews.id and u.prompt = reviews.prompt)"
)
"""An undo takes back what it names, if that was an act upon its own prompt."""


class Store:
    """An open review store. Everything it raises is a StoreError."""

    def __init__(self, path: Path, connection: sqlite3.Connection, machine: str) -> None:
        """Work on a file that `open_store` opened, on a machine of this name."""
        self.path = path
        self._db = connection
        self.device = self._find_device(machine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; what was recorded is safe without it."""
        with suppress(sqlite3.Error):
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep others from writing; all that is written within is there afterwards, or nothing."""
        with self._explained():
            self._db.execute("begin immediate")
            try:
                yield
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    with suppress(sqlite3.Error):
                        self._db.execute("rollback")
                raise

    def add(self, review: Review) -> None:
        """Add a review, within a transaction."""
        self._db.execute(ADD_REVIEW, as_row(review))

    def merge(self, reviews: Iterable[Review]) -> tuple[set[str], list[str]]:
        """Add the reviews that are not there, within a transaction.

        Returns the prompts that got some, and the ids under which something else is there already.
        """
        prompts: set[str] = set()
        clashes: list[str] = []
        for review in reviews:
            row = as_row(review)
            known = self._db.execute(f"{SELECT_REVIEW} where id = ?", (review.id,)).fetchone()
            if known is None:
                self._db.execute(ADD_REVIEW, row)
                prompts.add(review.prompt)
            elif known != row:
                clashes.append(review.id)
        return prompts, clashes

    def last_id(self) -> str:
        """Return the id that comes last in the order of all reviews, or ""."""
        return str(self._value("select coalesce(max(id), '') from reviews"))

    def has_id(self, review_id: str) -> bool:
        """Tell whether there is a review of this id, or one that takes it back."""
        sql = "select 1 from reviews where id = ?1 or undoes = ?1"
        return self._value(sql, review_id) is not None

    def list_reviews(
        self, prompt: str | None = None, since_ms: int | None = None, *, with_undone: bool = False
    ) -> Iterator[Review]:
        """Yield reviews in order: of one prompt or all, since a time or ever; undone ones on demand."""
        terms = [] if with_undone else [_NOT_UNDONE]
        values: list[Any] = []
        if prompt is not None:
            terms.append("prompt = ?")
            values.append(prompt)
        if since_ms is not None:
            terms.append("at_ms >= ?")
            values.append(since_ms)
        where = f" where {' and '.join(terms)}" if terms else ""
        for row in self._stream(f"{SELECT_REVIEW}{where} order by id", *values):
            yield as_review(row)

    def list_acts(
        self, pack: str | None = None, prompts: Sequence[str] = ()
    ) -> Iterator[tuple[str, str, str, int | None, int, int, int]]:
        """Yield prompt, id, what replay needs, and duration of each review that stands.

        They come by prompt, in order.
        """
        columns = "prompt, id, act, rating, at_ms, utc_offset_minutes, duration_ms"
        undone = set(self._rows("select prompt, undoes from reviews where undoes not null"))
        where, values = "act <> 'undo'", []
        if pack is not None:
            where += " and prompt >= ? and prompt < ?"
            values = [f"{pack}:", f"{pack};"]
        for chunk in [prompts[i : i + 500] for i in range(0, len(prompts), 500)] or [()]:
            some = f" and prompt in ({', '.join('?' * len(chunk))})" if chunk else ""
            sql = f"select {columns} from reviews where {where}{some} order by prompt, id"  # noqa: S608
            rows = self._stream(sql, *values, *chunk)
            yield from (row for row in rows if row[:2] not in undone) if undone else rows

    def count_reviews(self) -> int:
        """Return how many reviews there are, undone ones and all."""
        return int(self._value("select count(*) from reviews"))

    def list_packs(self) -> list[str]:
        """Return the packs that have reviews."""
        sql = "select distinct substr(prompt, 1, instr(prompt, ':') - 1) from reviews"
        return [pack for (pack,) in self._rows(sql)]

    def read_memory(self, prompt: str) -> tuple[Memory, str]:
        """Return what is believed of a prompt, and the id of the review that it rests on."""
        row = self._row(f"{SELECT_MEMORY} where prompt = ?", prompt)
        return (Memory(prompt=prompt), "") if row is None else (as_memory(row), row[-1])

    def list_memories(self) -> Iterator[Memory]:
        """Yield every memory there is, by prompt."""
        for row in self._stream(f"{SELECT_MEMORY} order by prompt"):
            yield as_memory(row)

    def list_standings(self, now_ms: int) -> list[tuple[Any, ...]]:
        """Return the columns of `study.standing.Standing` of every memory: to load them all is quick."""
        with self._explained():
            return self._db.execute(SELECT_STANDINGS, {"now_ms": now_ms}).fetchall()

    def put_memories(self, memories: Iterable[tuple[Memory, str]]) -> None:
        """Write memories, each with the id of the review it rests on, within a transaction."""
        self._db.executemany(PUT_MEMORY, (as_memory_row(*pair) for pair in memories))

    def drop_memories(self, pack: str) -> None:
        """Forget the memories of a pack, within a transaction: they will be made anew."""
        self._db.execute("delete from memories where pack = ?", (pack,))

    def read_rules(self) -> dict[str, str]:
        """Return what the memories of each pack were computed under."""
        return dict(self._rows("select pack, rules from packs"))

    def put_rules(self, pack: str, rules: str) -> None:
        """Note what the memories of a pack are computed under, within a transaction."""
        self._db.execute("insert or replace into packs values (?, ?)", (pack, rules))

    def read_settings(self) -> dict[tuple[str, str], Any]:
        """Return all settings by pack ("" for all packs) and name."""
        rows = self._rows("select pack, name, value from settings where pack <> '.'")
        return {(pack, name): json.loads(value) for pack, name, value in rows}

    def put_settings(self, settings: Mapping[tuple[str, str], Any]) -> None:
        """Set settings, or take away those of which the value is None."""
        with self.transaction():
            for (pack, name), value in settings.items():
                if value is None:
                    sql = "delete from settings where pack = ? and name = ?"
                    self._db.execute(sql, (pack, name))
                else:
                    row = (pack, name, json.dumps(value))
                    self._db.execute("insert or replace into settings values (?, ?, ?)", row)

    def put_record(self, record_id: str, kind: str, pack: str, at_ms: int, body: Any) -> None:
        """Write a record in place of that of this id, if any, within a transaction."""
        row = (record_id, kind, pack, at_ms, json.dumps(body, ensure_ascii=False))
        self._db.execute("insert or replace into records values (?, ?, ?, ?, ?)", row)

    def get_record(self, record_id: str) -> Any:
        """Return the body of a record; None when there is none."""
        body = self._value("select body from records where id = ?", record_id)
        return None if body is None else json.loads(body)

    def list_records(self, kind: str, pack: str) -> list[Any]:
        """Return the bodies of all records of a kind, by time."""
        sql = "select body from records where kind = ? and pack = ? order by at_ms, id"
        return [json.loads(body) for (body,) in self._rows(sql, kind, pack)]

    def change_mark(self) -> int:
        """Return a number that changes when another process has written."""
        return int(self._value("pragma data_version"))

    def claim(self, prompt: str, sitting: str, at_ms: int) -> None:
        """Note that a sitting shows a prompt, within a transaction; forget claims that have lapsed."""
        row = (prompt, sitting, at_ms)
        self._db.execute("delete from claims where abs(? - at_ms) >= ?", (at_ms, LEASE_MS))
        self._db.execute("insert or replace into claims values (?, ?, ?)", row)

    def claimed_by_others(self, sitting: str, at_ms: int) -> dict[str, int]:
        """Return the prompts that other sittings show or showed within the lease, and until when."""
        sql = "select prompt, at_ms from claims where sitting <> ? and abs(? - at_ms) < ?"
        rows = self._rows(sql, sitting, at_ms, LEASE_MS)
        return {prompt: shown_ms + LEASE_MS for prompt, shown_ms in rows}

    def release_claims(self, sitting: str) -> None:
        """Let others ask what this sitting showed last."""
        with self.transaction():
            self._db.execute("delete from claims where sitting = ?", (sitting,))

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Spare the wait for the disk, for what may be lost.

        Not `off`: that would also spare the waits that keep a checkpoint from harming the file.
        """
        with self._explained():
            self._db.execute("pragma synchronous = normal")
        try:
            yield
        finally:
            with self._explained():
                self._db.execute("pragma synchronous = full")

    def find_damage(self) -> str:
        """Return what the database's own check has to say of it; "" when it is whole."""
        said = [row[0] for row in self._rows("pragma integrity_check")]
        return "" if said == ["ok"] else "\n".join(said)

    def back_up(self, today: str) -> Path:
        """Make the dated backup of a day (ISO date); return where it lies."""
        with self._explained():
            return write_backup(self.path, self._db, today)

    def copy_to(self, target: Path) -> None:
        """Write a copy of the store, whole or not at all."""
        with self._explained():
            copy_database(self._db, target)

    def _find_device(self, machine: str) -> str:
        """Return this copy's name in ids; a file that was copied to another machine gets its own."""
        row = self._row("select value from settings where pack = '.' and name = 'device'")
        known = json.loads(row[0]) if row else {}
        if known.get("machine") != machine:
            known = {"machine": machine, "device": secrets.token_hex(4)}
            with self.transaction():
                sql = "insert or replace into settings values ('.', 'device', ?)"
                self._db.execute(sql, (json.dumps(known),))
        return str(known["device"])

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explain_fault(self.path, error) from error

    def _stream(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        with self._explained():
            yield from self._db.execute(sql, values)

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._explained():
            return self._db.execute(sql, values).fetchall()

    def _row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        with self._explained():
            found: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
            return found

    def _value(self, sql: str, *values: Any) -> Any:
        row = self._row(sql, *values)
        return None if row is None else row[0]
