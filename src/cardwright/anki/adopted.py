"""What a pack was adopted from, kept with it: `decks/PACK/adopted.jsonl`, written by `cards adopt` only.

A field ships the HTML it was adopted with until its text changes, so that people's notes stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cardwright.model import Value

ADOPTED_NAME: Final = "adopted.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedField:
    """A field of a note."""

    value: Value
    """What was written into the card for it."""
    html: str
    """What the note had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedNote:
    """A note as it was last adopted."""

    guid: str
    mod_s: int
    deck: str
    """The full name of its deck."""
    tags: tuple[str, ...]
    fields: Mapping[str, AdoptedField]
    """By the name of the field in its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedPack:
    """Everything that a pack was adopted from; empty if it was not adopted."""

    notes: Mapping[str, AdoptedNote] = field(default_factory=dict)
    """By guid."""
    media: Mapping[str, str] = field(default_factory=dict)
    """Digests of the files' contents (`PackedFile.hash`), by their names in Anki."""
