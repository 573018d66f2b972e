"""Changes to the manifests of packs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from cardwright.anki.ledger import LEDGER_NAME, read_ledger
from cardwright.app.choice import choose_packs
from cardwright.app.project import load_collection
from cardwright.error import ProjectError
from cardwright.files import read_below, write_below
from cardwright.model import Collection
from cardwright.project.namespace import insert_namespace, is_namespace, make_namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenNamespace:
    """A namespace that was written into a manifest."""

    namespace: str
    path: str
    """The path of the manifest, relative to the project."""
    is_released: bool
    """Whether the pack was released with it."""


def write_namespace(folder: Path, pack: str, random: Random) -> WrittenNamespace:
    """Write a namespace into the manifest of a pack that has none.

    A released pack keeps the one of its release; any other gets a new one.

    Raises:
        ProjectError: there is no such pack, or it has a namespace.
        WriteError: its manifest has errors.

    """
    root, collection, _ = load_collection(folder)
    choose_packs(collection.decks, [pack])
    deck = collection.decks[pack]
    if "namespace" in deck.spans:
        raise ProjectError(
            f"`{pack}` has the namespace `{deck.namespace}`",
            help="a namespace never changes: readers would get every card a second time",
        )
    shown = f"decks/{pack}/{LEDGER_NAME}"
    ledger, problems = read_ledger(root / shown, pack, shown)
    if problems or (ledger.namespace and not is_namespace(ledger.namespace)):
        raise ProjectError(f"{shown} is damaged", help="see `cards check`")
    namespace = ledger.namespace or _make_free_namespace(collection, pack, random)
    manifest = f"decks/{pack}/deck.yaml"
    raw = read_below(root, manifest) or b""
    write_below(root, manifest, insert_namespace(raw, manifest, namespace))
    return WrittenNamespace(namespace=namespace, path=manifest, is_released=bool(ledger.namespace))


def _make_free_namespace(collection: Collection, pack: str, random: Random) -> str:
    taken = {deck.namespace for deck in collection.decks.values()}
    while (namespace := make_namespace(pack, random)) in taken:
        pass
    return namespace
