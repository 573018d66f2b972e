"""Wrong clocks, summer time and flights: no answer is lost, and no prompt is asked too late."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cardwright.history import Act, Moment, Rating, count_study_day
from cardwright.model import DeckOptions
from cardwright.study.journal import Journal
from cardwright.study.schedule import ActRow, Schedule
from studying import (
    DAY_MS,
    MINUTE_MS,
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

OAK = "trees:card-0/recall"
STEADY = DeckOptions(fuzz=False, learning_steps_minutes=(), relearning_steps_minutes=())


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return open_journal(tmp_path / "reviews.db", STEADY)


def local(text: str, zone: str) -> Moment:
    return Moment.from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def learn(journal: Journal, first: Moment) -> Moment:
    """Answer Good three times, each when it is due, and return when the last was."""
    moment = first
    for _ in range(3):
        _, memory = record(journal, OAK, Act.ANSWER, moment, Rating.GOOD)
        last = moment
        moment = later(moment, memory.interval_days)
    return last


@pytest.mark.parametrize("back_days", [1 / 24, 1, 365])
def test_a_clock_set_back_loses_no_answer_and_keeps_the_order(
    journal: Journal, back_days: float
) -> None:
    last = learn(journal, MORNING)
    before = journal.store.read_memory(OAK)[0]

    record(journal, OAK, Act.ANSWER, later(last, -back_days), Rating.AGAIN)
    record(journal, OAK, Act.ANSWER, later(last, -back_days, minutes=1), Rating.GOOD)

    assert [review.rating for review in read_log(journal)] == [3, 3, 3, 1, 3]
    days = [step.elapsed_days for _, step in journal.trace(OAK)]
    assert days[0] == days[3] == days[4] == 0
    after = journal.store.read_memory(OAK)[0]
    assert after.lapses == 1
    assert after.stability < before.stability
    assert journal.find_differences() == []


@pytest.mark.parametrize(("ahead_days", "late_days"), [(1 / 24, 0), (1.5, 1), (365 * 70, 0)])
def test_a_card_answered_in_a_wrong_future_waits_no_longer_than_its_interval(
    journal: Journal, ahead_days: float, late_days: int
) -> None:
    """Once the wrong day has come, nothing tells it from a right one: then it is late by so much."""
    learn(journal, later(MORNING, -60))
    record(journal, "trees:card-1/recall", Act.ANSWER, later(MORNING, minutes=-1), Rating.GOOD)
    _, memory = record(journal, OAK, Act.ANSWER, later(MORNING, ahead_days), Rating.GOOD)
    items = make_items(1)

    asked_on = next(
        day
        for day in range(memory.interval_days + late_days + 1)
        if sit(journal, items, later(MORNING, day)).current is not None
    )

    assert asked_on >= memory.interval_days - 1


def test_waiting_for_a_card_from_the_future_ends_although_nothing_else_is_answered(
    journal: Journal,
) -> None:
    _, memory = record(journal, OAK, Act.ANSWER, later(MORNING, 10_000), Rating.GOOD)

    # Nothing came before it: it may have been given at any time.
    assert sit(journal, make_items(1), MORNING).current is not None
    assert memory.interval_days > 1


def test_answers_of_a_wrong_future_are_dated_by_what_was_recorded_before_them(
    journal: Journal,
) -> None:
    keys = [f"trees:card-{number}/recall" for number in range(6)]
    record(journal, keys[0], Act.ANSWER, later(MORNING, -9), Rating.EASY)
    for number, key in enumerate(keys[1:3]):
        record(journal, key, Act.ANSWER, later(MORNING, 9000, minutes=number), Rating.EASY)
    record(journal, keys[3], Act.ANSWER, later(MORNING, -4), Rating.EASY)
    for number, key in enumerate(keys[4:]):
        record(journal, key, Act.ANSWER, later(MORNING, 9000, minutes=5 + number), Rating.EASY)

    found = journal.read_memories(MORNING)

    days_ago = [TODAY - (found[key].last_day or 0) for key in keys]
    assert days_ago == [9, 9, 10, 4, 5, 5]
    assert all(memory.first_day == memory.last_day for memory in found.values())
    assert all(memory.due_day < TODAY + memory.interval_days for memory in found.values())  # type: ignore[operator]


def test_reviews_are_looked_at_once_however_many_are_ahead(journal: Journal) -> None:
    def count_steps(prompts: range) -> int:
        for number in prompts:
            key, moment = f"trees:card-{number}/recall", later(MORNING, 900, minutes=number)
            record(journal, key, Act.ANSWER, moment, Rating.EASY)
        steps: list[int] = []
        journal.store._db.set_progress_handler(lambda: steps.append(1), 1)
        journal.store.find_times_before(
            {memory.key: memory.last_at_ms or 0 for memory in journal.store.list_memories()},
            MORNING.at_ms,
        )
        journal.store._db.set_progress_handler(None, 1)
        return len(steps)

    assert count_steps(range(40, 80)) < 3 * count_steps(range(40))


def test_a_clock_ahead_by_hours_leaves_the_study_day_of_a_review_alone(journal: Journal) -> None:
    learn(journal, later(MORNING, -60))
    record(journal, "trees:card-1/recall", Act.ANSWER, MORNING, Rating.GOOD)
    _, memory = record(journal, OAK, Act.ANSWER, later(MORNING, hours=3), Rating.GOOD)

    found = journal.read_memories(later(MORNING, hours=1))[OAK]

    assert found.due_day == memory.due_day
    assert found.due_at_ms == (memory.due_at_ms or 0) - 3 * 3_600_000
    assert journal.read_memories(later(MORNING, hours=3))[OAK] == memory
    assert journal.store.read_memory(OAK)[0] == memory


def test_a_learning_step_taken_in_a_wrong_future_is_asked(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "steps.db")
    record(journal, OAK, Act.ANSWER, later(MORNING, 500), Rating.AGAIN)

    assert sit(journal, make_items(1), later(MORNING, minutes=2)).current is not None


@pytest.mark.parametrize(
    ("zone", "evening", "morning"),
    [
        ("Europe/Berlin", "2026-03-28T23:30", "2026-03-29T08:00"),
        ("Europe/Berlin", "2026-10-24T23:30", "2026-10-25T08:00"),
        ("America/New_York", "2026-03-07T23:30", "2026-03-08T04:00"),
        ("Australia/Lord_Howe", "2026-10-03T23:30", "2026-10-04T04:00"),
    ],
)
def test_the_night_on_which_clocks_change_is_one_day(zone: str, evening: str, morning: str) -> None:
    first, second = local(evening, zone), local(morning, zone)
    history = [ActRow("answer", 3, *first), ActRow("answer", 3, *second)]

    days = [step.elapsed_days for _, step in Schedule(STEADY).trace(OAK, history)]

    assert days == [0, 1]


def test_a_card_is_due_at_the_rollover_of_its_day(journal: Journal) -> None:
    _, memory = record(journal, OAK, Act.ANSWER, MORNING, Rating.GOOD)

    assert memory.due_at_ms is not None
    due = Moment(memory.due_at_ms, MORNING.utc_offset_minutes)
    assert due.local.strftime("%H:%M") == "04:00"
    assert due.study_day(4) == memory.due_day == TODAY + memory.interval_days
    assert due == Moment(MORNING.start_of(memory.due_day, 4), 60)


def test_flights_keep_days_and_order(journal: Journal) -> None:
    """Tokyo to Los Angeles and back: the calendar goes a day back, and jumps ahead."""
    stops = [
        local("2026-11-02T10:00", "Asia/Tokyo"),
        local("2026-11-02T09:00", "America/Los_Angeles"),
        local("2026-11-04T08:00", "America/Los_Angeles"),
        local("2026-11-06T08:00", "Asia/Tokyo"),
        local("2026-11-05T20:00", "America/Los_Angeles"),
    ]
    for stop in stops:
        record(journal, OAK, Act.ANSWER, stop, Rating.GOOD)

    days = [step.elapsed_days for _, step in journal.trace(OAK)]
    assert days == [0, 0, 2, 2, 0]
    assert journal.find_differences() == []


def test_a_step_is_due_in_minutes_wherever_one_lands(tmp_path: Path) -> None:
    """Answered in Tokyo as a day ends; in Los Angeles that day is still to come."""
    journal = open_journal(tmp_path / "steps.db")
    tokyo = local("2026-11-03T03:50", "Asia/Tokyo")
    record(journal, OAK, Act.ANSWER, tokyo, Rating.GOOD)
    landed = Moment(tokyo.at_ms + 11 * 3_600_000, -480)

    assert landed.study_day(4) == tokyo.study_day(4)
    assert sit(journal, make_items(1), landed).current is not None


def test_another_machine_in_another_zone_counts_the_same_days(tmp_path: Path) -> None:
    here = open_journal(tmp_path / "here.db")
    moments = [later(MORNING, days, hours=hours) for days, hours in ((0, 18), (3, 18.9), (9, 0))]
    for moment in moments:
        record(here, OAK, Act.ANSWER, moment, Rating.GOOD)
    there = open_journal(tmp_path / "there.db", machine="desktop")
    record(
        there,
        "trees:card-1/recall",
        Act.ANSWER,
        Moment(MORNING.at_ms - DAY_MS, -600),
        Rating.GOOD,
    )

    there.merge(read_log(here))

    assert there.store.read_memory(OAK) == here.store.read_memory(OAK)
    assert [
        count_study_day(review.at_ms, review.utc_offset_minutes, 4)
        for review in there.store.list_reviews(OAK)
    ] == [TODAY, TODAY + 3, TODAY + 9]


def test_an_hour_before_the_rollover_belongs_to_the_day_before() -> None:
    for hour, minute, day in ((3, 59, TODAY), (4, 0, TODAY + 1)):
        moment = Moment.from_datetime(MORNING.local.replace(day=3, hour=hour, minute=minute))
        assert moment.study_day(4) == day
    assert later(MORNING, minutes=-9 * 60).study_day(0) == TODAY
    assert later(MORNING, minutes=-9 * 60 - 1).study_day(0) == TODAY - 1


@pytest.mark.parametrize(
    "text", ["1969-12-31T23:00+00:00", "7000-01-01T00:00+00:00", "2026-01-01T00:00+23:59:59"]
)
def test_times_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not between the years|is a day or more"):
        Moment.from_datetime(datetime.fromisoformat(text))


def test_what_is_entered_later_takes_its_place(journal: Journal) -> None:
    record(journal, OAK, Act.ANSWER, MORNING, Rating.GOOD)
    record(journal, OAK, Act.ANSWER, later(MORNING, 10), Rating.GOOD)

    _, memory = record(journal, OAK, Act.ANSWER, later(MORNING, 4), Rating.AGAIN, is_dated=True)

    assert [review.rating for review in journal.store.list_reviews(OAK)] == [3, 1, 3]
    assert memory == journal.store.read_memory(OAK)[0]
    assert memory.last_at_ms == MORNING.at_ms + 10 * DAY_MS
    assert memory.lapses == 1
    assert journal.find_differences() == []


def test_two_acts_of_one_millisecond_have_two_places(journal: Journal) -> None:
    for is_dated in (False, True, False, True):
        record(journal, OAK, Act.FLAG, MORNING, is_dated=is_dated)

    ids = [review.id for review in read_log(journal)]
    assert len(set(ids)) == 4
    assert read_memories(journal)[OAK].is_flagged
    assert all(abs(int(name[:12], 16) - MORNING.at_ms) < MINUTE_MS for name in ids)
