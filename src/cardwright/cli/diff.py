"""`cards diff`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from cardwright.anki.diff import (
    Change,
    compare_states,
    compare_with_ledger,
    count_changes,
    read_package,
)
from cardwright.app.project import open_project
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import json_option


@click.command()
@click.argument("what", nargs=-1, metavar="[PACK | OLD.apkg NEW.apkg]")
@json_option
@click.pass_obj
def diff(folder: Path, what: tuple[str, ...], as_json: bool) -> None:
    """Show what a release would change.

    With two packages: the differences between them.

    \b
    cards diff                        sources against the last release
    cards diff mlpro
    cards diff old.apkg new.apkg
    """
    if any(name.endswith(".apkg") for name in what):
        try:
            old, new = what
        except ValueError:
            message = "name two packages: the older and the newer"
            raise click.UsageError(message) from None
        changes = {"": compare_states(read_package(Path(old)), read_package(Path(new)))}
    else:
        changes = _compare_with_ledgers(folder, what)
    if as_json:
        say_json([{"pack": pack, **asdict(c)} for pack, found in changes.items() for c in found])
        return
    for pack, found in changes.items():
        for change in found:
            say("\n".join(_format_change(change)))
        warn(f"{pack + ': ' if pack else ''}{count_changes(found)}")


def _compare_with_ledgers(folder: Path, packs: tuple[str, ...]) -> dict[str, list[Change]]:
    project = open_project(folder)
    changes = {}
    for pack in project.choose_packs(packs):
        contents = project.describe_pack(pack)
        changes[pack] = compare_with_ledger(project.ledgers[pack], contents.notes)
    return changes


def _format_change(change: Change) -> Iterator[str]:
    was = f" (was {change.was})" if change.was else ""
    yield f"{change.what} {change.id}{was}: {change.title}"
    for text in change.texts:
        lines = difflib.ndiff(text.before.splitlines(), text.after.splitlines())
        yield f"  {text.part}:"
        yield from (f"    {line}" for line in lines if line[0] in "+-")
