"""`cards release`."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import click

from cardwright.anki.changelog import has_entry, insert_entry, rename_entry
from cardwright.anki.diff import format_counts
from cardwright.anki.ledger import LEDGER_NAME, Ledger, format_ledger
from cardwright.anki.pack import PackContents
from cardwright.anki.package import write_package
from cardwright.anki.record import find_record
from cardwright.anki.release import NothingToReleaseError, choose_version, prepare_release
from cardwright.app.project import Project, open_project
from cardwright.cli.build import load_record
from cardwright.cli.build_time import read_source_date_s
from cardwright.cli.lock import hold_project
from cardwright.cli.output import say, warn
from cardwright.error import ProjectError
from cardwright.files import find_below, read_below, write_below
from cardwright.project.walk import find_project
from cardwright.report import format_text


@click.command()
@click.argument("pack")
@click.argument("version", required=False)
@click.option("--dry-run", is_flag=True, help="Show the changelog entry; write nothing.")
@click.pass_obj
def release(folder: Path, pack: str, version: str | None, dry_run: bool) -> None:
    """Publish a pack: ledger, changelog and package.

    Without VERSION, the next one is chosen: 1.0.0 first, then a minor version if cards were added
    or retired, else a patch.

    \b
    cards release mlpro --dry-run
    cards release mlpro 1.1.0
    """
    with hold_project(find_project(folder)):
        project = open_project(folder)
        project.choose_packs([pack])
        project.refuse_errors()
        _release(project, pack, version, dry_run=dry_run)


def _release(project: Project, pack: str, version: str | None, *, dry_run: bool) -> None:
    contents = project.describe_pack(pack)
    ledger = project.ledgers[pack]
    now_s = read_source_date_s() or int(time.time())
    record = load_record(find_record(project.root, pack))
    try:
        made = prepare_release(contents, ledger, version=version, released_s=now_s, record=record)
    except NothingToReleaseError:
        if dry_run or not ledger.unfinished:
            raise
        finished = _rename(project, contents, ledger, version)
        _complete(project, contents, finished, last=finished.version)
        say(f"{pack} {finished.version}: finished the release, which was interrupted")
        _tell_next(pack)
        return
    for problem in project.problems:
        if problem.code == "missing-namespace" and problem.span == contents.deck.span:
            warn(format_text([problem], project.texts.line))
    if dry_run:
        say(made.entry, end="")
        return
    if ledger.unfinished:
        _add_entry(project, contents, ledger, last=ledger.version)
    _read_changelog(project, pack)
    find_below(project.root, f"build/{pack}.apkg")
    # First the ledger: it holds the entry until changelog and package are written, so that a release
    # that is interrupted anywhere has either not happened, or is finished by the next one.
    _write_ledger(project, pack, made.ledger)
    _complete(project, contents, made.ledger, last=ledger.version)
    say(f"{pack} {made.version}: {format_counts(Counter(c.what for c in made.changes))}")
    _tell_next(pack)


def _complete(project: Project, contents: PackContents, ledger: Ledger, *, last: str) -> None:
    """Write what an unfinished release still lacks; `last` is the version before it."""
    pack = contents.deck.pack
    _add_entry(project, contents, ledger, last=last)
    write_below(project.root, f"build/{pack}.apkg", write_package(contents, ledger))
    _write_ledger(project, pack, replace(ledger, unfinished=""))
    with contextlib.suppress(OSError):
        # What is left of it would be ignored.
        find_record(project.root, pack).unlink(missing_ok=True)


def _write_ledger(project: Project, pack: str, ledger: Ledger) -> None:
    write_below(project.root, f"decks/{pack}/{LEDGER_NAME}", format_ledger(ledger))


def _add_entry(project: Project, contents: PackContents, ledger: Ledger, *, last: str) -> None:
    pack = contents.deck.pack
    text = _read_changelog(project, pack)
    if not has_entry(text, ledger.unfinished):
        text = insert_entry(text, contents.deck.name, ledger.unfinished, last=last)
        write_below(project.root, _name_changelog(pack), text)


def _rename(
    project: Project, contents: PackContents, ledger: Ledger, version: str | None
) -> Ledger:
    """Give an unfinished release another version, if one is asked for."""
    if version in (None, ledger.version):
        return ledger
    pack = contents.deck.pack
    chosen = choose_version(ledger.version, version, ())
    entry = rename_entry(ledger.unfinished, ledger.version, chosen)
    text = _read_changelog(project, pack)
    if has_entry(text, ledger.unfinished):
        write_below(project.root, _name_changelog(pack), rename_entry(text, ledger.version, chosen))
    renamed = replace(ledger, version=chosen, unfinished=entry)
    _write_ledger(project, pack, renamed)
    return renamed


def _tell_next(pack: str) -> None:
    say(f"next: commit decks/{pack}/ledger.jsonl and CHANGELOG.md, and share build/{pack}.apkg")


def _name_changelog(pack: str) -> str:
    return f"decks/{pack}/CHANGELOG.md"


def _read_changelog(project: Project, pack: str) -> str:
    """Return the text of a changelog with its line ends; "" if there is none yet.

    Raises:
        ProjectError: it is a link, whose text must not be published, a pipe or a device; or no text.

    """
    name = _name_changelog(pack)
    try:
        return (read_below(project.root, name) or b"").decode("utf-8")
    except UnicodeDecodeError:
        message = f"{project.root / name} is not UTF-8 text"
        raise ProjectError(message, help="save it as UTF-8") from None
