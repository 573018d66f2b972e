"""A mock exam or drill on the whole window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from cardwright.exam.mock import CardSource, Sheet, find_prompt
from cardwright.exam.result import format_clock
from cardwright.history import Moment
from cardwright.study.error import StoreError
from cardwright.terminal.face import list_options
from cardwright.terminal.mock_drawing import QuestionList, draw_face, say_places
from cardwright.terminal.mock_window import MockWindow
from cardwright.terminal.screen import Screen

_TICK_S: Final = 1.0
_DIGITS: Final = 6
"""Of the number of a question."""
_QUIT: Final = frozenset({"ctrl-c", "ctrl-d", "hangup"})
_GO_ON: Final = frozenset({" ", "enter"})
_NEXT: Final = frozenset({"n", "right"})
_BACK: Final = frozenset({"p", "left"})
_KEYS: Final = (
    ("1 … 9", "pick an option, or take it back"),
    ("space, enter", "the next question; in a drill, first the answer to this one"),
    ("n → p ←", "the next question, the one before"),
    ("m", "mark for another look, or take the mark away"),
    ("g", "go to a question by its number"),
    ("l", "list of all questions: answered, marked, unanswered"),
    ("h", "hand in"),
    ("↑ ↓ j k", "scroll; also page up and down, home, end"),
    ("q", "leave: the clock stands still until you come back, and that is noted"),
)
_LEAVE: Final = (
    "Leave? All answers are kept, and the same command goes on with them. "
    "The clock stands still meanwhile, and the interruption is noted in the result."
)


class MockTaker:
    """Turns keys into acts upon the paper."""

    def __init__(
        self,
        sheet: Sheet,
        sources: CardSource,
        screen: Screen,
        environ: Mapping[str, str],
        clock: Callable[[], Moment],
    ) -> None:
        """Take a mock exam on a screen."""
        self._sheet = sheet
        self._sources = sources
        self._screen = screen
        self._window = MockWindow(screen, environ)
        self._clock = clock
        self._view = "question"
        """Or `list`, `go`, `hand-in`, `leave`, `keys`."""
        self._typed = ""
        """The number of the question to go to, as far as it was typed."""
        self._acts: dict[str, Callable[[], None]] = {
            "m": lambda: sheet.mark(clock()),
            "g": lambda: self._turn_to("go"),
            "l": lambda: self._turn_to("list"),
            "h": lambda: self._turn_to("hand-in"),
            "q": lambda: self._turn_to("leave"),
            "?": lambda: self._turn_to("keys"),
        }

    def run(self) -> None:
        """Ask until it is handed in, time is up, or the user leaves."""
        is_going = True
        while is_going:
            try:
                self._sheet.tick(self._clock())
                if self._sheet.is_over:
                    return
                self._paint()
                key = self._screen.read(_TICK_S)
                if key in _QUIT:
                    return
                if key is not None and key != "resize":
                    self._window.said = ""
                    is_going = self._take(key)
            except StoreError as error:
                # Nothing was recorded, nothing moved on: the same key tries again.
                self._window.said = str(error)
                self._paint()
                if self._screen.read() in _QUIT:
                    return

    def _take(self, key: str) -> bool:
        """Act upon a key; tell whether to go on."""
        view = self._view
        if view == "go":
            self._type(key)
        elif view == "question":
            if not self._window.scroll(key):
                self._do(key)
        elif view == "leave" and key == "q":
            self._sheet.go_to(self._sheet.mock.place, self._clock())
            return False
        elif view == "hand-in" and key == "y":
            self._sheet.hand_in(self._clock())
        elif not self._window.scroll(key):
            self._turn_to("question")
        return True

    def _do(self, key: str) -> None:
        """Act upon a key that is about the question."""
        act = self._acts.get(key)
        if key in "123456789":
            self._pick(int(key))
        elif key in _GO_ON and self._window.has_more:
            self._window.scroll("pagedown")
        elif key in _GO_ON and self._can_show:
            self._sheet.show(self._clock())
            self._window.go_to_last_part()
        elif key in _GO_ON or key in _NEXT:
            self._move(1)
        elif key in _BACK:
            self._move(-1)
        elif act is not None:
            act()
        else:
            self._window.said = "? shows all keys"

    @property
    def _can_show(self) -> bool:
        mock = self._sheet.mock
        return mock.is_drill and not mock.question.is_shown and not mock.question.is_void

    def _pick(self, number: int) -> None:
        prompt = find_prompt(self._sheet.mock.question, self._sources)
        order = list_options(prompt, self._sheet.mock.seed) if prompt else ()
        if number <= len(order):
            self._sheet.pick(order[number - 1], self._clock())

    def _move(self, step: int) -> None:
        if self._sheet.go_to(self._sheet.mock.place + step, self._clock()):
            self._window.go_to_start()
        elif step > 0:
            self._turn_to("hand-in")

    def _type(self, key: str) -> None:
        """Take a key while the number of a question is typed."""
        if key.isdecimal() and key.isascii():
            self._typed = (self._typed + key)[:_DIGITS]
            return
        if key == "backspace":
            self._typed = self._typed[:-1]
            return
        wanted = self._typed
        self._turn_to("question")
        if key == "enter" and wanted and not self._sheet.go_to(int(wanted) - 1, self._clock()):
            self._window.said = f"there is no question {wanted}"

    def _turn_to(self, view: str) -> None:
        self._view = view
        self._typed = ""
        self._window.go_to_start()

    def _paint(self) -> None:
        parts, steps, keys = self._draw()
        reads_on = self._view == "question"
        self._window.paint(self._list_headers(), parts, steps=steps, keys=keys, reads_on=reads_on)

    def _list_headers(self) -> list[str]:
        sheet, mock = self._sheet, self._sheet.mock
        number, total = mock.place + 1, len(mock.questions)
        answered = total - len(sheet.unanswered)
        left = sheet.left_ms(self._clock())
        clock = f" · {format_clock(left)} left" if left is not None else ""
        mark = "⚑ " if mock.question.is_marked else ""
        what = "Drill" if mock.is_drill else "Mock exam"
        return [
            f"{what} · {mark}question {number} of {total} · {answered} answered{clock}",
            f"{mark}{number} of {total} · {answered} answered{clock}",
            f"{mark}{number}/{total}{clock.removesuffix(' left')}",
        ]

    def _draw(self) -> tuple[list[RenderableType], list[str], str]:
        """Return what is shown, what the next keys do, and the other keys."""
        mock = self._sheet.mock
        if self._view == "keys":
            lines = [Text.assemble((f"{keys:<14}", "bold"), does) for keys, does in _KEYS]
            return list(lines), ["any key goes back"], ""
        if self._view == "list":
            return [QuestionList(mock)], ["any key goes back"], ""
        if self._view == "hand-in":
            steps = ["y hand in   any other key goes back", "y hand in  other: back"]
            return [self._draw_hand_in()], steps, ""
        if self._view == "leave":
            steps = ["q leave   any other key goes back", "q leave  other: back"]
            return [Text(_LEAVE)], steps, ""
        is_shown = mock.question.is_shown
        face = draw_face(mock.question, self._sources, mock.seed, is_answered=is_shown)
        return face, self._list_steps(), "? keys  n next  p back  g go to  q leave"

    def _draw_hand_in(self) -> RenderableType:
        lines = [Text("Hand it in?", "bold")]
        if places := self._sheet.unanswered:
            lines.append(Text(f"Unanswered: {say_places(places)}", "yellow"))
        if places := self._sheet.marked:
            lines.append(Text(f"Marked: {say_places(places)}"))
        return Group(*lines, Text(), QuestionList(self._sheet.mock))

    def _list_steps(self) -> list[str]:
        if self._view == "go":
            return [f"go to question {self._typed}█   enter go"]
        count = len(self._sheet.mock.question.right)
        pick = f"pick {count}" if count > 1 else "pick"
        go_on = "answer" if self._can_show else "next"
        return [
            f"1–9 {pick}   space {go_on}   m mark   l list   h hand in   ? keys",
            f"1–9 {pick}  space {go_on}  m l h ?",
        ]
