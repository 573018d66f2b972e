"""The rows of a table: its encoding, its separators, and the names of its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cardwright.adopt.columns import is_header
from cardwright.adopt.delimited import Layout, Row, find_layout, split_rows
from cardwright.adopt.error import AdoptError
from cardwright.adopt.gaps import GAP
from cardwright.adopt.head import COMMENT, Head, read_head
from cardwright.adopt.text_file import MAX_NOTES, read_text
from cardwright.incoming import LossCounter


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table, in memory."""

    path: Path
    head: Head
    names: list[str]
    """The names of the columns; none if the table does not tell."""
    rows: list[Row]
    """At least one."""
    losses: LossCounter


def read_rows(path: Path, *, separator: str = "", wanted: Sequence[str] = ()) -> Rows:
    """Read the rows of a table.

    `separator` stands between cells; `wanted` are names of columns that it should have.

    Raises:
        FileNotFoundError: there is none.
        ForeignFileError: it cannot be read.
        AdoptError: there are no rows, too many, or nothing that separates cells.

    """
    losses = LossCounter()
    content = read_text(path, follow_link=True)
    if content.guessed:
        what = f"characters, if the encoding ({content.guessed}) was guessed wrongly"
        losses.add(what, f"{path.name}:1")
    if content.dropped:
        losses.add("control characters", f"{path.name}:1", count=content.dropped)
    head = read_head(content.text)
    text = content.text[head.size :]
    layout = _find_layout(path, text, head, separator)
    rows = list(islice(split_rows(path, text, layout, head.lines + 1), MAX_NOTES + 2))
    if len(rows) > MAX_NOTES + 1:
        message = f"{path.name} has more than {MAX_NOTES:,} rows"
        raise AdoptError(message, help="divide it into several files")
    names = head.names
    if not names and not head.is_anki and rows and is_header(rows[0].cells, wanted):
        names = rows.pop(0).cells
    if not rows:
        raise AdoptError(f"{path.name} has no rows")
    if not names and not head.is_anki and layout.separator == "\t":
        rows = _join_lines(path, rows, losses)
    return Rows(path, head, [" ".join(name.split()) for name in names], rows, losses)


def _find_layout(path: Path, text: str, head: Head, separator: str) -> Layout:
    layout: Layout | None
    separator = separator.replace("\\t", "\t") or head.separator
    if separator:
        layout = Layout(separator)
    elif not text.strip():
        raise AdoptError(f"{path.name} has no rows")
    elif "\t" not in text and all(map(GAP.search, filter(str.strip, text.splitlines()))):
        layout = Layout("\t")
    else:
        layout = find_layout(path, text)
    if layout is None:
        raise AdoptError(
            f"{path.name}: there is nothing that separates questions from answers",
            help="separate them with tabs, commas or semicolons, or name what does: "
            "--map 'separator= / '",
        )
    return layout._replace(comment=COMMENT) if head.is_anki else layout


def _join_lines(path: Path, rows: list[Row], losses: LossCounter) -> list[Row]:
    """Add lines without a tab to the text above them: Quizlet does not quote lines."""
    if set(Counter(len(row.cells) for row in rows)) != {1, 2}:
        return rows
    joined: list[Row] = []
    for row in rows:
        if len(row.cells) == 1 and joined and len(joined[-1].cells) > 1:
            joined[-1].cells[1] += f"\n{row.cells[0]}"
            what = "lines without a tab, which were added to the text above"
            losses.add(what, f"{path.name}:{row.line}", row.cells[0])
        else:
            joined.append(row)
    return joined
