"""The schema of a review store, and the migrations that bring an older one up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Final

from cardwright.study.error import StoreError

APPLICATION_ID: Final = 0x63617264
"""Marks the file as ours: "card"."""
MIGRATIONS: Final[tuple[tuple[str, str], ...]] = (
    ("first", "schema.sql"),
    ("records", "records.sql"),
)
"""Name and script of each, in order. Never change one that was released."""


def list_missing(path: Path, db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return the migrations that a database still needs.

    Raises:
        StoreError: it belongs to another program or to a newer version of this one.

    """
    if is_empty(db):
        return list(MIGRATIONS)
    if _read_number(db, "pragma application_id") != APPLICATION_ID:
        message = f"{path} is a database of another program; it was left as it is"
        raise StoreError(message, help="name another file with --db")
    done = [name for (name,) in db.execute("select name from migrations order by rowid")]
    if done != [name for name, _ in MIGRATIONS[: len(done)]]:
        message = f"{path} was written by a newer Cardwright; it was left as it is"
        help = "update Cardwright (`pip install --upgrade cardwright`)"
        raise StoreError(message, help=help)
    return list(MIGRATIONS[len(done) :])


def migrate(path: Path, db: sqlite3.Connection) -> None:
    """Bring a database up to date: each migration in one transaction with its own record."""
    while list_missing(path, db):
        db.execute("begin immediate")
        try:
            # Another process may have done it while we waited.
            for name, script in list_missing(path, db)[:1]:
                _apply(db, name, script)
            db.execute("commit")
        except BaseException:
            if db.in_transaction:
                db.execute("rollback")
            raise


def is_empty(db: sqlite3.Connection) -> bool:
    """Return whether a database holds nothing yet."""
    return _read_number(db, "select count(*) from sqlite_schema") == 0


def _apply(db: sqlite3.Connection, name: str, script: str) -> None:
    if is_empty(db):
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        db.execute("create table migrations (name text not null unique) strict")
    for statement in _split(files("cardwright.study").joinpath(script).read_text("utf-8")):
        db.execute(statement)
    db.execute("insert into migrations values (?)", (name,))


def _split(script: str) -> list[str]:
    """Split a script into statements: `executescript` would commit the open transaction."""
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
