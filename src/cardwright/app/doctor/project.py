"""The project: can it be built and released, and do its packs and the store agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cardwright.anki.changelog import CHANGELOG_NAME
from cardwright.anki.diff import compare_with_ledger
from cardwright.anki.ledger import LEDGER_NAME, UPDATE
from cardwright.anki.publish import list_restyled
from cardwright.anki.record import RecordError, find_record, read_record
from cardwright.app.doctor.case import Case
from cardwright.app.doctor.finding import Finding, Report, explain
from cardwright.app.doctor.store import list_leftovers, report_leftovers
from cardwright.app.histories import list_claims
from cardwright.app.project import Project, count_problems, open_project
from cardwright.app.projects import list_projects
from cardwright.app.release import read_changelog
from cardwright.diagnostic import Diagnostic
from cardwright.error import ProjectError
from cardwright.files import find_below, find_real
from cardwright.history import is_kept
from cardwright.project.walk import find_project, walk_sources
from cardwright.text import count, format_command

_MAX_BYTES: Final = 2_000_000
"""Larger projects are checked only if that is asked for: it takes seconds."""
_MAX_CHANGELOG: Final = 1_000_000
_HEADING: Final = re.compile(r"(?m)^## (\d{1,9})\.(\d{1,9})\.(\d{1,9}) ")
_MAX_DETAILS: Final = 20


def examine_project(case: Case, report: Report) -> None:
    """Report on the project in or above the folder."""
    try:
        root = find_project(case.folder)
    except ProjectError as error:
        report.summary = "none here"
        report.findings += _explain_missing(case, error)
        report.findings += _check_unclaimed(case, [])
        return
    report.summary = str(root)
    report.findings += _check_leftovers(case, root)
    sources = walk_sources(root)
    files = (*sources.kinds, *sources.decks, *sources.cards)
    size = sum(file.path.stat().st_size for file in files if file.stamp)
    if size > _MAX_BYTES and not case.is_thorough:
        report.summary += (
            f": {count(len(sources.cards), 'file')} of cards; not checked (--verify does)"
        )
        return
    project = open_project(case.folder)
    packs = count(len(project.collection.decks), "pack")
    cards = count(len(project.collection.heads), "card")
    report.summary += f": {packs}, {cards}, {count_problems(project.problems)}"
    report.findings += _check_problems(case, project)
    report.findings += _check_changelogs(case, project)
    report.findings += _check_records(case, project)
    if not project.errors:
        report.findings += _check_changes(case, project)
    report.findings += _check_claims(case)
    namespaces = [deck.namespace for deck in project.collection.decks.values()]
    report.findings += _check_unclaimed(case, namespaces)


def _explain_missing(case: Case, error: ProjectError) -> Iterator[Finding]:
    """Explain a folder that looks like a project, but lacks something, or is gone."""
    if not case.folder.exists():
        yield explain("project-unreadable", error, harm="no command can be run from here")
        return
    for folder in (find_real(case.folder), *find_real(case.folder).parents):
        found = [name for name in ("cards", "decks") if (folder / name).is_dir()]
        if found:
            lacks = "decks" if found == ["cards"] else "cards"
            yield Finding(
                code="project-incomplete",
                severity="note",
                message=f"{folder} has a folder `{found[0]}`, but no `{lacks}`: it is not a project",
                help=error.help,
                path=folder,
            )
            return


def _check_leftovers(case: Case, root: Path) -> Iterator[Finding]:
    """Note temporary files in the folders that commands write to."""
    packs = root / "decks"
    folders = [root / "build", *(sorted(packs.iterdir()) if packs.is_dir() else ())]
    yield from report_leftovers([f for folder in folders for f in list_leftovers(folder, case)])


def _check_problems(case: Case, project: Project) -> Iterator[Finding]:
    """Report what stops a build; first of all ledgers, since only they cannot be written again."""
    rest = []
    for problem in project.problems:
        is_of_ledger = problem.span.path.endswith(f"/{LEDGER_NAME}")
        if is_of_ledger and problem.code in {"ledger-mismatch", "merge-conflict"}:
            yield _explain_ledger(case, project, problem)
        elif problem.code == "missing-namespace":
            pack = problem.span.path.split("/")[1]
            yield Finding(
                code=problem.code,
                severity="note",
                message=problem.message,
                harm="nothing is lost, but such a pack would share its reviews and update its notes",
                help="give it a namespace: reviews and released notes are kept",
                commands=(case.commands.on_store("namespace", pack),),
                path=project.root / problem.span.path,
                line=problem.span.line,
            )
        elif problem.code == "unfinished-release":
            pack = problem.span.path.split("/")[1]
            yield Finding(
                code=problem.code,
                severity="error",
                message=problem.message,
                harm="nothing is lost: the ledger has the release",
                help="finish it",
                commands=(case.commands.on_project("release", pack),),
                path=project.root / problem.span.path,
                line=problem.span.line,
            )
        else:
            rest.append(problem)
    errors = [problem for problem in rest if problem.is_error]
    if errors:
        yield Finding(
            code="project-errors",
            severity="error",
            message=f"{count(len(errors), 'error')} in the sources, {'the first ' if len(errors) > 1 else ''}"
            f"at {errors[0].span}: {errors[0].message}",
            harm="nothing is lost, but nothing can be built or released until they are fixed",
            help=errors[0].help if len(errors) == 1 else "fix them one by one; this lists them all",
            commands=(case.commands.on_project("check"),),
            path=project.root / errors[0].span.path,
            line=errors[0].span.line,
            details=_list_places(errors) if len(errors) > 1 else (),
        )
    if len(rest) > len(errors):
        warnings = [problem for problem in rest if not problem.is_error]
        yield Finding(
            code="project-warnings",
            severity="note",
            message=f"{count(len(warnings), 'warning')} in the sources",
            help="this lists them",
            commands=(case.commands.on_project("check"),),
            path=project.root,
            details=_list_places(warnings),
        )


def _list_places(problems: Iterable[Diagnostic]) -> tuple[str, ...]:
    return tuple(f"{problem.span}: {problem.message}" for problem in problems)[:_MAX_DETAILS]


def _explain_ledger(case: Case, project: Project, problem: Diagnostic) -> Finding:
    path = project.root / problem.span.path
    commands: tuple[str, ...] = ()
    if problem.help == UPDATE:
        return Finding(
            code="ledger-newer",
            severity="error",
            message=f"the ledger: {problem.message}",
            harm="nothing is lost, but this version can neither build nor release the pack",
            help=problem.help,
            path=path,
            line=problem.span.line,
        )
    if case.has_repository(project.root):
        commands = (
            format_command("git", "-C", project.root, "checkout", "HEAD", "--", problem.span.path),
        )
    return Finding(
        code="ledger-damaged",
        severity="error",
        message=f"the ledger is damaged: {problem.message}" if path.exists() else problem.message,
        harm="readers keep their cards, but nothing can be released until the ledger is whole",
        help=f"restore the version that you committed{'' if commands else ' or copied elsewhere'}"
        + ("" if path.exists() else "; if nothing was ever released, delete CHANGELOG.md instead"),
        commands=commands,
        path=path,
        line=problem.span.line,
    )


def _check_changelogs(case: Case, project: Project) -> Iterator[Finding]:
    """Report changelogs that no release can add to, or that name one which its ledger lacks."""
    for pack, ledger in project.ledgers.items():
        if project.has_damaged_ledger(pack):
            continue
        path = project.root / "decks" / pack / CHANGELOG_NAME
        try:
            text = read_changelog(project, pack)[:_MAX_CHANGELOG]
        except (ProjectError, OSError) as error:
            message = (
                error.message if isinstance(error, ProjectError) else f"{path}: {error.strerror}"
            )
            yield Finding(
                code="changelog-unreadable",
                severity="error",
                message=f"the changelog of `{pack}` cannot be read: {message}",
                harm="nothing is lost, but the pack cannot be released",
                help="move it away, or restore it from version control",
                path=path,
            )
            continue
        heading = _HEADING.search(text)
        released = tuple(map(int, re.findall(r"\d{1,9}", ledger.version)[:3]))
        if heading and tuple(map(int, heading.groups())) > released:
            version = ".".join(heading.groups())
            yield Finding(
                code="unfinished-release",
                severity="error",
                message=f"the changelog of `{pack}` has {version}, but the ledger does not",
                harm="nothing is lost if the release stopped before it wrote its ledger",
                help="if you have a later ledger, restore it; or else repeat the release",
                commands=(case.commands.on_project("release", pack, version),),
                path=path,
                line=text.count("\n", 0, heading.start()) + 1,
            )


def _check_records(case: Case, project: Project) -> Iterator[Finding]:
    """Report what is in the way of packages, and records of builds that cannot be read."""
    for pack in project.collection.decks:
        path = find_record(project.root, pack)
        try:
            _check_package(project.root, pack)
            read_record(path)
        except ProjectError as error:
            yield Finding(
                code="build-blocked",
                severity="error",
                message=f"`{pack}` cannot be built: {error.message}",
                harm="nothing is lost, but no package can be written",
                help=error.help,
                path=path.parent,
            )
        except RecordError as error:
            yield Finding(
                code="build-record-damaged",
                severity="warning",
                message=f"the record of the builds of `{pack}` cannot be read: {error}",
                harm="the next release cannot take back what only a build shipped; readers of "
                "released packages are not affected",
                help="begin a new record with a build"
                if path.is_file()
                else "move it away; the next build begins a new record",
                commands=(case.commands.on_project("build", pack),) if path.is_file() else (),
                path=path,
            )


def _check_package(root: Path, pack: str) -> None:
    """Check that nothing is in the way of a package.

    Raises:
        ProjectError: something is.

    """
    path = find_below(root, f"build/{pack}.apkg")
    if path.is_dir():
        raise ProjectError(f"{path} is a folder", help="move it away")


def _check_changes(case: Case, project: Project) -> Iterator[Finding]:
    for pack, ledger in project.ledgers.items():
        if not ledger.version:
            continue
        contents = project.describe_pack(pack)
        number = len(compare_with_ledger(ledger, contents))
        number += len(list_restyled(ledger, contents.note_types))
        if number:
            yield Finding(
                code="unreleased-changes",
                severity="note",
                message=f"`{pack}` has {count(number, 'change')} since {ledger.version}",
                help="this shows them; `cards release` publishes them",
                commands=(case.commands.on_project("diff", pack),),
                path=project.root / "decks" / pack,
            )


def _check_claims(case: Case) -> Iterator[Finding]:
    """Report reviews of which only the user knows whether they are of this project."""
    if case.store is None or case.sources is None:
        return
    for claim in list_claims(case.store, case.sources):
        if claim.owner or not claim.ours or not claim.others:
            continue
        yield Finding(
            code="history-undecided",
            severity="error",
            message=claim.describe(),
            harm="nothing is lost, but until you decide these reviews do not count here",
            help="decide: the first keeps these reviews for this project, the second starts afresh",
            commands=tuple(
                case.commands.on_store("namespace", claim.pack, "--history", wish)
                for wish in ("keep", "leave")
            ),
            path=case.path,
        )


def _check_unclaimed(case: Case, namespaces: Iterable[str]) -> Iterator[Finding]:
    """Note the projects that are gone, and the packs that no project here has."""
    if case.store is None:
        return
    known = list_projects(case.store)
    if gone := [project for project in known if not project.is_there]:
        yield Finding(
            code="projects-gone",
            severity="note",
            message=f"{count(len(gone), 'project')} that you studied {'is' if len(gone) == 1 else 'are'} "
            "not in the same folder any more",
            harm="their reviews are kept",
            help="`cards projects relink NAME FOLDER` tells where it is now; `cards projects forget NAME`"
            " if you do not need it any more",
            details=tuple(f"{project.name}: {project.folder}" for project in gone),
        )
    there = [project for project in known if project.is_there]
    elsewhere = [name for project in there for name in (*project.namespaces, *project.others)]
    united = {case.store.aliases.unite(namespace) for namespace in (*namespaces, *elsewhere)}
    others = sorted(name for name in case.store.list_namespaces() - united if not is_kept(name))
    if others:
        prompts = {name: len(case.store.list_keys(name)) for name in others}
        yield Finding(
            code="packs-elsewhere",
            severity="note",
            message=f"the store has reviews of {count(len(others), 'pack')} that no known project has",
            harm="they are kept, and count when you study those packs",
            details=tuple(f"{name}: {count(number, 'prompt')}" for name, number in prompts.items()),
        )
