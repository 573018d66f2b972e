"""A mock exam or drill in the full screen: its questions, and then its result."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from itertools import groupby
from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from cardwright.blueprint import Blueprint
from cardwright.exam.mock import CardSource, Mock, Question, find_prompt
from cardwright.exam.result import format_clock
from cardwright.exam.sheet import Sheet
from cardwright.history import Moment
from cardwright.terminal.card import draw_answer, draw_question, format_verdict, order_options
from cardwright.terminal.card_acts import CardActs, find_card_act
from cardwright.terminal.charts import Fitted
from cardwright.terminal.exam import draw_score
from cardwright.terminal.gallery import Gallery
from cardwright.terminal.keymap import DIGITS, HAND_IN, MOCK, RESULT, KeyMap, read_layout
from cardwright.terminal.review_state import Attempt
from cardwright.terminal.screen import Screen
from cardwright.terminal.window import (
    KeyLoop,
    choose_text,
    draw_key_help,
    draw_step,
    draw_title_bar,
    join_hints,
)
from cardwright.text import make_plain

TIME_IS_UP: Final = "Time is up: the exam was handed in as it was."
_TICK_S: Final = 1.0
_MAX_DIGITS: Final = 6
"""Digits of the number of a question."""
_CELL: Final = 7
_MIN_RANGE: Final = 3
"""So many numbers in a row are shown as a range."""
"""Width of a question in the list of all."""
_LEAVE: Final = "Leave? All answers are kept, and `cards exam {}` continues where you left off. "


class _QuestionLoop(KeyLoop):
    """Shows questions of a mock exam or drill; keys act on the one shown."""

    _acts: CardActs

    @property
    @abstractmethod
    def _shown_place(self) -> int:
        """The place of the question shown; -1 if none is."""

    @abstractmethod
    def _find_attempt(self) -> Attempt | None:
        """Return the question shown, with its answer if that is shown."""

    def press(self, key: str | None) -> bool:
        """Handle a key, and stop the sounds of a question that has left."""
        place = self._shown_place
        goes_on = super().press(key)
        if not goes_on or self._shown_place != place:
            self._acts.stop()
        return goes_on

    def _act_on_card(self, act: str) -> bool:
        """Open, play or copy what is shown if that is the act; return whether it is."""
        do = find_card_act(act, self._acts, self._copy)
        if do is None:
            return False
        attempt = self._find_attempt()
        self._window.message = do(attempt) if attempt else "no question is shown"
        return True


class MockTaker(_QuestionLoop):
    """Shows a mock exam or drill in progress, and handles its keys."""

    def __init__(
        self,
        sheet: Sheet,
        sources: CardSource,
        screen: Screen,
        environ: Mapping[str, str],
        clock: Callable[[], Moment],
        *,
        acts: CardActs,
        keymap: KeyMap,
        gallery: Gallery | None = None,
    ) -> None:
        """Show a mock exam on a screen; a gallery shows the images of cards."""
        super().__init__(MOCK, keymap, screen, environ)
        self._acts = acts
        self._gallery = gallery
        self._sheet = sheet
        self._sources = sources
        self._clock = clock
        self._view = "question"
        """Or `list`, `go`, `hand-in`, `leave`, `help`."""
        self._typed = ""
        """The typed part of the number of the question to go to."""
        self._views = {"go": "go", "list": "list", "quit": "leave", "help": "help"}
        """What acts turn to."""

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

    @property
    def _takes_any_key(self) -> bool:
        return self._view not in {"question", "go"}

    def _act(self, key: str) -> bool:
        if not self._wait():
            return False
        view, act = self._view, self._find_act(key)
        if view == "go":
            self._type(key)
        elif self._window.scroll(act):
            pass
        elif view == "question":
            self._act_on_question(act)
        elif view == "list" and act == "go":
            self._turn_to("go")
        elif view == "leave" and act == "quit":
            self._sheet.go_to(self._sheet.mock.place, self._clock())
            return False
        elif view == "hand-in" and act == "confirm":
            self._sheet.hand_in(self._clock())
        else:
            self._turn_to("question")
        return not self._sheet.is_over

    def _act_on_question(self, act: str) -> None:
        if act in DIGITS:
            self._pick(int(act))
        elif act == "continue" and self._window.has_more:
            self._window.scroll("page-down")
        elif act == "continue" and self._can_show:
            self._sheet.show(self._clock())
            self._window.go_to_last_part()
        elif act in {"continue", "next"}:
            self._move(1)
        elif act == "back":
            self._move(-1)
        elif act == "mark":
            self._sheet.mark(self._clock())
        elif act == "hand-in":
            self._end()
        elif act in self._views:
            self._turn_to(self._views[act])
        elif not self._act_on_card(act):
            self._window.message = self._keymap.hint("help", "shows all keys")

    def _find_attempt(self) -> Attempt | None:
        mock = self._sheet.mock
        return make_attempt(mock, mock.question, self._sources, is_revealed=mock.question.is_shown)

    @property
    def _can_show(self) -> bool:
        return can_show_answer(self._sheet.mock)

    def _pick(self, number: int) -> None:
        order = list_order(self._sheet.mock, self._sources)
        if number <= len(order):
            self._sheet.pick(order[number - 1], self._clock())

    def _move(self, step: int) -> None:
        if self._sheet.go_to(self._sheet.mock.place + step, self._clock()):
            self._window.go_to_start()
        elif step > 0:
            self._end()

    @property
    def _shown_place(self) -> int:
        return self._sheet.mock.place

    def _end(self) -> None:
        """Hand in, after a question unless there is nothing left to do."""
        if has_shown_all(self._sheet.mock):
            self._sheet.hand_in(self._clock())
        else:
            self._turn_to("hand-in")

    def _type(self, key: str) -> None:
        """Handle a key while the number of a question is typed."""
        digit = read_layout(key)
        if digit.isdecimal() and digit.isascii():
            self._typed = (self._typed + digit)[:_MAX_DIGITS]
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
        self._name = HAND_IN if view == "hand-in" else MOCK
        self._typed = ""
        self._window.go_to_start()

    def _paint(self) -> None:
        window = self._window
        window.paint(
            draw_title_bar(choose_text(self._list_titles(), window.columns - 2), window.columns),
            [window.render(part) for part in self._list_parts()],
            lambda: draw_step(window.width, *self._list_steps()),
            keys=self._list_keys() if self._has_keys else "",
            reads_on=self._view == "question",
        )

    @property
    def _has_keys(self) -> bool:
        """Whether there is a line for the keys that are not needed with every question."""
        return self._window.is_roomy and self._view in {"question", "go"}

    def _list_keys(self) -> str:
        """Return hints on other keys, as many as fit."""
        if self._view == "go":
            return "esc back"
        hints = [
            self._keymap.hint(act, word)
            for act, word in (
                *(("help", "keys"), ("next", "next"), ("back", "back"), ("go", "go to")),
                *(("quit", "leave"), ("open", "open"), ("copy", "copy")),
            )
        ]
        while cell_len(joined := join_hints(*hints, gap=2)) > self._window.width:
            hints.pop()
        return joined

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
        if self._view == "help":
            return [draw_key_help(self._keymap.list_help(MOCK))]
        if self._view == "list":
            return [draw_questions(mock)]
        if self._view == "hand-in":
            return [self._draw_hand_in()]
        if self._view == "leave":
            return [Text(format_leaving(mock))]
        return draw_mock_question(mock, mock.question, self._sources, gallery=self._gallery)

    def _draw_hand_in(self) -> RenderableType:
        lines = [Text(ask_to_end(self._sheet.mock), "bold")]
        if places := self._sheet.unanswered:
            lines.append(Text(f"Unanswered: {format_places(places)}", "yellow"))
        if places := self._sheet.miscounted:
            lines.append(Text(f"Wrong number of picks: {format_places(places)}", "yellow"))
        if places := self._sheet.marked:
            lines.append(Text(f"Marked: {format_places(places)}"))
        return Group(*lines, Text(), draw_questions(self._sheet.mock))

    def _list_steps(self) -> list[str]:
        """Return hints on the next keys, in two lengths."""
        hint, end = self._keymap.hint, "finish" if self._sheet.mock.is_drill else "hand in"
        if self._view == "help":
            return ["any key: back"]
        if self._view == "list":
            return [join_hints(hint("go", "go to"), "any other key: back")]
        if self._view in {"hand-in", "leave"}:
            act, word = ("confirm", end) if self._view == "hand-in" else ("quit", "leave")
            return [
                join_hints(hint(act, word), "any other key: back"),
                join_hints(hint(act, word), "other: back", gap=2),
            ]
        if self._view == "go":
            return [f"go to question {self._typed}█   enter go"]
        mock, question = self._sheet.mock, self._sheet.mock.question
        # Once its answer was shown, a question of a drill takes no picks.
        options = 0 if question.is_shown else len(list_order(mock, self._sources))
        count = f" {len(question.right)}" if len(question.right) > 1 else ""
        pick = f"{self._name_digits(options)} pick{count}" if options else ""
        following = "answer" if self._can_show else "next"
        space = hint("continue", "scroll" if self._window.has_more else following)
        others = [("mark", "mark"), ("list", "list"), ("hand-in", end)]
        # With a line for other keys, that is where the help is named.
        others += [] if self._has_keys else [("help", "keys")]
        keys = [self._keymap.show(act) for act, _ in others]
        return [
            join_hints(pick, space, *(hint(act, word) for act, word in others)),
            join_hints(pick, space, join_hints(*keys, gap=1), gap=2),
        ]


class ResultReader(_QuestionLoop):
    """Shows a finished mock exam: the score, then the answers one by one."""

    def __init__(
        self,
        mock: Mock,
        sources: CardSource,
        blueprint: Blueprint,
        screen: Screen,
        environ: Mapping[str, str],
        *,
        acts: CardActs,
        keymap: KeyMap,
        gallery: Gallery | None = None,
    ) -> None:
        """Show the score first."""
        super().__init__(RESULT, keymap, screen, environ)
        self._acts = acts
        self._shows_help = False
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

    @property
    def _takes_any_key(self) -> bool:
        return self._shows_help

    def _act(self, key: str) -> bool:
        act = self._find_act(key)
        if self._window.scroll(act):
            return True
        if self._shows_help or act == "help":
            self._shows_help = not self._shows_help
            self._window.go_to_start()
            return True
        if act == "continue" and self._window.has_more:
            self._window.scroll("page-down")
            return True
        if self._act_on_card(act):
            return True
        self.wants_misses = act == "misses" and bool(self._mock.wrong)
        is_last = self._page + 1 == len(self._places)
        if act == "quit" or self.wants_misses or (act == "continue" and is_last):
            return False
        if act == "wrong":
            self._toggle_wrong()
        elif act in {"continue", "next"}:
            self._page = min(self._page + 1, len(self._places) - 1)
        elif act == "back":
            self._page = max(self._page - 1, -1)
        self._window.go_to_start()
        return True

    @property
    def _shown_place(self) -> int:
        return -1 if self._page < 0 else self._places[self._page]

    def _find_attempt(self) -> Attempt | None:
        if self._page < 0:
            return None
        question = self._mock.questions[self._shown_place]
        return make_attempt(self._mock, question, self._sources, is_revealed=True)

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
        if self._shows_help:
            return [draw_key_help(self._keymap.list_help(RESULT))]
        if self._page < 0:
            return [draw_score(mock, self._blueprint)]
        place = self._shown_place
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
        if self._shows_help:
            return ["any key: back"]
        is_score, has_wrong = self._page < 0, bool(self._mock.wrong)
        is_last = self._page + 1 == len(self._places)
        following = "scroll" if self._window.has_more else "finish" if is_last else "next"
        longer = "show the answers" if is_score and following == "next" else following
        shown, others = (
            ("all", "all answers") if self._is_filtered else ("wrong", "only wrong ones")
        )
        # Without right answers, the wrong ones are all there are.
        can_filter = has_wrong and len(self._mock.wrong) < len(self._mock.questions)
        steps = [
            ("continue", longer, following),
            ("back", "" if is_score else "back", "back"),
            ("wrong", others if can_filter else "", shown),
            ("misses", "record misses" if has_wrong else "", "record"),
            ("quit", "finish", "finish"),
        ]
        hint, found = self._keymap.hint, [step for step in steps if step[1]]
        return [
            join_hints(*(hint(act, longer) for act, longer, _ in found)),
            join_hints(*(hint(act, shorter) for act, _, shorter in found), gap=2),
            join_hints(
                *(
                    hint(act, shorter * (act not in {"continue", "back"}))
                    for act, _, shorter in found
                ),
                gap=2,
            ),
        ]

    @property
    def _is_filtered(self) -> bool:
        """Whether only the wrong answers are paged through."""
        return len(self._places) < len(self._mock.questions)


def ask_to_end(mock: Mock) -> str:
    """Return the question that ends a mock exam or drill."""
    return "Finish the drill?" if mock.is_drill else "Hand it in?"


def has_shown_all(mock: Mock) -> bool:
    """Tell whether this is a drill that has shown all its answers: nothing is left to do."""
    return mock.is_drill and all(one.is_shown or one.is_void for one in mock.questions)


def format_leaving(mock: Mock) -> str:
    """Return the question whether to leave, and what that means."""
    clock = "The clock stops meanwhile, and the" if mock.limit_ms is not None else "The"
    return f"{_LEAVE.format(mock.kind)}{clock} result notes the break."


def can_show_answer(mock: Mock) -> bool:
    """Tell whether the next thing to show is the answer to the question of a drill."""
    return mock.is_drill and not mock.question.is_shown and not mock.question.is_void


def make_attempt(
    mock: Mock, question: Question, sources: CardSource, *, is_revealed: bool
) -> Attempt | None:
    """Return a question as it is asked in a review; None if its card has changed."""
    prompt = None if question.is_void else find_prompt(question, sources)
    if prompt is None:
        return None
    attempt = Attempt(prompt, sources.find_kind(prompt.card.kind), mock.shuffle_seed)
    attempt.is_revealed = is_revealed
    return attempt


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
    is_answered = question.is_shown if is_answered is None else is_answered
    asked = draw_question(
        prompt,
        kind,
        shuffle_seed=mock.shuffle_seed,
        picked=picked,
        is_above_answer=is_answered,
    )
    parts: list[RenderableType] = [gallery.illustrate(asked, card) if gallery else asked]
    if is_answered:
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
    """Return the numbers of questions, from 1, three or more in a row as a range."""
    numbers = sorted(place + 1 for place in places)
    runs = (
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), key=lambda one: one[1] - one[0])
    )
    return ", ".join(
        f"{run[0]}–{run[-1]}" if len(run) >= _MIN_RANGE else ", ".join(map(str, run))
        for run in runs
    )
