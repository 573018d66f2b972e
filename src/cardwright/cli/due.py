"""`cards due`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cardwright.app.choice import Choice
from cardwright.app.study import Study, describe_memory
from cardwright.cli.environment import open_joint_study, open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import all_option, choice_options, db_option, json_option
from cardwright.history import MS_PER_DAY, SECONDS_PER_MINUTE, make_date
from cardwright.item import Item
from cardwright.memory import Memory, State
from cardwright.study.backlog import find_backlog
from cardwright.study.queue import Counts, count_decks
from cardwright.study.workload import DueForecast, Pace, forecast_load, forecast_reviews, read_pace
from cardwright.terminal.charts import make_line
from cardwright.terminal.reports import draw_due, format_counts
from cardwright.terminal.words import explain_day_off

if TYPE_CHECKING:
    from cardwright.app.preparation import Preparation

_RECENT_DAYS: Final = 30


@click.command()
@choice_options
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=14,
    show_default=True,
    help="Days to look ahead, including today.",
)
@all_option
@json_option
@db_option
@click.pass_obj
def due(
    folder: Path, choice: Choice, days: int, in_all: bool, as_json: bool, db: Path | None
) -> None:
    """Show what is due today and in the coming days.

    Today's numbers respect the limits of the decks. The coming days show when reviews fall due if
    you answer none of them; ▒ marks overdue ones. If more is due than twice what you usually review in
    a day, it says how many days that takes. With an exam set (`cards exam set`), its part is what is
    planned, as in `cards exam status`.

    \b
    cards due
    cards due --all
    cards due mlpro --days 30
    cards due --lesson 2.5 --json
    """
    opening = open_joint_study if in_all else open_study
    with opening(folder, db) as study:
        memories = study.read_memories()
        queue, exam_days = study.make_queue(choice, memories)
        asked = queue.list_day(study.moment.at_ms)
        chosen = study.choose(choice)
        histories = {
            item.key: memory
            for item in chosen
            if (memory := memories.get(item.key)) and choice.matches_history(memory)
        }
        exams = [_ExamWork(exam_day.preparation, chosen) for exam_day in exam_days]
        planned = frozenset[str]().union(*(exam.keys for exam in exams))
        others = {key: memory for key, memory in histories.items() if key not in planned}
        last_ms = max((memory.last_at_ms or 0 for memory in others.values()), default=0)
        since_ms = min(last_ms, study.moment.at_ms) - _RECENT_DAYS * MS_PER_DAY
        until_ms = study.moment.start_of(study.today + 1, study.journal.rollover_hour)
        recent = study.store.list_reviews(since_ms=max(since_ms, 0), until_ms=until_ms)
        limits = study.journal.limits
        forecast = forecast_load(others.values(), memories.values(), limits, study.today, days)
        backlog = find_backlog(forecast, recent, others, study.journal.rollover_hour)
        for exam in exams:
            forecast = exam.add_to(forecast, histories)
        off = explain_day_off(study.journal.days, study.today)
        if as_json:
            say_json(
                {
                    **queue.counts._asdict(),
                    "off": bool(off),
                    "backlog": {**backlog._asdict(), "days": backlog.days} if backlog else None,
                    "prompts": [_describe_prompt(study, item) for item in asked],
                    "forecast": [
                        {"on": make_date(study.today + place).isoformat(), "review": number}
                        for place, number in enumerate(forecast.reviews)
                    ],
                    **_exams_as_json(exams, in_all=in_all),
                }
            )
            return
        pace = read_pace(study.journal)
    states = [found.state if (found := memories.get(item.key)) else State.NEW for item in asked]
    pairs = list(zip((item.deck for item in asked), states, strict=True))
    decks = count_decks((item.deck for item in chosen), pairs)
    minutes = {path: pace.estimate_minutes(counts) for path, counts in decks.items()}
    counts = queue.counts
    lines: list[str] = []
    for exam in exams:
        exam.correct(minutes, asked, states, pace)
        lines += exam.describe()
        left = exam.left
        new, learning, review = counts
        counts = Counts(new - left.new, learning - left.learning, review - left.reviews)
    if off and not exams:
        lines.append(off)
    elif any(counts):
        lines.append(f"{format_counts(counts, pace.estimate_minutes(counts))} today.")
    elif not exams:
        lines.append("Nothing left for today.")
    overdue = 0 if off or (exams and not any(counts)) else forecast.overdue
    say(
        draw_due(
            lines,
            overdue,
            decks,
            minutes,
            forecast,
            study.today,
            heading=_name_days(exams),
            backlog=backlog,
        )
    )


class _ExamWork:
    """The part of today's work that is for an exam, and the plan for the coming days."""

    def __init__(self, preparation: Preparation, chosen: Iterable[Item]) -> None:
        """Estimate what is left of the chosen prompts."""
        from cardwright.cli.exam.forecast import try_plan  # noqa: PLC0415  (most have no exam)

        self._preparation = preparation
        of_exam = {candidate.item.key for candidate in preparation.candidates}
        self.keys = of_exam.intersection(item.key for item in chosen)
        """Of the prompts of the exam."""
        self.left = preparation.estimate(keys=self.keys)
        self._plan, _ = try_plan(preparation)
        self.is_planned = bool(self._plan) and len(self.keys) == len(of_exam)
        """Whether the days of the plan are about these prompts."""

    def add_to(self, others: DueForecast, histories: Mapping[str, Memory]) -> DueForecast:
        """Return the reviews of the coming days: others, and those of the exam as planned.

        Those of a part of the exam, and those from its day on, are counted as they fall due.
        """
        today, exam_day = self._preparation.today, self._preparation.planned.exam_day
        own = [memory for key, memory in histories.items() if key in self.keys]
        reviews = forecast_reviews(own, today, len(others.reviews)).reviews
        if self._plan and self.is_planned:
            planned = {day.day: day.reviews for day in self._plan.days}
            until = min(exam_day - today, len(reviews))
            reviews[:until] = [planned.get(today + place, 0) for place in range(until)]
        reviews[0] = self.left.reviews
        return DueForecast(list(map(add, others.reviews, reviews)), others.overdue)

    def correct(
        self,
        minutes: dict[tuple[str, ...], float],
        asked: Iterable[Item],
        states: Iterable[State],
        pace: Pace,
    ) -> None:
        """Replace the usual time of prompts by that of the plan, in the minutes of decks."""
        usual_s = {State.NEW: pace.new_s, State.REVIEW: pace.review_s}
        for item, state in zip(asked, states, strict=True):
            worth = self._preparation.measure(item)
            if worth is None or state not in usual_s:
                continue
            parts = tuple(item.deck.split("::"))
            for depth in range(len(parts)):
                path = parts[: depth + 1]
                minutes[path] += (worth.seconds - usual_s[state]) / SECONDS_PER_MINUTE

    def describe(self) -> list[str]:
        """Return sentences on what is left, and what is expected on the day of the exam."""
        from cardwright.terminal.exam import list_prospects  # noqa: PLC0415  (as above)

        first, *more = list_prospects(self._preparation, self.left)
        title = make_line(self._preparation.title)
        return [f"{title}: {first}", *more]

    def as_json(self) -> dict[str, Any]:
        """Return what is left, and what is expected, as JSON objects."""
        from cardwright.cli.exam.forecast import estimate_as_json  # noqa: PLC0415  (as above)

        return estimate_as_json(self._preparation, self.left, self._plan)


def _name_days(exams: Sequence[_ExamWork]) -> str:
    """Return what the reviews of the coming days are."""
    if not exams:
        return "Reviews by due date"
    planned = f"for the {'exams' if len(exams) > 1 else 'exam'} as planned"
    if all(exam.is_planned for exam in exams):
        return f"Reviews by day, {planned}"
    return f"Reviews by due date, today's {planned}"


def _exams_as_json(exams: Sequence[_ExamWork], *, in_all: bool) -> dict[str, Any]:
    """Return the estimate of a project's exam, or a list of those of all projects."""
    found = [exam.as_json() for exam in exams]
    return {"exams": found} if in_all else found[0] if found else {}


def _describe_prompt(study: Study, item: Item) -> dict[str, Any]:
    memory, _ = study.store.read_memory(item.key)
    schedule = study.journal.schedule_of(item.key)
    row = describe_memory(item.ref, memory, schedule, study.today)
    return {name: row[name] for name in ("prompt", "state", "due_at", "retrievability")}
