"""Published cards that move to another deck, which Anki does not do for the cards people already have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from cardwright.text import count

if TYPE_CHECKING:
    from cardwright.anki.ledger import Ledger, Published
    from cardwright.anki.note import Note
    from cardwright.anki.pack import PackContents


def find_moves(
    notes: Iterable[Published], decks: Mapping[str, str]
) -> dict[tuple[str, str], list[str]]:
    """Return the keys of the cards that moved, by the full names of their old and new deck.

    `decks` holds the deck of each card today, by key.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        deck = decks.get(note.guid_ref, "")
        if note.deck and deck and note.deck != deck:
            found.setdefault((note.deck, deck), []).append(note.guid_ref)
    return found


def describe_moves(ledger: Ledger, contents: PackContents) -> list[str]:
    """Return sentences in Markdown that tell readers how to move the cards that they have."""
    moves = find_moves(ledger.notes.values(), contents.list_decks())
    renamed = _find_renamed(moves, ledger.deck_names, contents.deck_names)
    notes = {note.card.key: note for note in contents.notes}
    lines = [
        f"The deck `{old}` is now `{new}`. Rename yours before you import this version. If you have "
        "imported it already, select the cards of the old deck in Anki's browser, and choose "
        "*Cards > Change Deck*."
        for old, new in renamed.items()
    ]
    for (old, new), keys in moves.items():
        if not any(_replace_head(old, *pair) == new for pair in renamed.items()):
            cards = "1 card is" if len(keys) == 1 else f"{count(len(keys), 'card')} are"
            lines.append(
                f"{cards} now in `{new}`. To move yours, {_tell_search(old, [notes[key] for key in keys])} "
                "in Anki's browser, select them, and choose *Cards > Change Deck*."
            )
    return lines


def _tell_search(deck: str, notes: Sequence[Note]) -> str:
    # Checks need the moves only.
    from cardwright.anki.search import is_findable, make_search  # noqa: PLC0415

    if all(map(is_findable, notes)):
        return f"search for `{make_search(notes)}`"
    # An adopted note type may have no field for the id.
    return f'look for them in `deck:"{deck}"`'


def _find_renamed(
    moves: Mapping[tuple[str, str], list[str]],
    old_names: Collection[str],
    new_names: Collection[str],
) -> dict[str, str]:
    """Return the decks that only have another name now: renaming them moves all their cards."""
    heads: dict[str, set[str]] = {}
    for old, new in moves:
        old_parts, new_parts = old.split("::"), new.split("::")
        while len(old_parts) > 1 and len(new_parts) > 1 and old_parts[-1] == new_parts[-1]:
            del old_parts[-1], new_parts[-1]
        heads.setdefault("::".join(old_parts), set()).add("::".join(new_parts))
    return {
        old: new
        for old, (new, *others) in ((old, sorted(found)) for old, found in heads.items())
        if not others
        and not _has_deck(new_names, old)
        and not _has_deck(old_names, new)
        and sum(new in found for found in heads.values()) == 1
    }


def _has_deck(names: Collection[str], name: str) -> bool:
    return any(other == name or other.startswith(f"{name}::") for other in names)


def _replace_head(name: str, old: str, new: str) -> str:
    """Return the name of a deck once the deck `old`, at or above it, is called `new`."""
    return new + name.removeprefix(old) if _has_deck((name,), old) else name
