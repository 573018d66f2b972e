"""Notes → a search for Anki's browser that finds them in anybody's collection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from cardwright.anki.note import Note

_MAX_SEARCH: Final = 1_000
"""The most characters of a search: it goes into the description of a deck."""
_TAKEN: Final = frozenset(
    [
        "added",
        "card",
        "cid",
        "deck",
        "did",
        "dupe",
        "edited",
        "flag",
        "has-cd",
        "introduced",
        "is",
        "mid",
        "nc",
        "nid",
        "note",
        "preset",
        "prop",
        "rated",
        "re",
        "resched",
        "sc",
        "tag",
        "w",
    ]
)
"""What Anki's search understands before it thinks of a field of this name."""


def make_search(notes: Iterable[Note]) -> str:
    """Return a search that finds notes by the field that shows their id.

    Notes whose note type shows no id are not found; "" if that is so for all.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        if is_findable(note):
            namespace, _, id = note.card.key.partition(":")
            found.setdefault((note.id_field, namespace), []).append(id)
    return " or ".join(
        # Within quotes, a field's name may have spaces; Anki reads `\:` as a colon of the name.
        f'"{_escape_field(field)}:re:^{namespace}:({"|".join(map(_escape_id, sorted(ids)))})$"'
        for (field, namespace), ids in found.items()
    )


def is_findable(note: Note) -> bool:
    """Tell whether a field of the note shows its id, under a name that a search can contain."""
    name = note.id_field
    # A backtick would end the code in Markdown that shows the search.
    return bool(name) and name.casefold() not in _TAKEN and "`" not in name


def _escape_id(id: str) -> str:
    # Anki would do without the backslash before a hyphen; it only makes the search hard to read.
    return re.escape(id).replace("\\-", "-")


def _escape_field(name: str) -> str:
    return re.sub(r'([\\":*_])', r"\\\1", name)


def describe_withdrawn(notes: Sequence[Note]) -> str:
    """Return sentences in Markdown on what becomes of withdrawn notes, and how to find them."""
    one = len(notes) == 1
    it, keeps = ("It", "stays as it is") if one else ("They", "stay as they are")
    told = [f"{it} {keeps} in your collection, with your progress."]
    shown = _fit([note for note in notes if is_findable(note)])
    if shown:
        which = ("it" if one else "them") if len(shown) == len(notes) else f"{len(shown)} of them"
        told.append(f"To find {which}, search for `{make_search(shown)}` in Anki's browser.")
    return " ".join(told)


def _fit(notes: Sequence[Note]) -> Sequence[Note]:
    """Return as many of the notes as one search can find."""
    while len(make_search(notes)) > _MAX_SEARCH:
        notes = notes[: len(notes) * 3 // 4]
    return notes
