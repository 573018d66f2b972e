"""The schema of a review store, and the migrations that bring an older one up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from cardwright.study.error import StoreError

APPLICATION_ID: Final = 0x63617264
"""Identifies the file as a review store: "card" in ASCII."""
MIGRATIONS: Final[tuple[tuple[str, str], ...]] = (
    ("first", "schema.sql"),
    ("records", "records.sql"),
)
"""Name and script of each migration, in order. Never change one that was released."""


def list_missing(path: Path, db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return the migrations that a database still needs.

    Raises:
        StoreError: the database belongs to another program or a newer Cardwright.

    """
    if is_empty(db):
        return list(MIGRATIONS)
    if _read_number(db, "pragma application_id") != APPLICATION_ID:
        raise StoreError(
            f"{path} belongs to another program; it was left unchanged",
            help="name another file with --db",
        )
    done = [name for (name,) in db.execute("select name from migrations order by rowid")]
    if done != [name for name, _ in MIGRATIONS[: len(done)]]:
        message = f"{path} was written by a newer Cardwright; it was left unchanged"
        help = "update Cardwright (`pip install --upgrade cardwright`)"
        raise StoreError(message, help=help)
    return list(MIGRATIONS[len(done) :])


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
    return _read_number(db, "select count(*) from sqlite_schema") == 0


def _apply(db: sqlite3.Connection, name: str, script: str) -> None:
    if is_empty(db):
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        db.execute("create table migrations (name text not null unique) strict")
    from importlib.resources import files  # noqa: PLC0415  (for a new store or an old one only)

    for statement in _split(files("cardwright.study").joinpath(script).read_text("utf-8")):
        db.execute(statement)
    db.execute("insert into migrations values (?)", (name,))


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
