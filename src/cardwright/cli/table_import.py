"""What `cards import --map` does with tables of other programs, and what it says about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from cardwright.app.table_import import (
    ImportedTable,
    find_recorded,
    import_tables,
    make_finder,
)
from cardwright.cli.environment import open_journal, open_study
from cardwright.error import ProjectError
from cardwright.history import KEPT_LOG
from cardwright.project.walk import find_project
from cardwright.study.table import Table
from cardwright.text import count, format_command


def import_files(
    folder: Path,
    db: Path | None,
    files: Sequence[Path],
    columns: Mapping[str, str],
    *,
    keeps_others: bool,
) -> tuple[list[ImportedTable], list[str]]:
    """Import tables, into the project of a folder if there is one; see `import_tables`."""
    tables = [Table(file, columns) for file in files]
    take = partial(
        import_tables, tables=tables, localize=datetime.astimezone, keeps_others=keeps_others
    )
    try:
        find_project(folder)
    except ProjectError:
        with open_journal(folder, db) as (journal, _):
            return take(journal, partial(find_recorded, journal.store))
    with open_study(folder, db, is_writing=True) as study:
        done = take(study.journal, make_finder(study))
        study.settle()
        return done


def describe(done: ImportedTable) -> str:
    """Return in a line what was imported from a table."""
    parts = []
    if done.added:
        parts.append(f"{count(done.added, 'answer')} of {count(len(done.prompts), 'prompt')}")
    if done.kept:
        others = count(len(done.others), "other card")
        parts.append(f"{count(done.kept, 'answer')} of {others}, kept as {name_shortly(done)}")
    known = f" ({done.known:,} known)" if done.known else ""
    return f"{done.file}: {'; '.join(parts) or 'nothing new'}{known}"


def name_shortly(done: ImportedTable) -> str:
    """Return the name by which other commands know what was kept."""
    return done.namespace.removeprefix(KEPT_LOG)


def list_notes(done: ImportedTable) -> Iterator[str]:
    """Yield what else the user should know."""
    if done.left:
        yield (
            f"left out: {count(done.left, 'answer')} of {count(len(done.others), 'card')} that are"
            " not in a project here; --keep keeps them"
        )
    if done.kept:
        command = format_command("cards", "optimize", name_shortly(done))
        yield f"`{command}` fits the memory model to what was kept"


def to_json(done: ImportedTable) -> dict[str, Any]:
    """Return what was imported from a table."""
    return {
        "file": str(done.file),
        "added": done.added,
        "prompts": len(done.prompts),
        "known": done.known,
        "kept": done.kept,
        "kept_as": done.namespace,
        "left": done.left,
        "others": len(done.others),
    }
