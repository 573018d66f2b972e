"""Sync through a sync folder, where each machine writes only its own files.

The folder is not trusted: other programs write there, files arrive in parts, and anything may be a
pipe. Whatever is readable is taken, whatever is not is named, and the next sync takes up the rest. All
that this machine shares is in its store, so its own files can always be written again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from cardwright.files import find_free, write_file
from cardwright.foreign.lines import read_lines
from cardwright.history import (
    DEVICE,
    MS_PER_DAY,
    NAMESPACE,
    Moment,
    Review,
    make_time,
    match_value,
)
from cardwright.study.alias import Alias
from cardwright.study.journal import Journal
from cardwright.study.store import Store
from cardwright.study.transfer import (
    TransferError,
    parse_object,
    parse_review,
    parse_time,
    show_name,
    write_review,
)
from cardwright.text import count

_REVIEWS: Final = ".jsonl"
_ALIASES: Final = ".aliases"
"""The extension of files of aliases, which older versions do not read."""
_ALIAS_ID: Final = re.compile(r"alias-[0-9A-Za-z_.-]{1,1200}")
_MAX_ALIASES: Final = 10_000
"""How many aliases are read: every command reads all of them."""
_BATCH: Final = 200_000
"""How many reviews are merged at once: more might not fit into memory."""
_MAX_FAULTS: Final = 10_000
"""After this many unreadable lines, the rest of a file is not read: it holds something else."""
_MAX_SHOWN: Final = 3
"""How many unreadable lines of a file are named."""
_MAX_PROBLEMS: Final = 100
_MAX_KEPT: Final = 20
"""How many unreadable lines of our own file are looked for in the new one."""
_CHUNK: Final = 2**20
_ID_START: Final = len('{"id": "')
_PADDING: Final = "\0\r\n\t \ufeff"
"""What a torn write leaves besides the beginning of a line."""

Row = TypeVar("Row")


class Synced(NamedTuple):
    """The result of a sync."""

    taken: int
    """The number of reviews that were new to this machine."""
    given: int
    """The number of reviews in this machine's own file."""
    clashes: list[str]
    """Ids under which two machines had different reviews. Both count from now on."""
    problems: list[str]
    """What could not be read of the files of others, and where."""
    notes: list[str]
    """What else the user should know."""


def sync_folder(
    journal: Journal,
    folder: Path,
    decide: Callable[[], None] = lambda: None,
    moment: Moment | None = None,
) -> Synced:
    """Import the reviews of other machines, and write the reviews that the folder lacks.

    In whatever order machines sync, they end up with the same reviews. `decide` is called before
    anything is written, to record aliases that follow from what was imported.

    Raises:
        StoreError: the store cannot be read or written.
        TransferError: the folder cannot be listed, or this machine's files cannot be written.

    """
    store = journal.store
    names = _list_names(folder)
    files = _Files(folder, store.device, _REVIEWS, names)
    alias_files = _Files(folder, store.device, _ALIASES, names)

    known_aliases = alias_files.read_some(alias_files.read_theirs(_parse_alias))
    others = alias_files.read_some(
        chain(alias_files.read_own(_parse_alias), alias_files.read_copies(_parse_alias))
    )
    journal.add_aliases(sorted(known_aliases | others))

    ending = f"-{store.device}"
    lines = {review.id: write_review(review) for review in store.list_log()}
    known: set[str] = set()
    taken, last_ms = 0, 0
    clashes: list[str] = []
    found = _read_new(files, lines, known)
    while batch := list(islice(found, _BATCH)):
        added, clashing = journal.merge(batch)
        taken += added
        clashes += clashing
        for review in batch:
            last_ms = max(last_ms, review.at_ms)
            if review.id not in known:
                lines.setdefault(review.id, write_review(review))
    decide()

    if clashes:
        # Settling them adds reviews.
        lines = {review.id: write_review(review) for review in store.list_log()}
    ours = [lines[key] for key in sorted(lines) if key not in known or key.endswith(ending)]
    lines.clear()
    files.write_own("".join(ours))
    decided = [alias for alias in store.list_aliases() if alias not in known_aliases]
    if decided or os.path.lexists(alias_files.own):
        alias_files.write_own("".join(map(_write_alias, decided)))

    notes = [*files.notes, *alias_files.notes]
    if moment is not None and last_ms > moment.at_ms + MS_PER_DAY:
        day = make_time(last_ms).date()
        notes.append(f"some reviews are dated up to {day}: the clock of a machine may be wrong")
    problems = [*files.problems, *alias_files.problems]
    if (left := len(problems) - _MAX_PROBLEMS) > 0:
        problems[_MAX_PROBLEMS:] = [f"and {count(left, 'more problem')}"]
    return Synced(taken, len(ours), clashes, problems, notes)


