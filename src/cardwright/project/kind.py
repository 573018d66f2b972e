"""YAML file of a kind → Kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Final

import yaml

from cardwright.kinds.prompts import is_alone, list_asked
from cardwright.model import COMMON_KEYS, Field, FieldType, Kind, Side, make_anki_id
from cardwright.project.document import Document, Entry

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_FIELD_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED_LABELS: Final = {"extra", "sources", "lesson", "id", "spare 1", "spare 2", "tags", "type"}
_RESERVED_KEYS: Final = {*COMMON_KEYS, "cards"}


def read_built_in_kinds() -> dict[str, Kind]:
    """Return the kinds that come with the program, by name.

    Raises:
        ValueError: a built-in file is broken, which is a fault of the program.

    """
    kinds: dict[str, Kind] = {}
    folder = resources.files("cardwright.kinds")
    for name in ("term", "instinct", "objective", "basic", "cloze", "choice", "route"):
        document = Document(f"{name}.yaml", folder.joinpath(f"{name}.yaml").read_bytes())
        _, kind = parse_kind(document)
        if kind is None:
            message = f"built-in kind {name}: {document.problems}"
            raise ValueError(message)
        kinds[name] = kind
    return kinds


def parse_kind(document: Document) -> tuple[str, Kind | None]:
    """Read one kind's file: its name, and the kind, which is None when it has problems."""
    stem = Path(document.path).stem
    entry = document.entry()
    if entry is None:
        return stem, None
    name = entry.text("kind") or stem
    kind = _parse_kind(entry, name)
    return name, None if document.problems else kind


def _parse_kind(entry: Entry, name: str) -> Kind | None:
    entry.refuse_unknown(
        ("kind", "title", "about", "anki", "sources", "cloze", "fields", "sides", "sample")
    )
    if not _NAME.fullmatch(name):
        entry.report("bad-id", f"`{name}` is no name for a kind", "kind", help="use a-z, 0-9 and -")
    anki = entry.entry("anki")
    if anki is not None:
        anki.refuse_unknown(("id", "name"))
    # Two people's kinds of one name are two note types in Anki, unless they are built alike.
    built = [*_list_keys(entry, "fields"), "sides", *_list_keys(entry, "sides")]
    anki_id = _read_id(anki, "note type", name, *built)
    fields = _parse_fields(entry, anki_id)
    by_name = {field.name: field for field in fields}
    sides = _parse_sides(entry, anki_id, by_name)
    wanted = entry.text("sources") or "wanted"
    if wanted not in ("wanted", "optional"):
        entry.report(
            "bad-value",
            "`sources` must be wanted or optional",
            "sources",
            help="write one of the two",
        )
    cloze = entry.text("cloze") or None
    if cloze and not any(f.name == cloze and f.type is FieldType.BLOCK for f in fields):
        entry.report(
            "bad-value",
            f"`cloze` names no block field: {cloze}",
            "cloze",
            help="name the field with the gaps",
        )
    if cloze and len(sides) > 1:
        entry.report(
            "bad-value",
            "a cloze kind has one side",
            "sides",
            help="keep one: each number is asked with it",
        )
    if not fields or not sides:
        return None
    title = entry.text("title") or name.capitalize()
    return Kind(
        name=name,
        title=title,
        about=entry.text("about"),
        fields=fields,
        sides=sides,
        cloze=cloze,
        wants_sources=wanted == "wanted",
        anki_id=anki_id,
        anki_name=(anki.text("name") if anki else "") or f"Cardwright {title}",
        sample=entry.text("sample"),
    )


