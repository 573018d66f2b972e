"""The prompts of an exam, and the worth of asking each one now.

    worth = weight · (recall on exam day if asked now - recall on exam day if not) / seconds

A prompt that was never asked counts as unknown. The chance of guessing right is ignored: it would
scale every worth equally and not change the order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from cardwright.blueprint import Blueprint, Lesson
from cardwright.exam.outcome import Outcomes
from cardwright.item import Item
from cardwright.memory import Memory
from cardwright.study.journal import Journal

NO_DOMAIN: Final = ""
"""The domain of prompts that belong to no domain of the blueprint."""


class Candidate(NamedTuple):
    """A prompt that may be asked before the exam."""

    item: Item
    domain: str
    """The name of its domain, or NO_DOMAIN."""
    weight: float
    """Its share of the exam, from 0 to 1."""
    stability: float = 0.0
    """Days; 0 when new."""
    difficulty: float = 0.0
    first_day: int | None = None
    last_day: int = 0
    buried_day: int | None = None


class Worth(NamedTuple):
    """The worth of a prompt, with every number that goes into it."""

    candidate: Candidate
    recall: float
    """Today; 0 when new."""
    recall_unasked: float
    """On exam day, if it is not asked before then."""
    recall_asked: float
    """On exam day, if it is asked today and not again."""
    seconds: float
    """Expected time to answer it."""

    @property
    def points_per_minute(self) -> float:
        """The percentage of the exam gained per minute spent on it."""
        gain = self.recall_asked - self.recall_unasked
        return self.candidate.weight * gain * 100 / self.seconds * 60


def find_lesson(item: Item, blueprint: Blueprint) -> Lesson | None:
    """Return the lesson of an exam that a prompt belongs to, if any.

    In the exam's own pack this is the card's lesson; a card of another pack names the lesson with a
    tag such as `mlpro::2.5`.
    """
    if item.pack == blueprint.pack:
        return blueprint.lessons.get(item.lesson) if item.lesson is not None else None
    prefix = f"{blueprint.pack}::"
    names = (tag.removeprefix(prefix) for tag in item.tags if tag.startswith(prefix))
    return next((blueprint.lessons[name] for name in names if name in blueprint.lessons), None)


def select_items(items: Iterable[Item], pack: str, blueprint: Blueprint | None) -> list[Item]:
    """Return the prompts of an exam: those of its pack, and others tagged with one of its lessons.

    Prompts from other packs are returned with that lesson as their own, and without objectives: those
    that they name are of another exam.
    """
    selected = []
    for item in items:
        if item.pack == pack:
            selected.append(item)
        elif blueprint and item.tags and (lesson := find_lesson(item, blueprint)):
            selected.append(item._replace(lesson=lesson.id, objectives=()))
    return selected


def expect_recall(
    memories: Mapping[str, Memory], journal: Journal, study_day: int
) -> dict[str, float]:
    """Return the expected recall on a study day of every answered prompt, by key."""
    return {
        key: journal.schedule_of(key).retrievability(memory, study_day)
        for key, memory in memories.items()
        if memory.last_day is not None
    }


def list_candidates(
    items: Iterable[Item], memories: Mapping[str, Memory], blueprint: Blueprint | None
) -> list[Candidate]:
    """Return the prompts of an exam, except suspended ones, each with its share of the exam.

    `items` come from `select_items`; `memories` are by prompt key. A domain's weight is divided
    evenly among its prompts. Prompts without a weight in the blueprint get the average weight of
    the others.
    """
    asked = [(item, memories.get(item.key)) for item in items]
    asked = [(item, memory) for item, memory in asked if memory is None or not memory.is_suspended]
    of_lesson = blueprint.domains_by_lesson if blueprint else {}
    domains = [of_lesson.get(item.lesson or "") for item, _ in asked]
    counts = Counter(domain.id for domain in domains if domain and domain.weight > 0)
    weights = {domain.id: domain.weight for domain in domains if domain}
    average = sum(weights[id] for id in counts) / counts.total() if counts else 1.0
    raw = [
        domain.weight / counts[domain.id] if domain and domain.weight > 0 else average
        for domain in domains
    ]
    scale = 1 / sum(raw) if raw else 1.0
    return [
        _make_candidate(item, memory, domain.name if domain else NO_DOMAIN, weight * scale)
        for (item, memory), domain, weight in zip(asked, domains, raw, strict=True)
    ]


def _make_candidate(item: Item, memory: Memory | None, domain: str, weight: float) -> Candidate:
    if memory is None:
        return Candidate(item, domain, weight)
    if memory.last_day is None:
        return Candidate(item, domain, weight, buried_day=memory.buried_day)
    return Candidate(
        item,
        domain,
        weight,
        memory.stability,
        memory.difficulty,
        memory.first_day,
        memory.last_day,
        memory.buried_day,
    )


def measure_worth(candidate: Candidate, outcomes: Outcomes, today: int, exam_day: int) -> Worth:
    """Return the worth of asking a prompt on a study day before the exam."""
    days_left = exam_day - today
    if not candidate.stability:
        return Worth(candidate, 0.0, 0.0, outcomes.recall_new(days_left), outcomes.new_s)
    since = max(today - candidate.last_day, 0)
    recall, unasked, asked = outcomes.measure_gain(
        candidate.stability, candidate.difficulty, since, days_left
    )
    return Worth(candidate, recall, unasked, asked, outcomes.seconds(recall))


def explain(worth: Worth) -> str:
    """Format a worth as one line that shows every number in it."""
    candidate = worth.candidate
    before = f"{worth.recall_unasked:.0%}" if candidate.stability else "unknown"
    parts = [f"recall on exam day {before} → {worth.recall_asked:.0%} if asked now"]
    if candidate.domain:
        parts.append(f"domain {candidate.domain}")
    parts += [f"{candidate.weight:.2%} of the exam", f"{worth.seconds:.0f} s"]
    return f"{', '.join(parts)}: {worth.points_per_minute:+.2f} points a minute"
