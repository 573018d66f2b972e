"""A mock exam under way: each act is on the disk when it returns.

The clock runs while the program does, whatever is on the screen. It stands still when the program
is closed, for a crash is nobody's fault; how often that happened is kept with the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from cardwright.exam.mock import Mock, Question, Sources, find_prompt, quote_question
from cardwright.exam.records import put_mock
from cardwright.history import Act, Moment, Rating
from cardwright.study.journal import Journal

_KEEP_MS: Final = 10_000
"""So much of the clock may be lost with the program."""


class Sheet:
    """The paper of a mock exam or drill. What it raises is a StoreError; nothing has changed then."""

    def __init__(self, mock: Mock, journal: Journal, sources: Sources, moment: Moment) -> None:
        """Begin a mock exam, or go on with one."""
        self._journal = journal
        self._sources = sources
        self._since_ms = moment.at_ms
        self._kept_ms = moment.at_ms
        self.mock = mock
        if journal.store.get_record(mock.id) is None:
            self._keep(mock, moment)
        else:
            self._resume(moment)

    @property
    def is_over(self) -> bool:
        """Whether it was handed in, or time is up."""
        return self.mock.ended_at_ms is not None

    @property
    def unanswered(self) -> list[int]:
        """The places of questions without an answer, from 0."""
        return [
            place
            for place, question in enumerate(self.mock.questions)
            if not question.is_answered and not question.is_void
        ]

    @property
    def marked(self) -> list[int]:
        """The places of questions that are marked, from 0."""
        return [place for place, question in enumerate(self.mock.questions) if question.is_marked]

    def left_ms(self, moment: Moment) -> int | None:
        """Return how much time is left; None without a clock."""
        if self.mock.limit_ms is None:
            return None
        return max(self.mock.limit_ms - self.mock.spent_ms - self._passed_ms(moment), 0)

    def tick(self, moment: Moment) -> None:
        """Let time pass: what is kept of it never lags far behind, and its end ends the exam."""
        is_up = self.left_ms(moment) == 0
        if is_up or moment.at_ms - self._kept_ms >= _KEEP_MS or moment.at_ms < self._kept_ms:
            self._act(moment)

    def pick(self, option: int, moment: Moment) -> None:
        """Pick an option by its index in the card, or take it back."""
        question = self.mock.question
        if question.is_void or question.is_shown:
            return
        # Where one is to be chosen, another choice takes its place.
        kept = set(question.picked) if len(question.right) > 1 else set(question.picked) & {option}
        self._act(moment, picked=tuple(sorted(kept ^ {option})))

    def mark(self, moment: Moment) -> None:
        """Mark the question for another look, or take the mark away."""
        self._act(moment, is_marked=not self.mock.question.is_marked)

    def go_to(self, place: int, moment: Moment) -> bool:
        """Look at another question, counted from 0; tell whether there is one."""
        if not 0 <= place < len(self.mock.questions):
            return False
        self._act(moment, place=place)
        return True

    def show(self, moment: Moment) -> None:
        """Show the answer, in a drill: the question is closed."""
        question = self.mock.question
        if not question.is_shown and not question.is_void:
            self._act(moment, is_shown=True)

    def hand_in(self, moment: Moment) -> None:
        """End it."""
        self._act(moment, is_last=True)

    def _act(
        self, moment: Moment, *, place: int | None = None, is_last: bool = False, **changes: Any
    ) -> None:
        """Let time pass on the question, then change it, or move on: unless time is up."""
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
        mock = _put_question(mock, question)
        closed: Sequence[Question] = [question] if "is_shown" in changes and not is_up else []
        if is_up or is_last:
            closed = [one for one in mock.questions if not one.is_shown]
            quoted = tuple(quote_question(one, self._sources) for one in mock.questions)
            mock = replace(
                mock, questions=quoted, ended_at_ms=moment.at_ms, is_timed_out=is_up, place=0
            )
        elif place is not None:
            mock = replace(mock, place=place)
        self._keep(mock, moment, closed)
        self._since_ms = self._kept_ms = moment.at_ms

    def _passed_ms(self, moment: Moment) -> int:
        # A clock that was set back gives no time, and takes none.
        return max(moment.at_ms - self._since_ms, 0)

    def _keep(self, mock: Mock, moment: Moment, closed: Sequence[Question] = ()) -> None:
        """Write it down, and record what cannot be changed any more if it counts."""
        with self._journal.store.transaction():
            put_mock(self._journal.store, mock)
            for question in closed if mock.is_recorded else ():
                if question.is_answered and not question.is_void:
                    self._journal.record(
                        question.history_ref,
                        Act.ANSWER,
                        moment,
                        rating=Rating.GOOD if question.is_right else Rating.AGAIN,
                        duration_ms=question.spent_ms,
                    )
        self.mock = mock

    def _resume(self, moment: Moment) -> None:
        """Go on; questions whose cards were edited meanwhile do not count any more."""
        questions = tuple(
            replace(question, is_void=find_prompt(question, self._sources) is None)
            for question in self.mock.questions
        )
        self._keep(replace(self.mock, questions=questions, breaks=self.mock.breaks + 1), moment)


def _put_question(mock: Mock, question: Question) -> Mock:
    questions = (*mock.questions[: mock.place], question, *mock.questions[mock.place + 1 :])
    return replace(mock, questions=questions)
