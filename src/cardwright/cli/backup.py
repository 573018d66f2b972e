"""`cards backup`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.options import db_option


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--list", "is_list", is_flag=True, help="List the dated backups, the newest first.")
@click.option(
    "--restore",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Go back to this backup; what is there now is put aside, not lost.",
)
@db_option
def backup(file: Path | None, is_list: bool, restore: Path | None, db: Path | None) -> None:
    """Copy the review store, or go back to a copy.

    Dated backups are made by themselves, one a day on which you review, and ten are kept. This
    makes one now: in FILE, or among the dated ones.

    \b
    cards backup
    cards backup --list
    cards backup --restore ~/.local/share/cardwright/backups/reviews-2026-11-26.db
    """
    from cardwright.cli.clock import read_clock
    from cardwright.cli.say import fail
    from cardwright.cli.study import default_store_path, open_user_store
    from cardwright.study.backup import list_backups, restore_backup
    from cardwright.study.error import StoreError

    if sum((is_list, restore is not None, file is not None)) > 1:
        raise click.UsageError("FILE, --list and --restore exclude one another")
    moment = read_clock()
    today = moment.local.date().isoformat()
    path = db or default_store_path()
    if is_list:
        for found in list_backups(path):
            click.echo(str(found))
        return
    if restore is not None:
        try:
            aside = restore_backup(restore, path, today)
        except StoreError as error:
            fail(str(error))
        click.echo(f"{path}: restored from {restore}")
        if aside is not None:
            click.echo(f"what was there before: {aside}")
        return
    with open_user_store(db, moment) as store:
        if file is None:
            click.echo(str(store.back_up(today)))
        else:
            store.copy_to(file)
            click.echo(str(file))
