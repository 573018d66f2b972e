"""Releasing a pack: writing its ledger, changelog and package, or what an interrupted release lacks."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from pathlib import Path

from cardwright.anki.changelog import CHANGELOG_NAME, has_entry, insert_entry, rename_entry
from cardwright.anki.ledger import LEDGER_NAME, Ledger, format_ledger
from cardwright.anki.pack import PackContents
from cardwright.anki.package import write_package
from cardwright.anki.publish import keep_unreleased, list_stamps
from cardwright.anki.record import Record, RecordError, find_record, read_record, write_record
from cardwright.anki.release import Release, choose_version
from cardwright.app.project import Project
from cardwright.error import ProjectError
from cardwright.files import find_below, read_below, stream_below, write_below


def write_release(project: Project, contents: PackContents, release: Release) -> None:
    """Publish a release of a pack.

    Raises:
        ProjectError: a link or a damaged file is in the way.
        OSError: a file cannot be read or written.

    """
    pack = contents.deck.pack
    ledger = project.ledgers[pack]
    if ledger.unfinished:
        _add_entry(project, contents, ledger, last=ledger.version)
    read_changelog(project, pack)
    find_below(project.root, f"build/{pack}.apkg")
    # First the ledger: it holds the entry until changelog and package are written, so that a release
    # that is interrupted anywhere has either not happened, or is finished by the next one.
    _write_ledger(project, release.ledger)
    _write_rest(project, contents, release.ledger, last=ledger.version)


def finish_release(project: Project, contents: PackContents, version: str | None) -> str:
    """Finish an interrupted release, under another version if one is given; return its version.

    Raises:
        ReleaseError: the version is not valid, or not a later one.
        ProjectError: a link or a damaged file is in the way.
        OSError: a file cannot be read or written.

    """
    ledger = project.ledgers[contents.deck.pack]
    if version not in {None, ledger.version}:
        ledger = _rename(project, ledger, choose_version(ledger.version, version, ()))
    _write_rest(project, contents, ledger, last=ledger.version)
    return ledger.version


def _rename(project: Project, ledger: Ledger, version: str) -> Ledger:
    """Give an unfinished release another version."""
    entry = rename_entry(ledger.unfinished, ledger.version, version)
    text = read_changelog(project, ledger.pack)
    if has_entry(text, ledger.unfinished):
        text = rename_entry(text, ledger.version, version)
        write_below(project.root, _name_changelog(ledger.pack), text)
    renamed = replace(ledger, version=version, unfinished=entry)
    _write_ledger(project, renamed)
    return renamed


def _write_rest(project: Project, contents: PackContents, ledger: Ledger, *, last: str) -> None:
    """Write what an unfinished release still lacks; `last` is the version before it."""
    _add_entry(project, contents, ledger, last=last)
    name = f"build/{ledger.pack}.apkg"
    stream_below(project.root, name, partial(write_package, contents, list_stamps(ledger)))
    _write_ledger(project, replace(ledger, unfinished=""))
    path = find_record(project.root, ledger.pack)
    with contextlib.suppress(OSError):
        # What is left of the rest would be ignored.
        write_record(path, keep_unreleased(contents, ledger, _read_record(path)))


def _read_record(path: Path) -> Record:
    try:
        return read_record(path)
    except RecordError:
        return Record()


def _write_ledger(project: Project, ledger: Ledger) -> None:
    lines = (line.encode("utf-8", "replace") for line in format_ledger(ledger))
    name = f"decks/{ledger.pack}/{LEDGER_NAME}"
    stream_below(project.root, name, lambda file: file.writelines(lines))


def _add_entry(project: Project, contents: PackContents, ledger: Ledger, *, last: str) -> None:
    text = read_changelog(project, ledger.pack)
    if not has_entry(text, ledger.unfinished):
        text = insert_entry(text, contents.deck.name, ledger.unfinished, last=last)
        write_below(project.root, _name_changelog(ledger.pack), text)


def _name_changelog(pack: str) -> str:
    return f"decks/{pack}/{CHANGELOG_NAME}"


def read_changelog(project: Project, pack: str) -> str:
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
