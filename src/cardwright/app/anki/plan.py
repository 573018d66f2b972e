"""What a sync with Anki has to do: pure functions over what Anki holds and what is known here.

Nothing here reads or writes; `app.anki.sync` does both.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, NamedTuple

from cardwright.anki.history import find_due_day, find_row_id, name_device, read_act
from cardwright.anki.rows import (
    AnkiCard,
    AnkiView,
    LogKind,
    LogRow,
    Timing,
)
from cardwright.history import (
    END_MS,
    FROM_ANKI,
    LOGGED,
    MAX_ANSWER_MS,
    MAX_INTERVAL_DAYS,
    MS_PER_SECOND,
    Act,
    Moment,
    Rating,
    Review,
)
from cardwright.memory import Memory

_SUSPENDING: Final = frozenset({Act.SUSPEND, Act.UNSUSPEND, Act.ANSWER})
"""An answer suspends a leech."""
_FLAGGING: Final = frozenset({Act.FLAG, Act.UNFLAG})
_RELATED: Final = dict.fromkeys((Act.SUSPEND, Act.UNSUSPEND), _SUSPENDING) | dict.fromkeys(
    _FLAGGING, _FLAGGING
)
"""The acts that a suspension or flag follows from."""
FEW_VANISHED: Final = 20
_VANISHED_SHARE: Final = 10
_DERIVED: Final = re.compile(rf"-{FROM_ANKI}[0-9a-f]{{8}}_[a-z]+[0-9]*$")
"""How the ids of acts end that follow from Anki's log or cards, but have no row of their own."""
_SHIFTED_MS: Final = 20
"""Importing a card again can move its rows by some milliseconds, as their ids are taken."""
MAX_SHIFT_MS: Final = 10_000
"""How far the id of a row may be from the time of its answer for both to be recognized as one."""


@dataclass(slots=True)
class News:
    """How Anki's log differs from what is known of it."""

    fresh: dict[str, list[LogRow]] = field(default_factory=dict)
    """The rows that are not known, by prompt, without those that record nothing."""
    arrived: list[tuple[int, str]] = field(default_factory=list)
    """Planned rows that are there, with their prompts."""
    gone: set[int] = field(default_factory=set)
    """Known rows that are not there, perhaps because their cards are not."""
    kept: int = 0
    """The number of known rows that are there."""


def find_news(view: AnkiView, seen: set[int], planned: set[int]) -> News:
    """Compare Anki's log with the rows that are known to be, or planned to be, in it."""
    news = News()
    found: set[int] = set()
    for key, rows in view.log.items():
        ids = [row[0] for row in rows]
        found.update(ids)
        if not seen.issuperset(ids):
            for row in rows:
                if row.id in planned:
                    news.arrived.append((row.id, key))
                elif row.id not in seen and _records(row, rows):
                    news.fresh.setdefault(key, []).append(row)
    news.gone = (seen | planned) - found
    news.kept = len(seen) + len(planned) - len(news.gone)
    return news


def _records(row: LogRow, rows: Sequence[LogRow]) -> bool:
    """Tell whether a row, one of those of a card, records an act.

    One of FSRS, which has changed a due day on its own, only does until the next act.
    """
    if row.kind == LogKind.RESCHEDULED and not row.ease:
        later = (read_act(other)[0] for other in rows if other.id > row.id)
        return all(act is None or act is Act.CRAM for act in later)
    return read_act(row)[0] is not None


def is_pushable(review: Review) -> bool:
    """Tell whether an act gets a row in Anki's log."""
    return review.act in LOGGED and not is_derived(review.id)


def is_derived(review_id: str) -> bool:
    """Tell whether an act follows from Anki's log or cards without a row of its own."""
    return _DERIVED.search(review_id) is not None


def is_from_anki(review_id: str) -> bool:
    """Tell whether an act was given in Anki."""
    return f"-{FROM_ANKI}" in review_id


def match_shifted(
    pulled: Iterable[Review],
    known: Iterable[Review],
    paired: Container[str],
    is_filled: Callable[[int, int], bool],
    *,
    is_again: bool,
) -> dict[str, str]:
    """Return which pulled reviews are known ones whose rows have other ids than their times.

    Another machine gives an answer the next free id if its own is taken: `is_filled` tells whether all
    ids are, from one to another. With `is_again`, the card was imported again, which can move its rows.
    `known` are reviews of the same prompt that were not undone, `paired` those that have a row.
    """
    free: dict[tuple[Act, Rating | None], list[Review]] = defaultdict(list)
    for review in sorted(known, key=attrgetter("at_ms")):
        if review.id not in paired and is_pushable(review):
            free[review.act, review.rating].append(review)
    found: dict[str, str] = {}
    for review in pulled:
        same = free[review.act, review.rating]
        first = bisect_left(same, review.at_ms - MAX_SHIFT_MS, key=attrgetter("at_ms"))
        for index in range(first, len(same)):
            other = same[index]
            apart_ms = abs(review.at_ms - other.at_ms)
            if apart_ms > MAX_SHIFT_MS:
                break
            if (is_again and apart_ms <= _SHIFTED_MS) or is_row_of(
                other, review.at_ms, review.spent_ms, is_filled
            ):
                found[review.id] = other.id
                del same[index]
                break
    return found


