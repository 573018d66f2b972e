"""`cards sync`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.environment import open_journal, read_clock
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import db_option, json_option
from cardwright.cli.paths import OutputFolder
from cardwright.study.sync import sync_folder
from cardwright.study.transfer import TransferError, describe_clashes
from cardwright.text import count


@click.command()
@click.argument("shared", type=OutputFolder(), metavar="DIR")
@json_option
@db_option
@click.pass_obj
def sync(folder: Path, shared: Path, as_json: bool, db: Path | None) -> None:
    """Share reviews with your other machines.

    DIR is a folder shared through Dropbox, Syncthing or git. Each machine writes only its own files
    there and reads those of the others; the order in which they sync makes no difference. If a file
    of another machine is damaged or has not arrived in full, what is readable is used.

    \b
    cards sync ~/Dropbox/cards
    """
    made_folder = _make_folder(shared)
    with open_journal(folder, db) as (journal, settle):
        done = sync_folder(journal, shared, settle, read_clock())
        journal.store.remember_sync_folder(shared.absolute())
    if as_json:
        say_json({**done._asdict(), "made_folder": made_folder})
    else:
        if made_folder:
            say(f"created the folder {shared}: nothing was shared there before")
        say(
            f"{count(done.taken, 'new review')} from others, {count(done.given, 'review')} for them"
        )
    for note in (*describe_clashes(done.clashes), *done.notes):
        warn(f"note: {note}")
    if done.problems:
        raise TransferError(
            "\n".join(done.problems),
            help="everything else was synced; the next sync reads these files again",
        )


def _make_folder(shared: Path) -> bool:
    """Create the folder if only its last part is missing; return whether it is new.

    Raises:
        TransferError: the folder above is missing too, or it cannot be created.

    """
    if shared.is_dir():
        return False
    if not shared.absolute().parent.is_dir():
        raise TransferError(
            f"there is no folder {shared.parent}",
            help="check its name, and that its drive is connected",
        )
    shared.mkdir(exist_ok=True)
    return True
