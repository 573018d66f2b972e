"""What surrounds the program, for `cards doctor`: versions, optional parts, encodings, git."""

from __future__ import annotations

import locale
import os
import platform
import sqlite3
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Final

import click
import yaml

from cardwright import __version__
from cardwright.anki.doors.library import check_version
from cardwright.app.config import ConfigError, suggest_setting
from cardwright.app.doctor.finding import Finding, Report
from cardwright.cli.build_time import describe_build_time, read_source_date_s
from cardwright.cli.config_file import load_config
from cardwright.cli.editor import find_editor_problem
from cardwright.cli.environment import CLOCK, read_clock
from cardwright.cli.player import Player
from cardwright.cli.programs import find_program
from cardwright.cli.project import find_cache
from cardwright.error import ExtraMissingError, ProjectError
from cardwright.project.cache import CACHE_NAME, find_fault
from cardwright.project.walk import find_project
from cardwright.study.store import MIN_SQLITE
from cardwright.terminal.keymap import make_keymap
from cardwright.text import list_names

_EXTRAS: Final = {
    "fsrs-rs-python": ("optimize", "`cards optimize`"),
    "numpy": ("exam", "`cards exam plan`"),
    "icalendar": ("exam", "`cards exam plan --ics`"),
    "anki": ("anki", "writing into Anki (it is licensed under the AGPL)"),
}
"""Optional packages: the extra that installs each, and what needs it."""


def examine_program(report: Report) -> None:
    """Report on Python, SQLite, optional packages, the clock and the terminal."""
    report.summary = (
        f"Cardwright {__version__}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}"
    )
    if _is_installed("anki"):
        report.summary += f", anki {metadata.version('anki')} (licensed under the AGPL)"
    add = report.findings.append
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        needed = ".".join(map(str, MIN_SQLITE[:2]))
        add(
            Finding(
                code="sqlite-too-old",
                severity="error",
                message=f"reviewing needs SQLite {needed}, but this Python has {sqlite3.sqlite_version}",
                harm="decks can be built, but nothing can be studied",
                help="use a Python with a newer SQLite, such as one from python.org or uv",
            )
        )
    _check_variables(report)
    for name, (extra, purpose) in _EXTRAS.items():
        if not _is_installed(name):
            add(
                Finding(
                    code="extra-missing",
                    severity="note",
                    message=f"{name} is not installed: {purpose} needs it",
                    help="install it if you want that",
                    commands=(f"pip install 'cardwright[{extra}]'",),
                )
            )
    _check_library(report)
    if not yaml.__with_libyaml__:
        add(
            Finding(
                code="yaml-slow",
                severity="note",
                message="PyYAML was built without libyaml: reading cards takes six times as long",
                help="install a PyYAML wheel from PyPI",
            )
        )
    _check_programs(report)
    _check_cache(report)
    _check_encodings(report)


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _check_programs(report: Report) -> None:
    """Report an editor or a player that cannot be started."""
    if problem := find_editor_problem():
        report.findings.append(
            Finding(
                code="editor-missing",
                severity="note",
                message=f"{problem}: `e` cannot open cards during a review",
                help="set VISUAL or EDITOR, or use `cards config editor=COMMAND`",
            )
        )
    with suppress(ConfigError):
        player = Player(os.environ, (), load_config().text("player"))
        if problem := player.find_problem():
            report.findings.append(
                Finding(
                    code="player-missing",
                    severity="note",
                    message=f"{problem}: sounds cannot be played",
                    help="correct it, or remove it to use the players on PATH: `cards config player=`",
                )
            )


def _check_cache(report: Report) -> None:
    """Report that nothing can be kept between runs."""
    folder = find_cache()
    if folder is None:
        return
    path = folder / CACHE_NAME
    try:
        fault = find_fault(path)
    except FileNotFoundError:
        above = next(one for one in path.absolute().parents if one.exists())
        fault = "" if above.is_dir() and os.access(above, os.W_OK) else "cannot be made"
    except OSError as error:
        fault = f"cannot be used: {error.strerror}"
    if fault:
        report.findings.append(
            Finding(
                code="cache-unusable",
                severity="warning",
                message=f"the cache {path} {fault}",
                harm="nothing is lost, but each `cards check` and `cards build` does everything anew",
                help="move it away, or delete it: it is made again",
                path=path,
            )
        )


