"""A sitting with a card on the table: what the full screen and the plain prompts share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from cardwright.history import Memory, Moment, Rating
from cardwright.item import Item
from cardwright.kinds import list_prompts
from cardwright.model import Card, FieldType, Kind, Option, Prompt
from cardwright.study.session import Answer, Session
from cardwright.terminal.face import draw_answer, draw_question, list_options
from cardwright.terminal.markdown import Drawing

USUAL_ANSWER_S: Final = 12.0
"""Seconds that an answer takes, until one's own are known."""
_ENOUGH_ANSWERS: Final = 5
_MS_PER_MINUTE: Final = 60_000
_LONGEST_WAIT_MS: Final = 10 * _MS_PER_MINUTE
"""Nobody sits longer before a window in which nothing is asked."""


class Sources(Protocol):
    """Where cards come from."""

    def load_card(self, ref: str) -> Card | None:
        """Return a card by its key."""

    def find_kind(self, name: str) -> Kind:
        """Return a kind by its name."""


class Sitting:
    """The prompt that is asked, how far it is shown, and what was picked or ticked."""

    def __init__(
        self,
        session: Session,
        sources: Sources,
        clock: Callable[[], Moment],
        *,
        most_answers: int | None = None,
        most_minutes: float | None = None,
    ) -> None:
        """Ask what the session asks, until it ends or one of the limits is reached."""
        self.session = session
        self._sources = sources
        self.clock = clock
        self._most_answers = most_answers
        self._end_ms = None if most_minutes is None else most_minutes * _MS_PER_MINUTE
        self.started_ms = clock().at_ms
        self.prompt: Prompt | None = None
        self.lay_out()

    def lay_out(self) -> None:
        """Put the session's prompt on the table, its question only."""
        self.is_revealed = False
        self.is_ticking = False
        self.picked: set[int] = set()
        self.ticked: set[int] = set()
        self.shown_ms = self.clock().at_ms
        self.prompt = self._find_prompt()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to ask, now or soon, or enough was asked."""
        return self.is_enough or (self.session.current is None and self.session.next_at_ms is None)

    @property
    def is_enough(self) -> bool:
        """Whether the wished number of answers, or of minutes, is reached."""
        count = len(self.session.answers)
        if self._most_answers is not None and count >= self._most_answers:
            return True
        return self._end_ms is not None and self.passed_ms >= self._end_ms

    @property
    def passed_ms(self) -> int:
        """How long this sitting has lasted."""
        return max(self.clock().at_ms - self.started_ms, 0)

    @property
    def kind(self) -> Kind:
        """The kind of the card on the table."""
        assert self.prompt is not None  # noqa: S101  (asked only when a card lies there)
        return self._sources.find_kind(self.prompt.card.kind)

    @property
    def options(self) -> tuple[int, ...]:
        """The options of the card in the order shown, as indices; empty when it has none."""
        return list_options(self.prompt, self._seed) if self.prompt else ()

    @property
    def points(self) -> int:
        """How many points the answer has that can be ticked."""
        if self.prompt is None:
            return 0
        answer = self.kind.field(self.prompt.side.show[0])
        value = self.prompt.card.fields.get(answer.name)
        is_list = answer.type is FieldType.LIST and isinstance(value, tuple)
        return len(value) if is_list and isinstance(value, tuple) else 0

    @property
    def suggestion(self) -> Rating:
        """The rating that what was picked or ticked speaks for."""
        if self.is_right is False:
            return Rating.AGAIN
        if self.points and self.ticked:
            return Rating.GOOD if len(self.ticked) == self.points else Rating.HARD
        return Rating.GOOD

    @property
    def is_right(self) -> bool | None:
        """Whether just the right options are picked; None when none is."""
        if self.prompt is None or not self.picked:
            return None
        options = [
            option
            for value in self.prompt.card.fields.values()
            if isinstance(value, tuple)
            for option in value
            if isinstance(option, Option)
        ]
        return self.picked == {index for index, option in enumerate(options) if option.right}

    @property
    def minutes_left(self) -> float:
        """How long what is left will take, at the pace of this sitting."""
        answers = self.session.answers
        seconds = USUAL_ANSWER_S
        if len(answers) >= _ENOUGH_ANSWERS:
            total_ms = sum(min(answer.review.duration_ms, _MS_PER_MINUTE) for answer in answers)
            seconds = total_ms / 1000 / len(answers)
        new, learning, review = self.session.counts
        # A new card comes back once or twice the same day.
        return (2 * new + learning + review) * seconds / 60

    def draw_question(self) -> Drawing:
        """Draw what is asked."""
        assert self.prompt is not None  # noqa: S101
        return draw_question(self.prompt, self.kind, shuffle_seed=self._seed, picked=self.picked)

    def draw_answer(self) -> Drawing:
        """Draw what is revealed."""
        assert self.prompt is not None  # noqa: S101
        return draw_answer(
            self.prompt,
            self.kind,
            shuffle_seed=self._seed,
            picked=self.picked,
            ticked=self.ticked,
        )

    def reveal(self) -> None:
        """Show the answer; points are ticked first, then rated."""
        self.is_revealed = True
        self.is_ticking = self.points > 0

    def toggle(self, number: int) -> bool:
        """Pick or tick the option or point with this number, from 1; tell whether there is one."""
        if not self.is_revealed and number <= len(self.options):
            self.picked ^= {self.options[number - 1]}
            return True
        if self.is_ticking and number <= self.points:
            self.ticked ^= {number - 1}
            return True
        return False

    def search(self, wanted: str) -> Item | None:
        """Return the next prompt ahead of which the card holds a text, in any case of letters."""
        needle = wanted.casefold()
        for item in self.session.list_ahead():
            card = self._sources.load_card(item.ref)
            if card is not None and needle in _gather_words(card).casefold():
                return item
        return None

    def preview(self) -> dict[Rating, Memory]:
        """Return where each rating would lead."""
        return self.session.preview(self.clock())

    def rate(self, rating: Rating) -> Answer:
        """Record the answer, and lay out the next prompt."""
        now = self.clock()
        answer = self.session.answer(rating, now, max(now.at_ms - self.shown_ms, 0))
        self.lay_out()
        return answer

    @property
    def _seed(self) -> int:
        """Options stand the same until the prompt is answered."""
        return self.session.memory.reps

    def _find_prompt(self) -> Prompt | None:
        item = self.session.current
        card = self._sources.load_card(item.ref) if item else None
        if item is None or card is None:
            return None
        kind = self._sources.find_kind(card.kind)
        return next((p for p in list_prompts(card, kind) if p.key == item.key), None)


def _gather_words(card: Card) -> str:
    """Return all that a card can be found by."""
    parts = (
        part
        for value in card.fields.values()
        for part in (value if isinstance(value, tuple) else (value,))
    )
    texts = (part.text if isinstance(part, Option) else str(part) for part in parts)
    return "\n".join((card.ref, card.lesson or "", *card.tags, *texts))
