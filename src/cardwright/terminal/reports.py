"""Reports of studying: due prompts, past answers, and the summary of a review."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from cardwright.history import MS_PER_SECOND, Act, Rating, Review, make_date
from cardwright.memory import Memory, State
from cardwright.study.backlog import Backlog
from cardwright.study.queue import Counts
from cardwright.study.schedule import ReplayedAnswer
from cardwright.study.session import SessionAnswer
from cardwright.study.workload import DueForecast
from cardwright.terminal.charts import Bar, Column, Fitted, draw_bars, draw_columns, make_line
from cardwright.terminal.words import format_wait, name_act, name_rating
from cardwright.text import count, format_time_spent

_RATING_STYLES: Final = {
    Rating.AGAIN: "red",
    Rating.HARD: "yellow",
    Rating.GOOD: "green",
    Rating.EASY: "cyan",
}


def draw_sections(sections: Mapping[str, Iterable[RenderableType]]) -> Group:
    """Draw sections below their headings, if any, with a blank line between; skip empty ones."""
    parts: list[RenderableType] = []
    for heading, section in sections.items():
        lines = [Text(line) if isinstance(line, str) else line for line in section]
        if not lines:
            continue
        if parts:
            parts.append(Text())
        if heading:
            parts.append(Text(make_line(heading), "bold"))
        parts += lines
    return Group(*parts)


def draw_due(
    lines: Sequence[str],
    overdue: int,
    decks: Mapping[tuple[str, ...], Counts],
    minutes: Mapping[tuple[str, ...], float],
    forecast: DueForecast,
    today: int,
    *,
    heading: str,
    backlog: Backlog | None = None,
) -> Group:
    """Draw the prompts left for today, in all and by deck, and the reviews of the coming days.

    The `lines` say what is left; the last one is about prompts of which so many are `overdue`.
    `minutes` are those of the decks, and `heading` is that of the coming days.
    """
    first, *more = (Text(line) for line in lines)
    first.stylize("bold")
    parts: list[RenderableType] = [first, *more]
    if overdue:
        (more or [first])[-1].append(f" Overdue: {overdue:,}.", "not bold yellow")
    if backlog:
        text = (
            f"Backlog: {backlog.reviews:,} reviews, as many as you usually do in {backlog.days:,} "
            "days. What would be lost most comes first: `cards review --minutes 30`."
        )
        parts.append(Text(text, "yellow"))
    if len(decks) > 1:
        parts += [Text(), _draw_decks(decks, minutes)]
    if any(forecast.reviews):
        parts += [Text(), Text(heading, "dim"), *_draw_forecast(forecast, today)]
    return Group(*parts)


def format_counts(counts: Counts, minutes: float) -> str:
    """Format prompts with the minutes they need: `2 new, 0 learning, 1 review: about 4 min`."""
    parts = zip(counts, Counts._fields, strict=True)
    listed = ", ".join(f"{number:,} {name}" for number, name in parts)
    return f"{listed}: about {_format_minutes(minutes)} min"


def _draw_decks(
    decks: Mapping[tuple[str, ...], Counts], minutes: Mapping[tuple[str, ...], float]
) -> Fitted:
    names = [Text("  " * (len(path) - 1) + make_line(path[-1])) for path in decks]
    columns = [
        Column(
            name, [f"{numbers[place]:,}" if numbers[place] else "·" for numbers in decks.values()]
        )
        for place, name in enumerate(Counts._fields)
    ]
    columns.append(Column("min", [_format_minutes(minutes[path]) for path in decks], rank=1))
    return draw_columns(Column("deck", names), columns)


def _draw_forecast(forecast: DueForecast, today: int) -> Iterator[RenderableType]:
    bars = []
    for place, number in enumerate(forecast.reviews):
        on = make_date(today + place)
        late = 0 if place else forecast.overdue
        bars.append(Bar(f"{on:%a} {on.day:>2} {on:%b}", number, part=late))
    yield draw_bars(bars)
    if forecast.overdue:
        yield Text.assemble(("▒", "yellow"), (f" overdue: {forecast.overdue:,}", "dim"))


def _format_minutes(minutes: float) -> str:
    return f"{max(minutes, 1):,.0f}"


def draw_prompt_history(
    name: str,
    reviews: Sequence[Review],
    steps: Mapping[str, ReplayedAnswer],
    undone: Container[str],
    memory: Memory,
    due_on: date | None,
    retrievability: float,
) -> Group:
    """Draw every act on a prompt, and then its memory.

    `steps` holds the effects of answers, by id; `undone` holds the ids of undone acts.
    """
    parts: list[RenderableType] = [Text(make_line(name), "bold")]
    if reviews:
        parts += [_draw_acts(reviews, steps, undone), Text()]
    return Group(*parts, Text(_describe_memory(memory, due_on, retrievability)))


def draw_past_acts(acts: Sequence[tuple[Review, Sequence[str], str]]) -> Fitted:
    """Draw acts, each with its prompts and a note on it, the latest first."""
    columns = [Column("act", [_draw_act(review) for review, _, _ in acts], is_left=True)]
    if any(note for _, _, note in acts):
        columns.append(Column("", [note for _, _, note in acts], is_left=True, rank=1))
    labels = []
    for review, refs, _ in acts:
        more = f" and {len(refs) - 1:,} more" if len(refs) > 1 else ""
        labels.append(Text(f"{review.moment.local:%Y-%m-%d %H:%M}  {make_line(refs[0])}{more}"))
    return draw_columns(Column("when and prompt", labels), columns)


def _draw_acts(
    reviews: Sequence[Review], steps: Mapping[str, ReplayedAnswer], undone: Container[str]
) -> Fitted:
    found = [steps.get(review.id) for review in reviews]

    def list_cells(format_cell: Callable[[ReplayedAnswer], str]) -> list[str]:
        return [format_cell(step) if step else "" for step in found]

    columns = (
        Column("act", [_draw_act(r, is_undone=r.id in undone) for r in reviews], is_left=True),
        Column("took", [_format_took(review) for review in reviews], rank=3),
        Column("state", list_cells(lambda step: str(step.before.state)), is_left=True, rank=4),
        Column("recall", list_cells(_format_recall), rank=2),
        Column("next", list(map(_format_next, reviews, found)), rank=1),
        Column("stability", list_cells(lambda step: f"{step.after.stability:.1f}"), rank=5),
        Column("difficulty", list_cells(lambda step: f"{step.after.difficulty:.1f}"), rank=6),
    )
    times = [f"{review.moment.local:%Y-%m-%d %H:%M}" for review in reviews]
    return draw_columns(Column("when", times), columns)


def draw_day_history(
    on: date, reviews: Sequence[Review], name_prompt: Callable[[str], str]
) -> Group:
    """Draw the answers of a study day in order, and their total."""
    heading = Text(f"{on:%A} {on.day} {on:%B %Y}", "bold")
    if not reviews:
        return Group(heading, Text("No answers."))
    columns = (
        Column("answer", [_draw_act(review) for review in reviews], is_left=True),
        Column("took", [_format_took(review) for review in reviews], rank=1),
    )
    labels = [
        Text(f"{review.moment.local:%H:%M}  {make_line(name_prompt(review.key))}")
        for review in reviews
    ]
    passed = sum(review.rating != Rating.AGAIN for review in reviews)
    spent = format_time_spent(sum(review.spent_ms for review in reviews))
    sums = f"{count(len(reviews), 'answer')}, {passed:,} of them not Again; {spent}"
    return Group(
        heading,
        draw_columns(Column("prompt", labels), columns),
        Text(),
        Text(f"{sums} (at most one minute each)."),
    )


def _draw_act(review: Review, *, is_undone: bool = False) -> Text:
    rating = review.rating
    act = Text(name_act(review))
    if rating is not None:
        act.stylize(_RATING_STYLES[rating], 0, len(name_rating(rating)))
    if is_undone:
        act.stylize("strike dim")
        act.append(" (undone)")
    return act


def _format_took(review: Review) -> str:
    return f"{review.duration_ms / MS_PER_SECOND:,.1f} s" if review.duration_ms else ""


def _format_recall(step: ReplayedAnswer) -> str:
    return "" if step.before.last_day is None else f"{step.retrievability:.0%}"


def _format_next(review: Review, step: ReplayedAnswer | None) -> str:
    """Return when it was to be asked next, and what the user was promised if that did not last."""
    if step is None:
        is_set = review.act in {Act.RESCHEDULE, Act.ASSUME}
        return f"{review.interval_days} d" if is_set else ""
    after, promised = step.after, review.interval_days
    wait_ms = (after.due_at_ms or 0) - (after.last_at_ms or 0)
    wait = format_wait(wait_ms, days=after.interval_days)
    if promised is None or promised == after.interval_days:
        return wait
    return f"{wait} (promised {format_wait(0, days=promised)})"


def _describe_memory(memory: Memory, due_on: date | None, retrievability: float) -> str:
    marks = (
        ("suspended", memory.is_suspended),
        ("leech", memory.is_leech),
        ("flagged", memory.is_flagged),
    )
    parts = [f"Now: {memory.state}", *(name for name, is_set in marks if is_set)]
    if due_on is not None:
        parts.append(f"due {due_on:%a} {due_on.day} {due_on:%b %Y}")
    if memory.last_day is not None:
        parts += [
            f"expected recall {retrievability:.0%}",
            f"stability {memory.stability:.1f} days",
            f"difficulty {memory.difficulty:.1f}",
            f"answers {memory.reps:,}, lapses {memory.lapses:,}",
        ]
    return ", ".join(parts)


def draw_summary(
    answers: Sequence[SessionAnswer],
    duration_ms: int,
    lessons: Mapping[str, str],
    ahead: Iterable[str],
) -> Group:
    """Draw answers, recall by lesson, and what lies ahead; `lessons` holds titles by id."""
    last = [Text(line) for line in ahead]
    last = [Text(), *last] if last else []
    if not answers:
        return Group(Text("No answers this time."), *last)
    minutes, seconds = divmod(duration_ms // MS_PER_SECOND, 60)
    each = sum(answer.review.duration_ms for answer in answers) / MS_PER_SECOND / len(answers)
    given = f"{count(len(answers), 'answer')} in {minutes}:{seconds:02d} min, {each:.0f} s each"
    lines: list[RenderableType] = [Text(given, "bold"), Text(f"  {_list_ratings(answers)}")]
    if new := sum(answer.before.is_new for answer in answers):
        lines.append(Text(f"  {count(new, 'new card')} started"))
    reviewed = [
        answer
        for answer in answers
        if answer.before.state is State.REVIEW and answer.before.last_day is not None
    ]
    if reviewed:
        expected = sum(answer.retrievability for answer in reviewed) / len(reviewed)
        lines.append(
            Text(f"  {_format_passed(reviewed)} of the reviews recalled, {expected:.0%} expected")
        )
    return Group(*lines, *_draw_lessons(answers, lessons), *last)


def _list_ratings(answers: Sequence[SessionAnswer]) -> str:
    numbers = {r: sum(answer.review.rating == r for answer in answers) for r in Rating}
    return ", ".join(
        f"{number} {name_rating(rating).lower()}" for rating, number in numbers.items() if number
    )


def _draw_lessons(
    answers: Sequence[SessionAnswer], lessons: Mapping[str, str]
) -> Iterator[RenderableType]:
    by_lesson: dict[str, list[SessionAnswer]] = defaultdict(list)
    for answer in answers:
        by_lesson[answer.item.lesson or ""].append(answer)
    if list(by_lesson) == [""]:
        return
    found = sorted(by_lesson.items())
    titles = [make_line(lessons.get(lesson, lesson) or "no lesson") for lesson, _ in found]
    yield Text()
    yield draw_columns(
        Column("lesson", titles),
        [
            Column("answers", [f"{len(given):,}" for _, given in found]),
            Column("not Again", [_format_passed(given) for _, given in found]),
        ],
    )


def _format_passed(answers: Sequence[SessionAnswer]) -> str:
    passed = sum(answer.review.rating != Rating.AGAIN for answer in answers)
    return f"{passed / len(answers):.0%}"
