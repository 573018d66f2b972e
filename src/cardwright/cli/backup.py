"""`cards backup`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.environment import open_user_store, read_clock
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.cli.paths import OutputFile
from cardwright.cli.user_folders import default_store_path
from cardwright.foreign.database import MAGIC
from cardwright.study.backup import list_backups, restore_backup
from cardwright.study.error import StoreError
from cardwright.study.snapshot import read_ids
from cardwright.study.store import Store
from cardwright.text import count


@click.command()
@click.argument("file", required=False, type=OutputFile(MAGIC))
@click.option("--list", "is_list", is_flag=True, help="List the dated backups, newest first.")
@click.option(
    "--restore",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Restore this backup; the current store is kept under another name.",
)
@json_option
@db_option
def backup(
    file: Path | None, is_list: bool, restore: Path | None, as_json: bool, db: Path | None
) -> None:
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
        found = list_backups(path)
        if as_json:
            say_json([{"path": str(one), "bytes": one.stat().st_size} for one in found])
        for one in () if as_json else found:
            say(str(one))
        return
    if restore is not None:
        aside = restore_backup(restore, path, today)
        if as_json:
            previous = None if aside is None else str(aside)
            say_json({"path": str(path), "restored": str(restore), "previous": previous})
            return
        say(f"{path}: restored from {restore}")
        if aside is not None:
            say(f"the previous store: {aside}")
        return
    with open_user_store(db) as store:
        if file is None:
            made = store.back_up(today)
        else:
            _check_older(store, file)
            store.copy_to(made := file)
    if as_json:
        say_json({"path": str(made), "bytes": made.stat().st_size})
    else:
        say(str(made))


def _check_older(store: Store, file: Path) -> None:
    """Check that a file which a backup is about to replace is an older one of the same reviews.

    Raises:
        StoreError: it is damaged or no review store, or has reviews that the store lacks.

    """
    if not (file.exists() and file.stat().st_size):
        return
    try:
        lacking = read_ids(file, is_checked=False).difference(store.list_ids())
    except StoreError as error:
        message = f"{file} is not an older backup: {error.message}"
        raise StoreError(message, help="delete it first, or name another file") from None
    if lacking:
        message = f"{file} has {count(len(lacking), 'review')} that the store lacks"
        raise StoreError(message, help="import it first with `cards import`, or name another file")
