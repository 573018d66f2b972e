"""The nouns of an exam: domains with weights, lessons, objectives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cardwright.diagnostic import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A unit of study within a domain."""

    id: str
    title: str
    domain: str
    span: Span

    def __str__(self) -> str:
        return f"{self.id} {self.title}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A part of an exam with its share of the questions."""

    id: str
    name: str
    weight: float
    """In percent."""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """Something the exam asks a candidate to be able to do."""

    id: str
    about: str
    lesson: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """An exam: domains with weights, lessons, objectives, question count, minutes."""

    pack: str
    name: str
    questions: int
    minutes: int
    domains: Mapping[str, Domain]
    lessons: Mapping[str, Lesson]
    objectives: Mapping[str, Objective]
    span: Span

    def domain_of(self, lesson: str | None) -> Domain | None:
        """Return the domain a lesson belongs to, if both are known."""
        found = self.lessons.get(lesson) if lesson is not None else None
        return self.domains.get(found.domain) if found else None
