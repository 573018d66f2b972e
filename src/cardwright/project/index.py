"""The index: a cache of a project's prompts between starts, so that only changed files are read.

It is one file in the user's data folder and may be deleted at any time. An index that is damaged or
was written by another version of the program is ignored.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from cardwright.blueprint import Blueprint
from cardwright.diagnostic import Diagnostic
from cardwright.item import Item
from cardwright.kinds import list_items
from cardwright.model import Card, Collection, Deck, Kind
from cardwright.project.program import describe_program
from cardwright.project.sources import Sources, count_errors, find_namespace, make_sources
from cardwright.project.walk import SourceFile, SourceFiles, read_source, walk_sources

_RACY_NS: Final = 2_000_000_000
"""File timestamps may have a resolution of only 2 s (FAT), which hides a second change in that time."""
_MAX_BYTES: Final = 500_000_000
"""The largest index that is read; 10,000 cards need 8 MB."""


class FileState(NamedTuple):
    """The state of a source file when it was last read."""

    stamp: str
    """The file's stamp; empty if the file may have changed since without a new stamp."""
    digest: str
    """The digest of the content; empty for a file that must not be read."""


class CardFile(NamedTuple):
    """The contents of a file of cards."""

    refs: tuple[str, ...]
    """The refs of its cards, in the author's order."""
    cards: msgspec.Raw
    error_count: int

    def decode(self) -> tuple[Card, ...]:
        """Decode the cards, without the places of their values."""
        return msgspec.msgpack.decode(self.cards, type=tuple[Card, ...])


class Index(msgspec.Struct):
    """The contents of the index file."""

    files: dict[str, FileState]
    """Files of kinds, decks and cards, by name."""
    kinds: dict[str, Kind]
    decks: dict[str, Deck]
    blueprints: dict[str, Blueprint]
    cards: dict[str, CardFile]
    """Files of cards by name, in order."""
    items: list[Item]
    error_count: int
    """Errors in files; those of folders are found again at each start."""


def open_index(root: Path, path: Path, now_ns: int, *, is_updated: bool = True) -> Sources:
    """Read the files below `root` that changed since the index at `path` was written; update it.

    `now_ns` is Unix time. If the index cannot be written, every file is read each time.
    """
    sources = walk_sources(root)
    if not _has_plain_names(sources):
        from cardwright.project.load import load  # noqa: PLC0415  (start-up of `cards review`)

        return make_sources(*load(root))
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
    if is_updated and files != known:
        write_index(path, index)
    loader = _CardLoader(index.cards)
    return Sources(
        items=index.items,
        kinds=index.kinds,
        decks=index.decks,
        blueprints=index.blueprints,
        error_count=count_errors(sources.problems) + index.error_count,
        load_card=loader.load,
        list_cards=loader.list_all,
    )


class _CardLoader:
    """Decodes files of cards on demand, since decoding all of them is slow."""

    def __init__(self, files: Mapping[str, CardFile]) -> None:
        self._files = files
        self._decoded: dict[str, tuple[Card, ...]] = {}

    def load(self, ref: str) -> Card | None:
        if ref not in self._places:
            return None
        name, number = self._places[ref]
        return self._decode(name)[number]

    def list_all(self) -> Iterator[Card]:
        for name in self._files:
            yield from self._decode(name)

    def _decode(self, name: str) -> tuple[Card, ...]:
        if name not in self._decoded:
            self._decoded[name] = self._files[name].decode()
        return self._decoded[name]

    @cached_property
    def _places(self) -> dict[str, tuple[str, int]]:
        """The file and the index within it of each card, by ref."""
        places: dict[str, tuple[str, int]] = {}
        for name, file in self._files.items():
            for number, ref in enumerate(file.refs):
                places.setdefault(ref, (name, number))
        return places


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
    kept: Index | None,
) -> Index:
    """Return an index of the sources, reusing the cards of files with unchanged content."""
    # Usually nothing has changed, and YAML need not be imported.
    from cardwright.project.read import (  # noqa: PLC0415  (start-up of `cards review`)
        read_cards,
        read_decks,
        read_kinds,
    )

    def read(file: SourceFile) -> bytes | None:
        # Parse the bytes that were hashed, not the file again.
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
        namespace = find_namespace(decks, file.pack)
        if (
            kept
            and is_kept
            and name in known
            and known[name].digest == files[name].digest
            and namespace == find_namespace(kept.decks, file.pack)
        ):
            card_files[name] = kept.cards[name]
            cards += kept.cards[name].decode()
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


def encode_cards(cards: Iterable[Card], error_count: int) -> CardFile:
    """Encode a file's cards without the places of their values."""
    bare = [replace(card, spans={}) for card in cards]
    raw = msgspec.Raw(msgspec.msgpack.encode(bare))
    return CardFile(tuple(card.ref for card in bare), raw, error_count)


def read_index(path: Path) -> Index | None:
    """Return the index, if it is intact and was written by this version of the program."""
    with suppress(OSError, ValueError, RecursionError, msgspec.MsgspecError):
        if path.is_file() and path.stat().st_size <= _MAX_BYTES:
            raw = memoryview(path.read_bytes())
            start = len(make_seal(b""))
            if raw[:start] == make_seal(raw[start:]):
                return msgspec.msgpack.decode(raw[start:], type=Index)
    return None


def write_index(path: Path, index: Index) -> None:
    """Write the index; if that fails, leave it unchanged."""
    with suppress(OSError):
        from cardwright.files import write_file  # noqa: PLC0415  (start-up of `cards review`)

        raw = msgspec.msgpack.encode(index)
        write_file(path, make_seal(raw) + raw)


def make_seal(raw: bytes | memoryview) -> bytes:
    """Return the header: the program that wrote the index, and a checksum of the content."""
    return f"cardwright {zlib.crc32(raw):08x}\n{describe_program()}\n\n".encode(
        "utf-8", "surrogatepass"
    )
