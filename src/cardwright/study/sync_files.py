"""The files of a sync folder: which there are, what can be read of them, and writing our own.

The folder is not trusted: other programs write there, files arrive in parts, and anything may be a
pipe.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar

from cardwright.files import find_free, write_file
from cardwright.foreign.lines import MAX_FILE, MAX_LINE, read_lines
from cardwright.foreign.plain_file import open_plain_file
from cardwright.history import DEVICE
from cardwright.study.transfer import TransferError, show_name
from cardwright.text import count, format_command

_MAX_FAULTS: Final = 10_000
"""After this many unreadable lines, the rest of a file is not read: it holds something else."""
_MAX_SHOWN: Final = 3
"""How many unreadable lines of a file are named."""
_MAX_KEPT: Final = 20
"""How many unreadable lines of our own file are looked for in the new one."""
_ABSENT: Final = ".icloud"
"""Ends the hidden names of what iCloud has not downloaded."""
_CHUNK: Final = 2**20
_PADDING: Final = "\0\r\n\t \ufeff\ufffd"
"""What a torn write leaves besides the beginning of a line."""
_T = TypeVar("_T")


class SyncFiles:
    """The files with one extension in a sync folder."""

    def __init__(
        self,
        folder: Path,
        device: str,
        extension: str,
        names: Sequence[str],
        max_line: int = MAX_LINE,
    ) -> None:
        """Choose the files of a folder; `names` are those of all, `max_line` counts characters."""
        self.own = folder / f"{device}{extension}"
        """The file that this machine writes."""
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._lost: list[str] = []
        """The unreadable lines of our own file."""
        self._is_unread = False
        """Whether there is something in place of our own file that was not read to its end."""
        self._digests: dict[str, str | None] = {}
        """Of the content of each file that was read to its end, or written, by name."""
        self._max_line = max_line
        self._own: list[Path] = []
        self._before: list[Path] = []
        """The files of machines whose names sort before ours."""
        self._after: list[Path] = []
        self._copies: list[Path] = []
        is_own_there = self.own.name in names
        for shown in names:
            name = shown.removeprefix(".").removesuffix(_ABSENT)
            stem = name.removesuffix(extension)
            if stem == name:
                continue
            path = folder / name
            if name != shown:
                if name != self.own.name:
                    self.problems.append(f"{show_name(str(path))}: iCloud has yet to download it")
                continue
            # Where upper and lower case are one, our file may be there in another case.
            if stem == device or (stem.casefold() == device.casefold() and not is_own_there):
                self._own.append(path)
            elif DEVICE.fullmatch(stem) and stem.casefold() != device.casefold():
                (self._before if stem < device else self._after).append(path)
            else:
                self._copies.append(path)

    @property
    def machines(self) -> set[str]:
        """The names of other machines."""
        return {path.stem for path in (*self._before, *self._after)}

    @property
    def copies(self) -> list[Path]:
        """The files that sync programs made."""
        return self._copies

    @property
    def digests(self) -> dict[str, str | None]:
        """The digest of each file's content that was read or written; None if it was not."""
        return {path.name: self._digests.get(path.name) for path in (*self._list(), self.own)}

    def match(self, digests: object) -> bool:
        """Tell whether these files are there, each with the content of its digest, and no others."""
        return (
            isinstance(digests, dict)
            and {path.name for path in self._list()} == digests.keys()
            and all(_matches(path, digests[path.name]) for path in self._list())
        )

    def _list(self) -> Iterator[Path]:
        return chain(self._before, self._after, self._copies, self._own)

    @property
    def is_own_damaged(self) -> bool:
        """Whether not all of our own file could be read."""
        return self._is_unread or bool(self._lost)

    def read_theirs(self, parse: Callable[[str], _T]) -> Iterator[_T]:
        """Yield what is readable in the files of other machines."""
        yield from self.read_before(parse)
        yield from self.read_after(parse)

    def read_before(self, parse: Callable[[str], _T]) -> Iterator[_T]:
        """Yield what is readable in the files of machines whose names sort before ours."""
        for path in self._before:
            yield from self._read(path, parse)

    def read_after(self, parse: Callable[[str], _T]) -> Iterator[_T]:
        """Yield what is readable in the files of machines whose names sort after ours."""
        for path in self._after:
            yield from self._read(path, parse)

    def read_copies(self, parse: Callable[[str], _T]) -> Iterator[_T]:
        """Yield what is readable in files that sync programs made, such as conflicted copies.

        The user may delete them at any time.
        """
        for path in self._copies:
            yield from self._read(path, parse)

    def read_own(self, parse: Callable[[str], _T]) -> Iterator[_T]:
        """Yield what is readable in our own file, which the store may lack if it was restored."""
        for path in self._own:
            yield from self._read(path, parse, is_own=True)

    def write_own(self, raw: bytes) -> None:
        """Write our own file if that changes it. What cannot be read of the old one is kept.

        Raises:
            TransferError: it cannot be written.

        """
        shown = show_name(str(self.own))
        try:
            # A line that was cut off is written again.
            lost = (line.strip(_PADDING).encode("utf-8", "replace") for line in self._lost)
            is_lost = self._is_unread or any(line not in raw for line in lost)
            if is_lost and os.path.lexists(self.own):
                kept = find_free(self.own.with_suffix(".damaged"))
                self.own.replace(kept)
                self.notes.append(
                    f"{shown} was damaged and is written again; {kept.name} is the old one"
                )
            elif self._lost:
                self.notes.append(f"{shown} was damaged and is written again")
            if not _holds(self.own, raw):
                write_file(self.own, raw)
            digest = _Digest()
            digest.add(raw)
            self._digests[self.own.name] = str(digest)
        except OSError as error:
            raise TransferError(
                f"{shown} cannot be written ({error.strerror})",
                help="all reviews are safe in the store: sync again once it can",
            ) from error

    def _read(
        self, path: Path, parse: Callable[[str], _T], *, is_own: bool = False
    ) -> Iterator[_T]:
        faults = _Faults(show_name(str(path)))
        digest = _Digest()
        number = blanks = 0
        try:
            lines = read_lines(path, longest=self._max_line, watch=digest.add)
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    blanks += 1
                    if blanks >= _MAX_FAULTS:
                        faults.stop(number, "too many blank lines: the rest was not read")
                        break
                    continue
                try:
                    row = parse(line.lstrip("\ufeff") if number == 1 else line)
                except ValueError as error:
                    faults.add(number, error, line)
                    if faults.count >= _MAX_FAULTS:
                        faults.stop(number + 1, "the rest was not read")
                        break
                else:
                    yield row
            self._digests[path.name] = str(digest)
        except FileNotFoundError:
            pass  # It was renamed in the meantime.
        except OSError as error:
            faults.stop(number + 1, f"cannot be read ({error.strerror})")
        if is_own:
            self._lost += faults.lines
            self._is_unread |= faults.is_stopped or faults.count > len(faults.lines)
        else:
            self.problems += faults.describe()


