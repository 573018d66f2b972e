"""Note types → kinds: one of ours where it fits, else a kind of the project's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cardwright.adopt.clean import clean_text
from cardwright.adopt.ids import FreeNames, make_slug
from cardwright.adopt.question import find_gapped
from cardwright.adopt.survey import FieldSurvey, TypeSurvey
from cardwright.html import Layout
from cardwright.incoming import IncomingType
from cardwright.model import Field, FieldType, Kind

_BUILT_IN: Final = ("basic", "term", "vocabulary")
"""Kinds that take fields of other programs by their names, in order of preference."""
_COMMON: Final = frozenset({"extra", "sources", "lesson"})
"""Keys of every card that fields of other programs can have."""
_RESERVED: Final = frozenset(
    {
        *("allow", "cards", "extra", "formerly", "guid", "id", "kind", "lesson", "objectives"),
        *("reserved", "retired", "sources", "tags", "twins"),
    }
)
"""Keys of every card, which no field can have."""
_BAD_IN_LABEL: Final = re.compile(r'[:{}"]+')
BAD_AT_START: Final = "#^/ "
_MIN_SHARE: Final = 2
"""A field is laid out like at least one in this many of its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPlan:
    """How the notes of a note type become cards."""

    name: str
    """Of the kind."""
    type: IncomingType
    keys: tuple[str, ...]
    """The keys in YAML of the fields, in the order of the note type."""
    types: tuple[FieldType, ...]
    layouts: tuple[Layout, ...]
    bare: tuple[bool, ...]
    cloze: str
    """The key of the field with the gaps, or ""."""
    kind: Kind | None
    """The kind that the project has already, if any."""
    is_adopted: bool
    """Whether the note type is shipped as it is."""
    is_ours: bool = False
    """Whether it is a note type of Cardwright's own, whose fields have a structure."""

    @property
    def is_new(self) -> bool:
        """Whether its file is to be written, or compared with the one that is there."""
        return self.is_adopted or self.kind is None


