"""The miss log: what was missed, why, and what to do instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from cardwright.blueprint import Blueprint
from cardwright.exam.coverage import find_lesson
from cardwright.exam.mock import Mock
from cardwright.history import Rating, Review, count_study_day, make_date
from cardwright.item import Item

WEEKS: Final = 8
"""So many weeks are shown of a trend."""
_DAYS_PER_WEEK: Final = 7
_FIRST_MONDAY: Final = 4
"""1970-01-05, in days since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A card that was missed on a day, and what is to be learned from it."""

    id: str
    """One for each card and study day."""
    pack: str
    at_ms: int
    study_day: int
    card: str
    """The key of the card that was missed."""
    lesson: str
    """To be revisited; empty: none."""
    origin: str
    """The id of the mock exam or drill; empty: a review."""
    failure: str = ""
    """What went wrong."""
    mode: str = ""
    """The failure mode of the blueprint."""
    rule: str = ""
    """What would have decided the question."""
    action: str = ""
    """What is safer."""
    made_card: str = ""
    """The key of the card that was made of it."""

    @property
    def is_complete(self) -> bool:
        """Whether rule and action are there."""
        return bool(self.rule and self.action)

    @property
    def on(self) -> date:
        """The study day on which it happened."""
        return make_date(self.study_day)


class Failure(NamedTuple):
    """A card that was missed, and may be worth an entry."""

    item: Item
    at_ms: int
    study_day: int
    origin: str
    picked: str
    """The wrong option that was picked, if any."""


class Group(NamedTuple):
    """Misses that have something in common."""

    id: str
    name: str
    total: int
    weeks: tuple[int, ...]
    """How many in each of the last weeks, the present one last."""


def list_failures(
    mock: Mock | None,
    mock_day: int,
    reviews: Iterable[Review],
    rollover_hour: int,
    items: Mapping[str, Item],
    blueprint: Blueprint,
) -> list[Failure]:
    """Return what was missed of an exam: in the last mock exam, and on the last day with reviews.

    `reviews` are answers in order; `items` are by history. A card comes once.
    """
    found: dict[str, Failure] = {}
    for question in mock.wrong if mock and mock.ended_at_ms is not None else ():
        item = items.get(question.history_ref)
        if item is not None and mock is not None:
            places = [place for place in question.picked if place not in question.right]
            texts = [question.options[place].text for place in places if question.options]
            found[item.card_ref] = Failure(
                item, mock.ended_at_ms or 0, mock_day, mock.id, texts[0] if texts else ""
            )
    days = [
        (count_study_day(review.at_ms, review.utc_offset_minutes, rollover_hour), review)
        for review in reviews
    ]
    last = max((day for day, _ in days), default=0)
    for day, review in days:
        item = items.get(review.key)
        if day != last or review.rating is not Rating.AGAIN or item is None:
            continue
        if find_lesson(item, blueprint) and item.card_ref not in found:
            found[item.card_ref] = Failure(item, review.at_ms, day, "", "")
    return list(found.values())


def make_miss(failure: Failure, blueprint: Blueprint, text: str) -> Miss:
    """Return an entry to be filled in; `text` says what went wrong, as far as that is known."""
    item = failure.item
    lesson = find_lesson(item, blueprint)
    on = make_date(failure.study_day).isoformat()
    return Miss(
        id=f"miss-{on}-{blueprint.pack}-{item.card_ref}",
        pack=blueprint.pack,
        at_ms=failure.at_ms,
        study_day=failure.study_day,
        card=item.card_ref,
        lesson=lesson.id if lesson else "",
        origin=failure.origin,
        failure=text,
    )


def group_misses(misses: Iterable[Miss], by: str, blueprint: Blueprint, today: int) -> list[Group]:
    """Group misses by `mode`, `lesson` or `domain`, the largest group first."""
    names, key = _choose_key(by, blueprint)
    found: dict[str, list[Miss]] = {}
    for miss in misses:
        found.setdefault(key(miss), []).append(miss)
    groups = [
        Group(name, names.get(name, name) or "none named", len(some), _count_weeks(some, today))
        for name, some in found.items()
    ]
    return sorted(groups, key=lambda group: (-group.total, group.name))


def list_mondays(today: int) -> list[date]:
    """Return the Mondays of the last weeks, the present one last."""
    last = today - (today - _FIRST_MONDAY) % _DAYS_PER_WEEK
    return [make_date(last - _DAYS_PER_WEEK * back) for back in reversed(range(WEEKS))]


def _choose_key(by: str, blueprint: Blueprint) -> tuple[dict[str, str], Callable[[Miss], str]]:
    if by == "mode":
        modes = blueprint.failure_modes.values()
        return {mode.id: mode.about for mode in modes}, lambda miss: miss.mode
    if by == "lesson":
        lessons = blueprint.lessons.values()
        return {lesson.id: str(lesson) for lesson in lessons}, lambda miss: miss.lesson

    def find_domain(miss: Miss) -> str:
        domain = blueprint.domain_of(miss.lesson)
        return domain.id if domain else ""

    return {domain.id: domain.name for domain in blueprint.domains.values()}, find_domain


def _count_weeks(misses: Iterable[Miss], today: int) -> tuple[int, ...]:
    week = (today - _FIRST_MONDAY) // _DAYS_PER_WEEK
    counts = [0] * WEEKS
    for miss in misses:
        back = week - (miss.study_day - _FIRST_MONDAY) // _DAYS_PER_WEEK
        if 0 <= back < WEEKS:
            counts[WEEKS - 1 - back] += 1
    return tuple(counts)
