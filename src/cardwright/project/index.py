"""The index: a cache of a project's prompts between starts, so that only changed files are read.

It is one file in the user's data folder and may be deleted at any time. An index that is damaged or
was written by another version of the program is ignored. Of a large one, only what is needed is
read: its head, the columns of all prompts, and the cards of the files that are asked for.
"""

from __future__ import annotations

import os
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from io import BytesIO
from itertools import accumulate, chain
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TypeVar
from weakref import finalize

import msgspec

from cardwright.blueprint import Blueprint
from cardwright.diagnostic import Diagnostic
from cardwright.item import Item
from cardwright.kinds import list_items
from cardwright.model import Card, Collection, Deck, Kind
from cardwright.progress import track
from cardwright.project.columns import Columns, PackedItems, pack_items
from cardwright.project.program import describe_program
from cardwright.project.sources import Sources, count_errors, find_namespace, make_sources
from cardwright.project.walk import SourceFile, SourceFiles, read_source, walk_sources

_RACY_NS: Final = 2_000_000_000
"""File timestamps may have a resolution of only 2 s (FAT), which hides a second change in that time."""
_MAX_BYTES: Final = 2_000_000_000
"""The largest index that is read; 10,000 cards need 8 MB."""
_MAX_HEAD_BYTES: Final = 100_000_000
_MAX_SEAL_BYTES: Final = 1_000_000
_SEAL_END: Final = b"\n\n"
_READING: Final = ("foreign", "kinds", "markdown", "project")
"""The folders of the program in which anything can change what is read of sources."""
_T = TypeVar("_T")


class FileState(NamedTuple):
    """The state of a source file when it was last read."""

    stamp: str
    """The file's stamp; empty if the file may have changed since without a new stamp."""
    digest: str
    """The digest of the content; empty for a file that must not be read."""


class IndexedCards(NamedTuple):
    """The contents of a file of cards."""

    refs: tuple[str, ...]
    """The refs of its cards, in the author's order."""
    cards: msgspec.Raw
    error_count: int

    def decode(self) -> tuple[Card, ...]:
        """Decode the cards, without the places of their values."""
        return msgspec.msgpack.decode(self.cards, type=tuple[Card, ...])


class Index(msgspec.Struct):
    """All contents of an index."""

    files: dict[str, FileState]
    """Files of kinds, decks and cards, by name."""
    kinds: dict[str, Kind]
    decks: dict[str, Deck]
    blueprints: dict[str, Blueprint]
    cards: dict[str, IndexedCards]
    """Files of cards by name, in order."""
    items: list[Item]
    error_count: int
    """Errors in files; those of folders are found again at each start."""


class Part(NamedTuple):
    """Where a part of the index file is, from the end of its head on."""

    start: int
    size: int
    checksum: int


class StoredCards(NamedTuple):
    """A file of cards in the index file."""

    card_count: int
    cards: Part
    error_count: int


class Head(msgspec.Struct):
    """The start of an index file."""

    files: dict[str, FileState]
    kinds: dict[str, Kind]
    decks: dict[str, Deck]
    blueprints: dict[str, msgspec.Raw]
    cards: dict[str, StoredCards]
    refs: Part
    """The refs of all cards, in the order of their files."""
    columns: Part
    body_size: int
    """Of everything after the head."""
    error_count: int