class Outlook(NamedTuple):
    """What the next sync finds in a folder."""

    own: Path
    """The file that this machine writes."""
    machines: int
    """How many other machines have files."""
    taking: int
    """How many reviews of others the store lacks."""
    giving: int
    """How many of the store's reviews no file has yet."""
    returning: int
    """How many reviews in this machine's own file the store lacks."""
    clashes: list[str]
    """Ids under which another machine has a different review."""
    problems: list[str]
    """What cannot be read of the files of others, and where."""
    is_own_damaged: bool
    copies: list[Path]
    """Files that sync programs made, such as conflicted copies."""


def preview_sync(store: Store, folder: Path) -> Outlook:
    """Tell what the next sync finds in a folder that exists; nothing is changed.

    Raises:
        TransferError: the folder cannot be listed.

    """
    names = _list_names(folder)
    files = _Files(folder, store.device, _REVIEWS, names)
    alias_files = _Files(folder, store.device, _ALIASES, names)
    for read in (alias_files.read_theirs, alias_files.read_copies, alias_files.read_own):
        alias_files.read_some(read(_parse_alias))
    lines = {review.id: write_review(review) for review in store.list_log()}
    parse = _make_parser(lines)
    theirs, copied = list(files.read_theirs(parse)), list(files.read_copies(parse))
    known = set(map(_id_of, theirs))
    ours = list(files.read_own(parse))
    new = {_id_of(row) for row in (*theirs, *copied) if not isinstance(row, str)}
    back = {_id_of(row) for row in ours if not isinstance(row, str)}
    return Outlook(
        own=files.own,
        machines=files.machines,
        taking=len(new - lines.keys()),
        giving=len(lines.keys() - known - set(map(_id_of, ours))),
        returning=len(back - lines.keys() - known),
        clashes=sorted((new | back) & lines.keys()),
        problems=[*files.problems, *alias_files.problems],
        is_own_damaged=files.is_own_damaged or alias_files.is_own_damaged,
        copies=[*files.copies, *alias_files.copies],
    )


def _id_of(row: Review | str) -> str:
    return row if isinstance(row, str) else row.id


def _read_new(files: _Files, lines: Mapping[str, str], known: set[str]) -> Iterator[Review]:
    """Yield the reviews that are not in the store, whose reviews have these lines.

    The ids in the files of other machines are added to `known`.
    """
    parse = _make_parser(lines)
    for found in files.read_theirs(parse):
        known.add(found if isinstance(found, str) else found.id)
        if not isinstance(found, str):
            yield found
    for found in chain(files.read_copies(parse), files.read_own(parse)):
        if not isinstance(found, str):
            yield found


def _make_parser(lines: Mapping[str, str]) -> Callable[[str], Review | str]:
    """Return a parser that returns only the id if the store has the review, with the same line."""

    def parse(line: str) -> Review | str:
        review_id = line[_ID_START : line.find('"', _ID_START)]
        if lines.get(review_id) == line:
            return review_id
        review = parse_review(line)
        # Another version may write the same in other words.
        return review.id if lines.get(review.id) == write_review(review) else review

    return parse


