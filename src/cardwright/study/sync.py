"""Sync through a sync folder, where each machine writes only its own files.

Whatever is readable is taken, whatever is not is named, and the next sync takes up the rest. All
that this machine shares is in its store, so its own files can always be written again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple

from cardwright import __version__
from cardwright.history import (
    END_MS,
    MS_PER_DAY,
    NAMESPACE,
    Moment,
    Review,
    make_time,
    match_value,
)
from cardwright.progress import track
from cardwright.study.alias import Alias
from cardwright.study.journal import Journal
from cardwright.study.store import Store
from cardwright.study.sync_files import SyncFiles, list_names
from cardwright.study.sync_sorts import PAIRS, RECORDS, SETTINGS, Row, Sort, Version
from cardwright.study.transfer import (
    parse_object,
    parse_review,
    parse_time,
    write_review,
)
from cardwright.study.versions import Record, Setting, find_end
from cardwright.text import count

_REVIEWS: Final = ".jsonl"
_ALIASES: Final = ".aliases"
"""The extension of files of aliases, which older versions do not read."""
EXCHANGED: Final = (SETTINGS.extension, RECORDS.extension, PAIRS.extension)
"""Those of files whose content is bounded."""
EXTENSIONS: Final = (_REVIEWS, _ALIASES, *EXCHANGED)
"""Those of all files that are read."""
_ALIAS_ID: Final = re.compile(r"alias-[0-9A-Za-z_.-]{1,1200}")
_MAX_ALIASES: Final = 10_000
"""How many aliases are read: every command reads all of them."""
_BATCH_SIZE: Final = 2**23
"""How many characters of settings or records are merged at once."""
_BATCH: Final = 200_000
"""How many reviews are merged at once: more might not fit into memory."""
_MAX_PROBLEMS: Final = 100
_ID_START: Final = len('{"id": "')


class Exchange(NamedTuple):
    """How many rows of a sort were exchanged, or will be."""

    taken: int
    """Those of others that were new to this machine."""
    given: int
    """Those that no file had yet."""


class Synced(NamedTuple):
    """The result of a sync."""

    taken: int
    """The number of reviews of others that were new to this machine."""
    given: int
    """The number of reviews that no other machine's file and not our own had yet."""
    clashes: list[str]
    """Ids under which two machines had different reviews. Both count from now on."""
    problems: list[str]
    """What could not be read of the files of others, and where."""
    notes: list[str]
    """What else the user should know."""
    settings: Exchange
    """Options, exams and fitted parameters."""
    records: Exchange
    """Mock exams, drills and misses."""

    @property
    def has_nothing_new(self) -> bool:
        """Whether neither this machine nor the others had anything that the other side lacked."""
        return not any((self.taken, self.given, *self.settings, *self.records))


def describe_exchange(reviews: Exchange, settings: Exchange, records: Exchange) -> tuple[str, str]:
    """Describe what is taken, and what is given."""
    taken, given = zip(reviews, settings, records, strict=True)
    return _describe(taken, "new review"), _describe(given, "review")


def _describe(numbers: tuple[int, ...], noun: str) -> str:
    nouns = (noun, "setting", "exam record")
    parts = [count(number, noun) for number, noun in zip(numbers, nouns, strict=True) if number]
    *first, last = parts or ["nothing"]
    return f"{', '.join(first)} and {last}" if first else last


def is_used(folder: Path) -> bool:
    """Tell whether a folder has files of a sync, of whatever machine."""
    return any(name.endswith(EXTENSIONS) for name in list_names(folder))


