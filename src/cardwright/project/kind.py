"""The file of a kind: `kinds/NAME.yaml` → Kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Final

from cardwright.kinds.prompts import is_alone, list_asked
from cardwright.model import Field, FieldType, Kind, Side
from cardwright.project import table
from cardwright.project.card import COMMON_KEYS
from cardwright.project.document import Document, Entry

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_FIELD_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED_LABELS: Final = {"extra", "sources", "lesson", "id", "spare 1", "spare 2", "tags", "type"}
_RESERVED_NAMES: Final = sorted({*COMMON_KEYS, "cards"})

_ANKI_ID: Final = table.number(1, 2**53 - 1, "Fixed id in Anki.", whole=True)
_FIELD: Final[table.Table] = {
    "type": table.choice(FieldType, default=FieldType.BLOCK),
    "label": table.prose(),
    "required": table.flag(),
    "max_words": table.number(1, 10_000, whole=True),
    "id": _ANKI_ID,
    "help": table.prose(),
}
_SIDE: Final[table.Table] = {
    "id": _ANKI_ID,
    "ask": table.prose(
        "Markdown with {{field}} where a field's text goes.",
        missing="write Markdown with {{field}} where a field's text goes",
    ),
    "show": table.texts(
        "Fields of the answer, the answer itself first.",
        missing="list the fields that the answer reveals",
    ),
    "when": table.text("The flag that enables this side."),
}
KIND: Final[table.Table] = {
    "kind": table.text(),
    "title": table.prose(),
    "about": table.prose(),
    "anki": table.record({"id": _ANKI_ID, "name": table.text()}),
    "sources": table.choice(("wanted", "optional"), default="wanted"),
    "cloze": table.text("The field with the gaps, for a cloze kind."),
    "fields": table.named_records(_FIELD, missing="declare at least one field"),
    "sides": table.named_records(_SIDE, missing="declare at least one side"),
    "sample": table.text("YAML of an example card, without its id."),
}


def read_built_in_kinds() -> dict[str, Kind]:
    """Return the built-in kinds, by name.

    Raises:
        ValueError: a built-in file is invalid, which is a bug.

    """
    kinds: dict[str, Kind] = {}
    folder = resources.files("cardwright.kinds")
    for name in (
        "term",
        "instinct",
        "objective",
        "basic",
        "cloze",
        "choice",
        "route",
        "vocabulary",
    ):
        document = Document(f"{name}.yaml", folder.joinpath(f"{name}.yaml").read_bytes())
        _, kind = parse_kind(document)
        if kind is None:
            raise ValueError(f"built-in kind {name}: {document.problems}")
        kinds[name] = kind
    return kinds


def parse_kind(document: Document) -> tuple[str, Kind | None]:
    """Read a kind's file; return its name, and the kind, or None if it has problems."""
    stem = Path(document.path).stem
    entry = document.entry()
    if entry is None:
        return stem, None
    root = table.read_record(entry, KIND)
    name = root["kind"] or stem
    kind = _make_kind(root, name)
    is_faulty = any(problem.is_error for problem in document.problems)
    return name, None if is_faulty else kind


def _make_kind(root: table.Record, name: str) -> Kind | None:
    entry = root.entry
    if not _NAME.fullmatch(name):
        message = f"`{name}` is not a valid name for a kind"
        entry.report("bad-id", message, "kind", help="use a-z, 0-9 and -")
    anki: table.Record | None = root["anki"]
    fields = tuple(_make_fields(root))
    sides = tuple(_make_sides(root, {field.name: field for field in fields}))
    cloze = root["cloze"] or None
    if cloze and not any(f.name == cloze and f.type is FieldType.BLOCK for f in fields):
        message = f"`cloze` does not name a block field: {cloze}"
        entry.report("bad-value", message, "cloze", help="name the field with the gaps")
    if cloze and len(sides) > 1:
        help = "keep one: it is asked once for each number"
        entry.report("bad-value", "a cloze kind has one side", "sides", help=help)
    if not fields or not sides:
        return None
    title = root["title"] or name.capitalize()
    return Kind(
        name=name,
        title=title,
        about=root["about"],
        fields=fields,
        sides=sides,
        cloze=cloze,
        wants_sources=root["sources"] == "wanted",
        anki_id=anki["id"] if anki else None,
        anki_name=(anki["name"] if anki else "") or f"Cardwright {title}",
        sample=root["sample"],
    )


