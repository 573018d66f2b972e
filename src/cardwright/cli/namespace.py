"""`cards namespace`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import SystemRandom

import click

from cardwright.app.choice import choose_packs
from cardwright.app.manifest import write_namespace
from cardwright.cli.environment import open_study
from cardwright.cli.output import say, say_json, warn
from cardwright.cli.params import db_option, json_option
from cardwright.cli.project import load_user_collection
from cardwright.cli.user_folders import default_store_path
from cardwright.error import ProjectError
from cardwright.model import Deck


@click.command()
@click.argument("pack", required=False)
@click.option(
    "--history",
    type=click.Choice(["keep", "leave"]),
    help="Whether the reviews under the pack's name belong to this project.",
)
@json_option
@db_option
@click.pass_obj
def namespace(
    folder: Path, pack: str | None, history: str | None, as_json: bool, db: Path | None
) -> None:
    """Give a pack its namespace, or list all namespaces.

    A namespace distinguishes the cards of PACK from those of other packs of the same name. It is
    written to deck.yaml. A released pack gets the namespace that it was released with, any other a
    new one.

    You keep your reviews. If another project may have used the same name, you are asked once whose
    the reviews are; --history answers beforehand.

    \b
    cards namespace spanish
    cards namespace spanish --history keep
    """
    if pack is None and history:
        raise click.UsageError("name the PACK whose history it is")
    _, collection, _ = load_user_collection(folder)
    if pack is None:
        _list(collection.decks.values(), as_json=as_json)
        return
    choose_packs(collection.decks, [pack])
    deck = collection.decks[pack]
    own = deck.namespace
    if not history or "namespace" not in deck.spans:
        made = write_namespace(folder, pack, SystemRandom())
        own = made.namespace
        if not as_json:
            why = ", as released" if made.is_released else ""
            say(f"{made.path}: namespace: {own}{why}")
    said = ""
    if (db or default_store_path()).exists():
        said = _settle_history(folder, pack, own, history, db)
    if as_json:
        say_json({"pack": pack, "namespace": own, "history": said or None})
    elif said:
        say(f"{pack}: {said}")


def _list(decks: Iterable[Deck], *, as_json: bool) -> None:
    if as_json:
        say_json(
            [
                {
                    "pack": deck.pack,
                    "namespace": deck.namespace,
                    "is_written": "namespace" in deck.spans,
                }
                for deck in decks
            ]
        )
        return
    for deck in decks:
        written = (
            "" if "namespace" in deck.spans else "  (the pack's name, since deck.yaml has none)"
        )
        say(f"{deck.pack}: {deck.namespace}{written}")


def _settle_history(
    folder: Path, pack: str, namespace: str, history: str | None, db: Path | None
) -> str:
    """Decide whether a pack continues the reviews under its name; return what to say about it."""
    if history and namespace == pack:
        raise ProjectError(
            f"the namespace of `{pack}` is its name: its reviews belong to this project"
        )
    wanted = {pack: history == "keep"} if history else {}
    try:
        with open_study(folder, db, is_writing=True, wanted=wanted) as study:
            decided = study.store.aliases.decided.get(namespace)
            is_told = bool(study.notes)
    except ProjectError as error:
        if history:
            raise
        warn(f"note: {error}")
        return ""
    if history and decided is None:
        raise ProjectError(f"there are no reviews under the name `{pack}`: nothing to decide")
    said = f"continues the reviews under `{decided}`" if decided else "starts afresh"
    if history and bool(decided) != wanted[pack]:
        raise ProjectError(f"it is already decided that `{pack}` {said}, and this is final")
    return said if decided is not None and not is_told else ""
