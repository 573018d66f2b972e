"""Folders of other programs: their texts and media, without following links out of them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.media import MAX_MEDIA_BYTES
from cardwright.foreign.plain_file import explain_errors, open_plain_file

MAX_FILES: Final = 100_000
_MAX_DEPTH: Final = 40
_CHUNK: Final = 2**20


class Folder:
    """The files below a folder, by their paths relative to it, with forward slashes, in NFC."""

    def __init__(self, root: Path) -> None:
        """List a folder; hidden files, and folders that are links, are left out.

        Raises:
            ForeignFileError: it cannot be read, or has too many files.

        """
        self.root = root
        self.names: dict[str, Path] = {}
        for path in self._walk(root, 0):
            name = path.relative_to(root).as_posix()
            self.names[unicodedata.normalize("NFC", name)] = path
            if len(self.names) > MAX_FILES:
                raise ForeignFileError(root, f"it has more than {MAX_FILES:,} files")
        self._by_end: dict[str, list[str]] | None = None

    def list(self, ending: str) -> list[str]:
        """Return the names of the files with an ending, sorted."""
        return sorted(name for name in self.names if name.lower().endswith(ending))

    def find(self, name: str, folder: str = "") -> str | None:
        """Return the name of a file, given relative to a folder; None if it is not there."""
        parts = folder.split("/") if folder else []
        for part in unicodedata.normalize("NFC", name).replace("\\", "/").split("/"):
            if part == "..":
                if not parts:
                    return None
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        found = "/".join(parts)
        return found if found in self.names else None

    def find_anywhere(self, name: str) -> str | None:
        """Return the name of the file that ends with a name, the one with the shortest path."""
        if self._by_end is None:
            self._by_end = {}
            for known in sorted(self.names, key=lambda known: (known.count("/"), known)):
                self._by_end.setdefault(known.rpartition("/")[2].casefold(), []).append(known)
        wanted = f"/{unicodedata.normalize('NFC', name).strip('/')}".casefold()
        for known in self._by_end.get(wanted.rpartition("/")[2], ()):
            if f"/{known}".casefold().endswith(wanted):
                return known
        return None

    def write(self, name: str, target: BinaryIO) -> None:
        """Write the content of a file.

        Raises:
            ForeignFileError: it cannot be read, or is too large.

        """
        copy_media(self.names[name], target)

    def _walk(self, folder: Path, depth: int) -> Iterator[Path]:
        if depth > _MAX_DEPTH:
            raise ForeignFileError(self.root, "its folders are nested too deeply")
        with explain_errors(folder), os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        for entry in listed:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path), depth + 1)
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def copy_media(path: Path, target: BinaryIO) -> None:
    """Write the content of a media file.

    Raises:
        ForeignFileError: it cannot be read, or is too large.

    """
    done = 0
    with explain_errors(path), open_plain_file(path) as source:
        while chunk := source.read(_CHUNK):
            done += len(chunk)
            if done > MAX_MEDIA_BYTES:
                raise ForeignFileError(path, f"it has more than {MAX_MEDIA_BYTES // 10**6} MB")
            target.write(chunk)


def make_writer(files: Mapping[str, Path]) -> Callable[[str, BinaryIO], None]:
    """Return what writes the content of files, by name; see `Incoming.write_media`."""

    def write(name: str, target: BinaryIO) -> None:
        copy_media(files[name], target)

    return write
