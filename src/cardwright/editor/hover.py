"""What is shown about a place: the help of a key, a card, a lesson, an objective, a kind."""

from __future__ import annotations

from typing import Any

from cardwright.app.project import Project
from cardwright.editor.buffer import Position
from cardwright.editor.card_text import describe_card, make_safe
from cardwright.editor.complete import find_source
from cardwright.editor.outline import Cursor
from cardwright.editor.schemas import Schemas
from cardwright.editor.workspace import OpenFile, find_card_at
from cardwright.model import CardHead


def hover_key(file: OpenFile, schemas: Schemas, position: Position) -> dict[str, Any] | None:
    """Return the help of the key at a position as a hover; None unless one with help is there."""
    cursor = file.outline.find(*file.buffer.locate(position))
    return _make_hover(file, cursor, _describe_key(file, schemas, cursor) if cursor.is_key else "")


def hover(file: OpenFile, project: Project, position: Position) -> dict[str, Any] | None:
    """Return what the protocol calls a hover, of what is no key; None if there is nothing to say."""
    cursor = file.outline.find(*file.buffer.locate(position))
    text = ""
    if _is_id(file, cursor):
        card = find_card_at(file, project, cursor.line)
        text = describe_card(card, project) if card else ""
    if not text and cursor.word and not cursor.is_key and not cursor.is_text:
        text = _describe_name(file, project, find_source(file, project, cursor.names), cursor.word)
    return _make_hover(file, cursor, text)


def is_at_id(file: OpenFile, position: Position) -> bool:
    """Tell whether a position is at the id of a card, or at its key."""
    return _is_id(file, file.outline.find(*file.buffer.locate(position)))


def _is_id(file: OpenFile, cursor: Cursor) -> bool:
    return file.sort == "cards" and cursor.key == "id" and cursor.path == ("cards", "-")


def _make_hover(file: OpenFile, cursor: Cursor, text: str) -> dict[str, Any] | None:
    if not text:
        return None
    shown = file.buffer.range(cursor.line, cursor.start, cursor.end)
    return {"contents": {"kind": "markdown", "value": text}, "range": shown}


def _describe_key(file: OpenFile, schemas: Schemas, cursor: Cursor) -> str:
    key = cursor.key or ""
    schema = schemas.find_keys(file, cursor.path, cursor.line).get(key)
    if schema is None:
        return ""
    is_required = key in schemas.list_required(file, cursor.path, cursor.line)
    lines = [f"**{key}**{' (required)' if is_required else ''}"]
    lines += [make_safe(schema["description"])] if schema.get("description") else []
    if values := schema.get("enum"):
        lines.append("One of " + ", ".join(f"`{value}`" for value in values))
    if "default" in schema:
        lines.append(f"The default is `{schema['default']}`.")
    return "\n\n".join(lines)


def _describe_name(file: OpenFile, project: Project, source: str, word: str) -> str:
    blueprint = project.collection.blueprints.get(file.pack)
    if source == "lesson" and blueprint and word in blueprint.lessons:
        return make_safe(f"lesson **{blueprint.lessons[word]}**")
    if source == "objective" and blueprint and word in blueprint.objectives:
        return make_safe(f"objective **{word}**\n\n{blueprint.objectives[word].about}")
    if source == "kind" and word in project.collection.kinds:
        kind = project.collection.kinds[word]
        return make_safe(f"**{kind.title}**\n\n{kind.about}")
    if source in {"id", "former"} and (head := find_head(project, file.pack, word)):
        return describe_card(project.collection.load(head), project)
    return ""


def find_head(project: Project, pack: str, card_id: str) -> CardHead | None:
    """Return the card of a pack that has an id, or had it."""
    heads = project.collection.heads_of(pack)
    now = next((head for head in heads if head.id == card_id), None)
    return now or next((head for head in heads if card_id in head.formerly), None)
