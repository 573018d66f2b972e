"""`cards init`."""

from __future__ import annotations

import random
from pathlib import Path

import click

from cardwright.cli.output import say
from cardwright.cli.paths import OutputFolder
from cardwright.error import ProjectError
from cardwright.files import find_real, read_below, write_below
from cardwright.project.card import suggest_id
from cardwright.project.kind import read_built_in_kinds
from cardwright.project.namespace import make_namespace
from cardwright.project.schema import format_schemas
from cardwright.project.schema_file import name_schema_file
from cardwright.project.start import TEMPLATES, make_project_files, make_title
from cardwright.text import format_command

_UNNAMED = "deck"
"""The pack of a project whose name has no Latin letters."""


@click.command()
@click.argument("target", type=OutputFolder(is_in_project=True), metavar="FOLDER")
@click.option(
    "--template",
    type=click.Choice(list(TEMPLATES)),
    default="plain",
    show_default=True,
    help="What to start with: questions and gaps, vocabulary, or an exam with lessons.",
)
@click.option("--pack", default="", help="Name of the first pack; default: the folder's.")
@click.pass_obj
def init(folder: Path, target: Path, template: str, pack: str) -> None:
    """Start a project, ready to build.

    Creates FOLDER with one deck and a few sample cards. Its name can be in any script.

    \b
    cards init garden
    cards init spanish --template language
    """
    root = folder / target
    title = make_title(find_real(root).name)
    name = suggest_id(pack or title) or ("" if pack else _UNNAMED)
    if pack and pack != name:
        valid = f"`{name}` is" if name else "use a-z, 0-9 and hyphens"
        raise ProjectError(f"`{pack}` is not a valid name for a pack; {valid}")
    kinds = read_built_in_kinds()
    namespace = make_namespace(name, random.SystemRandom())
    files = make_project_files(name, title, namespace, TEMPLATES[template], kinds)
    for key, text in format_schemas(kinds).items():
        files[name_schema_file(key)] = text
    manifest = f"decks/{name}/deck.yaml"
    # The manifest is written last: without it, what is there may be from an interrupted run.
    for shown, text in files.items():
        found = read_below(root, shown)
        if found is not None and (shown == manifest or found != text.encode()):
            raise ProjectError(
                f"{root / shown} already exists: nothing was written", help="name a new folder"
            )
    files[manifest] = files.pop(manifest)
    for shown, text in files.items():
        write_below(root, shown, text)
    say(f"{root}: {len(files)} files. Next:")
    if find_real(root) != Path.cwd():
        say(f"  cd {format_command(root)}")
    say("  cards check\n  cards preview\n  cards review\n  cards build")
