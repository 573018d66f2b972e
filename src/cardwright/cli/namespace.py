"""`cards namespace`."""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom

import click

from cardwright.app.manifest import write_namespace
from cardwright.app.project import load_collection
from cardwright.cli.output import say


@click.command()
@click.argument("pack", required=False)
@click.pass_obj
def namespace(folder: Path, pack: str | None) -> None:
    """Write the namespace of a pack into its deck.yaml.

    The namespace tells the cards of PACK from those of everyone else's packs of the same name. A
    released pack keeps what it was released with; any other gets a new one. Without PACK, lists the
    namespaces of all packs.

    \b
    cards namespace spanish
    """
    if pack is None:
        _, collection, _ = load_collection(folder)
        for name, deck in collection.decks.items():
            written = "" if "namespace" in deck.spans else "  (not written: its name)"
            say(f"{name}: {deck.namespace}{written}")
        return
    made = write_namespace(folder, pack, SystemRandom())
    why = ", as released" if made.is_released else ""
    say(f"{made.path}: namespace: {made.namespace}{why}")
