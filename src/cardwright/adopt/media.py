"""Where the media of an incoming deck go."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from html import unescape
from itertools import chain
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from cardwright.adopt.ids import FreeNames
from cardwright.incoming import Incoming

FOLDER: Final = "media"
_BAD: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
"""What some system does not allow in a name."""
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_QUOTED: Final = re.compile(r"""["'(]\s*([^"'()<>\n]{1,250}?)\s*["')]""")
_WORD: Final = re.compile(r"[\w%.~+-]++")
_ENDING: Final = re.compile(r"\.\w{1,10}")
_FOR_TEMPLATES: Final = "_"
"""How names of files begin that Anki keeps although no note names them."""


class MediaPlan:
    """The paths of the files that cards use."""

    def __init__(self, incoming: Incoming, taken: Iterable[str]) -> None:
        """`taken` are paths below the folders of packs where no file can go."""
        self._names = frozenset(incoming.media) - incoming.unfit_media
        self._free = FreeNames(taken)
        self.paths: dict[str, str] = {}
        """Paths below `cards/PACK/`, by name in the incoming deck."""

    def make_finder(
        self, file: str, folder: str, used: dict[str, None]
    ) -> Callable[[str], str | None]:
        """Return what finds media for the texts of a card, and adds their names to `used`.

        `file` is the card's file below `cards/PACK/`, and `folder` what the names are relative to.
        """
        up = "../" * file.count("/")

        def find(name: str) -> str | None:
            known = next((one for one in _list_names(folder, name) if one in self._names), None)
            if known is None:
                return None
            used[known] = None
            return f"{up}{self._place(known)}"

        return find

    def _place(self, name: str) -> str:
        path = self.paths.get(name)
        if path is None:
            base = make_file_name(name)
            stem, ending = PurePosixPath(base).stem, PurePosixPath(base).suffix
            path = self.paths[name] = self._free.take(f"{FOLDER}/{stem}", ending)
        return path


def make_file_name(name: str) -> str:
    """Return the last part of a path as a name that all systems allow."""
    base = _BAD.sub("-", PurePosixPath(name).name).strip(" ").rstrip(".") or "file"
    base = f"_{base[1:]}" if base.startswith(".") else base
    return f"_{base}" if _DEVICE.fullmatch(base) else base


def _list_names(folder: str, name: str) -> Iterator[str]:
    if folder:
        path = posixpath.normpath(posixpath.join(folder, name))
        if not path.startswith(("../", "/")):
            yield path
    yield name


def find_named(texts: Iterable[str], names: Collection[str]) -> list[str]:
    """Return which files templates or stylesheets name, in order."""
    found: dict[str, None] = {}
    for text in texts if names else ():
        for written in chain((match[1] for match in _QUOTED.finditer(text)), _list_words(text)):
            for name in (written, unquote(written), unescape(written), unquote(unescape(written))):
                if name in names:
                    found[name] = None
    return list(found)


def _list_words(text: str) -> Iterator[str]:
    """Yield the words that could be names of files, up to the last ending in each."""
    for match in _WORD.finditer(text):
        word = match[0]
        end = max((ending.end() for ending in _ENDING.finditer(word)), default=0)
        if end:
            yield word[:end]


def is_for_templates(name: str) -> bool:
    """Tell whether Anki keeps a file even if no note names it."""
    return name.startswith(_FOR_TEMPLATES)


class KindMediaPlan:
    """The paths of the files that templates and stylesheets name."""

    def __init__(self) -> None:
        """Begin without any."""
        self._free = FreeNames()
        self.paths: dict[str, str] = {}
        """Paths below `kinds/`, by name in the incoming deck."""

    def place(self, name: str) -> str:
        """Return the path of a file. Its name is kept, as Anki looks for it."""
        if name not in self.paths:
            self.paths[name] = self._free.take(f"{FOLDER}/{name}")
        return self.paths[name]
