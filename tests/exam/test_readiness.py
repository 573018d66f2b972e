"""Signals, weak lessons and checked forecasts: what their thresholds are, on either side."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardwright.exam.readiness import (
    ForecastCheck,
    check_forecasts,
    expect_recall,
    find_seen_lessons,
    find_weak_lessons,
    read_signals,
)
from cardwright.history import Act, Rating, State
from cardwright.item import Item
from cardwright.study.stats import Answer, list_answers
from exam_project import EXAM, make_item
from studying import MORNING, TODAY, later, open_journal, read_memories, record


def make_lesson(
    lesson: str, *recalls: float, unseen: int = 0
) -> tuple[list[Item], dict[str, float]]:
    """Return the prompts of a lesson, and the expected recall of those that were seen."""
    items = [make_item(f"{lesson}-{n}", lesson) for n in range(len(recalls) + unseen)]
    return items, {item.key: recall for item, recall in zip(items, recalls, strict=False)}


def find_weak(*lessons: tuple[list[Item], dict[str, float]]) -> list[str]:
    items = [item for found, _ in lessons for item in found]
    return find_weak_lessons(items, {k: v for _, recalls in lessons for k, v in recalls.items()})


def test_a_lesson_is_weak_from_five_prompts_seen() -> None:
    assert find_weak(make_lesson("a1", *[0.5] * 4, unseen=9)) == []
    assert find_weak(make_lesson("a1", *[0.5] * 5)) == ["a1"]


def test_a_lesson_is_weak_below_eighty_percent_of_what_was_seen() -> None:
    assert find_weak(make_lesson("a1", *[0.8] * 5, unseen=9)) == []
    assert find_weak(make_lesson("a1", *[0.8] * 4, 0.79)) == ["a1"]


def test_no_more_than_three_lessons_are_weak_the_worst_first() -> None:
    means = {"a1": 0.7, "a2": 0.5, "b1": 0.6, "b2": 0.75}
    assert find_weak(*(make_lesson(name, *[mean] * 5) for name, mean in means.items())) == [
        "a2",
        "b1",
        "a1",
    ]


def test_prompts_of_no_lesson_are_of_none_that_is_weak_or_seen() -> None:
    strays = [make_item(f"stray-{n}", None) for n in range(9)]
    recalls = {item.key: 0.1 for item in strays}
    assert find_weak_lessons(strays, recalls) == []
    assert find_seen_lessons(strays, recalls) == set()


def test_a_lesson_is_seen_when_all_of_its_prompts_are() -> None:
    whole, part = make_lesson("a1", 0.1, 0.9), make_lesson("a2", 0.9, unseen=1)
    assert find_seen_lessons([*whole[0], *part[0]], {**whole[1], **part[1]}) == {"a1"}


@pytest.mark.parametrize(("recall", "is_given"), [(0.9, True), (0.89, False)])
def test_a_signal_is_given_by_the_mean_of_its_cards(recall: float, is_given: bool) -> None:
    # `tells-trees` measures the cards of kind `pick` in lesson a2, and wants 90 percent.
    own = [make_item(f"pick-{n}", "a2", kind="pick") for n in range(2)]
    other = make_item("other", "a2")
    recalls = {own[0].key: recall - 0.05, own[1].key: recall + 0.05, other.key: 0.1}

    measured, felt = read_signals(EXAM, [*own, other], recalls)

    assert measured.recall == pytest.approx(recall)
    assert measured.is_given is is_given
    assert (felt.recall, felt.is_given) == (None, None)


def test_unseen_cards_count_as_unknown_for_a_signal() -> None:
    seen, unseen = (make_item(name, "a2", kind="pick") for name in ("seen", "unseen"))
    assert read_signals(EXAM, [seen, unseen], {seen.key: 1.0})[0].recall == 0.5
    assert read_signals(EXAM, [], {})[0].recall == 0


def make_answer(
    interval_days: int, expected: float, rating: Rating, *, is_test: bool = True
) -> Answer:
    return Answer(
        prompt="trees:ring/recall",
        day=TODAY,
        rating=rating,
        duration_ms=0,
        state=State.REVIEW,
        interval_days=interval_days,
        retrievability=expected,
        is_test=is_test,
    )


def test_forecasts_are_checked_by_answers_a_week_or_more_later() -> None:
    answers = [
        make_answer(1, 0.1, Rating.AGAIN),
        make_answer(6, 0.1, Rating.AGAIN),
        make_answer(7, 0.9, Rating.HARD),
        make_answer(30, 0.7, Rating.AGAIN),
        make_answer(30, 0.2, Rating.AGAIN, is_test=False),
    ]
    assert check_forecasts(answers) == ForecastCheck(tests=2, expected=0.8, actual=0.5)
    assert check_forecasts(answers[:2]) is None


def test_recall_is_expected_of_what_was_answered_alone(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    record(journal, "trees:seen/recall", Act.ANSWER, MORNING, Rating.EASY)
    record(journal, "trees:buried/recall", Act.BURY, MORNING)

    memories = read_memories(journal)
    today, later_on = (expect_recall(memories, journal, TODAY + days) for days in (0, 30))

    assert len(memories) == 2
    assert today == {"trees:seen/recall": 1.0}
    assert 0 < later_on["trees:seen/recall"] < 1


def test_answers_of_the_store_are_checked(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    # The first three intervals are of minutes and days.
    for days in (0, 0.01, 3, 20):
        record(journal, "trees:ring/recall", Act.ANSWER, later(MORNING, days=days), Rating.GOOD)

    found = check_forecasts(list_answers(journal, lambda _: True))

    assert found is not None
    assert (found.tests, found.actual) == (1, 1.0)
    assert 0.5 < found.expected < 1
