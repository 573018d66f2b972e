"""Tables → `Incoming`: text files of Anki, Quizlet and spreadsheets."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cardwright.adopt.beside import embed, find_beside, is_file_name, list_named
from cardwright.adopt.columns import (
    CLOZE,
    DECK,
    GUID,
    ID,
    IDENTITY,
    MEDIA,
    NOTE_TYPE,
    SEPARATOR,
    TAGS,
    find_columns,
    guess_columns,
    is_front,
)
from cardwright.adopt.decks import list_decks
from cardwright.adopt.delimited import Row
from cardwright.adopt.error import AdoptError, refuse
from cardwright.adopt.folder import make_writer
from cardwright.adopt.gaps import GAP
from cardwright.adopt.looks import looks_like_html
from cardwright.adopt.own_table import is_own, read_own_table
from cardwright.adopt.rows import Rows, read_rows
from cardwright.adopt.shapes import (
    Shape,
    choose_shape,
    has_gaps,
    make_own_shape,
    make_shape,
    read_cell,
)
from cardwright.incoming import Incoming, IncomingDeck, IncomingNote, Markup

_TAG_SEPARATOR: Final = re.compile(r"[,;]")


def read_table(path: Path, columns: Mapping[str, str] | None = None) -> Incoming:
    """Read a table; `columns` are those that the user named, see `columns.parse_map`.

    Raises:
        FileNotFoundError: there is none.
        ForeignFileError: it cannot be read.
        AdoptError: some rows are broken, or it cannot be told what the columns hold.

    """
    wanted = dict(columns or {})
    rows = read_rows(path, separator=wanted.pop(SEPARATOR, ""), wanted=list(wanted.values()))
    return read_own_table(rows) if is_own(rows) and not wanted else _Table(rows, wanted).read()


class _Table:
    """One table, in memory."""

    def __init__(self, table: Rows, wanted: Mapping[str, str]) -> None:
        self._path = table.path
        self._wanted = wanted
        self._losses = table.losses
        self._head = table.head
        self._rows, self._names = table.rows, table.names
        self._places = dict(self._head.places)
        """The columns that hold no field."""
        self._front = 0
        """The column of the first field."""
        self._shapes = self._find_shapes()
        """By note type; only one, at "", if all rows have the same."""
        self._is_html = self._judge_html()
        self._names_files = any(map(self._has_file, self._rows))
        """Whether some cells are the names of media files, and nothing else."""

    def read(self) -> Incoming:
        if problems := list(self._find_problems()):
            raise refuse(problems)
        media = self._find_media()
        decks = list_decks(map(self._read_deck, self._rows))
        return Incoming(
            name=self._path.stem,
            markup=Markup.HTML if self._is_html or self._names_files else Markup.PLAIN,
            types={shape.type.key: shape.type for shape in self._shapes.values()},
            decks={name: IncomingDeck(name=name) for name in decks},
            read_notes=self._read_notes,
            media=list(media),
            write_media=make_writer(media),
            note_count=len(self._rows),
            losses=self._losses.list_losses(),
        )

    def _find_shapes(self) -> dict[str, Shape]:
        width = max(len(row.cells) for row in self._rows)
        try:
            named = find_columns(self._wanted, self._names, width)
        except ValueError as error:
            raise AdoptError(f"{self._path.name}: {error}") from None
        known = guess_columns(self._names)
        for name in IDENTITY:
            index = known.pop(name, None)
            if index is not None and index not in named.values() and not self._head.is_anki:
                self._places.setdefault(name, index)
        self._places |= {name: named.pop(name) for name in IDENTITY if name in named}
        taken = self._places.values()
        columns = [i for i in range(len(self._names) or width) if i not in taken]
        if named:
            self._report_unused(set(columns) - set(named.values()))
            own = {name.capitalize(): index for name, index in named.items()}
            chosen = choose_shape("", self._rows, named)
            return {"": chosen or make_own_shape(self._path.stem, self._rows, own)}
        if not columns:
            raise AdoptError(
                f"{self._path.name}: every column says something about cards, but none is their text",
                help="name the columns with texts: --map front=COLUMN,back=COLUMN",
            )
        known = {name: index for name, index in known.items() if index in columns}
        self._front = next(
            (i for name, i in known.items() if is_front(name)),
            self._list_used(self._rows, columns)[0],
        )
        by_type: dict[str, list[Row]] = {}
        for row in self._rows:
            by_type.setdefault(self._read_type(row), []).append(row)
        return {
            name: self._make_shape(name, rows, known, columns) for name, rows in by_type.items()
        }

    def _make_shape(
        self, name: str, rows: list[Row], known: Mapping[str, int], columns: list[int]
    ) -> Shape:
        """Make the shape of rows that have the same note type."""
        used = self._list_used(rows, columns)
        if name not in ("", CLOZE):
            what = "note type: its templates and styles are not in the file"
            self._losses.add(what, self._place(rows[0].line), name)
        elif len(used) == 1 and not has_gaps(rows, used[0]):
            raise AdoptError(
                f"{self._path.name}: there is only one column",
                help="cards need a question and an answer, or gaps: {{c1::answer}}",
            )
        shape = make_shape(name or self._path.stem, rows, known, used, self._names)
        if self._head.is_anki and any(map(shape.list_missing, rows)):
            # In Anki, every field but the first may be empty.
            fields = zip(shape.type.fields, shape.places, strict=True)
            labels = {field.name.capitalize(): place for field, place in fields}
            return make_own_shape(name or self._path.stem, rows, labels)
        return shape

    @staticmethod
    def _list_used(rows: list[Row], columns: list[int]) -> list[int]:
        """Return the columns in which something is, or the first one."""
        used = [index for index in columns if any(read_cell(row, index) for row in rows)]
        return used or columns[:1]

    def _report_unused(self, columns: set[int]) -> None:
        for index in sorted(columns):
            name = self._names[index] if index < len(self._names) else ""
            for row in self._rows:
                if cell := read_cell(row, index):
                    self._losses.add(f"column `{name or index + 1}`", self._place(row.line), cell)

    def _find_problems(self) -> Iterator[str]:
        """Yield what is wrong with rows, each with its line."""
        seen: dict[tuple[str, str], int] = {}
        width = len(self._names)
        for row in self._rows:
            start = f"{self._place(row.line)}: "
            if width and any(row.cells[width:]):
                yield f"{start}{len(row.cells)} cells, but {width} columns have a name"
            for name in self._shape_of(row).list_missing(row):
                yield f"{start}no {name}"
            for name in (GUID, ID):
                value = self._read(row, name)
                if value and (line := seen.setdefault((name, value), row.line)) != row.line:
                    yield f"{start}the same {name} as in line {line:,}"

    def _find_media(self) -> dict[str, Path]:
        """Return the files that are named and there."""
        found: dict[str, Path] = {}
        for _, cell in self._list_cells():
            named = list_named(cell) if self._is_html or "[sound:" in cell else []
            if self._names_files and is_file_name(cell):
                named = [cell]
            for name in named:
                if name not in found and (path := find_beside(self._path, name)):
                    found[name] = path
        return found

    def _has_file(self, row: Row) -> bool:
        """Tell whether a row has the name of a file where one belongs, or of one that is there."""
        shape = self._shape_of(row)
        return any(
            is_file_name(cell)
            and (field.name in MEDIA or find_beside(self._path, cell) is not None)
            for field, cell in zip(shape.type.fields, shape.read_fields(row), strict=True)
        )

    def _read_notes(self) -> Iterator[IncomingNote]:
        for row in self._rows:
            shape = self._shape_of(row)
            tags = self._read(row, TAGS)
            yield IncomingNote(
                type=shape.type.key,
                fields=tuple(map(self._write, shape.read_fields(row))),
                place=self._place(row.line),
                deck=self._read_deck(row),
                guid=self._read(row, GUID) or None,
                id=self._read(row, ID),
                tags=(
                    *self._head.tags,
                    *(tags.split() if self._head.is_anki else _split_tags(tags)),
                ),
            )

    def _write(self, cell: str) -> str:
        """Return a cell as a field: HTML if the table is, or if some cells are names of files."""
        if self._is_html or not self._names_files:
            return cell
        return embed(cell) if is_file_name(cell) else html.escape(cell).replace("\n", "<br>")

    def _judge_html(self) -> bool:
        if self._head.is_html is not None:
            return self._head.is_html
        return looks_like_html(cell for _, cell in self._list_cells())

    def _list_cells(self) -> Iterator[tuple[Row, str]]:
        """Yield the cells that are fields."""
        for row in self._rows:
            for cell in self._shape_of(row).read_fields(row):
                yield row, cell

    def _shape_of(self, row: Row) -> Shape:
        return self._shapes.get(self._read_type(row)) or self._shapes[""]

    def _read_type(self, row: Row) -> str:
        """Return the name of a row's note type; texts with gaps have one of their own."""
        name = self._read(row, NOTE_TYPE) or self._head.note_type
        return name or (CLOZE if GAP.search(read_cell(row, self._front)) else "")

    def _read_deck(self, row: Row) -> str:
        name = self._read(row, DECK) or self._head.deck
        return "::".join(filter(None, map(str.strip, name.split("::"))))

    def _read(self, row: Row, name: str) -> str:
        return read_cell(row, self._places[name]) if name in self._places else ""

    def _place(self, line: int) -> str:
        return f"{self._path.name}:{line}"


def _split_tags(text: str) -> list[str]:
    """Return the tags in a cell of a spreadsheet: between commas or semicolons, or else spaces."""
    parts = _TAG_SEPARATOR.split(text) if _TAG_SEPARATOR.search(text) else text.split()
    return ["-".join(part.split()) for part in parts if part.strip()]
