"""`cards review` on the whole window: header, card, ratings; a key for everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from cardwright.history import Rating
from cardwright.study.fault import StoreError
from cardwright.terminal.overlay import draw_keys, draw_memory, draw_wait
from cardwright.terminal.plain_text import make_plain
from cardwright.terminal.screen import Screen, render_lines
from cardwright.terminal.sitting import Sitting
from cardwright.terminal.words import name_rating, say_undone, say_wait

_MAX_WIDTH: Final = 100
"""Longer lines are hard to read."""
_TICK_S: Final = 1.0
_NARROW: Final = 56
_SCROLL: Final = {"up": -1, "down": 1, "k": -1, "j": 1}
_QUIT: Final = frozenset({"ctrl-c", "ctrl-d", "hangup"})


class Reviewer:
    """The window's state: what is shown over the card, how far it is scrolled, what is said."""

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
        self._environ = environ
        self._edit = edit
        self._open_media = open_media
        self._top = 0
        self._hidden = 0
        """Lines below the window."""
        self._said = ""
        self._overlay: str | None = None
        self._search: str | None = None
        """What was typed to search for; None: not searching."""
        self._acts: dict[str, Callable[[], None]] = {
            "u": self._undo,
            "s": lambda: self._act("suspended", self._sitting.session.suspend),
            "b": lambda: self._act("put off until tomorrow", self._sitting.session.bury),
            "f": self._flag,
            "e": self._run_editor,
            "o": lambda: self._say(self._open_media()),
            "i": lambda: self._show("memory"),
            "?": lambda: self._show("keys"),
            "/": self._start_search,
        }

    def run(self) -> None:
        """Ask until nothing is left, or the user stops."""
        while not self._sitting.is_over:
            self._paint()
            is_waiting = self._sitting.prompt is None
            key = self._screen.read(_TICK_S if is_waiting else None)
            if key in _QUIT or (key == "q" and self._overlay is None and self._search is None):
                return
            if is_waiting:
                self._look_again()
            if key is not None and key != "resize":
                self._take(key)

    def _take(self, key: str) -> None:
        if self._search is not None:
            self._type(key)
            return
        self._said = ""
        if self._overlay is not None:
            if key in {"escape", "i", "?", "enter", " "} or not self._scroll(key):
                self._show(None)
            return
        if self._scroll(key):
            return
        try:
            self._do(key)
        except StoreError as error:
            # Nothing was recorded, nothing moved on: the same key tries again.
            self._say(str(error))

    def _do(self, key: str) -> None:
        sitting = self._sitting
        act = self._acts.get(key)
        if sitting.prompt is None:
            if key in {"u", "?"} and act:
                act()
            return
        if key in {" ", "enter"}:
            self._go_on()
        elif key in "123456789" and sitting.toggle(int(key)):
            pass
        elif key in "1234" and sitting.is_revealed and not sitting.is_ticking:
            self._rate(Rating(int(key)))
        elif act is not None:
            act()
        elif sitting.is_revealed or key not in "1234":
            self._say("? shows all keys")

    def _go_on(self) -> None:
        """Reveal; end the ticking; show what is below; accept the suggested rating."""
        sitting = self._sitting
        if not sitting.is_revealed:
            sitting.reveal()
            self._top = self._place_of_answer()
        elif self._hidden:
            self._top += self._body_height() - 1
        elif sitting.is_ticking:
            sitting.is_ticking = False
        else:
            self._rate(sitting.suggestion)

    def _rate(self, rating: Rating) -> None:
        answer = self._sitting.rate(rating)
        self._top = 0
        if answer.after.is_leech and answer.after.is_suspended and not answer.before.is_suspended:
            self._say(
                f"{answer.item.ref} is a leech, forgotten {answer.after.lapses} times: suspended"
            )

    def _undo(self) -> None:
        sitting = self._sitting
        undone = sitting.session.undo(sitting.clock())
        if undone is None:
            self._say("nothing to undo in this sitting")
            return
        self._lay_out()
        self._say(f"taken back: {say_undone(undone)}")

    def _act(self, said: str, act: Callable[..., None]) -> None:
        item = self._sitting.session.current
        act(self._sitting.clock())
        self._lay_out()
        self._say(f"{item.ref if item else ''} {said}; u takes it back")

    def _flag(self) -> None:
        session = self._sitting.session
        session.flag(self._sitting.clock())
        self._say("flagged" if session.memory.is_flagged else "flag taken away")

    def _run_editor(self) -> None:
        with self._screen.released():
            said = self._edit()
        self._lay_out()
        self._say(said)

    def _start_search(self) -> None:
        self._search = ""

    def _type(self, key: str) -> None:
        """Take a key while what to search for is typed."""
        assert self._search is not None  # noqa: S101
        if key == "escape":
            self._search = None
        elif key == "backspace":
            self._search = self._search[:-1] if self._search else None
        elif key == "enter":
            wanted, self._search = self._search.strip(), None
            if wanted:
                self._find(wanted)
        elif len(key) == 1:
            self._search += key

    def _find(self, wanted: str) -> None:
        found = self._sitting.search(wanted)
        if found is None:
            self._say(f"nothing ahead today holds “{wanted}”")
            return
        try:
            self._sitting.session.ask(found, self._sitting.clock())
        except StoreError as error:
            self._say(str(error))
            return
        self._lay_out()

    def _look_again(self) -> None:
        try:
            if self._sitting.session.wait_over(self._sitting.clock()):
                self._lay_out()
        except StoreError as error:
            self._say(str(error))

    def _lay_out(self) -> None:
        self._sitting.lay_out()
        self._top = 0

    def _show(self, overlay: str | None) -> None:
        self._overlay = overlay
        self._top = 0

    def _say(self, text: str) -> None:
        self._said = text

    def _scroll(self, key: str) -> bool:
        """Scroll by a key; tell whether it is one for that."""
        page = max(self._body_height() - 2, 1)
        steps = {**_SCROLL, "pageup": -page, "pagedown": page, "home": -self._top}
        steps["end"] = self._hidden
        if key not in steps:
            return False
        self._top += steps[key]
        return True

    def _paint(self) -> None:
        columns, rows = self._screen.size
        width = min(columns, _MAX_WIDTH)
        header = self._render(self._draw_header(columns), columns)[:1] if rows > 2 else []  # noqa: PLR2004
        footer = self._render(self._draw_footer(columns), columns)
        footer = footer[: max(rows - len(header) - 1, 1)] if rows > 1 else []
        body = self._render(self._draw_body(width), width)
        height = max(rows - len(header) - len(footer) - (1 if rows > 8 else 0), 1)  # noqa: PLR2004
        self._top = max(min(self._top, len(body) - height), 0)
        self._hidden = max(len(body) - self._top - height, 0)
        shown = body[self._top : self._top + height]
        shown += [""] * (height - len(shown))
        gap = [""] if rows > 8 else []  # noqa: PLR2004
        self._screen.paint([*header, *gap, *shown, *footer])

    def _body_height(self) -> int:
        return max(self._screen.size.lines - 5, 1)

    def _place_of_answer(self) -> int:
        """Return how far to scroll so that the answer can be seen, with what fits of the question."""
        width = min(self._screen.size.columns, _MAX_WIDTH)
        question = len(self._render(self._sitting.draw_question(), width))
        answer = len(self._render(self._sitting.draw_answer(), width))
        height = self._body_height()
        return (
            0 if question + answer + 2 <= height else min(question, question + answer - height + 3)
        )

    def _render(self, renderable: RenderableType, width: int) -> list[str]:
        return render_lines(renderable, width, self._environ)

    def _draw_header(self, columns: int) -> Text:
        session = self._sitting.session
        new, learning, review = session.counts
        item = session.current
        place = item.deck if item else ""
        minutes = self._sitting.minutes_left
        left = f"~{minutes:.0f} min" if minutes >= 1 else "<1 min"
        if columns < _NARROW:
            counts = f"{new}+{learning}+{review} {left}"
            place = place.rpartition("::")[2]
        else:
            counts = f"new {new} · learning {learning} · review {review} · {left}"
        flag = "⚑ " if session.memory.is_flagged and item else ""
        cram = "cram · " if session.wishes.is_cram else ""
        room = max(columns - len(counts) - len(flag) - len(cram) - 3, 0)
        title = Text(make_plain(place).replace("::", " › ").replace("\n", " "))
        title.truncate(room, overflow="ellipsis", pad=True)
        return Text.assemble(" ", flag, title, " ", cram, counts, " ", style="reverse")

    def _draw_body(self, width: int) -> RenderableType:
        sitting = self._sitting
        if self._overlay == "keys":
            return draw_keys(sitting)
        if sitting.prompt is None:
            return draw_wait(sitting)
        if self._overlay == "memory":
            return draw_memory(sitting)
        parts: list[RenderableType] = [sitting.draw_question()]
        if sitting.is_revealed:
            parts += [Text(), Text("─" * width, style="dim"), Text(), sitting.draw_answer()]
        return Group(*parts)

    def _draw_footer(self, columns: int) -> RenderableType:
        if self._search is not None:
            return Text(f"/{make_plain(self._search)}█", no_wrap=True)
        lines: list[Text] = []
        if self._said:
            lines.append(Text(make_plain(self._said), style="bold yellow"))
        if self._hidden:
            lines.append(Text(f"↓ {self._hidden} more lines", style="dim"))
        if self._overlay is not None:
            lines.append(Text("any key goes back", style="dim"))
        elif self._sitting.prompt is None:
            lines.append(Text("u undo   ? keys   q stop", style="dim"))
        else:
            lines += self._draw_choices(columns)
        return Group(*lines)

    def _draw_choices(self, columns: int) -> list[Text]:
        sitting = self._sitting
        keys = "u undo  e edit  s suspend  b bury  f flag  i memory  / search  ? keys  q stop"
        if columns < _NARROW:
            keys = "u undo  ? keys  q stop"
        if not sitting.is_revealed:
            pick = f"1–{len(sitting.options)} pick   " if sitting.options else ""
            return [
                Text(f"{pick}space show the answer", style="bold"),
                Text(keys, style="dim", no_wrap=True, overflow="ellipsis"),
            ]
        if sitting.is_ticking:
            tick = f"1–{sitting.points} tick what you had   space rate"
            return [Text(tick, style="bold"), Text(keys, style="dim", no_wrap=True)]
        now_ms = sitting.clock().at_ms
        line = Text()
        verdict = sitting.is_right
        if verdict is not None:
            line.append("✓ right  " if verdict else "✗ wrong  ", "green" if verdict else "red")
        for rating, memory in sitting.preview().items():
            wait = say_wait((memory.due_at_ms or now_ms) - now_ms, days=memory.interval_days)
            style = "bold reverse" if rating is sitting.suggestion else "bold"
            name = name_rating(rating) if columns >= _NARROW else name_rating(rating)[:1]
            line.append(f" {rating:d} {name} ", style).append(f" {wait}  ", "dim")
        return [line, Text(keys, style="dim", no_wrap=True, overflow="ellipsis")]
