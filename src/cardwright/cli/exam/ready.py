"""`cards exam ready`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.environment import open_study
from cardwright.cli.exam.forecast import estimate_as_json
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.exam.forecasts import list_forecasts, pick_forecasts
from cardwright.exam.readiness import check_forecasts, read_objectives, read_signals
from cardwright.study.stats import list_answers
from cardwright.terminal.exam import (
    draw_estimate,
    draw_objectives,
    draw_readings,
    format_fit,
    format_held,
    format_horizon,
    format_learning,
)
from cardwright.terminal.exam_summary import draw_forecasts_made
from cardwright.terminal.reports import draw_sections
from cardwright.text import count


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]")
@json_option
@db_option
@click.pass_obj
def ready(folder: Path, packs: tuple[str, ...], as_json: bool, db: Path | None) -> None:
    """Show how ready you are: recall expected today and on exam day.

    Shown by domain, weighted as in the exam, and by objective. Cards you have not seen count as
    unknown. This is a forecast of recall, not your chance of passing. Earlier forecasts of the day
    are shown below, and the last line compares what was expected with your answers.

    \b
    cards exam ready
    cards exam ready mlpro --json
    """
    with open_study(folder, db) as study:
        preparation = study.prepare(packs)
        found = preparation.plan()
        goal, blueprint = preparation.goal, preparation.blueprint
        items, recalls = preparation.items, preparation.recalls
        readings = read_signals(blueprint, items, recalls) if blueprint else []
        objectives = read_objectives(blueprint, items, recalls) if blueprint else []
        keys = {item.key for item in items}
        held = check_forecasts(list_answers(study.journal, keys.__contains__))
        kept = list_forecasts(study.store, preparation.namespace, goal)
        earlier = [made for made in kept if made.study_day <= preparation.today]
        prompts = len(preparation.candidates)
        left = preparation.estimate()
        unseen = sum(not candidate.stability for candidate in preparation.candidates)
    if as_json:
        say_json(
            {
                "pack": goal.pack,
                "exam_on": goal.exam_on.isoformat(),
                "days_left": goal.exam_day - preparation.today,
                "planned_to": preparation.planned.exam_on.isoformat(),
                "unseen": unseen,
                "prompts": prompts,
                "recall_today": {name: recall._asdict() for name, recall in found.today.items()},
                **estimate_as_json(preparation, left, found),
                "objective_sets": [reading.as_json() for reading in objectives],
                "signals": [
                    {"id": r.signal.id, "recall": r.recall, "given": r.is_given} for r in readings
                ],
                "calibration": held._asdict() if held else None,
                "earlier": [made.as_json() for made in earlier],
            }
        )
        return
    seen = f"{prompts - unseen:,} of {count(prompts, 'prompt')} seen"
    seen += "; unseen ones count as unknown." if unseen else "."
    horizon = format_horizon(goal, preparation.planned)
    fit, learning = format_fit(found, preparation), format_learning(found.learning)
    sentences = [line for line in (seen, fit, learning, horizon) if line]
    say(
        draw_sections(
            {
                f"{preparation.title} on {goal.exam_on}": sentences,
                **draw_estimate(preparation, left, found),
                "Objectives": draw_objectives(objectives),
                "Signs that you can book": draw_readings(readings),
                "Forecasts so far": [draw_forecasts_made(pick_forecasts(earlier))]
                if earlier
                else [],
                "": [format_held(held)],
            }
        )
    )
