"""`cards schema`."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = "schemas"


@click.command()
@click.argument(
    "name", type=click.Choice(["cards", "deck", "blueprint", "kind", "kinds"]), default="cards"
)
@click.option("--write", is_flag=True, help="Write all of them to schemas/ of the project.")
@click.pass_obj
def schema(folder: Path, name: str, write: bool) -> None:
    """Print a JSON Schema for editors.

    Of cards, or of a deck, blueprint or kind;
    `kinds` is the reference page of all kinds of cards, for people.

    A YAML file names its schema in its first line, relative to itself:

    \b
    # yaml-language-server: $schema=../../schemas/cards.schema.json

    \b
    cards schema --write
    cards schema deck
    cards schema kinds > kinds.md
    """
    from cardwright.cli.project import load_collection
    from cardwright.files import write_file
    from cardwright.kinds.reference import describe_kinds
    from cardwright.project.schema import make_schemas

    root, collection, _ = load_collection(folder)
    if name == "kinds":
        click.echo(describe_kinds(collection.kinds.values()), nl=False)
        return
    texts = format_schemas(make_schemas(collection.kinds))
    if not write:
        click.echo(texts[name], nl=False)
        return
    for key, text in texts.items():
        write_file(root / FOLDER / f"{key}.schema.json", text)
        click.echo(f"{FOLDER}/{key}.schema.json")


def format_schemas(schemas: dict[str, dict[str, object]]) -> dict[str, str]:
    """Return schemas as the text of their files."""
    import json

    return {
        name: json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        for name, made in schemas.items()
    }
