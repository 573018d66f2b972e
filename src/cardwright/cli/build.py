"""`cards build`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.anki.package import write_package
from cardwright.app.project import count_problems, describe_adopted, open_project
from cardwright.cli.build_time import find_build_time_s
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import json_option
from cardwright.cli.paths import OutputFolder
from cardwright.error import ProjectError
from cardwright.files import find_below, write_file
from cardwright.text import count


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option(
    "--to",
    "target",
    type=OutputFolder(),
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
        contents = project.describe_pack(pack)
        if not contents.packed:
            raise ProjectError(f"the deck of `{pack}` selects no cards: Anki would import nothing")
        data = write_package(contents, project.ledgers[pack], build_s=build_s)
        name = f"{pack}.apkg"
        path = target / name if target else find_below(project.root, f"build/{name}")
        made.append((path, contents, data))
    for path, contents, data in made:
        write_file(path, data)
        if not as_json:
            notes, cards = count(len(contents.packed), "note"), count(contents.card_count, "card")
            say(f"{_shorten(path)}: {notes}, {cards}")
    if as_json:
        say_json(
            [
                {
                    "pack": contents.deck.pack,
                    "path": str(path),
                    "notes": len(contents.packed),
                    "cards": contents.card_count,
                    "bytes": len(data),
                }
                for path, contents, data in made
            ]
        )
        return
    used = {card.kind for card in project.collection.cards if card.pack in chosen}
    for kind in project.adopted:
        if kind.name in used:
            warn(describe_adopted(kind))
    if project.problems:
        warn(f"{count_problems(project.problems)}: see `cards check`")


def _shorten(path: Path) -> str:
    """Return a path relative to the working folder, if it is inside it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
