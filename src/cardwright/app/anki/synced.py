"""What a sync with Anki did, and when the user must decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from cardwright.anki.doors.door import describe_place
from cardwright.anki.error import AnkiError
from cardwright.app.anki.options import Difference
from cardwright.app.anki.plan import Vanished
from cardwright.text import count

Choice = Literal["undo", "restore"]
"""What to do about answers that are gone from Anki."""


class VanishedError(AnkiError):
    """Many answers that Anki had at the last sync are gone: the user must say why."""

    def __init__(self, place: str, vanished: Vanished) -> None:
        """Say how many, and what can be done."""
        number = len(vanished.theirs) + len(vanished.ours)
        answers = f"{count(number, 'row')} of its log"
        super().__init__(
            f"{describe_place(place)} lacks {answers} that it had at the last sync, as after restoring a backup",
            help="the same command with `--vanished restore` writes them there again, "
            "with `--vanished undo` it undoes them here",
        )


@dataclass(slots=True, kw_only=True)
class Synced:
    """What a sync did, or would do."""

    place: str
    is_fsrs: bool = True
    """Whether FSRS is switched on in Anki."""
    pulled: int = 0
    """The rows of Anki's log that were new here."""
    pushed: int = 0
    """The rows that were new in Anki."""
    cards: int = 0
    """The cards whose state was written in Anki."""
    marks: Counter[str] = field(default_factory=Counter)
    """How many prompts were suspended, flagged or rescheduled here because they are in Anki, by act."""
    undone: int = 0
    """The answers that were undone here because they were in Anki."""
    restored: int = 0
    """The rows that Anki had lost and that were written there again."""
    returned: int = 0
    """The answers that count again, since Anki has them: they were undone here too late."""
    pending: list[str] = field(default_factory=list)
    """Prompts whose cards are in a filtered deck, and are written when they are back."""
    deleted: list[str] = field(default_factory=list)
    """Prompts whose cards were deleted in Anki since the last sync."""
    missing: int = 0
    """The prompts with answers that have no card in Anki."""
    is_missing_new: bool = False
    """Whether there are more of them than at the last sync."""
    skipped: Counter[str] = field(default_factory=Counter)
    """How many rows of Anki's log cannot be read, by what is wrong with them."""
    clashes: list[str] = field(default_factory=list)
    differences: Sequence[Difference] = ()
    """The options that Anki has otherwise."""
    taken: int = 0
    """How many options of Anki were taken over."""
    unmatched: Sequence[str] = ()
    """Refs of cards that this door cannot find in Anki."""
    found: int = 0
    """The number of the project's prompts that have a card in Anki."""

    @property
    def has_nothing_new(self) -> bool:
        """Whether both sides had the same already."""
        changes = (self.pulled, self.pushed, self.cards, self.undone, self.restored, self.returned)
        return not any(changes) and not self.marks and not self.taken
