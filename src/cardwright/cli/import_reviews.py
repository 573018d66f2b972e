"""`cards import`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardwright.app.file_kind import is_anki_file
from cardwright.cli.environment import open_journal, open_study
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import db_option, json_option
from cardwright.error import ProjectError
from cardwright.foreign.database import is_database
from cardwright.history import Review
from cardwright.progress import track
from cardwright.project.walk import find_project
from cardwright.study.snapshot import read_copy
from cardwright.study.transfer import describe_clashes, read_files
from cardwright.text import count

if TYPE_CHECKING:
    from cardwright.app.anki.file_import import Imported


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE...",
)
@click.option(
    "--keep",
    is_flag=True,
    help="Of Anki or a table, also keep the answers of cards that are not in the project.",
)
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN,…",
    help="Read CSV tables of another program, and in which columns they hold what.",
)
@json_option
@db_option
@click.pass_obj
def import_reviews(
    folder: Path,
    files: tuple[Path, ...],
    keep: bool,
    columns: tuple[str, ...],
    as_json: bool,
    db: Path | None,
) -> None:
    """Import reviews from `cards export`, the history of Anki, or that of another program.

    Reads JSON Lines or CSV, or a backup or other copy of a store. Reviews that are already in the
    store are skipped, so importing twice changes nothing. If a line is invalid, nothing is imported.

    Of Anki, it reads packages (.apkg), whole collections (.colpkg), the backups that Anki makes, and
    the file collection.anki2, even while Anki has it open. Answers, resets, due dates, suspensions and
    flags of this project's cards are taken over; the file itself is not changed.

    With --map, it reads CSV tables with a row for each answer. `prompt` is a card or prompt as this
    project names it, or any other name; `rating` is 1 to 4 or again, hard, good, easy; `at` is a time
    as ISO, or in seconds or milliseconds since 1970; `duration_ms` or `duration_s` can be left out.

    \b
    cards import reviews.jsonl
    cards import Trees.apkg
    cards import log.csv --map prompt=card_id,rating=grade,at=time,duration_s=seconds
    cards import log.csv --map prompt=card_id,rating=grade,at=time --keep
    """
    if columns:
        _import_tables(folder, db, files, columns, keep=keep, as_json=as_json)
        return
    of_anki = [file for file in files if is_anki_file(file)]
    if keep and not of_anki:
        raise click.UsageError("--keep is for files of Anki, and for tables with --map")
    others = [file for file in files if file not in of_anki]
    imported: list[Imported] = []
    if of_anki:
        _find_project(folder, of_anki[0])
        from cardwright.cli.anki_import import import_files  # noqa: PLC0415  (reads packages)

        with open_study(folder, db, is_writing=True) as study:
            added, clashes = study.journal.merge(_read(others))
            imported = import_files(study, of_anki, keeps_others=keep)
    else:
        with open_journal(folder, db) as (journal, settle):
            added, clashes = journal.merge(_read(others))
            settle()
    if as_json:
        say_json(_to_json(added, clashes, imported))
    elif others:
        say(f"{count(added, 'new review')}")
    for note in describe_clashes(clashes):
        warn(f"note: {note}")
    if not as_json:
        _tell(imported, keeps_others=keep)


def _import_tables(
    folder: Path,
    db: Path | None,
    files: Sequence[Path],
    columns: Sequence[str],
    *,
    keep: bool,
    as_json: bool,
) -> None:
    """Import tables of another program."""
    from cardwright.cli import table_import  # noqa: PLC0415  (rare)
    from cardwright.study.table import parse_map  # noqa: PLC0415  (as above)

    try:
        found = parse_map(columns)
    except ValueError as error:
        raise click.UsageError(f"--map: {error}") from None
    if other := next((file for file in files if is_anki_file(file) or is_database(file)), None):
        raise click.UsageError(f"{other} is not a CSV file: --map is for these")
    imported, clashes = table_import.import_files(folder, db, files, found, keeps_others=keep)
    if as_json:
        taken = sum(done.added + done.kept for done in imported)
        parts = list(map(table_import.to_json, imported))
        say_json({"taken": taken, "clashes": clashes, "files": parts})
    for done in imported:
        if not as_json:
            say(table_import.describe(done))
        for note in table_import.list_notes(done):
            warn(f"note: {note}")
    for note in describe_clashes(clashes):
        warn(f"note: {note}")


def _find_project(folder: Path, file: Path) -> None:
    """Check that there is a project."""
    try:
        find_project(folder)
    except ProjectError as error:
        raise ProjectError(
            f"{file} is a file of Anki, and no project is here to tell which of its cards are yours",
            help="go to the project's folder, or name it: cards -C DIR import FILE",
        ) from error


def _read(files: Sequence[Path]) -> Iterator[Review]:
    reviews = chain.from_iterable(
        read_copy(file) if is_database(file) else read_files([file]) for file in files
    )
    return track(reviews, "Importing reviews")


def _tell(imported: Sequence[Imported], *, keeps_others: bool) -> None:
    if not imported:
        return
    from cardwright.cli.anki_import import describe, list_notes  # noqa: PLC0415  (as above)

    for done in imported:
        say(describe(done))
        for note in list_notes(done, keeps_others=keeps_others):
            warn(f"note: {note}")


def _to_json(added: int, clashes: list[str], imported: Sequence[Imported]) -> dict[str, Any]:
    if not imported:
        return {"taken": added, "clashes": clashes}
    from cardwright.cli.anki_import import to_json  # noqa: PLC0415  (as above)

    return {
        "taken": added + sum(done.total for done in imported),
        "clashes": [*clashes, *(clash for done in imported for clash in done.clashes)],
        "files": [to_json(done) for done in imported],
    }
