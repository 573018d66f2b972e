"""`cards exam status`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.terminal.exam import draw_forecasts, format_fit, format_horizon
from cardwright.terminal.reports import draw_sections
from cardwright.text import count


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]")
@json_option
@db_option
@click.pass_obj
def status(folder: Path, packs: tuple[str, ...], as_json: bool, db: Path | None) -> None:
    """Show where you stand, and what is planned for today.

    \b
    cards exam status
    cards exam status mlpro --json
    """
    # Arrays are short here: threads of numpy would only take time to start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with open_study(folder, db) as study:
        preparation = study.prepare(packs)
        found = preparation.plan()
        goal, today = preparation.goal, preparation.today
        minutes = 0.0 if goal.is_off(today) else preparation.count_minutes_left()
        asked = preparation.list_today(minutes)
        new = sum(not worth.candidate.stability for worth in asked)
        days_left = goal.exam_day - today
        study_days = goal.count_days(today)
        seen = sum(bool(candidate.stability) for candidate in preparation.candidates)
    prompts = len(preparation.candidates)
    if as_json:
        say_json(
            {
                **goal.as_json(),
                "days_left": days_left,
                "planned_to": preparation.planned.exam_on.isoformat(),
                "study_days_left": study_days,
                "prompts": prompts,
                "seen": seen,
                "on_day": {name: forecast._asdict() for name, forecast in found.on_day.items()},
                "today": {"minutes": minutes, "new": new, "reviews": len(asked) - new},
            }
        )
        return
    if asked:
        numbers = f"{count(new, 'new prompt')} and {count(len(asked) - new, 'review')}"
        today_plan = [
            f"{minutes:.0f} minutes: {numbers}.",
            "`cards review` asks them, the most useful first.",
        ]
    else:
        today_plan = ["Nothing: it is a day off." if goal.is_off(today) else "Nothing more."]
    horizon = format_horizon(goal, preparation.planned)
    time_left = (
        f"{count(days_left, 'day')} left, {count(study_days, 'study day')} of "
        f"{goal.minutes_a_day} minutes"
    )
    say(
        draw_sections(
            {
                f"{preparation.title} on {goal.exam_on}": [
                    f"{time_left}; {seen:,} of {prompts:,} prompts seen.",
                    format_fit(found, goal),
                    *([horizon] if horizon else ()),
                ],
                "Expected recall": [draw_forecasts(found, preparation.blueprint)],
                "Today": today_plan,
            }
        )
    )
