"""Booking signals and checked forecasts, on either side of their thresholds."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardwright.exam.readiness import (
    ForecastCheck,
    check_forecasts,
    read_objectives,
    read_signals,
)
from cardwright.history import Act, Rating
from cardwright.memory import State
from cardwright.study.stats import Answer, list_answers
from exam_project import EXAM, TWO_SETS, make_item, read_blueprint
from studying import MORNING, TODAY, later, open_journal, record


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


def test_a_signal_is_measured_by_objectives() -> None:
    exam = read_blueprint(
        objectives=TWO_SETS,
        signals="[{id: sure, about: Sure, measure: {objectives: [g2, s1]}}]",
    )
    own, other = make_item("own", "a1", objectives=("g1", "s1")), make_item("other", "a1")
    recalls = {own.key: 0.8, other.key: 0.1}

    assert [reading.recall for reading in read_signals(exam, [own, other], recalls)] == [0.8]


def test_the_recall_of_each_set_is_the_mean_of_its_objectives() -> None:
    exam = read_blueprint(objectives=TWO_SETS)
    both = make_item("both", "a1", objectives=("g1", "s1"))
    unseen = make_item("unseen", "b2", objectives=("g1",))
    unknown = make_item("unknown", "b2", objectives=("zz",))

    guide, syllabus = read_objectives(exam, [both, unseen, unknown], {both.key: 0.8})

    assert (guide.name, syllabus.name) == ("Official guide", "Syllabus")
    # 0.4 of the first, with an unseen prompt, and 0 of the second, without cards.
    assert guide.recall == pytest.approx(0.2)
    assert syllabus.recall == pytest.approx(0.8)
    assert (guide.weakest, syllabus.weakest) == ((), ())


def test_objectives_are_weak_with_enough_seen_prompts_and_low_recall() -> None:
    listed = ", ".join(f"{{id: o{n}, lesson: a1, about: Aim}}" for n in range(7))
    exam = read_blueprint(objectives=f"[{listed}]")
    recalls: dict[str, float] = {}
    items = []
    for name, seen, recall in (
        ("o0", 5, 0.79),
        ("o1", 5, 0.8),
        ("o2", 4, 0.1),
        ("o3", 6, 0.3),
        ("o4", 5, 0.5),
        ("o5", 5, 0.7),
    ):
        found = [make_item(f"{name}-{n}", "a1", objectives=(name,)) for n in range(seen + 1)]
        items += found
        recalls.update({item.key: recall for item in found[:seen]})

    (reading,) = read_objectives(exam, items, recalls)

    assert reading.name == ""
    assert [weak.objective.id for weak in reading.weakest] == ["o3", "o4", "o5"]
    weakest = reading.weakest[0]
    assert weakest.seen == 6
    assert weakest.seen_recall == pytest.approx(0.3)
    assert weakest.recall == pytest.approx(0.3 * 6 / 7)


def make_answer(
    interval_days: int, expected: float, rating: Rating, *, is_test: bool = True
) -> Answer:
    return Answer(
        key="trees:ring/recall",
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


def test_answers_of_the_store_are_checked(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    # The first three intervals are of minutes and days.
    for days in (0, 0.01, 3, 20):
        record(journal, "trees:ring/recall", Act.ANSWER, later(MORNING, days=days), Rating.GOOD)

    found = check_forecasts(list_answers(journal, lambda _: True))

    assert found is not None
    assert (found.tests, found.actual) == (1, 1.0)
    assert 0.5 < found.expected < 1
