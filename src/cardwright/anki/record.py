"""The record of a pack's builds: what they have shipped since the last release.

It lies beside the packages and is not shared. Without it, the next release cannot take back what a build
shipped; nothing else depends on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cardwright.anki.stamp import MAX_TIME_S, Edition
from cardwright.files import find_below, write_file
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.plain_file import read_plain_file

_FORMAT: Final = 1
_MAX_BYTES: Final = 64 * 2**20
_DIGEST_LENGTH: Final = 32

Editions = Mapping[str, tuple[Edition, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What builds of a pack have shipped since its last release."""

    notes: Editions = field(default_factory=dict)
    """By key of the card."""
    note_types: Editions = field(default_factory=dict)
    """By kind."""


class RecordError(ValueError):
    """A record cannot be used."""


def find_record(root: Path, pack: str) -> Path:
    """Return the path of the record of a pack's builds."""
    return root / "build" / f"{pack}.builds.jsonl"


def write_record(path: Path, record: Record) -> None:
    """Write a record; an empty one has no file.

    Raises:
        ProjectError: its folder is a link, which may lead anywhere.
        OSError: it cannot be written or deleted.

    """
    find_below(path.parents[1], path.parent.name)
    if record.notes or record.note_types:
        write_file(path, _format_record(record))
    else:
        path.unlink(missing_ok=True)


def _format_record(record: Record) -> str:
    """Return a record as JSON lines: a header, note types and notes."""
    rows = [
        {"builds": _FORMAT},
        *(
            {"note_type": kind, "shipped": _list(found)}
            for kind, found in record.note_types.items()
        ),
        *({"note": key, "shipped": _list(found)} for key, found in record.notes.items()),
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _list(editions: tuple[Edition, ...]) -> list[list[str | int]]:
    return [[e.hash, e.html_hash, e.rendering, e.first_s, e.mod_s] for e in editions]


def read_record(path: Path) -> Record:
    """Read a record; a missing one is empty.

    Raises:
        RecordError: it is damaged.

    """
    try:
        text = _read_text(path)
        if text is None:
            return Record()
        header, *lines = text.removesuffix("\n").split("\n")
        if _load(header) != {"builds": _FORMAT}:
            raise RecordError("its format is not known")
        found: dict[str, dict[str, tuple[Edition, ...]]] = {"note": {}, "note_type": {}}
        for line in lines:
            row = _load(line)
            what = "note" if "note" in row else "note_type"
            name = row[what]
            if not isinstance(name, str) or name in found[what]:
                raise RecordError("a name is wrong")
            found[what][name] = tuple(_read_editions(row["shipped"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError, MemoryError) as error:
        raise RecordError(str(error)) from error
    return Record(notes=found["note"], note_types=found["note_type"])


def _read_text(path: Path) -> str | None:
    if path.parent.is_symlink():
        raise RecordError("its folder is a link")
    try:
        return read_plain_file(path, _MAX_BYTES).decode("utf-8")
    except FileNotFoundError:
        return None
    except ForeignFileError as error:
        raise RecordError(error.reason) from error


def _load(line: str) -> dict[str, Any]:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise RecordError("a line is not an object")
    return row


def _read_editions(rows: object) -> Iterator[Edition]:
    if not isinstance(rows, list) or not rows:
        raise RecordError("a line lists nothing")
    last_s = 0
    for digest, html, rendering, first_s, mod_s in rows:
        if not (_is_digest(digest) and (html == "" or _is_digest(html))):
            raise RecordError("a digest is wrong")
        if not all(type(n) is int for n in (rendering, first_s, mod_s)):
            raise RecordError("a number is wrong")
        if not (0 < first_s <= MAX_TIME_S and last_s < mod_s <= MAX_TIME_S and rendering >= 0):
            raise RecordError("a time is wrong")
        last_s = mod_s
        yield Edition(
            hash=digest, html_hash=html, rendering=rendering, first_s=first_s, mod_s=mod_s
        )


def _is_digest(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value) == _DIGEST_LENGTH
        and not value.strip("0123456789abcdef")
    )
