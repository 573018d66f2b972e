"""`cards review` as plain prompts: for pipes, dumb terminals and screen readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from cardwright.history import Rating
from cardwright.study.fault import StoreError
from cardwright.terminal.frame import list_waits
from cardwright.terminal.overlay import draw_memory
from cardwright.terminal.plain_text import make_plain
from cardwright.terminal.sitting import Sitting
from cardwright.terminal.words import name_rating, say_leech, say_undone

_HELP: Final = """\
enter   show the answer; then take the rating in brackets
1 2 3 4 again, hard, good, easy
u undo   e edit   s suspend   b bury until tomorrow   f flag   i memory and history
a all points   o open images, links, sources   / word: ask the next card that holds it   q stop"""


class PlainReviewer:
    """Questions and answers one after the other, commands as lines."""

    def __init__(
        self,
        sitting: Sitting,
        lines: TextIO,
        console: Console,
        *,
        edit: Callable[[], str],
        open_media: Callable[[], str],
    ) -> None:
        """Read commands from `lines`; `edit` and `open_media` return what to say."""
        self._sitting = sitting
        self._lines = lines
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
        while not sitting.is_over and sitting.prompt is not None:
            self._print_question()
            if not self._take_commands():
                return

    def _print_question(self) -> None:
        sitting = self._sitting
        new, learning, review = sitting.session.counts
        deck = sitting.session.current.deck if sitting.session.current else ""
        self._say(f"\n{deck}: new {new}, learning {learning}, review {review}\n")
        self._console.print(sitting.draw_question())

    def _take_commands(self) -> bool:
        """Take commands until the next question is to be asked; tell whether to go on."""
        sitting = self._sitting
        turn = sitting.turn
        while sitting.turn == turn:
            self._console.print(Text(f"\n[{self._make_hint()}] "), end="")
            line = self._lines.readline()
            if not line:
                self._console.print()
            word = line.strip()
            if not line or word == "q":
                return False
            # Nothing was recorded, nothing moved on: the same command tries again.
            try:
                self._take(word)
            except StoreError as error:
                self._say(f"error: {error}")
        return True

    def _take(self, word: str) -> None:
        sitting = self._sitting
        numbers = word.replace(",", " ").split()
        if not word:
            self._go_on()
        elif word.startswith("/"):
            self._find(word[1:].strip())
        elif sitting.can_rate and word in {"1", "2", "3", "4"}:
            self._rate(Rating(int(word)))
        elif all(number.isascii() and number.isdecimal() for number in numbers):
            self._toggle(numbers)
        elif word == "a" and sitting.is_ticking:
            sitting.tick_all()
            self._say(f"ticked: {len(sitting.ticked)} of {sitting.points}")
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

    def _go_on(self) -> None:
        sitting = self._sitting
        if not sitting.is_revealed:
            sitting.reveal()
            self._console.print()
            self._console.print(sitting.draw_answer())
        elif sitting.is_ticking:
            sitting.is_ticking = False
        else:
            self._rate(sitting.suggestion)
            return
        if sitting.verdict:
            self._say(f"\n{sitting.verdict}")

    def _rate(self, rating: Rating) -> None:
        wait = list_waits(self._sitting)[rating]
        answer = self._sitting.rate(rating)
        self._say(f"{name_rating(rating)}{f': again in {wait}' if wait else ''}")
        if leech := say_leech(answer):
            self._say(leech)

    def _toggle(self, numbers: list[str]) -> None:
        missed = [number for number in numbers if not self._sitting.toggle(int(number))]
        sitting = self._sitting
        picked = [f"{n}" for n, index in enumerate(sitting.options, 1) if index in sitting.picked]
        marked = [f"{index + 1}" for index in sorted(sitting.ticked)]
        if missed:
            self._say(f"there is no {', '.join(missed)} to mark")
        else:
            self._say(f"marked: {', '.join(marked or picked) or 'none'}")

    def _find(self, wanted: str) -> None:
        found = self._sitting.search(wanted) if wanted else None
        if found is None:
            self._say(f"nothing ahead today holds “{wanted}”")
        else:
            self._sitting.ask(found)

    def _make_hint(self) -> str:
        sitting = self._sitting
        if not sitting.is_revealed:
            pick = f"1-{len(sitting.options)} to pick, " if sitting.options else ""
            return f"{pick}enter for the answer, ? for help"
        if sitting.is_ticking:
            return f"1-{sitting.points} or a for all that you had, enter to rate"
        parts = [
            f"{rating:d} {name_rating(rating).lower()} {wait}".rstrip()
            for rating, wait in list_waits(sitting).items()
        ]
        return f"{', '.join(parts)}; enter: {name_rating(sitting.suggestion).lower()}"

    def _say(self, text: str) -> None:
        self._console.print(Text(make_plain(text)))
