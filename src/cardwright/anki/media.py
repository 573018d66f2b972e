"""Images, sounds and videos of cards → media files of a package, named after their content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from cardwright.foreign.media import MediaFile, MediaKind
from cardwright.kinds import list_media
from cardwright.markdown.render import Renderer
from cardwright.model import Card, CardHead, Kind

_WIDTH: Final = re.compile(' width="[^"]*"')
_SOUND: Final = re.compile(r"\[sound:([^\]]++)(\])?")
_TAG: Final = re.compile(r"<(?:img|audio|video|source|object|embed)\b[^>]*+", re.IGNORECASE)
_ADDRESS: Final = re.compile(
    r"""\b(?:src|data)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE
)
FindMedia = Callable[[CardHead, str], MediaFile | None]
"""Finds a media file from its card and its path as written; None if there is none."""


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A media file of a package."""

    file: MediaFile
    hash: str
    """64 bits of the SHA-256 of its content."""
    original_name: str = ""
    """Its name in Anki if it was adopted under one, and its content is the same since."""

    @property
    def path(self) -> Path:
        """Where its content is."""
        return self.file.path

    @property
    def name(self) -> str:
        """Its name in Anki.

        It carries the hash because Anki never replaces a media file that it already has, and
        because two cards may use different files of the same name.
        """
        return self.original_name or f"cardwright-{self.hash}{self.file.ending}"

    def write(self, attributes: str, /, *, is_hidden: bool) -> str:
        """Return its HTML.

        Anki plays `[sound:…]`, sounds and videos alike, even where it is hidden.
        """
        kind = self.file.format.kind
        if is_hidden or kind is MediaKind.IMAGE:
            return write_media(kind, self.name, attributes, preload="none")
        label, sound = _label(attributes), f"[sound:{self.name}]"
        return f'<span role="group"{label}>{sound}</span>' if label else sound


def write_media(kind: MediaKind, address: str, attributes: str, *, preload: str) -> str:
    """Return the HTML element of a media file, from the attributes of its image."""
    if kind is MediaKind.IMAGE:
        return f'<img src="{address}"{attributes}>'
    return f'<{kind} controls preload="{preload}" src="{address}"{_label(attributes)}></{kind}>'


def _label(attributes: str) -> str:
    """Return the attributes of an image as those of a sound or video: a label, and no width."""
    attributes = _WIDTH.sub("", attributes)
    return attributes.replace(' alt=""', "", 1).replace(" alt=", " aria-label=", 1)


def find_names(html: str) -> Iterator[str]:
    """Yield the names of files that the HTML of a field may mean, in each way to read them."""
    if "<" in html or "[" in html:
        written = [name for name, end in _SOUND.findall(html) if end]
        tags = map(_ADDRESS.search, _TAG.findall(html))
        written += [found[found.lastindex or 0] for found in tags if found]
        for name in map(unescape, written):
            yield from dict.fromkeys((name, unquote(name)))


class MediaFinder:
    """Finds the media files of cards, and hashes each file once."""

    def __init__(self, find: FindMedia, originals: Mapping[str, str] | None = None) -> None:
        """`find` returns media files; `originals` holds the digests of adopted ones, by names in Anki."""
        self._find = find
        self._originals = originals or {}
        self._names = {
            digest: name for name, digest in sorted(self._originals.items(), reverse=True)
        }
        self._files: dict[Path, PackedFile] = {}

    def list_files(self, card: Card, kind: Kind, renderer: Renderer) -> dict[str, PackedFile]:
        """Return the media files of a card, by path as written; missing files are left out."""
        found = {path: self.find(card, path) for path in list_media(card, kind, renderer)}
        return {path: file for path, file in found.items() if file}

    def find(self, card: CardHead, written: str) -> PackedFile | None:
        """Return a media file that a card names; None if it is missing."""
        file = self._find(card, written)
        return self._hash(file) if file else None

    def _hash(self, file: MediaFile) -> PackedFile:
        if file.path not in self._files:
            digest = hashlib.sha256(file.path.read_bytes()).hexdigest()[:16]
            name, own = self._names.get(digest, ""), file.path.name
            if self._originals.get(own) == digest:
                name = own
            self._files[file.path] = PackedFile(file, digest, name)
        return self._files[file.path]
