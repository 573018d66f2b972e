"""Rows of the store's tables, checked as they are read, since a damaged file may hold any value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import partial
from itertools import product
from typing import Any, Final

from cardwright.history import (
    END_BASIS,
    END_DAY,
    END_MS,
    MAX_DURATION_MS,
    MAX_INTERVAL_DAYS,
    MAX_OFFSET_MINUTES,
    PROMPT_KEY,
    RATED,
    REVIEW_ID,
    Act,
    Rating,
    Review,
    is_basis,
    is_interval,
)
from cardwright.memory import Memory, State
from cardwright.study.alias import Alias
from cardwright.study.settings import is_valid
from cardwright.study.versions import Record, Setting

ALIAS: Final = "alias"
"""The kind of record of an alias."""
REVIEW_FIELDS: Final = tuple(field.name for field in fields(Review))


def _list_columns(names: Iterable[str]) -> str:
    """Return the columns of fields; only the prompt's key has a different name there."""
    return ", ".join("prompt" if name == "key" else name for name in names)


REVIEW_COLUMNS: Final = _list_columns(REVIEW_FIELDS)
MEMORY_COLUMNS: Final = _list_columns(Memory._fields)
ReviewRow = tuple[str, str, str, int | None, int, int, int | None, int | None, int]
"""Key, id, ActRow fields (`row[2:8]`) and duration of a review."""
_BEFORE_1970: Final = -3
_END_DUE_MS: Final = END_DAY * 86_400_000
_MAX_DIFFICULTY: Final = 10
_MAX: Final = 10**9
"""Of counts, of intervals, and of a stability."""
_MAX_QUOTED: Final = 60
_ACTS: Final = {str(act): act for act in Act}
_RATINGS: Final[dict[int | None, Rating | None]] = {
    None: None,
    **{int(rating): rating for rating in Rating},
}
_VALID_ACTS: Final = frozenset(
    (str(act), rating)
    for act in Act
    for rating in (tuple(map(int, Rating)) if act in RATED else (None,))
)
"""Every act with every rating that it can have."""
_USUAL_ACTS: Final = frozenset(
    act for act in _VALID_ACTS if act[0] not in {Act.RESCHEDULE, Act.ASSUME}
)
"""The same without the acts that need an interval."""
_STATES: Final = {str(state): state for state in State}
_make_memory: Final = partial(tuple.__new__, Memory)
"""Makes a Memory without running the Python code of its constructor."""
_MEMORY_TYPES: Final = frozenset(
    (str, str, int, int, int, a, float, float, b, c, int, d, e, f, int, int, g)
    for a, b, c, d, e, f, g in product((int, type(None)), repeat=7)
)


class RowError(Exception):
    """A row holds a value that no store has; the message says which."""


def read_review(row: tuple[Any, ...]) -> Review:
    """Return the review in a row of the columns of Review.

    Raises:
        RowError: a value is not valid.

    """
    id, key, act, rating, at_ms, offset, duration_ms, undoes, days, basis = row
    for fault in _list_faults(*row):
        raise RowError(fault)
    return Review(
        id=id,
        key=key,
        act=_ACTS[act],
        rating=_RATINGS[rating],
        at_ms=at_ms,
        utc_offset_minutes=offset,
        duration_ms=min(duration_ms, MAX_DURATION_MS),
        undoes=undoes,
        interval_days=days,
        interval_basis=basis,
    )


def _list_faults(
    id: object,
    key: object,
    act: object,
    rating: object,
    at_ms: object,
    offset: object,
    duration_ms: object,
    undoes: object = None,
    days: object = None,
    basis: object = None,
) -> Iterator[str]:
    """Yield which values of a review are not valid."""
    if not isinstance(id, str) or not REVIEW_ID.fullmatch(id):
        yield f"id cannot be {quote(id)}"
    if not isinstance(key, str) or not PROMPT_KEY.fullmatch(key):
        yield f"prompt cannot be {quote(key)}"
    if act not in _ACTS:
        yield f"act cannot be {quote(act)}"
    elif (act, rating) not in _VALID_ACTS or isinstance(rating, float):
        yield f"rating of {act} cannot be {quote(rating)}"
    if not isinstance(at_ms, int) or not 0 <= at_ms < END_MS:
        yield f"at_ms cannot be {quote(at_ms)}"
    if not isinstance(offset, int) or abs(offset) > MAX_OFFSET_MINUTES:
        yield f"utc_offset_minutes cannot be {quote(offset)}"
    if not isinstance(duration_ms, int) or duration_ms < 0:
        yield f"duration_ms cannot be {quote(duration_ms)}"
    is_id = isinstance(undoes, str) and REVIEW_ID.fullmatch(undoes)
    if not is_id if act == Act.UNDO else undoes is not None:
        yield f"undoes of {quote(act)} cannot be {quote(undoes)}"
    # Most reviews of earlier versions have no interval.
    if isinstance(act, str) and (days is not None or basis is not None or act == Act.RESCHEDULE):
        yield from _list_interval_faults(act, days, basis)


def _list_interval_faults(act: str, days: object, basis: object) -> Iterator[str]:
    if not is_interval(act, days):
        yield f"interval_days of {quote(act)} cannot be {quote(days)}"
    elif not is_basis(act, days, basis):
        yield f"interval_basis of {quote(act)} cannot be {quote(basis)}"


def check_acts(rows: Iterable[tuple[Any, ...]]) -> None:
    """Check that rows are of acts that can be replayed: the quick form of `read_review`.

    Raises:
        RowError: a value is not valid.

    """
    for row in rows:
        key, id, act, rating, at_ms, offset, days, basis, duration_ms = row
        if type(key) is str is type(id) and _is_usual(
            act, rating, at_ms, offset, duration_ms, days, basis
        ):
            continue
        found = _list_faults(id, key, act, rating, at_ms, offset, duration_ms, None, days, basis)
        if faults := ", ".join(found):
            raise RowError(f"{quote(id)}: {faults}")


