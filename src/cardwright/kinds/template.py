"""Anki's templates: their syntax, and for which notes Anki makes a card from one."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cardwright.error import CardwrightError

_OLD_MARKS: Final = "{{=<% %>=}}"
"""At the start of a template: references are written `<%Field%>`."""
_TOKEN: Final = re.compile(r"<!--.*?-->|\{\{(.*?)\}\}", re.DOTALL)
_EMPTY: Final = re.compile(r"(?:[ \t\n\v\f\r]|</?(?:br|div) ?/?>)*", re.IGNORECASE)
MAX_DEPTH: Final = 50
"""The deepest nesting of sections that is read."""


class TemplateError(CardwrightError):
    """A template that Anki could not render."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`{{filter:Field}}`: the text of a field, passed through filters from right to left."""

    name: str
    filters: tuple[str, ...]
    """As written, from left to right."""


@dataclass(frozen=True, slots=True)
class Section:
    """`{{#Field}}…{{/Field}}`, or with `^` if negated."""

    name: str
    is_negated: bool
    children: Sequence[Node]


Node = str | Reference | Section


@lru_cache(maxsize=1_000)
def parse_template(text: str) -> Sequence[Node]:
    """Read a template.

    Raises:
        TemplateError: a section is not closed, or a reference not ended.

    """
    if text.lstrip().startswith(_OLD_MARKS):
        rest = text.lstrip().removeprefix(_OLD_MARKS)
        text = rest.replace("<%", "{{").replace("%>", "}}")
    nodes: list[Node] = []
    open_sections: list[tuple[str, bool, list[Node]]] = []
    position = 0
    while match := _TOKEN.search(text, position):
        if match.start() > position:
            nodes.append(text[position : match.start()])
        position = match.end()
        if match[1] is None:
            nodes.append(match[0])
            continue
        word = match[1].lstrip("{").strip()
        if word[:1] in {"#", "^"} and len(word) > 1:
            open_sections.append((word[1:].strip(), word[0] == "^", nodes))
            nodes = []
            if len(open_sections) > MAX_DEPTH:
                raise TemplateError(f"sections are nested more than {MAX_DEPTH} levels deep")
        elif word[:1] == "/" and len(word) > 1:
            name, is_negated, around = open_sections.pop() if open_sections else ("", False, [])
            if name != word[1:].strip():
                raise TemplateError(f"`{match[0]}` closes no section that is open there")
            around.append(Section(name, is_negated, tuple(nodes)))
            nodes = around
        else:
            *filters, name = word.split(":")
            nodes.append(Reference(name, tuple(filters)))
    if open_sections:
        raise TemplateError(f"the section of `{open_sections[-1][0]}` is not closed")
    if "{{" in text[position:]:
        raise TemplateError("`{{` without `}}`")
    nodes.append(text[position:])
    return tuple(nodes)


def is_empty(html: str) -> bool:
    """Tell whether Anki takes a field for empty: it also ignores `<br>` and `<div>`."""
    return _EMPTY.fullmatch(html) is not None


def makes_card(nodes: Sequence[Node], filled: Collection[str]) -> bool:
    """Tell whether Anki makes a card from a front template, given the fields that are not empty."""
    for node in nodes:
        if isinstance(node, Reference):
            if node.name in filled:
                return True
        elif isinstance(node, Section):
            if (node.name in filled) != node.is_negated and makes_card(node.children, filled):
                return True
    return False


def list_names(nodes: Sequence[Node]) -> list[str]:
    """Return the names of the fields in a template, with duplicates."""
    names = []
    for node in nodes:
        if not isinstance(node, str):
            names.append(node.name)
        if isinstance(node, Section):
            names += list_names(node.children)
    return names
