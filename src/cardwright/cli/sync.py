"""`cards sync`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.config_file import load_config
from cardwright.cli.environment import open_journal, read_clock
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import db_option, json_option
from cardwright.cli.paths import OutputFolder
from cardwright.files import find_real, is_on_network
from cardwright.study.store import Store
from cardwright.study.sync import Exchange, describe_exchange, is_used, sync_folder
from cardwright.study.transfer import TransferError, describe_clashes, show_name
from cardwright.study.versions import Record

_FOLDER = OutputFolder()


@click.command()
@click.argument("shared", type=_FOLDER, required=False, metavar="[DIR]")
@json_option
@db_option
@click.pass_obj
def sync(folder: Path, shared: Path | None, as_json: bool, db: Path | None) -> None:
    """Share your history with your other machines.

    DIR is a folder shared through Dropbox, Syncthing or git; without it, the folder set by
    `cards config sync=DIR`, or that of the last sync. It carries reviews, options, exams that are set, fitted parameters, mock exams, drills,
    misses and forecasts. Each machine writes only its own files there and reads those of the others; the order in
    which they sync makes no difference. Of two changes to an option, the later one counts.

    \b
    mkdir ~/Dropbox/cards
    cards sync ~/Dropbox/cards
    cards sync
    """
    with open_journal(folder, db) as (journal, settle):
        target = shared or _recall(journal.store)
        home = find_real(target) if ".." in target.parts else target.absolute()
        is_emptied = str(home) == journal.store.settings.read_sync_folder() and not is_used(target)
        done = sync_folder(journal, target, settle, read_clock(), _is_valid)
        journal.store.settings.remember_sync_folder(home)
    if as_json:
        parts = {"settings": done.settings._asdict(), "records": done.records._asdict()}
        say_json({"folder": str(target), **done._asdict(), **parts})
    else:
        reviews = Exchange(done.taken, done.given)
        taken, given = describe_exchange(reviews, done.settings, done.records)
        said = "nothing new" if done.has_nothing_new else f"{taken} from others; {given} for them"
        say(said if shared else f"{target}: {said}")
    notes = [*describe_clashes(done.clashes), *done.notes]
    if is_emptied:
        notes.append(
            f"the files of earlier syncs are no longer in {target}: is its drive connected?"
        )
    for note in notes:
        warn(f"note: {note}")
    if done.problems:
        raise TransferError(
            "\n".join(done.problems),
            help="everything else was synced; the next sync reads these files again",
        )


def _recall(store: Store) -> Path:
    """Return the folder that the config file sets, or that of the last sync."""
    known = str(load_config().folder("sync") or "")
    if not known:
        # The store may have been made by somebody else.
        known = store.settings.read_sync_folder()
        if is_on_network(known):
            raise click.UsageError(
                f"name the folder: the last one, {show_name(known)}, is on another computer. "
                "`cards config sync=DIR` sets it for good."
            )
    if not known:
        raise click.UsageError("name the folder: this is the first sync")
    return Path(_FOLDER.convert(known, None, click.get_current_context()))


def _is_valid(record: Record) -> bool:
    from cardwright.exam.shared import is_valid_record  # noqa: PLC0415  (new ones are rare)

    return is_valid_record(record)
