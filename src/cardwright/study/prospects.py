"""What may be asked on a study day: prompts in brief, and as much of their memories as it takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cardwright.item import Item, Items
from cardwright.memory import Memory, State


class Prospects(NamedTuple):
    """The prompts of a project, and the memories that tell which of them may be asked.

    A prompt in the review state that was not asked today, is not put away, and has a plain due day
    may be known by that day alone: of a hundred thousand, few are due first.
    """

    items: Items
    memories: Mapping[str, Memory]
    """By key; of all prompts but those in `others`."""
    others: Sequence[tuple[int, str]] = ()
    """Due days, ascending, each with the keys of prompts in the review state, one per line. Those
    that have one of the memories do not count."""

    def list_steps(self) -> Iterator[tuple[Item, Memory]]:
        """Yield the prompts within learning steps."""
        for key, memory in self.memories.items():
            if memory.state in {State.LEARNING, State.RELEARNING} and (
                item := self.items.find(key)
            ):
                yield item, memory

    def list_due(self, until_day: int, today: int) -> Iterator[tuple[int, list[Item]]]:
        """Yield due days up to `until_day`, each with the prompts to review, unsorted.

        A prompt that was asked today is not among them.
        """
        known: dict[int, list[str]] = defaultdict(list)
        for key, memory in self.memories.items():
            if memory.state is State.REVIEW and memory.last_day != today:
                known[memory.due_day or 0].append(key)
        others: dict[int, list[str]] = defaultdict(list)
        for day, keys in self.others:
            others[day].append(keys)
        for day in sorted(known.keys() | others.keys()):
            if day > until_day:
                return
            names = (key for keys in others[day] for key in keys.split("\n"))
            found = [*known[day], *(key for key in names if key not in self.memories)]
            yield day, [item for key in found if (item := self.items.find(key))]

    def list_new(self) -> Iterator[Item]:
        """Yield the new prompts, in order."""
        begun = (key for key, memory in self.memories.items() if not memory.is_new)
        others = (keys.split("\n") for _, keys in self.others)
        return self.items.list_others(begun, *others)
