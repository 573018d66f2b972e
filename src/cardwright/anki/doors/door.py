"""What the doors have in common: a collection is read, and written all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cardwright.anki.rows import AnkiView, CardWrite, LogRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What to write into a collection, all or nothing."""

    log: Sequence[LogRow]
    """New rows; no row of the collection has one of their ids."""
    cards: Sequence[CardWrite]


class Door(Protocol):
    """A way into one of the user's collections."""

    place: str
    """Names the collection: the same one by whatever door, such as `profile User 1`."""

    def read(self) -> AnkiView:
        """Read what concerns the project.

        Raises:
            AnkiError: Anki cannot be reached, or the collection cannot be read.

        """

    def find_taken(self, ids: Sequence[int]) -> set[int]:
        """Return which ids of log rows are taken, by whatever card."""

    def write(self, push: Push) -> None:
        """Write everything, and back the collection up before the first write of a day.

        Raises:
            AnkiError: nothing was written; or it is unknown what was, and the message says so.
            AnkiChangedError: the collection has changed since `read`: read again. Nothing was written.

        """

    def close(self) -> None:
        """Let go of the collection; a door to a server brings everything there first."""


def describe_place(place: str) -> str:
    """Return the place of a door as it is shown."""
    kind, _, rest = place.partition(" ")
    url, _, user = rest.partition(" ")
    return f"the collection of {user} on {url}" if kind == "server" and user else place
