"""Adds a card to a file of cards, as a skeleton or filled in, without changing the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path, PurePath
from typing import Final

import yaml

from cardwright.files import read_below
from cardwright.model import Field, FieldType, Kind
from cardwright.project.compose import WriteError, compose_pair
from cardwright.project.document import Document
from cardwright.project.entry import read_entry

__all__ = [
    "WriteError",
    "Written",
    "append_card",
    "append_filled_card",
    "append_filled_cards",
    "make_modeline",
]

_MODELINE: Final = "# yaml-language-server: $schema={schema}\n"
_LINE_BREAK: Final = re.compile(rb"\r\n?|\n")
_PLACEHOLDERS: Final = {FieldType.LIST: "[]", FieldType.FLAG: "true"}

Written = str | Sequence[str] | Sequence[Mapping[str, str]]
"""A value that can be written: a text, a list of texts, or a list of mappings to texts."""


def append_card(path: Path, shown: PurePath, kind: Kind, card_id: str) -> tuple[bytes, int]:
    """Return a file's content with a skeleton of a card added, and the line of its id.

    Raises:
        WriteError: the file exists but is not a readable file of cards.

    """
    written = [field for field in kind.fields if not field.holds]
    lines = [f"- id: {card_id}", *(f"  {line}" for f in written for line in _make_field(f))]
    if kind.adopted:
        lines.append("  # guid: ''  # of the note that people have in Anki")
    if not kind.adopted or any(field.holds == "sources" for field in kind.fields):
        lines.append("  # sources: [https://…]")
    return _append(path, shown, kind, lines)


def append_filled_card(
    path: Path, shown: PurePath, kind: Kind, card_id: str, values: Mapping[str, Written]
) -> tuple[bytes, int]:
    """Return a file's content with a card of these values added, and the line of its id.

    Raises:
        WriteError: the file exists but is not a readable file of cards, or a value contains a
        character that cards may not contain.

    """
    return _append(path, shown, kind, _make_card(card_id, values))


def append_filled_cards(
    path: Path, shown: PurePath, cards: Iterable[tuple[Kind, str, Mapping[str, Written]]]
) -> bytes:
    """Return the content of a file that exists with cards added: kind, id and values of each.

    Raises:
        WriteError: as for `append_filled_card`.

    """
    raw = read_below(path.parent, path.name) or b""
    for kind, found in groupby(cards, key=lambda card: card[0]):
        lines: list[str] = []
        kind_lines = [f"  kind: {kind.name}"] if _read_kind(raw, shown) != kind.name else []
        for _, card_id, values in found:
            first, *rest = _make_card(card_id, values)
            lines += [*([""] if lines else []), first, *kind_lines, *rest]
        raw, _ = _append_lines(raw, shown, lines)
    return raw


def _read_kind(raw: bytes, shown: PurePath) -> str:
    entry = read_entry(Document(shown.as_posix(), raw))
    return entry.text("kind") if entry else ""


def _make_card(card_id: str, values: Mapping[str, Written]) -> list[str]:
    written = [line for key, value in values.items() for line in compose_pair(key, value)]
    return [f"- id: {card_id}", *(f"  {line}" if line else "" for line in written)]


def _append(path: Path, shown: PurePath, kind: Kind, lines: list[str]) -> tuple[bytes, int]:
    """Return a file's content with a card's lines added, and its kind if the file's differs.

    What is there stays as it is, byte for byte; new lines end like the last one.
    """
    raw = read_below(path.parent, path.name)
    if raw is None:
        head = f"{make_modeline(shown)}kind: {kind.name}\ncards:\n"
        return (head + _indent(lines, 2)).encode(), head.count("\n") + 1
    if _read_kind(raw, shown) != kind.name:
        lines = [lines[0], f"  kind: {kind.name}", *lines[1:]]
    return _append_lines(raw, shown, lines)


def _append_lines(raw: bytes, shown: PurePath, lines: list[str]) -> tuple[bytes, int]:
    document = Document(shown.as_posix(), raw)
    entry = read_entry(document)
    cards = entry.values.get("cards") if entry else None
    if any(problem.is_error for problem in document.problems) or entry is None:
        raise WriteError(f"{shown} has errors", help="fix them first: `cards check` shows them")
    text = document.text
    head = "" if text.endswith("\n") else "\n"
    if cards is None or (isinstance(cards, yaml.ScalarNode) and not cards.value):
        if cards is None:
            head += "cards:\n"
        elif list(entry.keys)[-1] != "cards":
            raise _make_order_error(shown)
        return _join(raw, text, head, _indent(lines, 2))
    if not isinstance(cards, yaml.SequenceNode) or cards.flow_style or not cards.value:
        raise WriteError(
            f"{shown}: `cards:` is not a list of cards, one below the other",
            help="start each card on a line of its own with `- id:`",
        )
    if cards.end_mark.index < len(text.rstrip()):
        raise _make_order_error(shown)
    head += "" if text.endswith("\n\n") else "\n"
    return _join(raw, text, head, _indent(lines, cards.start_mark.column))


def _make_order_error(shown: PurePath) -> WriteError:
    return WriteError(
        f"{shown}: something follows the list of cards",
        help="move `cards:` to the end of the file",
    )


def _join(raw: bytes, text: str, head: str, added: str) -> tuple[bytes, int]:
    """Return a file's content with text added, and the line on which `added` starts."""
    breaks = _LINE_BREAK.findall(raw)
    end = breaks[-1].decode() if breaks else "\n"
    more = (head + added).replace("\n", end).encode()
    return raw + more, text.count("\n") + head.count("\n") + 1


def make_modeline(shown: PurePath, schema: str = "cards") -> str:
    """Return the comment that tells editors the schema of a file of the project."""
    up = "../" * (len(shown.parts) - 1)
    return _MODELINE.format(schema=f"{up}schemas/{schema}.schema.json")


def _make_field(field: Field) -> list[str]:
    """Return the lines of a field to fill in, as a comment if it is optional."""
    if field.type is FieldType.OPTIONS:
        return [
            f"{field.name}:  # {field.help}",
            '  - right: ""',
            '    reason: ""',
            '  - wrong: ""',
            '    reason: ""',
        ]
    value = _PLACEHOLDERS.get(field.type, '""')
    line = f"{field.name}: {value}  # {field.help}"
    return [line if field.required else f"# {line}"]


def _indent(lines: list[str], columns: int) -> str:
    return "".join(f"{' ' * columns}{line}\n" if line else "\n" for line in lines)