class KindPlanner:
    """Finds or makes a kind for each note type."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        """`kinds` are those that the project has."""
        self._kinds = kinds
        self._names = FreeNames(kinds)

    def plan(self, type: IncomingType, survey: TypeSurvey, pack: str) -> KindPlan:
        """Return the plan for a note type; `pack` is a name for it if its own is taken."""
        known = self._find_known(type)
        if known is not None and known.adopted is None:
            return self._plan_ours(type, known)
        if type.templates:
            return self._plan_adopted(type, survey, pack, known)
        if (fitting := self._find_fitting(type)) is not None:
            return self._plan_fitting(type, fitting)
        return self._plan_own(type, survey, pack)

    def _find_known(self, type: IncomingType) -> Kind | None:
        if type.anki_id is None:
            return None
        return next((kind for kind in self._kinds.values() if kind.anki_id == type.anki_id), None)

    def _find_fitting(self, type: IncomingType) -> Kind | None:
        """Return a kind that has all fields of a note type without templates."""
        names = {field.name for field in type.fields}
        named = (make_slug(type.name), *(("cloze",) if type.is_cloze else _BUILT_IN))
        for name in dict.fromkeys(named):
            kind = self._kinds.get(name)
            if kind is None or kind.adopted or (kind.cloze is not None) != type.is_cloze:
                continue
            own = {field.name for field in kind.fields}
            required = {field.name for field in kind.fields if field.required}
            keys = names if kind.is_built_in else set(self._make_keys(type, keeps_common=True))
            if required <= keys <= own | _COMMON:
                return kind
        return None

    def _plan_ours(self, type: IncomingType, kind: Kind) -> KindPlan:
        by_label = {field.anki_name: field for field in kind.fields}
        fields = [by_label.get(field.name) for field in type.fields]
        return KindPlan(
            name=kind.name,
            type=type,
            keys=tuple(field.name if field else "" for field in fields),
            types=tuple(field.type if field else FieldType.BLOCK for field in fields),
            layouts=tuple(map(_find_layout, fields)),
            bare=(False,) * len(fields),
            cloze=kind.cloze or "",
            kind=kind,
            is_adopted=False,
            is_ours=True,
        )

    def _plan_fitting(self, type: IncomingType, kind: Kind) -> KindPlan:
        own = {field.name: field for field in kind.fields}
        keys = (
            tuple(field.name for field in type.fields)
            if kind.is_built_in
            else self._make_keys(type, keeps_common=True)
        )
        fields = [own.get(key) for key in keys]
        return KindPlan(
            name=kind.name,
            type=type,
            keys=keys,
            types=tuple(field.type if field else FieldType.BLOCK for field in fields),
            layouts=tuple(map(_find_layout, fields)),
            bare=(False,) * len(fields),
            cloze=kind.cloze or "",
            kind=kind,
            is_adopted=False,
        )

    def _plan_own(self, type: IncomingType, survey: TypeSurvey, pack: str) -> KindPlan:
        """Plan a kind of the project's own for a note type without templates."""
        keys = self._make_keys(type, keeps_common=True)
        gapped = 0 if type.is_cloze else -1
        types = tuple(
            FieldType.BLOCK if place == gapped or one.has_lines else FieldType.INLINE
            for place, one in enumerate(survey.fields)
        )
        return KindPlan(
            name=self._name(type, pack),
            type=type,
            keys=keys,
            types=types,
            layouts=tuple(_lay_out(one) for one in types),
            bare=(False,) * len(keys),
            cloze=keys[0] if type.is_cloze else "",
            kind=None,
            is_adopted=False,
        )

    def _plan_adopted(
        self, type: IncomingType, survey: TypeSurvey, pack: str, known: Kind | None
    ) -> KindPlan:
        by_label = {field.label: field for field in known.fields} if known else {}
        keys = self._make_keys(type, by_label=by_label)
        names = [field.name for field in type.fields]
        labels = list_labels(type)
        cloze = (known and known.cloze) or ""
        if type.is_cloze and not cloze:
            gapped = next(iter(find_gapped(type.templates[0], names)), names[0])
            cloze = keys[names.index(gapped)]
        types, bare = [], []
        for label, key, one in zip(labels, keys, survey.fields, strict=True):
            field = by_label.get(label)
            is_block = key == cloze or one.has_lines
            found = FieldType.BLOCK if is_block else FieldType.INLINE
            types.append(field.type if field else found)
            bare.append(field.is_bare if field else _is_bare(one, is_block=is_block))
        layouts = [
            Layout.BARE if is_bare and type is FieldType.BLOCK else _lay_out(type)
            for type, is_bare in zip(types, bare, strict=True)
        ]
        return KindPlan(
            name=known.name if known else self._name(type, pack),
            type=type,
            keys=keys,
            types=tuple(types),
            layouts=tuple(layouts),
            bare=tuple(bare),
            cloze=cloze,
            kind=known,
            is_adopted=True,
        )

    def _name(self, type: IncomingType, pack: str) -> str:
        slug = make_slug(type.name) or "note"
        slug = slug if slug[0].isalpha() else f"kind-{slug}"
        free = slug if slug not in self._names else f"{pack}-{slug}"
        return self._names.take(free if free[0].isalpha() else f"kind-{free}")

    def _make_keys(
        self,
        type: IncomingType,
        *,
        by_label: Mapping[str, Field] | None = None,
        keeps_common: bool = False,
    ) -> tuple[str, ...]:
        """Return a key for each field; those that a kind has already keep theirs.

        `keeps_common` says that fields may be keys that every card can have, such as `extra`.
        """
        known = by_label or {}
        names = FreeNames({field.name for field in known.values()} | _RESERVED, separator="_")
        keys = []
        for field, label in zip(type.fields, list_labels(type), strict=True):
            slug = make_slug(field.name, "_") or "field"
            if (kept := known.get(label)) is not None:
                keys.append(kept.name)
                continue
            if keeps_common and keys and slug in _COMMON and slug not in keys:
                keys.append(slug)
                continue
            slug = slug if slug[0].isalpha() else f"field_{slug}"
            slug = f"{slug}_text" if slug in _RESERVED else slug
            keys.append(names.take(slug))
        return tuple(keys)


def list_labels(type: IncomingType) -> list[str]:
    """Return the names of the fields of an adopted note type as a project can have them."""
    labels = FreeNames(separator="+")
    return [labels.take(_clean_label(field.name) or "Field") for field in type.fields]


def _clean_label(name: str) -> str:
    # Templates name fields with all of their blanks.
    name = clean_text(_BAD_IN_LABEL.sub("", name)).replace("\n", " ")
    return name.lstrip(BAD_AT_START)


def _find_layout(field: Field | None) -> Layout:
    return _lay_out(field.type if field else FieldType.BLOCK)


def _lay_out(type: FieldType) -> Layout:
    return Layout.INLINE if type is FieldType.INLINE else Layout.BLOCK


def _is_bare(survey: FieldSurvey, *, is_block: bool) -> bool:
    """Tell whether most values of a field are written as Anki's editor does it."""
    if is_block:
        return survey.paragraphs * _MIN_SHARE <= survey.filled
    ours = survey.bold["strong"] + survey.bold["em"]
    return survey.bold["b"] + survey.bold["i"] > ours
