"""Entry → Blueprint: the exam of a pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

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
from cardwright.project.deck import report_used_name
from cardwright.project.document import Document, Entry

_KEYS: Final = (
    *("name", "questions", "minutes", "domains", "objectives"),
    *("starts", "plans", "last_days", "lanes", "signals", "failure_modes"),
)
_WHOLE_WEIGHT_PERCENT: Final = 100
_NO_WEIGHT: Final = -1.0
_USUAL_RECALL_PERCENT: Final = 90
_MOST_HOURS: Final = 10_000
_MOST_DAYS: Final = 365


class _Named(Protocol):
    @property
    def span(self) -> Span: ...


def parse_blueprint(document: Document, pack: str) -> Blueprint | None:
    """Read an exam; None when the file holds none."""
    entry = document.entry()
    if entry is None:
        return None
    entry.refuse_unknown(_KEYS)
    entry.require("name", help="the name of the exam")
    entry.require("domains", help="the parts of the exam, with their weights in percent")
    domains: dict[str, Domain] = {}
    lessons: dict[str, Lesson] = {}
    weights: list[float] = []
    for item in entry.entries("domains"):
        item.refuse_unknown(("id", "name", "weight", "lessons"))
        domain = _take_id(item, domains)
        item.require("weight", help="the share of the questions, in percent")
        weight = item.number("weight", _NO_WEIGHT, 0, _WHOLE_WEIGHT_PERCENT)
        weights.append(weight)
        if domain:
            domains[domain] = Domain(
                id=domain,
                name=item.text("name") or domain,
                weight=max(weight, 0),
                span=item.span_of("id"),
            )
        for part in item.entries("lessons"):
            part.refuse_unknown(("id", "title"))
            lesson = _take_id(part, lessons)
            if lesson:
                part.require("title", help="what the lesson is about")
                lessons[lesson] = Lesson(
                    id=lesson, title=part.text("title"), domain=domain, span=part.span_of("id")
                )
    _check_weights(entry, weights)
    return Blueprint(
        pack=pack,
        name=entry.text("name"),
        questions=int(entry.number("questions", 60, 1, 10_000)),
        minutes=int(entry.number("minutes", 120, 1, 10_000)),
        domains=domains,
        lessons=lessons,
        objectives=_parse_objectives(entry, lessons),
        span=entry.span_of("name"),
        starts=_parse_starts(entry),
        plans=_parse_plans(entry, lessons),
        last_days=_parse_last_days(entry, lessons),
        lanes=_parse_lanes(entry, lessons),
        signals=_parse_signals(entry, lessons),
        failure_modes=_parse_failure_modes(entry),
    )


def _parse_objectives(entry: Entry, lessons: Mapping[str, Lesson]) -> dict[str, Objective]:
    objectives: dict[str, Objective] = {}
    for item in entry.entries("objectives"):
        item.refuse_unknown(("id", "lesson", "about"))
        objective = _take_id(item, objectives)
        if not objective:
            continue
        item.require("about", help="what a candidate can do")
        lesson = item.text("lesson")
        item.require("lesson", help="the lesson that treats it")
        if lesson:
            _check_lesson(item, lesson, item.values["lesson"], lessons)
        objectives[objective] = Objective(
            id=objective, about=item.text("about"), lesson=lesson, span=item.span_of("id")
        )
    return objectives


def _parse_starts(entry: Entry) -> dict[str, StartingPoint]:
    starts: dict[str, StartingPoint] = {}
    for item, name, about in _take_items(entry, "starts", ("hours",), starts):
        least, most = _parse_hours(item)
        starts[name] = StartingPoint(
            id=name, about=about, min_hours=least, max_hours=most, span=item.span_of("id")
        )
    return starts


def _parse_hours(item: Entry) -> tuple[float, float]:
    """Return the least and the most hours of study; 0 and 0 when they cannot be read."""
    cure = "the least and the most hours of study: `hours: [35, 60]`"
    if not item.require("hours", help=cure):
        return 0.0, 0.0
    texts = item.texts("hours")
    try:
        least, most = map(float, texts)
    except ValueError:
        least, most = 1.0, 0.0
    if 0 < least <= most <= _MOST_HOURS:
        return least, most
    if texts:
        item.report(
            "bad-value", "`hours` must be two numbers, the lower one first", "hours", help=cure
        )
    return 0.0, 0.0


def _parse_plans(entry: Entry, lessons: Mapping[str, Lesson]) -> dict[str, StudyPlan]:
    plans: dict[str, StudyPlan] = {}
    for item, name, about in _take_items(entry, "plans", ("weeks",), plans):
        item.require("weeks", help="one item a week: what it is about, and its lessons")
        weeks = tuple(_parse_week(week, lessons) for week in item.entries("weeks"))
        plans[name] = StudyPlan(id=name, about=about, weeks=weeks, span=item.span_of("id"))
    return plans


def _parse_week(item: Entry, lessons: Mapping[str, Lesson]) -> Week:
    item.refuse_unknown(("focus", "lessons"))
    item.require("focus", help="what the week is about")
    return Week(focus=item.text("focus"), lessons=_parse_lessons(item, lessons))


def _parse_last_days(entry: Entry, lessons: Mapping[str, Lesson]) -> tuple[LastDay, ...]:
    days: dict[int, LastDay] = {}
    spans: dict[int, Span] = {}
    for item in entry.entries("last_days"):
        item.refuse_unknown(("days_left", "focus", "lessons"))
        item.require("days_left", help="how many days before the exam it is: 1 is the last one")
        item.require("focus", help="what the day is about")
        found = _parse_lessons(item, lessons)
        left = int(item.number("days_left", 0, 1, _MOST_DAYS))
        if left in days:
            report_used_name(item, "days_left", str(left), spans[left])
        elif left:
            days[left] = LastDay(days_left=left, focus=item.text("focus"), lessons=found)
            spans[left] = item.span_of("days_left")
    return tuple(days[left] for left in sorted(days, reverse=True))


def _parse_lanes(entry: Entry, lessons: Mapping[str, Lesson]) -> dict[str, Lane]:
    lanes: dict[str, Lane] = {}
    for item, name, about in _take_items(entry, "lanes", ("lessons",), lanes):
        item.require("lessons", help="the lessons in the order in which they help")
        found = _parse_lessons(item, lessons)
        lanes[name] = Lane(id=name, about=about, lessons=found, span=item.span_of("id"))
    return lanes


def _parse_signals(entry: Entry, lessons: Mapping[str, Lesson]) -> dict[str, Signal]:
    signals: dict[str, Signal] = {}
    for item, name, about in _take_items(entry, "signals", ("measure",), signals):
        measure = item.entry("measure")
        signals[name] = Signal(
            id=name,
            about=about,
            measure=_parse_measure(measure, lessons) if measure else None,
            span=item.span_of("id"),
        )
    return signals


def _parse_measure(entry: Entry, lessons: Mapping[str, Lesson]) -> Measure:
    entry.refuse_unknown(("lessons", "kinds", "tags", "recall"))
    return Measure(
        lessons=_parse_lessons(entry, lessons),
        kinds=entry.texts("kinds"),
        tags=entry.texts("tags"),
        recall_percent=entry.number("recall", _USUAL_RECALL_PERCENT, 1, 100),
    )


def _parse_failure_modes(entry: Entry) -> dict[str, FailureMode]:
    modes: dict[str, FailureMode] = {}
    for item, name, about in _take_items(entry, "failure_modes", (), modes):
        modes[name] = FailureMode(id=name, about=about, span=item.span_of("id"))
    return modes


def _take_items(
    entry: Entry, key: str, keys: Iterable[str], known: Mapping[str, _Named]
) -> Iterator[tuple[Entry, str, str]]:
    """Yield each item of a list with its id, when that is sound, and what it is about."""
    for item in entry.entries(key):
        item.refuse_unknown(("id", "about", *keys))
        item.require("about", help="say in a sentence what it is")
        name = _take_id(item, known)
        if name:
            yield item, name, item.text("about")


def _take_id(entry: Entry, known: Mapping[str, _Named]) -> str:
    if not entry.require("id", help="a short lasting name"):
        return ""
    name = entry.text("id")
    if name in known:
        report_used_name(entry, "id", name, known[name].span)
        return ""
    if any(char.isspace() or char == ":" for char in name):
        entry.report(
            "bad-id", f"`{name}` is no id", "id", help="no spaces or colons: Anki tags hold it"
        )
        return ""
    return name


def _parse_lessons(entry: Entry, lessons: Mapping[str, Lesson]) -> tuple[str, ...]:
    """Return a list of lessons of this exam, which may be empty; others are reported."""
    listed = entry.values.get("lessons")
    if isinstance(listed, yaml.SequenceNode) and not listed.value:
        return ()
    named = [(entry.text_of(node, "lessons"), node) for node in entry.items("lessons")]
    known = [name for name, node in named if name and _check_lesson(entry, name, node, lessons)]
    return tuple(dict.fromkeys(known))


def _check_lesson(entry: Entry, name: str, node: yaml.Node, lessons: Mapping[str, Lesson]) -> bool:
    if name in lessons:
        return True
    cure = f"lessons: {', '.join(lessons)}"
    entry.document.report("unknown-lesson", f"there is no lesson `{name}`", node, help=cure)
    return False


def _check_weights(entry: Entry, weights: Sequence[float]) -> None:
    total = sum(weights)
    is_known = bool(weights) and _NO_WEIGHT not in weights
    if is_known and abs(total - _WHOLE_WEIGHT_PERCENT) > 1:
        entry.report(
            "blueprint-weights",
            f"the weights add up to {total:g} percent",
            "domains",
            help="they should make 100",
        )
