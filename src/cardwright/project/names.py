"""The names in the index of a project, read at a press of Tab: without the rest, and never rebuilt.

An index of a slightly different project, or of another version of the program, still has names that are
good enough to be suggested; whatever cannot be read has none.
"""

from __future__ import annotations

import os
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import msgspec

from cardwright.foreign.plain_file import open_plain_file

_TITLE: Final = b"cardwright "
_SEAL_END: Final = b"\n\n"
_MAX_SEAL_BYTES: Final = 1_000_000
_MAX_BYTES: Final = 100_000_000
_T = TypeVar("_T")


class _Part(msgspec.Struct, array_like=True):
    start: int
    size: int
    checksum: int


class _Deck(msgspec.Struct):
    name: str
    decks: tuple[_Deck, ...]


class _Head(msgspec.Struct):
    kinds: dict[str, msgspec.Raw]
    decks: dict[str, _Deck]
    refs: _Part
    columns: _Part


class _Group(msgspec.Struct, array_like=True):
    """The start of `columns.Group`."""

    pack: str
    deck: str
    kind: str
    lesson: str | None
    tags: tuple[str, ...]
    objectives: tuple[str, ...]


class _Columns(msgspec.Struct, array_like=True):
    """The start of `columns.Columns`."""

    keys: list[str]
    card_refs: msgspec.Raw
    groups: list[_Group]
    group_numbers: bytes
    cards: bytes


def find_index(store_path: Path, root: Path) -> Path:
    """Return the path of the index of a project's sources: beside the store, safe to delete."""
    return store_path.parent / "index" / f"{root.name}-{zlib.crc32(os.fsencode(root)):08x}.index"


def list_indexed(path: Path, what: str) -> list[str]:
    """Return the names of a sort in an index, such as `cards` or `tags`; none without an index."""
    try:
        with open_plain_file(path, follow_link=True) as file:
            return list(dict.fromkeys(_list_names(file, what)))
    except (OSError, ValueError, LookupError, RecursionError):
        return []


def _list_names(file: BinaryIO, what: str) -> Iterable[str]:
    seal, end, _ = file.read(_MAX_SEAL_BYTES).partition(_SEAL_END)
    size = int(seal.removeprefix(_TITLE).partition(b" ")[0])
    start = len(seal) + len(end)
    head: _Head = _decode(_read(file, start, size), _Head)

    def read(part: _Part, type: type[_T]) -> _T:
        raw = _read(file, start + size + part.start, part.size)
        if zlib.crc32(raw) != part.checksum:
            raise ValueError("a damaged part")
        found: _T = _decode(raw, type)
        return found

    if what == "packs":
        return head.decks
    if what == "decks":
        return (*head.decks, *(name for deck in head.decks.values() for name in _walk(deck)))
    if what == "kinds":
        return head.kinds
    if what == "cards":
        return read(head.refs, list[str])
    columns: _Columns = read(head.columns, _Columns)
    if what == "prompts":
        refs: list[str] = read(head.refs, list[str])
        sides = (key.rpartition("/")[2] for key in columns.keys)
        return [
            f"{refs[card]}/{side}"
            for card, side in zip(array("I", columns.cards), sides, strict=True)
        ]
    groups = columns.groups
    is_lesson = what == "lessons"
    named = ((group.lesson,) if is_lesson else getattr(group, what) for group in groups)
    return sorted({name for names in named for name in names if name is not None})


def _walk(deck: _Deck, above: str = "") -> Iterator[str]:
    name = f"{above}{deck.name}"
    yield name
    for below in deck.decks:
        yield from _walk(below, f"{name}::")


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    if not 0 <= size <= _MAX_BYTES:
        raise ValueError("too large")
    file.seek(start)
    return file.read(size)


def _decode(raw: bytes, type: type[_T]) -> Any:
    try:
        return msgspec.msgpack.decode(raw, type=type)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
