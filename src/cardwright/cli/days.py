"""`cards days`: days off and lighter days, by weekday and by date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from cardwright.cli.environment import open_user_store, read_clock
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.error import ProjectError
from cardwright.history import count_days, make_date
from cardwright.study.days import WEEKDAYS, Span, StudyDays, dump_spans, list_spans
from cardwright.study.settings import DATES, Settings
from cardwright.study.settings import WEEKDAYS as WEEKDAY_PERCENTS
from cardwright.terminal.words import explain_day_off
from cardwright.text import list_names, parse_number

_FULL: Final = 100


@click.command()
@click.argument("words", nargs=-1, metavar="[DAY=SHARE]...")
@json_option
@db_option
def days(words: tuple[str, ...], as_json: bool, db: Path | None) -> None:
    """Show your study days, or set days off and lighter days.

    DAY is a weekday (mon to sun), a date, a range of dates, or `today`. SHARE is how much of a usual
    day's work it takes: `off` or a percentage; nothing makes it a usual day again. Days hold for all
    packs and exams. A date counts for more than its weekday.

    \b
    cards days
    cards days sat=off sun=50%
    cards days 2026-12-24..2027-01-02=off
    cards days today=100% sun=
    """
    with open_user_store(db) as store:
        moment = read_clock()
        settings = Settings(store.settings.read())
        today = moment.study_day(settings.rollover_hour)
        if words:
            before = plain = settings.days_without_pause
            for word in words:
                plain = _set(plain, word, today)
            if not any(plain.percents):
                raise ProjectError(
                    "every weekday would be off", help="`cards pause` stops for as long as you like"
                )
            spans = dump_dates(plain.spans)
            # Of two machines, each may have set one of the two: nothing else is written.
            changes: dict[tuple[str, str], Any] = {}
            if plain.percents != before.percents:
                changes["", WEEKDAY_PERCENTS] = [*plain.percents]
            if plain.spans != before.spans:
                changes["", DATES] = spans
            store.settings.put(changes, moment.at_ms)
            settings = Settings(store.settings.read())
    show_days(settings, today, as_json=as_json)


def dump_dates(dates: Iterable[Span]) -> list[list[Any]]:
    """Return dates as they are stored.

    Raises:
        ProjectError: they are too many.

    """
    spans = dump_spans(dates)
    if list_spans(spans) is None:
        raise ProjectError("there are too many dates: remove some, as in `cards days DAY=`")
    return spans


def show_days(settings: Settings, today: int, *, as_json: bool) -> None:
    """Print the study days that are set."""
    found = settings.days
    following = found.find_next(today)
    if as_json:
        say_json(
            {
                "weekdays": dict(zip(WEEKDAYS, found.percents, strict=True)),
                "dates": [
                    {"first": first, "last": last, "percent": percent}
                    for first, last, percent in dump_spans(found.spans)
                ],
                "paused": found.is_paused(today),
                "today": round(found.share_of(today) * _FULL),
                "next": None if following is None else make_date(following).isoformat(),
            }
        )
        return
    special = [
        f"{name} {_format_percent(percent)}"
        for name, percent in zip(WEEKDAYS, found.percents, strict=True)
        if percent != _FULL
    ]
    say(f"weekdays: {list_names(special, none='all alike')}")
    for first, last, percent in dump_spans(found.spans):
        until = "" if last == first else " on" if last is None else f" to {last}"
        say(f"{'from ' if last is None else ''}{first}{until}: {_format_percent(percent)}")
    if off := explain_day_off(found, today):
        say(off)


def _set(days: StudyDays, word: str, today: int) -> StudyDays:
    """Return the days with what one word sets."""
    name, has_value, text = word.partition("=")
    if not has_value:
        _refuse(f"`{word}` is not DAY=SHARE, as in sat=off")
    percent = _read_percent(text.strip()) if text.strip() else None
    name = name.strip().lower()
    if name in WEEKDAYS:
        return days.set_weekdays({WEEKDAYS.index(name): _FULL if percent is None else percent})
    start, is_range, end = name.partition("..")
    first = _read_day(start, today)
    last = _read_day(end, today) if is_range else first
    if last < first:
        _refuse(f"`{name}`: the second date is before the first")
    return days.set_dates(first, last, percent)


def _read_day(text: str, today: int) -> int:
    if text == "today":
        return today
    try:
        return count_days(date.fromisoformat(text))
    except ValueError:
        return _refuse(
            f"`{text}` is not a day: write {', '.join(WEEKDAYS)}, today, YYYY-MM-DD, "
            "or a range YYYY-MM-DD..YYYY-MM-DD"
        )


def _read_percent(text: str) -> int:
    number = 0.0 if text.lower() == "off" else parse_number(text.removesuffix("%"))
    if number is None or not (0 <= number <= _FULL and number == int(number)):
        _refuse(f"`{text}` is not a share: write off, or a whole percentage up to 100%")
    return int(number)


def _format_percent(percent: int) -> str:
    return f"{percent}%" if percent else "off"


def _refuse(message: str) -> NoReturn:
    raise click.UsageError(message)
