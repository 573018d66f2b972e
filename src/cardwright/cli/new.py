"""`cards new`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--id", "card_id", default="", help="The card's id; default: new-card.")
@click.pass_obj
def new(folder: Path, kind: str, file: Path, card_id: str) -> None:
    """Append a card to be filled in.

    The skeleton of a KIND goes to the end of a FILE of cards, which is made if need be.

    \b
    cards new term cards/mlpro/mlops/monitoring.yaml --id label-drift
    """
    from cardwright.cli.project import load_collection
    from cardwright.cli.say import fail
    from cardwright.files import write_file
    from cardwright.project.card import is_id
    from cardwright.project.write import WriteError, append_card

    root, collection, _ = load_collection(folder)
    if kind not in collection.kinds:
        fail(f"there is no kind `{kind}` (kinds: {', '.join(collection.kinds)})")
    path = file if file.is_absolute() else Path.cwd() / file
    try:
        shown = path.resolve().relative_to(root)
    except ValueError:
        fail(f"{file} lies outside the project {root}")
    if shown.parts[:1] != ("cards",) or not shown.parts[2:] or path.suffix not in (".yaml", ".yml"):
        fail("cards live in cards/PACK/…/NAME.yaml")
    if card_id and not is_id(card_id):
        fail(f"`{card_id}` is not a valid id: use a-z, 0-9 and hyphens")
    pack = shown.parts[1]
    taken = {card.id for card in collection.cards if card.pack == pack}
    if card_id in taken:
        fail(f"`{card_id}` is already used in the pack `{pack}`")
    try:
        text, line = append_card(
            path, shown, collection.kinds[kind], card_id or _find_free_id(taken)
        )
    except WriteError as error:
        fail(str(error))
    write_file(path, text)
    click.echo(f"{shown.as_posix()}:{line}")


def _find_free_id(taken: set[str]) -> str:
    number = 1
    while (name := "new-card" if number == 1 else f"new-card-{number}") in taken:
        number += 1
    return name
