"""A released note type and its kind today → what the author changed that a release cannot change.

Anki would import a note type of another structure beside the one that people have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cardwright.anki.notetype import NoteType
from cardwright.model import SPARE_COUNT, FieldType, Kind

_NEW_KIND: Final = "undo it, or write a new kind: Anki would import a second note type"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeChange:
    """A change of a kind that would give readers a second note type."""

    part: str
    """`field x` or `side y`, if the part is there; "" for the kind as a whole."""
    message: str
    help: str


def find_type_changes(
    kind: Kind, note_type: NoteType, released: Mapping[str, Any]
) -> list[TypeChange]:
    """Return what differs between a note type and its released structure."""
    structure = note_type.structure
    if structure == released:
        return []
    changes = [
        *_compare_fields(kind, structure["fields"], _read_pairs(released.get("fields"))),
        *_compare_sides(kind, structure["templates"], _read_pairs(released.get("templates"))),
    ]
    if structure["cloze"] != released.get("cloze"):
        verb = (
            "released as a cloze kind" if released.get("cloze") else "not released as a cloze kind"
        )
        changes.append(TypeChange(part="", message=f"`{kind.name}` was {verb}", help=_NEW_KIND))
    return changes or list(_compare_ids(kind, structure, released))


Pairs = Sequence[tuple[str, int | None]]
"""Names in Anki, each with its id."""


def _read_pairs(value: Any) -> Pairs:
    pairs = value if isinstance(value, list) else []
    return [(str(p[0]), p[1]) for p in pairs if isinstance(p, list) and len(p) == 2]  # noqa: PLR2004


def _compare_fields(kind: Kind, today: Pairs, released: Pairs) -> Iterator[TypeChange]:
    names = {field.anki_name: field.name for field in kind.fields}
    labels = {field.label for field in kind.fields if field.spare}
    renamed = _match_renamed(today, released)
    for label, _ in released:
        if label in renamed:
            name = names.get(renamed[label], renamed[label])
            yield TypeChange(
                part=f"field {name}",
                message=f"the label of `{name}` was released as `{label}`",
                help=f"write `label: {label}`",
            )
        elif label not in dict(today):
            was_own = label in labels
            yield TypeChange(
                part="",
                message=f"the field `{label}` was released "
                f"{'as a field of its own' if was_own else 'and cannot be removed'}",
                help="remove its `spare`" if was_own else "put it back; cards may leave it empty",
            )
    added = [label for label, _ in today if label not in {*dict(released), *renamed.values()}]
    yield from _explain_added_fields(kind, [names.get(label, label) for label in added])
    if not added and _is_reordered(today, released, renamed):
        order = ", ".join(names.get(renamed.get(label, label), label) for label, _ in released)
        own = ", ".join(name for name in order.split(", ") if name in {f.name for f in kind.fields})
        yield TypeChange(
            part="",
            message=f"the fields of `{kind.name}` were released in another order",
            help=f"write them in the order {own}",
        )


def _explain_added_fields(kind: Kind, added: Sequence[str]) -> Iterator[TypeChange]:
    used = {field.spare for field in kind.fields}
    free = [number for number in range(1, SPARE_COUNT + 1) if number not in used]
    for name in added:
        field = next((field for field in kind.fields if field.name == name), None)
        if kind.adopted or field is None:
            help = "remove it: the note type that people have lacks it"
        elif field.type is FieldType.OPTIONS or name == kind.cloze:
            help = "write a new kind: a spare field cannot contain options or gaps"
        elif not free:
            help = "no spare field is left: write a new kind"
        elif field.anki_id is not None:
            help = f"write `spare: {free.pop(0)}` instead of the `id` of `{name}`"
        elif field.required:
            help = f"make `{name}` optional, and add `spare: {free.pop(0)}` to it"
        else:
            help = f"add `spare: {free.pop(0)}` to `{name}`"
        yield TypeChange(
            part=f"field {name}",
            message=f"the field `{name}` was added after the release of `{kind.name}`",
            help=help,
        )


def _compare_sides(kind: Kind, today: Pairs, released: Pairs) -> Iterator[TypeChange]:
    names = dict(zip((title for title, _ in today), (s.name for s in kind.sides), strict=False))
    renamed = _match_renamed(today, released)
    for title, _ in released:
        name = names.get(renamed.get(title, ""), "")
        if title in renamed:
            message = f"the side `{name}` was released as `{title.lower()}`"
            yield TypeChange(part=f"side {name}", message=message, help="give it its old name")
        elif title not in dict(today):
            message = f"the side `{title.lower()}` was released and cannot be removed"
            help = "put it back; to stop asking it, add a `when` with a flag that no card sets"
            yield TypeChange(part="", message=message, help=help)
    added = [title for title, _ in today if title not in {*dict(released), *renamed.values()}]
    for title in added:
        name = names[title]
        message = f"the side `{name}` was added after the release of `{kind.name}`"
        yield TypeChange(part=f"side {name}", message=message, help=_NEW_KIND)
    if not added and _is_reordered(today, released, renamed):
        order = ", ".join(names.get(renamed.get(title, title), title) for title, _ in released)
        yield TypeChange(
            part="",
            message=f"the sides of `{kind.name}` were released in another order",
            help=f"write them in the order {order}",
        )


def _match_renamed(today: Pairs, released: Pairs) -> dict[str, str]:
    """Return the names that are gone and found again under another, by id."""
    new = {id: name for name, id in today if id is not None and name not in dict(released)}
    gone = ((name, id) for name, id in released if name not in dict(today))
    return {name: new[id] for name, id in gone if id in new}


def _is_reordered(today: Pairs, released: Pairs, renamed: Mapping[str, str]) -> bool:
    names = [name for name, _ in today]
    before = [renamed.get(name, name) for name, _ in released]
    return [name for name in before if name in names] != names


def _compare_ids(
    kind: Kind, structure: Mapping[str, Any], released: Mapping[str, Any]
) -> Iterator[TypeChange]:
    """Yield changed ids, of which only the author's own can differ alone."""
    if structure["id"] != released.get("id"):
        message = f"the note type of `{kind.name}` was released with the id {released.get('id')}"
        help = f"write `anki: {{id: {released.get('id')}}}`"
        yield TypeChange(part="", message=message, help=help)
        return
    parts = (
        *((f"field {field.name}", field.anki_name, "fields") for field in kind.fields),
        *(
            (f"side {side.name}", name, "templates")
            for side, (name, _) in zip(kind.sides, structure["templates"], strict=False)
        ),
    )
    for part, name, key in parts:
        id = dict(_read_pairs(released.get(key))).get(name)
        if dict(_read_pairs(structure[key])).get(name) != id:
            noun, _, word = part.partition(" ")
            message = f"the {noun} `{word}` was released with the id {id}"
            yield TypeChange(part=part, message=message, help=f"write `id: {id}`")
