"""`cards sync`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.options import db_option, json_option


@click.command()
@click.argument("shared", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@json_option
@db_option
@click.pass_obj
def sync(folder: Path, shared: Path, as_json: bool, db: Path | None) -> None:
    """Share reviews with your other machines.

    Through a folder that Dropbox, Syncthing or git carries. Each machine writes only a file of its
    own there and takes in those of the others; the order in which they do so makes no difference.

    \b
    cards sync ~/Dropbox/cards
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.say import count, fail
    from cardwright.cli.study import open_journal
    from cardwright.study.transfer import TransferError, sync_folder

    shared.mkdir(parents=True, exist_ok=True)
    with open_journal(folder, db, read_clock()) as journal:
        try:
            done = sync_folder(journal, shared)
        except TransferError as error:
            fail(str(error))
    if as_json:
        import json

        click.echo(json.dumps(done._asdict(), indent=2))
    else:
        click.echo(
            f"{count(done.taken, 'new review')} from others, {count(done.given, 'review')} for them"
        )
    if done.clashes:
        shown = ", ".join(done.clashes[:5])
        fail(f"{count(len(done.clashes), 'review')} differ from ours, which were kept: {shown}")
