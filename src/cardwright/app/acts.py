"""Acts on prompts that are not answers, and undoing what was done last."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from cardwright.app.study import Study
from cardwright.history import MAX_INTERVAL_DAYS, Act, Review, namespace_of
from cardwright.item import Item
from cardwright.memory import Memory, State
from cardwright.study.mirror import has_row

_IS_DONE: Final[dict[Act, Callable[[Memory, int], bool]]] = {
    Act.SUSPEND: lambda memory, _: memory.is_suspended,
    Act.UNSUSPEND: lambda memory, _: not memory.is_suspended,
    Act.BURY: lambda memory, today: memory.buried_day == today,
    Act.UNBURY: lambda memory, today: memory.buried_day != today,
    Act.FLAG: lambda memory, _: memory.is_flagged,
    Act.UNFLAG: lambda memory, _: not memory.is_flagged,
    Act.RESET: lambda memory, _: memory.is_new and not memory.is_leech,
}
"""Whether an act would change nothing, by the memory and the study day."""
_DAYS: Final = re.compile(r"([0-9]{1,6})(?:\s*[-–]\s*([0-9]{1,6}))?")


class Marked(NamedTuple):
    """A prompt, and what an act made of it."""

    item: Item
    memory: Memory
    is_changed: bool
    """Whether anything was recorded: what is suspended is not suspended once more."""


def mark(study: Study, items: Iterable[Item], act: Act) -> list[Marked]:
    """Suspend, bury, flag or reset prompts, or the reverse, in one transaction.

    Raises:
        StoreError: the store cannot be written; nothing has changed.

    """
    is_done = _IS_DONE[act]
    return _record(study, items, lambda memory, _: (not is_done(memory, study.today), None), act)


def reschedule(study: Study, items: Iterable[Item], days: range) -> list[Marked]:
    """Make prompts due in some days from today, in one transaction, as Anki's "Set due date" does.

    Of several days, each prompt gets the next one in turn.

    Raises:
        StoreError: the store cannot be written; nothing has changed.

    """

    def decide(memory: Memory, number: int) -> tuple[bool, int]:
        wait = days[number % len(days)]
        is_due_then = memory.due_day == study.today + wait and memory.state is State.REVIEW
        return not is_due_then, wait

    return _record(study, items, decide, Act.RESCHEDULE)


def _record(
    study: Study,
    items: Iterable[Item],
    decide: Callable[[Memory, int], tuple[bool, int | None]],
    act: Act,
) -> list[Marked]:
    """Record an act on prompts; `decide` tells, by memory and number, whether, and with which wait."""
    found = []
    with study.store.transaction():
        for number, item in enumerate({item.key: item for item in items}.values()):
            known = study.store.read_memory(item.key)
            memory = known[0]
            is_changed, days = decide(memory, number)
            if is_changed:
                _, memory = study.journal.record(
                    item.key, act, study.moment, interval_days=days, before=known
                )
            found.append(Marked(item, memory, is_changed))
    return found


def parse_days(text: str) -> range:
    """Read a number of days from today, or a range of them: `7`, `5-10`.

    Raises:
        ValueError: it is neither.

    """
    found = _DAYS.fullmatch(text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not first <= last <= MAX_INTERVAL_DAYS:
        raise ValueError(f"give days from today, such as 0, 7 or 5-10, up to {MAX_INTERVAL_DAYS:,}")
    return range(first, last + 1)


class PastAct(NamedTuple):
    """What was done at once: one answer, or one other act on one or more prompts."""

    reviews: tuple[Review, ...]
    refs: tuple[str, ...]
    """The prompts, or the keys of those that are no longer in the sources."""
    is_in_anki: bool
    """Whether it cannot be undone, since Anki's log has it, too."""

    @property
    def review(self) -> Review:
        """The first of the reviews: all have the same act and time."""
        return self.reviews[0]


def list_past_acts(study: Study) -> Iterator[PastAct]:
    """Yield what was done to the project's prompts on this machine and not undone, the latest first.

    What other machines did is theirs to undo: who does it here might not have seen it.
    """
    namespaces = {*study.items.namespaces, *study.journal.namespaces}
    own = (r for r in study.store.list_back() if namespace_of(r.key) in namespaces)
    # Each key of a session has its own time; a command gives all its prompts the same one.
    for _, group in groupby(own, key=lambda r: (r.act, r.at_ms, r.id if r.rating else "")):
        reviews = tuple(group)[::-1]
        items = [(study.items.find(review.key), review.key) for review in reviews]
        refs = tuple(item.ref if item else key for item, key in items)
        yield PastAct(reviews, refs, any(has_row(study.store, r.id) for r in reviews))


def undo(study: Study, past: PastAct) -> list[Memory]:
    """Undo an act; return the memories of its prompts.

    Raises:
        StoreError: Anki has it, or the store cannot be written; nothing has changed.

    """
    with study.store.transaction():
        return study.journal.undo(past.reviews[::-1], study.moment)[::-1]
