"""`cards stats`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from cardwright.app.choice import Choice
from cardwright.app.figures import Figures
from cardwright.app.garbage import gc_paused
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.pager import say_in_pages
from cardwright.cli.params import choice_options, db_option, json_option
from cardwright.cli.paths import PAGE_START, OutputFile
from cardwright.error import ProjectError
from cardwright.files import write_file
from cardwright.history import Rating, make_date
from cardwright.study.stats import Bin, Recall, add_recalls
from cardwright.text import to_nfc

PARTS: Final = {
    "recall": "how much you recalled, by age, domain, lesson, kind and month",
    "calibration": "how far that is from what was expected",
    "answers": "how many you gave, by day, hour and button",
    "time": "how long they took",
    "load": "the reviews to come",
    "cards": "how far your cards have been learned",
    "all": "all of these",
}
"""What can be asked for by name."""
_MAX_DIGITS: Final = 6


def _read_days(_context: click.Context, _option: click.Parameter, text: str) -> int | None:
    if text == "all":
        return None
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0
    if not days:
        raise click.BadParameter(f"`{text}` is neither a number of days nor `all`")
    return days


@click.command()
@click.argument("part", required=False)
@choice_options
@click.option(
    "--days",
    metavar="N|all",
    default="all",
    show_default=True,
    callback=_read_days,
    help="Only the last N days, including today.",
)
@click.option(
    "--html",
    "page",
    type=OutputFile(PAGE_START),
    metavar="FILE",
    help="Write a page of charts to FILE.",
)
@json_option
@db_option
@click.pass_obj
def stats(
    folder: Path,
    part: str | None,
    choice: Choice,
    days: int | None,
    page: Path | None,
    as_json: bool,
    db: Path | None,
) -> None:
    """Show how your studying is going.

    Without PART, the essentials on one screen. PART is one of:

    \b
    recall       how much you recalled, by age, domain, lesson, kind and month
    calibration  how far that is from what was expected
    answers      how many you gave, by day, hour and button
    time         how long they took
    load         the reviews to come
    cards        how far your cards have been learned
    all          all of these

    Recall is the share of reviews that you remembered when first asked on a day: Anki's true
    retention. Undone answers do not count; those given with `cards review --cram` count only as
    time. --json and --html have all parts.

    \b
    cards stats
    cards stats recall mlpro --lesson 2.5 --days 30
    cards stats --html stats.html
    """
    if page and as_json:
        raise click.UsageError("--html and --json exclude each other")
    if part and part not in PARTS:
        choice, part = _add_deck(choice, part), None
    with gc_paused(), open_study(folder, db) as study:
        try:
            figures = Figures(study, choice, days)
        except ProjectError as error:
            raise _explain_part(error, choice) from None
        if as_json:
            say_json(_describe(figures))
        elif page:
            if not figures.stats.effort_by_day:
                raise ProjectError("there are no answers yet to draw: study with `cards review`")
            from cardwright.web.stats import make_stats_page  # noqa: PLC0415  (few want it)

            write_file(page, make_stats_page(figures))
            say(f"{page}: open it in your browser")
        else:
            from cardwright.terminal.stats import draw_stats  # noqa: PLC0415  (rich loads slowly)

            say_in_pages(draw_stats(figures, part))
        figures.keep()


def _add_deck(choice: Choice, deck: str) -> Choice:
    """Return the choice with another deck in front."""
    return replace(choice, decks=(to_nfc(deck), *choice.decks))


def _explain_part(error: ProjectError, choice: Choice) -> ProjectError:
    """Return the error that there is no such deck, which may be a misspelt part."""
    import difflib  # noqa: PLC0415  (slow to load, only for suggestions)

    close = difflib.get_close_matches(choice.decks[0] if choice.decks else "", PARTS, n=1)
    if not close:
        return error
    return ProjectError(
        f"there is neither a part nor a deck `{choice.decks[0]}`; did you mean `cards stats {close[0]}`?"
    )


def _describe(figures: Figures) -> dict[str, Any]:
    """Return all figures as JSON."""
    stats, load = figures.stats, figures.load
    calibration = stats.calibration
    return {
        "on": make_date(stats.today).isoformat(),
        "days": stats.days,
        "recall": {
            **_describe_recall(stats.recall),
            "young": _describe_recall(stats.young),
            "mature": _describe_recall(stats.mature),
            **{
                f"by_{name}": [{name: key, **_describe_recall(g)} for key, g in groups.items()]
                for name, groups in stats.groups.items()
            },
            "by_week": [
                {"from": monday, **_describe_recall(group)}
                for monday, group in add_recalls(stats.recall_by_day, "week").items()
            ],
        },
        "calibration": calibration
        and {
            "error": calibration.error,
            "log_loss": calibration.log_loss,
            "bins": [
                {"from": part.low, "to": part.high, **_describe_recall(part.recall)}
                for part in calibration.bins
            ],
        },
        "answers": stats.effort.answers,
        "duration_ms": stats.effort.duration_ms,
        "by_kind": [
            {
                "kind": kind,
                "answers": effort.answers,
                "duration_ms": effort.duration_ms,
                "seconds_per_answer": effort.seconds_per_answer,
            }
            for kind, effort in stats.effort_by_kind.items()
        ],
        "by_day": [
            {
                "on": make_date(day).isoformat(),
                "answers": effort.answers,
                "duration_ms": effort.duration_ms,
            }
            for day, effort in stats.effort_by_day.items()
            if stats.days is None or day > stats.today - stats.days
        ],
        "by_hour": [{"hour": hour, "answers": number} for hour, number in enumerate(figures.hours)],
        "by_seconds": [_describe_bin(part) for part in figures.seconds],
        "buttons": {
            name: {rating.name.lower(): counts[rating] for rating in Rating}
            for name, counts in stats.buttons.items()
        },
        "streak": stats.streak._asdict(),
        "prompts": stats.prompts._asdict(),
        "histograms": {
            name: [_describe_bin(part) for part in bins]
            for name, bins in figures.histograms.items()
        },
        "load": {
            "overdue": load.overdue,
            "minutes_per_review": figures.minutes_per_review,
            "by_day": [
                {"on": make_date(stats.today + place).isoformat(), "reviews": number}
                for place, number in enumerate(load.reviews)
            ],
        },
    }


def _describe_recall(recall: Recall) -> dict[str, Any]:
    low, high = recall.bounds
    return {
        "reviews": recall.tests,
        "actual": recall.actual,
        "expected": recall.expected,
        "low": low if recall.tests else None,
        "high": high if recall.tests else None,
    }


def _describe_bin(part: Bin) -> dict[str, Any]:
    # JSON has no infinity.
    return {
        "from": part.low,
        "to": part.high if part.high < float("inf") else None,
        "number": part.number,
    }
