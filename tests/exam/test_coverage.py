"""Cards and prompts counted by the domains, lessons and objectives of an exam."""

from __future__ import annotations

import jsonschema
import yaml

from cardwright.blueprint import Blueprint
from cardwright.exam.candidates import (
    NO_DOMAIN,
    find_lesson,
    list_candidates,
    select_items,
)
from cardwright.exam.coverage import Coverage, Tally, measure_coverage
from cardwright.item import Item
from cardwright.memory import Memory, State
from cardwright.project.blueprint import BLUEPRINT
from cardwright.project.kind import read_built_in_kinds
from cardwright.project.table import make_schema
from exam_project import EXAM, TWO_SETS, make_item, read_blueprint

KINDS = read_built_in_kinds()


GUIDED = read_blueprint(objectives=TWO_SETS)


def measure(items: list[Item], memories: dict[str, Memory], exam: Blueprint = EXAM) -> Coverage:
    recalls = {key: memory.stability for key, memory in memories.items()}
    return measure_coverage(exam, items, memories, recalls, KINDS)


def test_a_blueprint_holds_everything_about_preparing_for_an_exam() -> None:
    (lane,) = EXAM.lanes.values()
    measured, felt = EXAM.signals.values()

    assert lane.lessons == ("b2", "a1")
    assert [week.lessons for week in EXAM.plans["fortnight"].weeks] == [("a1", "a2"), ("b1", "b2")]
    assert [(day.days_left, day.lessons) for day in EXAM.last_days] == [(1, ())]
    assert (EXAM.starts["walker"].min_hours, EXAM.starts["walker"].max_hours) == (2, 5)
    assert measured.measure
    assert measured.measure.matches("a2", (), "pick", ())
    assert not measured.measure.matches("a1", (), "pick", ())
    assert not measured.measure.matches("a2", (), "term", ())
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
        make_item("question", "a2", kind="choice", side_name="choose"),
        make_item("stray", None),
    ]

    found = measure(items, {})

    assert [lesson.id for lesson in found.lessons_without_cards] == ["b1", "b2"]
    assert [objective.id for objective in found.objectives_without_cards] == ["o2"]
    assert [domain.id for domain in found.domains_without_questions] == ["leaf"]
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
    wood, leaf = measure([own, other], {}).domains
    assert (wood.tally.cards, leaf.tally.cards) == (0, 1)
    assert leaf.lessons[1].lesson.id == "b2"
    assert leaf.lessons[1].tally.cards == 1


def test_an_exam_takes_its_pack_and_what_others_tag_with_a_lesson() -> None:
    own, stray = make_item("ring", "a1"), make_item("stray", None)
    tagged = make_item("miss", "zz", pack="personal", tags=("trees::b2",))
    items = [own, stray, tagged, make_item("miss", "a1", pack="birds")]

    found = select_items(items, "trees", EXAM)

    assert found == [own, stray, tagged._replace(lesson="b2")]
    assert select_items(items, "trees", None) == [own, stray]
    assert [candidate.domain for candidate in list_candidates(found, {}, EXAM)] == [
        "Wood",
        NO_DOMAIN,
        "Leaves",
    ]


def test_objectives_of_several_sets_name_a_lesson_or_only_a_domain() -> None:
    assert [
        (one.id, one.lesson, one.domain, one.section, one.set_name)
        for one in GUIDED.objectives.values()
    ] == [
        ("g1", None, "wood", "Telling trees apart", "Official guide"),
        ("g2", "b2", "leaf", "", "Official guide"),
        ("s1", "a1", "wood", "", "Syllabus"),
    ]
    assert list(EXAM.objective_sets) == [""]


def test_each_set_of_objectives_is_covered_by_the_cards_that_name_it() -> None:
    items = [
        make_item("ring", "a1", objectives=("g1", "s1")),
        make_item("ring", "a1", objectives=("g1", "s1"), key="trees:ring/reverse"),
        make_item("bark", None, objectives=("g1", "g2"), kind="choice", side_name="choose"),
        make_item("other", "b2", pack="personal", tags=("trees::b2",), objectives=("g2",)),
    ]
    memories = {"trees:ring/recall": Memory(key="", last_day=1, state=State.REVIEW, stability=0.9)}

    guide, syllabus = measure(items, memories, GUIDED).objective_sets

    assert (guide.name, syllabus.name) == ("Official guide", "Syllabus")
    assert [one.tally for one in guide.objectives] == [
        Tally(cards=2, prompts=3, seen=1, known=1, questions=1, reserved=0),
        Tally(cards=1, prompts=1, seen=0, known=0, questions=1, reserved=0),
    ]
    # A card that names two objectives of a set counts once.
    assert guide.tally == Tally(cards=2, prompts=3, seen=1, known=1, questions=1, reserved=0)
    assert syllabus.tally == Tally(cards=1, prompts=2, seen=1, known=1, questions=0, reserved=0)


def test_editors_know_several_sets_and_what_an_objective_needs() -> None:
    validator = jsonschema.Draft7Validator(make_schema({"objectives": BLUEPRINT["objectives"]}))
    sets = yaml.safe_load(f"objectives: {TWO_SETS}")
    assert validator.is_valid(sets)
    assert validator.is_valid({"objectives": sets["objectives"]["Syllabus"]})
    del sets["objectives"]["Syllabus"][0]["lesson"]
    assert not validator.is_valid(sets)
