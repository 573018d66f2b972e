"""`cards stats`."""

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
    from cardwright.study.stats import Bin, Retention, Stats, Subject

_MOST_DIGITS: Final = 6


def _read_days(_context: click.Context, _option: click.Parameter, text: str) -> int | None:
    if text == "all":
        return None
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0
    if not days:
        message = f"`{text}` is neither a number of days nor `all`"
        raise click.BadParameter(message)
    return days


@click.command()
@choice_options
@click.option(
    "--days",
    metavar="N|all",
    default="all",
    show_default=True,
    callback=_read_days,
    help="Only the last days, today with them.",
)
@json_option
@db_option
@click.pass_obj
def stats(folder: Path, choice: Choice, days: int | None, as_json: bool, db: Path | None) -> None:
    """Show how well it goes.

    Retention is Anki's true retention: of prompts in review, the share that was recalled when they
    were first asked on a day; beside it what the memory model expected. Answers taken back do not
    count, and those given with `cards review --cram` count for time alone.

    \b
    cards stats
    cards stats mlpro --lesson 2.5 --days 30
    cards stats --json
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.garbage import uncollected
    from cardwright.cli.study import open_study, select_items
    from cardwright.study.stats import compute_stats, list_answers

    with open_study(folder, db, read_clock()) as study:
        items = select_items(study, choice, study.read_memories())
        subjects = _name_subjects(study, items)
        # Who chooses nothing also sees the answers to cards that have gone from the sources.
        packs = study.journal.options if len(items) == len(study.items) else {}
        journal = study.journal
        with uncollected():
            answers = list_answers(
                journal, lambda ref: ref in subjects or ref.partition(":")[0] in packs
            )
            memories = ((m, journal.schedule_of(m.key)) for m in study.store.list_memories())
            found = compute_stats(answers, subjects, memories, study.today, days)
    if as_json:
        import json

        click.echo(json.dumps(describe_stats(found), indent=2))
        return
    from cardwright.terminal.stats import print_stats

    print_stats(found)


def _name_subjects(study: Study, items: list[Item]) -> dict[str, Subject]:
    """Name what prompts are about; lessons of several packs are told apart by the pack."""
    from cardwright.study.stats import Subject

    has_packs = len({item.pack for item in items}) > 1
    blueprints = study.index.blueprints
    found = {}
    for item in items:
        blueprint = blueprints.get(item.pack)
        lesson = blueprint.lessons.get(item.lesson or "") if blueprint else None
        domain = blueprint.domain_of(item.lesson) if blueprint else None
        before = f"{item.pack}: " if has_packs else ""
        found[item.key] = Subject(
            before + str(lesson or item.lesson or "no lesson"),
            before + (domain.name if domain else "no domain"),
            item.kind,
        )
    return found


def describe_stats(stats: Stats) -> dict[str, Any]:
    """Return all figures as JSON."""
    from cardwright.history import Rating, make_date

    calibration = stats.calibration
    return {
        "on": make_date(stats.today).isoformat(),
        "days": stats.days,
        "retention": {
            **_describe_retention(stats.retention),
            "young": _describe_retention(stats.young),
            "mature": _describe_retention(stats.mature),
            **{
                f"by_{name}": [{name: key, **_describe_retention(g)} for key, g in groups.items()]
                for name, groups in stats.groups.items()
            },
        },
        "calibration": calibration
        and {
            "rmse_bins": calibration.rmse,
            "log_loss": calibration.log_loss,
            "bins": [
                {"from": part.low, "to": part.high, **_describe_retention(part.retention)}
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
        "buttons": {
            name: {rating.name.lower(): counts[rating] for rating in Rating}
            for name, counts in stats.buttons.items()
        },
        "streak": stats.streak._asdict(),
        "prompts": stats.prompts._asdict(),
        "histograms": {
            name: [_describe_bin(part) for part in bins] for name, bins in stats.histograms.items()
        },
    }


def _describe_retention(retention: Retention) -> dict[str, Any]:
    return {
        "reviews": retention.tests,
        "actual": retention.actual,
        "expected": retention.expected,
    }


def _describe_bin(part: Bin) -> dict[str, Any]:
    # JSON knows no infinity.
    return {
        "from": part.low,
        "to": part.high if part.high < float("inf") else None,
        "number": part.number,
    }
