"""`cards anki sync`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from cardwright.anki.doors.door import Door
from cardwright.app.anki.file_import import find_project_notes
from cardwright.app.anki.sync import sync_anki
from cardwright.app.anki.synced import (
    Choice,
    Synced,
    VanishedError,
)
from cardwright.app.study import Study
from cardwright.cli.anki.differences import describe_difference, difference_to_json
from cardwright.cli.anki.doors import open_door, profile_option, server_option
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import db_option, json_option
from cardwright.study.transfer import describe_clashes
from cardwright.text import count, list_names


@click.command()
@profile_option
@server_option
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@click.option(
    "--take-options",
    is_flag=True,
    help="Use the options of Anki's presets here too, as far as they change when you are asked.",
)
@click.option(
    "--vanished",
    type=click.Choice(["undo", "restore"]),
    help="What to do about answers that Anki had at the last sync and has no longer: undo them here "
    "too, or write them there again. Only asked for if there are many.",
)
@json_option
@db_option
@click.pass_obj
def sync(
    folder: Path,
    profile: str | None,
    server: str | None,
    dry_run: bool,
    take_options: bool,
    vanished: Choice | None,
    as_json: bool,
    db: Path | None,
) -> None:
    """Make the terminal and Anki one memory.

    Answers, resets, suspensions and flags of this project's cards go both ways, and every card has the
    same memory and due day on both sides. Anki may be open, if it has the add-on AnkiConnect, or
    closed; for the latter, and for --server, install the extra: pip install 'cardwright[anki]'. Your
    other cards are left alone. Before the first change of a day, the collection is backed up.

    \b
    cards anki sync --dry-run
    cards anki sync
    cards anki sync --server http://anna@192.168.1.5:8080/
    """
    with open_study(folder, db, is_writing=not dry_run) as study:
        notes = find_project_notes(study)
        with closing(open_door(notes, db, profile, server)) as door:

            def run(choice: Choice | None) -> Synced:
                return sync_anki(
                    study,
                    notes,
                    door,
                    vanished=choice,
                    takes_options=take_options,
                    is_dry_run=dry_run,
                )

            try:
                done = run(vanished)
            except VanishedError as error:
                done = run(_ask(error))
        if as_json:
            say_json(_to_json(done, door, is_dry_run=dry_run))
            return
        _tell(done, is_dry_run=dry_run)
        for note in _list_notes(done, study):
            warn(f"note: {note}")
        if backup := getattr(door, "backup", None):
            warn(f"backup: {backup}")


def _ask(error: VanishedError) -> Choice:
    """Ask the user what has become of rows that are gone."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise error
    warn(error.message)
    if click.confirm("Write them there again?", err=True):
        return "restore"
    if click.confirm("Undo them here, too?", err=True):
        return "undo"
    raise error


def _tell(done: Synced, *, is_dry_run: bool) -> None:
    counts = (
        f"{done.pulled:,} from Anki, {done.pushed:,} to Anki, {count(done.cards, 'card')}"
        f"{' written there' if done.cards else ''}"
    )
    if done.has_nothing_new:
        say(f"nothing new: {counts}")
    elif is_dry_run:
        say(f"{counts} (nothing was changed: this was a dry run)")
    else:
        say(counts)


def _list_notes(done: Synced, study: Study) -> Iterator[str]:
    """Yield what the user should know, a sentence for each."""
    yield from _list_changes(done)
    yield from _list_cards(done, study)
    for what, number in sorted(done.skipped.items()):
        yield f"left out: {count(number, 'row')} of Anki's log {what}"
    if not done.is_fsrs and done.found:
        yield (
            "FSRS is off in Anki, so it computes intervals in its own way, and no memory is written"
            " there; switch it on in the options of any deck"
        )
    yield from map(describe_difference, done.differences)
    yield from describe_clashes(done.clashes)


def _list_changes(done: Synced) -> Iterator[str]:
    if done.marks:
        marks = [f"{number:,} {act}" for act, number in sorted(done.marks.items())]
        yield f"changed here as in Anki: {', '.join(marks)}"
    if done.undone:
        yield f"undone here, since Anki has undone it: {count(done.undone, 'answer')}"
    if done.restored:
        yield f"written again, since Anki had lost it: {count(done.restored, 'row')} of its log"
    if done.returned:
        yield (
            f"{count(done.returned, 'answer')} that had been undone here count again: Anki has them,"
            " and a sync cannot take them away there; answer again, or `cards reset` the card"
        )
    if done.taken:
        yield f"taken over from Anki: {count(done.taken, 'option')} (`cards options` shows them)"


def _list_cards(done: Synced, study: Study) -> Iterator[str]:
    if not done.found:
        yield "Anki has no cards of this project: `cards anki update` brings them there"
    elif done.is_missing_new:
        yield (
            f"{count(done.missing, 'prompt')} with answers have no card in Anki; if the deck there is"
            " old, `cards anki update` brings the new ones"
        )
    if done.pending:
        yield (
            "in filtered decks, and written by the next sync after they are back: "
            f"{_name(done.pending, study)}"
        )
    if done.deleted:
        yield f"deleted in Anki, and not made again: {_name(done.deleted, study)}"
    if done.unmatched:
        yield (
            "not to be found in Anki in this way, since their notes show no id: "
            f"{list_names(done.unmatched)}"
        )


def _name(keys: list[str], study: Study) -> str:
    """Return prompts by their names, as far as they are asked."""
    refs = {item.key: item.ref for item in study.items}
    return list_names([refs.get(key, key) for key in keys])


def _to_json(done: Synced, door: Door, *, is_dry_run: bool) -> dict[str, Any]:
    backup = getattr(door, "backup", None)
    return {
        "place": done.place,
        "dry_run": is_dry_run,
        "from_anki": done.pulled,
        "to_anki": done.pushed,
        "cards": done.cards,
        "marks": dict(done.marks),
        "undone": done.undone,
        "restored": done.restored,
        "returned": done.returned,
        "pending": done.pending,
        "deleted": done.deleted,
        "missing": done.missing,
        "unmatched": list(done.unmatched),
        "skipped": dict(done.skipped),
        "clashes": done.clashes,
        "is_fsrs": done.is_fsrs,
        "found": done.found,
        "taken_options": done.taken,
        "differences": [
            {**difference_to_json(one), "can_take": one.can_take} for one in done.differences
        ],
        "backup": None if backup is None else str(backup),
    }
