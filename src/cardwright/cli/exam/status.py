"""`cards exam status`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardwright.cli.environment import open_study
from cardwright.cli.exam.forecast import estimate_as_json, try_plan
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.exam.summary import count_attendance, sum_up
from cardwright.history import make_date
from cardwright.terminal.exam import (
    draw_estimate,
    format_attendance,
    format_fit,
    format_horizon,
    format_learning,
    format_time_left,
)
from cardwright.terminal.exam_summary import draw_summary
from cardwright.terminal.reports import draw_sections

if TYPE_CHECKING:
    from cardwright.app.preparation import Preparation
    from cardwright.app.study import Study
    from cardwright.exam.mock import Mock


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]")
@json_option
@db_option
@click.pass_obj
def status(folder: Path, packs: tuple[str, ...], as_json: bool, db: Path | None) -> None:
    """Show where you stand, and what is planned for today.

    From the day of the exam on, show what you did for it and how the forecasts held.

    \b
    cards exam status
    cards exam status mlpro --json
    """
    # Arrays are short here: threads of numpy would only take time to start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with open_study(folder, db) as study:
        preparation = study.prepare(packs)
        blueprint = preparation.blueprint
        mocks = study.list_mocks(blueprint, "mock", "drill") if blueprint else []
        tell = _tell_end if preparation.is_over else _tell_standing
        tell(study, preparation, mocks, as_json=as_json)


def _tell_end(study: Study, preparation: Preparation, mocks: list[Mock], *, as_json: bool) -> None:
    blueprint, goal, today = preparation.blueprint, preparation.goal, preparation.today
    summary = sum_up(
        study.journal,
        preparation.items,
        blueprint,
        goal,
        preparation.namespace,
        study.moment,
        mocks=mocks,
        misses=study.list_misses(blueprint) if blueprint else [],
    )
    if as_json:
        days_left = {"days_left": goal.exam_day - today}
        say_json({**goal.as_json(), **days_left, "summary": summary.as_json()})
    else:
        say(draw_sections(draw_summary(summary, preparation)))


def _tell_standing(
    study: Study, preparation: Preparation, mocks: list[Mock], *, as_json: bool
) -> None:
    goal, today = preparation.goal, preparation.today
    found, lack = try_plan(preparation)
    left = preparation.estimate()
    keys = {item.key for item in preparation.items}
    attendance = count_attendance(study.journal, keys, goal, study.moment, today, mocks)
    if as_json:
        candidates = preparation.candidates
        next_day = goal.find_next_day(today)
        say_json(
            {
                **goal.as_json(),
                "days_left": goal.exam_day - today,
                "planned_to": preparation.planned.exam_on.isoformat(),
                "study_days_left": goal.count_days(today),
                "next_study_on": None if next_day is None else make_date(next_day).isoformat(),
                "prompts": len(candidates),
                "seen": sum(bool(candidate.stability) for candidate in candidates),
                "so_far": attendance._asdict(),
                **estimate_as_json(preparation, left, found),
            }
        )
        return
    sentences = [
        format_time_left(preparation),
        format_attendance(attendance, preparation),
        format_fit(found, preparation) if found else lack,
        format_learning(found.learning) if found else "",
        format_horizon(goal, preparation.planned),
    ]
    say(
        draw_sections(
            {
                f"{preparation.title} on {goal.exam_on}": filter(None, sentences),
                **draw_estimate(preparation, left, found),
            }
        )
    )
