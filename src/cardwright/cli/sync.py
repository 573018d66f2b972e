"""`cards sync`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.environment import open_journal
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.study.transfer import TransferError, sync_folder
from cardwright.text import count


@click.command()
@click.argument("shared", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@json_option
@db_option
@click.pass_obj
def sync(folder: Path, shared: Path, as_json: bool, db: Path | None) -> None:
    """Share reviews with your other machines.

    DIR is a folder shared through Dropbox, Syncthing or git. Each machine writes only its own file
    there and reads those of the others; the order in which they sync makes no difference.

    \b
    cards sync ~/Dropbox/cards
    """
    shared.mkdir(parents=True, exist_ok=True)
    with open_journal(folder, db) as (journal, settle):
        done = sync_folder(journal, shared, settle)
    if as_json:
        say_json(done._asdict())
    else:
        say(
            f"{count(done.taken, 'new review')} from others, {count(done.given, 'review')} for them"
        )
    if done.clashes:
        shown = ", ".join(done.clashes[:5])
        raise TransferError(
            f"{count(len(done.clashes), 'review')} conflict with the ones here, which were kept: {shown}"
        )
