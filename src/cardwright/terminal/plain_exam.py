"""Line-by-line dialogues for exams: mock exams and drills, and the miss log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TextIO

from cardwright.blueprint import Blueprint
from cardwright.exam.misses import Miss
from cardwright.exam.mock import CardSource
from cardwright.exam.result import format_clock
from cardwright.exam.sheet import Sheet
from cardwright.history import Moment
from cardwright.model import Kind, Prompt
from cardwright.terminal.card import draw_answer, draw_question
from cardwright.terminal.mock import (
    TIME_IS_UP,
    draw_mock_question,
    draw_questions,
    format_places,
    list_order,
)
from cardwright.terminal.plain import MAX_DIGITS, InputEndedError, PromptLoop, Prompts, Say
from cardwright.text import count, list_names

_HELP: Final = """\
1 3     pick options, or undo the pick
enter   next question; in a drill, the answer to this one first
p back   g 12 go to question 12   m mark   l list   h hand in   q leave, and come back later"""


class PlainTaker(PromptLoop):
    """A mock exam or drill, line by line."""

    def __init__(
        self,
        sheet: Sheet,
        sources: CardSource,
        lines: TextIO,
        say: Say,
        clock: Callable[[], Moment],
    ) -> None:
        """Read commands from `lines`."""
        super().__init__(lines, say)
        self._sheet = sheet
        self._sources = sources
        self._clock = clock
        self._acts: dict[str, Callable[[], bool]] = {
            "": self._continue,
            "p": lambda: self._move(sheet.mock.place - 1),
            "m": self._mark,
            "l": self._list,
            "h": self._hand_in,
        }

    @property
    def _goes_on(self) -> bool:
        return not self._sheet.is_over

    @property
    def _warning(self) -> str:
        return self._sheet.warning

    def _show(self) -> None:
        sheet, mock = self._sheet, self._sheet.mock
        left = sheet.left_ms(self._clock())
        clock = f", {format_clock(left)} left" if left is not None else ""
        mark = ", marked" if mock.question.is_marked else ""
        self._say(f"\nQuestion {mock.place + 1} of {len(mock.questions)}{mark}{clock}\n")
        for part in draw_mock_question(mock, mock.question, self._sources):
            self._say(part)

    def _make_prompt(self) -> str:
        return "> "

    def _act(self, line: str) -> bool:
        self._sheet.tick(self._clock())
        if self._sheet.is_over:
            return False
        if line in self._acts:
            return self._acts[line]()
        word, *numbers = line.split()
        if word == "g" and len(numbers) == 1 and _is_number(numbers[0]):
            return self._move(int(numbers[0]) - 1)
        numbers = line.replace(",", " ").split()
        if all(map(_is_number, numbers)):
            self._pick([int(number) for number in numbers])
        else:
            self._say(_HELP)
        return False

    def _end(self) -> None:
        if self._sheet.mock.is_timed_out:
            self._say(TIME_IS_UP)
        elif not self._sheet.is_over:
            # This records the time spent on the question.
            self._sheet.go_to(self._sheet.mock.place, self._clock())

    def _pick(self, numbers: list[int]) -> None:
        order = list_order(self._sheet.mock, self._sources)
        for number in numbers:
            if 1 <= number <= len(order):
                self._sheet.pick(order[number - 1], self._clock())
            else:
                self._say(f"there is no option {number}")
        picked = self._sheet.mock.question.picked
        places = [str(place) for place, option in enumerate(order, 1) if option in picked]
        self._say(f"picked: {', '.join(places) or 'nothing'}")

    def _continue(self) -> bool:
        mock = self._sheet.mock
        if mock.is_drill and not mock.question.is_shown and not mock.question.is_void:
            self._sheet.show(self._clock())
            question = self._sheet.mock.question
            self._say(draw_mock_question(mock, question, self._sources, is_answered=True)[-1])
            return False
        return self._move(mock.place + 1)

    def _move(self, place: int) -> bool:
        if self._sheet.go_to(place, self._clock()):
            return True
        if place >= len(self._sheet.mock.questions):
            return self._hand_in()
        self._say("there is no such question")
        return False

    def _mark(self) -> bool:
        self._sheet.mark(self._clock())
        self._say("marked" if self._sheet.mock.question.is_marked else "mark removed")
        return False

    def _list(self) -> bool:
        self._say(draw_questions(self._sheet.mock))
        return False

    def _hand_in(self) -> bool:
        sheet = self._sheet
        if sheet.unanswered:
            self._say(f"Unanswered: {format_places(sheet.unanswered)}")
        if sheet.marked:
            self._say(f"Marked: {format_places(sheet.marked)}")
        if self._read("Hand it in? (y: yes) > ") == "y":
            sheet.hand_in(self._clock())
        return False


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= MAX_DIGITS


class MissAsker(Prompts):
    """The miss log, line by line: asks for the gaps of an entry, and saves each answer at once."""

    def __init__(
        self, lines: TextIO, say: Say, blueprint: Blueprint, save: Callable[[Miss], None]
    ) -> None:
        """Read from `lines`; `save` stores an entry."""
        super().__init__(lines, say)
        self._blueprint = blueprint
        self._save = save

    def offer(self, number: int) -> bool:
        """Ask whether to log so many misses; return the answer."""
        with suppress(InputEndedError):
            return (
                self._read(f"\nLog why you missed {count(number, 'question')}? (y: yes) > ") == "y"
            )
        return False

    def ask(
        self, miss: Miss, prompt: Prompt | None, find_kind: Callable[[str], Kind]
    ) -> tuple[Miss, bool]:
        """Show the card and complete the entry; return it, and whether there is more input."""
        self._say(f"\n{miss.card}, missed on {miss.on}\n")
        if prompt is not None:
            kind = find_kind(prompt.card.kind)
            for part in (draw_question(prompt, kind), "", draw_answer(prompt, kind), ""):
                self._say(part)
        try:
            miss = self._ask_text(miss, "failure", "What went wrong")
            if not miss.mode:
                miss = self._ask_mode(miss)
            miss = self._ask_text(miss, "rule", "The missing rule, in one sentence")
            if not miss.rule:
                self._say("skipped")
                return miss, True
            miss = self._ask_text(miss, "action", "The safer action")
            return self._ask_lesson(miss), True
        except InputEndedError:
            return miss, False

    def _ask_text(self, miss: Miss, name: str, about: str) -> Miss:
        given: str = getattr(miss, name)
        if given and name != "failure":
            return miss
        typed = self._read(f"{about} [{given}]: " if given else f"{about}: ")
        return self._change(miss, name, typed)

    def _ask_mode(self, miss: Miss) -> Miss:
        modes = list(self._blueprint.failure_modes.values())
        if not modes:
            return miss
        numbers = [str(number) for number in range(1, len(modes) + 1)]
        for number, mode in zip(numbers, modes, strict=True):
            self._say(f"  {number}  {mode.about}")
        while True:
            typed = self._read(f"Failure mode, 1 to {len(modes)} (enter: none of these): ")
            if not typed:
                return miss
            if typed in numbers:
                return self._change(miss, "mode", modes[numbers.index(typed)].id)
            self._say(f"there is no {typed}")

    def _ask_lesson(self, miss: Miss) -> Miss:
        while True:
            typed = self._read(f"Lesson to revisit [{miss.lesson}]: ")
            if not typed or typed in self._blueprint.lessons:
                return self._change(miss, "lesson", typed)
            self._say(f"there is no lesson {typed}: {list_names(self._blueprint.lessons)}")

    def _change(self, miss: Miss, name: str, typed: str) -> Miss:
        if not typed:
            return miss
        change: dict[str, Any] = {name: typed}
        miss = replace(miss, **change)
        self._save(miss)
        return miss
