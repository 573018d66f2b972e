"""The formats of decks that can be adopted, recognised by content."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

from cardwright.adopt.columns import parse_map
from cardwright.adopt.error import AdoptError
from cardwright.adopt.folder import Folder
from cardwright.adopt.hashcards import is_hashcards, read_hashcards
from cardwright.adopt.obsidian import has_obsidian_cards, is_vault, read_obsidian
from cardwright.adopt.table import read_table
from cardwright.adopt.text_file import read_text
from cardwright.anki.crowdanki import find_crowdanki, open_crowdanki
from cardwright.anki.incoming import open_incoming
from cardwright.app.file_kind import is_anki_file
from cardwright.error import CardwrightError
from cardwright.files import find_real
from cardwright.incoming import Incoming

_SUPPORTED: Final = (
    "adopt an Anki package (.apkg, .colpkg) or collection, a folder of CrowdAnki, a table (.csv,"
    " .tsv, or .txt as Anki and Quizlet export it), a folder of hashcards, or a vault of Obsidian"
)
_PACKAGES: Final = (".apkg", ".colpkg")
_SPREADSHEETS: Final = (".xlsx", ".xls", ".ods", ".numbers")
_MARKDOWN: Final = (".md", ".markdown")
_MAX_LOOKED_AT: Final = 2_000
"""How many notes of a folder are read to recognise it."""


class Format(StrEnum):
    """A format of decks."""

    ANKI = "Anki"
    CROWDANKI = "CrowdAnki"
    TABLE = "table"
    HASHCARDS = "hashcards"
    OBSIDIAN = "Obsidian"


@contextmanager
def open_deck(source: Path, columns: Sequence[str] = ()) -> Iterator[Incoming]:
    """Open a deck of whatever format; its notes and media can be read while it is open.

    `columns` say what the columns of a table hold, as `field=column`.

    Raises:
        CardwrightError: its format is not known, or it cannot be read.

    """
    format = recognize(source)
    if columns and format is not Format.TABLE:
        raise AdoptError(f"{source} is no table, so no columns can be named")
    match format:
        case Format.ANKI:
            with open_incoming(source) as incoming:
                yield incoming
        case Format.CROWDANKI:
            with open_crowdanki(source) as incoming:
                yield incoming
        case Format.HASHCARDS:
            yield read_hashcards(source)
        case Format.OBSIDIAN:
            yield read_obsidian(source)
        case Format.TABLE:
            try:
                found = parse_map(columns)
            except ValueError as error:
                raise AdoptError(str(error)) from None
            yield read_table(source, found)


def recognize(source: Path) -> Format:
    """Return the format of a file or folder.

    Raises:
        CardwrightError: it is not there, or of no format that can be adopted.

    """
    if not os.path.lexists(source):
        raise AdoptError(f"there is no {source}")
    if source.is_dir():
        return _recognize_folder(source)
    ending = source.suffix.lower()
    if ending in _SPREADSHEETS:
        help = "save it as CSV in the spreadsheet program, and adopt that file"
        raise AdoptError(f"{source} is a spreadsheet", help=help)
    if is_anki_file(source):
        return Format.ANKI
    if ending in _PACKAGES:
        help = "export it from Anki again, or download it again"
        raise AdoptError(f"{source} is not a readable Anki package", help=help)
    if ending == ".json":
        return Format.CROWDANKI
    if ending in _MARKDOWN:
        return _recognize_markdown(source, [source.name], Folder(source.parent))
    return Format.TABLE


def _recognize_folder(source: Path) -> Format:
    if find_crowdanki(source):
        return Format.CROWDANKI
    if is_vault(source):
        return Format.OBSIDIAN
    folder = Folder(source)
    if names := folder.list_names(".md"):
        return _recognize_markdown(source, names[:_MAX_LOOKED_AT], folder)
    raise AdoptError(f"{source} is no deck that can be adopted", help=_SUPPORTED)


def _recognize_markdown(source: Path, names: Sequence[str], folder: Folder) -> Format:
    """Tell hashcards and Obsidian apart, by the first file that has cards of one of them."""
    for name in names:
        try:
            text = read_text(folder.root / name, follow_link=source.name == name).text
        except CardwrightError:
            continue
        if is_hashcards(text):
            return Format.HASHCARDS
        if has_obsidian_cards(text):
            return Format.OBSIDIAN
    if any(map(is_vault, find_real(source).parents)):
        return Format.OBSIDIAN
    raise AdoptError(
        f"{source} has no cards of hashcards (`Q:` and `A:`, `C:`), nor of Obsidian (`#flashcards`)",
        help=_SUPPORTED,
    )
