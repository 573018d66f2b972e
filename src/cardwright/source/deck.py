"""Entry → Deck and Blueprint: the manifest of a pack, and its exam."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from cardwright.blueprint import Blueprint, Domain, Lesson, Objective
from cardwright.diagnostic import SEVERITIES, Severity
from cardwright.entry import Document, Entry
from cardwright.model import Deck, DeckOptions, Selection

_ROOT_KEYS = ("name", "description", "select", "decks", "order", "options", "checks")
_SUB_KEYS = ("name", "description", "select", "decks")
_WHOLE_WEIGHT_PERCENT = 100


def parse_deck(document: Document, pack: str) -> Deck | None:
    """Read a manifest; None when it has no usable name."""
    entry = document.entry()
    if entry is None:
        return None
    entry.refuse_unknown(_ROOT_KEYS)
    return _parse_deck(
        entry,
        pack,
        order=entry.texts("order") if "order" in entry else (),
        options=_parse_options(entry),
        severities=_parse_checks(entry),
    )


def _parse_deck(
    entry: Entry,
    pack: str,
    *,
    order: tuple[str, ...],
    options: DeckOptions,
    severities: Mapping[str, Severity | None],
) -> Deck | None:
    if not entry.require(
        "name", help="name the deck as Anki shall show it; later it must not change"
    ):
        return None
    name = entry.text("name")
    if "::" in name:
        entry.report("bad-value", "`::` in a name", "name", help="write sub-decks below `decks:`")
    children = []
    for item in entry.entries("decks") if "decks" in entry else ():
        item.refuse_unknown(_SUB_KEYS)
        child = _parse_deck(item, pack, order=order, options=options, severities=severities)
        if child is not None:
            children.append(child)
    select = _parse_selection(entry)
    if select is None and not children:
        select = Selection()  # a deck with nothing below it takes what is there
    return (
        Deck(
            pack=pack,
            name=name,
            description=entry.text("description"),
            select=select,
            decks=tuple(children),
            order=order,
            options=options,
            severities=severities,
            span=entry.span_of("name"),
        )
        if name
        else None
    )


def _parse_selection(entry: Entry) -> Selection | None:
    if "select" not in entry:
        return None
    select = entry.entry("select")
    if select is None:
        return None
    select.refuse_unknown(("lesson", "kind", "tag", "id"))
    return Selection(
        lessons=_one_or_more(select, "lesson"),
        kinds=_one_or_more(select, "kind"),
        tags=_one_or_more(select, "tag"),
        ids=_one_or_more(select, "id"),
    )


def _one_or_more(entry: Entry, key: str) -> tuple[str, ...]:
    node = entry.values.get(key)
    if node is None:
        return ()
    if isinstance(node, yaml.ScalarNode):
        return (entry.text(key),)
    return entry.texts(key)


def _parse_options(entry: Entry) -> DeckOptions:
    usual = DeckOptions()
    options = entry.entry("options")
    if options is None:
        return usual
    options.refuse_unknown(DeckOptions.__dataclass_fields__)
    return DeckOptions(
        new_per_day=int(options.number("new_per_day", usual.new_per_day, 0, 9999)),
        reviews_per_day=int(options.number("reviews_per_day", usual.reviews_per_day, 0, 9999)),
        desired_retention=options.number("desired_retention", usual.desired_retention, 0.7, 0.99),
        maximum_interval_days=int(
            options.number("maximum_interval_days", usual.maximum_interval_days, 1, 36500)
        ),
        learning_steps_minutes=_parse_steps(
            options, "learning_steps_minutes", usual.learning_steps_minutes
        ),
        relearning_steps_minutes=_parse_steps(
            options, "relearning_steps_minutes", usual.relearning_steps_minutes
        ),
        leech_lapses=int(options.number("leech_lapses", usual.leech_lapses, 1, 9999)),
        bury_siblings=options.flag("bury_siblings")
        if "bury_siblings" in options
        else usual.bury_siblings,
    )


def _parse_steps(entry: Entry, key: str, usual: tuple[float, ...]) -> tuple[float, ...]:
    if key not in entry:
        return usual
    steps = []
    for text in entry.texts(key):
        try:
            step = float(text)
        except ValueError:
            step = 0.0
        if not 0 < step < 60 * 24:
            entry.report("bad-value", f"`{text}` is no step", key, help="minutes, under a day")
            return usual
        steps.append(step)
    return tuple(steps)


def _parse_checks(entry: Entry) -> dict[str, Severity | None]:
    checks = entry.entry("checks")
    severities: dict[str, Severity | None] = {}
    if checks is None:
        return severities
    for code in checks.values:
        level = checks.text(code)
        if SEVERITIES.get(code) != "warning":
            checks.report(
                "bad-value", f"`{code}` is no warning", code, help="only warnings can be switched"
            )
        elif level == "error":
            severities[code] = "error"
        elif level == "off":
            severities[code] = None
        else:
            checks.report(
                "bad-value", f"`{code}` must be error or off", code, help="or remove the line"
            )
    return severities


def parse_blueprint(document: Document, pack: str) -> Blueprint | None:
    """Read an exam; None when the file holds none."""
    entry = document.entry()
    if entry is None:
        return None
    entry.refuse_unknown(("name", "questions", "minutes", "domains", "objectives"))
    entry.require("name", help="the name of the exam")
    entry.require("domains", help="the parts of the exam, with their weights in percent")
    domains: dict[str, Domain] = {}
    lessons: dict[str, Lesson] = {}
    for item in entry.entries("domains") if "domains" in entry else ():
        item.refuse_unknown(("id", "name", "weight", "lessons"))
        domain = _take_id(item, domains)
        if not domain:
            continue
        item.require("weight", help="the share of the questions, in percent")
        domains[domain] = Domain(
            id=domain,
            name=item.text("name") or domain,
            weight=item.number("weight", 0, 0, _WHOLE_WEIGHT_PERCENT),
            span=item.span_of("id"),
        )
        for part in item.entries("lessons") if "lessons" in item else ():
            part.refuse_unknown(("id", "title"))
            lesson = _take_id(part, lessons)
            if lesson:
                part.require("title", help="what the lesson is about")
                lessons[lesson] = Lesson(
                    id=lesson, title=part.text("title"), domain=domain, span=part.span_of("id")
                )
    _check_weights(entry, domains)
    return Blueprint(
        pack=pack,
        name=entry.text("name"),
        questions=int(entry.number("questions", 60, 1, 10_000)),
        minutes=int(entry.number("minutes", 120, 1, 10_000)),
        domains=domains,
        lessons=lessons,
        objectives=_parse_objectives(entry, lessons),
        span=entry.span_of("name"),
    )


def _parse_objectives(entry: Entry, lessons: Mapping[str, Lesson]) -> dict[str, Objective]:
    objectives: dict[str, Objective] = {}
    for item in entry.entries("objectives") if "objectives" in entry else ():
        item.refuse_unknown(("id", "lesson", "about"))
        objective = _take_id(item, objectives)
        if not objective:
            continue
        item.require("about", help="what a candidate can do")
        lesson = item.text("lesson")
        if item.require("lesson", help="the lesson that treats it") and lesson not in lessons:
            cure = f"lessons: {', '.join(lessons)}"
            item.report("unknown-lesson", f"there is no lesson `{lesson}`", "lesson", help=cure)
        objectives[objective] = Objective(
            id=objective, about=item.text("about"), lesson=lesson, span=item.span_of("id")
        )
    return objectives


def _take_id(entry: Entry, known: Mapping[str, object]) -> str:
    if not entry.require("id", help="a short lasting name"):
        return ""
    name = entry.text("id")
    if name in known:
        entry.report("duplicate-id", f"`{name}` is already used", "id", help="choose another id")
        return ""
    if any(char.isspace() or char == ":" for char in name):
        entry.report(
            "bad-id", f"`{name}` is no id", "id", help="no spaces or colons: Anki tags hold it"
        )
        return ""
    return name


def _check_weights(entry: Entry, domains: Mapping[str, Domain]) -> None:
    total = sum(domain.weight for domain in domains.values())
    if domains and abs(total - _WHOLE_WEIGHT_PERCENT) > 1:
        entry.report(
            "blueprint-weights",
            f"the weights add up to {total:g} percent",
            "domains",
            help="they should make 100",
        )
