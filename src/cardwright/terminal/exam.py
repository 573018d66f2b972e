"""Everything printed about an exam: coverage, plan, readiness, scores and misses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, pairwise
from math import ceil, sqrt
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.text import Text

from cardwright.blueprint import Blueprint, LastDay
from cardwright.exam.goal import Goal
from cardwright.exam.plan import (
    FORECAST_NOTE,
    INTERVAL_NOTE,
    WHOLE,
    ExpectedRecall,
    Learning,
    Plan,
    PlanWeek,
    format_day,
    format_domain,
    format_recall,
)
from cardwright.history import make_time, make_zone
from cardwright.terminal.charts import Column, Fitted, draw_columns, make_line
from cardwright.text import MAX_LISTED, count, list_names

if TYPE_CHECKING:
    from cardwright.app.preparation import Estimate, Preparation
    from cardwright.exam.coverage import Coverage, ObjectiveSetCoverage, Tally
    from cardwright.exam.estimate import Estimate as ScoreEstimate
    from cardwright.exam.misses import Miss, MissGroup
    from cardwright.exam.mock import Mock
    from cardwright.exam.readiness import ForecastCheck, ObjectivesReading, SignalReading
    from cardwright.exam.result import Part
    from cardwright.exam.summary import Attendance

_ON_TRACK: Final = 0.8
"""The share of the planned minutes from which the user keeps to the plan."""
_MIN_TESTS: Final = 30
"""So many answers are needed to say how fast the user forgets."""
_ENOUGH_TESTS: Final = 500
"""So many that parameters can be fitted."""
_NOTICEABLE: Final = 0.03
_SURE: Final = 2.0
"""What is said differs from what was expected by so many standard deviations, and noticeably."""
_MIN_SHOWN: Final = 0.5
_SHORT: Final = "less than a minute"
_MINUTES_SHOWN: Final = 100
"""Longer times are shown in hours."""
_MINUTES_PER_HOUR: Final = 60
_MAX_ROWS: Final = 200
"""How many lessons of a domain, or objectives of a set, are shown."""
_MAX_MISSES: Final = 200
"""How many entries of the miss log are shown."""
_MAX_TEXT: Final = 1_000
"""How many characters of each of their texts are shown."""
_MIN_SENTENCE: Final = 44
"""Columns that a sentence needs for its figures to stand beside it."""
_UNNAMED: Final = "Objectives"
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
        Column(part.name or _UNNAMED, labels),
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
    if coverage.tally.questions:
        questions, exams = coverage.tally.questions, count(coverage.mocks, "mock exam")
        reserved = coverage.tally.reserved or "none"
        yield (
            f"{count(questions, 'question')} for mock exams, {reserved} of them reserved: enough for "
            f"{exams} without repetition."
        )
    yield "Known: in review, with an expected recall of 90% or more today."


def format_time_left(preparation: Preparation) -> str:
    """Return the days left until an exam, and how many prompts have been seen."""
    goal, today = preparation.goal, preparation.today
    days, study_days = goal.exam_day - today, goal.count_days(today)
    if days == 1:
        left = f"The exam is tomorrow, and today is {'a study day' if study_days else 'a day off'}"
        left += f" of {format_minutes(goal.minutes_on(today))}" if study_days else ""
    elif not study_days:
        left = f"{count(days, 'day')} left, {'both' if days == 2 else 'all'} of them off"  # noqa: PLR2004
    else:
        each = format_each(goal)
        left = f"{count(days, 'day')} left, {count(study_days, 'study day')} of {each}"
    candidates = preparation.candidates
    if not candidates:
        return f"{left}."
    seen = sum(bool(candidate.stability) for candidate in candidates)
    return f"{left}. {seen:,} of {count(len(candidates), 'prompt')} seen."


def format_fit(plan: Plan, preparation: Preparation) -> str:
    """Return whether the goal can be reached in time, and if not, what it would need."""
    goal, planned, today = preparation.goal, preparation.planned, preparation.today
    unseen = sum(not candidate.stability for candidate in preparation.candidates)
    study_days = planned.count_days(today)
    if not unseen:
        return "You have seen every prompt: what is left is to keep them."
    if not study_days:
        days = range(today, planned.exam_day)
        names = [_name_day(day, today).removeprefix("on ") for day in days]
        where = "today anyway" if len(days) == 1 else f"on days off ({list_names(names)})"
        are = "is" if unseen == 1 else "are"
        advice = f"study {where}"
        if goal.calendar.is_paused(today):
            advice = "end the pause (`cards pause --off`)"
        return (
            f"No study day is left before the exam, and {count(unseen, 'prompt')} {are} unseen: "
            f"{advice}, or move the date."
        )
    with_minutes = f"with {format_each(goal)} a day"
    if study_days == 1:
        (day,) = planned.list_days(today)
        with_minutes = f"with {format_minutes(goal.minutes_on(day))} {_name_day(day, today)}"
    if plan.enough_minutes is not None and plan.enough_minutes <= goal.minutes_a_day:
        return f"This fits: {with_minutes} you see every prompt before the exam."
    # Rounding must not claim what is denied.
    share = f"{min(plan.seen_share, 0.99):.0%} of the prompts"
    text = f"This does not fit: {with_minutes} you see {share}"
    if planned.exam_day < goal.exam_day:
        text = f"By {planned.exam_on}, {with_minutes} you see {share}"
    if plan.enough_minutes is not None:
        each = format_minutes(plan.enough_minutes) + (" a day" if study_days > 1 else "")
        return f"{text}; {each} would show you all."
    has_days_off = study_days < planned.exam_day - today
    return (
        f"{text}, and no number of minutes would show you all: move the date"
        f"{', or study on days off as well' if has_days_off else ''}."
    )


def format_attendance(attendance: Attendance, preparation: Preparation) -> str:
    """Return on how many days the user studied, and where that leads; "" on the first study day."""
    goal, days = preparation.goal, attendance.study_days
    if not days:
        return ""
    # The plan may go only a part of the way, or there may be nothing to plan.
    is_planned = preparation.planned.exam_day == goal.exam_day and preparation.candidates
    left = goal.count_days(preparation.today) if is_planned else 0
    if not attendance.studied and not attendance.extra:
        text = f"You studied on {describe_days(attendance)} before today."
        return f"{text} The plan counts on {count_all(left, 'study day')} left." if left else text
    each = attendance.minutes / days
    a_day = f"{format_minutes(each)} a day"
    text = f"You studied on {describe_days(attendance)} before today, {a_day}"
    if each >= _ON_TRACK * goal.minutes_a_day:
        return f"{text}."
    text = f"{text} instead of {goal.minutes_a_day}."
    if not left:
        return text
    return (
        f"{text} At this pace the {'study day' if left == 1 else count(left, 'study day')} left "
        f"{'comes' if left == 1 else 'come'} to {format_time(each * left)}; the plan counts on "
        f"{format_time(goal.count_minutes(preparation.today))}."
    )


def describe_days(attendance: Attendance) -> str:
    """Return `3 of 9 study days and 1 day off`."""
    days, studied, extra = attendance.study_days, attendance.studied, attendance.extra
    parts = []
    if days:
        is_full = studied == days
        parts.append(
            count_all(days, "study day") if is_full else f"{studied} of {count(days, 'study day')}"
        )
    if extra:
        parts.append(f"{extra} day{'' if extra == 1 else 's'} off")
    return " and ".join(parts)


def count_all(number: int, noun: str) -> str:
    """Return `the one card`, `both cards` or `all 3 cards`."""
    if number == 2:  # noqa: PLR2004
        return f"both {noun}s"
    return f"the one {noun}" if number == 1 else f"all {count(number, noun)}"


def list_prospects(preparation: Preparation, left: Estimate) -> Iterator[str]:
    """Yield what is left today, what is expected on the day of the exam, and when to go on."""
    sentences = [*format_today(preparation, left)]
    yield from sentences
    if left.on_day:
        yield format_forecast(preparation, left.on_day)
    following = _format_next_day(preparation.goal, preparation.today)
    if not any(following in sentence for sentence in sentences):
        yield following.strip()


def format_forecast(preparation: Preparation, expected: ExpectedRecall) -> str:
    """Return what is expected of the whole exam on its day, or of the day to which it is planned."""
    is_near = preparation.planned.exam_on == preparation.goal.exam_on
    day = "exam day" if is_near else f"{preparation.planned.exam_on}"
    return f"Expected on {day}: {format_recall(expected)}. {INTERVAL_NOTE}"


def format_learning(learning: Learning) -> str:
    """Return that the user forgets faster or slower than the schedule expects; "" if neither is so."""
    tests, expected, actual = learning
    error = sqrt(expected * (1 - expected) / tests) if tests else 0.0
    if tests < _MIN_TESTS or abs(actual - expected) < max(_NOTICEABLE, _SURE * error):
        return ""
    way = "faster" if actual < expected else "more slowly"
    text = (
        f"You forget {way} than your schedule expects: of {count(tests, 'answer')} on a later day, "
        f"{actual:.0%} were right instead of {expected:.0%}. Plan and forecast count on that"
    )
    fit = "`cards optimize` would fit the schedule as well"
    return f"{text}; {fit}." if tests >= _ENOUGH_TESTS else f"{text}."


def format_today(preparation: Preparation, left: Estimate) -> Iterator[str]:
    """Yield what is left to do today, and how to do it or more."""
    goal, today, spent_minutes = preparation.goal, preparation.today, left.spent_minutes
    whole = round(goal.minutes_on(today))
    spent = format_minutes(spent_minutes)
    of_whole = f"; {spent} of {whole} spent" if spent_minutes else ""
    next_day = _format_next_day(goal, today)
    is_asking = left.minutes > 0
    is_done = spent_minutes >= whole and not is_asking
    if goal.is_off(today):
        in_spite = f", on which you studied {spent} anyway" if spent_minutes else ""
        yield f"It is a day off{in_spite}.{next_day}"
    elif is_asking:
        yield f"{format_work(left)}{of_whole}."
        yield f"`cards review` asks {'it' if left.prompts == 1 else 'them, the most useful first'}."
    elif not is_done:
        yield f"Nothing more to ask{of_whole}.{next_day}"
    else:
        more = round(spent_minutes) - whole
        yield f"{spent} spent, {f'{more:,} more than' if more else 'as'} planned.{next_day}"
    if is_done:
        yield f"`cards review --minutes 10` asks {'more' if whole or spent_minutes else 'anyway'}."


def format_work(left: Estimate) -> str:
    """Format an estimate of work: `2 new prompts and 1 review, about 3 minutes`."""
    counts = ((left.new, "new prompt"), (left.learning, "learning step"), (left.reviews, "review"))
    *most, last = [count(number, noun) for number, noun in counts if number]
    numbers = f"{', '.join(most)} and {last}" if most else last
    minutes = format_minutes(left.minutes)
    return f"{numbers}, {'' if minutes == _SHORT else 'about '}{minutes}"


def _format_next_day(goal: Goal, today: int) -> str:
    """Return the next study day as a sentence behind another; "" on the day before the exam."""
    if today + 1 == goal.exam_day:
        return ""
    day = goal.find_next_day(today)
    if day is None:
        return " No study day is left before the exam."
    return f" The next study day is {_name_day(day, today).removeprefix('on ')}."


def _name_day(day: int, today: int) -> str:
    """Return `today`, `tomorrow` or `on Mon 30 Nov`, as it fits behind `study`."""
    names = {today: "today", today + 1: "tomorrow"}
    return names.get(day, f"on {format_day(day)}")


def format_minutes(minutes: float) -> str:
    """Format minutes as a number with its noun: `1 minute`."""
    return _SHORT if 0 < minutes < _MIN_SHOWN else count(round(minutes), "minute")


def format_time(minutes: float) -> str:
    """Format a longer time: `40 minutes`, `2.5 hours`."""
    if minutes < _MINUTES_SHOWN:
        return format_minutes(minutes)
    return f"{minutes / _MINUTES_PER_HOUR:.1f} hours"


def format_each(goal: Goal) -> str:
    """Return the minutes of a study day, of which some have less."""
    return f"{'up to ' if goal.days.has_lighter else ''}{format_minutes(goal.minutes_a_day)}"


def format_horizon(goal: Goal, planned: Goal) -> str:
    """Return how far the plan looks ahead; "" if it reaches the exam."""
    if planned.exam_on == goal.exam_on:
        return ""
    return (
        f"The exam is more than two years away: plan and forecast go up to {planned.exam_on}, "
        "and move on with time."
    )


def format_hours(goal: Goal, blueprint: Blueprint | None, today: int) -> str:
    """Return the hours left and the hours needed from the starting point; "" if unknown."""
    start = blueprint.starts.get(goal.start_as or "") if blueprint else None
    if start is None:
        return ""
    left = goal.count_minutes(today) / _MINUTES_PER_HOUR
    text = (
        f"Hours: {left:.0f} left until the exam; from “{make_line(start.about)}” it takes "
        f"{start.min_hours:g} to {start.max_hours:g}, reading and practice included."
    )
    if 0 < left < start.min_hours:
        minutes = ceil(start.min_hours / left * goal.minutes_a_day)
        text += f" That would be at least {count(minutes, 'minute')} a day."
    return text


def draw_estimate(
    preparation: Preparation, left: Estimate, plan: Plan | None
) -> dict[str, Iterable[RenderableType | str]]:
    """Return the sections that say what is expected, and what is left to do today."""
    expected: list[RenderableType | str] = []
    if plan:
        expected = [
            _draw_forecasts(plan, preparation.blueprint),
            format_forecast(preparation, plan.on_day[WHOLE]),
            FORECAST_NOTE,
        ]
    return {"Expected recall": expected, "Today": format_today(preparation, left)}


def _draw_forecasts(plan: Plan, blueprint: Blueprint | None) -> Fitted:
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


def draw_readings(readings: Sequence[SignalReading]) -> Iterator[RenderableType]:
    """Draw the signals for booking the exam: given, not yet, or for the candidate to judge."""
    if readings:
        yield Fitted(lambda width: [_draw_readings(readings, width)])


def _draw_readings(readings: Sequence[SignalReading], width: int) -> RenderableType:
    """Draw each signal with its figures beside it, or below it if space is short."""
    from rich.table import Table  # noqa: PLC0415  (as above)

    figures = [Text(_format_reading(reading), "dim", no_wrap=True) for reading in readings]
    is_beside = width - max(figure.cell_len for figure in figures) >= _MIN_SENTENCE
    grid = Table.grid(padding=(0, 2, 0, 0))
    for reading, figure in zip(readings, figures, strict=True):
        mark = {True: "✓", False: "✗", None: "?"}[reading.is_given]
        row: list[RenderableType] = [Text(mark), Text(make_line(reading.signal.about))]
        grid.add_row(*row, *[figure] * is_beside)
        if not is_beside:
            grid.add_row(Text(), figure)
    return grid


def _format_reading(reading: SignalReading) -> str:
    if reading.recall is None or reading.signal.measure is None:
        return "judge for yourself"
    return f"recall {reading.recall:.0%}, {reading.signal.measure.recall_percent:g}% needed"


def draw_objectives(readings: Sequence[ObjectivesReading]) -> Iterator[RenderableType]:
    """Draw the expected recall of each set of objectives, and of its weakest ones below it."""
    labels: list[Text] = []
    cells: list[tuple[str, str]] = []
    for reading in readings:
        labels.append(Text(make_line(reading.name or _UNNAMED), "bold"))
        cells.append((f"{reading.recall:.0%}", ""))
        for weak in reading.weakest:
            labels.append(Text(f"  {make_line(f'{weak.objective.id} {weak.objective.about}')}"))
            cells.append((f"{weak.recall:.0%}", f"{weak.seen_recall:.0%} of {weak.seen}"))
    if cells:
        today, seen = zip(*cells, strict=True)
        columns = [Column("today", today), *([Column("seen", seen)] if any(seen) else [])]
        yield draw_columns(Column("set, and its weakest", labels), columns)


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
    from cardwright.exam.estimate import estimate_next  # noqa: PLC0415  (as above)
    from cardwright.exam.result import (  # noqa: PLC0415  (as above)
        format_circumstances,
        format_clock,
        format_estimate,
        format_seen,
        format_unseen,
        format_weak,
        list_weak_objectives,
        score_mock,
    )

    score = score_mock(mock, blueprint)
    title = "Drill" if mock.is_drill else "Mock exam"
    seen = format_seen(score)
    lines: list[RenderableType] = [
        Text(
            f"{title}: {score.all.right} of {score.all.total} right, {score.all.share:.0%}; "
            f"{score.weighted:.0%} weighted by domain{f'; {seen}' if seen else ''}",
            "bold",
        ),
        *map(Text, filter(None, (format_unseen(score), format_estimate(mock, score)))),
        Text(format_circumstances(mock, score)),
    ]
    if mock.limit_ms is not None:
        each_ms = mock.limit_ms // len(mock.questions)
        lines.append(Text(f"Time allowed for each question: {format_clock(each_ms)}."))
    _, estimates = estimate_next(mock) or (None, {})
    if weak := list_weak_objectives(mock, blueprint):
        lines += [Text(), Text("Weak objectives", "bold")]
        lines += [Text(make_line(f"  {format_weak(one)}")) for one in weak]
    has_seen = bool(score.seen)
    for heading, parts, found in (
        ("domain", score.domains, estimates),
        ("lesson", score.lessons, {}),
    ):
        lines += [Text(), _draw_parts(heading, parts, found, shows_unseen=has_seen)]
    return Group(*lines)


def _draw_parts(
    heading: str,
    parts: Sequence[Part],
    estimates: Mapping[str, ScoreEstimate],
    *,
    shows_unseen: bool,
) -> Fitted:
    from cardwright.exam.result import format_clock, format_part  # noqa: PLC0415  (as above)

    columns = [
        Column("right", [f"{part.right}" for part in parts]),
        Column("of", [f"{part.total}" for part in parts]),
        Column("share", [f"{part.share:.0%}" for part in parts]),
        Column("time each", [format_clock(part.spent_ms // part.total) for part in parts], rank=1),
    ]
    if shows_unseen:
        columns.append(Column("unseen", [format_part(part) for part in parts], rank=2))
    if estimates:
        columns.append(Column("next", [f"{estimates[part.id]}" for part in parts], rank=3))
    return draw_columns(Column(heading, [part.name for part in parts]), columns)


def draw_past_mocks(mocks: Sequence[Mock], blueprint: Blueprint, utc_offset_minutes: int) -> Group:
    """Draw past mock exams, the latest last, with the change of their scores."""
    from cardwright.exam.result import (  # noqa: PLC0415  (as above)
        format_clock,
        format_part,
        score_mock,
    )

    over = [(mock, score_mock(mock, blueprint)) for mock in mocks if mock.ended_at_ms is not None]
    zone = make_zone(utc_offset_minutes)
    changes = [f"{(b.weighted - a.weighted) * 100:+.0f}" for (_, a), (_, b) in pairwise(over)]
    began = [make_time(mock.started_at_ms).astimezone(zone) for mock, _ in over]
    columns = [
        Column("began", [f"{at:%Y-%m-%d %H:%M}" for at in began], rank=3),
        Column("right", [f"{score.all.right}/{score.all.total}" for _, score in over]),
        Column("weighted", [f"{score.weighted:.0%}" for _, score in over]),
        Column("unseen", [format_part(score.all) for _, score in over], rank=4),
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
    left = len(misses) - _MAX_MISSES
    entries: list[RenderableType] = []
    if left > 0:
        entries += [Text(), Text(f"… and {count(left, 'earlier entry')}: see --json")]
    entries += (part for miss in misses[-_MAX_MISSES:] for part in _draw_miss(miss, blueprint))
    return Group(draw_columns(Column(by, [group.name for group in groups]), columns), *entries)


def _draw_miss(miss: Miss, blueprint: Blueprint) -> Iterator[RenderableType]:
    from rich.table import Table  # noqa: PLC0415  (as above)

    yield Text()
    yield Text(f"{miss.on}  {_cut(miss.card)}", "bold")
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
            grid.add_row(Text(f"  {name:<6}", "dim"), Text(_cut(text)))
    yield grid


def _cut(text: str) -> str:
    """Return a text of whatever length, which another machine may have shared, as a short line."""
    line = make_line(text[:_MAX_TEXT])
    return line if len(text) <= _MAX_TEXT else f"{line}…"
