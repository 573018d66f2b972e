"""`cards backup`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.environment import open_user_store, read_clock
from cardwright.cli.output import say
from cardwright.cli.params import db_option
from cardwright.cli.paths import OutputFile
from cardwright.cli.user_folders import default_store_path
from cardwright.study.backup import list_backups, restore_backup


@click.command()
@click.argument("file", required=False, type=OutputFile(is_database=True))
@click.option("--list", "is_list", is_flag=True, help="List the dated backups, newest first.")
@click.option(
    "--restore",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Restore this backup; the current store is kept under another name.",
)
@db_option
def backup(file: Path | None, is_list: bool, restore: Path | None, db: Path | None) -> None:
    """Back up the review store, or restore a backup.

    A dated backup is made automatically on each day you review; the last ten are kept. This command
    makes one now, as FILE or among the dated ones.

    \b
    cards backup
    cards backup --list
    cards backup --restore ~/.local/share/cardwright/backups/reviews-2026-11-26.db
    """
    if sum((is_list, restore is not None, file is not None)) > 1:
        raise click.UsageError("use only one of FILE, --list and --restore")
    today = read_clock().local.date().isoformat()
    path = db or default_store_path()
    if is_list:
        for found in list_backups(path):
            say(str(found))
        return
    if restore is not None:
        aside = restore_backup(restore, path, today)
        say(f"{path}: restored from {restore}")
        if aside is not None:
            say(f"the previous store: {aside}")
        return
    with open_user_store(db) as store:
        if file is None:
            say(str(store.back_up(today)))
        else:
            store.copy_to(file)
            say(str(file))
