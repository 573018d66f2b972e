"""The sync folder: what the next sync would take from it, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cardwright.app.doctor.case import Case
from cardwright.app.doctor.finding import Finding, Report, list_removals
from cardwright.exam.shared import is_valid_record
from cardwright.files import is_on_network
from cardwright.study.sync import EXCHANGED, EXTENSIONS, Outlook, describe_exchange, preview_sync
from cardwright.text import count, list_names

_MAX_BYTES: Final = 10_000_000
"""Larger folders are read only if that is asked for: it takes seconds."""


def examine_sync(case: Case, report: Report) -> None:
    """Report on the folder that was named, or that was synced with last."""
    folder = case.sync_folder or _recall(case)
    if folder is None:
        report.summary = "not used: `cards sync DIR` shares reviews with your other machines"
        return
    report.summary = str(folder)
    if not folder.is_dir():
        is_there = folder.exists()
        report.findings.append(
            Finding(
                code="sync-folder-missing",
                severity="warning",
                message=f"the sync folder {folder} is not {'a folder' if is_there else 'there'}",
                harm="nothing is lost, but reviews do not reach your other machines",
                help="move away what is in its place, or sync with another folder"
                if is_there
                else "check that its drive is connected and your sync program runs, or sync with "
                "another folder",
                path=folder,
            )
        )
        return
    if case.store is None:
        report.summary += ": not compared, as there is no store that can be read"
        return
    files = (file for extension in EXTENSIONS for file in folder.glob(f"*{extension}"))
    size = sum(file.stat().st_size for file in files if file.is_file())
    if size > _MAX_BYTES and not case.is_thorough:
        report.summary += f": {size / 1e6:,.0f} MB, not read (--verify does)"
        return
    found = preview_sync(case.store, folder, case.moment, is_valid_record)
    others = count(found.machines, "other machine")
    taken, given = describe_exchange(found.reviews, found.settings, found.records)
    said = f"{taken} to take, {given} to give" if _is_pending(found) else "nothing new"
    report.summary += f": {others}, {said}"
    report.findings += _check_files(case, folder, found)


def _recall(case: Case) -> Path | None:
    """Return the folder of the last sync."""
    folder = case.store.settings.read_sync_folder() if case.store is not None else ""
    return None if not folder or is_on_network(folder) else Path(folder)


def _is_pending(found: Outlook) -> bool:
    return any((*found.reviews, *found.settings, *found.records))


def _check_files(case: Case, folder: Path, found: Outlook) -> Iterator[Finding]:
    commands = (case.commands.on_store("sync", folder),)
    if found.is_full:
        yield Finding(
            code="sync-full",
            severity="warning",
            message="there is no room for more settings or exam records, perhaps as somebody else has "
            "filled the folder",
            harm="reviews are exchanged, and what this machine has is kept, but nothing new is taken",
            help="sync all your machines; delete all files there that end in "
            f"{list_names(EXCHANGED)}; restore on each machine a backup from before "
            "(`cards backup --restore FILE`); then sync them again, which brings back your reviews "
            "since that backup, but not your settings",
            commands=(commands[0], case.commands.on_store("backup", "--list")),
            path=folder,
            details=tuple(found.problems),
        )
    elif found.problems:
        yield Finding(
            code="sync-unreadable",
            severity="warning",
            message="some files of your other machines cannot be read completely",
            harm="nothing of this machine is lost; what is readable of the others is taken",
            help="wait until everything has arrived; `cards sync` on the machine that wrote a file "
            "writes it again; delete what is not a file",
            path=folder,
            details=tuple(found.problems),
        )
    if found.is_own_damaged:
        yield Finding(
            code="sync-own-file-damaged",
            severity="warning",
            message="a file that this machine shares is damaged",
            harm="nothing is lost: the store has what was in it",
            help="write it again",
            commands=commands,
            path=found.own,
        )
    if found.returning:
        yield Finding(
            code="sync-shared-name",
            severity="warning",
            message=f"the file that only this store writes has {count(found.returning, 'review')} "
            "that the store lacks",
            harm="they are not lost: an older store was restored, or a copy of this store is in use "
            "elsewhere under the same name",
            help="take them",
            commands=commands,
            path=found.own,
        )
    if found.clashes:
        yield Finding(
            code="sync-conflict",
            severity="warning",
            message=f"{count(len(found.clashes), 'review')} differ from those with the same ids on "
            "other machines",
            harm="nothing is lost: both versions count after a sync",
            help="sync, here and on the other machines",
            commands=commands,
            path=folder,
            details=tuple(found.clashes),
        )
    if _is_pending(found):
        taken, given = describe_exchange(found.reviews, found.settings, found.records)
        yield Finding(
            code="sync-pending",
            severity="note",
            message=f"{taken} of others to take, {given} to give",
            help="sync",
            commands=commands,
            path=folder,
        )
    elif found.copies and not found.problems:
        yield Finding(
            code="sync-copies",
            severity="note",
            message=f"your sync program made {count(len(found.copies), 'conflicted copy')}",
            harm="the store has all that is in them",
            help="you may delete them",
            commands=list_removals(found.copies),
            path=folder,
            details=tuple(map(str, found.copies)),
        )