def _parse_fields(entry: Entry, anki_id: int) -> tuple[Field, ...]:
    if not entry.require("fields", help="a kind needs at least one field"):
        return ()
    fields: list[Field] = []
    for name, key, item in _list_declared(entry, "fields"):
        item.refuse_unknown(("type", "label", "required", "max_words", "id", "help"))
        label = item.text("label") or name.replace("_", " ").capitalize()
        if not _FIELD_NAME.fullmatch(name) or name in _RESERVED_KEYS:
            item.document.report(
                "bad-id",
                f"`{name}` cannot name a field",
                key,
                help=f"use a-z, 0-9 and _, and none of {', '.join(sorted(_RESERVED_KEYS))}",
            )
        if label.casefold() in _RESERVED_LABELS or re.search(r'[:{}"#^/]', label):
            item.report(
                "bad-value",
                f"`{label}` cannot be a label",
                "label",
                help='choose one that is no field of Anki or Cardwright and holds none of : { } " # ^ /',
            )
        if any(field.label.casefold() == label.casefold() for field in fields):
            item.report(
                "bad-value",
                f"two fields are labelled `{label}`",
                "label",
                help="choose another label",
            )
        kind_of_text = item.text("type") or "block"
        if kind_of_text not in list(FieldType):
            item.report(
                "bad-value",
                f"unknown type `{kind_of_text}`",
                "type",
                help=f"one of {', '.join(FieldType)}",
            )
            kind_of_text = "block"
        fields.append(
            Field(
                name=name,
                label=label,
                type=FieldType(kind_of_text),
                required=item.flag("required"),
                help=item.text("help"),
                max_words=int(item.number("max_words", 0, 1, 10_000)) or None,
                anki_id=_read_id(item, "field", f"{anki_id}.{name}"),
            )
        )
    first = fields[0] if fields else None
    if (
        first
        and [first.name] == _list_keys(entry, "fields")[:1]
        and not (first.required and first.type in {FieldType.INLINE, FieldType.BLOCK})
    ):
        entry.report(
            "bad-value",
            f"the first field, `{first.name}`, must be a required text of type inline or block",
            "fields",
            help="Anki refuses notes whose first field is empty",
        )
    return tuple(fields)


def _list_declared(entry: Entry, key: str) -> Iterator[tuple[str, yaml.Node, Entry]]:
    """Yield each name that a mapping declares: the name, its place, and what is said of it."""
    declared = entry.entry(key)
    if declared and not declared.values:
        entry.report("empty-field", f"`{key}` is empty", key, help="declare at least one")
    for name in declared.values if declared else ():
        item = declared.entry(name) if declared else None
        if declared and item:
            yield name, declared.keys[name], item


def _parse_sides(entry: Entry, anki_id: int, fields: dict[str, Field]) -> tuple[Side, ...]:
    if not entry.require("sides", help="a kind asks at least one side"):
        return ()
    sides: list[Side] = []
    for name, key, item in _list_declared(entry, "sides"):
        item.refuse_unknown(("ask", "show", "when", "id"))
        item.require("ask", help="Markdown with {{field}} where a field's text goes")
        item.require("show", help="the fields that the answer reveals")
        if not _NAME.fullmatch(name) or re.fullmatch(r"c\d+", name):
            item.document.report(
                "bad-id",
                f"`{name}` cannot name a side",
                key,
                help="use a-z, 0-9 and -; c1, c2 … are for clozes",
            )
        shown = [(item.text_of(node, "show"), node) for node in item.items("show")]
        side = Side(
            name=name,
            ask=item.text("ask"),
            show=tuple(field for field, _ in shown if field),
            when=item.text("when") or None,
            anki_id=_read_id(item, "template", f"{anki_id}.{name}"),
        )
        known = f"fields: {', '.join(fields)}"
        for field, node in shown:
            if field and fields and field not in fields:
                message = f"there is no field `{field}`"
                item.document.report("bad-value", message, node, help=known)
        if side.ask and fields:
            _check_ask(item, side, fields)
        if side.when and (side.when not in fields or fields[side.when].type is not FieldType.FLAG):
            item.report(
                "bad-value",
                f"`when` names no flag: {side.when}",
                "when",
                help="name a field of type flag",
            )
        sides.append(side)
    return tuple(sides)


def _check_ask(entry: Entry, side: Side, fields: dict[str, Field]) -> None:
    asked = list_asked(side)
    unknown = [field for field in asked if field not in fields]
    for field in unknown:
        known = f"fields: {', '.join(fields)}"
        entry.report("bad-value", f"there is no field `{field}`", "ask", help=known)
    if not unknown and not side.when and not any(fields[field].required for field in asked):
        entry.report(
            "bad-value",
            "the question uses no required field",
            "ask",
            help="without one, the question could be empty",
        )
    for field in asked:
        is_inline = field in unknown or fields[field].type is FieldType.INLINE
        if not is_inline and not is_alone(side.ask, field):
            entry.report(
                "bad-value",
                f"`{{{{{field}}}}}` must stand alone in its paragraph",
                "ask",
                help="only inline fields can stand within a line",
            )


def _list_keys(entry: Entry, key: str) -> list[str]:
    node = entry.values.get(key)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return [name.value for name, _ in pairs if isinstance(name, yaml.ScalarNode)]


def _read_id(entry: Entry | None, *parts: str) -> int:
    given = int(entry.number("id", 0, 1, 2**53 - 1)) if entry else 0
    return given or make_anki_id(*parts)
