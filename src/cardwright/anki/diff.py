"""Two states of a pack → the notes added, changed or withdrawn between them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cardwright.anki.ledger import Ledger, Published
from cardwright.anki.pack import PackContents
from cardwright.model import CardHead, Withdrawn
from cardwright.text import count

_MAX_TITLE: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """A part of a note that differs."""

    part: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A note that differs."""

    what: str
    """added, changed, retired, reserved, revived, renamed, moved, rerendered, vanished, or restyled
    (a kind)."""
    id: str
    was: str
    """Its earlier id, if it was renamed."""
    title: str
    """The start of its first field."""
    texts: tuple[TextChange, ...]
    decks: tuple[str, str] | None = None
    """The decks it was in and is in now, by full name, if it moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteState:
    """A note on one of the two sides compared."""

    id: str
    parts: Mapping[str, str]
    """Its texts by name: fields, tags, sources and so on."""
    withdrawn: Withdrawn
    """Whether, and how, the package leaves it out."""
    title: str
    deck: str = ""
    """The full name of its deck; empty if it is not known."""
    is_rerendered: bool = False
    """Whether its HTML has changed on purpose, though not its texts."""
    is_left_out: bool = False
    """Whether the package left it out since no deck selected its card."""


def compare_with_ledger(ledger: Ledger, contents: PackContents) -> list[Change]:
    """Return the changes that a release of a pack would make, in the order of its notes."""
    decks = contents.list_decks()
    before = {note.guid_ref: note for note in ledger.notes.values()}
    old: dict[str, NoteState] = {}
    new: dict[str, NoteState] = {}
    for note in contents.notes:
        key, card = note.card.key, note.card
        deck = decks.get(key, "")
        published = before.pop(key, None)
        is_rerendered = not card.withdrawn and ledger.is_rerendered(note)
        if published:
            is_same = published.hash == note.hash or (
                # What is not in the package may change.
                card.withdrawn != "" and published.withdrawn == card.withdrawn
            )
            is_placed = deck in ("", published.deck) and not published.is_left_out
            if is_same and is_placed and published.id == card.id and not is_rerendered:
                continue
            old[key] = _describe_published(published)
        state = describe_state(card, note.content, deck, is_rerendered=is_rerendered)
        new[key] = replace(state, parts=old[key].parts) if published and is_same else state
    left = {key: note for key, note in before.items() if not note.is_left_out}
    old |= {key: _describe_published(note) for key, note in left.items()}
    return list(compare_states(old, new))


def describe_state(
    card: CardHead, content: Mapping[str, Any], deck: str, *, is_rerendered: bool = False
) -> NoteState:
    """Return the state of a card, from its content as `describe_content` returns it."""
    return NoteState(
        id=card.id,
        parts=_flatten(content),
        withdrawn=card.withdrawn,
        title=_first_field(content),
        deck=deck,
        is_rerendered=is_rerendered,
    )


def _describe_published(note: Published) -> NoteState:
    return NoteState(
        id=note.id,
        parts=_flatten(note.content),
        withdrawn=note.withdrawn,
        title=_first_field(note.content),
        deck=note.deck,
        is_left_out=note.is_left_out,
    )


def compare_states(
    before: Mapping[str, NoteState], after: Mapping[str, NoteState]
) -> Iterator[Change]:
    """Yield the changes between two sets of notes, keyed by an identity that survives renaming."""
    return (change for _, change in compare_keyed(before, after))


def compare_keyed(
    before: Mapping[str, NoteState], after: Mapping[str, NoteState]
) -> Iterator[tuple[str, Change]]:
    """Yield the changes between two sets of notes as `compare_states` does, each with its key."""
    for key, new in after.items():
        old = before.get(key)
        if what := _name_change(new, old):
            yield key, _make_change(what, new, old)
    for key in before:
        if key not in after:
            yield key, _make_change("vanished", before[key], None)


def _name_change(new: NoteState, old: NoteState | None) -> str:
    """Return what has changed about a note; "" if nothing has."""
    if old is None:
        return "added"
    if new.withdrawn != old.withdrawn or (old.is_left_out and not new.withdrawn):
        return new.withdrawn or "revived"
    if new.parts != old.parts:
        return "changed"
    if new.id != old.id:
        return "renamed"
    if _find_move(new, old):
        return "moved"
    return "rerendered" if new.is_rerendered else ""


def make_restyled(kind: str) -> Change:
    """Return that the cards of a kind look different."""
    return Change(what="restyled", id=kind, was="", title="its cards look different", texts=())


def format_counts(counts: Mapping[str, int]) -> str:
    """Format counts of `Change.what`, such as `2 added, 1 changed`, and of restyled kinds."""
    texts = (
        f"{count(number, 'kind')} restyled" if what == "restyled" else f"{number} {what}"
        for what, number in counts.items()
    )
    return ", ".join(texts) or "no changes"


def _make_change(what: str, new: NoteState, old: NoteState | None) -> Change:
    texts: tuple[TextChange, ...] = ()
    if old is not None:
        parts = dict.fromkeys((*old.parts, *new.parts))
        texts = tuple(
            TextChange(part=part, before=old.parts.get(part, ""), after=new.parts.get(part, ""))
            for part in parts
            if old.parts.get(part) != new.parts.get(part)
        )
    was = old.id if old is not None and old.id != new.id else ""
    return Change(
        what=what,
        id=new.id,
        was=was,
        title=new.title,
        texts=texts,
        decks=_find_move(new, old) if old else None,
    )


def _find_move(new: NoteState, old: NoteState) -> tuple[str, str] | None:
    is_moved = new.deck and old.deck and new.deck != old.deck
    return (old.deck, new.deck) if is_moved else None


def _flatten(content: Mapping[str, Any]) -> dict[str, str]:
    parts = {name: _as_text(value) for name, value in content.get("fields", {}).items()}
    for name in ("extra", "lesson", "sources", "tags", "media"):
        if content.get(name):
            parts[name] = _as_text(content[name])
    return parts


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_as_entry(one)}" for key, one in value.items())
    return "\n".join(map(_as_entry, value)) if isinstance(value, list) else _as_entry(value)


def _as_entry(value: Any) -> str:
    """Return a text, an option of a question, or a source."""
    match value:
        case str():
            return value
        case {"text": str(text), "right": bool(is_right), "reason": str(reason)}:
            return f"{'right' if is_right else 'wrong'}: {text}\nreason: {reason}"
        case [str(url), str(title)]:
            return f"{url} {title}".strip()
    return json.dumps(value, ensure_ascii=False)


def _first_field(content: Mapping[str, Any]) -> str:
    return shorten_title(_as_text(next(iter(content.get("fields", {}).values()), "")))


def shorten_title(text: str) -> str:
    """Return the start of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_TITLE else f"{line[: _MAX_TITLE - 1]}…"
