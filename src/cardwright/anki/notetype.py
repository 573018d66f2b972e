"""Kind → Anki note type: its fields, templates and stylesheet."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from cardwright.kinds import list_asked
from cardwright.markdown.render import Renderer
from cardwright.model import (
    SPARE_COUNT,
    AdoptedType,
    Attribute,
    Collection,
    FieldType,
    Ignored,
    Kind,
    Side,
    make_anki_id,
)

SPARE_FIELDS: Final = tuple(f"Spare {number}" for number in range(1, SPARE_COUNT + 1))
COMMON_FIELDS: Final = ("Extra", "Sources", "Lesson", "Id", *SPARE_FIELDS)
"""Fields of every note type that is not adopted, after those of its kind. Adding a field later would
give everyone who imported the note type a second one, hence the spare fields."""
_COLLAPSED: Final = ("Lesson", "Id", *SPARE_FIELDS)
"""Fields that a reader who edits a note hardly needs."""
_EDITOR_FONT: Final = "Arial"
"""Anki's default for a field; genanki's is another."""
_DESIGN_2: Final = 1_795_824_000  # 2026-11-28
_CHANGED_S: Final = {
    "term": _DESIGN_2,
    "instinct": _DESIGN_2,
    "objective": _DESIGN_2,
    "basic": _DESIGN_2,
    "cloze": _DESIGN_2,
    "choice": _DESIGN_2,
    "route": _DESIGN_2,
    "vocabulary": _DESIGN_2,
}
"""When the note type of each built-in kind last changed, in Unix seconds."""
_PARAGRAPH: Final = re.compile("^<p>(.*?)</p>", re.DOTALL | re.MULTILINE)
_CUE: Final = re.compile('<p class="cue" dir="auto">.*?</p>\n', re.DOTALL)
_COMMON_PARTS: Final = """\
{{#Extra}}<section class="part extra" dir="auto">{{Extra}}</section>{{/Extra}}
{{#Sources}}<details class="sources"><summary>Sources</summary>{{Sources}}</details>{{/Sources}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteField:
    """A field of a note type."""

    name: str
    anki_id: int | None
    """None if an adopted field has no id."""
    description: str = ""
    is_collapsed: bool = False
    """Whether Anki's editor shows only its name."""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """Its other attributes, as Anki names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The template of one side of a note."""

    name: str
    anki_id: int | None
    """None if an adopted template has no id."""
    front: str
    back: str
    browser_front: str = ""
    browser_back: str = ""
    """What Anki's list of cards shows as question and answer; if empty, the faces."""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """Its other attributes, as Anki names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteType:
    """An Anki note type."""

    kind: str
    anki_id: int
    name: str
    is_cloze: bool
    fields: tuple[NoteField, ...]
    templates: tuple[Template, ...]
    css: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """Its other attributes, as Anki names them."""
    changed_s: int | None = None
    """When a built-in note type last changed, in Unix seconds; None for any other."""

    @property
    def structure(self) -> dict[str, Any]:
        """The part that must never change once published: Anki would import a second note type."""
        return {
            "id": self.anki_id,
            "cloze": self.is_cloze,
            "fields": [[field.name, field.anki_id] for field in self.fields],
            "templates": [[template.name, template.anki_id] for template in self.templates],
        }

    @property
    def hash(self) -> str:
        """Digest of everything that an import can update."""
        parts = [
            self.structure,
            self.name,
            [[f.description, f.is_collapsed, *f.attributes.items()] for f in self.fields],
            [
                [t.front, t.back, t.browser_front, t.browser_back, *t.attributes.items()]
                for t in self.templates
            ],
            self.css,
            *self.attributes.items(),
        ]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


@cache
def read_asset(name: str) -> str:
    """Return the text of a file beside this module."""
    return Path(__file__).with_name(name).read_text("utf-8")


def make_note_types(
    collection: Collection, pack: str, renderer: Renderer, released: Mapping[str, int]
) -> dict[str, NoteType]:
    """Return the note types of all kinds that the cards of a pack use, by kind.

    `released` holds the ids of those that were released, by kind.
    """
    used = {card.kind: card.namespace for card in collection.heads_of(pack)}
    return {
        name: make_note_type(collection.kinds[name], renderer, namespace, released.get(name))
        for name, namespace in used.items()
    }


def make_note_type(
    kind: Kind, renderer: Renderer, namespace: str = "", released: int | None = None
) -> NoteType:
    """Return the Anki note type of a kind in a pack with this namespace.

    A kind that does not set an id keeps that of its release; otherwise the id is derived from its
    name and the namespace, since other authors may have a kind of the same name.
    """
    anki_id = kind.anki_id or released or make_anki_id("note type", namespace, kind.name)
    if kind.adopted:
        return _adopt_note_type(kind, kind.adopted, anki_id)
    return NoteType(
        kind=kind.name,
        anki_id=anki_id,
        name=kind.anki_name,
        is_cloze=kind.cloze is not None,
        fields=tuple(_make_fields(kind, anki_id)),
        templates=tuple(_make_template(kind, side, renderer, anki_id) for side in kind.sides),
        css=_make_style(kind),
        changed_s=_CHANGED_S.get(kind.name),
    )


def _make_style(kind: Kind) -> str:
    """Return the stylesheet of a kind that is not adopted."""
    return read_asset("card.css") + (f"\n{kind.css}\n" if kind.css else "")


def _adopt_note_type(kind: Kind, adopted: AdoptedType, anki_id: int) -> NoteType:
    """Return a note type that exists in people's collections, adding nothing to it."""
    return NoteType(
        kind=kind.name,
        anki_id=anki_id,
        name=kind.anki_name,
        is_cloze=kind.cloze is not None,
        fields=tuple(
            NoteField(
                name=field.label,
                anki_id=field.anki_id,
                attributes={"font": _EDITOR_FONT, **field.attributes},
            )
            for field in kind.fields
        ),
        templates=tuple(
            Template(
                name=side.template.name,
                anki_id=side.anki_id,
                front=side.template.front,
                back=side.template.back,
                attributes=side.template.attributes,
            )
            for side in kind.sides
            if side.template
        ),
        css=adopted.css,
        attributes=adopted.attributes,
    )


def _make_fields(kind: Kind, type_id: int) -> Iterator[NoteField]:
    for own in kind.fields:
        if own.spare is None:
            own_id = own.anki_id or make_anki_id("field", f"{type_id}.{own.name}")
            yield NoteField(name=own.label, anki_id=own_id, description=own.help)
    claimed = {own.anki_name: own for own in kind.fields if own.spare}
    for name in COMMON_FIELDS:
        owner = claimed.get(name)
        yield NoteField(
            name=name,
            anki_id=make_anki_id("field", str(type_id), name),
            description=" – ".join(filter(None, (owner.label, owner.help))) if owner else "",
            is_collapsed=name in _COLLAPSED and not owner,
        )


def _make_template(kind: Kind, side: Side, renderer: Renderer, type_id: int) -> Template:
    script = ""
    if _is_checklist(kind, side.show[0]) or any(
        kind.field(name).type is FieldType.OPTIONS for name in list_asked(side)
    ):
        script = f"<script>\n{read_asset('card.js')}</script>\n"
    ask = _make_ask(kind, side, renderer)
    typed = _make_typed(kind, side)
    front = (
        _wrap(kind, "front", f'<section class="ask" dir="auto">\n{ask}</section>\n{typed}') + script
    )
    if side.when:
        needed = kind.field(side.when).anki_name
        front = f"{{{{#{needed}}}}}\n{front}{{{{/{needed}}}}}\n"
    # Options are part of question and answer alike; the answer shows them once, with their reasons.
    asked = [name for name in list_asked(side) if name not in side.show]
    kept = _make_ask(kind, side, renderer, only=asked)
    question = f'<section class="ask" dir="auto">\n{kept}</section>\n' if asked else ""
    # A rule above the answer would move the text that stays in place when the card is turned.
    stays = not asked or side.show[0] in list_asked(side)
    rule = '<span id="answer"></span>\n' if stays else '<hr id="answer">\n'
    answer = _make_answer(kind, side.show[0], stays=stays)
    parts = "".join(_make_part(kind, name) for name in side.show[1:])
    back = _wrap(kind, "back", question + rule + typed + answer + parts + _COMMON_PARTS) + script
    return Template(
        name=side.name.capitalize(),
        anki_id=side.anki_id or make_anki_id("template", f"{type_id}.{side.name}"),
        front=front,
        back=back,
        browser_front=_make_browser_front(kind, side, renderer),
        browser_back=_make_reference(kind, side.show[0]),
    )


def _make_browser_front(kind: Kind, side: Side, renderer: Renderer) -> str:
    """Return a question without what is the same on every card: options belong to the answer."""
    asked = [name for name in list_asked(side) if name not in side.show]
    asked = asked or list(list_asked(side))
    return _CUE.sub("", _make_ask(kind, side, renderer, only=asked))


def _make_typed(kind: Kind, side: Side) -> str:
    """Make the box for a typed answer; on the back, Anki replaces it with the comparison."""
    if side.typed is None:
        return ""
    filters = "type"
    if side.typed == kind.cloze:
        filters = "type:cloze"
    elif Ignored.ACCENTS in side.ignore:
        filters = "type:nc"
    return f'<div class="typed">{{{{{filters}:{kind.field(side.typed).anki_name}}}}}</div>\n'


def _wrap(kind: Kind, face: str, html: str) -> str:
    return (
        f'<article class="cw {kind.name} {face}" data-id="{{{{Id}}}}">\n'
        '{{#Lesson}}<header class="lesson" dir="auto">{{Lesson}}</header>{{/Lesson}}\n'
        f"{html}</article>\n"
    )


def _make_ask(kind: Kind, side: Side, renderer: Renderer, only: Sequence[str] | None = None) -> str:
    """Render a question's Markdown, with Anki's references in place of the fields.

    If `only` is given, other fields are left out.
    """
    marks = {name: f"cwfield{number}x" for number, name in enumerate(list_asked(side))}
    markdown = side.ask
    for name, mark in marks.items():
        kept = only is None or name in only
        markdown = markdown.replace(f"{{{{{name}}}}}", mark if kept else "")
    html = renderer.render_block(markdown).html

    def mark_cue(match: re.Match[str]) -> str:
        # Text around the fields is the cue: it is the same on every card of a kind.
        is_cue = not any(mark in match[0] for mark in marks.values())
        return f'<p class="cue" dir="auto">{match[1]}</p>' if is_cue else match[0]

    html = _PARAGRAPH.sub(mark_cue, html)
    for name, mark in marks.items():
        reference = _make_reference(kind, name)
        if kind.field(name).type is not FieldType.INLINE:
            block = f'<div class="{name}" dir="auto">{reference}</div>'
            html = html.replace(f"<p>{mark}</p>", block)
        html = html.replace(mark, reference)
    return html.replace("<blockquote>", '<blockquote dir="auto">')


def _is_checklist(kind: Kind, name: str) -> bool:
    """Return whether an answer that is this field is a list of points to tick off."""
    return kind.field(name).type is FieldType.LIST


def _make_answer(kind: Kind, name: str, *, stays: bool) -> str:
    classes = ["answer"]
    if stays:
        classes.append("asked")
    if _is_checklist(kind, name):
        classes.append("checklist")
    names = " ".join([*classes, name])
    return f'<section class="{names}" dir="auto">{_make_text(kind, name)}</section>\n'


def _make_part(kind: Kind, name: str) -> str:
    part = kind.field(name)
    return (
        f"{{{{#{part.anki_name}}}}}"
        f'<section class="part {name}" dir="auto"><h2 dir="auto">{part.label}</h2>'
        f"{_make_text(kind, name)}</section>"
        f"{{{{/{part.anki_name}}}}}\n"
    )


def _make_text(kind: Kind, name: str) -> str:
    reference = _make_reference(kind, name)
    return f"<p>{reference}</p>" if kind.field(name).type is FieldType.INLINE else reference


def _make_reference(kind: Kind, name: str) -> str:
    source = kind.field(name).anki_name
    return f"{{{{cloze:{source}}}}}" if name == kind.cloze else f"{{{{{source}}}}}"
