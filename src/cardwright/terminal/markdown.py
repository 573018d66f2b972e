"""Markdown tokens, the same as for the HTML → lines for a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from cardwright.markdown.highlight import cut_code
from cardwright.markdown.tokens import GAP_CLOSE, GAP_HIDDEN, GAP_REVEALED, Token
from cardwright.text import make_plain

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
    from rich.segment import Segment

_MIN_WIDTH: Final = 12
"""The minimum width of nested blocks; if it does not fit, lines fold at the terminal's edge."""
_CODE_INDENT: Final = "  "
_GAP_MARK: Final = re.compile(f"({GAP_HIDDEN}|{GAP_REVEALED}|{GAP_CLOSE})")
_GAP_STYLES: Final = {
    GAP_HIDDEN: Style(bold=True, reverse=True),
    GAP_REVEALED: Style(bold=True, underline=True, color="green"),
}
_STYLES: Final = {
    "strong": Style(bold=True),
    "em": Style(italic=True),
    "s": Style(strike=True),
    "link": Style(underline=True),
    "code": Style(color="cyan"),
    "image": Style(italic=True),
    "quiet": Style(dim=True),
    "label": Style(bold=True, color="magenta"),
    "right": Style(bold=True, color="green"),
    "wrong": Style(bold=True, color="red"),
}
"""By the name of an inline token; the last four are not Markdown, but used for cards."""
_SIGNS: Final = {"audio": "♪", "video": "▶"}
_HEADING: Final = Style(bold=True)
_TOP_HEADING: Final = Style(bold=True, underline=True)
_CODE_STYLES: Final = {
    "c": Style(dim=True, italic=True),
    "k": Style(color="magenta"),
    "kc": Style(color="cyan"),
    "m": Style(color="cyan"),
    "nb": Style(color="cyan"),
    "nc": Style(bold=True),
    "nd": Style(color="magenta"),
    "nf": Style(bold=True),
    "nt": Style(color="magenta"),
    "ow": Style(color="magenta"),
    "s": Style(color="green"),
}
"""By Pygments' short class of a piece of code, or the first letter of that."""
_JUSTIFY: Final[dict[str, JustifyMethod]] = {"center": "center", "right": "right"}
_BETWEEN: Final = " │ "
_CROSSING: Final = "─┼─"
_LINE_STYLE: Final = Style(dim=True)
_HEADING_STYLE: Final = Style(bold=True)
_MIN_COLUMN: Final = 10
"""The minimum width of a table's columns, unless their text is narrower."""

_Row = list[Text]
_Wrap = Callable[[Text, int], list[Text]]
"""Folds a text into lines of a width."""
Hang = Callable[[Token, int], list[Text] | None]
"""Returns the rows of an image for at most a width; None if only its name can be shown."""


class Drawing(NamedTuple):
    """A text that is laid out when printed, once the width is known."""

    tokens: tuple[Token, ...]
    hang: Hang | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        return self.write(console, options.max_width)

    def write(self, console: Console, width: int) -> Iterator[Segment]:
        """Yield the lines for a width."""
        for line in self.lay_out(console, width):
            fits = line.cell_len <= width
            for part in [line] if fits else line.wrap(console, width, overflow="fold"):
                yield from part.render(console, end="\n")

    def lay_out(self, console: Console, width: int) -> list[Text]:
        """Return the lines, which fit the width unless boxes are nested too deeply."""
        layout = _Layout(console, width, self.hang)
        layout.draw(self.tokens)
        return layout.finish()


@dataclass(slots=True)
class _Box:
    """A block that contains others, while it is being drawn."""

    width: int
    first: Text = field(default_factory=Text)
    """The prefix of its first line; `rest` is that of the others."""
    rest: Text = field(default_factory=Text)
    lines: list[Text] = field(default_factory=list)
    is_tight: bool = False
    """Whether the next block follows without a blank line."""
    holds_tight: bool = False
    """Whether it is an item of a tight list."""

    def add(self, lines: list[Text], *, tight: bool = False) -> None:
        if self.lines and not self.is_tight:
            self.lines.append(Text())
        self.lines += lines
        self.is_tight = tight
        self.holds_tight |= tight


