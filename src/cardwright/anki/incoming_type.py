"""Note type in Anki → note type to adopt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cardwright.anki.definitions import Field, NoteType, Template
from cardwright.incoming import IncomingField, IncomingTemplate, IncomingType, LossCounter

_NOT_IN_FIELD: Final = re.compile(r'[:{}"]')


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
    fixed = []
    for number, given in enumerate(names, start=1):
        name = given or str(number)
        while name.casefold() in taken:
            name += "+"
        taken.add(name.casefold())
        fixed.append(name)
    return fixed


def _fix_field_name(name: str) -> str:
    """Return the name of a field as Anki corrects it when it imports it."""
    return _NOT_IN_FIELD.sub("", name).strip().lstrip("#/^").strip()
