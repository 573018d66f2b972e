"""`cards history`."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cardwright.cli.options import db_option, json_option

if TYPE_CHECKING:
    from cardwright.cli.study import Study
    from cardwright.history import Review
    from cardwright.study.schedule import ReplayedAnswer

_MS_PER_DAY: Final = 86_400_000


@click.command()
@click.argument("ref", metavar="[PROMPT]", required=False)
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="All answers of this study day.",
    metavar="DATE",
)
@json_option
@db_option
@click.pass_obj
def history(
    folder: Path, ref: str | None, day: datetime | None, as_json: bool, db: Path | None
) -> None:
    """Show the answers of a prompt, or of a day.

    PROMPT is `pack:id/side`; pack and side may be left out where that is clear. Of a card that has
    gone from the sources, the whole key is wanted.

    \b
    cards history label-drift
    cards history mlpro:label-drift/recall --json
    cards history --day 2026-11-02
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.study import open_study

    if (ref is None) == (day is None):
        raise click.UsageError("name a prompt, or a day with --day: one of the two")
    with open_study(folder, db, read_clock()) as study:
        if day is not None:
            _show_day(study, day.date(), as_json=as_json)
        elif ref is not None:
            _show_prompt(study, ref, as_json=as_json)


def _show_prompt(study: Study, ref: str, *, as_json: bool) -> None:
    from cardwright.cli.study import describe_memory

    name, key = find_prompt(study, ref)
    reviews = list(study.store.list_reviews(key, with_undone=True))
    undone = {review.undoes for review in reviews if review.undoes}
    steps = {review.id: step for review, step in study.journal.trace(key)}
    memory, _ = study.store.read_memory(key)
    schedule = study.journal.schedule_of(key)
    if as_json:
        import json

        row = {
            **describe_memory(name, memory, schedule, study.today),
            "reviews": [
                describe_act(review, steps.get(review.id), is_undone=review.id in undone)
                for review in reviews
            ],
        }
        click.echo(json.dumps(row, indent=2))
        return
    from cardwright.history import make_date
    from cardwright.terminal.history import print_prompt

    due_on = None if memory.due_day is None else make_date(memory.due_day)
    retrievability = schedule.retrievability(memory, study.today)
    print_prompt(name, reviews, steps, undone, memory, due_on, retrievability)


def _show_day(study: Study, on: date, *, as_json: bool) -> None:
    from cardwright.history import count_days

    day, rollover_hour = count_days(on), study.journal.rollover_hour
    # The zone of an answer shifts its day by a day at the most.
    reviews = [
        review
        for review in study.store.list_reviews(since_ms=(day - 1) * _MS_PER_DAY)
        if review.rating is not None and review.moment.study_day(rollover_hour) == day
    ]
    names = {item.key: item.ref for item in study.items}
    if as_json:
        import json

        rows = [
            {
                "prompt": names.get(review.key, review.key),
                **_describe_review(review),
            }
            for review in reviews
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    from cardwright.terminal.history import print_day

    print_day(on, reviews, lambda ref: names.get(ref, ref))


def find_prompt(study: Study, ref: str) -> tuple[str, str]:
    """Return a prompt's key as it is today, and that of its history; its card may be gone."""
    for item in study.items:
        if ref in {item.ref, item.key}:
            return item.ref, item.key
    if next(study.store.list_reviews(ref, with_undone=True), None) is not None:
        return ref, ref
    item = study.find_item(ref)
    return item.ref, item.key


def describe_act(review: Review, step: ReplayedAnswer | None, *, is_undone: bool) -> dict[str, Any]:
    """Return what programs may want to know of an act, as JSON; null but for answers that stand."""
    is_old = step is not None and step.before.last_day is not None
    return {
        **_describe_review(review),
        "undone": is_undone,
        "state": str(step.before.state) if step else None,
        "retrievability": step.retrievability if step and is_old else None,
        "interval_days": step.after.interval_days if step else None,
        "stability": step.after.stability if step else None,
        "difficulty": step.after.difficulty if step else None,
    }


def _describe_review(review: Review) -> dict[str, Any]:
    return {
        "id": review.id,
        "act": str(review.act),
        "rating": None if review.rating is None else int(review.rating),
        "at": review.moment.local.isoformat(timespec="milliseconds"),
        "duration_ms": review.duration_ms,
    }
