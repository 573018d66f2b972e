"""`cards schema`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.output import say
from cardwright.cli.project import load_user_collection
from cardwright.files import write_below
from cardwright.kinds.reference import describe_kinds
from cardwright.project.schema import format_schemas
from cardwright.project.schema_file import name_schema_file


@click.command()
@click.argument(
    "name", type=click.Choice(["cards", "deck", "blueprint", "kind", "kinds"]), default="cards"
)
@click.option("--write", is_flag=True, help="Write all schemas to schemas/ in the project.")
@click.pass_obj
def schema(folder: Path, name: str, write: bool) -> None:
    """Print a JSON Schema for editors.

    Prints the schema of cards, a deck, a blueprint or a kind; with `kinds`, a reference page of all
    kinds of cards instead.

    A YAML file names its schema in its first line, relative to itself:

    \b
    # yaml-language-server: $schema=../../schemas/cards.schema.json

    \b
    cards schema --write
    cards schema deck
    cards schema kinds > kinds.md
    """
    root, collection, _ = load_user_collection(folder)
    if name == "kinds":
        say(describe_kinds(collection.kinds.values()), end="")
        return
    texts = format_schemas(collection.kinds)
    if not write:
        say(texts[name], end="")
        return
    for key, text in texts.items():
        write_below(root, name_schema_file(key), text)
        say(name_schema_file(key))
