"""Cards and prompts against the domains, lessons and objectives of an exam."""

from __future__ import annotations

from cardwright.exam.coverage import Coverage, find_lesson, measure_coverage
from cardwright.history import Memory, State
from cardwright.item import Item
from exam_project import EXAM, make_item


def measure(items: list[Item], memories: dict[str, Memory]) -> Coverage:
    return measure_coverage(
        EXAM, items, memories, lambda memory: memory.stability, lambda item: item.kind == "choice"
    )


def test_a_blueprint_says_all_of_the_way_to_an_exam() -> None:
    (lane,) = EXAM.lanes.values()
    measured, felt = EXAM.signals.values()

    assert lane.lessons == ("b2", "a1")
    assert [week.lessons for week in EXAM.plans["fortnight"].weeks] == [("a1", "a2"), ("b1", "b2")]
    assert [(day.days_left, day.lessons) for day in EXAM.last_days] == [(1, ())]
    assert (EXAM.starts["walker"].least_hours, EXAM.starts["walker"].most_hours) == (2, 5)
    assert measured.measure
    assert measured.measure.takes("a2", "pick", ())
    assert not measured.measure.takes("a1", "pick", ())
    assert not measured.measure.takes("a2", "term", ())
    assert measured.measure.recall_percent == 90
    assert felt.measure is None
    assert list(EXAM.failure_modes) == ["mixed-up", "haste"]


def test_prompts_are_seen_once_answered_and_known_in_review_at_ninety_percent() -> None:
    items = [make_item(name, "a1") for name in ("new", "known", "faint", "learning")]
    blank = Memory(key="", last_day=1, state=State.REVIEW, stability=0.9)
    memories = {
        "trees:known/recall": blank,
        "trees:faint/recall": blank._replace(stability=0.89),
        "trees:learning/recall": blank._replace(state=State.LEARNING, stability=0.99),
    }

    tally = measure(items, memories).domains[0].lessons[0].tally

    assert (tally.cards, tally.prompts, tally.seen, tally.known) == (4, 4, 3, 1)


def test_what_is_missing_is_named() -> None:
    items = [
        make_item("ring", "a1", objectives=("o1",)),
        make_item("question", "a2", kind="choice"),
        make_item("stray", None),
    ]

    found = measure(items, {})

    assert [lesson.id for lesson in found.bare_lessons] == ["b1", "b2"]
    assert [objective.id for objective in found.bare_objectives] == ["o2"]
    assert [domain.id for domain in found.silent_domains] == ["leaf"]
    assert found.outside == ("trees:stray",)
    assert found.as_json()["missing"] == {
        "lessons": ["b1", "b2"],
        "objectives": ["o2"],
        "questions": ["leaf"],
    }


def test_a_card_of_another_pack_belongs_to_a_lesson_by_its_tag() -> None:
    own = make_item("miss", "a1", pack="personal", tags=("miss::haste", "trees::b2"))
    other = make_item("miss", "a1", pack="personal", tags=("birds::b2", "trees::zz"))

    found = find_lesson(own, EXAM)
    assert found
    assert found.id == "b2"
    assert find_lesson(other, EXAM) is None
    assert measure([own], {}).tally.cards == 1
