"""Rows of cells → lines within a width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

Row = list[Text]
Wrap = Callable[[Text, int], list[Text]]
"""Folds a text into lines of a width."""

_BETWEEN: Final = " │ "
_CROSSING: Final = "─┼─"
_LINE_STYLE: Final = Style(dim=True)
_HEADING_STYLE: Final = Style(bold=True)
_READABLE: Final = 10
"""No column is made narrower, unless its text is."""


def draw_table(rows: Sequence[Row], width: int, wrap: Wrap) -> list[Text]:
    """Draw a table with its headings in the first row; cells align as their texts say.

    Where the columns do not fit side by side, each cell is a line behind its heading.
    """
    for heading in rows[0]:
        heading.stylize_before(_HEADING_STYLE)
    widths = _fit_columns(rows, width)
    if widths is None:
        return list(_draw_as_list(rows, width, wrap))
    head, *body = ([wrap(cell, w) for cell, w in zip(row, widths, strict=True)] for row in rows)
    rule = Text(_CROSSING.join("─" * column for column in widths), _LINE_STYLE)
    lines = [*_set_side_by_side(head, widths), rule]
    # Without lines between them, it could not be seen which lines make up a row.
    is_ruled = any(len(cell) > 1 for row in body for cell in row)
    for number, row in enumerate(body):
        if number and is_ruled:
            lines.append(rule)
        lines += _set_side_by_side(row, widths)
    return lines


def _fit_columns(rows: Sequence[Row], width: int) -> list[int] | None:
    """Return the width of each column, or None when words would have to be broken."""
    columns = list(zip(*rows, strict=True))
    room = width - len(_BETWEEN) * (len(columns) - 1)
    longest_lines = [
        max(cell_len(line) for cell in column for line in cell.plain.split("\n"))
        for column in columns
    ]
    widths = [max(min(line, room), 1) for line in longest_lines]
    least = [
        max(min(line, _READABLE), *(cell_len(word) for cell in column for word in _words(cell)))
        for line, column in zip(longest_lines, columns, strict=True)
    ]
    if sum(least) > room:
        return None
    while sum(widths) > room:
        wide = (index for index, column in enumerate(widths) if column > least[index])
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


def _draw_as_list(rows: Sequence[Row], width: int, wrap: Wrap) -> Iterator[Text]:
    headings, *body = rows
    for number, row in enumerate(body):
        if number:
            yield Text()
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                yield from wrap(Text.assemble(heading, ": ", cell) if heading else cell, width)
