"""What a project has before a deck is adopted into it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from cardwright.adopt.draft import Known, KnownCard, KnownPack
from cardwright.anki.adopted import ADOPTED_NAME, AdoptedPack, read_adopted
from cardwright.anki.guid import make_guid
from cardwright.app.adopt.write import hash_file
from cardwright.app.project import SourceProblemsError
from cardwright.diagnostic import Diagnostic
from cardwright.error import ProjectError
from cardwright.incoming import Incoming, IncomingDeck
from cardwright.model import Collection, Deck, Kind
from cardwright.project.kind import read_built_in_kinds
from cardwright.project.load import load
from cardwright.project.namespace import is_namespace, make_namespace
from cardwright.project.texts import SourceTexts
from cardwright.project.walk import is_source_name

_EMPTY: Final = Collection(kinds={}, cards=(), decks={}, blueprints={})
_MAX_SAMPLE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A project as it is, which may not exist yet."""

    root: Path
    is_new: bool
    kinds: Mapping[str, Kind]
    collection: Collection
    adopted: Mapping[str, AdoptedPack]
    """By pack; also those that were interrupted before they had a manifest."""

    def make_known(self, into: str, media: Container[tuple[str, str]]) -> Known:
        """Return what drafts depend on; `media` are the names and digests of files to adopt."""
        packs = {*self.collection.decks, *(card.pack for card in self.collection.heads)}
        return Known(
            kinds=self.kinds,
            packs={pack: self._describe_pack(pack, media) for pack in sorted(packs)},
            into=into,
        )

    def _describe_pack(self, pack: str, media: Container[tuple[str, str]]) -> KnownPack:
        cards = self.collection.load_pack(pack)
        deck = self.collection.decks.get(pack)
        prefix = f"cards/{pack}/"
        own = self.adopted.get(pack)
        notes = own.notes if own else {}
        return KnownPack(
            deck=deck.name if deck else "",
            is_adopted=own is not None,
            ids=frozenset(id for card in cards for id in (card.id, *card.formerly)),
            cards={
                guid: KnownCard(
                    id=card.id,
                    kind=card.kind,
                    file=card.span.path.removeprefix(prefix),
                    has_guid=card.guid is not None,
                    deck=notes[guid].deck if guid in notes else None,
                )
                for guid, card in ((make_guid(card), card) for card in cards)
            },
            files=frozenset(_list_foreign(self.root, prefix, own or AdoptedPack(), media)),
            decks=dict(_list_decks(deck)) if deck else {},
        )

    def find_namespace(self, pack: str, own: str, random: Random) -> str:
        """Return the namespace of a pack: that which it has, else its `own` if it is free, else a new one."""
        if deck := self.collection.decks.get(pack):
            return deck.namespace
        taken = {deck.namespace for deck in self.collection.decks.values()}
        if own and own not in taken:
            return own
        while (namespace := make_namespace(pack, random)) in taken:
            pass
        return namespace


def look_at(root: Path, *, is_new: bool) -> Before:
    """Read a project before a deck is adopted into it.

    Raises:
        SourceProblemsError: its sources have errors, so that nothing can be compared with them.

    """
    if is_new:
        kinds = read_built_in_kinds()
        return Before(root=root, is_new=True, kinds=kinds, collection=_EMPTY, adopted={})
    collection, problems = load(root)
    adopted = {}
    for folder in sorted((root / "decks").iterdir()):
        shown = f"decks/{folder.name}/{ADOPTED_NAME}"
        if os.path.lexists(root / shown):
            adopted[folder.name], found = read_adopted(root / shown, shown)
            problems += found
    if errors := [problem for problem in problems if problem.is_error]:
        raise SourceProblemsError(sorted(errors, key=_sort), SourceTexts(root))
    return Before(
        root=root, is_new=False, kinds=collection.kinds, collection=collection, adopted=adopted
    )


def _list_decks(top: Deck) -> Iterator[tuple[str, IncomingDeck]]:
    for path, deck in top.walk():
        name = "::".join(path)
        yield (
            name,
            IncomingDeck(
                name=name, description=deck.description, is_markdown=True, options=deck.options
            ),
        )


def _sort(problem: Diagnostic) -> tuple[str, int, int, str, str]:
    return problem.sort_key


def _list_foreign(
    root: Path, prefix: str, own: AdoptedPack, media: Container[tuple[str, str]]
) -> Iterator[str]:
    """Yield the files of a pack where nothing can be put, besides its sources.

    Those that were adopted may be replaced, and those that are to be adopted are there already.
    """
    for folder, _, names in os.walk(root / prefix):
        for name in names:
            path = Path(folder) / name
            shown = path.relative_to(root).as_posix()
            is_known = is_source_name(name) or shown in own.files
            if not is_known and (name, hash_file(path)) not in media:
                yield shown.removeprefix(prefix)


def find_own_namespace(incoming: Incoming, kinds: Mapping[str, Kind]) -> str:
    """Return the namespace of a deck that was built by this program; "" if it was not."""
    ids = {kind.anki_id for kind in kinds.values() if kind.anki_id and not kind.adopted}
    fields = {
        type.key: names.index("Id")
        for type in incoming.types.values()
        if type.anki_id in ids and "Id" in (names := [field.name for field in type.fields])
    }
    found: Counter[str] = Counter()
    if not fields:
        return ""
    for number, note in enumerate(incoming.read_notes()):
        if number >= _MAX_SAMPLE:
            break
        if note.type in fields:
            namespace, _, card_id = note.fields[fields[note.type]].partition(":")
            if card_id and is_namespace(namespace):
                found[namespace] += 1
    return found.most_common(1)[0][0] if found else ""


def refuse_unreadable(root: Path) -> None:
    """Raise ProjectError if a folder of a project that would be made here is something else."""
    for name in ("cards", "decks", "kinds", "schemas"):
        path = root / name
        if os.path.lexists(path) and (path.is_symlink() or not path.is_dir()):
            raise ProjectError(f"{path} is in the way of a new project", help="move it away")
