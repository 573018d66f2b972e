"""Foreign Anki packages, including malformed ones."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

MODELS = {"7": {"id": 7, "flds": [{"name": "Front"}, {"name": "Back"}]}}
NOTES = (
    (1, "guid-a", 7, "What is an oak?\x1fA tree.", " tree "),
    (2, "guid-b", 7, "What is an elm?\x1fA tree.", ""),
)
SCHEMA = """
CREATE TABLE col (id integer primary key, models text not null, crt integer default 1554681600,
  mod integer default 1, ver integer default 11, conf text default '{}', decks text default '{}',
  dconf text default '{}');
CREATE TABLE notes (id integer primary key, guid text, mid integer, tags text, flds text,
  mod integer default 1);
CREATE INDEX ix_notes_guid ON notes (guid);
"""
Act = Callable[[sqlite3.Connection], object]


def make_database(
    folder: Path,
    *,
    models: object = MODELS,
    notes: Iterable[Sequence[object]] = NOTES,
    schema: str = SCHEMA,
    act: Act | None = None,
) -> bytes:
    """Return a collection; `models` may be any value of the column, or what becomes JSON."""
    path = folder / "made.anki2"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.executescript(schema)
    if models is not None:
        stored = json.dumps(models) if isinstance(models, dict | list) else models
        database.execute("INSERT INTO col (id, models) VALUES (1, ?)", (stored,))
    database.executemany("INSERT INTO notes (id, guid, mid, flds, tags) VALUES (?,?,?,?,?)", notes)
    if act is not None:
        act(database)
    database.commit()
    database.close()
    return path.read_bytes()


def pack(
    data: bytes, name: str = "collection.anki2", others: Mapping[str, bytes] = MappingProxyType({})
) -> bytes:
    """Return a package with a database, and perhaps other members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.writestr("media", "{}")
        for other, content in others.items():
            archive.writestr(other, content)
    return file.getvalue()


def write_package(path: Path, **parts: Any) -> Path:
    """Write a package with the parts of `make_database`."""
    path.write_bytes(pack(make_database(path.parent, **parts)))
    return path
