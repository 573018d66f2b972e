"""Writing a push into a collection that Anki's library has opened, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from cardwright.anki.card_data import write_options
from cardwright.anki.card_state import MAX_FACTOR, MAX_INT, apply_write
from cardwright.anki.doors.door import Push
from cardwright.anki.doors.library import find_database
from cardwright.anki.error import AnkiChangedError, AnkiError
from cardwright.anki.rows import (
    AnkiView,
    CardKind,
    CardQueue,
    CardRow,
    CardWrite,
)

if TYPE_CHECKING:
    from anki.collection import Collection

_CHANGED: Final = "the collection has changed since it was read"
_COLUMNS: Final = "id, nid, did, ord, mod, type, queue, due, ivl, factor, reps, lapses, left, odue, odid, flags, data"
"""Those of a CardRow."""
_DUE: Final = 7
_ORIGINAL_DUE: Final = 13


def check_unchanged(
    collection: Collection, push: Push, view: AnkiView, mod_ms: int
) -> dict[int, CardRow]:
    """Return the cards that are to be written, by id.

    Add-ons can change rows without changing the time of the collection, so all of it is compared.

    Raises:
        AnkiChangedError: anything is not as it was read.

    """
    if find_database(collection).scalar("select mod from col") != mod_ms:
        raise AnkiChangedError(_CHANGED)
    was = {card.row.id: card.row for card in view.cards.values()}
    wanted = {row.card_id for row in push.log} | {card.card_id for card in push.cards}
    query = f"select {_COLUMNS} from cards where id in (select value from json_each(?))"  # noqa: S608
    rows = {
        row[0]: _make_row(row)
        for row in find_database(collection).all(query, json.dumps(sorted(wanted)))
    }
    # The reader leaves out data that is too long, but a change of data alone has another time.
    if any(id not in was or rows.get(id, ())[:-1] != was[id][:-1] for id in wanted):
        raise AnkiChangedError(_CHANGED)
    if _find_taken(collection, [row.id for row in push.log]) or not is_complete(
        collection, Push(log=(), cards=push.cards), view
    ):
        raise AnkiChangedError(_CHANGED)
    return rows


def is_complete(collection: Collection, push: Push, view: AnkiView | None) -> bool:
    """Tell whether cards have the log that was read, and what was added to it, and nothing else."""
    if view is None:
        return True
    added = [row.id for row in push.log]
    if len(_find_taken(collection, added)) != len(added):
        return False
    wanted = {card.card_id for card in push.cards}
    numbers = dict.fromkeys(wanted, 0)
    for key, card in view.cards.items():
        if card.row.id in wanted:
            numbers[card.row.id] += len(view.log.get(key, ()))
    for row in push.log:
        if row.card_id in wanted:
            numbers[row.card_id] += 1
    query = (
        "select cid, count() from revlog where cid in (select value from json_each(?)) group by cid"
    )
    found = dict.fromkeys(wanted, 0)
    found |= {
        row[0]: row[1] for row in find_database(collection).all(query, json.dumps(sorted(wanted)))
    }
    return found == numbers


def write_push(
    collection: Collection, push: Push, rows: Mapping[int, CardRow], *, is_fsrs: bool
) -> None:
    """Write a push; the caller has begun a transaction.

    `update_cards` would drop what it does not know of `data`, and refuse custom data that is too long.
    """
    find_database(collection).executemany(
        "insert into revlog (id, cid, usn, ease, ivl, lastIvl, factor, time, type)"
        " values (?, ?, -1, ?, ?, ?, ?, ?, ?)",
        [list(row) for row in push.log],
    )
    changed: list[list[int | str]] = []
    for card in push.cards:
        _check_range(card)
        row = rows[card.card_id]
        after = apply_write(row, card)
        if is_fsrs and card.stability is not None and after.data != row.data:
            after = after._replace(data=_add_options(collection, after))
        if after != row:
            changed.append([*map(int, after[5:13]), after.flags, after.data, after.id])
    find_database(collection).executemany(
        "update cards set type = ?, queue = ?, due = ?, ivl = ?, factor = ?, reps = ?, lapses = ?,"
        " left = ?, flags = ?, data = ?, usn = -1,"
        " mod = cast(strftime('%s', 'now') as integer) where id = ?",
        changed,
    )


def _find_taken(collection: Collection, ids: Sequence[int]) -> set[int]:
    query = "select id from revlog where id in (select value from json_each(?))"
    return set(find_database(collection).list(query, json.dumps(list(ids))))


def _make_row(row: Sequence[Any]) -> CardRow:
    """Return a card as the reader does, for the odd values that add-ons leave."""
    numbers = [_cast(value) for value in row[:-1]]
    for place in (_DUE, _ORIGINAL_DUE):
        numbers[place] = row[place] if isinstance(row[place], int) else 0
    return CardRow._make([*numbers, row[-1] if isinstance(row[-1], str) else ""])


def _cast(value: object) -> int:
    """Return a value as SQLite casts it to an integer."""
    if not isinstance(value, int | float):
        return 0
    # A larger number, or an infinite one, becomes the largest.
    return min(max(int(min(max(value, -(2**64)), 2**64)), -(2**63)), 2**63 - 1)


def _check_range(card: CardWrite) -> None:
    """Refuse what Anki could not read back."""
    numbers = card.interval_days, card.reps, card.lapses, card.left
    is_good = (
        card.kind in set(CardKind)
        and card.queue in set(CardQueue)
        and -MAX_INT <= card.due <= MAX_INT
        and all(0 <= number <= MAX_INT for number in numbers)
        and 0 <= card.factor <= MAX_FACTOR
    )
    if not is_good:
        raise AnkiError(
            f"card {card.card_id} is damaged in Anki",
            help="in Anki, choose Tools > Check Database; then sync again",
        )


def _add_options(collection: Collection, row: CardRow) -> str:
    """Return the JSON of a card with what an answer in Anki would store now, too."""
    from anki.errors import AnkiException  # noqa: PLC0415  (an extra)

    with suppress(AnkiException):
        found = collection.compute_memory_state(row.id)  # type: ignore[arg-type]
        if found.decay is not None:
            return write_options(row.data, found.desired_retention, found.decay)
    return row.data
