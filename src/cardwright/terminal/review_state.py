"""`cards review` without its screen: the card that is asked, and every act on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from cardwright.app.study import Study
from cardwright.history import MS_PER_MINUTE, Act, Memory, Moment, Rating, Review
from cardwright.item import Item
from cardwright.kinds import list_prompts
from cardwright.model import Card, FieldType, Kind, Prompt
from cardwright.study.queue import Counts
from cardwright.study.schedule import ReplayedAnswer
from cardwright.study.session import Session, SessionAnswer
from cardwright.terminal.card import (
    draw_answer,
    draw_question,
    format_verdict,
    order_options,
)
from cardwright.terminal.markdown import Drawing
from cardwright.terminal.words import format_wait, name_rating

DEFAULT_ANSWER_S: Final = 12.0
"""Seconds that an answer takes, until there are answers to measure."""
_MIN_ANSWERS: Final = 5
"""Answers from which their pace is used."""
_MAX_ABSENCE_MS: Final = 10 * MS_PER_MINUTE
"""Who looks at a card for longer has gone away, and other sessions may ask it."""
_PASSING_SHARE: Final = 0.5
"""Of the points of an answer, for Hard instead of Again."""
_UNDONE: Final = {
    Act.SUSPEND: "{} is no longer suspended",
    Act.BURY: "{} is no longer buried",
    Act.FLAG: "removed the flag from {}",
    Act.UNFLAG: "flagged {} again",
}


class Attempt:
    """One attempt at a prompt, from its question to its rating."""

    def __init__(self, prompt: Prompt, kind: Kind, shuffle_seed: int) -> None:
        """Show the question only; the seed sets the order of the options."""
        self.prompt = prompt
        self.kind = kind
        self._seed = shuffle_seed
        self.is_revealed = False
        self.is_ticking = False
        """Whether points are to be ticked before the rating."""
        self.options = order_options(prompt, shuffle_seed)
        """Indices in the order shown; empty when the card has no options."""
        self.right = {n for n, option in enumerate(prompt.card.options) if option.right}
        """Indices of the options that are right."""
        self.point_count = _count_points(prompt, kind)
        """Points of the answer that can be ticked."""
        self.picked: set[int] = set()
        self.ticked: set[int] = set()

    @property
    def can_rate(self) -> bool:
        """Whether the answer was shown, and its points were ticked."""
        return self.is_revealed and not self.is_ticking

    @property
    def is_right(self) -> bool | None:
        """Whether just the right options are picked; None when none is."""
        return self.picked == self.right if self.picked else None

    @property
    def suggestion(self) -> Rating:
        """The rating that fits what was picked or ticked."""
        if self.is_right is False:
            return Rating.AGAIN
        if not self.point_count or len(self.ticked) == self.point_count:
            return Rating.GOOD
        is_passing = len(self.ticked) / self.point_count >= _PASSING_SHARE
        return Rating.HARD if is_passing else Rating.AGAIN

    @property
    def verdict(self) -> str:
        """How good the options that were picked or the points that were ticked are."""
        if self.picked:
            return format_verdict(self.options, self.picked, self.right)
        if self.point_count and self.can_rate:
            return f"{len(self.ticked)} of {self.point_count} points"
        return ""

    @property
    def marked(self) -> list[int]:
        """The numbers of the options picked, or of the points ticked, from 1."""
        picked = [number for number, n in enumerate(self.options, 1) if n in self.picked]
        return picked or [n + 1 for n in sorted(self.ticked)]

    def reveal(self) -> None:
        """Show the answer; points are ticked first, then rated."""
        self.is_revealed = True
        self.is_ticking = self.point_count > 0

    def toggle(self, number: int) -> bool:
        """Pick or tick the option or point with this number, from 1; tell whether there is one."""
        if not self.is_revealed and 0 < number <= len(self.options):
            index = self.options[number - 1]
            # Where only one is right, another choice replaces the first.
            kept = self.picked & {index} if len(self.right) == 1 else self.picked
            self.picked = kept ^ {index}
            return True
        if self.is_ticking and 0 < number <= self.point_count:
            self.ticked = self.ticked ^ {number - 1}
            return True
        return False

    def tick_all(self) -> None:
        """Tick all points; or none, when all were."""
        every = set(range(self.point_count))
        self.ticked = set() if self.ticked == every else every

    def draw_question(self) -> Drawing:
        """Draw what is asked; once revealed, without what the answer repeats."""
        return draw_question(
            self.prompt,
            self.kind,
            shuffle_seed=self._seed,
            picked=self.picked,
            is_above_answer=self.is_revealed,
        )

    def draw_answer(self) -> Drawing:
        """Draw what is revealed."""
        return draw_answer(
            self.prompt,
            self.kind,
            shuffle_seed=self._seed,
            picked=self.picked,
            ticked=self.ticked,
        )

    def list_links(self) -> list[str]:
        """Return the web addresses in what is shown, each once."""
        tokens = list(self.draw_question().tokens)
        if self.is_revealed:
            tokens += self.draw_answer().tokens
        return list(dict.fromkeys(token.detail for token in tokens if token.name == "link_open"))


def _count_points(prompt: Prompt, kind: Kind) -> int:
    answer = kind.field(prompt.side.show[0])
    value = prompt.card.fields.get(answer.name)
    return len(value) if answer.type is FieldType.LIST and isinstance(value, tuple) else 0


class ReviewState:
    """A study session with its cards, its clock and its limits.

    The full screen and the plain prompts share it. Acts return the sentence that tells of them; a
    StoreError means that nothing was recorded, nothing moved on, and the act can be tried again.
    """

    def __init__(
        self,
        session: Session,
        study: Study,
        clock: Callable[[], Moment],
        *,
        max_answers: int | None = None,
        max_minutes: float | None = None,
        explain: Callable[[Item], str] | None = None,
        shows_why: bool = False,
    ) -> None:
        """Ask what the session asks, until it ends or a limit is reached.

        `explain` says why a prompt is asked, unless it is simply due; with `shows_why`, each time.
        """
        self._session = session
        self._study = study
        self.clock = clock
        self._max_answers = max_answers
        self._max_ms = None if max_minutes is None else max_minutes * MS_PER_MINUTE
        self._explain = explain
        self._shows_why = shows_why
        self._started_ms = clock().at_ms
        self.attempt: Attempt | None
        """At the current card; None when nothing can be asked now."""
        self._prepared: dict[tuple[str, int], Attempt] = {}
        """By prompt and answers so far."""
        self.turn = 0
        """Grows whenever another card is shown, or the same one again."""
        self.show_current()

    def show_current(self) -> None:
        """Show the session's current prompt, its question only."""
        self.turn += 1
        self.is_limit_reached = False
        self._shown_ms = self.clock().at_ms
        self._shown = self._session.current
        self.attempt = self._begin_attempt()

    def replace_items(self, items: Iterable[Item]) -> None:
        """Go on with prompts that were read again after an edit; the card is yet to be shown."""
        self._session.replace_items(items, self.clock())

    def show_edited(self) -> None:
        """Show the current card as it was read again, with its answer if that was shown."""
        self._prepared = {}
        before, was_revealed = self._shown, self.attempt is not None and self.attempt.is_revealed
        self.show_current()
        is_same = before and self._shown and before.key == self._shown.key
        if was_revealed and is_same and self.attempt:
            self.attempt.reveal()

    @property
    def item(self) -> Item | None:
        """The current prompt; None when nothing can be asked now."""
        return self._session.current

    @property
    def memory(self) -> Memory:
        """The memory of the current prompt."""
        return self._session.memory

    @property
    def counts(self) -> Counts:
        """What is left to ask today, the current prompt included."""
        return self._session.counts

    @property
    def answers(self) -> list[SessionAnswer]:
        """The answers so far, without those that were undone."""
        return self._session.answers

    @property
    def next_at_ms(self) -> int | None:
        """When something can be asked that cannot be asked yet."""
        return self._session.next_at_ms

    @property
    def is_cram(self) -> bool:
        """Whether answers leave the schedule as it is."""
        return self._session.options.is_cram

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to ask, now or soon, or a limit was reached."""
        return self.is_limit_reached or (self.item is None and self.next_at_ms is None)

    @property
    def reason(self) -> str:
        """Why the prompt is asked; "" when it is simply due."""
        return self._explain(self.item) if self.item and self._explain else ""

    @property
    def why(self) -> str:
        """The reason, where it is to be shown with every card."""
        return self.reason if self._shows_why else ""

    @property
    def duration_ms(self) -> int:
        """How long this review has lasted."""
        return max(self.clock().at_ms - self._started_ms, 0)

    @property
    def minutes_left(self) -> float:
        """How long what is left will take, at the pace so far."""
        answers = self.answers
        seconds = DEFAULT_ANSWER_S
        if len(answers) >= _MIN_ANSWERS:
            total_ms = sum(answer.review.spent_ms for answer in answers)
            seconds = total_ms / 1000 / len(answers)
        new, learning, review = self.counts
        # A new card comes back once or twice the same day.
        return (2 * new + learning + review) * seconds / 60

    def list_waits(self) -> dict[Rating, str]:
        """Return by rating when the card would come again; "" where the schedule does not change."""
        if self.is_cram:
            return dict.fromkeys(Rating, "")
        now = self.clock()
        return {
            rating: format_wait(
                (memory.due_at_ms or now.at_ms) - now.at_ms, days=memory.interval_days
            )
            for rating, memory in self._session.preview(now).items()
        }

    def expect_recall(self) -> float:
        """Return the recall of the current prompt that is expected today."""
        journal = self._session.journal
        today = self.clock().study_day(journal.rollover_hour)
        return journal.schedule_of(self.memory.key).retrievability(self.memory, today)

    def list_steps(self) -> list[tuple[Review, ReplayedAnswer]]:
        """Return the answers to the current prompt, the latest last, each with what it did."""
        return list(self._session.journal.trace(self.memory.key))

    def rate(self, rating: Rating) -> str:
        """Record the answer and show the next prompt; tell of a leech that was suspended."""
        now = self.clock()
        answer = self._session.answer(rating, now, max(now.at_ms - self._shown_ms, 0))
        self._go_on()
        after = answer.after
        if not after.is_leech or not after.is_suspended or answer.before.is_suspended:
            return ""
        return f"suspended {answer.item.card_ref}: a leech, forgotten {after.lapses} times"

    def suspend(self) -> str:
        """Ask this prompt no more, and show the next one."""
        ref = self.item.card_ref if self.item else ""
        self._session.suspend(self.clock())
        self._go_on()
        return f"suspended {ref} (u: undo)"

    def bury(self) -> str:
        """Put this prompt off until tomorrow, and show the next one."""
        ref = self.item.card_ref if self.item else ""
        self._session.bury(self.clock())
        self._go_on()
        return f"buried {ref} until tomorrow (u: undo)"

    def flag(self) -> str:
        """Flag this prompt, or take its flag away."""
        self._session.flag(self.clock())
        return "flagged" if self.memory.is_flagged else "flag removed"

    def undo(self) -> str:
        """Undo the last act and ask its prompt again, even if a limit was reached."""
        undone = self._session.undo(self.clock())
        if undone is None:
            return "nothing to undo"
        self.show_current()
        ref = self.item.ref if self.item else undone.key
        if undone.rating is not None:
            return f"undo: took back {name_rating(undone.rating)} on {ref}"
        return f"undo: {_UNDONE[undone.act].format(ref)}"

    def find(self, wanted: str) -> str:
        """Ask the next prompt whose card holds a text, in any case of letters; "" when one does."""
        folded = wanted.casefold()
        for item in self._session.list_ahead():
            card = self._study.load_card(item.card_ref)
            if card is not None and folded in _join_texts(card).casefold():
                self._session.ask(item, self.clock())
                self.show_current()
                return ""
        return f"nothing left for today contains “{wanted}”"

    def wait(self) -> None:
        """Look whether something can be asked by now; else keep other sessions off the current card."""
        now = self.clock()
        if self.item is None:
            if self._session.wait_over(now):
                self.show_current()
            self.is_limit_reached = self._has_reached_limit()
        elif now.at_ms - self._shown_ms < _MAX_ABSENCE_MS:
            self._session.renew_claim(now)

    def _go_on(self) -> None:
        self.show_current()
        self.is_limit_reached = self._has_reached_limit()

    def _has_reached_limit(self) -> bool:
        if self._max_answers is not None and len(self.answers) >= self._max_answers:
            return True
        return self._max_ms is not None and self.duration_ms >= self._max_ms

    def prepare_next(self) -> Attempt | None:
        """Return the attempt that will probably be next, made ahead of its turn."""
        found = self._session.look_ahead(self.clock())
        if found is None:
            return None
        item, memory = found
        known = (item.key, memory.reps)
        if known not in self._prepared:
            attempt = self._make_attempt(item, memory)
            self._prepared = {known: attempt} if attempt else {}
        return self._prepared.get(known)

    def _begin_attempt(self) -> Attempt | None:
        item, memory = self.item, self.memory
        if item is None:
            return None
        # A prepared attempt is used once: the card may be edited, or asked again.
        return self._prepared.pop((item.key, memory.reps), None) or self._make_attempt(item, memory)

    def _make_attempt(self, item: Item, memory: Memory) -> Attempt | None:
        card = self._study.load_card(item.card_ref)
        if card is None:
            return None
        kind = self._study.find_kind(card.kind)
        prompts = {prompt.side_name: prompt for prompt in list_prompts(card, kind)}
        # The order of options stays the same until the prompt is answered.
        return Attempt(prompts[item.side_name], kind, memory.reps)


def _join_texts(card: Card) -> str:
    """Return all texts that a card can be found by, a line each."""
    texts = [
        str(part)
        for value in card.fields.values()
        for part in (value if isinstance(value, tuple) else (value,))
    ]
    texts += (option.text for option in card.options)
    return "\n".join((card.ref, card.lesson or "", *card.tags, *texts))
