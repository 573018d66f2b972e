"""Publishing a pack: its next version, its changelog entry, and the updated ledger."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cardwright.anki.changelog import FIRST_RELEASE
from cardwright.anki.diff import Change, compare_with_ledger
from cardwright.anki.ledger import Ledger
from cardwright.anki.moves import describe_moves
from cardwright.anki.note import Note
from cardwright.anki.pack import PackContents
from cardwright.anki.publish import list_restyled, stage
from cardwright.anki.record import Record
from cardwright.anki.search import describe_withdrawn
from cardwright.anki.stamp import stamp_release
from cardwright.error import CardwrightError
from cardwright.text import count

_VERSION: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")
_NO_BUILDS: Final = Record()
_NOTHING: Final[Mapping[str, Sequence[Note]]] = {}
_HEADINGS: Final = {
    "added": "Added",
    "changed": "Changed",
    "revived": "Changed",
    "renamed": "Renamed",
    "retired": "Retired",
    "reserved": "Reserved",
}


class ReleaseError(CardwrightError):
    """A pack cannot be released, or not under the requested version."""


class NothingToReleaseError(ReleaseError):
    """Nothing has changed since the last release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release of a pack, ready to be written."""

    version: str
    changes: tuple[Change, ...]
    """Since the last release."""
    restyled: tuple[str, ...]
    """The kinds that look different from the last release."""
    entry: str
    """The changelog entry, in Markdown."""
    ledger: Ledger
    """The updated ledger. It is unfinished until changelog and package are written."""


def prepare_release(
    contents: PackContents,
    ledger: Ledger,
    *,
    version: str | None,
    released_s: int,
    record: Record = _NO_BUILDS,
) -> Release:
    """Compare a pack with its ledger, and return the release that publishes the difference.

    Without `version`, the next one is chosen. `released_s` is the current time in Unix seconds, and
    `record` tells what builds have shipped since the last release.

    Raises:
        ReleaseError: the pack has no cards, or the version is not valid.
        NothingToReleaseError: nothing has changed.

    """
    if not contents.packed:
        raise ReleaseError(f"the deck of `{ledger.pack}` selects no cards")
    changes = compare_with_ledger(ledger, contents)
    is_new = not contents.note_types.keys() <= ledger.note_types.keys()
    restyled = list_restyled(ledger, contents.note_types)
    # An adopted pack can be released as it is.
    is_adopted = not (ledger.version or ledger.unfinished)
    if not (changes or is_new or restyled or is_adopted):
        raise NothingToReleaseError(f"nothing has changed since {ledger.version}")
    chosen = choose_version(ledger.version, version, changes)
    withdrawn = {change.id: change.what for change in changes}
    entry = format_entry(
        chosen,
        time.strftime("%Y-%m-%d", time.gmtime(released_s)),
        changes,
        first=_describe_first(contents, ledger),
        moves=describe_moves(ledger, contents),
        withdrawn={
            heading: [note for note in notes if withdrawn.get(note.card.id) == heading.lower()]
            for heading, notes in (("Retired", contents.retired), ("Reserved", contents.reserved))
        },
    )
    return Release(
        version=chosen,
        changes=tuple(changes),
        restyled=tuple(restyled),
        entry=entry,
        ledger=replace(
            stage(contents, ledger, record, stamp_release, released_s),
            namespace=contents.deck.namespace,
            version=chosen,
            released_s=released_s,
            deck_names=contents.deck_names,
            unfinished=entry,
        ),
    )


def _describe_first(contents: PackContents, ledger: Ledger) -> str:
    """Return the sentence that begins the entry of a first release; "" if it is not the first."""
    if ledger.version:
        return ""
    sentence = f"{FIRST_RELEASE}{count(len(contents.packed), 'card')}"
    known = {note.guid_ref for note in ledger.notes.values()}
    adopted = sum(note.card.key in known for note in contents.packed)
    return f"{sentence}, {adopted:,} of them adopted." if adopted else f"{sentence}."


def choose_version(last: str, wanted: str | None, changes: Iterable[Change]) -> str:
    """Return the requested version, or the next one: 1.0.0, then a minor version or a patch.

    Cards added, withdrawn or revived make a minor version. `last` is empty before the first release.

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
    if any(change.what in ("added", "retired", "reserved", "revived") for change in changes):
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
    first: str = "",
    moves: Sequence[str] = (),
    withdrawn: Mapping[str, Sequence[Note]] = _NOTHING,
) -> str:
    """Return the changelog entry of a release, as Markdown; `day` is an ISO date.

    `first` is the sentence that begins the entry of a first release, and "" for any other.
    `moves` are sentences on how readers move their cards; `withdrawn` are the notes that it
    withdraws, by heading.
    """
    lines = [f"## {version} – {day}", ""]
    if first:
        lines += [first, ""]
        # If everything is new, a list of all cards would be pointless.
        changes = [] if all(change.what == "added" for change in changes) else changes
        if not (changes or moves):
            return "\n".join([*lines, ""])
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
        if notes := withdrawn.get(heading):
            lines += [describe_withdrawn(notes), ""]
    if moves:
        lines += [
            "### Moved",
            "",
            "Anki leaves the cards that you already have in their decks:",
            "",
            *(f"- {move}" for move in moves),
            "",
        ]
    if not (changes or first):
        lines += ["Only the appearance of the cards has changed.", ""]
    if number := sum(change.what == "rerendered" for change in changes):
        cards = count(number, "card")
        only = "Only the" if number == len(changes) else "The"
        lines += [f"{only} rendering of {cards} has changed.", ""]
    return "\n".join(lines) + "\n"
