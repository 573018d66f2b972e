"""Foreign Anki packages, including malformed ones."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import sys
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
if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

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
    data: bytes,
    name: str = "collection.anki2",
    others: Mapping[str, bytes] = MappingProxyType({}),
    media: bytes = b"{}",
) -> bytes:
    """Return a package with a database, and perhaps other members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.writestr("media", media)
        for other, content in others.items():
            archive.writestr(other, content)
    return file.getvalue()


def write_package(path: Path, **parts: Any) -> Path:
    """Write a package with the parts of `make_database`."""
    path.write_bytes(pack(make_database(path.parent, **parts)))
    return path


# The newest format.

META = b"\x08\x03"
NEWEST_SCHEMA = """
CREATE TABLE col (id integer primary key, crt, mod, ver, conf, models, decks, dconf);
INSERT INTO col VALUES (1, 1554681600, 1, 18, '', '', '', '');
CREATE TABLE notes (id integer primary key, guid text, mid integer, mod integer, tags text, flds text);
CREATE TABLE cards (id integer primary key, nid, did, ord, mod, type, queue, due, ivl, factor, reps,
  lapses, left, odue, odid, flags, data);
CREATE TABLE revlog (id integer primary key, cid, ease, ivl, lastIvl, factor, time, type);
CREATE TABLE config (KEY text not null primary key, val blob) without rowid;
CREATE TABLE deck_config (id integer primary key, name text collate unicase, config blob);
CREATE TABLE notetypes (id integer primary key, name text collate unicase, mtime_secs integer default 1,
  config blob);
CREATE TABLE fields (ntid integer, ord integer, name text collate unicase, config blob,
  primary key (ntid, ord)) without rowid;
CREATE TABLE templates (ntid integer, ord integer, name text collate unicase, config blob,
  primary key (ntid, ord)) without rowid;
CREATE TABLE decks (id integer primary key, name text collate unicase, kind blob);
CREATE UNIQUE INDEX idx_decks_name ON decks (name);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_revlog_cid ON revlog (cid);
"""


def encode(*fields: tuple[int, int | float | bytes]) -> bytes:
    """Return a message of Protocol Buffers."""
    data = b""
    for number, value in fields:
        if isinstance(value, int):
            data += _encode_int(number << 3) + _encode_int(value)
        elif isinstance(value, float):
            data += _encode_int(number << 3 | 5) + struct.pack("<f", value)
        else:
            data += _encode_int(number << 3 | 2) + _encode_int(len(value)) + value
    return data


def _encode_int(value: int) -> bytes:
    value %= 2**64
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])


def make_newest_database(
    folder: Path,
    *,
    preset: bytes = encode((37, 0.85), (16, 900)),
    deck: bytes = encode((1, encode((1, 1)))),
    note_type: bytes = encode((3, b".card {}")),
    field: bytes = encode((3, b"Arial"), (4, 20)),
    template: bytes = encode((1, b"{{Front}}"), (2, b"{{Back}}")),
    act: Act | None = None,
) -> bytes:
    """Return a collection of the newest schema, whose definitions may be any bytes."""
    path = folder / "newest.anki2"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.create_collation("unicase", lambda one, other: (one > other) - (one < other))
    database.executescript(NEWEST_SCHEMA)
    database.executemany("INSERT INTO notes (id, guid, mid, flds, tags) VALUES (?,?,?,?,?)", NOTES)
    for number, name in enumerate(("Front", "Back")):
        database.execute("INSERT INTO fields VALUES (7, ?, ?, ?)", (number, name, field))
    database.execute("INSERT INTO notetypes VALUES (7, 'Basic', 5, ?)", (note_type,))
    database.execute("INSERT INTO templates VALUES (7, 0, 'Card 1', ?)", (template,))
    database.execute("INSERT INTO decks VALUES (1, ?, ?)", ("A\x1fB", deck))
    database.execute("INSERT INTO deck_config VALUES (1, 'Default', ?)", (preset,))
    database.executemany(
        "INSERT INTO config VALUES (?, ?)", [("fsrs", b"true"), ("schedVer", b"2")]
    )
    for id in (1, 2):
        database.execute(
            f"INSERT INTO cards VALUES ({id}, {id}, 1, 0, 1, 2, 2, 9, 5, 0, 1, 0, 0, 0, 0, 0, '{{}}')"
        )
        database.execute(f"INSERT INTO revlog VALUES (155468260000{id}, {id}, 3, 5, 1, 500, 9, 1)")
    if act is not None:
        act(database)
    database.commit()
    database.close()
    return path.read_bytes()


def compress(data: bytes) -> bytes:
    """Compress as Anki compresses the members of its newest packages."""
    return zstd.compress(data)


def make_frame(size: int, *, window_log: int = 0) -> bytes:
    """Return a frame that begins like a database, and holds zeros; its window may be of any size."""
    options = {int(zstd.CompressionParameter.window_log): window_log} if window_log else {}
    compressor = zstd.ZstdCompressor(options=options)
    parts = [compressor.compress(b"SQLite format 3\0")]
    parts.extend(compressor.compress(bytes(2**20)) for _ in range(size // 2**20))
    return b"".join([*parts, compressor.flush()])


def pack_newest(
    data: bytes, *, media: bytes = b"", meta: bytes = META, packed: bytes | None = None
) -> bytes:
    """Return a package in the newest format; `packed` stands in for the compressed database."""
    stub = b"an older Anki sees this"
    return pack(
        stub,
        others={
            "meta": meta,
            "collection.anki21b": compress(data) if packed is None else packed,
        },
        media=compress(media),
    )


def unpack_newest(path: Path) -> bytes:
    """Return the database of a package in the newest format."""
    with zipfile.ZipFile(path) as archive:
        return zstd.decompress(archive.read("collection.anki21b"))
