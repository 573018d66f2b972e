"""The nouns of an exam: domains with weights, lessons, objectives, and how to prepare for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

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
class Start:
    """Where a candidate may stand at the beginning, and the hours that asks for."""

    id: str
    about: str
    least_hours: float
    most_hours: float
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week of a plan: what it is about, and the lessons that come in it."""

    focus: str
    lessons: tuple[str, ...]
    """Empty: mixed practice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDay:
    """One of the days before the exam, and what it is for."""

    days_left: int
    """1 on the day before the exam."""
    focus: str
    lessons: tuple[str, ...]
    """Empty: mixed practice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """The order in which to study, week by week."""

    id: str
    about: str
    weeks: tuple[Week, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The order of lessons for those who are weak in one thing."""

    id: str
    about: str
    lessons: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """The cards whose expected recall shows a signal; empty conditions take every card."""

    lessons: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    recall_percent: float = 90.0
    """Mean expected recall from which the signal is given; a card that is unseen counts as 0."""

    def takes(self, lesson: str | None, kind: str, tags: Collection[str]) -> bool:
        """Tell whether a card of this lesson, kind and these tags is measured."""
        return (
            (not self.lessons or lesson in self.lessons)
            and (not self.kinds or kind in self.kinds)
            and (not self.tags or any(tag in self.tags for tag in tags))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Something that speaks for booking the exam."""

    id: str
    about: str
    measure: Measure | None
    """None: no card shows it, and candidates judge for themselves."""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureMode:
    """A way in which questions are missed."""

    id: str
    about: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """An exam: domains with weights, lessons, objectives, question count, minutes, and its plans."""

    pack: str
    name: str
    questions: int
    minutes: int
    domains: Mapping[str, Domain]
    lessons: Mapping[str, Lesson]
    objectives: Mapping[str, Objective]
    span: Span
    starts: Mapping[str, Start] = field(default_factory=dict)
    plans: Mapping[str, StudyPlan] = field(default_factory=dict)
    """The first one is the usual one."""
    last_days: tuple[LastDay, ...] = ()
    """The day farthest from the exam first."""
    lanes: Mapping[str, Lane] = field(default_factory=dict)
    signals: Mapping[str, Signal] = field(default_factory=dict)
    failure_modes: Mapping[str, FailureMode] = field(default_factory=dict)

    def domain_of(self, lesson: str | None) -> Domain | None:
        """Return the domain a lesson belongs to, if both are known."""
        found = self.lessons.get(lesson) if lesson is not None else None
        return self.domains.get(found.domain) if found else None
