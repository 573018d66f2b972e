"""What the cards cover of an exam, and how much of that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from cardwright.blueprint import Blueprint, Domain, Lesson, Objective
from cardwright.history import Memory, State
from cardwright.item import Item

KNOWN_FROM: Final = 0.9
"""Expected recall from which a prompt in review counts as known."""


class Tally(NamedTuple):
    """How many there are."""

    cards: int
    prompts: int
    seen: int
    """Prompts that were answered at least once."""
    known: int
    """Prompts in review with an expected recall of 90 percent or more."""
    questions: int
    """Cards that a mock exam can ask."""

    def as_json(self) -> dict[str, int]:
        """Return it as JSON holds it."""
        return dict(self._asdict())


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveCoverage:
    """What there is for an objective."""

    objective: Objective
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonCoverage:
    """What there is for a lesson, and for the objectives that it treats."""

    lesson: Lesson
    tally: Tally
    objectives: tuple[ObjectiveCoverage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainCoverage:
    """What there is for a domain."""

    domain: Domain
    tally: Tally
    lessons: tuple[LessonCoverage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """An exam against the cards for it."""

    blueprint: Blueprint
    tally: Tally
    """Of all that belongs to a lesson."""
    domains: tuple[DomainCoverage, ...]
    outside: tuple[str, ...]
    """Cards of the pack that belong to no lesson, by key."""

    @property
    def bare_lessons(self) -> list[Lesson]:
        """Lessons without a card."""
        lessons = (part for domain in self.domains for part in domain.lessons)
        return [part.lesson for part in lessons if not part.tally.cards]

    @property
    def bare_objectives(self) -> list[Objective]:
        """Objectives without a card."""
        parts = (part for domain in self.domains for part in domain.lessons)
        found = (part for lesson in parts for part in lesson.objectives)
        return [part.objective for part in found if not part.tally.cards]

    @property
    def silent_domains(self) -> list[Domain]:
        """Domains that a mock exam could not ask about."""
        found = (part for part in self.domains if part.domain.weight)
        return [part.domain for part in found if not part.tally.questions]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "pack": self.blueprint.pack,
            "exam": self.blueprint.name,
            **self.tally.as_json(),
            "domains": [_domain_as_json(domain) for domain in self.domains],
            "missing": {
                "lessons": [lesson.id for lesson in self.bare_lessons],
                "objectives": [objective.id for objective in self.bare_objectives],
                "questions": [domain.id for domain in self.silent_domains],
            },
            "outside": list(self.outside),
        }


def find_lesson(item: Item, blueprint: Blueprint) -> Lesson | None:
    """Return the lesson of an exam that a prompt belongs to.

    That of its card; a card of another pack says it by a tag, `mlpro::2.5`.
    """
    name = item.lesson
    if item.pack != blueprint.pack:
        prefix = f"{blueprint.pack}::"
        found = (tag.removeprefix(prefix) for tag in item.tags if tag.startswith(prefix))
        name = next((name for name in found if name in blueprint.lessons), None)
    return blueprint.lessons.get(name) if name is not None else None


def measure_coverage(
    blueprint: Blueprint,
    items: Iterable[Item],
    memories: Mapping[str, Memory],
    recall: Callable[[Memory], float],
    is_question: Callable[[Item], bool],
) -> Coverage:
    """Count what there is for an exam; `memories` by history, `recall` as expected today."""
    by_lesson: dict[str, list[Item]] = {lesson: [] for lesson in blueprint.lessons}
    by_objective: dict[str, list[Item]] = {name: [] for name in blueprint.objectives}
    outside: dict[str, None] = {}
    for item in items:
        if lesson := find_lesson(item, blueprint):
            by_lesson[lesson.id].append(item)
        elif item.pack == blueprint.pack:
            outside[item.card_ref] = None
        if item.pack == blueprint.pack:
            for name in item.objectives:
                by_objective.get(name, []).append(item)

    def count(found: list[Item]) -> Tally:
        known = [memories.get(item.key) for item in found]
        seen = [memory for memory in known if memory is not None and memory.last_day is not None]
        return Tally(
            cards=len({item.card_ref for item in found}),
            prompts=len(found),
            seen=len(seen),
            known=sum(
                memory.state is State.REVIEW and recall(memory) >= KNOWN_FROM for memory in seen
            ),
            questions=len({item.card_ref for item in found if is_question(item)}),
        )

    def cover_lesson(lesson: Lesson) -> LessonCoverage:
        treated = (item for item in blueprint.objectives.values() if item.lesson == lesson.id)
        return LessonCoverage(
            lesson=lesson,
            tally=count(by_lesson[lesson.id]),
            objectives=tuple(
                ObjectiveCoverage(objective=objective, tally=count(by_objective[objective.id]))
                for objective in treated
            ),
        )

    domains = []
    for domain in blueprint.domains.values():
        lessons = [one for one in blueprint.lessons.values() if one.domain == domain.id]
        found = [item for lesson in lessons for item in by_lesson[lesson.id]]
        domains.append(
            DomainCoverage(
                domain=domain, tally=count(found), lessons=tuple(map(cover_lesson, lessons))
            )
        )
    return Coverage(
        blueprint=blueprint,
        tally=count([item for found in by_lesson.values() for item in found]),
        domains=tuple(domains),
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
            {
                "id": lesson.lesson.id,
                "title": lesson.lesson.title,
                **lesson.tally.as_json(),
                "objectives": [
                    {"id": one.objective.id, "about": one.objective.about, **one.tally.as_json()}
                    for one in lesson.objectives
                ],
            }
            for lesson in part.lessons
        ],
    }
