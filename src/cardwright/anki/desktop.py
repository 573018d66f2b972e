"""Two doors to collections through the library of Anki: those of a closed Anki, and of a sync server.

The library is an extra, since it is large and under the AGPL. It is imported only to write, and to talk
to a server; everything is read by `collection`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from functools import partial
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cardwright.anki.card_data import write_data, write_options
from cardwright.anki.collection import open_collection
from cardwright.anki.identity import NoteIdentity
from cardwright.anki.profiles import Profile
from cardwright.anki.rows import (
    AnkiChangedError,
    AnkiError,
    AnkiView,
    CardKind,
    CardQueue,
    CardRow,
    CardWrite,
    PackageImport,
    PackageNote,
    Push,
)
from cardwright.anki.server import (
    ServerAddress,
    forget_key,
    is_of_ankiweb,
    make_private_folder,
    read_key,
    write_key,
)
from cardwright.error import ExtraMissingError
from cardwright.files import write_file
from cardwright.text import list_names, to_nfc

if TYPE_CHECKING:
    from anki.collection import Collection
    from anki.dbproxy import DBProxy
    from anki.sync import SyncAuth

_T = TypeVar("_T")

_PACKAGES: Final = {18: "26.9.3"}
"""For each schema, a version of the package that leaves it as it is."""
_OLDEST: Final = 25, 9
"""The first version of the package with all that is used here; its collections have schema 18, too."""
_IO_TIMEOUT_S: Final = 30
"""How long a server may send nothing."""
_SYNC_LIMIT_S: Final = 600
_DOWNLOAD_LIMIT_S: Final = 3600
_MAX_REASON: Final = 300
_OPTIONS: Final = (
    *("mergeNotetypes", "updateNotes", "updateNotetypes"),
    *("withScheduling", "withDeckConfigs"),
)
"""The keys under which Anki remembers the options of the last import."""
_CHANGED: Final = "the collection has changed since it was read"
_MAX_INT: Final = 2**31 - 1
_MAX_FACTOR: Final = 2**16 - 1
_COLUMNS: Final = "id, nid, did, ord, mod, type, queue, due, ivl, factor, reps, lapses, left, odue, odid, flags, data"
"""Those of a CardRow."""
_DUE: Final = 7
_ORIGINAL_DUE: Final = 13


class _InUseError(AnkiError):
    """Another process has opened the collection."""


class _KeyRefusedError(Exception):
    """A server does not accept a key or a password."""


class ProfileDoor:
    """The collection of a profile, while Anki is closed."""

    def __init__(
        self, profile: Profile, identities: Mapping[str, NoteIdentity], *, folder: Path, today: date
    ) -> None:
        """`folder` is where Cardwright keeps what belongs to its doors."""
        self.place = f"profile {profile.name}"
        self.backup: Path | None = None
        """The backup that was made, if any."""
        self._path = profile.collection
        self._backups = [profile.backups]
        self._folder = folder / profile.folder_name
        self._identities = identities
        self._today = today
        self._mod_ms = -1
        self._view: AnkiView | None = None

    def read(self) -> AnkiView:
        """Read what concerns the project; see `Door`."""
        with open_collection(self._path) as collection:
            self._mod_ms = collection.mod_ms
            self._view = collection.view(self._identities)
        return self._view

    def find_taken(self, ids: Sequence[int]) -> set[int]:
        """Return which ids of log rows are taken, by whatever card."""
        with open_collection(self._path) as collection:
            return collection.find_taken(ids)

    def write(self, push: Push) -> None:
        """Write everything in one transaction; see `Door`."""
        if self._view is None:
            raise AnkiChangedError(_CHANGED)
        if not push.log and not push.cards:
            return
        with self._open() as collection:
            self._receive(collection)
            _check_scheduler(collection, self.place)
            rows = _check_unchanged(collection, push, self._view, self._mod_ms)
            self._back_up(collection)
            work = partial(_write_push, collection, push, rows, is_fsrs=self._view.is_fsrs)
            _db(collection).transact(work)
            self._send(collection, push)

    def import_package(
        self, package: Path, notes: Mapping[str, PackageNote], *, with_presets: bool
    ) -> PackageImport:
        """Import a package with Anki's defaults; `notes` are those that it holds, by guid.

        Raises:
            AnkiError: it cannot be imported without changing the structure of a note type, or the
                collection cannot be used. Nothing was written.

        """
        try:
            with self._open() as collection:
                return self._import(collection, package, notes, with_presets=with_presets)
        except _InUseError as error:
            help = f"close Anki, or import {package} there: File → Import"
            raise AnkiError(error.message, help=help) from error

    def _import(
        self,
        collection: Collection,
        package: Path,
        notes: Mapping[str, PackageNote],
        *,
        with_presets: bool,
    ) -> PackageImport:
        self._receive(collection)
        _check_scheduler(collection, self.place)
        self._back_up(collection)
        done: list[PackageImport] = []

        def work() -> None:
            done.append(_import(collection, package, notes, with_presets=with_presets))

        _db(collection).transact(work)
        self._send(collection, Push(log=(), cards=()))
        return done[0]

    def close(self) -> None:
        """Do nothing: the collection is open only while it is used."""

    @contextmanager
    def _open(self) -> Iterator[Collection]:
        _check_schema(self._path, self.place)
        with _open_library(self._path, self.place) as collection:
            yield collection

    def _receive(self, collection: Collection) -> None:
        """Bring in what is new elsewhere."""

    def _send(self, collection: Collection, push: Push) -> None:
        """Send what was written to where it belongs."""

    def _back_up(self, collection: Collection) -> None:
        """Back the collection up, unless this was done today."""
        marker = self._folder / "backed-up"
        today = self._today.isoformat()
        with suppress(OSError):
            if marker.read_text("utf-8") == today:
                return
        reason = ""
        for folder in (*self._backups, self._folder / "backups"):
            try:
                make_private_folder(folder)
                before = set(folder.iterdir())
                with _explaining(self.place):
                    collection.create_backup(
                        backup_folder=str(folder), force=True, wait_for_completion=True
                    )
                made = sorted(set(folder.iterdir()) - before)
            except (OSError, AnkiError) as error:
                reason = str(error)
                continue
            if made:
                self.backup = made[-1]
                with suppress(OSError):
                    make_private_folder(self._folder)
                    write_file(marker, today)
                return
        raise AnkiError(f"{self.place} cannot be backed up, so nothing was written: {reason}")


class ServerDoor(ProfileDoor):
    """The collection on a sync server, through a private copy of it."""

    def __init__(
        self,
        address: ServerAddress,
        identities: Mapping[str, NoteIdentity],
        *,
        folder: Path,
        today: date,
        ask_password: Callable[[], str],
    ) -> None:
        """`ask_password` asks the user, or raises an error."""
        own = folder / address.folder_name
        super().__init__(Profile("", own), identities, folder=folder, today=today)
        self.place = address.place
        self._address = address
        self._folder = own
        self._ask_password = ask_password

    def read(self) -> AnkiView:
        """Sync the private copy, and read it; see `Door`."""
        with self._open() as collection:
            self._receive(collection)
        return super().read()

    @contextmanager
    def _open(self) -> Iterator[Collection]:
        load_library()
        is_new = not self._path.exists()
        make_private_folder(self._folder)
        with ExitStack() as stack:
            if is_new:
                stack.callback(self._leave_nothing_behind)
            try:
                collection = stack.enter_context(_open_library(self._path, self.place))
            except _InUseError:
                raise AnkiError(
                    f"another `cards` syncs with {self._address.url} just now"
                ) from None
            except AnkiError:
                # What it held is on the server; what was not there yet is written again.
                for ending in ("", "-wal", "-shm"):
                    self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
                collection = stack.enter_context(_open_library(self._path, self.place))
            yield collection

    def _leave_nothing_behind(self) -> None:
        """Delete a private copy for which no server was found, as after a mistyped address."""
        if not read_key(self._folder, self._address):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _receive(self, collection: Collection) -> None:
        self._sync(collection)
        if not _db(collection).scalar("select exists(select 1 from cards)"):
            raise AnkiError(
                f"{self._address.url} has no cards of {self._address.user} yet",
                help="let Anki sync with it first, and choose to upload there",
            )

    def _send(self, collection: Collection, push: Push) -> None:
        try:
            was_replaced = self._sync(collection)
        except AnkiError as error:
            raise AnkiError(
                f"{error.message}; what was written waits in a private copy",
                help="run the command again: it sends what waits there",
            ) from error
        if was_replaced or not _is_complete(collection, push, self._view):
            message = f"{self._address.url} got other changes at the same time"
            raise AnkiChangedError(message, help="run the command again")

    def _sync(self, collection: Collection) -> bool:
        """Sync with the server; return whether the private copy was replaced by what is there."""
        from anki.sync_pb2 import SyncCollectionResponse as Response  # noqa: PLC0415  (an extra)

        auth = self._log_in(collection)
        try:
            answer = self._ask_server(
                collection, lambda: collection.sync_collection(auth, sync_media=False)
            )
        except _KeyRefusedError:
            forget_key(self._folder)
            auth = self._log_in(collection)
            answer = self._ask_server(
                collection, lambda: collection.sync_collection(auth, sync_media=False)
            )
        if is_of_ankiweb(answer.new_endpoint):
            raise AnkiError(f"{self._address.url} leads to AnkiWeb, which admits only Anki itself")
        if answer.required in (Response.NO_CHANGES, Response.NORMAL_SYNC):
            return False
        if answer.required == Response.FULL_UPLOAD:
            raise AnkiError(
                f"{self._address.url} has no cards of {self._address.user} any more",
                help="let Anki sync with it first, and choose to upload there; Cardwright never does",
            )
        collection.close_for_full_sync()
        try:
            self._ask_server(
                collection,
                lambda: collection.full_upload_or_download(
                    auth=auth, server_usn=None, upload=False
                ),
                limit_s=_DOWNLOAD_LIMIT_S,
            )
        finally:
            collection.reopen(after_full_sync=True)
        return True

    def _log_in(self, collection: Collection) -> SyncAuth:
        from anki.sync_pb2 import SyncAuth  # noqa: PLC0415  (an extra)

        key = read_key(self._folder, self._address)
        if not key:
            password = self._ask_password()
            try:
                key = self._ask_server(
                    collection,
                    lambda: (
                        collection.sync_login(self._address.user, password, self._address.url).hkey
                    ),
                )
            except _KeyRefusedError:
                raise AnkiError(
                    f"{self._address.url} does not accept this password of {self._address.user}",
                    help="check the user's name, too, and run the command again",
                ) from None
            write_key(self._folder, self._address, key)
        return SyncAuth(hkey=key, endpoint=self._address.url, io_timeout_secs=_IO_TIMEOUT_S)

    def _ask_server(
        self, collection: Collection, work: Callable[[], _T], limit_s: float | None = None
    ) -> _T:
        """Run what talks to the server so that Ctrl-C and the limit of time end it.

        Raises:
            _KeyRefusedError: the server does not accept the key or the password.
            AnkiError: it cannot be reached, or failed.

        """
        from anki.errors import Interrupted, NetworkError, SyncError, SyncErrorKind  # noqa: PLC0415

        limit_s = limit_s or _SYNC_LIMIT_S
        done: list[_T] = []
        failed: list[BaseException] = []

        def run() -> None:
            try:
                done.append(work())
            except BaseException as error:  # noqa: BLE001  (raised again below)
                failed.append(error)

        thread = Thread(target=run, daemon=True)
        thread.start()
        try:
            thread.join(limit_s)
        finally:
            if thread.is_alive():
                collection.abort_sync()
                thread.join()
        if done:
            return done[0]
        url = self._address.url
        with _explaining(self.place):
            try:
                raise failed[0]
            except SyncError as error:
                if error.kind is SyncErrorKind.AUTH:
                    raise _KeyRefusedError from None
                raise AnkiError(f"the sync with {url} failed: {_shorten(error)}") from error
            except NetworkError as error:
                reason = _shorten(error).removeprefix("A network error occurred. Error details: ")
                reason = reason.removesuffix(" for url ()")
                is_silent = reason == "error sending request"
                raise AnkiError(
                    f"{url} does not answer" if is_silent else f"{url} cannot be used: {reason}",
                    help="check the address, and that the server runs",
                ) from error
            except Interrupted:
                raise AnkiError(f"{url} took longer than {limit_s:.0f} seconds") from None


def load_library() -> None:
    """Import the library of Anki.

    Raises:
        ExtraMissingError: it is not installed, or too old.

    """
    try:
        import anki.collection  # noqa: F401, PLC0415  (an extra, and slow)
    except ImportError as error:
        raise ExtraMissingError(
            "changing a collection needs Anki's package anki (31 MB, licensed under the AGPL)",
            help="pip install 'cardwright[anki]'",
        ) from error
    check_version(metadata.version("anki"))


def check_version(installed: str) -> None:
    """Check that a version of the library has all that is used here.

    Raises:
        ExtraMissingError: it is too old.

    """
    if tuple(map(int, re.findall(r"\d+", installed)[:2])) < _OLDEST:
        oldest = f"{_OLDEST[0]}.{_OLDEST[1]:02}"
        raise ExtraMissingError(
            f"the installed package anki {installed} is too old: {oldest} is the oldest that can be used",
            help="pip install --upgrade anki",
        )


def probe_schema() -> int:
    """Return the schema of the collections that the installed library makes."""
    from anki.collection import Collection  # noqa: PLC0415  (an extra)

    with TemporaryDirectory() as folder:
        collection = Collection(os.path.join(folder, "collection.anki2"))  # noqa: PTH118
        try:
            return int(_db(collection).scalar("select ver from col"))
        finally:
            collection.close()


def _check_schema(path: Path, place: str) -> None:
    """Refuse a collection that the installed library would upgrade, or does not know."""
    load_library()
    with open_collection(path) as collection:
        schema = collection.schema
    own, installed = probe_schema(), metadata.version("anki")
    if schema == own:
        return
    if schema > own:
        raise AnkiError(
            f"{place} has schema {schema}, but the installed anki {installed} knows only {own}",
            help="pip install --upgrade anki",
        )
    wanted = _PACKAGES.get(schema)
    raise AnkiError(
        f"{place} has schema {schema}; the installed anki {installed} would upgrade it to {own}, and "
        "your Anki might not open it any more",
        help=f"pip install 'anki=={wanted}'"
        if wanted
        else "update Anki itself, open the profile there once, and run the command again",
    )


@contextmanager
def _open_library(path: Path, place: str) -> Iterator[Collection]:
    from anki.collection import Collection  # noqa: PLC0415  (an extra)

    with _explaining(place):
        collection = Collection(str(path))
        try:
            yield collection
        finally:
            with suppress(Exception):
                collection.close()


@contextmanager
def _explaining(place: str) -> Iterator[None]:
    """Turn exceptions of the library into an AnkiError."""
    from anki.errors import AnkiException, DBError  # noqa: PLC0415  (an extra)

    try:
        yield
    except DBError as error:
        if "already open" in str(error):
            raise _InUseError(
                f"{place} is in use, so it cannot be changed",
                help="close Anki, or install its add-on AnkiConnect (2055492159)",
            ) from error
        raise AnkiError(
            f"{place} cannot be used: {_shorten(error)}",
            help="open it in Anki, and choose Tools → Check Database there",
        ) from error
    except AnkiException as error:
        raise AnkiError(f"{place}: Anki's library failed: {_shorten(error)}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise AnkiError(f"{place}: Anki's library failed: {_shorten(error)}") from error


def _db(collection: Collection) -> DBProxy:
    """Return the database of an open collection."""
    if collection.db is None:
        raise AnkiError("the collection was closed while it was used")
    return collection.db


def _check_scheduler(collection: Collection, place: str) -> None:
    if not collection.v3_scheduler():
        raise AnkiError(
            f"{place} uses an old scheduler of Anki",
            help="update it: Anki offers that above its list of decks",
        )


def _shorten(error: BaseException) -> str:
    text = str(error).replace("\u2068", "").replace("\u2069", "")
    return " ".join(text[:_MAX_REASON].split())


def _find_taken(collection: Collection, ids: Sequence[int]) -> set[int]:
    query = "select id from revlog where id in (select value from json_each(?))"
    return set(_db(collection).list(query, json.dumps(list(ids))))


def _check_unchanged(
    collection: Collection, push: Push, view: AnkiView, mod_ms: int
) -> dict[int, CardRow]:
    """Return the cards that are to be written, by id.

    Add-ons can change rows without changing the time of the collection, so all of it is compared.

    Raises:
        AnkiChangedError: anything is not as it was read.

    """
    if _db(collection).scalar("select mod from col") != mod_ms:
        raise AnkiChangedError(_CHANGED)
    was = {card.row.id: card.row for card in view.cards.values()}
    wanted = {row.card_id for row in push.log} | {card.card_id for card in push.cards}
    query = f"select {_COLUMNS} from cards where id in (select value from json_each(?))"  # noqa: S608
    rows = {
        row[0]: _make_row(row) for row in _db(collection).all(query, json.dumps(sorted(wanted)))
    }
    # The reader leaves out data that is too long, but a change of data alone has another time.
    if any(id not in was or rows.get(id, ())[:-1] != was[id][:-1] for id in wanted):
        raise AnkiChangedError(_CHANGED)
    if _find_taken(collection, [row.id for row in push.log]) or not _is_complete(
        collection, Push(log=(), cards=push.cards), view
    ):
        raise AnkiChangedError(_CHANGED)
    return rows


def _make_row(row: Sequence[Any]) -> CardRow:
    """Return a card as the reader does, for the odd values that add-ons leave."""
    numbers = [int(value) if isinstance(value, int | float) else 0 for value in row[:-1]]
    for place in (_DUE, _ORIGINAL_DUE):
        numbers[place] = row[place] if isinstance(row[place], int) else 0
    return CardRow._make([*numbers, row[-1] if isinstance(row[-1], str) else ""])


def _is_complete(collection: Collection, push: Push, view: AnkiView | None) -> bool:
    """Tell whether cards have the log that was read, and what was added to it, and nothing else."""
    if view is None:
        return True
    added = [row.id for row in push.log]
    if len(_find_taken(collection, added)) != len(added):
        return False
    wanted = {card.card_id for card in push.cards}
    numbers = dict.fromkeys(wanted, 0)
    for key, card in view.cards.items():
        if card.row.id in wanted:
            numbers[card.row.id] += len(view.log.get(key, ()))
    for row in push.log:
        if row.card_id in wanted:
            numbers[row.card_id] += 1
    query = (
        "select cid, count() from revlog where cid in (select value from json_each(?)) group by cid"
    )
    found = dict.fromkeys(wanted, 0)
    found |= {row[0]: row[1] for row in _db(collection).all(query, json.dumps(sorted(wanted)))}
    return found == numbers


def _write_push(
    collection: Collection, push: Push, rows: Mapping[int, CardRow], *, is_fsrs: bool
) -> None:
    """Write a push; the caller has begun a transaction.

    `update_cards` would drop what it does not know of `data`, and refuse custom data that is too long.
    """
    _db(collection).executemany(
        "insert into revlog (id, cid, usn, ease, ivl, lastIvl, factor, time, type)"
        " values (?, ?, -1, ?, ?, ?, ?, ?, ?)",
        [list(row) for row in push.log],
    )
    changed: list[list[int | str]] = []
    for card in push.cards:
        _check_range(card)
        row = rows[card.card_id]
        after = row._replace(
            kind=card.kind,
            queue=card.queue,
            due=card.due,
            interval_days=card.interval_days,
            factor=card.factor,
            reps=card.reps,
            lapses=card.lapses,
            left=card.left,
            flags=(row.flags & ~7) | (card.flag & 7),
            data=_make_data(collection, row, card, is_fsrs=is_fsrs),
        )
        if after != row:
            changed.append([*map(int, after[5:13]), after.flags, after.data, after.id])
    _db(collection).executemany(
        "update cards set type = ?, queue = ?, due = ?, ivl = ?, factor = ?, reps = ?, lapses = ?,"
        " left = ?, flags = ?, data = ?, usn = -1,"
        " mod = cast(strftime('%s', 'now') as integer) where id = ?",
        changed,
    )


def _check_range(card: CardWrite) -> None:
    """Refuse what Anki could not read back."""
    numbers = card.interval_days, card.reps, card.lapses, card.left
    is_good = (
        card.kind in set(CardKind)
        and card.queue in set(CardQueue)
        and -_MAX_INT <= card.due <= _MAX_INT
        and all(0 <= number <= _MAX_INT for number in numbers)
        and 0 <= card.factor <= _MAX_FACTOR
    )
    if not is_good:
        raise AnkiError(f"Anki could not hold what was computed for a card: {card}")


def _make_data(collection: Collection, row: CardRow, card: CardWrite, *, is_fsrs: bool) -> str:
    text = write_data(row, card)
    if text == row.data or card.stability is None or not is_fsrs:
        return text
    from anki.errors import AnkiException  # noqa: PLC0415  (an extra)

    # What an answer in Anki would store now: they may have changed since the last one.
    with suppress(AnkiException):
        found = collection.compute_memory_state(row.id)  # type: ignore[arg-type]
        if found.decay is not None:
            return write_options(text, found.desired_retention, found.decay)
    return text


def _import(
    collection: Collection,
    package: Path,
    notes: Mapping[str, PackageNote],
    *,
    with_presets: bool,
) -> PackageImport:
    """Import a package; the caller has begun a transaction.

    Raises:
        AnkiError: it would change the structure of a note type.

    """
    from anki.collection import (  # noqa: PLC0415  (an extra)
        ImportAnkiPackageOptions,
        ImportAnkiPackageRequest,
    )

    database = _db(collection)
    schema = database.scalar("select scm from col")
    types = set(database.list("select id from notetypes"))
    options = [
        row
        for row in database.all("select key, usn, mtime_secs, val from config")
        if row[0] in _OPTIONS
    ]
    log = collection.import_anki_package(
        ImportAnkiPackageRequest(
            package_path=str(package),
            options=ImportAnkiPackageOptions(with_deck_configs=with_presets),
        )
    ).log
    # Anki makes the options of each import those that it proposes for the next one.
    database.executemany("delete from config where key = ?", [[key] for key in _OPTIONS])
    database.executemany(
        "insert into config (key, usn, mtime_secs, val) values (?, ?, ?, ?)",
        options,
    )
    collection.models._clear_cache()  # noqa: SLF001  (it does not notice an import)
    copies = []
    for id in set(database.list("select id from notetypes")) - types:
        made = collection.models.get(id)
        if made is not None and made.get("originalId") not in (None, id):
            copies.append(str(made["name"]))
    if copies:
        raise AnkiError(
            f"note types of {package.name} have other fields or templates in Anki, so nothing was "
            f"imported: {list_names(sorted(copies))}",
            help="take that change back in Anki; or import the package there with `Merge note types`, "
            "after which Anki must upload everything",
        )
    if database.scalar("select scm from col") != schema:
        raise AnkiError(
            f"{package.name} would change the structure of a note type, after which Anki must upload "
            "everything: nothing was imported",
            help="import the package in Anki itself",
        )
    return _report(collection, log, notes)


def _report(collection: Collection, log: Any, notes: Mapping[str, PackageNote]) -> PackageImport:
    new, updated, same = (
        [note.id.nid for note in part] for part in (log.new, log.updated, log.duplicate)
    )
    query = "select id, guid, mod, flds from notes where id in (select value from json_each(?))"
    found = {
        row[0]: row[1:] for row in _db(collection).all(query, json.dumps([*new, *updated, *same]))
    }
    kept: list[str] = []
    unchanged: list[str] = []
    for id in same:
        guid, mod_s, fields = found[id]
        note = notes.get(guid)
        is_other = note is not None and to_nfc("\x1f".join(note.fields)) != to_nfc(fields)
        (kept if note and is_other and mod_s > note.mod_s else unchanged).append(guid)
    named = {found[id][0] for id in (*new, *updated, *same)}
    return PackageImport(
        new=[found[id][0] for id in new],
        updated=[found[id][0] for id in updated],
        kept=kept,
        unchanged=unchanged,
        conflicting=[guid for guid in notes if guid not in named],
    )
