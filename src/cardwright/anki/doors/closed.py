"""The door to a closed Anki: the collection of a profile, which Anki's library opens to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cardwright.anki.collection import open_collection
from cardwright.anki.doors.backup import back_up_daily
from cardwright.anki.doors.door import Push, describe_place
from cardwright.anki.doors.library import (
    InUseError,
    check_scheduler,
    check_schema,
    explain_errors,
    find_database,
    open_with_library,
)
from cardwright.anki.doors.package_import import PackageImport, PackageNote, import_package
from cardwright.anki.doors.profiles import Profile
from cardwright.anki.doors.write import check_unchanged, write_push
from cardwright.anki.error import AnkiChangedError, AnkiError
from cardwright.anki.identity import NoteIdentity
from cardwright.anki.rows import AnkiView
from cardwright.files import make_private_folder

if TYPE_CHECKING:
    from anki.collection import Collection


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
            raise AnkiChangedError(f"{describe_place(self.place)} was not read yet")
        if not push.log and not push.cards:
            return
        with self._open() as collection:
            self._receive(collection)
            check_scheduler(collection, describe_place(self.place))
            rows = check_unchanged(collection, push, self._view, self._mod_ms)
            self._back_up(collection)
            work = partial(write_push, collection, push, rows, is_fsrs=self._view.is_fsrs)
            find_database(collection).transact(work)
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
        except InUseError as error:
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
        check_scheduler(collection, describe_place(self.place))
        self._back_up(collection)
        done: list[PackageImport] = []

        def work() -> None:
            done.append(import_package(collection, package, notes, with_presets=with_presets))

        find_database(collection).transact(work)
        self._send(collection, Push(log=(), cards=()))
        return done[0]

    def close(self) -> None:
        """Do nothing: the collection is open only while it is used."""

    @contextmanager
    def _open(self) -> Iterator[Collection]:
        check_schema(self._path, describe_place(self.place))
        with open_with_library(self._path, describe_place(self.place)) as collection:
            yield collection

    def _receive(self, collection: Collection) -> None:
        """Bring in what is new elsewhere."""

    def _send(self, collection: Collection, push: Push) -> None:
        """Send what was written to where it belongs."""

    def _back_up(self, collection: Collection) -> None:
        """Back the collection up, unless this was done today."""
        place = describe_place(self.place)

        def make(folder: Path) -> Path | None:
            make_private_folder(folder)
            before = _list_stamped(folder)
            with explain_errors(place):
                collection.create_backup(
                    backup_folder=str(folder), force=True, wait_for_completion=True
                )
            made = _list_stamped(folder) - before
            return max((path for path, _ in made), default=None)

        made = back_up_daily(place, self._backups, self._today, self._folder, make)
        self.backup = made or self.backup


def _list_stamped(folder: Path) -> set[tuple[Path, int]]:
    """Return the files of a folder with their times: a backup of the same second has the same name."""
    return {(path, path.lstat().st_mtime_ns) for path in folder.iterdir()}
