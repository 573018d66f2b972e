"""What a project asks, kept between starts: only files that changed are read again.

The index is one file in the user's data folder. It may be deleted at any time; one that is
damaged, or that another version of the program wrote, is as good as none.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property
from hashlib import blake2b
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

import cardwright
from cardwright.blueprint import Blueprint
from cardwright.diagnostic import Diagnostic
from cardwright.item import Item
from cardwright.kinds import list_items
from cardwright.model import Card, Collection, Deck, Kind
from cardwright.project.walk import SourceFile, SourceFiles, read_source, walk_sources

_RACY_NS: Final = 2_000_000_000
"""Clocks of file systems tick as slowly as every 2 s (FAT): a second change within a tick is not
seen."""
_MAX_BYTES: Final = 500_000_000
"""Of an index that is read: 10,000 cards take 8 MB."""
_CODE: Final = (".py", ".yaml", ".so", ".pyd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a project asks: every prompt in brief, and each card when it is wanted.

    It stays as it was made, whatever happens to the files.
    """

    items: Sequence[Item]
    """Every prompt that is still asked, by position."""
    kinds: Mapping[str, Kind]
    """By name, the built-in ones among them."""
    decks: Mapping[str, Deck]
    """Top decks by pack."""
    blueprints: Mapping[str, Blueprint]
    """Exams by pack."""
    problem_count: int
    """Problems met in reading, as many as `load` returns."""
    load_card: Callable[[str], Card | None]
    """Return the first card with this ref, `pack:id`; from the index, it knows no place but its
    own."""

    def find_kind(self, name: str) -> Kind:
        """Return the kind with this name; KeyError when there is none."""
        return self.kinds[name]


def make_sources(collection: Collection, problem_count: int = 0) -> Sources:
    """Return what a collection asks that was loaded with so many problems."""
    return Sources(
        items=list_items(collection),
        kinds=collection.kinds,
        decks=collection.decks,
        blueprints=collection.blueprints,
        problem_count=problem_count,
        load_card={card.ref: card for card in reversed(collection.cards)}.get,
    )


class FileState(NamedTuple):
    """What is known of a source file."""

    stamp: str
    """As of when it was read; empty when it may have changed unseen since."""
    digest: str
    """Of its content; empty when it is not to be read."""


class CardFile(NamedTuple):
    """What a file of cards holds."""

    refs: tuple[str, ...]
    """Of its cards, as written."""
    cards: msgspec.Raw
    problem_count: int

    def decode(self) -> tuple[Card, ...]:
        """Return its cards, without the places of their values."""
        return msgspec.msgpack.decode(self.cards, type=tuple[Card, ...])


class Index(msgspec.Struct):
    """What the index file holds."""

    files: dict[str, FileState]
    """Of kinds, decks and cards, by name."""
    kinds: dict[str, Kind]
    decks: dict[str, Deck]
    blueprints: dict[str, Blueprint]
    cards: dict[str, CardFile]
    """By name of file, in their order."""
    items: list[Item]
    problem_count: int
    """Of the files; what is wrong with the folders is looked for at each start."""


def open_index(root: Path, path: Path, now_ns: int) -> Sources:
    """Read what changed below `root` since the index at `path` was written, and update the index.

    `now_ns` is Unix time. Where the index cannot be kept, every file is read each time.

    Raises:
        ProjectError: a file or folder of the project cannot be read.

    """
    sources = walk_sources(root)
    kept = read_index(path)
    known = kept.files if kept else {}
    contents: dict[str, bytes] = {}
    files = {
        file.name: look_at(file, known.get(file.name), now_ns, contents)
        for file in (*sources.kinds, *sources.decks, *sources.cards)
    }
    if kept and _list_digests(files) == _list_digests(known):
        index = msgspec.structs.replace(kept, files=files)
    else:
        index = _refresh(sources, files, contents, kept)
    if files != known:
        write_index(path, index)
    return Sources(
        items=index.items,
        kinds=index.kinds,
        decks=index.decks,
        blueprints=index.blueprints,
        problem_count=len(sources.problems) + index.problem_count,
        load_card=_CardLoader(index.cards).load,
    )


class _CardLoader:
    """Decodes a file of cards when one of them is wanted: to decode all takes long."""

    def __init__(self, files: Mapping[str, CardFile]) -> None:
        self._files = files
        self._decoded: dict[str, tuple[Card, ...]] = {}

    def load(self, ref: str) -> Card | None:
        if ref not in self._places:
            return None
        name, number = self._places[ref]
        if name not in self._decoded:
            self._decoded[name] = self._files[name].decode()
        return self._decoded[name][number]

    @cached_property
    def _places(self) -> dict[str, tuple[str, int]]:
        """Of each card its file, and its number there."""
        places: dict[str, tuple[str, int]] = {}
        for name, file in self._files.items():
            for number, ref in enumerate(file.refs):
                places.setdefault(ref, (name, number))
        return places


