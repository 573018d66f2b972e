"""The HTML with which the fields of an adopted pack ship as long as their texts are unchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cardwright.anki.adopted import AdoptedPack
from cardwright.anki.guid import make_guid
from cardwright.anki.media import PackedFile, find_names
from cardwright.model import Card, Field, Kind, Value

_PLAIN: Final = re.compile(r"[^<&\[\\\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*")
"""A text without tags, entities, marks of Anki, formulas and control characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a note ships as it was adopted."""

    html: Mapping[str, str] = field(default_factory=dict)
    """By name of the field."""
    media: Mapping[str, Path] = field(default_factory=dict)
    """The files that it names, by their names in Anki."""


class Originals:
    """The notes that a pack was adopted from."""

    def __init__(self, adopted: AdoptedPack) -> None:
        """Look notes and media up in `adopted`."""
        self._notes = adopted.notes
        self._media = adopted.media

    def find(self, card: Card, kind: Kind, files: Mapping[str, PackedFile]) -> Kept:
        """Return what the note of a card ships as it was adopted; `files` are the card's media."""
        note = self._notes.get(make_guid(card)) if self._notes and kind.adopted else None
        if note is None:
            return Kept()
        paths = {file.hash: file.path for file in files.values()}
        html: dict[str, str] = {}
        media: dict[str, Path] = {}
        for part in kind.fields:
            found = note.fields.get(part.holds or part.name)
            if found is None or not found.html or found.value != read_value(card, part):
                continue
            # Files that were missing from the adopted deck are missing still.
            digests = {
                name: self._media[name] for name in find_names(found.html) if name in self._media
            }
            if all(digest in paths for digest in digests.values()) and _can_ship(found.html):
                html[part.name] = found.html
                media |= {name: paths[digest] for name, digest in digests.items()}
        return Kept(html=html, media=media)


def _can_ship(html: str) -> bool:
    # Most fields are plain text, and parsing takes longer than looking.
    if _PLAIN.fullmatch(html):
        return True
    from cardwright.html import is_inert  # noqa: PLC0415  (start-up of most builds)

    return is_inert(html)


def read_value(card: Card, field: Field) -> Value | None:
    """Return what the author wrote for a field; "" if nothing, None if it is not of the author."""
    match field.holds:
        case None:
            return card.fields.get(field.name, "")
        case "extra":
            return card.extra
    return None
