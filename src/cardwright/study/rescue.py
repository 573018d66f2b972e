"""Finding damage in a review store, and what can still be read of it.

The file is only read, and nothing in it is run, so it may also be a stranger's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from cardwright.history import REVIEW_ID, Review
from cardwright.study.error import (
    SQLITE_ERRORS,
    StoreDamagedError,
    StoreError,
    explain_sqlite_error,
    make_damaged_error,
)
from cardwright.study.header import copy_mended
from cardwright.study.migration import MIGRATIONS, list_missing, make_schema, read_schema
from cardwright.study.mirror_rows import (
    CARD_COLUMNS,
    ROW_COLUMNS,
    MirrorCard,
    MirrorRow,
    read_mirror_card,
    read_mirror_row,
)
from cardwright.study.opening import connect, connect_to_read, decode_leniently, find_damage
from cardwright.study.rows import (
    ALIAS,
    MEMORY_COLUMNS,
    REVIEW_COLUMNS,
    RowError,
    are_readable,
    decode,
    quote,
    read_alias,
    read_json,
    read_memory,
    read_record,
    read_review,
    read_setting,
)
from cardwright.study.versions import Record, Setting

_MAX_FAULTS: Final = 1_000
_SELECT: Final = f"select {REVIEW_COLUMNS} from reviews"  # noqa: S608
_SELECT_FIRST: Final = _SELECT.replace("interval_days, interval_basis", "null, null")
"""The same before the migration `promises`."""
_Row = tuple[Any, ...]


class Fault(NamedTuple):
    """Something wrong in a store."""

    table: str
    """The name of the table; "" for the file as a whole."""
    row: str
    """The id or key of the row; "" for the table as a whole."""
    reason: str

    def __str__(self) -> str:
        """Return it as one line."""
        return ": ".join(part for part in (self.table, self.row, self.reason) if part)


class Rescued(NamedTuple):
    """What could be read of the reviews of a store."""

    reviews: list[Review]
    """In order, each id once."""
    unreadable: list[Fault]
    """Rows that are damaged, and parts of the table that cannot be read at all."""


class Rest(NamedTuple):
    """What could be read of a store besides its reviews."""

    settings: list[Setting]
    """With those of the store itself."""
    records: list[Record]
    mirror_rows: list[tuple[str, int, MirrorRow]]
    """With place and id."""
    mirror_cards: list[tuple[str, str, MirrorCard]]
    """With place and key."""
    mirror_facts: list[tuple[str, str, Any]]
    """Place, name and value."""
    unreadable: list[Fault]


def check_store(path: Path) -> list[Fault]:
    """Check everything in a store; an empty list means that it is intact.

    Raises:
        StoreError: it cannot be opened, or belongs to another program or a newer Cardwright.

    """
    with closing(connect_to_read(path)) as db:
        found = []
        try:
            list_missing(path, db)
        except StoreDamagedError as error:
            found = [Fault("sqlite_schema", "", error.message)]
        except SQLITE_ERRORS as error:
            return [Fault("sqlite_schema", "", explain_sqlite_error(path, error).message)]
        is_strange = bool(found)
        found += [Fault("", "", problem) for problem in find_damage(db)]
        select = _find_select(db)
        if is_strange and not select:
            return found
        is_intact = False
        if select and not found:
            with suppress(*SQLITE_ERRORS):
                is_intact = are_readable(db.execute(select))
        db.text_factory = bytes
        if not is_intact:
            found += _read_reviews(db, select or _SELECT).unreadable
        if not is_strange:
            found += (*_check_memories(db), *_read_rest(db).unreadable)
        return found[:_MAX_FAULTS]


def check_whole(path: Path, db: sqlite3.Connection) -> None:
    """Check that a copy of a store is worth keeping: its schema, its pages, and every review.

    Raises:
        StoreError: it is not; the message names the file `path`.
        sqlite3.Error: it is damaged.

    """
    if MIGRATIONS[0] in list_missing(path, db):
        raise make_damaged_error(path, "it is empty")
    if problems := find_damage(db):
        raise make_damaged_error(path, problems[0])
    select = _find_select(db)
    with suppress(*SQLITE_ERRORS):
        if are_readable(db.execute(select)):
            return
    db.text_factory = bytes
    raise make_damaged_error(path, str(_read_reviews(db, select).unreadable[0]))


def rescue_reviews(path: Path) -> Rescued:
    """Return every review of a store that is readable, whatever else is damaged.

    Raises:
        StoreError: the file is not a review store, or not even its list of tables is readable.

    """
    with _open_mended(path) as (db, select):
        return _read_reviews(db, select)


def rescue_rest(path: Path) -> Rest:
    """Return everything else of a store that is readable, except for memories.

    Raises:
        StoreError: the file is not a review store.

    """
    with _open_mended(path) as (db, _):
        return _read_rest(db)


@contextmanager
def _open_mended(path: Path) -> Iterator[tuple[sqlite3.Connection, str]]:
    """Open a store, or a copy of it if its header or a definition is damaged, to read it as bytes.

    The second value is the query for its reviews.
    """
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(_open_rescuable(path))
        except StoreDamagedError as error:
            copy = stack.enter_context(copy_mended(path))
            if copy is None:
                raise
            try:
                _define_reviews(copy)
                opened = stack.enter_context(_open_rescuable(copy, is_lenient=True))
            except (StoreError, *SQLITE_ERRORS):
                raise error from None
        yield opened


@contextmanager
def _open_rescuable(
    path: Path, *, is_lenient: bool = False
) -> Iterator[tuple[sqlite3.Connection, str]]:
    with closing(connect_to_read(path, is_lenient=is_lenient)) as db:
        db.text_factory = decode_leniently
        try:
            select = _find_select(db)
        except SQLITE_ERRORS as error:
            raise explain_sqlite_error(path, error) from error
        if not select:
            raise make_damaged_error(path, "it has no table of reviews")
        db.text_factory = bytes
        yield db, select


def _define_reviews(copy: Path) -> None:
    """Define the table of reviews in a copy of a store as Cardwright does."""
    with closing(connect(copy)) as db:
        db.text_factory = decode_leniently
        db.execute("pragma writable_schema = on")
        table = "type = 'table' and name = 'reviews'"
        row = db.execute(f"select sql from sqlite_schema where {table}").fetchone()  # noqa: S608
        if row:
            level = len(MIGRATIONS) if "interval" in str(row[0]) else 1
            (sql,) = (row[3] for row in make_schema(level) if row[:2] == ("table", "reviews"))
            db.execute(f"update sqlite_schema set sql = ? where {table}", (sql,))  # noqa: S608


def _find_select(db: sqlite3.Connection) -> str:
    """Return the query for the reviews of a store of whatever version.

    "" means that the table is not one that Cardwright makes, but a view, for example.
    """
    found = read_schema(db)
    for level, select in ((len(MIGRATIONS), _SELECT), (1, _SELECT_FIRST)):
        if {row for row in make_schema(level) if row[:2] == ("table", "reviews")} <= found:
            return select
    return ""


def _read_reviews(db: sqlite3.Connection, select: str) -> Rescued:
    """Read the reviews from both ends if need be, then what the index of their ids has besides."""
    reviews: dict[str, Review] = {}
    unreadable: list[Fault] = []
    seen: set[tuple[object, object]] = set()

    def add(row: _Row) -> None:
        id, key = row[:2]
        if (id, key) in seen:
            return
        seen.add((id, key))
        try:
            review = read_review(tuple(_decode_text(value) for value in row))
        except RowError as error:
            unreadable.append(Fault("reviews", _name_row(id, key), str(error)))
            return
        if review.id in reviews:
            unreadable.append(Fault("reviews", _name_row(id, key), "its id is used twice"))
        else:
            reviews[review.id] = review

    problem = _try_each(db, f"{select} not indexed", (), add)
    if problem:
        unreadable.append(Fault("reviews", "", problem))
        _try_each(db, f"{select} not indexed order by prompt desc, id desc", (), add)
    for key, id in _list_unseen(db, seen):
        where = " where prompt = cast(? as text) and id = cast(? as text)"
        lost = _try_each(db, select + where, (key, id), add)
        if (id, key) not in seen:
            seen.add((id, key))
            # Anything else is an entry of another index.
            if problem or lost or _is_id(id):
                reason = lost or "the row is missing"
                unreadable.append(Fault("reviews", _name_row(id, key), reason))
    return Rescued([reviews[id] for id in sorted(reviews)], unreadable)


def _list_unseen(db: sqlite3.Connection, seen: Container[_Row]) -> Iterator[_Row]:
    """Yield key and id of what the index of ids has besides what was seen, from both ends if need be.

    A page of the table that is older than the others has no damage of its own, but lacks rows.
    """
    for order in ("", " desc"):
        keys: list[_Row] = []
        sql = f"select prompt, id from reviews order by id{order}"  # noqa: S608
        is_cut = _try_each(db, sql, (), keys.append)
        yield from ((key, id) for key, id in keys if (id, key) not in seen)
        if not is_cut:
            return


def _try_each(db: sqlite3.Connection, sql: str, values: Sequence[Any], add: Any) -> str:
    """Pass each row on, as far as they can be read; return why not all of them, or ""."""
    try:
        for row in db.execute(sql, values):
            add(row)
    except SQLITE_ERRORS as error:
        return ascii(str(error))[1:-1]
    return ""


def _check_memories(db: sqlite3.Connection) -> Iterator[Fault]:
    sql = f"select {MEMORY_COLUMNS} from memories"  # noqa: S608
    rows: list[_Row] = []
    if problem := _try_each(db, sql, (), rows.append):
        yield Fault("memories", "", problem)
    for row in rows:
        memory = None
        with suppress(RowError):
            memory = read_memory(tuple(_decode_text(value) for value in row))
        if memory is None:
            yield Fault("memories", _show(row[0]), "it is not valid, and will be computed again")


def _read_rest(db: sqlite3.Connection) -> Rest:
    """Read the settings, the records, and what is remembered of mirrors."""
    tables: list[_Row] = []
    unreadable = []
    if problem := _try_each(db, "select name from sqlite_schema", (), tables.append):
        unreadable.append(Fault("", "", problem))
    found: dict[str, list[Any]] = {}
    for table, (columns, read) in _READERS.items():
        values = found[table] = []
        if (table.encode(),) not in tables:
            continue  # An earlier version wrote the store.
        time = f", {_find_time(db, table)}" if table in _WITH_TIME else ""
        rows: list[_Row] = []
        sql = f"select {columns}{time} from {table}"  # noqa: S608
        if problem := _try_each(db, sql, (), rows.append):
            unreadable.append(Fault(table, "", problem))
        for row in rows:
            try:
                values.append(read(row))
            except RowError as error:
                namespace, name = (row[2], row[0]) if table == "records" else row[:2]
                name = f"{_show(namespace)} {_show(name)}"
                unreadable.append(Fault(table, name, str(error)))
    return Rest(unreadable=unreadable, **found)


def _read_record(row: _Row) -> Record:
    record = read_record(row)
    if record.kind == ALIAS:
        read_alias(record.body)
    return record


def _read_row(row: _Row) -> _Row:
    return decode(row[0]), *read_mirror_row(tuple(map(_decode_text, row[1:])))


def _read_card(row: _Row) -> _Row:
    return decode(row[0]), *read_mirror_card(tuple(map(_decode_text, row[1:])))


def _read_fact(row: _Row) -> _Row:
    place, name, text = row
    return decode(place), decode(name), read_json(text)


_READERS: Final[dict[str, tuple[str, Callable[[_Row], Any]]]] = {
    "settings": ("pack, name, value", read_setting),
    "records": ("id, kind, pack, at_ms, body", _read_record),
    "mirror_rows": (f"place, {ROW_COLUMNS}", _read_row),
    "mirror_cards": (f"place, {CARD_COLUMNS}", _read_card),
    "mirror_facts": ("place, name, value", _read_fact),
}
"""Columns and reader of each table, by its name, which is that of a field of Rest."""
_WITH_TIME: Final = {"settings", "records"}


def _find_time(db: sqlite3.Connection, table: str) -> str:
    """Return the column with the time of the last change, or what stands for it in an older store."""
    columns = db.execute("select name from pragma_table_info(?)", (table,)).fetchall()
    return "changed_ms" if (b"changed_ms",) in columns else "1"


def _decode_text(value: object) -> object:
    """Return a text read as bytes.

    Raises:
        RowError: it is not UTF-8.

    """
    return decode(value) if isinstance(value, bytes) else value


def _is_id(value: object) -> bool:
    try:
        return REVIEW_ID.fullmatch(decode(value)) is not None
    except RowError:
        return False


def _name_row(id: object, key: object) -> str:
    return f"{_show(key)} {_show(id)}"


def _show(value: object) -> str:
    try:
        text = decode(value)
    except RowError:
        return quote(value)
    return text if text.isascii() and text.isprintable() and text else quote(text)
