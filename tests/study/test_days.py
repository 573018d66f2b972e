"""The study calendar: weekdays and dates off or lighter, counted and listed alike."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.history import END_DAY, count_days
from cardwright.study.days import EVERY_DAY, StudyDays, dump_spans, list_spans, read_percents

MONDAY: Final = count_days(date(2026, 11, 30))
SATURDAY: Final = MONDAY + 5
PERCENTS: Final = st.sampled_from((0, 50, 100))


@st.composite
def study_days(draw: st.DrawFn) -> StudyDays:
    """Return a calendar that was set in several steps, and each day's percent by plain rules."""
    days = EVERY_DAY.set_weekdays(draw(st.dictionaries(st.integers(0, 6), PERCENTS)))
    for first, length, percent in draw(
        st.lists(
            st.tuples(st.integers(-5, 40), st.none() | st.integers(1, 15), st.none() | PERCENTS),
            max_size=5,
        )
    ):
        last = None if length is None else MONDAY + first + length - 1
        days = days.set_dates(MONDAY + first, last, percent)
    return days


@given(st.data())
def test_what_was_set_last_for_a_date_counts(data: st.DataObject) -> None:
    before = data.draw(study_days())
    first = MONDAY + data.draw(st.integers(-5, 40))
    last = data.draw(st.none() | st.integers(first, first + 15))
    percent = data.draw(st.none() | PERCENTS)
    after = before.set_dates(first, last, percent)
    for day in range(MONDAY - 10, MONDAY + 60):
        if not first <= day <= (END_DAY if last is None else last):
            expected = before.share_of(day)
        elif percent is None:
            expected = before.percents[(day - MONDAY) % 7] / 100
        else:
            expected = percent / 100
        assert after.share_of(day) == expected
    assert list_spans(dump_spans(after.spans)) == after.spans


@given(study_days(), st.integers(-10, 50), st.integers(0, 60))
def test_days_are_counted_as_they_are(days: StudyDays, start: int, length: int) -> None:
    start += MONDAY
    open_days = [day for day in range(start, start + length) if not days.is_off(day)]
    assert days.count(start, start + length) == len(open_days)
    shares = sum(days.share_of(day) for day in range(start, start + length))
    assert days.measure(start, start + length) == pytest.approx(shares)
    following = days.find_next(start)
    assert following is None or not days.is_off(following)
    assert open_days[:1] == ([following] if following and following < start + length else [])


def test_a_pause_without_an_end_leaves_no_day() -> None:
    days = EVERY_DAY.set_dates(MONDAY, None, 0)
    assert days.find_next(MONDAY) is None
    assert days.count(MONDAY - 3, END_DAY) == 3
    assert days.set_dates(MONDAY + 4, None, None).find_next(MONDAY) == MONDAY + 4


def test_more_weekdays_off_leave_a_date_that_was_set() -> None:
    days = EVERY_DAY.set_dates(SATURDAY, SATURDAY, 100).without({5})
    assert days.share_of(SATURDAY) == 1
    assert days.is_off(SATURDAY + 7)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "2026-12-24",
        [["2026-12-24", "2026-12-23", 0]],
        [["2026-12-24", "2026-12-26", 0], ["2026-12-26", None, 0]],
        [["2026-12-26", None, 0], ["2026-12-27", None, 0]],
        [["2026-12-24", None, 101]],
        [["2026-12-24", None, True]],
        [["24.12.", None, 0]],
        [[20_000, None, 0]],
        [["2026-12-24", None]],
        [["2026-12-24", "2026-12-24", 0]] * 2,
    ],
)
def test_dates_that_no_version_wrote_are_not_read(value: Any) -> None:
    assert list_spans(value) is None


@pytest.mark.parametrize("value", [None, [100] * 6, [100] * 6 + [101], [100] * 6 + [1.5], {}])
def test_percents_that_no_version_wrote_are_not_read(value: Any) -> None:
    assert read_percents(value) is None