class _Layout:
    """Lines being laid out."""

    def __init__(self, console: Console, width: int, hang: Hang | None = None) -> None:
        """Start without lines, for a width and the abilities of a console."""
        self._console = console
        self._hang = hang
        self._is_after_image = False
        """Whether the paragraph so far ends with an image."""
        self._shows_addresses = (
            console.color_system is None or console.no_color or console.legacy_windows
        )
        self._boxes = [_Box(width)]
        self._text = Text()
        self._styles = [Style.null()]
        self._gaps: list[Style] = []
        self._links: list[tuple[str, int, int]] = []
        """The address of each open link, the start of its text, and the hidden gaps before it."""
        self._hidden_count = 0
        self._rows: list[_Row] = []

    def draw(self, tokens: Iterable[Token]) -> None:
        """Add a text below the lines so far."""
        for token in tokens:
            step = self._STEPS.get(token.name)
            name, _, end = token.name.rpartition("_")
            if step is not None:
                step(self, token)
            elif name in _STYLES and end == "open":
                self._push(_STYLES[name])
            elif name in _STYLES:
                self._styles.pop()

    def finish(self) -> list[Text]:
        """Return the lines."""
        # An inline text has no paragraph around it.
        if self._text:
            self._end_paragraph(Token(name="paragraph_close"))
        for line in self._boxes[0].lines:
            line.rstrip()
        return self._boxes[0].lines

    def _push(self, style: Style) -> None:
        self._styles.append(self._styles[-1] + style)

    def _write(self, text: str, style: Style | None = None) -> None:
        """Write a text in which gaps may open and close."""
        for piece in _GAP_MARK.split(text):
            if piece in _GAP_STYLES:
                self._gaps.append(_GAP_STYLES[piece])
                self._hidden_count += piece == GAP_HIDDEN
            elif piece == GAP_CLOSE:
                # A deletion that crosses paragraphs is a mistake in the card.
                del self._gaps[-1:]
            else:
                self._text.append(make_plain(piece), self._find_style(style))

    def _find_style(self, style: Style | None = None) -> Style:
        found = self._styles[-1] if style is None else self._styles[-1] + style
        return found + self._gaps[-1] if self._gaps else found

    def _pop_text(self) -> Text:
        text, self._text = self._text, Text()
        if self._is_after_image:
            # A space before it belonged to the line of the image.
            text = text[len(text.plain) - len(text.plain.lstrip()) :]
        return text

    def _wrap(self, text: Text, width: int) -> list[Text]:
        return list(text.wrap(self._console, max(width, 1), overflow="fold")) or [Text()]

    def _write_text(self, token: Token) -> None:
        self._write(token.text)

    def _write_softbreak(self, _token: Token) -> None:
        if self._text or not self._is_after_image:
            self._write(" ")

    def _write_hardbreak(self, _token: Token) -> None:
        if self._text or not self._is_after_image:
            self._write("\n")

    def _write_code(self, token: Token) -> None:
        self._write(token.text, _STYLES["code"])

    def _write_image(self, token: Token) -> None:
        box = self._boxes[-1]
        # A table has no room.
        rows = self._hang(token, box.width) if self._hang and not self._rows else None
        if rows:
            before = self._pop_text()
            if before:
                box.add(self._wrap(before, box.width), tight=True)
            box.add(rows, tight=True)
            self._is_after_image = True
            return
        from cardwright.foreign.media import name_kind  # noqa: PLC0415  (few cards have media)

        sign = _SIGNS.get(name_kind(token.detail))
        if sign:
            text = f"{sign} {token.text}".rstrip()
        else:
            text = f"[image: {token.text}]" if token.text else "[image]"
        self._write(text, _STYLES["image"])

    def _write_sub(self, token: Token) -> None:
        from cardwright.terminal.formula import lower_text  # noqa: PLC0415  (few cards need it)

        self._write_script(token.text, lower_text)

    def _write_sup(self, token: Token) -> None:
        from cardwright.terminal.formula import raise_text  # noqa: PLC0415  (few cards need it)

        self._write_script(token.text, raise_text)

    def _write_script(self, text: str, shift: Callable[[str], str]) -> None:
        for piece in _GAP_MARK.split(text):
            self._write(piece if _GAP_MARK.match(piece) else shift(piece))

    def _write_maths(self, token: Token) -> None:
        from cardwright.terminal.formula import draw_formula  # noqa: PLC0415  (few cards hold maths)

        latex = token.text.replace(GAP_HIDDEN, r"\text{").replace(GAP_REVEALED, "{")
        gaps = [mark for mark in _GAP_MARK.findall(token.text) if mark in _GAP_STYLES]
        # The parts of a drawn formula cannot be told apart, so all of it is marked.
        style = _GAP_STYLES[gaps[0]] if gaps else None
        drawn = draw_formula(latex.replace(GAP_CLOSE, "}"))
        if drawn is None:
            source = _GAP_MARK.sub("", token.text)
            drawn = f"{token.detail}{source}{token.detail}"
        self._text.append(make_plain(drawn), self._find_style(style))

    def _open_link(self, token: Token) -> None:
        self._push(_STYLES["link"])
        if not self._shows_addresses:
            self._push(Style(link=token.detail))
        self._links.append((token.detail, len(self._text), self._hidden_count))

    def _close_link(self, _token: Token) -> None:
        address, start, hidden_count = self._links.pop()
        self._styles.pop()
        if not self._shows_addresses:
            self._styles.pop()
        # The address could reveal hidden text.
        elif hidden_count == self._hidden_count and self._text.plain[start:] not in {
            address,
            address.removeprefix("mailto:"),
        }:
            self._write(f" ({address})")

    def _open_heading(self, token: Token) -> None:
        self._push(_TOP_HEADING if token.detail == "1" else _HEADING)

    def _close_heading(self, token: Token) -> None:
        self._styles.pop()
        self._end_paragraph(token)

    def _end_paragraph(self, token: Token) -> None:
        box, text = self._boxes[-1], self._pop_text()
        is_tight = token.detail == "tight"
        if text:
            box.add(self._wrap(text, box.width), tight=is_tight)
        elif self._is_after_image:
            box.is_tight = is_tight
        self._is_after_image = False

    def _draw_code_block(self, token: Token) -> None:
        self._write(token.text.rstrip("\n").expandtabs(4))
        text = self._pop_text()
        start = 0
        for css_class, piece in cut_code(text.plain, token.detail):
            style = _CODE_STYLES.get(css_class) or _CODE_STYLES.get(css_class[:1])
            if style is not None:
                text.stylize_before(style, start, start + len(piece))
            start += len(piece)
        box = self._boxes[-1]
        lines = (
            part
            for line in text.split("\n", allow_blank=True)
            for part in self._fold_code(line, box.width - len(_CODE_INDENT))
        )
        box.add([Text.assemble(_CODE_INDENT, line) for line in lines])

    def _fold_code(self, line: Text, width: int) -> list[Text]:
        """Fold a line of code; continuations are indented deeper than the line itself."""
        if line.cell_len <= width:
            return [line]
        depth = min(len(line.plain) - len(line.plain.lstrip()), width // 2)
        inner = width - depth - len(_CODE_INDENT)
        first, *rest = self._wrap(line[depth:], inner)
        indent = " " * depth
        deeper = indent + _CODE_INDENT
        return [Text.assemble(indent, first), *(Text.assemble(deeper, part) for part in rest)]

    def _draw_rule(self, _token: Token) -> None:
        box = self._boxes[-1]
        box.add([Text("─" * box.width, _STYLES["quiet"])])

    def _open_box(self, first: Text, rest: Text) -> None:
        width = max(self._boxes[-1].width - first.cell_len, _MIN_WIDTH)
        self._boxes.append(_Box(width, first, rest))

    def _open_list(self, _token: Token) -> None:
        self._open_box(Text(), Text())

    def _open_item(self, token: Token) -> None:
        marker = Text(make_plain(token.detail) + " ")
        self._open_box(marker, Text(" " * marker.cell_len))

    def _open_quote(self, _token: Token) -> None:
        bar = Text("│ ", _STYLES["quiet"])
        self._open_box(bar, bar)

    def _close_box(self, _token: Token) -> None:
        box = self._boxes.pop()
        lines = [
            Text.assemble(box.rest if number else box.first, line)
            for number, line in enumerate(box.lines or [Text()])
        ]
        self._boxes[-1].add(lines, tight=box.holds_tight and bool(box.first))

    def _open_row(self, _token: Token) -> None:
        self._rows.append([])

    def _open_cell(self, token: Token) -> None:
        justify = _JUSTIFY.get(token.detail)
        self._text = Text(justify=justify)

    def _close_cell(self, _token: Token) -> None:
        self._rows[-1].append(self._pop_text())

    def _close_table(self, _token: Token) -> None:
        box = self._boxes[-1]
        box.add(_draw_table(self._rows, box.width, self._wrap))
        self._rows = []

    _STEPS: ClassVar[dict[str, Callable[[_Layout, Token], None]]] = {
        "blockquote_close": _close_box,
        "blockquote_open": _open_quote,
        "cell_close": _close_cell,
        "cell_open": _open_cell,
        "code": _write_code,
        "code_block": _draw_code_block,
        "hardbreak": _write_hardbreak,
        "heading_close": _close_heading,
        "heading_open": _open_heading,
        "hr": _draw_rule,
        "image": _write_image,
        "link_close": _close_link,
        "link_open": _open_link,
        "list_close": _close_box,
        "list_item_close": _close_box,
        "list_item_open": _open_item,
        "list_open": _open_list,
        "maths": _write_maths,
        "paragraph_close": _end_paragraph,
        "softbreak": _write_softbreak,
        "sub": _write_sub,
        "sup": _write_sup,
        "table_close": _close_table,
        "text": _write_text,
        "tr_open": _open_row,
    }


def _draw_table(rows: Sequence[_Row], width: int, wrap: _Wrap) -> list[Text]:
    """Draw a table whose first row holds the headings; cells align as their texts specify.

    If the columns do not fit side by side, each cell becomes a line after its heading.
    """
    for heading in rows[0]:
        heading.stylize_before(_HEADING_STYLE)
    widths = _fit_columns(rows, width)
    if widths is None:
        return list(_draw_as_list(rows, width, wrap))
    head, *body = ([wrap(cell, w) for cell, w in zip(row, widths, strict=True)] for row in rows)
    rule = Text(_CROSSING.join("─" * column for column in widths), _LINE_STYLE)
    lines = [*_set_side_by_side(head, widths), rule]
    # Without lines between them, rows of several lines could not be told apart.
    is_ruled = any(len(cell) > 1 for row in body for cell in row)
    for number, row in enumerate(body):
        if number and is_ruled:
            lines.append(rule)
        lines += _set_side_by_side(row, widths)
    return lines


def _fit_columns(rows: Sequence[_Row], width: int) -> list[int] | None:
    """Return the width of each column, or None if words would have to be broken."""
    columns = list(zip(*rows, strict=True))
    room = width - len(_BETWEEN) * (len(columns) - 1)
    longest_lines = [
        max(cell_len(line) for cell in column for line in cell.plain.split("\n"))
        for column in columns
    ]
    widths = [max(min(line, room), 1) for line in longest_lines]
    min_widths = [
        max(min(line, _MIN_COLUMN), *(cell_len(word) for cell in column for word in _words(cell)))
        for line, column in zip(longest_lines, columns, strict=True)
    ]
    if sum(min_widths) > room:
        return None
    while sum(widths) > room:
        wide = (index for index, column in enumerate(widths) if column > min_widths[index])
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _words(cell: Text) -> list[str]:
    return ["", *cell.plain.split()]


def _set_side_by_side(cells: Sequence[list[Text]], widths: Sequence[int]) -> Iterator[Text]:
    for parts in zip_longest(*cells):
        line = Text()
        for index, (part, width) in enumerate(zip(parts, widths, strict=True)):
            if index:
                line.append(_BETWEEN, _LINE_STYLE)
            if part is not None:
                line.append_text(part)
            line.append(" " * (width - (part.cell_len if part else 0)))
        yield line


def _draw_as_list(rows: Sequence[_Row], width: int, wrap: _Wrap) -> Iterator[Text]:
    headings, *body = rows
    for number, row in enumerate(body):
        if number:
            yield Text()
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                yield from wrap(Text.assemble(heading, ": ", cell) if heading else cell, width)
