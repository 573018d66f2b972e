"""Acts on prompts that are not answers, and undoing what was done last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from cardwright.app.study import Study
from cardwright.history import Act, Review, namespace_of
from cardwright.item import Item
from cardwright.memory import Memory
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
    is_done, found = _IS_DONE[act], []
    with study.store.transaction():
        for item in {item.key: item for item in items}.values():
            known = study.store.read_memory(item.key)
            is_changed = not is_done(known[0], study.today)
            memory = known[0]
            if is_changed:
                _, memory = study.journal.record(item.key, act, study.moment, before=known)
            found.append(Marked(item, memory, is_changed))
    return found


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
        return [
            study.journal.record(review.key, Act.UNDO, study.moment, undoes=review.id)[1]
            for review in reversed(past.reviews)
        ][::-1]