def _check_library(report: Report) -> None:
    """Report a version of Anki's library that cannot be used."""
    if not _is_installed("anki"):
        return
    try:
        check_version(metadata.version("anki"))
    except ExtraMissingError as error:
        report.findings.append(
            Finding(
                code="extra-too-old",
                severity="warning",
                message=error.message,
                harm="a closed Anki cannot be written into, and no sync server can be used",
                help="install a newer one",
                commands=(error.help,) if error.help else (),
            )
        )


def _check_variables(report: Report) -> None:
    """Report environment variables that are invalid or change how commands work."""
    try:
        moment = read_clock()
    except click.UsageError as error:
        report.findings.append(
            Finding(
                code="clock-invalid",
                severity="error",
                message=error.message,
                harm="no command that uses reviews works",
                help=f"unset {CLOCK}",
            )
        )
    else:
        if os.environ.get(CLOCK):
            report.findings.append(
                Finding(
                    code="clock-set",
                    severity="note",
                    message=f"{CLOCK} sets the clock to {moment.local:%Y-%m-%d %H:%M}",
                    help="unset it to use the real time",
                )
            )
    try:
        config = load_config()
        make_keymap(config.table("keys"))
        if config.unknown:
            report.findings.append(
                Finding(
                    code="config-unknown",
                    severity="note",
                    message=f"{config.path} has what is no setting: {list_names(config.unknown)}",
                    help=suggest_setting(config.unknown[0]),
                    commands=("cards config --edit",),
                    path=config.path,
                )
            )
    except ConfigError as error:
        report.findings.append(
            Finding(
                code="config-invalid",
                severity="error",
                message=error.message,
                harm="most commands stop with this error",
                help=error.help or "correct the config file",
                commands=("cards config --edit",),
            )
        )
    try:
        read_source_date_s()
    except ProjectError as error:
        harm = "nothing can be built or released"
        help = "unset SOURCE_DATE_EPOCH"
        report.findings.append(
            Finding(
                code="date-invalid",
                severity="error",
                message=error.message,
                harm=harm,
                help=help,
            )
        )


def _check_encodings(report: Report) -> None:
    encoding = sys.getfilesystemencoding()
    if encoding.lower() not in {"utf-8", "utf8"}:
        report.findings.append(
            Finding(
                code="names-not-utf8",
                severity="warning",
                message=f"Python encodes the names of files as {encoding}",
                harm="files whose names have other letters than English cannot be read",
                help="set PYTHONUTF8=1",
            )
        )
    wanted = locale.getencoding()
    if wanted.lower() not in {"utf-8", "utf8"}:
        report.findings.append(
            Finding(
                code="terminal-not-utf8",
                severity="note",
                message=f"your locale asks for {wanted}, but cards are printed as UTF-8",
                help="if signs look wrong, choose a UTF-8 locale, such as LANG=C.UTF-8",
            )
        )
    if os.environ.get("TERM", "dumb" if sys.platform != "win32" else "") == "dumb":
        report.findings.append(
            Finding(
                code="terminal-plain",
                severity="note",
                message="this terminal cannot show a full screen: `cards review` runs line by line",
                help="set TERM to the name of your terminal, if it can do more",
            )
        )


def examine_git(folder: Path, report: Report) -> None:
    """Report what dates the notes of a build that were not released yet."""
    if find_program("git") is None:
        report.summary = "not installed: unreleased notes get the current time"
        return
    try:
        root = find_project(folder)
    except ProjectError:
        report.summary = "no project here"
        return
    try:
        report.summary = describe_build_time(root)
    except ProjectError as error:
        # The environment is examined elsewhere.
        report.summary = error.message
