"""`cards build`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.anki.diff import format_counts
from cardwright.app.build import BuiltPackage, build_packs
from cardwright.app.garbage import gc_paused
from cardwright.app.lock import lock_project
from cardwright.app.project import Project, count_problems, describe_adopted
from cardwright.cli.build_time import find_build_time_s, find_time_s
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import json_option
from cardwright.cli.paths import OutputFolder
from cardwright.cli.project import open_user_project
from cardwright.files import find_real
from cardwright.project.walk import find_project
from cardwright.text import count


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option(
    "--to",
    "target",
    type=OutputFolder(),
    help="Write the packages to this folder (default: build/ in the project).",
)
@click.option(
    "--reserved",
    "is_reserved",
    is_flag=True,
    help="Build packages of the cards reserved for mock exams, which the others leave out.",
)
@json_option
@click.pass_obj
def build(
    folder: Path,
    packs: tuple[str, ...],
    target: Path | None,
    is_reserved: bool,
    as_json: bool,
) -> None:
    """Build the Anki packages, to try them out.

    Builds all packs, or only those you name. To publish a pack, use `cards release`.

    \b
    cards build
    cards build mlpro --to ~/Downloads
    cards build --reserved mlpro
    """
    with lock_project(find_project(folder), warn_of_waiting), gc_paused():
        project = open_user_project(folder)
        chosen = project.choose_packs(packs)
        if is_reserved and not packs:
            chosen = _find_reserved(project) or chosen
        project.refuse_errors()
        times_s = find_build_time_s(project.root), find_time_s()
        described = []
        for package in build_packs(
            project,
            chosen,
            times_s=times_s,
            target=target,
            warn_of=warn_of_file,
            is_reserved=is_reserved,
        ):
            described.append(_describe(package))
            if not as_json:
                _tell(package)
    if as_json:
        say_json(described)
    else:
        _warn_of_sources(project, chosen)


def _find_reserved(project: Project) -> list[str]:
    """Return the packs that have reserved cards."""
    heads = project.collection.heads
    reserved = {card.pack for card in heads if card.withdrawn == "reserved"}
    return [pack for pack in project.collection.decks if pack in reserved]


def warn_of_waiting() -> None:
    """Say that another process builds or releases the project."""
    warn("waiting for another `cards` that builds or releases this project")


def warn_of_file(path: Path, what: str) -> None:
    """Say what is wrong with a file."""
    warn(f"warning: {_shorten(path)} {what}")


def _tell(package: BuiltPackage) -> None:
    contents = package.contents
    pack, version = contents.deck.pack, package.build.stamps.version
    notes, cards = count(len(contents.packed), "note"), count(contents.card_count, "card")
    say(f"{_shorten(package.path)}: {notes}, {cards}")
    if contents.is_reserved:
        warn("Anki asks them like any others: import it once they need not be held back from you")
        return
    publish = f"this package is for trying out, `cards release {pack}` publishes"
    if not version and package.build.is_adopted:
        since = f"differs from what was adopted: {format_counts(package.unreleased)}"
        state = since if package.unreleased else "is as it was adopted"
        warn(f"{pack} {state}; {publish}")
    elif not version:
        warn(f"{pack} is not released yet: {publish}")
    elif package.unreleased:
        warn(f"{pack} has changed since {version}: {format_counts(package.unreleased)}; {publish}")


def _describe(package: BuiltPackage) -> dict[str, object]:
    return {
        "pack": package.contents.deck.pack,
        "path": str(package.path),
        "notes": len(package.contents.packed),
        "cards": package.contents.card_count,
        "bytes": package.size,
        "version": package.build.stamps.version or None,
        "unreleased": dict(package.unreleased),
    }


def _warn_of_sources(project: Project, packs: list[str]) -> None:
    used = {card.kind for card in project.collection.heads if card.pack in packs}
    for note in describe_adopted([kind for kind in project.adopted if kind.name in used]):
        warn(note)
    if project.problems:
        warn(f"{count_problems(project.problems)}: see `cards check`")


def _shorten(path: Path) -> str:
    """Return a path relative to the working folder, if it is inside it."""
    try:
        return find_real(path).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
