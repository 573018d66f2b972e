"""`cards anki`: its commands, each imported when it is called."""

from __future__ import annotations

from typing import Final

import click

from cardwright.cli.lazy import LazyGroup

_COMMANDS: Final = {
    "edits": "Show what was edited in Anki, and take it over into the sources.",
    "sync": "Make the terminal and Anki one memory.",
    "update": "Bring the cards of this project into Anki.",
}
"""Every command, in the module of the same name, with the first sentence of its help."""


@click.group(cls=LazyGroup)
def anki() -> None:
    """Work with your Anki on this machine, or on a sync server of your own.

    \b
    cards anki update            bring the cards of this project into Anki
    cards anki sync              share answers with it, both ways
    cards anki edits             show what was edited there
    """


anki.add_lazily("cardwright.cli.anki", _COMMANDS)
