"""The review store: one SQLite file in which an answer is safe before the next card shows.

Two things live in it: reviews, which are the truth and only ever added to, and memories, a cache of
what follows from them. `study.journal` keeps the two in step; nothing else writes either.
"""

from __future__ import annotations

import json
import platform
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, Self

from cardwright.history import Act, Memory, Rating, Review, State, pack_of
from cardwright.study.backup import copy_database, write_backup
from cardwright.study.error import (
    LOCK_TIMEOUT_S,
    StoreError,
    explain_os_error,
    explain_sqlite_error,
)
from cardwright.study.migration import is_empty, list_missing, migrate

LEASE_MS: Final = 60_000
"""How long a prompt that is shown in one session is not asked in another."""
_MIN_SQLITE: Final = (3, 37, 0)
"""The first version with strict tables."""


def _list_columns(names: Iterable[str]) -> str:
    """Return the columns that hold fields; only a prompt's key has another name there."""
    return ", ".join("prompt" if name == "key" else name for name in names)


_REVIEW_FIELDS: Final = tuple(field.name for field in fields(Review))
_SELECT_REVIEW: Final = f"select {_list_columns(_REVIEW_FIELDS)} from reviews"  # noqa: S608
_ADD_REVIEW: Final = (
    f"insert into reviews ({_list_columns(_REVIEW_FIELDS)}) "  # noqa: S608
    f"values ({', '.join('?' * len(_REVIEW_FIELDS))})"
)
_SELECT_MEMORY: Final = f"select {_list_columns(Memory._fields)}, last_id from memories"  # noqa: S608
_PUT_MEMORY: Final = (
    f"insert or replace into memories ({_list_columns(Memory._fields)}, last_id, pack) "  # noqa: S608
    f"values ({', '.join('?' * (len(Memory._fields) + 2))})"
)
_to_row: Final = attrgetter(*_REVIEW_FIELDS)
"""Returns a review as _ADD_REVIEW takes it."""
_NOT_UNDONE: Final = (
    "act <> 'undo' and not exists"
    " (select 1 from reviews u where u.undoes = reviews.id and u.prompt = reviews.prompt)"
)
"""An undo takes back what it names if that was an act upon its own prompt."""
_STATES: Final = {str(state): state for state in State}
_make_tuple: Final = partial(tuple.__new__, Memory)
"""The constructor of a named tuple, without the Python code of one."""


def open_store(path: Path, machine: str = "", *, today: str = "") -> Store:
    """Open the store in a file: created if there is none, and brought up to date.

    `machine` is the name of this machine, by default the system's; `today` (ISO date) names the
    backup that is made before an older store is changed.

    Raises:
        StoreError: the file cannot be used; it was left as it is.

    """
    if sqlite3.sqlite_version_info < _MIN_SQLITE:
        message = f"{path} needs SQLite 3.37, but this Python has {sqlite3.sqlite_version}"
        help = "use a Python with a newer SQLite, such as one from python.org or uv"
        raise StoreError(message, help=help)
    connection = None
    try:
        with suppress(FileExistsError):
            path.parent.mkdir(parents=True)
        connection = sqlite3.connect(path, timeout=LOCK_TIMEOUT_S, isolation_level=None)
        _prepare(path, connection, today)
        return Store(path, connection, machine or platform.node())
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise explain_sqlite_error(path, error) from error
        if isinstance(error, OSError):
            raise explain_os_error(path, error) from error
        raise


def _prepare(path: Path, db: sqlite3.Connection, today: str) -> None:
    """Bring a database up to date, and make every commit reach the disk before it returns."""
    if list_missing(path, db):
        if today and not is_empty(db):
            write_backup(path, db, today, reason="before-update")
        migrate(path, db)
    db.execute("pragma journal_mode = wal")
    # In WAL mode, `full` and no less: a commit must outlive a power failure. On a Mac, only
    # `fullfsync` empties the disk's own buffer; elsewhere it does nothing.
    db.execute("pragma synchronous = full")
    db.execute("pragma fullfsync = on")


