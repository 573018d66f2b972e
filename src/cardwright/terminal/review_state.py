"""`cards review` without its screen: the current card, and every act on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from cardwright.app.study import Study, find_worth
from cardwright.history import MS_PER_MINUTE, SECONDS_PER_MINUTE, Act, Moment, Rating, Review
from cardwright.item import Item
from cardwright.kinds import list_prompts, list_texts
from cardwright.kinds.typed import (
    MAX_TYPED,
    Comparison,
    compare_typed,
    list_accepted,
)
from cardwright.memory import Memory, State
from cardwright.model import FieldType, Kind, Prompt
from cardwright.study.queue import Counts
from cardwright.study.schedule import ReplayedAnswer
from cardwright.study.session import Session, SessionAnswer
from cardwright.study.workload import read_pace
from cardwright.terminal.card import (
    draw_answer,
    draw_question,
    format_verdict,
    order_options,
)
from cardwright.terminal.line_editor import LineEditor
from cardwright.terminal.markdown import Drawing
from cardwright.terminal.words import format_wait, name_rating
from cardwright.text import fold_text

if TYPE_CHECKING:
    from cardwright.app.preparation import ExamDay

_MAX_ABSENCE_MS: Final = 10 * MS_PER_MINUTE
"""After this time at one card the user is assumed to be away, and other sessions may ask it."""
_PASSING_SHARE: Final = 0.5
"""The share of an answer's points needed for Hard instead of Again."""
_UNDONE: Final = {
    Act.SUSPEND: "{} is no longer suspended",
    Act.BURY: "{} is no longer buried",
    Act.FLAG: "removed the flag from {}",
    Act.UNFLAG: "flagged {} again",
}


