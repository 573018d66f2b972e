"""`cards build`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the packages; default: build/ of the project.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was built as JSON.")
@click.pass_obj
def build(folder: Path, packs: tuple[str, ...], target: Path | None, as_json: bool) -> None:
    """Build the Anki packages, or those named.

    \b
    cards build
    cards build mlpro --to ~/Downloads
    """
    import json

    from cardwright.anki.package import make_package
    from cardwright.cli.build_time import find_build_time_s
    from cardwright.cli.project import choose_packs, count_problems, open_project, refuse_errors
    from cardwright.cli.say import count, fail
    from cardwright.files import write_file

    project = open_project(folder)
    chosen = choose_packs(project.collection, packs)
    refuse_errors(project)
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
            fail(f"the deck of `{pack}` takes no card: Anki would import nothing")
        made.append((pack, package))
    for pack, package in made:
        path = (target or project.root / "build") / f"{pack}.apkg"
        write_file(path, package.data)
        if not as_json:
            notes, cards = count(package.notes, "note"), count(package.cards, "card")
            click.echo(f"{_show(path)}: {notes}, {cards}")
    if as_json:
        rows = [
            {
                "pack": pack,
                "path": str((target or project.root / "build") / f"{pack}.apkg"),
                "notes": package.notes,
                "cards": package.cards,
                "bytes": len(package.data),
            }
            for pack, package in made
        ]
        click.echo(json.dumps(rows, indent=2))
    elif project.problems:
        click.echo(f"{count_problems(project.problems)}: see `cards check`", err=True)


def _show(path: Path) -> str:
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
