"""Two states of a pack → what was added, changed or retired between them."""

from __future__ import annotations

import io
import json
import sqlite3
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cardwright.anki.ledger import Ledger
from cardwright.anki.note import Note
from cardwright.error import CardwrightError

_MAX_DATABASE_BYTES: Final = 2_000_000_000
_MAX_TITLE: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """A part of a note that differs."""

    part: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A note that differs."""

    what: str
    """added, changed, retired, revived, renamed or vanished."""
    id: str
    was: str
    """Its earlier id, if it was renamed."""
    title: str
    """The start of its first field."""
    texts: tuple[TextChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteState:
    """A note as it is on one of the two sides compared."""

    id: str
    parts: Mapping[str, str]
    """Its texts by name: fields, tags, sources and so on."""
    retired: bool
    title: str


class PackageError(CardwrightError):
    """A file is no Anki package that can be read."""


def compare_with_ledger(ledger: Ledger, notes: Iterable[Note]) -> list[Change]:
    """Return what a release of these notes would change, in their order."""
    before = {
        note.guid_ref: NoteState(
            id=note.id,
            parts=_flatten(note.content),
            retired="retired" in note.content.get("tags", ()),
            title=_first_field(note.content),
        )
        for note in ledger.notes.values()
    }
    after = {
        note.card.key: NoteState(
            id=note.card.id,
            parts=_flatten(note.content),
            retired=note.card.retired is not None,
            title=_first_field(note.content),
        )
        for note in notes
    }
    return compare_states(before, after)


def compare_states(before: Mapping[str, NoteState], after: Mapping[str, NoteState]) -> list[Change]:
    """Return what differs between two sets of notes, each by an identity that no rename changes."""
    changes = []
    for key, new in after.items():
        old = before.get(key)
        if old is None:
            changes.append(_make_change("added", new, None))
        elif new.retired != old.retired:
            changes.append(_make_change("retired" if new.retired else "revived", new, old))
        elif new.parts != old.parts:
            changes.append(_make_change("changed", new, old))
        elif new.id != old.id:
            changes.append(_make_change("renamed", new, old))
    changes += [
        _make_change("vanished", old, None) for key, old in before.items() if key not in after
    ]
    return changes


def count_changes(changes: Iterable[Change]) -> str:
    """Return how many notes were added, changed and so on, in words."""
    counted = Counter(change.what for change in changes)
    return ", ".join(f"{number} {what}" for what, number in counted.items()) or "no changes"


def read_package(path: Path) -> dict[str, NoteState]:
    """Return the notes of an Anki package by guid.

    Raises:
        PackageError: the file is no package, or one in Anki's newest format.

    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            name = "collection.anki21" if "collection.anki21" in names else "collection.anki2"
            if "collection.anki21b" in names:
                message = f"{path} is in Anki's newest format: export it for older versions"
                raise PackageError(message)
            if archive.getinfo(name).file_size > _MAX_DATABASE_BYTES:
                message = f"{path} is too large"
                raise PackageError(message)
            return _read_notes(archive.read(name))
    except (zipfile.BadZipFile, KeyError, sqlite3.DatabaseError, io.UnsupportedOperation) as error:
        message = f"{path} is no Anki package ({error})"
        raise PackageError(message) from error


def _read_notes(database: bytes) -> dict[str, NoteState]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "collection.anki2"
        file.write_bytes(database)
        connection = sqlite3.connect(file)
        try:
            (models,) = connection.execute("SELECT models FROM col").fetchone()
            rows = connection.execute("SELECT guid, mid, flds, tags FROM notes ORDER BY id")
            labels = {
                int(model["id"]): [field["name"] for field in model["flds"]]
                for model in json.loads(models).values()
            }
            return {guid: _read_state(labels[mid], flds, tags) for guid, mid, flds, tags in rows}
        finally:
            connection.close()


def _read_state(labels: list[str], flds: str, tags: str) -> NoteState:
    values = dict(zip(labels, flds.split("\x1f"), strict=False))
    parts = {name: text for name, text in values.items() if text}
    ref = parts.pop("Id", "")
    names = tags.split()
    return NoteState(
        id=ref or next(iter(values.values()), ""),
        parts={**parts, "tags": " ".join(names)},
        retired="retired" in names,
        title=_shorten(next(iter(values.values()), "")),
    )


def _make_change(what: str, new: NoteState, old: NoteState | None) -> Change:
    texts: tuple[TextChange, ...] = ()
    if old is not None:
        parts = dict.fromkeys((*old.parts, *new.parts))
        texts = tuple(
            TextChange(part=part, before=old.parts.get(part, ""), after=new.parts.get(part, ""))
            for part in parts
            if old.parts.get(part) != new.parts.get(part)
        )
    was = old.id if old is not None and old.id != new.id else ""
    return Change(what=what, id=new.id, was=was, title=new.title, texts=texts)


def _flatten(content: Mapping[str, Any]) -> dict[str, str]:
    parts = {name: _as_text(value) for name, value in content.get("fields", {}).items()}
    for name in ("extra", "lesson", "sources", "tags", "media"):
        if content.get(name):
            parts[name] = _as_text(content[name])
    return parts


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, indent=1)


def _first_field(content: Mapping[str, Any]) -> str:
    return _shorten(_as_text(next(iter(content.get("fields", {}).values()), "")))


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_TITLE else f"{line[: _MAX_TITLE - 1]}…"