def sync_folder(
    journal: Journal,
    folder: Path,
    decide: Callable[[], None] = lambda: None,
    moment: Moment | None = None,
    is_valid: Callable[[Record], bool] = lambda _: True,
) -> Synced:
    """Take over what other machines share, and write what the folder lacks.

    In whatever order machines sync, they end up with the same reviews, settings and records. `decide`
    is called once all of them are in the store, to record aliases that follow from what was imported
    and to apply new settings. `is_valid` tells whether the program can use a record.

    Raises:
        StoreError: the store cannot be read or written.
        TransferError: there is no such folder, it cannot be listed, or this machine's files cannot be
            written.

    """
    store = journal.store
    names = list_names(folder)
    files = SyncFiles(folder, store.device, _REVIEWS, names)
    alias_files = SyncFiles(folder, store.device, _ALIASES, names)

    known_aliases = _read_aliases(alias_files, alias_files.read_theirs(_parse_alias))
    others = _read_aliases(
        alias_files,
        chain(alias_files.read_own(_parse_alias), alias_files.read_copies(_parse_alias)),
    )
    journal.add_aliases(sorted(known_aliases | others))

    settings, records, pairs = exchanges = _make_exchangers(store, folder, names, moment, is_valid)
    reviews = _ReviewExchanger(journal, files)
    # Reviews are replayed under the latest options.
    settings.take()
    records.take()
    reviews.take()
    pairs.take()
    decide()

    reviews.give()
    decided = [alias for alias in store.list_aliases() if alias not in known_aliases]
    if decided or os.path.lexists(alias_files.own):
        alias_files.write_own("".join(map(_write_alias, decided)).encode())
    for exchange in exchanges:
        exchange.give()

    every = (files, alias_files, *(exchange.files for exchange in exchanges))
    notes = [note for some in every for note in some.notes]
    last_ms = max(reviews.last_ms, *(exchange.last_ms for exchange in exchanges))
    if moment is not None and last_ms > moment.at_ms + MS_PER_DAY:
        day = make_time(last_ms).date()
        notes.append(
            f"some of what is new is dated up to {day}: the clock of a machine may be wrong"
        )
    if any(exchange.is_full for exchange in exchanges):
        notes.append("`cards doctor --verify` says how to make room")
    problems = [problem for some in every for problem in some.problems]
    if (left := len(problems) - _MAX_PROBLEMS) > 0:
        problems[_MAX_PROBLEMS:] = [f"and {count(left, 'more problem')}"]
    return Synced(
        *reviews.counts,
        clashes=reviews.clashes,
        problems=problems,
        notes=notes,
        settings=settings.counts,
        records=records.counts,
    )


def _make_exchangers(
    store: Store,
    folder: Path,
    names: Sequence[str],
    moment: Moment | None,
    is_valid: Callable[[Record], bool],
) -> list[_Exchanger[Any]]:
    """Return what exchanges all that is shared besides reviews and aliases."""
    end_ms = find_end(moment.at_ms) if moment else END_MS

    def check_time(row: Setting | Record) -> None:
        if row.changed_ms > end_ms:
            raise ValueError(f"`changed` is in the year {make_time(row.changed_ms).year}")

    def parse_setting(line: str) -> Setting:
        setting = SETTINGS.parse(line)
        check_time(setting)
        return setting

    def parse_record(line: str) -> Record:
        record = RECORDS.parse(line)
        check_time(record)
        if not is_valid(record):
            raise ValueError(f"not a {record.kind} as this version of Cardwright has them")
        return record

    sorts: tuple[Sort[Any], ...] = (
        replace(SETTINGS, parse=parse_setting),
        replace(RECORDS, parse=parse_record),
        PAIRS,
    )
    return [
        _Exchanger(
            store, SyncFiles(folder, store.device, sort.extension, names, sort.max_line), sort
        )
        for sort in sorts
    ]


