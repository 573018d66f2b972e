"""Coverage: which domains, lessons and objectives of an exam have cards, and which of them are known."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from cardwright.blueprint import Blueprint, Domain, Lesson, Objective, Pool
from cardwright.exam.candidates import select_items
from cardwright.exam.mock import shows_options
from cardwright.item import Item
from cardwright.memory import Memory, State
from cardwright.model import Kind

_MIN_KNOWN_RECALL: Final = 0.9


class Tally(NamedTuple):
    """Counts for a part of an exam."""

    cards: int
    prompts: int
    seen: int
    """Prompts answered at least once."""
    known: int
    """Prompts in review whose expected recall is 90 percent or more."""
    questions: int
    """Cards that a mock exam can ask."""
    reserved: int
    """Questions that are reserved for mock exams."""

    def as_json(self) -> dict[str, int]:
        """Return the counts as a JSON object."""
        return dict(self._asdict())


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveCoverage:
    """The cards for an objective, counted."""

    objective: Objective
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveSetCoverage:
    """The cards for a set of objectives, counted, and those for each of them."""

    name: str
    """"" if the only set has no name."""
    tally: Tally
    objectives: tuple[ObjectiveCoverage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonCoverage:
    """The cards for a lesson, counted."""

    lesson: Lesson
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainCoverage:
    """The cards for a domain, counted, and those for each of its lessons."""

    domain: Domain
    tally: Tally
    lessons: tuple[LessonCoverage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The cards for an exam, counted by domain and lesson, and by objective."""

    blueprint: Blueprint
    tally: Tally
    """The counts over all prompts with a lesson."""
    domains: tuple[DomainCoverage, ...]
    objective_sets: tuple[ObjectiveSetCoverage, ...]
    pool: Pool
    """The questions for mock exams."""
    outside: tuple[str, ...]
    """Keys of the pack's cards that belong to no lesson."""

    @property
    def lessons_without_cards(self) -> list[Lesson]:
        """The lessons without cards."""
        lessons = (part for domain in self.domains for part in domain.lessons)
        return [part.lesson for part in lessons if not part.tally.cards]

    @property
    def objectives_without_cards(self) -> list[Objective]:
        """The objectives without cards."""
        found = (part for one in self.objective_sets for part in one.objectives)
        return [part.objective for part in found if not part.tally.cards]

    @property
    def domains_without_questions(self) -> list[Domain]:
        """The domains with a weight but without questions for a mock exam."""
        found = (part for part in self.domains if part.domain.weight)
        return [part.domain for part in found if not part.tally.questions]

    @property
    def mocks(self) -> int:
        """How many mock exams can be drawn without repeating a question."""
        return self.blueprint.count_mocks(self.pool)

    def as_json(self) -> dict[str, Any]:
        """Return the coverage as a JSON object."""
        return {
            "pack": self.blueprint.pack,
            "exam": self.blueprint.name,
            **self.tally.as_json(),
            "mocks": self.mocks,
            "domains": [_domain_as_json(domain) for domain in self.domains],
            "objective_sets": [_set_as_json(one) for one in self.objective_sets],
            "missing": {
                "lessons": [lesson.id for lesson in self.lessons_without_cards],
                "objectives": [objective.id for objective in self.objectives_without_cards],
                "questions": [domain.id for domain in self.domains_without_questions],
            },
            "outside": list(self.outside),
        }


def measure_coverage(
    blueprint: Blueprint,
    items: Iterable[Item],
    memories: Mapping[str, Memory],
    recalls: Mapping[str, float],
    kinds: Mapping[str, Kind],
) -> Coverage:
    """Count the prompts of a project that belong to an exam.

    `memories` and `recalls` (the expected recall today of every seen prompt) are by prompt key.
    """
    by_lesson: dict[str, list[Item]] = {lesson: [] for lesson in blueprint.lessons}
    by_objective: dict[str, list[Item]] = {name: [] for name in blueprint.objectives}
    outside: dict[str, None] = {}
    for item in select_items(items, blueprint.pack, blueprint):
        if item.lesson in by_lesson:
            by_lesson[item.lesson].append(item)
        else:
            outside[item.card_ref] = None
        for name in item.objectives:
            by_objective.get(name, []).append(item)

    def list_questions(found: list[Item]) -> dict[str, Item]:
        return {
            item.card_ref: item
            for item in found
            if item.pack == blueprint.pack and shows_options(item, kinds[item.kind])
        }

    def count(found: list[Item]) -> Tally:
        seen = [item.key for item in found if item.key in recalls]
        questions = list_questions(found).values()
        return Tally(
            cards=len({item.card_ref for item in found}),
            prompts=len(found),
            seen=len(seen),
            known=sum(
                memories[key].state is State.REVIEW and recalls[key] >= _MIN_KNOWN_RECALL
                for key in seen
            ),
            questions=len(questions),
            reserved=sum(item.reserved is not None for item in questions),
        )

    lessons_of: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in blueprint.lessons.values():
        lessons_of[lesson.domain].append(lesson)

    def cover_set(name: str, objectives: list[Objective]) -> ObjectiveSetCoverage:
        # A card may name several objectives.
        found = {item.key: item for one in objectives for item in by_objective[one.id]}
        return ObjectiveSetCoverage(
            name=name,
            tally=count(list(found.values())),
            objectives=tuple(
                ObjectiveCoverage(objective=one, tally=count(by_objective[one.id]))
                for one in objectives
            ),
        )

    domains = []
    pool: Counter[tuple[str, str]] = Counter()
    for domain in blueprint.domains.values():
        lessons = lessons_of[domain.id]
        found = [item for lesson in lessons for item in by_lesson[lesson.id]]
        pool.update((domain.id, item.siblings) for item in list_questions(found).values())
        domains.append(
            DomainCoverage(
                domain=domain,
                tally=count(found),
                lessons=tuple(
                    LessonCoverage(lesson=lesson, tally=count(by_lesson[lesson.id]))
                    for lesson in lessons
                ),
            )
        )
    return Coverage(
        blueprint=blueprint,
        tally=count([item for found in by_lesson.values() for item in found]),
        domains=tuple(domains),
        objective_sets=tuple(
            cover_set(name, objectives) for name, objectives in blueprint.objective_sets.items()
        ),
        pool=pool,
        outside=tuple(outside),
    )


def _domain_as_json(part: DomainCoverage) -> dict[str, Any]:
    domain = part.domain
    return {
        "id": domain.id,
        "name": domain.name,
        "weight_percent": domain.weight,
        **part.tally.as_json(),
        "lessons": [
            {"id": one.lesson.id, "title": one.lesson.title, **one.tally.as_json()}
            for one in part.lessons
        ],
    }


def _set_as_json(part: ObjectiveSetCoverage) -> dict[str, Any]:
    return {
        "name": part.name,
        **part.tally.as_json(),
        "objectives": [
            {**describe_objective(one.objective), **one.tally.as_json()} for one in part.objectives
        ],
    }


def describe_objective(objective: Objective) -> dict[str, Any]:
    """Return an objective as a JSON object, without its set."""
    return {
        "id": objective.id,
        "about": objective.about,
        "section": objective.section,
        "domain": objective.domain,
        "lesson": objective.lesson,
    }
