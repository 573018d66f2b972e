"""The study calendar: how much of a usual day's work each day takes, by weekday and by date."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final, NamedTuple

from cardwright.frozen import frozen
from cardwright.history import END_DAY, count_days, make_date

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY_OF_DAY_0: Final = make_date(0).weekday()
_DAYS_PER_WEEK: Final = len(WEEKDAYS)
_FULL: Final = 100
_MAX_SPANS: Final = 1_000


class Span(NamedTuple):
    """Study days that differ from what their weekdays say."""

    first: int
    last: int | None
    """None if no end is known."""
    percent: int

    @property
    def end(self) -> int:
        """The study day after the last one."""
        return END_DAY if self.last is None else self.last + 1


@frozen
class StudyDays:
    """Which days are for study, and how much of a usual day's work they take."""

    percents: tuple[int, ...] = (_FULL,) * _DAYS_PER_WEEK
    """By weekday, from Monday."""
    spans: tuple[Span, ...] = ()
    """In order, none overlapping another; the pause is among them."""
    pause: Span | None = None
    """The pause that was set last, if any: it may be over."""

    @property
    def has_lighter(self) -> bool:
        """Whether some days take a part of a usual day's work."""
        percents = (*self.percents, *(span.percent for span in self.spans))
        return any(0 < percent < _FULL for percent in percents)

    def share_of(self, study_day: int) -> float:
        """Return how much of a usual day's work a day takes: 0 if it is off, 1 normally."""
        span = self.find_span(study_day)
        percent = self.percents[weekday_of(study_day)] if span is None else span.percent
        return percent / _FULL

    def is_off(self, study_day: int) -> bool:
        """Tell whether a day is off."""
        return self.share_of(study_day) == 0

    def find_span(self, study_day: int) -> Span | None:
        """Return the dates set together that a day is among, if it is."""
        place = bisect_right(self.spans, study_day, key=lambda span: span.first) - 1
        found = self.spans[place] if place >= 0 else None
        return found if found and study_day < found.end else None

    def find_next(self, study_day: int) -> int | None:
        """Return the first day from this one on that is not off; None if no such day is known."""
        day = study_day
        while self.is_off(day):
            span = self.find_span(day)
            if span is not None:
                day = span.end
            elif any(self.percents):
                day += 1
            else:
                later = (span.first for span in self.spans if span.first > day)
                day = next(later, END_DAY)
            if day >= END_DAY:
                return None
        return day

    def choose(
        self, today: int, loads: Mapping[int, int], interval: tuple[int, int], draw: float
    ) -> int:
        """Return an interval from the shortest to the longest, preferring days with little to do.

        `loads` are the numbers of reviews due by day. A day's weight is share³/(load+1)²/interval: so
        loads grow in proportion to shares, and the mean stays in the middle, although later days have
        fewer reviews yet. `draw`, from 0 to 1, decides; a day off is chosen only if there is no other.
        """
        low, high = interval
        weights = [
            self.share_of(today + days) ** 3 / (loads.get(today + days, 0) + 1) ** 2 / days
            for days in range(low, high + 1)
        ]
        place = draw * sum(weights)
        for days, weight in enumerate(weights, low):
            place -= weight
            if place < 0:
                return days
        return low + int(draw * len(weights))

    def count(self, start: int, end: int) -> int:
        """Return how many days from `start` to before `end` are not off, however far away."""
        return self._sum(start, end, bool)

    def measure(self, start: int, end: int) -> float:
        """Return how many usual days' work the days from `start` to before `end` take."""
        return self._sum(start, end, int) / _FULL

    def _sum(self, start: int, end: int, weigh: Callable[[int], int]) -> int:
        """Sum up what the percents of days weigh."""
        total = self._sum_by_weekday(start, end, weigh)
        for span in self.spans:
            first, stop = max(span.first, start), min(span.end, end)
            if first < stop:
                total += (stop - first) * weigh(span.percent)
                total -= self._sum_by_weekday(first, stop, weigh)
        return total

    def without(self, weekdays: Iterable[int]) -> StudyDays:
        """Return the days with more weekdays off, from 0 for Monday; dates stay as they are set."""
        off = frozenset(weekdays)
        if not off:
            return self
        percents = (0 if day in off else percent for day, percent in enumerate(self.percents))
        return replace(self, percents=tuple(percents))

    def set_weekdays(self, percents: Mapping[int, int]) -> StudyDays:
        """Return the days with other percents for some weekdays, from 0 for Monday."""
        return replace(
            self,
            percents=tuple(percents.get(day, old) for day, old in enumerate(self.percents)),
        )

    def set_dates(self, first: int, last: int | None, percent: int | None) -> StudyDays:
        """Return the days with a percent for some dates; None gives them back to their weekdays."""
        given = Span(first, last, percent or 0)
        found = [] if percent is None else [given]
        for span in self.spans:
            if span.first < first:
                end = min(span.end, first)
                found.append(span._replace(last=span.last if end == span.end else end - 1))
            if span.end > given.end:
                found.append(span._replace(first=max(span.first, given.end)))
        return replace(self, spans=tuple(sorted(found, key=lambda span: span.first)))

    def set_pause(self, pause: Span | None) -> StudyDays:
        """Return the days with a pause, whatever is set for its dates."""
        if pause is None:
            return self
        return replace(self.set_dates(pause.first, pause.last, pause.percent), pause=pause)

    def is_paused(self, study_day: int) -> bool:
        """Tell whether a day is within the pause."""
        return self.pause is not None and self.pause.first <= study_day < self.pause.end

    def _sum_by_weekday(self, start: int, end: int, weigh: Callable[[int], int]) -> int:
        weeks, rest = divmod(max(end - start, 0), _DAYS_PER_WEEK)
        begun = sum(weigh(self.percents[weekday_of(day)]) for day in range(start, start + rest))
        return weeks * sum(map(weigh, self.percents)) + begun


EVERY_DAY: Final = StudyDays()


def weekday_of(study_day: int) -> int:
    """Return the weekday of a study day, from 0 for Monday."""
    return (study_day + _WEEKDAY_OF_DAY_0) % _DAYS_PER_WEEK


def read_percents(value: Any) -> tuple[int, ...] | None:
    """Return the percents of weekdays from JSON; None if they are not valid."""
    is_valid = (
        isinstance(value, list) and len(value) == _DAYS_PER_WEEK and all(map(_is_percent, value))
    )
    return tuple(value) if is_valid else None


def list_spans(value: Any) -> tuple[Span, ...] | None:
    """Return what `dump_spans` wrote; None if it is not valid."""
    if not isinstance(value, list) or len(value) > _MAX_SPANS:
        return None
    found: list[Span] = []
    for row in value:
        try:
            first, last, percent = row
            span = Span(_to_day(first), None if last is None else _to_day(last), percent)
        except (TypeError, ValueError):
            return None
        is_after = not found or found[-1].end <= span.first
        if not (is_after and span.first < span.end and _is_percent(percent)):
            return None
        found.append(span)
    return tuple(found)


def dump_spans(spans: Iterable[Span]) -> list[list[Any]]:
    """Return dates as JSON: the first, the last or null, and the percent of each span."""
    return [
        [
            make_date(span.first).isoformat(),
            None if span.last is None else make_date(span.last).isoformat(),
            span.percent,
        ]
        for span in spans
    ]


def _to_day(text: str) -> int:
    return count_days(date.fromisoformat(text))


def _is_percent(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _FULL
