"""What the cards cover of an exam, drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from cardwright.exam.coverage import Coverage, Tally
from cardwright.terminal.charts import Column, draw_columns, make_line

_WIDEST: Final = 110


def print_coverage(coverage: Coverage) -> None:
    """Print domains and lessons with their cards and prompts, then what is missing."""
    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    console.print(Text(make_line(coverage.blueprint.name), "bold"))
    for line in _draw_rows(coverage, console.width):
        console.print(line)
    console.print()
    for said in _list_missing(coverage):
        console.print(Text(make_line(said)))


def _draw_rows(coverage: Coverage, width: int) -> Iterator[Text]:
    labels: list[Text] = []
    tallies: list[Tally] = []
    objectives: list[str] = []
    for domain in coverage.domains:
        found = [one.tally for lesson in domain.lessons for one in lesson.objectives]
        label = f"{domain.domain.name} ({domain.domain.weight:g}%)"
        labels.append(Text(make_line(label), "bold"))
        tallies.append(domain.tally)
        objectives.append(_say_objectives(found))
        for lesson in domain.lessons:
            labels.append(Text(f"  {make_line(str(lesson.lesson))}"))
            tallies.append(lesson.tally)
            objectives.append(_say_objectives([one.tally for one in lesson.objectives]))
    labels.append(Text("all", "bold"))
    tallies.append(coverage.tally)
    objectives.append("")
    columns = [
        Column("cards", [f"{tally.cards}" for tally in tallies], rank=1),
        Column("questions", [f"{tally.questions}" for tally in tallies], rank=3),
        Column("objectives", objectives, rank=2),
        Column("prompts", [f"{tally.prompts}" for tally in tallies]),
        Column("seen", [_share(tally.seen, tally.prompts) for tally in tallies]),
        Column("known", [_share(tally.known, tally.prompts) for tally in tallies]),
    ]
    yield from draw_columns(Column("domain and lesson", labels), columns, width)


def _say_objectives(tallies: list[Tally]) -> str:
    covered = sum(bool(tally.cards) for tally in tallies)
    return f"{covered}/{len(tallies)}" if tallies else "·"


def _share(number: int, total: int) -> str:
    return f"{number / total:.0%}" if total else "·"


def _list_missing(coverage: Coverage) -> Iterator[str]:
    said = [
        *(f"No card for lesson {lesson}." for lesson in coverage.lessons_without_cards),
        *(
            f"No card for objective {one.id}: {one.about}."
            for one in coverage.objectives_without_cards
        ),
        *(
            f"No question for a mock exam in the domain {domain.name}."
            for domain in coverage.domains_without_questions
        ),
    ]
    yield from said or ["Every lesson and objective has a card, every domain has questions."]
    if outside := len(coverage.outside):
        yield f"{outside} card{'s' if outside > 1 else ''} of the pack belong to no lesson."
    yield "Known: in review, with an expected recall of 90% or more today."
