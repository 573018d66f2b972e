"""Which prompt comes next: learning steps first, then reviews with new cards among them.

A queue is a study day's, made from where every prompt stands. What it leaves is the same whether it
was made before an answer and then told of it, or after: undo relies on that.
"""

from __future__ import annotations

import heapq
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple

from cardwright.history import Moment, State
from cardwright.item import Item
from cardwright.model import DeckOptions
from cardwright.study.standing import Standing, heal_due, is_new

LEARN_AHEAD_MS: Final = 20 * 60_000
"""When nothing else is left, a learning step may be taken so much early, as in Anki."""
_USUAL: Final = DeckOptions()


class Counts(NamedTuple):
    """What is left to ask today."""

    new: int
    learning: int
    review: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What somebody wants of a sitting, beyond what the options of the decks say."""

    new: int | None = None
    """New cards at the most; None: what is left of the day's number."""
    ahead_days: int = 0
    """Also ask what is due within so many days."""
    is_cram: bool = False
    """Ask everything that is selected, whether due or not, and leave the schedule alone."""
    with_suspended: bool = False

    @property
    def follows_options(self) -> bool:
        """Whether it asks what the day asks, without more or fewer prompts."""
        return self.new is None and not (self.ahead_days or self.is_cram or self.with_suspended)


Arrange = Callable[[list[Item]], tuple[list[Item], list[Item]]]
"""Takes what may be asked, due or not, new or not; gives what another rule asks today, in order, and
what it leaves to the usual one."""


