"""What a session has recorded is kept elsewhere if the file of its store is replaced meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from cardwright.files import find_free
from cardwright.history import Review
from cardwright.study.backup import copy_database
from cardwright.study.error import SQLITE_ERRORS, StoreError, explain_sqlite_error
from cardwright.study.opening import connect, find_damage
from cardwright.study.place import Place, RescueFile, StoreLeftError
from cardwright.text import format_command

_MAX_PROVED: Final = 1_000
"""How many of the last reviews are looked up at the end."""
_MAX_CHECKED_BYTES: Final = 50_000_000
"""The size of a file that is checked as a whole before an answer: it takes half a second at most."""


class Safekeeping:
    """Watches the file of an open store, and keeps its reviews, too, once another is at its path."""

    def __init__(
        self,
        path: Path,
        today: str,
        last: tuple[str, str] | None,
        prepare: Callable[[Path, sqlite3.Connection], None],
    ) -> None:
        """Watch the file that is open now, whose last review has this key and id.

        `prepare` makes a new connection ready to be used.
        """
        self.warning = ""
        """What to tell the user at once: that the file at the path is no longer the open one."""
        self._path = path
        self._today = today
        self._last = last
        self._prepare = prepare
        self._place = Place(path)
        self._was_changed = False
        """Whether another program wrote into the file, be it SQLite."""
        self._adding: list[Review] = []
        """The reviews of the current transaction."""
        self._added: list[Review] = []
        """The reviews that were recorded since the store was opened."""
        self._rescue: RescueFile | None = None
        """Where reviews are kept, too, once the file at the path is another one."""

    def note(self, review: Review) -> None:
        """Remember a review of the current transaction."""
        self._adding.append(review)

    @contextmanager
    def keep(self) -> Iterator[Callable[[], None]]:
        """Keep what a transaction records; what is yielded is called right before the commit.

        Raises:
            StoreLeftError: it cannot be kept.

        """
        self._adding = []
        size = None

        def keep() -> None:
            nonlocal size
            if self._rescue and self._adding:
                size = self._rescue.append(self._adding)

        try:
            yield keep
        except BaseException as error:
            if size is not None and self._rescue:
                self._rescue.cut(size)
            if isinstance(error, OSError) and self._rescue:
                raise self._refuse(self._rescue, error) from error
            raise
        self._added += self._adding
        self._place.measure()

    def measure(self) -> None:
        """Note that the open store has written into its file."""
        self._place.measure()

    def check(self) -> None:
        """See whether the file at the path has everything that was recorded; if not, it is kept.

        Raises:
            StoreError: it cannot be kept.

        """
        self._was_changed |= self._place.is_changed
        if not self.warning and not self._is_at_path(self._added[-_MAX_PROVED:]):
            self._begin_rescue()

    def follow(self, db: sqlite3.Connection) -> sqlite3.Connection | None:
        """Open a copy of the store if the path no longer leads to the open file.

        Raises:
            StoreError: the copy cannot be written.

        """
        if not self._place.is_left:
            if self._place.is_changed:
                self.check()
                self._place.measure()
            return None
        self._begin_rescue()
        copy = find_free(self._name_rescued(self._path.suffix or ".db"))
        copy_database(self._path, db, copy)
        try:
            connection = connect(copy)
            self._prepare(copy, connection)
            connection.execute("select count(*) from packs").fetchone()
        except SQLITE_ERRORS as error:
            raise explain_sqlite_error(copy, error) from error
        self._place = Place(copy)
        self.warning = (
            f"{self._path} was replaced, moved or deleted by another program. This session goes on"
            f" in {copy}, a copy of the whole store, which --db opens{self._describe_rescue()};"
            " what else was changed, such as a mock exam, is only in the copy"
        )
        return connection

    def _is_at_path(self, reviews: Sequence[Review]) -> bool:
        """Tell whether whoever opens the path now finds these reviews, and all before them."""
        wanted = [(review.key, review.id) for review in reviews]
        if self._was_changed and self._last:
            wanted.append(self._last)
        try:
            size = self._path.stat().st_size
            if not size:
                # Whoever opens it deletes its log.
                return False
            is_small = size <= _MAX_CHECKED_BYTES
            with closing(connect(self._path, mode="rw")) as db:
                if (self._place.is_cut or (self._was_changed and is_small)) and find_damage(db):
                    return False
                sql = "select 1 from reviews where prompt = ? and id = ?"
                return all(db.execute(sql, place).fetchone() for place in wanted)
        except (OSError, StoreError, *SQLITE_ERRORS):
            return False

    def _begin_rescue(self) -> None:
        """Write the reviews recorded so far into a file for `cards import`.

        Raises:
            StoreError: it cannot be written.

        """
        if self._rescue is None:
            rescue = RescueFile(find_free(self._name_rescued(".jsonl")))
            try:
                rescue.append(self._added)
            except OSError as error:
                raise self._refuse(rescue, error) from error
            self._rescue = rescue
            self.warning = (
                f"{self._path} was changed by another program, and is damaged or lacks answers:"
                f" `cards doctor` tells what can be saved{self._describe_rescue()}"
            )

    def _refuse(self, rescue: RescueFile, error: OSError) -> StoreError:
        return StoreLeftError(
            f"{self._path} was replaced, moved or deleted by another program, and {rescue.path}"
            f" cannot be written ({error.strerror}): the last answers are not in any file",
            help="put the file back, or make room, and give the answer again",
        )

    def _describe_rescue(self) -> str:
        if self._rescue is None:
            return ""
        command = format_command("cards", "import", self._rescue.path, "--db", self._path)
        return f"\n  help: `{command}` brings the answers of this session back"

    def _name_rescued(self, suffix: str) -> Path:
        parts = (self._path.stem, "rescued", self._today)
        return self._path.with_name(f"{'-'.join(filter(None, parts))}{suffix}")
