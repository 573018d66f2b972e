"""`cards doctor`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_obj
def doctor(folder: Path, as_json: bool) -> None:
    """Tell versions, paths, and what is missing.

    \b
    cards doctor
    """
    rows = [*_list_program(), *_list_libraries(), *_list_tools(), *_list_project(folder)]
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
    import shutil

    return [
        ("git", shutil.which("git") or "", "dates what is not yet released"),
        (
            "editor",
            os.environ.get("VISUAL") or os.environ.get("EDITOR") or "",
            "$VISUAL or $EDITOR",
        ),
    ]


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
