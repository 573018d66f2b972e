"""`cards browse`: a list of prompts, a search, and acts on those that are chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.text import Text

from cardwright.app.acts import parse_days
from cardwright.app.browsing import Browsing
from cardwright.app.search import MAX_SEARCH, Row
from cardwright.error import ProjectError
from cardwright.history import Act
from cardwright.markdown.tokens import GAP_CLOSE, GAP_HIDDEN, GAP_REVEALED, Token
from cardwright.terminal.card import draw_asked
from cardwright.terminal.card_acts import CardActs, find_card_act
from cardwright.terminal.gallery import Gallery
from cardwright.terminal.keymap import BROWSE, KeyMap
from cardwright.terminal.line_editor import LineEditor
from cardwright.terminal.markdown import Drawing
from cardwright.terminal.memory import draw_memory
from cardwright.terminal.paint import Painted, Stack
from cardwright.terminal.review_state import Attempt, begin_attempt
from cardwright.terminal.screen import Screen
from cardwright.terminal.window import (
    WIDE,
    KeyLoop,
    draw_header,
    draw_key_help,
    draw_step,
    fit_text,
    join_hints,
)
from cardwright.terminal.words import describe_past, format_wait
from cardwright.text import count, list_names, make_plain

_MOVES: Final = {"next": 1, "back": -1}
_AHEAD: Final = 300
"""How many texts are read at once while no key is pressed."""
_GAP: Final = "  "
_TICK_WIDTH: Final = 2
_MIN_FRONT: Final = 20
_MAX_NAME: Final = 30
_MARKS: Final = {
    Act.SUSPEND: "suspended",
    Act.UNSUSPEND: "no longer suspended",
    Act.BURY: "buried until tomorrow",
    Act.UNBURY: "no longer buried",
    Act.FLAG: "flagged",
    Act.UNFLAG: "flag removed",
    Act.RESET: "reset to new",
}
"""What is said of prompts after an act."""
_ACTS: Final = {
    "suspend": Act.SUSPEND,
    "bury": Act.BURY,
    "flag": Act.FLAG,
    "reset": Act.RESET,
}
_HINTS: Final = (
    *(("help", "keys"), ("quit", "leave"), ("tick", "tick"), ("all", "all"), ("undo", "undo")),
    *(("suspend", "suspend"), ("bury", "bury"), ("flag", "flag"), ("edit", "edit")),
    *(("reschedule", "due date"), ("reset", "reset"), ("sort", "sort"), ("copy", "copy")),
)
"""The most important acts first; as many are shown as fit."""


class Browser(KeyLoop):
    """Shows a list of prompts or one of them, and handles keys."""

    def __init__(
        self,
        browsing: Browsing,
        screen: Screen,
        environ: Mapping[str, str],
        *,
        acts: CardActs,
        edit: Callable[[Row], str],
        keymap: KeyMap,
        gallery: Gallery | None = None,
    ) -> None:
        """Browse on a screen; `edit` returns a message; a gallery shows the images of cards."""
        super().__init__(BROWSE, keymap, screen, environ)
        self._browsing = browsing
        self._gallery = gallery
        self._place = 0
        """Of the row that is chosen, among those shown."""
        self._ticked: set[str] = set()
        """The keys of prompts; those that are not shown do not count."""
        self._view: Attempt | None = None
        """The prompt that is shown instead of the list."""
        self._is_uncovered = False
        """Whether the prompt in view is shown although it is held back."""
        self._shows_keys = False
        self._typed: LineEditor | None = None
        self._is_typing_days = False
        """Whether what is typed are days, not a search."""
        self._search_before = ""
        self._fronts = Fronts(browsing)
        self._table = Table(0, 0, ())
        self._needs_texts = bool(browsing.text)
        self._list_acts: dict[str, Callable[[], None]] = {
            "continue": self._open,
            "memory": self._open_memory,
            "search": self._begin_search,
            "sort": self._sort,
            "tick": self._tick,
            "all": self._tick_all,
            **{act: partial(self._step, step) for act, step in _MOVES.items()},
        }
        self._row_acts: dict[str, Callable[[Sequence[Row]], str]] = {
            **{name: partial(self._mark, act) for name, act in _ACTS.items()},
            "reschedule": self._ask_days,
            "copy-reference": self._copy_references,
            "edit": self._edit,
        }
        self._acts = acts
        self._edit_card = edit

    def _read_key(self) -> str | None:
        # Texts are read while nothing is pressed, so that a search is there at once.
        while self._needs_texts:
            key = self._screen.read(0)
            if key is not None:
                return key
            self._needs_texts = self._browsing.read_ahead(_AHEAD)
        return self._screen.read()

    @property
    def _is_typing(self) -> bool:
        return self._typed is not None

    @property
    def _takes_any_key(self) -> bool:
        return self._shows_keys

    @property
    def _warning(self) -> str:
        return self._browsing.study.store.warning

    @property
    def _row(self) -> Row | None:
        """The row that is chosen."""
        rows = self._browsing.rows
        return rows[self._place] if self._place < len(rows) else None

    @property
    def _chosen(self) -> list[Row]:
        """What acts are on: the ticked rows that are shown, or else the one that is chosen."""
        ticked = [] if self._view else self._list_ticked()
        return ticked or [row for row in [self._row] if row]

    def _list_ticked(self) -> list[Row]:
        ticked = self._ticked
        return [row for row in self._browsing.rows if row.item.key in ticked] if ticked else []

    def _read_click(self, click: str) -> str:
        if self._view is None and not self._shows_keys:
            row = self._window.find_body_row(click)
            if row is not None:
                if row == self._place:
                    return self._continue_key
                if row < len(self._browsing.rows):
                    self._place = row
                return ""
        return super()._read_click(click)

    def _act(self, key: str) -> bool:
        self._browsing.follow_store()
        act = self._find_act(key)
        if self._typed is not None:
            self._type(key, self._typed)
        elif self._shows_keys:
            self._shows_keys = self._window.scroll(act)
        elif self._view is not None:
            self._act_on_view(act, key, self._view)
        elif act == "quit":
            return False
        else:
            self._act_on_list(act, key)
        return True

    def _act_on_list(self, act: str, key: str) -> None:
        steps = self._window.steps
        if act in steps:
            self._step(steps[act])
        elif act in {"start", "end"}:
            self._move(0 if act == "start" else len(self._browsing.rows))
        elif key == "escape":
            self._clear()
        elif act in self._list_acts:
            self._list_acts[act]()
        else:
            self._window.message = self._do(act)

    def _act_on_view(self, act: str, key: str, view: Attempt) -> None:
        if act == "quit" or key == "escape":
            self._close()
        elif act == "continue":
            self._continue()
        elif act in _MOVES:
            self._step(_MOVES[act])
            self._open()
        elif act == "memory":
            self._go_to_memory()
        elif do := self._find_card_act(act):
            self._window.message = self._act_on_card(do, view)
        elif not self._window.scroll(act):
            self._window.message = self._do(act)

    def _do(self, act: str) -> str:
        """Do what a key asks for with what is chosen; return a message."""
        if act == "help":
            self._shows_keys = True
            self._window.go_to_start()
            return ""
        if act == "undo":
            return self._undo()
        if act in self._row_acts:
            rows = self._chosen
            return self._row_acts[act](rows) if rows else "nothing is chosen"
        if do := self._find_card_act(act):
            self._is_uncovered = False
            return self._act_on_card(do, self._begin(self._row) if self._row else None)
        return self._keymap.hint("help", "shows all keys")

    def _find_card_act(self, act: str) -> Callable[[Attempt], str] | None:
        # References are copied of all rows that are chosen.
        return None if act in self._row_acts else find_card_act(act, self._acts, self._copy)

    def _act_on_card(self, do: Callable[[Attempt], str], attempt: Attempt | None) -> str:
        if attempt is None:
            return "nothing is chosen"
        return "held back for mock exams: view it first" if self._is_covered else do(attempt)

    def _mark(self, act: Act, rows: Sequence[Row]) -> str:
        done, changed = self._browsing.mark(rows, act)
        return self._tell(rows, changed, _MARKS[done])

    def _ask_days(self, _: Sequence[Row]) -> str:
        self._typed, self._is_typing_days = LineEditor(MAX_SEARCH), True
        return ""

    def _copy_references(self, rows: Sequence[Row]) -> str:
        refs = [row.item.ref for row in rows]
        self._copy("\n".join(refs))
        return f"copied {list_names(refs)}"

    def _tell(self, rows: Sequence[Row], changed: int, said: str) -> str:
        """Return what became of rows, and how to undo it."""
        what = rows[0].item.ref if len(rows) == 1 else count(len(rows), "prompt")
        undo = self._keymap.show("undo")
        if not changed:
            return f"{what}: {said} already"
        same = f", {len(rows) - changed:,} of them already" if changed < len(rows) else ""
        return f"{what}: {said}{same}{f' ({undo}: undo)' if undo else ''}"

    def _undo(self) -> str:
        past = self._browsing.undo()
        if past is None:
            return "nothing to undo here; `cards undo` goes back further"
        # Go there, if it is shown.
        keys = {review.key for review in past.reviews}
        rows = self._browsing.rows
        place = self._place
        self._go_to(next((row.item.key for row in rows if row.item.key in keys), ""))
        if self._view is not None and place != self._place:
            self._open()
        return f"undid {describe_past(past)}"

    def _edit(self, _: Sequence[Row]) -> str:
        """Edit the card of the row that is chosen, whatever is ticked."""
        row = self._row
        if row is None:
            return ""
        with self._screen.released():
            message = self._edit_card(row)
        if self._gallery:
            self._gallery.forget()
        self._fronts = Fronts(self._browsing)
        self._needs_texts = bool(self._browsing.text)
        self._go_to(row.item.key)
        if self._view is not None:
            is_uncovered = self._is_uncovered
            self._open()
            self._is_uncovered = is_uncovered
        return message

    def _move(self, place: int) -> None:
        self._place = max(min(place, len(self._browsing.rows) - 1), 0)

    def _step(self, step: int) -> None:
        self._move(self._place + step)

    def _go_to(self, key: str) -> None:
        """Choose the row of a prompt, or stay near."""
        self._move(self._find_place(key, self._place))

    def _find_place(self, key: str, otherwise: int) -> int:
        places = (n for n, row in enumerate(self._browsing.rows) if row.item.key == key)
        return next(places, otherwise)

    def _tick(self) -> None:
        if self._row:
            self._ticked ^= {self._row.item.key}
            self._step(1)

    def _tick_all(self) -> None:
        keys = {row.item.key for row in self._browsing.rows}
        self._ticked = set() if keys <= self._ticked else self._ticked | keys

    def _clear(self) -> None:
        """Untick everything, or else show all prompts."""
        if self._list_ticked():
            self._ticked = set()
        elif self._browsing.text:
            self._search("")

    def _sort(self) -> None:
        key = self._row.item.key if self._row else ""
        self._browsing.change_order()
        self._go_to(key)
        self._window.message = f"sorted by {self._browsing.order}"

    def _begin_search(self) -> None:
        self._search_before = self._browsing.text
        self._typed, self._is_typing_days = LineEditor(MAX_SEARCH), False
        for letter in f"{self._browsing.text} ".lstrip():
            self._typed.press(letter)
        self._needs_texts = True

    def _search(self, text: str, *, is_typing: bool = False) -> None:
        key = self._row.item.key if self._row else ""
        try:
            self._browsing.search(text)
        except ProjectError as error:
            message = str(error)
            if is_typing:
                message = fit_text(" ".join(message.split()), self._window.width)
            self._window.message = message
        self._move(self._find_place(key, 0))

    def _type(self, key: str, typed: LineEditor) -> None:
        """Handle a key while a search, or days, are typed."""
        if key == "escape" or (key == "backspace" and not typed.text):
            self._typed = None
            if not self._is_typing_days:
                self._search(self._search_before if key == "escape" else "")
        elif key == "enter":
            self._typed = None
            if self._is_typing_days:
                self._reschedule(typed.text)
            else:
                self._search(typed.text.strip())
        elif key in {"up", "down"} and self._view is None:
            self._step(self._window.steps[key])
        else:
            typed.press(key)
            if not self._is_typing_days:
                self._search(typed.text.strip(), is_typing=True)

    def _reschedule(self, text: str) -> None:
        rows = self._chosen
        try:
            days = parse_days(text)
        except ValueError as error:
            self._window.message = str(error)
            return
        changed = self._browsing.reschedule(rows, days)
        self._window.message = self._tell(rows, changed, describe_days(days[: len(rows)]))

    @property
    def _is_covered(self) -> bool:
        """Whether the prompt in view is held back, and not shown."""
        return bool(self._row and self._row.is_held) and not self._is_uncovered

    def _begin(self, row: Row) -> Attempt | None:
        study = self._browsing.study
        attempt = begin_attempt(study, row.item, study.store.count_answers(row.item.key))
        if attempt:
            attempt.reveal()
        return attempt

    def _open(self) -> None:
        """View the row that is chosen."""
        self._acts.stop()
        self._view = self._begin(self._row) if self._row else None
        self._is_uncovered = False
        self._window.go_to_start()

    def _open_memory(self) -> None:
        self._open()
        self._go_to_memory()

    def _go_to_memory(self) -> None:
        if not self._is_covered:
            self._window.go_to_last_part()

    def _continue(self) -> None:
        """Show what is covered, scroll, or go back to the list."""
        if self._is_covered:
            self._is_uncovered = True
        elif self._window.has_more:
            self._window.scroll("page-down")
        else:
            self._close()

    def _close(self) -> None:
        self._acts.stop()
        self._view = None

    def _paint(self) -> None:
        window = self._window
        heading: list[Painted] = []
        if self._shows_keys:
            parts = [window.render(draw_key_help(self._keymap.list_help(BROWSE)))]
        elif self._view is not None:
            parts = self._render_view(self._view)
        else:
            heading, body = self._render_list()
            parts = [body]
        window.paint(
            self._draw_header(),
            parts,
            self._draw_step,
            keys=self._list_keys(),
            heading=heading,
            reads_on=self._view is not None,
        )

    def _draw_header(self) -> Text:
        browsing, columns = self._browsing, self._window.columns
        total, shown = browsing.count, len(browsing.rows)
        figure = count(total, "prompt") if shown == total else f"{shown:,} of {total:,}"
        if self._view is not None:
            figure = f"{self._place + 1:,} of {shown:,}"
        elif ticked := len(self._list_ticked()):
            figure = f"{ticked:,} ticked · {figure}"
        titles = [f"Cards › {make_plain(browsing.text)}" if browsing.text else "Cards"]
        if self._view is not None and self._row:
            titles = [make_plain(self._row.item.ref)]
        return draw_header(titles, [figure], columns)

    def _render_list(self) -> tuple[list[Painted], list[Painted]]:
        """Return the heading and the rows; those that cannot be in the window are left blank."""
        window, rows = self._window, self._browsing.rows
        width = window.full_width
        if not self._table.fits(width, rows):
            self._table = Table(width, self._browsing.today, rows)
        table = self._table
        if not rows:
            nothing = "nothing matches" if self._browsing.text else "there are no cards here"
            return [], window.render(Text(nothing, "dim", no_wrap=True))
        lines = window.size[1]
        first, last = max(self._place - lines, 0), self._place + lines + 1
        body = [Painted()] * len(rows)
        for place in range(first, min(last, len(rows))):
            row = rows[place]
            is_chosen = place == self._place
            line = table.draw(row, self._fronts.read(row), is_ticked=row.item.key in self._ticked)
            style = "reverse" if is_chosen else "dim" if row.is_out(self._browsing.today) else ""
            body[place] = window.render(Text(line, style, no_wrap=True), width)[0]
        window.keep_in_view(self._place)
        return window.render(Text(table.heading, "dim", no_wrap=True), width)[:1], body

    def _render_view(self, view: Attempt) -> list[list[Painted]]:
        window, row = self._window, self._row
        if row is None:
            return []
        if self._is_covered:
            return [window.render(Text(_COVERED))]
        blank = [Painted()] * window.is_roomy
        rule = [*blank, *window.render(Text("─" * window.width, "dim")), *blank]
        question = window.render(self._illustrate(view.draw_question(), view))
        answer = window.render(self._illustrate(view.draw_answer(), view))
        facts = window.render(self._draw_facts(row))
        return [[*question, *rule], [*answer, *rule], facts]

    def _illustrate(self, drawing: Drawing, view: Attempt) -> Drawing:
        return self._gallery.illustrate(drawing, view.prompt.card) if self._gallery else drawing

    def _draw_facts(self, row: Row) -> Stack:
        """Draw where a prompt stands, its memory and its answers."""
        browsing, item = self._browsing, row.item
        marks = ["flagged"] * row.memory.is_flagged
        facts = [
            ("deck", item.deck.replace("::", " › ")),
            ("lesson", item.lesson),
            ("kind", item.kind),
        ]
        facts += [("tags", list_names(item.tags)), ("objectives", list_names(item.objectives))]
        facts += [("due", ", ".join([describe_due(row, browsing.today), *marks]))]
        return Stack(
            *(
                Text.assemble((f"{name:<12}", "bold"), make_plain(fact).replace("\n", " "))
                for name, fact in facts
                if fact
            ),
            draw_memory(
                item.ref, row.memory, browsing.expect_recall(row), browsing.list_steps(row)
            ),
        )

    def _draw_step(self) -> Text:
        width, hint = self._window.width, self._keymap.hint
        if self._typed is not None:
            start = "due in days (0 is today; 7; 5-10): " if self._is_typing_days else "/"
            drawn, self._window.cursor = self._typed.draw(start, width)
            return drawn
        if self._shows_keys:
            return draw_step(width, "any key: back")
        if self._view is None:
            view, search = hint("continue", "view") * bool(self._row), hint("search", "search")
            more = "esc untick" if self._list_ticked() else "esc all" * bool(self._browsing.text)
            return draw_step(width, join_hints(view, search, more))
        does = "scroll" if self._window.has_more else "back"
        does = "show it anyway" if self._is_covered else does
        moves = hint("next", "next"), hint("back", "previous")
        return draw_step(width, join_hints(hint("continue", does), *moves))

    def _list_keys(self) -> str:
        """Return hints on other keys, as many as fit."""
        if self._typed is not None:
            if self._is_typing_days:
                return "enter set   esc cancel"
            words = "words  tag: lesson: kind: deck: objective: is:due  -not"
            return fit_text(words, self._window.width).rstrip()
        shown = ""
        for act, word in _HINTS:
            if self._view is not None and act in {"tick", "all", "sort"}:
                continue
            does = "list" if self._view is not None and act == "quit" else word
            longer = join_hints(shown, self._keymap.hint(act, does), gap=2)
            if cell_len(longer) <= self._window.width:
                shown = longer
        return shown


_COVERED: Final = (
    "This card is held back for mock exams, where its question should be new to you. Continue to"
    " see it anyway."
)


class Fronts:
    """The questions of prompts as one line each, read when they are shown."""

    def __init__(self, browsing: Browsing) -> None:
        """Nothing is read yet."""
        self._browsing = browsing
        self._known: dict[str, str] = {}

    def read(self, row: Row) -> str:
        """Return the question of a prompt; of one that is held back, its name."""
        if row.is_held:
            return row.item.ref
        key = row.item.key
        if key not in self._known:
            attempt = begin_attempt(self._browsing.study, row.item, 0)
            front = write_line(draw_asked(attempt.prompt, attempt.kind)) if attempt else ""
            self._known[key] = front or row.item.ref
        return self._known[key]


_ENDS: Final = frozenset(
    {
        *("softbreak", "hardbreak", "code_block", "paragraph_close", "heading_close"),
        *("list_item_close", "cell_close"),
    }
)
"""Tokens after which a word ends."""


def write_line(drawing: Drawing) -> str:
    """Return the text of a drawing on one line, without styles."""
    text = "".join(f"{_write(token)}{' ' * (token.name in _ENDS)}" for token in drawing.tokens)
    for sign in (GAP_HIDDEN, GAP_REVEALED, GAP_CLOSE):
        text = text.replace(sign, "")
    return make_plain(" ".join(text.split()))


def _write(token: Token) -> str:
    if token.name != "maths":
        return token.text
    from cardwright.terminal.formula import draw_formula  # noqa: PLC0415  (few cards hold maths)

    return draw_formula(token.text) or token.text


def describe_due(row: Row, today: int) -> str:
    """Return when a prompt is asked again, or why it is not."""
    memory = row.memory
    if row.is_held:
        return "reserved"
    if memory.is_suspended:
        return "suspended"
    if row.is_buried(today):
        return "buried"
    if memory.due_day is None:
        return "new"
    days = memory.due_day - today
    if days in _NEAR:
        return _NEAR[days]
    return f"in {format_wait(0, days=days)}" if days > 0 else f"{format_wait(0, days=-days)} ago"


_NEAR: Final = {0: "today", 1: "tomorrow", -1: "yesterday"}


def describe_days(days: range) -> str:
    """Return when prompts were made due."""
    if len(days) > 1:
        return f"due in {days[0]:,} to {days[-1]:,} days"
    return f"due {_NEAR.get(days[0]) or f'in {days[0]:,} days'}"


def describe_marks(row: Row) -> str:
    """Return the signs of a prompt: that it is flagged, or a leech."""
    return " ".join(["⚑"] * row.memory.is_flagged + ["leech"] * row.memory.is_leech)


class _Column(NamedTuple):
    heading: str
    read: Callable[[Row], str]
    from_width: int
    """How wide the table must be for it."""
    least: int = 0
    """Its least width, so that it does not change when values do."""


class Table:
    """Rows of prompts in columns; the narrower the window, the fewer."""

    def __init__(self, width: int, today: int, rows: Sequence[Row]) -> None:
        """Decide on the columns and their widths."""
        columns = (
            _Column("deck", lambda row: row.item.deck.rpartition("::")[2], 120),
            _Column("lesson", lambda row: row.item.lesson or "", 76),
            _Column("kind", lambda row: row.item.kind, 70),
            _Column("side", lambda row: row.item.side_name, 90),
            _Column("state", lambda row: str(row.memory.state), 96, len("learning")),
            _Column("due", lambda row: describe_due(row, today), 0, len("suspended")),
            _Column("", describe_marks, WIDE),
        )
        measured = (
            (one, max(one.least, *_measure(one, rows), 0))
            for one in columns
            if width >= one.from_width
        )
        self._columns = [
            (one, max(cell_len(one.heading), min(widest, _MAX_NAME)))
            for one, widest in measured
            if widest
        ]
        taken = _TICK_WIDTH + sum(widest + len(_GAP) for _, widest in self._columns)
        self._room = max(width - taken, _MIN_FRONT)
        self._width, self._rows = width, rows
        self.heading = self._join("question", [one.heading for one, _ in self._columns])

    def fits(self, width: int, rows: Sequence[Row]) -> bool:
        """Tell whether it was made for this width and these rows."""
        return width == self._width and rows is self._rows

    def draw(self, row: Row, front: str, *, is_ticked: bool = False) -> str:
        """Return the line of a row."""
        cells = [_flatten(one.read(row)) for one, _ in self._columns]
        return self._join(front, cells, "✓" * is_ticked)

    def _join(self, front: str, cells: Sequence[str], tick: str = "") -> str:
        start = f"{tick:<{_TICK_WIDTH}}{fit_text(front, self._room)}"
        rest = (fit_text(cell, one[1]) for cell, one in zip(cells, self._columns, strict=True))
        return fit_text(_GAP.join((start, *rest)), self._width)


def _flatten(text: str) -> str:
    return make_plain(text).replace("\n", " ")


def _measure(column: _Column, rows: Sequence[Row]) -> Iterator[int]:
    """Yield the widths of the different values of a column."""
    return (cell_len(_flatten(text)) for text in dict.fromkeys(map(column.read, rows)))


def draw_table(browsing: Browsing) -> Iterator[str]:
    """Yield the prompts as plain lines, each with its name and its whole question."""
    fronts, rows = Fronts(browsing), browsing.rows
    refs = [_flatten(row.item.ref) for row in rows]
    dues = [
        " ".join(filter(None, [describe_due(row, browsing.today), describe_marks(row)]))
        for row in rows
    ]
    widths = [max(map(cell_len, texts), default=0) for texts in (refs, dues)]
    for row, ref, due in zip(rows, refs, dues, strict=True):
        yield _GAP.join((fit_text(ref, widths[0]), fit_text(due, widths[1]), fronts.read(row)))
