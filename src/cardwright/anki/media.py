"""Images of cards → files of a package, named by what they hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cardwright.anki.note import hash_media
from cardwright.kinds import list_images
from cardwright.markdown import Renderer
from cardwright.model import Card, Kind


class MediaShelf:
    """The media files that the cards of a package use.

    A file's name carries its hash: Anki never replaces a media file that is already there, and
    two files of one name would be mixed up.
    """

    def __init__(self, find: Callable[[Card, str], Path | None], renderer: Renderer) -> None:
        """Look images up with `find(card, path as written)`."""
        self._find = find
        self._renderer = renderer
        self._hashes: dict[Path, str] = {}
        self.files: dict[str, Path] = {}
        """Name in Anki → file, of every image asked for."""

    def hashes_of(self, card: Card, kind: Kind) -> dict[str, str]:
        """Return the images of a card, as written, each with the hash of what it holds."""
        found: dict[str, str] = {}
        for image in list_images(card, kind, self._renderer):
            path = self._find(card, image)
            if path is not None:
                found[image] = self._hash(path)
        return found

    def names_of(self, card: Card, hashes: dict[str, str]) -> dict[str, str]:
        """Return the names in Anki of a card's images, and keep their files for the package."""
        names: dict[str, str] = {}
        for image, digest in hashes.items():
            path = self._find(card, image)
            if path is not None:
                names[image] = f"cardwright-{digest}{path.suffix.lower()}"
                self.files[names[image]] = path
        return names

    def _hash(self, path: Path) -> str:
        if path not in self._hashes:
            self._hashes[path] = hash_media(path)
        return self._hashes[path]
