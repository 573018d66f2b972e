"""The schema of a review store, and the migrations that bring an older one up to date."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final

from cardwright.study.error import StoreDamagedError, StoreError, make_damaged_error
from cardwright.study.opening import APPLICATION_ID

MIGRATIONS: Final[tuple[tuple[str, str], ...]] = (
    ("first", "schema.sql"),
    ("records", "records.sql"),
    ("promises", "promises.sql"),
    ("mirrors", "mirrors.sql"),
    ("changes", "changes.sql"),
    ("expectations", "expectations.sql"),
    ("due", "due.sql"),
)
"""Name and script of each migration, in order. Never change one that was released."""


_FIRST_TABLE: Final = "create table migrations (name text not null unique) strict"
_STATISTICS: Final = frozenset(
    ("table", name, name, f"CREATE TABLE {name}({columns})")
    for name, columns in (
        ("sqlite_stat1", "tbl,idx,stat"),
        ("sqlite_stat4", "tbl,idx,neq,nlt,ndlt,sample"),
    )
)
"""What SQLite's ANALYZE adds."""
_MAX_OBJECTS: Final = 1_000
_Object = tuple[Any, ...]
"""Type, name, table and SQL of a table, index, trigger or view."""


def list_missing(path: Path, db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return the migrations that a database still needs.

    Nothing in it is read before its schema is known to be exactly what our migrations made: a view
    in the place of a table, or a trigger, would run code of whoever made the file.

    Raises:
        StoreError: the database belongs to another program or a newer Cardwright, or has a schema
            that no Cardwright made.

    """
    if db.in_transaction:
        return _list_missing(path, db)
    # The schema and the list of migrations must be of one moment: another process may be migrating.
    db.execute("begin")
    try:
        return _list_missing(path, db)
    finally:
        db.execute("rollback")


def _list_missing(path: Path, db: sqlite3.Connection) -> list[tuple[str, str]]:
    found = read_schema(db)
    if not found:
        return list(MIGRATIONS)
    if _read_number(db, "pragma application_id") != APPLICATION_ID:
        if make_schema(0) <= found:
            raise make_damaged_error(path, "its header names another program")
        raise StoreError(
            f"{path} belongs to another program; it was left unchanged",
            help="name another file with --db; if this should be your store, move it away, then run `cards doctor`",
        )
    is_current = found == _read_current()
    if not is_current and not make_schema(0) <= found:
        raise _make_strange(path, found - make_schema(len(MIGRATIONS)))
    with closing(db.execute("select name from migrations order by rowid")) as cursor:
        done = [name for (name,) in cursor.fetchmany(_MAX_OBJECTS)]
    known_names = [name for name, _ in MIGRATIONS]
    if done != known_names[: len(done)]:
        if done[: len(known_names)] != known_names:
            raise make_damaged_error(path, "its list of migrations is not one of Cardwright's")
        message = f"{path} was written by a newer Cardwright; it was left unchanged"
        help = "update Cardwright (`pip install --upgrade cardwright`)"
        raise StoreError(message, help=help)
    if is_current and len(done) == len(MIGRATIONS):
        return []
    known = make_schema(len(done))
    if found != known:
        raise _make_strange(path, found - known, known - found)
    return list(MIGRATIONS[len(done) :])


def read_schema(db: sqlite3.Connection) -> frozenset[_Object]:
    """Return every object of a database, without SQLite's own statistics."""
    with closing(db.execute("select type, name, tbl_name, sql from sqlite_schema")) as cursor:
        return frozenset(cursor.fetchmany(_MAX_OBJECTS)) - _STATISTICS


@cache
def _make_schema(migrations: tuple[tuple[str, str], ...]) -> frozenset[_Object]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.execute(_FIRST_TABLE)
        for _, script in migrations:
            for statement in _split(_read_script(script)):
                db.execute(statement)
        return read_schema(db)


@cache
def _read_current() -> frozenset[_Object]:
    """Return what all migrations make, without making it: every command that opens a store waits."""
    return frozenset(map(tuple, json.loads(_read_script("current.json"))))


def make_schema(level: int) -> frozenset[_Object]:
    """Return the schema that the first migrations make."""
    return _make_schema(tuple(MIGRATIONS[:level]))


def _make_strange(
    path: Path, strange: frozenset[_Object], missing: frozenset[_Object] = frozenset()
) -> StoreError:
    shown = ", ".join(sorted({f"{kind} {name!a}" for kind, name, *_ in strange or missing})[:5])
    what = "has what Cardwright did not make" if strange else "lacks what Cardwright made"
    return StoreDamagedError(
        f"{path} {what} ({shown}); it was left unchanged",
        help="`cards doctor` tells what can be saved; do not use stores that somebody else gave you",
    )


def migrate(path: Path, db: sqlite3.Connection) -> None:
    """Bring a database up to date, recording each migration in its own transaction."""
    while list_missing(path, db):
        db.execute("begin immediate")
        try:
            # Another process may have migrated it while this one waited for the lock.
            for name, script in list_missing(path, db)[:1]:
                _apply(db, name, script)
            db.execute("commit")
        except BaseException:
            if db.in_transaction:
                db.execute("rollback")
            raise


def is_empty(db: sqlite3.Connection) -> bool:
    """Tell whether a database has no tables yet."""
    with closing(db.execute("select 1 from sqlite_schema")) as cursor:
        return cursor.fetchone() is None


def _apply(db: sqlite3.Connection, name: str, script: str) -> None:
    if is_empty(db):
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        db.execute(_FIRST_TABLE)
    for statement in _split(_read_script(script)):
        db.execute(statement)
    db.execute("insert into migrations values (?)", (name,))


def _read_script(script: str) -> str:
    """Read a script of this package, without the slow import of `importlib.resources`."""
    loader: Any = __spec__.loader
    data: bytes = loader.get_data(str(Path(__file__).parent / script))
    return data.decode().replace("\r\n", "\n")


def _split(script: str) -> list[str]:
    """Split a script into statements, since `executescript` would commit the transaction."""
    statements = []
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        if sqlite3.complete_statement("\n".join(lines)):
            statements.append("\n".join(lines))
            lines = []
    return statements


def _read_number(db: sqlite3.Connection, sql: str) -> int:
    with closing(db.execute(sql)) as cursor:
        return int(cursor.fetchone()[0])
