"""`cards exam drill`."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

import click

from cardwright.app.choice import check_lesson, check_objective, choose_exam
from cardwright.app.mock import draw_drill
from cardwright.cli.environment import open_study
from cardwright.cli.exam.taking import take
from cardwright.cli.output import warn
from cardwright.cli.params import NAME, db_option, json_option, pack_argument, plain_option
from cardwright.error import ProjectError
from cardwright.text import list_names

MAX_SEED: Final = 1_000_000


@click.command()
@pack_argument
@click.option("--lane", metavar="ID", help="Only the lessons of a lane, in its order.")
@click.option(
    "--lesson", "lessons", type=NAME, multiple=True, metavar="ID", help="Only this lesson."
)
@click.option(
    "--objective",
    "objectives",
    type=NAME,
    multiple=True,
    metavar="ID",
    help="Only questions on this objective.",
)
@click.option(
    "--questions",
    "count",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    metavar="N",
    help="How many questions.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="N",
    help="Draw the same set again from the same history.",
)
@click.option("--record", is_flag=True, help="Count the answers as reviews: Good or Again.")
@plain_option
@json_option
@db_option
@click.pass_obj
def drill(
    folder: Path,
    pack: str | None,
    lane: str | None,
    lessons: tuple[str, ...],
    objectives: tuple[str, ...],
    count: int,
    seed: int | None,
    record: bool,
    plain: bool,
    as_json: bool,
    db: Path | None,
) -> None:
    """Answer a short set of questions, mixed or from one lane.

    There is no clock, and each answer is explained at once. Unless you name a lane or lessons,
    questions are drawn by the weights of the domains. Unseen ones that the next mock exam needs come
    last.

    \b
    cards exam drill
    cards exam drill mlpro --lane features --questions 6
    cards exam drill --lesson 2.5 --lesson 2.4
    cards exam drill --objective 2.4.1 --objective 2.4.2
    """
    with open_study(folder, db, is_writing=True) as study:
        blueprint = choose_exam(study.sources.blueprints, pack)
        if lane is not None:
            if lane not in blueprint.lanes:
                known = list_names(blueprint.lanes, none="none")
                raise ProjectError(f"there is no lane `{lane}` (lanes: {known})")
            lessons = (*blueprint.lanes[lane].lessons, *lessons)
        for lesson in lessons:
            check_lesson(blueprint, lesson)
        for objective in objectives:
            check_objective(blueprint, objective)
        found = None if lessons or objectives else study.find_interrupted(blueprint, "drill")
        if found:
            warn(f"Continuing {found.id}.")
        else:
            found = draw_drill(
                study,
                blueprint,
                seed=secrets.randbelow(MAX_SEED) if seed is None else seed,
                count=count,
                lessons=lessons,
                objectives=objectives,
                is_recorded=record,
            )
        take(study, blueprint, found, is_plain=plain, as_json=as_json)
