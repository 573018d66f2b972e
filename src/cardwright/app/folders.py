"""The folders in which the store of this machine has seen the packs of projects."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cardwright.files import is_on_network
from cardwright.project.walk import is_project
from cardwright.study.error import StoreError
from cardwright.study.store import Store


def remember_project(store: Store, root: Path, namespaces: Iterable[str]) -> None:
    """Remember the folder of a project as the last one in which its namespaces were seen.

    Other folders stay known as long as they exist: otherwise, the project was moved.
    """
    folder = str(root)
    if is_on_network(folder):
        return
    known = read_folders(store)
    found = dict(known)
    for namespace in namespaces:
        folders = known.get(namespace, [])
        if folders[:1] != [folder]:
            others = (other for other in folders if other != folder and is_project(Path(other)))
            found[namespace] = [folder, *others]
    for namespace in known.keys() - set(namespaces):
        found[namespace] = [other for other in known[namespace] if other != folder]
    if found != known:
        # Who may only read the store studies from it anyway.
        with suppress(StoreError):
            store.settings.remember_folders(found)


def read_folders(store: Store) -> dict[str, list[str]]:
    """Return the folders that had each namespace, the one seen last first."""
    return {
        namespace: [folder for folder in folders if not is_on_network(folder)]
        for namespace, folders in store.settings.read_folders().items()
    }


def explain_shared(namespace: str, folder: str) -> str:
    """Tell that another folder has a namespace as well."""
    return (
        f"{folder} has the pack `{namespace}` as well, so both share one history; if they are"
        " different decks, `cards namespace` tells them apart"
    )
