"""A mock exam or drill in the full screen: its questions, and then its result."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from cardwright.blueprint import Blueprint
from cardwright.exam.mock import CardSource, Mock, Question, find_prompt
from cardwright.exam.result import format_clock
from cardwright.exam.sheet import Sheet
from cardwright.history import Moment
from cardwright.terminal.card import draw_answer, draw_question, format_verdict, order_options
from cardwright.terminal.charts import Fitted
from cardwright.terminal.exam import draw_score
from cardwright.terminal.gallery import Gallery
from cardwright.terminal.screen import Screen
from cardwright.terminal.window import (
    CONTINUE_KEYS,
    KeyLoop,
    choose_text,
    draw_key_help,
    draw_step,
    draw_title_bar,
)
from cardwright.text import make_plain

TIME_IS_UP: Final = "Time is up: the exam was handed in as it was."
_TICK_S: Final = 1.0
_MAX_DIGITS: Final = 6
"""Digits of the number of a question."""
_NEXT_KEYS: Final = frozenset({"n", "right"})
_BACK_KEYS: Final = frozenset({"p", "left"})
_CELL: Final = 7
"""Width of a question in the list of all."""
_KEY_HELP: Final = (
    ("1 … 9", "pick an option, or undo the pick"),
    ("space, enter", "next question; in a drill, the answer to this one first"),
    ("n → p ←", "next question, previous question"),
    ("m", "mark to come back to it, or remove the mark"),
    ("g", "go to a question by its number"),
    ("l", "list all questions: answered, marked, unanswered"),
    ("h", "hand in"),
    ("↑ ↓ j k", "scroll; also page up and down, home, end"),
    ("q", "leave: the clock stops, and the result notes the break"),
)
_LEAVE: Final = (
    "Leave? All answers are kept, and the same command continues where you left off. "
    "The clock stops meanwhile, and the result notes the break."
)


class MockTaker(KeyLoop):
    """Shows a mock exam or drill in progress, and handles its keys."""

    def __init__(
        self,
        sheet: Sheet,
        sources: CardSource,
        screen: Screen,
        environ: Mapping[str, str],
        clock: Callable[[], Moment],
        gallery: Gallery | None = None,
    ) -> None:
        """Show a mock exam on a screen; a gallery shows the images of cards."""
        super().__init__(screen, environ)
        self._gallery = gallery
        self._sheet = sheet
        self._sources = sources
        self._clock = clock
        self._view = "question"
        """Or `list`, `go`, `hand-in`, `leave`, `keys`."""
        self._typed = ""
        """The typed part of the number of the question to go to."""
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
        # An exam that was interrupted may have no time left.
        if self.press(None):
            super().run()

    def _read_key(self) -> str | None:
        return self._screen.read(_TICK_S)

    @property
    def _warning(self) -> str:
        return self._sheet.warning

    def _wait(self) -> bool:
        self._sheet.tick(self._clock())
        return not self._sheet.is_over

    def _act(self, key: str) -> bool:
        if not self._wait():
            return False
        view = self._view
        if view == "go":
            self._type(key)
        elif view == "question":
            if not self._window.scroll(key):
                self._act_on_question(key)
        elif view == "leave" and key == "q":
            self._sheet.go_to(self._sheet.mock.place, self._clock())
            return False
        elif view == "hand-in" and key == "y":
            self._sheet.hand_in(self._clock())
        elif not self._window.scroll(key):
            self._turn_to("question")
        return not self._sheet.is_over

    def _act_on_question(self, key: str) -> None:
        act = self._acts.get(key)
        if key in "123456789":
            self._pick(int(key))
        elif key in CONTINUE_KEYS and self._window.has_more:
            self._window.scroll("pagedown")
        elif key in CONTINUE_KEYS and self._can_show:
            self._sheet.show(self._clock())
            self._window.go_to_last_part()
        elif key in CONTINUE_KEYS or key in _NEXT_KEYS:
            self._move(1)
        elif key in _BACK_KEYS:
            self._move(-1)
        elif act is not None:
            act()
        else:
            self._window.message = "? shows all keys"

    @property
    def _can_show(self) -> bool:
        mock = self._sheet.mock
        return mock.is_drill and not mock.question.is_shown and not mock.question.is_void

    def _pick(self, number: int) -> None:
        order = list_order(self._sheet.mock, self._sources)
        if number <= len(order):
            self._sheet.pick(order[number - 1], self._clock())

    def _move(self, step: int) -> None:
        if self._sheet.go_to(self._sheet.mock.place + step, self._clock()):
            self._window.go_to_start()
        elif step > 0:
            self._turn_to("hand-in")

    def _type(self, key: str) -> None:
        """Handle a key while the number of a question is typed."""
        if key.isdecimal() and key.isascii():
            self._typed = (self._typed + key)[:_MAX_DIGITS]
            return
        if key == "backspace":
            self._typed = self._typed[:-1]
            return
        wanted = self._typed
        self._turn_to("question")
        if key == "enter" and wanted and not self._sheet.go_to(int(wanted) - 1, self._clock()):
            self._window.message = f"there is no question {wanted}"

    def _turn_to(self, view: str) -> None:
        self._view = view
        self._typed = ""
        self._window.go_to_start()

    def _paint(self) -> None:
        window = self._window
        has_keys = window.is_roomy and self._view in {"question", "go"}
        window.paint(
            draw_title_bar(choose_text(self._list_titles(), window.columns - 2), window.columns),
            [window.render(part) for part in self._list_parts()],
            lambda: draw_step(window.width, *self._list_steps()),
            keys="? keys  n next  p back  g go to  q leave" if has_keys else "",
            reads_on=self._view == "question",
        )

    def _list_titles(self) -> list[str]:
        sheet, mock = self._sheet, self._sheet.mock
        number, total = mock.place + 1, len(mock.questions)
        answered = total - len(sheet.unanswered)
        left = sheet.left_ms(self._clock())
        clock = f" · {format_clock(left)} left" if left is not None else ""
        mark = "⚑ " if mock.question.is_marked else ""
        title = "Drill" if mock.is_drill else "Mock exam"
        return [
            f"{title} · {mark}question {number} of {total} · {answered} answered{clock}",
            f"{mark}{number} of {total} · {answered} answered{clock}",
            f"{mark}{number}/{total}{clock.removesuffix(' left')}",
        ]

    def _list_parts(self) -> list[RenderableType]:
        mock = self._sheet.mock
        if self._view == "keys":
            return [draw_key_help(_KEY_HELP)]
        if self._view == "list":
            return [draw_questions(mock)]
        if self._view == "hand-in":
            return [self._draw_hand_in()]
        if self._view == "leave":
            return [Text(_LEAVE)]
        return draw_mock_question(mock, mock.question, self._sources, gallery=self._gallery)

    def _draw_hand_in(self) -> RenderableType:
        lines = [Text("Hand it in?", "bold")]
        if places := self._sheet.unanswered:
            lines.append(Text(f"Unanswered: {format_places(places)}", "yellow"))
        if places := self._sheet.marked:
            lines.append(Text(f"Marked: {format_places(places)}"))
        return Group(*lines, Text(), draw_questions(self._sheet.mock))

    def _list_steps(self) -> list[str]:
        """Return hints on the next keys, in two lengths."""
        if self._view in {"keys", "list"}:
            return ["any key: back"]
        if self._view == "hand-in":
            return ["y hand in   any other key: back", "y hand in  other: back"]
        if self._view == "leave":
            return ["q leave   any other key: back", "q leave  other: back"]
        if self._view == "go":
            return [f"go to question {self._typed}█   enter go"]
        count = len(self._sheet.mock.question.right)
        pick = f"pick {count}" if count > 1 else "pick"
        space = "answer" if self._can_show else "next"
        return [
            f"1–9 {pick}   space {space}   m mark   l list   h hand in   ? keys",
            f"1–9 {pick}  space {space}  m l h ?",
        ]


class ResultReader(KeyLoop):
    """Shows a finished mock exam: the score, then the answers one by one."""

    def __init__(
        self,
        mock: Mock,
        sources: CardSource,
        blueprint: Blueprint,
        screen: Screen,
        environ: Mapping[str, str],
        gallery: Gallery | None = None,
    ) -> None:
        """Show the score first."""
        super().__init__(screen, environ)
        self._gallery = gallery
        self._mock = mock
        self._sources = sources
        self._blueprint = blueprint
        if mock.is_timed_out:
            self._window.message = TIME_IS_UP
        self._places = list(range(len(mock.questions)))
        """The questions to page through."""
        self._page = -1
        """The index of the one shown; -1 is the score."""
        self.wants_misses = False
        """Whether the user asked to log the misses."""

    def _act(self, key: str) -> bool:
        if key == "m" and self._mock.wrong:
            self.wants_misses = True
        if key == "q" or self.wants_misses:
            return False
        if self._window.scroll(key):
            return True
        if key in CONTINUE_KEYS and self._window.has_more:
            self._window.scroll("pagedown")
            return True
        if key in CONTINUE_KEYS and self._page + 1 == len(self._places):
            return False
        if key == "w":
            self._toggle_wrong()
        elif key in CONTINUE_KEYS or key in _NEXT_KEYS:
            self._page = min(self._page + 1, len(self._places) - 1)
        elif key in _BACK_KEYS:
            self._page = max(self._page - 1, -1)
        self._window.go_to_start()
        return True

    def _toggle_wrong(self) -> None:
        """Page through the wrong answers only, or through all."""
        questions = self._mock.questions
        every = list(range(len(questions)))
        wrong = [place for place in every if questions[place] in self._mock.wrong]
        self._places = wrong if self._places == every and wrong else every
        self._page = 0

    def _paint(self) -> None:
        window = self._window
        titles = f"{self._mock.exam} – result", "result"
        window.paint(
            draw_title_bar(choose_text(titles, window.columns - 2), window.columns),
            [window.render(part) for part in self._list_parts()],
            lambda: draw_step(window.width, *self._list_steps()),
            reads_on=True,
        )

    def _list_parts(self) -> list[RenderableType]:
        mock = self._mock
        if self._page < 0:
            return [draw_score(mock, self._blueprint)]
        place = self._places[self._page]
        question = mock.questions[place]
        lesson = self._blueprint.lessons.get(question.lesson)
        spent = format_clock(question.spent_ms)
        if mock.limit_ms is not None:
            spent += f" of {format_clock(mock.limit_ms // len(mock.questions))}"
        about = make_plain(f"Question {place + 1}, {spent}, lesson {lesson or question.lesson}")
        parts = draw_mock_question(
            mock, question, self._sources, is_answered=True, gallery=self._gallery
        )
        return [Text(about, "dim"), Text(), *parts]

    def _list_steps(self) -> list[str]:
        is_score = self._page < 0
        wrong = bool(self._mock.wrong)
        steps = [
            ("space show the answers" if is_score else "space next", "space"),
            ("" if is_score else "p back", "p"),
            ("w only wrong ones" if wrong else "", "w wrong"),
            ("m log misses" if wrong else "", "m log"),
            ("q finish", "q finish"),
        ]
        shown = [(words, keys) for words, keys in steps if words]
        return ["   ".join(words for words, _ in shown), "  ".join(keys for _, keys in shown)]


def list_order(mock: Mock, sources: CardSource) -> tuple[int, ...]:
    """Return the options of the current question as indices, in the order shown."""
    prompt = find_prompt(mock.question, sources)
    return order_options(prompt, mock.shuffle_seed) if prompt else ()


def draw_mock_question(
    mock: Mock,
    question: Question,
    sources: CardSource,
    *,
    is_answered: bool | None = None,
    gallery: Gallery | None = None,
) -> list[RenderableType]:
    """Draw a question and, if `is_answered`, its answer, as two parts.

    By default, the answer is drawn if the drill has shown it.
    """
    prompt = None if question.is_void else find_prompt(question, sources)
    if prompt is None:
        return [Text("The card was edited or removed meanwhile: this question does not count.")]
    card, picked = prompt.card, question.picked
    kind = sources.find_kind(card.kind)
    asked = draw_question(prompt, kind, shuffle_seed=mock.shuffle_seed, picked=picked)
    parts: list[RenderableType] = [gallery.illustrate(asked, card) if gallery else asked]
    if question.is_shown if is_answered is None else is_answered:
        order = order_options(prompt, mock.shuffle_seed)
        style = "bold green" if question.is_right else "bold red"
        verdict = Text(format_verdict(order, picked, question.right), style)
        answer = draw_answer(prompt, kind, shuffle_seed=mock.shuffle_seed, picked=picked)
        answer = gallery.illustrate(answer, card) if gallery else answer
        parts.append(Group(Text(), verdict, Text(), answer))
    return parts


def draw_questions(mock: Mock) -> Group:
    """Draw all questions at a glance: answered, marked, unanswered."""

    def draw(width: int) -> list[Text]:
        row = max(width // _CELL, 1)
        cells = [
            Text(f"{_format_question(number, question):<{_CELL}}", style)
            for number, question in enumerate(mock.questions, 1)
            for style in ["reverse" if number - 1 == mock.place else ""]
        ]
        starts = range(0, len(cells), row)
        return [Text("", no_wrap=True).join(cells[start : start + row]) for start in starts]

    return Group(Fitted(draw), Text(), Text("● answered  ○ unanswered  ⚑ marked", "dim"))


def _format_question(number: int, question: Question) -> str:
    sign = "×" if question.is_void else "●" if question.is_answered else "○"
    return f"{number:>3}{sign}{'⚑' if question.is_marked else ' '} "


def format_places(places: Collection[int]) -> str:
    """Return the numbers of questions, from 1."""
    return ", ".join(str(place + 1) for place in places)
