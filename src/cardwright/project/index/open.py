"""A project's folder → its prompts, without reading what did not change.

Nothing here loads the model or YAML before it is needed: it runs at every start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardwright.item import Item
from cardwright.project.index.items import decode_items
from cardwright.project.index.look import describe_program, look_at
from cardwright.project.index.parts import Parts, dump_json, read_parts, write_parts
from cardwright.project.walk import Sources, walk_sources

if TYPE_CHECKING:
    from cardwright.blueprint import Blueprint
    from cardwright.model import Card, Collection, Deck, Kind


def open_index(root: Path, path: Path, now_ns: int) -> SourceIndex:
    """Read what changed below `root` since the index at `path` was written, and write it anew.

    `now_ns` is Unix time. The index may be deleted at any time; where it cannot be kept, all
    is read.

    Raises:
        ProjectError: a file or folder of the project is closed to us.

    """
    sources = walk_sources(root)
    before = read_parts(path)
    program = describe_program()
    kept = before if before.get("program") == program else {}
    known: dict[str, tuple[str, str]] = json.loads(kept["stamps"]) if kept else {}
    digests = {name: digest for name, (_, digest) in known.items()}
    files = (*sources.kinds, *sources.decks, *sources.cards)
    looks = {file.name: look_at(file, known.get(file.name), now_ns) for file in files}
    parts = kept
    if not kept or digests != {name: look.digest for name, look in looks.items()}:
        from cardwright.project.index.refresh import refresh_parts  # noqa: PLC0415  (see above)

        parts = refresh_parts(sources, looks, kept, digests, now_ns)
    stamps = dump_json({name: (look.stamp, look.digest) for name, look in looks.items()})
    parts = {**parts, "program": program, "stamps": stamps}
    if parts != kept:
        write_parts(path, before, parts)
    return SourceIndex(sources, parts)


class SourceIndex:
    """All prompts of a project that are asked, and its cards when they are wanted.

    It stays as it was opened, whatever happens to the sources and the index's file.
    """

    def __init__(self, sources: Sources, parts: Parts) -> None:
        """Serve what the parts hold."""
        self._sources = sources
        self._parts = parts
        columns = json.loads(parts["items"])
        self.items: list[Item] = decode_items(columns)
        """By position."""
        self.problem_count: int = len(sources.flaws) + columns["problems"]
        """Problems met in reading, as many as `load` returns."""

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        """Kinds by name, the built-in ones among them."""
        kinds: Mapping[str, Kind] = _decode(self._parts["kinds"], "kinds")
        return kinds

    @cached_property
    def decks(self) -> Mapping[str, Deck]:
        """Top decks by pack."""
        decks: Mapping[str, Deck] = _decode(self._parts["decks"], "decks")
        return decks

    @cached_property
    def blueprints(self) -> Mapping[str, Blueprint]:
        """Exams by pack."""
        blueprints: Mapping[str, Blueprint] = _decode(self._parts["decks"], "blueprints")
        return blueprints

    def load_card(self, ref: str) -> Card | None:
        """Return the first card with this pack and id, without the places of its values."""
        if ref not in self._places:
            return None
        name, number = self._places[ref]
        card: Card = _decode(self._lines_of(name)[number])
        return card

    def make_collection(self) -> Collection:
        """Return what `load` returns, without the places of values."""
        from cardwright.model import Collection  # noqa: PLC0415  (see above)

        files = self._sources.cards
        outlines = {file: json.loads(self._parts[f"{file.name} outline"]) for file in files}
        return Collection(
            kinds=self.kinds,
            cards=tuple(_decode(line) for file in files for line in self._lines_of(file.name)),
            decks=self.decks,
            blueprints=self.blueprints,
            incomplete=frozenset(f.pack for f in files if not outlines[f]["is_whole"]),
        )

    @cached_property
    def _places(self) -> Mapping[str, tuple[str, int]]:
        """Of each card its file, and its number there."""
        ids = json.loads(self._parts["ids"])
        places: dict[str, tuple[str, int]] = {}
        for file in self._sources.cards:
            for number, card_id in enumerate(ids[file.name]):
                places.setdefault(f"{file.pack}:{card_id}", (file.name, number))
        return places

    def _lines_of(self, name: str) -> list[bytes]:
        """Return the cards of a file, each as JSON."""
        return self._parts[f"{name} cards"].splitlines()


def _decode(text: bytes, key: str | None = None) -> Any:
    from cardwright.project.index.codec import decode  # noqa: PLC0415  (see above)

    node = json.loads(text)
    return decode(node if key is None else node[key])
