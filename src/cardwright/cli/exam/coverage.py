"""`cards exam coverage`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.app.choice import choose_exam
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option, pack_argument
from cardwright.exam.candidates import expect_recall
from cardwright.exam.coverage import measure_coverage
from cardwright.terminal.exam import draw_coverage


@click.command()
@pack_argument
@json_option
@db_option
@click.pass_obj
def coverage(folder: Path, pack: str | None, as_json: bool, db: Path | None) -> None:
    """Show how well the cards cover an exam.

    Lists the objectives of each set, then domains and lessons, with their cards and how many of
    their prompts you have seen and know. Gaps are listed by name.

    \b
    cards exam coverage
    cards exam coverage mlpro --json
    """
    with open_study(folder, db) as study:
        blueprint = choose_exam(study.sources.blueprints, pack)
        memories = {memory.key: memory for memory in study.store.list_memories()}
        recalls = expect_recall(memories, study.journal, study.today)
        kinds = study.sources.kinds
        found = measure_coverage(blueprint, study.items, memories, recalls, kinds)
    if as_json:
        say_json(found.as_json())
    else:
        say(draw_coverage(found))
