"""Bringing built packages into a collection of Anki."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cardwright.anki.doors.package_import import PackageImport, PackageNote
from cardwright.anki.guid import make_guid
from cardwright.app.build import BuiltPackage


class ImportDoor(Protocol):
    """A door through which packages can be imported."""

    def import_package(
        self, package: Path, notes: Mapping[str, PackageNote], *, with_presets: bool
    ) -> PackageImport:
        """Import a package with Anki's defaults; `notes` are those that it holds, by guid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What became of the cards of a pack in Anki, by ref; see PackageImport."""

    pack: str
    path: Path
    media: int
    """How many media files the package holds."""
    new: Sequence[str]
    updated: Sequence[str]
    kept: Sequence[str]
    unchanged: Sequence[str]
    conflicting: Sequence[str]


def update_pack(door: ImportDoor, package: BuiltPackage, *, with_presets: bool) -> Update:
    """Import a package that was built, with Anki's default options.

    Raises:
        AnkiError: nothing was imported.

    """
    contents = package.contents
    times_s = package.build.stamps.notes_s
    refs = {make_guid(note.card): note.card.ref for note in contents.packed}
    notes = {
        make_guid(note.card): PackageNote(times_s[note.card.key], note.fields)
        for note in contents.packed
    }
    done = door.import_package(package.path.absolute(), notes, with_presets=with_presets)

    def name(guids: Sequence[str]) -> list[str]:
        return [refs.get(guid, guid) for guid in guids]

    return Update(
        pack=contents.deck.pack,
        path=package.path,
        media=len(contents.media),
        new=name(done.new),
        updated=name(done.updated),
        kept=name(done.kept),
        unchanged=name(done.unchanged),
        conflicting=name(done.conflicting),
    )
