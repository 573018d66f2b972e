"""The notes of an Anki package or collection, as `cards diff` compares them.

They are read one at a time: a package may not fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cardwright.anki.collection import Collection, NoteRow, open_collection
from cardwright.anki.diff import NoteState, shorten_title
from cardwright.anki.ledger import find_withdrawn
from cardwright.html import read_text


class PackageNotes(Mapping[str, NoteState]):
    """The notes of a collection by guid."""

    def __init__(self, collection: Collection) -> None:
        """Check every note once.

        Raises:
            PackageError: a note or note type is not valid.

        """
        self.collection = collection
        self.ids = {note.guid: note.id for note in collection.read_notes()}
        """The ids of the notes in the collection, by guid."""

    def __getitem__(self, guid: str) -> NoteState:
        """Read a note."""
        return self._make_state(self.read(guid))

    def __contains__(self, guid: object) -> bool:
        """Return whether a note exists, without reading it."""
        return guid in self.ids

    def __iter__(self) -> Iterator[str]:
        """Iterate over guids in the order of the collection."""
        return iter(self.ids)

    def __len__(self) -> int:
        """Count the notes."""
        return len(self.ids)

    def read(self, guid: str) -> NoteRow:
        """Read a note as it is kept."""
        note = self.collection.read_note(self.ids[guid])
        if note is None:
            raise KeyError(guid)
        return note

    def _make_state(self, note: NoteRow) -> NoteState:
        labels = [field.name for field in self.collection.note_types[note.type_id].fields]
        labels += [f"field {number + 1}" for number in range(len(labels), len(note.fields))]
        parts = {name: text for name, text in zip(labels, note.fields, strict=False) if text}
        ref = parts.pop("Id", "")
        return NoteState(
            id=ref or note.fields[0],
            parts={**parts, "tags": " ".join(note.tags)},
            withdrawn=find_withdrawn(note.tags),
            title=shorten_title(read_text(note.fields[0])),
        )


@contextmanager
def open_package(path: Path) -> Iterator[PackageNotes]:
    """Open a package or a collection to compare its notes; media are never unpacked.

    Raises:
        PackageError: the file is neither.

    """
    with open_collection(path) as collection:
        yield PackageNotes(collection)
