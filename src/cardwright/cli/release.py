"""`cards release`."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import click

from cardwright.anki.diff import format_counts
from cardwright.anki.ledger import LEDGER_NAME, format_ledger
from cardwright.anki.package import write_package
from cardwright.anki.release import insert_entry, prepare_release
from cardwright.app.project import open_project
from cardwright.cli.build_time import read_source_date_s
from cardwright.cli.output import say, warn
from cardwright.files import find_below, read_below, write_file
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
    project = open_project(folder)
    project.choose_packs([pack])
    project.refuse_errors()
    contents = project.describe_pack(pack)
    now_s = read_source_date_s() or int(time.time())
    made = prepare_release(contents, project.ledgers[pack], version=version, released_s=now_s)
    for problem in project.problems:
        if problem.code == "missing-namespace" and problem.span == contents.deck.span:
            warn(format_text([problem], project.texts.line))
    if dry_run:
        say(made.entry, end="")
        return
    text = (read_below(project.root, f"decks/{pack}/CHANGELOG.md") or b"").decode("utf-8")
    changelog, ledger, package = (
        find_below(project.root, name)
        for name in (
            f"decks/{pack}/CHANGELOG.md",
            f"decks/{pack}/{LEDGER_NAME}",
            f"build/{pack}.apkg",
        )
    )
    data = write_package(contents, made.ledger, build_s=now_s)
    write_file(changelog, insert_entry(text, contents.deck.name, made))
    # After the changelog: until the ledger is written, the release can simply be repeated.
    write_file(ledger, format_ledger(made.ledger))
    write_file(package, data)
    say(f"{pack} {made.version}: {format_counts(Counter(c.what for c in made.changes))}")
    say(f"next: commit decks/{pack}/ledger.jsonl and CHANGELOG.md, and share build/{pack}.apkg")
