"""Reviews and moments: what was answered, when, and in which time zone.

Times are milliseconds since 1970 in UTC, stored with the local UTC offset. Study days are days since
1970 by the local calendar; they start at a rollover hour, not at midnight.

The bounds of all values are here, so that whatever is recorded can be exported, imported and synced.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from functools import cache
from typing import Final, NamedTuple

from cardwright.frozen import frozen

MS_PER_SECOND: Final = 1_000
MS_PER_MINUTE: Final = 60_000
MS_PER_HOUR: Final = 3_600_000
MS_PER_DAY: Final = 86_400_000
SECONDS_PER_MINUTE: Final = 60
_MINUTES_PER_DAY: Final = 1_440
END_MS: Final = 2**47
"""In the year 6429, so that adding an interval still gives a valid Python date."""
END_DAY: Final = 2_900_000
"""Days are shown as dates, which end in the year 9999."""
_BEFORE_1970: Final = -3
MAX_OFFSET_MINUTES: Final = _MINUTES_PER_DAY - 1
MAX_INTERVAL_DAYS: Final = 36_500
"""The longest interval, as in Anki."""
END_BASIS: Final = 2**32
"""The end of checksums."""
MAX_EASE: Final = 65_535
"""Of the ease factor of SM-2, in thousandths."""
_USUAL_RETENTION: Final = 900
END_ASSUMED: Final = 1_000 * (MAX_EASE + 1)
FROM_ANKI: Final = "anki_"
"""The device of reviews that were read from Anki begins with it."""
MAX_DURATION_MS: Final = 2**53
"""The longest duration of an answer: JSON numbers are exact up to here. A longer one that an earlier
version recorded is read as this one."""
END_PLACE: Final = 0xFF00_0000_0000
"""The end of the places that ids encode. Clocks end at half of it, but the place of a new review is
above those of all others, whoever wrote them."""
KEPT_NAMESPACE: Final = "anki"
"""The namespace of prompts that are in no project, but in an Anki collection whose history was kept."""
KEPT_LOG: Final = "log."
"""Begins the namespaces of prompts that are in no project, but in a table whose history was kept. No
namespace of a project has a dot."""
_DEVICE_START: Final = 13
DEVICE: Final = re.compile(r"[0-9A-Za-z_]{1,100}")
"""The second part of ids, also the name of a file in a sync folder."""
REVIEW_ID: Final = re.compile(rf"(?!ff)[0-9a-f]{{12}}-{DEVICE.pattern}")
NAMESPACE: Final = re.compile(r"[0-9a-z_.-]{1,1000}")
PROMPT_KEY: Final = re.compile(rf"{NAMESPACE.pattern}:{NAMESPACE.pattern}/{NAMESPACE.pattern}")
_MAX_QUOTED: Final = 80
MAX_ANSWER_MS: Final = 60_000
"""The maximum time counted for an answer."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


class Rating(IntEnum):
    """How well the user recalled an answer."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


class Act(StrEnum):
    """What a Review records."""

    ANSWER = "answer"
    CRAM = "cram"
    """An answer that does not affect the schedule."""
    UNDO = "undo"
    SUSPEND = "suspend"
    UNSUSPEND = "unsuspend"
    BURY = "bury"
    """Do not ask before the next study day."""
    UNBURY = "unbury"
    FLAG = "flag"
    UNFLAG = "unflag"
    RESET = "reset"
    """Make the prompt new again, as if it had never been answered."""
    RESCHEDULE = "reschedule"
    """Ask again after a number of days, until the next answer decides."""
    ASSUME = "assume"
    """Take the memory after the last answer for one that had reached an interval under SM-2.

    So does Anki where the answers before are not known, or do not count."""


RATED: Final = frozenset({Act.ANSWER, Act.CRAM})
"""The acts with a rating."""
LOGGED: Final = RATED | {Act.RESET, Act.RESCHEDULE}
"""The acts that have a row in Anki's log."""


_MIN_DAYS: Final[dict[str, int]] = {Act.ANSWER: 1, Act.RESCHEDULE: 0, Act.ASSUME: 1}
"""The shortest interval of the acts that can have one."""


