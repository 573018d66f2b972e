"""`cards next`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.app.choice import Choice
from cardwright.app.study import describe_memory
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import choice_options, db_option, json_option
from cardwright.terminal.words import explain_day_off


@click.command("next")
@choice_options
@json_option
@db_option
@click.pass_obj
def next_command(folder: Path, choice: Choice, as_json: bool, db: Path | None) -> None:
    """Show what `cards review` would ask now.

    \b
    cards next
    cards next mlpro --json
    """
    with open_study(folder, db) as study:
        off = explain_day_off(study.journal.days, study.today)
        queue, _ = study.make_queue(choice, study.read_memories())
        item = queue.peek(study.moment.at_ms)
        row = None
        if item is not None:
            memory, _ = study.store.read_memory(item.key)
            schedule = study.journal.schedule_of(item.key)
            row = describe_memory(item.ref, memory, schedule, study.today)
    if as_json:
        say_json(row)
    else:
        say(f"{row['prompt']}  ({row['state']})" if row else off or "nothing to ask now")
