"""Untrusted SQLite databases: nothing in them is executed, and every query is limited.

The risks and most defences are described at https://sqlite.org/security.html.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import open_plain_file

MAGIC: Final = b"SQLite format 3\0"
"""The first bytes of every database."""
MAX_VALUE_BYTES: Final = 8 * 2**20
"""Size of one text."""
MAX_ROWS: Final = 5_000_000
"""Rows of one query: twenty years of three hundred answers a day are two millions."""
MAX_STEPS: Final = 500_000_000
"""Instructions of SQLite's virtual machine for all queries together; a row needs about twenty."""
STEPS_PER_BYTE: Final = 16
"""Likewise, for every byte of the file: all rows, read many times."""
_FREE_STEPS: Final = 2_000_000
_ROW_BYTES: Final = 4
"""No row is shorter."""
MAX_SCHEMA_STEPS: Final = 20_000
"""Instructions to list the tables: enough for a few thousand."""
MAX_OBJECTS: Final = 200
"""Tables and indexes of a collection: Anki has some thirty."""
_COMMENT: Final = r"(?s)--[^\n]*|/\*.*?\*/"
_EXPRESSION: Final = r"(?i)\b(?:check|generated)\b|\b(?:as|default)\s*\("
_STEPS_AT_ONCE: Final = 1_000
_LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_VALUE_BYTES,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 2**17,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_SETTINGS: Final = (
    "trusted_schema = off",
    "cell_size_check = on",
    "query_only = on",
    "mmap_size = 0",
    "ignore_check_constraints = on",
)
_FUNCTIONS: Final = frozenset({"count", "ifnull", "length", "typeof"})
MAX_CHOSEN: Final = 30_000
"""Values that a query may choose rows by; SQLite allows 32,766."""
_FAULTS: Final = (sqlite3.Error, UnicodeDecodeError)
"""The exceptions of `sqlite3`; the second if SQLite quotes a damaged name."""
_MIN_SQLITE: Final = (3, 37, 0)


def is_database(path: Path) -> bool:
    """Tell whether a file is an SQLite database, by its beginning."""
    try:
        with open_plain_file(path, follow_link=True) as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


