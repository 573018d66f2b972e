"""Importing a package with Anki's library, and what became of its notes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cardwright.anki.doors.library import find_database
from cardwright.anki.error import AnkiError
from cardwright.text import list_names, to_nfc

if TYPE_CHECKING:
    from anki.collection import Collection

_OPTIONS: Final = (
    *("mergeNotetypes", "updateNotes", "updateNotetypes"),
    *("withScheduling", "withDeckConfigs"),
)
"""The keys under which Anki remembers the options of the last import."""


class PackageNote(NamedTuple):
    """A note of a package that is to be imported."""

    mod_s: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageImport:
    """What became of the notes of a package, by guid."""

    new: Sequence[str]
    updated: Sequence[str]
    kept: Sequence[str]
    """Edited in Anki after the package was made, so they stay as they are."""
    unchanged: Sequence[str]
    conflicting: Sequence[str]
    """They have another note type in Anki, so they stay as they are."""


def import_package(
    collection: Collection,
    package: Path,
    notes: Mapping[str, PackageNote],
    *,
    with_presets: bool,
) -> PackageImport:
    """Import a package; the caller has begun a transaction.

    Raises:
        AnkiError: it would change the structure of a note type.

    """
    from anki.collection import (  # noqa: PLC0415  (an extra)
        ImportAnkiPackageOptions,
        ImportAnkiPackageRequest,
    )

    database = find_database(collection)
    schema = database.scalar("select scm from col")
    types = set(database.list("select id from notetypes"))
    options = [
        row
        for row in database.all("select key, usn, mtime_secs, val from config")
        if row[0] in _OPTIONS
    ]
    log = collection.import_anki_package(
        ImportAnkiPackageRequest(
            package_path=str(package),
            options=ImportAnkiPackageOptions(with_deck_configs=with_presets),
        )
    ).log
    # Anki makes the options of each import those that it proposes for the next one.
    database.executemany("delete from config where key = ?", [[key] for key in _OPTIONS])
    database.executemany(
        "insert into config (key, usn, mtime_secs, val) values (?, ?, ?, ?)",
        options,
    )
    collection.models._clear_cache()  # noqa: SLF001  (it does not notice an import)
    copies = []
    for id in set(database.list("select id from notetypes")) - types:
        made = collection.models.get(id)
        if made is not None and made.get("originalId") not in (None, id):
            copies.append(str(made["name"]))
    if copies:
        raise AnkiError(
            f"note types of {package.name} have other fields or templates in Anki, so nothing was "
            f"imported: {list_names(sorted(copies))}",
            help="take that change back in Anki; or import the package there with `Merge note types`, "
            "after which Anki must upload everything",
        )
    if database.scalar("select scm from col") != schema:
        raise AnkiError(
            f"{package.name} would change the structure of a note type, after which Anki must upload "
            "everything: nothing was imported",
            help="import the package in Anki itself",
        )
    return _report(collection, log, notes)


def _report(collection: Collection, log: Any, notes: Mapping[str, PackageNote]) -> PackageImport:
    new, updated, same = (
        [note.id.nid for note in part] for part in (log.new, log.updated, log.duplicate)
    )
    query = "select id, guid, mod, flds from notes where id in (select value from json_each(?))"
    found = {
        row[0]: row[1:]
        for row in find_database(collection).all(query, json.dumps([*new, *updated, *same]))
    }
    kept: list[str] = []
    unchanged: list[str] = []
    for id in same:
        guid, mod_s, fields = found[id]
        note = notes.get(guid)
        is_other = note is not None and to_nfc("\x1f".join(note.fields)) != to_nfc(fields)
        (kept if note and is_other and mod_s > note.mod_s else unchanged).append(guid)
    named = {found[id][0] for id in (*new, *updated, *same)}
    return PackageImport(
        new=[found[id][0] for id in new],
        updated=[found[id][0] for id in updated],
        kept=kept,
        unchanged=unchanged,
        conflicting=[guid for guid in notes if guid not in named],
    )
