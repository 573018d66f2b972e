"""Mock exams as they are stored, without a store or cards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cardwright.exam.mock import Mock, Question
from cardwright.model import Option

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