class Moment(NamedTuple):
    """An instant with its local UTC offset."""

    at_ms: int
    """Milliseconds since 1970 in UTC."""
    utc_offset_minutes: int

    @classmethod
    def from_datetime(cls, at: datetime) -> Moment:
        """Return the instant and offset of an aware datetime.

        Raises:
            ValueError: it is naive, not between the years 1970 and 6429, or its offset is a day or more.

        """
        offset = at.utcoffset()
        if offset is None:
            raise ValueError("a time needs a UTC offset")
        at_ms = (at - _EPOCH) // timedelta(milliseconds=1)
        offset_minutes = round(offset.total_seconds() / 60)
        if not 0 <= at_ms < END_MS:
            raise ValueError(f"{at.isoformat()} is not between the years 1970 and 6429")
        if abs(offset_minutes) > MAX_OFFSET_MINUTES:
            raise ValueError(f"the UTC offset of {at.isoformat()} is a day or more")
        return cls(at_ms, offset_minutes)

    def study_day(self, rollover_hour: int) -> int:
        """Return the study day, in days since 1970."""
        return count_study_day(self.at_ms, self.utc_offset_minutes, rollover_hour)

    def start_of(self, study_day: int, rollover_hour: int) -> int:
        """Return the start of a study day at this offset, in milliseconds since 1970 in UTC."""
        local_ms = study_day * MS_PER_DAY + rollover_hour * MS_PER_HOUR
        return local_ms - self.utc_offset_minutes * MS_PER_MINUTE

    @property
    def local(self) -> datetime:
        """The instant as a local time."""
        return _find_epoch(self.utc_offset_minutes) + timedelta(milliseconds=self.at_ms)


def count_study_day(at_ms: int, utc_offset_minutes: int, rollover_hour: int) -> int:
    """Return the study day of an instant, in days since 1970 by the local calendar."""
    local_ms = at_ms + utc_offset_minutes * MS_PER_MINUTE - rollover_hour * MS_PER_HOUR
    return local_ms // MS_PER_DAY


def is_day(study_day: int) -> bool:
    """Tell whether this can be a study day: the offset and the rollover may be before 1970."""
    return _BEFORE_1970 < study_day < END_DAY


def make_time(at_ms: int) -> datetime:
    """Return an instant as an aware datetime in UTC."""
    return _EPOCH + timedelta(milliseconds=at_ms)


@cache
def make_zone(utc_offset_minutes: int) -> timezone:
    """Return the fixed time zone of an offset."""
    return timezone(timedelta(minutes=utc_offset_minutes))


@cache
def _find_epoch(utc_offset_minutes: int) -> datetime:
    """Return the start of 1970 in UTC as a local time: what is added to it needs no conversion."""
    return _EPOCH.astimezone(make_zone(utc_offset_minutes))


def make_date(study_day: int) -> date:
    """Return a study day as a date."""
    return date.fromordinal(_EPOCH_ORDINAL + study_day)


def count_days(on: date) -> int:
    """Return a date as a study day."""
    return on.toordinal() - _EPOCH_ORDINAL


@frozen
class Review:
    """One answer or other act on a prompt: the source of truth, never edited."""

    id: str
    """Encodes its place in the order of all acts, and the device; unique across machines."""
    key: str
    """The prompt's key, with the first id of its card."""
    act: Act
    rating: Rating | None
    """None if the act is not an answer."""
    at_ms: int
    utc_offset_minutes: int
    duration_ms: int
    """The time from showing the question to the rating."""
    undoes: str | None
    """The id of the review that an undo reverts."""
    interval_days: int | None = None
    """The interval that the user was promised by an answer (None if by none), that rescheduling sets, or
    from which a memory is assumed."""
    interval_basis: int | None = None
    """What a promise rests on (`Schedule.make_basis`); it counts only as long as that is unchanged.
    Of an assumed memory, see `pack_ease`."""

    @property
    def without_promise(self) -> Review:
        """The review without the only part of it that may be filled in or change later."""
        if self.act is Act.ANSWER and self.interval_days is not None:
            return replace(self, interval_days=None, interval_basis=None)
        return self

    @property
    def is_from_anki(self) -> bool:
        """Whether it was read from Anki, maybe by several machines in different time zones."""
        return self.id.startswith(FROM_ANKI, _DEVICE_START)

    @property
    def promise(self) -> tuple[int, int] | None:
        """The interval that was promised and its basis: of two versions, the smaller one counts."""
        if self.act is not Act.ANSWER or self.interval_days is None or self.interval_basis is None:
            return None
        return self.interval_days, self.interval_basis

    @property
    def spent_ms(self) -> int:
        """The duration that counts: at most a minute, as in Anki, since more is a pause."""
        return min(self.duration_ms, MAX_ANSWER_MS)

    @property
    def moment(self) -> Moment:
        """The time of the review, with its UTC offset."""
        return Moment(self.at_ms, self.utc_offset_minutes)


