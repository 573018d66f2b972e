"""The backups of the store: is there a recent one, and is it good."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final

from cardwright.app.doctor.case import Case, Copy, read_copy
from cardwright.app.doctor.finding import Finding, Report
from cardwright.app.doctor.store import make_copy_finding
from cardwright.history import MS_PER_DAY, count_days
from cardwright.study.backup import backup_folder
from cardwright.text import count

_MAX_AGE_DAYS: Final = 7
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_BEFORE_RESTORE: Final = "-before-restore"


def examine_backups(case: Case, report: Report) -> None:
    """Report on the backups."""
    backups, newest = case.backups, case.good_backup
    if not backups:
        report.summary = "none yet: the first review of a day makes one"
    else:
        report.summary = count(len(backups), "backup")
    if newest is not None:
        reviews = count(len(newest.ids), "review")
        report.summary += f", the newest good one {newest.path.name} with {reviews}"
    if obstacle := _find_obstacle(case):
        report.summary = "cannot be written"
        report.findings.append(obstacle)
        return
    report.findings += _check_damage(case, backups)
    report.findings += _check_age(case)
    report.findings += _check_contents(case, backups)


def _find_obstacle(case: Case) -> Finding | None:
    """Return what is in the place of the folder of backups, if anything is."""
    folder = backup_folder(case.path)
    if folder.is_dir() or not os.path.lexists(folder):
        return None
    return Finding(
        code="backup-unwritable",
        severity="warning",
        message=f"{folder} is in the way of the backups",
        harm="nothing is lost yet, but no backup can be made",
        help="move it away, or delete it",
        path=folder,
    )


def _check_damage(case: Case, backups: list[Copy]) -> Iterator[Finding]:
    for number, copy in enumerate(backups):
        if copy.error is None:
            continue
        is_newest = number == 0 and bool(case.ids)
        yield Finding(
            code="backup-damaged",
            severity="error" if is_newest else "note",
            message=f"this backup cannot be restored: {copy.error.message}",
            harm="nothing is lost: the store itself is not affected",
            help="make a new one" if is_newest else "you may delete it",
            commands=(case.commands.on_store("backup"),) if is_newest else (),
            path=copy.path,
        )


def _check_age(case: Case) -> Iterator[Finding]:
    """Report that reviews were not backed up for a long time."""
    newest = case.good_backup
    if newest is None:
        if case.ids:
            yield Finding(
                code="backup-missing",
                severity="note",
                message=f"there is no good backup of the store's {count(len(case.ids), 'review')}",
                harm="nothing is lost, but there is no way back if the file is",
                help="make one now; `cards review` makes one each day",
                commands=(case.commands.on_store("backup"),),
                path=backup_folder(case.path),
            )
        return
    # An id begins with the time in hexadecimal digits. Older reviews may have come by a sync.
    start = f"{_find_time_ms(newest.path):012x}"
    end = f"{max(case.moment.at_ms - _MAX_AGE_DAYS * MS_PER_DAY, 0):012x}"
    lacking = case.ids - newest.ids
    if any(start < id < end for id in lacking):
        yield Finding(
            code="backup-outdated",
            severity="warning",
            message=f"the newest good backup is old: {count(len(lacking), 'review')} came later",
            harm="nothing is lost yet",
            help="make one now; `cards review` makes one each day",
            commands=(case.commands.on_store("backup"),),
            path=newest.path,
        )


def _find_time_ms(backup: Path) -> int:
    """Return when a backup was made: by its name, or by its file if that is later."""
    found = _DATE.search(backup.name)
    named_ms = 0
    if found:
        with suppress(ValueError):
            named_ms = (count_days(date.fromisoformat(found[0])) + 1) * MS_PER_DAY
    return max(named_ms, backup.stat().st_mtime_ns // 10**6)


def _check_contents(case: Case, backups: list[Copy]) -> Iterator[Finding]:
    """Report the backup that holds most of what the store lacks."""
    if case.store is None or not backups:
        return
    fullest = max(backups, key=lambda copy: len(copy.ids - case.ids))
    if not fullest.ids - case.ids:
        return
    # Whoever restores an older backup wants to be without what came later.
    was_restored = any(_BEFORE_RESTORE in copy.path.name for copy in backups)
    yield make_copy_finding(
        case,
        read_copy(fullest.path),
        "a backup holds",
        severity="note" if was_restored else "error",
    )
