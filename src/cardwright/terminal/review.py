"""`cards review` on the whole window: a key for everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from cardwright.history import Rating
from cardwright.study.error import StoreError
from cardwright.terminal.attempt import Attempt
from cardwright.terminal.screen import Screen
from cardwright.terminal.sitting import Sitting
from cardwright.terminal.window import Window
from cardwright.terminal.words import say_leech, say_undone

_TICK_S: Final = 1.0
"""While nothing can be asked."""
_STAY_S: Final = 20.0
"""So often others are told that a card is still looked at."""
_QUIT: Final = frozenset({"ctrl-c", "ctrl-d", "hangup"})
_GO_ON: Final = frozenset({" ", "enter"})


class Reviewer:
    """Turns keys into acts of a sitting."""

    def __init__(
        self,
        sitting: Sitting,
        screen: Screen,
        environ: Mapping[str, str],
        *,
        edit: Callable[[], str],
        open_media: Callable[[], str],
    ) -> None:
        """Review on a screen; `edit` and `open_media` act on the card and return what to say of it."""
        self._sitting = sitting
        self._screen = screen
        self._window = Window(sitting, screen, environ)
        self._edit = edit
        self._acts: dict[str, Callable[[], None]] = {
            "s": lambda: self._put_away("suspended", sitting.suspend),
            "b": lambda: self._put_away("put off until tomorrow", sitting.bury),
            "f": self._flag,
            "e": self._run_editor,
            "o": lambda: self._say(open_media()),
            "i": lambda: self._window.cover("memory"),
            "/": self._start_search,
        }

    def run(self) -> None:
        """Ask until nothing is left and that was seen, or the user stops."""
        self._window.paint()
        is_going = True
        while is_going:
            key = self._read_key()
            is_going = key not in _QUIT and self.press(key)

    def press(self, key: str | None) -> bool:
        """Act upon a key, None when none came for a while, and paint; tell whether to go on."""
        is_going = True
        # Nothing was recorded, nothing moved on: the same key tries again.
        try:
            if key is None:
                self._sitting.wait()
            elif key == "resize":
                self._window.go_to_answer()
            else:
                is_going = self._take(key)
        except StoreError as error:
            self._say(str(error))
        if is_going:
            self._window.paint()
        return is_going

    def _read_key(self) -> str | None:
        """Return the next key, or None after a while in which none came."""
        key = self._screen.read(0)
        if key is not None:
            return key
        self.rest()
        is_waiting = self._sitting.attempt is None and not self._sitting.is_over
        return self._screen.read(_TICK_S if is_waiting else _STAY_S)

    def rest(self) -> None:
        """Do ahead, between keys, what the next ones will want."""
        with suppress(StoreError):
            self._window.prepare()

    def _take(self, key: str) -> bool:
        """Act upon a key; tell whether to go on."""
        window, sitting = self._window, self._sitting
        if window.typed is not None:
            self._type(key, window.typed)
            return True
        window.said = ""
        if window.overlay is not None:
            if not window.scroll(key):
                window.cover(None)
            return True
        if key == "q" or (sitting.is_over and key in _GO_ON):
            return False
        if key == "u":
            self._undo()
        elif key == "?":
            window.cover("keys")
        elif sitting.attempt and not sitting.is_over and not window.scroll(key):
            self._do(key, sitting.attempt)
        return True

    def _do(self, key: str, attempt: Attempt) -> None:
        """Act upon a key that is about the card."""
        act = self._acts.get(key)
        if key in _GO_ON:
            self._go_on(attempt)
        elif key in "123456789":
            if not attempt.toggle(int(key)) and attempt.can_rate and key in "1234":
                self._rate(Rating(int(key)))
        elif key == "a" and attempt.is_ticking:
            attempt.tick_all()
        elif act is not None:
            act()
        else:
            self._say("? shows all keys")

    def _go_on(self, attempt: Attempt) -> None:
        """Reveal; read on below the window; end the ticking; accept the suggested rating."""
        window = self._window
        if not attempt.is_revealed:
            attempt.reveal()
            window.go_to_answer()
        elif window.has_more:
            window.scroll("pagedown")
        elif attempt.is_ticking:
            attempt.is_ticking = False
        else:
            self._rate(attempt.suggestion)

    def _rate(self, rating: Rating) -> None:
        answer = self._sitting.rate(rating)
        self._window.go_to_start()
        self._say(say_leech(answer))

    def _undo(self) -> None:
        undone = self._sitting.undo()
        self._window.go_to_start()
        self._say(f"taken back: {say_undone(undone)}" if undone else "nothing to take back")

    def _put_away(self, said: str, act: Callable[[], None]) -> None:
        item = self._sitting.session.current
        act()
        self._window.go_to_start()
        self._say(f"{item.card_ref if item else ''} {said}; u takes it back")

    def _flag(self) -> None:
        session = self._sitting.session
        session.flag(self._sitting.clock())
        self._say("flagged" if session.memory.is_flagged else "flag taken away")

    def _run_editor(self) -> None:
        with self._screen.released():
            said = self._edit()
        self._sitting.lay_out_again()
        self._window.go_to_start()
        self._window.go_to_answer()
        self._say(said)

    def _start_search(self) -> None:
        self._window.typed = ""

    def _type(self, key: str, typed: str) -> None:
        """Take a key while what to search for is typed."""
        window = self._window
        if key == "enter":
            window.typed = None
            self._find(typed.strip())
        elif key == "escape" or (key == "backspace" and not typed):
            window.typed = None
        elif key == "backspace":
            window.typed = typed[:-1]
        elif len(key) == 1:
            window.typed = typed + key

    def _find(self, wanted: str) -> None:
        found = self._sitting.search(wanted) if wanted else None
        if found is not None:
            self._sitting.ask(found)
            self._window.go_to_start()
        elif wanted:
            self._say(f"nothing ahead today holds “{wanted}”")

    def _say(self, text: str) -> None:
        self._window.said = text
