"""The score and transcript of a mock exam, without a store or cards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cardwright.exam.mock import Question
from cardwright.exam.result import (
    format_circumstances,
    format_clock,
    format_estimate,
    format_mock_markdown,
    format_seen,
    format_unseen,
    format_weak,
    list_weak_objectives,
    make_transcript,
    score_mock,
)
from exam_project import EXAM
from exam_samples import make_mock, make_question


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
    more = {"objectives": ("o1",), "was_seen": True}
    mock = make_mock(make_question("a1", 1, is_marked=True, text="Which?", **more), breaks=1)
    found = make_transcript(mock, EXAM)
    (question,) = found.pop("questions")
    assert question == {
        "card": "trees:a1-1",
        "domain": "wood",
        "lesson": "a1",
        "objectives": ["o1"],
        "seen_before": True,
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
    score = found.pop("score")
    assert score["domains"] == [
        {
            "id": "wood",
            "name": "Wood",
            "right": 0,
            "total": 1,
            "spent_ms": 30_000,
            "unseen_right": 0,
            "unseen": 0,
            "share": 0.0,
            "unseen_share": None,
        }
    ]
    assert (score["seen"], score["unseen"], score["unseen_share"]) == (1, 0, None)
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
        "estimate": None,
        "weak_objectives": [],
    }
    assert make_transcript(replace(mock, ended_at_ms=None), EXAM)["ended_at"] is None


def test_markdown_keeps_the_blocks_of_an_option_within_its_list() -> None:
    text = format_mock_markdown(make_mock(make_question("a1", 1, is_void=True)), EXAM)
    assert "## 1. left out, 0:30\n" in text
    assert "- ✗ Wrong\n  \n      code **(picked)**\n" in text


def test_what_was_seen_before_is_told_beside_the_score() -> None:
    new, known = make_question("a1", 0, was_seen=False), make_question("b1", 1, was_seen=True)
    some = make_mock(new, replace(new, picked=(1,)), known, replace(known, is_void=True))
    score = score_mock(some, EXAM)
    assert format_seen(score) == "1 of 3 seen before"
    assert format_unseen(score) == "Unseen questions: 1 of 2 right, 50%."
    assert [(part.unseen_right, part.unseen) for part in score.domains] == [(1, 2), (0, 0)]
    none = make_mock(new)
    assert format_seen(score_mock(none, EXAM)) == "none of 1 seen before"
    assert format_unseen(score_mock(none, EXAM)) == ""
    old = score_mock(make_mock(new, make_question("a1")), EXAM)
    assert (old.seen, format_seen(old)) == (None, "")


def test_the_estimate_is_told_or_why_there_is_none() -> None:
    new, known = make_question("a1", 0, was_seen=False), make_question("b1", 0, was_seen=True)
    mock = make_mock(*[new] * 30, *[replace(new, picked=(1,))] * 10)
    told = format_estimate(mock, score_mock(mock, EXAM))
    assert told.startswith("Estimate for the next one like it, on unseen questions: 30 of 40 right")
    assert told.endswith("in nine of ten cases. This is not a chance of passing.")
    assert "| Wood | 30 | 40 | 75% | 0:30 | 30 (2" in format_mock_markdown(mock, EXAM)
    found = make_transcript(mock, EXAM)["estimate"]
    assert found["right"] == pytest.approx(30, abs=1)
    assert found["low"] < 30 < found["high"]
    assert [(part["id"], part["name"]) for part in found["domains"]] == [("wood", "Wood")]

    seen = make_mock(known)
    assert "does not tell what the next will be" in format_estimate(seen, score_mock(seen, EXAM))
    for mock in (
        make_mock(make_question("a1", 0)),
        make_mock(new, is_drill=True),
        make_mock(new, ended_at_ms=None),
        make_mock(replace(new, is_void=True)),
    ):
        assert format_estimate(mock, score_mock(mock, EXAM)) == ""


def test_an_objective_is_weak_if_several_of_its_questions_were_missed_more_than_others() -> None:
    def ask(name: str, right: int, wrong: int) -> list[Question]:
        one = make_question("a1", 0, objectives=(name,))
        return [one] * right + [replace(one, picked=(1,))] * wrong

    mock = make_mock(
        *ask("o1", 1, 2),
        *ask("once", 0, 1),
        *ask("even", 7, 3),
        *ask("bad", 0, 3),
        *ask("ok", 9, 0),
    )

    weak = list_weak_objectives(mock, EXAM)

    assert [(one.id, one.missed, one.total) for one in weak] == [("bad", 3, 3), ("o1", 2, 3)]
    assert format_weak(weak[1]) == "o1 Tell the age of a tree: 2 of 3 missed"
    assert format_weak(weak[0]) == "bad: 3 of 3 missed"
    assert "- bad: 3 of 3 missed\n" in format_mock_markdown(mock, EXAM)
    # Where everything went alike, nothing is weak.
    assert list_weak_objectives(make_mock(*ask("o1", 0, 3), *ask("o2", 0, 3)), EXAM) == []
    assert list_weak_objectives(make_mock(), EXAM) == []
