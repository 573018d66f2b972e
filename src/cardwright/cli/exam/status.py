"""`cards exam status`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.options import db_option, json_option


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]")
@json_option
@db_option
@click.pass_obj
def status(folder: Path, packs: tuple[str, ...], as_json: bool, db: Path | None) -> None:
    """Tell at a glance where you stand, and what today asks.

    \b
    cards exam status
    cards exam status mlpro --json
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.exam.preparation import prepare
    from cardwright.cli.say import count
    from cardwright.cli.study import open_study

    with open_study(folder, db, read_clock()) as study:
        preparation = prepare(study, packs)
        found = preparation.plan()
        goal, today = preparation.goal, preparation.today
        minutes = 0.0 if goal.is_off(today) else preparation.count_minutes_left()
        asked = preparation.arrange(minutes)
        new = sum(not worth.candidate.stability for worth in asked)
        days_left = goal.exam_day - today
        study_days = len(goal.list_days(today))
        seen = sum(bool(candidate.stability) for candidate in preparation.candidates)
    if as_json:
        import json

        row = {
            **goal.as_json(),
            "days_left": days_left,
            "study_days_left": study_days,
            "prompts": len(preparation.candidates),
            "seen": seen,
            "on_day": {name: forecast._asdict() for name, forecast in found.on_day.items()},
            "today": {"minutes": minutes, "new": new, "reviews": len(asked) - new},
        }
        click.echo(json.dumps(row, indent=2))
        return
    from cardwright.terminal.exam import draw_forecasts, say_fit
    from cardwright.terminal.sections import print_sections

    asks = (
        f"{minutes:.0f} minutes: {count(new, 'new card')} and {count(len(asked) - new, 'review')}."
        if asked
        else "Nothing: it is a day off."
        if goal.is_off(today)
        else "Nothing more."
    )
    print_sections(
        {
            f"{preparation.title} on {goal.exam_on}": [
                (
                    f"{count(days_left, 'day')} left, {count(study_days, 'study day')} of "
                    f"{goal.minutes_a_day} minutes; {seen:,} of "
                    f"{len(preparation.candidates):,} prompts met."
                ),
                say_fit(found, goal),
            ],
            "Expected recall": lambda width: draw_forecasts(found, preparation.blueprint, width),
            "Today": [asks, "`cards review` asks them, the most useful first."],
        }
    )