def look_at(
    file: SourceFile, known: FileState | None, now_ns: int, contents: dict[str, bytes]
) -> FileState:
    """Return the state of a file; unless it is surely as `known`, it is read into `contents`.

    `now_ns` is Unix time, from before the file was found.
    """
    if known and file.stamp and file.stamp == known.stamp:
        return known
    raw = read_source(file)
    if raw is None:
        return FileState("", "")
    contents[file.name] = raw
    is_settled = file.changed_at_ns < now_ns - _RACY_NS
    digest = blake2b(raw, digest_size=16).hexdigest()
    return FileState(file.stamp if is_settled else "", digest)


def _list_digests(files: Mapping[str, FileState], folder: str = "") -> dict[str, str]:
    return {name: state.digest for name, state in files.items() if name.startswith(folder)}


def _refresh(
    sources: SourceFiles,
    files: Mapping[str, FileState],
    contents: Mapping[str, bytes],
    kept: Index | None,
) -> Index:
    """Return an index of the sources; the cards of files whose content is the same are kept."""
    # Mostly nothing changed, and then YAML need not be loaded.
    from cardwright.project.load import (  # noqa: PLC0415  (start-up of `cards review`)
        read_cards,
        read_decks,
        read_kinds,
    )

    def read(file: SourceFile) -> bytes | None:
        # What is parsed is what was hashed.
        return contents[file.name] if file.name in contents else read_source(file)

    known = kept.files if kept else {}
    problems: list[Diagnostic] = []
    kinds, faulty = read_kinds(sources.kinds, read, problems)
    decks, blueprints = read_decks(sources.decks, read, problems)
    is_kept = kept and _list_digests(files, "kinds/") == _list_digests(known, "kinds/")
    card_files: dict[str, CardFile] = {}
    cards: list[Card] = []
    for file in sources.cards:
        name = file.name
        if kept and is_kept and name in known and known[name].digest == files[name].digest:
            card_files[name] = kept.cards[name]
            cards += kept.cards[name].decode()
        else:
            found: list[Diagnostic] = []
            read_now, _ = read_cards(file, read, kinds, faulty, found)
            card_files[name] = encode_cards(read_now, len(found))
            cards += read_now
    collection = Collection(kinds=kinds, cards=tuple(cards), decks=decks, blueprints=blueprints)
    return Index(
        files=dict(files),
        kinds=kinds,
        decks=decks,
        blueprints=blueprints,
        cards=card_files,
        items=list_items(collection),
        problem_count=len(problems) + sum(file.problem_count for file in card_files.values()),
    )


def encode_cards(cards: Iterable[Card], problem_count: int) -> CardFile:
    """Return what is kept of a file of cards: all but the places of their values."""
    bare = [replace(card, spans={}) for card in cards]
    raw = msgspec.Raw(msgspec.msgpack.encode(bare))
    return CardFile(tuple(card.ref for card in bare), raw, problem_count)


def read_index(path: Path) -> Index | None:
    """Return the index, if there is one that this very program wrote and that is whole."""
    with suppress(OSError, ValueError, RecursionError, msgspec.MsgspecError):
        if path.is_file() and path.stat().st_size <= _MAX_BYTES:
            raw = memoryview(path.read_bytes())
            start = len(make_seal(b""))
            if raw[:start] == make_seal(raw[start:]):
                return msgspec.msgpack.decode(raw[start:], type=Index)
    return None


def write_index(path: Path, index: Index) -> None:
    """Write the index; where that is impossible, it stays as it was."""
    # Names of files that are no Unicode cannot be kept.
    with suppress(OSError, UnicodeEncodeError):
        from cardwright.files import write_file  # noqa: PLC0415  (start-up of `cards review`)

        raw = msgspec.msgpack.encode(index)
        write_file(path, make_seal(raw) + raw)


def make_seal(raw: bytes | memoryview) -> bytes:
    """Return what stands before the content: a digest of the program, and a checksum."""
    return f"cardwright {describe_program()} {zlib.crc32(raw):08x}\n".encode()


@cache
def describe_program() -> str:
    """Return what changes with the code that reads sources: ours, PyYAML's and Python's.

    Once in a process: code that is edited later is not what runs.
    """
    yaml = PathFinder.find_spec("yaml")
    folders = [Path(cardwright.__file__).parent]
    if yaml and yaml.origin:
        folders.append(Path(yaml.origin).parent)
    words = [sys.version, cardwright.__version__]
    words += sorted(line for folder in folders for line in describe_folder(folder))
    return blake2b("\n".join(words).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def describe_folder(folder: Path) -> Iterator[str]:
    """Yield what changes with the code in a folder."""
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(_CODE):
                path = os.path.join(parent, name)  # noqa: PTH118  (at every start)
                info = os.stat(path)  # noqa: PTH116
                yield f"{path} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"
