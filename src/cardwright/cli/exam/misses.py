"""`cards exam misses`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.exam.choosing import pack_argument
from cardwright.cli.options import db_option, json_option


@click.command()
@pack_argument
@click.option(
    "--by", type=click.Choice(["mode", "lesson", "domain"]), default="mode", help="Group by this."
)
@json_option
@db_option
@click.pass_obj
def misses(folder: Path, pack: str | None, by: str, as_json: bool, db: Path | None) -> None:
    """List, group and trend what was missed.

    Each group with how many there were in each of the last eight weeks, by the Monday it began.

    \b
    cards exam misses
    cards exam misses mlpro --by lesson --json
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.exam.choosing import choose_exam
    from cardwright.cli.study import open_study
    from cardwright.exam.misses import group_misses, list_misses, list_mondays

    with open_study(folder, db, read_clock()) as study:
        blueprint = choose_exam(study, pack)
        found = list_misses(study.store, blueprint.pack)
        groups = group_misses(found, by, blueprint, study.today)
        mondays = list_mondays(study.today)
    if as_json:
        import json
        from dataclasses import asdict

        rows = {
            "weeks": [monday.isoformat() for monday in mondays],
            "groups": [group._asdict() for group in groups],
            "misses": [{**asdict(miss), "on": miss.on.isoformat()} for miss in found],
        }
        click.echo(json.dumps(rows, indent=2))
    elif not found:
        click.echo("No misses yet: `cards exam miss` writes one down.")
    else:
        from cardwright.terminal.miss_list import print_misses

        print_misses(found, groups, mondays, by, blueprint)
