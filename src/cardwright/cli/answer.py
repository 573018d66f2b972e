"""`cards answer`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from cardwright.app.study import describe_memory
from cardwright.cli.environment import open_study, parse_time, read_clock
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.error import ProjectError
from cardwright.history import MAX_DURATION_MS, Act, Moment, Rating
from cardwright.terminal.words import format_wait

_RATINGS: Final = ("again", "hard", "good", "easy")
_LEEWAY_MS: Final = 60_000
"""How far ahead another device's clock may be."""


def _read_time(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> Moment | None:
    if text is None:
        return None
    try:
        moment = parse_time(text)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"`{text}` is not a valid ISO time between 1970 and 6429"
        ) from None
    if moment.at_ms > read_clock().at_ms + _LEEWAY_MS:
        raise click.BadParameter(f"{text} is in the future")
    return moment


@click.command()
@click.argument("ref", metavar="PROMPT")
@click.argument("rating", type=click.Choice([*_RATINGS, "1", "2", "3", "4"]))
@click.option(
    "--at",
    metavar="TIME",
    callback=_read_time,
    help="Time of the answer (ISO; local time unless it has an offset).",
)
@click.option(
    "--ms",
    "duration_ms",
    type=click.IntRange(0, MAX_DURATION_MS),
    default=0,
    help="How long the answer took, in milliseconds.",
)
@json_option
@db_option
@click.pass_obj
def answer(
    folder: Path,
    ref: str,
    rating: str,
    at: Moment | None,
    duration_ms: int,
    as_json: bool,
    db: Path | None,
) -> None:
    """Record one answer from a script.

    PROMPT is `pack:id/side`; pack and side may be left out if that is unambiguous. With --at, the
    answer is inserted among those recorded earlier, at its time.

    \b
    cards answer mlpro:label-drift/recall good
    cards answer label-drift 3 --at 2026-11-02T08:30 --ms 4200 --json
    """
    given = Rating(_RATINGS.index(rating) + 1 if rating in _RATINGS else int(rating))
    moment = at or read_clock()
    with open_study(folder, db, is_writing=True) as study:
        item = study.find_item(ref)
        if item.key in study.find_held() and study.store.read_memory(item.key)[0].is_new:
            raise ProjectError(
                f"{item.ref} is reserved for mock exams",
                help=f"`cards exam release {item.pack}` lets it be asked before the exam",
            )
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
        say_json(row)
        return
    wait_ms = (memory.due_at_ms or moment.at_ms) - moment.at_ms
    wait = format_wait(wait_ms, days=memory.interval_days)
    say(f"{item.ref}: {memory.state}, next in {wait}")
