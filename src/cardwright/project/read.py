"""Files of kinds, manifests and blueprints → what they hold, with all problems."""

from __future__ import annotations

from collections.abc import Iterable

from cardwright.blueprint import Blueprint
from cardwright.diagnostic import Diagnostic, Related, Span, apply_severities, diagnose
from cardwright.model import Deck, Kind
from cardwright.project.blueprint import parse_blueprint
from cardwright.project.deck import parse_deck
from cardwright.project.entry import read_entry
from cardwright.project.kind import parse_kind, read_built_in_kinds
from cardwright.project.read_cards import open_document
from cardwright.project.walk import Read, SourceFile


def read_kinds(
    files: Iterable[SourceFile], read: Read, problems: list[Diagnostic]
) -> tuple[dict[str, Kind], set[str]]:
    """Return the kinds, and the names of unusable ones; add to `problems`."""
    kinds = read_built_in_kinds()
    faulty: set[str] = set()
    for file in files:
        document = open_document(file, read, problems)
        if document is None:
            faulty.add(file.path.stem)
            continue
        name, kind = parse_kind(document)
        clash = kind and next(
            (
                k
                for k in kinds.values()
                if kind.name == k.name or (kind.anki_id and kind.anki_id == k.anki_id)
            ),
            None,
        )
        if kind and clash:
            if kind.name == clash.name:
                key, message = "kind", f"the kind `{kind.name}` already exists"
            else:
                key, message = "anki", f"the kind `{clash.name}` already has this Anki id"
            entry = read_entry(document)
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
    """Return manifests and blueprints by pack, each manifest before its blueprint.

    Problems found are added to `problems`.
    """
    decks: dict[str, Deck] = {}
    blueprints: dict[str, Blueprint] = {}
    for file in files:
        document = open_document(file, read, problems)
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
