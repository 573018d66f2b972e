"""What is drawn of a mock exam: its questions, their list, the score, past exams."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from cardwright.blueprint import Blueprint
from cardwright.exam.mock import CardSource, Mock, Question, find_prompt
from cardwright.exam.result import Part, format_circumstances, format_clock, score_mock
from cardwright.history import make_time, make_zone
from cardwright.model import Prompt
from cardwright.terminal.charts import Column, draw_columns, make_line
from cardwright.terminal.face import draw_answer, draw_question, list_options

_CELL: Final = 7
_WIDEST: Final = 110
_VOID: Final = "The card was edited or removed meanwhile: this question does not count."


def print_score(mock: Mock, blueprint: Blueprint) -> None:
    """Print what a mock exam or drill came to."""
    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    console.print(Score(mock, blueprint))


def print_past(mocks: Sequence[Mock], blueprint: Blueprint, utc_offset_minutes: int) -> None:
    """Print past exams, the latest last, with the way their scores went."""
    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    for line in _draw_past(mocks, blueprint, utc_offset_minutes, console.width):
        console.print(line)


class Score:
    """A score as tables that fit the width."""

    def __init__(self, mock: Mock, blueprint: Blueprint) -> None:
        """Score a mock exam or drill."""
        self._mock = mock
        self._score = score_mock(mock, blueprint)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        score, width = self._score, options.max_width
        what = "Drill" if self._mock.is_drill else "Mock exam"
        total = f"{score.all.right} of {score.all.total} right, {score.all.share:.0%}"
        yield Text(f"{what}: {total}; {score.weighted:.0%} by the weights of the domains", "bold")
        yield Text(format_circumstances(self._mock, score))
        each_ms = None
        if self._mock.limit_ms is not None:
            each_ms = self._mock.limit_ms // len(self._mock.questions)
            yield Text(f"There were {format_clock(each_ms)} for each question.")
        for heading, parts in (("domain", score.domains), ("lesson", score.lessons)):
            yield Text()
            yield from _draw_parts(heading, parts, width)


def _draw_parts(heading: str, parts: Sequence[Part], width: int) -> Iterator[Text]:
    columns = [
        Column("right", [f"{part.right}" for part in parts]),
        Column("of", [f"{part.total}" for part in parts]),
        Column("share", [f"{part.share:.0%}" for part in parts]),
        Column("time each", [format_clock(part.spent_ms // part.total) for part in parts], rank=1),
    ]
    names = [make_line(part.name) for part in parts]
    yield from draw_columns(Column(heading, names), columns, width)


def _draw_past(
    mocks: Sequence[Mock], blueprint: Blueprint, utc_offset_minutes: int, width: int
) -> Iterator[Text]:
    over = [(mock, score_mock(mock, blueprint)) for mock in mocks if mock.ended_at_ms is not None]
    zone = make_zone(utc_offset_minutes)
    changes = ["", *(_say_change(b.weighted - a.weighted) for (_, a), (_, b) in pairwise(over))]
    began = [make_time(mock.started_at_ms).astimezone(zone) for mock, _ in over]
    columns = [
        Column("began", [f"{at:%Y-%m-%d %H:%M}" for at in began], rank=3),
        Column("right", [f"{score.all.right}/{score.all.total}" for _, score in over]),
        Column("weighted", [f"{score.weighted:.0%}" for _, score in over]),
        Column("change", changes[: len(over)], rank=1),
        Column("time", [format_clock(mock.spent_ms) for mock, _ in over], rank=2),
    ]
    yield from draw_columns(
        Column("exam", [make_line(mock.id) for mock, _ in over]), columns, width
    )
    for mock in mocks:
        if mock.ended_at_ms is None:
            yield Text(
                make_line(f"{mock.id} is under way: `cards exam {mock.kind}` goes on with it")
            )


def _say_change(change: float) -> str:
    return f"{change * 100:+.0f}"


def draw_face(
    question: Question, sources: CardSource, seed: int, *, is_answered: bool
) -> list[RenderableType]:
    """Draw a question, and its answer with reasons if that is to be shown, as two parts."""
    prompt = None if question.is_void else find_prompt(question, sources)
    if prompt is None:
        return [Text(_VOID)]
    kind = sources.find_kind(prompt.card.kind)
    asked = draw_question(prompt, kind, shuffle_seed=seed, picked=question.picked)
    if not is_answered:
        return [asked]
    answer = draw_answer(prompt, kind, shuffle_seed=seed, picked=question.picked)
    return [asked, Group(Text(), draw_verdict(question, prompt, seed), Text(), answer)]


def draw_verdict(question: Question, prompt: Prompt, seed: int) -> Text:
    """Draw whether a question was answered right, and which options are."""
    if question.is_right:
        return Text("✓ right", "bold green")
    order = list_options(prompt, seed)
    places = [str(number) for number, option in enumerate(order, 1) if option in question.right]
    what = "✗ wrong" if question.is_answered else "– unanswered"
    are = "is" if len(places) == 1 else "are"
    return Text(f"{what}: {' and '.join(places)} {are} right", "bold red")


class QuestionList:
    """All questions at a glance: answered, marked, unanswered."""

    def __init__(self, mock: Mock) -> None:
        """List the questions of a mock exam."""
        self._mock = mock

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        row = max(options.max_width // _CELL, 1)
        cells = [
            (f"{number:>3}{_sign(question)}{'⚑' if question.is_marked else ' '} ", number - 1)
            for number, question in enumerate(self._mock.questions, 1)
        ]
        for start in range(0, len(cells), row):
            line = Text(no_wrap=True)
            for cell, place in cells[start : start + row]:
                line.append(cell.ljust(_CELL), "reverse" if place == self._mock.place else "")
            yield line
        yield Text()
        yield Text("● answered  ○ unanswered  ⚑ marked", "dim")


def _sign(question: Question) -> str:
    return "×" if question.is_void else "●" if question.is_answered else "○"


def say_places(places: Collection[int]) -> str:
    """Return the numbers of questions, from 1."""
    return ", ".join(str(place + 1) for place in places)
