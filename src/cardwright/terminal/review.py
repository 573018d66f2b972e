"""`cards review` in full screen: its display and its keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from rich.text import Text

from cardwright.frozen import frozen
from cardwright.history import Rating, make_time
from cardwright.kinds.typed import MAX_TYPED
from cardwright.study.error import StoreError
from cardwright.terminal.card_acts import CardActs, find_card_act
from cardwright.terminal.gallery import Gallery
from cardwright.terminal.keymap import DIGITS, REVIEW, KeyMap
from cardwright.terminal.line_editor import LineEditor
from cardwright.terminal.markdown import Drawing
from cardwright.terminal.memory import draw_memory
from cardwright.terminal.paint import Painted, Stack
from cardwright.terminal.review_state import Attempt, ReviewState
from cardwright.terminal.screen import Screen
from cardwright.terminal.window import (
    WIDE,
    KeyLoop,
    draw_header,
    draw_key_help,
    draw_step,
    join_hints,
)
from cardwright.terminal.words import name_rating
from cardwright.text import make_plain

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable

_WAIT_S: Final = 1.0
"""How often to check for a card while none can be asked."""
_STAY_S: Final = 20.0
"""How often to tell other sessions that a card is still being shown."""
_HINTS: Final = (
    *(("help", "keys"), ("play", "play"), ("quit", "stop"), ("undo", "undo"), ("edit", "edit")),
    *(("suspend", "suspend"), ("bury", "bury"), ("flag", "flag"), ("memory", "memory")),
    *(("search", "search"), ("open", "open"), ("copy", "copy")),
)
"""The most important acts first; as many are shown as fit."""
_ALWAYS: Final = frozenset({"help", "quit", "undo"})
"""Acts that need no card."""
_TYPING_KEYS: Final = "enter compare   esc other keys"
_SEARCHING_KEYS: Final = "enter find   esc back"
_SCROLLING: Final = frozenset({"up", "down", "pageup", "pagedown", "wheel-up", "wheel-down"})
"""Keys that scroll while an answer is typed."""


@frozen
class ReviewActs:
    """What only the command can do in a review besides, since it runs other programs.

    Each returns a message.
    """

    edit: Callable[[], str]
    play: Callable[[], str]
    follow: Callable[[], str]
    """Called whenever a side was shown: stops sounds that no longer belong to it."""
    of_card: CardActs


class Reviewer(KeyLoop):
    """Shows a review, and handles its keys."""

    def __init__(
        self,
        state: ReviewState,
        screen: Screen,
        environ: Mapping[str, str],
        *,
        acts: ReviewActs,
        keymap: KeyMap,
        gallery: Gallery | None = None,
    ) -> None:
        """Review on a screen; a gallery shows the images of cards."""
        super().__init__(REVIEW, keymap, screen, environ)
        self._gallery = gallery
        self._state = state
        self._edit = acts.edit
        self._card_acts = acts.of_card
        self._follow = acts.follow
        self._overlay: str | None = None
        """Shown instead of the card: `keys` or `memory`."""
        self._wanted: LineEditor | None = None
        """The text to search for; None if not searching."""
        self._rating_starts: list[int] = []
        """The columns at which the ratings start in the hint on the next keys."""
        self._next: tuple[Attempt | None, object, list[Painted]] = (None, None, [])
        """The question that will probably be next, rendered for a room."""
        self._card: tuple[object, list[list[Painted]]] = (None, [])
        self._answer: tuple[object, list[Painted]] = (None, [])
        """The card and the answer rendered last, each with its cache key."""
        self._acts: dict[str, Callable[[], str]] = {
            "suspend": lambda: self._mark(state.suspend),
            "bury": lambda: self._mark(state.bury),
            "flag": state.flag,
            "edit": self._run_editor,
            "play": acts.play,
            "memory": lambda: self._cover("memory"),
            "search": self._start_search,
        }

    def press(self, key: str | None) -> bool:
        """Handle a key, or None if none came for a while, and paint; return whether to go on."""
        if key == "resize":
            self._go_to_answer()
        return super().press(key)

    def _read_key(self) -> str | None:
        key = self._screen.read(0)
        if key is not None:
            return key
        self.prepare()
        is_waiting = self._state.attempt is None and not self._state.is_over
        return self._screen.read(_WAIT_S if is_waiting else _STAY_S)

    def _wait(self) -> bool:
        self._state.wait()
        return True

    def prepare(self) -> None:
        """Render the answer, and the next question, before they are needed."""
        attempt = self._state.attempt
        if attempt is None or self._state.is_over:
            return
        if not attempt.is_revealed:
            self._render_answer(attempt)
        with suppress(StoreError):
            following = self._state.prepare_next()
            if following and self._next[:2] != (following, self._room):
                rows = self._render(following, following.draw_question())
                self._next = (following, self._room, rows)
                self._window.prepare(rows)

    def _act(self, key: str) -> bool:
        state, window, attempt = self._state, self._window, self._state.attempt
        if self._wanted is not None:
            self._type(key, self._wanted)
            return True
        if self._is_typing and attempt is not None:
            self._type_answer(key, attempt)
            return True
        act = self._find_act(key)
        if self._overlay is not None:
            if not window.scroll(act):
                self._cover(None)
        elif act == "quit" or (state.is_over and act == "continue"):
            return False
        elif act == "undo":
            window.message = self._move_on(state.undo)
        elif act == "help":
            self._cover("keys")
        elif key == "escape" and attempt and attempt.can_type:
            attempt.is_typing = True
        elif attempt and not state.is_over and not window.scroll(act):
            window.message = self._act_on_card(act, attempt)
        return True

    def _act_on_card(self, act: str, attempt: Attempt) -> str:
        """Do what a key asks for with the card; return a message."""
        if act == "continue":
            return self._continue(attempt)
        if act in DIGITS:
            if not attempt.toggle(int(act)) and attempt.can_rate and act in "1234":
                return self._rate(Rating(int(act)))
            return ""
        if act == "all":
            if attempt.is_ticking:
                attempt.tick_all()
            return ""
        if act in self._acts:
            return self._acts[act]()
        do = find_card_act(act, self._card_acts, self._copy)
        return do(attempt) if do else self._keymap.hint("help", "shows all keys")

    def _read_click(self, click: str) -> str:
        column, attempt = self._window.find_hint_column(click), self._state.attempt
        is_rating = self._overlay is None and attempt is not None and attempt.can_rate
        if column is None or not is_rating or self._state.is_over:
            return super()._read_click(click)
        number = sum(start <= column for start in self._rating_starts)
        return self._keymap.keys[str(number)][0] if number else ""

    @property
    def _takes_any_key(self) -> bool:
        return self._overlay is not None

    def _mark(self, act: Callable[[], str]) -> str:
        """Take the card out, and tell how to undo that."""
        message, undo = self._move_on(act), self._keymap.show("undo")
        return f"{message} ({undo}: undo)" if undo else message

    def _continue(self, attempt: Attempt) -> str:
        """Reveal the answer, scroll, finish ticking, or give the suggested rating."""
        if not attempt.is_revealed:
            attempt.reveal()
            self._window.go_to_last_part()
        elif self._window.has_more:
            self._window.scroll("page-down")
        elif attempt.is_ticking:
            attempt.is_ticking = False
        else:
            return self._rate(attempt.suggestion)
        return ""

    def _rate(self, rating: Rating) -> str:
        return self._move_on(lambda: self._state.rate(rating))

    def _move_on(self, act: Callable[[], str]) -> str:
        message = act()
        self._window.go_to_start()
        return message

    def _run_editor(self) -> str:
        with self._screen.released():
            message = self._edit()
        self._state.show_edited()
        if self._gallery:
            self._gallery.forget()
        self._window.go_to_start()
        self._go_to_answer()
        return message

    def _cover(self, overlay: str | None) -> str:
        """Show something instead of the card, or the card again."""
        self._overlay = overlay
        self._window.go_to_start()
        return ""

    def _go_to_answer(self) -> None:
        if self._state.attempt and self._state.attempt.is_revealed and not self._overlay:
            self._window.go_to_last_part()

    def _start_search(self) -> str:
        self._wanted = LineEditor(MAX_TYPED)
        return ""

    def _type(self, key: str, wanted: LineEditor) -> None:
        """Handle a key while the text to search for is typed."""
        text = wanted.text.strip()
        if key == "enter" and text:
            self._window.message = self._state.find(text)
            if not self._window.message:
                self._window.go_to_start()
        if key in {"enter", "escape"} or (key == "backspace" and not wanted.text):
            self._wanted = None
        else:
            wanted.press(key)

    def _type_answer(self, key: str, attempt: Attempt) -> None:
        """Handle a key while the answer is typed; those that move the cursor do not scroll."""
        if key in _SCROLLING and self._window.scroll(self._find_act(key)):
            return
        attempt.type(key)
        if attempt.is_revealed:
            self._window.go_to_last_part()

    def _paint(self) -> None:
        state, window = self._state, self._window
        window.message = self._follow() or window.message
        is_on_card = state.attempt is not None and not self._overlay
        window.paint(
            _draw_header(state, window.columns),
            self._list_parts(),
            self._draw_step,
            keys=self._list_keys(),
            note=state.why if is_on_card else "",
            reads_on=bool(
                is_on_card and not state.is_over and state.attempt and state.attempt.is_revealed
            ),
        )

    @property
    def _warning(self) -> str:
        return self._state.warning

    @property
    def _is_typing(self) -> bool:
        if self._wanted is not None:
            return True
        attempt = self._state.attempt
        is_on_card = attempt is not None and self._overlay is None and not self._state.is_over
        return is_on_card and attempt is not None and attempt.is_typing

    def _list_keys(self) -> str:
        """Return hints on other keys, as many as fit."""
        if self._is_typing:
            return _TYPING_KEYS if self._wanted is None else _SEARCHING_KEYS
        if self._overlay is not None:
            return ""
        attempt, shown = self._state.attempt, ""
        for act, word in _HINTS:
            if act not in _ALWAYS and (attempt is None or self._state.is_over):
                continue
            if act == "play" and not (attempt and attempt.has_sound):
                continue
            hint = self._keymap.hint(act, word)
            if hint and len(shown) + len(hint) + 2 <= self._window.width:
                shown += f"  {hint}" if shown else hint
        return shown

    def _list_parts(self) -> list[list[Painted]]:
        """Return the parts of the body; those of a card are cached until its appearance changes."""
        state, attempt, window = self._state, self._state.attempt, self._window
        if self._overlay == "keys":
            return [window.render(draw_key_help(self._keymap.list_help(REVIEW)))]
        if state.is_over:
            return [window.render(_draw_end(state))]
        if attempt is None:
            return [window.render(_draw_wait(state))]
        if self._overlay == "memory":
            return [window.render(draw_memory_of(state))]
        progress = (state.turn, attempt.is_revealed, attempt.is_ticking)
        marks = (frozenset(attempt.picked), frozenset(attempt.ticked))
        key = (*progress, *marks, self._room)
        if self._card[0] != key:
            self._card = (key, self._render_card(attempt))
        return self._card[1]

    @property
    def _room(self) -> object:
        """What a rendering depends on besides the card."""
        has_images = self._gallery is not None and self._gallery.is_open
        return self._window.size, self._window.theme, has_images

    def _render(self, attempt: Attempt, drawing: Drawing) -> list[Painted]:
        if self._gallery:
            drawing = self._gallery.illustrate(drawing, attempt.prompt.card)
        return self._window.render(drawing)

    def _render_card(self, attempt: Attempt) -> list[list[Painted]]:
        window = self._window
        if not attempt.is_revealed:
            if self._next[:2] == (attempt, self._room) and not attempt.picked:
                return [self._next[2]]
            return [self._render(attempt, attempt.draw_question())]
        blank = [Painted()] * window.is_roomy
        question = self._render(attempt, attempt.draw_question())
        question = [*question, *blank] if any(question) else []
        answer = self._render_answer(attempt)
        if attempt.verdict or question:
            answer = [*window.render(_draw_rule(attempt, window.width)), *blank, *answer]
        return [question, answer]

    def _render_answer(self, attempt: Attempt) -> list[Painted]:
        marks = (frozenset(attempt.picked), frozenset(attempt.ticked), attempt.comparison)
        key = (self._state.turn, self._room, *marks)
        if self._answer[0] != key:
            self._answer = (key, self._render(attempt, attempt.draw_answer()))
        return self._answer[1]

    def _draw_step(self) -> Text:
        """Draw a hint on the next keys."""
        state, attempt, width = self._state, self._state.attempt, self._window.width
        hint = self._keymap.hint
        if self._wanted is not None:
            return self._draw_line(self._wanted, "/")
        if self._overlay is not None:
            return draw_step(width, "any key: back")
        if state.is_over:
            return draw_step(width, join_hints(hint("continue", "finish"), hint("undo", "undo")))
        if attempt is None:
            return draw_step(width, join_hints(hint("quit", "stop"), hint("undo", "undo")))
        if attempt.is_typing:
            return self._draw_line(attempt.line, "> ")
        return self._draw_card_step(attempt, width)

    def _draw_line(self, line: LineEditor, start: str) -> Text:
        drawn, cursor = line.draw(start, self._window.width)
        self._window.cursor = cursor
        return drawn

    def _draw_card_step(self, attempt: Attempt, width: int) -> Text:
        """Draw the keys that show the answer, tick points, or rate."""
        hint = self._keymap.hint
        if not attempt.is_revealed:
            keys = self._name_digits(len(attempt.options))
            pick = (f"{keys} pick   ", f"{keys} ") if keys else ("", "")
            longer, shorter = hint("continue", "show the answer"), hint("continue", "answer")
            back = "   esc type" * attempt.can_type
            return draw_step(width, f"{pick[0]}{longer}{back}", f"{pick[1]}{shorter}{back}")
        if attempt.is_ticking:
            keys = self._name_digits(attempt.point_count)
            then = hint("continue", "scroll" if self._window.has_more else "rate")
            every = hint("all", "all")
            return draw_step(
                width,
                join_hints(f"{keys} tick what you had", every, then),
                join_hints(f"{keys} tick", every, then, gap=2),
                join_hints(keys, self._keymap.show("all"), self._keymap.show("continue"), gap=1),
            )
        marked = None if self._window.has_more else attempt.suggestion
        waits = self._state.list_waits()
        line, self._rating_starts = _draw_ratings(waits, width, marked, self._keymap)
        return line


def _draw_header(state: ReviewState, columns: int) -> Text:
    """Draw the deck, the prompts left, and the time they will need."""
    item, counts, minutes = state.item, state.counts, state.minutes_left
    time = f"~{minutes:.0f} min" if minutes >= 1 else "<1 min"
    words = f"new {counts.new} · learning {counts.learning} · review {counts.review} · {time}"
    figures = [words] * (columns >= WIDE) + [
        f"{counts.new}+{counts.learning}+{counts.review} {time}"
    ]
    cram = "cram · " if state.is_cram else ""
    flag = "⚑ " if item and state.memory.is_flagged else ""
    deck = make_plain(item.deck if item else "").replace("\n", " ").split("::")
    titles = [flag + " › ".join(deck[start:]) for start in range(len(deck))]
    return draw_header(titles, [f"{cram}{figure}" for figure in figures], columns)


def _draw_ratings(
    waits: Mapping[Rating, str], width: int, marked: Rating | None, keymap: KeyMap
) -> tuple[Text, list[int]]:
    """Draw the ratings, each with the wait that follows, and return the columns where they start.

    The key to continue gives the `marked` one.
    """
    rows = [
        (rating, keymap.show(f"{rating:d}"), name_rating(rating), wait)
        for rating, wait in waits.items()
    ]
    forms = (
        [(f" {key} {name} ", f" {wait}", "   ") for _, key, name, wait in rows],
        [(f"{key} {name}", f" {_shorten(wait)}", "  ") for _, key, name, wait in rows],
        [(f"{key} {name[:1]}", f" {_shorten(wait)}", "  ") for _, key, name, wait in rows],
        [(key, f" {_shorten(wait)}", "  ") for _, key, _, wait in rows],
        [(key, "", " ") for _, key, _, _ in rows],
    )
    line, starts = Text(), [0]
    for form in forms:
        line, starts = Text(no_wrap=True), []
        for (label, wait, gap), (rating, _, _, _) in zip(form, rows, strict=True):
            line.append(gap if line else "")
            starts.append(line.cell_len)
            line.append(label, "bold reverse" if rating is marked else "bold").append(wait, "dim")
        if line.cell_len <= width:
            break
    return line, starts


def _shorten(wait: str) -> str:
    return wait.replace("min", "m").replace(" ", "")


def _draw_rule(attempt: Attempt, width: int) -> Text:
    """Draw the line between question and answer, with the verdict if there is one."""
    if not attempt.verdict:
        return Text("─" * width, "dim")
    colour = {True: "green", False: "red", None: ""}[attempt.is_right]
    line = Text("── ", "dim", no_wrap=True)
    line.append(f"{attempt.verdict} ", f"not dim bold {colour}")
    return line.append("─" * max(width - line.cell_len, 0))


def draw_memory_of(state: ReviewState) -> Stack:
    """Draw the memory of the current card, and its answers."""
    if state.item is None:
        return Stack()
    recall, steps = state.expect_recall(), state.list_steps()
    return draw_memory(state.item.ref, state.memory, recall, steps, worth=state.reason)


def _draw_wait(state: ReviewState) -> Renderable:
    now = state.clock()
    next_ms = state.next_at_ms or now.at_ms
    seconds = max(next_ms - now.at_ms, 0) // 1000
    local = make_time(next_ms).astimezone(now.local.tzinfo)
    return Stack(
        Text("Nothing to ask right now.", "bold"),
        Text(),
        Text(f"Next card at {local:%H:%M}, in {seconds // 60}:{seconds % 60:02d} minutes."),
        Text(f"Wait here, or stop{'.' if state.warning else ': everything is saved.'}"),
    )


def _draw_end(state: ReviewState) -> Renderable:
    why = "Limit reached." if state.is_limit_reached else "Nothing left to review today."
    return Stack(Text(why, "bold"), Text(), Text("Space finishes; u undoes the last answer."))
