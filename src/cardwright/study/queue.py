"""The queue: learning steps come first, then reviews with new cards spread among them.

Reviews come in the order of what would be lost if they were not asked today, so that whatever time there
is goes where it matters most. On a day off nothing is asked.

A queue belongs to one study day and is built from the memories of all prompts. Updating it after an
answer and rebuilding it leave the same prompts in the same order, which undo relies on.
"""

from __future__ import annotations

import heapq
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple

from cardwright.frozen import frozen
from cardwright.history import Moment
from cardwright.item import Item
from cardwright.memory import Memory, State
from cardwright.study.decks import Limits
from cardwright.study.prospects import Prospects

LEARN_AHEAD_MS: Final = 20 * 60_000
"""How early a learning step may be asked when nothing else is left, as in Anki."""
_MAX_RANKED: Final = 1_000
"""Of so many prompts, those that have been due longest, the loss is measured: more take too long."""


class Counts(NamedTuple):
    """Counts of prompts, such as those left to ask today."""

    new: int
    learning: int
    review: int


@frozen
class SessionOptions:
    """What a session asks beyond the deck options."""

    max_new: int | None = None
    """The maximum number of new prompts; None for the rest of the daily limits."""
    ahead_days: int = 0
    """Also ask prompts that fall due within this number of days."""
    is_cram: bool = False
    """Ask every selected prompt, due or not, without changing the schedule."""
    with_suspended: bool = False
    """Also ask suspended prompts."""
    on_days_off: bool = False
    """Ask on a day off as on any other."""

    @property
    def follows_options(self) -> bool:
        """Whether the session asks exactly what the deck options say."""
        return not (
            self.max_new is not None or self.ahead_days or self.is_cram or self.with_suspended
        )


Arrange = Callable[[list[Item]], tuple[list[Item], list[Item]]]
"""Takes the prompts that may be asked, due or not. Returns those to ask today in a custom order,
and those left to the default order."""


Measure = Callable[[Sequence[str], int], Mapping[str, float]]
"""Takes the keys of prompts that are due, and a study day. Returns by key what is lost if they are not asked
on that day."""


