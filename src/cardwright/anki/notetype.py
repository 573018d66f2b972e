"""Kind → Anki note type: its fields, templates and stylesheet."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from cardwright.kinds import list_asked
from cardwright.markdown import Renderer
from cardwright.model import Collection, FieldType, Kind, Side, make_anki_id

SPARE_FIELDS: Final = ("Spare 1", "Spare 2")
COMMON_FIELDS: Final = ("Extra", "Sources", "Lesson", "Id", *SPARE_FIELDS)
"""Fields of every note type, after those of its kind. Adding a field later would give everyone who
imported the note type a second one, hence the spare fields."""
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
class Template:
    """The template of one side of a note."""

    name: str
    anki_id: int
    front: str
    back: str
    browser_front: str = ""
    browser_back: str = ""
    """What Anki's list of cards shows as question and answer; if empty, the faces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteType:
    """An Anki note type."""

    kind: str
    anki_id: int
    name: str
    is_cloze: bool
    fields: tuple[tuple[str, int, str], ...]
    """The name, Anki id and description of each."""
    templates: tuple[Template, ...]
    css: str
    changed_s: int | None
    """When a built-in note type last changed, in Unix seconds; None for one of a project's own."""

    @property
    def structure(self) -> dict[str, Any]:
        """The part that must never change once published: Anki would import a second note type."""
        return {
            "id": self.anki_id,
            "cloze": self.is_cloze,
            "fields": [[name, anki_id] for name, anki_id, _ in self.fields],
            "templates": [[template.name, template.anki_id] for template in self.templates],
        }

    @property
    def hash(self) -> str:
        """Digest of everything that an import can update."""
        parts = [
            self.structure,
            self.name,
            [text for _, _, text in self.fields],
            [
                [template.front, template.back, template.browser_front, template.browser_back]
                for template in self.templates
            ],
            self.css,
        ]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


@cache
def read_asset(name: str) -> str:
    """Return the text of a file beside this module."""
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def make_note_types(
    collection: Collection, pack: str, renderer: Renderer, released: Mapping[str, int]
) -> dict[str, NoteType]:
    """Return the note types of all kinds that the cards of a pack use, by kind.

    `released` holds the ids of those that were released, by kind.
    """
    used = {card.kind: card.namespace for card in collection.cards if card.pack == pack}
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
    own = tuple(
        (field.label, field.anki_id or make_anki_id("field", f"{anki_id}.{field.name}"), field.help)
        for field in kind.fields
    )
    common = tuple((name, make_anki_id("field", str(anki_id), name), "") for name in COMMON_FIELDS)
    return NoteType(
        kind=kind.name,
        anki_id=anki_id,
        name=kind.anki_name,
        is_cloze=kind.cloze is not None,
        fields=(*own, *common),
        templates=tuple(_make_template(kind, side, renderer, anki_id) for side in kind.sides),
        css=read_asset("card.css"),
        changed_s=_CHANGED_S.get(kind.name),
    )


def _make_template(kind: Kind, side: Side, renderer: Renderer, type_id: int) -> Template:
    script = ""
    if _is_checklist(kind, side.show[0]) or any(
        kind.field(name).type is FieldType.OPTIONS for name in list_asked(side)
    ):
        script = f"<script>\n{read_asset('card.js')}</script>\n"
    ask = _make_ask(kind, side, renderer)
    front = _wrap(kind, "front", f'<section class="ask" dir="auto">\n{ask}</section>\n') + script
    if side.when:
        flag = kind.field(side.when).label
        front = f"{{{{#{flag}}}}}\n{front}{{{{/{flag}}}}}\n"
    # Options are part of question and answer alike; the answer shows them once, with their reasons.
    asked = [name for name in list_asked(side) if name not in side.show]
    kept = _make_ask(kind, side, renderer, only=asked)
    question = f'<section class="ask" dir="auto">\n{kept}</section>\n' if asked else ""
    # A rule above the answer would move the text that stays in place when the card is turned.
    stays = not asked or side.show[0] in list_asked(side)
    rule = '<span id="answer"></span>\n' if stays else '<hr id="answer">\n'
    answer = _make_answer(kind, side.show[0], stays=stays)
    parts = "".join(_make_part(kind, name) for name in side.show[1:])
    back = _wrap(kind, "back", question + rule + answer + parts + _COMMON_PARTS) + script
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
    asked = [name for name in list_asked(side) if name not in side.show] or list_asked(side)
    return _CUE.sub("", _make_ask(kind, side, renderer, only=asked))


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
    label = kind.field(name).label
    return (
        f"{{{{#{label}}}}}"
        f'<section class="part {name}" dir="auto"><h2 dir="auto">{label}</h2>'
        f"{_make_text(kind, name)}</section>"
        f"{{{{/{label}}}}}\n"
    )


def _make_text(kind: Kind, name: str) -> str:
    reference = _make_reference(kind, name)
    return f"<p>{reference}</p>" if kind.field(name).type is FieldType.INLINE else reference


def _make_reference(kind: Kind, name: str) -> str:
    label = kind.field(name).label
    return f"{{{{cloze:{label}}}}}" if name == kind.cloze else f"{{{{{label}}}}}"
