"""Two states of a project → the cards that differ, each before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cardwright.anki.diff import Change, NoteState, compare_states, describe_state
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

    Of a pack that cannot be read completely, no card has vanished, and none was added.
    """
    old, new = _Pack(before, pack), _Pack(after, pack)
    for kind in sorted(new.kinds & old.kinds):
        if before.collection.kinds[kind] != after.collection.kinds[kind]:
            title = "its cards look different"
            restyled = Change(what="restyled", id=kind, was="", title=title, texts=())
            yield CardChange(change=restyled, before=None, after=None)
    for key in dict.fromkeys((*new.heads, *old.heads)):
        if (key not in new.heads and not new.is_whole) or (
            key not in old.heads and not old.is_whole
        ):
            continue
        found = [side.describe(key) for side in (old, new)]
        states = [{key: one[0]} if one else {} for one in found]
        for change in compare_states(*states):
            cards = [one[1] if one else None for one in found]
            yield CardChange(change=change, before=cards[0], after=cards[1])


class _Pack:
    """A pack on one of the two sides."""

    def __init__(self, project: Project, pack: str) -> None:
        self._project = project
        self._finder = MediaFinder(project.media.find)
        collection = project.collection
        heads = [head for head in collection.heads if head.pack == pack]
        self.heads: dict[str, CardHead] = {head.key: head for head in heads}
        self.kinds = {head.kind for head in heads}
        self.is_whole = pack not in collection.incomplete
        self._decks: dict[str, str] = {}
        if deck := collection.decks.get(pack):
            placed, _ = place_cards(deck, (head for head in heads if not head.withdrawn))
            for path, found in placed.items():
                self._decks |= dict.fromkeys((head.key for head in found), "::".join(path))

    def describe(self, key: str) -> tuple[NoteState, Card] | None:
        """Return the state of a card, and the card; None if there is none."""
        if key not in self.heads:
            return None
        collection = self._project.collection
        card = collection.load(self.heads[key])
        files = self._finder.list_files(card, collection.kinds[card.kind], self._project.renderer)
        hashes = {path: file.hash for path, file in files.items()}
        content = describe_content(collection, card, hashes)
        return describe_state(card, content, self._decks.get(key, "")), card
