"""What Anki keeps about cards, as far as a memory depends on it: rows of its tables, and presets.

The codes are those of Anki's database (rslib/src/card, rslib/src/revlog).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

SECONDS_PER_DAY: Final = 86_400
FIRST_TIME: Final = 1_000_000_000
"""From here on, what a card is due at is a time in seconds, not a day."""
DEFAULT_EASE: Final = 2_500
"""The ease factor that a card begins with, in thousandths."""


class LogKind(IntEnum):
    """The `type` of a row of the review log."""

    LEARNING = 0
    REVIEW = 1
    RELEARNING = 2
    FILTERED = 3
    """In a filtered deck; with the factor 0 the schedule was not affected (cram)."""
    MANUAL = 4
    """Reset (factor 0) or "set due date"."""
    RESCHEDULED = 5
    """FSRS has changed the due day on its own."""


class CardKind(IntEnum):
    """The `type` of a card."""

    NEW = 0
    LEARNING = 1
    REVIEW = 2
    RELEARNING = 3


class CardQueue(IntEnum):
    """The `queue` of a card."""

    BURIED_BY_USER = -3
    BURIED = -2
    SUSPENDED = -1
    NEW = 0
    LEARNING = 1
    """`due` is Unix time in seconds."""
    REVIEW = 2
    """`due` is a day since the collection's creation."""
    DAY_LEARNING = 3
    """Likewise."""
    PREVIEW = 4


class LogRow(NamedTuple):
    """A row of the review log."""

    id: int
    """When it was answered, in milliseconds since 1970; unique in a collection."""
    card_id: int
    ease: int
    """The rating, 1 to 4; 0 if it is not an answer."""
    interval: int
    """Days, or seconds if negative."""
    last_interval: int
    factor: int
    duration_ms: int
    kind: int
    """A LogKind, or what a newer Anki adds."""


class CardRow(NamedTuple):
    """A card."""

    id: int
    note_id: int
    deck_id: int
    ordinal: int
    mod_s: int
    kind: int
    queue: int
    due: int
    interval_days: int
    factor: int
    reps: int
    lapses: int
    left: int
    """The number of learning steps left (its last three digits)."""
    original_due: int
    original_deck_id: int
    """Not 0 in a filtered deck: the deck to which the card returns."""
    flags: int
    """The colour of its flag, 0 to 7, in the last three bits."""
    data: str
    """JSON: `s`, `d`, `dr`, `decay`, `lrt`, `pos`, `cd`; "" if empty."""

    @property
    def is_filtered(self) -> bool:
        """Whether the card is in a filtered deck for now."""
        return self.original_deck_id != 0

    @property
    def is_suspended(self) -> bool:
        """Whether the card is suspended."""
        return self.queue == CardQueue.SUSPENDED

    @property
    def flag(self) -> int:
        """The colour of its flag; 0 for none."""
        return self.flags & 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The options of decks."""

    name: str
    desired_retention: float
    parameters: tuple[float, ...]
    """Those that Anki uses, of whatever version of FSRS; empty for the defaults."""
    learning_steps_minutes: tuple[float, ...]
    relearning_steps_minutes: tuple[float, ...]
    maximum_interval_days: int
    leech_lapses: int
    suspends_leeches: bool
    historical_retention: float = 0.9
    """At what retention intervals were computed before the reviews that are known."""
    ignores_before_ms: int = 0
    """Reviews before it do not count for FSRS; 0 if all do."""
    new_per_day: int = 20
    reviews_per_day: int = 200
    buries_new: bool = False
    """Whether new siblings of a card wait for the next day."""
    buries_reviews: bool = False
    """Likewise, for siblings that are due."""
    settings: tuple[str, ...] = ()
    """Whatever else it sets, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How a collection counts days."""

    created_day: int
    """The local day of its creation, in days since 1970: day 0 of `CardRow.due`."""
    rollover_hour: int


class AnkiCard(NamedTuple):
    """A prompt's card in Anki."""

    key: str
    """The key of the prompt."""
    guid: str
    """The guid of its note."""
    row: CardRow
    preset: str
    """The name of the preset of its deck, or of the deck to which it returns."""
    desired_retention: float | None = None
    """That of its own deck, if it overrides the preset's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnkiView:
    """What a collection holds about the prompts of a project; everything else is left out."""

    timing: Timing
    is_fsrs: bool
    """Whether FSRS is switched on."""
    cards: Mapping[str, AnkiCard]
    """By prompt key. Prompts without a card in Anki are missing."""
    log: Mapping[str, Sequence[LogRow]]
    """The rows of these cards by prompt key, in order."""
    presets: Mapping[str, Preset]
    """By name."""
    unmatched: Sequence[str] = ()
    """Refs of cards that this transport cannot find in Anki, though they may be there."""


class CardWrite(NamedTuple):
    """What to write into a card. Whatever is not named here stays as it is."""

    card_id: int
    kind: int
    queue: int
    due: int
    interval_days: int
    factor: int
    reps: int
    lapses: int
    left: int
    flag: int
    """The colour of its flag; 0 for none."""
    stability: float | None
    """None (with `difficulty`) removes the memory state."""
    difficulty: float | None
    last_review_s: int | None
