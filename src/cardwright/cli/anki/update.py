"""`cards anki update`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from cardwright.anki.doors.door import describe_place
from cardwright.anki.doors.library import load_library
from cardwright.app.anki.update import Update, update_pack
from cardwright.app.build import build_packs
from cardwright.app.lock import lock_project
from cardwright.cli.anki.doors import open_library_door, profile_option, server_option
from cardwright.cli.build import warn_of_file, warn_of_waiting
from cardwright.cli.build_time import find_build_time_s, find_time_s
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import db_option, json_option
from cardwright.cli.project import open_user_project
from cardwright.project.walk import find_project
from cardwright.text import MAX_LISTED, count, list_names


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@profile_option
@server_option
@click.option(
    "--presets",
    is_flag=True,
    help="Import the options of the decks, too. Presets that are in Anki already stay.",
)
@json_option
@db_option
@click.pass_obj
def update(
    folder: Path,
    packs: tuple[str, ...],
    profile: str | None,
    server: str | None,
    presets: bool,
    as_json: bool,
    db: Path | None,
) -> None:
    """Bring the cards of this project into Anki.

    Builds the packs as `cards build` does, so what is not released yet arrives, too, and imports
    them as Anki does without your choosing anything: new notes are added, changed ones updated;
    answers, decks and what you edited in Anki since then stay. Notes are never deleted. Before the
    first change of a day, the collection is backed up.

    Anki must be closed. Needs the extra: pip install 'cardwright[anki]'.

    \b
    cards anki update
    cards anki update mlpro --profile "User 1"
    cards anki update --server http://anna@192.168.1.5:8080/
    """
    door = open_library_door({}, db, profile, server)
    load_library()
    with lock_project(find_project(folder), warn_of_waiting):
        project = open_user_project(folder)
        chosen = project.choose_packs(packs)
        project.refuse_errors()
        times_s = find_build_time_s(project.root), find_time_s()
        built = list(
            build_packs(project, chosen, times_s=times_s, target=None, warn_of=warn_of_file)
        )
    done = []
    for package in built:
        backup = door.backup
        found = update_pack(door, package, with_presets=presets)
        done.append(found)
        if door.backup != backup:
            warn(f"backup: {door.backup}")
        if not as_json:
            _tell(found, door.place)
        if server is not None and found.media:
            warn(
                f"note: {count(found.media, 'media file')} of {found.pack} did not go to the server, "
                f"which gets only cards: import {found.path} in Anki once"
            )
    if as_json:
        say_json(
            {
                "place": door.place,
                "backup": None if door.backup is None else str(door.backup),
                "packs": [{**asdict(found), "path": str(found.path)} for found in done],
            }
        )


def _tell(found: Update, place: str) -> None:
    parts: dict[str, Sequence[str]] = {
        "new": found.new,
        "updated": found.updated,
        "kept": found.kept,
        "unchanged": found.unchanged,
        "conflicting": found.conflicting,
    }
    counts = ", ".join(f"{len(refs):,} {what}" for what, refs in parts.items() if refs)
    say(f"{found.pack} in {describe_place(place)}: {counts or 'no notes'}")
    for what in ("new", "updated"):
        if 0 < len(parts[what]) <= MAX_LISTED:
            say(f"  {what}: {list_names(parts[what])}")
    if found.kept:
        say(f"  kept, since edited in Anki: {list_names(found.kept)}")
    if found.conflicting:
        warn(
            f"warning: not updated, since they have another note type in Anki: "
            f"{list_names(found.conflicting)}"
        )