class IndexFile:
    """An intact head, and the other parts on request.

    A part that is damaged raises a ValueError.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Read the head.

        Raises:
            ValueError, OSError: it is damaged, or was written by another version of the program.

        """
        start = file.read(_MAX_SEAL_BYTES)
        seal, end, _ = start.partition(_SEAL_END)
        size = int(seal[len(_TITLE) :].partition(b" ")[0])
        if not end or size > _MAX_HEAD_BYTES:
            raise ValueError("no head")
        at = len(seal) + len(end)
        file.seek(at)
        raw = file.read(size)
        if seal + end != make_seal(raw):
            raise ValueError("of another version")
        self.head = _decode(raw, Head)
        self._file = file
        self._start = at + size
        if file.seek(0, os.SEEK_END) != self._start + self.head.body_size:
            raise ValueError("cut off")

    def read(self, part: Part) -> bytes:
        """Return a part."""
        if not (part.start >= 0 <= part.size <= _MAX_BYTES):
            raise ValueError("no such part")
        try:
            self._file.seek(self._start + part.start)
            raw = self._file.read(part.size)
        except OSError as error:
            raise ValueError(str(error)) from error
        if len(raw) != part.size or zlib.crc32(raw) != part.checksum:
            raise ValueError("a damaged part")
        return raw

    def read_blueprints(self) -> dict[str, Blueprint]:
        """Return the exams by pack."""
        return {pack: _decode(raw, Blueprint) for pack, raw in self.head.blueprints.items()}

    def read_items(self) -> PackedItems:
        """Return all prompts in brief."""
        return PackedItems(_decode(self.read(self.head.columns), Columns))

    def read_refs(self) -> list[str]:
        """Return the refs of all cards, in the order of their files."""
        return _decode(self.read(self.head.refs), list[str])

    def read_cards(self, name: str) -> tuple[Card, ...]:
        """Return the cards of a file, without the places of their values."""
        return _decode(self.read(self.head.cards[name].cards), tuple[Card, ...])

    def read_body(self) -> bytes:
        """Return everything after the head."""
        self._file.seek(self._start)
        return self._file.read(_MAX_BYTES)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _decode(raw: bytes | msgspec.Raw, type: type[_T]) -> _T:
    try:
        return msgspec.msgpack.decode(raw, type=type)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error


def open_index(root: Path, path: Path, now_ns: int, *, is_updated: bool = True) -> Sources:
    """Read the files below `root` that changed since the index at `path` was written; update it.

    `now_ns` is Unix time. If the index cannot be written, every file is read each time.
    """
    sources = walk_sources(root)
    if not _has_plain_names(sources):
        from cardwright.project.load import load  # noqa: PLC0415  (start-up of `cards review`)

        return make_sources(*load(root))
    kept = open_file(path)
    known = kept.head.files if kept else {}
    contents: dict[str, bytes] = {}
    files = {
        file.name: look_at(file, known.get(file.name), now_ns, contents)
        for file in (*sources.kinds, *sources.decks, *sources.cards)
    }
    if kept and _list_digests(files) == _list_digests(known):
        with suppress(ValueError):
            found = _make_sources(root, path, kept, sources)
            if is_updated and files != known:
                head = msgspec.structs.replace(kept.head, files=files)
                _write(path, head, kept.read_body())
            return found
    try:
        index = _refresh(sources, files, contents, kept)
    except ValueError:
        index = _refresh(sources, files, contents, None)
    if kept:
        kept.close()
    raw = write_index(path, index) if is_updated else _seal(*_pack(index))
    return _make_sources(root, path, IndexFile(BytesIO(raw)), sources)


def _make_sources(root: Path, path: Path, kept: IndexFile, sources: SourceFiles) -> Sources:
    items = kept.read_items()
    loader = _CardLoader(root, path, kept, items)
    return Sources(
        items=items,
        kinds=kept.head.kinds,
        decks=kept.head.decks,
        blueprints=kept.read_blueprints(),
        error_count=count_errors(sources.problems) + kept.head.error_count,
        load_card=loader.load,
        list_cards=loader.list_all,
    )


