"""`cards exam ready`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.options import db_option, json_option


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]")
@json_option
@db_option
@click.pass_obj
def ready(folder: Path, packs: tuple[str, ...], as_json: bool, db: Path | None) -> None:
    """Tell how ready you are: recall expected today and on the day.

    By domain, and weighted as the exam is. Cards that you never met count as unknown. It is a
    forecast of recall, not a chance of passing; the last line holds forecasts against answers.

    \b
    cards exam ready
    cards exam ready mlpro --json
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.exam.preparation import prepare
    from cardwright.cli.study import open_study
    from cardwright.exam.plan import FORECAST_NOTE
    from cardwright.exam.readiness import check_forecasts, read_signals
    from cardwright.study.stats import list_answers

    with open_study(folder, db, read_clock()) as study:
        preparation = prepare(study, packs)
        found = preparation.plan()
        goal, blueprint = preparation.goal, preparation.blueprint
        readings = (
            read_signals(blueprint, preparation.items, preparation.recalls) if blueprint else []
        )
        refs = {item.key for item in preparation.items}
        held = check_forecasts(list_answers(study.journal, refs.__contains__))
        unseen = sum(not candidate.stability for candidate in preparation.candidates)
    if as_json:
        import json

        row = {
            "pack": goal.pack,
            "exam_on": goal.exam_on.isoformat(),
            "days_left": goal.exam_day - preparation.today,
            "unseen": unseen,
            "prompts": len(preparation.candidates),
            "today": {name: forecast._asdict() for name, forecast in found.today.items()},
            "on_day": {name: forecast._asdict() for name, forecast in found.on_day.items()},
            "signals": [
                {"id": r.signal.id, "recall": r.recall, "given": r.is_given} for r in readings
            ],
            "calibration": held._asdict() if held else None,
        }
        click.echo(json.dumps(row, indent=2))
        return
    from cardwright.terminal.exam import (
        draw_forecasts,
        draw_readings,
        say_fit,
        say_held,
    )
    from cardwright.terminal.sections import print_sections

    met = len(preparation.candidates) - unseen
    print_sections(
        {
            f"{preparation.title} on {goal.exam_on}": [
                f"{met:,} of {len(preparation.candidates):,} prompts met; the others count as unknown.",
                say_fit(found, goal),
            ],
            "Expected recall": lambda width: draw_forecasts(found, blueprint, width),
            "What speaks for booking": lambda _: draw_readings(readings),
            "": [f"{FORECAST_NOTE} {say_held(held)}"],
        }
    )
