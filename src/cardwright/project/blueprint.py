"""The exam of a pack: `blueprint.yaml` → Blueprint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol, TypeVar

import yaml

from cardwright.blueprint import (
    Blueprint,
    Domain,
    FailureMode,
    Lane,
    LastDay,
    Lesson,
    Measure,
    Objective,
    Signal,
    StartingPoint,
    StudyPlan,
    Week,
)
from cardwright.diagnostic import Span
from cardwright.project import table
from cardwright.project.document import Document
from cardwright.project.entry import Entry, read_entry
from cardwright.text import list_names, parse_number, suggest

_MAX_HOURS: Final = 10_000
_WHOLE_PERCENT: Final = 100
_MAX_SUGGESTED: Final = 20
"""The number of problems in a file from which on no similar names are looked for."""
_HOURS_HELP: Final = "write the lowest and the highest number of hours: `hours: [35, 60]`"


def _read_id(entry: Entry, name: str) -> str | None:
    word = entry.text(name)
    if any(char.isspace() or char == ":" for char in word):
        help = "use no spaces or colons: tags in Anki hold it"
        entry.report("bad-id", f"`{word}` is not a valid id", name, help=help)
        return None
    return word or None


def _read_hours(entry: Entry, name: str) -> tuple[float, float] | None:
    words = entry.texts(name)
    match [parse_number(word) for word in words]:
        case [float() as low, float() as high] if 0 < low <= high <= _MAX_HOURS:
            return low, high
    if words:
        message = f"`{name}` must be two numbers, the lower one first"
        entry.report("bad-value", message, name, help=_HOURS_HELP)
    return None


_ID: Final = table.Key(
    read=_read_id, schema=table.text().schema, default="", missing="give it a short, lasting name"
)
_HOURS: Final = table.Key(
    read=_read_hours,
    schema={
        "type": "array",
        "items": {"type": "number", "exclusiveMinimum": 0, "maximum": _MAX_HOURS},
        "minItems": 2,
        "maxItems": 2,
        "description": "The lowest and the highest number of hours of study.",
    },
    default=(0.0, 0.0),
    missing=_HOURS_HELP,
)
_LESSONS: Final = table.texts(
    "Lessons of this blueprint; leave it empty for mixed practice.", may_be_empty=True
)
_NAMED: Final[table.Table] = {
    "id": _ID,
    "about": table.prose(missing="say in a sentence what it is"),
}
_LESSON: Final[table.Table] = {
    "id": _ID,
    "title": table.prose(missing="say what the lesson is about"),
}
_DOMAIN: Final[table.Table] = {
    "id": _ID,
    "name": table.prose(),
    "weight": table.number(
        0,
        _WHOLE_PERCENT,
        "Share of the questions, in percent.",
        missing="write its share of the questions, in percent",
    ),
    "lessons": table.records(_LESSON),
}
_OBJECTIVE: Final[table.Table] = {
    "id": _ID,
    "lesson": table.text("The lesson that covers it."),
    "domain": table.text("The domain that it belongs to, if no single lesson covers it."),
    "section": table.prose("The heading below which it is listed."),
    "about": table.prose(missing="say what a candidate can do"),
}
_OBJECTIVES: Final = table.records(
    _OBJECTIVE,
    schema={
        **table.make_schema(_OBJECTIVE),
        "anyOf": [{"required": ["lesson"]}, {"required": ["domain"]}],
    },
)


def _read_objectives(entry: Entry, name: str) -> tuple[tuple[str, table.Record], ...]:
    """Return the objectives of a list, or of named lists, each with the name of its set."""
    if not isinstance(entry.values[name], yaml.MappingNode):
        return tuple(("", item) for item in _OBJECTIVES.read(entry, name))
    sets = entry.entry(name)
    found: list[tuple[str, table.Record]] = []
    if sets is None:
        return ()
    if not sets.values:
        entry.report("empty-field", f"`{name}` is empty", name, help="list at least one")
    for key, node in sets.keys.items():
        set_name = entry.text_of(node, name)
        found += [(set_name, item) for item in _OBJECTIVES.read(sets, key)]
    return tuple(found)


_WEEK: Final[table.Table] = {
    "focus": table.prose(missing="say what the week is about"),
    "lessons": _LESSONS,
}
_LAST_DAY: Final[table.Table] = {
    "days_left": table.number(
        1,
        365,
        "1 is the day before the exam.",
        whole=True,
        missing="write how many days before the exam it is; 1 is the last one",
    ),
    "focus": table.prose(missing="say what the day is about"),
    "lessons": _LESSONS,
}
_MEASURE: Final[table.Table] = {
    "lessons": table.texts("Lessons of this blueprint, in order.", may_be_empty=True),
    "objectives": table.texts("Objectives; a card must cover at least one of them."),
    "kinds": table.texts("Kinds of cards."),
    "tags": table.texts("Tags; a card must have at least one of them."),
    "recall": table.number(
        1,
        100,
        "Mean expected recall at which the signal is given, in percent.",
        default=Measure().recall_percent,
    ),
}
BLUEPRINT: Final[table.Table] = {
    "name": table.prose(missing="name the exam"),
    "questions": table.number(1, 10_000, default=60, whole=True),
    "minutes": table.number(1, 10_000, default=120, whole=True),
    "domains": table.records(
        _DOMAIN, missing="list the parts of the exam, with their weights in percent"
    ),
    "objectives": table.Key(
        read=_read_objectives,
        schema={
            "anyOf": [
                _OBJECTIVES.schema,
                {
                    "type": "object",
                    "additionalProperties": _OBJECTIVES.schema,
                    "minProperties": 1,
                },
            ],
            "description": "What a candidate must be able to do: a list, or several by name.",
        },
        default=(),
    ),
    "starts": table.records({**_NAMED, "hours": _HOURS}, "Levels from which candidates may start."),
    "plans": table.records(
        {
            **_NAMED,
            "weeks": table.records(
                _WEEK, missing="list the weeks: what each is about, and its lessons"
            ),
        },
        "Orders of study, week by week; the first one is the default.",
    ),
    "last_days": table.records(_LAST_DAY, "What to do on each of the last days."),
    "lanes": table.records(
        {
            **_NAMED,
            "lessons": table.texts(
                "Lessons of this blueprint, in order.",
                missing="list the lessons in the order in which they help",
                may_be_empty=True,
            ),
        },
        "Orders of lessons for candidates who are weak in one area.",
    ),
    "signals": table.records(
        {
            **_NAMED,
            "measure": table.record(
                _MEASURE,
                "The cards that measure it; without this, candidates judge for themselves.",
            ),
        },
        "Signs that it is time to book the exam.",
    ),
    "failure_modes": table.records(_NAMED, "Ways to miss a question."),
}


class _Placed(Protocol):
    @property
    def span(self) -> Span: ...


_Made = TypeVar("_Made", bound=_Placed)


def parse_blueprint(document: Document, pack: str) -> Blueprint | None:
    """Read an exam; None if the file does not contain one."""
    entry = read_entry(document)
    if entry is None:
        return None
    root = table.read_record(entry, BLUEPRINT)
    domains: dict[str, Domain] = {}
    lessons: dict[str, Lesson] = {}
    for item in root["domains"]:
        domain = _find_free_id(item, domains)
        if domain:
            domains[domain] = Domain(
                id=domain,
                name=item["name"] or domain,
                weight=item["weight"] or 0,
                span=item.entry.span_of("id"),
            )
        for part in item["lessons"]:
            if lesson := _find_free_id(part, lessons):
                span = part.entry.span_of("id")
                lessons[lesson] = Lesson(id=lesson, title=part["title"], domain=domain, span=span)
    _check_weights(entry, [item["weight"] for item in root["domains"]])

    def find_lessons(item: table.Record) -> tuple[str, ...]:
        return _find_known(item.entry, "lessons", "lesson", lessons)

    objectives = _make_objectives(root["objectives"], domains, lessons)
    return Blueprint(
        pack=pack,
        name=root["name"],
        questions=root["questions"],
        minutes=root["minutes"],
        domains=domains,
        lessons=lessons,
        objectives=objectives,
        span=entry.span_of("name"),
        starts=_make_by_id(root["starts"], _make_start),
        plans=_make_by_id(
            root["plans"],
            lambda item: StudyPlan(
                weeks=tuple(
                    Week(focus=week["focus"], lessons=find_lessons(week)) for week in item["weeks"]
                ),
                **_describe(item),
            ),
        ),
        last_days=_make_last_days(root["last_days"], find_lessons),
        lanes=_make_by_id(
            root["lanes"], lambda item: Lane(lessons=find_lessons(item), **_describe(item))
        ),
        signals=_make_by_id(
            root["signals"],
            lambda item: Signal(
                measure=_make_measure(item["measure"], find_lessons, objectives),
                **_describe(item),
            ),
        ),
        failure_modes=_make_by_id(
            root["failure_modes"], lambda item: FailureMode(**_describe(item))
        ),
    )


def _find_free_id(item: table.Record, taken: Mapping[str, _Placed]) -> str:
    """Return the id of an item, or "" if it is missing or, which is reported, already used."""
    name: str = item["id"]
    if name in taken:
        table.report_used_name(item.entry, "id", name, taken[name].span)
        return ""
    return name


def _make_by_id(
    items: Iterable[table.Record], make: Callable[[table.Record], _Made]
) -> dict[str, _Made]:
    """Return the objects made from items with a unique id, by id."""
    made: dict[str, _Made] = {}
    for item in items:
        if name := _find_free_id(item, made):
            made[name] = make(item)
    return made


def _describe(item: table.Record) -> dict[str, Any]:
    """Return the values common to all named parts of an exam."""
    return {"id": item["id"], "about": item["about"], "span": item.entry.span_of("id")}


def _make_start(item: table.Record) -> StartingPoint:
    low, high = item["hours"]
    return StartingPoint(min_hours=low, max_hours=high, **_describe(item))


def _make_last_days(
    items: Iterable[table.Record], find_lessons: Callable[[table.Record], tuple[str, ...]]
) -> tuple[LastDay, ...]:
    days: dict[int, LastDay] = {}
    spans: dict[int, Span] = {}
    for item in items:
        left, lessons = item["days_left"], find_lessons(item)
        if left in days:
            table.report_used_name(item.entry, "days_left", str(left), spans[left])
        elif left is not None:
            days[left] = LastDay(days_left=left, focus=item["focus"], lessons=lessons)
            spans[left] = item.entry.span_of("days_left")
    return tuple(days[left] for left in sorted(days, reverse=True))


def _make_measure(
    read: table.Record | None,
    find_lessons: Callable[[table.Record], tuple[str, ...]],
    objectives: Mapping[str, Objective],
) -> Measure | None:
    if read is None:
        return None
    return Measure(
        lessons=find_lessons(read),
        objectives=_find_known(read.entry, "objectives", "objective", objectives),
        kinds=read["kinds"],
        tags=read["tags"],
        recall_percent=read["recall"],
    )


def _make_objectives(
    read: Iterable[tuple[str, table.Record]],
    domains: Mapping[str, Domain],
    lessons: Mapping[str, Lesson],
) -> dict[str, Objective]:
    """Return the objectives with an id that no other has, in this or another set."""
    made: dict[str, Objective] = {}
    for set_name, item in read:
        entry, id = item.entry, _find_free_id(item, made)
        if "lesson" not in entry and "domain" not in entry:
            help = "name the lesson that covers it, or else its `domain`"
            entry.require("lesson", help=help)
        lesson = next(iter(_find_known(entry, "lesson", "lesson", lessons)), None)
        own = next(iter(_find_known(entry, "domain", "domain", domains)), "")
        of_lesson = lessons[lesson].domain if lesson else ""
        if own and of_lesson and own != of_lesson:
            message = f"lesson {lesson} is in another domain: `{of_lesson}`"
            entry.report("bad-value", message, "domain", help="remove it")
        if id:
            made[id] = Objective(
                lesson=lesson,
                domain=of_lesson or own,
                section=item["section"],
                set_name=set_name,
                **_describe(item),
            )
    return made


def _find_known(entry: Entry, key: str, noun: str, known: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names in a value that are known, each once, and report the others."""
    found: dict[str, None] = {}
    for name, node in entry.list_words(key):
        if name in known:
            found[name] = None
        else:
            help = f"{noun}s: {list_names(known)}"
            # Lesson numbers all look alike, and to look for similar names among thousands takes time.
            if noun != "lesson" and len(entry.document.problems) < _MAX_SUGGESTED:
                help = suggest(name, known, f"{noun}s")
            message = f"there is no {noun} `{name}`"
            entry.document.report(f"unknown-{noun}", message, node, help=help)
    return tuple(found)


def _check_weights(entry: Entry, weights: list[float | None]) -> None:
    known = [weight for weight in weights if weight is not None]
    total = sum(known)
    if known and len(known) == len(weights) and abs(total - _WHOLE_PERCENT) > 1:
        entry.report(
            "blueprint-weights",
            f"the weights add up to {total:g} percent",
            "domains",
            help="change them so that they add up to 100",
        )
