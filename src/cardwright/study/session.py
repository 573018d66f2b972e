"""A review session: rate, undo, bury, suspend. It has no screen and no clock.

Each act is one transaction, which records the act, chooses the next prompt and claims it for this
session. If it fails, the session is unchanged and the act can be retried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, NamedTuple

from cardwright.history import Act, Moment, Rating, Review
from cardwright.item import Item, Items
from cardwright.memory import Memory, State
from cardwright.study.journal import Journal
from cardwright.study.prospects import Prospects
from cardwright.study.queue import Arrange, Counts, Queue, SessionOptions

_PUTS_AWAY: Final = frozenset({Act.SUSPEND, Act.BURY})
"""Acts that take a prompt out of the session and make room for another."""
_OUTDATED: Final = (-1, -1)
_WRITE_BACK_AFTER: Final = 40
"""So few acts that the write-ahead log stays short."""


class SessionAnswer(NamedTuple):
    """One answer of a session."""

    item: Item
    review: Review
    before: Memory
    after: Memory
    retrievability: float
    """Expected recall when the prompt was asked (0 for a new one)."""


class _UndoableAct(NamedTuple):
    item: Item
    review: Review
    answer: SessionAnswer | None
    pace: tuple[int, int]
    """Answers and milliseconds up to this act."""


class Session:
    """A review session over some prompts.

    Every method may raise a StoreError, in which case nothing has changed.
    """

    def __init__(
        self,
        journal: Journal,
        items: Iterable[Item],
        moment: Moment,
        *,
        name: str,
        options: SessionOptions | None = None,
        selects: Callable[[Memory | None], bool] | None = None,
        arrange: Arrange | None = None,
    ) -> None:
        """Start a session; `name` distinguishes it from others on the same store.

        `selects` filters prompts by their memories; `arrange` replaces the order by due date.
        """
        self.journal = journal
        self.options = options or SessionOptions()
        self._items = _find_by_key(items)
        self._name = name
        self._selects = selects
        self._arrange = arrange
        self._done: list[_UndoableAct] = []
        self._queue_version = _OUTDATED
        self._arranged_after = 0
        """The number of acts before the queue was made."""
        self._act_count = 0
        """Acts since the store was last written back."""
        self.current: Item | None = None
        """The prompt to ask now; None if none is left, or none is ready yet (see `next_at_ms`)."""
        self.memory = Memory(key="")
        """The memory of the current prompt."""
        self.next_at_ms: int | None = None
        """When the next waiting prompt can be asked; None if no prompt is waiting."""
        self._queue = self._make_queue(moment)
        with journal.store.without_fsync(), journal.store.transaction():
            self._move_on(moment)

    @property
    def counts(self) -> Counts:
        """The counts of prompts left to ask today, including the current one."""
        new, learning, review = self._queue.counts
        if self.current is None:
            return Counts(new, learning, review)
        if self.options.is_cram or self.memory.state is State.REVIEW:
            return Counts(new, learning, review + 1)
        if self.memory.is_new:
            return Counts(new + 1, learning, review)
        return Counts(new, learning + 1, review)

    @property
    def pace(self) -> tuple[int, int]:
        """The number of answers, excluding undone ones, and the milliseconds spent on them."""
        return self._done[-1].pace if self._done else (0, 0)

    @property
    def answers(self) -> list[SessionAnswer]:
        """The answers of this session, excluding undone ones."""
        return [done.answer for done in self._done if done.answer is not None]

    def has(self, key: str) -> bool:
        """Return whether a prompt is one of those that it may ask."""
        return self._items.find(key) is not None

    def preview(self, moment: Moment) -> dict[Rating, Memory]:
        """Return the memory of the current prompt after each possible answer."""
        return self.journal.preview(self.memory, moment)

    def answer(self, rating: Rating, moment: Moment, duration_ms: int = 0) -> SessionAnswer:
        """Rate the current prompt and move on; the answer is on disk when this returns."""
        act = Act.CRAM if self.options.is_cram else Act.ANSWER
        answer = self._act(act, moment, rating=rating, duration_ms=duration_ms).answer
        assert answer is not None  # noqa: S101  (`_act` returns one for a rating)
        return answer

    def suspend(self, moment: Moment) -> None:
        """Suspend the current prompt until it is unsuspended, and move on."""
        self._act(Act.SUSPEND, moment)

    def bury(self, moment: Moment) -> None:
        """Postpone the current prompt until the next study day, and move on."""
        self._act(Act.BURY, moment)

    def flag(self, moment: Moment) -> None:
        """Flag the current prompt, or remove its flag."""
        self._act(Act.UNFLAG if self.memory.is_flagged else Act.FLAG, moment)

    def undo(self, moment: Moment) -> Review | None:
        """Undo the last act of this session and ask its prompt again.

        Returns the review that was undone, or None if there was nothing to undo.
        """
        if not self._done:
            return None
        done = self._done[-1]
        with self._changing():
            key = done.item.key
            _, memory = self.journal.record(key, Act.UNDO, moment, undoes=done.review.id)
            self._done = self._done[:-1]
            self._show(done.item, memory, moment)
            self._queue = self._make_queue(moment)
        return done.review

    def rest(self) -> None:
        """Do now, while the user thinks, what would otherwise be done while the user waits."""
        if self._act_count >= _WRITE_BACK_AFTER:
            self._act_count = 0
            self.journal.store.write_back()

    def look_ahead(self, moment: Moment) -> tuple[Item, Memory] | None:
        """Return the prompt that will probably be asked next, and its memory."""
        item = self._queue.peek(moment.at_ms)
        return (item, self.journal.store.read_memory(item.key)[0]) if item else None

    def list_ahead(self) -> list[Item]:
        """Return the prompts to ask after the current one today, roughly in order."""
        return self._queue.list_left()

    def ask(self, item: Item, moment: Moment) -> None:
        """Ask one of the prompts ahead now, and the current one after it."""
        store = self.journal.store
        with store.without_fsync(), self._changing():
            self._show(item, store.read_memory(item.key)[0], moment)
            self._queue = self._make_queue(moment)

    def renew_claim(self, moment: Moment) -> None:
        """Keep other sessions from asking the current prompt while the user thinks about it."""
        if self.current is not None:
            store = self.journal.store
            with store.without_fsync(), store.transaction():
                store.claim(self.current.key, self._name, moment.at_ms)

    def wait_over(self, moment: Moment) -> bool:
        """Look for a prompt again if there was none to ask; return whether there is one now."""
        if self.current is None:
            with self.journal.store.without_fsync(), self._changing():
                self._move_on(moment)
        return self.current is not None

    def replace_items(self, items: Iterable[Item], moment: Moment) -> None:
        """Use prompts that were reloaded after their sources were edited."""
        self._items = _find_by_key(items)
        if self.current is not None:
            self.current = self._items.find(self.current.key)
        self._queue_version = _OUTDATED
        if self.current is None:
            self.wait_over(moment)
        else:
            self._queue = self._make_queue(moment)

    def close(self) -> None:
        """Let other sessions ask the prompt that this one showed last."""
        self.journal.store.release_claims(self._name)

    def _act(
        self, act: Act, moment: Moment, *, rating: Rating | None = None, duration_ms: int = 0
    ) -> _UndoableAct:
        item = self.current
        if item is None:
            raise ValueError("there is no current prompt")
        key, journal = item.key, self.journal
        self._act_count += 1
        with self._changing():
            known = journal.store.read_memory(key)
            review, after = journal.record(
                key, act, moment, rating=rating, duration_ms=duration_ms, before=known
            )
            answer = None
            if rating is not None:
                before, _ = known
                today = moment.study_day(journal.rollover_hour)
                recall = journal.schedule_of(key).retrievability(before, today)
                answer = SessionAnswer(item, review, before, after, recall)
            count, spent_ms = self.pace
            pace = (count + 1, spent_ms + review.spent_ms) if answer else (count, spent_ms)
            done = _UndoableAct(item, review, answer, pace)
            self._done = [*self._done, done]
            if act in {Act.FLAG, Act.UNFLAG}:
                self.memory = after
                return done
            if act in _PUTS_AWAY:
                self._queue_version = _OUTDATED
            elif act is Act.ANSWER:
                self._put_back(item, after, moment)
            self._move_on(moment)
        return done

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change the store and this session atomically."""
        kept = (self.current, self.memory, self.next_at_ms, self._done, self._queue_version)
        queue = self._queue.copy()
        try:
            with self.journal.store.transaction():
                yield
        except BaseException:
            self.current, self.memory, self.next_at_ms, self._done, self._queue_version = kept
            self._queue = queue
            raise

    def _put_back(self, item: Item, memory: Memory, moment: Moment) -> None:
        """Requeue a prompt if it is in a learning step."""
        is_hidden = memory.is_suspended and not self.options.with_suspended
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
        if self._queue_version != self._find_version(moment):
            self._queue = self._make_queue(moment)
        claimed = store.claimed_by_others(self._name, moment.at_ms)

        def is_free(item: Item) -> bool:
            return item.key not in claimed

        item = self._queue.take(moment.at_ms, is_free)
        if item is None and self._arrange and self._arranged_after != len(self._done):
            # Whoever was quicker than planned has time for more.
            self._queue = self._make_queue(moment)
            item = self._queue.take(moment.at_ms, is_free)
        if item is not None:
            self._show(item, store.read_memory(item.key)[0], moment)
            return
        self.memory = Memory(key="")
        step_at_ms = self._queue.next_step_at_ms
        waits = [*claimed.values()] if any(self._queue.counts) else []
        if step_at_ms is not None:
            waits.append(max(step_at_ms, moment.at_ms + 1))
        self.next_at_ms = min(waits, default=None)

    def _make_queue(self, moment: Moment) -> Queue:
        self._queue_version = self._find_version(moment)
        self._arranged_after = len(self._done)
        options = self.options
        if options.max_new is not None:
            begun = sum(answer.before.is_new for answer in self.answers)
            options = replace(options, max_new=max(options.max_new - begun, 0))
        current, asked = self.current, None
        if current is not None:
            asked = current, self.journal.store.read_memory(current.key)[0]
        return Queue(
            self._find_prospects(moment),
            self.journal.limits,
            options,
            moment,
            moment.study_day(self.journal.rollover_hour),
            asked,
            self._arrange,
            (done.item.key for done in self._done if self._is_final(done.review.act)),
            self.journal.measure_loss,
        )

    def _find_prospects(self, moment: Moment) -> Prospects:
        if self._selects is None:
            return self.journal.read_prospects(self._items, moment)
        memories = self.journal.read_memories(moment)
        chosen = (item for item in self._items if self._selects(memories.get(item.key)))
        return Prospects(Items(chosen), memories)

    def _is_final(self, act: Act) -> bool:
        """Return whether an act takes its prompt out of this session, whatever the memory says."""
        return act is Act.CRAM or (act is Act.SUSPEND and self.options.with_suspended)

    def _find_version(self, moment: Moment) -> tuple[int, int]:
        """Return a version that changes when other processes write, and on a new study day."""
        return self.journal.store.data_version(), moment.study_day(self.journal.rollover_hour)


def _find_by_key(items: Iterable[Item]) -> Items:
    """Return prompts that are found by their keys; those of an index are so already."""
    return items if isinstance(items, Items) else Items(items)
