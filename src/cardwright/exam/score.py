"""What a mock exam came to. It says how many were right, never how likely it is to pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from cardwright.blueprint import Blueprint
from cardwright.exam.mock import Mock, Question


class Part(NamedTuple):
    """The questions of a domain or lesson."""

    id: str
    name: str
    right: int
    total: int
    spent_ms: int

    @property
    def share(self) -> float:
        """How many of the questions were right, from 0 to 1."""
        return self.right / self.total if self.total else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {**self._asdict(), "share": self.share}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The result of a mock exam or drill."""

    all: Part
    answered: int
    weighted: float
    """Shares of the domains by their weights, from 0 to 1; domains without a question left out."""
    domains: tuple[Part, ...]
    lessons: tuple[Part, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "right": self.all.right,
            "answered": self.answered,
            "total": self.all.total,
            "share": self.all.share,
            "weighted": self.weighted,
            "domains": [part.as_json() for part in self.domains],
            "lessons": [part.as_json() for part in self.lessons],
        }


def score_mock(mock: Mock, blueprint: Blueprint) -> Score:
    """Count what was right; void questions are left out."""
    counted = mock.counted
    domains = _split(
        counted,
        lambda question: question.domain,
        {domain.id: domain.name for domain in blueprint.domains.values()},
    )
    lessons = _split(
        counted,
        lambda question: question.lesson,
        {lesson.id: str(lesson) for lesson in blueprint.lessons.values()},
    )
    known = blueprint.domains
    weights = [known[part.id].weight if part.id in known else 0.0 for part in domains]
    weighted = sum(weight * part.share for weight, part in zip(weights, domains, strict=True)) / (
        sum(weights) or 1
    )
    return Score(
        all=_count("", "", counted),
        answered=sum(question.is_answered for question in counted),
        weighted=weighted,
        domains=domains,
        lessons=lessons,
    )


def _split(
    questions: Iterable[Question], key: Callable[[Question], str], names: dict[str, str]
) -> tuple[Part, ...]:
    """Count by domain or lesson, in the order of the blueprint."""
    found: dict[str, list[Question]] = {name: [] for name in names}
    for question in questions:
        found.setdefault(key(question), []).append(question)
    return tuple(_count(name, names.get(name, name), some) for name, some in found.items() if some)


def _count(id: str, name: str, questions: list[Question]) -> Part:
    return Part(
        id=id,
        name=name,
        right=sum(question.is_right for question in questions),
        total=len(questions),
        spent_ms=sum(question.spent_ms for question in questions),
    )
