"""A project's folder → Collection and Diagnostics, reading only files that the cache does not know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from cardwright.blueprint import Blueprint
from cardwright.diagnostic import Allowance, Diagnostic
from cardwright.frozen import frozen
from cardwright.model import Collection, Deck, Kind
from cardwright.progress import track
from cardwright.project.cache import Cache, make_key
from cardwright.project.card_file import CardFile, FileCards, KeptCards, keep_cards, make_heads
from cardwright.project.sources import find_namespace
from cardwright.project.walk import (
    NOTHING_UNSAVED,
    Read,
    SourceFile,
    SourceFiles,
    Unsaved,
    add_unsaved,
    diagnose_unreadable,
    digest_content,
    read_source,
    walk_sources,
)


class _Kinds(msgspec.Struct, frozen=True):
    """What the files of kinds hold."""

    kinds: dict[str, Kind]
    faulty: frozenset[str]
    problems: tuple[Diagnostic, ...]


class _Decks(msgspec.Struct, frozen=True):
    """What the manifests and blueprints hold."""

    decks: dict[str, Deck]
    blueprints: dict[str, Blueprint]
    problems: tuple[Diagnostic, ...]


@frozen
class Loaded:
    """The sources of a project."""

    collection: Collection
    files: Sequence[CardFile]
    """The files of cards that can be read."""
    problems: list[Diagnostic]
    kinds_key: bytes | None
    """A digest of the files of kinds; None if one cannot be read."""
    decks_key: bytes | None
    """As for the kinds, of manifests and blueprints."""
    digests: Mapping[str, bytes]
    """Of the content of each file of these, by name."""


def load(root: Path) -> tuple[Collection, list[Diagnostic]]:
    """Read the kinds, decks, blueprints and cards below `root`, and return all problems together."""
    loaded = load_sources(root, Cache())
    return loaded.collection, loaded.problems


def load_sources(
    root: Path,
    cache: Cache,
    unsaved: Unsaved = NOTHING_UNSAVED,
    earlier: Iterable[CardFile] = (),
) -> Loaded:
    """Read the kinds, decks, blueprints and cards below `root`; parse those that a cache does not know.

    Of files that were loaded earlier, those that are as they were need not even be decoded.
    """
    sources = walk_sources(root)
    add_unsaved(root, sources, unsaved)
    digests: dict[str, bytes] = {}

    def read_file(file: SourceFile) -> bytes | None:
        return unsaved[file.name] if file.name in unsaved else read_source(file)

    kinds_key, read = _read_all("kinds", sources.kinds, read_file, digests)
    kinds = cache.ask(kinds_key, _Kinds, partial(_parse_kinds, sources.kinds, read))
    decks_key, read = _read_all("decks", sources.decks, read_file, digests)
    decks = cache.ask(decks_key, _Decks, partial(_parse_decks, sources.decks, read))
    problems = [*sources.problems, *kinds.problems, *decks.problems]
    files: list[CardFile] = []
    allowances: list[Allowance] = []
    incomplete = set(_list_unread_packs(sources, decks.decks))
    known: dict[Any, Any] = {}
    loaded_before = {file.key: file for file in earlier}
    for source in track(sources.cards, "Reading files"):
        namespace = find_namespace(decks.decks, source.pack)
        try:
            raw = read_file(source)
        except OSError as error:
            problems.append(diagnose_unreadable(source.name, error))
            raw = None
        if raw is None:
            incomplete.add(source.pack)
            continue
        file = _load_file(source, raw, namespace, kinds_key, kinds, cache, known, loaded_before)
        files.append(file)
        problems += file.kept.problems
        allowances += file.kept.allowances
        if not file.kept.is_whole:
            incomplete.add(source.pack)
    collection = Collection(
        kinds=kinds.kinds,
        cards=FileCards(files),
        decks=decks.decks,
        blueprints=decks.blueprints,
        allowances=tuple(allowances),
        incomplete=frozenset(incomplete),
    )
    return Loaded(
        collection=collection,
        files=files,
        problems=problems,
        kinds_key=kinds_key,
        decks_key=decks_key,
        digests=digests,
    )


def _parse_kinds(files: Iterable[SourceFile], read: Read) -> _Kinds:
    from cardwright.project.read import read_kinds  # noqa: PLC0415  (seldom needed)

    problems: list[Diagnostic] = []
    kinds, faulty = read_kinds(files, read, problems)
    return _Kinds(kinds, frozenset(faulty), tuple(problems))


def _parse_decks(files: Iterable[SourceFile], read: Read) -> _Decks:
    from cardwright.project.read import read_decks  # noqa: PLC0415  (seldom needed)

    problems: list[Diagnostic] = []
    decks, blueprints = read_decks(files, read, problems)
    return _Decks(decks, blueprints, tuple(problems))


def _read_all(
    what: str, files: Iterable[SourceFile], read_file: Read, digests: dict[str, bytes]
) -> tuple[bytes | None, Read]:
    """Read files; return a key of their contents, and what gives the content of each; add to `digests`.

    The key is None if a file cannot be read, which may have changed next time.
    """
    contents: dict[str, bytes | None] = {}
    errors: dict[str, OSError] = {}
    for file in files:
        try:
            raw = contents[file.name] = read_file(file)
        except OSError as error:
            errors[file.name] = error
        else:
            digests[file.name] = digest_content(raw or b"")

    def read(file: SourceFile) -> bytes | None:
        if file.name in errors:
            raise errors[file.name]
        return contents[file.name]

    if errors:
        return None, read
    parts = ((name, "-" if raw is None else "+", raw or b"") for name, raw in contents.items())
    return make_key(what, *(part for one in parts for part in one)), read


def _load_file(
    source: SourceFile,
    raw: bytes,
    namespace: str,
    kinds_key: bytes | None,
    kinds: _Kinds,
    cache: Cache,
    known: dict[Any, Any],
    loaded_before: Mapping[bytes | None, CardFile],
) -> CardFile:
    digest = digest_content(raw)

    def make() -> KeptCards:
        from cardwright.project.read_cards import read_cards  # noqa: PLC0415  (seldom needed)

        problems: list[Diagnostic] = []
        cards, is_whole, allowances = read_cards(
            source, lambda _: raw, namespace, kinds.kinds, kinds.faulty, problems
        )
        return keep_cards(cards, problems, allowances, is_whole=is_whole)

    key = kinds_key and make_key("cards", kinds_key, source.name, source.pack, namespace, digest)
    if key and key in loaded_before:
        return loaded_before[key]
    kept = cache.ask(key, KeptCards, make)
    heads = make_heads(kept, source.name, source.pack, namespace, known)
    return CardFile(
        name=source.name, pack=source.pack, digest=digest, key=key, heads=heads, kept=kept
    )


def _list_unread_packs(sources: SourceFiles, decks: Mapping[str, Deck]) -> Iterator[str]:
    """Yield the packs that may have cards in files or folders that must not be read."""
    for problem in sources.problems:
        folder, *rest = problem.span.path.split("/")
        if folder == "cards" and problem.is_error:
            yield from rest[:1] or decks
