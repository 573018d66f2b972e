"""The project that a command uses, with what earlier commands have found out about it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cardwright.app.project import Project, load_collection, open_project

if TYPE_CHECKING:
    from cardwright.diagnostic import Diagnostic
    from cardwright.model import Collection

CACHE: Final = "CARDS_CACHE"


def find_cache() -> Path | None:
    """Return the folder of the cache: the user's cache folder, or the one that CARDS_CACHE names.

    None if that is empty.
    """
    given = os.environ.get(CACHE)
    if given is not None:
        return Path(given) if given else None
    import platformdirs  # noqa: PLC0415  (not needed when a path is given)

    return platformdirs.user_cache_path("cardwright", appauthor=False)


def open_user_project(folder: Path, *, highlights: bool = True) -> Project:
    """Open the project in or above a folder; see `open_project`."""
    return open_project(folder, highlights=highlights, cache_folder=find_cache())


def load_user_collection(folder: Path) -> tuple[Path, Collection, list[Diagnostic]]:
    """Load the project in or above a folder; see `load_collection`."""
    return load_collection(folder, find_cache())
