"""The place of a store's file, and what is kept when its path no longer leads to it.

Programs that synchronise folders replace a file by renaming another one over it. SQLite does not
notice: it goes on writing to a file that has no name any more, and is gone when the program ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from cardwright.history import Review
from cardwright.study.error import StoreError

_Found = tuple[tuple[int, int] | None, ...]


class Place:
    """Where an open store was found: its file, and the two that SQLite keeps beside it."""

    def __init__(self, path: Path) -> None:
        """Remember which files are there; SQLite must have opened them."""
        # SQLite keeps the other two beside the file to which a link leads.
        real = os.path.realpath(path)
        self._paths = tuple({str(path.absolute()), real, f"{real}-wal", f"{real}-shm"})
        self._found = self._look()
        self._real, self._log, self._size = real, f"{real}-wal", 0
        self.measure()

    def measure(self) -> None:
        """Remember the state of the files, which was written by SQLite."""
        self._state, self._log_size = _find_state(self._real), _find_state(self._log)[1]
        self._size = max(self._size, self._state[1])

    @property
    def is_changed(self) -> bool:
        """Whether the file was written since it was measured, or the log is shorter.

        SQLite does so too, but only now and then: when it copies from the log into the file.
        """
        return _find_state(self._real) != self._state or _find_state(self._log)[1] < self._log_size

    @property
    def is_left(self) -> bool:
        """Whether other files, or none, are there now."""
        return any(
            was is not None and was != now
            for was, now in zip(self._found, self._look(), strict=True)
        )

    @property
    def is_cut(self) -> bool:
        """Whether the file has been larger. SQLite never makes it smaller, but for `vacuum`."""
        return _find_state(self._real)[1] < self._size

    def _look(self) -> _Found:
        return tuple(map(_identify, self._paths))


def _find_state(path: str) -> tuple[int, int]:
    """Return when a file was last written, and its size."""
    try:
        found = os.stat(path)  # noqa: PTH116  (before every answer)
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _identify(path: str) -> tuple[int, int] | None:
    """Return what distinguishes a file, or a link: one in the place of the file is a change, too."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class RescueFile:
    """A file of reviews for `cards import`; each is on disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        """Begin a file that does not exist yet."""
        self.path = path

    def append(self, reviews: Iterable[Review]) -> int:
        """Add reviews; return the size of the file before.

        Raises:
            OSError: it cannot be written.

        """
        from cardwright.study.transfer import write_json_lines  # noqa: PLC0415  (rarely needed)

        is_new = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            size = file.tell()
            try:
                file.write("".join(write_json_lines(reviews)).encode())
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise
        if is_new:
            _sync_folder(self.path.parent)
        return size

    def cut(self, size: int) -> None:
        """Take back what was added after this size."""
        os.truncate(self.path, size)


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file outlive a power failure, where the system allows it."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class StoreLeftError(StoreError):
    """What was recorded is not in the file at the store's path, but was kept elsewhere."""
