"""The door to a running Anki: its add-on AnkiConnect.

It is needed to write only. All that is read comes from the profile's file, which holds what the add-on
cannot tell (guids, the first day, whether FSRS is on) and is read faster.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any, Final, TypeVar

from cardwright.anki.card_data import read_data
from cardwright.anki.card_state import apply_write
from cardwright.anki.collection import open_collection
from cardwright.anki.doors.anki_connect import AnkiConnect, AnkiConnectError, Call, show_reply
from cardwright.anki.doors.backup import back_up_daily, write_backup
from cardwright.anki.doors.door import Push
from cardwright.anki.doors.profiles import Profile
from cardwright.anki.error import AnkiChangedError, AnkiError
from cardwright.anki.identity import NoteIdentity
from cardwright.anki.rows import (
    AnkiCard,
    AnkiView,
    CardRow,
    CardWrite,
    LogRow,
    Preset,
)
from cardwright.files import is_on_network
from cardwright.foreign.error import ForeignFileError
from cardwright.foreign.live_database import stamp_database
from cardwright.text import count, to_nfc

_AGAIN: Final = "run the command again: it completes what is missing"
_TAKEN: Final = "UNIQUE constraint failed: revlog.id"
_MAX_REASON: Final = 200
_TRIES: Final = 5
_ROWS_AT_ONCE: Final = 2_000
"""The add-on takes time that grows with the square of a request's size: this many are 0.04 s."""
_CARDS_AT_ONCE: Final = 250
_DECAY_BEFORE_6: Final = 0.5
_DECAY: Final = 0.1542
"""Of FSRS 6 with its default parameters."""
_PARAMETERS_OF_6: Final = 21
_UNSYNCED: Final = -1
_T = TypeVar("_T")


class AnkiConnectDoor:
    """The collection that a running Anki has open."""

    def __init__(
        self,
        connect: AnkiConnect,
        identities: Mapping[str, NoteIdentity],
        *,
        profiles: Sequence[Profile] = (),
        wanted: str | None = None,
        folder: Path,
        now: datetime,
    ) -> None:
        """Find out which profile is open; `connect` has greeted the add-on.

        `profiles` are those that are known, `wanted` is the name of the one that is meant, and `folder`
        is where Cardwright keeps what belongs to its doors.

        Raises:
            AnkiError: no profile is open, another one is, or its files are not on this computer.

        """
        self._connect = connect
        self._identities = identities
        self._profiles = profiles
        self._now = now
        self._profile = self._find_profile()
        self._folder = folder / self._profile.folder_name
        self.place = f"profile {self._profile.name}"
        self.backup: Path | None = None
        """The backup that was made, if any."""
        self._view: AnkiView | None = None
        self._stamp = b""
        if wanted is not None and to_nfc(wanted) != to_nfc(self._profile.name):
            raise AnkiError(
                f"Anki has the profile {self._profile.name} open, not {wanted}",
                help="switch the profile in Anki, or close Anki",
            )

    @property
    def profile(self) -> Profile:
        """The profile that is open."""
        return self._profile

    def read(self) -> AnkiView:
        """Read what concerns the project from a copy of the profile's file; see `Door`."""
        path = self._profile.collection
        for _ in range(_TRIES):
            stamp = _stamp(path)
            with open_collection(path) as collection:
                self._view = collection.view(self._identities)
            if _stamp(path) == stamp:
                self._stamp = stamp
                return self._view
        raise AnkiError(f"{self.place} is being written to all the time; try again in a moment")

    def find_taken(self, ids: Sequence[int]) -> set[int]:
        """Return which ids of log rows are taken, by whatever card."""
        if not ids:
            return set()
        with open_collection(self._profile.collection) as collection:
            return collection.find_taken(ids)

    def write(self, push: Push) -> None:
        """Write the log first, then the cards; see `Door`.

        If it fails between two requests, or Anki is closed, some of it is written. Writing the same push
        once more, without the rows that are there by then, completes it. What was done in Anki before
        cannot be undone there any more. Rows without a card that changes go along with Anki's next sync
        after another change.
        """
        if self._view is None:
            raise AnkiChangedError(f"{self.place} was not read yet")
        changes = _list_changes(push.cards, self._view)
        if not push.log and not changes:
            return
        self._back_up()
        if self._find_profile() != self._profile or _stamp(self._profile.collection) != self._stamp:
            raise AnkiChangedError(f"{self.place} has changed since it was read")
        has_begun = False
        try:
            for rows in _split(push.log, _ROWS_AT_ONCE):
                self._connect.ask("insertReviews", reviews=[_list_values(row) for row in rows])
                has_begun = True
            for some in _split(changes, _CARDS_AT_ONCE):
                has_begun = True
                self._write_cards(some)
        except AnkiConnectError as error:
            # It takes all the rows of a request or none.
            if not has_begun and _TAKEN in error.reason:
                raise AnkiChangedError(f"{self.place} has changed since it was read") from error
            raise AnkiError(error.message, help=_AGAIN) from error
        except AnkiError as error:
            raise AnkiError(error.message, help=error.help or _AGAIN) from error
        # Without this, Anki goes on showing a card as it was, and refuses its answer.
        with suppress(AnkiError):
            self._connect.ask("replaceTags", notes=[], tag_to_replace="", replace_with_tag="")

    def close(self) -> None:
        """Do nothing: Anki keeps the collection."""

    def _write_cards(self, changes: Sequence[tuple[AnkiCard, Mapping[str, Any]]]) -> None:
        """Write the states of some cards.

        Raises:
            AnkiError: one was not written, or was answered since it was read.

        """
        ids = [card.row.id for card, _ in changes]
        calls = [Call("cardsModTime", {"cards": ids})]
        calls += [
            Call(
                "setSpecificValueOfCard",
                {
                    "card": card.row.id,
                    "keys": list(values),
                    "newValues": list(values.values()),
                    "warning_check": True,
                },
            )
            for card, values in changes
        ]
        times, *results = self._connect.ask_all(calls)
        expected = [card.row.mod_s for card, _ in changes]
        if not isinstance(times, list) or [_read_time(time) for time in times] != expected:
            raise AnkiError(f"{self.place} has changed while it was written to")
        failed = [id for id, result in zip(ids, results, strict=True) if result != [True]]
        if failed:
            reason = show_reply(results[ids.index(failed[0])])
            raise AnkiError(
                f"AnkiConnect could not write {count(len(failed), 'card')}, card {failed[0]}: {reason}"
            )

    def _find_profile(self) -> Profile:
        """Return the profile that is open now."""
        try:
            reply = self._connect.ask("getMediaDirPath")
        except AnkiConnectError as error:
            raise AnkiError("Anki has no profile open", help="choose one in Anki") from error
        folder = _read_media_path(reply)
        for profile in self._profiles:
            with suppress(OSError):
                if folder.samefile(profile.folder):
                    return profile
        found = Profile(folder.name, folder)
        if any(profile.name == found.name for profile in self._profiles):
            found = Profile(f"{folder.name} ({folder.parent})", folder)
        if not _is_file(found.collection):
            raise AnkiError(
                f"Anki has {found.collection} open, which is not on this computer",
                help="run the command on the computer on which Anki runs",
            )
        # Whoever listens at the port could have others' files read, and backups written for them.
        if not _is_own(folder) or not _is_own(found.collection):
            raise AnkiError(
                f"Anki has {found.collection} open, which is a link or belongs to somebody else",
                help="if it is yours, set ANKI_BASE to the folder that holds your profiles",
            )
        return found

    def _back_up(self) -> None:
        def make(folder: Path) -> Path:
            return write_backup(self._profile.collection, folder, self._now)

        today = self._now.date()
        made = back_up_daily(self.place, [self._profile.backups], today, self._folder, make)
        self.backup = made or self.backup


