"""What machines share through a folder besides reviews and aliases: how it is written, read and kept.

Lines come from files that anybody may have written, so every value is checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from cardwright.history import (
    DEVICE,
    END_MS,
    NAMESPACE,
    REVIEW_ID,
    make_time,
    match_value,
    quote_value,
)
from cardwright.study.mirror import Mirror, list_shifted
from cardwright.study.mirror_rows import MirrorRow
from cardwright.study.rows import ALIAS
from cardwright.study.settings import CACHES, STORE, is_shared, is_valid
from cardwright.study.store import Store
from cardwright.study.transfer import parse_object, parse_time
from cardwright.study.versions import Record, Setting

_MAX_TEXT: Final = 3_000
"""The longest name of a deck, or id of a record."""
_MAX_SETTING: Final = 2**14
_MAX_RECORD: Final = 2**22
"""The longest lines; a long mock exam holds the texts of its questions."""
_MAX_NESTED: Final = 500
"""Every command reads all settings, with whatever is left of the stack."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")

_MACHINE: Final = "machine "
"""Begins the names of places that another machine knows."""

Row = TypeVar("Row", bound=NamedTuple)


class Pair(NamedTuple):
    """A row of a mirror's log that is a review of ours under another id than its time."""

    device: str
    """The machine that saw it."""
    place: str
    """The mirror, as that machine names it."""
    row_id: int
    review_id: str


class Version(NamedTuple):
    """A row and how it compares with others of the same key."""

    key: tuple[str, ...]
    rank: tuple[Any, ...]
    """Of two with the same key, every machine keeps the one with the higher rank."""
    line: bytes
    changed_ms: int


@dataclass(frozen=True, slots=True)
class Sort(Generic[Row]):
    """A sort of rows that machines share in files of their own."""

    noun: str
    extension: str
    """Older versions of the program read no files with it."""
    max_line: int
    max_rows: int
    max_size: int
    """In bytes, of all rows of a store."""
    list_all: Callable[[Store], Iterable[Row]]
    describe: Callable[[Row], Version]
    parse: Callable[[str], Row]
    """Reads a line, or raises a ValueError that says what is wrong."""
    merge: Callable[[Store, Iterable[Row]], int]
    """Writes the rows that outrank those of the store, and returns their number."""


def _list_settings(store: Store) -> Iterable[Setting]:
    return (
        setting for setting in store.settings.list_all() if is_shared(setting.deck, setting.name)
    )


def _describe_setting(setting: Setting) -> Version:
    deck, name, value, changed_ms = setting
    row = {"deck": deck, "name": name, "value": value, "changed": _format_time(changed_ms)}
    return Version((deck, name), setting.rank, f"{json.dumps(row)}\n".encode(), changed_ms)


def _parse_setting(line: str) -> Setting:
    row = _parse(line, _MAX_SETTING)
    deck, name = row.get("deck"), match_value("name", row.get("name"), _NAME)
    namespace = str(deck).partition("::")[0]
    if deck != "" and (_check_text("deck", deck) == STORE or not NAMESPACE.fullmatch(namespace)):
        raise ValueError(f"`deck` cannot be {quote_value(deck)}")
    if name in CACHES:
        raise ValueError(f"`name` cannot be {quote_value(name)}")
    if "value" not in row:
        raise ValueError("`value` is missing")
    value = row["value"]
    text = _encode("value", value)
    if text.count("[") + text.count("{") > _MAX_NESTED:
        raise ValueError("`value` is nested too deeply")
    if value is not None and not is_valid(name, value):
        raise ValueError(f"`value` of `{name}` cannot be {quote_value(value)}")
    return Setting(str(deck), name, value, parse_time("changed", row.get("changed")).at_ms)


def _list_records(store: Store) -> Iterable[Record]:
    return store.records.list_all()


def _describe_record(record: Record) -> Version:
    id, kind, namespace, at_ms, body, changed_ms = record
    head = {
        "id": id,
        "kind": kind,
        "namespace": namespace,
        "at": _format_time(at_ms),
        "changed": _format_time(changed_ms),
    }
    # The body is JSON already.
    line = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "body": {body}}}\n'
    # The last one stands for the rest of `Record.rank`, in less memory.
    return Version((id,), (*record.rank[:2], raw := line.encode()), raw, changed_ms)


