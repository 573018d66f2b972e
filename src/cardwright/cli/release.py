"""`cards release`."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import click

from cardwright.anki.diff import format_counts
from cardwright.anki.ledger import LEDGER_NAME, read_ledger
from cardwright.anki.pack import PackContents
from cardwright.anki.release import NothingToReleaseError, prepare_release
from cardwright.app.build import load_record
from cardwright.app.lock import lock_project
from cardwright.app.project import Project
from cardwright.app.release import finish_release, write_release
from cardwright.cli.build import warn_of_file, warn_of_waiting
from cardwright.cli.build_time import find_time_s, read_source_date_s
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import json_option
from cardwright.cli.project import open_user_project
from cardwright.error import ProjectError
from cardwright.project.walk import find_project
from cardwright.report import format_text


@click.command()
@click.argument("pack")
@click.argument("version", required=False)
@click.option("--dry-run", is_flag=True, help="Show the changelog entry; write nothing.")
@json_option
@click.pass_obj
def release(folder: Path, pack: str, version: str | None, dry_run: bool, as_json: bool) -> None:
    """Publish a pack: ledger, changelog and package.

    Without VERSION, the next one is chosen: 1.0.0 first, then a minor version if cards were added
    or retired, else a patch.

    \b
    cards release mlpro --dry-run
    cards release mlpro 1.1.0
    """
    with lock_project(find_project(folder), warn_of_waiting):
        project = open_user_project(folder)
        project.choose_packs([pack])
        project.refuse_errors()
        _release(project, pack, version, dry_run=dry_run, as_json=as_json)


def _release(
    project: Project, pack: str, version: str | None, *, dry_run: bool, as_json: bool
) -> None:
    contents = project.describe_pack(pack)
    ledger = project.ledgers[pack]
    now_s = find_time_s()
    record = load_record(project, pack, warn_of_file)
    try:
        made = prepare_release(contents, ledger, version=version, released_s=now_s, record=record)
    except NothingToReleaseError:
        if not ledger.unfinished:
            raise
        if dry_run:
            _tell_entry(pack, version or ledger.version, ledger.unfinished, as_json=as_json)
            return
        finished = finish_release(project, contents, version)
        if as_json:
            say_json(_describe(pack, finished, ledger.unfinished, is_written=True))
            return
        say(f"{pack} {finished}: finished the release, which was interrupted")
        _tell_next(pack)
        return
    _warn_of_namespace(project, contents)
    _warn_of_clock(ledger.released_s, now_s)
    if dry_run:
        _tell_entry(pack, made.version, made.entry, as_json=as_json)
        return
    try:
        write_release(project, contents, made)
    except (KeyboardInterrupt, OSError, ProjectError):
        _tell_unfinished(project, pack)
        raise
    if as_json:
        say_json(_describe(pack, made.version, made.entry, is_written=True))
        return
    counts = Counter(change.what for change in made.changes)
    counts.update(["restyled"] * len(made.restyled))
    say(f"{pack} {made.version}: {format_counts(counts)}")
    _tell_next(pack)


def _tell_entry(pack: str, version: str, entry: str, *, as_json: bool) -> None:
    if as_json:
        say_json(_describe(pack, version, entry, is_written=False))
    else:
        say(entry, end="")


def _describe(pack: str, version: str, entry: str, *, is_written: bool) -> dict[str, Any]:
    return {"pack": pack, "version": version, "entry": entry, "is_written": is_written}


def _tell_unfinished(project: Project, pack: str) -> None:
    path = f"decks/{pack}/{LEDGER_NAME}"
    ledger, _ = read_ledger(project.root / path, pack, path)
    if ledger.unfinished:
        warn(f"{pack} {ledger.version} is not finished yet: `cards release {pack}` finishes it")


def _warn_of_namespace(project: Project, contents: PackContents) -> None:
    for problem in project.problems:
        if problem.code == "missing-namespace" and problem.span == contents.deck.span:
            warn(format_text([problem], project.texts.line))


def _warn_of_clock(released_s: int, now_s: int) -> None:
    """Warn if the time is before that of the last release."""
    if now_s < released_s:
        given = "SOURCE_DATE_EPOCH" if read_source_date_s() else "the clock"
        now, released = (
            time.strftime("%Y-%m-%d %H:%M", time.gmtime(s)) for s in (now_s, released_s)
        )
        warn(
            f"warning: {given} says {now} UTC, but the last release was at {released}: so changes do not "
            "reach people who have edited the note since; if the time is wrong, restore ledger and changelog "
            "from version control, and release again"
        )


def _tell_next(pack: str) -> None:
    say(f"next: commit decks/{pack}/ledger.jsonl and CHANGELOG.md, and share build/{pack}.apkg")