class Store:
    """An open review store. Every error it raises is a StoreError.

    A method that says "within a transaction" must be called inside `transaction()`.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, machine: str) -> None:
        """Use a file that `open_store` opened, on a machine of this name."""
        self.path = path
        self._db = connection
        self.device = self._find_device(machine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing that was recorded depends on it."""
        with suppress(sqlite3.Error):
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep others from writing; what is written within is there afterwards as a whole, or not at all."""
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
        self._db.execute(_ADD_REVIEW, _to_row(review))

    def merge(self, reviews: Iterable[Review]) -> tuple[set[str], list[str]]:
        """Add the reviews that are not there, within a transaction.

        Returns the keys of the prompts that got some, and the ids of reviews that are there with
        another content.
        """
        keys: set[str] = set()
        clashes: list[str] = []
        for review in reviews:
            row = _to_row(review)
            known = self._db.execute(f"{_SELECT_REVIEW} where id = ?", (review.id,)).fetchone()
            if known is None:
                self._db.execute(_ADD_REVIEW, row)
                keys.add(review.key)
            elif known != row:
                clashes.append(review.id)
        return keys, clashes

    def last_id(self) -> str:
        """Return the last id in the order of all reviews; "" when there is none."""
        return str(self._value("select coalesce(max(id), '') from reviews"))

    def has_id(self, review_id: str) -> bool:
        """Return whether there is a review of this id, or one that takes it back."""
        sql = "select 1 from reviews where id = ?1 or undoes = ?1"
        return self._value(sql, review_id) is not None

    def list_reviews(
        self, key: str | None = None, since_ms: int | None = None, *, with_undone: bool = False
    ) -> Iterator[Review]:
        """Yield reviews in order: of one prompt or all of them, since a time or ever."""
        terms = [] if with_undone else [_NOT_UNDONE]
        values: list[Any] = []
        if key is not None:
            terms.append("prompt = ?")
            values.append(key)
        if since_ms is not None:
            terms.append("at_ms >= ?")
            values.append(since_ms)
        where = f" where {' and '.join(terms)}" if terms else ""
        for row in self._stream(f"{_SELECT_REVIEW}{where} order by id", *values):
            yield _to_review(row)

    def list_acts(
        self, pack: str | None = None, keys: Sequence[str] = ()
    ) -> Iterator[tuple[str, str, str, int | None, int, int, int]]:
        """Yield key, id, the fields of an ActRow, and duration of each review that is not undone.

        They come prompt by prompt, in order: of some prompts, of a pack, or all of them.
        """
        columns = "prompt, id, act, rating, at_ms, utc_offset_minutes, duration_ms"
        undone = set(self._rows("select prompt, undoes from reviews where undoes not null"))
        where, values = "act <> 'undo'", []
        if pack is not None:
            where += " and prompt >= ? and prompt < ?"
            values = [f"{pack}:", f"{pack};"]
        for chunk in [keys[i : i + 500] for i in range(0, len(keys), 500)] or [()]:
            some = f" and prompt in ({', '.join('?' * len(chunk))})" if chunk else ""
            sql = f"select {columns} from reviews where {where}{some} order by prompt, id"  # noqa: S608
            rows = self._stream(sql, *values, *chunk)
            yield from (row for row in rows if row[:2] not in undone) if undone else rows

    def count_reviews(self) -> int:
        """Return the number of reviews, undone ones included."""
        return int(self._value("select count(*) from reviews"))

    def list_packs(self) -> list[str]:
        """Return the packs of all reviews."""
        sql = "select distinct substr(prompt, 1, instr(prompt, ':') - 1) from reviews"
        return [pack for (pack,) in self._rows(sql)]

    def read_memory(self, key: str) -> tuple[Memory, str]:
        """Return the memory of a prompt, and the id of the last review that made it."""
        row = self._row(f"{_SELECT_MEMORY} where prompt = ?", key)
        return (Memory(key=key), "") if row is None else (_to_memory(row[:-1]), row[-1])

    def list_memories(self) -> Iterator[Memory]:
        """Yield every memory, by key."""
        columns = _list_columns(Memory._fields)
        return map(_to_memory, self._rows(f"select {columns} from memories order by prompt"))  # noqa: S608

    def find_time_before(self, key: str, answered_at_ms: int, now_ms: int) -> int:
        """Return a time before an answer that is dated in the future; 0 when nothing tells.

        It is the last one, of those not in the future, that was recorded before the answer.
        """
        sql = (
            "select at_ms from reviews where at_ms <= ? and id < ("
            " select min(id) from reviews where prompt = ? and at_ms = ? and act = 'answer'"
            ") order by id desc limit 1"
        )
        return int(self._value(sql, now_ms, key, answered_at_ms) or 0)

    def put_memories(self, memories: Iterable[tuple[Memory, str]]) -> None:
        """Write memories, each with the id of the last review that made it, within a transaction."""
        rows = ((*memory, last_id, pack_of(memory.key)) for memory, last_id in memories)
        self._db.executemany(_PUT_MEMORY, rows)

    def delete_memories(self, pack: str) -> None:
        """Delete the memories of a pack, within a transaction: a replay rebuilds them."""
        self._db.execute("delete from memories where pack = ?", (pack,))

    def read_rules(self) -> dict[str, str]:
        """Return the rules under which the memories of each pack were computed."""
        return dict(self._rows("select pack, rules from packs"))

    def put_rules(self, pack: str, rules: str) -> None:
        """Write the rules under which the memories of a pack are computed, within a transaction."""
        self._db.execute("insert or replace into packs values (?, ?)", (pack, rules))

    def read_settings(self) -> dict[tuple[str, str], Any]:
        """Return all settings, by pack ("" for all packs) and name."""
        rows = self._rows("select pack, name, value from settings where pack <> '.'")
        return {(pack, name): json.loads(value) for pack, name, value in rows}

    def put_settings(self, settings: Mapping[tuple[str, str], Any]) -> None:
        """Write settings, and delete those with the value None."""
        with self.transaction():
            for (pack, name), value in settings.items():
                if value is None:
                    sql = "delete from settings where pack = ? and name = ?"
                    self._db.execute(sql, (pack, name))
                else:
                    row = (pack, name, json.dumps(value))
                    self._db.execute("insert or replace into settings values (?, ?, ?)", row)

    def put_record(self, record_id: str, kind: str, pack: str, at_ms: int, body: Any) -> None:
        """Write a record, or replace that of this id, within a transaction."""
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

    def data_version(self) -> int:
        """Return a number that changes when another connection has written, never by our own."""
        return int(self._value("pragma data_version"))

    def claim(self, key: str, session: str, at_ms: int) -> None:
        """Record that a session shows a prompt, within a transaction; delete claims that lapsed."""
        row = (key, session, at_ms)
        self._db.execute("delete from claims where abs(? - at_ms) >= ?", (at_ms, LEASE_MS))
        self._db.execute("insert or replace into claims values (?, ?, ?)", row)

    def claimed_by_others(self, session: str, at_ms: int) -> dict[str, int]:
        """Return until when other sessions claim prompts, by key."""
        sql = "select prompt, at_ms from claims where sitting <> ? and abs(? - at_ms) < ?"
        rows = self._rows(sql, session, at_ms, LEASE_MS)
        return {key: shown_ms + LEASE_MS for key, shown_ms in rows}

    def release_claims(self, session: str) -> None:
        """Let others ask the prompt that this session showed last."""
        with self.transaction():
            self._db.execute("delete from claims where sitting = ?", (session,))

    @contextmanager
    def without_fsync(self) -> Iterator[None]:
        """Do not wait for the disk on commit: for writes that may be lost in a power failure.

        `normal`, not `off`, which would also skip the waits that keep a checkpoint from harming the
        file.
        """
        with self._explained():
            self._db.execute("pragma synchronous = normal")
        try:
            yield
        finally:
            with self._explained():
                self._db.execute("pragma synchronous = full")

    def find_damage(self) -> str:
        """Return the problems that SQLite's own check finds; "" when there are none."""
        lines = [row[0] for row in self._rows("pragma integrity_check")]
        return "" if lines == ["ok"] else "\n".join(lines)

    def back_up(self, today: str) -> Path:
        """Make the backup of a day (ISO date) and return its path."""
        with self._explained():
            return write_backup(self.path, self._db, today)

    def copy_to(self, target: Path) -> None:
        """Write a complete copy of the store, or none."""
        with self._explained():
            copy_database(self._db, target)

    def _find_device(self, machine: str) -> str:
        """Return the device in the ids of this store; one copied to another machine gets a new one."""
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
            raise explain_sqlite_error(self.path, error) from error

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


def _to_review(row: tuple[Any, ...]) -> Review:
    """Return a row of _SELECT_REVIEW as a review."""
    values = dict(zip(_REVIEW_FIELDS, row, strict=True))
    values["act"] = Act(values["act"])
    values["rating"] = None if values["rating"] is None else Rating(values["rating"])
    return Review(**values)


def _to_memory(row: tuple[Any, ...]) -> Memory:
    """Return a row with the columns of a Memory as one."""
    key, state, is_suspended, is_leech, is_flagged, *rest = row
    flags = (is_suspended == 1, is_leech == 1, is_flagged == 1)
    return _make_tuple((key, _STATES[state], *flags, *rest))