class ForeignDatabase:
    """An open database whose tables are plain and intact."""

    def __init__(self, connection: sqlite3.Connection, size: int, shown_as: Path) -> None:
        """Wrap a connection that has run nothing yet; errors name the file `shown_as`."""
        self._connection = connection
        self._shown_as = shown_as
        self._max_rows = size // _ROW_BYTES
        self._steps_left = min(_FREE_STEPS + size * STEPS_PER_BYTE, MAX_STEPS)
        self._checked: set[str] = set()
        connection.text_factory = _decode
        for limit, maximum in _LIMITS.items():
            connection.setlimit(limit, maximum)
        connection.set_progress_handler(self._count_steps, _STEPS_AT_ONCE)

    def read(
        self,
        query: str,
        values: Sequence[int] = (),
        *,
        max_rows: int | None = None,
        at_once: int = 1,
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a SELECT; invalid UTF-8 is decoded with replacement characters.

        Rows that are small may be read many `at_once`, which is faster.

        Raises:
            ForeignFileError: the database is damaged, or the result exceeds a limit.

        """
        most = MAX_ROWS if max_rows is None else max_rows
        done = 0
        try:
            cursor = self._connection.execute(query, values)
            while rows := cursor.fetchmany(at_once):
                done += len(rows)
                if done > self._max_rows:
                    self._refuse("its database is damaged (a row was found twice)")
                if done > most:
                    self._refuse(f"one of its tables has more than {most:,} rows")
                yield from rows
        except _FAULTS as error:
            raise self._explain(error) from error

    def prepare(self) -> None:
        """Switch off what could run something."""
        try:
            for setting in _SETTINGS:
                self._connection.execute(f"PRAGMA {setting}")
            self._connection.create_collation("unicase", _compare)
        except _FAULTS as error:
            raise self._explain(error) from error
        self._connection.set_authorizer(self._authorize)

    def check(self, tables: Mapping[str, Sequence[str]], *, is_quick: bool = False) -> None:
        """Check tables and columns, and allow them to be read.

        A quick check is not of their pages: who reads them must notice rows that come twice.

        Raises:
            ForeignFileError: one is missing, damaged, or not a plain table.

        """
        new = [table for table in tables if table not in self._checked]
        self._connection.set_authorizer(None)
        try:
            with self._bounded(MAX_SCHEMA_STEPS):
                for table in new:
                    self._check_table(table, tables[table])
            for table in () if is_quick else new:
                # Pages used twice could make a small file yield rows forever.
                result = self._connection.execute(f"PRAGMA quick_check('{table}')").fetchone()
                if result != ("ok",):
                    self._refuse(f"its table {table} is damaged")
        except _FAULTS as error:
            raise self._explain(error) from error
        finally:
            self._connection.set_authorizer(self._authorize)
        self._checked.update(new)

    def check_inert(self) -> None:
        """Check that whoever writes to the database runs nothing that it holds.

        Raises:
            ForeignFileError: it has triggers, views, virtual tables, or expressions in its schema.

        """
        self._connection.set_authorizer(None)
        try:
            with self._bounded(MAX_SCHEMA_STEPS):
                query = "SELECT type, rootpage, sql FROM main.sqlite_master"
                rows = self._connection.execute(query).fetchmany(MAX_OBJECTS + 1)
        except _FAULTS as error:
            raise self._explain(error) from error
        finally:
            self._connection.set_authorizer(self._authorize)
        if len(rows) > MAX_OBJECTS:
            self._refuse(f"it has more than {MAX_OBJECTS} tables and indexes")
        for kind, root, sql in rows:
            if kind not in {"table", "index"} or not root:
                self._refuse("it has a trigger, a view or a virtual table")
            if sql is not None and _has_expression(kind, str(sql)):
                self._refuse("its schema has an expression")

    @contextmanager
    def _bounded(self, steps: int) -> Iterator[None]:
        """Allow fewer steps, which do not count afterwards."""
        before, self._steps_left = self._steps_left, steps
        yield
        self._steps_left = before

    def _authorize(self, act: int, first: str | None, second: str | None, *_: str | None) -> int:
        if act == sqlite3.SQLITE_FUNCTION:
            is_allowed = second in _FUNCTIONS
        elif act == sqlite3.SQLITE_READ:
            is_allowed = first is None or first in self._checked
        else:
            is_allowed = act == sqlite3.SQLITE_SELECT
        return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY

    def _check_table(self, table: str, columns: Sequence[str]) -> None:
        found = self._connection.execute(
            "SELECT type, name, rootpage FROM main.sqlite_master WHERE name = ? COLLATE nocase",
            (table,),
        ).fetchmany(2)
        if not found:
            self._refuse(f"it has no table {table}")
        # A virtual table has no root page.
        if [row[:2] for row in found] != [("table", table)] or not found[0][2]:
            self._refuse(f"its table {table} is not a plain table")
        about = self._connection.execute(f"PRAGMA main.table_xinfo('{table}')").fetchall()
        if any(hidden for *_, hidden in about):
            self._refuse(f"its table {table} has generated columns")
        names = {name.lower() for _, name, *_ in about}
        for column in columns:
            if column.lower() not in names:
                self._refuse(f"its table {table} has no column {column}")

    def _count_steps(self) -> bool:
        self._steps_left -= _STEPS_AT_ONCE
        return self._steps_left < 0

    def _explain(self, error: Exception) -> ForeignFileError:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_INTERRUPT:
            reason = "its database takes far more work to read than a valid one"
        elif code == sqlite3.SQLITE_TOOBIG:
            reason = f"it contains a text of more than {MAX_VALUE_BYTES // 2**20} MiB"
        else:
            reason = f"its database is damaged ({error})"
        return ForeignFileError(self._shown_as, reason)

    def _refuse(self, reason: str) -> NoReturn:
        raise ForeignFileError(self._shown_as, reason)


@contextmanager
def open_database(
    file: Path, tables: Mapping[str, Sequence[str]], *, shown_as: Path
) -> Iterator[ForeignDatabase]:
    """Open a database to read some columns of some tables; errors name the file `shown_as`.

    Raises:
        ForeignFileError: it is damaged, or these are not plain tables.

    """
    if sqlite3.sqlite_version_info < _MIN_SQLITE:
        reason = f"reading it needs SQLite 3.37, and this Python has {sqlite3.sqlite_version}"
        raise ForeignFileError(shown_as, reason)
    address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(address, uri=True, isolation_level=None)
    except _FAULTS as error:
        raise ForeignFileError(shown_as, f"its database is damaged ({error})") from error
    with closing(connection):
        database = ForeignDatabase(connection, file.stat().st_size, shown_as)
        database.prepare()
        database.check(tables)
        yield database


def _has_expression(kind: str, sql: str) -> bool:
    bare = re.sub(_COMMENT, " ", sql)
    if kind == "index":
        return bare.count("(") != 1
    # Words in comments and quotes count too: they could be made to hide others.
    return any(re.search(_EXPRESSION, text) for text in (sql, bare))


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _compare(one: str, other: str) -> int:
    """Stand in for the order of Anki's names, which only its own indexes depend on."""
    return (one > other) - (one < other)
