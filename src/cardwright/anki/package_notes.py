"""The notes of an Anki package, read one at a time: a package may not fit into memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

from cardwright.anki.diff import NoteState, shorten_title
from cardwright.error import CardwrightError
from cardwright.foreign.archive import open_archive
from cardwright.foreign.database import MAGIC, ForeignDatabase, open_database
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.json_text import parse_json

MAX_DATABASE_BYTES: Final = 2**30
MAX_FIELDS: Final = 1_000
"""Fields of one note."""
MAX_TAGS_LENGTH: Final = 100_000
MAX_GUID_LENGTH: Final = 128
_TABLES: Final = {"col": ("models",), "notes": ("id", "guid", "mid", "flds", "tags")}
_NOTE: Final = "SELECT id, guid, mid, flds, tags FROM main.notes"


class PackageError(CardwrightError):
    """An Anki package cannot be read."""


class PackageNotes(Mapping[str, NoteState]):
    """The notes of a package by guid."""

    def __init__(self, path: Path, database: ForeignDatabase) -> None:
        """Check every note once.

        Raises:
            PackageError: a note or note type is not valid.

        """
        self._path = path
        self._database = database
        self._fields = self._read_note_types()
        self._ids: dict[str, int] = {}
        for row in self._read(f"{_NOTE} NOT INDEXED"):
            self._read_state(row)
            self._ids[row[1]] = row[0]

    def __getitem__(self, guid: str) -> NoteState:
        """Read a note."""
        row = next(self._read(f"{_NOTE} WHERE id = ?", self._ids[guid]), None)
        if row is None:
            raise KeyError(guid)
        return self._read_state(row)

    def __contains__(self, guid: object) -> bool:
        """Return whether a note exists, without reading it."""
        return guid in self._ids

    def __iter__(self) -> Iterator[str]:
        """Iterate over guids in the order of the package."""
        return iter(self._ids)

    def __len__(self) -> int:
        """Count the notes."""
        return len(self._ids)

    def _read(self, query: str, *values: int) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._database.read(query, *values)
        except ForeignFileError as error:
            raise _explain(error) from error

    def _read_note_types(self) -> dict[int, list[str]]:
        row = next(self._read("SELECT models FROM main.col"), None)
        if row is None:
            self._refuse("it contains no collection")
        try:
            found = parse_json(row[0]) if isinstance(row[0], str) else None
        except ValueError as error:
            self._refuse(f"its note types {error}")
        if not isinstance(found, dict):
            self._refuse("its note types are not valid")
        return dict(map(self._read_note_type, found.values()))

    def _read_note_type(self, found: Any) -> tuple[int, list[str]]:
        match found:
            case {"id": int() | str() as id, "flds": list(fields)}:
                number = _read_number(id)
                names = [field.get("name") for field in fields if isinstance(field, dict)]
            case _:
                number, fields, names = None, [], []
        labels = [name for name in names if isinstance(name, str)]
        if number is None or len(labels) < len(fields):
            self._refuse("one of its note types is not valid")
        return number, labels

    def _read_state(self, row: tuple[Any, ...]) -> NoteState:
        id, guid, type_id, flds, tags = row
        if not isinstance(id, int):
            self._refuse("one of its notes has no id")
        if not isinstance(guid, str) or len(guid) > MAX_GUID_LENGTH:
            self._refuse(f"the guid of note {id} is not valid")
        if type_id not in self._fields:
            self._refuse(f"the note type of note {id} is missing")
        if not isinstance(flds, str) or flds.count("\x1f") >= MAX_FIELDS:
            self._refuse(f"the fields of note {id} are not valid")
        if not isinstance(tags, str) or len(tags) > MAX_TAGS_LENGTH:
            self._refuse(f"the tags of note {id} are not valid")
        return _make_state(self._fields[type_id], flds.split("\x1f"), tags.split())

    def _refuse(self, reason: str) -> NoReturn:
        raise _explain(ForeignFileError(self._path, reason))


@contextmanager
def open_package(path: Path) -> Iterator[PackageNotes]:
    """Open an Anki package to read its notes; media are never unpacked.

    Raises:
        PackageError: the file is not a package, or is in Anki's newest format.

    """
    with tempfile.TemporaryDirectory(prefix="cards-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "collection"
        try:
            with open_archive(path) as archive:
                archive.unpack(
                    _choose_database(path, archive.names),
                    file,
                    max_bytes=MAX_DATABASE_BYTES,
                    start=MAGIC,
                )
            with open_database(file, _TABLES, shown_as=path) as database:
                yield PackageNotes(path, database)
        except ForeignFileError as error:
            raise _explain(error) from error


def _choose_database(path: Path, names: frozenset[str]) -> str:
    if "collection.anki21b" in names:
        message = f"{path} is in Anki's newest format, which cannot be compared yet"
        help = "export it again with `Support older Anki versions` switched on"
        raise PackageError(message, help=help)
    for name in ("collection.anki21", "collection.anki2"):
        if name in names:
            return name
    raise ForeignFileError(path, "it contains no collection")


def _make_state(labels: list[str], values: list[str], tags: list[str]) -> NoteState:
    labels = labels + [f"field {number + 1}" for number in range(len(labels), len(values))]
    parts = {name: text for name, text in zip(labels, values, strict=False) if text}
    ref = parts.pop("Id", "")
    return NoteState(
        id=ref or values[0],
        parts={**parts, "tags": " ".join(tags)},
        retired="retired" in tags,
        title=shorten_title(values[0]),
    )


def _read_number(given: int | str) -> int | None:
    if isinstance(given, bool):
        return None
    try:
        return int(given)
    except ValueError:
        return None


def _explain(error: ForeignFileError) -> PackageError:
    return PackageError(f"{error.file} is not a readable Anki package: {error.reason}")
