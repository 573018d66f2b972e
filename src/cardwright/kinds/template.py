"""Anki's templates: their syntax, and for which notes Anki makes a card from one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cardwright.error import CardwrightError

_OLD_MARKS: Final = "{{=<% %>=}}"
"""At the start of a template: references are written `<%Field%>`."""
_ENDS: Final = {"<!--": "-->", "{{": "}}"}
_OPENING: Final = re.compile("|".join(map(re.escape, _ENDS)))
_EMPTY: Final = re.compile(r"(?:[ \t\n\v\f\r]|</?(?:br|div) ?/?>)*", re.IGNORECASE)
_DETAILS: Final = ("Card", "CardFlag", "CardID", "Deck", "Subdeck", "Type")
"""What Anki knows of every card, unless a field has the same name."""
_GAP: Final = re.compile(r"c\d+")
"""In a section, shows it for one gap of a cloze."""
MAX_DEPTH: Final = 50
"""The deepest nesting of sections that is read."""
_MAX_FILTERS: Final = 50


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
    parser = _Parser()
    position = start = 0
    unended: set[str] = set()
    while match := _OPENING.search(text, start):
        mark = match[0]
        end = -1 if mark in unended else text.find(_ENDS[mark], match.end())
        if end < 0:
            unended.add(mark)
            start = match.start() + 1
            continue
        start = end + len(_ENDS[mark])
        if mark == "{{":
            parser.add_text(text[position : match.start()])
            parser.add_reference(text[match.end() : end].lstrip("{").strip())
        else:
            parser.add_text(text[position:start])
        position = start
    if "{{" in text[position:]:
        raise TemplateError("`{{` without `}}`")
    parser.add_text(text[position:])
    return parser.finish()


class _Parser:
    """Builds the nodes of a template."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._around: list[tuple[str, bool, list[Node]]] = []
        """Open sections, each with its name, whether it is negated, and the nodes before it."""

    def add_text(self, text: str) -> None:
        if text:
            self._nodes.append(text)

    def add_reference(self, word: str) -> None:
        name = word[1:].strip()
        match word[:1]:
            case "#" | "^" if name:
                if len(self._around) == MAX_DEPTH:
                    raise TemplateError(f"sections are nested more than {MAX_DEPTH} levels deep")
                self._around.append((name, word[0] == "^", self._nodes))
                self._nodes = []
            case "/" if name:
                opened, is_negated, around = self._around.pop() if self._around else ("", False, [])
                if opened != name:
                    raise TemplateError(f"`{{{{{word}}}}}` closes no section that is open there")
                around.append(Section(name, is_negated, tuple(self._nodes)))
                self._nodes = around
            case _:
                *filters, name = word.split(":")
                if len(filters) > _MAX_FILTERS:
                    raise TemplateError(f"a field has more than {_MAX_FILTERS} filters")
                self._nodes.append(Reference(name, tuple(filters)))

    def finish(self) -> Sequence[Node]:
        if self._around:
            raise TemplateError(f"the section of `{self._around[-1][0]}` is not closed")
        return tuple(self._nodes)


def is_empty(html: str) -> bool:
    """Tell whether Anki takes a field for empty: it also ignores `<br>` and `<div>`."""
    return _EMPTY.fullmatch(html) is not None


def makes_card(front: str, fields: Mapping[str, bool], *, has_tags: bool) -> bool:
    """Tell whether Anki makes a card from a front template.

    `fields` holds, for all fields by their names in Anki, whether they are filled. Texts around the
    fields do not count, but details of the card such as the deck's name do.
    """
    details = {**dict.fromkeys(_DETAILS, True), "Tags": has_tags}
    filled = {name for name, is_filled in {**details, **fields}.items() if is_filled}
    return _shows_any(parse_template(front), filled)


def find_needed_fields(front: str, fields: Collection[str]) -> frozenset[str]:
    """Return the fields without which Anki makes no card from a front template, if all others are filled."""
    known = frozenset(fields)
    return _find_needed(parse_template(front), known, {*_DETAILS, "Tags"} - known)


def _find_needed(
    nodes: Sequence[Node], fields: frozenset[str], details: Collection[str]
) -> frozenset[str]:
    needed = fields
    for node in nodes:
        if isinstance(node, str):
            continue
        own = frozenset({node.name}) & fields
        is_known = bool(own) or node.name in details
        if isinstance(node, Section):
            inner = _find_needed(node.children, fields, details)
            if not node.is_negated:
                own |= inner
            elif is_known:
                # It is open without this field only.
                own = fields - (own - inner)
            else:
                own, is_known = inner, True
        if is_known:
            needed &= own
    return needed


def find_unknown_name(template: str, fields: Collection[str]) -> str | None:
    """Return the first name in a template that Anki does not know, given a note type's fields."""
    known = {*fields, *_DETAILS, "Tags", "FrontSide"}
    return _find_unknown(parse_template(template), known)


def _find_unknown(nodes: Sequence[Node], known: Collection[str]) -> str | None:
    for node in nodes:
        if isinstance(node, str):
            continue
        if node.name and node.name not in known and not _GAP.fullmatch(node.name):
            return node.name
        if isinstance(node, Section):
            unknown = _find_unknown(node.children, known)
            if unknown is not None:
                return unknown
    return None


def has_gaps(template: str) -> bool:
    """Tell whether a template shows a field with gaps: `{{cloze:Field}}`."""
    return _have_gaps(parse_template(template))


def _have_gaps(nodes: Sequence[Node]) -> bool:
    return any(
        "cloze" in node.filters
        if isinstance(node, Reference)
        else isinstance(node, Section) and _have_gaps(node.children)
        for node in nodes
    )


def _shows_any(nodes: Sequence[Node], filled: Collection[str]) -> bool:
    for node in nodes:
        if isinstance(node, Reference) and node.name in filled:
            return True
        if isinstance(node, Section):
            is_open = (node.name in filled) != node.is_negated
            if is_open and _shows_any(node.children, filled):
                return True
    return False
