"""The manifest of a pack: `deck.yaml` → Deck."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import yaml

from cardwright.diagnostic import SEVERITIES, WARNINGS, Severity, Span
from cardwright.model import Deck, DeckOptions, Selection
from cardwright.project import table
from cardwright.project.document import Document, Node
from cardwright.project.entry import Entry, is_word, read_entry
from cardwright.project.namespace import MAX_NAMESPACE_LENGTH, NAMESPACE, is_namespace
from cardwright.project.source_url import SOURCE_URL
from cardwright.text import parse_number, suggest

_DAY_MINUTES: Final = 60 * 24
_NO_STEPS: Final = "none"
_LEVELS: Final[dict[str, Severity | None]] = {"error": "error", "warning": "warning", "off": None}
_DEFAULTS: Final = DeckOptions()


def is_step(minutes: float) -> bool:
    """Tell whether a learning step can be this long: more than 0 and less than a day."""
    return 0 < minutes < _DAY_MINUTES


def _parse_step(entry: Entry, node: Node, name: str) -> float | None:
    word = entry.text_of(node, name)
    minutes = parse_number(word)
    if minutes is not None and is_step(minutes):
        return minutes
    if word:
        help = "write minutes: more than 0 and less than a day"
        entry.document.report("bad-value", f"`{word}` is not a valid step", node, help=help)
    return None


def _steps(default: tuple[float, ...]) -> table.Key:
    key = table.listed(_parse_step, item={"type": "number"})

    def read(entry: Entry, name: str) -> Any:
        node = entry.values[name]
        is_empty = isinstance(node, yaml.SequenceNode) and not node.value
        return () if is_empty or is_word(node, _NO_STEPS) else key.read(entry, name)

    schema = {
        "anyOf": [{"type": "array", "items": {"type": "number"}}, {"const": _NO_STEPS}],
        "description": f"Minutes; [] or {_NO_STEPS} for no steps.",
        "default": list(default),
    }
    return table.Key(read=read, schema=schema, default=default)


_OPTIONS: Final[table.Table] = {
    "new_per_day": table.number(0, 9999, default=_DEFAULTS.new_per_day, whole=True),
    "reviews_per_day": table.number(0, 9999, default=_DEFAULTS.reviews_per_day, whole=True),
    "desired_retention": table.number(0.7, 0.99, default=_DEFAULTS.desired_retention),
    "maximum_interval_days": table.number(
        1, 36500, default=_DEFAULTS.maximum_interval_days, whole=True
    ),
    "learning_steps_minutes": _steps(_DEFAULTS.learning_steps_minutes),
    "relearning_steps_minutes": _steps(_DEFAULTS.relearning_steps_minutes),
    "leech_lapses": table.number(1, 9999, default=_DEFAULTS.leech_lapses, whole=True),
    "bury_siblings": table.flag(default=_DEFAULTS.bury_siblings),
    "fuzz": table.flag(default=_DEFAULTS.fuzz),
}
OPTION_BOUNDS: Final = {name: key.bounds for name, key in _OPTIONS.items() if key.bounds}
"""The minimum and maximum of each numeric option."""
_SELECT: Final[table.Table] = {
    "lesson": table.one_or_more(),
    "kind": table.one_or_more(),
    "tag": table.one_or_more(),
    "id": table.one_or_more(),
    "file": table.one_or_more(
        "Paths below the pack's folder; * stands for any name, ** for folders."
    ),
}


def _read_namespace(entry: Entry, name: str) -> str | None:
    word = entry.text(name)
    if word and not is_namespace(word):
        help = f"use a-z, 0-9, - and _, at most {MAX_NAMESPACE_LENGTH}"
        entry.report("bad-id", f"`{word}` is not a valid namespace", name, help=help)
        return None
    return word or None


_NAMESPACE: Final = table.Key(
    read=_read_namespace,
    schema={
        "type": ["string", "number"],
        "pattern": f"^{NAMESPACE.pattern}$".replace("?:", ""),
        "maxLength": MAX_NAMESPACE_LENGTH,
        "description": "Distinguishes this pack from all others; it never changes.",
    },
)
SUB_DECK: Final[table.Table] = {
    "name": table.prose(
        "The deck's name in Anki; it must not change later.",
        missing="name the deck as it should appear in Anki; do not change the name later",
    ),
    "description": table.prose("Markdown shown with the deck."),
    "select": table.record(_SELECT, "The cards of the deck: those that match every line."),
    "options": table.record(
        _OPTIONS, "How the deck is studied. A sub-deck inherits what it does not set."
    ),
    "decks": table.records(lambda: SUB_DECK, schema={"$ref": "#/definitions/deck"}),
}


def _read_checks(entry: Entry, name: str) -> dict[str, Severity | None] | None:
    """Read a pack's severities for warnings. Errors cannot be changed."""
    checks = entry.entry(name)
    if checks is None:
        return None
    severities: dict[str, Severity | None] = {}
    for code, key in checks.keys.items():
        if code in _CHECKS:
            if level := _CHECKS[code].read(checks, code):
                severities[code] = _LEVELS[level]
        elif code in SEVERITIES:
            message = f"`{code}` is always an error"
            help = f"only warnings can be changed: {', '.join(WARNINGS)}"
            checks.document.report("bad-value", message, key, help=help)
        else:
            help = suggest(code, WARNINGS, "known keys")
            checks.document.report("unknown-key", f"unknown key `{code}`", key, help=help)
    return severities


