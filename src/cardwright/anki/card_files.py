"""The media of a card as its note names them, and the files that a reader added to the note."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

from cardwright.anki.media import PackedFile
from cardwright.foreign.media import MediaFile, MediaFormat, name_kind
from cardwright.markdown.rendered import WriteMedia


class CardFiles:
    """Finds paths by the names of files in Anki, and writes files by path."""

    def __init__(
        self,
        files: Mapping[str, PackedFile],
        former: Iterable[Mapping[str, str]],
        place: Callable[[str], str | None],
    ) -> None:
        """`files` are the card's, by path as written, and `former` the digests of earlier ones.

        `place` returns the path at which a file of the reader can be put, by its name in Anki; None if
        there is no such file.
        """
        self._files = files
        self._place = place
        self._paths: dict[str, str] = {}
        for digests in former:
            for path, digest in digests.items():
                self._paths.setdefault(_name_former(path, digest), path)
        self._paths |= {file.name: path for path, file in files.items()}
        self.new: dict[str, str] = {}
        """The paths of files that the reader added, by their names in Anki."""

    def find_path(self, name: str) -> str | None:
        """Return the path to write for a file, by its name in Anki; None if there is no such file."""
        if name in self._paths:
            return self._paths[name]
        if name not in self.new and (path := self._place(name)) is not None:
            self.new[name] = path
        return self.new.get(name)

    def make_writers(self, digests: Mapping[str, str] | None = None) -> dict[str, WriteMedia]:
        """Return what writes the card's files: those of today, or as they were with these digests."""
        writers: dict[str, WriteMedia] = {path: file.write for path, file in self._files.items()}
        for path, digest in (digests or {}).items():
            if path not in self._files or self._files[path].hash != digest:
                writers[path] = _stand_for(_name_former(path, digest)).write
        for name, path in self.new.items():
            writers[path] = _stand_for(name).write
        return writers


def _name_former(path: str, digest: str) -> str:
    return f"cardwright-{digest}{PurePosixPath(path).suffix.lower()}"


def _stand_for(name: str) -> PackedFile:
    """Return a file of which only the name in Anki is known."""
    format = MediaFormat("", name_kind(name), "", (PurePosixPath(name).suffix.lower(),))
    return PackedFile(MediaFile(Path(name), format), "", name)
