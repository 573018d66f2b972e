"""`cards exam coverage`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.exam.choosing import pack_argument
from cardwright.cli.options import db_option, json_option


@click.command()
@pack_argument
@json_option
@db_option
@click.pass_obj
def coverage(folder: Path, pack: str | None, as_json: bool, db: Path | None) -> None:
    """Show what the cards cover of an exam.

    Of each domain, lesson and objective: the cards there are, and how much of what they ask you
    have seen and know. What is missing is named.

    \b
    cards exam coverage
    cards exam coverage mlpro --json
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.exam.choosing import choose_exam
    from cardwright.cli.study import open_study
    from cardwright.exam.coverage import measure_coverage
    from cardwright.exam.mock import can_be_asked
    from cardwright.history import Memory

    with open_study(folder, db, read_clock()) as study:
        blueprint = choose_exam(study, pack)

        def recall(memory: Memory) -> float:
            return study.journal.schedule_of(memory.key).retrievability(memory, study.today)

        found = measure_coverage(
            blueprint,
            study.items,
            {memory.key: memory for memory in study.store.list_memories()},
            recall,
            lambda item: can_be_asked(item, study.find_kind(item.kind)),
        )
    if as_json:
        import json

        click.echo(json.dumps(found.as_json(), indent=2))
        return
    from cardwright.terminal.coverage import print_coverage

    print_coverage(found)
