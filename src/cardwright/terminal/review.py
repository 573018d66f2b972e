"""`cards review` in full screen: its display and its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from cardwright.frozen import frozen
from cardwright.history import Rating, make_date, make_time
from cardwright.study.error import StoreError
from cardwright.terminal.gallery import Gallery
from cardwright.terminal.markdown import Drawing
from cardwright.terminal.paint import Painted, Stack
from cardwright.terminal.review_state import Attempt, ReviewState
from cardwright.terminal.screen import Screen
from cardwright.terminal.window import (
    CONTINUE_KEYS,
    WIDE,
    KeyLoop,
    choose_text,
    draw_input,
    draw_key_help,
    draw_step,
    draw_title_bar,
    fit_text,
)
from cardwright.terminal.words import format_wait, name_rating
from cardwright.text import make_plain

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable

_WAIT_S: Final = 1.0
"""How often to check for a card while none can be asked."""
_STAY_S: Final = 20.0
"""How often to tell other sessions that a card is still being shown."""
_KEYS: Final = (
    *("? keys", "q stop", "u undo", "e edit", "s suspend", "b bury", "f flag", "i memory"),
    *("/ search", "o open"),
)
"""The most important first; as many are shown as fit."""
_SOUND_KEYS: Final = (_KEYS[0], "p play", *_KEYS[1:])
"""On a side with sounds or videos."""
_KEY_HELP: Final = (
    ("space, enter", "show the answer; scroll; then give the highlighted rating"),
    ("1 2 3 4", "rate: Again, Hard, Good, Easy"),
    ("1 … 9", "before that: pick an option, or tick a point you had"),
    ("letters", "type the answer, where one is asked for; enter compares it, escape leaves"),
    ("a", "tick all points, or none"),
    ("u", "undo, as often as you like, back to the start of this review"),
    ("e", "edit the card in your editor"),
    ("s", "suspend: not asked until you `cards unsuspend` it"),
    ("b", "bury: put it off until tomorrow"),
    ("f", "flag it, or remove the flag (`cards review --flagged`)"),
    ("i", "memory and history of this card"),
    ("o", "open its images, links and sources, one at a time"),
    ("p", "play the sounds and videos of the side shown"),
    ("/", "search: ask the next card that contains a text"),
    ("↑ ↓ j k", "scroll; also page up and down, home, end"),
    ("?", "this help"),
    ("q", "stop, at any time"),
)
_TYPING_KEYS: Final = "enter compare   esc other keys"
_MAX_STEPS: Final = 12
"""How many answers to show with the memory of a card."""


@frozen
class CardActs:
    """What only the command can do with a card, since it runs other programs.

    Each returns a message.
    """

    edit: Callable[[], str]
    open_media: Callable[[], str]
    play: Callable[[], str]
    follow: Callable[[], str]
    """Called whenever a side was shown: stops sounds that no longer belong to it."""


class Reviewer(KeyLoop):
    """Shows a review, and handles its keys."""

    def __init__(
        self,
        state: ReviewState,
        screen: Screen,
        environ: Mapping[str, str],
        *,
        acts: CardActs,
        gallery: Gallery | None = None,
    ) -> None:
        """Review on a screen; a gallery shows the images of cards."""
        super().__init__(screen, environ)
        self._gallery = gallery
        self._state = state
        self._edit = acts.edit
        self._follow = acts.follow
        self._overlay: str | None = None
        """Shown instead of the card: `keys` or `memory`."""
        self._typed: str | None = None
        """The typed part of the text to search for; None if not searching."""
        self._next: tuple[Attempt | None, object, list[Painted]] = (None, None, [])
        """The question that will probably be next, rendered for a room."""
        self._card: tuple[object, list[list[Painted]]] = (None, [])
        self._answer: tuple[object, list[Painted]] = (None, [])
        """The card and the answer rendered last, each with its cache key."""
        self._acts: dict[str, Callable[[], str]] = {
            "s": lambda: self._move_on(state.suspend),
            "b": lambda: self._move_on(state.bury),
            "f": state.flag,
            "e": self._run_editor,
            "o": acts.open_media,
            "p": acts.play,
            "i": lambda: self._cover("memory"),
            "/": self._start_search,
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
        state, window = self._state, self._window
        if self._typed is not None:
            self._type(key, self._typed)
        elif self._overlay is not None:
            if not window.scroll(key):
                self._cover(None)
        elif state.attempt and state.attempt.is_typing and not state.is_over:
            self._type_answer(key, state.attempt)
        elif key == "q" or (state.is_over and key in CONTINUE_KEYS):
            return False
        elif key == "u":
            window.message = self._move_on(state.undo)
        elif key == "?":
            self._cover("keys")
        elif state.attempt and not state.is_over and not window.scroll(key):
            window.message = self._act_on_card(key, state.attempt)
        return True

    def _act_on_card(self, key: str, attempt: Attempt) -> str:
        """Handle a key that acts on the card; return a message."""
        if key in CONTINUE_KEYS:
            return self._continue(attempt)
        if key in "123456789":
            if not attempt.toggle(int(key)) and attempt.can_rate and key in "1234":
                return self._rate(Rating(int(key)))
            return ""
        if key == "a" and attempt.is_ticking:
            attempt.tick_all()
            return ""
        act = self._acts.get(key)
        return act() if act else "? shows all keys"

    def _continue(self, attempt: Attempt) -> str:
        """Reveal the answer, scroll, finish ticking, or give the suggested rating."""
        if not attempt.is_revealed:
            attempt.reveal()
            self._window.go_to_last_part()
        elif self._window.has_more:
            self._window.scroll("pagedown")
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
        self._typed = ""
        return ""

    def _type(self, key: str, typed: str) -> None:
        """Handle a key while the text to search for is typed."""
        if key == "enter":
            self._typed = None
            if wanted := typed.strip():
                self._window.message = self._state.find(wanted)
                if not self._window.message:
                    self._window.go_to_start()
        elif key == "escape" or (key == "backspace" and not typed):
            self._typed = None
        elif key == "backspace":
            self._typed = typed[:-1]
        elif len(key) == 1:
            self._typed = typed + key

    def _type_answer(self, key: str, attempt: Attempt) -> None:
        """Handle a key while the answer is typed; only keys without a letter scroll."""
        if len(key) > 1 and self._window.scroll(key):
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
            keys=_TYPING_KEYS if self._is_typing else _list_keys(window.width, state.attempt),
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
        """Whether keys are letters of an answer, or of a text to search for."""
        attempt = self._state.attempt
        is_on_card = attempt is not None and self._overlay is None and self._typed is None
        return is_on_card and not self._state.is_over and attempt is not None and attempt.is_typing

    def _list_parts(self) -> list[list[Painted]]:
        """Return the parts of the body; those of a card are cached until its appearance changes."""
        state, attempt, window = self._state, self._state.attempt, self._window
        if self._overlay == "keys":
            return [window.render(draw_key_help(_KEY_HELP))]
        if state.is_over:
            return [window.render(_draw_end(state))]
        if attempt is None:
            return [window.render(_draw_wait(state))]
        if self._overlay == "memory":
            return [window.render(draw_memory(state))]
        progress = (state.turn, attempt.is_revealed, attempt.is_ticking)
        marks = (frozenset(attempt.picked), frozenset(attempt.ticked))
        key = (*progress, *marks, self._room)
        if self._card[0] != key:
            self._card = (key, self._render_card(attempt))
        return self._card[1]

    @property
    def _room(self) -> object:
        """What a rendering depends on besides the card."""
        return self._window.size, self._gallery is not None and self._gallery.is_open

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
        if self._typed is not None:
            return draw_input("/", self._typed, width)
        if self._overlay is not None:
            return draw_step(width, "any key: back")
        if state.is_over:
            return draw_step(width, "space finish   u undo")
        if attempt is None:
            return draw_step(width, "q stop   u undo")
        if attempt.is_typing:
            return draw_input("> ", attempt.typed, width)
        return self._draw_card_step(attempt, width)

    def _draw_card_step(self, attempt: Attempt, width: int) -> Text:
        """Draw the keys that show the answer, tick points, or rate."""
        if not attempt.is_revealed:
            keys = _name_digits(len(attempt.options))
            pick = (f"{keys} pick   ", f"{keys} ") if keys else ("", "")
            return draw_step(width, f"{pick[0]}space show the answer", f"{pick[1]}space answer")
        if attempt.is_ticking:
            keys = _name_digits(attempt.point_count)
            space = "scroll" if self._window.has_more else "rate"
            return draw_step(
                width,
                f"{keys} tick what you had   a all   space {space}",
                f"{keys} tick  a all  space {space}",
                f"{keys} a space",
            )
        marked = None if self._window.has_more else attempt.suggestion
        return _draw_ratings(self._state.list_waits(), width, marked)


def _draw_header(state: ReviewState, columns: int) -> Text:
    """Draw the deck, the prompts left, and the time they will need."""
    item, counts, minutes = state.item, state.counts, state.minutes_left
    left = f"~{minutes:.0f} min" if minutes >= 1 else "<1 min"
    if columns >= WIDE:
        left = f"new {counts.new} · learning {counts.learning} · review {counts.review} · {left}"
    else:
        left = f"{counts.new}+{counts.learning}+{counts.review} {left}"
    left = f"{'cram · ' if state.is_cram else ''}{left}"
    flag = "⚑ " if item and state.memory.is_flagged else ""
    room = max(columns - cell_len(f"  {flag} {left}"), 0)
    deck = make_plain(item.deck if item else "").replace("\n", " ").split("::")
    title = choose_text([" › ".join(deck[start:]) for start in range(len(deck))], room)
    return draw_title_bar(f"{flag}{fit_text(title, room)} {left} ", columns)


def _list_keys(width: int, attempt: Attempt | None) -> str:
    first, *others = _SOUND_KEYS if attempt and attempt.has_sound else _KEYS
    shown = first
    for key in others:
        if len(shown) + len(key) + 2 <= width:
            shown += f"  {key}"
    return shown


def _name_digits(count: int) -> str:
    return f"1–{min(count, 9)}" if count > 1 else "1" * count


def _draw_ratings(waits: Mapping[Rating, str], width: int, marked: Rating | None) -> Text:
    """Draw the ratings, each with the wait that follows; space gives the `marked` one."""
    rows = [(rating, name_rating(rating), wait) for rating, wait in waits.items()]
    forms = (
        [(f" {rating:d} {name} ", f" {wait}", "   ") for rating, name, wait in rows],
        [(f"{rating:d} {name}", f" {_shorten(wait)}", "  ") for rating, name, wait in rows],
        [(f"{rating:d} {name[:1]}", f" {_shorten(wait)}", "  ") for rating, name, wait in rows],
        [(f"{rating:d}", f" {_shorten(wait)}", "  ") for rating, _, wait in rows],
        [(f"{rating:d}", "", " ") for rating, _, _ in rows],
    )
    line = Text()
    for form in forms:
        line = Text(no_wrap=True)
        for (label, wait, gap), (rating, _, _) in zip(form, rows, strict=True):
            line.append(gap if line else "")
            line.append(label, "bold reverse" if rating is marked else "bold").append(wait, "dim")
        if line.cell_len <= width:
            break
    return line


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


def draw_memory(state: ReviewState) -> Stack:
    """Draw the memory of the current card, and its answers, the latest first."""
    if state.item is None:
        return Stack()
    rows = [*_list_facts(state)]
    lines = [Text.assemble((f"{name:<12}", "bold"), make_plain(fact)) for name, fact in rows]
    if steps := state.list_steps()[-_MAX_STEPS:]:
        lines += [Text(), Text("answers, the latest first", "bold magenta")]
    for review, step in reversed(steps):
        assert review.rating is not None  # noqa: S101  (steps belong to answers)
        after = step.after
        wait = format_wait((after.due_at_ms or 0) - review.at_ms, days=after.interval_days)
        expected = f"{step.retrievability:.0%}" if step.retrievability else "new"
        line = (
            f"{review.moment.local:%Y-%m-%d %H:%M}  {name_rating(review.rating):<6}"
            f"expected {expected:<5} took {review.duration_ms / 1000:.0f} s, next in {wait}"
        )
        lines.append(Text(line))
    return Stack(*lines)


def _list_facts(state: ReviewState) -> Iterator[tuple[str, str]]:
    item, memory = state.item, state.memory
    yield "card", item.ref if item else ""
    yield "state", str(memory.state)
    if memory.last_day is not None:
        yield "recall now", f"{state.expect_recall():.0%} expected"
        yield "stability", f"{memory.stability:.1f} days until recall falls to 90%"
        yield "difficulty", f"{memory.difficulty:.1f} of 10"
        yield "answers", f"{memory.reps}, forgotten {memory.lapses} times"
        yield "last", make_date(memory.last_day).isoformat()
    if state.reason:
        yield "worth", state.reason
    if memory.is_leech:
        yield "leech", "yes"


def _draw_wait(state: ReviewState) -> Renderable:
    now = state.clock()
    next_ms = state.next_at_ms or now.at_ms
    seconds = max(next_ms - now.at_ms, 0) // 1000
    local = make_time(next_ms).astimezone(now.local.tzinfo)
    return Stack(
        Text("Nothing to ask right now.", "bold"),
        Text(),
        Text(f"Next card at {local:%H:%M}, in {seconds // 60}:{seconds % 60:02d} minutes."),
        Text(f"Wait here, or stop with q{'.' if state.warning else ': everything is saved.'}"),
    )


def _draw_end(state: ReviewState) -> Renderable:
    why = "Limit reached." if state.is_limit_reached else "Nothing left to review today."
    return Stack(Text(why, "bold"), Text(), Text("Space finishes; u undoes the last answer."))
