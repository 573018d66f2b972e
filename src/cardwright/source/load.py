"""A project's folder → Collection and Diagnostics: the one place that reads sources."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from cardwright.blueprint import Blueprint
from cardwright.diagnostic import Diagnostic, Related, Span, diagnose
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
    kinds = _load_kinds(root, problems)
    decks, blueprints = _load_decks(root, problems)
    cards: list[Card] = []
    for pack, path in _walk_cards(root, problems):
        document = _read(root, path, problems)
        if document is not None:
            cards += parse_cards(document, pack, kinds)
            problems += document.problems
    collection = Collection(kinds=kinds, cards=tuple(cards), decks=decks, blueprints=blueprints)
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

    def find(self, span: Span, needle: str) -> Span:
        """Return where a piece of text stands, at or after a value's beginning; else the value."""
        if not needle or "\n" in needle:
            return span
        lines = self._read(span.path)
        start = span.column - 1
        for number, line in enumerate(lines[span.line - 1 : span.line + 400], span.line):
            found = line.find(needle, start)
            if found >= 0:
                return replace(span, line=number, column=found + 1, length=len(needle))
            start = 0
        return span

    def _read(self, path: str) -> list[str]:
        if path not in self._lines:
            try:
                text = (self._root / path).read_bytes()[:MAX_BYTES].decode("utf-8-sig", "replace")
            except OSError:
                text = ""
            self._lines[path] = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return self._lines[path]


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
    except (OSError, ValueError):
        return None, "media-missing"


def _load_kinds(root: Path, problems: list[Diagnostic]) -> dict[str, Kind]:
    kinds = read_built_in_kinds()
    for path in _list_files(root, root / "kinds", problems):
        document = _read(root, path, problems)
        if document is None:
            continue
        kind = parse_kind(document)
        problems += document.problems
        if kind is None:
            continue
        clash = next(
            (k for k in kinds.values() if kind.name == k.name or kind.anki_id == k.anki_id), None
        )
        if clash:
            span = Span(path=document.path, line=1, column=1)
            message = f"the kind `{kind.name}` clashes with `{clash.name}`, which is there already"
            cure = "choose another name and another Anki id"
            problems.append(diagnose("duplicate-id", message, span, help=cure))
            continue
        kinds[kind.name] = kind
    return kinds


def _load_decks(
    root: Path, problems: list[Diagnostic]
) -> tuple[dict[str, Deck], dict[str, Blueprint]]:
    decks: dict[str, Deck] = {}
    blueprints: dict[str, Blueprint] = {}
    for folder in _list_folders(root, root / "decks", problems):
        manifest = folder / "deck.yaml"
        if manifest.exists() and (document := _read(root, manifest, problems)):
            if deck := parse_deck(document, folder.name):
                decks[folder.name] = deck
            problems += document.problems
        exam = folder / "blueprint.yaml"
        if exam.exists() and (document := _read(root, exam, problems)):
            if blueprint := parse_blueprint(document, folder.name):
                blueprints[folder.name] = blueprint
            problems += document.problems
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


def _leads_out(root: Path, path: Path, problems: list[Diagnostic]) -> bool:
    """Report a path that is not what it seems: a link out of the project, or no plain file."""
    try:
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
    except (OSError, RuntimeError):
        message = "this leads nowhere"
    else:
        if not real.is_relative_to(root.resolve()):
            message = "this link leads out of the project"
        elif not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            message = "this is no plain file"
        else:
            return False
    span = Span(path=_relative(root, path), line=1, column=1)
    cure = "put the file itself into the project"
    problems.append(diagnose("outside-project", message, span, help=cure))
    return True


def _read(root: Path, path: Path, problems: list[Diagnostic]) -> Document | None:
    if (path.is_symlink() or not path.is_file()) and _leads_out(root, path, problems):
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
