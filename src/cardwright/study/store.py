"""The review store: one SQLite file, where an answer is safe before the next card is shown.

It holds reviews, the source of truth, to which entries are only ever added, and memories, a cache
computed from them. Only `study.journal` writes either, and it keeps them consistent. The columns
named `pack` hold namespaces; in settings, also decks below one, such as `mlpro::2 MLOps`.
"""

from __future__ import annotations

import json
import platform
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from heapq import merge
from itertools import chain, islice
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, Final, TypeVar, cast
from uuid import uuid4

from cardwright.history import (
    DEVICE,
    END_MS,
    FROM_ANKI,
    MS_PER_MINUTE,
    REVIEW_ID,
    Moment,
    Review,
    check_review,
    namespace_of,
)
from cardwright.memory import Memory
from cardwright.study.alias import NO_ALIASES, Alias, Aliases
from cardwright.study.backup import refuse_backup
from cardwright.study.database import Database, prepare
from cardwright.study.error import (
    SQLITE_ERRORS,
    StoreDamagedError,
    StoreError,
    explain_os_error,
    explain_sqlite_error,
    make_damaged_error,
)
from cardwright.study.opening import connect, create_file, find_damage
from cardwright.study.records_table import RecordsTable
from cardwright.study.rows import (
    ALIAS,
    MEMORY_COLUMNS,
    REVIEW_COLUMNS,
    REVIEW_FIELDS,
    ReviewRow,
    RowError,
    check_acts,
    quote,
    read_alias,
    read_json,
    read_memory,
    read_review,
)
from cardwright.study.settings import STORE
from cardwright.study.settings_table import SettingsTable

LEASE_MS: Final = 60_000
"""How long a prompt shown in one session is kept from the others."""
_T = TypeVar("_T")
MIN_SQLITE: Final = (3, 37, 0)
"""The first version with strict tables."""
_SELECT_REVIEW: Final = f"select {REVIEW_COLUMNS} from reviews"  # noqa: S608
_PARAMETERS: Final = ", ".join("?" * len(REVIEW_FIELDS))
_ADD_REVIEW: Final = (
    f"insert into reviews ({REVIEW_COLUMNS}) "  # noqa: S608
    f"values ({_PARAMETERS})"
)
_BATCH: Final = 10_000
"""How many reviews are merged at once."""
_ADDED_AT_ONCE: Final = 50
_ADD_REVIEWS: Final = f"{_ADD_REVIEW}{f', ({_PARAMETERS})' * (_ADDED_AT_ONCE - 1)}"
"""Every statement makes the list of acts of a check again, which takes half of the time for one row."""
_CHUNK: Final = 500
"""How many values a statement has at most."""
_KEEP_PROMISE: Final = (
    "update reviews set interval_days = ?, interval_basis = ? where prompt = ? and id = ?"
)
_KEEP_OFFSET: Final = "update reviews set utc_offset_minutes = ? where prompt = ? and id = ?"
_SELECT_MEMORY: Final = f"select {MEMORY_COLUMNS}, last_id from memories"  # noqa: S608
_PUT_MEMORY: Final = (
    f"insert or replace into memories ({MEMORY_COLUMNS}, last_id, pack) "  # noqa: S608
    f"values ({', '.join('?' * (len(Memory._fields) + 2))})"
)
_MIN_DAY: Final = -3
_LIST_DUE: Final = (
    "select due_day, prompt from memories where state = 'review'"
    " and (due_day, prompt) > (?, ?) and due_day <= ? order by due_day, prompt limit 1000"
)
_COUNT_DUE: Final = (
    "select due_day, count(*) from memories where state = 'review'"
    " and due_day between ? and ? group by due_day"
)
_LIST_KEYS: Final = """
select
  group_concat(prompt) filter (where state <> 'new'),
  group_concat(prompt) filter (where (
    state = 'review' and due_day between -2 and 2900000
    and last_day < ? and last_at_ms <= ? and is_suspended = 0 and buried_day is not ?
  ) is not true)
from memories
"""
"""The keys of memories that are not new, and of those that matter today for another reason than that
they are due, or are damaged; usually sorted, as in the table. No key contains a comma."""
_to_row: Final = attrgetter(*REVIEW_FIELDS)
"""Converts a review into the parameters of _ADD_REVIEW."""
_BY_PLACE: Final = itemgetter(1, 0)
"""Gives the key of such parameters in the table."""
_NOT_UNDONE: Final = (
    "act <> 'undo' and not exists"
    " (select 1 from reviews u where u.undoes = reviews.id and u.prompt = reviews.prompt)"
)
"""An undo only reverts an act on its own prompt."""
_NOT_UNDONE_UNITED: Final = _NOT_UNDONE.replace(
    "u.prompt = reviews.prompt", "unite(u.prompt) = unite(reviews.prompt)"
)
"""The same with aliases, where a prompt has several keys."""
_OF_NAMESPACE: Final = "prompt >= ? and prompt < ?"


