"""A sitting: reveal, rate, undo, bury, suspend. It has no screen and no clock.

Each act is one transaction: it records the act, chooses the next prompt and claims it for this
sitting. If that fails, the sitting is what it was, and the act can be tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, NamedTuple

from cardwright.history import Act, Memory, Moment, Rating, Review, State
from cardwright.item import Item
from cardwright.study.journal import Journal
from cardwright.study.queue import Arrange, Counts, Queue, Wishes
from cardwright.study.standing import Standing

_PUTS_AWAY: Final = frozenset({Act.SUSPEND, Act.BURY})
"""Acts after which a prompt is not asked again, and makes room for another."""
_STAND: Final = partial(tuple.__new__, Standing)
"""Makes a Standing of a row; its own constructor takes Python code for each."""
_STALE: Final = (-1, -1)


class Answer(NamedTuple):
    """One answer of this sitting."""

    item: Item
    review: Review
    before: Memory
    after: Memory
    retrievability: float
    """Expected recall when it was asked; 0 when it was new."""


@dataclass(frozen=True, slots=True)
class _Done:
    """An act that can be taken back."""

    item: Item
    review: Review
    answer: Answer | None


class Session:
    """One sitting over some prompts. What it raises is a StoreError, and then nothing has changed."""

    def __init__(
        self,
        journal: Journal,
        items: Iterable[Item],
        moment: Moment,
        *,
        name: str,
        wishes: Wishes | None = None,
        selects: Callable[[Item, Standing | None], bool] | None = None,
        arrange: Arrange | None = None,
    ) -> None:
        """Begin at a moment; `name` tells this sitting from others on the same store.

        `selects` says which prompts are meant, by their standing; `arrange` what is asked today by
        another rule than being due.
        """
        self.journal = journal
        self.wishes = wishes or Wishes()
        self._items = list(items)
        self._name = name
        self._selects = selects
        self._arrange = arrange
        self._done: list[_Done] = []
        self._seen = _STALE
        self.current: Item | None = None
        """What is asked now; None: nothing is left, or nothing yet (`next_at_ms`)."""
        self.memory = Memory(prompt="")
        """Of the current prompt."""
        self.next_at_ms: int | None = None
        """When something is to be asked that cannot be asked yet."""
        self._queue = self._make_queue(moment)
        with journal.store.hurried(), journal.store.transaction():
            self._move_on(moment)

    @property
    def counts(self) -> Counts:
        """What is left to ask today, the current prompt with it."""
        new, learning, review = self._queue.counts
        if self.current is None:
            return Counts(new, learning, review)
        if self.wishes.is_cram or self.memory.state is State.REVIEW:
            return Counts(new, learning, review + 1)
        if self.memory.state is State.NEW:
            return Counts(new + 1, learning, review)
        return Counts(new, learning + 1, review)

    @property
    def answers(self) -> list[Answer]:
        """The answers of this sitting that were not taken back."""
        return [done.answer for done in self._done if done.answer is not None]

    def preview(self, moment: Moment) -> dict[Rating, Memory]:
        """Return what the current memory would be after each answer."""
        return self.journal.schedule_of(self.memory.prompt).preview(self.memory, moment)

    def answer(self, rating: Rating, moment: Moment, duration_ms: int = 0) -> Answer:
        """Rate the current prompt and move on; it is on the disk when this returns."""
        act = Act.CRAM if self.wishes.is_cram else Act.ANSWER
        answer = self._act(act, moment, rating=rating, duration_ms=duration_ms).answer
        assert answer is not None  # noqa: S101  (of an answer, `_act` returns one)
        return answer

    def suspend(self, moment: Moment) -> None:
        """Ask the current prompt no more until it is unsuspended, and move on."""
        self._act(Act.SUSPEND, moment)

    def bury(self, moment: Moment) -> None:
        """Put the current prompt off until the next study day, and move on."""
        self._act(Act.BURY, moment)

    def flag(self, moment: Moment) -> None:
        """Flag the current prompt, or take its flag away."""
        self._act(Act.UNFLAG if self.memory.is_flagged else Act.FLAG, moment)

    def undo(self, moment: Moment) -> Review | None:
        """Take the last act of this sitting back and ask its prompt again; None when there is none."""
        if not self._done:
            return None
        done = self._done[-1]
        ref = done.item.key
        with self._changing():
            _, memory = self.journal.record(ref, Act.UNDO, moment, undoes=done.review.id)
            self._done = self._done[:-1]
            self._show(done.item, memory, moment)
            self._queue = self._make_queue(moment)
        return done.review

    def look_ahead(self, moment: Moment) -> tuple[Item, Memory] | None:
        """Return what will probably be asked next, and its memory."""
        item = self._queue.peek(moment.at_ms)
        return (item, self.journal.store.read_memory(item.key)[0]) if item else None

    def list_ahead(self) -> list[Item]:
        """Return what is still to be asked today after the current prompt, roughly in order."""
        return self._queue.list_left()

    def ask(self, item: Item, moment: Moment) -> None:
        """Ask a prompt that is ahead now; the current one comes after it."""
        store = self.journal.store
        with store.hurried(), self._changing():
            self._show(item, store.read_memory(item.key)[0], moment)
            self._queue = self._make_queue(moment)

    def stay(self, moment: Moment) -> None:
        """Keep others from asking the current prompt while somebody thinks about it."""
        if self.current is not None:
            store = self.journal.store
            with store.hurried(), store.transaction():
                store.claim(self.current.key, self._name, moment.at_ms)

    def wait_over(self, moment: Moment) -> bool:
        """Look again whether there is something to ask, when there was not; tell whether there is."""
        if self.current is None:
            with self.journal.store.hurried(), self._changing():
                self._move_on(moment)
        return self.current is not None

    def replace_items(self, items: Iterable[Item], moment: Moment) -> None:
        """Take on prompts that were read anew: their sources were edited."""
        self._items = list(items)
        current = self.current
        if current is not None:
            ref = current.key
            self.current = next((item for item in self._items if item.key == ref), None)
        self._seen = _STALE
        if self.current is None:
            self.wait_over(moment)
        else:
            self._queue = self._make_queue(moment)

    def close(self) -> None:
        """Let other sittings ask what this one showed last."""
        self.journal.store.release_claims(self._name)

    def _act(
        self, act: Act, moment: Moment, *, rating: Rating | None = None, duration_ms: int = 0
    ) -> _Done:
        item = self.current
        if item is None:
            message = "there is no prompt to act upon"
            raise ValueError(message)
        ref, journal = item.key, self.journal
        with self._changing():
            known = journal.store.read_memory(ref)
            before = known[0]
            review, after = journal.record(
                ref, act, moment, rating=rating, duration_ms=duration_ms, known=known
            )
            answer = None
            if rating is not None:
                today = moment.study_day(journal.rollover_hour)
                recall = journal.schedule_of(ref).retrievability(before, today)
                answer = Answer(item, review, before, after, recall)
            done = _Done(item, review, answer)
            self._done = [*self._done, done]
            if act in {Act.FLAG, Act.UNFLAG}:
                self.memory = after
                return done
            if act in _PUTS_AWAY:
                self._seen = _STALE
            elif act is Act.ANSWER:
                self._put_back(item, after, moment)
            self._move_on(moment)
        return done

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change the store and this sitting, or neither."""
        kept = (self.current, self.memory, self.next_at_ms, self._done, self._seen)
        queue = self._queue.copy()
        try:
            with self.journal.store.transaction():
                yield
        except BaseException:
            self.current, self.memory, self.next_at_ms, self._done, self._seen = kept
            self._queue = queue
            raise

    def _put_back(self, item: Item, memory: Memory, moment: Moment) -> None:
        """Ask a prompt again if it is in a learning step."""
        is_hidden = memory.is_suspended and not self.wishes.with_suspended
        if memory.state in {State.LEARNING, State.RELEARNING} and not is_hidden:
            self._queue.put_back(item, memory.due_at_ms or 0, memory.due_day or 0, moment.at_ms)

    def _show(self, item: Item, memory: Memory, moment: Moment) -> None:
        """Ask a prompt and claim it, within a transaction."""
        self.current, self.memory, self.next_at_ms = item, memory, None
        self.journal.store.claim(item.key, self._name, moment.at_ms)

    def _move_on(self, moment: Moment) -> None:
        """Choose the next prompt and show it, within a transaction."""
        store = self.journal.store
        self.current = None
        if self._seen != self._look(moment):
            self._queue = self._make_queue(moment)
        claimed = store.claimed_by_others(self._name, moment.at_ms)
        item = self._queue.take(moment.at_ms, lambda item: item.key not in claimed)
        if item is not None:
            self._show(item, store.read_memory(item.key)[0], moment)
            return
        self.memory = Memory(prompt="")
        step_at_ms = self._queue.next_step_at_ms
        waits = [*claimed.values()] if any(self._queue.counts) else []
        if step_at_ms is not None:
            waits.append(max(step_at_ms, moment.at_ms + 1))
        self.next_at_ms = min(waits, default=None)

    def _make_queue(self, moment: Moment) -> Queue:
        self._seen = self._look(moment)
        rows = self.journal.store.list_standings(moment.at_ms)
        by_prompt = {
            row[0]: standing for row, standing in zip(rows, map(_STAND, rows), strict=True)
        }
        out = {self.current.key} if self.current else set()
        out |= {done.item.key for done in self._done if self._ends_with(done.review.act)}
        wishes = self.wishes
        if wishes.new is not None:
            begun = sum(answer.before.state is State.NEW for answer in self.answers)
            wishes = replace(wishes, new=max(wishes.new - begun, 0))
        items = [
            item
            for item in self._items
            if item.key not in out
            and (self._selects is None or self._selects(item, by_prompt.get(item.key)))
        ]
        options, (_, today) = self.journal.options, self._seen
        return Queue(items, by_prompt, options, wishes, moment, today, self.current, self._arrange)

    def _ends_with(self, act: Act) -> bool:
        """Tell whether a prompt is over for this sitting after an act, whatever its memory says."""
        return act is Act.CRAM or (act is Act.SUSPEND and self.wishes.with_suspended)

    def _look(self, moment: Moment) -> tuple[int, int]:
        """Return what makes a queue outdated: what others write, and the turn of the day."""
        return self.journal.store.change_mark(), moment.study_day(self.journal.rollover_hour)
