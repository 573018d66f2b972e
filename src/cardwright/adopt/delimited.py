"""Rows of text with a separator between cells, as spreadsheets, Anki and Quizlet write them.

A cell in quotes may have several lines, and has its quotes doubled. A quote that is not closed
before a separator is part of the text: Quizlet quotes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from cardwright.adopt.columns import is_header
from cardwright.foreign.error import ForeignFileError
from cardwright.text import make_plain

MAX_COLUMNS: Final = 250
_LIKELY: Final = ("\t", ";", ",", "|")
"""The separators of programs."""
_WRITTEN: Final = (" - ", " – ", " — ", " = ", "::", " : ", ": ", "=", "-")
"""Those that people write, if every row has one."""
_PAIR: Final = 2
_SAMPLE_ROWS: Final = 500
_MIN_SHARE: Final = 0.6
"""The share of rows that must have the same number of cells."""
_TAB_BONUS: Final = 0.3
"""Texts rarely contain tabs."""
_SAMPLE_CHARACTERS: Final = 2**18
_REST: Final = re.compile(r"()?+([^\n]*+)(\n|\Z)")


class Row(NamedTuple):
    """A row with something in it."""

    line: int
    cells: list[str]
    """Without spaces around them."""


class Layout(NamedTuple):
    """How a text is divided into rows and cells."""

    separator: str
    """What stands between cells."""
    between: str = "\n"
    """What stands between rows."""
    at_most: int = 0
    """The number of cells of a row, if the last one may contain the separator; else 0."""
    comment: str = ""
    """What a line starts with that is not a row."""


def split_rows(path: Path, text: str, layout: Layout, first_line: int = 1) -> Iterator[Row]:
    r"""Yield the rows of a text that are not empty; its lines must end with `\n`.

    Raises:
        ForeignFileError: a row has too many cells.

    """
    if layout.between != "\n":
        yield from _split_unquoted(text, layout, first_line)
        return
    pattern = _make_pattern(layout.separator)
    comment = layout.comment
    line, position, size = first_line, 0, len(text)
    while position < size:
        start = line
        if comment and text.startswith(comment, position):
            position = text.find("\n", position) + 1 or size
            line += 1
            continue
        cells: list[str] = []
        is_open = True
        while is_open:
            is_last = layout.at_most and len(cells) == layout.at_most - 1
            match = (_REST if is_last else pattern).match(text, position)
            if match is None or len(cells) == MAX_COLUMNS:
                raise ForeignFileError(path, f"line {start:,} has more than {MAX_COLUMNS} cells")
            quoted, plain, end = match.groups()
            if quoted:
                line += quoted.count("\n")
                cells.append(_clean(quoted.replace('""', '"')))
            else:
                cells.append(_clean(plain or ""))
            position = match.end()
            is_open = end == layout.separator
        line += 1
        if any(cells):
            yield Row(start, cells)


def find_layout(path: Path, text: str) -> Layout | None:
    """Return how a text is divided into rows, judged by the text; None if nothing divides it."""
    sample = text[:_SAMPLE_CHARACTERS]
    for separator in ("\t", ","):
        if _has_pairs(text, separator):
            return Layout(separator, ";")
    best, best_score = "", 0.0
    for separator in _LIKELY:
        if separator not in sample:
            continue
        rows = list(islice(split_rows(path, sample, Layout(separator)), _SAMPLE_ROWS))
        if not rows:
            continue
        if len(rows[0].cells) > 1 and is_header(rows[0].cells):
            return Layout(separator)
        widths = Counter(len(row.cells) for row in rows)
        width, times = max(widths.items(), key=lambda item: (item[0] > 1, item[1]))
        share = times / widths.total()
        score = share + (_TAB_BONUS if separator == "\t" else 0)
        # Definitions of Quizlet may have several lines.
        is_clear = share >= _MIN_SHARE or separator == "\t"
        if width >= _PAIR and is_clear and score > best_score:
            best, best_score = separator, score
    return Layout(best) if best else _find_written(sample)


def _has_pairs(text: str, separator: str) -> bool:
    """Tell whether semicolons stand between rows of two cells, as Quizlet can write them."""
    parts = [part for part in text.split(";") if part.strip()]
    lines = [part for part in text.splitlines() if part.strip()]
    return _PAIR <= len(parts) > len(lines) and all(part.count(separator) == 1 for part in parts)


def _split_unquoted(text: str, layout: Layout, line: int) -> Iterator[Row]:
    for part in text.split(layout.between):
        cells = [_clean(cell) for cell in part.split(layout.separator)]
        if any(cells):
            yield Row(line + part[: len(part) - len(part.lstrip())].count("\n"), cells)
        line += part.count("\n")


def _clean(cell: str) -> str:
    """Return a cell without spaces around it; one that shows nothing is empty."""
    cell = cell.strip()
    return cell if cell.isascii() or make_plain(cell).strip() else ""


def _find_written(sample: str) -> Layout | None:
    lines = [line for line in sample.splitlines()[:_SAMPLE_ROWS] if line.strip()]
    for separator in _WRITTEN:
        if len(lines) >= _PAIR and all(separator in line.strip()[1:-1] for line in lines):
            return Layout(separator, at_most=_PAIR)
    return None


def _make_pattern(separator: str) -> re.Pattern[str]:
    mark = re.escape(separator)
    plain = rf"[^{mark}\n]*+" if len(separator) == 1 else rf"(?:(?!{mark})[^\n])*+"
    end = rf"{mark}|\n|\Z"
    return re.compile(rf'(?:[ ]*+"((?:[^"]++|"")*+)"[ ]*+(?={end})|({plain}))({end})')
