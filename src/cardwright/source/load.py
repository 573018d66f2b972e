"""A project's folder → Collection and Diagnostics: the one place that reads sources."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from cardwright.blueprint import Blueprint
from cardwright.diagnostic import Diagnostic, Related, Severity, Span, diagnose, weigh
from cardwright.entry import MAX_BYTES, Document
from cardwright.kinds import parse_kind, read_built_in_kinds
from cardwright.model import Card, Collection, Deck, Kind
from cardwright.source.card import parse_cards
from cardwright.source.deck import parse_blueprint, parse_deck

_PACK: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_ENDINGS: Final = (".yaml", ".yml")


class ProjectError(Exception):
    """The project cannot be read at all: there is none, or its folder is closed to us."""


def find_project(start: Path) -> Path:
    """Return the nearest folder, from `start` upwards, that holds `cards` and `decks`.

    Raises:
        ProjectError: there is none.

    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / "cards").is_dir() and (folder / "decks").is_dir():
            return folder
    message = (
        f"no project here: neither {start} nor a folder above it holds `cards` and `decks`.\n"
        "  help: start one with `cards init NAME`, or name its folder with `cards -C FOLDER`"
    )
    raise ProjectError(message)


def load(root: Path) -> tuple[Collection, list[Diagnostic]]:
    """Read kinds, decks, blueprints and cards below `root`; all problems are returned together."""
    problems: list[Diagnostic] = []
    kinds, faulty = _load_kinds(root, problems)
    decks, blueprints = _load_decks(root, problems)
    cards: list[Card] = []
    incomplete: set[str] = set()
    for pack, path in _walk_cards(root, problems):
        document = _read(root, path, problems)
        found, is_whole = parse_cards(document, pack, kinds, faulty) if document else ([], False)
        cards += found
        if not is_whole:
            incomplete.add(pack)
        problems += document.problems if document else ()
    collection = Collection(
        kinds=kinds,
        cards=tuple(cards),
        decks=decks,
        blueprints=blueprints,
        incomplete=frozenset(incomplete),
    )
    return collection, problems


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

    def find(self, span: Span, needle: str, *, whole: bool = False) -> Span:
        """Return where a piece of text stands within a value, as a `whole` word; else the value."""
        if not needle or "\n" in needle:
            return span
        bound = r"(?<![\w.-]){}(?![\w-])" if whole else "{}"
        pattern = re.compile(bound.format(re.escape(needle)))
        start = span.column - 1
        end = start + span.length
        for number, line in enumerate(self._lines_of(span), span.line):
            if found := pattern.search(line, start, end):
                return replace(span, line=number, column=found.start() + 1, length=len(needle))
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
        least = indent if span.column - 1 == indent else indent + 1
        for number in range(span.line, len(lines)):
            line = lines[number]
            if line.strip() and len(line) - len(line.lstrip()) < least:
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


def _load_kinds(root: Path, problems: list[Diagnostic]) -> tuple[dict[str, Kind], set[str]]:
    """Return the kinds, and the names of those that cannot be used."""
    kinds = read_built_in_kinds()
    faulty: set[str] = set()
    for path in _list_files(root, root / "kinds", problems):
        document = _read(root, path, problems)
        if document is None:
            faulty.add(path.stem)
            continue
        name, kind = parse_kind(document)
        clash = kind and next(
            (k for k in kinds.values() if kind.name == k.name or kind.anki_id == k.anki_id), None
        )
        if kind and clash:
            if kind.name == clash.name:
                key, message = "kind", f"there is a kind `{kind.name}` already"
            else:
                key, message = "anki", f"the kind `{clash.name}` has this Anki id already"
            entry = document.entry()
            span = entry.span_of(key) if entry else Span(path=document.path, line=1, column=1)
            cure = "choose another"
            document.problems.append(diagnose("duplicate-id", message, span, help=cure))
        elif kind:
            kinds[kind.name] = kind
        else:
            faulty.add(name)
        problems += document.problems
    return kinds, faulty - set(kinds)


