"""Blueprints: the domains, lessons and objectives of an exam, and how to prepare for it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from typing import Final

from cardwright.diagnostic import Span
from cardwright.frozen import frozen

MIN_MOCKS: Final = 3
"""How many mock exams the questions of a pack should be enough for."""


Pool = Mapping[tuple[str, str], int]
"""The number of questions by domain and set of twins; a question without twins is a set of its own."""


@frozen
class Lesson:
    """A unit of study within a domain."""

    id: str
    title: str
    domain: str
    span: Span

    def __str__(self) -> str:
        return f"{self.id} {self.title}"


@frozen
class Domain:
    """A part of an exam with its share of the questions."""

    id: str
    name: str
    weight: float
    """In percent."""
    span: Span


@frozen
class Objective:
    """Something a candidate must be able to do in the exam."""

    id: str
    """Unique among all sets of objectives."""
    about: str
    lesson: str | None
    """None if it names only its domain."""
    domain: str
    """The id of its own or its lesson's domain, or ""."""
    section: str
    """The heading under which its set lists it, or ""."""
    set_name: str
    """The name of its set, such as the official guide; "" if the only set has no name."""
    span: Span


@frozen
class StartingPoint:
    """A level to start from, and the hours of study it needs."""

    id: str
    about: str
    min_hours: float
    max_hours: float
    span: Span


@frozen
class Week:
    """A week of a study plan, with its focus and lessons."""

    focus: str
    lessons: tuple[str, ...]
    """Empty: mixed practice."""


@frozen
class LastDay:
    """One of the days before the exam, with its focus and lessons."""

    days_left: int
    """1 on the day before the exam."""
    focus: str
    lessons: tuple[str, ...]
    """Empty: mixed practice."""


@frozen
class StudyPlan:
    """The order in which to study, week by week."""

    id: str
    about: str
    weeks: tuple[Week, ...]
    span: Span


@frozen
class Lane:
    """Lessons in order, for candidates who are weak in one area."""

    id: str
    about: str
    lessons: tuple[str, ...]
    span: Span


@frozen
class Measure:
    """The cards that measure a signal by their expected recall. Empty conditions match all cards."""

    lessons: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    recall_percent: float = 90.0
    """The mean expected recall that is needed; unseen cards count as 0."""

    def matches(
        self,
        lesson: str | None,
        objectives: Collection[str],
        kind: str,
        tags: Collection[str],
    ) -> bool:
        """Tell whether a card with this lesson, objectives, kind and tags is measured."""
        return (
            (not self.lessons or lesson in self.lessons)
            and (not self.objectives or any(name in self.objectives for name in objectives))
            and (not self.kinds or kind in self.kinds)
            and (not self.tags or any(tag in self.tags for tag in tags))
        )


@frozen
class Signal:
    """A sign that it is time to book the exam."""

    id: str
    about: str
    measure: Measure | None
    """None if no cards measure it and candidates judge for themselves."""
    span: Span


@frozen
class FailureMode:
    """A way of getting questions wrong."""

    id: str
    about: str
    span: Span


@frozen
class Blueprint:
    """An exam: domains with weights, lessons, objectives, question count, minutes, study plans."""

    pack: str
    name: str
    questions: int
    minutes: int
    domains: Mapping[str, Domain]
    lessons: Mapping[str, Lesson]
    objectives: Mapping[str, Objective]
    """Those of all sets, which stand one after the other."""
    span: Span
    starts: Mapping[str, StartingPoint] = field(default_factory=dict)
    plans: Mapping[str, StudyPlan] = field(default_factory=dict)
    """The first one is the default."""
    last_days: tuple[LastDay, ...] = ()
    """In order of date."""
    lanes: Mapping[str, Lane] = field(default_factory=dict)
    signals: Mapping[str, Signal] = field(default_factory=dict)
    failure_modes: Mapping[str, FailureMode] = field(default_factory=dict)

    @property
    def domains_by_lesson(self) -> dict[str, Domain]:
        """The domain of each lesson, by the lesson's id."""
        return {
            lesson.id: self.domains[lesson.domain]
            for lesson in self.lessons.values()
            if lesson.domain in self.domains
        }

    @property
    def objective_sets(self) -> dict[str, list[Objective]]:
        """The objectives of each set, by the set's name."""
        sets: dict[str, list[Objective]] = {}
        for objective in self.objectives.values():
            sets.setdefault(objective.set_name, []).append(objective)
        return sets

    def domain_of(self, lesson: str | None) -> Domain | None:
        """Return the domain of a lesson id, or None if the lesson is unknown."""
        found = self.lessons.get(lesson) if lesson is not None else None
        return self.domains.get(found.domain) if found else None

    def share_out(self) -> dict[str, int]:
        """Return how many questions a mock exam has of each domain, by the domain's id."""
        weights = {id: domain.weight for id, domain in self.domains.items()}
        return apportion(self.questions, weights, dict.fromkeys(weights, self.questions))

    def count_mocks(self, pool: Pool) -> int:
        """Return how many mock exams can be drawn without repeating a question."""
        sizes = group_sizes(pool)
        return min(
            (
                count_exams(sizes.get(domain, ()), share)
                for domain, share in self.share_out().items()
                if share
            ),
            default=0,
        )


def group_sizes(pool: Pool) -> dict[str, list[int]]:
    """Return the sizes of the sets of twins of each domain that has any."""
    sizes: dict[str, list[int]] = {}
    for (domain, _), size in pool.items():
        sizes.setdefault(domain, []).append(size)
    return sizes


def count_exams(sizes: Collection[int], share: int) -> int:
    """Return how many exams can ask `share` questions each, none twice, and at most one of a set.

    `sizes` are those of the sets of twins.
    """
    return bisect_left(
        range(1, sum(sizes) // share + 1),
        True,  # noqa: FBT003  (the first number that is too high)
        key=lambda exams: count_askable(sizes, exams) < share * exams,
    )


def count_askable(sizes: Iterable[int], exams: int) -> int:
    """Return how many questions so many exams can ask, at most one of a set in each."""
    return sum(min(size, exams) for size in sizes)


def apportion(
    count: int, weights: Mapping[str, float], available: Mapping[str, int]
) -> dict[str, int]:
    """Divide a count among groups by weight, giving no group more than it has available.

    Uses the largest remainder method; what a group cannot fill goes to the others.
    """
    shares = dict.fromkeys(available, 0)
    while left := count - sum(shares.values()):
        free = {
            name: weights[name]
            for name in available
            if weights[name] and shares[name] < available[name]
        }
        if not free:
            break
        quotas = {name: left * weight / sum(free.values()) for name, weight in free.items()}
        given = {name: int(quota) for name, quota in quotas.items()}
        by_remainder = sorted(free, key=lambda name: given[name] - quotas[name])
        for name in by_remainder[: left - sum(given.values())]:
            given[name] += 1
        for name, share in given.items():
            shares[name] += min(share, available[name] - shares[name])
    return shares
