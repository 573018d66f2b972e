"""Taking a mock exam or a drill: the answer sheet.

Each act is on disk when its method returns. The clock runs whenever the program does, whatever is on
screen. It stops while the program is closed, since a crash is not the user's fault; the result
records how often that happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from cardwright.exam.mock import (
    CardSource,
    Mock,
    Question,
    find_last_seen,
    find_prompt,
    list_mocks,
    put_mock,
)
from cardwright.history import Act, Moment, Rating, namespace_of
from cardwright.kinds import list_asked
from cardwright.study.journal import Journal

_SAVE_INTERVAL_MS: Final = 10_000
"""A crash loses at most this much of the clock."""


class Sheet:
    """The answer sheet of a mock exam or drill.

    Methods that fail to write raise a StoreError and change nothing.
    """

    def __init__(self, mock: Mock, journal: Journal, source: CardSource, moment: Moment) -> None:
        """Start a mock exam or drill, or resume one from the store."""
        self._journal = journal
        self._source = source
        self._since_ms = moment.at_ms
        self._saved_ms = moment.at_ms
        self.mock = mock
        if journal.store.records.get(mock.id) is None:
            self._save(mock, moment)
        else:
            self._resume(moment)

    @property
    def is_over(self) -> bool:
        """Whether it was handed in or time ran out."""
        return self.mock.ended_at_ms is not None

    @property
    def warning(self) -> str:
        """What the user must know about the store; "" as long as answers are in its file."""
        return self._journal.store.warning

    @property
    def unanswered(self) -> list[int]:
        """Indices of unanswered questions."""
        return [
            place
            for place, question in enumerate(self.mock.questions)
            if not question.is_answered and not question.is_void
        ]

    @property
    def miscounted(self) -> list[int]:
        """Indices of questions with fewer or more picks than they ask for, which cannot be right."""
        return [
            place
            for place, question in enumerate(self.mock.questions)
            if question.is_answered and not question.is_void
            if len(question.picked) != len(question.right)
        ]

    @property
    def marked(self) -> list[int]:
        """Indices of marked questions."""
        return [place for place, question in enumerate(self.mock.questions) if question.is_marked]

    def left_ms(self, moment: Moment) -> int | None:
        """Return the time left, or None without a clock."""
        if self.mock.limit_ms is None:
            return None
        return max(self.mock.limit_ms - self.mock.spent_ms - self._passed_ms(moment), 0)

    def tick(self, moment: Moment) -> None:
        """Save the clock periodically, and end the exam when time is up."""
        is_up = self.left_ms(moment) == 0
        since_ms = moment.at_ms - self._saved_ms
        if is_up or since_ms >= _SAVE_INTERVAL_MS or since_ms < 0:
            self._act(moment)

    def pick(self, option: int, moment: Moment) -> None:
        """Pick an option by its index in the card, or unpick it."""
        question = self.mock.question
        if question.is_void or question.is_shown:
            return
        # If only one option is right, a new pick replaces the old one.
        kept = set(question.picked) if len(question.right) > 1 else set(question.picked) & {option}
        self._act(moment, picked=tuple(sorted(kept ^ {option})))

    def mark(self, moment: Moment) -> None:
        """Toggle the mark of the current question."""
        self._act(moment, is_marked=not self.mock.question.is_marked)

    def go_to(self, place: int, moment: Moment) -> bool:
        """Go to another question by index; return whether it exists."""
        if not 0 <= place < len(self.mock.questions):
            return False
        self._act(moment, place=place)
        return True

    def show(self, moment: Moment) -> None:
        """Show the answer in a drill, which closes the question."""
        question = self.mock.question
        if not question.is_shown and not question.is_void:
            self._act(moment, is_shown=True)

    def hand_in(self, moment: Moment) -> None:
        """End the mock exam or drill."""
        self._act(moment, is_last=True)

    def _act(
        self, moment: Moment, *, place: int | None = None, is_last: bool = False, **changes: Any
    ) -> None:
        """Charge the time to the current question, then change it or move on, unless time is up."""
        if self.is_over:
            return
        mock = self.mock
        passed_ms = self._passed_ms(moment)
        if mock.limit_ms is not None:
            passed_ms = min(passed_ms, mock.limit_ms - mock.spent_ms)
        question = replace(mock.question, spent_ms=mock.question.spent_ms + passed_ms)
        mock = replace(mock, spent_ms=mock.spent_ms + passed_ms)
        is_up = mock.limit_ms is not None and mock.spent_ms >= mock.limit_ms
        if not is_up:
            question = replace(question, **changes)
        mock = _replace_question(mock, question)
        closed: Sequence[Question] = [question] if "is_shown" in changes and not is_up else []
        if is_up or is_last:
            closed = [one for one in mock.questions if not one.is_shown]
            questions = tuple(_copy_texts(one, self._source) for one in mock.questions)
            mock = replace(
                mock, questions=questions, ended_at_ms=moment.at_ms, is_timed_out=is_up, place=0
            )
        elif place is not None:
            mock = replace(mock, place=place)
        self._save(mock, moment, closed)
        self._since_ms = self._saved_ms = moment.at_ms

    def _passed_ms(self, moment: Moment) -> int:
        # A clock that was set back neither adds nor removes time.
        return max(moment.at_ms - self._since_ms, 0)

    def _save(self, mock: Mock, moment: Moment, closed: Sequence[Question] = ()) -> None:
        """Write a mock to the store, and if it is recorded, a review for each closed question."""
        with self._journal.store.transaction():
            put_mock(self._journal.store, mock, moment)
            for question in closed if mock.is_recorded else ():
                if question.is_answered and not question.is_void:
                    self._journal.record(
                        question.key,
                        Act.ANSWER,
                        moment,
                        rating=Rating.GOOD if question.is_right else Rating.AGAIN,
                        duration_ms=question.spent_ms,
                    )
        self.mock = mock

    def _resume(self, moment: Moment) -> None:
        """Resume: note which questions were edited in the meantime, or asked elsewhere."""
        mock, store = self.mock, self._journal.store
        reached = {question.key for question in mock.seen}
        namespace = namespace_of(mock.questions[0].key)
        others = list_mocks(store, namespace, mock.pack, "mock", "drill")
        answered = store.read_last_answers(one.key for one in mock.questions)
        last_seen = find_last_seen((one for one in others if one.id != mock.id), answered)
        questions = tuple(
            replace(
                question,
                is_void=find_prompt(question, self._source) is None,
                was_seen=question.was_seen
                if question.key in reached
                or last_seen.get(question.card_key, 0) <= mock.started_at_ms
                else True,
            )
            for question in mock.questions
        )
        self._save(replace(mock, questions=questions, breaks=mock.breaks + 1), moment)


def _replace_question(mock: Mock, question: Question) -> Mock:
    questions = (*mock.questions[: mock.place], question, *mock.questions[mock.place + 1 :])
    return replace(mock, questions=questions)


def _copy_texts(question: Question, source: CardSource) -> Question:
    """Return a question with the texts of its card, if the card is unchanged."""
    prompt = find_prompt(question, source)
    if prompt is None:
        return question
    card = prompt.card
    texts = [card.text(name) for name in list_asked(prompt.side)]
    text = "\n\n".join(text for text in texts if text)
    return replace(question, text=text, options=card.options)
