"""The file of a kind: `kinds/NAME.yaml` → Kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Final

from cardwright.diagnostic import Span
from cardwright.kinds.prompts import is_alone, list_asked
from cardwright.model import (
    SPARE_COUNT,
    Field,
    FieldType,
    Ignored,
    Kind,
    Side,
)
from cardwright.project import table
from cardwright.project.adopted import (
    FIELD_IN_ANKI,
    KIND_IN_ANKI,
    PART_ID,
    TEMPLATE_IN_ANKI,
    make_adopted_type,
    make_template,
    read_field_attributes,
)
from cardwright.project.card import COMMON_KEYS, MAX_ID_LENGTH
from cardwright.project.document import Document
from cardwright.project.entry import Entry, read_entry
from cardwright.project.style import find_style_problems
from cardwright.text import list_names

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_FIELD_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED_LABELS: Final = {"extra", "sources", "lesson", "id", "spare 1", "spare 2", "tags", "type"}
_RESERVED_NAMES: Final = sorted({*COMMON_KEYS, "cards"})
_HELD: Final = ("extra", "sources", "lesson", "id")
"""Common keys that a field of an adopted note type can show."""

_FIELD: Final[table.Table] = {
    "type": table.choice(FieldType, default=FieldType.BLOCK),
    "label": table.prose(),
    "required": table.flag(),
    "max_words": table.number(1, 10_000, whole=True),
    "id": PART_ID,
    "help": table.prose(),
    "spare": table.number(
        1,
        SPARE_COUNT,
        "The spare field in Anki that holds it, once the kind is released.",
        whole=True,
    ),
    "holds": table.choice(_HELD, "The common key that the field of an adopted note type shows."),
    "anki": table.record(FIELD_IN_ANKI, "Attributes of the field of an adopted note type."),
}
_SIDE: Final[table.Table] = {
    "id": PART_ID,
    "ask": table.prose(
        "Markdown with {{field}} where a field's text goes.",
        missing="write Markdown with {{field}} where a field's text goes",
    ),
    "show": table.texts(
        "Fields of the answer, the answer itself first.",
        missing="list the fields that the answer reveals",
    ),
    "when": table.text("The field that must not be empty for this side to be asked."),
    "type": table.text("The field whose text the reader types."),
    "accept": table.text("A list of texts that are as right as the typed field's."),
    "ignore": table.texts(f"What does not matter in a typed answer: {', '.join(Ignored)}."),
    "anki": table.record(
        TEMPLATE_IN_ANKI, "The template of an adopted note type, shipped as it is."
    ),
}
KIND: Final[table.Table] = {
    "kind": table.text(),
    "title": table.prose(),
    "about": table.prose(),
    "anki": table.record(KIND_IN_ANKI),
    "sources": table.choice(("wanted", "optional"), default="wanted"),
    "cloze": table.text("The field with the gaps, for a cloze kind."),
    "css": table.text("Rules added to the stylesheet of the cards."),
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
        kinds[name] = replace(kind, spans={})
    return kinds


def parse_kind(document: Document) -> tuple[str, Kind | None]:
    """Read a kind's file; return its name, and the kind, or None if it has problems."""
    stem = Path(document.path).stem
    entry = read_entry(document)
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
    is_adopted = any(item["anki"] for _, item in _list_declared(root["sides"]))
    fields = tuple(_make_fields(root, is_adopted=is_adopted))
    by_name = {field.name: field for field in fields}
    cloze = root["cloze"] or None
    sides = tuple(_make_sides(root, by_name, cloze, is_adopted=is_adopted))
    if cloze and not any(f.name == cloze and f.type is FieldType.BLOCK for f in fields):
        message = f"`cloze` does not name a block field: {cloze}"
        entry.report("bad-value", message, "cloze", help="name the field with the gaps")
    elif cloze and by_name[cloze].spare:
        help = "to have gaps in another field, write a new kind"
        entry.report("bad-value", "a spare field cannot have gaps", "cloze", help=help)
    if cloze and len(sides) > 1:
        help = "keep one: it is asked once for each number"
        entry.report("bad-value", "a cloze kind has one side", "sides", help=help)
    adopted = make_adopted_type(root, fields, is_adopted=is_adopted)
    _check_style(entry, root["css"])
    if not fields or not sides:
        return None
    known_as = anki["name"] if anki and adopted else ""
    title = root["title"] or known_as or name.capitalize()
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
        css=root["css"],
        adopted=adopted,
        spans=dict(_list_spans(root)),
    )