class Queue:
    """The prompts left to ask on a study day."""

    def __init__(
        self,
        prospects: Prospects,
        limits: Limits,
        options: SessionOptions,
        moment: Moment,
        today: int,
        asked: tuple[Item, Memory] | None = None,
        arrange: Arrange | None = None,
        without: Iterable[str] = (),
        measure: Measure | None = None,
    ) -> None:
        """Choose and sort today's prompts; without `measure`, reviews are sorted by due day.

        `asked` is the prompt on screen: it is not asked again, but counts towards the limits.
        `without` are the keys of others that are not asked.
        """
        self._prospects = prospects
        self._limits = limits
        self._options = options
        self._today = today
        self._measure = measure
        self._share = limits.days.share_of(today) or float(options.on_days_off)
        self._learning: list[tuple[int, int, Item]] = []
        """A heap ordered by due time, then position."""
        self._reviews: list[Item] = []
        self._new: list[Item] = []
        self._all_reviews = self._all_new = 0
        self._arranged: list[Item] = []
        self._arranged_new: frozenset[str] = frozenset()
        hidden = {
            key
            for key, memory in prospects.memories.items()
            if memory.buried_day == today or (memory.is_suspended and not options.with_suspended)
        }
        hidden.update(without)
        if asked:
            hidden.add(asked[0].key)
        if options.is_cram:
            self._reviews = sorted(prospects.items.list_others(hidden), key=self._shuffle)
        elif not self._share:
            pass
        elif arrange is not None:
            left = self._arrange(hidden, arrange)
            self._fill(lambda key: key in left, moment, asked)
        else:
            self._fill(lambda key: key not in hidden, moment, asked)
        # `take` pops from the end.
        self._arranged.reverse()
        self._reviews.reverse()
        self._new.reverse()

    def copy(self) -> Queue:
        """Return an independent copy."""
        other = copy(self)
        for name in ("_arranged", "_learning", "_reviews", "_new"):
            setattr(other, name, getattr(self, name).copy())
        return other

    @property
    def counts(self) -> Counts:
        """The counts of prompts left to ask today."""
        new = sum(item.key in self._arranged_new for item in self._arranged)
        seen = len(self._arranged) - new
        return Counts(len(self._new) + new, len(self._learning), len(self._reviews) + seen)

    @property
    def next_step_at_ms(self) -> int | None:
        """When the next learning step may be asked; None without learning steps."""
        return self._learning[0][0] - LEARN_AHEAD_MS if self._learning else None

    def take(self, now_ms: int, is_free: Callable[[Item], bool]) -> Item | None:
        """Remove and return the next free prompt, or None if nothing can be asked now."""
        return (
            self._take_step(now_ms, is_free)
            or _pop_free([self._arranged, *self._order_piles()], is_free)
            or self._take_step(now_ms + LEARN_AHEAD_MS, is_free)
        )

    def peek(self, now_ms: int) -> Item | None:
        """Return the prompt that `take` would return now if all prompts were free."""
        return self.copy().take(now_ms, lambda _: True)

    def list_day(self, now_ms: int) -> list[Item]:
        """Return the prompts that will be asked today, in order, without removing them."""
        queue = self.copy()
        found = []
        while True:
            item = queue.take(now_ms, lambda _: True)
            if item is not None:
                found.append(item)
            elif queue.next_step_at_ms is None:
                return found
            else:
                now_ms = queue.next_step_at_ms

    def list_left(self) -> list[Item]:
        """Return all remaining prompts, learning steps first."""
        steps = [item for _, _, item in sorted(self._learning, key=itemgetter(0, 1))]
        piles = (self._arranged, self._reviews, self._new)
        return [*steps, *(item for pile in piles for item in reversed(pile))]

    def list_states(self) -> Iterator[tuple[Item, State]]:
        """Yield all remaining prompts, with what they count as."""
        yield from ((item, State.LEARNING) for _, _, item in self._learning)
        yield from ((item, State.REVIEW) for item in reversed(self._reviews))
        yield from ((item, State.NEW) for item in reversed(self._new))
        for item in reversed(self._arranged):
            yield item, State.NEW if item.key in self._arranged_new else State.REVIEW

    def put_back(self, item: Item, due_at_ms: int, due_day: int, now_ms: int) -> bool:
        """Requeue a prompt in a learning step if it is due today; return whether it was."""
        if due_day > self._today and due_at_ms > now_ms + LEARN_AHEAD_MS:
            return False
        heapq.heappush(self._learning, (due_at_ms, item.position, item))
        return True

    def _order_piles(self) -> tuple[list[Item], list[Item]]:
        """Return both piles, the one to take from first, so that new prompts are spread evenly."""
        reviews_left = len(self._reviews) * max(self._all_new, 1)
        new_left = len(self._new) * max(self._all_reviews, 1)
        if new_left > reviews_left:
            return self._new, self._reviews
        return self._reviews, self._new

    def _take_step(self, until_ms: int, is_free: Callable[[Item], bool]) -> Item | None:
        claimed = []
        found = None
        while self._learning and self._learning[0][0] <= until_ms and found is None:
            step = heapq.heappop(self._learning)
            if is_free(step[2]):
                found = step[2]
            else:
                claimed.append(step)
        for step in claimed:
            heapq.heappush(self._learning, step)
        return found

    def _arrange(self, hidden: set[str], arrange: Arrange) -> set[str]:
        """Apply `arrange` to all prompts except learning steps; return the keys of those it leaves."""
        prospects = self._prospects
        steps = {item.key for item, _ in prospects.list_steps() if item.key not in hidden}
        new = (item.key for item in prospects.list_new())
        self._arranged_new = frozenset(key for key in new if key not in hidden)
        shown = prospects.items.list_others(hidden)
        self._arranged, left = arrange([item for item in shown if item.key not in steps])
        return steps | {item.key for item in left}

    def _fill(
        self,
        is_open: Callable[[str], bool],
        moment: Moment,
        asked: tuple[Item, Memory] | None,
    ) -> None:
        """Sort prompts into learning steps, reviews and new ones, within the daily limits."""
        prospects = self._prospects
        asked_today = _AskedToday(prospects.memories.values(), self._today, self._limits)
        max_new = self._options.max_new
        if asked:
            asked_today.add(*asked)
            if max_new and asked[1].is_new:
                max_new -= 1
        for item, memory in prospects.list_steps():
            if is_open(item.key) and self.put_back(
                item, memory.due_at_ms or 0, memory.due_day or 0, moment.at_ms
            ):
                asked_today.add(item, memory)

        def room_for_review(deck: str) -> int:
            per_day = self._lighten(self._limits.options_of(deck).reviews_per_day)
            return per_day - asked_today.reviews[deck]

        def room_for_new(deck: str) -> int:
            if max_new is not None:
                return max_new
            per_day = self._lighten(self._limits.options_of(deck).new_per_day)
            return per_day - asked_today.new[deck]

        new = (item for item in prospects.list_new() if is_open(item.key))
        siblings = asked_today.siblings
        reviews = self._list_reviews(is_open, asked_today.all_reviews)
        self._reviews = self._choose(reviews, room_for_review, siblings)
        self._new = self._choose(new, room_for_new, siblings)[:max_new]
        self._all_reviews = len(self._reviews) + asked_today.all_reviews
        self._all_new = len(self._new) + asked_today.all_new

    def _lighten(self, limit: int) -> int:
        """Return a daily limit as it is today."""
        return int(limit * self._share + 0.5)

    def _list_reviews(self, is_open: Callable[[str], bool], asked: int) -> Iterator[Item]:
        """Yield the prompts due, in order, after so many that were asked today."""
        due = self._list_due(is_open, self._today)
        # Those asked were among the first.
        first = list(islice(due, max(_MAX_RANKED - asked, 0)))
        if self._measure is not None:
            losses = self._measure([item.key for item in first], self._today)
            first.sort(key=lambda item: losses.get(item.key, 0.0), reverse=True)
        yield from first
        yield from due
        if self._options.ahead_days:
            until_day = self._today + self._options.ahead_days
            yield from self._list_due(is_open, until_day, self._today + 1)

    def _list_due(
        self, is_open: Callable[[str], bool], until_day: int, from_day: int | None = None
    ) -> Iterator[Item]:
        """Yield the prompts due up to a day, by day."""
        for day, items in self._prospects.list_due(until_day, self._today):
            if from_day is None or day >= from_day:
                shown = [item for item in items if is_open(item.key)]
                yield from sorted(shown, key=lambda item: (self._shuffle(item), item.position))

    def _shuffle(self, item: Item) -> int:
        """Return a sort key for prompts due on the same day, different every day."""
        return zlib.crc32(f"{self._today} {item.key}".encode())

    def _choose(
        self, found: Iterable[Item], room_for: Callable[[str], int], asked: set[str]
    ) -> list[Item]:
        """Return the prompts within the limits of decks, one of all siblings; add theirs to `asked`."""
        chosen: list[Item] = []
        room: dict[str, int] = {}
        list_decks, options_of = self._limits.list_decks, self._limits.options_of
        siblings_of = self._limits.siblings_of
        # Every prompt counts towards the limits of its pack.
        packs = {pack for pack in self._prospects.items.namespaces if room_for(pack) > 0}
        if not packs:
            return chosen
        for item in found:
            decks = list_decks(item.key)
            siblings = siblings_of(item.key)
            for deck in decks:
                if deck not in room:
                    room[deck] = room_for(deck)
                if room[deck] <= 0:
                    break
            else:
                if siblings in asked and options_of(decks[0]).bury_siblings:
                    continue
                for deck in decks:
                    room[deck] -= 1
                asked.add(siblings)
                chosen.append(item)
                if room[decks[-1]] <= 0:
                    packs.discard(decks[-1])
                    if not packs:
                        break
        return chosen


