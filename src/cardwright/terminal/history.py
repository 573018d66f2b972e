"""The answers of a prompt or of a day, drawn."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from rich.console import Console
from rich.text import Text

from cardwright.history import Act, Memory, Review, State
from cardwright.study.schedule import ReplayedAnswer
from cardwright.terminal.charts import Column, draw_columns, make_line, say_time
from cardwright.terminal.words import name_rating, say_wait

_MAX_WIDTH: Final = 110
_MS_PER_SECOND: Final = 1000
_RATING_STYLES: Final = {1: "red", 2: "yellow", 3: "green", 4: "cyan"}


def print_prompt(
    name: str,
    reviews: Sequence[Review],
    steps: Mapping[str, ReplayedAnswer],
    undone: Container[str],
    memory: Memory,
    due_on: date | None,
    retrievability: float,
) -> None:
    """Print every act upon a prompt, and then its memory.

    `steps` holds what answers did, by id; `undone` the ids of what was taken back.
    """
    console = Console(highlight=False)
    width = console.width = min(console.width, _MAX_WIDTH)
    console.print(Text(make_line(name), "bold"))
    if reviews:
        for line in _draw_acts(reviews, steps, undone, width):
            console.print(line)
        console.print()
    console.print(_say_memory(memory, due_on, retrievability))


def print_day(on: date, reviews: Sequence[Review], name_prompt: Callable[[str], str]) -> None:
    """Print the answers of a study day in order, and their sum."""
    console = Console(highlight=False)
    width = console.width = min(console.width, _MAX_WIDTH)
    console.print(Text(f"{on:%A} {on.day} {on:%B %Y}", "bold"))
    if not reviews:
        console.print("No answers.")
        return
    columns = (
        Column("answer", [_draw_act(review) for review in reviews], is_left=True),
        Column("took", [_say_took(review) for review in reviews], rank=1),
    )
    times = [f"{review.moment.local:%H:%M}" for review in reviews]
    names = [make_line(name_prompt(review.key)) for review in reviews]
    labels = [Text(f"{time}  {name}") for time, name in zip(times, names, strict=True)]
    for line in draw_columns(Column("prompt", labels), columns, width):
        console.print(line)
    console.print()
    passed = sum(review.rating != 1 for review in reviews)
    spent_ms = sum(review.spent_ms for review in reviews)
    console.print(
        f"Answers: {len(reviews):,}, of which {passed:,} were not Again; {say_time(spent_ms)}"
        " (an answer counts a minute at the most)."
    )


def _draw_acts(
    reviews: Sequence[Review],
    steps: Mapping[str, ReplayedAnswer],
    undone: Container[str],
    width: int,
) -> Iterator[Text]:
    found = [steps.get(review.id) for review in reviews]
    is_old = [step is not None and step.before.state is not State.NEW for step in found]

    def say(write: Callable[[ReplayedAnswer], str], *, of_old: bool = False) -> list[str]:
        return [
            write(step) if step and (old or not of_old) else ""
            for step, old in zip(found, is_old, strict=True)
        ]

    columns = (
        Column("act", [_draw_act(r, is_undone=r.id in undone) for r in reviews], is_left=True),
        Column("took", [_say_took(review) for review in reviews], rank=3),
        Column("state", say(lambda step: str(step.before.state)), is_left=True, rank=4),
        Column("recall", say(lambda step: f"{step.retrievability:.0%}", of_old=True), rank=2),
        Column("next", say(_say_next), rank=1),
        Column("stability", say(lambda step: f"{step.after.stability:.1f}"), rank=5),
        Column("difficulty", say(lambda step: f"{step.after.difficulty:.1f}"), rank=6),
    )
    times = [f"{review.moment.local:%Y-%m-%d %H:%M}" for review in reviews]
    yield from draw_columns(Column("when", times), columns, width)


def _draw_act(review: Review, *, is_undone: bool = False) -> Text:
    rating = review.rating
    act = Text(str(review.act) if rating is None else name_rating(rating))
    if rating is not None:
        act.stylize(_RATING_STYLES[rating])
    if review.act is Act.CRAM:
        act.append(" (cram)")
    if is_undone:
        act.stylize("strike dim")
        act.append(" (undone)")
    return act


def _say_took(review: Review) -> str:
    return f"{review.duration_ms / _MS_PER_SECOND:,.1f} s" if review.duration_ms else ""


def _say_next(step: ReplayedAnswer) -> str:
    after = step.after
    wait_ms = (after.due_at_ms or 0) - (after.last_at_ms or 0)
    return say_wait(wait_ms, days=after.interval_days)


def _say_memory(memory: Memory, due_on: date | None, retrievability: float) -> Text:
    marks = [
        name
        for name, is_set in (
            ("suspended", memory.is_suspended),
            ("leech", memory.is_leech),
            ("flagged", memory.is_flagged),
        )
        if is_set
    ]
    words = [f"Now: {memory.state}", *marks]
    if due_on is not None:
        words += [
            f"due {due_on:%a} {due_on.day} {due_on:%b %Y}",
            f"expected recall {retrievability:.0%}",
            f"stability {memory.stability:.1f} days",
            f"difficulty {memory.difficulty:.1f}",
            f"answers {memory.reps:,}, lapses {memory.lapses:,}",
        ]
    return Text(", ".join(words))
