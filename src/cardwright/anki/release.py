"""Publishing a pack: its next version, its changelog entry, and the updated ledger."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cardwright.anki.diff import Change, compare_with_ledger
from cardwright.anki.ledger import Ledger, Published, PublishedType
from cardwright.anki.moves import describe_moves
from cardwright.anki.note import RENDERING_VERSION, Note
from cardwright.anki.notetype import NoteType
from cardwright.anki.pack import PackContents
from cardwright.anki.search import describe_retired
from cardwright.error import CardwrightError
from cardwright.text import count

_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_HEADINGS: Final = {
    "added": "Added",
    "changed": "Changed",
    "revived": "Changed",
    "renamed": "Renamed",
    "retired": "Retired",
}


class ReleaseError(CardwrightError):
    """A pack cannot be released, or not under the requested version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release of a pack, ready to be written."""

    version: str
    changes: tuple[Change, ...]
    """Since the last release."""
    entry: str
    """The changelog entry, in Markdown."""
    ledger: Ledger
    """The updated ledger, from which `write_package` reads the version and times."""


def prepare_release(
    contents: PackContents, ledger: Ledger, *, version: str | None, released_s: int
) -> Release:
    """Compare a pack with its ledger, and return the release that publishes the difference.

    Without `version`, the next one is chosen. `released_s` is the current time in Unix seconds.

    Raises:
        ReleaseError: the pack has no cards, nothing has changed, or the version is not valid.

    """
    if not contents.packed:
        raise ReleaseError(f"the deck of `{ledger.pack}` selects no cards")
    changes = compare_with_ledger(ledger, contents)
    published = _publish_notes(ledger, contents, released_s)
    note_types = _publish_note_types(ledger, contents.note_types, released_s)
    if not changes and note_types == ledger.note_types:
        raise ReleaseError(f"nothing has changed since {ledger.version}")
    chosen = choose_version(ledger.version, version, changes)
    day = time.strftime("%Y-%m-%d", time.gmtime(released_s))
    retired = {change.id for change in changes if change.what == "retired"}
    return Release(
        version=chosen,
        changes=tuple(changes),
        entry=format_entry(
            chosen,
            day,
            changes,
            is_first=not ledger.version,
            moves=describe_moves(ledger, contents),
            retired=[note for note in contents.retired if note.card.id in retired],
        ),
        ledger=replace(
            ledger,
            namespace=contents.deck.namespace,
            version=chosen,
            released_s=released_s,
            deck_names=contents.deck_names,
            notes=published,
            note_types=note_types,
        ),
    )


def _publish_notes(ledger: Ledger, contents: PackContents, released_s: int) -> dict[str, Published]:
    decks = contents.list_decks()
    published = {
        note.card.id: _publish_note(ledger, note, decks.get(note.card.key, ""), released_s)
        for note in contents.notes
    }
    # Cards that no deck selects any more are kept: people still have their notes.
    keys = {note.guid_ref for note in published.values()}
    kept = {note.id: note for note in ledger.notes.values() if note.guid_ref not in keys}
    return {**kept, **published}


def _publish_note(ledger: Ledger, note: Note, deck: str, released_s: int) -> Published:
    before = ledger.find(note.card)
    html_hash = note.html_hash
    rendering = RENDERING_VERSION
    mod_s = ledger.stamp_note(note, released_s)
    if before and before.mod_s == mod_s and before.html_hash != html_hash:
        # Only a library renders it differently: everyone keeps the HTML published before.
        html_hash, rendering = before.html_hash, before.rendering
    return Published(
        id=note.card.id,
        guid_ref=note.card.key,
        guid=note.card.guid or "",
        kind=note.card.kind,
        mod_s=mod_s,
        hash=note.hash,
        content=note.content,
        rendering=rendering,
        html_hash=html_hash,
        deck=deck or (before.deck if before else ""),
    )


def _publish_note_types(
    ledger: Ledger, note_types: Mapping[str, NoteType], released_s: int
) -> dict[str, PublishedType]:
    published = {
        kind: PublishedType(
            kind=kind,
            mod_s=ledger.stamp_note_type(note_type, released_s),
            hash=note_type.hash,
            structure=note_type.structure,
        )
        for kind, note_type in note_types.items()
    }
    # As with notes, kinds that no card uses any more are kept.
    return {**ledger.note_types, **published}


def choose_version(last: str, wanted: str | None, changes: Iterable[Change]) -> str:
    """Return the requested version, or the next one: 1.0.0, then a minor version or a patch.

    Cards added, retired or revived make a minor version. `last` is empty before the first release.

    Raises:
        ReleaseError: the requested version is not valid, or not later than the last one.

    """
    match = _VERSION.fullmatch(last)
    if wanted is not None:
        chosen = _VERSION.fullmatch(wanted)
        if not chosen:
            raise ReleaseError(
                f"`{wanted}` is not a valid version", help="write three numbers, such as 1.2.0"
            )
        if match and _as_numbers(chosen) <= _as_numbers(match):
            raise ReleaseError(f"version {wanted} must be later than {last}, the last release")
        return wanted
    if not match:
        return "1.0.0"
    major, minor, patch = _as_numbers(match)
    if any(change.what in ("added", "retired", "revived") for change in changes):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def _as_numbers(match: re.Match[str]) -> tuple[int, int, int]:
    major, minor, patch = (int(number) for number in match.groups())
    return major, minor, patch


def format_entry(
    version: str,
    day: str,
    changes: list[Change],
    *,
    is_first: bool,
    moves: Sequence[str] = (),
    retired: Sequence[Note] = (),
) -> str:
    """Return the changelog entry of a release, as Markdown; `day` is an ISO date.

    `moves` are sentences on how readers move their cards; `retired` are the notes retired by it.
    """
    lines = [f"## {version} – {day}", ""]
    if is_first:
        # Everything is new, so a list of all cards would be pointless.
        return "\n".join([*lines, f"The first release, with {len(changes)} cards.", "", ""])
    for heading in dict.fromkeys(_HEADINGS.values()):
        found = [change for change in changes if _HEADINGS.get(change.what) == heading]
        if not found:
            continue
        lines += [f"### {heading}", ""]
        for change in found:
            was = f" (was `{change.was}`)" if change.was else ""
            parts = f" ({', '.join(t.part for t in change.texts)})" if heading == "Changed" else ""
            lines.append(f"- `{change.id}`{was}: {change.title}{parts}")
        lines.append("")
        if heading == "Retired" and retired:
            lines += [describe_retired(retired), ""]
    if moves:
        lines += [
            "### Moved",
            "",
            "Anki leaves the cards that you already have in their decks:",
            "",
            *(f"- {move}" for move in moves),
            "",
        ]
    if not changes:
        lines += ["Only the appearance of the cards has changed.", ""]
    if number := sum(change.what == "rerendered" for change in changes):
        cards = count(number, "card")
        only = "Only the" if number == len(changes) else "The"
        lines += [f"{only} rendering of {cards} has changed.", ""]
    return "\n".join(lines) + "\n"


def insert_entry(changelog: str, deck_name: str, release: Release) -> str:
    """Return a changelog with the entry of a release at its top.

    An empty changelog gets a heading. An entry of the same version is replaced: it was left by a
    release that could not write its ledger.
    """
    text = changelog or f"# Changes of the deck {deck_name}\n\n"
    sections = re.split(r"(?m)^(?=## )", text)
    kept = [part for part in sections[1:] if not part.startswith(f"## {release.version} ")]
    return sections[0] + release.entry + "".join(kept)
