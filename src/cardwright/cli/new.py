"""`cards new`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.cli.output import say, say_json
from cardwright.cli.params import json_option
from cardwright.cli.project import load_user_collection
from cardwright.error import ProjectError
from cardwright.files import find_real, write_below
from cardwright.project.card import is_id
from cardwright.project.walk import is_source_name
from cardwright.project.write import append_card
from cardwright.text import list_names


@click.command()
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--id", "card_id", default="", help="The card's id; default: new-card.")
@json_option
@click.pass_obj
def new(folder: Path, kind: str, file: Path, card_id: str, as_json: bool) -> None:
    """Append a card to fill in.

    Adds a skeleton of KIND to the end of FILE, which is created if needed.

    \b
    cards new term cards/mlpro/mlops/2.5-monitoring/terms.yaml --id label-drift
    """
    root, collection, _ = load_user_collection(folder)
    if kind not in collection.kinds:
        raise ProjectError(f"there is no kind `{kind}` (kinds: {list_names(collection.kinds)})")
    path = file if file.is_absolute() else Path.cwd() / file
    try:
        shown = find_real(path).relative_to(root)
    except ValueError:
        raise ProjectError(f"{file} is outside the project {root}") from None
    if shown.parts[:1] != ("cards",) or not shown.parts[2:] or not is_source_name(path.name):
        raise ProjectError("a file of cards must be cards/PACK/…/NAME.yaml")
    if card_id and not is_id(card_id):
        raise ProjectError(f"`{card_id}` is not a valid id: use a-z, 0-9 and hyphens")
    pack = shown.parts[1]
    taken = {card.id for card in collection.heads if card.pack == pack}
    if card_id in taken:
        raise ProjectError(f"`{card_id}` is already used in the pack `{pack}`")
    name = card_id or _find_free_id(taken)
    text, line = append_card(root / shown, shown, collection.kinds[kind], name)
    write_below(root, shown.as_posix(), text)
    if as_json:
        say_json({"card": f"{pack}:{name}", "path": shown.as_posix(), "line": line})
    else:
        say(f"{shown.as_posix()}:{line}")


def _find_free_id(taken: set[str]) -> str:
    number = 1
    while (name := "new-card" if number == 1 else f"new-card-{number}") in taken:
        number += 1
    return name
