"""The table of settings: the user's, and what belongs to the store itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from cardwright.study.database import Database
from cardwright.study.rows import RowError, decode, quote, read_json, read_setting
from cardwright.study.settings import STORE, is_shared
from cardwright.study.versions import Setting, date_change

_SYNC_FOLDER: Final = "shared_folder"
_MAX_PATH: Final = 4_096
SYNCED: Final = "synced"
"""What the last sync left nothing new in."""
_FOLDERS: Final = "folders"
"""Where this machine has seen each namespace."""
_LESSENED: Final = "lessened"
"""How often a review of the store was replaced by a version that has less of something."""


class SettingsTable:
    """The settings of a store, by namespace or deck ("" for all) and name."""

    def __init__(self, database: Database) -> None:
        """Use the table of a database."""
        self._database = database

    def read(self) -> dict[tuple[str, str], Any]:
        """Return all settings that are valid, by namespace or deck ("" for all) and name."""
        return {
            (setting.deck, setting.name): setting.value
            for setting in self.list_all()
            if setting.value is not None
        }

    def list_all(self) -> Iterator[Setting]:
        """Yield all settings that are valid, even those that went back to the default."""
        columns = "cast(pack as blob), cast(name as blob), cast(value as blob), changed_ms"
        for row in self._database.query_all(f"select {columns} from settings where pack <> '.'"):  # noqa: S608
            try:
                deck, name = map(decode, row[:2])
            except RowError:
                self._database.leave_out(f"setting {quote(row[1])}")
                continue
            what = f"setting {quote(name)}{f' of {quote(deck)}' if deck else ''}"
            try:
                setting = read_setting((deck, name, *row[2:]))
            except RowError:
                self._database.leave_out(what)
                continue
            yield setting

    def put(self, settings: Mapping[tuple[str, str], Any], changed_ms: int) -> None:
        """Write settings that the user changes at a time; the value None deletes one."""
        with self._database.transaction():
            for (deck, name), value in settings.items():
                sql = "select changed_ms from settings where pack = ? and name = ?"
                at_ms = date_change(changed_ms, self._database.find_value(sql, deck, name))
                self.write(Setting(deck, name, value, at_ms))

    def write(self, setting: Setting) -> None:
        """Write a setting as it is, within a transaction."""
        deck, name, value, changed_ms = setting
        if value is None and not is_shared(deck, name):
            sql = "delete from settings where pack = ? and name = ?"
            self._database.change(sql, [(deck, name)])
            return
        row = (deck, name, json.dumps(value), changed_ms)
        self._database.change("insert or replace into settings values (?, ?, ?, ?)", [row])

    def merge(self, settings: Iterable[Setting]) -> int:
        """Write the settings that outrank those of the store, within a transaction."""
        known = {(setting.deck, setting.name): setting for setting in self.list_all()}
        taken = 0
        for setting in settings:
            place = (setting.deck, setting.name)
            if place not in known or setting.rank > known[place].rank:
                known[place] = setting
                self.write(setting)
                taken += 1
        return taken

    def carry_over(self, source: str, target: str) -> None:
        """Give a namespace the later settings of another one, within a transaction.

        The source's count as a millisecond older, so that of two of the same time the target's stays.
        """
        if STORE in {source, target}:
            return
        self.merge(
            setting._replace(
                deck=f"{target}{setting.deck.removeprefix(source)}",
                changed_ms=setting.changed_ms - 1,
            )
            for setting in list(self.list_all())
            if f"{setting.deck}::".startswith(f"{source}::")
            and is_shared(setting.deck, setting.name)
        )

    def read_sync_folder(self) -> str:
        """Return the folder of the last sync; "" if none is known.

        Somebody else may have made the store, but only a whole path was ever remembered.
        """
        folder = self._read_own(_SYNC_FOLDER)
        is_path = isinstance(folder, str) and len(folder) <= _MAX_PATH and "\0" not in folder
        return folder if is_path and Path(folder).is_absolute() else ""

    def remember_sync_folder(self, folder: Path) -> None:
        """Remember the folder of the last sync."""
        self._remember(_SYNC_FOLDER, str(folder))

    def read_synced(self) -> Any:
        """Return what the last sync remembered, or None."""
        return self._read_own(SYNCED)

    def remember_synced(self, value: Any) -> None:
        """Remember what a sync has found."""
        self._remember(SYNCED, value)

    def read_folders(self) -> dict[str, list[str]]:
        """Return the project folders that had each namespace, the one seen last first."""
        found = self._read_own(_FOLDERS)
        if not isinstance(found, dict):
            return {}
        return {
            namespace: folders
            for namespace, value in found.items()
            if isinstance(value, list)
            and (folders := [folder for folder in value if isinstance(folder, str) and folder])
        }

    def remember_folders(self, folders: Mapping[str, Sequence[str]]) -> None:
        """Remember the project folders of each namespace, the one seen last first."""
        self._remember(_FOLDERS, {name: list(found) for name, found in folders.items() if found})

    def read_lessened(self) -> int:
        """Return how often a review was replaced by a version that has less of something."""
        number = self._read_own(_LESSENED)
        return number if type(number) is int else 0

    def count_lessened(self) -> None:
        """Count another such review, within a transaction."""
        self._write_own(_LESSENED, self.read_lessened() + 1)

    def _read_own(self, name: str) -> Any:
        """Return what the store remembers for itself, or None."""
        sql = "select cast(value as blob) from settings where pack = '.' and name = ?"
        with suppress(RowError):
            return read_json(self._database.find_value(sql, name))
        return None

    def _remember(self, name: str, value: Any) -> None:
        if self._read_own(name) != value:
            with self._database.transaction():
                self._write_own(name, value)

    def _write_own(self, name: str, value: Any) -> None:
        self.write(Setting(STORE, name, value, 0))