def _make_fields(root: table.Record) -> Iterator[Field]:
    labels: set[str] = set()
    types: set[FieldType] = set()
    for name, item in _list_declared(root["fields"]):
        label = item["label"] or name.replace("_", " ").capitalize()
        if not _FIELD_NAME.fullmatch(name) or name in _RESERVED_NAMES:
            root["fields"].entry.document.report(
                "bad-id",
                f"`{name}` cannot name a field",
                root["fields"].entry.keys[name],
                help=f"use a-z, 0-9 and _, and none of {', '.join(_RESERVED_NAMES)}",
            )
        if label.casefold() in _RESERVED_LABELS or re.search(r'[:{}"#^/]', label):
            item.entry.report(
                "bad-value",
                f"`{label}` cannot be a label",
                "label",
                help='choose one that is not a field of Anki or Cardwright, without : { } " # ^ /',
            )
        if label.casefold() in labels:
            message = f"two fields are labelled `{label}`"
            item.entry.report("bad-value", message, "label", help="choose another label")
        field = Field(
            name=name,
            label=label,
            type=FieldType(item["type"]),
            required=item["required"],
            help=item["help"],
            max_words=item["max_words"],
            anki_id=item["id"],
        )
        if field.type is FieldType.OPTIONS and field.type in types:
            help = "keep one: a card has one list of options"
            item.entry.report("bad-value", "two fields hold options", "type", help=help)
        if name == next(iter(root["fields"].entry.keys)) and not (
            field.required and field.type in {FieldType.INLINE, FieldType.BLOCK}
        ):
            root.entry.report(
                "bad-value",
                f"the first field, `{name}`, must be a required text of type inline or block",
                "fields",
                help="put such a field first: Anki refuses notes whose first field is empty",
            )
        labels.add(label.casefold())
        types.add(field.type)
        yield field


def _make_sides(root: table.Record, fields: Mapping[str, Field]) -> Iterator[Side]:
    known = f"fields: {', '.join(fields)}"
    for name, item in _list_declared(root["sides"]):
        entry = item.entry
        if not _NAME.fullmatch(name) or re.fullmatch(r"c\d+", name):
            entry.document.report(
                "bad-id",
                f"`{name}` cannot name a side",
                root["sides"].entry.keys[name],
                help="use a-z, 0-9 and -; c1, c2 … are for clozes",
            )
        side = Side(
            name=name,
            ask=item["ask"],
            show=item["show"],
            when=item["when"] or None,
            anki_id=item["id"],
        )
        for field, node in entry.list_words("show") if fields else ():
            if field not in fields:
                message = f"there is no field `{field}`"
                entry.document.report("bad-value", message, node, help=known)
        if side.ask and fields:
            _check_ask(entry, side, fields)
        if side.when and (side.when not in fields or fields[side.when].type is not FieldType.FLAG):
            message = f"`when` does not name a flag: {side.when}"
            entry.report("bad-value", message, "when", help="name a field of type flag")
        yield side


def _check_ask(entry: Entry, side: Side, fields: Mapping[str, Field]) -> None:
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
            help="use one: without it, the question could be empty",
        )
    for field in asked:
        is_inline = field in unknown or fields[field].type is FieldType.INLINE
        if not is_inline and not is_alone(side.ask, field):
            entry.report(
                "bad-value",
                f"`{{{{{field}}}}}` must be alone in its paragraph",
                "ask",
                help="put a blank line before and after it: only inline fields fit within a line",
            )


def _list_declared(declared: table.Record | None) -> Iterator[tuple[str, table.Record]]:
    yield from declared.values.items() if declared else ()
