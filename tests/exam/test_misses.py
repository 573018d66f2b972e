"""The miss log: which cards get an entry, groups and trends."""

from __future__ import annotations

from dataclasses import replace

from cardwright.exam.misses import (
    Failure,
    Miss,
    group_misses,
    list_failures,
    list_mondays,
    make_miss,
)
from cardwright.exam.mock import Mock, Question
from cardwright.history import Act, Moment, Rating, Review
from cardwright.model import Option
from exam_project import EXAM, make_item
from studying import MORNING, ROLLOVER_HOUR, TODAY, later

RING = make_item("ring", "a1")
BARK = make_item("bark", "a2")
STRAY = make_item("stray", None)
ITEMS = (RING, BARK, STRAY)


def make_review(prompt: str, rating: Rating, moment: Moment) -> Review:
    return Review(
        id=f"{moment.at_ms:012x}-x",
        key=prompt,
        act=Act.ANSWER,
        rating=rating,
        at_ms=moment.at_ms,
        utc_offset_minutes=moment.utc_offset_minutes,
        duration_ms=1,
        undoes=None,
    )


def make_mock(*picked: int) -> Mock:
    question = Question(
        card_ref="trees:bark",
        side_name="recall",
        key="trees:bark/recall",
        domain="wood",
        lesson="a2",
        right=(0,),
        digest=0,
        picked=picked,
        options=(
            Option(text="Right", right=True, reason=""),
            Option(text="Wrong", right=False, reason=""),
        ),
    )
    return Mock(
        id="mock",
        pack="trees",
        exam="Forester",
        is_drill=False,
        seed=0,
        started_at_ms=0,
        limit_ms=None,
        is_recorded=False,
        questions=(question,),
        ended_at_ms=MORNING.at_ms,
    )


def list_of(mock: Mock | None, *reviews: Review, before: Mock | None = None) -> list[Failure]:
    mocks = [one for one in (before, mock) if one]
    offset = MORNING.utc_offset_minutes
    return list_failures(mocks, reviews, offset, ROLLOVER_HOUR, ITEMS, EXAM)


def test_what_a_mock_exam_found_missing_is_worth_an_entry() -> None:
    assert list_of(make_mock(0)) == []
    assert list_of(make_mock(1)) == [Failure(BARK, MORNING.at_ms, TODAY, "mock", "Wrong")]
    assert list_of(make_mock()) == [Failure(BARK, MORNING.at_ms, TODAY, "mock", "")]
    assert list_of(replace(make_mock(1), ended_at_ms=None)) == []


def test_only_the_last_mock_exam_that_is_over_counts() -> None:
    right, wrong = make_mock(0), replace(make_mock(1), id="wrong")
    interrupted = replace(make_mock(1), ended_at_ms=None)

    assert list_of(right, before=wrong) == []
    assert [failure.origin for failure in list_of(wrong, before=right)] == ["wrong"]
    assert [failure.origin for failure in list_of(interrupted, before=wrong)] == ["wrong"]
    # Mock exams are in the order in which they began.
    resumed = replace(wrong, ended_at_ms=MORNING.at_ms + 1)
    assert [failure.origin for failure in list_of(right, before=resumed)] == ["wrong"]


def test_what_was_crammed_is_no_failure_and_begins_no_day() -> None:
    old = make_review("trees:ring/recall", Rating.AGAIN, later(MORNING, days=-1))
    crammed = make_review("trees:bark/recall", Rating.AGAIN, MORNING)

    found = list_of(None, old, replace(crammed, act=Act.CRAM))

    assert [failure.item for failure in found] == [RING]


def test_so_is_an_again_on_the_last_day_of_reviews() -> None:
    old = make_review("trees:bark/recall", Rating.AGAIN, later(MORNING, days=-1))
    new = make_review("trees:ring/recall", Rating.AGAIN, MORNING)
    good = make_review("trees:bark/recall", Rating.GOOD, MORNING)
    stray = make_review("trees:stray/recall", Rating.AGAIN, MORNING)
    gone = make_review("trees:gone/recall", Rating.AGAIN, MORNING)

    found = list_of(None, old, new, new, good, stray, gone)

    assert found == [Failure(RING, MORNING.at_ms, TODAY, "", "")]


def test_a_card_comes_once() -> None:
    again = make_review("trees:bark/recall", Rating.AGAIN, MORNING)

    assert len(list_of(make_mock(1), again)) == 1


def make_entry(mode: str, lesson: str, days_ago: int = 0) -> Miss:
    miss = make_miss(Failure(RING, 0, TODAY - days_ago, "", ""), EXAM, "", "trees")
    return replace(miss, mode=mode, lesson=lesson)


def test_an_entry_knows_its_day_and_lesson() -> None:
    miss = make_miss(Failure(RING, 5, TODAY, "", ""), EXAM, "It was an elm.", "trees")

    assert miss.id == "miss-2026-11-02-trees-trees:ring"
    assert (miss.lesson, miss.failure, miss.is_complete) == ("a1", "It was an elm.", False)


def test_misses_are_grouped_and_counted_by_week() -> None:
    # MORNING is a Monday: yesterday was the week before.
    misses = [
        make_entry("haste", "a1"),
        make_entry("haste", "b2", 1),
        make_entry("haste", "b2", 70),
        make_entry("", "a2", 8),
    ]

    haste, none = group_misses(misses, "mode", EXAM, TODAY)

    assert haste == ("haste", "The stem was not read to its end", 3, (0, 0, 0, 0, 0, 0, 1, 1))
    assert none == ("", "none named", 1, (0, 0, 0, 0, 0, 1, 0, 0))
    by_lesson = group_misses(misses, "lesson", EXAM, TODAY)
    assert [(group.name, group.total) for group in by_lesson] == [
        ("b2 Autumn", 2),
        ("a1 Rings", 1),
        ("a2 Bark", 1),
    ]
    by_domain = group_misses(misses, "domain", EXAM, TODAY)
    assert [(group.id, group.total) for group in by_domain] == [("leaf", 2), ("wood", 2)]


def test_weeks_begin_on_mondays() -> None:
    mondays = list_mondays(TODAY + 3)

    assert len(mondays) == 8
    assert mondays[-1].isoformat() == "2026-11-02"
    assert all(monday.weekday() == 0 for monday in mondays)
