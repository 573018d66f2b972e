"""What may be asked on a study day: prompts in brief, and as much of their memories as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from cardwright.item import Item, Items
from cardwright.memory import Memory, State


class Others(NamedTuple):
    """What is known of prompts whose memories were not read: of a hundred thousand, few are due first.

    They are new, or in the review state with a plain due day, were not asked today, and are not put
    away.
    """

    begun: list[str]
    """The keys of all prompts that are not new, also of those whose memories were read."""
    list_due: Callable[[int], Iterable[tuple[int, str]]]
    """Returns the due days up to one, each with the key of a prompt in the review state, by day."""


class Prospects(NamedTuple):
    """The prompts of a project, and the memories that tell which of them may be asked."""

    items: Items
    memories: Mapping[str, Memory]
    """By key."""
    others: Others | None = None
    """None if all memories were read."""

    def list_steps(self) -> Iterator[tuple[Item, Memory]]:
        """Yield the prompts within learning steps."""
        for key, memory in self.memories.items():
            if memory.state in {State.LEARNING, State.RELEARNING} and (
                item := self.items.find(key)
            ):
                yield item, memory

    def list_due(self, until_day: int, today: int) -> Iterator[tuple[int, list[Item]]]:
        """Yield each day up to `until_day` with the prompts to review that are due on it, unsorted.

        A prompt that was asked today is not among them.
        """
        known = sorted(
            (memory.due_day or 0, key)
            for key, memory in self.memories.items()
            if memory.state is State.REVIEW
            and (memory.due_day or 0) <= until_day
            and memory.last_day != today
        )
        others = self.others.list_due(until_day) if self.others else ()
        unread = (pair for pair in others if pair[1] not in self.memories)
        first = itemgetter(0)
        for day, pairs in groupby(merge(known, unread, key=first), key=first):
            yield day, [item for _, key in pairs if (item := self.items.find(key))]

    def list_new(self) -> Iterator[Item]:
        """Yield the new prompts, in order."""
        begun = (key for key, memory in self.memories.items() if not memory.is_new)
        return self.items.list_others(self.others.begun if self.others else begun)
