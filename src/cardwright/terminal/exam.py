"""Everything printed about an exam: coverage, plan, readiness, scores and misses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cardwright.blueprint import Blueprint, LastDay
from cardwright.exam.goal import Goal
from cardwright.exam.plan import WHOLE, Plan, PlanWeek, format_day, format_domain, format_recall
from cardwright.history import make_time, make_zone
from cardwright.terminal.charts import Column, Fitted, draw_columns, make_line
from cardwright.text import MAX_LISTED, count, list_names

if TYPE_CHECKING:
    from cardwright.exam.coverage import Coverage, ObjectiveSetCoverage, Tally
    from cardwright.exam.misses import Miss, MissGroup
    from cardwright.exam.mock import Mock
    from cardwright.exam.readiness import ForecastCheck, ObjectivesReading, SignalReading
    from cardwright.exam.result import Part

_MAX_ROWS: Final = 200
"""How many lessons of a domain, or objectives of a set, are shown."""
OBJECTIVES: Final = "Objectives"
"""The name shown for a set of objectives without one."""


def draw_coverage(coverage: Coverage) -> Group:
    """Draw objectives, then domains and lessons, with their cards and prompts, and then the gaps."""
    parts: list[RenderableType] = [Text(make_line(coverage.blueprint.name), "bold")]
    # The overview is last: it is what stays on the screen if there are many objectives.
    for one in coverage.objective_sets:
        parts += [_draw_objectives(one), Text()]
    parts += [_draw_domains(coverage), Text()]
    return Group(*parts, *(Text(make_line(sentence)) for sentence in _list_missing(coverage)))


def _draw_objectives(part: ObjectiveSetCoverage) -> Fitted:
    rows: list[tuple[Text, Tally | None]] = []
    shown = part.objectives[:_MAX_ROWS]
    for section, found in groupby(shown, key=lambda one: one.objective.section):
        if section:
            rows.append((Text(make_line(section), "bold"), None))
        for one in found:
            name = make_line(f"{one.objective.id} {one.objective.about}")
            rows.append((Text(f"  {name}" if section else name), one.tally))
    if left := len(part.objectives) - len(shown):
        rows.append((Text(f"… and {count(left, 'objective')} more"), None))
    covered = sum(bool(one.tally.cards) for one in part.objectives)
    total = Text(f"all ({covered} of {len(part.objectives)} with cards)", "bold")
    labels, tallies = zip(*rows, (total, part.tally), strict=True)

    def list_cells(format: Callable[[Tally], str]) -> list[str]:
        return [format(tally) if tally else "" for tally in tallies]

    return draw_columns(
        Column(part.name or OBJECTIVES, labels),
        [
            Column("cards", list_cells(lambda tally: f"{tally.cards}"), rank=1),
            Column("questions", list_cells(lambda tally: f"{tally.questions}"), rank=2),
            Column("seen", list_cells(lambda tally: _format_share(tally.seen, tally.prompts))),
            Column("known", list_cells(lambda tally: _format_share(tally.known, tally.prompts))),
        ],
    )


def _draw_domains(coverage: Coverage) -> Fitted:
    from cardwright.exam.coverage import Tally  # noqa: PLC0415  (not for all reports)

    labels: list[Text] = []
    tallies: list[Tally] = []
    for domain in coverage.domains:
        label = f"{domain.domain.name} ({domain.domain.weight:g}%)"
        labels.append(Text(make_line(label), "bold"))
        tallies.append(domain.tally)
        # There may be thousands of lessons; JSON has all of them.
        for lesson in domain.lessons[:_MAX_ROWS]:
            labels.append(Text(f"  {make_line(str(lesson.lesson))}"))
            tallies.append(lesson.tally)
        if left := domain.lessons[_MAX_ROWS:]:
            labels.append(Text(f"  … and {count(len(left), 'lesson')} more"))
            tallies.append(Tally(*map(sum, zip(*(lesson.tally for lesson in left), strict=True))))
    labels.append(Text("all", "bold"))
    tallies.append(coverage.tally)
    columns = [
        Column("cards", [f"{tally.cards}" for tally in tallies], rank=1),
        Column("questions", [f"{tally.questions}" for tally in tallies], rank=2),
        Column("prompts", [f"{tally.prompts}" for tally in tallies]),
        Column("seen", [_format_share(tally.seen, tally.prompts) for tally in tallies]),
        Column("known", [_format_share(tally.known, tally.prompts) for tally in tallies]),
    ]
    return draw_columns(Column("domain and lesson", labels), columns)


def _format_share(number: int, total: int) -> str:
    return f"{number / total:.0%}" if total else "·"


def _list_missing(coverage: Coverage) -> Iterator[str]:
    gaps = [
        [f"No card for lesson {lesson}." for lesson in coverage.lessons_without_cards],
        [
            f"No card for objective {one.id}: {one.about}."
            for one in coverage.objectives_without_cards
        ],
        [
            f"No question for a mock exam in the domain {domain.name}."
            for domain in coverage.domains_without_questions
        ],
    ]
    missing = []
    for found in gaps:
        missing += found[:MAX_LISTED]
        if left := len(found) - MAX_LISTED:
            missing += [f"… and {left:,} more like this: see --json."] if left > 0 else []
    yield from missing or ["Every lesson and objective has cards, every domain has questions."]
    if outside := len(coverage.outside):
        yield f"{count(outside, 'card')} of the pack {'is' if outside == 1 else 'are'} in no lesson."
    yield "Known: in review, with an expected recall of 90% or more today."


def format_fit(plan: Plan, goal: Goal) -> str:
    """Return whether the goal can be reached in time, and if not, what it would need."""
    a_day = f"{count(goal.minutes_a_day, 'minute')} a day"
    if plan.enough_minutes is not None and plan.enough_minutes <= goal.minutes_a_day:
        return f"This fits: with {a_day} you see every card before the exam."
    text = f"This does not fit: with {a_day} you see {plan.seen_share:.0%} of the cards"
    if plan.enough_minutes is None:
        return f"{text}, and more minutes would not help: move the date."
    return f"{text}; {count(plan.enough_minutes, 'minute')} would be enough for all."


def format_horizon(goal: Goal, planned: Goal) -> str:
    """Return how far the plan looks ahead; "" if it reaches the exam."""
    if planned.exam_on == goal.exam_on:
        return ""
    return (
        f"The exam is more than two years away: plan and forecast go up to {planned.exam_on}, "
        "and move on with time."
    )


def format_hours(goal: Goal, blueprint: Blueprint | None, days: int) -> str:
    """Return the hours left and the hours needed from the starting point; "" if unknown."""
    start = blueprint.starts.get(goal.start_as or "") if blueprint else None
    if start is None:
        return ""
    left = days * goal.minutes_a_day / 60
    text = (
        f"Hours: {left:.0f} left until the exam; from “{make_line(start.about)}” it takes "
        f"{start.min_hours:g} to {start.max_hours:g}, reading and practice included."
    )
    if left < start.min_hours and days:
        text += f" That would be at least {start.min_hours * 60 / days:.0f} minutes a day."
    return text


def draw_forecasts(plan: Plan, blueprint: Blueprint | None) -> Fitted:
    """Draw expected recall today and on the day, by domain and for the whole exam."""
    weights = {d.name: d.weight for d in blueprint.domains.values()} if blueprint else {}
    rows = sorted(plan.on_day, key=lambda name: name == WHOLE)
    label = Column("", [make_line(format_domain(name)) for name in rows])
    return draw_columns(
        label,
        [
            Column("weight", [f"{weights[n]:g}%" if n in weights else "" for n in rows], rank=3),
            Column("today", [f"{plan.today[name].recall:.0%}" for name in rows]),
            Column("exam day", [format_recall(plan.on_day[name]) for name in rows]),
        ],
    )


def draw_weeks(weeks: Sequence[PlanWeek]) -> Iterator[RenderableType]:
    """Draw the time and the focus of each week."""
    label = Column("", [f"{format_day(w.first_day)} to {format_day(w.last_day)}" for w in weeks])
    yield draw_columns(
        label,
        [
            Column("planned", [f"{week.planned_minutes / 60:.1f} h" for week in weeks]),
            Column("available", [f"{week.available_minutes / 60:.1f} h" for week in weeks]),
            Column("new", [f"{week.new:.0f}" for week in weeks]),
            Column("reviews", [f"{week.reviews:.0f}" for week in weeks], rank=1),
        ],
    )
    yield Text()
    for number, week in enumerate(weeks, 1):
        lessons = f" ({list_names(week.lessons)})" if week.lessons else ""
        yield Text.assemble((f"Week {number}  ", "bold"), f"{make_line(week.focus)}{lessons}")


def draw_last_days(last_days: Iterable[tuple[int, LastDay]]) -> Iterator[Text]:
    """Draw the focus of each of the last days."""
    for day, last in last_days:
        lessons = f" ({list_names(last.lessons)})" if last.lessons else ""
        line = Text.assemble((f"{format_day(day)}  ", "bold"), f"{last.days_left} to go: ")
        yield line.append(f"{make_line(last.focus)}{lessons}")


def draw_readings(readings: Iterable[SignalReading]) -> Iterator[Text]:
    """Draw the signals for booking the exam: given, not yet, or for the candidate to judge."""
    for reading in readings:
        mark = {True: "✓", False: "✗", None: "?"}[reading.is_given]
        line = Text(f"{mark} {make_line(reading.signal.about)}")
        if reading.recall is not None and reading.signal.measure is not None:
            wanted = reading.signal.measure.recall_percent
            line.append(f"  recall {reading.recall:.0%}, {wanted:g}% needed", "dim")
        else:
            line.append("  judge for yourself", "dim")
        yield line


def draw_objectives(readings: Sequence[ObjectivesReading]) -> Iterator[RenderableType]:
    """Draw the expected recall of each set of objectives, and of its weakest ones below it."""
    labels: list[Text] = []
    cells: list[tuple[str, str]] = []
    for reading in readings:
        labels.append(Text(make_line(reading.name or OBJECTIVES), "bold"))
        cells.append((f"{reading.recall:.0%}", ""))
        for weak in reading.weakest:
            labels.append(Text(f"  {make_line(f'{weak.objective.id} {weak.objective.about}')}"))
            cells.append((f"{weak.recall:.0%}", f"{weak.seen_recall:.0%} of {weak.seen}"))
    if cells:
        today, seen = zip(*cells, strict=True)
        columns = [Column("today", today), *([Column("seen", seen)] if any(seen) else [])]
        yield draw_columns(Column("", labels), columns)


def format_held(held: ForecastCheck | None) -> str:
    """Return a sentence on how accurate earlier forecasts were."""
    if held is None:
        return "Forecasts against answers: none is a week old yet."
    return (
        f"Forecasts against answers, a week or more later: {held.expected:.0%} expected, "
        f"{held.actual:.0%} recalled in {count(held.tests, 'answer')}."
    )


def draw_score(mock: Mock, blueprint: Blueprint) -> Group:
    """Draw the result of a mock exam or drill."""
    from cardwright.exam.result import (  # noqa: PLC0415  (as above)
        format_circumstances,
        format_clock,
        score_mock,
    )

    score = score_mock(mock, blueprint)
    title = "Drill" if mock.is_drill else "Mock exam"
    lines: list[RenderableType] = [
        Text(
            f"{title}: {score.all.right} of {score.all.total} right, {score.all.share:.0%}; "
            f"{score.weighted:.0%} weighted by domain",
            "bold",
        ),
        Text(format_circumstances(mock, score)),
    ]
    if mock.limit_ms is not None:
        each_ms = mock.limit_ms // len(mock.questions)
        lines.append(Text(f"Time allowed for each question: {format_clock(each_ms)}."))
    for heading, parts in (("domain", score.domains), ("lesson", score.lessons)):
        lines += [Text(), _draw_parts(heading, parts)]
    return Group(*lines)


def _draw_parts(heading: str, parts: Sequence[Part]) -> Fitted:
    from cardwright.exam.result import format_clock  # noqa: PLC0415  (as above)

    columns = [
        Column("right", [f"{part.right}" for part in parts]),
        Column("of", [f"{part.total}" for part in parts]),
        Column("share", [f"{part.share:.0%}" for part in parts]),
        Column("time each", [format_clock(part.spent_ms // part.total) for part in parts], rank=1),
    ]
    return draw_columns(Column(heading, [part.name for part in parts]), columns)


def draw_past_mocks(mocks: Sequence[Mock], blueprint: Blueprint, utc_offset_minutes: int) -> Group:
    """Draw past mock exams, the latest last, with the change of their scores."""
    from cardwright.exam.result import format_clock, score_mock  # noqa: PLC0415  (as above)

    over = [(mock, score_mock(mock, blueprint)) for mock in mocks if mock.ended_at_ms is not None]
    zone = make_zone(utc_offset_minutes)
    changes = [f"{(b.weighted - a.weighted) * 100:+.0f}" for (_, a), (_, b) in pairwise(over)]
    began = [make_time(mock.started_at_ms).astimezone(zone) for mock, _ in over]
    columns = [
        Column("began", [f"{at:%Y-%m-%d %H:%M}" for at in began], rank=3),
        Column("right", [f"{score.all.right}/{score.all.total}" for _, score in over]),
        Column("weighted", [f"{score.weighted:.0%}" for _, score in over]),
        Column("change", ["", *changes][: len(over)], rank=1),
        Column("time", [format_clock(mock.spent_ms) for mock, _ in over], rank=2),
    ]
    open_mocks = [
        Text(make_line(f"{mock.id} is under way; `cards exam {mock.kind}` continues it"))
        for mock in mocks
        if mock.ended_at_ms is None
    ]
    return Group(draw_columns(Column("exam", [mock.id for mock, _ in over]), columns), *open_mocks)


def draw_misses(
    misses: Sequence[Miss],
    groups: Sequence[MissGroup],
    mondays: Sequence[date],
    by: str,
    blueprint: Blueprint,
) -> Group:
    """Draw groups of misses by week, and then every entry, the latest last.

    `by` is the heading of the groups; `mondays` are the first days of their weeks.
    """
    columns = [Column("all", [str(group.total) for group in groups])]
    for place, monday in enumerate(mondays):
        cells = [str(group.weeks[place] or "·") for group in groups]
        columns.append(Column(f"{monday:%d %b}", cells, rank=len(mondays) - 1 - place))
    entries = (part for miss in misses for part in _draw_miss(miss, blueprint))
    return Group(draw_columns(Column(by, [group.name for group in groups]), columns), *entries)


def _draw_miss(miss: Miss, blueprint: Blueprint) -> Iterator[RenderableType]:
    yield Text()
    yield Text(make_line(f"{miss.on}  {miss.card}"), "bold")
    rows = [
        ("missed", miss.failure),
        ("rule", miss.rule or "not written yet: `cards exam miss`"),
        ("safer", miss.action),
        ("lesson", str(blueprint.lessons.get(miss.lesson, ""))),
        ("card", miss.made_card),
    ]
    grid = Table.grid(padding=(0, 1))
    for name, text in rows:
        if text:
            grid.add_row(Text(f"  {name:<6}", "dim"), Text(make_line(text)))
    yield grid
