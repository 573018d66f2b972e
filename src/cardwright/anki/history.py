"""Anki's log → reviews.

What Anki's FSRS makes of a log (rslib/src/scheduler/fsrs/params.rs) is expressed in acts, so that a
replay of them gives the same memory: a reset where it starts later than at the first row, and an
assumed memory where it derives one from an interval and an ease factor.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final, NamedTuple

from cardwright.anki.card_data import read_data
from cardwright.anki.rows import (
    DEFAULT_EASE,
    FIRST_TIME,
    SECONDS_PER_DAY,
    AnkiCard,
    AnkiView,
    CardKind,
    LogKind,
    LogRow,
    Timing,
)
from cardwright.history import (
    END_MS,
    FROM_ANKI,
    MAX_DURATION_MS,
    MAX_INTERVAL_DAYS,
    MAX_OFFSET_MINUTES,
    MS_PER_DAY,
    MS_PER_HOUR,
    MS_PER_MINUTE,
    MS_PER_SECOND,
    RATED,
    Act,
    Moment,
    Rating,
    Review,
    count_study_day,
    is_day,
    pack_ease,
)

MakeBasis = Callable[[str, int], int]
"""`Schedule.make_basis` of a prompt, by its key and the number of answers."""

KEPT: Final = "_kept"
"""Ends the device of those that were kept though their card is in no project."""
_RESTART: Final = "_reset"
_ASSUMED: Final = "_from"
_UNDO: Final = "_undo"
MAX_FSRS_EASE: Final = 1_100
"""Up to here, the log shows a difficulty of FSRS in place of an ease factor, both in thousandths."""
_MAX_PLACE_MS: Final = 1_000
"""How far the place of a review may be from its time, unless a clock was set back."""
_DERIVED: Final = re.compile(rf"(?:{_RESTART}|{_ASSUMED})[0-9]*$")
"""How the ids of acts end that have no row of their own."""
_KNOWN: Final = frozenset(LogKind)
_RESCHEDULED: Final = frozenset({LogKind.MANUAL, LogKind.RESCHEDULED})
_RATINGS: Final[dict[int, Rating]] = {int(rating): rating for rating in Rating}


class Start(NamedTuple):
    """Where the memory of a card starts in its log."""

    row_id: int
    is_complete: bool
    """Whether its first answer is there; else Anki derives a memory from this row."""


def find_start(rows: Sequence[LogRow], ignores_before_ms: int = 0) -> Start | None:
    """Return where Anki's FSRS starts to read the log of a card; None if nothing counts.

    It starts with the last learning steps, or after a reset; without any, or if they are to be
    ignored, with the first answer that led to an interval of at least a day.
    """
    learning: LogRow | None = None
    graded: LogRow | None = None
    for row in reversed(rows):
        if row.kind == LogKind.FILTERED and not row.factor:
            continue
        is_long = row.interval >= 1 or row.interval <= -SECONDS_PER_DAY
        if row.ease > 0 and is_long and row.id > ignores_before_ms:
            graded = row
        if row.ease > 0 and row.kind == LogKind.LEARNING:
            learning = row
        elif learning is not None or (row.kind == LogKind.MANUAL and not row.factor):
            break
    if learning is not None and (learning.id >= ignores_before_ms or learning is rows[-1]):
        return Start(learning.id, is_complete=True)
    return None if graded is None else Start(graded.id, is_complete=False)


@dataclass(slots=True, kw_only=True)
class Pull:
    """What the log of a collection says, as reviews."""

    reviews: list[Review] = field(default_factory=list)
    """Those that the store does not have yet."""
    pairs: dict[int, tuple[str, str]] = field(default_factory=dict)
    """The prompt and the id of the review of each row, known ones included."""
    skipped: Counter[str] = field(default_factory=Counter)
    """How many rows were left out, by what is wrong with them."""
    restarted: list[str] = field(default_factory=list)
    """Prompts that were made new at some time without a row that says so."""
    assumed: list[str] = field(default_factory=list)
    """Prompts whose first answers are missing or do not count."""


def pull_reviews(
    view: AnkiView,
    moment: Moment,
    make_basis: MakeBasis,
    known: Mapping[str, Iterable[Review]] | None = None,
    paired: Mapping[int, str] | None = None,
    *,
    is_kept: bool = False,
) -> Pull:
    """Return the reviews of a collection's log, each paired with one that is known if possible.

    `known` are the reviews of the store by prompt, undone ones and undos included; `paired` are the
    ids of the reviews of rows that are remembered as such. The log is read as of a moment, since
    Anki counts all its days by the UTC offset of today. With `is_kept`, the prompts are those of
    cards that are in no project.
    """
    job = _Job(view, moment, make_basis, paired or {}, is_kept)
    known = known or {}
    for key, rows in view.log.items():
        if rows:
            _CardPull(job, view.cards[key], rows, known.get(key, ())).run()
    return job.found


def find_row_id(review: Review) -> int:
    """Return the id that the row of a review has if it is free: its time, or its place next to it.

    Of answers that were given in one millisecond, each has a place of its own on every machine.
    """
    place = int(review.id[:12], 16)
    return place if 0 <= place - review.at_ms <= _MAX_PLACE_MS else review.at_ms


def name_device(guid: str, ordinal: int, *, is_kept: bool = False) -> str:
    """Return the device in the ids of the reviews of a card: the same from whatever collection."""
    digest = sha256(f"{guid}/{ordinal}".encode()).hexdigest()[:8]
    return f"{FROM_ANKI}{digest}{KEPT if is_kept else ''}"


def read_act(row: LogRow) -> tuple[Act | None, str]:
    """Return what a row of the log records, or None and what is wrong with it."""
    ease, kind = row.ease, row.kind
    act: Act | None = None
    fault = ""
    if kind not in _KNOWN:
        fault = f"of the unknown kind {kind}"
    elif not 0 < row.id < END_MS - 1:
        fault = "at an impossible time"
    elif kind == LogKind.MANUAL and not row.factor:
        act = Act.RESET
    elif ease in _RATINGS:
        act = Act.CRAM if kind == LogKind.FILTERED and not row.factor else Act.ANSWER
    elif ease:
        fault = f"with the unknown rating {ease}"
    elif kind in _RESCHEDULED:
        act = Act.RESCHEDULE
    else:
        fault = "without a rating"
    return act, fault


def find_due_day(card: AnkiCard, timing: Timing) -> int | None:
    """Return the study day on which a card in review is due, wherever it is for now.

    It is None if there is no such day, as in a damaged card or collection.
    """
    row = card.row
    if row.kind != CardKind.REVIEW:
        return None
    due = row.original_due if row.is_filtered and row.original_due else row.due
    day = timing.created_day + due
    return day if due < FIRST_TIME and is_day(day) else None


def find_unknown_act(card: AnkiCard, rows: Sequence[LogRow]) -> LogRow | None:
    """Return the last answer or reset in a log if the state of its card was perhaps made without it.

    A device that does not know of it brings its own card to the server if that was changed later, such
    as moved or suspended there. Only the row stays. `lacks_act` tells for certain.
    """
    is_rescheduled = False
    for row in reversed(rows):
        act, _ = read_act(row)
        if act is Act.RESCHEDULE:
            is_rescheduled = True
        elif act is Act.RESET:
            return None if is_rescheduled or card.row.kind == CardKind.NEW else row
        elif act is Act.ANSWER:
            is_new = card.row.kind == CardKind.NEW
            if not is_new and f'"lrt":{row.id // MS_PER_SECOND}' in card.row.data:
                return None
            return row if lacks_act(card, act, row.id, is_ours=True) else None
    return None


def lacks_act(card: AnkiCard, act: Act, at_ms: int, *, is_ours: bool) -> bool:
    """Tell whether the state of a card was made without the last answer or reset in its log.

    Anki's own programs have not always noted when a card was answered last, and the row of an answer
    can have a later time than the answer.
    """
    is_new = card.row.kind == CardKind.NEW
    if act is Act.RESET:
        return not is_new
    last_s = read_data(card.row.data).get("lrt")
    if not isinstance(last_s, int):
        return is_new or is_ours
    return last_s < at_ms // MS_PER_SECOND - (not is_ours)


def may_lack_row(card: AnkiCard, row: LogRow) -> bool:
    """Tell whether `lacks_act` can be true of the act of a row that came from Anki."""
    act, _ = read_act(row)
    return act is not None and lacks_act(card, act, END_MS, is_ours=False)


def lacks_answers(card: AnkiCard, rows: Sequence[LogRow]) -> bool:
    """Tell whether a card has counted fewer answers than its log has since a reset.

    Two devices that did not know of each other have answered it, and it has the state of one.
    """
    if len(rows) <= card.row.reps:
        return False
    number = 0
    for row in reversed(rows):
        act, _ = read_act(row)
        if act is Act.RESET:
            break
        number += act is Act.ANSWER
    return number > card.row.reps


def is_behind(card: AnkiCard, rows: Sequence[LogRow]) -> bool:
    """Tell whether the state of a card was made without the last answer or reset in its log."""
    row = find_unknown_act(card, rows)
    act = read_act(row)[0] if row else None
    return row is not None and act is not None and lacks_act(card, act, row.id, is_ours=False)


class _Known:
    """The reviews of a prompt that the store has."""

    def __init__(self, reviews: Iterable[Review]) -> None:
        self.ids: set[str] = set()
        self.undone: set[str] = set()
        self._free: dict[tuple[int, Act, Rating | None], dict[str, Review]] = {}
        """Those that are not paired yet."""
        self._placed: dict[tuple[int, Act, Rating | None], Review] = {}
        """Those whose rows have the ids of their places."""
        for review in reviews:
            self.ids.add(review.id)
            if review.undoes:
                self.undone.add(review.undoes)
            elif not _DERIVED.search(review.id):
                what = (review.at_ms, review.act, review.rating)
                self._free.setdefault(what, {})[review.id] = review
                if (row_id := find_row_id(review)) != review.at_ms:
                    self._placed[row_id, review.act, review.rating] = review

    def pair(self, row: LogRow, act: Act, remembered: str | None, own: str) -> str:
        """Return the id of the review of a row, or "" if there is none."""
        rating = _RATINGS[row.ease] if act in RATED else None
        free = self._free.get((row.id, act, rating), {})
        for review_id in (remembered, own):
            if review_id in self.ids:
                free.pop(str(review_id), None)
                return str(review_id)
        placed = self._placed.get((row.id, act, rating))
        if placed and self._free[placed.at_ms, act, rating].pop(placed.id, None):
            return placed.id
        return free.pop(next(iter(free))).id if free else ""

    def list_free(self) -> list[Review]:
        """Return the reviews that are not paired and not undone."""
        free = (review for same in self._free.values() for review in same.values())
        return [review for review in free if review.id not in self.undone]

    def find_name(self, name: str) -> str:
        """Return the first id with this beginning that was not undone."""
        number, found = 1, name
        while found in self.undone:
            number += 1
            found = f"{name}{number}"
        return found


@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for all cards of a pull."""

    view: AnkiView
    moment: Moment
    make_basis: MakeBasis
    paired: Mapping[int, str]
    is_kept: bool
    found: Pull = field(default_factory=Pull)


