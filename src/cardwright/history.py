"""The nouns of study: what was answered, and what is believed of a memory. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

_MS_PER_MINUTE: Final = 60_000
_MS_PER_HOUR: Final = 3_600_000
_MS_PER_DAY: Final = 86_400_000
_MINUTES_PER_DAY: Final = 1_440
_END_MS: Final = 2**47
"""In the year 6429: days and intervals counted from before it are dates that Python has."""
MOST_MS: Final = 60_000
"""What an answer counts at the most."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


class Rating(IntEnum):
    """How well an answer was known."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


class State(StrEnum):
    """Where a prompt stands on its way into memory."""

    NEW = "new"
    LEARNING = "learning"
    REVIEW = "review"
    RELEARNING = "relearning"


class Act(StrEnum):
    """What a Review records."""

    ANSWER = "answer"
    CRAM = "cram"
    """An answer that the schedule does not count."""
    UNDO = "undo"
    SUSPEND = "suspend"
    UNSUSPEND = "unsuspend"
    BURY = "bury"
    """Not asked before the next study day."""
    UNBURY = "unbury"
    FLAG = "flag"
    UNFLAG = "unflag"
    RESET = "reset"
    """As if it had never been answered."""


class Moment(NamedTuple):
    """An instant, and the time zone of who lives it."""

    at_ms: int
    """Milliseconds since 1970 in UTC."""
    utc_offset_minutes: int

    @classmethod
    def read(cls, at: datetime) -> Moment:
        """Take the instant and the offset of an aware time.

        Raises:
            ValueError: it is naive, or not between 1970 and 6429.

        """
        offset = at.utcoffset()
        if offset is None:
            message = "a time needs its zone"
            raise ValueError(message)
        at_ms = (at - _EPOCH) // timedelta(milliseconds=1)
        offset_minutes = round(offset.total_seconds() / 60)
        if not 0 <= at_ms < _END_MS or abs(offset_minutes) >= _MINUTES_PER_DAY:
            message = f"{at.isoformat()} is no time that is lived in"
            raise ValueError(message)
        return cls(at_ms, offset_minutes)

    def study_day(self, rollover_hour: int) -> int:
        """Return the study day, in days since 1970: it begins at the rollover, not at midnight."""
        return count_study_day(self.at_ms, self.utc_offset_minutes, rollover_hour)

    def start_of(self, study_day: int, rollover_hour: int) -> int:
        """Return when a study day begins in this zone, in milliseconds since 1970 in UTC."""
        local_ms = study_day * _MS_PER_DAY + rollover_hour * _MS_PER_HOUR
        return local_ms - self.utc_offset_minutes * _MS_PER_MINUTE

    @property
    def local(self) -> datetime:
        """The instant as a local time."""
        return make_time(self.at_ms).astimezone(make_zone(self.utc_offset_minutes))


def count_study_day(at_ms: int, utc_offset_minutes: int, rollover_hour: int) -> int:
    """Return the study day of an instant, in days since 1970 by the local calendar."""
    local_ms = at_ms + utc_offset_minutes * _MS_PER_MINUTE - rollover_hour * _MS_PER_HOUR
    return local_ms // _MS_PER_DAY


def make_time(at_ms: int) -> datetime:
    """Return an instant as an aware time in UTC."""
    return _EPOCH + timedelta(milliseconds=at_ms)


def make_zone(utc_offset_minutes: int) -> timezone:
    """Return the fixed zone of an offset."""
    return timezone(timedelta(minutes=utc_offset_minutes))


def make_date(study_day: int) -> date:
    """Return a study day as a date."""
    return date.fromordinal(_EPOCH_ORDINAL + study_day)


def count_days(on: date) -> int:
    """Return a date as a study day."""
    return on.toordinal() - _EPOCH_ORDINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One answer, or another act upon a prompt: the truth, which is only ever added to."""

    id: str
    """When in the order of all acts, and the device: unique across machines, sorts by time."""
    prompt: str
    """The prompt's key under its card's first name."""
    act: Act
    rating: Rating | None
    """Of an answer."""
    at_ms: int
    utc_offset_minutes: int
    duration_ms: int
    """From the question's appearance to the rating."""
    undoes: str | None
    """The id of what an undo takes back."""

    @property
    def spent_ms(self) -> int:
        """Its duration as it counts: who takes longer has gone for a coffee. As in Anki."""
        return min(self.duration_ms, MOST_MS)

    @property
    def moment(self) -> Moment:
        """When and where it happened."""
        return Moment(self.at_ms, self.utc_offset_minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is believed of a prompt; replaying its Reviews gives it again."""

    prompt: str
    state: State = State.NEW
    step: int | None = None
    """Index of the learning or relearning step it waits in."""
    stability: float = 0.0
    """Days until recall falls to 90 percent; 0 when new."""
    difficulty: float = 0.0
    """From 1 to 10; 0 when new."""
    due_at_ms: int | None = None
    due_day: int | None = None
    """Study day from which it is asked again."""
    interval_days: int = 0
    """0 within the learning steps."""
    first_day: int | None = None
    """Study day of the first answer."""
    last_day: int | None = None
    last_at_ms: int | None = None
    reps: int = 0
    lapses: int = 0
    is_suspended: bool = False
    is_leech: bool = False
    is_flagged: bool = False
    buried_day: int | None = None
    """Study day on which it is not asked."""
