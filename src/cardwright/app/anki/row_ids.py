"""The ids of new rows of Anki's log: which is free, and near the time of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cardwright.anki.history import find_row_id
from cardwright.history import END_MS, Review

_MAX_REACH: Final = 1_000


class Placing:
    """Chooses ids for new rows of Anki's log: the time of each answer, or one as near as possible.

    An id is unique in a collection, and the ids of a card's rows have the order of its answers.
    """

    def __init__(self, find_taken: Callable[[Sequence[int]], set[int]]) -> None:
        """`find_taken` returns which ids are taken."""
        self._find_taken = find_taken
        self._taken: set[int] = set()
        self._asked: set[int] = set()
        self._above: dict[int, int] = {}
        """An id above one that is taken, below which all are taken; likewise `_below`."""
        self._below: dict[int, int] = {}

    def place(
        self, prompts: Mapping[str, Sequence[tuple[Review, int | None]]], rollover_hour: int
    ) -> dict[str, int]:
        """Return the id of a row for each review that has none, by the review's id.

        The reviews of each prompt are in order, each with the id of its row if it has one.
        """
        chosen: dict[str, dict[str, int]] = {}
        self._taken |= {id for acts in prompts.values() for _, id in acts if id is not None}
        left, reach = list(prompts), 0
        while left:
            for key in left:
                chosen[key] = self._choose(prompts[key], rollover_hour)
                self._taken.update(chosen[key].values())
            ids = {id for key in left for id in chosen[key].values()}
            # Where one is taken, others near it often are.
            ids |= {near for id in ids for near in range(max(id - reach, 1), id + reach + 1)}
            taken = self._find_taken(sorted(ids - self._asked))
            self._asked |= ids
            left = [key for key in left if not taken.isdisjoint(chosen[key].values())]
            for key in left:
                self._taken.difference_update(chosen[key].values())
            self._taken |= taken
            reach = min(reach * 4 + 4, _MAX_REACH)
        return {review_id: id for ids in chosen.values() for review_id, id in ids.items()}

    def _choose(
        self, acts: Sequence[tuple[Review, int | None]], rollover_hour: int
    ) -> dict[str, int]:
        """Return ids for the reviews of a prompt."""
        above: list[int] = []
        limit = END_MS
        for _, id in reversed(acts):
            above.append(limit)
            limit = limit if id is None else min(limit, id)
        above.reverse()
        chosen: dict[str, int] = {}
        last = 0
        for (review, known), end in zip(acts, above, strict=True):
            id = self._find_free(review, last, end, rollover_hour) if known is None else known
            if known is None:
                chosen[review.id] = id
            last = max(last, id)
        return chosen

    def _find_free(self, review: Review, last: int, end: int, rollover_hour: int) -> int:
        """Return a free id near the time of a review, after the row before and before the next.

        It is of the same study day if there is room; if there is none between the rows either, it
        is only after the one before.
        """
        day = review.moment.study_day(rollover_hour)
        start_ms = review.moment.start_of(day, rollover_hour)
        end_ms = review.moment.start_of(day + 1, rollover_hour)
        for low, high in (
            (max(last + 1, start_ms), min(end, end_ms)),
            (last + 1, end),
            (last + 1, END_MS),
        ):
            if low < high:
                wanted = min(max(find_row_id(review), low), high - 1)
                if (found := self._step(wanted, 1, self._above)) < high:
                    return found
                if (found := self._step(wanted, -1, self._below)) >= low:
                    return found
        return self._step(last + 1, 1, self._above)

    def _step(self, id: int, step: int, jumps: dict[int, int]) -> int:
        """Return the next free id in a direction."""
        passed = []
        while id in self._taken:
            passed.append(id)
            id = jumps.get(id, id + step)
        for one in passed:
            jumps[one] = id
        return id
