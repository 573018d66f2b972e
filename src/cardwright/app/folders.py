"""The folders in which the store of this machine has seen the packs of projects."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cardwright.project.walk import is_project
from cardwright.study.error import StoreError
from cardwright.study.store import Store


def remember_project(store: Store, root: Path, namespaces: Iterable[str]) -> list[tuple[str, str]]:
    """Remember the folder of a project; return each namespace that is new here, but known elsewhere.

    With it comes the folder that had it last. Of folders that no longer exist, nothing is said: the
    project was moved.
    """
    folder = str(root)
    if _is_remote(folder):
        return []
    known = read_folders(store)
    found, shared = dict(known), []
    for namespace in namespaces:
        folders = known.get(namespace, [])
        if folders[:1] == [folder]:
            continue
        others = [other for other in folders if other != folder and is_project(Path(other))]
        if others and folder not in folders:
            shared.append((namespace, others[0]))
        found[namespace] = [folder, *others]
    for namespace in known.keys() - set(namespaces):
        found[namespace] = [other for other in known[namespace] if other != folder]
    if found != known:
        # Who may only read the store studies from it all the same.
        with suppress(StoreError):
            store.settings.remember_folders(found)
    return shared


def read_folders(store: Store) -> dict[str, list[str]]:
    """Return the folders that had each namespace, the one seen last first."""
    # On Windows, looking at a network path would identify the user to an unknown server.
    return {
        namespace: [folder for folder in folders if not _is_remote(folder)]
        for namespace, folders in store.settings.read_folders().items()
    }


def _is_remote(folder: str) -> bool:
    return folder.startswith(("\\\\", "//"))


def explain_shared(shared: tuple[str, str]) -> str:
    """Tell of a namespace that is new in this folder, but was seen in another one before."""
    namespace, folder = shared
    return (
        f"{folder} has the pack `{namespace}` as well, so both share one history; if they are"
        " different decks, `cards namespace` tells them apart"
    )