class _CardLoader:
    """Decodes files of cards on demand, since decoding all of them is slow."""

    def __init__(self, root: Path, path: Path, kept: IndexFile, items: PackedItems) -> None:
        self._root, self._path, self._kept, self._items = root, path, kept, items
        self._names = list(kept.head.cards)
        self._ends = list(accumulate(file.card_count for file in kept.head.cards.values()))
        self._decoded: dict[str, tuple[Card, ...]] = {}

    def load(self, ref: str) -> Card | None:
        try:
            place = self._items.find_card(ref)
            if place is None:
                place = self._places.get(ref)
            if place is None:
                return None
            number = bisect_right(self._ends, place)
            cards = self._decode(self._names[number])
            return cards[place - self._ends[number]]
        except (ValueError, IndexError):
            return self._fresh.load_card(ref)

    def list_all(self) -> Iterator[Card]:
        try:
            every = [self._decode(name) for name in self._names]
        except ValueError:
            return iter(self._fresh.list_cards())
        return chain.from_iterable(every)

    def _decode(self, name: str) -> tuple[Card, ...]:
        if name not in self._decoded:
            self._decoded[name] = self._kept.read_cards(name)
        return self._decoded[name]

    @cached_property
    def _places(self) -> dict[str, int]:
        """The first number of each card, by ref."""
        refs = self._kept.read_refs()
        return {ref: number for number, ref in reversed(list(enumerate(refs)))}

    @cached_property
    def _fresh(self) -> Sources:
        """The sources as they are now, as a part of the index is damaged."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            from cardwright.project.load import load  # noqa: PLC0415  (start-up of `cards review`)

            return make_sources(*load(self._root))
        # Without knowing the time, no file's stamp is trusted.
        return open_index(self._root, self._path, 0)


def look_at(
    file: SourceFile, known: FileState | None, now_ns: int, contents: dict[str, bytes]
) -> FileState:
    """Return the state of a file, reading it into `contents` unless it is certain to be as `known`.

    `now_ns` is a Unix time from before the file was listed.
    """
    if known and file.stamp and file.stamp == known.stamp:
        return known
    try:
        raw = read_source(file)
    except OSError:
        # Reading it again will report it.
        raw = None
    if raw is None:
        return FileState("", "")
    from hashlib import blake2b  # noqa: PLC0415  (OpenSSL loads slowly, and studying does without)

    contents[file.name] = raw
    is_settled = file.changed_at_ns < now_ns - _RACY_NS
    digest = blake2b(raw, digest_size=16).hexdigest()
    return FileState(file.stamp if is_settled else "", digest)


def _has_plain_names(sources: SourceFiles) -> bool:
    """Tell whether all file names are valid Unicode: an index cannot hold others."""
    try:
        for files in (sources.kinds, sources.decks, sources.cards):
            "".join(file.name for file in files).encode()
    except UnicodeEncodeError:
        return False
    return True


def _list_digests(files: Mapping[str, FileState], folder: str = "") -> dict[str, str]:
    return {name: state.digest for name, state in files.items() if name.startswith(folder)}


def _refresh(
    sources: SourceFiles,
    files: Mapping[str, FileState],
    contents: Mapping[str, bytes],
    kept: IndexFile | None,
) -> Index:
    """Return an index of the sources, reusing the cards of files with unchanged content."""
    # Usually nothing has changed, and YAML need not be imported.
    from cardwright.project.read import (  # noqa: PLC0415  (start-up of `cards review`)
        read_decks,
        read_kinds,
    )
    from cardwright.project.read_cards import read_cards  # noqa: PLC0415  (the same)

    def read(file: SourceFile) -> bytes | None:
        # Parse the bytes that were hashed, not the file again.
        return contents[file.name] if file.name in contents else read_source(file)

    known = kept.head.files if kept else {}
    problems: list[Diagnostic] = []
    kinds, faulty = read_kinds(sources.kinds, read, problems)
    decks, blueprints = read_decks(sources.decks, read, problems)
    is_kept = kept and _list_digests(files, "kinds/") == _list_digests(known, "kinds/")
    card_files: dict[str, IndexedCards] = {}
    cards: list[Card] = []
    for file in track(sources.cards, "Reading files"):
        name = file.name
        namespace = find_namespace(decks, file.pack)
        if (
            kept
            and is_kept
            and name in known
            and known[name].digest == files[name].digest
            and namespace == find_namespace(kept.head.decks, file.pack)
        ):
            read_before = kept.read_cards(name)
            card_files[name] = encode_cards(read_before, kept.head.cards[name].error_count)
            cards += read_before
        else:
            found: list[Diagnostic] = []
            read_now, _, _ = read_cards(file, read, namespace, kinds, faulty, found)
            card_files[name] = encode_cards(read_now, count_errors(found))
            cards += read_now
    collection = Collection(kinds=kinds, cards=tuple(cards), decks=decks, blueprints=blueprints)
    return Index(
        files=dict(files),
        kinds=kinds,
        decks=decks,
        blueprints=blueprints,
        cards=card_files,
        items=list_items(collection),
        error_count=count_errors(problems) + sum(file.error_count for file in card_files.values()),
    )


def encode_cards(cards: Iterable[Card], error_count: int) -> IndexedCards:
    """Encode a file's cards without the places of their values."""
    bare = [replace(card, spans={}) for card in cards]
    raw = msgspec.Raw(msgspec.msgpack.encode(bare))
    return IndexedCards(tuple(card.ref for card in bare), raw, error_count)


