"""The miss log: missed cards, why they were missed, and the rule and action to remember."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final, NamedTuple

from cardwright.blueprint import Blueprint
from cardwright.exam.candidates import find_lesson, select_items
from cardwright.exam.mock import Mock, Question
from cardwright.exam.record import fits, read_records
from cardwright.history import Act, Moment, Rating, Review, count_study_day, make_date, namespace_of
from cardwright.item import Item
from cardwright.study.store import Store

_RECORD: Final = "miss"
_TREND_WEEKS: Final = 8
_DAYS_PER_WEEK: Final = 7
_FIRST_MONDAY: Final = 4
"""1970-01-05, as a study day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A card missed on a day, and the lesson learned."""

    id: str
    """Unique per card and study day."""
    pack: str
    at_ms: int
    study_day: int
    card: str
    """Its ref: `pack:id`."""
    lesson: str
    """The lesson to revisit, or ""."""
    origin: str
    """The id of the mock exam or drill; empty for a review."""
    failure: str = ""
    """What went wrong."""
    mode: str = ""
    """The id of a failure mode of the blueprint."""
    rule: str = ""
    """The rule that would have decided the question."""
    action: str = ""
    """The safer action."""
    made_card: str = ""
    """The ref of the card made from this entry."""
    namespace: str = ""
    """The namespace of its pack; "" if that is the pack's name."""

    @property
    def is_complete(self) -> bool:
        """Whether the entry has a rule and an action."""
        return bool(self.rule and self.action)

    @property
    def on(self) -> date:
        """The study day of the miss, as a date."""
        return make_date(self.study_day)


class Failure(NamedTuple):
    """A missed card, for which an entry can be made."""

    item: Item
    at_ms: int
    study_day: int
    origin: str
    picked: str
    """The wrong option that was picked, if any."""


class MissGroup(NamedTuple):
    """Misses that share a failure mode, lesson or domain, counted."""

    id: str
    name: str
    total: int
    weeks: tuple[int, ...]
    """Counts by week, the current week last."""


def put_miss(store: Store, miss: Miss, moment: Moment) -> None:
    """Write a miss to the store. It is on disk when this returns."""
    with store.transaction():
        namespace, body = miss.namespace or miss.pack, asdict(miss)
        store.records.put(miss.id, _RECORD, namespace, miss.at_ms, body, moment.at_ms)


def list_misses(store: Store, namespace: str, pack: str) -> list[Miss]:
    """Return all misses of a pack, in order of time; `pack` is its present name."""
    found = []
    for body in read_records(store, _RECORD, namespace, is_miss):
        miss = Miss(**body)
        card = miss.card
        if card.startswith(f"{miss.pack}:"):
            card = f"{pack}:{card.partition(':')[2]}"
        found.append(replace(miss, pack=pack, namespace=namespace, card=card))
    return found


def is_miss(body: Any) -> bool:
    """Tell whether JSON is a miss."""
    return fits(Miss, body)


def list_failures(
    mocks: Iterable[Mock],
    reviews: Iterable[Review],
    utc_offset_minutes: int,
    rollover_hour: int,
    items: Iterable[Item],
    blueprint: Blueprint,
) -> list[Failure]:
    """Return the recently missed cards of an exam, each once.

    These are the wrong answers of the last finished mock exam or drill, and the cards rated Again
    on the last day with reviews. `mocks` and `reviews` are in order of time; `items` are all prompts
    of the project.
    """
    by_key = {item.key: item for item in select_items(items, blueprint.pack, blueprint)}
    found: dict[str, Failure] = {}
    ends = {mock.ended_at_ms: mock for mock in mocks if mock.ended_at_ms is not None}
    for ended_at_ms in sorted(ends)[-1:]:
        mock = ends[ended_at_ms]
        day = count_study_day(ended_at_ms, utc_offset_minutes, rollover_hour)
        for question in mock.wrong:
            if item := by_key.get(question.key):
                picked = _quote_wrong_option(question)
                found[item.card_ref] = Failure(item, ended_at_ms, day, mock.id, picked)
    answers = [
        (count_study_day(review.at_ms, review.utc_offset_minutes, rollover_hour), review)
        for review in reviews
        if review.act is Act.ANSWER
    ]
    last_day = max((day for day, _ in answers), default=0)
    for day, review in answers:
        item = by_key.get(review.key)
        if day != last_day or review.rating is not Rating.AGAIN or item is None:
            continue
        if item.lesson in blueprint.lessons and item.card_ref not in found:
            found[item.card_ref] = Failure(item, review.at_ms, day, "", "")
    return list(found.values())


def _quote_wrong_option(question: Question) -> str:
    wrong = [place for place in question.picked if place not in question.right]
    return question.options[wrong[0]].text if wrong and question.options else ""


def make_miss(failure: Failure, blueprint: Blueprint, text: str, namespace: str) -> Miss:
    """Return an entry to fill in; `text` describes the failure as far as it is known.

    `namespace` is that of the exam's pack.
    """
    item = failure.item
    lesson = find_lesson(item, blueprint)
    on = make_date(failure.study_day).isoformat()
    card = f"{namespace_of(item.key)}:{item.card_ref.partition(':')[2]}"
    return Miss(
        id=f"miss-{on}-{namespace}-{card}",
        pack=blueprint.pack,
        namespace=namespace,
        at_ms=failure.at_ms,
        study_day=failure.study_day,
        card=item.card_ref,
        lesson=lesson.id if lesson else "",
        origin=failure.origin,
        failure=text,
    )


def group_misses(
    misses: Iterable[Miss], by: str, blueprint: Blueprint, today: int
) -> list[MissGroup]:
    """Group misses by `mode`, `lesson` or `domain`, largest group first."""
    names, key = _choose_key(by, blueprint)
    found: dict[str, list[Miss]] = {}
    for miss in misses:
        found.setdefault(key(miss), []).append(miss)
    groups = [
        MissGroup(name, names.get(name, name) or "none named", len(some), _count_weeks(some, today))
        for name, some in found.items()
    ]
    return sorted(groups, key=lambda group: (-group.total, group.name))


def list_mondays(today: int) -> list[date]:
    """Return the Mondays of the last weeks, the current week last."""
    last = today - (today - _FIRST_MONDAY) % _DAYS_PER_WEEK
    return [make_date(last - _DAYS_PER_WEEK * back) for back in reversed(range(_TREND_WEEKS))]


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
    counts = [0] * _TREND_WEEKS
    for miss in misses:
        back = week - (miss.study_day - _FIRST_MONDAY) // _DAYS_PER_WEEK
        if 0 <= back < _TREND_WEEKS:
            counts[_TREND_WEEKS - 1 - back] += 1
    return tuple(counts)
