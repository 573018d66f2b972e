"""`cards build`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.anki.package import make_package
from cardwright.app.project import count_problems, open_project
from cardwright.cli.build_time import find_build_time_s
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import json_option
from cardwright.files import write_file
from cardwright.project.walk import ProjectError
from cardwright.text import count


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the packages to this folder (default: build/ in the project).",
)
@json_option
@click.pass_obj
def build(folder: Path, packs: tuple[str, ...], target: Path | None, as_json: bool) -> None:
    """Build the Anki packages.

    Builds all packs, or only those you name.

    \b
    cards build
    cards build mlpro --to ~/Downloads
    """
    project = open_project(folder)
    chosen = project.choose_packs(packs)
    project.refuse_errors()
    build_s = find_build_time_s(project.root)
    made = []
    for pack in chosen:
        package = make_package(
            project.collection,
            project.collection.decks[pack],
            project.ledgers[pack],
            build_s=build_s,
            renderer=project.renderer,
            shelf=project.make_shelf(),
        )
        if not package.notes:
            raise ProjectError(f"the deck of `{pack}` selects no cards: Anki would import nothing")
        made.append(((target or project.root / "build") / f"{pack}.apkg", pack, package))
    for path, _, package in made:
        write_file(path, package.data)
        if not as_json:
            notes, cards = count(package.notes, "note"), count(package.cards, "card")
            say(f"{_shorten(path)}: {notes}, {cards}")
    if as_json:
        say_json(
            [
                {
                    "pack": pack,
                    "path": str(path),
                    "notes": package.notes,
                    "cards": package.cards,
                    "bytes": len(package.data),
                }
                for path, pack, package in made
            ]
        )
    elif project.problems:
        warn(f"{count_problems(project.problems)}: see `cards check`")


def _shorten(path: Path) -> str:
    """Return a path relative to the working folder, if it is below it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
