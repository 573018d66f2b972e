"""The record of a pack's builds: what they have shipped since the last release.

It lies beside the packages and is not shared. Without it, the next release cannot take back what a build
shipped; nothing else depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from cardwright.anki.stamp import MAX_TIME_S, Edition
from cardwright.files import find_below, stream_file
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
        lines = _format_record(record)
        stream_file(path, lambda file: file.writelines(line + b"\n" for line in lines))
    else:
        path.unlink(missing_ok=True)


def _format_record(record: Record) -> Iterator[bytes]:
    """Yield a record as JSON lines: a header, note types and notes."""
    encode = msgspec.json.encode
    yield encode({"builds": _FORMAT})
    for what, found in (("note_type", record.note_types), ("note", record.notes)):
        for name, editions in found.items():
            yield encode({what: name, "shipped": editions})


class _Row(msgspec.Struct):
    """A line of a record after its header."""

    shipped: tuple[Edition, ...]
    note: str = ""
    note_type: str = ""


def read_record(path: Path) -> Record:
    """Read a record; a missing one is empty.

    Raises:
        RecordError: it is damaged.

    """
    notes: dict[str, tuple[Edition, ...]] = {}
    note_types: dict[str, tuple[Edition, ...]] = {}
    try:
        raw = _read_bytes(path)
        if raw is None:
            return Record()
        header, *lines = raw.removesuffix(b"\n").split(b"\n")
        if msgspec.json.decode(header) != {"builds": _FORMAT}:
            raise RecordError("its format is not known")
        read = msgspec.json.Decoder(_Row).decode
        for line in lines:
            row = read(line)
            name, found = (row.note, notes) if row.note else (row.note_type, note_types)
            if not name or name in found:
                raise RecordError("a name is wrong")
            _check_editions(row.shipped)
            found[name] = row.shipped
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise RecordError(str(error)) from error
    return Record(notes=notes, note_types=note_types)


def _read_bytes(path: Path) -> bytes | None:
    if path.parent.is_symlink():
        raise RecordError("its folder is a link")
    try:
        return read_plain_file(path, _MAX_BYTES)
    except FileNotFoundError:
        return None
    except ForeignFileError as error:
        raise RecordError(error.reason) from error


def _check_editions(editions: tuple[Edition, ...]) -> None:
    if not editions:
        raise RecordError("a line lists nothing")
    last_s = 0
    for one in editions:
        if not (_is_digest(one.hash) and (one.html_hash == "" or _is_digest(one.html_hash))):
            raise RecordError("a digest is wrong")
        if not (0 < one.first_s <= MAX_TIME_S and last_s < one.mod_s <= MAX_TIME_S):
            raise RecordError("a time is wrong")
        if one.rendering < 0:
            raise RecordError("a number is wrong")
        last_s = one.mod_s


def _is_digest(text: str) -> bool:
    return len(text) == _DIGEST_LENGTH and not text.strip("0123456789abcdef")
