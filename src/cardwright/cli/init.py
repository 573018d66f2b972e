"""`cards init`."""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom

import click

from cardwright.cli.output import say
from cardwright.cli.schema import FOLDER, format_schemas
from cardwright.error import ProjectError
from cardwright.files import write_file
from cardwright.project.card import suggest_id
from cardwright.project.kind import read_built_in_kinds
from cardwright.project.namespace import make_namespace
from cardwright.project.schema import make_schemas
from cardwright.project.start import make_project_files


@click.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER")
@click.option("--pack", default="", help="Name of the first pack; default: the folder's.")
@click.pass_obj
def init(folder: Path, target: Path, pack: str) -> None:
    """Start a project that builds at once.

    FOLDER gets one deck, with a sample card of each kind.

    \b
    cards init spanish
    cd spanish && cards build
    """
    root = folder / target
    name = suggest_id(pack or root.resolve().name)
    if pack and pack != name:
        raise ProjectError(f"`{pack}` is not a valid name for a pack; `{name}` is")
    kinds = read_built_in_kinds()
    files = make_project_files(name, make_namespace(name, SystemRandom()), kinds)
    for key, text in format_schemas(make_schemas(kinds)).items():
        files[f"{FOLDER}/{key}.schema.json"] = text
    for shown in files:
        if (root / shown).exists():
            raise ProjectError(f"{root / shown} already exists: nothing was written")
    for shown, text in files.items():
        write_file(root / shown, text)
    say(f"{root}: {len(files)} files. Next:")
    if root.resolve() != Path.cwd():
        say(f"  cd {root}")
    say("  cards check\n  cards build")
