"""The window of `cards review`: header, card, footer, and how far the card is scrolled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from cardwright.terminal.attempt import Attempt
from cardwright.terminal.frame import draw_header, draw_keys_line, draw_next_step
from cardwright.terminal.overlay import draw_end, draw_keys, draw_memory, draw_wait
from cardwright.terminal.screen import Screen, render_lines
from cardwright.terminal.sitting import Sitting
from cardwright.text import make_plain

_MAX_WIDTH: Final = 100
"""Longer lines are hard to read."""
_MARGIN_FROM: Final = 56
_HEADER_FROM, _KEYS_FROM, _GAP_FROM, _ROOMY_FROM = 6, 8, 10, 16
"""Rows from which there is room for the header, the keys, a blank line, and blank lines around
the line between question and answer."""
_KEPT_LINES: Final = 200
_STEPS: Final = {"up": -1, "down": 1, "k": -1, "j": 1}
_PAGES: Final = {"pageup": -1, "pagedown": 1}
_ENDS: Final = {"home": -1, "end": 1}


class Window:
    """What a sitting looks like on a screen."""

    def __init__(self, sitting: Sitting, screen: Screen, environ: Mapping[str, str]) -> None:
        """Show a sitting on a screen."""
        self._sitting = sitting
        self._screen = screen
        self._environ = environ
        self.said = ""
        """What came of the last key, shown until the next one."""
        self.overlay: str | None = None
        """What is shown in place of the card: `keys` or `memory`."""
        self.typed: str | None = None
        """What was typed to search for; None: not searching."""
        self._width = _MAX_WIDTH
        self._top = 0
        self._below = 0
        """Lines of the card below the window."""
        self._height = 1
        self._answer_at = 0
        """The line of the card at which its answer begins."""
        self._is_answer_wanted = False
        self._lines: dict[object, list[str]] = {}
        self._ahead: tuple[Attempt | None, int, list[str]] = (None, 0, [])
        """A question that will probably be next, rendered for a width."""
        self._drawn: tuple[object, list[str]] = (None, [])
        self._answer: tuple[object, list[str]] = (None, [])
        """The last card and the last answer that were rendered, and what they were rendered for."""

    @property
    def has_more(self) -> bool:
        """Whether the card goes on below the window."""
        return self._below > 0

    def cover(self, overlay: str | None) -> None:
        """Show something in place of the card, or the card again."""
        self.overlay = overlay
        self._top = 0

    def go_to_start(self) -> None:
        """Show the card from its start."""
        self._top = 0

    def go_to_answer(self) -> None:
        """Show the answer, if it is revealed, with what fits of the question above it."""
        attempt = self._sitting.attempt
        self._is_answer_wanted = attempt is not None and attempt.is_revealed

    def scroll(self, key: str) -> bool:
        """Scroll by a key; tell whether it is one for that."""
        page = max(self._height - 1, 1)
        steps = {**_STEPS, **{name: sign * page for name, sign in _PAGES.items()}}
        steps |= {name: sign * (self._top + self._below) for name, sign in _ENDS.items()}
        if key not in steps:
            return False
        self._top += steps[key]
        return True

    def prepare(self) -> None:
        """Render the answer, and the next question, before they are asked for."""
        attempt = self._sitting.attempt
        if attempt is None or self._sitting.is_over:
            return
        if not attempt.is_revealed:
            self._render_answer(attempt, self._width)
        ahead = self._sitting.look_ahead()
        if ahead and self._ahead[:2] != (ahead, self._width):
            self._ahead = (ahead, self._width, self._render(ahead.draw_question(), self._width))

    def paint(self) -> None:
        """Draw what changed since the last time."""
        columns, rows = self._screen.size
        margin = " " if columns >= _MARGIN_FROM else ""
        width = self._width = min(columns - 2 * len(margin), _MAX_WIDTH)
        body = self._render_body(width, is_roomy=rows >= _ROOMY_FROM)
        header = self._render(draw_header(self._sitting, columns), columns)[:1]
        header = header if rows >= _HEADER_FROM else []
        said = self._render_said(width)[: max(rows // 2, 1)] if rows > 1 else []
        keys = self._render(draw_keys_line(width), width) if rows >= _KEYS_FROM else []
        has_gap = rows >= _GAP_FROM
        taken = len(header) + len(said) + len(keys) + has_gap + (rows > 1)
        height = max(rows - taken, 1)
        self._place(len(body), height)
        more = [] if not self._below or height == 1 else [self._render_more(width)]
        step = self._render(self._draw_step(width), width)[:1] if rows > 1 else []
        shown = body[self._top : self._top + self._height]
        shown += [""] * (height - len(more) - len(shown))
        lines = [f"{margin}{line}" for line in (*shown, *more, *said, *step, *keys)]
        above = self._render(Text(f"↑ {self._top} more", style="dim"), width) if self._top else [""]
        self._screen.paint([*header, *(f"{margin}{line}" for line in above[:has_gap]), *lines])

    def _place(self, length: int, height: int) -> None:
        """Settle which lines of the card are to be seen; the last row may tell of those below."""
        if self._is_answer_wanted:
            self._top = min(max(length - height, 0), self._answer_at)
            self._is_answer_wanted = False
        self._top = max(min(self._top, length - height), 0)
        is_whole = self._top + height >= length
        self._height = height if is_whole or height == 1 else height - 1
        self._below = max(length - self._top - self._height, 0)

    def _render(self, renderable: RenderableType, width: int) -> list[str]:
        if not isinstance(renderable, Text):
            return render_lines(renderable, width, self._environ)
        # The lines around the card are the same for many cards.
        look = (renderable.plain, *renderable.spans, renderable.style, renderable.no_wrap, width)
        if look not in self._lines:
            if len(self._lines) >= _KEPT_LINES:
                self._lines.clear()
            self._lines[look] = render_lines(renderable, width, self._environ)
        return self._lines[look]

    def _render_more(self, width: int) -> str:
        attempt = self._sitting.attempt
        is_next = attempt and attempt.is_revealed and not self._sitting.is_over and not self.overlay
        text = f"↓ {self._below} more{', space' if is_next else ''}"
        return self._render(Text(text, style="dim", no_wrap=True), width)[0]

    def _render_said(self, width: int) -> list[str]:
        if self.said:
            return self._render(Text(make_plain(self.said), style="bold yellow"), width)
        why = self._sitting.why if self._sitting.attempt and not self.overlay else ""
        return self._render(Text(make_plain(why), style="dim"), width) if why else []

    def _render_body(self, width: int, *, is_roomy: bool) -> list[str]:
        """Return the lines of what is shown; those of a card are kept until it looks otherwise."""
        sitting, attempt = self._sitting, self._sitting.attempt
        if self.overlay == "keys":
            return self._render(draw_keys(), width)
        if sitting.is_over:
            return self._render(draw_end(sitting), width)
        if attempt is None:
            return self._render(draw_wait(sitting), width)
        if self.overlay == "memory":
            return self._render(draw_memory(sitting), width)
        state = (sitting.turn, attempt.is_revealed, attempt.is_ticking, width, is_roomy)
        look = (*state, frozenset(attempt.picked), frozenset(attempt.ticked))
        if self._drawn[0] != look:
            self._drawn = (look, self._render_card(attempt, width, is_roomy=is_roomy))
        return self._drawn[1]

    def _render_card(self, attempt: Attempt, width: int, *, is_roomy: bool) -> list[str]:
        if self._ahead[:2] == (attempt, width) and not (attempt.is_revealed or attempt.picked):
            return self._ahead[2]
        question = self._render(attempt.draw_question(), width)
        if not attempt.is_revealed:
            return question
        answer = self._render_answer(attempt, width)
        blank = [""] * is_roomy
        question = [*question, *blank] if any(question) else []
        if attempt.verdict or question:
            line = self._render(_draw_line(attempt, width), width)
            answer = [*line, *blank, *answer]
        self._answer_at = len(question)
        return [*question, *answer]

    def _render_answer(self, attempt: Attempt, width: int) -> list[str]:
        look = (self._sitting.turn, width, frozenset(attempt.picked), frozenset(attempt.ticked))
        if self._answer[0] != look:
            self._answer = (look, self._render(attempt.draw_answer(), width))
        return self._answer[1]

    def _draw_step(self, width: int) -> Text:
        sitting = self._sitting
        if self.typed is not None:
            return Text(f"/{make_plain(self.typed)[-width + 2 :]}█", no_wrap=True)
        if self.overlay is not None:
            return Text("any key goes back", style="bold", no_wrap=True)
        if sitting.is_over:
            return Text("space end   u undo", style="bold", no_wrap=True)
        if sitting.attempt is None:
            return Text("q stop   u undo", style="bold", no_wrap=True)
        return draw_next_step(sitting, sitting.attempt, width, has_more=self.has_more)


def _draw_line(attempt: Attempt, width: int) -> Text:
    """Draw what parts question and answer, with what is to be said of the answer."""
    if not attempt.verdict:
        return Text("─" * width, style="dim")
    colour = {True: "green", False: "red", None: ""}[attempt.is_right]
    line = Text("── ", style="dim", no_wrap=True)
    line.append(f"{attempt.verdict} ", f"not dim bold {colour}")
    return line.append("─" * max(width - line.cell_len, 0))
