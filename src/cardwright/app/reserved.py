"""Cards reserved for mock exams: which are held back, and what it costs to release them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cardwright.study.settings import GOAL, RELEASED

if TYPE_CHECKING:
    from cardwright.blueprint import Blueprint
    from cardwright.history import Moment
    from cardwright.project.sources import Sources
    from cardwright.study.journal import Journal
    from cardwright.study.store import Store


def find_held(sources: Sources, store: Store, today: int) -> frozenset[str]:
    """Return the keys of the prompts that are held back for mock exams on a study day.

    Those of a pack are asked once they are released, and after the day of its exam.
    """
    reserved = sources.items.list_reserved()
    if not reserved:
        return frozenset()
    from cardwright.exam.goal import read_goal  # noqa: PLC0415  (most projects reserve nothing)

    settings = store.settings.read()
    held = set()
    for pack in {item.pack for item in reserved}:
        namespace = sources.namespace_of(pack)
        goal = settings.get((namespace, GOAL))
        is_over = goal is not None and read_goal(goal).exam_day < today
        if not (is_over or settings.get((namespace, RELEASED))):
            held.add(pack)
    return frozenset(item.key for item in reserved if item.pack in held)


def put_released(journal: Journal, namespace: str, moment: Moment, *, is_released: bool) -> None:
    """Release the reserved cards of the pack with a namespace, or hold them back again."""
    value = True if is_released else None
    journal.store.settings.put({(namespace, RELEASED): value}, moment.at_ms)


def count_unseen(
    sources: Sources, store: Store, blueprint: Blueprint
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Count the questions that were never seen, as a pool: all of them, and the reserved ones."""
    from cardwright.exam import mock  # noqa: PLC0415  (as above)

    namespace = sources.namespace_of(blueprint.pack)
    past = mock.list_mocks(store, namespace, blueprint.pack, "mock", "drill")
    seen = mock.read_last_seen(store, sources.items, sources, past)
    reserved = {item.key for item in sources.items.list_reserved()}
    every: Counter[tuple[str, str]] = Counter()
    held: Counter[tuple[str, str]] = Counter()
    for question in mock.list_questions(sources.items, sources, blueprint):
        if question.card_key not in seen:
            every[question.domain, question.siblings] += 1
            held[question.domain, question.siblings] += question.key in reserved
    return every, held
