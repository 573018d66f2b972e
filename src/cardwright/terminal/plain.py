"""`cards review` as plain prompts: for pipes, dumb terminals and screen readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TextIO

from rich.console import Console, RenderableType
from rich.text import Text

from cardwright.history import Rating
from cardwright.study.fault import StoreError
from cardwright.terminal.overlay import draw_memory
from cardwright.terminal.plain_text import make_plain
from cardwright.terminal.sitting import Sitting
from cardwright.terminal.words import name_rating, say_undone, say_wait

_HELP: Final = """\
enter   show the answer; then take the rating in brackets
1 2 3 4 again, hard, good, easy
u undo   e edit   s suspend   b bury until tomorrow   f flag   i memory and history
o open images or source   / word: ask the next card that holds it   q stop"""


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
            "s": self._suspend,
            "b": self._bury,
            "f": self._flag,
            "e": self._run_editor,
            "o": lambda: self._say(open_media()),
            "i": lambda: self._print(draw_memory(sitting)),
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
        left = f"{make_plain(deck)}: new {new}, learning {learning}, review {review}"
        self._console.print(Text(f"\n{left}\n"))
        self._print(sitting.draw_question())

    def _take_commands(self) -> bool:
        """Take commands until the next question is to be asked; tell whether to go on."""
        sitting = self._sitting
        while True:
            self._console.print(Text(self._make_hint()), end="")
            line = self._lines.readline()
            if not line:
                self._console.print()
                return False
            word = line.strip()
            if word.casefold() == "q":
                return False
            prompt = sitting.prompt
            try:
                self._take(word)
            except StoreError as error:
                self._console.print(Text(f"error: {make_plain(str(error))}"))
                continue
            if sitting.prompt is not prompt or (not sitting.is_revealed and word in _ASKS_AGAIN):
                return True

    def _take(self, word: str) -> None:
        sitting = self._sitting
        if not word:
            self._go_on()
        elif word.startswith("/"):
            self._find(word[1:].strip())
        elif sitting.is_revealed and not sitting.is_ticking and word in {"1", "2", "3", "4"}:
            self._rate(Rating(int(word)))
        elif all(part.isdecimal() for part in word.replace(",", " ").split()):
            self._toggle(word.replace(",", " ").split())
        elif word in self._acts:
            self._acts[word]()
        else:
            self._console.print(Text(_HELP))

    def _undo(self) -> None:
        undone = self._sitting.session.undo(self._sitting.clock())
        self._say(f"taken back: {say_undone(undone)}" if undone else "nothing to undo")
        if undone:
            self._sitting.lay_out()

    def _suspend(self) -> None:
        self._sitting.session.suspend(self._sitting.clock())
        self._sitting.lay_out()
        self._say("suspended")

    def _bury(self) -> None:
        self._sitting.session.bury(self._sitting.clock())
        self._sitting.lay_out()
        self._say("put off until tomorrow")

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
            self._print(sitting.draw_answer())
            if sitting.is_right is not None:
                self._say("right" if sitting.is_right else "wrong")
        elif sitting.is_ticking:
            sitting.is_ticking = False
        else:
            self._rate(sitting.suggestion)

    def _rate(self, rating: Rating) -> None:
        answer = self._sitting.rate(rating)
        after = answer.after
        wait = say_wait(
            (after.due_at_ms or answer.review.at_ms) - answer.review.at_ms, days=after.interval_days
        )
        leech = " – a leech, suspended" if after.is_leech and after.is_suspended else ""
        self._say(f"{name_rating(rating)}: again in {wait}{leech}")

    def _toggle(self, numbers: list[str]) -> None:
        missed = [number for number in numbers if not self._sitting.toggle(int(number))]
        if missed:
            self._say(f"there is no {', '.join(missed)}")

    def _find(self, wanted: str) -> None:
        found = self._sitting.search(wanted) if wanted else None
        if found is None:
            self._say(f"nothing ahead today holds “{wanted}”")
            return
        self._sitting.session.ask(found, self._sitting.clock())
        self._sitting.lay_out()

    def _make_hint(self) -> str:
        sitting = self._sitting
        if not sitting.is_revealed:
            pick = f"1-{len(sitting.options)} to pick, " if sitting.options else ""
            return f"\n[{pick}enter for the answer, ? for help] "
        if sitting.is_ticking:
            return f"\n[1-{sitting.points} that you had, enter to rate] "
        now_ms = sitting.clock().at_ms
        parts = []
        for rating, memory in sitting.preview().items():
            wait = say_wait((memory.due_at_ms or now_ms) - now_ms, days=memory.interval_days)
            parts.append(f"{rating:d} {name_rating(rating).lower()} {wait}")
        return f"\n[{', '.join(parts)}; enter: {name_rating(sitting.suggestion).lower()}] "

    def _print(self, renderable: RenderableType) -> None:
        self._console.print(renderable)

    def _say(self, text: str) -> None:
        self._console.print(Text(make_plain(text)))


_ASKS_AGAIN: Final = frozenset({"u", "e"})
