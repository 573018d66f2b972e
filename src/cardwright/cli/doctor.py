"""`cards doctor`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.options import db_option, json_option


@click.command()
@click.option("--verify", is_flag=True, help="Check the review store: replay it and compare.")
@click.option("--rebuild", is_flag=True, help="Make all memories anew from the reviews.")
@json_option
@db_option
@click.pass_obj
def doctor(folder: Path, verify: bool, rebuild: bool, as_json: bool, db: Path | None) -> None:
    """Tell versions, paths, and what is missing.

    \b
    cards doctor
    cards doctor --verify
    cards doctor --rebuild
    """
    if verify or rebuild:
        _treat_store(folder, db, is_rebuild=rebuild)
        return
    rows = [
        *_list_program(),
        *_list_libraries(),
        *_list_tools(),
        *_list_store(db),
        *_list_project(folder),
    ]
    if as_json:
        import json

        click.echo(
            json.dumps(
                [dict(zip(("name", "value", "note"), row, strict=True)) for row in rows], indent=2
            )
        )
        return
    width = max(len(name) for name, _, _ in rows)
    for name, value, note in rows:
        click.echo(f"{name:<{width}}  {value or 'missing'}{f'  ({note})' if note else ''}")


def _list_program() -> list[tuple[str, str, str]]:
    import platform
    import sqlite3

    from cardwright import __version__

    return [
        ("cardwright", __version__, str(Path(__file__).resolve().parents[1])),
        ("python", platform.python_version(), platform.platform()),
        ("sqlite", sqlite3.sqlite_version, ""),
    ]


def _list_libraries() -> list[tuple[str, str, str]]:
    from importlib import metadata

    import yaml

    rows = []
    for name, note in (
        ("click", ""),
        (
            "pyyaml",
            "" if yaml.__with_libyaml__ else "without libyaml: reading is about 6 times slower",
        ),
        ("markdown-it-py", ""),
        ("pygments", ""),
        ("genanki", ""),
        ("rich", ""),
        ("fsrs", ""),
        ("fsrs-rs-python", "optional: `cards optimize` needs it"),
        ("numpy", "optional: `cards exam plan` needs it"),
        ("icalendar", "optional: `cards exam plan --ics` needs it"),
        ("anki", "optional: only our own tests need it"),
    ):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = ""
        rows.append((name, version, note))
    return rows


def _list_tools() -> list[tuple[str, str, str]]:
    import os

    from cardwright.cli.programs import find_program

    return [
        ("git", find_program("git") or "", "dates what is not yet released"),
        (
            "editor",
            os.environ.get("VISUAL") or os.environ.get("EDITOR") or "",
            "$VISUAL or $EDITOR",
        ),
    ]


def _list_store(db: Path | None) -> list[tuple[str, str, str]]:
    from cardwright.cli.study import default_store_path
    from cardwright.study.backup import list_backups

    path = db or default_store_path()
    if not path.exists():
        return [("reviews", str(path), "not there yet: `cards review` makes it")]
    backups = list_backups(path)
    note = f"{len(backups)} backups" if backups else "no backup yet"
    return [("reviews", str(path), f"{path.stat().st_size / 1e6:.1f} MB, {note}")]


def _treat_store(folder: Path, db: Path | None, *, is_rebuild: bool) -> None:
    """Check the store, or make its memories anew; end with status 1 when something is wrong."""
    from cardwright.cli.clock import read_clock
    from cardwright.cli.say import count, fail
    from cardwright.cli.study import open_journal

    with open_journal(folder, db, read_clock()) as journal:
        if damage := journal.store.find_damage():
            cure = "help: `cards backup --list`, then `cards backup --restore FILE`"
            fail(f"{journal.store.path} is damaged:\n{damage}\n  {cure}")
        if is_rebuild:
            click.echo(f"{count(journal.rebuild(), 'memory')} made anew")
        different = journal.find_differences()
        reviews = count(journal.store.count_reviews(), "entry")
        if different:
            shown = ", ".join(different[:5])
            fail(
                f"{len(different)} memories are not what their reviews give: {shown}\n"
                "  help: `cards doctor --rebuild`"
            )
        click.echo(f"{journal.store.path} is whole: {reviews}, memories as replayed")


def _list_project(folder: Path) -> list[tuple[str, str, str]]:
    from cardwright.source.load import ProjectError, find_project, load

    try:
        root = find_project(folder)
        collection, problems = load(root)
    except ProjectError:
        return [("project", "", f"no `cards` and `decks` in or above {folder.resolve()}")]
    note = f"{len(problems)} problems in reading: see `cards check`" if problems else ""
    rows = [("project", str(root), note)]
    for pack in collection.decks:
        cards = sum(card.pack == pack for card in collection.cards)
        ledger = root / "decks" / pack / "ledger.jsonl"
        state = "released" if ledger.exists() else "not yet released"
        rows.append((f"pack {pack}", f"{cards} cards", state))
    return rows
