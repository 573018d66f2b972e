"""`cards import`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.options import db_option, json_option


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
    """Take in reviews that `cards export` wrote.

    What is here already is passed over, so that twice is the same as once. JSON Lines or CSV.

    \b
    cards import reviews.jsonl
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.say import count, fail
    from cardwright.cli.study import open_journal
    from cardwright.study.transfer import TransferError, read_files

    with open_journal(folder, db, read_clock()) as journal:
        try:
            taken, clashes = journal.merge(list(read_files(files)))
        except TransferError as error:
            fail(str(error))
    if as_json:
        import json

        click.echo(json.dumps({"taken": taken, "clashes": clashes}, indent=2))
    else:
        click.echo(f"{count(taken, 'new review')}")
    if clashes:
        shown = ", ".join(clashes[:5])
        fail(f"{count(len(clashes), 'review')} differ from what is here, which was kept: {shown}")
