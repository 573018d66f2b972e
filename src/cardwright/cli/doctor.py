"""`cards doctor`."""

from __future__ import annotations

import platform
import sqlite3
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

import click
import yaml

from cardwright import __version__
from cardwright.cli.editor import find_editor
from cardwright.cli.environment import default_store_path, open_journal
from cardwright.cli.output import say, say_json
from cardwright.cli.params import db_option, json_option
from cardwright.cli.programs import find_program
from cardwright.error import ProjectError
from cardwright.project.load import load
from cardwright.project.walk import find_project
from cardwright.study.backup import list_backups
from cardwright.study.error import StoreError
from cardwright.text import count

_SLOW_YAML: Final = "without libyaml: reading is about 6 times slower"
_LIBRARIES: Final = {
    "click": "",
    "pyyaml": "" if yaml.__with_libyaml__ else _SLOW_YAML,
    "markdown-it-py": "",
    "pygments": "",
    "genanki": "",
    "rich": "",
    "fsrs": "",
    "fsrs-rs-python": "optional: for `cards optimize`",
    "numpy": "optional: for `cards exam plan`",
    "icalendar": "optional: for `cards exam plan --ics`",
    "anki": "optional: for the tests of Cardwright itself",
}


class _Row(NamedTuple):
    name: str
    value: str
    note: str = ""


@click.command()
@click.option("--verify", is_flag=True, help="Check the review store by replaying it.")
@click.option("--rebuild", is_flag=True, help="Recompute all memories from the reviews.")
@json_option
@db_option
@click.pass_obj
def doctor(folder: Path, verify: bool, rebuild: bool, as_json: bool, db: Path | None) -> None:
    """Show versions, paths, and what is missing.

    \b
    cards doctor
    cards doctor --verify
    cards doctor --rebuild
    """
    if verify or rebuild:
        _check_store(folder, db, is_rebuild=rebuild)
        return
    rows = [*_list_program(), *_list_tools(), *_list_store(db), *_list_project(folder)]
    if as_json:
        say_json([row._asdict() for row in rows])
        return
    width = max(len(row.name) for row in rows)
    for name, value, note in rows:
        say(f"{name:<{width}}  {value or 'missing'}{f'  ({note})' if note else ''}")


def _list_program() -> list[_Row]:
    rows = [
        _Row("cardwright", __version__, str(Path(__file__).resolve().parents[1])),
        _Row(
            "python",
            platform.python_version(),
            f"{platform.system()} {platform.release()} {platform.machine()}",
        ),
        _Row("sqlite", sqlite3.sqlite_version),
    ]
    for name, note in _LIBRARIES.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = ""
        rows.append(_Row(name, version, note))
    return rows


def _list_tools() -> list[_Row]:
    return [
        _Row("git", find_program("git") or "", "dates unreleased notes"),
        _Row("editor", find_editor(), "$VISUAL or $EDITOR"),
    ]


def _list_store(db: Path | None) -> list[_Row]:
    path = db or default_store_path()
    if not path.exists():
        return [_Row("reviews", str(path), "does not exist yet: `cards review` creates it")]
    backups = list_backups(path)
    note = count(len(backups), "backup") if backups else "no backup yet"
    return [_Row("reviews", str(path), f"{path.stat().st_size / 1e6:.1f} MB, {note}")]


def _list_project(folder: Path) -> list[_Row]:
    try:
        root = find_project(folder)
        collection, problems = load(root)
    except ProjectError:
        return [_Row("project", "", f"no `cards` and `decks` in or above {folder.resolve()}")]
    note = f"{count(len(problems), 'problem')} found: see `cards check`" if problems else ""
    rows = [_Row("project", str(root), note)]
    for pack in collection.decks:
        cards = sum(card.pack == pack for card in collection.cards)
        ledger = root / "decks" / pack / "ledger.jsonl"
        state = "released" if ledger.exists() else "not yet released"
        rows.append(_Row(f"pack {pack}", count(cards, "card"), state))
    return rows


def _check_store(folder: Path, db: Path | None, *, is_rebuild: bool) -> None:
    """Check the store, after recomputing its memories if `is_rebuild`.

    Raises:
        StoreError: it is damaged, or its memories differ from a replay.

    """
    with open_journal(folder, db) as (journal, _):
        path = journal.store.path
        if damage := journal.store.find_damage():
            message = f"{path} is damaged:\n{damage}"
            help = "`cards backup --list`, then `cards backup --restore FILE`"
            raise StoreError(message, help=help)
        if is_rebuild:
            say(f"{count(journal.rebuild(), 'memory')} recomputed")
        different = journal.find_differences()
        if different:
            shown = ", ".join(different[:5])
            raise StoreError(
                f"{len(different)} memories differ from a replay of their reviews: {shown}",
                help="`cards doctor --rebuild`",
            )
        reviews = count(journal.store.count_reviews(), "entry")
        say(f"{path} is intact: {reviews}, memories match a replay")
