"""Reviews, and the memories that follow from them: what is recorded changes both or neither.

Reviews are ordered by id, and an id begins with the review's place in time: twelve hexadecimal
digits of milliseconds. That place is never before what is recorded already, so that a clock that
was set back changes no order; only a review that is entered later on purpose goes where it belongs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Final

from cardwright.history import Act, Memory, Moment, Rating, Review
from cardwright.model import DeckOptions
from cardwright.study.schedule import Done, Schedule, Step
from cardwright.study.store import Store

_MIXED: Final = ""
"""The rules of a pack whose memories were computed under several."""


class Journal:
    """A store under the schedules of its packs."""

    def __init__(self, store: Store, schedules: Mapping[str, Schedule], usual: Schedule) -> None:
        """Study each pack by its schedule, and others as `usual`."""
        self.store = store
        self._schedules = schedules
        self._usual = usual
        self.foreign_fits: list[str] = []
        """Packs whose fitted parameters are of another model, and are not used."""

    def schedule_of(self, prompt: str) -> Schedule:
        """Return the schedule of a prompt's pack."""
        return self._schedules.get(prompt.partition(":")[0], self._usual)

    @property
    def options(self) -> dict[str, DeckOptions]:
        """The options of each pack that has a schedule of its own."""
        return {pack: schedule.options for pack, schedule in self._schedules.items()}

    @property
    def rollover_hour(self) -> int:
        """The local hour at which a study day begins, the same for all packs."""
        return self._usual.rollover_hour

    def list_outdated(self) -> list[str]:
        """Return the packs whose memories were computed under other rules than now hold."""
        known = self.store.read_rules()
        return [
            pack for pack, schedule in self._schedules.items() if known.get(pack) != schedule.rules
        ]

    def rebuild(self, packs: Iterable[str] | None = None) -> int:
        """Make the memories of packs, or of all, anew; return how many there are."""
        made = 0
        with self.store.transaction():
            if packs is None:
                packs = {*self._schedules, *self.store.read_rules(), *self.store.list_packs()}
            for pack in packs:
                self.store.drop_memories(pack)
                replayed = list(self._replay(self.store.list_acts(pack)))
                self.store.put_memories(replayed)
                self.store.put_rules(pack, self._rules_of(pack))
                made += len(replayed)
        return made

    def find_differences(self) -> list[str]:
        """Return the prompts whose memory is not what replaying their reviews gives."""
        cached = {memory.prompt: memory for memory in self.store.list_memories()}
        found = []
        for memory, _ in self._replay(self.store.list_acts()):
            if cached.pop(memory.prompt, Memory(prompt=memory.prompt)) != memory:
                found.append(memory.prompt)
        blank = (prompt for prompt, memory in cached.items() if memory != Memory(prompt=prompt))
        return sorted((*found, *blank))

    def record(
        self,
        prompt: str,
        act: Act,
        moment: Moment,
        *,
        rating: Rating | None = None,
        duration_ms: int = 0,
        undoes: str | None = None,
        is_dated: bool = False,
        known: tuple[Memory, str] | None = None,
    ) -> tuple[Review, Memory]:
        """Add one act, within a transaction of the store; return it and the memory after it.

        Its place is behind all others even if the clock was set back, unless `is_dated`: then it
        happened when it says, and what came later is replayed upon it. Who has read the memory
        within the transaction hands it in as `known`.
        """
        review = Review(
            id=self._make_id(moment.at_ms, is_dated=is_dated),
            prompt=prompt,
            act=act,
            rating=rating,
            at_ms=moment.at_ms,
            utc_offset_minutes=moment.utc_offset_minutes,
            duration_ms=duration_ms,
            undoes=undoes,
        )
        before, last_id = known or self.store.read_memory(prompt)
        self.store.add(review)
        if act is Act.UNDO or review.id < last_id:
            return review, self._renew([prompt])[prompt]
        memory = self.schedule_of(prompt).apply(before, review)
        self._keep([(memory, review.id)])
        return review, memory

    def merge(self, reviews: Iterable[Review]) -> tuple[int, list[str]]:
        """Add the reviews that are not there yet.

        Returns how many those were, and the ids under which something else is there already.
        """
        with self.store.transaction():
            before = self.store.count_reviews()
            prompts, clashes = self.store.merge(reviews)
            self._renew(sorted(prompts))
            return self.store.count_reviews() - before, clashes

    def _renew(self, prompts: list[str]) -> dict[str, Memory]:
        """Replay prompts; of those without a review that stands, a blank memory remains."""
        found = {prompt: (Memory(prompt=prompt), "") for prompt in prompts}
        if prompts:
            replayed = self._replay(self.store.list_acts(prompts=prompts))
            found |= {memory.prompt: (memory, last_id) for memory, last_id in replayed}
        self._keep(found.values())
        return {prompt: memory for prompt, (memory, _) in found.items()}

    def _keep(self, memories: Collection[tuple[Memory, str]]) -> None:
        """Write memories; note if that leaves a pack with some that were computed otherwise."""
        self.store.put_memories(memories)
        known = self.store.read_rules()
        for pack in {memory.prompt.partition(":")[0] for memory, _ in memories}:
            if known.get(pack) != self._rules_of(pack):
                self.store.put_rules(pack, _MIXED)

    def _rules_of(self, pack: str) -> str:
        return self._schedules.get(pack, self._usual).rules

    def _replay(
        self, acts: Iterable[tuple[str, str, str, int | None, int, int, int]]
    ) -> Iterator[tuple[Memory, str]]:
        for prompt, group in groupby(acts, key=itemgetter(0)):
            rows = list(group)
            memory = self.schedule_of(prompt).replay(prompt, (row[2:6] for row in rows))
            yield memory, rows[-1][1]

    def trace(self, prompt: str) -> Iterator[tuple[Review, Step]]:
        """Yield the answers of a prompt that stand, each with the memory before and after it."""
        reviews = [r for r in self.store.list_reviews(prompt) if r.act is not Act.CRAM]
        dones = [Done(r.act, r.rating, r.at_ms, r.utc_offset_minutes) for r in reviews]
        answers = (review for review in reviews if review.act is Act.ANSWER)
        steps = self.schedule_of(prompt).trace(prompt, dones)
        for review, (_, step) in zip(answers, steps, strict=True):
            yield review, step

    def _make_id(self, at_ms: int, *, is_dated: bool) -> str:
        place = at_ms
        device = self.store.device
        if not is_dated and (last := self.store.last_id()):
            place = max(place, int(last[:12], 16) + 1)
        while self.store.has_id(review_id := f"{place:012x}-{device}"):
            place += 1
        return review_id
