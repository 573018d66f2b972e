"""Where something is defined, what a file holds, and new ids for cards."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cardwright.anki.ledger import LEDGER_NAME
from cardwright.app.project import Project
from cardwright.blueprint import Domain, Lesson, Objective
from cardwright.diagnostic import Span
from cardwright.editor.buffer import Position
from cardwright.editor.complete import find_source, write_plain
from cardwright.editor.hover import find_head
from cardwright.editor.outline import Item
from cardwright.editor.workspace import OpenFile, Workspace, find_card_at
from cardwright.error import ProjectError
from cardwright.foreign.media import MediaFile
from cardwright.model import Card
from cardwright.project.card import ID_HELP, is_id
from cardwright.project.edit import edit_card
from cardwright.text import escape_controls

_MAX_NAME: Final = 80
_MAX_LOCATIONS: Final = 100
_CLASS, _CONSTRUCTOR = 5, 9
"""What the protocol calls kinds of symbols."""
_MEDIA: Final = re.compile(r"!\[[^\]]*\]\(<?([^()<>]*)>?\)")


def find_definitions(
    file: OpenFile, project: Project, workspace: Workspace, position: Position
) -> list[dict[str, Any]]:
    """Return where what is named at a position is defined."""
    place = file.buffer.locate(position)
    for media in _MEDIA.finditer(file.buffer.line(place.line)):
        if media.start() <= place.column <= media.end():
            found = project.media.look_up(file.name, media[1])
            if isinstance(found, MediaFile):
                start = {"line": 0, "character": 0}
                return [{"uri": found.path.as_uri(), "range": {"start": start, "end": start}}]
    cursor = file.outline.find(*place)
    if cursor.is_text or cursor.is_key or not cursor.word:
        return []
    spans = _find_spans(file, project, find_source(file, project, cursor.names), cursor.word)
    places = dict.fromkeys(span for _, span in zip(range(_MAX_LOCATIONS), spans, strict=False))
    return [workspace.locate(project, span) for span in places]


def _find_spans(file: OpenFile, project: Project, source: str, word: str) -> Iterator[Span]:
    collection = project.collection
    blueprint = collection.blueprints.get(file.pack)
    if source == "kind" and word in collection.kinds:
        # A built-in kind has no file.
        yield from filter(None, [collection.kinds[word].spans.get("")])
    elif source == "twins":
        yield from (head.span for head in collection.heads_of(file.pack) if head.twins == word)
    elif source == "former":
        ledger = project.ledgers.get(file.pack)
        if ledger and word in ledger.notes:
            path = f"decks/{file.pack}/{LEDGER_NAME}"
            yield Span(path=path, line=max(ledger.notes[word].line, 1), column=1)
        elif head := find_head(project, file.pack, word):
            yield head.span
    elif source == "id" and (head := find_head(project, file.pack, word)):
        yield head.span
    elif source == "file":
        prefix = f"cards/{file.pack}/{word}"
        yield from (
            Span(path=known.name, line=1, column=1)
            for known in project.files
            if known.name == prefix
        )
    elif blueprint is not None:
        known: dict[str, Mapping[str, Lesson | Objective | Domain]] = {
            "lesson": blueprint.lessons,
            "objective": blueprint.objectives,
            "domain": blueprint.domains,
        }
        found = known.get(source, {}).get(word)
        if found is not None:
            yield found.span


def find_renamed(file: OpenFile, project: Project, position: Position) -> tuple[Card, Span] | None:
    """Return the card whose id is at a position, and the place there; None for anything else."""
    cursor = file.outline.find(*file.buffer.locate(position))
    if cursor.is_key or find_source(file, project, cursor.names) != "id":
        return None
    if file.sort == "cards":
        card = find_card_at(file, project, cursor.line)
    else:
        head = find_head(project, file.pack, cursor.word)
        card = project.collection.load(head) if head and head.id == cursor.word else None
    if card is None or card.id != cursor.word:
        return None
    return card, Span(file.name, cursor.line + 1, cursor.start + 1, cursor.end - cursor.start)


def change_id(
    card: Card, new_id: str, project: Project, workspace: Workspace
) -> dict[str, list[dict[str, Any]]]:
    """Return the edits, by file, that give a card another id; a published one goes to `formerly`.

    Raises:
        ProjectError: the id is not valid or already used, or a file cannot be edited.

    """
    if not is_id(new_id):
        raise ProjectError(f"`{escape_controls(new_id)}` is not a valid id: {ID_HELP}")
    if new_id == card.id:
        return {}
    owner = find_head(project, card.pack, new_id)
    if owner is not None and owner.key != card.key:
        raise ProjectError(f"`{new_id}` is already used at {owner.span}")
    values: dict[str, Any] = {"id": new_id}
    ledger = project.ledgers.get(card.pack)
    if ledger is not None and card.id in ledger.notes and card.id not in card.formerly:
        values["formerly"] = [*card.formerly, card.id]
    edits = {}
    uri = workspace.find_uri(project.root, card.span.path)
    edits[uri] = edit_values(card, values, project, workspace)
    deck = project.collection.decks.get(card.pack)
    for _, part in deck.walk() if deck else ():
        if part.select and card.id in part.select.ids:
            span = part.span_of("id", card.id)
            place = workspace.locate(project, span)
            edit = {"range": place["range"], "newText": write_plain(new_id)}
            edits.setdefault(place["uri"], []).append(edit)
    return edits


def edit_values(
    card: Card, values: dict[str, Any], project: Project, workspace: Workspace
) -> list[dict[str, Any]]:
    """Return the edits that give a card other values.

    Raises:
        ProjectError: its file cannot be edited.

    """
    buffer = workspace.read(project, card.span.path)
    raw = edit_card(buffer.raw, card.span.path, card.id, values)
    return buffer.make_edits(raw.decode("utf-8"))


def list_symbols(file: OpenFile) -> list[dict[str, Any]]:
    """Return what a file holds: its cards, or the items of its lists."""
    if file.sort == "cards":
        return [_make_symbol(file, item, _CLASS) for item in file.outline.cards]
    found = []
    for line in file.outline.top.lines:
        items = file.outline.list_items(line.key)
        end = max((item.end for item in items), default=line.number + 1)
        head = Item(line.number, end, (line,))
        symbol = _make_symbol(file, head, _CLASS, line.key)
        symbol["children"] = [_make_symbol(file, item, _CONSTRUCTOR) for item in items]
        found.append(symbol)
    return found


def _make_symbol(file: OpenFile, item: Item, kind: int, name: str = "") -> dict[str, Any]:
    buffer = file.buffer
    named = next((item.find(key) for key in ("id", "name", "focus") if item.find(key)), None)
    first = named or item.lines[0]
    end = item.end - 1
    while end > item.start and not buffer.line(end).strip():
        end -= 1
    line = buffer.line(first.number)
    name = name or (named and item.value(named.key)) or line.strip(" -") or "…"
    details = [item.value(key) for key in ("kind", "title", "about") if item.find(key)]
    details += [other.value for other in item.lines if other.key and other is not named]
    whole = {
        "start": buffer.position(item.start, 0),
        "end": buffer.position(end, len(buffer.line(end))),
    }
    return {
        "name": escape_controls(name)[:_MAX_NAME],
        "detail": escape_controls(details[0])[:_MAX_NAME] if details else "",
        "kind": kind,
        "range": whole,
        "selectionRange": buffer.range(first.number, first.column, len(line.rstrip())),
    }