class _AskedToday:
    """Prompts that count towards the daily limits: asked today, or certain to be."""

    def __init__(self, memories: Iterable[Memory], today: int, limits: Limits) -> None:
        self._today = today
        self._limits = limits
        self.new: Counter[str] = Counter()
        """Prompts that were new today, by deck, those of its sub-decks included."""
        self.reviews: Counter[str] = Counter()
        """Other prompts asked today, likewise."""
        self.all_new = self.all_reviews = 0
        self.siblings: set[str] = set()
        """The names of the siblings of all these prompts."""
        for memory in memories:
            if memory.last_day == today:
                self._count(memory.key, counts_as_new=memory.first_day == today)

    def add(self, item: Item, memory: Memory) -> None:
        """Count a prompt that is certain to be asked, unless it was already asked today."""
        if memory.last_day != self._today:
            self._count(item.key, counts_as_new=memory.is_new)

    def _count(self, key: str, *, counts_as_new: bool) -> None:
        counts = self.new if counts_as_new else self.reviews
        for deck in self._limits.list_decks(key):
            counts[deck] += 1
        self.all_new += counts_as_new
        self.all_reviews += not counts_as_new
        self.siblings.add(self._limits.siblings_of(key))


def find_waiting(memories: Iterable[Memory], limits: Limits, day: int) -> set[str]:
    """Return the keys of prompts due on a day that wait until the next: a sibling was asked on it."""
    known = list(memories)
    asked = {limits.siblings_of(memory.key) for memory in known if memory.last_day == day}
    return {
        memory.key
        for memory in known
        if memory.state is State.REVIEW
        and (memory.due_day or 0) <= day
        and memory.last_day != day
        and limits.siblings_of(memory.key) in asked
        and limits.options_of(limits.list_decks(memory.key)[0]).bury_siblings
    }


def count_decks(
    decks: Iterable[str], asked: Iterable[tuple[str, State]]
) -> dict[tuple[str, ...], Counts]:
    """Count prompts, given as full deck name and state, by deck, in the order of `decks`.

    The keys are the parts of a deck's name. Counts include sub-decks; decks without prompts are
    omitted.
    """
    found: dict[tuple[str, ...], list[int]] = {}
    for deck in dict.fromkeys(decks):
        for path in _list_paths(deck):
            found.setdefault(path, [0, 0, 0])
    for deck, state in asked:
        place = _COUNT_PLACES[state]
        for path in _list_paths(deck):
            found[path][place] += 1
    return {path: Counts(*numbers) for path, numbers in found.items() if any(numbers)}


_COUNT_PLACES: Final = {State.NEW: 0, State.LEARNING: 1, State.RELEARNING: 1, State.REVIEW: 2}
"""Indices into Counts."""


def _list_paths(deck: str) -> list[tuple[str, ...]]:
    parts = tuple(deck.split("::"))
    return [parts[: depth + 1] for depth in range(len(parts))]


def _pop_free(piles: Iterable[list[Item]], is_free: Callable[[Item], bool]) -> Item | None:
    for pile in piles:
        for place in range(len(pile) - 1, -1, -1):
            if is_free(pile[place]):
                return pile.pop(place)
    return None