def open_store(path: Path, machine: str = "", *, today: str = "") -> Store:
    """Open the store in a file, creating or upgrading it as needed.

    `machine` defaults to the network name of this machine. `today` (ISO date) names the backup
    that is written before an older store is upgraded.

    Raises:
        StoreError: the file cannot be used. It was left unchanged.

    """
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        message = f"{path} needs SQLite 3.37, but this Python has {sqlite3.sqlite_version}"
        help = "use a Python with a newer SQLite, such as one from python.org or uv"
        raise StoreError(message, help=help)
    refuse_backup(path)
    connection = None
    try:
        with suppress(FileExistsError):
            create_file(path)
        connection = connect(path)
        prepare(path, connection, today)
        return Store(path, connection, machine or platform.node(), today)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, SQLITE_ERRORS):
            raise explain_sqlite_error(path, error) from error
        if isinstance(error, OSError):
            raise explain_os_error(path, error) from error
        raise


class Store(Database):
    """An open review store.

    A prompt is read and written under the key of its memory (`Aliases.unite_key`), whatever key its
    reviews are recorded under; only `list_log` and `merge` show these.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        machine: str,
        today: str = "",
        *,
        is_snapshot: bool = False,
    ) -> None:
        """Wrap a connection that `open_store` prepared; `machine` is the name of this machine.

        A snapshot is a copy in memory of what is at the path.
        """
        super().__init__(path, connection, today)
        self.settings = SettingsTable(self)
        self.records = RecordsTable(self)
        self._aliases: Aliases | None = None
        """The cached result of `aliases`; None when they must be read again."""
        self._assumed: list[Alias] = []
        self._checked_version: int | None = None
        """The data version for which `check_reviews` found no damage."""
        self.mend: Callable[[], None] | None = None
        """Computes all memories again when one of them turns out to be damaged."""
        self.device = self._find_device(machine)
        if not is_snapshot:
            self.keep_safe()

    def _forget(self) -> None:
        self._aliases = self._checked_version = None

    @property
    def aliases(self) -> Aliases:
        """Which histories namespaces continue, as of when they were first read."""
        if self._aliases is None:
            found = [*self.list_aliases(), *self._assumed]
            self._aliases = Aliases(found) if found else NO_ALIASES
            if self._aliases.histories:
                unite = self._aliases.unite_key
                self._db.create_function("unite", 1, unite, deterministic=True)
        return self._aliases

    def list_aliases(self) -> list[Alias]:
        """Return all recorded aliases, even those that an earlier one contradicts, by id."""
        rows = self.query_all("select id, body from records where kind = ? order by id", ALIAS)
        found = []
        for id, body in rows:
            try:
                found.append(read_alias(body))
            except RowError as error:
                # Without it, a pack would seem to have no history.
                raise self.refuse_row("records", ascii(id), error) from error
        return found

    def add_aliases(self, aliases: Iterable[Alias]) -> None:
        """Record the aliases that are missing, within a transaction."""
        known = {alias.id: alias for alias in self.list_aliases()}
        for alias in aliases:
            # Of two with the same id, all machines keep the same one.
            if alias.id not in known or alias < known[alias.id]:
                known[alias.id] = alias
                body = alias._asdict()
                self.records.put(alias.id, ALIAS, alias.namespace, alias.at_ms, body, alias.at_ms)
        self._aliases = None

    def assume_alias(self, alias: Alias) -> None:
        """Use an alias until the store is closed, without recording it."""
        self._assumed.append(alias)
        self._aliases = None

    def has_reviews(self, namespace: str) -> bool:
        """Return whether there are reviews whose recorded keys have this namespace."""
        sql = f"select 1 from reviews where {_OF_NAMESPACE} limit 1"  # noqa: S608
        return self.find_value(sql, *_bounds(namespace)) is not None

    def list_keys(self, namespace: str) -> list[str]:
        """Return the keys of the memories of a namespace, even blank ones."""
        sql = "select prompt from memories where pack = ?"
        rows = self._mending(lambda: self.read_texts("memories", sql, namespace))
        return [key for (key,) in rows]

    def add(self, review: Review) -> None:
        """Add a review, within a transaction.

        Raises:
            StoreError: a value is out of bounds, so other machines would refuse it.

        """
        _check(review)
        self._note(review)
        self._db.execute(_ADD_REVIEW, _to_row(review))

    def merge(self, reviews: Iterable[Review]) -> tuple[set[str], list[Review]]:
        """Add the reviews that are missing, within a transaction.

        Returns the keys of the memories that change, and the reviews whose ids the store has with
        different content. Versions that differ only in what was promised are the same review: a
        promise that is missing is filled in, and of two the smaller one stays. So does the smaller UTC
        offset of what was read from Anki.
        """
        keys: set[str] = set()
        clashes: list[Review] = []
        left = iter(reviews)
        while batch := list(islice(left, _BATCH)):
            others = self._add_new(batch, keys)
            for review in others:
                ours = self.get_review(review.id)
                if ours is None or not self.is_same(ours, review):
                    clashes.append(review)
                elif self._take_less(ours, review):
                    self._note(review)
                    keys.add(review.key)
        return set(map(self.aliases.unite_key, keys)), clashes

    def _add_new(self, reviews: Sequence[Review], keys: set[str]) -> list[Review]:
        """Add the reviews whose ids are new, and their keys; return the others."""
        new: dict[str, Review] = {}
        others = []
        known = self._list_known([review.id for review in reviews])
        for review in reviews:
            _check(review)
            if review.id in known or review.id in new:
                others.append(review)
            else:
                new[review.id] = review
                keys.add(review.key)
                self._note(review)
        rows = sorted(map(_to_row, new.values()), key=_BY_PLACE)
        end = len(rows) - len(rows) % _ADDED_AT_ONCE
        chunks = (rows[start : start + _ADDED_AT_ONCE] for start in range(0, end, _ADDED_AT_ONCE))
        self._db.executemany(_ADD_REVIEWS, (tuple(chain.from_iterable(some)) for some in chunks))
        self._db.executemany(_ADD_REVIEW, rows[end:])
        return others

    def _list_known(self, ids: Sequence[str]) -> set[str]:
        """Return those of some ids that reviews have."""
        known: set[str] = set()
        for chunk in _split(ids):
            sql = f"select id from reviews where id in ({', '.join('?' * len(chunk))})"  # noqa: S608
            known.update(id for (id,) in self.query_all(sql, *chunk))
        return known

    def is_same(self, ours: Review, theirs: Review) -> bool:
        """Return whether reviews with the same id are one.

        What was read from Anki is, in whatever time zone and under whatever key of its prompt.
        """
        if theirs.is_from_anki and self.aliases.unite_key(theirs.key) == self.aliases.unite_key(
            ours.key
        ):
            offset = ours.utc_offset_minutes
            theirs = replace(theirs, key=ours.key, utc_offset_minutes=offset)
        return ours.without_promise == theirs.without_promise

    def _take_less(self, ours: Review, theirs: Review) -> bool:
        """Take over what another version has less of; return whether there is anything."""
        taken = False
        if theirs.promise and (ours.promise is None or theirs.promise < ours.promise):
            self._db.execute(_KEEP_PROMISE, (*theirs.promise, ours.key, ours.id))
            taken = True
        if theirs.utc_offset_minutes < ours.utc_offset_minutes:
            self._db.execute(_KEEP_OFFSET, (theirs.utc_offset_minutes, ours.key, ours.id))
            taken = True
        if taken:
            self.settings.count_lessened()
        return taken

    def _note(self, review: Review) -> None:
        """Remember a review of the current transaction, in case the file is replaced."""
        self._has_news = True
        if self._safekeeping:
            self._safekeeping.note(review)

    def get_review(self, review_id: str) -> Review | None:
        """Return a review as it was recorded, or None if there is none."""
        return next(self._read_reviews(f"{_SELECT_REVIEW} where id = ?", review_id), None)

    def list_disputed(self) -> list[str]:
        """Return the ids in dispute (see `study.conflict`) that were undone for another reason."""
        sql = (
            "select distinct undoes from reviews u where undoes not null"
            " and substr(id, 1, length(undoes) + 1) <> undoes || '_' and exists"
            " (select 1 from reviews r where r.id > u.undoes || '_' and r.id < u.undoes || '`')"
        )
        return [review_id for (review_id,) in self.read_texts("reviews", sql)]

    def list_derived(self, review_id: str) -> list[Review]:
        """Return the reviews whose ids begin with an id and "_"."""
        sql = f"{_SELECT_REVIEW} where id > ? and id < ?"
        return list(self._read_reviews(sql, f"{review_id}_", f"{review_id}`"))

    def has_own(self, key: str) -> bool:
        """Return whether a prompt has reviews that were not read from Anki."""
        keys = self.aliases.list_keys(key)
        sql = (
            f"select 1 from reviews where prompt in ({', '.join('?' * len(keys))})"  # noqa: S608
            f" and substr(id, 13, 6) <> '-{FROM_ANKI}' limit 1"
        )
        return self.find_value(sql, *keys) is not None

    def list_mixed(self, keys: Collection[str]) -> list[str]:
        """Return those of some prompts that have two reviews of the same time, one of them from Anki."""
        sql = f"select 1 from reviews where substr(id, 13, 6) = '-{FROM_ANKI}' limit 1"  # noqa: S608
        if not keys or self.find_value(sql) is None:
            return []
        return [key for key in sorted(keys) if self._is_mixed(key)]

    def _is_mixed(self, key: str) -> bool:
        keys = self.aliases.list_keys(key)
        sql = (
            f"select at_ms, substr(id, 13, 6) = '-{FROM_ANKI}' from reviews"  # noqa: S608
            f" where prompt in ({', '.join('?' * len(keys))}) and act <> 'undo'"
        )
        rows = self.query_all(sql, *keys)
        times = [at_ms for at_ms, _ in rows]
        return len(set(times)) < len(times) and any(is_copy for _, is_copy in rows)

    def read_last_answers(self, keys: Iterable[str]) -> dict[str, int]:
        """Return when some prompts were last answered, in milliseconds since 1970, by key.

        Answers that were undone count too, and those that do not affect the schedule.
        """
        unite_key, list_keys = self.aliases.unite_key, self.aliases.list_keys
        found: dict[str, int] = {}
        for some in _split([recorded for key in keys for recorded in list_keys(key)]):
            sql = (
                "select prompt, max(at_ms) from reviews where rating not null"  # noqa: S608
                f" and prompt in ({', '.join('?' * len(some))}) group by prompt"
            )
            for recorded, at_ms in self.query_all(sql, *some):
                if not isinstance(at_ms, int):
                    error = RowError(f"at_ms cannot be {quote(at_ms)}")
                    raise self.refuse_row("reviews", quote(recorded), error)
                key = unite_key(recorded)
                found[key] = max(at_ms, found.get(key, 0))
        return found

    def count_answers(self, key: str) -> int:
        """Return how often a prompt was answered, counted as in `read_last_answers`."""
        keys = self.aliases.list_keys(key)
        sql = (
            "select count(*) from reviews where rating not null"  # noqa: S608
            f" and prompt in ({', '.join('?' * len(keys))})"
        )
        return int(self.find_value(sql, *keys))

    def list_undos(self, review_id: str) -> list[Review]:
        """Return the undos of a review, on whatever prompt."""
        return list(self._read_reviews(f"{_SELECT_REVIEW} where undoes = ?", review_id))

    def last_id(self) -> str:
        """Return the highest review id, or "" if there is none."""
        last = self.find_value("select coalesce(max(id), '') from reviews")
        if last and not (isinstance(last, str) and REVIEW_ID.fullmatch(last)):
            error = RowError(f"id cannot be {quote(last)}")
            raise self.refuse_row("reviews", "", error)
        return str(last)

    def has_id(self, review_id: str) -> bool:
        """Return whether there is a review with this id, or an undo of it."""
        sql = "select 1 from reviews where id = ?1 or undoes = ?1"
        return self.find_value(sql, review_id) is not None

    def list_log(self, *, in_order: bool = True) -> Iterator[Review]:
        """Yield every review as it was recorded; without order, this takes half the time.

        Raises:
            StoreDamagedError: some cannot be read, or the indexes know other reviews than the table.

        """
        self.check_reviews()
        yield from self._read_reviews(
            f"{_SELECT_REVIEW} order by id" if in_order else _SELECT_REVIEW
        )

    def list_reviews(
        self,
        key: str | None = None,
        since_ms: int | None = None,
        until_ms: int = END_MS,
        *,
        with_undone: bool = False,
    ) -> Iterator[Review]:
        """Yield reviews in order, optionally only those of one prompt, or from a time until another."""
        histories = self.aliases.histories
        terms = []
        if not with_undone:
            terms.append(_NOT_UNDONE_UNITED if histories else _NOT_UNDONE)
        values: list[Any] = []
        if key is not None:
            keys = self.aliases.list_keys(key)
            terms.append(f"prompt in ({', '.join('?' * len(keys))})")
            values += keys
        if since_ms is not None:
            terms.append("at_ms >= ? and at_ms < ?")
            values += since_ms, until_ms
        where = f" where {' and '.join(terms)}" if terms else ""
        # To look up every review by its id, only to skip most of them, takes ten times as long.
        scan = " not indexed" if since_ms is not None and key is None else ""
        for review in self._read_reviews(f"{_SELECT_REVIEW}{scan}{where} order by id", *values):
            if histories and namespace_of(review.key) in histories:
                yield replace(review, key=self.aliases.unite_key(review.key))
            else:
                yield review

    def list_latest(self, number: int) -> list[Review]:
        """Return the latest reviews, in order."""
        where = _NOT_UNDONE_UNITED if self.aliases.histories else _NOT_UNDONE
        sql = f"{_SELECT_REVIEW} where {where} order by id desc limit ?"
        unite_key = self.aliases.unite_key
        found = self._read_reviews(sql, number)
        return [replace(review, key=unite_key(review.key)) for review in found][::-1]

    def list_study_days(self, rollover_hour: int) -> Iterator[tuple[int, bool]]:
        """Yield the study days with an answer that was not undone, the latest first.

        Answers that were given while the clock was behind come out of order, which is told.
        """
        where = _NOT_UNDONE_UNITED if self.aliases.histories else _NOT_UNDONE
        columns = "id, at_ms, utc_offset_minutes"
        sql = f"select {columns} from reviews where id < ? and rating > 0 and {where} order by id desc limit 1"  # noqa: S608
        before = "g"
        while row := self.find_row(sql, before):
            moment = Moment(*row[1:])
            day = moment.study_day(rollover_hour)
            # An id begins with its place in time in hexadecimal digits.
            is_in_order = row[0] < f"{moment.start_of(day + 1, rollover_hour):012x}"
            yield day, is_in_order
            start = f"{max(moment.start_of(day, rollover_hour), 0):012x}"
            before = min(row[0], start) if is_in_order else row[0]

    def list_back(self) -> Iterator[Review]:
        """Yield the acts recorded on this device that were not undone, the latest first."""
        where = _NOT_UNDONE_UNITED if self.aliases.histories else _NOT_UNDONE
        sql = f"{_SELECT_REVIEW} where id = ? and {where}"
        unite_key = self.aliases.unite_key
        # The index of ids alone, which may have a million of others to skip.
        ids = "select id from reviews where substr(id, 13) = ? order by id desc"
        for (review_id,) in self.query(ids, f"-{self.device}"):
            for review in self._read_reviews(sql, review_id):
                yield replace(review, key=unite_key(review.key))

    def list_acts(
        self, namespace: str | None = None, keys: Sequence[str] = ()
    ) -> Iterator[ReviewRow]:
        """Yield key, id, ActRow fields and duration of each review, excluding undone ones.

        Rows are grouped by prompt and in order, optionally only those of a namespace or of some
        prompts.
        """
        aliases = self.aliases
        sql = "select prompt, undoes from reviews where undoes not null"
        undone: set[tuple[Any, ...]] = set(self.read_texts("reviews", sql))
        if not aliases.histories:
            yield from self._list_rows(namespace, keys, undone)
            return
        unite_key = aliases.unite_key
        undone = {(unite_key(key), undoes) for key, undoes in undone}
        others = [other for key in keys for other in aliases.list_keys(key)[1:]]
        owners = [
            owner for history, owner in aliases.owners.items() if namespace in {None, history}
        ]
        united = sorted(
            (
                (unite_key(row[0]), *row[1:])
                for owner in (owners if others or not keys else ())
                for row in self._list_rows(owner, others, set())
            ),
            key=itemgetter(0, 1),
        )
        rows = self._list_rows(namespace, keys, set())
        if namespace is None:
            rows = (row for row in rows if namespace_of(row[0]) not in aliases.histories)
        both = merge(rows, united, key=itemgetter(0, 1)) if united else rows
        yield from (row for row in both if row[:2] not in undone) if undone else both

    def _list_rows(
        self, namespace: str | None, keys: Sequence[str], undone: set[tuple[Any, ...]]
    ) -> Iterator[ReviewRow]:
        """Yield rows of `list_acts` by their recorded keys."""
        columns = (
            "prompt, id, act, rating, at_ms, utc_offset_minutes, interval_days, interval_basis,"
            " duration_ms"
        )
        where = "act <> 'undo'"
        values: tuple[str, ...] = ()
        if namespace is not None:
            where, values = f"{where} and {_OF_NAMESPACE}", _bounds(namespace)
        for chunk in _split(keys) or [()]:
            some = f" and prompt in ({', '.join('?' * len(chunk))})" if chunk else ""
            sql = f"select {columns} from reviews where {where}{some} order by prompt, id"  # noqa: S608
            for rows in self.query_batches(sql, *values, *chunk):
                try:
                    check_acts(rows)
                except RowError as error:
                    raise self.refuse_row("reviews", "", error) from error
                yield from (row for row in rows if row[:2] not in undone) if undone else rows

    def count_hours(self, since_ms: int) -> Iterator[tuple[str, int, int]]:
        """Yield a key, an hour of the local day, and how often the prompt was answered in it.

        Only answers since a local time count, which is given like `at_ms`.
        """
        unite_key = self.aliases.unite_key
        where = _NOT_UNDONE_UNITED if self.aliases.histories else _NOT_UNDONE
        local = "(at_ms / 60000 + utc_offset_minutes)"
        sql = (
            f"select prompt, {local} / 60 % 24 as hour, count(*) from reviews"  # noqa: S608
            f" where rating not null and {local} >= ? and {where} group by prompt, hour"
        )
        for key, hour, number in self.query_all(sql, since_ms // MS_PER_MINUTE):
            if type(key) is str and hour in range(24):
                yield unite_key(key), hour, number

    def has_intervals(self) -> bool:
        """Return whether any review promises or sets an interval."""
        sql = "select 1 from reviews where interval_days not null limit 1"
        return self.find_value(sql) is not None

    def count_reviews(self) -> int:
        """Return the number of reviews, including undone ones."""
        # SQLite counts without steps that could be limited.
        self.check_reviews()
        return int(self.find_value("select count(*) from reviews"))

    def count_unchecked(self) -> int:
        """Return the number of reviews, whether or not they can be read."""
        # Unlike `count(*)` alone, this takes steps that are limited.
        sql = "select count(*) from reviews indexed by reviews_by_id where id >= ''"
        return int(self.find_value(sql))

    def list_namespaces(self) -> set[str]:
        """Return the namespaces that have memories or could have."""
        found: set[str] = set()
        sql = "select prompt from reviews where prompt >= ? order by prompt limit 1"
        first = ""
        # A search for the next one: there are few, and many reviews of each.
        while rows := self.read_texts("reviews", sql, first):
            namespace = namespace_of(rows[0][0])
            found.add(namespace)
            first = _bounds(namespace)[1]
        return set(map(self.aliases.unite, found))

    def read_memory(self, key: str) -> tuple[Memory, str]:
        """Return the memory of a prompt, and the id of the last review it was computed from."""
        return self._mending(lambda: self._read_memory(key))

    def list_memories(self) -> list[Memory]:
        """Return all memories, sorted by key."""
        return self._mending(self._list_memories)

    def list_notable(self, now_ms: int, today: int) -> tuple[list[Memory], list[str]]:
        """Return the memories that matter today for another reason than that they are due.

        The second value are the keys of all prompts that are not new, usually sorted.
        """
        return self._mending(lambda: self._list_notable(now_ms, today))

    def _list_notable(self, now_ms: int, today: int) -> tuple[list[Memory], list[str]]:
        try:
            with self._explained():
                row = self._db.execute(_LIST_KEYS, (today, now_ms, today)).fetchone()
        except StoreError as error:
            # The keys of millions of prompts are too long for one text.
            if not isinstance(error.__cause__, sqlite3.DataError):
                raise
            memories = self._list_memories()
            return memories, [memory.key for memory in memories if not memory.is_new]
        begun, notable = (str(keys).split(",") if keys is not None else [] for keys in row)
        return [*self._list_some(notable)], begun

    def list_due(self, until_day: int) -> Iterator[tuple[int, str]]:
        """Yield the due day and the key of each memory in the review state, by day, then by key."""
        day, key = _MIN_DAY, ""
        while rows := self.query_all(_LIST_DUE, day, key, until_day):
            yield from rows
            day, key = rows[-1]

    def list_leeches(self) -> list[str]:
        """Return the keys of all leeches."""
        return [key for (key,) in self.query_all("select prompt from memories where is_leech = 1")]

    def count_due(self, first_day: int, last_day: int) -> dict[int, int]:
        """Return how many memories in the review state are due on each day of a range, if any."""
        return dict(self.query_all(_COUNT_DUE, first_day, last_day))

    def list_some(self, keys: Sequence[str]) -> list[Memory]:
        """Return the memories of prompts, by their keys."""
        return self._mending(lambda: [*self._list_some(keys)])

    def _list_some(self, keys: Sequence[str]) -> Iterator[Memory]:
        for some in _split(keys):
            yield from self._list_memories(f"prompt in ({', '.join('?' * len(some))})", *some)

    def _read_memory(self, key: str) -> tuple[Memory, str]:
        row = self.find_row(f"{_SELECT_MEMORY} where prompt = ?", key)
        if row is None:
            return Memory(key=key), ""
        memory, last_id = read_memory(row[:-1]), row[-1]
        if memory is None or not isinstance(last_id, str):
            raise make_damaged_error(self.path, f"table memories, {key!a}: not valid")
        return memory, last_id

    def _list_memories(self, where: str = "true", *values: str) -> list[Memory]:
        sql = f"select {MEMORY_COLUMNS} from memories where {where} order by prompt"  # noqa: S608
        rows = self.query_all(sql, *values)
        found = list(map(read_memory, rows))
        if None in found:
            raise make_damaged_error(self.path, "table memories: a row is not valid")
        return cast("list[Memory]", found)

    def _mending(self, read: Callable[[], _T]) -> _T:
        """Read memories; if some are damaged, have all of them computed again, once."""
        try:
            return read()
        except StoreDamagedError:
            if self.mend is None:
                raise
            mend, self.mend = self.mend, None
            try:
                mend()
                return read()
            finally:
                self.mend = mend

    def forget_memories(self) -> None:
        """Delete all memories, within a transaction, even damaged ones. A replay rebuilds them."""
        # Without `where`, SQLite empties the table and its index without reading their rows.
        self._db.execute("delete from memories")
        self._db.execute("delete from packs")
        self._db.execute("delete from expectations")

    def find_times_before(self, answers: Mapping[str, int], now_ms: int) -> dict[str, int]:
        """Return by key a time before its answer, which is dated in the future, or 0 if none is known.

        It is the last time, among those not in the future, that was recorded before the answer.
        """
        first_ids = [
            (id_, key)
            for key, at_ms in answers.items()
            if (id_ := self._find_first_id(key, at_ms)) is not None
        ]
        sql = (
            "select at_ms from reviews where at_ms <= ? and id >= ? and id < ?"
            " order by id desc limit 1"
        )
        times, last_id, time_ms = dict.fromkeys(answers, 0), "", 0
        # In the order of their ids, so that no review is looked at twice.
        for id_, key in sorted(first_ids):
            time_ms = int(self.find_value(sql, now_ms, last_id, id_) or time_ms)
            times[key], last_id = time_ms, id_
        return times

    def _find_first_id(self, key: str, answered_at_ms: int) -> str | None:
        """Return the id of the first answer to a prompt that has this time."""
        keys = self.aliases.list_keys(key)
        sql = (
            f"select min(id) from reviews where prompt in ({', '.join('?' * len(keys))})"  # noqa: S608
            " and at_ms = ? and act = 'answer'"
        )
        found = self.find_value(sql, *keys, answered_at_ms)
        return None if found is None else str(found)

    def put_memories(self, memories: Iterable[tuple[Memory, str]]) -> None:
        """Write memories, each with the id of its last review, within a transaction."""
        rows = ((*memory, last_id, namespace_of(memory.key)) for memory, last_id in memories)
        self._db.executemany(_PUT_MEMORY, rows)

    def delete_memories(self, namespace: str) -> None:
        """Delete the memories of a namespace, within a transaction. A replay rebuilds them."""
        self._db.execute("delete from memories where pack = ?", (namespace,))
        sql = f"delete from expectations where {_OF_NAMESPACE}"  # noqa: S608
        self._db.execute(sql, _bounds(namespace))

    def read_expectations(self) -> dict[str, bytes]:
        """Return what is kept of answers (see `study.expectations`), by key."""
        try:
            rows = self.query_all("select prompt, answers from expectations")
        except StoreDamagedError:
            return {}
        return {key: answers for key, answers in rows if type(answers) is bytes}

    def put_expectations(self, answers: Iterable[tuple[str, bytes]]) -> None:
        """Keep the answers to prompts whose memories are current, within a transaction."""
        self._db.executemany("insert or replace into expectations values (?, ?)", answers)

    def read_rules(self) -> dict[str, str]:
        """Return the rules under which each namespace's memories were computed."""
        try:
            return dict(self.read_texts("packs", "select pack, rules from packs"))
        except StoreDamagedError:
            # Then all memories are computed again.
            return {}

    def put_rules(self, namespace: str, rules: str) -> None:
        """Write the rules under which memories are computed, within a transaction."""
        self._db.execute("insert or replace into packs values (?, ?)", (namespace, rules))

    def delete_rules(self, namespace: str) -> None:
        """Forget a namespace without memories, within a transaction."""
        self._db.execute("delete from packs where pack = ?", (namespace,))

    def list_records(self, kind: str, namespace: str) -> Iterator[Any]:
        """Yield the bodies of all readable records of a kind, sorted by time."""
        return self.records.list_bodies(
            kind, {namespace, self.aliases.owners.get(namespace, namespace)}
        )

    def claim(self, key: str, session: str, at_ms: int) -> None:
        """Claim a prompt for a session, and delete expired claims, within a transaction."""
        row = (key, session, at_ms)
        self._db.execute("delete from claims where abs(? - at_ms) >= ?", (at_ms, LEASE_MS))
        self._db.execute("insert or replace into claims values (?, ?, ?)", row)

    def claimed_by_others(self, session: str, at_ms: int) -> dict[str, int]:
        """Return when the claims of other sessions expire, by prompt key."""
        sql = (
            "select cast(prompt as blob), at_ms from claims where sitting <> ?"
            " and abs(? - at_ms) < ? and typeof(at_ms) = 'integer'"
        )
        rows = self.query_all(sql, session, at_ms, LEASE_MS)
        return {key.decode("utf-8", "replace"): at_ms + LEASE_MS for key, at_ms in rows}

    def release_claims(self, session: str) -> None:
        """Release the claims of a session, so that others can ask its prompt."""
        with self.transaction():
            self._db.execute("delete from claims where sitting = ?", (session,))

    def _find_device(self, machine: str) -> str:
        """Return the device name used in ids; a store copied to another machine gets a new one."""
        sql = "select cast(value as blob) from settings where pack = '.' and name = 'device'"
        known: Any = None
        with suppress(RowError):
            known = read_json(self.find_value(sql))
        known = known if isinstance(known, dict) else {}
        device = known.get("device")
        # It becomes part of ids and of names of files.
        is_usable = isinstance(device, str) and DEVICE.fullmatch(device)
        if not is_usable or known.get("machine") != machine:
            known = {"machine": machine, "device": uuid4().hex[:8]}
            with self.transaction():
                sql = "insert or replace into settings (pack, name, value) values (?, 'device', ?)"
                self._db.execute(sql, (STORE, json.dumps(known)))
        return str(known["device"])

    def check_reviews(self) -> None:
        """Check that the table of reviews and its indexes agree, if that is not known yet.

        Raises:
            StoreDamagedError: they do not.

        """
        version = self.data_version()
        if self._checked_version != version:
            with self._explained():
                problems = find_damage(self._db, "reviews")
            if problems:
                raise make_damaged_error(self.path, problems[0])
            self._checked_version = version

    def trust_reviews(self) -> None:
        """Do without `check_reviews`, since all of the file was checked."""
        self._checked_version = self.data_version()

    def list_ids(self) -> list[str]:
        """Return the ids of all reviews."""
        return [id for (id,) in self.query_all("select id from reviews")]

    def _read_reviews(self, sql: str, *values: Any) -> Iterator[Review]:
        for row in self.query(sql, *values):
            try:
                review = read_review(row)
            except RowError as error:
                raise self.refuse_row("reviews", f"{row[1]!a} {row[0]!a}", error) from error
            yield review


def _check(review: Review) -> None:
    try:
        check_review(review)
    except ValueError as error:
        raise StoreError(f"a review cannot be recorded: {error}") from None


def _split(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]


def _bounds(namespace: str) -> tuple[str, str]:
    """Return the values of _OF_NAMESPACE."""
    return f"{namespace}:", f"{namespace};"
