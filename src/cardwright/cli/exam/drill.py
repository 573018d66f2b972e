"""`cards exam drill`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cardwright.cli.exam.choosing import pack_argument
from cardwright.cli.options import db_option, json_option

if TYPE_CHECKING:
    from cardwright.blueprint import Blueprint
    from cardwright.cli.study import Study
    from cardwright.exam.mock import Mock

_MOST_SEED: Final = 1_000_000


@click.command()
@pack_argument
@click.option("--lane", metavar="ID", help="Only the lessons of a lane, in its order.")
@click.option("--lesson", "lessons", multiple=True, metavar="ID", help="Only this lesson.")
@click.option("--questions", "count", type=click.IntRange(1), default=10, metavar="N")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Draw the same set again.")
@click.option("--record", is_flag=True, help="Let the answers count as reviews: Good or Again.")
@click.option("--plain", is_flag=True, help="Plain prompts, line by line.")
@json_option
@db_option
@click.pass_obj
def drill(
    folder: Path,
    pack: str | None,
    lane: str | None,
    lessons: tuple[str, ...],
    count: int,
    seed: int | None,
    record: bool,
    plain: bool,
    as_json: bool,
    db: Path | None,
) -> None:
    """Take a short mixed set, or a single lane.

    There is no clock, and each answer is explained at once. Without --lane and --lesson, questions
    are drawn by the weights of the domains.

    \b
    cards exam drill
    cards exam drill mlpro --lane features --questions 6
    cards exam drill --lesson 2.5 --lesson 2.4
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.exam.choosing import check_lesson, choose_exam
    from cardwright.cli.exam.sitting import take
    from cardwright.cli.say import fail
    from cardwright.cli.study import open_study
    from cardwright.exam.mock import find_interrupted

    with open_study(folder, db, read_clock()) as study:
        blueprint = choose_exam(study, pack)
        if lane is not None:
            if lane not in blueprint.lanes:
                fail(f"there is no lane `{lane}` (lanes: {', '.join(blueprint.lanes) or 'none'})")
            lessons = (*blueprint.lanes[lane].lessons, *lessons)
        for lesson in lessons:
            check_lesson(blueprint, lesson)
        found = None if lessons else find_interrupted(study.store, blueprint.pack, "drill")
        if found:
            click.echo(f"Going on with {found.id}.", err=True)
        else:
            found = _draw(study, blueprint, lessons, count, seed, is_recorded=record)
        take(study, blueprint, found, plain=plain, as_json=as_json)


def _draw(
    study: Study,
    blueprint: Blueprint,
    lessons: tuple[str, ...],
    count: int,
    seed: int | None,
    *,
    is_recorded: bool,
) -> Mock:
    import secrets

    from cardwright.cli.say import fail
    from cardwright.exam.mock import MockError, draw_drill, list_mocks, make_mock_id

    try:
        return draw_drill(
            study.items,
            study,
            blueprint,
            list_mocks(study.store, blueprint.pack, "mock", "drill"),
            id=make_mock_id(study.store, blueprint.pack, study.moment),
            seed=secrets.randbelow(_MOST_SEED) if seed is None else seed,
            started_at_ms=study.moment.at_ms,
            count=count,
            lessons=lessons,
            is_recorded=is_recorded,
        )
    except MockError as error:
        fail(str(error))
