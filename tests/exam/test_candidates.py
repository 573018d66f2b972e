"""The worth of a prompt, with numbers that can be checked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from candidates import TODAY, make_candidates
from cardwright.blueprint import Blueprint, Domain, Lesson
from cardwright.diagnostic import Span
from cardwright.exam.candidates import (
    NO_DOMAIN,
    Worth,
    expect_recall,
    explain,
    list_candidates,
)
from cardwright.exam.policy import Ranked
from cardwright.history import Act, Rating
from cardwright.memory import Memory
from studying import MORNING, make_items, open_journal, read_memories, record

SPAN = Span(path="blueprint.yaml", line=1, column=1)


def make_blueprint(weights: dict[str, float]) -> Blueprint:
    """Domains by name, each with one lesson of that name."""
    return Blueprint(
        pack="trees",
        name="Trees",
        questions=10,
        minutes=20,
        domains={
            name: Domain(id=name, name=name, weight=weight, span=SPAN)
            for name, weight in weights.items()
        },
        lessons={name: Lesson(id=name, title=name, domain=name, span=SPAN) for name in weights},
        objectives={},
        span=SPAN,
    )


def test_a_domain_spreads_its_weight_over_its_prompts() -> None:
    lessons = ["Leaves", "Leaves", "Leaves", "Roots", None]
    items = [
        item._replace(lesson=lesson) for item, lesson in zip(make_items(5), lessons, strict=True)
    ]
    found = list_candidates(items, {}, make_blueprint({"Leaves": 60, "Roots": 20, "Bark": 20}))

    # 60, 20 and for what has no domain the average: 80 over 4 prompts.
    assert [candidate.weight for candidate in found] == pytest.approx([0.2, 0.2, 0.2, 0.2, 0.2])
    assert [candidate.domain for candidate in found] == [*["Leaves"] * 3, "Roots", NO_DOMAIN]


@pytest.mark.parametrize("blueprint", [None, make_blueprint({"Leaves": 0})])
def test_without_weights_all_prompts_weigh_the_same(blueprint: Blueprint | None) -> None:
    items = [item._replace(lesson="Leaves") for item in make_items(4)]
    found = list_candidates(items, {}, blueprint)
    assert [candidate.weight for candidate in found] == [0.25] * 4


def test_suspended_prompts_are_no_candidates_and_memories_are_taken_over() -> None:
    items = make_items(3)
    memories = {
        items[0].key: Memory(key=items[0].key, is_suspended=True),
        items[1].key: Memory(
            key=items[1].key,
            stability=4.0,
            difficulty=5.0,
            first_day=TODAY - 9,
            last_day=TODAY - 3,
        ),
    }
    known, new = list_candidates(items, memories, None)
    assert (known.stability, known.last_day, known.weight) == (4.0, TODAY - 3, 0.5)
    assert new.stability == 0


def test_a_worth_says_what_it_is_made_of() -> None:
    known, new = make_candidates([("Trees", 6.0, 5.0, 10), ("Roots", 0.0, 0.0, 0)])
    known = known._replace(weight=0.002)
    worth = Worth(known, Ranked(known.item.key, 0.7, 0.5, 0.8, 12.0))
    assert worth.points_per_minute == pytest.approx(0.3)
    assert explain(worth) == (
        "recall on exam day 50% → 80% if asked now, domain Trees, 0.20% of the exam, 12 s: "
        "+0.30 points a minute"
    )
    first = Worth(new, Ranked(new.item.key, 0.0, 0.0, 0.6, 48.0))
    assert "exam day unknown → 60%" in explain(first)


def test_recall_is_expected_of_what_was_answered_alone(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "reviews.db")
    record(journal, "trees:seen/recall", Act.ANSWER, MORNING, Rating.EASY)
    record(journal, "trees:buried/recall", Act.BURY, MORNING)

    memories = read_memories(journal)
    day = MORNING.study_day(journal.rollover_hour)
    today, later_on = (expect_recall(memories, journal, day + days) for days in (0, 30))

    assert len(memories) == 2
    assert today == {"trees:seen/recall": 1.0}
    assert 0 < later_on["trees:seen/recall"] < 1