class Queue:
    """What is left of a study day."""

    def __init__(
        self,
        items: Iterable[Item],
        standings: Mapping[str, Standing],
        options: Mapping[str, DeckOptions],
        wishes: Wishes,
        moment: Moment,
        today: int,
        asked: Item | None = None,
        arrange: Arrange | None = None,
    ) -> None:
        """Sort what is to be asked on a study day; `options` by pack, usual ones where none are.

        What is `asked` already is not among the items, but counts among the numbers of the day.
        """
        self._options = options
        self._wishes = wishes
        self._today = today
        self._learning: list[tuple[int, int, Item]] = []
        self._reviews: list[Item] = []
        self._new: list[Item] = []
        self._all_reviews = self._all_new = self._count = 0
        self._arranged: list[Item] = []
        self._arranged_new: frozenset[str] = frozenset()
        hidden = {
            standing.prompt
            for standing in standings.values()
            if standing.buried_day == today or (standing.is_suspended and not wishes.with_suspended)
        }
        items = [item for item in items if item.key not in hidden]
        if wishes.is_cram:
            self._reviews = sorted(items, key=self._shuffle)
        else:
            if arrange is not None:
                items = self._take_arranged(items, standings, arrange)
            self._fill(items, standings, moment, asked)
        # Taken from the end.
        self._arranged.reverse()
        self._reviews.reverse()
        self._new.reverse()

    def copy(self) -> Queue:
        """Return a queue that can be gone back to."""
        other = copy(self)
        for name in ("_arranged", "_learning", "_reviews", "_new"):
            setattr(other, name, getattr(self, name).copy())
        return other

    @property
    def counts(self) -> Counts:
        """What is left to ask today."""
        new = sum(item.key in self._arranged_new for item in self._arranged)
        seen = len(self._arranged) - new
        return Counts(len(self._new) + new, len(self._learning), len(self._reviews) + seen)

    @property
    def next_step_at_ms(self) -> int | None:
        """When the next learning step may be taken; None: there is none."""
        return self._learning[0][0] - LEARN_AHEAD_MS if self._learning else None

    def take(self, now_ms: int, is_free: Callable[[Item], bool]) -> Item | None:
        """Take the next prompt that is free; None when there is nothing to ask now."""
        return (
            self._take_step(now_ms, is_free)
            or self._take_from([self._arranged, *self._piles()], is_free)
            or self._take_step(now_ms + LEARN_AHEAD_MS, is_free)
        )

    def peek(self, now_ms: int) -> Item | None:
        """Return what would be taken now, if all is free and no other answer comes before."""
        return self.copy().take(now_ms, lambda _: True)

    def list_day(self, now_ms: int) -> list[Item]:
        """Return all that would be asked from now on today, in order; the queue is left as it is."""
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
        """Return what is left, steps first."""
        steps = [item for _, _, item in sorted(self._learning, key=itemgetter(0, 1))]
        piles = (self._arranged, self._reviews, self._new)
        return [*steps, *(item for pile in piles for item in reversed(pile))]

    def put_back(self, item: Item, due_at_ms: int, due_day: int, now_ms: int) -> bool:
        """Ask a prompt again that is in a learning step, if that ends today; tell whether it does."""
        if due_day > self._today and due_at_ms > now_ms + LEARN_AHEAD_MS:
            return False
        self._count += 1
        heapq.heappush(self._learning, (due_at_ms, self._count, item))
        return True

    def _piles(self) -> tuple[list[Item], list[Item]]:
        """Return the pile to take from, and the other: both last until the end of the day."""
        reviews_left = len(self._reviews) * max(self._all_new, 1)
        new_left = len(self._new) * max(self._all_reviews, 1)
        if new_left > reviews_left:
            return self._new, self._reviews
        return self._reviews, self._new

    def _take_from(
        self, piles: Iterable[list[Item]], is_free: Callable[[Item], bool]
    ) -> Item | None:
        for pile in piles:
            for place in range(len(pile) - 1, -1, -1):
                if is_free(pile[place]):
                    return pile.pop(place)
        return None

    def _take_step(self, until_ms: int, is_free: Callable[[Item], bool]) -> Item | None:
        taken = []
        found = None
        while self._learning and self._learning[0][0] <= until_ms and found is None:
            step = heapq.heappop(self._learning)
            if is_free(step[2]):
                found = step[2]
            else:
                taken.append(step)
        for step in taken:
            heapq.heappush(self._learning, step)
        return found

    def _take_arranged(
        self, items: Iterable[Item], standings: Mapping[str, Standing], arrange: Arrange
    ) -> list[Item]:
        """Let another rule choose among all but learning steps; return what it leaves."""
        steps, open_, new = [], [], set()
        for item in items:
            standing = standings.get(item.key)
            if is_new(standing):
                new.add(item.key)
            if standing and standing.state in {State.LEARNING, State.RELEARNING}:
                steps.append(item)
            else:
                open_.append(item)
        self._arranged, left = arrange(open_)
        self._arranged_new = frozenset(new)
        return [*steps, *left]

    def _fill(
        self,
        items: Iterable[Item],
        standings: Mapping[str, Standing],
        moment: Moment,
        asked: Item | None,
    ) -> None:
        """Sort prompts by what they are, and keep of each sort to the numbers of the day."""
        reviews: list[tuple[int, int, Item]] = []
        new: list[Item] = []
        done = _Done(standings.values(), self._today)
        wished = self._wishes.new
        if asked:
            standing = standings.get(asked.key)
            done.note(asked, standing)
            if wished and is_new(standing):
                wished -= 1
        for item in items:
            standing = standings.get(item.key)
            if standing is None or standing.state == State.NEW:
                new.append(item)
                continue
            due_at_ms, due_day = heal_due(standing, moment, self._today)
            if standing.state == State.REVIEW:
                if self._is_wanted(standing, due_day):
                    reviews.append((due_day, self._shuffle(item), item))
            elif self.put_back(item, due_at_ms, due_day, moment.at_ms):
                done.note(item, standing)
        reviews.sort(key=itemgetter(0, 1))

        def room_for_review(pack: str) -> int:
            return self._options_of(pack).reviews_per_day - done.reviews[pack]

        def room_for_new(pack: str) -> int:
            return self._options_of(pack).new_per_day - done.new[pack] if wished is None else wished

        self._reviews = self._choose(map(itemgetter(2), reviews), room_for_review, done.cards)
        self._new = self._choose(new, room_for_new, done.cards)[:wished]
        self._all_reviews = len(self._reviews) + done.reviews.total()
        self._all_new = len(self._new) + done.new.total()

    def _is_wanted(self, standing: Standing, due_day: int) -> bool:
        """Tell whether a review is due, or near enough and not looked at today."""
        if due_day <= self._today:
            return True
        return due_day <= self._today + self._wishes.ahead_days and standing.last_day != self._today

    def _shuffle(self, item: Item) -> int:
        """Return a prompt's place among those of equal urgency: another one every day."""
        return zlib.crc32(f"{self._today} {item.key}".encode())

    def _choose(
        self, found: Iterable[Item], room_for: Callable[[str], int], cards: set[str]
    ) -> list[Item]:
        """Return what a pack has room for, of cards that are not among those of today; note them."""
        chosen = []
        room: dict[str, int] = {}
        for item in found:
            left = room.setdefault(item.pack, room_for(item.pack))
            card = _card_of(item.key)
            if left <= 0 or (card in cards and self._options_of(item.pack).bury_siblings):
                continue
            room[item.pack] = left - 1
            cards.add(card)
            chosen.append(item)
        return chosen

    def _options_of(self, pack: str) -> DeckOptions:
        return self._options.get(pack, _USUAL)


class _Done:
    """What a day has seen, and what it will see in any case."""

    def __init__(self, standings: Iterable[Standing], today: int) -> None:
        self._today = today
        self.new: Counter[str] = Counter()
        """Prompts that were new today, by pack."""
        self.reviews: Counter[str] = Counter()
        """Others that were asked today, by pack."""
        self.cards: set[str] = set()
        for standing in standings:
            if standing.last_day == today:
                self._add(standing.prompt, counts_as_new=standing.first_day == today)

    def note(self, item: Item, standing: Standing | None) -> None:
        """Count what will be asked in any case, unless it was today."""
        if standing is None or standing.last_day != self._today:
            self._add(item.key, counts_as_new=is_new(standing))

    def _add(self, key: str, *, counts_as_new: bool) -> None:
        pack = key.partition(":")[0]
        (self.new if counts_as_new else self.reviews)[pack] += 1
        self.cards.add(_card_of(key))


def _card_of(key: str) -> str:
    return key.rpartition("/")[0]
