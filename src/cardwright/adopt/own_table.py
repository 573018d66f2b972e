"""Tables that `cards list --csv` wrote: the cards of a project, as their authors wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cardwright.adopt.beside import find_beside
from cardwright.adopt.decks import list_decks
from cardwright.adopt.folder import make_writer
from cardwright.adopt.gaps import GAP
from cardwright.adopt.rows import Rows
from cardwright.adopt.shapes import read_cell
from cardwright.incoming import (
    Incoming,
    IncomingDeck,
    IncomingField,
    IncomingNote,
    IncomingType,
    Markup,
)

_HEAD: Final = ("ref", "kind", "deck")
_IDENTITY: Final = (*_HEAD, "tags", "guid", "file")
_UNKNOWN: Final = ("objectives", "formerly", "retired", "reserved")
"""Values that mean something only in the project that they are from."""
_FIELD: Final = " (field)"
"""Ends the name of a column if the field is called like a value that every card can have."""
_MEDIA: Final = re.compile(r"!\[[^\[\]\n]*\]\((?:<([^<>\n]+)>|([^\s()]+))\)")


def is_own(table: Rows) -> bool:
    """Tell whether `cards list --csv` wrote a table."""
    return tuple(table.names[: len(_HEAD)]) == _HEAD and "guid" in table.names


def read_own_table(table: Rows) -> Incoming:
    """Read such a table."""
    places = {name: index for index, name in enumerate(table.names)}
    fields = {
        name.removesuffix(_FIELD): index
        for name, index in places.items()
        if name not in _IDENTITY and name not in _UNKNOWN
    }
    by_kind: dict[str, dict[str, int]] = {}
    with_gaps: set[str] = set()
    for row in table.rows:
        kind = read_cell(row, places["kind"])
        used = by_kind.setdefault(kind, {})
        used |= {name: index for name, index in fields.items() if read_cell(row, index)}
        if any(GAP.search(read_cell(row, index)) for index in fields.values()):
            with_gaps.add(kind)
        for name in _UNKNOWN:
            if name in places and (value := read_cell(row, places[name])):
                table.losses.add(f"column `{name}`", f"{table.path.name}:{row.line}", value)
    types = {
        kind: IncomingType(
            key=kind,
            name=kind,
            fields=tuple(IncomingField(name=name) for name in fields if name in used),
            is_cloze=kind in with_gaps,
        )
        for kind, used in by_kind.items()
    }

    def read_notes() -> Iterator[IncomingNote]:
        for row in table.rows:
            kind = read_cell(row, places["kind"])
            yield IncomingNote(
                type=kind,
                fields=tuple(read_cell(row, fields[one.name]) for one in types[kind].fields),
                place=f"{table.path.name}:{row.line}",
                deck=read_cell(row, places["deck"]),
                guid=read_cell(row, places["guid"]) or None,
                id=read_cell(row, places["ref"]).rpartition(":")[2],
                tags=tuple(read_cell(row, places.get("tags", -1)).split())
                if "tags" in places
                else (),
            )

    media = _find_media(table, list(fields.values()))
    return Incoming(
        name=table.path.stem,
        markup=Markup.MARKDOWN,
        types=types,
        decks={
            name: IncomingDeck(name=name)
            for name in list_decks(read_cell(row, places["deck"]) for row in table.rows)
        },
        read_notes=read_notes,
        media=list(media),
        write_media=make_writer(media),
        note_count=len(table.rows),
        losses=table.losses.list_losses(),
    )


def _find_media(table: Rows, columns: list[int]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for row in table.rows:
        for index in columns:
            for match in _MEDIA.finditer(read_cell(row, index)):
                name = match[1] or match[2]
                if name not in found and (path := find_beside(table.path, name)):
                    found[name] = path
    return found
