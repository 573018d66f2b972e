"""A sitting with a card on the table: what the full screen and the plain prompts share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from cardwright.history import Memory, Moment, Rating, Review
from cardwright.item import Item
from cardwright.kinds import list_prompts
from cardwright.model import Card, Kind
from cardwright.study.session import Session, SessionAnswer
from cardwright.terminal.attempt import Attempt

USUAL_ANSWER_S: Final = 12.0
"""Seconds that an answer takes, until one's own are known."""
_ENOUGH_ANSWERS: Final = 5
_MS_PER_MINUTE: Final = 60_000
_LONGEST_WAIT_MS: Final = 10 * _MS_PER_MINUTE
"""Who looks at a card for longer has gone away, and others may ask it."""


class Sources(Protocol):
    """Where cards come from."""

    def load_card(self, ref: str) -> Card | None:
        """Return a card by its key."""

    def find_kind(self, name: str) -> Kind:
        """Return a kind by its name."""


class Sitting:
    """What is asked, by which clock, and whether that was enough."""

    def __init__(
        self,
        session: Session,
        sources: Sources,
        clock: Callable[[], Moment],
        *,
        most_answers: int | None = None,
        most_minutes: float | None = None,
        explain: Callable[[Item], str] | None = None,
        shows_why: bool = False,
    ) -> None:
        """Ask what the session asks, until it ends or one of the limits is reached.

        `explain` says why a prompt is asked, where that is not for being due.
        """
        self.session = session
        self._sources = sources
        self.clock = clock
        self._most_answers = most_answers
        self._end_ms = None if most_minutes is None else most_minutes * _MS_PER_MINUTE
        self._explain = explain
        self._shows_why = shows_why
        self.started_ms = clock().at_ms
        self.attempt: Attempt | None
        """At the card on the table; None when nothing can be asked now."""
        self._ahead: dict[tuple[str, int], Attempt] = {}
        """What was made ready, by prompt and answers so far."""
        self.turn = 0
        """Grows whenever something else is laid out."""
        self.lay_out()

    def lay_out(self) -> None:
        """Put the session's prompt on the table, its question only."""
        self.turn += 1
        self.is_enough = False
        self.shown_ms = self.clock().at_ms
        self._item = self.session.current
        self.attempt = self._begin_attempt()

    def lay_out_again(self) -> None:
        """Put what was read anew on the table, with its answer if that was to be seen."""
        self._ahead = {}
        before, was_revealed = self._item, self.attempt is not None and self.attempt.is_revealed
        self.lay_out()
        is_same = before and self._item and before.key == self._item.key
        if was_revealed and is_same and self.attempt:
            self.attempt.reveal()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to ask, now or soon, or enough was asked."""
        return self.is_enough or (self.session.current is None and self.session.next_at_ms is None)

    @property
    def reason(self) -> str:
        """Why the prompt is asked; "" when it is due, and that is all."""
        item = self.session.current
        return self._explain(item) if item and self._explain else ""

    @property
    def why(self) -> str:
        """The reason, where it is to be shown with every card."""
        return self.reason if self._shows_why else ""

    @property
    def passed_ms(self) -> int:
        """How long this sitting has lasted."""
        return max(self.clock().at_ms - self.started_ms, 0)

    @property
    def minutes_left(self) -> float:
        """How long what is left will take, at the pace of this sitting."""
        answers = self.session.answers
        seconds = USUAL_ANSWER_S
        if len(answers) >= _ENOUGH_ANSWERS:
            total_ms = sum(answer.review.spent_ms for answer in answers)
            seconds = total_ms / 1000 / len(answers)
        new, learning, review = self.session.counts
        # A new card comes back once or twice the same day.
        return (2 * new + learning + review) * seconds / 60

    def search(self, wanted: str) -> Item | None:
        """Return the next prompt ahead of which the card holds a text, in any case of letters."""
        needle = wanted.casefold()
        for item in self.session.list_ahead():
            card = self._sources.load_card(item.card_ref)
            if card is not None and needle in _gather_words(card).casefold():
                return item
        return None

    def preview(self) -> dict[Rating, Memory]:
        """Return where each rating would lead."""
        return self.session.preview(self.clock())

    def rate(self, rating: Rating) -> SessionAnswer:
        """Record the answer, and lay out the next prompt."""
        now = self.clock()
        answer = self.session.answer(rating, now, max(now.at_ms - self.shown_ms, 0))
        self._go_on()
        return answer

    def suspend(self) -> None:
        """Ask this prompt no more, and lay out the next one."""
        self.session.suspend(self.clock())
        self._go_on()

    def bury(self) -> None:
        """Put this prompt off until tomorrow, and lay out the next one."""
        self.session.bury(self.clock())
        self._go_on()

    def undo(self) -> Review | None:
        """Take the last act back and ask its prompt again, even if enough was asked."""
        undone = self.session.undo(self.clock())
        if undone is not None:
            self.lay_out()
        return undone

    def ask(self, item: Item) -> None:
        """Ask a prompt that is ahead."""
        self.session.ask(item, self.clock())
        self.lay_out()

    def wait(self) -> None:
        """Look whether there is something to ask by now; else keep others from asking the same."""
        now = self.clock()
        if self.session.current is None:
            if self.session.wait_over(now):
                self.lay_out()
            self.is_enough = self._has_asked_enough()
        elif now.at_ms - self.shown_ms < _LONGEST_WAIT_MS:
            self.session.renew_claim(now)

    def _go_on(self) -> None:
        self.lay_out()
        self.is_enough = self._has_asked_enough()

    def _has_asked_enough(self) -> bool:
        """Tell whether the wished number of answers, or of minutes, is reached."""
        count = len(self.session.answers)
        if self._most_answers is not None and count >= self._most_answers:
            return True
        return self._end_ms is not None and self.passed_ms >= self._end_ms

    def look_ahead(self) -> Attempt | None:
        """Make ready what will probably be asked next; it is laid out when it is."""
        found = self.session.look_ahead(self.clock())
        if found is None:
            return None
        item, memory = found
        known = (item.key, memory.reps)
        if known not in self._ahead:
            attempt = self._make_attempt(item, memory)
            self._ahead = {known: attempt} if attempt else {}
        return self._ahead.get(known)

    def _begin_attempt(self) -> Attempt | None:
        item, memory = self.session.current, self.session.memory
        if item is None:
            return None
        # What was made ready is used once: it may be read anew, or asked again.
        return self._ahead.pop((item.key, memory.reps), None) or self._make_attempt(item, memory)

    def _make_attempt(self, item: Item, memory: Memory) -> Attempt | None:
        card = self._sources.load_card(item.card_ref)
        if card is None:
            return None
        kind = self._sources.find_kind(card.kind)
        prompts = {prompt.side_name: prompt for prompt in list_prompts(card, kind)}
        # Options stand the same until the prompt is answered.
        return Attempt(prompts[item.side_name], kind, memory.reps)


def _gather_words(card: Card) -> str:
    """Return all that a card can be found by."""
    texts = [
        str(part)
        for value in card.fields.values()
        for part in (value if isinstance(value, tuple) else (value,))
    ]
    texts += (option.text for option in card.options)
    return "\n".join((card.ref, card.lesson or "", *card.tags, *texts))
