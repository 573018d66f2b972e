"""The database of an open review store: transactions, statements, and what is kept if they fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self, cast

from cardwright.error import CardwrightError
from cardwright.study.backup import copy_database, write_backup
from cardwright.study.error import (
    SQLITE_ERRORS,
    StoreError,
    explain_sqlite_error,
    make_damaged_error,
)
from cardwright.study.migration import is_empty, list_missing, migrate
from cardwright.study.opening import find_damage, use_write_ahead_log
from cardwright.study.place import StoreLeftError
from cardwright.study.rows import RowError, check_texts
from cardwright.study.safekeeping import Safekeeping

_CACHE_KB: Final = 64_000
_BATCH: Final = 1_000


def prepare(path: Path, db: sqlite3.Connection, today: str) -> None:
    """Upgrade a database if needed, and make every commit wait for the disk."""
    if list_missing(path, db):
        if today and not is_empty(db):
            write_backup(path, db, today, reason="before-update")
        migrate(path, db)
    use_write_ahead_log(db)
    # In WAL mode, only `full` makes a commit survive a power failure. On macOS, only `fullfsync`
    # flushes the disk's own cache; elsewhere it does nothing.
    db.execute("pragma synchronous = full")
    db.execute("pragma fullfsync = on")
    # The pages of a large import would otherwise be written and read again several times.
    db.execute(f"pragma cache_size = -{_CACHE_KB}")


class Database:
    """An open database, whose errors are StoreErrors.

    Methods documented as "within a transaction" must be called inside `transaction()`.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, today: str) -> None:
        """Wrap a connection that was prepared."""
        self.path = path
        self.left_out: list[str] = []
        """What could not be read and was left out, for the user; it is still in the file."""
        self._today = today
        self._db = connection
        self._former: list[sqlite3.Connection] = []
        """Connections to files that are no longer at their path."""
        self._has_news = False
        """Whether anything but claims was recorded."""
        self._safekeeping: Safekeeping | None = None

    def keep_safe(self) -> None:
        """Begin to watch the file at the path, and to keep what is recorded if it is replaced."""
        self._safekeeping = Safekeeping(
            self.path,
            self._today,
            self._find_last(),
            lambda path, connection: prepare(path, connection, ""),
        )

    def _find_last(self) -> tuple[str, str] | None:
        """Return key and id of the last review; None if there is none, or it is damaged."""
        with suppress(*SQLITE_ERRORS):
            sql = "select prompt, id from reviews order by id desc limit 1"
            row = self._db.execute(sql).fetchone()
            if row and all(isinstance(value, str) for value in row):
                return cast("tuple[str, str]", row)
        return None

    @property
    def warning(self) -> str:
        """What to tell the user at once: that the file at the path is no longer the open one."""
        return self._safekeeping.warning if self._safekeeping else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            unsaved = self.find_unsaved()
        finally:
            self.close()
        if unsaved and isinstance(error, CardwrightError):
            error.details = "\n".join(filter(None, (error.details, unsaved)))
        elif unsaved:
            raise StoreLeftError(unsaved)

    def close(self) -> None:
        """Close the file. Everything recorded is on disk even without this."""
        for connection in (self._db, *self._former):
            with suppress(sqlite3.Error):
                connection.close()

    def find_unsaved(self) -> str:
        """Return what to tell the user if the file at the path lacks something recorded here.

        It was kept elsewhere then. "" means that everything is in that file.
        """
        if self._has_news and self._safekeeping:
            try:
                self._follow()
                self._safekeeping.check()
            except StoreError as error:
                return "\n".join(filter(None, (str(error), self.warning)))
        return self.warning

    def _follow(self) -> None:
        """Move to a copy of the store if the path no longer leads to the open file."""
        if self._safekeeping and (connection := self._safekeeping.follow(self._db)):
            # Closing the old one could delete files that are another store's by now.
            self._former.append(self._db)
            self._db = connection
            self._forget()

    def _forget(self) -> None:
        """Forget what was read, since the database may be another one."""

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction of this store has begun."""
        return self._db.in_transaction

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a transaction that locks out other writers: all of it is committed, or none."""
        with self._explained():
            self._follow()
            self._db.execute("begin immediate")
            with self._safekeeping.keep() if self._safekeeping else nullcontext() as keep:
                try:
                    yield
                    if keep:
                        keep()
                    self._db.execute("commit")
                except BaseException:
                    self._forget()
                    if self._db.in_transaction:
                        with suppress(sqlite3.Error):
                            self._db.execute("rollback")
                    raise

    def query(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Yield rows, whose values may be damaged."""
        with self._explained():
            # Without `chain`, a reader that stops early would close the cursor after the database.
            yield from chain(self._db.execute(sql, values))

    def query_batches(self, sql: str, *values: Any) -> Iterator[list[tuple[Any, ...]]]:
        """Yield rows in batches, which is quicker for many; their values may be damaged."""
        with self._explained():
            cursor = self._db.execute(sql, values)
            while rows := cursor.fetchmany(_BATCH):
                yield rows

    def query_all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return rows at once, which is quicker; their values may be damaged."""
        with self._explained():
            return self._db.execute(sql, values).fetchall()

    def find_row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """Return the first row, whose values may be damaged, or None."""
        with self._explained():
            found: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
            return found

    def find_value(self, sql: str, *values: Any) -> Any:
        """Return the first value of the first row, or None."""
        row = self.find_row(sql, *values)
        return None if row is None else row[0]

    def change(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row, within a transaction."""
        self._has_news = True
        self._db.executemany(sql, rows)

    def leave_out(self, what: str) -> None:
        """Note for the user that something in the store is damaged and is not used."""
        if what not in self.left_out:
            self.left_out.append(what)

    def data_version(self) -> int:
        """Return a number that changes when another connection writes, but not when this one does."""
        return int(self.find_value("pragma data_version"))

    def find_state(self) -> tuple[int, int]:
        """Return what is different once anything was written, by this connection or another one."""
        return self._db.total_changes, self.data_version()

    def write_back(self) -> None:
        """Copy what was committed from the write-ahead log into the file itself.

        SQLite does so by itself after a thousand pages, and a commit then takes several times as long.
        """
        with self._explained():
            self._follow()
            self._db.execute("pragma wal_checkpoint(passive)").fetchone()
        if self._safekeeping:
            self._safekeeping.measure()

    @contextmanager
    def without_fsync(self) -> Iterator[None]:
        """Commit without waiting for the disk, for writes that a power failure may undo.

        This uses `normal`, because `off` would also skip the syncs that keep a checkpoint from
        corrupting the file.
        """
        with self._explained():
            self._db.execute("pragma synchronous = normal")
        try:
            yield
        finally:
            with self._explained():
                self._db.execute("pragma synchronous = full")

    def rebuild_indexes(self) -> None:
        """Make all indexes again from their tables."""
        with self._explained():
            self._db.execute("reindex")

    def find_damage(self) -> str:
        """Return the problems found by SQLite's integrity check, or "" if there are none."""
        with self._explained():
            return "\n".join(find_damage(self._db))

    def back_up(self, today: str) -> Path:
        """Write the backup for a day (ISO date) and return its path."""
        with self._explained():
            return write_backup(self.path, self._db, today)

    def copy_to(self, target: Path) -> None:
        """Copy the store atomically."""
        with self._explained():
            copy_database(self.path, self._db, target)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except SQLITE_ERRORS as error:
            raise explain_sqlite_error(self.path, error) from error
        except RowError as error:
            raise make_damaged_error(self.path, str(error)) from error

    def read_texts(self, table: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return rows of a table in columns that hold texts only."""
        try:
            return list(check_texts(self.query(sql, *values)))
        except RowError as error:
            raise self.refuse_row(table, "", error) from error

    def refuse_row(self, table: str, row: str, error: RowError) -> StoreError:
        """Return the error that a row is damaged; "" if it is unknown which one."""
        place = f"table {table}, {row}" if row else f"table {table}"
        return make_damaged_error(self.path, f"{place}: {error}")
