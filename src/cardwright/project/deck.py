"""Entry → Deck: the manifest of a pack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import yaml

from cardwright.diagnostic import SEVERITIES, Related, Severity, Span
from cardwright.model import Deck, DeckOptions, Selection
from cardwright.project.document import Document, Entry

_ROOT_KEYS = ("name", "description", "select", "decks", "order", "options", "checks")
_SUB_KEYS = ("name", "description", "select", "decks")
_SELECT_KEYS = ("lesson", "kind", "tag", "id")
_LEVELS: Final[dict[str, Severity | None]] = {"error": "error", "off": None}
OPTION_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "new_per_day": (0, 9999),
    "reviews_per_day": (0, 9999),
    "desired_retention": (0.7, 0.99),
    "maximum_interval_days": (1, 36500),
    "leech_lapses": (1, 9999),
}
"""Least and most of the options that are numbers."""
_FRACTIONS: Final = frozenset({"desired_retention"})
_DAY_MINUTES = 60 * 24


def parse_deck(document: Document, pack: str) -> Deck | None:
    """Read a manifest; None when the file holds none."""
    entry = document.entry()
    if entry is None:
        return None
    entry.refuse_unknown(_ROOT_KEYS)
    order = entry.texts("order")
    options = _parse_options(entry)
    return _parse_deck(entry, pack, order=order, options=options, severities=_parse_checks(entry))


def _parse_deck(
    entry: Entry,
    pack: str,
    *,
    order: tuple[str, ...],
    options: DeckOptions,
    severities: Mapping[str, Severity | None],
) -> Deck:
    entry.require("name", help="name the deck as Anki shall show it; later it must not change")
    name = entry.text("name")
    if "::" in name:
        entry.report(
            "bad-value",
            "a deck's name cannot hold `::`",
            "name",
            help="write sub-decks below `decks:`",
        )
    children: list[Deck] = []
    names: dict[str, Deck] = {}
    for item in entry.entries("decks"):
        item.refuse_unknown(_SUB_KEYS)
        child = _parse_deck(item, pack, order=order, options=options, severities=severities)
        children.append(child)
        first = names.setdefault(child.name.casefold(), child)
        if first is not child and "name" in item:
            report_used_name(item, "name", child.name, first.span)
    select = _parse_selection(entry)
    if select is None and not children:
        select = Selection()  # a deck with nothing below it takes what is there
    return Deck(
        pack=pack,
        # One without a name is reported; what it takes is looked at all the same.
        name=name or pack,
        description=entry.text("description"),
        select=select,
        decks=tuple(children),
        order=order,
        options=options,
        severities=severities,
        span=entry.span_of("name"),
        spans=_find_values(entry),
    )


def report_used_name(entry: Entry, key: str, name: str, first: Span) -> None:
    """Report a name that something else of the file has."""
    cure = "choose another"
    related = (Related(message="first used", span=first),)
    message = f"`{name}` is already used"
    entry.report("duplicate-id", message, key, help=cure, related=related)


def _parse_selection(entry: Entry) -> Selection | None:
    select = entry.entry("select")
    if select is None:
        return None
    select.refuse_unknown(_SELECT_KEYS)
    return Selection(
        lessons=_one_or_more(select, "lesson"),
        kinds=_one_or_more(select, "kind"),
        tags=_one_or_more(select, "tag"),
        ids=_one_or_more(select, "id"),
    )


def _one_or_more(entry: Entry, key: str) -> tuple[str, ...]:
    node = entry.values.get(key)
    if isinstance(node, yaml.ScalarNode):
        return (entry.text(key),)
    return entry.texts(key)


def _find_values(entry: Entry) -> dict[str, Span]:
    """Return where the values stand that can be checked only when everything is read."""
    document = entry.document
    found = {"description": entry.span_of("description")}
    select = entry.values.get("select")
    values = dict(_pairs(select)) if isinstance(select, yaml.MappingNode) else {}
    values["order"] = entry.values.get("order")
    for key, value in values.items():
        nodes = value.value if isinstance(value, yaml.SequenceNode) else [value]
        found |= {
            f"{key} {node.value.strip()}": document.span(node)
            for node in nodes
            if isinstance(node, yaml.ScalarNode)
        }
    return found


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node | None]]:
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            yield key.value, value


def _parse_options(entry: Entry) -> DeckOptions:
    usual = DeckOptions()
    options = entry.entry("options")
    if options is None:
        return usual
    options.refuse_unknown(DeckOptions.__dataclass_fields__)
    numbers = {
        name: options.number(name, getattr(usual, name), *bounds)
        for name, bounds in OPTION_BOUNDS.items()
    }
    whole = {name: int(number) for name, number in numbers.items() if name not in _FRACTIONS}
    return DeckOptions(
        **whole,
        desired_retention=numbers["desired_retention"],
        learning_steps_minutes=_parse_steps(
            options, "learning_steps_minutes", usual.learning_steps_minutes
        ),
        relearning_steps_minutes=_parse_steps(
            options, "relearning_steps_minutes", usual.relearning_steps_minutes
        ),
        bury_siblings=_parse_flag(options, "bury_siblings", usual.bury_siblings),
        fuzz=_parse_flag(options, "fuzz", usual.fuzz),
    )


def _parse_flag(options: Entry, key: str, usual: bool) -> bool:
    return options.flag(key) if key in options else usual


def _parse_steps(entry: Entry, key: str, usual: tuple[float, ...]) -> tuple[float, ...]:
    if key not in entry:
        return usual
    steps = []
    for node in entry.items(key):
        text = entry.text_of(node, key)
        try:
            step = float(text)
        except ValueError:
            step = 0.0
        if 0 < step < _DAY_MINUTES:
            steps.append(step)
        elif text:
            cure = "minutes, more than 0 and less than a day"
            entry.document.report("bad-value", f"`{text}` is no step", node, help=cure)
    return tuple(steps)


def _parse_checks(entry: Entry) -> dict[str, Severity | None]:
    checks = entry.entry("checks")
    if checks is None:
        return {}
    warnings = [code for code, severity in SEVERITIES.items() if severity == "warning"]
    severities: dict[str, Severity | None] = {}
    for code, key in checks.keys.items():
        if SEVERITIES.get(code) == "error":
            message = f"`{code}` is always an error"
            cure = f"only warnings can be changed: {', '.join(warnings)}"
            checks.document.report("bad-value", message, key, help=cure)
            continue
        level = checks.text(code)
        if level and level not in _LEVELS:
            cure = "write error or off, or remove the line"
            checks.report("bad-value", f"`{code}` must be error or off", code, help=cure)
        elif level:
            severities[code] = _LEVELS[level]
    checks.refuse_unknown((*warnings, *(code for code in checks.keys if code in SEVERITIES)))
    return severities
