"""The lines with which Anki's text files begin: `#separator:tab`, `#deck column:3`, …"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cardwright.adopt.columns import DECK, GUID, NOTE_TYPE, TAGS

COMMENT: Final = "#"
_SEPARATORS: Final = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "space": " ",
    "pipe": "|",
    "colon": ":",
}
_COLUMNS: Final = {
    "guid column": GUID,
    "notetype column": NOTE_TYPE,
    "deck column": DECK,
    "tags column": TAGS,
}
_OTHERS: Final = ("separator", "html", "tags", "columns", "notetype", "deck", "if matches")
_OLD_TAGS: Final = "tags:"
_EXCEL: Final = "sep="
_MAX_LINES: Final = 100


@dataclass(slots=True)
class Head:
    """What the first lines of a file say about it."""

    lines: int = 0
    """How many there are."""
    size: int = 0
    """How many characters they have."""
    is_anki: bool = False
    """Whether there are lines of Anki's; later lines that start with `#` are comments then."""
    separator: str = ""
    """"" if they do not tell."""
    is_html: bool | None = None
    names: list[str] = field(default_factory=list)
    """The names of the columns."""
    note_type: str = ""
    """The note type of all notes."""
    deck: str = ""
    """The deck of all notes."""
    tags: tuple[str, ...] = ()
    """Tags of all notes."""
    places: dict[str, int] = field(default_factory=dict)
    """The indices of the columns that are no fields."""


def read_head(text: str) -> Head:
    """Read the lines before the first row."""
    head = Head()
    values: dict[str, str] = {}
    for line in text[: 2**18].split("\n", _MAX_LINES)[:_MAX_LINES]:
        key, colon, value = line.removeprefix(COMMENT).partition(":")
        key = key.strip().lower()
        if (
            head.lines == 0
            and line.lower().startswith(_EXCEL)
            and len(line.rstrip()) <= len(_EXCEL) + 1
        ):
            head.separator = line[len(_EXCEL) :][:1] or "\t"
        elif head.lines == 0 and line.startswith(_OLD_TAGS):
            head.tags = tuple(line[len(_OLD_TAGS) :].split())
        elif line.startswith(COMMENT) and colon and (key in _COLUMNS or key in _OTHERS):
            values[key] = value
            head.is_anki = True
        elif not (line.startswith(COMMENT) and head.is_anki):
            break
        head.lines += 1
        head.size += len(line) + 1
    _apply(head, values)
    return head


def _apply(head: Head, values: Mapping[str, str]) -> None:
    name = values.get("separator", "").lower()
    head.separator = _SEPARATORS.get(name.strip(), name if len(name) == 1 else head.separator)
    if values.get("html", "").strip().lower() in ("true", "false"):
        head.is_html = values["html"].strip().lower() == "true"
    head.tags += tuple(values.get("tags", "").split())
    head.note_type = _read_name(values.get("notetype", ""))
    head.deck = _read_name(values.get("deck", ""))
    if "columns" in values:
        head.names = next(csv.reader([values["columns"]], delimiter=head.separator or ","), [])
    for key, column in _COLUMNS.items():
        number = values.get(key, "").strip()
        if number.isascii() and number.isdigit() and int(number[:6]) > 0:
            head.places[column] = int(number[:6]) - 1


def _read_name(value: str) -> str:
    """Return a name; Anki may write an id instead, which tells nothing here."""
    return "" if value.strip().isdigit() else value.strip()