class _CardPull:
    """The reviews of a card, read from its log."""

    def __init__(
        self, job: _Job, card: AnkiCard, rows: Sequence[LogRow], reviews: Iterable[Review]
    ) -> None:
        self._job = job
        self._card = card
        self._rows = rows
        self._preset = job.view.presets.get(card.preset)
        self._known = _Known(reviews)
        self._device = name_device(card.guid, card.row.ordinal, is_kept=job.is_kept)
        self._due_day = find_due_day(card, job.view.timing)
        if is_behind(card, rows):
            self._due_day = None
        self._last: tuple[int, str] | None = None
        """The time and the review of the last answer since a reset."""
        self._reps = 0
        """The number of answers since a reset."""
        self._is_restart = False
        """Whether the memory starts once more after answers, without a row that says so."""
        self._end = -1
        """The index of the row that decides when the card is due."""
        self._derived: list[Review] = []
        """The acts without a row."""

    def run(self) -> None:
        """Add what was read to the job's Pull."""
        acts = [read_act(row) for row in self._rows]
        self._end = max(
            (i for i, (act, _) in enumerate(acts) if act is not None and act is not Act.CRAM),
            default=-1,
        )
        start = self._find_start(acts)
        found = self._job.found
        for index, (row, (act, fault)) in enumerate(zip(self._rows, acts, strict=True)):
            if act is None:
                found.skipped[fault] += 1
            elif self._counts(index, act):
                is_start = start is not None and start.row_id == row.id
                self._read(row, act, start if is_start else None, is_end=index == self._end)
        interval = self._card.row.interval_days
        if start is None and self._last and self._due_day is not None and interval > 0:
            # Anki takes the interval and the ease of the card.
            self._assume(*self._last, interval, max(self._card.row.factor, MAX_FSRS_EASE + 1))
        found.reviews += [one for one in self._derived if one.id not in self._known.ids]
        if self._known.ids:
            self._undo_stale()

    def _find_start(self, acts: Iterable[tuple[Act | None, str]]) -> Start | None:
        """Pair the rows, and return where the memory starts in a log with the acts that it lacks."""
        paired = self._job.paired
        for index, (row, (act, _)) in enumerate(zip(self._rows, acts, strict=True)):
            if act is not None and self._counts(index, act):
                own = f"{row.id:012x}-{self._device}"
                known = self._known.pair(row, act, paired.get(row.id), own)
                self._job.found.pairs[row.id] = (self._card.key, known or own)
        ours = self._known.list_free() if self._known.ids else []
        rows = _insert_acts(self._rows, ours) if ours else self._rows
        start = find_start(rows, self._preset.ignores_before_ms if self._preset else 0)
        self._is_restart = (
            start is not None and start.is_complete and _is_learnt(rows, start.row_id)
        )
        return start

    def _counts(self, index: int, act: Act) -> bool:
        """Tell whether a row records its act: one of FSRS on its own only does at the end."""
        return (
            act is not Act.RESCHEDULE
            or self._rows[index].kind != LogKind.RESCHEDULED
            or index == self._end
        )

    def _read(self, row: LogRow, act: Act, start: Start | None, *, is_end: bool) -> None:
        """Add the review of a row, unless it is known; the memory may start with it."""
        found = self._job.found
        _, review_id = found.pairs[row.id]
        if act is Act.RESET:
            self._reps, self._last = 0, None
        elif start and self._is_restart:
            self._restart(row.id, review_id)
        if act is Act.ANSWER:
            self._reps += 1
        if review_id not in self._known.ids:
            due_day = self._due_day if is_end else None
            found.reviews.append(self._make_review(review_id, row, act, due_day))
        if act is Act.ANSWER:
            self._last = (row.id, review_id)
            if start and not start.is_complete:
                self._assume(row.id, review_id, max(row.interval, 1), row.factor or DEFAULT_EASE)

    def _make_review(self, review_id: str, row: LogRow, act: Act, due_day: int | None) -> Review:
        """Return the review of a row; `due_day` is the card's if this is what decides it."""
        at_ms = row.id
        days: int | None = None
        basis: int | None = None
        if act is Act.ANSWER:
            days = max(row.interval, 0)
            if due_day is not None:
                days = max(due_day - self._count_day(at_ms), 0) or days
            days = min(days, MAX_INTERVAL_DAYS) or None
            basis = self._job.make_basis(self._card.key, self._reps) if days else None
        elif act is Act.RESCHEDULE:
            at_ms, days = self._count_rescheduled(row, due_day)
        return Review(
            id=review_id,
            key=self._card.key,
            act=act,
            rating=_RATINGS[row.ease] if act in RATED else None,
            at_ms=at_ms,
            utc_offset_minutes=self._find_offset(at_ms),
            duration_ms=min(max(row.duration_ms, 0), MAX_DURATION_MS),
            undoes=None,
            interval_days=days,
            interval_basis=basis,
        )

    def _count_rescheduled(self, row: LogRow, due_day: int | None) -> tuple[int, int]:
        """Return when a card was rescheduled, and for how many days later."""
        day = self._count_day(row.id)
        last_ms = self._last[0] if self._last else row.id
        last_day = self._count_day(last_ms)
        if due_day is None:
            due_day = last_day + row.interval if self._last and row.interval > 0 else day
        if due_day < day and row.kind == LogKind.RESCHEDULED:
            # FSRS has made the last interval shorter, and it has passed since.
            return last_ms, min(max(due_day - last_day, 0), MAX_INTERVAL_DAYS)
        return row.id, min(max(due_day - day, 0), MAX_INTERVAL_DAYS)

    def _restart(self, at_ms: int, review_id: str) -> None:
        """Make the prompt new before a review."""
        self._job.found.restarted.append(self._card.key)
        name = self._known.find_name(f"{_shift(review_id, -1)}-{self._device}{_RESTART}")
        self._derived.append(self._make(name, Act.RESET, at_ms))
        self._reps, self._last = 0, None

    def _assume(self, at_ms: int, review_id: str, interval_days: int, ease: int) -> None:
        """Derive the memory after an answer from what it led to."""
        self._job.found.assumed.append(self._card.key)
        name = self._known.find_name(f"{_shift(review_id, 1)}-{self._device}{_ASSUMED}")
        made = self._make(name, Act.ASSUME, at_ms)
        interval_days = min(interval_days, MAX_INTERVAL_DAYS)
        retention = self._preset.historical_retention if self._preset else 0.9
        basis = pack_ease(ease, retention)
        self._derived.append(replace(made, interval_days=interval_days, interval_basis=basis))

    def _undo_stale(self) -> None:
        """Undo earlier acts without a row that do not follow from the log as it is now."""
        wanted = {review.id for review in self._derived}
        end = _name_place(self._rows[-1].id + 1)
        first = _name_place(self._rows[0].id - 1)
        for review_id in wanted:
            first = max(first, review_id[:12])
        stale = [
            review_id
            for review_id in self._known.ids - self._known.undone - wanted
            if first <= review_id[:12] <= end
            and review_id.startswith(f"{self._device}_", 13)
            and _DERIVED.search(review_id)
        ]
        at_ms = self._job.moment.at_ms
        for number, review_id in enumerate(sorted(stale)):
            made = self._make(
                f"{_name_place(at_ms + number)}-{self._device}{_UNDO}", Act.UNDO, at_ms
            )
            self._job.found.reviews.append(replace(made, undoes=review_id))

    def _make(self, review_id: str, act: Act, at_ms: int) -> Review:
        return Review(
            id=review_id,
            key=self._card.key,
            act=act,
            rating=None,
            at_ms=at_ms,
            utc_offset_minutes=self._find_offset(at_ms),
            duration_ms=0,
            undoes=None,
        )

    def _count_day(self, at_ms: int) -> int:
        hour = self._job.view.timing.rollover_hour
        return count_study_day(at_ms, self._find_offset(at_ms), hour)

    def _find_offset(self, at_ms: int) -> int:
        """Return the UTC offset by which an act belongs to the study day to which Anki counts it.

        Anki counts by whole seconds back from the next day, so the first second of a day still
        belongs to the day before.
        """
        offset, hour = self._job.moment.utc_offset_minutes, self._job.view.timing.rollover_hour
        local_ms = at_ms + offset * MS_PER_MINUTE - hour * MS_PER_HOUR
        is_first_second = local_ms % MS_PER_DAY < MS_PER_SECOND
        return offset - 1 if is_first_second and offset > -MAX_OFFSET_MINUTES else offset


