"""What commands work on: a project, loaded and checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cardwright.anki.ledger import LEDGER_NAME, Ledger, check_ledger, read_ledger
from cardwright.anki.notetype import NoteType, make_note_types
from cardwright.anki.pack import PackContents, describe_pack
from cardwright.cli.garbage import uncollected
from cardwright.cli.say import count, fail
from cardwright.diagnostic import Diagnostic, format_text
from cardwright.markdown import Renderer
from cardwright.model import Card, Collection
from cardwright.project.check import Checking, check
from cardwright.project.load import (
    ProjectError,
    SourceTexts,
    find_project,
    load,
    resolve_media,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project's matter and all its problems."""

    root: Path
    collection: Collection
    ledgers: dict[str, Ledger]
    """By pack; empty before the first release."""
    note_types: dict[str, NoteType]
    """By kind: those of all kinds in use."""
    problems: list[Diagnostic]
    renderer: Renderer
    texts: SourceTexts

    @property
    def errors(self) -> list[Diagnostic]:
        """The problems that stop a build."""
        return [problem for problem in self.problems if problem.is_error]

    def describe_pack(self, pack: str) -> PackContents:
        """Return what a pack publishes; the project must be free of errors."""
        return describe_pack(
            self.collection,
            self.collection.decks[pack],
            self.ledgers[pack],
            self.note_types,
            renderer=self.renderer,
            find_media=lambda card, image: resolve_media(self.root, card, image)[0],
        )

    def ledger_path(self, pack: str) -> Path:
        """Return where the ledger of a pack lies."""
        return self.root / "decks" / pack / LEDGER_NAME


def find_root(folder: Path) -> Path:
    """Return the project's folder, or end with a message."""
    try:
        return find_project(folder)
    except ProjectError as error:
        fail(str(error))


def load_collection(folder: Path) -> tuple[Path, Collection, list[Diagnostic]]:
    """Load a project without looking into its texts."""
    root = find_root(folder)
    with uncollected():
        try:
            collection, problems = load(root)
        except ProjectError as error:
            fail(str(error))
    return root, collection, problems


def open_project(folder: Path) -> Project:
    """Load a project and run every check."""
    root, collection, problems = load_collection(folder)
    renderer = Renderer()
    texts = SourceTexts(root)
    problems += check(Checking(root=root, collection=collection, renderer=renderer, texts=texts))
    note_types = make_note_types(collection, renderer)
    ledgers = {}
    for pack in collection.decks:
        shown = f"decks/{pack}/{LEDGER_NAME}"
        ledger, found = read_ledger(root / shown, pack, shown)
        problems += found
        problems += check_ledger(ledger, collection, note_types, shown)
        ledgers[pack] = ledger
    return Project(
        root=root,
        collection=collection,
        ledgers=ledgers,
        note_types=note_types,
        problems=sorted(problems, key=lambda problem: problem.sort_key),
        renderer=renderer,
        texts=texts,
    )


def refuse_errors(project: Project) -> None:
    """End with the errors of a project, if it has any."""
    if project.errors:
        click.echo(format_text(project.errors, project.texts.line), err=True)
        fail(f"{count(len(project.errors), 'error')}: nothing was written")


def choose_packs(collection: Collection, names: Sequence[str]) -> list[str]:
    """Return the packs to work on: those named, or all; ends when one is unknown."""
    for name in names:
        if name not in collection.decks:
            known = ", ".join(collection.decks) or "none"
            fail(f"there is no deck decks/{name}/deck.yaml (decks: {known})")
    if not collection.decks:
        fail("the project has no deck: write decks/PACK/deck.yaml")
    return list(names) or list(collection.decks)


def find_card(collection: Collection, ref: str) -> Card:
    """Return the card with this id, or `pack:id`; ends when there is none, or several."""
    found = [
        card for card in collection.cards if ref in (card.ref, card.id) or ref in card.formerly
    ]
    exact = [card for card in found if ref == card.ref] or found
    if not exact:
        import difflib

        close = difflib.get_close_matches(ref, [card.id for card in collection.cards], n=3)
        hint = f"; close: {', '.join(close)}" if close else ""
        fail(f"there is no card `{ref}`{hint}")
    if len(exact) > 1:
        fail(f"several packs have `{ref}`: {', '.join(card.ref for card in exact)}")
    return exact[0]


def count_problems(problems: Iterable[Diagnostic]) -> str:
    """Return how many errors and warnings there are, in words."""
    problems = list(problems)
    errors = sum(problem.is_error for problem in problems)
    return f"{count(errors, 'error')}, {count(len(problems) - errors, 'warning')}"
