"""What the readers of packages and of CrowdAnki share: note types, guids, names of media."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final

from cardwright.anki.collection import MAX_FIELDS, MAX_GUID_LENGTH
from cardwright.anki.definitions import Field, NoteType, Template
from cardwright.incoming import IncomingField, IncomingTemplate, IncomingType, LossCounter
from cardwright.text import BIDI_OVERRIDES, CONTROLS

MAX_TEMPLATES: Final = 1_000
REPEATED: Final = ""
"""What `GuidClaims` returns for a note that is there twice; no note has this guid."""
_UNSAFE: Final = re.compile(f"[{CONTROLS}{BIDI_OVERRIDES}\t\n\r]")
_NOT_IN_FIELD: Final = re.compile(r'[:{}"]')


class GuidClaims:
    """Gives each guid to one note: cards cannot share one, and Anki updates only one of such notes."""

    def __init__(self, shared: Container[str] | None = None) -> None:
        """`shared` are those that several notes have; None if that is not known."""
        self._shared = shared
        self._owners: dict[str, bytes] = {}

    def claim(self, guid: str, type_key: str, fields: Sequence[str]) -> str | None:
        """Return the guid of a note; None if it cannot have it, REPEATED if the note is a copy."""
        if not guid.isprintable() or not 0 < len(guid) <= MAX_GUID_LENGTH:
            return None
        if self._shared is not None and guid not in self._shared:
            return guid
        content = "\x1f".join((type_key, *fields)).encode("utf-8", "replace")
        digest = hashlib.blake2b(content, digest_size=16).digest()
        if guid not in self._owners:
            self._owners[guid] = digest
            return guid
        return REPEATED if self._owners[guid] == digest else None

    def has(self, guid: str) -> bool:
        """Tell whether a note has a guid."""
        return guid in self._owners


def is_safe_name(name: str) -> bool:
    """Tell whether a media file can keep its name wherever it is written or shown."""
    return not _UNSAFE.search(name) and not ("\\" in name and name.startswith("_"))


def find_flaw(found: NoteType) -> str:
    """Return why a note type cannot be adopted, "" if it can."""
    if not found.fields or len(found.fields) > MAX_FIELDS:
        return "one of its note types has no fields, or too many"
    if not found.templates or len(found.templates) > MAX_TEMPLATES:
        return "one of its note types has no templates, or too many"
    return ""


def make_type(
    found: NoteType, key: str, deck_names: Mapping[int, str], losses: LossCounter
) -> IncomingType:
    """Return a note type, and list what it cannot keep."""
    place = f"note type {found.name}"
    parts: Sequence[NoteType | Field | Template] = (found, *found.fields, *found.templates)
    for part in parts:
        for name in part.unknown:
            losses.add("data of an add-on in a note type", place, name)
    names = _fix_names([_fix_field_name(field.name) for field in found.fields])
    return IncomingType(
        key=key,
        name=found.name,
        fields=tuple(
            IncomingField(name=name, attributes=field.attributes)
            for name, field in zip(names, found.fields, strict=True)
        ),
        is_cloze=found.is_cloze,
        anki_id=found.id,
        templates=tuple(_make_templates(found, deck_names, losses)),
        css=found.css,
        attributes=found.attributes,
        mod_s=found.mod_s,
    )


def _make_templates(
    found: NoteType, deck_names: Mapping[int, str], losses: LossCounter
) -> Iterator[IncomingTemplate]:
    names = _fix_names([one.name for one in found.templates])
    for name, template in zip(names, found.templates, strict=True):
        deck = deck_names.get(template.deck_id, "") if template.deck_id else ""
        if template.deck_id and not deck:
            place = f"note type {found.name}, {name}"
            losses.add("deck of a template", place, "which is not in the file")
        yield IncomingTemplate(
            name=name,
            front=template.front,
            back=template.back,
            attributes=template.attributes,
            deck=deck,
        )


def _fix_names(names: Sequence[str]) -> list[str]:
    """Return the names of fields or templates as Anki makes them unique when it imports them."""
    taken: set[str] = set()
    signs: dict[str, int] = {}
    fixed = []
    for number, given in enumerate(names, start=1):
        name = given or str(number)
        folded = name.casefold()
        more = signs.get(folded, 0)
        while f"{folded}{'+' * more}" in taken:
            more += 1
        signs[folded] = more
        taken.add(f"{folded}{'+' * more}")
        fixed.append(f"{name}{'+' * more}")
    return fixed


def _fix_field_name(name: str) -> str:
    """Return the name of a field as Anki corrects it when it imports it."""
    return _NOT_IN_FIELD.sub("", name).strip().lstrip("#/^").strip()
