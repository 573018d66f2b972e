"""`cards history`."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from cardwright.app.study import Study, describe_memory
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.history import MS_PER_DAY, Act, Review, count_days, make_date
from cardwright.study.schedule import ReplayedAnswer
from cardwright.terminal.reports import draw_day_history, draw_prompt_history


@click.command()
@click.argument("ref", metavar="[CARD]", required=False)
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
    """Show the answers to a card, or all answers of a day.

    CARD is `pack:id`, which means all its prompts, or one prompt, `pack:id/side`. The pack may be
    left out if that is unambiguous. For a card that is no longer in the sources, give the full key of
    a prompt. --json lists them as `prompts`.

    \b
    cards history label-drift
    cards history mlpro:label-drift/recall --json
    cards history --day 2026-11-02
    """
    if (ref is None) == (day is None):
        raise click.UsageError("name either a card or prompt, or a day with --day")
    with open_study(folder, db) as study:
        if day is not None:
            _show_day(study, day.date(), as_json=as_json)
        elif ref is not None:
            _show_prompts(study, ref, as_json=as_json)


def _show_prompts(study: Study, name: str, *, as_json: bool) -> None:
    prompts = study.resolve_prompts(name)
    if as_json:
        described = [_describe_prompt(study, ref, key) for ref, key in prompts]
        # Of a single prompt, everything is found directly as well.
        say_json({**(described[0] if len(described) == 1 else {}), "prompts": described})
        return
    for place, (ref, key) in enumerate(prompts):
        if place:
            say()
        _show_prompt(study, ref, key)


def _describe_prompt(study: Study, ref: str, key: str) -> dict[str, Any]:
    reviews, undone, steps = _trace(study, key)
    memory, _ = study.store.read_memory(key)
    return {
        **describe_memory(ref, memory, study.journal.schedule_of(key), study.today),
        "reviews": [
            _describe_act(review, steps.get(review.id), is_undone=review.id in undone)
            for review in reviews
        ],
    }


def _show_prompt(study: Study, ref: str, key: str) -> None:
    reviews, undone, steps = _trace(study, key)
    memory, _ = study.store.read_memory(key)
    due_on = None if memory.due_day is None else make_date(memory.due_day)
    retrievability = study.journal.schedule_of(key).retrievability(memory, study.today)
    say(draw_prompt_history(ref, reviews, steps, undone, memory, due_on, retrievability))


def _trace(study: Study, key: str) -> tuple[list[Review], set[str], dict[str, ReplayedAnswer]]:
    """Return the acts on a prompt, the ids of those that were undone, and the effects of answers."""
    reviews = list(study.store.list_reviews(key, with_undone=True))
    undone = {review.undoes for review in reviews if review.undoes}
    return reviews, undone, {review.id: step for review, step in study.journal.trace(key)}


def _show_day(study: Study, on: date, *, as_json: bool) -> None:
    day, rollover_hour = count_days(on), study.journal.rollover_hour
    # The time zone of an answer and the rollover hour shift its day by at most one each.
    reviews = [
        review
        for review in study.store.list_reviews(
            since_ms=(day - 1) * MS_PER_DAY, until_ms=(day + 3) * MS_PER_DAY
        )
        if review.rating is not None and review.moment.study_day(rollover_hour) == day
    ]
    refs = {item.key: item.ref for item in study.items}
    if as_json:
        say_json(
            [
                {"prompt": refs.get(review.key, review.key), **_describe_review(review)}
                for review in reviews
            ]
        )
        return
    say(draw_day_history(on, reviews, lambda key: refs.get(key, key)))


def _describe_act(
    review: Review, step: ReplayedAnswer | None, *, is_undone: bool
) -> dict[str, Any]:
    """Return an act as JSON; undone answers and other acts have no state or schedule."""
    is_old = step is not None and step.before.last_day is not None
    is_answer = review.act is Act.ANSWER
    set_days = None if is_answer else review.interval_days
    promised_days = review.interval_days if is_answer else None
    return {
        **_describe_review(review),
        "undone": is_undone,
        "state": str(step.before.state) if step else None,
        "retrievability": step.retrievability if step and is_old else None,
        "interval_days": step.after.interval_days if step else set_days,
        "promised_days": promised_days,
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