def _is_path(text: str) -> bool:
    try:
        return min(os.fsencode(text), default=0) >= ord(" ")
    except UnicodeEncodeError:
        return False


def _read_media_path(reply: object) -> Path:
    """Return the folder of a profile, from the path of its media."""
    text = reply if isinstance(reply, str) and _is_path(reply) else ""
    path = PurePath(text)
    # A path of another computer on the network would be looked up there.
    if not path.is_absolute() or is_on_network(str(path)):
        raise AnkiError(
            f"Anki keeps its profile in {show_reply(reply)}, which is not on this computer",
            help="run the command on the computer on which Anki runs",
        )
    return Path(path.parent)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _is_own(path: Path) -> bool:
    """Tell whether a file or a folder belongs to the user, as far as the system knows."""
    info = path.lstat()
    is_others = hasattr(os, "geteuid") and info.st_uid != os.geteuid()
    return not is_others and not stat.S_ISLNK(info.st_mode)


def _stamp(path: Path) -> bytes:
    try:
        return stamp_database(path)
    except ForeignFileError as error:
        raise AnkiError(f"{path} cannot be read: {error.reason}") from error


def _split(values: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _list_values(row: LogRow) -> list[int]:
    return [
        *(row.id, row.card_id, _UNSYNCED, row.ease, row.interval, row.last_interval),
        *(row.factor, row.duration_ms, row.kind),
    ]


def _read_time(reply: object) -> object:
    return reply.get("mod") if isinstance(reply, dict) else None


def _list_changes(
    cards: Sequence[CardWrite], view: AnkiView
) -> list[tuple[AnkiCard, dict[str, Any]]]:
    """Return what is to be changed of cards; those that are as wanted already are left out."""
    own = {card.row.id: card for card in view.cards.values()}
    found = [(own[card.card_id], card) for card in cards]
    changes = [(card, _find_changes(card, wanted, view)) for card, wanted in found]
    return [change for change in changes if change[1]]


def _find_changes(card: AnkiCard, wanted: CardWrite, view: AnkiView) -> dict[str, Any]:
    """Return the new values of a card by the names that `setSpecificValueOfCard` knows."""
    before = _list_state(card.row)
    after = _list_state(apply_write(card.row, wanted))
    changes = {name: value for name, value in after.items() if before[name] != value}
    if view.is_fsrs and changes.get("memory_state"):
        # As Anki stores them with an answer.
        preset = view.presets[card.preset]
        changes["desired_retention"] = card.desired_retention or preset.desired_retention
        changes["decay"] = _find_decay(preset)
    return changes


def _list_state(row: CardRow) -> dict[str, Any]:
    data = read_data(row.data)
    has_memory = {"s", "d"} <= data.keys()
    return {
        "type": row.kind,
        "queue": row.queue,
        "due": row.due,
        "ivl": row.interval_days,
        "factor": row.factor,
        "reps": row.reps,
        "lapses": row.lapses,
        "left": row.left,
        "flags": row.flags,
        "original_position": data.get("pos"),
        "last_review_time": data.get("lrt"),
        "memory_state": ({"stability": data["s"], "difficulty": data["d"]} if has_memory else None),
    }


def _find_decay(preset: Preset) -> float:
    if not preset.parameters:
        return _DECAY
    return preset.parameters[20] if len(preset.parameters) == _PARAMETERS_OF_6 else _DECAY_BEFORE_6
