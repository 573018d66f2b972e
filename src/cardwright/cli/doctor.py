"""`cards doctor`."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import click

from cardwright.app.config import ConfigError
from cardwright.app.doctor.case import Case
from cardwright.app.doctor.examine import examine
from cardwright.app.doctor.finding import CommandLine, Finding, Report
from cardwright.app.doctor.rescue import STORE_ENDING, rescue_log, rescue_store
from cardwright.cli.config_file import load_config
from cardwright.cli.environment import find_clock, open_journal, open_user_store
from cardwright.cli.git import find_repository
from cardwright.cli.output import say, say_json, say_pieces, warn
from cardwright.cli.params import db_option, json_option
from cardwright.cli.paths import OutputFile
from cardwright.cli.surroundings import examine_git, examine_program
from cardwright.cli.user_folders import default_store_path
from cardwright.diagnostic import make_printable
from cardwright.files import write_file
from cardwright.study.transfer import write_json_lines
from cardwright.text import count

_STYLES: Final = {
    "ok": "green",
    "error": "bold red",
    "warning": "bold yellow",
    "note": "cyan",
    "help": "bold cyan",
    "area": "bold",
    "command": "bold",
}
_MAX_WIDTH: Final = 100
_MAX_DETAILS: Final = 5
_INDENT: Final = " " * 4


@click.command()
@click.option("--verify", is_flag=True, help="Check everything, however long it takes.")
@click.option(
    "--rebuild", is_flag=True, help="First make indexes and memories again, from the reviews."
)
@click.option(
    "--rescue",
    "target",
    type=OutputFile(),
    metavar="FILE",
    help="Write what is readable of a damaged store to FILE, and do nothing else.",
)
@click.option(
    "--sync",
    "shared",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The sync folder (default: that of your config file, or the one you synced with last).",
)
@json_option
@db_option
@click.pass_obj
def doctor(
    folder: Path,
    verify: bool,
    rebuild: bool,
    target: Path | None,
    shared: Path | None,
    as_json: bool,
    db: Path | None,
) -> None:
    """Find out what is wrong, and what to do about it.

    Examines the program, your review store and its backups, the project of this folder, your sync
    folder, and what you have synced with Anki. It changes nothing, and tells you the commands that do. The exit status is 1 if
    there is an error: something does not work, or answers do not count.

    --rescue writes a store if FILE ends in .db, and JSON Lines for `cards import` otherwise.

    \b
    cards doctor
    cards doctor --verify
    cards doctor --rebuild
    """
    path = db or default_store_path()
    if target is not None:
        _rescue(path, target, as_json=as_json)
        return
    if rebuild:
        _rebuild(folder, db)
    given = click.get_current_context().get_parameter_source("db")
    is_named = given is click.core.ParameterSource.COMMANDLINE
    case = Case(
        folder=folder,
        path=path,
        moment=find_clock(),
        commands=CommandLine(
            project=() if folder == Path() else ("-C", str(folder)),
            store=("--db", str(db)) if is_named else (),
        ),
        sync_folder=shared or _find_sync_folder(),
        is_thorough=verify,
        has_repository=lambda root: find_repository(root) is not None,
    )
    reports = []
    with case:
        before = [("program", examine_program)]
        after = [("git", partial(examine_git, folder))]
        for report in examine(case, before, after):
            reports.append(report)
            if not as_json:
                say_pieces(_format_report(report), _STYLES)
    is_well = all(report.severity != "error" for report in reports)
    if as_json:
        say_json({"is_well": is_well, "areas": [report.as_json() for report in reports]})
    if not is_well:
        if not as_json:
            findings = [finding for report in reports for finding in report.findings]
            errors = count(sum(finding.severity == "error" for finding in findings), "error")
            warn(f"{errors}: run the commands from top to bottom, then `cards doctor` again")
        sys.exit(1)


def _find_sync_folder() -> Path | None:
    """Return the folder that the config file sets."""
    try:
        return load_config().folder("sync")
    except ConfigError:
        return None  # it is told elsewhere


def _rescue(path: Path, target: Path, *, as_json: bool) -> None:
    if target.suffix == STORE_ENDING:
        saved = rescue_store(path, target)
    else:
        saved = rescue_log(path, target)
        write_file(target, "".join(write_json_lines(saved.reviews)))
    if as_json:
        reviews = len(saved.reviews)
        say_json(
            {"path": str(target), "reviews": reviews, "unreadable": [*map(str, saved.unreadable)]}
        )
        return
    for line in saved.unreadable:
        warn(f"not readable: {line}")
    say(f"{target}: {count(len(saved.reviews), 'review')}")


def _rebuild(folder: Path, db: Path | None) -> None:
    with open_user_store(db) as store:
        # Damaged memories might not let themselves be indexed.
        with store.transaction():
            store.forget_memories()
        store.rebuild_indexes()
    with open_journal(folder, db) as (journal, _):
        number = journal.rebuild()
    warn(f"{count(number, 'memory')} recomputed")


def _format_report(report: Report) -> Iterator[tuple[str, str]]:
    yield f"{report.severity:<9}", report.severity
    yield f"{report.area:<9}", "area"
    yield _wrap(report.summary, " " * 18, 18), ""
    for finding in report.findings:
        yield from _format_finding(finding, report.summary)


def _format_finding(finding: Finding, summary: str) -> Iterator[tuple[str, str]]:
    label = f"  {finding.severity}: "
    yield label, finding.severity
    yield _wrap(finding.message, _INDENT, len(label)), ""
    if finding.path and (finding.line or str(finding.path) not in finding.message + summary):
        path = make_printable(str(finding.path))
        yield f"{_INDENT}in {path}{f':{finding.line}' if finding.line else ''}\n", ""
    shown = finding.details[:_MAX_DETAILS]
    for detail in shown:
        yield _wrap(f"- {detail}", f"{_INDENT}  ", indent_first=_INDENT), ""
    if hidden := len(finding.details) - len(shown):
        yield f"{_INDENT}- and {hidden:,} more (--json lists them)\n", ""
    if finding.harm:
        yield _wrap(finding.harm, _INDENT), ""
    if finding.help:
        label = f"{_INDENT}help: "
        yield label, "help"
        yield _wrap(finding.help, f"{_INDENT}  ", len(label)), ""
    for command in finding.commands:
        yield f"{_INDENT}  {command}\n", "command"


def _wrap(text: str, indent: str, start: int = 0, *, indent_first: str | None = None) -> str:
    """Return a text in lines that fit into the terminal; the first one follows `start` columns."""
    first = "" if start else indent if indent_first is None else indent_first
    if not sys.stdout.isatty():
        return f"{first}{text}\n"
    lines = textwrap.wrap(
        text,
        min(shutil.get_terminal_size().columns, _MAX_WIDTH),
        initial_indent=" " * start + first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)[start:] + "\n"
