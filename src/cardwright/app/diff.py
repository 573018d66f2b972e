"""Two states of a project → the cards that differ, each before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cardwright.anki.diff import Change, NoteState, compare_keyed, describe_state, make_restyled
from cardwright.anki.media import MediaFinder
from cardwright.anki.note import describe_content
from cardwright.app.project import Project
from cardwright.item import place_cards
from cardwright.model import Card, CardHead


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChange:
    """A card that differs, or a kind that looks different."""

    change: Change
    before: Card | None
    after: Card | None


def list_packs(before: Project, after: Project) -> list[str]:
    """Return the packs that have a manifest before or after."""
    return list(dict.fromkeys((*after.collection.decks, *before.collection.decks)))


def compare_projects(before: Project, after: Project, pack: str) -> Iterator[CardChange]:
    """Yield the cards of a pack that differ, in the order of the newer sources.

    Of a pack that cannot be read completely now, no card has vanished.
    """
    old, new = _Pack(before, pack), _Pack(after, pack)
    for kind in sorted(new.kinds & old.kinds):
        if before.collection.kinds[kind] != after.collection.kinds[kind]:
            yield CardChange(change=make_restyled(kind), before=None, after=None)
    for key, change in compare_keyed(old, new):
        # A card that cannot be read has not vanished.
        if change.what != "vanished" or new.is_whole:
            yield CardChange(change=change, before=old.find_card(key), after=new.find_card(key))


class _Pack(Mapping[str, NoteState]):
    """The states of the cards of a pack on one of the two sides, by key."""

    def __init__(self, project: Project, pack: str) -> None:
        self._project = project
        self._finder = MediaFinder(project.media.find)
        collection = project.collection
        heads = collection.heads_of(pack)
        self._heads: dict[str, CardHead] = {head.key: head for head in heads}
        self.kinds = {head.kind for head in heads}
        self.is_whole = pack not in collection.incomplete
        self._decks: dict[str, str] = {}
        if deck := collection.decks.get(pack):
            placed, _ = place_cards(deck, (head for head in heads if not head.withdrawn))
            for path, found in placed.items():
                self._decks |= dict.fromkeys((head.key for head in found), "::".join(path))

    def __getitem__(self, key: str) -> NoteState:
        collection = self._project.collection
        card = collection.load(self._heads[key])
        files = self._finder.list_files(card, collection.kinds[card.kind], self._project.renderer)
        hashes = {path: file.hash for path, file in files.items()}
        content = describe_content(collection, card, hashes)
        return describe_state(card, content, self._decks.get(key, ""))

    def __contains__(self, key: object) -> bool:
        return key in self._heads

    def __iter__(self) -> Iterator[str]:
        return iter(self._heads)

    def __len__(self) -> int:
        return len(self._heads)

    def find_card(self, key: str) -> Card | None:
        """Return a card, if it is there."""
        return self._project.collection.load(self._heads[key]) if key in self._heads else None
