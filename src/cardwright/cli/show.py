"""`cards show`."""

from __future__ import annotations

from pathlib import Path

import click

from cardwright.anki.note import describe_content
from cardwright.app.project import find_card
from cardwright.cli.list import describe_card
from cardwright.cli.output import say, say_json
from cardwright.cli.params import json_option
from cardwright.cli.project import load_user_collection
from cardwright.markdown.render import Renderer
from cardwright.project.source_url import make_source_url
from cardwright.terminal.card import draw_card


@click.command()
@click.argument("ref", metavar="CARD")
@json_option
@click.pass_obj
def show(folder: Path, ref: str, as_json: bool) -> None:
    """Show a card as it is asked.

    \b
    cards show label-drift
    cards show mlpro:label-drift --json
    """
    _, collection, _ = load_user_collection(folder)
    card = find_card(collection, ref)
    if as_json:
        content = describe_content(collection, card)
        say_json({**describe_card(collection, card, Renderer()), **content})
    else:
        say(draw_card(collection, card))
        if address := make_source_url(collection.decks, card):
            say(f"Improve this card: {address}")
