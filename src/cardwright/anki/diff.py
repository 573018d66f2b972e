"""Two states of a pack → what was added, changed, retired."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cardwright.anki.ledger import Ledger
from cardwright.anki.note import Content

_MAX_TITLE: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """One part of a note that differs."""

    part: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One note that differs."""

    what: str
    """added, changed, retired, revived, renamed or vanished."""
    id: str
    was: str
    """Its id before, where that differs."""
    title: str
    """Its first field, in brief."""
    texts: tuple[TextChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A note in one of two states to compare."""

    id: str
    parts: Mapping[str, str]
    retired: bool
    title: str


def compare_with_ledger(ledger: Ledger, contents: Iterable[Content]) -> list[Change]:
    """Return what a release would change: by id of the sources, in their order."""
    before = {
        note.guid_ref: State(
            id=note.id,
            parts=_flatten(note.matter),
            retired="retired" in note.matter.get("tags", ()),
            title=_first_field(note.matter),
        )
        for note in ledger.notes.values()
    }
    after = {
        content.card.key: State(
            id=content.card.id,
            parts=_flatten(content.matter),
            retired=content.card.retired is not None,
            title=_first_field(content.matter),
        )
        for content in contents
    }
    return list(compare_states(before, after))


def compare_states(before: Mapping[str, State], after: Mapping[str, State]) -> Iterator[Change]:
    """Yield what differs between two sets of notes, by their identity."""
    for key, new in after.items():
        old = before.get(key)
        if old is None:
            yield _make_change("added", new, None)
        elif new.retired != old.retired:
            yield _make_change("retired" if new.retired else "revived", new, old)
        elif new.parts != old.parts:
            yield _make_change("changed", new, old)
        elif new.id != old.id:
            yield _make_change("renamed", new, old)
    for key in before:
        if key not in after:
            yield _make_change("vanished", before[key], None)


def _make_change(what: str, new: State, old: State | None) -> Change:
    texts: tuple[TextChange, ...] = ()
    if old is not None:
        parts = dict.fromkeys((*old.parts, *new.parts))
        texts = tuple(
            TextChange(part=part, before=old.parts.get(part, ""), after=new.parts.get(part, ""))
            for part in parts
            if old.parts.get(part) != new.parts.get(part)
        )
    was = old.id if old is not None and old.id != new.id else ""
    return Change(what=what, id=new.id, was=was, title=new.title, texts=texts)


def _flatten(matter: Mapping[str, Any]) -> dict[str, str]:
    parts = {name: _as_text(value) for name, value in matter.get("fields", {}).items()}
    for name in ("extra", "lesson", "sources", "tags", "media"):
        if matter.get(name):
            parts[name] = _as_text(matter[name])
    return parts


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, indent=1)


def _first_field(matter: Mapping[str, Any]) -> str:
    return shorten_title(_as_text(next(iter(matter.get("fields", {}).values()), "")))


def shorten_title(text: str) -> str:
    """Return a text in brief, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_TITLE else f"{line[: _MAX_TITLE - 1]}…"
