"""The score and transcript of a mock exam, without a store or cards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cardwright.exam.mock import Mock, Question
from cardwright.exam.result import (
    format_circumstances,
    format_clock,
    format_mock_markdown,
    make_transcript,
    score_mock,
)
from cardwright.model import Option
from exam_project import EXAM

OPTIONS = (
    Option(text="Right", right=True, reason="So it is."),
    Option(text="Wrong\n\n    code", right=False, reason=""),
)


def make_question(lesson: str, *picked: int, **more: Any) -> Question:
    domain = "wood" if lesson.startswith("a") else "leaf"
    question = Question(
        card_ref=f"trees:{lesson}-1",
        side_name="choose",
        key=f"trees:{lesson}-1/choose",
        domain=domain,
        lesson=lesson,
        right=(0,),
        digest=0,
        picked=picked,
        spent_ms=30_000,
        options=OPTIONS,
    )
    return replace(question, **more)


def make_mock(*questions: Question, **more: Any) -> Mock:
    mock = Mock(
        id="trees-1",
        pack="trees",
        exam="Forester",
        is_drill=False,
        seed=7,
        started_at_ms=1_793_606_400_000,
        limit_ms=600_000,
        is_recorded=False,
        questions=questions,
        spent_ms=125_000,
        ended_at_ms=1_793_606_700_000,
    )
    return replace(mock, **more)


def test_only_exactly_the_right_options_are_right() -> None:
    both = {"right": (0, 2)}
    questions = [make_question("a1", *picked, **both) for picked in [(0, 2), (0,), (0, 1, 2), ()]]
    score = score_mock(make_mock(*questions), EXAM)
    assert (score.all.right, score.answered, score.all.total) == (1, 3, 4)
    assert score.all.share == 0.25


def test_domains_count_by_weight_whatever_the_number_of_their_questions() -> None:
    # Wood weighs 60: 1 of 2; Leaves 40: 1 of 1.
    mock = make_mock(make_question("a1", 0), make_question("a2", 1), make_question("b1", 0))
    score = score_mock(mock, EXAM)
    assert score.weighted == pytest.approx(0.6 * 0.5 + 0.4)
    assert [(part.name, part.right, part.total) for part in score.domains] == [
        ("Wood", 1, 2),
        ("Leaves", 1, 1),
    ]
    assert [part.id for part in score.lessons] == ["a1", "a2", "b1"]
    assert [part.spent_ms for part in score.domains] == [60_000, 30_000]


def test_a_domain_without_a_question_has_no_weight() -> None:
    assert score_mock(make_mock(make_question("b1", 0)), EXAM).weighted == 1


def test_what_the_blueprint_no_longer_knows_counts_without_weight() -> None:
    gone = make_question("z9", 1, domain="gone")
    score = score_mock(make_mock(make_question("b1", 0), gone), EXAM)
    assert (score.weighted, score.all.share) == (1, 0.5)
    assert [part.name for part in score.domains] == ["Leaves", "gone"]
    assert [part.name for part in score.lessons] == ["b1 Needles", "z9"]


def test_void_questions_do_not_count() -> None:
    mock = make_mock(make_question("a1", 0), make_question("a2", 1, is_void=True))
    score = score_mock(mock, EXAM)
    assert (score.all.right, score.answered, score.all.total) == (1, 1, 1)
    empty = score_mock(make_mock(make_question("a1", is_void=True)), EXAM)
    assert (empty.all.share, empty.weighted, empty.domains) == (0, 0, ())


def test_the_circumstances_of_a_score() -> None:
    void = make_question("a2", is_void=True)
    mock = make_mock(make_question("a1"), void)
    assert format_circumstances(mock, score_mock(mock, EXAM)) == (
        "1 unanswered; 2:05 used of 10:00; 1 left out because the cards were edited in the "
        "meantime."
    )
    drill = make_mock(make_question("a1", 0), is_drill=True, limit_ms=None)
    assert format_circumstances(drill, score_mock(drill, EXAM)) == "0 unanswered; 2:05 used."
    troubled = replace(mock, questions=(), is_timed_out=True, breaks=2, is_recorded=True)
    assert format_circumstances(troubled, score_mock(troubled, EXAM)) == (
        "0 unanswered; 2:05 used of 10:00; time was up; interrupted 2 times; "
        "answers recorded as reviews."
    )
    once = replace(mock, questions=(), breaks=1)
    assert "interrupted 1 time." in format_circumstances(once, score_mock(once, EXAM))


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0, "0:00"), (59_999, "0:59"), (3_599_999, "59:59"), (3_600_000, "1:00:00")],
)
def test_lengths_of_time(milliseconds: int, shown: str) -> None:
    assert format_clock(milliseconds) == shown


def test_the_transcript_tells_each_question_with_its_options() -> None:
    mock = make_mock(make_question("a1", 1, is_marked=True, text="Which?"), breaks=1)
    found = make_transcript(mock, EXAM)
    (question,) = found.pop("questions")
    assert question == {
        "card": "trees:a1-1",
        "domain": "wood",
        "lesson": "a1",
        "counts": True,
        "right": False,
        "answered": True,
        "marked": True,
        "spent_ms": 30_000,
        "question": "Which?",
        "options": [
            {"text": "Right", "right": True, "picked": False, "reason": "So it is."},
            {"text": "Wrong\n\n    code", "right": False, "picked": True, "reason": ""},
        ],
    }
    assert found.pop("score")["domains"] == [
        {"id": "wood", "name": "Wood", "right": 0, "total": 1, "spent_ms": 30_000, "share": 0.0}
    ]
    assert found == {
        "id": "trees-1",
        "pack": "trees",
        "exam": "Forester",
        "kind": "mock",
        "seed": 7,
        "started_at": "2026-11-02T08:00:00+00:00",
        "ended_at": "2026-11-02T08:05:00+00:00",
        "timed_out": False,
        "interrupted": 1,
        "recorded": False,
        "spent_ms": 125_000,
        "limit_ms": 600_000,
    }
    assert make_transcript(replace(mock, ended_at_ms=None), EXAM)["ended_at"] is None


def test_markdown_keeps_the_blocks_of_an_option_within_its_list() -> None:
    text = format_mock_markdown(make_mock(make_question("a1", 1, is_void=True)), EXAM)
    assert "## 1. left out, 0:30\n" in text
    assert "- ✗ Wrong\n  \n      code **(picked)**\n" in text
