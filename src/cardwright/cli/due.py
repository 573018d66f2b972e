"""`cards due`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cardwright.cli.choosing import choice_options
from cardwright.cli.options import db_option, json_option

if TYPE_CHECKING:
    from cardwright.cli.choosing import Choice
    from cardwright.cli.study import Study
    from cardwright.item import Item
    from cardwright.study.queue import Queue

_PACE_DAYS: Final = 30
_MS_PER_DAY: Final = 86_400_000


@click.command()
@choice_options
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=14,
    show_default=True,
    help="How many days to look ahead, today with them.",
)
@json_option
@db_option
@click.pass_obj
def due(folder: Path, choice: Choice, days: int, as_json: bool, db: Path | None) -> None:
    """Show what is due, today and in the days to come.

    Today's numbers keep to the limits of the decks. The days to come show when reviews fall due
    if none of them is answered; ▒ marks those that are overdue.

    \b
    cards due
    cards due mlpro --days 30
    cards due --lesson 2.5 --json
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.study import make_queue, open_study
    from cardwright.history import State, make_date
    from cardwright.study.queue import count_decks
    from cardwright.study.workload import forecast_reviews, measure_pace

    moment = read_clock()
    with open_study(folder, db, moment) as study:
        memories = study.read_memories()
        queue = make_queue(study, choice, memories)
        counts = queue.counts
        asked = take_all(queue, moment.at_ms)
        states = [found.state if (found := memories.get(item.key)) else State.NEW for item in asked]
        chosen = choice.choose(study.items)
        meant = [
            memory
            for item in chosen
            if (memory := memories.get(item.key)) and choice.takes(item, memory)
        ]
        forecast = forecast_reviews(meant, study.today, days)
        if as_json:
            import json

            row = {
                **counts._asdict(),
                "prompts": [describe_asked(study, item) for item in asked],
                "forecast": [
                    {"on": make_date(study.today + place).isoformat(), "review": number}
                    for place, number in enumerate(forecast.reviews)
                ],
            }
            click.echo(json.dumps(row, indent=2))
            return
        recent = study.store.list_reviews(since_ms=moment.at_ms - _PACE_DAYS * _MS_PER_DAY)
        pace = measure_pace(recent, memories, study.journal.rollover_hour)
    from cardwright.terminal.due import print_due

    pairs = zip((item.deck for item in asked), states, strict=True)
    decks = count_decks((item.deck for item in chosen), pairs)
    print_due(counts, decks, pace, forecast, study.today)


def take_all(queue: Queue, now_ms: int) -> list[Item]:
    """Take everything from a queue, in the order in which it would be asked from now on."""
    found = []
    while True:
        item = queue.take(now_ms, lambda _: True)
        if item is not None:
            found.append(item)
        elif queue.next_step_at_ms is None:
            return found
        else:
            now_ms = queue.next_step_at_ms


def describe_asked(study: Study, item: Item) -> dict[str, Any]:
    """Return what programs may want to know of a prompt that is due, as JSON."""
    from cardwright.cli.study import describe_memory

    memory, _ = study.store.read_memory(item.key)
    schedule = study.journal.schedule_of(item.key)
    row = describe_memory(item.ref, memory, schedule, study.today)
    return {name: row[name] for name in ("prompt", "state", "due_at", "retrievability")}