def _load_decks(
    root: Path, problems: list[Diagnostic]
) -> tuple[dict[str, Deck], dict[str, Blueprint]]:
    decks: dict[str, Deck] = {}
    blueprints: dict[str, Blueprint] = {}
    for folder in _list_folders(root, root / "decks", problems):
        severities: Mapping[str, Severity | None] = {}
        if document := _read_if_there(root, folder / "deck.yaml", problems):
            if deck := parse_deck(document, folder.name):
                decks[folder.name] = deck
                severities = deck.severities
            problems += document.problems
        if document := _read_if_there(root, folder / "blueprint.yaml", problems):
            if blueprint := parse_blueprint(document, folder.name):
                blueprints[folder.name] = blueprint
            problems += weigh(document.problems, severities)
    names: dict[str, Deck] = {}
    for deck in decks.values():
        first = names.setdefault(deck.name.casefold(), deck)
        if first is not deck:
            related = (Related(message="first used", span=first.span),)
            cure = "Anki knows decks by name: choose another"
            message = f"the deck name `{deck.name}` is already used"
            problems.append(
                diagnose("duplicate-id", message, deck.span, help=cure, related=related)
            )
    return decks, blueprints


def _walk_cards(root: Path, problems: list[Diagnostic]) -> Iterator[tuple[str, Path]]:
    for path in _list_files(root, root / "cards", problems):
        message = f"{_relative(root, path)} belongs to no pack"
        cure = "move it into a folder: the first folder below cards/ is the pack"
        span = Span(path=_relative(root, path), line=1, column=1)
        problems.append(diagnose("outside-pack", message, span, help=cure))
    for folder in _list_folders(root, root / "cards", problems):
        for path in _list_files(root, folder, problems, deep=True):
            yield folder.name, path


def _list_folders(root: Path, parent: Path, problems: list[Diagnostic]) -> list[Path]:
    found = []
    for path in sorted(parent.iterdir()) if parent.is_dir() else ():
        if path.name.startswith(".") or not path.is_dir() or _leads_out(root, path, problems):
            continue
        if _PACK.fullmatch(path.name):
            found.append(path)
        else:
            span = Span(path=_relative(root, path), line=1, column=1)
            message = f"`{path.name}` cannot name a pack"
            cure = "rename the folder: a-z, 0-9, - and _"
            problems.append(diagnose("bad-id", message, span, help=cure))
    return found


def _list_files(
    root: Path, folder: Path, problems: list[Diagnostic], *, deep: bool = False
) -> list[Path]:
    """Return the YAML files of a folder, sorted by name; hidden ones are passed over."""
    if not folder.is_dir():
        return []
    found = []
    for parent, names, files in os.walk(folder, onerror=_raise_closed):
        here = Path(parent)
        names[:] = [
            name
            for name in names
            if deep and name[0] != "." and not _leads_out(root, here / name, problems)
        ]
        found += [here / name for name in files if name.endswith(_ENDINGS) and name[0] != "."]
    return sorted(found, key=lambda path: path.relative_to(root).parts)


def _raise_closed(error: OSError) -> None:
    message = f"cannot read {error.filename}: {error.strerror}"
    raise ProjectError(message)


def _leads_out(
    root: Path, path: Path, problems: list[Diagnostic], *, to_folder: bool = True
) -> bool:
    """Report a path that is not what it seems: a link out of the project, or no plain file."""
    try:
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
    except (OSError, RuntimeError):
        message = "this link leads nowhere"
    else:
        if not real.is_relative_to(root.resolve()):
            message = "this link leads out of the project"
        elif not (stat.S_ISDIR(mode) if to_folder else stat.S_ISREG(mode)):
            message = "this is no folder" if to_folder else "this is no plain file"
        else:
            return False
    span = Span(path=_relative(root, path), line=1, column=1)
    cure = "put the file itself into the project"
    problems.append(diagnose("outside-project", message, span, help=cure))
    return True


def _read_if_there(root: Path, path: Path, problems: list[Diagnostic]) -> Document | None:
    return _read(root, path, problems) if path.exists() or path.is_symlink() else None


def _read(root: Path, path: Path, problems: list[Diagnostic]) -> Document | None:
    is_plain = path.is_file() and not path.is_symlink()
    if not is_plain and _leads_out(root, path, problems, to_folder=False):
        return None
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise ProjectError(message) from error
    return Document(_relative(root, path), raw)


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
