"""Days off and lighter days: what is asked on them, and which days intervals lead to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.history import Act, Rating, make_date
from cardwright.memory import State
from cardwright.model import DeckOptions
from cardwright.study.backlog import Backlog, find_backlog
from cardwright.study.days import EVERY_DAY, StudyDays
from cardwright.study.journal import Journal
from cardwright.study.queue import Counts, SessionOptions
from cardwright.study.schedule import Schedule, fuzz_range
from cardwright.study.workload import forecast_reviews
from studying import (
    MORNING,
    TODAY,
    later,
    make_items,
    open_journal,
    read_log,
    read_memories,
    record,
    sit,
)

OFF = EVERY_DAY.set_dates(TODAY, TODAY, 0)
SATURDAY = 5


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return open_journal(tmp_path / "reviews.db")


def use(journal: Journal, days: StudyDays, options: DeckOptions | None = None) -> Journal:
    """Return the journal of the same store with a study calendar."""
    schedule = Schedule(options or DeckOptions())
    return Journal(journal.store, {"trees": schedule}, schedule, None, days)


def learn(journal: Journal, number: int, days_ago: float = 30) -> None:
    """Learn prompts, so that they are due."""
    for item in make_items(number):
        record(journal, item.key, Act.ANSWER, later(MORNING, -days_ago), Rating.EASY)


def test_nothing_is_asked_on_a_day_off_unless_time_is_given(journal: Journal) -> None:
    learn(journal, 8)
    items = make_items(20)
    record(journal, items[9].key, Act.ANSWER, later(MORNING, minutes=-20), Rating.AGAIN)
    off = use(journal, OFF)
    session = sit(off, items)
    assert (session.current, session.next_at_ms) == (None, None)
    assert session.counts == Counts(0, 0, 0)

    usual = sit(journal, items).counts
    assert usual == Counts(new=11, learning=1, review=8)
    assert sit(off, items, options=SessionOptions(on_days_off=True)).counts == usual
    assert sit(off, items, options=SessionOptions(is_cram=True)).counts.review == 20
    assert sit(off, items, later(MORNING, 1)).counts.review == 8


def test_an_arrangement_is_not_asked_on_a_day_off_either(journal: Journal) -> None:
    session = sit(use(journal, OFF), make_items(3))
    session._arrange = lambda items: (items, [])
    session.replace_items(make_items(3), MORNING)
    assert session.current is None


def test_a_lighter_day_has_lower_limits(journal: Journal) -> None:
    learn(journal, 30)
    options = DeckOptions(new_per_day=7, reviews_per_day=21)
    items = make_items(60)
    for percent, expected in ((100, (7, 21)), (50, (4, 11)), (10, (1, 2))):
        days = EVERY_DAY.set_dates(TODAY, TODAY, percent)
        counts = sit(use(journal, days, options), items).counts
        assert (counts.new, counts.review) == expected


@given(
    st.floats(2.5, 500),
    st.dictionaries(st.integers(0, 600), st.integers(0, 50)),
    st.sets(st.integers(0, 6), max_size=3),
    st.floats(0, 1, exclude_max=True),
)
def test_a_day_off_is_chosen_only_if_there_is_no_other(
    interval: float, loads: dict[int, int], weekdays: set[int], draw: float
) -> None:
    days = EVERY_DAY.without(weekdays)
    low, high = fuzz_range(interval)
    low = max(low, 1)
    by_day = {TODAY + day: load for day, load in loads.items()}
    chosen = days.choose(TODAY, by_day, (low, high), draw)
    assert low <= chosen <= high
    if any(not days.is_off(TODAY + day) for day in range(low, high + 1)):
        assert not days.is_off(TODAY + chosen)


def answer_all(journal: Journal, number: int) -> Counter[int]:
    """Learn so many prompts today; return how many are due by day."""
    for item in make_items(number):
        record(journal, item.key, Act.ANSWER, MORNING, Rating.EASY)
    return Counter(memory.due_day or 0 for memory in read_memories(journal).values())


def test_reviews_are_spread_evenly_and_keep_off_days_off(tmp_path: Path) -> None:
    found = answer_all(open_journal(tmp_path / "even.db"), 60)
    low, high = min(found), max(found)
    assert set(found) == set(range(low, high + 1))
    mean = 60 / len(found)
    assert all(abs(number - mean) <= 6 for number in found.values())

    weekday = make_date(low + 2).weekday()
    calendar = EVERY_DAY.set_weekdays({weekday: 0}).set_dates(low + 1, low + 1, 50)
    lighter = answer_all(use(open_journal(tmp_path / "off.db"), calendar), 60)
    assert lighter[low + 2] == 0
    others = (60 - lighter[low + 1]) / (len(found) - 2)
    assert 0.2 < lighter[low + 1] / others < 0.8


def test_what_the_user_sees_is_what_is_promised_and_replayed(
    journal: Journal, tmp_path: Path
) -> None:
    learn(journal, 40, days_ago=0.5)
    here = use(journal, EVERY_DAY.set_weekdays({SATURDAY: 0}))
    session = sit(here, make_items(60))
    shown = session.preview(MORNING)
    intervals = [shown[rating].interval_days for rating in Rating]
    session.answer(Rating.EASY, MORNING)
    key = session.answers[0].item.key
    assert here.store.read_memory(key)[0].interval_days == intervals[-1]

    # It is the same where nothing else is due, and where no day is off.
    there = open_journal(tmp_path / "there.db", machine="phone")
    there.merge(read_log(journal))
    assert read_memories(there) == read_memories(journal)
    assert here.find_differences() == there.find_differences() == []
    there.rebuild()
    assert read_memories(there) == read_memories(journal)


def test_ratings_keep_their_order_where_loads_pull_them_together(journal: Journal) -> None:
    answer_all(journal, 80)
    items = make_items(100)
    record(journal, items[90].key, Act.ANSWER, later(MORNING, -8), Rating.EASY)
    memory, _ = journal.store.read_memory(items[90].key)
    assert memory.state is State.REVIEW
    shown = journal.preview(memory, MORNING)
    hard, good, easy = (shown[rating].interval_days for rating in list(Rating)[1:])
    assert hard < good < easy


@pytest.mark.parametrize("column", ["stability", "difficulty"])
def test_a_memory_that_no_answer_leaves_is_computed_again(journal: Journal, column: str) -> None:
    key = make_items(1)[0].key
    record(journal, key, Act.ANSWER, later(MORNING, -30), Rating.EASY)
    memory, _ = journal.store.read_memory(key)
    with journal.store.transaction():
        journal.store.change(f"update memories set {column} = ?", [(0,)])
    assert journal.measure_loss([key], TODAY)[key] > 0
    assert journal.store.read_memory(key)[0] == memory


def test_a_backlog_is_more_than_two_usual_days(journal: Journal) -> None:
    learn(journal, 40, days_ago=40)
    items = make_items(90)
    for day in range(4):
        for item in items[day * 5 : day * 5 + 5]:
            record(journal, item.key, Act.ANSWER, later(MORNING, day - 20), Rating.GOOD)
    memories = {memory.key: memory for memory in journal.store.list_memories()}
    recent = [review for review in read_log(journal) if review.at_ms > later(MORNING, -30).at_ms]
    forecast = forecast_reviews(memories.values(), TODAY, 14)
    found = find_backlog(forecast, recent, memories, 4)
    assert found == Backlog(forecast.reviews[0], 5)
    assert found.days == -(-forecast.reviews[0] // 5)
    few = forecast._replace(reviews=[10, *forecast.reviews[1:]])
    assert find_backlog(few, recent, memories, 4) is None
    assert find_backlog(forecast._replace(overdue=0), recent, memories, 4) is None
    assert find_backlog(forecast, [], memories, 4) is None
