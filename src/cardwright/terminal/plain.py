"""`cards review` as plain prompts: for pipes, dumb terminals and screen readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from cardwright.history import Rating
from cardwright.study.error import StoreError
from cardwright.terminal.attempt import Attempt
from cardwright.terminal.frame import list_waits
from cardwright.terminal.overlay import draw_memory
from cardwright.terminal.sitting import Sitting
from cardwright.terminal.words import name_rating, say_leech, say_undone
from cardwright.text import make_plain

_HELP: Final = """\
enter   show the answer; then take the rating in brackets
1 2 3 4 again, hard, good, easy
u undo   e edit   s suspend   b bury until tomorrow   f flag   i memory and history
a all points   o open images, links, sources   / word: ask the next card that holds it   q stop"""

_DIGITS: Final = 6
"""Of a number; more would only be there to keep us busy."""


class PlainReviewer:
    """Questions and answers one after the other, commands as lines."""

    def __init__(
        self,
        sitting: Sitting,
        lines: TextIO,
        *,
        edit: Callable[[], str],
        open_media: Callable[[], str],
    ) -> None:
        """Read commands from `lines`; `edit` and `open_media` return what to say."""
        self._sitting = sitting
        self._lines = lines
        # Without colours or styles: nothing but text reaches a pipe or a screen reader.
        console = Console(highlight=False, markup=False, emoji=False, color_system=None)
        self._console = console
        self._edit = edit
        self._acts: dict[str, Callable[[], None]] = {
            "u": self._undo,
            "s": lambda: self._put_away("suspended", sitting.suspend),
            "b": lambda: self._put_away("put off until tomorrow", sitting.bury),
            "f": self._flag,
            "e": self._run_editor,
            "o": lambda: self._say(open_media()),
            "i": lambda: console.print(draw_memory(sitting)),
        }

    def run(self) -> None:
        """Ask until nothing is left, the input ends, or the user stops."""
        sitting = self._sitting
        is_going = True
        while is_going and sitting.attempt and not sitting.is_over:
            self._print_question(sitting.attempt)
            is_going = self._take_commands(sitting.attempt)

    def _print_question(self, attempt: Attempt) -> None:
        session = self._sitting.session
        new, learning, review = session.counts
        deck = session.current.deck if session.current else ""
        self._say(f"\n{deck}: new {new}, learning {learning}, review {review}\n")
        if self._sitting.why:
            self._say(f"{self._sitting.why}\n")
        self._console.print(attempt.draw_question())

    def _take_commands(self, attempt: Attempt) -> bool:
        """Take commands until the next question is to be asked; tell whether to go on."""
        turn = self._sitting.turn
        while self._sitting.turn == turn:
            self._console.print(Text(f"\n[{self._make_hint(attempt)}] "), end="")
            line = self._lines.readline()
            if not line:
                self._console.print()
            word = line.strip()
            if not line or word == "q":
                return False
            # Nothing was recorded, nothing moved on: the same command tries again.
            try:
                self._take(word, attempt)
            except StoreError as error:
                self._say(f"error: {error}")
        return True

    def _take(self, word: str, attempt: Attempt) -> None:
        numbers = word.replace(",", " ").split()
        if not word:
            self._go_on(attempt)
        elif word.startswith("/"):
            self._find(word[1:].strip())
        elif attempt.can_rate and word in {"1", "2", "3", "4"}:
            self._rate(Rating(int(word)))
        elif all(number.isascii() and number.isdecimal() for number in numbers):
            self._toggle([number[:_DIGITS] for number in numbers], attempt)
        elif word == "a" and attempt.is_ticking:
            attempt.tick_all()
            self._say(_list_marked(attempt))
        elif word in self._acts:
            self._acts[word]()
        else:
            self._say(_HELP)

    def _undo(self) -> None:
        undone = self._sitting.undo()
        self._say(f"taken back: {say_undone(undone)}" if undone else "nothing to take back")

    def _put_away(self, said: str, act: Callable[[], None]) -> None:
        act()
        self._say(said)

    def _flag(self) -> None:
        session = self._sitting.session
        session.flag(self._sitting.clock())
        self._say("flagged" if session.memory.is_flagged else "flag taken away")

    def _run_editor(self) -> None:
        self._say(self._edit())
        self._sitting.lay_out()

    def _go_on(self, attempt: Attempt) -> None:
        if not attempt.is_revealed:
            attempt.reveal()
            self._console.print()
            self._console.print(attempt.draw_answer())
        elif attempt.is_ticking:
            attempt.is_ticking = False
        else:
            self._rate(attempt.suggestion)
            return
        if attempt.verdict:
            self._say(f"\n{attempt.verdict}")

    def _rate(self, rating: Rating) -> None:
        wait = list_waits(self._sitting)[rating]
        answer = self._sitting.rate(rating)
        self._say(f"{name_rating(rating)}{f': again in {wait}' if wait else ''}")
        if leech := say_leech(answer):
            self._say(leech)

    def _toggle(self, numbers: list[str], attempt: Attempt) -> None:
        missed = [number for number in numbers if not attempt.toggle(int(number))]
        if missed:
            self._say(f"there is no {', '.join(missed)} to mark now")
        else:
            self._say(_list_marked(attempt))

    def _find(self, wanted: str) -> None:
        found = self._sitting.search(wanted) if wanted else None
        if found is None:
            self._say(f"nothing ahead today holds “{wanted}”")
        else:
            self._sitting.ask(found)

    def _make_hint(self, attempt: Attempt) -> str:
        if not attempt.is_revealed:
            pick = f"1-{len(attempt.options)} to pick, " if attempt.options else ""
            return f"{pick}enter for the answer, ? for help"
        if attempt.is_ticking:
            return f"1-{attempt.point_count} or a for all that you had, enter to rate"
        parts = [
            f"{rating:d} {name_rating(rating).lower()} {wait}".rstrip()
            for rating, wait in list_waits(self._sitting).items()
        ]
        return f"{', '.join(parts)}; enter: {name_rating(attempt.suggestion).lower()}"

    def _say(self, text: str) -> None:
        self._console.print(Text(make_plain(text)))


def _list_marked(attempt: Attempt) -> str:
    """Return which options are picked, or which points are ticked, by their numbers."""
    picked = [f"{n}" for n, index in enumerate(attempt.options, 1) if index in attempt.picked]
    ticked = [f"{index + 1}" for index in sorted(attempt.ticked)]
    return f"marked: {', '.join(picked or ticked) or 'none'}"
