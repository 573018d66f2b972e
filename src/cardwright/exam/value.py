"""The worth of asking a prompt now: what it adds to the exam, for the time it takes.

    worth = weight · (recall on the day if asked now - recall on the day if not) / seconds

A prompt that was never asked counts as unknown. A chance to guess right would scale every worth
alike, and so leaves their order as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, Protocol

from cardwright.blueprint import Blueprint
from cardwright.exam.outcome import Outcomes
from cardwright.item import Item

WHOLE: Final = "*"
"""The name under which the whole exam stands among the domains of a forecast."""
NO_DOMAIN: Final = ""
"""Of prompts that belong to no domain of the blueprint."""


class Known(Protocol):
    """What is needed of a Memory, or of a Standing that has it."""

    @property
    def stability(self) -> float:
        """Days; 0 when new."""

    @property
    def difficulty(self) -> float:
        """From 1 to 10; 0 when new."""

    @property
    def first_day(self) -> int | None:
        """Study day of the first answer."""

    @property
    def last_day(self) -> int | None:
        """Study day of the last answer."""

    @property
    def is_suspended(self) -> bool | int:
        """Whether it is not asked at all."""

    @property
    def buried_day(self) -> int | None:
        """Study day on which it is not asked."""


class Candidate(NamedTuple):
    """A prompt that may be asked before the exam."""

    item: Item
    domain: str
    """Name of its domain, or NO_DOMAIN."""
    weight: float
    """Its share of the exam, from 0 to 1."""
    stability: float = 0.0
    """Days; 0 when new."""
    difficulty: float = 0.0
    first_day: int | None = None
    last_day: int = 0
    buried_day: int | None = None


class Worth(NamedTuple):
    """Why a prompt is asked: every number that its worth is made of."""

    candidate: Candidate
    recall: float
    """Today; 0 when new."""
    recall_unasked: float
    """On the day of the exam, if it is not asked before."""
    recall_asked: float
    """On the day of the exam, if it is asked today and not again."""
    seconds: float
    """That asking it is expected to take."""

    @property
    def points_per_minute(self) -> float:
        """Percent of the exam that a minute spent on it adds."""
        gain = self.recall_asked - self.recall_unasked
        return self.candidate.weight * gain * 100 / self.seconds * 60


def list_candidates(
    items: Iterable[Item], memories: Mapping[str, Known], blueprint: Blueprint | None
) -> list[Candidate]:
    """Return the prompts that are not suspended, each with its share of the exam.

    A domain's weight is spread evenly over its prompts. What has no weight by the blueprint weighs
    as much as the average prompt that has.
    """
    asked = [(item, memories.get(item.key)) for item in items]
    asked = [(item, known) for item, known in asked if known is None or not known.is_suspended]
    domains = [blueprint and blueprint.domain_of(item.lesson) for item, _ in asked]
    numbers = Counter(domain.id for domain in domains if domain and domain.weight > 0)
    found = {domain.id: domain.weight for domain in domains if domain}
    average = sum(found[id] for id in numbers) / numbers.total() if numbers else 1.0
    raw = [
        domain.weight / numbers[domain.id] if domain and domain.weight > 0 else average
        for domain in domains
    ]
    scale = 1 / sum(raw) if raw else 1.0
    return [
        _make_candidate(item, known, domain.name if domain else NO_DOMAIN, weight * scale)
        for (item, known), domain, weight in zip(asked, domains, raw, strict=True)
    ]


def _make_candidate(item: Item, known: Known | None, domain: str, weight: float) -> Candidate:
    if known is None:
        return Candidate(item, domain, weight)
    if known.last_day is None:
        return Candidate(item, domain, weight, buried_day=known.buried_day)
    return Candidate(
        item,
        domain,
        weight,
        known.stability,
        known.difficulty,
        known.first_day,
        known.last_day,
        known.buried_day,
    )


def measure_worth(candidate: Candidate, outcomes: Outcomes, today: int, exam_day: int) -> Worth:
    """Return the worth of asking a prompt on a study day before the exam."""
    left = exam_day - today
    if not candidate.stability:
        return Worth(candidate, 0.0, 0.0, outcomes.recall_new(left), outcomes.new_s)
    since = max(today - candidate.last_day, 0)
    recall, unasked, asked = outcomes.measure_gain(
        candidate.stability, candidate.difficulty, since, left
    )
    return Worth(candidate, recall, unasked, asked, outcomes.seconds(recall))


def explain(worth: Worth) -> str:
    """Return the worth as a line that can be followed: its numbers, and what they come to."""
    candidate = worth.candidate
    before = f"{worth.recall_unasked:.0%}" if candidate.stability else "unknown"
    parts = [f"recall on exam day {before} → {worth.recall_asked:.0%} if asked now"]
    if candidate.domain:
        parts.append(f"domain {candidate.domain}")
    parts += [f"{candidate.weight:.2%} of the exam", f"{worth.seconds:.0f} s"]
    return f"{', '.join(parts)}: {worth.points_per_minute:+.2f} points a minute"