def open_file(path: Path) -> IndexFile | None:
    """Open the index, if its head is intact and was written by this version of the program."""
    with suppress(OSError, ValueError):
        if path.is_file():
            file = path.open("rb")
            try:
                kept = IndexFile(file)
            except BaseException:
                file.close()
                raise
            finalize(kept, file.close)
            return kept
    return None


def read_index(path: Path) -> Index | None:
    """Return all of the index, if it is intact and was written by this version of the program."""
    kept = open_file(path)
    if kept is None:
        return None
    with suppress(ValueError, IndexError):
        head = kept.head
        refs = kept.read_refs()
        files, start = {}, 0
        for name, stored in head.cards.items():
            cards = kept.read_cards(name)
            files[name] = encode_cards(cards, stored.error_count)
            if files[name].refs != tuple(refs[start : start + stored.card_count]):
                raise ValueError("the refs are not those of the cards")
            start += stored.card_count
        return Index(
            files=head.files,
            kinds=head.kinds,
            decks=head.decks,
            blueprints=kept.read_blueprints(),
            cards=files,
            items=list(kept.read_items()),
            error_count=head.error_count,
        )
    return None


def write_index(path: Path, index: Index) -> bytes:
    """Write the index; if that fails, leave it unchanged. Return what its file holds, or would."""
    return _write(path, *_pack(index))


def _write(path: Path, head: Head, body: bytes) -> bytes:
    raw = _seal(head, body)
    with suppress(OSError):
        from cardwright.files import write_file  # noqa: PLC0415  (start-up of `cards review`)

        write_file(path, raw)
    return raw


def _seal(head: Head, body: bytes) -> bytes:
    raw = msgspec.msgpack.encode(head)
    return b"".join((make_seal(raw), raw, body))


def _pack(index: Index) -> tuple[Head, bytes]:
    """Return the head and the other parts of an index file."""
    parts: list[bytes] = []
    size = 0

    def add(raw: bytes) -> Part:
        nonlocal size
        parts.append(raw)
        part = Part(size, len(raw), zlib.crc32(raw))
        size += len(raw)
        return part

    encode = msgspec.msgpack.encode
    refs = [ref for file in index.cards.values() for ref in file.refs]
    numbers = {ref: number for number, ref in reversed(list(enumerate(refs)))}
    head = Head(
        files=index.files,
        kinds=index.kinds,
        decks=index.decks,
        blueprints={
            pack: msgspec.Raw(encode(blueprint)) for pack, blueprint in index.blueprints.items()
        },
        columns=add(encode(pack_items(index.items, numbers))),
        refs=add(encode(refs)),
        cards={
            name: StoredCards(len(file.refs), add(bytes(file.cards)), file.error_count)
            for name, file in index.cards.items()
        },
        body_size=0,
        error_count=index.error_count,
    )
    head.body_size = size
    return head, b"".join(parts)


_TITLE: Final = b"cardwright "


def make_seal(raw: bytes) -> bytes:
    """Return the first lines: the size and checksum of the head, and the program that wrote it."""
    words = f"{len(raw)} {zlib.crc32(raw):08x}\n{describe_program(_READING)}"
    return _TITLE + words.encode("utf-8", "surrogatepass") + _SEAL_END
