"""`cards due`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from cardwright.app.choice import Choice
from cardwright.app.study import Study, describe_memory
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import choice_options, db_option, json_option
from cardwright.history import MS_PER_DAY, make_date
from cardwright.item import Item
from cardwright.memory import State
from cardwright.study.backlog import find_backlog
from cardwright.study.queue import count_decks
from cardwright.study.workload import forecast_reviews, measure_pace
from cardwright.terminal.reports import draw_due
from cardwright.terminal.words import explain_day_off

_PACE_DAYS: Final = 30


@click.command()
@choice_options
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=14,
    show_default=True,
    help="Days to look ahead, including today.",
)
@json_option
@db_option
@click.pass_obj
def due(folder: Path, choice: Choice, days: int, as_json: bool, db: Path | None) -> None:
    """Show what is due today and in the coming days.

    Today's numbers respect the limits of the decks. The coming days show when reviews fall due if
    you answer none of them; ▒ marks overdue ones. If more is due than twice what you usually review in
    a day, it says how many days that takes.

    \b
    cards due
    cards due mlpro --days 30
    cards due --lesson 2.5 --json
    """
    with open_study(folder, db) as study:
        memories = study.read_memories()
        queue = study.make_queue(choice, memories)
        counts = queue.counts
        asked = queue.list_day(study.moment.at_ms)
        states = [found.state if (found := memories.get(item.key)) else State.NEW for item in asked]
        chosen = study.choose(choice)
        histories = [
            memory
            for item in chosen
            if (memory := memories.get(item.key)) and choice.matches_history(memory)
        ]
        forecast = forecast_reviews(histories, study.today, days)
        last_ms = max((memory.last_at_ms or 0 for memory in histories), default=0)
        since_ms = min(last_ms, study.moment.at_ms) - _PACE_DAYS * MS_PER_DAY
        recent = list(study.store.list_reviews(since_ms=max(since_ms, 0)))
        of_chosen = {memory.key: memory for memory in histories}
        backlog = find_backlog(forecast, recent, of_chosen, study.journal.rollover_hour)
        off = explain_day_off(study.journal.days, study.today)
        if as_json:
            say_json(
                {
                    **counts._asdict(),
                    "off": bool(off),
                    "backlog": {**backlog._asdict(), "days": backlog.days} if backlog else None,
                    "prompts": [_describe_prompt(study, item) for item in asked],
                    "forecast": [
                        {"on": make_date(study.today + place).isoformat(), "review": number}
                        for place, number in enumerate(forecast.reviews)
                    ],
                }
            )
            return
        pace = measure_pace(recent, memories, study.journal.rollover_hour)
    pairs = zip((item.deck for item in asked), states, strict=True)
    decks = count_decks((item.deck for item in chosen), pairs)
    say(draw_due(counts, decks, pace, forecast, study.today, backlog, off))


def _describe_prompt(study: Study, item: Item) -> dict[str, Any]:
    memory, _ = study.store.read_memory(item.key)
    schedule = study.journal.schedule_of(item.key)
    row = describe_memory(item.ref, memory, schedule, study.today)
    return {name: row[name] for name in ("prompt", "state", "due_at", "retrievability")}
