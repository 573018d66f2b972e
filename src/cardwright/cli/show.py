"""`cards show`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("ref", metavar="CARD")
@click.option("--json", "as_json", is_flag=True, help="Print the card as JSON.")
@click.pass_obj
def show(folder: Path, ref: str, as_json: bool) -> None:
    """Show a card as it is asked.

    \b
    cards show label-drift
    cards show mlpro:label-drift --json
    """
    from cardwright.cli.project import find_card, load_collection

    _, collection, _ = load_collection(folder)
    card = find_card(collection, ref)
    if as_json:
        import json

        from cardwright.anki.note import describe_content
        from cardwright.cli.list import describe_card

        row = {**describe_card(collection, card), **describe_content(collection, card)}
        click.echo(json.dumps(row, indent=2, ensure_ascii=False))
        return
    from cardwright.terminal.card import print_card

    print_card(collection, card)
