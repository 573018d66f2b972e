"""`cards answer`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from cardwright.cli.options import db_option

_RATINGS: Final = ("again", "hard", "good", "easy")


@click.command()
@click.argument("ref", metavar="PROMPT")
@click.argument("rating", type=click.Choice([*_RATINGS, "1", "2", "3", "4"]))
@click.option("--at", metavar="TIME", help="When it was answered (ISO; local unless it says).")
@click.option(
    "--ms",
    "duration_ms",
    type=click.IntRange(min=0),
    default=0,
    help="How long the answer took, in milliseconds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the memory after it as JSON.")
@db_option
@click.pass_obj
def answer(
    folder: Path,
    ref: str,
    rating: str,
    at: str | None,
    duration_ms: int,
    as_json: bool,
    db: Path | None,
) -> None:
    """Record one answer without a screen.

    For scripts and other front ends. PROMPT is `pack:id/side`; pack and side may be left out where
    that is clear. With --at, the answer takes its place among earlier and later ones.

    \b
    cards answer mlpro:label-drift/recall good
    cards answer label-drift 3 --at 2026-11-02T08:30 --ms 4200 --json
    """
    from cardwright.cli.clock import parse_time, read_clock
    from cardwright.cli.study import describe_memory, open_study
    from cardwright.history import Act, Rating

    try:
        moment = parse_time(at) if at else read_clock()
    except ValueError:
        message = f"`{at}` is no ISO time"
        raise click.BadParameter(message, param_hint="--at") from None
    given = Rating(_RATINGS.index(rating) + 1 if rating in _RATINGS else int(rating))
    with open_study(folder, db, read_clock()) as study:
        item = study.find_item(ref)
        with study.store.transaction():
            _, memory = study.journal.record(
                item.key,
                Act.ANSWER,
                moment,
                rating=given,
                duration_ms=duration_ms,
                is_dated=at is not None,
            )
        schedule = study.journal.schedule_of(item.key)
        day = moment.study_day(study.journal.rollover_hour)
        row = describe_memory(item.ref, memory, schedule, day)
    if as_json:
        import json

        click.echo(json.dumps(row, indent=2))
        return
    from cardwright.terminal.words import say_wait

    wait_ms = (memory.due_at_ms or moment.at_ms) - moment.at_ms
    wait = say_wait(wait_ms, days=memory.interval_days)
    click.echo(f"{item.ref}: {memory.state}, asked again in {wait}")
