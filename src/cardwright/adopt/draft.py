"""What is to be written for an adopted deck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cardwright.incoming import IncomingDeck, Loss
from cardwright.model import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCard:
    """A card that a pack has already."""

    id: str
    kind: str
    file: str
    """As in `DraftCard`."""
    has_guid: bool = True
    """Whether its guid is written in the card; else it follows from the id."""
    deck: str | None = None
    """The full name of the deck that its note was in; None if it was not adopted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPack:
    """A pack that the project has already."""

    deck: str
    """The full name of its top deck."""
    is_adopted: bool
    """Whether it was adopted: a deck of that name then goes into it again."""
    ids: frozenset[str]
    """All ids in use, former ones included."""
    cards: Mapping[str, KnownCard]
    """By guid: adopted ones, and those derived from namespace and id."""
    files: frozenset[str] = frozenset()
    """Paths below `cards/PACK/` that are in use but not adopted: another file cannot go there."""
    decks: Mapping[str, IncomingDeck] = field(default_factory=dict)
    """Its decks in order, by their full names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the project has already."""

    kinds: Mapping[str, Kind]
    """The built-in ones and the project's own, by name."""
    packs: Mapping[str, KnownPack] = field(default_factory=dict)
    """By name."""
    into: str = ""
    """The pack that gets all cards, which may not exist yet; "" for one for each top-level deck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftCard:
    """A card, and the note it comes from."""

    id: str
    kind: str
    file: str
    """Its file below `cards/PACK/`: `europe.yaml`, `verbs/regular.yaml`."""
    values: Mapping[str, Any]
    """What follows `id` in YAML, by key in order: text, list, flag; with `guid` and `tags`."""
    guid: str | None
    note_fields: Mapping[str, str]
    """The HTML of its note by name of the field, for those that are shipped; empty if the format
    has none."""
    mod_s: int
    deck: str
    """The full name of its deck; "" if there are no decks."""
    tags: tuple[str, ...]
    place: str
    """Where it comes from, for people."""
    losses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What the Markdown of a field lacks, by name of the field; see `HtmlLoss.what`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPack:
    """A pack: one deck with its sub-decks."""

    name: str
    deck: Mapping[str, Any]
    """The manifest without its namespace, as YAML data."""
    cards: tuple[DraftCard, ...]
    media: tuple[str, ...] = ()
    """The names, in the incoming deck, of the media that its cards use."""
    left_out: frozenset[str] = frozenset()
    """The guids of notes that are in the deck, but cannot be cards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything to be written, in memory but for the media."""

    packs: tuple[DraftPack, ...]
    kinds: Mapping[str, Mapping[str, Any]]
    """The files of new kinds, by name, as YAML data."""
    type_times_s: Mapping[str, int]
    """The modification times of their note types, by kind."""
    media: Mapping[str, str]
    """The files that are used by cards: paths below `cards/PACK/`, by name in the incoming deck."""
    kind_media: Mapping[str, str]
    """Files that templates and stylesheets name: paths below `kinds/`, by name."""
    losses: tuple[Loss, ...]
