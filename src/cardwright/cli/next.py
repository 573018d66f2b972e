"""`cards next`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardwright.cli.choosing import choice_options
from cardwright.cli.options import db_option, json_option

if TYPE_CHECKING:
    from cardwright.cli.choosing import Choice


@click.command("next")
@choice_options
@json_option
@db_option
@click.pass_obj
def next_command(folder: Path, choice: Choice, as_json: bool, db: Path | None) -> None:
    """Tell what `cards review` would ask now.

    \b
    cards next
    cards next mlpro --json
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.study import describe_memory, make_queue, open_study

    moment = read_clock()
    with open_study(folder, db, moment) as study:
        item = make_queue(study, choice, study.read_memories()).take(moment.at_ms, lambda _: True)
        row = None
        if item is not None:
            memory, _ = study.store.read_memory(item.key)
            schedule = study.journal.schedule_of(item.key)
            row = describe_memory(item.ref, memory, schedule, study.today)
    if as_json:
        import json

        click.echo(json.dumps(row, indent=2))
    else:
        click.echo(f"{row['prompt']}  ({row['state']})" if row else "nothing to ask now")