class _Digest:
    """The digest of a file's content: its size and a checksum."""

    def __init__(self) -> None:
        self.size = self._checksum = 0

    def add(self, raw: bytes | memoryview) -> None:
        """Continue with more of the content."""
        self.size += len(raw)
        self._checksum = zlib.crc32(raw, self._checksum)

    def __str__(self) -> str:
        return f"{self.size} {self._checksum:08x}"


class _Faults:
    """The unreadable lines of a file."""

    def __init__(self, shown: str) -> None:
        self.count = 0
        self.lines: list[str] = []
        """The first of them."""
        self.is_stopped = False
        """Whether the file was not read to its end."""
        self._shown = shown
        self._messages: list[str] = []
        self._end: list[str] = []

    def add(self, number: int, error: ValueError, line: str) -> None:
        """Add a line."""
        self.count += 1
        if len(self.lines) < _MAX_KEPT:
            self.lines.append(line)
        if len(self._messages) < _MAX_SHOWN:
            end = "" if line[-1] == "\n" else ", and cut off"
            self._messages.append(f"{self._shown}:{number}: {error}{end}")

    def stop(self, number: int, message: str) -> None:
        """End with a line from which on nothing was read."""
        self.is_stopped = True
        self._end.append(f"{self._shown}:{number}: {message}")

    def describe(self) -> list[str]:
        """Return the problems, summed up if there are many."""
        left = self.count - len(self._messages)
        more = [f"{self._shown}: {count(left, 'more line')} like these"] if left else []
        return [*self._messages, *more, *self._end]


def list_names(folder: Path) -> list[str]:
    """Return the names of the visible files, and of those that iCloud has not downloaded.

    Raises:
        TransferError: there is no such folder, or it cannot be read.

    """
    shown = show_name(str(folder))
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if not entry.name.startswith(".") or entry.name.endswith(_ABSENT)
            )
    except FileNotFoundError as error:
        raise TransferError(
            f"there is no folder {shown}",
            help="check its name, and that its drive is connected; to begin with a new one, make it "
            f"first: mkdir {format_command(folder)}",
        ) from error
    except OSError as error:
        raise TransferError(
            f"{shown} cannot be read ({error.strerror})",
            help="check that it is a folder and its permissions, or sync with another one",
        ) from error


def _matches(path: Path, digest: object) -> bool:
    """Return whether a file has the content of a digest."""
    found, buffer = _Digest(), memoryview(bytearray(_CHUNK))
    try:
        with open_plain_file(path) as file:
            # Reading a file of another size is of no use.
            if not str(digest).startswith(f"{os.fstat(file.fileno()).st_size} "):
                return False
            while (size := file.readinto(buffer)) and found.size <= MAX_FILE:
                found.add(buffer[:size])
    except OSError:
        return False
    return str(found) == digest


def _holds(path: Path, raw: bytes) -> bool:
    """Return whether a file has exactly this content."""
    try:
        with open_plain_file(path) as file:
            return os.fstat(file.fileno()).st_size == len(raw) and all(
                file.read(_CHUNK) == raw[start : start + _CHUNK]
                for start in range(0, len(raw), _CHUNK)
            )
    except OSError:
        return False
