"""Our log and that of a mirror, such as Anki's: which rows are which reviews, and what either lacks.

What either lacks is asked of namespaces, since one store and one mirror may hold several projects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from cardwright.history import LOGGED
from cardwright.study.error import make_damaged_error
from cardwright.study.mirror_rows import ROW_COLUMNS, read_mirror_row
from cardwright.study.rows import RowError, quote
from cardwright.study.store import Store

_LOGGED: Final = ", ".join(f"'{act}'" for act in sorted(LOGGED))
_BATCH: Final = 500


class LogEntry(NamedTuple):
    """A review that a mirror's log can have, in brief."""

    key: str
    """The key of the prompt's memory."""
    id: str
    at_ms: int
    act: str
    rating: int | None


class UndoneRow(NamedTuple):
    """A row of a mirror's log whose review was undone here."""

    row_id: int
    key: str
    review_id: str


def read_row_ids(store: Store, place: str) -> tuple[set[int], set[int]]:
    """Return the ids of rows that were seen at a place, and of those that are only planned."""
    sql = "select row_id from mirror_rows where place = ? and is_seen = ?"
    seen, planned = ({id for (id,) in store.query_all(sql, place, flag)} for flag in (1, 0))
    for id in seen | planned:
        if type(id) is not int:
            raise _refuse(store, "mirror_rows", id)
    return seen, planned


def list_missing(store: Store, place: str, namespaces: Collection[str]) -> list[LogEntry]:
    """Return the reviews that have no row at a place and were not undone, by prompt and in order."""
    unite = store.aliases.unite_key
    undone = _list_undone(store)
    found = []
    for namespace in _list_recorded(store, namespaces):
        sql = (
            "select prompt, id, at_ms, act, rating from reviews"  # noqa: S608
            f" where prompt >= ? and prompt < ? and act in ({_LOGGED}) and not exists (select 1"
            " from mirror_rows where review_id = reviews.id and place = ?) order by prompt, id"
        )
        for row in store.query(sql, f"{namespace}:", f"{namespace};", place):
            entry = LogEntry(*_check(store, row))
            entry = entry._replace(key=unite(entry.key))
            if (entry.key, entry.id) not in undone:
                found.append(entry)
    found.sort(key=lambda entry: (entry.key, entry.id))
    return found


def list_rows(
    store: Store, place: str, row_ids: Collection[int], namespaces: Collection[str]
) -> Iterator[tuple[int, str, str]]:
    """Yield id, prompt and review of rows at a place whose prompts are in some namespaces."""
    unite = store.aliases.unite_key
    known = frozenset(namespaces)
    for batch in _split(row_ids):
        sql = (
            "select m.row_id, r.prompt, r.id from mirror_rows m join reviews r on r.id = m.review_id"  # noqa: S608
            f" where m.place = ? and m.row_id in ({', '.join('?' * len(batch))})"
        )
        for row_id, key, review_id in store.query(sql, place, *batch):
            if not isinstance(key, str) or not isinstance(review_id, str):
                raise _refuse(store, "reviews", key)
            if (united := unite(key)).partition(":")[0] in known:
                yield row_id, united, review_id


def list_undone_rows(store: Store, place: str) -> Iterator[UndoneRow]:
    """Yield the rows at a place whose reviews were undone."""
    unite = store.aliases.unite_key
    sql = (
        "select distinct m.row_id, r.prompt, r.id, u.prompt from reviews u"
        " join mirror_rows m on m.review_id = u.undoes and m.place = ?"
        " join reviews r on r.id = u.undoes where u.undoes not null"
    )
    for row_id, key, review_id, undo_key in store.query(sql, place):
        if unite(key) == unite(undo_key):
            yield UndoneRow(row_id, unite(key), review_id)


def find_rows(store: Store, review_ids: Collection[str]) -> dict[str, set[int]]:
    """Return the ids of the rows that reviews are at whatever place, of those that have any."""
    found: dict[str, set[int]] = {}
    for batch in _split(review_ids):
        sql = (
            "select review_id, row_id from mirror_rows"  # noqa: S608
            f" where review_id in ({', '.join('?' * len(batch))})"
        )
        for review_id, row_id in store.query(sql, *batch):
            found.setdefault(review_id, set()).add(row_id)
    return found


def find_reviews(store: Store, row_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return the ids of the reviews that rows are known to be, at whatever place.

    Rows of different collections may share an id.
    """
    found: dict[int, set[str]] = {}
    for batch in _split(row_ids):
        sql = (
            f"select {ROW_COLUMNS} from mirror_rows"  # noqa: S608
            f" where row_id in ({', '.join('?' * len(batch))})"
        )
        for values in store.query(sql, *batch):
            try:
                row_id, row = read_mirror_row(values)
            except RowError as error:
                raise store.refuse_row("mirror_rows", "", error) from error
            found.setdefault(row_id, set()).add(row.review_id)
    return found


def _list_recorded(store: Store, namespaces: Iterable[str]) -> list[str]:
    """Return namespaces with those that continue their histories."""
    owners = store.aliases.owners
    both = (name for space in namespaces for name in (space, owners.get(space)))
    return sorted({name for name in both if name is not None})


def _list_undone(store: Store) -> set[tuple[str, str]]:
    unite = store.aliases.unite_key
    sql = "select prompt, undoes from reviews where undoes not null"
    return {(unite(key), undoes) for key, undoes in store.query(sql)}


def _check(store: Store, row: tuple[Any, ...]) -> tuple[Any, ...]:
    key, review_id, at_ms, _, rating = row
    is_rating = rating is None or type(rating) is int
    if not (
        isinstance(key, str) and isinstance(review_id, str) and type(at_ms) is int and is_rating
    ):
        raise _refuse(store, "reviews", row)
    return row


def _refuse(store: Store, table: str, value: object) -> Exception:
    return make_damaged_error(store.path, f"table {table}: {RowError(quote(value))}")


def _split(values: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(values)
    while batch := list(islice(left, _BATCH)):
        yield batch
