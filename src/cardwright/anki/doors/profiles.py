"""Where Anki keeps its profiles, and which of them is meant.

Profiles are recognised by their folders: Anki's own list of them, prefs21.db, is a pickle, and loading
one would run what it holds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cardwright.anki.error import AnkiError
from cardwright.text import list_names, to_nfc

_COLLECTION: Final = "collection.anki2"
_FLATPAK: Final = ".var/app/net.ankiweb.Anki/data"
"""Below the user's home."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of Anki, with a collection."""

    name: str
    """As Anki shows it; with its folder if another folder of Anki has a profile of that name."""
    folder: Path

    @property
    def collection(self) -> Path:
        """The file of its collection."""
        return self.folder / _COLLECTION

    @property
    def folder_name(self) -> str:
        """A name for a folder of Cardwright's own that is different for each profile."""
        return sha256(os.fsencode(self.folder)).hexdigest()[:16]

    @property
    def backups(self) -> Path:
        """Where Anki keeps backups of it."""
        return self.folder / "backups"


def find_anki_folders(system: str, environment: Mapping[str, str], home: Path) -> list[Path]:
    """Return the folders in which Anki may keep its profiles; `system` is `sys.platform`."""
    if base := environment.get("ANKI_BASE"):
        return [Path(base)]
    if system == "win32":
        data = environment.get("APPDATA")
        return [(Path(data) if data else home / "AppData" / "Roaming") / "Anki2"]
    if system == "darwin":
        return [home / "Library" / "Application Support" / "Anki2"]
    data = environment.get("XDG_DATA_HOME")
    own = Path(data) if data else home / ".local" / "share"
    return [own / "Anki2", home / _FLATPAK / "Anki2"]


def list_profiles(folders: Sequence[Path]) -> list[Profile]:
    """Return the profiles in folders of Anki, sorted by name."""
    found = [
        (entry.name, Path(entry.path), folder)
        for folder in folders
        for entry in _scan(folder)
        if (Path(entry.path) / _COLLECTION).is_file()
    ]
    names = [name for name, _, _ in found]
    return sorted(
        (
            Profile(f"{name} ({folder})" if names.count(name) > 1 else name, path)
            for name, path, folder in found
        ),
        key=lambda profile: profile.name,
    )


def choose_profile(folders: Sequence[Path], wanted: str | None) -> Profile:
    """Return the profile that is wanted, or the only one there is.

    Raises:
        AnkiError: there is no such profile, or it is unclear which one is meant.

    """
    profiles = list_profiles(folders)
    if not profiles:
        raise AnkiError(
            f"no profile of Anki was found in {list_names([str(path) for path in folders])}",
            help="start Anki once, or set ANKI_BASE to the folder that holds its profiles",
        )
    names = list_names([profile.name for profile in profiles])
    if wanted is None:
        if len(profiles) == 1:
            return profiles[0]
        first = profiles[0].name
        raise AnkiError(
            f"Anki has several profiles: {names}", help=f'name one, such as --profile "{first}"'
        )
    for profile in profiles:
        if to_nfc(profile.name) == to_nfc(wanted):
            return profile
    raise AnkiError(f"Anki has no profile {wanted}", help=f"it has {names}")


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_dir()]
    except OSError:
        return []
