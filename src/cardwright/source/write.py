"""Kind → the skeleton of a card, added to a file of cards without touching the rest."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Final

import yaml

from cardwright.entry import Document
from cardwright.model import Field, FieldType, Kind

_MODELINE: Final = "# yaml-language-server: $schema={schema}\n"
_PLACEHOLDERS: Final = {
    FieldType.LIST: "[]",
    FieldType.FLAG: "true",
}


class WriteError(Exception):
    """A file is not such that a card could be added to it."""


def append_card(path: Path, shown: PurePath, kind: Kind, card_id: str) -> tuple[str, int]:
    """Return a file's text with a card's skeleton added, and the line of its id.

    Raises:
        WriteError: the file is there but is no readable file of cards.

    """
    if not path.exists():
        head = f"{make_modeline(shown)}kind: {kind.name}\ncards:\n"
        lines = make_skeleton(kind, card_id, with_kind=False)
        return head + _indent(lines, 2), head.count("\n") + 1
    document = Document(shown.as_posix(), path.read_bytes())
    entry = document.entry()
    cards = entry.values.get("cards") if entry else None
    if document.problems or entry is None:
        message = f"{shown} has faults; mend them first: see `cards check`"
        raise WriteError(message)
    text = document.text.replace("\r\n", "\n")
    text += "" if text.endswith("\n") else "\n"
    with_kind = entry.text("kind") != kind.name
    lines = make_skeleton(kind, card_id, with_kind=with_kind)
    if cards is None or (isinstance(cards, yaml.ScalarNode) and not cards.value):
        if cards is None:
            text += "cards:\n"
        return text + _indent(lines, 2), text.count("\n") + 1
    if not isinstance(cards, yaml.SequenceNode) or cards.flow_style or not cards.value:
        message = f"{shown}: write `cards:` as a list with one `- id:` a card"
        raise WriteError(message)
    if cards.end_mark.index < len(text.rstrip()):
        message = f"{shown}: `cards:` must stand last in the file, for new cards to follow"
        raise WriteError(message)
    indent = cards.start_mark.column
    body = text.rstrip("\n") + "\n\n"
    return body + _indent(lines, indent), body.count("\n") + 1


def make_modeline(shown: PurePath) -> str:
    """Return the comment by which editors find the schema of a file of the project."""
    up = "../" * (len(shown.parts) - 1)
    return _MODELINE.format(schema=f"{up}schemas/cards.schema.json")


def make_skeleton(kind: Kind, card_id: str, *, with_kind: bool) -> list[str]:
    """Return the lines of an empty card: required fields to fill in, the others as comments."""
    lines = [f"- id: {card_id}"]
    if with_kind:
        lines.append(f"  kind: {kind.name}")
    for field in kind.fields:
        lines += _make_field(field)
    lines.append("  # sources: [https://…]")
    return lines


def _make_field(field: Field) -> list[str]:
    if field.type is FieldType.OPTIONS:
        return [
            f"  {field.name}:  # {field.help}",
            '    - right: ""',
            '      reason: ""',
            '    - wrong: ""',
            '      reason: ""',
        ]
    value = _PLACEHOLDERS.get(field.type, '""')
    line = f"{field.name}: {value}  # {field.help}"
    return [f"  {line}" if field.required else f"  # {line}"]


def _indent(lines: list[str], columns: int) -> str:
    return "".join(f"{' ' * columns}{line}\n" for line in lines)