def _check_style(entry: Entry, css: str) -> None:
    for problem in find_style_problems(css):
        node, document = entry.values["css"], entry.document
        start, end = node.start_mark.index, node.end_mark.index
        index = document.text.find(problem.quote, start, end) if problem.quote else -1
        if index < 0:
            entry.report("bad-style", problem.message, "css", help=problem.help)
        else:
            length = len(problem.quote)
            document.report_at("bad-style", problem.message, index, length, help=problem.help)


def _list_spans(root: table.Record) -> Iterator[tuple[str, Span]]:
    yield "", Span(path=root.entry.document.path, line=1, column=1)
    anki: table.Record | None = root["anki"]
    if anki and anki["media"]:
        yield "media", anki.entry.span_of("media")
    for part in ("field", "side"):
        declared: table.Record | None = root[f"{part}s"]
        if declared:
            document = declared.entry.document
            for name, node in declared.entry.keys.items():
                yield f"{part} {name}", document.span(node)


def _make_fields(root: table.Record, *, is_adopted: bool) -> Iterator[Field]:
    labels: set[str] = set()
    types: set[FieldType] = set()
    spares: set[int] = set()
    for name, item in _list_declared(root["fields"]):
        label = item["label"] or name.replace("_", " ").capitalize()
        if not _FIELD_NAME.fullmatch(name) or name in _RESERVED_NAMES:
            root["fields"].entry.document.report(
                "bad-id",
                f"`{name}` cannot name a field",
                root["fields"].entry.keys[name],
                help=f"use a-z, 0-9 and _, and none of {', '.join(_RESERVED_NAMES)}",
            )
        _check_label(item.entry, label, is_adopted=is_adopted)
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
            spare=item["spare"],
            holds=item["holds"],
            attributes=read_field_attributes(item["anki"]),
            is_bare=bool(item["anki"] and item["anki"]["bare"]),
        )
        if field.type is FieldType.OPTIONS and field.type in types:
            help = "keep one: a card has one list of options"
            item.entry.report("bad-value", "two fields hold options", "type", help=help)
        if is_adopted:
            if field.spare:
                help = "remove it: an adopted note type is shipped as it is"
                item.entry.report("bad-value", "an adopted kind has no spare", "spare", help=help)
        else:
            _check_own_field(item.entry, field, spares)
        is_first = name == next(iter(root["fields"].entry.keys))
        if is_first and not is_adopted and not _can_be_first(field):
            root.entry.report(
                "bad-value",
                f"the first field, `{name}`, must be a required text of type inline or block",
                "fields",
                help="put such a field first: Anki refuses notes whose first field is empty",
            )
        labels.add(label.casefold())
        types.add(field.type)
        yield field


def _check_label(entry: Entry, label: str, *, is_adopted: bool) -> None:
    if is_adopted:
        if re.search(r'[:{}"]|^[#^/]', label):
            help = "write the field's name as it is in Anki"
            entry.report(
                "bad-value", f"`{label}` cannot be the name of a field in Anki", "label", help=help
            )
    elif label.casefold() in _RESERVED_LABELS or re.search(r'[:{}"#^/]', label):
        entry.report(
            "bad-value",
            f"`{label}` cannot be a label",
            "label",
            help='choose another: some are reserved, and none can contain : { } " # ^ /',
        )


def _can_be_first(field: Field) -> bool:
    return field.required and field.type in {FieldType.INLINE, FieldType.BLOCK} and not field.spare


def _check_own_field(entry: Entry, field: Field, spares: set[int]) -> None:
    """Report what a field of a kind that is not adopted cannot have."""
    for key in ("holds", "anki"):
        if entry.values.get(key):
            help = "remove it, or give every side its template in Anki"
            entry.report("bad-value", f"`{key}` is for adopted note types", key, help=help)
    if field.spare is None:
        return
    if field.required:
        help = "remove `required`: published cards do not have this field"
        entry.report("bad-value", "a spare field must be optional", "required", help=help)
    if field.type is FieldType.OPTIONS:
        help = "write a new kind"
        entry.report("bad-value", "a spare field cannot contain options", "type", help=help)
    if field.anki_id is not None:
        help = "remove it: the spare field has an id already"
        entry.report("bad-value", "a spare field cannot have an id", "id", help=help)
    if field.spare in spares:
        message = f"two fields use spare field {field.spare}"
        free = [number for number in range(1, SPARE_COUNT + 1) if number not in spares]
        help = f"use spare {free[0]}" if free else "no spare field is left"
        entry.report("bad-value", message, "spare", help=help)
    spares.add(field.spare)