class _ReviewExchanger:
    """Takes and gives reviews, unless the files and the log are as the last sync left them."""

    def __init__(self, journal: Journal, files: SyncFiles) -> None:
        self.clashes: list[str] = []
        self.last_ms = 0
        """The time of the latest of the new reviews."""
        self._journal = journal
        self._store = journal.store
        self._files = files
        self._taken = 0
        self._given = 0
        self._count = 0
        """The number of reviews in the store, as far as this sync knows them."""
        self._lessened = self._store.settings.read_lessened()
        synced = self._store.settings.read_synced()
        digests = synced[-1] if isinstance(synced, list) and synced else None
        found = self._describe(self._store.count_unchecked(), digests)
        self._is_over = synced == found and files.match(digests)
        """Whether there is nothing to take, and nothing to give."""
        self._lines: dict[str, str] = {}
        """The lines of the store's reviews, by id, as far as this machine may have to share them."""
        self._known: dict[str, bool] = {}
        """The ids in the files of other machines, and whether one of these has our version."""
        self._own: set[str] = set()
        """The ids in our own file."""

    @property
    def counts(self) -> Exchange:
        """How many reviews were exchanged."""
        return Exchange(self._taken, self._given)

    def take(self) -> None:
        """Merge what is new in the files into the store."""
        if self._is_over:
            return
        lines = self._lines = self._list_lines()
        count_before = len(lines)
        new = _read_new(self._files, lines, self._known, self._own)
        found = track(new, "Taking reviews")
        while batch := list(islice(found, _BATCH)):
            added, clashing = self._journal.merge(batch)
            self._taken += added
            self.clashes += clashing
            for review in batch:
                self.last_ms = max(self.last_ms, review.at_ms)
                if review.id in lines:
                    lines[review.id] = _settle_line(self._store, review, self._known)
                elif review.id not in self._known:
                    lines[review.id] = write_review(review)
        self._count = count_before + self._taken
        if self.clashes:
            # Settling them added reviews.
            self._lines = self._list_lines()

    def give(self) -> None:
        """Write what no other machine shares, and what was recorded here.

        Raises:
            TransferError: it cannot be written.

        """
        if self._is_over:
            return
        lines, known, own = self._lines, self._known, self._own
        ending = f"-{self._store.device}"
        ours = [key for key in sorted(lines) if key not in known or key.endswith(ending)]
        self._given = sum(key not in known and key not in own for key in ours)
        raw = "".join(lines[review_id] for review_id in ours).encode()
        # There may be a million.
        lines.clear()
        is_in_doubt = self.clashes or self._files.problems or self._files.is_own_damaged
        self._files.write_own(raw)
        # What another process recorded meanwhile is not counted, so the next sync gives it.
        found = self._describe(self._count, self._files.digests)
        self._store.settings.remember_synced(None if is_in_doubt else found)

    def _describe(self, review_count: int, digests: object) -> list[Any]:
        """Return all that decides on what a sync takes and gives."""
        return [__version__, self._store.device, review_count, self._lessened, digests]

    def _list_lines(self) -> dict[str, str]:
        log = self._store.list_log(in_order=False)
        return {review.id: write_review(review) for review in track(log, "Reading your reviews")}


class _Best(Generic[Row]):
    """The best versions of the rows of a sort: those of the store, and what was read of files."""

    def __init__(self, sort: Sort[Row], versions: Sequence[Version]) -> None:
        """Begin with the versions of the store."""
        self.new_size = 0
        """The size of the new rows that were not taken yet."""
        self.last_ms = 0
        """When the latest of all new rows was changed."""
        self.is_full = False
        """Whether there was no room for a row."""
        self._sort = sort
        self._versions = {version.key: version for version in versions}
        self._lines = {version.line: version.line for version in versions}
        self._size = sum(map(len, self._lines))
        self._new: dict[tuple[str, ...], Row] = {}

    def take_new(self) -> dict[tuple[str, ...], Row]:
        """Return the new rows since the last time, by key."""
        new, self._new, self.new_size = self._new, {}, 0
        return new

    def parse(self, line: str) -> bytes:
        """Return the line of a row, or nothing if another version of it is better.

        Raises:
            ValueError: it is not valid, or there is no room for it.

        """
        if known_line := self._lines.get(line.encode("utf-8", "replace")):
            # One object for each line: together, they may be large.
            return known_line
        row = self._sort.parse(line)
        version = self._sort.describe(row)
        known = self._versions.get(version.key)
        if known is not None and version.rank <= known.rank:
            return known.line if version.rank == known.rank else b""
        self._make_room(version, known)
        self._versions[version.key], self._new[version.key] = version, row
        self.new_size += len(version.line)
        self.last_ms = max(self.last_ms, version.changed_ms)
        return version.line

    def _make_room(self, version: Version, known: Version | None) -> None:
        sort = self._sort
        if known is None and len(self._versions) >= sort.max_rows:
            self.is_full = True
            raise ValueError(f"there are {sort.max_rows:,} {sort.noun}s, and no more are taken")
        growth = len(version.line) - (len(known.line) if known else 0)
        if growth > 0 and self._size + growth > sort.max_size:
            size_mb = sort.max_size >> 20
            self.is_full = True
            raise ValueError(f"there are {size_mb} MB of {sort.noun}s, and no more are taken")
        self._size += growth


