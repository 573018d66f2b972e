"""What the notes of an incoming deck have in common: read once before they are turned into cards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cardwright.adopt.ids import make_slug
from cardwright.incoming import Incoming, IncomingField, IncomingNote, Markup

_EDGE: Final = re.compile(r"(?:\s|&nbsp;|<br ?/?>)+", re.IGNORECASE)
_LINES: Final = re.compile(
    r"<(?:br|div|p|ul|ol|li|dl|table|h[1-6]|pre|blockquote|hr|details|section|article|figure|center)\b",
    re.IGNORECASE,
)
_PARAGRAPH: Final = re.compile(r"<p[ >]", re.IGNORECASE)
_BOLD: Final = re.compile(r"<([bi]|strong|em)[ >]", re.IGNORECASE)
_DISPLAYED: Final = re.compile(r"\$\$|\\\[")
_TOPICS: Final = frozenset(
    [
        "lesson",
        "unit",
        "chapter",
        "section",
        "topic",
        "category",
        "theme",
        "subject",
        "lektion",
        "kapitel",
        "thema",
        "leccion",
        "unidad",
        "tema",
        "lecon",
        "chapitre",
        "theme",
        "lezione",
        "capitolo",
        "licao",
        "les",
        "hoofdstuk",
    ]
)
"""Names of fields by which a large deck can be divided into files."""
_MAX_TOPIC: Final = 60
"""The longest text that can be a topic."""


@dataclass(slots=True)
class FieldSurvey:
    """What the values of a field have in common."""

    filled: int = 0
    has_lines: bool = False
    """Whether a value has several lines, or else what only a block has."""
    paragraphs: int = 0
    """How many values have `<p>`."""
    bold: Counter[str] = field(default_factory=Counter)
    """How many values emphasise with `b`, `i`, `strong` or `em`."""


@dataclass(slots=True)
class TypeSurvey:
    """What the notes of a note type have in common."""

    fields: tuple[FieldSurvey, ...]
    notes: int = 0
    first_place: str = ""


@dataclass(frozen=True, slots=True)
class NoteSurvey:
    """What decides about the file of a note."""

    deck: str
    guid: str | None
    tag: str
    """Its first tag."""
    topic: str
    size: int
    """In characters."""


@dataclass(frozen=True, slots=True)
class Survey:
    """All of it."""

    types: dict[str, TypeSurvey]
    """By key, of those that have notes."""
    notes: list[NoteSurvey]
    """In the order in which they are read."""


def survey_notes(incoming: Incoming, notes: Iterable[IncomingNote]) -> Survey:
    """Read the notes of a deck."""
    types: dict[str, TypeSurvey] = {}
    topics = {key: _find_topic(type.fields) for key, type in incoming.types.items()}
    found: list[NoteSurvey] = []
    for note in notes:
        known = types.get(note.type)
        if known is None:
            known = TypeSurvey(tuple(FieldSurvey() for _ in note.fields), first_place=note.place)
            types[note.type] = known
        known.notes += 1
        for survey, text in zip(known.fields, note.fields, strict=True):
            _add_value(survey, text, incoming.markup)
        index = topics[note.type]
        topic = note.fields[index] if index is not None else ""
        found.append(
            NoteSurvey(
                deck=note.deck,
                guid=note.guid,
                tag=note.tags[0] if note.tags else "",
                topic=topic if len(topic) <= _MAX_TOPIC and "<" not in topic else "",
                size=sum(map(len, note.fields)),
            )
        )
    return Survey(types, found)


def _find_topic(fields: Iterable[IncomingField]) -> int | None:
    names = [make_slug(one.name) for one in fields]
    return next((index for index, name in enumerate(names) if name in _TOPICS), None)


def _add_value(survey: FieldSurvey, text: str, markup: Markup) -> None:
    if not text or not _EDGE.sub("", text):
        return
    survey.filled += 1
    if markup is not Markup.HTML:
        survey.has_lines = survey.has_lines or "\n" in text.strip()
        return
    if "<" in text:
        if not survey.has_lines:
            survey.has_lines = _LINES.search(_strip(text)) is not None
        survey.paragraphs += _PARAGRAPH.search(text) is not None
        survey.bold.update({name.lower() for name in _BOLD.findall(text)})
    if _DISPLAYED.search(text):
        survey.has_lines = True


def _strip(text: str) -> str:
    """Return HTML without the empty lines at its end that Anki's editor leaves."""
    edges = [match.span() for match in _EDGE.finditer(text)]
    start = edges[0][1] if edges and edges[0][0] == 0 else 0
    end = edges[-1][0] if edges and edges[-1][1] == len(text) else len(text)
    return text[start:end]
