"""The door to a sync server: a private copy of the collection there, which Anki's library syncs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final, TypeVar

from cardwright.anki.collection import MAX_DATABASE_BYTES, open_collection
from cardwright.anki.doors.closed import ProfileDoor
from cardwright.anki.doors.door import Push, describe_place
from cardwright.anki.doors.library import (
    InUseError,
    explain_errors,
    find_database,
    load_library,
    open_with_library,
    shorten,
)
from cardwright.anki.doors.profiles import Profile
from cardwright.anki.doors.server_login import (
    ServerAddress,
    check_private_folder,
    forget_key,
    is_of_ankiweb,
    read_key,
    write_key,
)
from cardwright.anki.doors.write import is_complete
from cardwright.anki.error import AnkiChangedError, AnkiError
from cardwright.anki.identity import NoteIdentity
from cardwright.anki.rows import AnkiView
from cardwright.files import make_private_folder

if TYPE_CHECKING:
    from anki.collection import Collection
    from anki.sync import SyncAuth

_T = TypeVar("_T")

_IO_TIMEOUT_S: Final = 30
"""How long a server may send nothing."""
_SYNC_LIMIT_S: Final = 600
_DOWNLOAD_LIMIT_S: Final = 3600
_ABORT_LIMIT_S: Final = 20
"""How long the library may take to notice that it is to stop."""
_LOOK_S: Final = 0.5
_MAX_FOLDER_BYTES: Final = 2 * MAX_DATABASE_BYTES
"""The private copy, and what is to replace it."""


class _KeyRefusedError(Exception):
    """A server does not accept a key or a password."""


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
        self._unchecked = own / "unchecked"
        """Is there while a download is not checked; it stays if the process is killed."""
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
        check_private_folder(self._folder)
        open_copy = partial(open_with_library, self._path, describe_place(self.place))
        with ExitStack() as stack:
            if is_new:
                stack.callback(self._leave_nothing_behind)
            try:
                collection = stack.enter_context(open_copy())
            except InUseError:
                raise AnkiError(
                    f"another `cards` syncs with {self._address.url} just now"
                ) from None
            except AnkiError:
                # What it held is on the server; what was not there yet is written again.
                self._discard()
                collection = stack.enter_context(open_copy())
            if self._unchecked.exists():
                collection.close()
                self._discard()
                collection = stack.enter_context(open_copy())
            yield collection

    def _leave_nothing_behind(self) -> None:
        """Delete a private copy for which no server was found, as after a mistyped address."""
        if not read_key(self._folder, self._address):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _discard(self) -> None:
        """Delete the private copy."""
        for ending in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        self._unchecked.unlink(missing_ok=True)

    def _receive(self, collection: Collection) -> None:
        self._sync(collection)
        if not find_database(collection).scalar("select exists(select 1 from cards)"):
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
        if was_replaced or not is_complete(collection, push, self._view):
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
        self._unchecked.touch(mode=0o600)
        collection.close_for_full_sync()
        self._ask_server(
            collection,
            lambda: collection.full_upload_or_download(auth=auth, server_usn=None, upload=False),
            limit_s=_DOWNLOAD_LIMIT_S,
        )
        # The library has opened it by now, but has not done anything with it.
        collection.reopen(after_full_sync=True)
        try:
            with open_collection(self._path) as copy:
                copy.check_inert()
        except AnkiError as error:
            collection.close()
            self._discard()
            raise AnkiError(
                f"what {self._address.url} has sent is refused: {error.message}"
            ) from error
        self._unchecked.unlink(missing_ok=True)
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

    def _wait(self, collection: Collection, thread: Thread, limit_s: float) -> None:
        """Run what talks to the server until it ends, time is up, or too much has come.

        Raises:
            AnkiError: it does not end, or too much has come.

        """
        ends_at = time.monotonic() + limit_s
        thread.start()
        try:
            while thread.is_alive() and (left_s := ends_at - time.monotonic()) > 0:
                thread.join(min(left_s, _LOOK_S))
                if _measure_folder(self._folder) > _MAX_FOLDER_BYTES:
                    raise AnkiError(
                        f"{self._address.url} sends more than {MAX_DATABASE_BYTES >> 30} GiB"
                    )
        finally:
            if thread.is_alive():
                collection.abort_sync()
                thread.join(_ABORT_LIMIT_S)
            if thread.is_alive():
                # To close it would wait for the thread, which ends with the process.
                collection.db = None
        if thread.is_alive():
            raise AnkiError(f"what {self._address.url} has sent keeps Anki's library busy forever")

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

        self._wait(collection, Thread(target=run, daemon=True), limit_s)
        if done:
            return done[0]
        url = self._address.url
        with explain_errors(describe_place(self.place)):
            try:
                raise failed[0]
            except SyncError as error:
                if error.kind is SyncErrorKind.AUTH:
                    raise _KeyRefusedError from None
                raise AnkiError(f"the sync with {url} failed: {shorten(error)}") from error
            except NetworkError as error:
                reason = shorten(error).removeprefix("A network error occurred. Error details: ")
                reason = reason.removesuffix(" for url ()")
                is_silent = reason == "error sending request"
                raise AnkiError(
                    f"{url} does not answer" if is_silent else f"{url} cannot be used: {reason}",
                    help="check the address, and that the server runs",
                ) from error
            except Interrupted:
                raise AnkiError(f"{url} took longer than {limit_s:.0f} seconds") from None


def _measure_folder(path: Path) -> int:
    """Return the size of the files in a folder."""
    with suppress(OSError), os.scandir(path) as entries:
        return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    return 0
