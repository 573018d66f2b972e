"""`cards exam misses`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cardwright.app.choice import choose_exam
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option, pack_argument
from cardwright.exam.misses import group_misses, list_mondays
from cardwright.terminal.exam import draw_misses


@click.command()
@pack_argument
@click.option(
    "--by",
    type=click.Choice(["mode", "lesson", "domain"]),
    default="mode",
    show_default=True,
    help="Group by failure mode, lesson or domain.",
)
@json_option
@db_option
@click.pass_obj
def misses(folder: Path, pack: str | None, by: str, as_json: bool, db: Path | None) -> None:
    """List and group your misses, and show their trend.

    Shows the number of misses of each group in each of the last eight weeks, named by their Monday.

    \b
    cards exam misses
    cards exam misses mlpro --by lesson --json
    """
    with open_study(folder, db) as study:
        blueprint = choose_exam(study.sources.blueprints, pack)
        found = study.list_misses(blueprint)
        groups = group_misses(found, by, blueprint, study.today)
        mondays = list_mondays(study.today)
    if as_json:
        say_json(
            {
                "weeks": [monday.isoformat() for monday in mondays],
                "groups": [group._asdict() for group in groups],
                "misses": [{**asdict(miss), "on": miss.on.isoformat()} for miss in found],
            }
        )
    elif not found:
        say("No misses yet: `cards exam miss` adds one.")
    else:
        say(draw_misses(found, groups, mondays, by, blueprint))
