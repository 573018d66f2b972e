"""Images of cards → media files of a package, named after their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cardwright.kinds import list_images
from cardwright.markdown import Renderer
from cardwright.model import Card, Kind

FindMedia = Callable[[Card, str], Path | None]
"""Finds the file of an image from its card and its path as written; None if there is none."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A media file of a package."""

    path: Path
    hash: str
    """64 bits of the SHA-256 of its content."""

    @property
    def name(self) -> str:
        """Its name in Anki.

        It carries the hash because Anki never replaces a media file that it already has, and
        because two cards may use different files of the same name.
        """
        return f"cardwright-{self.hash}{self.path.suffix.lower()}"


class MediaFinder:
    """Finds the media files of cards, and reads each file once."""

    def __init__(self, find: FindMedia, renderer: Renderer) -> None:
        """`find` returns the files of images; `renderer` finds the images in the texts of cards."""
        self._find = find
        self._renderer = renderer
        self._files: dict[Path, MediaFile] = {}

    def list_files(self, card: Card, kind: Kind) -> dict[str, MediaFile]:
        """Return the files of a card's images, by path as written; missing files are left out."""
        found: dict[str, MediaFile] = {}
        for image in list_images(card, kind, self._renderer):
            path = self._find(card, image)
            if path is not None:
                found[image] = self._read(path)
        return found

    def _read(self, path: Path) -> MediaFile:
        if path not in self._files:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
            self._files[path] = MediaFile(path, digest)
        return self._files[path]
