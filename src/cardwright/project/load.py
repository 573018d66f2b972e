"""A project's folder → Collection and Diagnostics."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from cardwright.blueprint import Blueprint
from cardwright.diagnostic import Diagnostic, Related, Span, apply_severities, diagnose
from cardwright.model import Card, Collection, Deck, Kind
from cardwright.project.blueprint import parse_blueprint
from cardwright.project.card import parse_cards
from cardwright.project.deck import parse_deck
from cardwright.project.document import MAX_BYTES, Document
from cardwright.project.kind import parse_kind, read_built_in_kinds
from cardwright.project.walk import (
    ProjectError,
    SourceFile,
    find_project,
    read_source,
    walk_sources,
)

__all__ = ["ProjectError", "SourceTexts", "find_project", "load", "resolve_media"]

Read = Callable[[SourceFile], bytes | None]
"""Gives the content of a file; None: it is not to be read."""


def load(root: Path) -> tuple[Collection, list[Diagnostic]]:
    """Read kinds, decks, blueprints and cards below `root`; all problems are returned together.

    Raises:
        ProjectError: a file or folder cannot be read.

    """
    sources = walk_sources(root)
    problems = list(sources.problems)
    kinds, faulty = read_kinds(sources.kinds, read_source, problems)
    decks, blueprints = read_decks(sources.decks, read_source, problems)
    cards: list[Card] = []
    incomplete: set[str] = set()
    for file in sources.cards:
        found, is_whole = read_cards(file, read_source, kinds, faulty, problems)
        cards += found
        if not is_whole:
            incomplete.add(file.pack)
    collection = Collection(
        kinds=kinds,
        cards=tuple(cards),
        decks=decks,
        blueprints=blueprints,
        incomplete=frozenset(incomplete),
    )
    return collection, problems


def read_kinds(
    files: Iterable[SourceFile], read: Read, problems: list[Diagnostic]
) -> tuple[dict[str, Kind], set[str]]:
    """Return the kinds, and the names of those that cannot be used."""
    kinds = read_built_in_kinds()
    faulty: set[str] = set()
    for file in files:
        document = _open(file, read)
        if document is None:
            faulty.add(file.path.stem)
            continue
        name, kind = parse_kind(document)
        clash = kind and next(
            (k for k in kinds.values() if kind.name == k.name or kind.anki_id == k.anki_id), None
        )
        if kind and clash:
            if kind.name == clash.name:
                key, message = "kind", f"the kind `{kind.name}` already exists"
            else:
                key, message = "anki", f"the kind `{clash.name}` already has this Anki id"
            entry = document.entry()
            span = entry.span_of(key) if entry else Span(path=document.path, line=1, column=1)
            problem = diagnose("duplicate-id", message, span, help="choose another")
            document.problems.append(problem)
        elif kind:
            kinds[kind.name] = kind
        else:
            faulty.add(name)
        problems += document.problems
    return kinds, faulty - set(kinds)


def read_decks(
    files: Iterable[SourceFile], read: Read, problems: list[Diagnostic]
) -> tuple[dict[str, Deck], dict[str, Blueprint]]:
    """Return manifests and blueprints by pack; a pack's manifest comes before its blueprint."""
    decks: dict[str, Deck] = {}
    blueprints: dict[str, Blueprint] = {}
    for file in files:
        document = _open(file, read)
        if document is None:
            continue
        if file.path.stem == "deck":
            if deck := parse_deck(document, file.pack):
                decks[file.pack] = deck
            problems += document.problems
        else:
            if blueprint := parse_blueprint(document, file.pack):
                blueprints[file.pack] = blueprint
            manifest = decks.get(file.pack)
            problems += apply_severities(document.problems, manifest.severities if manifest else {})
    names: dict[str, Deck] = {}
    for deck in decks.values():
        first = names.setdefault(deck.name.casefold(), deck)
        if first is not deck:
            related = (Related(message="first used", span=first.span),)
            help = "choose another: Anki knows decks by their names"
            message = f"the deck name `{deck.name}` is already used"
            problems.append(
                diagnose("duplicate-id", message, deck.span, help=help, related=related)
            )
    return decks, blueprints


def read_cards(
    file: SourceFile,
    read: Read,
    kinds: Mapping[str, Kind],
    faulty: Container[str],
    problems: list[Diagnostic],
) -> tuple[list[Card], bool]:
    """Return the cards of a file, and whether that is all of them."""
    document = _open(file, read)
    if document is None:
        return [], False
    found = parse_cards(document, file.pack, kinds, faulty)
    problems += document.problems
    return found


def _open(file: SourceFile, read: Read) -> Document | None:
    raw = read(file)
    return None if raw is None else Document(file.name, raw)


class SourceTexts:
    """The lines of source files, read again when a problem is to be shown in place."""

    def __init__(self, root: Path) -> None:
        """Serve files below `root`."""
        self._root = root
        self._lines: dict[str, list[str]] = {}

    def line(self, span: Span) -> str | None:
        """Return the line a span stands in; None when it cannot be read."""
        lines = self._read(span.path)
        return lines[span.line - 1] if span.line <= len(lines) else None

    def find(self, span: Span, quote: str, *, whole: bool = False) -> Span:
        """Return where a piece of text stands within a value, as a `whole` word; else the value."""
        if not quote or "\n" in quote:
            return span
        bound = r"(?<![\w.-]){}(?![\w-])" if whole else "{}"
        pattern = re.compile(bound.format(re.escape(quote)))
        start = span.column - 1
        end = start + span.length
        for number, line in enumerate(self._lines_of(span), span.line):
            if found := pattern.search(line, start, end):
                return replace(span, line=number, column=found.start() + 1, length=len(quote))
            start, end = 0, MAX_BYTES
        return span

    def _lines_of(self, span: Span) -> Iterator[str]:
        """Yield the lines of a value: those after its first are indented deeper than its key."""
        lines = self._read(span.path)
        if span.line > len(lines):
            return
        first = lines[span.line - 1]
        yield first
        indent = len(first) - len(first.lstrip())
        # A value that begins its line, below its key, is as deep as its further lines.
        min_indent = indent if span.column - 1 == indent else indent + 1
        for number in range(span.line, len(lines)):
            line = lines[number]
            if line.strip() and len(line) - len(line.lstrip()) < min_indent:
                return
            yield line

    def _read(self, path: str) -> list[str]:
        if path not in self._lines:
            self._lines[path] = self._read_lines(path)
        return self._lines[path]

    def _read_lines(self, path: str) -> list[str]:
        try:
            real = (self._root / path).resolve()
            # What was refused is not shown either: a link may lead anywhere, a pipe never ends.
            if not real.is_relative_to(self._root.resolve()) or not real.is_file():
                return []
            with real.open("rb") as file:
                text = file.read(MAX_BYTES).decode("utf-8-sig", "replace")
        except (OSError, RuntimeError, ValueError):
            return []
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def resolve_media(root: Path, card: Card, image: str) -> tuple[Path | None, str]:
    """Find the file of an image that a card names, relative to the card's file.

    Returns its path, or None and the diagnostic code of what is wrong with it.
    """
    try:
        path = (root / card.span.path).parent.joinpath(image).resolve()
        inside = path.is_relative_to(root.resolve())
        if not inside:
            return None, "media-outside-project"
        return (path, "") if stat.S_ISREG(path.stat().st_mode) else (None, "media-missing")
    except (OSError, RuntimeError, ValueError):
        return None, "media-missing"
