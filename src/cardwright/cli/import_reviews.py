"""`cards import`."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import click

from cardwright.cli.environment import open_journal
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import db_option, json_option
from cardwright.foreign.database import is_database
from cardwright.study.snapshot import read_copy
from cardwright.study.transfer import describe_clashes, read_files
from cardwright.text import count


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE...",
)
@json_option
@db_option
@click.pass_obj
def import_reviews(folder: Path, files: tuple[Path, ...], as_json: bool, db: Path | None) -> None:
    """Import reviews from `cards export`.

    Reads JSON Lines or CSV, or a backup or other copy of a store. Reviews that are already in the
    store are skipped, so importing twice changes nothing. If a line is invalid, nothing is imported.

    \b
    cards import reviews.jsonl
    """
    with open_journal(folder, db) as (journal, settle):
        reviews = chain.from_iterable(
            read_copy(file) if is_database(file) else read_files([file]) for file in files
        )
        added, clashes = journal.merge(reviews)
        settle()
    if as_json:
        say_json({"taken": added, "clashes": clashes})
    else:
        say(f"{count(added, 'new review')}")
    for note in describe_clashes(clashes):
        warn(f"note: {note}")
