"""Line-by-line dialogues for pipes, dumb terminals and screen readers, such as `cards review`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from rich.text import Text

from cardwright.history import Rating
from cardwright.study.error import StoreError
from cardwright.terminal.card_acts import Copy, find_card_act
from cardwright.terminal.keymap import BINDINGS, DIGITS, REVIEW, KeyMap
from cardwright.terminal.keys import PASTE
from cardwright.terminal.review import ReviewActs, draw_memory_of
from cardwright.terminal.review_state import Attempt, ReviewState
from cardwright.terminal.words import name_rating
from cardwright.text import make_plain

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable

MAX_DIGITS: Final = 6
"""Digits of a typed number; longer ones would only cost time."""
_DOES: Final = {
    "continue": "show the answer; then give the rating in brackets",
    "search": "ask the next card that contains the text after it",
}
"""What acts do that work differently line by line."""
_TYPING_HELP: Final = "where an answer is typed, commands begin with a colon, as in :{}"


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
    """Shows one thing after another, and runs the commands typed for each, one per line.

    A command is a key of the full screen, or the name of an act; Enter alone goes on.
    """

    def __init__(
        self, screen: str, keymap: KeyMap, lines: TextIO, say: Say, acts: Iterable[str]
    ) -> None:
        """Read commands from `lines`: these acts of a screen, by its keys."""
        super().__init__(lines, say)
        self._screen = screen
        self._keymap = keymap
        self._known = frozenset({"continue", "help", "quit", *acts, *DIGITS})

    def _find_act(self, word: str) -> str:
        """Return the act that a word calls, by its key or its name; "" if there is none."""
        act = self._keymap.find(self._screen, word) or word
        return act if act in self._known and self._screen in BINDINGS[act].does else ""

    def _read_command(self, line: str, *, with_text: str) -> tuple[str, str]:
        """Return the act that a line calls, and the text after it, which only one act takes."""
        word, _, text = line.partition(" ")
        act = self._find_act(word)
        if act != with_text and self._find_act(line[:1]) == with_text:
            act, text = with_text, line[1:]
        return ("" if text and act != with_text else act), text.strip()

    def _read_numbers(self, line: str) -> list[int]:
        """Return the numbers of options or points in a line, if it has only such; else nothing."""
        acts = [self._find_act(word) or word for word in line.replace(",", " ").split()]
        if not all(act.isascii() and act.isdecimal() for act in acts):
            return []
        return [int(act[:MAX_DIGITS]) for act in acts]

    @property
    def _help_key(self) -> str:
        """What calls the help."""
        return self._keymap.show("help") or "help"

    def _hint_at_picks(self, option_count: int, next: str) -> str:
        """Return a hint on picking options, if there are any, and on what Enter goes on with."""
        pick = f"1-{option_count} to pick, " if option_count else ""
        return f"{pick}enter for {next}, {self._help_key} for help"

    def _list_help(self, does: Mapping[str, str]) -> str:
        """Return a line for each act; `does` tells what some of them do here."""
        rows = []
        for act, keys, usual in self._keymap.list_acts(self._screen):
            if act == "continue":
                rows.append(("enter", does[act]))
            elif act in self._known or act not in BINDINGS:
                typed = [key for key in keys.split() if len(key) == 1]
                rows.append((" ".join(typed) or act, does.get(act, usual)))
        width = max(len(keys) for keys, _ in rows)
        return "\n".join(f"{keys:<{width}}  {text}" for keys, text in rows)

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
            except KeyboardInterrupt:
                # A normal way to stop: every answer is saved.
                self._say("")
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
        return self._find_act(line) == "quit"

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
        acts: ReviewActs,
        keymap: KeyMap,
        copy: Copy | None = None,
    ) -> None:
        """Read commands from `lines`; `copy` puts a text on the clipboard, if the terminal can."""
        self._state = state
        self._edit = acts.edit
        self._card_acts = acts.of_card
        self._follow = acts.follow
        self._copy = copy
        self._acts: dict[str, Callable[[], Renderable]] = {
            "undo": state.undo,
            "suspend": lambda: self._mark(state.suspend),
            "bury": lambda: self._mark(state.bury),
            "flag": state.flag,
            "edit": self._run_editor,
            "play": acts.play,
            "memory": lambda: draw_memory_of(state),
            "all": self._tick_all,
        }
        others = ("search", "open", "web", "improve", "copy", "copy-reference")
        super().__init__(REVIEW, keymap, lines, say, (*self._acts, *others))

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
        self._say(f"\n{deck.replace('::', ' › ')}: {numbers}\n")
        if state.why:
            self._say(f"{state.why}\n")
        self._say(state.attempt.draw_question())
        self._say_followed()

    def _make_prompt(self) -> str:
        attempt = self._state.attempt
        if attempt is None:
            return "> "
        keys = self._keymap
        if attempt.is_typing:
            hint = f"type the answer; enter alone to see it, :{self._help_key} for help"
        elif not attempt.is_revealed:
            hint = self._hint_at_picks(len(attempt.options), "the answer")
        elif attempt.is_ticking:
            every = keys.show("all") or "all"
            hint = f"1-{attempt.point_count} or {every} for what you had, enter to rate"
        else:
            waits = self._state.list_waits().items()
            ratings = [
                f"{keys.show(f'{r:d}')} {name_rating(r).lower()} {wait}".rstrip()
                for r, wait in waits
            ]
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
            return self._run_command(line[1:].strip() or "help", attempt)
        attempt.line.press(PASTE + line)
        return self._continue(attempt)

    def _leaves(self, line: str) -> bool:
        is_command = line.startswith(":") or not self._is_typing
        return is_command and super()._leaves(line.removeprefix(":").strip())

    @property
    def _is_typing(self) -> bool:
        return self._state.attempt is not None and self._state.attempt.is_typing

    def _run_command(self, line: str, attempt: Attempt) -> Renderable:
        """Run a command; return the message to print."""
        act, text = self._read_command(line, with_text="search")
        if not line or act == "continue":
            return self._continue(attempt)
        if act == "search" and text:
            return self._state.find(text)
        if numbers := self._read_numbers(line):
            if attempt.can_rate and numbers in ([1], [2], [3], [4]):
                return self._rate(Rating(numbers[0]))
            return _toggle(numbers, attempt)
        if act in self._acts:
            return self._acts[act]()
        do = find_card_act(act, self._card_acts, self._copy)
        return do(attempt) if do else self._help()

    def _tick_all(self) -> str:
        attempt = self._state.attempt
        if attempt is None or not attempt.is_ticking:
            return "there is nothing to mark"
        attempt.tick_all()
        return _list_marked(attempt)

    def _help(self) -> str:
        quit = self._keymap.show("quit")
        return f"{self._list_help(_DOES)}\n{_TYPING_HELP.format(quit)}"

    def _mark(self, act: Callable[[], str]) -> str:
        """Take the card out, and tell how to undo that."""
        return f"{act()} ({self._keymap.show('undo') or 'undo'}: undo)"

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


def _toggle(numbers: Iterable[int], attempt: Attempt) -> str:
    missing = [str(number) for number in numbers if not attempt.toggle(number)]
    return f"there is no {', '.join(missing)} to mark" if missing else _list_marked(attempt)


def _list_marked(attempt: Attempt) -> str:
    return f"marked: {', '.join(map(str, attempt.marked)) or 'none'}"
