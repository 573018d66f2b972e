"""A mock exam or drill as plain prompts: for pipes, dumb terminals and screen readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TextIO

from rich.console import Console, RenderableType
from rich.text import Text

from cardwright.exam.mock import CardSource, Sheet, find_prompt
from cardwright.exam.result import format_clock
from cardwright.history import Moment
from cardwright.study.error import StoreError
from cardwright.terminal.face import list_options
from cardwright.terminal.mock_drawing import QuestionList, draw_face, say_places
from cardwright.text import make_plain

_HELP: Final = """\
1 3     pick options, or take them back
enter   next question; in a drill, first the answer to this one
p back   g 12 go to question 12   m mark   l list   h hand in   q leave, and come back later"""

_DIGITS: Final = 6
"""Of a number; more would only be there to keep us busy."""


class PlainTaker:
    """Questions one after the other, commands as lines."""

    def __init__(
        self,
        sheet: Sheet,
        sources: CardSource,
        lines: TextIO,
        clock: Callable[[], Moment],
        *,
        to_stderr: bool,
    ) -> None:
        """Read commands from `lines`; write to the error stream where the output is for programs."""
        self._sheet = sheet
        self._sources = sources
        self._lines = lines
        self._console = Console(
            highlight=False, markup=False, emoji=False, color_system=None, stderr=to_stderr
        )
        self._clock = clock
        self._acts: dict[str, Callable[[], bool]] = {
            "": self._go_on,
            "p": lambda: self._move(sheet.mock.place - 1),
            "m": self._mark,
            "l": self._list,
            "h": self._hand_in,
        }

    def run(self) -> None:
        """Ask until it is handed in, time is up, the input ends, or the user leaves."""
        is_new = True
        while not self._sheet.is_over:
            if is_new:
                self._print_question()
            line = self._read("> ")
            if line in {None, "q"}:
                self._sheet.go_to(self._sheet.mock.place, self._clock())
                return
            try:
                self._sheet.tick(self._clock())
                is_new = self._take(line or "")
            except StoreError as error:
                self._say(f"error: {error}")
        if self._sheet.mock.is_timed_out:
            self._say("Time is up: it was handed in as it stood.")

    def _take(self, line: str) -> bool:
        """Obey a command; tell whether the question is to be shown then."""
        if self._sheet.is_over:
            return False
        if line in self._acts:
            return self._acts[line]()
        word, *numbers = line.split()
        if word == "g" and len(numbers) == 1 and _is_number(numbers[0]):
            return self._move(int(numbers[0]) - 1)
        numbers = line.replace(",", " ").split()
        if all(map(_is_number, numbers)):
            return self._pick([int(number) for number in numbers])
        self._say(_HELP)
        return False

    def _print_question(self) -> None:
        sheet, mock = self._sheet, self._sheet.mock
        left = sheet.left_ms(self._clock())
        clock = f", {format_clock(left)} left" if left is not None else ""
        mark = ", marked" if mock.question.is_marked else ""
        self._say(f"\nQuestion {mock.place + 1} of {len(mock.questions)}{mark}{clock}\n")
        is_shown = mock.question.is_shown
        self._print(*draw_face(mock.question, self._sources, mock.seed, is_answered=is_shown))

    def _pick(self, numbers: list[int]) -> bool:
        prompt = find_prompt(self._sheet.mock.question, self._sources)
        order = list_options(prompt, self._sheet.mock.seed) if prompt else ()
        for number in numbers:
            if 1 <= number <= len(order):
                self._sheet.pick(order[number - 1], self._clock())
            else:
                self._say(f"there is no option {number}")
        picked = self._sheet.mock.question.picked
        places = [str(place) for place, option in enumerate(order, 1) if option in picked]
        self._say(f"picked: {', '.join(places) or 'nothing'}")
        return False

    def _go_on(self) -> bool:
        mock = self._sheet.mock
        if mock.is_drill and not mock.question.is_shown and not mock.question.is_void:
            self._sheet.show(self._clock())
            question = self._sheet.mock.question
            self._print(draw_face(question, self._sources, mock.seed, is_answered=True)[-1])
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
        self._say("marked" if self._sheet.mock.question.is_marked else "mark taken away")
        return False

    def _list(self) -> bool:
        self._print(QuestionList(self._sheet.mock))
        return False

    def _hand_in(self) -> bool:
        sheet = self._sheet
        if sheet.unanswered:
            self._say(f"Unanswered: {say_places(sheet.unanswered)}")
        if sheet.marked:
            self._say(f"Marked: {say_places(sheet.marked)}")
        if self._read("Hand it in? y: yes > ") == "y":
            sheet.hand_in(self._clock())
        return False

    def _read(self, prompt: str) -> str | None:
        """Return the next line; None at the end of the input."""
        self._console.print(Text(prompt), end="")
        line = self._lines.readline()
        return line.strip() if line else None

    def _print(self, *parts: RenderableType) -> None:
        self._console.print(*parts, sep="\n")

    def _say(self, text: str) -> None:
        self._console.print(Text(make_plain(text)))


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _DIGITS
