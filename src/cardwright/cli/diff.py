"""`cards diff`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cardwright.anki.diff import Change


@click.command()
@click.argument("what", nargs=-1, metavar="[PACK | OLD.apkg NEW.apkg]")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
@click.pass_obj
def diff(folder: Path, what: tuple[str, ...], as_json: bool) -> None:
    """Show what a release would change.

    With two packages: what differs between them.

    \b
    cards diff                        sources against what was published
    cards diff mlpro
    cards diff old.apkg new.apkg
    """
    from cardwright.anki.diff import count_changes

    if any(name.endswith(".apkg") for name in what):
        try:
            old, new = what
        except ValueError:
            message = "name two packages: the older and the newer"
            raise click.UsageError(message) from None
        changes = {"": _compare_packages(Path(old), Path(new))}
    else:
        changes = _compare_with_ledgers(folder, what)
    if as_json:
        import json
        from dataclasses import asdict

        rows = [{"pack": pack, **asdict(c)} for pack, found in changes.items() for c in found]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for pack, found in changes.items():
        for change in found:
            click.echo("\n".join(_format_change(change)))
        click.echo(f"{pack + ': ' if pack else ''}{count_changes(found)}", err=True)


def _compare_packages(old: Path, new: Path) -> list[Change]:
    from cardwright.anki.diff import PackageError, compare_states, read_package
    from cardwright.cli.say import fail

    try:
        return compare_states(read_package(old), read_package(new))
    except PackageError as error:
        fail(str(error))


def _compare_with_ledgers(folder: Path, packs: tuple[str, ...]) -> dict[str, list[Change]]:
    from cardwright.anki.diff import compare_with_ledger
    from cardwright.cli.project import choose_packs, open_project

    project = open_project(folder)
    changes = {}
    for pack in choose_packs(project.collection, packs):
        contents = project.describe_pack(pack)
        changes[pack] = compare_with_ledger(project.ledgers[pack], contents.notes)
    return changes


def _format_change(change: Change) -> Iterator[str]:
    import difflib

    was = f" (was {change.was})" if change.was else ""
    yield f"{change.what} {change.id}{was}: {change.title}"
    for text in change.texts:
        lines = difflib.ndiff(text.before.splitlines(), text.after.splitlines())
        yield f"  {text.part}:"
        yield from (f"    {line}" for line in lines if line[0] in "+-")
