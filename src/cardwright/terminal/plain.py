"""Line-by-line dialogues for pipes, dumb terminals and screen readers, such as `cards review`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from rich.text import Text

from cardwright.history import Rating
from cardwright.study.error import StoreError
from cardwright.terminal.keys import PASTE
from cardwright.terminal.review import CardActs, draw_memory
from cardwright.terminal.review_state import Attempt, ReviewState
from cardwright.terminal.words import name_rating
from cardwright.text import make_plain

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable

MAX_DIGITS: Final = 6
"""Digits of a typed number; longer ones would only cost time."""
_HELP: Final = """\
enter   show the answer; then give the rating in brackets
1 2 3 4 again, hard, good, easy
u undo   e edit   s suspend   b bury until tomorrow   f flag   i memory and history
a all points   o open images   w open links, sources   p play sounds   E improve
/ text: ask the next card that contains it   q stop
where an answer is typed, commands begin with a colon, as in :q"""


class Say(Protocol):
    """Prints a text or a renderable, without styles."""

    def __call__(self, what: Renderable, *, end: str = "\n") -> None:
        """Print it."""


class InputEndedError(Exception):
    """The input has ended."""


class Prompts:
    """Prints a prompt, and reads a line."""

    def __init__(self, lines: TextIO, say: Say) -> None:
        """Read from `lines`."""
        self._lines = lines
        self._print = say

    def _say(self, what: Renderable, *, end: str = "\n") -> None:
        """Print a text, wrapped between words, or a renderable."""
        if isinstance(what, str):
            text = what.rstrip(" ")
            self._print(Text(make_plain(text)), end=what[len(text) :] + end)
        else:
            self._print(what, end=end)

    def _read(self, prompt: str) -> str:
        """Return the line that is typed after a prompt.

        Raises:
            InputEndedError: the input has ended.

        """
        self._say(prompt, end="")
        line = self._lines.readline()
        if not line:
            self._say("")
            raise InputEndedError
        return line.strip()


class PromptLoop(Prompts, ABC):
    """Shows one thing after another, and runs the commands typed for each, one per line."""

    def run(self) -> None:
        """Run until nothing is left, the input ends, or the user leaves with `q`."""
        is_new = True
        warned = ""
        while self._goes_on:
            if self._warning != warned:
                warned = self._warning
                self._say(f"\nwarning: {warned}")
            if is_new:
                self._show()
            is_new = False
            try:
                line = self._read(self._make_prompt())
                if self._leaves(line):
                    break
                is_new = self._act(line)
            except StoreError as error:
                # Nothing was recorded, and the same command can be tried again.
                self._say(f"error: {error}")
            except InputEndedError:
                break
        self._end()

    @property
    @abstractmethod
    def _goes_on(self) -> bool:
        """Whether something is left to show."""

    @abstractmethod
    def _show(self) -> None:
        """Show the card or question that commands act on."""

    @abstractmethod
    def _make_prompt(self) -> str:
        """Return the prompt for the next command."""

    @property
    def _warning(self) -> str:
        """What the user must know about the store."""
        return ""

    def _leaves(self, line: str) -> bool:
        """Tell whether a line is the command to leave."""
        return line == "q"

    @abstractmethod
    def _act(self, line: str) -> bool:
        """Run a command; return whether there is something new to show."""

    def _end(self) -> None:
        """Finish: print or save what is left."""


class PlainReviewer(PromptLoop):
    """`cards review`, line by line."""

    def __init__(
        self,
        state: ReviewState,
        lines: TextIO,
        say: Say,
        *,
        acts: CardActs,
    ) -> None:
        """Read commands from `lines`."""
        super().__init__(lines, say)
        self._state = state
        self._edit = acts.edit
        self._follow = acts.follow
        self._acts: dict[str, Callable[[], Renderable]] = {
            "u": state.undo,
            "s": lambda: f"{state.suspend()} (u: undo)",
            "b": lambda: f"{state.bury()} (u: undo)",
            "f": state.flag,
            "e": self._run_editor,
            "o": acts.open_media,
            "w": acts.open_web,
            "E": acts.open_source,
            "p": acts.play,
            "i": lambda: draw_memory(state),
        }

    @property
    def _goes_on(self) -> bool:
        return self._state.attempt is not None and not self._state.is_over

    @property
    def _warning(self) -> str:
        return self._state.warning

    def _show(self) -> None:
        state, counts = self._state, self._state.counts
        assert state.attempt is not None  # noqa: S101  (else it does not go on)
        deck = state.item.deck if state.item else ""
        numbers = f"new {counts.new}, learning {counts.learning}, review {counts.review}"
        self._say(f"\n{deck}: {numbers}\n")
        if state.why:
            self._say(f"{state.why}\n")
        self._say(state.attempt.draw_question())
        self._say_followed()

    def _make_prompt(self) -> str:
        attempt = self._state.attempt
        if attempt is None:
            return "> "
        if attempt.is_typing:
            hint = "type the answer; enter alone to see it, :? for help"
        elif not attempt.is_revealed:
            pick = f"1-{len(attempt.options)} to pick, " if attempt.options else ""
            hint = f"{pick}enter for the answer, ? for help"
        elif attempt.is_ticking:
            hint = f"1-{attempt.point_count} or a for what you had, enter to rate"
        else:
            waits = self._state.list_waits().items()
            ratings = [f"{r:d} {name_rating(r).lower()} {wait}".rstrip() for r, wait in waits]
            hint = f"{', '.join(ratings)}; enter: {name_rating(attempt.suggestion).lower()}"
        return f"\n[{hint}] "

    def _act(self, line: str) -> bool:
        turn, attempt = self._state.turn, self._state.attempt
        if attempt is not None:
            take = self._take_answer if attempt.is_typing and line else self._run_command
            if message := take(line, attempt):
                self._say(message)
        return self._state.turn != turn

    def _take_answer(self, line: str, attempt: Attempt) -> Renderable:
        """Compare a typed answer; any line is one, so commands begin with a colon."""
        if line.startswith(":"):
            return self._run_command(line[1:].strip() or "?", attempt)
        attempt.line.press(PASTE + line)
        return self._continue(attempt)

    def _leaves(self, line: str) -> bool:
        return line == (":q" if self._is_typing else "q")

    @property
    def _is_typing(self) -> bool:
        return self._state.attempt is not None and self._state.attempt.is_typing

    def _run_command(self, line: str, attempt: Attempt) -> Renderable:
        """Run a command; return the message to print."""
        numbers = line.replace(",", " ").split()
        if not line:
            return self._continue(attempt)
        if line.startswith("/"):
            wanted = line[1:].strip()
            return self._state.find(wanted) if wanted else _HELP
        if attempt.can_rate and line in {"1", "2", "3", "4"}:
            return self._rate(Rating(int(line)))
        if all(number.isascii() and number.isdecimal() for number in numbers):
            return _toggle([number[:MAX_DIGITS] for number in numbers], attempt)
        if line == "a" and attempt.is_ticking:
            attempt.tick_all()
            return _list_marked(attempt)
        return self._acts[line]() if line in self._acts else _HELP

    def _continue(self, attempt: Attempt) -> str:
        """Show the answer, finish ticking, or give the suggested rating."""
        if not attempt.is_revealed:
            attempt.reveal()
            self._say("")
            self._say(attempt.draw_answer())
            self._say_followed()
        elif attempt.is_ticking:
            attempt.is_ticking = False
        else:
            return self._rate(attempt.suggestion)
        return f"\n{attempt.verdict}" if attempt.verdict else ""

    def _rate(self, rating: Rating) -> str:
        wait = self._state.list_waits()[rating]
        leech = self._state.rate(rating)
        message = f"{name_rating(rating)}{f': next in {wait}' if wait else ''}"
        return f"{message}\n{leech}" if leech else message

    def _say_followed(self) -> None:
        if message := self._follow():
            self._say(message)

    def _run_editor(self) -> str:
        message = self._edit()
        self._state.show_current()
        return message


def _toggle(numbers: list[str], attempt: Attempt) -> str:
    missing = [number for number in numbers if not attempt.toggle(int(number))]
    return f"there is no {', '.join(missing)} to mark" if missing else _list_marked(attempt)


def _list_marked(attempt: Attempt) -> str:
    return f"marked: {', '.join(map(str, attempt.marked)) or 'none'}"
