"""The file of a new kind, as data."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from typing import Any, Final

from cardwright.adopt.clean import clean_exact, clean_line
from cardwright.adopt.ids import FreeNames, make_slug
from cardwright.adopt.kind import BAD_AT_START, KindPlan, list_labels
from cardwright.adopt.question import Shown, find_needed, read_sides, write_question
from cardwright.incoming import IncomingField, IncomingTemplate, LossCounter
from cardwright.kinds.attributes import FIELD_ATTRIBUTES, TEMPLATE_ATTRIBUTES, TYPE_ATTRIBUTES
from cardwright.model import Attribute, Field, FieldType, Side, make_anki_id

_RESERVED_LABELS: Final = frozenset(
    {"extra", "sources", "lesson", "id", "spare 1", "spare 2", "tags", "type"}
)
_BAD_IN_OWN_LABEL: Final = re.compile(r'[:{}"#^/]+')
_REFERENCE: Final = re.compile(r"\{\{([#^/]\s*|[^{}]*:)?([^{}:]+)\}\}")
_GAP_NAME: Final = re.compile(r"c[0-9]+")
_MAX_ANKI_ID: Final = 2**53 - 1
_OCCLUSION: Final = "image-occlusion"
_SORT: Final = "sortf"
_ID: Final = "id"


def make_kind_file(
    plan: KindPlan, required: Collection[str], media: Sequence[str], losses: LossCounter
) -> dict[str, Any]:
    """Return the file of a kind.

    `required` are the keys that all its cards have, and `media` the paths of the files that its
    templates or stylesheet name.
    """
    if not plan.is_adopted:
        return dict(_list_own(plan))
    return dict(_Adopted(plan, required, media, losses).list_pairs())


def _list_own(plan: KindPlan) -> Iterator[tuple[str, Any]]:
    """Yield the pairs of a kind that is no note type of Anki: all fields answer the first."""
    fields: dict[str, Any] = {}
    labels = FreeNames(separator=" ")
    for field, key, type in zip(plan.type.fields, plan.keys, plan.types, strict=True):
        if key in {"extra", "sources", "lesson"}:
            continue
        name = clean_line(_BAD_IN_OWN_LABEL.sub(" ", field.name)) or key.capitalize()
        name = f"{name} text" if name.casefold() in _RESERVED_LABELS else name
        fields[key] = dict(_list_field(key, labels.take(name), type, is_required=not fields))
    first, *others = fields
    yield "sources", "optional"
    if plan.cloze:
        yield "cloze", plan.cloze
    yield "fields", fields
    name = "gap" if plan.cloze else "recall"
    asked = [first] if plan.cloze else []
    yield "sides", {name: {"ask": f"{{{{{first}}}}}", "show": [*asked, *others] or [first]}}


def _list_field(
    key: str, label: str, type: FieldType, *, is_required: bool
) -> Iterator[tuple[str, Any]]:
    yield "type", str(type)
    if label != key.replace("_", " ").capitalize():
        yield "label", label
    if is_required:
        yield "required", True


class _Adopted:
    """Makes the file of a kind that ships a note type as it is."""

    def __init__(
        self,
        plan: KindPlan,
        required: Collection[str],
        media: Sequence[str],
        losses: LossCounter,
    ) -> None:
        self._plan = plan
        self._required = required
        self._media = media
        self._losses = losses
        self._place = f"note type {clean_line(plan.type.name)}"
        self._names = [field.name for field in plan.type.fields]
        self._keys = dict(zip(self._names, plan.keys, strict=True))
        self._labels = list_labels(plan.type)
        self._inline = {
            key for key, type in zip(plan.keys, plan.types, strict=True) if type is FieldType.INLINE
        }

    def list_pairs(self) -> Iterator[tuple[str, Any]]:
        kind = self._plan.kind
        if kind and kind.title not in {kind.name.capitalize(), kind.anki_name}:
            yield "title", kind.title
        if kind and kind.about:
            yield "about", kind.about
        if not (kind and kind.wants_sources):
            yield "sources", "optional"
        yield "anki", dict(self._list_type())
        if self._plan.cloze:
            yield "cloze", self._plan.cloze
        yield "fields", dict(self._list_fields())
        yield "sides", dict(self._list_sides())

    def _list_type(self) -> Iterator[tuple[str, Any]]:
        type = self._plan.type
        id = type.anki_id
        if id is None or not 0 < id <= _MAX_ANKI_ID:
            id = make_anki_id("adopted", type.key, type.name)
            self._losses.add("id of a note type, so that people get a second one", self._place)
        yield "id", id
        yield "name", clean_line(type.name) or self._plan.name
        if type.css:
            yield "css", self._clean(type.css)
        place = type.attributes.get(_SORT)
        if isinstance(place, int) and 0 < place < len(self._plan.keys):
            yield "sort", self._plan.keys[place]
        yield from self._list_attributes(type.attributes, TYPE_ATTRIBUTES, {_SORT})
        if self._media:
            yield "media", list(self._media)

    def _list_fields(self) -> Iterator[tuple[str, Any]]:
        plan = self._plan
        known = {field.name: field for field in plan.kind.fields} if plan.kind else {}
        # Others may just happen to be filled everywhere.
        needed = {self._keys[name] for name in find_needed(plan.type.templates, self._names)}
        needed = needed & set(self._required) | {plan.cloze or plan.keys[0]}
        for field, label, key, type, is_bare in zip(
            plan.type.fields, self._labels, plan.keys, plan.types, plan.bare, strict=True
        ):
            if label != field.name:
                self._losses.add("field name that Anki does not allow", self._place, field.name)
            before = known.get(key)
            is_required = key in self._required and key in needed
            if before is not None:
                is_required = before.required and key in self._required
            pairs = dict(_list_field(key, label, type, is_required=is_required))
            if before:
                pairs |= _list_author(before)
            yield key, pairs | dict(self._list_field_rest(field, is_bare=is_bare))

    def _list_field_rest(self, field: IncomingField, *, is_bare: bool) -> Iterator[tuple[str, Any]]:
        if isinstance(id := field.attributes.get(_ID), int):
            yield "id", id
        anki: dict[str, Any] = {"bare": True} if is_bare else {}
        anki |= self._list_attributes(field.attributes, FIELD_ATTRIBUTES, {_ID})
        if anki:
            yield "anki", anki

    def _list_sides(self) -> Iterator[tuple[str, Any]]:
        plan = self._plan
        templates = plan.type.templates
        if plan.cloze and len(templates) > 1:
            self._losses.add("second template of a note type with gaps", self._place)
            templates = templates[:1]
        known = {
            side.template.name: side
            for side in (plan.kind.sides if plan.kind else ())
            if side.template
        }
        names = FreeNames(side.name for side in known.values())
        written = FreeNames(separator="+")
        for template in templates:
            label = written.take(clean_exact(template.name))
            side = known.get(label)
            name = side.name if side else names.take(_name_side(template))
            if template.deck:
                self._losses.add("deck of a template", f"{self._place}, {name}", template.deck)
            shown = read_sides(template, self._names)
            self._report(template, shown)
            face = _keep_face(side) if side else self._make_face(shown)
            yield name, face | {"anki": dict(self._list_template(template, label))}

    def _make_face(self, shown: Shown) -> dict[str, Any]:
        """Return what is asked and shown where there is no Anki."""
        asked = write_question(shown, self._names, self._keys, self._inline)
        keys = [self._keys[name] for name in shown.shown]
        cloze = self._plan.cloze
        if cloze:
            keys = [cloze, *(key for key in keys if key != cloze)]
            if f"{{{{{cloze}}}}}" not in asked:
                asked = f"{{{{{cloze}}}}}"
        face: dict[str, Any] = {"ask": asked, "show": keys or [self._plan.keys[0]]}
        if typed := self._find_typed(shown, asked):
            face["type"] = typed
        return face

    def _find_typed(self, shown: Shown, asked: str) -> str:
        key = self._keys.get(shown.typed, "")
        if self._plan.cloze:
            return key if key == self._plan.cloze else ""
        return key if key in self._inline and f"{{{{{key}}}}}" not in asked else ""

    def _report(self, template: IncomingTemplate, shown: Shown) -> None:
        if shown.is_spoken:
            what = "text that is read aloud ({{tts}}): only Anki does"
            self._losses.add(what, self._place)
        if _OCCLUSION in template.front:
            what = "image occlusion: only Anki hides parts of images"
            self._losses.add(what, self._place)

    def _list_template(self, template: IncomingTemplate, name: str) -> Iterator[tuple[str, Any]]:
        yield "name", name
        if isinstance(id := template.attributes.get(_ID), int):
            yield "id", id
        yield "front", self._clean(self._rename_fields(template.front))
        yield "back", self._clean(self._rename_fields(template.back))
        yield from self._list_attributes(template.attributes, TEMPLATE_ATTRIBUTES, {_ID})

    def _rename_fields(self, text: str) -> str:
        """Return a template that names the fields as they are called here."""
        if self._labels == self._names:
            return text
        pairs = zip(self._names, self._labels, strict=True)
        labels = {name: label for name, label in pairs if name.lstrip(BAD_AT_START) == name != ""}

        def rename(found: re.Match[str]) -> str:
            before, name = found[1] or "", found[2].strip()
            return f"{{{{{before}{labels[name]}}}}}" if name in labels else found[0]

        return _REFERENCE.sub(rename, text)

    def _list_attributes(
        self,
        attributes: Mapping[str, Attribute],
        names: Mapping[str, str],
        others: Container[str],
    ) -> Iterator[tuple[str, Any]]:
        by_name = {name: key for key, name in names.items()}
        for name, value in attributes.items():
            if name in by_name:
                yield by_name[name], self._clean(value) if isinstance(value, str) else value
            elif name not in others:
                self._losses.add(f"attribute `{name}` of a note type", self._place, str(value))

    def _clean(self, text: str) -> str:
        cleaned = clean_exact(text)
        if cleaned != text:
            self._losses.add("invisible characters of a note type", self._place)
        return cleaned


def _name_side(template: IncomingTemplate) -> str:
    slug = make_slug(template.name) or "card"
    if not slug[0].isalpha() or _GAP_NAME.fullmatch(slug):
        return f"side-{slug}"
    return slug


def _list_author(field: Field) -> dict[str, Any]:
    """Return what an author has added to a field."""
    found = {"max_words": field.max_words, "help": field.help, "holds": field.holds}
    return {key: value for key, value in found.items() if value}


def _keep_face(side: Side) -> dict[str, Any]:
    """Return what a side asks and shows, as an author may have changed it."""
    face: dict[str, Any] = {"ask": side.ask, "show": list(side.show)}
    if side.typed:
        face["type"] = side.typed
    if side.accept:
        face["accept"] = side.accept
    if side.ignore:
        face["ignore"] = [str(one) for one in side.ignore]
    return face