def _is_learnt(rows: Sequence[LogRow], end_id: int) -> bool:
    """Tell whether a log has an answer before a row, since a reset."""
    for row in reversed(rows):
        act = read_act(row)[0] if row.id < end_id else None
        if act in {Act.RESET, Act.ANSWER}:
            return act is Act.ANSWER
    return False


def _insert_acts(rows: Sequence[LogRow], reviews: Iterable[Review]) -> list[LogRow]:
    """Return a log with the rows that `make_log_rows` adds, as far as a start depends on them."""
    acts = {review.at_ms: review for review in reviews if review.act in {Act.ANSWER, Act.RESET}}
    taken = {row.id for row in rows}
    new = [
        LogRow(at_ms, 0, int(one.rating or 0), one.interval_days or 0, 0, 0, 0, LogKind.MANUAL)
        for at_ms, one in acts.items()
        if at_ms not in taken
    ]
    merged: list[LogRow] = []
    is_learnt = False
    for row in sorted((*rows, *new)):
        if row.id not in taken and row.ease:
            kind = LogKind.REVIEW if is_learnt else LogKind.LEARNING
            merged.append(row._replace(kind=kind, factor=1))
            continue
        act, _ = read_act(row)
        is_learnt = act is not Act.RESET and (
            is_learnt or (act is Act.ANSWER and row.kind != LogKind.LEARNING)
        )
        merged.append(row)
    return merged


def _shift(review_id: str, places: int) -> str:
    """Return the place of a review in the order of all, moved by some places."""
    return _name_place(int(review_id[:12], 16) + places)


def _name_place(place: int) -> str:
    return f"{max(place, 0):012x}"