def check_review(review: Review) -> None:
    """Check that all values of a review are within bounds: both who records and who reads does so.

    Raises:
        ValueError: one is not; the message names it.

    """
    act, rating, undoes = review.act, review.rating, review.undoes
    if (rating is not None) != (act in RATED):
        raise ValueError(f"`rating` of `{act}` cannot be {quote_value(rating)}")
    if (undoes is not None) != (act is Act.UNDO):
        raise ValueError(f"`undoes` of `{act}` cannot be {quote_value(undoes)}")
    if not (isinstance(review.id, str) and REVIEW_ID.fullmatch(review.id)):
        raise ValueError(f"`id` cannot be {quote_value(review.id)}")
    if not (isinstance(review.key, str) and PROMPT_KEY.fullmatch(review.key)):
        raise ValueError(f"`prompt` cannot be {quote_value(review.key)}")
    if undoes is not None:
        match_value("undoes", undoes, REVIEW_ID)
    if not (0 <= review.at_ms < END_MS and abs(review.utc_offset_minutes) <= MAX_OFFSET_MINUTES):
        raise ValueError(f"`at` cannot be {review.at_ms} ms at {review.utc_offset_minutes} min")
    if not 0 <= review.duration_ms <= MAX_DURATION_MS:
        raise ValueError(f"`duration_ms` cannot be {quote_value(review.duration_ms)}")
    days, basis = review.interval_days, review.interval_basis
    if not is_interval(act, days):
        raise ValueError(f"`interval_days` of `{act}` cannot be {quote_value(days)}")
    if not is_basis(act, days, basis):
        raise ValueError(f"`interval_basis` of `{act}` cannot be {quote_value(basis)}")


def is_interval(act: str, days: object) -> bool:
    """Tell whether an act can have this interval."""
    if days is None:
        return act not in {Act.RESCHEDULE, Act.ASSUME}
    if not isinstance(days, int) or isinstance(days, bool):
        return False
    least = _MIN_DAYS.get(act)
    return least is not None and least <= days <= MAX_INTERVAL_DAYS


def is_basis(act: str, days: object, basis: object) -> bool:
    """Tell whether an act with this interval can have this basis."""
    if act not in {Act.ANSWER, Act.ASSUME} or days is None:
        return basis is None
    return (
        isinstance(basis, int)
        and not isinstance(basis, bool)
        and 0 <= basis < (END_BASIS if act == Act.ANSWER else END_ASSUMED)
    )


def pack_ease(ease: int, retention: float) -> int:
    """Return the `interval_basis` of an assumed memory: its ease factor, in thousandths.

    Up to 1,100 it is Anki's form of a difficulty of FSRS. The retention for which the interval was
    computed follows in the higher bits, in thousandths too, if it is not 0.9.
    """
    thousandths = round(retention * 1_000)
    high = 0 if thousandths == _USUAL_RETENTION else thousandths
    return min(max(ease, 0), MAX_EASE) + high * (MAX_EASE + 1)


def unpack_ease(basis: int) -> tuple[int, float]:
    """Return the ease factor and the retention in the `interval_basis` of an assumed memory."""
    thousandths, ease = divmod(basis, MAX_EASE + 1)
    return ease, (thousandths or _USUAL_RETENTION) / 1_000


def match_value(name: str, value: object, pattern: re.Pattern[str]) -> str:
    """Return a value that is a text of this pattern.

    Raises:
        ValueError: it is not; the message names it.

    """
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"`{name}` cannot be {quote_value(value)}")
    return value


def quote_value(value: object) -> str:
    """Return any value as short text without control characters."""
    if value is None:
        return "empty"
    if not isinstance(value, str | int | float):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…"


def is_kept(namespace: str) -> bool:
    """Tell whether a namespace is that of a history that was kept, and belongs to no project."""
    return namespace == KEPT_NAMESPACE or namespace.startswith(KEPT_LOG)


def namespace_of(key: str) -> str:
    """Return the pack of a card's or prompt's key."""
    return key.partition(":")[0]
