"""Kinds → the reference page in Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from cardwright.model import Field, FieldType, Kind

_HEAD: Final = """\
# Kinds of cards

Each kind is a YAML file that says which fields a card has and what is asked. This page is generated
from those files by `cards schema kinds`.

Every card has an `id`, and may have `tags`, `lesson`, `objectives`, `sources`, `extra` (Markdown
below the answer), `formerly` (earlier ids, oldest first), `retired` (why it is no longer asked),
`reserved: mock` ([held back for mock exams](mock-exams.md#questions-held-back)) and `twins` (the name of
[questions with the same options](cards.md#twins)). `kind`, `lesson`, `objectives`, `tags`, `sources`, `extra`
and `reserved` may be set once for a whole file.

A project adds its own kinds in `kinds/NAME.yaml`; see [Your own kinds](custom-kinds.md).
"""
_TYPES: Final = {
    "inline": "one line of Markdown",
    "block": "Markdown",
    "list": "list of Markdown lines",
    "flag": "`true` or `false`",
    "options": "options with a reason each",
    "objective": "id of an objective",
}


def describe_kinds(kinds: Iterable[Kind]) -> str:
    """Return the reference page for some kinds."""
    return "\n".join((_HEAD, *(line for kind in kinds for line in _describe_kind(kind))))


def _describe_kind(kind: Kind) -> Iterator[str]:
    yield f"## {kind.name}\n"
    yield f"{kind.about}\n"
    yield "| field | holds | |"
    yield "|---|---|---|"
    yield from (_describe_field(field) for field in kind.fields)
    yield ""
    for side in kind.sides:
        ask = " … ".join(line for line in side.ask.split("\n") if line)
        when = _describe_when(kind, side.when) if side.when else ""
        typed = f"; `{side.typed}` is typed" if side.typed else ""
        shown = ", ".join(f"`{name}`" for name in side.show)
        yield f"- asks (`{side.name}`{when}): {ask}; then shows {shown}{typed}"
    yield "\n```yaml"
    yield f"- kind: {kind.name}\n  id: first-{kind.name}"
    yield textwrap.indent(kind.sample.rstrip(), "  ")
    yield "```\n"


def _describe_when(kind: Kind, name: str) -> str:
    is_flag = kind.field(name).type is FieldType.FLAG
    return f", with `{name}: true`" if is_flag else f", if there is a `{name}`"


def _describe_field(field: Field) -> str:
    required = ", required" if field.required else ""
    limit = f", at most {field.max_words} words" if field.max_words else ""
    return f"| `{field.name}` | {_TYPES[field.type]}{required}{limit} | {field.help} |"
