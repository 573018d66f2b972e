"""The indexes of projects beside the store, which are only a cache."""

from __future__ import annotations

from typing import Final

from cardwright.app.doctor.case import Case
from cardwright.app.doctor.finding import Finding, Report, list_removals
from cardwright.app.doctor.store import list_leftovers, report_leftovers
from cardwright.error import ProjectError
from cardwright.history import MS_PER_DAY
from cardwright.project.index import read_index
from cardwright.project.names import find_index
from cardwright.project.walk import find_project
from cardwright.text import count

_UNUSED_DAYS: Final = 90


def examine_index(case: Case, report: Report) -> None:
    """Report on the index of this project, and on those that nothing uses any more."""
    folder = case.path.parent / "index"
    own = None
    try:
        own = find_index(case.path, find_project(case.folder))
    except ProjectError:
        report.summary = "no project here, so none is needed"
    if own is not None:
        if not own.exists():
            report.summary = "none yet: the next `cards review` makes it"
        elif read_index(own) is None:
            report.summary = "outdated: the next `cards review` makes it again"
        else:
            report.summary = f"{own}: intact"
        if own.is_dir() or (folder.exists() and not folder.is_dir()):
            obstacle = own if own.is_dir() else folder
            report.summary = "cannot be written"
            report.findings.append(
                Finding(
                    code="index-unwritable",
                    severity="warning",
                    message=f"{obstacle} is in the way of the index",
                    harm="nothing is lost, but each start of `cards review` reads every card",
                    help="move it away, or delete it",
                    path=obstacle,
                )
            )
    if not folder.is_dir():
        return
    before_s = case.moment.at_ms / 1000 - _UNUSED_DAYS * MS_PER_DAY / 1000
    unused = [
        file
        for file in sorted(folder.glob("*.index"))
        if file != own and file.is_file() and file.stat().st_mtime < before_s
    ]
    if unused:
        size = sum(file.stat().st_size for file in unused)
        report.findings.append(
            Finding(
                code="index-unused",
                severity="note",
                message=f"{count(len(unused), 'project')} {'was' if len(unused) == 1 else 'were'} not studied for {_UNUSED_DAYS} days: "
                f"their indexes take {size / 1e6:.1f} MB",
                harm="nothing is lost with them: an index is made again when it is needed",
                help="you may delete them",
                commands=list_removals(unused),
                path=folder,
                details=tuple(map(str, unused)),
            )
        )
    report.findings += report_leftovers(list_leftovers(folder, case))
