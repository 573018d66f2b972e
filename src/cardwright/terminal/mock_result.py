"""The result of a mock exam on the whole window: the score, then the answers one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from cardwright.blueprint import Blueprint
from cardwright.exam.mock import CardSource, Mock
from cardwright.exam.result import format_clock
from cardwright.terminal.mock_drawing import Score, draw_face
from cardwright.terminal.mock_window import MockWindow
from cardwright.terminal.screen import Screen

_QUIT: Final = frozenset({"q", "ctrl-c", "ctrl-d", "hangup"})
_GO_ON: Final = frozenset({" ", "enter"})
_NEXT: Final = frozenset({"n", "right"})
_BACK: Final = frozenset({"p", "left"})


class ResultReader:
    """Pages through a mock exam that is over."""

    def __init__(
        self,
        mock: Mock,
        sources: CardSource,
        blueprint: Blueprint,
        screen: Screen,
        environ: Mapping[str, str],
    ) -> None:
        """Show the score first."""
        self._mock = mock
        self._sources = sources
        self._blueprint = blueprint
        self._screen = screen
        self._window = MockWindow(screen, environ)
        if mock.is_timed_out:
            self._window.said = "Time is up: it was handed in as it stood."
        self._pages = list(range(len(mock.questions)))
        """The questions to page through, by their places."""
        self._page = -1
        """Which of them is looked at; -1: the score."""

    def run(self) -> None:
        """Show it until the user has seen enough."""
        while True:
            parts, steps = self._draw()
            self._window.paint(
                [f"{self._mock.exam} – result", "result"], parts, steps=steps, reads_on=True
            )
            key = self._screen.read()
            if key in _QUIT:
                return
            if key is None or key == "resize":
                continue
            self._window.said = ""
            if not self._window.scroll(key) and not self._take(key):
                return

    def _take(self, key: str) -> bool:
        """Act upon a key; tell whether to go on."""
        if key in _GO_ON and self._window.has_more:
            self._window.scroll("pagedown")
            return True
        if key in _GO_ON and self._page + 1 == len(self._pages):
            return False
        if key == "w":
            self._toggle_wrong()
        elif key in _GO_ON or key in _NEXT:
            self._page = min(self._page + 1, len(self._pages) - 1)
        elif key in _BACK:
            self._page = max(self._page - 1, -1)
        self._window.go_to_start()
        return True

    def _toggle_wrong(self) -> None:
        """Page through what was missed only, or through all."""
        questions = self._mock.questions
        every = list(range(len(questions)))
        missed = [place for place in every if questions[place] in self._mock.wrong]
        self._pages = missed if self._pages == every and missed else every
        self._page = 0

    def _draw(self) -> tuple[list[RenderableType], list[str]]:
        """Return what is shown, and what the keys do."""
        if self._page < 0:
            return [Score(self._mock, self._blueprint)], [
                "space the answers one by one   w what was missed   q end",
                "space answers  w missed  q end",
            ]
        place = self._pages[self._page]
        question = self._mock.questions[place]
        lesson = self._blueprint.lessons.get(question.lesson)
        spent = format_clock(question.spent_ms)
        if self._mock.limit_ms is not None:
            spent += f" of {format_clock(self._mock.limit_ms // len(self._mock.questions))}"
        about = f"Question {place + 1}, {spent}, lesson {lesson or question.lesson}"
        face = draw_face(question, self._sources, self._mock.seed, is_answered=True)
        return [Text(about, "dim"), Text(), *face], [
            "space next   p back   w what was missed   q end",
            "space next  p back  q end",
        ]