def _is_usual(
    act: Any, rating: Any, at_ms: Any, offset: Any, duration_ms: Any, days: Any, basis: Any
) -> bool:
    """Tell whether `_list_faults` certainly finds nothing in these values: its quick form."""
    return (
        (act, rating) in _USUAL_ACTS
        and type(rating) is not float
        and type(at_ms) is int is type(offset)
        and 0 <= at_ms < END_MS
        and -MAX_OFFSET_MINUTES <= offset <= MAX_OFFSET_MINUTES
        and type(duration_ms) is int
        and duration_ms >= 0
        and (
            days is None is basis
            or (
                act == "answer"
                and type(days) is int is type(basis)
                and 0 < days <= MAX_INTERVAL_DAYS
                and 0 <= basis < END_BASIS
            )
        )
    )


def check_texts(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield rows of texts.

    Raises:
        RowError: a value is not a text.

    """
    for row in rows:
        for value in row:
            if not isinstance(value, str):
                raise RowError(f"not a text: {quote(value)}")
        yield row


def read_memory(row: tuple[Any, ...]) -> Memory | None:
    """Return the memory in a row of the columns of Memory; None if a value is not valid."""
    if tuple(map(type, row)) not in _MEMORY_TYPES:
        return None
    # One unpacking, no slices: tens of thousands are read at every start.
    # fmt: off
    (
        key, state, is_suspended, is_leech, is_flagged, step, stability, difficulty, due_at_ms,
        due_day, interval_days, first_day, last_day, last_at_ms, reps, lapses, buried_day,
    ) = row
    # fmt: on
    if (
        state in _STATES
        and key.isascii()
        and key.isprintable()
        and 0 <= (step or 0) < _MAX
        and 0 <= stability < _MAX
        and 0 <= difficulty <= _MAX_DIFFICULTY
        and (last_day is None or stability > 0 < difficulty)
        and 0 <= interval_days < END_DAY
        and 0 <= reps < _MAX
        and 0 <= lapses < _MAX
        and -_END_DUE_MS < (due_at_ms or 0) < _END_DUE_MS
        and 0 <= (last_at_ms or 0) < END_MS
        # The offset and the hour of the rollover may each take a day before 1970.
        and _BEFORE_1970 < (due_day or 0) < END_DAY
        and _BEFORE_1970 < (first_day or 0) < END_DAY
        and _BEFORE_1970 < (last_day or 0) < END_DAY
        and _BEFORE_1970 < (buried_day or 0) < END_DAY
    ):
        flags = (is_suspended == 1, is_leech == 1, is_flagged == 1)
        return _make_memory((key, _STATES[state], *flags, *row[5:]))
    return None


def are_readable(rows: Iterable[tuple[Any, ...]]) -> bool:
    """Tell whether `read_review` accepts all rows."""
    is_id = REVIEW_ID.fullmatch
    last_key: object = None
    for row in rows:
        id, key, act, rating, at_ms, offset, duration_ms, undoes, days, basis = row
        if (
            key == last_key
            and type(id) is str
            and is_id(id)
            and undoes is None
            and act != "undo"
            and _is_usual(act, rating, at_ms, offset, duration_ms, days, basis)
        ):
            continue
        if next(_list_faults(*row), None) is not None:
            return False
        last_key = key
    return True


def read_json(text: object) -> Any:
    """Return a value that is stored as JSON.

    Raises:
        RowError: it is not JSON.

    """
    try:
        return json.loads(decode(text))
    except (ValueError, RecursionError):
        raise RowError(f"not JSON: {quote(text)}") from None


def read_alias(body: object) -> Alias:
    """Return the alias in a record.

    Raises:
        RowError: it is not valid.

    """
    found = read_json(body)
    if not isinstance(found, dict) or set(found) != set(Alias._fields):
        raise RowError(f"not an alias: {quote(body)}")
    at_ms = found["at_ms"]
    texts = [value for name, value in found.items() if name != "at_ms"]
    if not isinstance(at_ms, int) or not all(isinstance(text, str) for text in texts):
        raise RowError(f"not an alias: {quote(body)}")
    return Alias(**found)


def read_setting(row: tuple[Any, ...]) -> Setting:
    """Return the setting in a row.

    Raises:
        RowError: it is not valid.

    """
    deck, name, text, changed_ms = row
    value = read_json(text)
    if value is not None and not is_valid(decode(name), value):
        raise RowError(f"its value cannot be {quote(value)}")
    if not isinstance(changed_ms, int):
        raise RowError(f"its time cannot be {quote(changed_ms)}")
    return Setting(decode(deck), decode(name), value, changed_ms)


def read_record(row: tuple[Any, ...]) -> Record:
    """Return the record in a row.

    Raises:
        RowError: it is not valid.

    """
    id, kind, namespace, at_ms, body, changed_ms = row
    read_json(body)
    for time in (at_ms, changed_ms):
        if not isinstance(time, int):
            raise RowError(f"its time cannot be {quote(time)}")
    return Record(decode(id), decode(kind), decode(namespace), at_ms, decode(body), changed_ms)


def decode(value: object) -> str:
    """Return a text that may have been read as bytes.

    Raises:
        RowError: it is not a text.

    """
    try:
        text = value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        raise RowError(f"not UTF-8: {quote(value)}") from None
    if not isinstance(text, str):
        raise RowError(f"not a text: {quote(value)}")
    return text


def quote(value: object) -> str:
    """Return a value as short ASCII text."""
    if value is None:
        return "empty"
    text = ascii(value)
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…"
