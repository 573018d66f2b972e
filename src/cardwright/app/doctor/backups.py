"""The backups of the store: is there a recent one, and is it good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cardwright.app.doctor.case import Case, Copy, read_copy
from cardwright.app.doctor.finding import Finding, Report
from cardwright.app.doctor.store import make_copy_finding
from cardwright.history import MS_PER_DAY
from cardwright.text import count

_MAX_AGE_DAYS: Final = 7
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
    report.findings += _check_damage(case, backups)
    report.findings += _check_age(case)
    report.findings += _check_contents(case, backups)


def _check_damage(case: Case, backups: list[Copy]) -> Iterator[Finding]:
    for number, copy in enumerate(backups):
        if copy.error is None:
            continue
        is_newest = number == 0 and bool(case.ids)
        yield Finding(
            code="backup-damaged",
            severity="warning" if is_newest else "note",
            message=f"this backup cannot be restored: {copy.error.message}",
            harm="nothing is lost: the store itself is not affected",
            help="make a new one" if is_newest else "you may delete it",
            commands=(case.commands.on_store("backup"),) if is_newest else (),
            path=copy.path,
        )


def _check_age(case: Case) -> Iterator[Finding]:
    """Report reviews that should have been backed up long ago."""
    newest = case.good_backup
    known = newest.ids if newest else frozenset()
    before_ms = case.moment.at_ms - _MAX_AGE_DAYS * MS_PER_DAY
    # An id begins with the time in hexadecimal digits.
    old = {id for id in case.ids - known if id < f"{max(before_ms, 0):012x}"}
    if old:
        yield Finding(
            code="backup-outdated" if newest else "backup-missing",
            severity="warning",
            message=(
                "the newest good backup is old"
                if newest
                else f"there is no good backup of the store's {count(len(case.ids), 'review')}"
            ),
            harm=f"nothing is lost yet, but {count(len(case.ids - known), 'review')} are in no backup, "
            f"{len(old):,} of them for more than {_MAX_AGE_DAYS} days",
            help="make one now; `cards review` makes one each day",
            commands=(case.commands.on_store("backup"),),
            path=newest.path if newest else case.path.parent / "backups",
        )


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
        severity="note" if was_restored else "warning",
    )
