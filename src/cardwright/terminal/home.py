"""The home screen: what is due, deck by deck or project by project, and what needs attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from rich.cells import cell_len
from rich.text import Text

from cardwright.app.overview import Due, ExamDate, Overview
from cardwright.app.projects import explain_missing
from cardwright.error import CardwrightError
from cardwright.frozen import frozen
from cardwright.terminal.keymap import HOME, KeyMap
from cardwright.terminal.line_editor import LineEditor
from cardwright.terminal.paint import Painted
from cardwright.terminal.screen import Screen
from cardwright.terminal.window import (
    WIDE,
    KeyLoop,
    draw_key_help,
    draw_step,
    draw_title_bar,
    fit_text,
)
from cardwright.text import count, list_names, make_plain

_MAX_ATTENTION: Final = 3
"""How much of what needs attention is shown above the decks."""
_STEPS: Final = {
    "up": -1,
    "down": 1,
    "page-up": -10,
    "page-down": 10,
    "wheel-up": -1,
    "wheel-down": 1,
}
_MAX_FILTER: Final = 200
_HEADINGS: Final = ("new", "learning", "review", "min")
_SHORT_HEADINGS: Final = ("new", "lrn", "rev", "min")
_GAP: Final = "  "
_MARK: Final = "▸ "


class Load(Protocol):
    """Returns what is due in a project, or in all of them without one."""

    def __call__(self, root: Path | None, *, plans: bool) -> Overview:
        """Survey; without `plans`, no exam is planned, which takes seconds."""


@frozen
class HomeActs:
    """What only the command can do, since it opens stores and starts reviews."""

    load: Load
    study: Callable[[Path | None, str], str]
    """Reviews a deck of a project, all of it (""), or all projects (None); returns a message."""
    browse: Callable[[Path | None, str], str] | None = None
    """Browses the cards of the same; None without a browser."""


class _Line(NamedTuple):
    text: str
    style: str = ""


class Home(KeyLoop):
    """Shows what is due, and handles keys."""

    def __init__(
        self,
        found: Overview,
        root: Path | None,
        screen: Screen,
        environ: Mapping[str, str],
        *,
        acts: HomeActs,
        keymap: KeyMap,
    ) -> None:
        """Start with what was found in a project, or in all of them."""
        super().__init__(HOME, keymap, screen, environ)
        self._found = found
        self._root = root
        self._first_root = root
        self._acts = acts
        self._place = 0
        """Of the row that is chosen, among those shown."""
        self._first_row = 0
        """Of the body, below what is said above the rows."""
        self._filter = ""
        self._typed: LineEditor | None = None
        """The filter while it is typed."""
        self._shows_keys = False

    def _read_key(self) -> str | None:
        if self._found.is_planned:
            return self._screen.read()
        key = self._screen.read(0)
        if key is None:
            self._load(self._root, plans=True)
            self._paint()
            return self._screen.read()
        return key

    @property
    def _is_typing(self) -> bool:
        return self._typed is not None

    @property
    def _takes_any_key(self) -> bool:
        return self._shows_keys

    def _read_click(self, click: str) -> str:
        row = None if self._shows_keys else self._window.find_body_row(click)
        place = -1 if row is None else row - self._first_row
        if not 0 <= place < len(self._rows):
            return super()._read_click(click)
        if place == self._place:
            return self._continue_key
        self._move(place)
        return ""

    def _act(self, key: str) -> bool:
        act = self._find_act(key)
        if self._typed is not None:
            self._type(key, self._typed)
        elif self._shows_keys:
            self._shows_keys = False
        elif act == "quit":
            return False
        elif act in _STEPS:
            self._move(self._place + _STEPS[act])
        elif act in {"start", "end"}:
            self._move(0 if act == "start" else len(self._rows))
        elif key == "escape":
            self._leave()
        else:
            self._act_on_row(act)
        return True

    def _act_on_row(self, act: str) -> None:
        window = self._window
        if act == "continue":
            window.message = self._enter()
        elif act == "search":
            self._typed = LineEditor(_MAX_FILTER)
            for letter in self._filter:
                self._typed.press(letter)
        elif act == "help":
            self._shows_keys = True
        elif act == "projects":
            self._go_to(None if self._root is not None else self._first_root)
        elif act == "browse" and self._acts.browse is not None:
            window.message = self._lend(self._acts.browse)
        else:
            window.message = self._keymap.hint("help", "shows all keys")

    def _leave(self) -> None:
        """Show all rows again, or the projects that this one was chosen from."""
        if self._filter:
            self._filter = ""
        elif self._root is not None and self._first_root is None:
            self._go_to(None)

    def _type(self, key: str, typed: LineEditor) -> None:
        """Handle a key while the filter is typed."""
        if key in {"up", "down"}:
            self._move(self._place + _STEPS[key])
            return
        if key in {"enter", "escape"} or (key == "backspace" and not typed.text):
            self._typed = None
            self._filter = "" if key == "escape" else self._filter
        else:
            typed.press(key)
            self._filter = typed.text
        self._move(self._place)

    @property
    def _rows(self) -> list[Due]:
        """The rows shown: all of them together first, if that is more than one."""
        found, wanted = self._found, self._filter.casefold()
        if wanted:
            return [row for row in found.rows if wanted in "::".join(row.name).casefold()]
        if sum(len(row.name) == 1 for row in found.rows) == 1:
            return [*found.rows]
        title = "All projects" if found.is_of_projects else "All decks"
        return [Due((title,), found.counts, found.minutes), *found.rows]

    @property
    def _chosen(self) -> Due | None:
        rows = self._rows
        return rows[self._place] if self._place < len(rows) else None

    def _move(self, place: int) -> None:
        self._place = max(min(place, len(self._rows) - 1), 0)

    def _enter(self) -> str:
        """Study what is chosen, or open the project; return a message."""
        row = self._chosen
        if row is None:
            return "nothing is chosen"
        if row.project is not None:
            if not row.project.is_there:
                return explain_missing(row.project)
            self._go_to(row.project.folder)
            return ""
        if not any(row.counts):
            if self._found.is_off:
                return "today is a day off: `cards review --minutes 10` asks anyway"
            return f"nothing is left for today in {row.name[-1]}"
        return self._lend(self._acts.study)

    def _lend(self, act: Callable[[Path | None, str], str]) -> str:
        """Lend the terminal to a command about what is chosen; return its message."""
        row = self._chosen
        is_part = row is not None and row in self._found.rows
        root, deck = self._root, "::".join(row.name) if row and is_part else ""
        if row is not None and row.project is not None:
            if not row.project.is_there:
                return explain_missing(row.project)
            root, deck = row.project.folder, ""
        with self._screen.released():
            message = act(root, deck)
        self._load(self._root, plans=False)
        return message

    def _go_to(self, root: Path | None) -> None:
        if root == self._root:
            return
        if self._load(root, plans=False):
            self._root, self._filter, self._place = root, "", 0

    def _load(self, root: Path | None, *, plans: bool) -> bool:
        """Find out again what is due; return whether that succeeded."""
        try:
            self._found = self._acts.load(root, plans=plans)
        except CardwrightError as error:
            self._window.message = str(error)
            return False
        self._move(self._place)
        return True

    def _paint(self) -> None:
        window = self._window
        if self._shows_keys:
            body = window.render(draw_key_help(self._keymap.list_help(HOME)))
        else:
            body = self._render_body()
        window.paint(
            _draw_header(self._found, window.columns),
            [body],
            self._draw_step,
            keys=self._list_keys(),
        )

    def _render_body(self) -> list[Painted]:
        window = self._window
        rows = self._rows
        above = [
            *_list_facts(self._found, window.width),
            *_list_attention(self._found, window.width),
        ]
        if above:
            above.append(_Line(""))
        heading, *table = _list_table(rows, window.width)
        lines = [*above, heading]
        for place, line in enumerate(table):
            is_chosen = place == self._place
            mark = _MARK if is_chosen else " " * len(_MARK)
            lines.append(
                _Line(mark + line.text[len(_MARK) :], "reverse" if is_chosen else line.style)
            )
        if not table:
            lines.append(_Line(f"  nothing is called “{make_plain(self._filter)}”", "dim"))
        # The first rows belong to what is above them.
        self._first_row = len(above) + 1
        window.keep_in_view(self._first_row + self._place if self._place else 0)
        return [row for line in lines for row in window.render(_draw(line))[:1]]

    def _draw_step(self) -> Text:
        width, hint = self._window.width, self._keymap.hint
        if self._typed is not None:
            drawn, self._window.cursor = self._typed.draw("/", width)
            return drawn
        if self._shows_keys:
            return draw_step(width, "any key: back")
        row = self._chosen
        if row is None:
            return draw_step(width, "esc show all" * bool(self._filter))
        verb = "open" if row.project else "study"
        return draw_step(width, hint("continue", f"{verb} {row.name[-1]}"), hint("continue", verb))

    def _list_keys(self) -> str:
        hint = self._keymap.hint
        keys = [hint("help", "keys"), hint("quit", "quit"), hint("search", "filter")]
        if self._filter:
            keys.append("esc show all")
        if self._acts.browse is not None:
            keys.append(hint("browse", "cards"))
        if self._root is not None:
            keys.append(hint("projects", "projects"))
        elif self._first_root is not None:
            keys.append(hint("projects", "back"))
        shown = ""
        for key in filter(None, keys):
            longer = f"{shown}   {key}" if shown else key
            if cell_len(longer) > self._window.width:
                break
            shown = longer
        return shown


def draw_overview(found: Overview, width: int) -> str:
    """Return what the home screen shows as plain lines, without keys."""
    totals = _format_totals(found)
    parts = [
        [f"{make_plain(found.title)}: {totals}"],
        [line.text for line in _list_facts(found, width)],
        [line.text[len(_MARK) :] for line in _list_table(found.rows, width)] if found.rows else [],
        [line.text for line in _list_attention(found, width, len(found.attention))],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _draw_header(found: Overview, columns: int) -> Text:
    """Draw the project, the prompts left, and the time they will need, as a review does."""
    new, learning, review = found.counts
    left = f"~{found.minutes:.0f} min" if found.minutes >= 1 else "<1 min"
    if not any(found.counts):
        left = "nothing left today"
    elif columns >= WIDE:
        left = f"new {new:,} · learning {learning:,} · review {review:,} · {left}"
    else:
        left = f"{new}+{learning}+{review} {left}"
    room = max(columns - cell_len(f"   {left}"), 0)
    return draw_title_bar(f"{fit_text(make_plain(found.title), room)} {left} ", columns)


def _format_totals(found: Overview) -> str:
    new, learning, review = found.counts
    if not any(found.counts):
        return "nothing left today"
    return f"{new:,} new, {learning:,} learning, {review:,} review, {_format_minutes(found.minutes)} min"


def _format_minutes(minutes: float) -> str:
    return f"about {max(minutes, 1):,.0f}"


def _list_facts(found: Overview, width: int) -> Iterator[_Line]:
    """Yield the lines on streak, exams and days off."""
    facts = []
    if found.is_off:
        facts.append("Today is a day off.")
    elif not any(found.counts) and found.rows:
        after = f" The next review is due on {found.next_on:%a %d %b}." if found.next_on else ""
        facts.append(f"Nothing is left for today.{after}")
    if found.streak:
        today = "" if found.answered_today else ", not yet counting today"
        facts.append(f"Streak: {count(found.streak, 'day')}{today}.")
    facts += map(_describe_exam, found.exams)
    if not found.is_planned:
        facts.append("Today is not planned for the exam yet.")
    line = ""
    for fact in facts:
        longer = f"{line} {fact}" if line else fact
        if line and cell_len(longer) > width:
            yield from _wrap(line, width)
            line = fact
        else:
            line = longer
    if line:
        yield from _wrap(line, width)


def _describe_exam(exam: ExamDate) -> str:
    names = {0: "today", 1: "tomorrow"}
    when = names.get(exam.days_left, f"in {exam.days_left:,} days")
    return f"{make_plain(exam.title)}: {when}, on {exam.exam_on:%a %d %b %Y}."


def _list_attention(found: Overview, width: int, most: int = _MAX_ATTENTION) -> Iterator[_Line]:
    """Yield the lines on what needs attention, each with the command that helps."""
    for message, command in found.attention[:most]:
        tail = f" (`{command}`)" if command else ""
        first, *more = _wrap(make_plain(f"{message}{tail}"), width - 2)
        yield _Line(f"! {first.text}", "yellow")
        yield from (_Line(f"  {line.text}", "yellow") for line in more)
    hidden = len(found.attention) - most
    if hidden > 0:
        yield _Line(f"  and {hidden:,} more: `cards home --plain`", "yellow")


def _wrap(text: str, width: int) -> Iterator[_Line]:
    """Yield a text in lines of whole words, if they fit."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and cell_len(longer) > width:
            yield _Line(line)
            line = word
        else:
            line = longer
    yield _Line(line)


