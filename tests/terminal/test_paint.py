"""Painted text is harmless: no text of any origin controls the terminal, whatever drew it."""

from __future__ import annotations

import json
import re
import unicodedata
from io import StringIO
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from cardwright.markdown.tokens import read_block
from cardwright.terminal import paint as paint_module
from cardwright.terminal.markdown import Drawing
from cardwright.terminal.paint import (
    MAX_WIDTH,
    Painted,
    paint,
    paint_line,
    paint_pieces,
    paint_rows,
)
from cardwright.terminal.plain import Prompts
from cardwright.text import escape_controls, make_plain, replace_controls

if TYPE_CHECKING:
    from cardwright.terminal.paint import Renderable

DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
COLOURS = {"TERM": "xterm-256color"}
COLOUR_CODES = re.compile("\x1b\\[[0-9;]*m")
LINKS = re.compile("\x1b\\]8;[^;\x1b]*;[^\x00-\x1f\x7f-\x9f]*\x1b\\\\")


class Raw:
    """A renderable of one that forgot to clean its text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self.text)


def draw(text: str) -> list[RenderableType]:
    """The ways in which a card's text is shown."""
    table = Table("a", "b")
    table.add_row(Text(text), Text(text))
    return [
        text,
        Text(text, style="bold red"),
        Markdown(text),
        Panel(Text(text), title=Text(text)),
        Raw(text),
        Group(table, Text(text, style="link https://evil.example/\x1b]0;x\x07")),
    ]


HOSTILE = st.text(
    st.sampled_from("a[]0;mJ`*#\n\r\t\x07\x1b\x90\x9b\x9d\u200f\u2028\u202e\u2067\ud800日")
)


@given(HOSTILE | st.text(max_size=30), st.integers(1, 30))
def test_rendered_text_cannot_act_upon_the_terminal(text: str, width: int) -> None:
    for renderable in draw(text):
        for line in paint_rows(renderable, width, COLOURS):
            shown = COLOUR_CODES.sub("", line)
            assert cell_len(shown) <= max(width, 2)
            for character in shown:
                assert unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
                assert unicodedata.bidirectional(character) not in {
                    *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
                }
    assert COLOUR_CODES.sub("", paint_line(text, "bold", COLOURS)) == make_plain(text)


def test_colours_of_a_text_are_its_renderer_s_not_its_author_s() -> None:
    assert paint_rows(Text("\x1b[31mred"), 20, COLOURS) == ["�[31mred"]
    assert paint_rows("[red]a[/red] :smile:", 20, COLOURS) == ["[red]a[/red] :smile:"]


def test_lines_are_coloured_as_the_terminal_can() -> None:
    red = Text("red", style="bold #ff0000")

    assert paint_rows(red, 20, {"TERM": "xterm-256color"}) == ["\x1b[1;38;5;196mred\x1b[0m"]
    assert paint_rows(red, 20, {"TERM": "xterm"}) == ["\x1b[1;31mred\x1b[0m"]
    assert "38;2;255;0;0" in paint_rows(red, 20, {"COLORTERM": "truecolor"})[0]
    assert paint_rows(red, 20, {**COLOURS, "NO_COLOR": "1"}) == ["\x1b[1mred\x1b[0m"]


@given(HOSTILE | st.text(max_size=30), st.booleans())
def test_printed_text_cannot_act_upon_the_terminal(text: str, is_terminal: bool) -> None:
    for renderable in draw(text):
        painted = paint(renderable, COLOURS, is_terminal=is_terminal, width=30)
        assert isinstance(painted, Painted)
        shown = LINKS.sub("", COLOUR_CODES.sub("", painted)) if is_terminal else painted
        for character in shown.replace("\n", ""):
            assert unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
    pieces = COLOUR_CODES.sub("", paint_pieces([(text, "a"), (text, "")], {"a": "red"}, COLOURS))
    assert pieces == make_plain(text) * 2


def test_styles_are_written_only_where_they_are_wanted() -> None:
    red = Text("red", "bold red")

    assert paint(red, COLOURS, is_terminal=True) == "\x1b[1;31mred\x1b[0m"
    assert paint(red, {**COLOURS, "NO_COLOR": "1"}, is_terminal=True) == "\x1b[1mred\x1b[0m"
    assert paint(red, {**COLOURS, "FORCE_COLOR": "1"}, is_terminal=False) == "\x1b[1;31mred\x1b[0m"
    for printed in (
        paint(red, COLOURS, is_terminal=False),
        paint(red, {"TERM": "dumb"}, is_terminal=True),
        paint(red, COLOURS, is_terminal=True, is_styled=False),
    ):
        assert printed == "red"