def _parse_record(line: str) -> Record:
    row = _parse(line, _MAX_RECORD)
    kind = match_value("kind", row.get("kind"), _NAME)
    if kind == ALIAS:
        raise ValueError(f"`kind` cannot be {quote_value(kind)}")
    if not isinstance(row.get("body"), dict):
        raise ValueError("`body` is not a JSON object")  # noqa: TRY004  (as for every other fault)
    return Record(
        id=_check_text("id", row.get("id")),
        kind=kind,
        namespace=match_value("namespace", row.get("namespace"), NAMESPACE),
        at_ms=parse_time("at", row.get("at")).at_ms,
        body=_check_text("body", _encode("body", row["body"]), _MAX_RECORD),
        changed_ms=parse_time("changed", row.get("changed")).at_ms,
    )


def _parse(line: str, longest: int) -> Mapping[str, Any]:
    row = parse_object(line, longest)
    if isinstance(row, str):
        raise ValueError(row)  # noqa: TRY004  (the row is an error message)
    return row


def _encode(name: str, value: object) -> str:
    """Return a value as JSON.

    Raises:
        ValueError: it has infinite numbers, or is nested too deeply.

    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        raise ValueError(f"`{name}` has infinite numbers, or is nested too deeply") from None


def _check_text(name: str, value: object, longest: int = _MAX_TEXT) -> str:
    """Return a text that can be stored and written again.

    Raises:
        ValueError: it is none.

    """
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise ValueError(f"`{name}` cannot be {quote_value(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"`{name}` is not valid Unicode") from None
    return value


def _format_time(at_ms: int) -> str:
    return make_time(min(max(at_ms, 0), END_MS - 1)).isoformat(timespec="milliseconds")


def _merge_settings(store: Store, settings: Iterable[Setting]) -> int:
    with store.transaction():
        taken = store.settings.merge(settings)
        # A setting may arrive later than the alias for whose history it was made.
        for namespace, history in store.aliases.histories.items():
            store.settings.carry_over(namespace, history)
        return taken


def _merge_records(store: Store, records: Iterable[Record]) -> int:
    with store.transaction():
        return store.records.merge(records)


def _list_pairs(store: Store) -> Iterable[Pair]:
    found: dict[Pair, None] = {}
    for place, row_id, review_id in list_shifted(store):
        device, name = store.device, place
        if place.startswith(_MACHINE):
            device, _, name = place.removeprefix(_MACHINE).partition(": ")
        found[Pair(device, name, row_id, review_id)] = None
    return found


def _describe_pair(pair: Pair) -> Version:
    key = (pair.device, pair.place, str(pair.row_id))
    names = ("device", "place", "row", "review")
    line = json.dumps(dict(zip(names, pair, strict=True))) + "\n"
    return Version(key, (pair.review_id,), line.encode(), 0)


def _parse_pair(line: str) -> Pair:
    row = _parse(line, _MAX_SETTING)
    row_id = row.get("row")
    if not isinstance(row_id, int) or isinstance(row_id, bool) or not 0 <= row_id < END_MS:
        raise ValueError(f"`row` cannot be {quote_value(row_id)}")
    return Pair(
        device=match_value("device", row.get("device"), DEVICE),
        place=_check_text("place", row.get("place")),
        row_id=row_id,
        review_id=match_value("review", row.get("review"), REVIEW_ID),
    )


def _merge_pairs(store: Store, pairs: Iterable[Pair]) -> int:
    """Remember pairs apart from those of this machine's own mirrors, which may lack these rows."""
    rows: dict[str, dict[int, MirrorRow]] = {}
    for device, place, row_id, review_id in pairs:
        row = MirrorRow(review_id, is_seen=True)
        rows.setdefault(f"{_MACHINE}{device}: {place}", {})[row_id] = row
    with store.transaction():
        for name, found in rows.items():
            Mirror(store, name).put_rows(found)
    return sum(map(len, rows.values()))


SETTINGS: Final = Sort(
    noun="setting",
    extension=".settings",
    max_line=_MAX_SETTING,
    max_rows=10_000,
    max_size=2**22,  # every command reads all of them
    list_all=_list_settings,
    describe=_describe_setting,
    parse=_parse_setting,
    merge=_merge_settings,
)
"""Options, exams that are set, and fitted parameters, of decks or of all."""
RECORDS: Final = Sort(
    noun="record",
    extension=".records",
    max_line=_MAX_RECORD,
    max_rows=100_000,
    max_size=2**26,  # a mock exam has 100 kB: about one a week for ten years
    list_all=_list_records,
    describe=_describe_record,
    parse=_parse_record,
    merge=_merge_records,
)
"""Mock exams, drills and misses."""
PAIRS: Final = Sort(
    noun="pair",
    extension=".pairs",
    max_line=_MAX_SETTING,
    max_rows=100_000,
    max_size=2**24,
    list_all=_list_pairs,
    describe=_describe_pair,
    parse=_parse_pair,
    merge=_merge_pairs,
)
"""Rows of Anki's log that are answers from here, where their ids do not tell which."""
