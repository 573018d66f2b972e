"""`cards preview`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.pass_obj
def preview(folder: Path, packs: tuple[str, ...]) -> None:
    """Make a page."""
