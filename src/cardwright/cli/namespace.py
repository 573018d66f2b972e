"""`cards namespace`."""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom

import click

from cardwright.app.choice import choose_packs
from cardwright.app.manifest import write_namespace
from cardwright.app.project import load_collection
from cardwright.cli.environment import default_store_path, open_study
from cardwright.cli.output import say, warn
from cardwright.cli.params import db_option
from cardwright.error import ProjectError


@click.command()
@click.argument("pack", required=False)
@click.option(
    "--history",
    type=click.Choice(["keep", "leave"]),
    help="Whether the reviews under the pack's name are of this project.",
)
@db_option
@click.pass_obj
def namespace(folder: Path, pack: str | None, history: str | None, db: Path | None) -> None:
    """Write the namespace of a pack into its deck.yaml.

    The namespace tells the cards of PACK from those of everyone else's packs of the same name. A
    released pack keeps what it was released with; any other gets a new one. Without PACK, lists the
    namespaces of all packs.

    Your reviews go on. If other projects may have used the same name, you are asked once whose they
    are, or say so with --history.

    \b
    cards namespace spanish
    cards namespace spanish --history keep
    """
    if pack is None:
        if history:
            raise click.UsageError("name the PACK whose history it is")
        _, collection, _ = load_collection(folder)
        for name, deck in collection.decks.items():
            written = "" if "namespace" in deck.spans else "  (not written: its name)"
            say(f"{name}: {deck.namespace}{written}")
        return
    _, collection, _ = load_collection(folder)
    choose_packs(collection.decks, [pack])
    if not history or "namespace" not in collection.decks[pack].spans:
        made = write_namespace(folder, pack, SystemRandom())
        why = ", as released" if made.is_released else ""
        say(f"{made.path}: namespace: {made.namespace}{why}")
    if (db or default_store_path()).exists():
        _settle_history(folder, pack, history, db)


def _settle_history(folder: Path, pack: str, history: str | None, db: Path | None) -> None:
    """Decide whether a pack continues the reviews under its name."""
    namespace = load_collection(folder)[1].decks[pack].namespace
    wanted = {pack: history == "keep"} if history else {}
    try:
        with open_study(folder, db, is_writing=True, wanted=wanted) as study:
            decided = study.store.aliases.decided.get(namespace)
            is_told = bool(study.notes)
    except ProjectError as error:
        if history:
            raise
        warn(f"note: {error}")
        return
    if history and decided is None:
        raise ProjectError(f"there are no reviews under the name `{pack}`: nothing to decide")
    if history and bool(decided) != wanted[pack]:
        said = f"continues the reviews under `{decided}`" if decided else "starts afresh"
        raise ProjectError(f"it was decided before that `{pack}` {said}, and that does not change")
    if decided is not None and not is_told:
        said = f"the reviews under `{decided}` go on" if decided else "it starts afresh"
        say(f"{pack}: {said}")