class Attempt:
    """One attempt at a prompt, from its question to its rating."""

    def __init__(self, prompt: Prompt, kind: Kind, shuffle_seed: int) -> None:
        """Start with the question only; the seed sets the order of the options."""
        self.prompt = prompt
        self.kind = kind
        self._seed = shuffle_seed
        self.is_revealed = False
        self.is_ticking = False
        """Whether points are being ticked, before the rating."""
        self.options = order_options(prompt, shuffle_seed)
        """Indices in the order shown; empty if the card has no options."""
        self.right = {n for n, option in enumerate(prompt.card.options) if option.right}
        """Indices of the options that are right."""
        self.point_count = _count_points(prompt, kind)
        """Points of the answer that can be ticked."""
        self.picked: set[int] = set()
        self.ticked: set[int] = set()
        self.accepted = list_accepted(prompt, kind)
        """The answers that are right to type; empty if nothing is typed."""
        self.is_typing = bool(self.accepted)
        """Whether keys are letters of the answer."""
        self.line = LineEditor(MAX_TYPED)
        """The answer that is being typed."""
        self.comparison: Comparison | None = None
        """Of the typed answer, once it is revealed; None if nothing was typed."""

    @property
    def can_type(self) -> bool:
        """Whether an answer is to be typed, even if keys have their usual meaning meanwhile."""
        return bool(self.accepted) and not self.is_revealed

    @property
    def can_rate(self) -> bool:
        """Whether the answer was shown, and its points were ticked."""
        return self.is_revealed and not self.is_ticking

    @property
    def is_right(self) -> bool | None:
        """Whether the right text is typed or exactly the right options are picked; None if none."""
        if self.comparison:
            return self.comparison.is_right
        return self.picked == self.right if self.picked else None

    @property
    def suggestion(self) -> Rating:
        """The rating suggested by the typed text, picked options or ticked points."""
        if self.is_right is False:
            return Rating.AGAIN
        if not self.point_count or len(self.ticked) == self.point_count:
            return Rating.GOOD
        is_passing = len(self.ticked) / self.point_count >= _PASSING_SHARE
        return Rating.HARD if is_passing else Rating.AGAIN

    @property
    def verdict(self) -> str:
        """The result of the typed text, picked options or ticked points; "" if there is none yet."""
        if self.comparison:
            return "✓ right" if self.comparison.is_right else "✗ wrong"
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
        """Show the answer, beside what was typed; points are ticked before the rating."""
        self.is_revealed = True
        if self.is_typing and self.line.text.strip():
            ignored = self.prompt.side.ignore
            self.comparison = compare_typed(self.line.text, self.accepted, ignored)
        self.is_typing = False
        self.is_ticking = self.point_count > 0

    def type(self, key: str) -> None:
        """Handle a key while the answer is typed."""
        if key == "enter":
            self.reveal()
        elif key == "escape":
            self.is_typing = False
        else:
            self.line.press(key)

    def toggle(self, number: int) -> bool:
        """Pick or tick the option or point with this number, from 1; return whether it exists."""
        if not self.is_revealed and 0 < number <= len(self.options):
            index = self.options[number - 1]
            # If only one is right, another choice replaces the first.
            kept = self.picked & {index} if len(self.right) == 1 else self.picked
            self.picked = kept ^ {index}
            return True
        if self.is_ticking and 0 < number <= self.point_count:
            self.ticked = self.ticked ^ {number - 1}
            return True
        return False

    def tick_all(self) -> None:
        """Tick all points, or none if all were ticked."""
        every = set(range(self.point_count))
        self.ticked = set() if self.ticked == every else every

    def draw_question(self) -> Drawing:
        """Draw the question; once revealed, without the parts that the answer repeats."""
        return draw_question(
            self.prompt,
            self.kind,
            shuffle_seed=self._seed,
            picked=self.picked,
            is_above_answer=self.is_revealed,
        )

    def draw_answer(self) -> Drawing:
        """Draw the answer."""
        return draw_answer(
            self.prompt,
            self.kind,
            shuffle_seed=self._seed,
            picked=self.picked,
            ticked=self.ticked,
            comparison=self.comparison,
        )

    @property
    def has_sound(self) -> bool:
        """Whether the side shown contains a sound or a video, by the names of its files."""
        paths = self.list_media()
        if not paths:
            return False
        from cardwright.foreign.media import name_kind  # noqa: PLC0415  (few cards have media)

        return any(name_kind(path) != "image" for path in paths)

    def list_links(self) -> list[str]:
        """Return the web addresses in the parts shown, without duplicates."""
        tokens = list(self.draw_question().tokens)
        if self.is_revealed:
            tokens += self.draw_answer().tokens
        return list(dict.fromkeys(token.detail for token in tokens if token.name == "link_open"))

    def list_media(self, *, only_new: bool = False) -> list[str]:
        """Return the paths of the media on the side shown: the answer's, or else the question's.

        `only_new` leaves those of the question out once the answer is shown.
        """
        texts = (text for _, text, _ in list_texts(self.prompt.card, self.kind))
        if not any("![" in text for text in texts):
            return []
        answer = _list_paths(self.draw_answer()) if self.is_revealed else []
        if answer or (self.is_revealed and only_new):
            return answer
        return _list_paths(self.draw_question())


def begin_attempt(study: Study, item: Item, shuffle_seed: int) -> Attempt | None:
    """Return an attempt at a prompt; None if its card is not in the sources any more."""
    own = study.part_of(item)
    card = own.load_card(item.card_ref)
    if card is None:
        return None
    kind = own.find_kind(card.kind)
    prompts = {prompt.side_name: prompt for prompt in list_prompts(card, kind)}
    return Attempt(prompts[item.side_name], kind, shuffle_seed)


def _list_paths(drawing: Drawing) -> list[str]:
    return list(dict.fromkeys(t.detail for t in drawing.tokens if t.name == "image"))


def _count_points(prompt: Prompt, kind: Kind) -> int:
    answer = kind.field(prompt.side.show[0])
    value = prompt.card.fields.get(answer.name)
    return len(value) if answer.type is FieldType.LIST and isinstance(value, tuple) else 0


