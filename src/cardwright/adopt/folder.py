"""Folders of other programs: their texts and media, without following links."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.media import MAX_MEDIA_BYTES
from cardwright.foreign.plain_file import explain_errors, open_plain_file

MAX_FILES: Final = 100_000
_MAX_DEPTH: Final = 40
_CHUNK: Final = 2**20


class Folder:
    """The files below a folder, by their paths relative to it, with forward slashes."""

    def __init__(self, root: Path) -> None:
        """Take a folder; it is read when it is needed."""
        self.root = root

    def list_names(self, *endings: str) -> list[str]:
        """Return the names of the files with some endings, sorted; hidden ones are left out.

        Raises:
            ForeignFileError: a folder cannot be read, or there are too many files.

        """
        return [name for name in self._names if name.lower().endswith(endings)]

    def has(self, name: str) -> bool:
        """Tell whether there is such a file."""
        return self._find_path(name.split("/")) is not None

    def find(self, name: str, folder: str = "") -> str | None:
        """Return the name of a file that is given relative to a folder; None if it is not there."""
        parts = folder.split("/") if folder else []
        for part in name.replace("\\", "/").split("/"):
            if part == ".." and not parts:
                return None
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        found = self._find_path(parts)
        return None if found is None else found.relative_to(self.root).as_posix()

    def find_anywhere(self, name: str) -> str | None:
        """Return the name of the file whose path ends with a name, the shortest if there are more."""
        wanted = f"/{_normalize(name).strip('/')}"
        for known in self._by_file_name.get(wanted.rpartition("/")[2], ()):
            if f"/{_normalize(known)}".endswith(wanted):
                return known
        return None

    def write(self, name: str, target: BinaryIO) -> None:
        """Write the content of a file.

        Raises:
            ForeignFileError: it cannot be read, or is too large.

        """
        copy_media(self.root / name, target)

    @cached_property
    def _names(self) -> list[str]:
        names = []
        for path in self._walk(self.root, 0):
            names.append(path.relative_to(self.root).as_posix())
            if len(names) > MAX_FILES:
                raise ForeignFileError(self.root, f"it has more than {MAX_FILES:,} files")
        return sorted(names)

    @cached_property
    def _by_file_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in sorted(self._names, key=lambda name: (name.count("/"), name)):
            found.setdefault(_normalize(name.rpartition("/")[2]), []).append(name)
        return found

    def _find_path(self, parts: list[str]) -> Path | None:
        """Return a regular file below the root, if no link leads to it."""
        path, mode = self.root, 0
        try:
            for part in parts:
                path /= part
                if not os.path.lexists(path):
                    # macOS may write names in another normal form than texts.
                    path = path.with_name(unicodedata.normalize("NFD", part))
                mode = path.lstat().st_mode
                if stat.S_ISLNK(mode):
                    return None
        except (OSError, ValueError):
            return None
        return path if stat.S_ISREG(mode) else None

    def _walk(self, folder: Path, depth: int) -> Iterator[Path]:
        if depth > _MAX_DEPTH:
            raise ForeignFileError(self.root, "its folders are nested too deeply")
        with explain_errors(folder), os.scandir(folder) as entries:
            for entry in entries:
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


def _normalize(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