class _Exchanger(Generic[Row]):
    """Takes and gives the rows of one sort."""

    _sort: Sort[Row]

    def __init__(self, store: Store, files: SyncFiles, sort: Sort[Row]) -> None:
        self.files = files
        self.last_ms = 0
        """When the latest of the new rows was changed."""
        self.is_full = False
        """Whether there was no room for a row."""
        self._store = store
        self._sort = sort
        self._taken = 0
        self._given = 0
        self._held: set[bytes] = set()
        """Digests of the lines of machines whose names sort before ours: once is enough for them."""
        self._seen: set[bytes] = set()
        """Digests of the lines of all machines, and of our own file."""
        self._state: tuple[int, int] | None = None
        self._versions: list[Version] = []
        """Those of the store, as of this state."""

    @property
    def counts(self) -> Exchange:
        """How many rows were exchanged."""
        return Exchange(self._taken, self._given)

    def look(self) -> Exchange:
        """Return how many rows would be exchanged; nothing is changed."""
        taken = {key for new in self._find_new() for key in new}
        own = (v for v in self._list_versions() if v.key not in taken)
        return Exchange(len(taken), sum(_digest(version.line) not in self._seen for version in own))

    def take(self) -> None:
        """Merge what is new in the files into the store."""
        for new in self._find_new():
            if new:
                self._taken += self._sort.merge(self._store, new.values())

    def give(self) -> None:
        """Write what no machine before this one shares.

        Raises:
            TransferError: it cannot be written.

        """
        lines, too_long = [], 0
        self._given = 0
        # Listed anew, and forgotten: together, they may be large.
        self._versions, self._state = [], None
        for version in map(self._sort.describe, self._sort.list_all(self._store)):
            line, digest = version.line, _digest(version.line)
            if len(line) >= self._sort.max_line and len(line.decode()) >= self._sort.max_line:
                too_long += 1
                continue
            self._given += digest not in self._seen
            if digest not in self._held:
                lines.append(line)
        if too_long:
            self.files.notes.append(f"{count(too_long, self._sort.noun)} too long to be shared")
        if lines or os.path.lexists(self.files.own):
            self.files.write_own(b"".join(lines))

    def _find_new(self) -> Iterator[dict[tuple[str, ...], Row]]:
        """Read the files, and yield the rows that outrank those of the store, by key, in batches."""
        files, best = self.files, _Best(self._sort, self._list_versions())
        for found, seen in (
            (files.read_before(best.parse), (self._seen, self._held)),
            (files.read_after(best.parse), (self._seen,)),
            (files.read_own(best.parse), (self._seen,)),
            (files.read_copies(best.parse), ()),
        ):
            for line in found:
                if line:
                    digest = _digest(line)
                    for some in seen:
                        some.add(digest)
                if best.new_size > _BATCH_SIZE:
                    yield best.take_new()
        self.last_ms, self.is_full = best.last_ms, best.is_full
        yield best.take_new()

    def _list_versions(self) -> list[Version]:
        state = self._store.find_state()
        if state != self._state:
            self._state, self._versions = state, []
            self._versions = list(map(self._sort.describe, self._sort.list_all(self._store)))
        return self._versions


def _digest(line: bytes) -> bytes:
    return blake2b(line, digest_size=16).digest()


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
    is_full: bool
    """Whether there is no room for more settings, records or pairs."""
    is_own_damaged: bool
    copies: list[Path]
    """Files that sync programs made, such as conflicted copies."""
    settings: Exchange
    records: Exchange

    @property
    def reviews(self) -> Exchange:
        """The reviews to take and to give."""
        return Exchange(self.taking, self.giving)