class _Files:
    """The files with one extension in a sync folder."""

    def __init__(
        self,
        folder: Path,
        device: str,
        extension: str,
        names: Sequence[str],
    ) -> None:
        self.own = folder / f"{device}{extension}"
        """The file that this machine writes."""
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._lost: list[str] = []
        """The unreadable lines of our own file."""
        self._is_unread = False
        """Whether there is something in place of our own file that was not read to its end."""
        self._own: list[Path] = []
        self._theirs: list[Path] = []
        self._copies: list[Path] = []
        for name in names:
            stem = name.removesuffix(extension)
            if stem == name:
                continue
            path = folder / name
            if stem.casefold() == device.casefold():
                self._own.append(path)
            else:
                (self._theirs if DEVICE.fullmatch(stem) else self._copies).append(path)

    @property
    def machines(self) -> int:
        """The number of other machines."""
        return len(self._theirs)

    @property
    def copies(self) -> list[Path]:
        """The files that sync programs made."""
        return self._copies

    @property
    def is_own_damaged(self) -> bool:
        """Whether not all of our own file could be read."""
        return self._is_unread or bool(self._lost)

    def read_theirs(self, parse: Callable[[str], Row]) -> Iterator[Row]:
        """Yield what is readable in the files of other machines."""
        for path in self._theirs:
            yield from self._read(path, parse)

    def read_copies(self, parse: Callable[[str], Row]) -> Iterator[Row]:
        """Yield what is readable in files that sync programs made, such as conflicted copies.

        The user may delete them at any time.
        """
        for path in self._copies:
            yield from self._read(path, parse)

    def read_some(self, rows: Iterator[Row]) -> set[Row]:
        """Return a limited number of rows."""
        found = set(islice(rows, _MAX_ALIASES))
        if next(rows, None) is not None:
            self.problems.append(f"more than {_MAX_ALIASES:,} aliases: the rest was not read")
        return found

    def read_own(self, parse: Callable[[str], Row]) -> Iterator[Row]:
        """Yield what is readable in our own file, which the store may lack if it was restored."""
        for path in self._own:
            yield from self._read(path, parse, is_own=True)

    def write_own(self, text: str) -> None:
        """Write our own file if that changes it. What cannot be read of the old one is kept.

        Raises:
            TransferError: it cannot be written.

        """
        shown = show_name(str(self.own))
        try:
            # A line that was cut off is written again.
            if self._is_unread or any(line.strip(_PADDING) not in text for line in self._lost):
                kept = find_free(self.own.with_suffix(".damaged"))
                self.own.replace(kept)
                self.notes.append(
                    f"{shown} was damaged and is written again; {kept.name} is the old one"
                )
            elif self._lost:
                self.notes.append(f"{shown} was damaged and is written again")
            raw = text.encode()
            if not _holds(self.own, raw):
                write_file(self.own, raw)
        except OSError as error:
            raise TransferError(
                f"{shown} cannot be written ({error.strerror})",
                help="all reviews are safe in the store: sync again once it can",
            ) from error

    def _read(
        self, path: Path, parse: Callable[[str], Row], *, is_own: bool = False
    ) -> Iterator[Row]:
        faults = _Faults(show_name(str(path)))
        number = 0
        try:
            for number, line in enumerate(read_lines(path), 1):
                if not line.strip():
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
        except FileNotFoundError:
            pass  # It was renamed in the meantime.
        except OSError as error:
            faults.stop(number + 1, f"cannot be read ({error.strerror})")
        if is_own:
            self._lost += faults.lines
            self._is_unread |= faults.is_stopped or faults.count > len(faults.lines)
        else:
            self.problems += faults.describe()


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


def _list_names(folder: Path) -> list[str]:
    """Return the names of the visible files.

    Raises:
        TransferError: the folder cannot be read.

    """
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        shown = show_name(str(folder))
        raise TransferError(f"{shown} cannot be read ({error.strerror})") from error


def _holds(path: Path, raw: bytes) -> bool:
    """Return whether a file has exactly this content."""
    try:
        if path.is_symlink() or path.lstat().st_size != len(raw):
            return False
        with path.open("rb") as file:
            return all(
                file.read(_CHUNK) == raw[start : start + _CHUNK]
                for start in range(0, len(raw), _CHUNK)
            )
    except OSError:
        return False


def _parse_alias(line: str) -> Alias:
    """Parse a line of JSON.

    Raises:
        ValueError: it is not an alias; the message says why.

    """
    row = parse_object(line)
    if isinstance(row, str):
        raise ValueError(row)  # noqa: TRY004  (the row is an error message)
    history = row.get("history")
    return Alias(
        id=match_value("id", row.get("id"), _ALIAS_ID),
        at_ms=parse_time(row.get("at")).at_ms,
        namespace=match_value("namespace", row.get("namespace"), NAMESPACE),
        history="" if history == "" else match_value("history", history, NAMESPACE),
    )


def _write_alias(alias: Alias) -> str:
    at = make_time(alias.at_ms).isoformat(timespec="milliseconds")
    row = {"id": alias.id, "at": at, "namespace": alias.namespace, "history": alias.history}
    return json.dumps(row) + "\n"