def _make_sides(
    root: table.Record, fields: Mapping[str, Field], cloze: str | None, *, is_adopted: bool
) -> Iterator[Side]:
    known = f"fields: {list_names(fields)}"
    labels = [field.label for field in fields.values()]
    for name, item in _list_declared(root["sides"]):
        entry = item.entry
        is_long = len(name) > MAX_ID_LENGTH
        if is_long or not _NAME.fullmatch(name) or re.fullmatch(r"c\d+", name):
            entry.document.report(
                "bad-id",
                f"`{name}` cannot name a side",
                root["sides"].entry.keys[name],
                help=f"use a-z, 0-9 and -, at most {MAX_ID_LENGTH}; c1, c2 … are for clozes",
            )
        template: table.Record | None = item["anki"]
        side = Side(
            name=name,
            ask=item["ask"],
            show=item["show"],
            when=item["when"] or None,
            anki_id=(template["id"] if template else None) or item["id"],
            typed=item["type"] or None,
            accept=item["accept"] or None,
            ignore=tuple(Ignored(word) for word in item["ignore"] if word in list(Ignored)),
            template=make_template(template, labels, is_cloze=cloze is not None)
            if template
            else None,
        )
        if is_adopted and template is None:
            help = "every side of an adopted note type is one of its templates"
            entry.require("anki", help=help)
        for field, node in entry.list_words("show") if fields else ():
            if field not in fields:
                message = f"there is no field `{field}`"
                entry.document.report("bad-value", message, node, help=known)
        if side.ask and fields:
            _check_ask(entry, side, fields)
        if side.when:
            _check_when(entry, side, fields, cloze)
        _check_typed(entry, side, fields, cloze)
        yield side


def _check_ask(entry: Entry, side: Side, fields: Mapping[str, Field]) -> None:
    asked = list_asked(side)
    unknown = [field for field in asked if field not in fields]
    for field in unknown:
        known = f"fields: {list_names(fields)}"
        entry.report("bad-value", f"there is no field `{field}`", "ask", help=known)
    is_sure = side.when or side.template or any(fields[f].required for f in asked if f in fields)
    if not unknown and not is_sure:
        entry.report(
            "bad-value",
            "the question uses no required field",
            "ask",
            help="use one, or name a field in `when`: without it, the question could be empty",
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


def _check_when(entry: Entry, side: Side, fields: Mapping[str, Field], cloze: str | None) -> None:
    if side.template:
        help = "remove it: the template says when Anki asks it"
        entry.report("bad-value", "an adopted side has no `when`", "when", help=help)
    elif cloze:
        help = "remove it: each gap is asked"
        entry.report("bad-value", "a cloze kind has no `when`", "when", help=help)
    elif side.when not in fields:
        message, help = f"there is no field `{side.when}`", f"fields: {list_names(fields)}"
        entry.report("bad-value", message, "when", help=help)


def _check_typed(entry: Entry, side: Side, fields: Mapping[str, Field], cloze: str | None) -> None:
    for word, node in entry.list_words("ignore"):
        if word not in list(Ignored):
            message, help = f"`{word}` cannot be ignored", f"choose from {', '.join(Ignored)}"
            entry.document.report("bad-value", message, node, help=help)
    if side.typed is None:
        for key in ("accept", "ignore"):
            if key in entry:
                help = "name the field to type, or remove this"
                entry.report("bad-value", f"`{key}` is for sides with `type`", key, help=help)
        return
    if problem := _find_typed_problem(side, side.typed, fields, cloze):
        message, help = problem
        entry.report("bad-value", message, "type", help=help)
    accepted = fields.get(side.accept or "")
    if side.accept and (accepted is None or accepted.type is not FieldType.LIST):
        message = f"`accept` does not name a list: {side.accept}"
        entry.report("bad-value", message, "accept", help="name a field of type list")


def _find_typed_problem(
    side: Side, typed: str, fields: Mapping[str, Field], cloze: str | None
) -> tuple[str, str] | None:
    """Return the message and the help for a field that cannot be typed."""
    if typed not in fields:
        return f"there is no field `{typed}`", f"fields: {list_names(fields)}"
    if cloze:
        return None if typed == cloze else (f"`{typed}` has no gaps", f"write `type: {cloze}`")
    if fields[typed].type is not FieldType.INLINE:
        return f"`{typed}` is not one line of text", "name a field of type inline"
    if typed in list_asked(side):
        message = f"the question shows `{typed}`, the answer to type"
        return message, "name a field of the answer"
    return None


def _list_declared(declared: table.Record | None) -> Iterator[tuple[str, table.Record]]:
    yield from declared.values.items() if declared else ()