def test_lines_are_no_longer_than_can_be_read() -> None:
    text = Text("word " * 100)
    printed = paint(text, {"COLUMNS": "300"}, is_terminal=False)
    narrow = paint(text, {"COLUMNS": "30"}, is_terminal=False)

    assert MAX_WIDTH - 5 <= max(map(cell_len, printed.split("\n"))) <= MAX_WIDTH
    assert max(map(cell_len, narrow.split("\n"))) <= 30


def test_a_dialogue_is_wrapped_between_words() -> None:
    printed: list[str] = []

    def say(what: Renderable, *, end: str = "\n") -> None:
        printed.append(paint(what, {}, is_terminal=True, is_styled=False, width=30) + end)

    sentence = "an unbreakable question is asked here, and answered: "
    prompts = Prompts(StringIO("yes\n"), say)

    assert prompts._read(sentence) == "yes"
    assert "".join(printed).split() == sentence.split()
    assert "".join(printed).endswith("answered: ")
    assert max(map(len, "".join(printed).splitlines())) <= 30


def test_pieces_are_styled_by_their_roles_and_their_text_stays() -> None:
    pieces = [("a\tb\n", ""), ("c\x1b[0m\u202e", "bad"), ("\n", ""), (" " * 200 + "d", "other")]

    painted = paint_pieces(pieces, {"bad": "bold red"}, COLOURS)

    assert painted == f"a   b\n\x1b[1;31mc�[0m\x1b[0m\n{' ' * 200}d"


@given(st.text(st.sampled_from(f'a \n\t\r"{DIRECTIONS}\u200c\u200dé'), max_size=30))
def test_no_character_of_direction_is_printed(text: str) -> None:
    cleaned = (
        make_plain(text),
        escape_controls(text),
        replace_controls(text),
        paint_pieces([(text, "")], {}, COLOURS),
        *paint_rows(Text(text), 20, COLOURS),
    )

    assert not set("".join(cleaned)) & set(DIRECTIONS)
    assert len(replace_controls(text)) == len(text)
    assert json.loads(escape_controls(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize(
    "term", [None, "xterm", "XTERM-256COLOR ", "xterm-kitty", "a-mono", "dumb"]
)
@pytest.mark.parametrize("colours", [None, "truecolor", " 24bit", "x"])
def test_a_terminal_is_what_rich_takes_it_for(term: str | None, colours: str | None) -> None:
    for no_color, forced in product((None, "", "1"), (None, "1")):
        given = {"TERM": term, "COLORTERM": colours, "NO_COLOR": no_color, "FORCE_COLOR": forced}
        values = paint_module._pick(
            {key: value for key, value in given.items() if value is not None}
        )
        console = paint_module._make_console(None, values, is_terminal=True, is_styled=True)
        found = paint_module._find_terminal(values)
        assert found.color_system == console.color_system
        assert found.no_color == console.no_color
        assert found.legacy_windows == console.legacy_windows


@pytest.mark.parametrize("width", [1, 9, 40])
@pytest.mark.parametrize("environ", [{"TERM": "xterm-256color"}, {"TERM": "dumb"}])
def test_drawings_are_painted_as_the_console_paints_them(
    width: int, environ: dict[str, str]
) -> None:
    text = "# A\n\n**b** `c` [d](https://e.org) *f*\n\n- g h i j k l m n o p q\n\n```\nr\n```\n\n| s |\n|--|\n| t |"
    drawing = Drawing(read_block(text))
    values = paint_module._pick(environ)
    console = paint_module._make_console(width, values, is_terminal=True, is_styled=True)
    rows = paint_module._render(console, drawing, width, has_links=False)
    assert paint_rows(drawing, width, environ) == paint_module._write(console, rows, environ)


@pytest.mark.parametrize("style", ["reverse", "bold", "dim", "bold yellow"])
def test_a_line_is_painted_as_the_console_paints_it(style: str) -> None:
    for text, environ in product(
        ("a", "— b… 中", "[c]"), ({"TERM": "xterm"}, {"NO_COLOR": "1"}, {})
    ):
        line = Text(text, style, no_wrap=True)
        assert [paint_line(text, style, environ)] == paint_rows(line, 40, environ)
