"""`cards stats`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from cardwright.app.choice import Choice
from cardwright.app.garbage import gc_paused
from cardwright.app.study import Study
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import choice_options, db_option, json_option
from cardwright.history import Rating, is_kept, make_date, namespace_of
from cardwright.item import Item
from cardwright.study.histories import Histories
from cardwright.study.stats import Bin, Retention, Stats, Subject, compute_stats
from cardwright.terminal.stats import draw_stats

_MAX_DIGITS: Final = 6


def _read_days(_context: click.Context, _option: click.Parameter, text: str) -> int | None:
    if text == "all":
        return None
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0
    if not days:
        raise click.BadParameter(f"`{text}` is neither a number of days nor `all`")
    return days


@click.command()
@choice_options
@click.option(
    "--days",
    metavar="N|all",
    default="all",
    show_default=True,
    callback=_read_days,
    help="Only the last N days, including today.",
)
@json_option
@db_option
@click.pass_obj
def stats(folder: Path, choice: Choice, days: int | None, as_json: bool, db: Path | None) -> None:
    """Show how your studying is going.

    Retention is Anki's true retention: the share of prompts in review that were recalled when first
    asked on a day; next to it is the share that the memory model expected. Undone answers do not
    count; those given with `cards review --cram` count only as time.

    \b
    cards stats
    cards stats mlpro --lesson 2.5 --days 30
    cards stats --json
    """
    with gc_paused(), open_study(folder, db) as study:
        memories = study.read_memories()
        items = choice.choose_by_history(study.items, memories)
        subjects = _name_subjects(study, items)
        # Without a choice, answers to cards that are not in the sources, or were kept, count as well.
        is_all, packs = len(items) == len(study.items), study.journal.options

        def is_chosen(key: str) -> bool:
            return key in subjects or (
                is_all and ((name := namespace_of(key)) in packs or is_kept(name))
            )

        def compute(histories: Histories) -> Stats:
            schedule_of = study.journal.schedule_of
            pairs = ((memory, schedule_of(key)) for key, memory in memories.items())
            found = histories.list(is_chosen)
            off = study.journal.days
            return compute_stats(found, subjects, pairs, study.today, days, off)

        histories = Histories(study.journal)
        try:
            found = compute(histories)
        except (ValueError, ArithmeticError, LookupError):
            # What was kept is damaged.
            histories = Histories(study.journal, with_kept=False)
            found = compute(histories)
        if as_json:
            say_json(_describe_stats(found))
        else:
            say(draw_stats(found))
        histories.keep()


def _name_subjects(study: Study, items: Sequence[Item]) -> dict[str, Subject]:
    """Return the subjects of prompts by key; if there are several packs, with the pack's name."""
    has_packs = len({item.pack for item in items}) > 1
    blueprints = study.sources.blueprints
    found = {}
    for item in items:
        blueprint = blueprints.get(item.pack)
        lesson = blueprint.lessons.get(item.lesson or "") if blueprint else None
        domain = blueprint.domain_of(item.lesson) if blueprint else None
        prefix = f"{item.pack}: " if has_packs else ""
        found[item.key] = Subject(
            prefix + str(lesson or item.lesson or "no lesson"),
            prefix + (domain.name if domain else "no domain"),
            item.kind,
        )
    return found


def _describe_stats(stats: Stats) -> dict[str, Any]:
    """Return all figures as JSON."""
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
    # JSON has no infinity.
    return {
        "from": part.low,
        "to": part.high if part.high < float("inf") else None,
        "number": part.number,
    }