def is_row_of(
    review: Review, row_id: int, spent_ms: int, is_filled: Callable[[int, int], bool]
) -> bool:
    """Tell whether a row of the same card with the same rating is that of an answer.

    Its id is the time of the answer, or the next one that was free.
    """
    if review.spent_ms != min(max(spent_ms, 0), MAX_ANSWER_MS):
        return False
    if row_id in {review.at_ms, find_row_id(review)}:
        return True
    first, last = sorted((row_id, review.at_ms))
    return last - first <= MAX_SHIFT_MS and is_filled(first, last)


class Vanished(NamedTuple):
    """Rows that Anki had at the last sync and has no longer, though it has their cards."""

    theirs: Sequence[int]
    """Those of answers that were given in Anki."""
    ours: Sequence[int]
    """Those of answers that a sync had brought there."""

    def is_doubtful(self, kept: int) -> bool:
        """Tell whether a backup may have been restored, rather than some answers undone.

        `kept` is the number of rows that are still there.
        """
        number = len(self.theirs) + len(self.ours)
        is_many = number > FEW_VANISHED and number * _VANISHED_SHARE > number + kept
        return is_many or (bool(self.theirs) and bool(self.ours))


def settle_flag(ours: bool, theirs: bool, before: bool | None) -> bool:
    """Return whether a prompt is suspended, or flagged, after a sync: the side that changed wins.

    `before` is what both had at the last sync; without one, nothing is taken away.
    """
    if before is None:
        return ours or theirs
    return theirs if theirs != before else ours


def make_mark(card: AnkiCard, act: Act, reviews: Iterable[Review], now_ms: int) -> Review:
    """Return the act that gives a prompt the suspension or flag that its card has in Anki.

    Its time is that of the card's last change, so it does not outlive a later act of another machine
    that is still on its way here; but it follows what is known here. It is the same on every machine.
    """
    related = _RELATED[act]
    places = (int(review.id[:12], 16) for review in reviews if review.act in related)
    at_ms = min(card.row.mod_s * MS_PER_SECOND, now_ms)
    at_ms = min(max(at_ms, max(places, default=-1) + 1, 0), END_MS - 1)
    return Review(
        id=f"{at_ms:012x}-{name_device(card.guid, card.row.ordinal)}_{act}",
        key=card.key,
        act=act,
        rating=None,
        at_ms=at_ms,
        utc_offset_minutes=0,
        duration_ms=0,
        undoes=None,
    )


def is_outdated_mark(card: AnkiCard, acts: Container[Act], reviews: Iterable[Review]) -> bool:
    """Tell whether the last of some acts on a prompt came from Anki, before the card's last change."""
    last = next((one for one in reversed([*reviews]) if one.act in acts), None)
    changed_ms = card.row.mod_s * MS_PER_SECOND
    return last is not None and last.is_from_anki and last.at_ms < changed_ms


def make_reschedule(
    card: AnkiCard, memory: Memory, reviews: Iterable[Review], timing: Timing, moment: Moment
) -> Review:
    """Return the act that gives a prompt the due day that its card has in Anki, which needs no row.

    It is placed after all its `reviews`. The days are counted from now, or if the day has passed,
    from the last answer.
    """
    place = max((int(review.id[:12], 16) for review in reviews), default=-1) + 1
    due_day = find_due_day(card, timing) or 0
    days = due_day - moment.study_day(timing.rollover_hour)
    at_ms = moment.at_ms
    if days < 0 and memory.last_at_ms is not None and memory.last_day is not None:
        at_ms, days = memory.last_at_ms, due_day - memory.last_day
    return Review(
        id=f"{max(place, at_ms):012x}-{name_device(card.guid, card.row.ordinal)}_due",
        key=card.key,
        act=Act.RESCHEDULE,
        rating=None,
        at_ms=at_ms,
        utc_offset_minutes=moment.utc_offset_minutes,
        duration_ms=0,
        undoes=None,
        interval_days=min(max(days, 0), MAX_INTERVAL_DAYS),
    )
