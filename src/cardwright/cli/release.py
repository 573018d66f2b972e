"""`cards release`."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import NoReturn

import click

from cardwright.anki.diff import Change, compare_with_ledger
from cardwright.anki.ledger import Ledger, format_ledger, make_ledger
from cardwright.anki.package import Package, make_package
from cardwright.app.project import open_project
from cardwright.cli.build_time import read_source_date_s
from cardwright.cli.diff import count_changes
from cardwright.cli.output import say
from cardwright.files import write_file
from cardwright.project.walk import ProjectError

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_HEADINGS = {
    "added": "Added",
    "changed": "Changed",
    "revived": "Changed",
    "renamed": "Renamed",
    "retired": "Retired",
}


@click.command()
@click.argument("pack")
@click.argument("version", required=False)
@click.option("--dry-run", is_flag=True, help="Show the changelog entry; write nothing.")
@click.pass_obj
def release(folder: Path, pack: str, version: str | None, dry_run: bool) -> None:
    """Publish a pack: ledger, changelog and package.

    Without VERSION the next one is chosen: 1.0.0 at first, then a minor version when cards were
    added or retired, else a patch.

    \b
    cards release mlpro --dry-run
    cards release mlpro 1.1.0
    """
    project = open_project(folder)
    project.choose_packs([pack])
    project.refuse_errors()
    ledger = project.ledgers[pack]
    now_s = read_source_date_s() or int(time.time())
    deck = project.collection.decks[pack]

    def compile_pack(published: Ledger) -> Package:
        return make_package(
            project.collection,
            deck,
            published,
            build_s=now_s,
            renderer=project.renderer,
            shelf=project.make_shelf(),
        )

    package = compile_pack(ledger)
    if not package.notes:
        _refuse(f"the deck of `{pack}` selects no cards")
    changes = compare_with_ledger(ledger, package.contents)
    released = make_ledger(
        ledger,
        package.contents,
        package.note_types,
        package.deck_names,
        version="",
        released_s=now_s,
    )
    if not changes and released.note_types == ledger.note_types:
        _refuse(f"nothing has changed since {ledger.version}")
    chosen = _choose_version(ledger.version, version, changes)
    day = time.strftime("%Y-%m-%d", time.gmtime(now_s))
    entry = _format_entry(chosen, day, changes, is_first=not ledger.version)
    if dry_run:
        say(entry, end="")
        return
    released = make_ledger(
        ledger,
        package.contents,
        package.note_types,
        package.deck_names,
        version=chosen,
        released_s=now_s,
    )
    changelog = project.root / "decks" / pack / "CHANGELOG.md"
    write_file(changelog, _insert_entry(changelog, deck.name, chosen, entry))
    # The ledger comes last: until it is written, the release can simply be made again.
    write_file(project.ledger_path(pack), format_ledger(released))
    path = project.root / "build" / f"{pack}.apkg"
    write_file(path, compile_pack(released).data)
    say(f"{pack} {chosen}: {count_changes(changes)}")
    say(f"next: commit decks/{pack}/ledger.jsonl and CHANGELOG.md, and share build/{pack}.apkg")


def _choose_version(last: str, wanted: str | None, changes: list[Change]) -> str:

    match = _VERSION.fullmatch(last)
    if wanted is not None:
        chosen = _VERSION.fullmatch(wanted)
        if not chosen:
            _refuse(f"`{wanted}` is not a version: write three numbers, such as 1.2.0")
        if match and _as_numbers(chosen) <= _as_numbers(match):
            _refuse(f"version {wanted} must be later than {last}, the last release")
        return wanted
    if not match:
        return "1.0.0"
    major, minor, patch = _as_numbers(match)
    if any(change.what in ("added", "retired", "revived") for change in changes):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def _as_numbers(match: re.Match[str]) -> tuple[int, int, int]:
    major, minor, patch = (int(number) for number in match.groups())
    return major, minor, patch


def _format_entry(version: str, day: str, changes: list[Change], *, is_first: bool) -> str:
    lines = [f"## {version} – {day}", ""]
    if is_first:
        # Everything is new: a list of it all would tell nobody anything.
        return "\n".join([*lines, f"The first release, with {len(changes)} cards.", "", ""])
    for heading in dict.fromkeys(_HEADINGS.values()):
        found = [change for change in changes if _HEADINGS.get(change.what) == heading]
        if not found:
            continue
        lines += [f"### {heading}", ""]
        for change in found:
            was = f" (was `{change.was}`)" if change.was else ""
            parts = f" ({', '.join(t.part for t in change.texts)})" if heading == "Changed" else ""
            lines.append(f"- `{change.id}`{was}: {change.title}{parts}")
        lines.append("")
    if not changes:
        lines += ["Only the look of the cards has changed.", ""]
    return "\n".join(lines) + "\n"


def _insert_entry(path: Path, deck: str, version: str, entry: str) -> str:
    """Return the changelog with an entry at its head; one of the same version is replaced."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        text = f"# Changes of the deck {deck}\n\n"
    sections = re.split(r"(?m)^(?=## )", text)
    kept = [part for part in sections[1:] if not part.startswith(f"## {version} ")]
    return sections[0] + entry + "".join(kept)


def _refuse(message: str) -> NoReturn:
    raise ProjectError(message)
