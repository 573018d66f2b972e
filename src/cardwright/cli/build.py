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

    from cardwright.anki.package import write_package
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
        contents = project.describe_pack(pack)
        if not contents.notes:
            fail(f"the deck of `{pack}` takes no cards: Anki would import nothing")
        data = write_package(contents, project.ledgers[pack], build_s=build_s)
        made.append((pack, contents, data))
    for pack, contents, data in made:
        path = (target or project.root / "build") / f"{pack}.apkg"
        write_file(path, data)
        if not as_json:
            notes = count(len(contents.notes), "note")
            click.echo(f"{_show(path)}: {notes}, {count(contents.card_count, 'card')}")
    if as_json:
        rows = [
            {
                "pack": pack,
                "path": str((target or project.root / "build") / f"{pack}.apkg"),
                "notes": len(contents.notes),
                "cards": contents.card_count,
                "bytes": len(data),
            }
            for pack, contents, data in made
        ]
        click.echo(json.dumps(rows, indent=2))
    elif project.problems:
        click.echo(f"{count_problems(project.problems)}: see `cards check`", err=True)


def _show(path: Path) -> str:
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