class ReviewState:
    """A study session with its cards, its clock and its limits.

    The full screen and the plain prompts share it. Acts return a message; a StoreError means that
    nothing was recorded, the card is the same, and the act can be tried again.
    """

    def __init__(
        self,
        session: Session,
        study: Study,
        clock: Callable[[], Moment],
        *,
        max_answers: int | None = None,
        max_minutes: float | None = None,
        exam_days: Sequence[ExamDay] = (),
        shows_why: bool = False,
    ) -> None:
        """Ask the prompts of the session, until it ends or a limit is reached.

        `exam_days` arrange the session; `shows_why` shows why with every card.
        """
        self._session = session
        self._study = study
        self.clock = clock
        self._max_answers = max_answers
        self._max_ms = None if max_minutes is None else max_minutes * MS_PER_MINUTE
        self._exam_days = exam_days
        self._shows_why = shows_why
        self._pace = read_pace(session.journal)
        """Of the answers before this review, so that the time left does not jump."""
        self._left: tuple[int, float] = (-1, 0.0)
        """The turn for which the time left was estimated, and the minutes."""
        self._started_ms = clock().at_ms
        self.attempt: Attempt | None
        """The attempt at the current card; None if nothing can be asked now."""
        self._prepared: dict[tuple[str, int], Attempt] = {}
        """By the prompt's key and the number of its answers."""
        self.turn = 0
        """Incremented whenever another card is shown, or the same one again."""
        self.show_current()

    def show_current(self) -> None:
        """Show the session's current prompt, its question only."""
        self.turn += 1
        self.is_limit_reached = False
        self._shown_ms = self.clock().at_ms
        self._shown = self._session.current
        self.attempt = self._begin_attempt()

    def replace_items(self, items: Iterable[Item]) -> None:
        """Use prompts that were reloaded after an edit; `show_edited` then shows the card."""
        self._session.replace_items(items, self.clock())

    def show_edited(self) -> None:
        """Show the reloaded current card, with its answer if that was shown."""
        self._prepared = {}
        before, was_revealed = self._shown, self.attempt is not None and self.attempt.is_revealed
        self.show_current()
        is_same = before and self._shown and before.key == self._shown.key
        if was_revealed and is_same and self.attempt:
            self.attempt.reveal()

    def has(self, key: str) -> bool:
        """Return whether a prompt is one of those that the session may ask."""
        return self._session.has(key)

    @property
    def item(self) -> Item | None:
        """The current prompt; None if nothing can be asked now."""
        return self._session.current

    @property
    def memory(self) -> Memory:
        """The memory of the current prompt."""
        return self._session.memory

    @property
    def counts(self) -> Counts:
        """The prompts left to ask today, including the current one."""
        return self._session.counts

    @property
    def answers(self) -> list[SessionAnswer]:
        """The answers so far, without those that were undone."""
        return self._session.answers

    @property
    def next_at_ms(self) -> int | None:
        """When the next prompt that has to wait can be asked."""
        return self._session.next_at_ms

    @property
    def is_cram(self) -> bool:
        """Whether answers leave the schedule unchanged."""
        return self._session.options.is_cram

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to ask, now or soon, or a limit was reached."""
        return self.is_limit_reached or (self.item is None and self.next_at_ms is None)

    @property
    def reason(self) -> str:
        """Why the prompt is asked; "" if it is simply due, or comes again in a learning step."""
        if self.item is None or self._is_step:
            return ""
        item = self.item
        return next(filter(None, (day.explain(item) for day in self._exam_days)), "")

    @property
    def why(self) -> str:
        """The reason, if it is to be shown with every card; else ""."""
        return self.reason if self._shows_why else ""

    @property
    def warning(self) -> str:
        """What the user must know about the store; "" as long as answers are in its file."""
        return self._study.store.warning

    @property
    def duration_ms(self) -> int:
        """How long this review has lasted."""
        return max(self.clock().at_ms - self._started_ms, 0)

    @property
    def minutes_left(self) -> float:
        """The minutes that the prompts left will need, at most those of the review."""
        if self._left[0] != self.turn:
            self._left = self.turn, self._estimate_minutes()
        minutes = self._left[1]
        if self._max_ms is None:
            return minutes
        return min(minutes, max(self._max_ms - self.duration_ms, 0) / MS_PER_MINUTE)

    def _estimate_minutes(self) -> float:
        """Return the minutes of all prompts left: by the plans of exams, or by the usual pace."""
        counts = self.counts
        if not self._exam_days:
            return self._pace.estimate_minutes(counts)
        ahead = self._session.list_ahead()
        ahead = ahead[counts.learning - self._is_step :]
        if self.item is not None and not self._is_step:
            ahead.append(self.item)
        measured = (find_worth(self._exam_days, item) for item in ahead)
        planned = [worth for worth in measured if worth]
        new = sum(not worth.candidate.stability for worth in planned)
        unplanned = Counts(counts.new - new, counts.learning, counts.review - len(planned) + new)
        seconds = sum(worth.seconds for worth in planned)
        return self._pace.estimate_minutes(unplanned) + seconds / SECONDS_PER_MINUTE

    @property
    def _is_step(self) -> bool:
        """Whether the current prompt comes again in a learning step."""
        return self.item is not None and self.memory.state in {State.LEARNING, State.RELEARNING}

    def list_waits(self) -> dict[Rating, str]:
        """Return, by rating, the wait until the card comes again; "" when cramming."""
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
        """Return the expected recall of the current prompt today."""
        journal = self._session.journal
        today = self.clock().study_day(journal.rollover_hour)
        return journal.schedule_of(self.memory.key).retrievability(self.memory, today)

    def list_steps(self) -> list[tuple[Review, ReplayedAnswer]]:
        """Return the answers to the current prompt, the latest last, each with its effect."""
        return list(self._session.journal.trace(self.memory.key))

    def rate(self, rating: Rating) -> str:
        """Record the answer and show the next prompt; the message reports a suspended leech."""
        now = self.clock()
        answer = self._session.answer(rating, now, max(now.at_ms - self._shown_ms, 0))
        self._go_on()
        after = answer.after
        if not after.is_leech or not after.is_suspended or answer.before.is_suspended:
            return ""
        return f"suspended {answer.item.ref}: a leech, forgotten {after.lapses} times"

    def suspend(self) -> str:
        """Suspend this prompt, and show the next one."""
        ref = self.item.ref if self.item else ""
        self._session.suspend(self.clock())
        self._go_on()
        return f"suspended {ref}"

    def bury(self) -> str:
        """Put this prompt off until tomorrow, and show the next one."""
        ref = self.item.ref if self.item else ""
        self._session.bury(self.clock())
        self._go_on()
        return f"buried {ref} until tomorrow"

    def flag(self) -> str:
        """Flag this prompt, or remove its flag."""
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
        """Ask the next prompt whose card contains a text, ignoring case and accents; "" if there is one."""
        from cardwright.app.search import fold_card  # noqa: PLC0415  (only when its key is pressed)

        folded = fold_text(wanted)
        for item in self._session.list_ahead():
            card = self._study.part_of(item).load_card(item.card_ref)
            if card is not None and folded in fold_card(card):
                self._session.ask(item, self.clock())
                self.show_current()
                return ""
        return f"nothing left for today contains “{wanted}”"

    def wait(self) -> None:
        """Check whether a prompt can be asked now; else renew the claim on the current card."""
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
        if self._max_answers is not None and self._session.pace[0] >= self._max_answers:
            return True
        return self._max_ms is not None and self.duration_ms >= self._max_ms

    def prepare_next(self) -> Attempt | None:
        """Return the attempt that will probably be next, made in advance."""
        self._session.rest()
        found = self._session.look_ahead(self.clock())
        if found is None:
            return None
        item, _ = found
        known = (item.key, self._study.store.count_answers(item.key))
        if known not in self._prepared:
            attempt = self._make_attempt(item, known[1])
            self._prepared = {known: attempt} if attempt else {}
        return self._prepared.get(known)

    def _begin_attempt(self) -> Attempt | None:
        item = self.item
        if item is None:
            return None
        # A prepared attempt is used once: the card may be edited, or asked again.
        known = (item.key, self._study.store.count_answers(item.key))
        return self._prepared.pop(known, None) or self._make_attempt(item, known[1])

    def _make_attempt(self, item: Item, answers: int) -> Attempt | None:
        # The order of options stays the same until the prompt is answered.
        return begin_attempt(self._study, item, answers)