def _list_table(rows: list[Due] | tuple[Due, ...], width: int) -> Iterator[_Line]:
    """Yield a heading and a line for each row, with room for a mark."""
    headings = _HEADINGS if width >= WIDE else _SHORT_HEADINGS
    cells = [
        [*(f"{number:,}" if number else "·" for number in row.counts), _format_min(row)]
        for row in rows
    ]
    widths = [
        max(map(len, (heading, *(line[place] for line in cells))))
        for place, heading in enumerate(headings)
    ]
    names = [
        make_plain("  " * (len(row.name) - 1) + row.name[-1]).replace("\n", " ") for row in rows
    ]
    what = "project" if any(row.project for row in rows) else "deck"
    room = width - len(_MARK) - sum(len(_GAP) + one for one in widths)
    label = max(min(max(map(cell_len, (what, *names))), room), 4)

    def join(name: str, numbers: list[str] | tuple[str, ...]) -> str:
        placed = (f"{_GAP}{one.rjust(room)}" for one, room in zip(numbers, widths, strict=True))
        return f"{' ' * len(_MARK)}{fit_text(name, label)}{''.join(placed)}"

    yield _Line(join(what, headings), "dim")
    for row, name, numbers in zip(rows, names, cells, strict=True):
        is_gone = row.project is not None and not row.project.is_there
        yield _Line(join(name, numbers), "dim" if is_gone or not any(row.counts) else "")


def _format_min(row: Due) -> str:
    return f"{max(row.minutes, 1):,.0f}" if any(row.counts) else "·"


def _draw(line: _Line) -> Text:
    return Text(line.text, line.style, no_wrap=True)


def draw_projects(found: Overview, width: int) -> str:
    """Return the projects as plain lines: counts, then folders, and what is wrong with them."""
    lines = [line.text[len(_MARK) :] for line in _list_table(found.rows, width)]
    lines.append("")
    projects = [row.project for row in found.rows if row.project]
    owners = {name: project.folder for project in projects for name in project.namespaces}
    for project in projects:
        gone = "" if project.is_there else "  (not there)"
        others = [
            f"{name} (studied last in {owners[name]})" if name in owners else name
            for name in project.others
        ]
        packs = list_names([*project.namespaces, *others])
        lines.append(make_plain(f"{project.name}: {project.folder}{gone}, with {packs}"))
    notes = [line.text for line in _list_attention(found, width, len(found.attention))]
    return "\n".join([*lines, *([""] if notes else []), *notes])
