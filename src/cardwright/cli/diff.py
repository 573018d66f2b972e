"""`cards diff`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from cardwright.anki.diff import (
    Change,
    compare_states,
    compare_with_ledger,
    format_counts,
    shorten_title,
)
from cardwright.anki.package_notes import open_package
from cardwright.anki.publish import list_restyled
from cardwright.app.project import count_problems
from cardwright.changed_lines import compare_lines
from cardwright.cli.output import say, say_json_list, warn
from cardwright.cli.params import json_option
from cardwright.cli.project import open_user_project
from cardwright.text import count, escape_controls

_PACKAGES: Final = (".apkg", ".colpkg", ".anki2", ".anki21")
_MAX_SHOWN: Final = 200_000
"""Longer texts, in characters, are not compared line by line."""


@click.command()
@click.argument("what", nargs=-1, metavar="[PACK | OLD NEW]")
@json_option
@click.pass_obj
def diff(folder: Path, what: tuple[str, ...], as_json: bool) -> None:
    """Show what a release would change.

    With two packages, shows the differences between them: any that Anki exports (.apkg, .colpkg), its
    backups, or a collection.anki2.

    \b
    cards diff                        sources against the last release
    cards diff mlpro
    cards diff old.apkg new.apkg
    """
    with ExitStack() as stack:
        if any(name.lower().endswith(_PACKAGES) for name in what):
            try:
                old, new = what
            except ValueError:
                raise click.UsageError("name two packages: the older and the newer") from None
            changes: dict[str, Iterable[Change]] = {
                "": _compare_packages(Path(old), Path(new), stack)
            }
        else:
            changes = dict(_compare_with_ledgers(folder, what))
        if as_json:
            _print_json(changes)
        else:
            _print_changes(changes)


def _compare_packages(old: Path, new: Path, stack: ExitStack) -> Iterator[Change]:
    # Both are read completely before anything is printed.
    before, after = (stack.enter_context(open_package(path)) for path in (old, new))
    return compare_states(before, after)


def _compare_with_ledgers(folder: Path, packs: tuple[str, ...]) -> dict[str, list[Change]]:
    project = open_user_project(folder)
    changes = {}
    for pack in project.choose_packs(packs):
        project.refuse_damaged_ledger(pack)
        contents = project.describe_pack(pack)
        ledger = project.ledgers[pack]
        is_incomplete = pack in project.collection.incomplete
        changes[pack] = [
            # A card that cannot be read has not vanished.
            *(
                change
                for change in compare_with_ledger(ledger, contents)
                if not (is_incomplete and change.what == "vanished")
            ),
            *(
                Change(what="restyled", id=kind, was="", title="its cards look different", texts=())
                for kind in list_restyled(ledger, contents.note_types)
            ),
        ]
    if project.errors:
        warn(f"{count_problems(project.problems)}: see `cards check`")
    return changes


def _print_changes(changes: dict[str, Iterable[Change]]) -> None:
    for pack, found in changes.items():
        counted: Counter[str] = Counter()
        for change in found:
            counted[change.what] += 1
            if change.what != "rerendered":
                say("\n".join(_format_change(change)))
        if number := counted["rerendered"]:
            say(f"rerendered {count(number, 'card')}: a rendering fix changes their HTML")
        warn(f"{pack + ': ' if pack else ''}{format_counts(counted)}")


def _print_json(changes: dict[str, Iterable[Change]]) -> None:
    """Print one change at a time: all of them might not fit into memory."""
    say_json_list(
        {"pack": pack, **asdict(change)} for pack, found in changes.items() for change in found
    )


def _format_change(change: Change) -> Iterator[str]:
    was = f" (was {_make_short(change.was)})" if change.was else ""
    yield f"{change.what} {_make_short(change.id)}{was}: {_make_short(change.title)}"
    if change.decks:
        before, after = map(_make_line, change.decks)
        yield f"  deck: {before} → {after} (Anki leaves existing cards where they are)"
    for text in change.texts:
        yield f"  {_make_line(text.part)}:"
        if max(len(text.before), len(text.after)) > _MAX_SHOWN:
            yield f"    too long to show: {len(text.before):,} characters, now {len(text.after):,}"
            continue
        for line in compare_lines(text.before.splitlines(), text.after.splitlines()):
            yield f"    {_make_line(line)}"


def _make_short(text: str) -> str:
    return _make_line(shorten_title(text))


def _make_line(text: str) -> str:
    return escape_controls(text).replace("\n", " ")