def preview_sync(
    store: Store,
    folder: Path,
    moment: Moment | None = None,
    is_valid: Callable[[Record], bool] = lambda _: True,
) -> Outlook:
    """Tell what the next sync finds in a folder; nothing is changed.

    Raises:
        TransferError: there is no such folder, or it cannot be listed.

    """
    names = list_names(folder)
    files = SyncFiles(folder, store.device, _REVIEWS, names)
    alias_files = SyncFiles(folder, store.device, _ALIASES, names)
    for read in (alias_files.read_theirs, alias_files.read_copies, alias_files.read_own):
        _read_aliases(alias_files, read(_parse_alias))
    lines = {review.id: write_review(review) for review in store.list_log()}
    parse = _make_parser(lines)
    theirs, copied = list(files.read_theirs(parse)), list(files.read_copies(parse))
    known = set(map(_id_of, theirs))
    ours = list(files.read_own(parse))
    exchanges = _make_exchangers(store, folder, names, moment, is_valid)
    settings, records, _ = (exchange.look() for exchange in exchanges)
    every = (files, alias_files, *(exchange.files for exchange in exchanges))
    new = {_id_of(row) for row in (*theirs, *copied) if not isinstance(row, str)}
    back = {_id_of(row) for row in ours if not isinstance(row, str)}
    return Outlook(
        own=files.own,
        machines=len({stem for some in every for stem in some.machines}),
        taking=len(new - lines.keys()),
        giving=len(lines.keys() - known - set(map(_id_of, ours))),
        returning=len(back - lines.keys() - known),
        clashes=sorted(
            {
                row.id
                for row in (*theirs, *copied, *ours)
                if not isinstance(row, str) and row.id in lines and _is_clash(store, row)
            }
        ),
        problems=[problem for some in every for problem in some.problems],
        is_full=any(exchange.is_full for exchange in exchanges),
        is_own_damaged=any(some.is_own_damaged for some in every),
        copies=[path for some in every for path in some.copies],
        settings=settings,
        records=records,
    )


def _is_clash(store: Store, other: Review) -> bool:
    ours = store.get_review(other.id)
    return ours is not None and not store.is_same(ours, other)


def _settle_line(store: Store, other: Review, known: dict[str, bool]) -> str:
    """Return the line of a review of which a file has another version.

    If it is the same review, and the store has kept something else, such as a smaller promise, the others
    are yet to learn it, unless one of them shares it.
    """
    ours = store.get_review(other.id) or other
    if ours == other and other.id in known:
        known[other.id] = True
    elif ours != other and store.is_same(ours, other) and not known.get(other.id):
        known.pop(other.id, None)
    return write_review(ours)


def _id_of(row: Review | str) -> str:
    return row if isinstance(row, str) else row.id


def _read_new(
    files: SyncFiles, lines: Mapping[str, str], known: dict[str, bool], own: set[str]
) -> Iterator[Review]:
    """Yield the reviews that are not in the store, whose reviews have these lines.

    The ids in the files of other machines are added to `known`, with whether one has the same review,
    those in our own file to `own`.
    """
    parse = _make_parser(lines)
    for found in files.read_theirs(parse):
        if isinstance(found, str):
            known[found] = True
        else:
            known.setdefault(found.id, False)
            yield found
    for found in files.read_copies(parse):
        if not isinstance(found, str):
            yield found
    for found in files.read_own(parse):
        own.add(found if isinstance(found, str) else found.id)
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
        is_known = review.id in lines and lines[review.id] == write_review(review)
        return review.id if is_known else review

    return parse


def _read_aliases(files: SyncFiles, rows: Iterator[Alias]) -> set[Alias]:
    """Return a limited number of aliases."""
    found = set(islice(rows, _MAX_ALIASES))
    if next(rows, None) is not None:
        files.problems.append(f"more than {_MAX_ALIASES:,} aliases: the rest was not read")
    return found


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
        at_ms=parse_time("at", row.get("at")).at_ms,
        namespace=match_value("namespace", row.get("namespace"), NAMESPACE),
        history="" if history == "" else match_value("history", history, NAMESPACE),
    )


def _write_alias(alias: Alias) -> str:
    at = make_time(alias.at_ms).isoformat(timespec="milliseconds")
    row = {"id": alias.id, "at": at, "namespace": alias.namespace, "history": alias.history}
    return json.dumps(row) + "\n"