_CHECKS: Final[table.Table] = {code: table.choice(_LEVELS) for code in WARNINGS}
DECK: Final[table.Table] = {
    "name": SUB_DECK["name"],
    "namespace": _NAMESPACE,
    **SUB_DECK,
    "source_url": SOURCE_URL,
    "order": table.texts("The order of kinds in which new cards of a deck are introduced."),
    "checks": table.Key(
        read=_read_checks,
        schema=table.make_schema(
            _CHECKS,
            "Warnings to turn into errors, to switch off, or (missing-source, no-right-if) to switch on.",
        ),
        default={},
    ),
}


def parse_deck(document: Document, pack: str) -> Deck | None:
    """Read a manifest; None if the file does not contain one."""
    entry = read_entry(document)
    if entry is None:
        return None
    root = table.read_record(entry, DECK)
    shared = {name: root[name] for name in DECK if name not in SUB_DECK}
    shared["severities"] = shared.pop("checks")
    shared["namespace"] = shared["namespace"] or pack
    return _make_deck(root, pack, _DEFAULTS, shared)


def _make_deck(
    read: table.Record, pack: str, inherited: DeckOptions, shared: dict[str, Any]
) -> Deck:
    """Return a deck with its sub-decks; keys that only the root has are `shared` by all.

    `inherited` are the options of the deck above.
    """
    entry = read.entry
    name = read["name"]
    if "::" in name:
        help = "write sub-decks below `decks:`"
        entry.report("bad-value", "a deck's name cannot hold `::`", "name", help=help)
        name = name.replace("::", " ").strip(": ")
    elif name.startswith(":") or (name.endswith(":") and read["decks"]):
        message = "beside the `::` between names, Anki would take this `:` for part of another name"
        entry.report("bad-value", message, "name", help="remove it from the name")
        name = name.strip(": ")
    own: table.Record | None = read["options"]
    set_here = {name: own[name] for name in own.values if name in own.entry} if own else {}
    options = replace(inherited, **set_here)
    children: list[Deck] = []
    names: dict[str, Deck] = {}
    for item in read["decks"]:
        child = _make_deck(item, pack, options, shared)
        children.append(child)
        first = names.setdefault(child.name.casefold(), child)
        if first is not child and "name" in item.entry:
            table.report_used_name(item.entry, "name", child.name, first.span)
    return Deck(
        pack=pack,
        # A missing or bad name was reported; the deck's cards are still checked.
        name=name or pack,
        description=read["description"],
        select=_make_selection(read["select"], has_children=bool(children)),
        decks=tuple(children),
        options=options,
        has_options=own is not None,
        span=entry.span_of("name"),
        spans=_find_spans(read),
        **shared,
    )


def _make_selection(read: table.Record | None, *, has_children: bool) -> Selection | None:
    if read is None:
        # A deck without sub-decks gets all remaining cards.
        return None if has_children else Selection()
    return Selection(
        lessons=frozenset(read["lesson"]),
        kinds=frozenset(read["kind"]),
        tags=frozenset(read["tag"]),
        ids=frozenset(read["id"]),
        files=read["file"],
    )


def _find_spans(read: table.Record) -> dict[str, Span]:
    """Return the places of values that can only be checked once all files are read."""
    entry = read.entry
    spans = {name: entry.span_of(name) for name in ("description", "namespace") if name in entry}
    parts = [(entry, "order")]
    if read["select"] is not None:
        parts += [(read["select"].entry, name) for name in _SELECT]
    for part, name in parts:
        for word, node in part.list_words(name):
            spans[f"{name} {word}"] = entry.document.span(node)
    return spans
