"""`cards pause`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from cardwright.cli.days import dump_dates, show_days
from cardwright.cli.environment import open_user_store, read_clock
from cardwright.cli.params import db_option, json_option
from cardwright.error import ProjectError
from cardwright.history import count_days
from cardwright.study.days import Span, dump_spans
from cardwright.study.settings import DATES, PAUSE, Settings


@click.command()
@click.argument("until", required=False)
@click.option("--off", "is_off", is_flag=True, help="End the pause: study again from today on.")
@json_option
@db_option
def pause(until: str | None, is_off: bool, as_json: bool, db: Path | None) -> None:
    """Ask nothing from today on, for as long as you like.

    UNTIL is the date on which you study again. Without it, the pause lasts until `--off`. Afterwards,
    reviews come in the order of what would be lost most.

    \b
    cards pause 2026-12-20
    cards pause
    cards pause --off
    """
    if is_off and until:
        raise click.UsageError("--off ends the pause today: leave out the date")
    with open_user_store(db) as store:
        moment = read_clock()
        settings = Settings(store.settings.read())
        today = moment.study_day(settings.rollover_hour)
        former = settings.days.pause
        # One that is yet to begin was set by a clock that was ahead.
        if is_off and (former is None or former.end <= today):
            raise ProjectError("there is no pause")
        changes: dict[tuple[str, str], Any] = {("", PAUSE): None}
        first = today
        if former and settings.days.is_paused(today) and not is_off:
            first = former.first
        elif former and former.first < today:
            # Its days stay off: they do not end a streak.
            last = min(former.end, today) - 1
            dates = settings.days_without_pause.set_dates(former.first, last, 0).spans
            changes["", DATES] = dump_dates(dates)
        if not is_off:
            last_day = _read_end(until, today) - 1 if until else None
            changes["", PAUSE] = dump_spans([Span(first, last_day, 0)])
        store.settings.put(changes, moment.at_ms)
        settings = Settings(store.settings.read())
    show_days(settings, today, as_json=as_json)


def _read_end(text: str, today: int) -> int:
    try:
        day = count_days(date.fromisoformat(text))
    except ValueError:
        raise click.UsageError(f"`{text}` is not a date: write YYYY-MM-DD") from None
    if day <= today:
        raise click.UsageError(f"{text} is not after today")
    return day
