"""What a text shows → what Markdown can show of it, and what is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final
from urllib.parse import unquote

from cardwright.html.flow import (
    GAPS,
    SOUNDS,
    Box,
    Item,
    Line,
    join_items,
    list_lines,
    read_link,
    tidy,
)
from cardwright.html.style import (
    BOLD,
    CODE,
    ITALIC,
    LACKING,
    LINK,
    PLAIN,
    STRUCK,
    SUB,
    SUP,
    Style,
    list_lacking,
)
from cardwright.markdown.characters import HAN, KANA
from cardwright.markdown.links import is_followable, is_web_address
from cardwright.markdown.maths import find_fault, find_reaching_command
from cardwright.text import INVISIBLE

_EMPHASIS: Final = frozenset({BOLD, ITALIC, STRUCK})
_MAX_LISTS: Final = 6
"""Lists and quotations within one another: the parser of Markdown reads a few more."""
_SCRIPT: Final = re.compile(
    r"[+−–-]{1,2}|[+−–-]?[A-Za-z0-9\u0370-\u03ff]{1,12}(?:[+−–-](?:[A-Za-z0-9\u0370-\u03ff]{1,12})?)?"
    r"|\([+−–-]?[A-Za-z0-9\u0370-\u03ff]{1,12}(?:[+−–-][A-Za-z0-9\u0370-\u03ff]{1,12})?\)"
)
_RUBY_BASE: Final = re.compile(
    rf"[^{{}}|\\<>=\n]{{0,60}}?[{HAN}{KANA}\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff][^{{}}|\\<>=\n]{{0,60}}"
)
_READING: Final = re.compile(r"[^{}|\\<>=\n]{1,60}")
_BRACKETED: Final = re.compile(r"[(\[].*[)\]]", re.DOTALL)
_UNSEEN: Final = re.compile(f"[\\s{INVISIBLE}\u200c\u200d\u2800\ufe0f]*")
_UNFIT: Final = re.compile(r"[<>\x00-\x1f\x7f-\x9f\\]")
FindMedia = Callable[[str], str | None]


@dataclass(slots=True)
class Reduction:
    """Reduces the boxes of one text."""

    find_media: FindMedia
    has_paragraphs: bool = False
    """Whether the field has `<p>`; else an empty line stands between paragraphs."""
    has_plain_tables: bool = True
    """Whether a table can be without a head."""
    losses: dict[str, str] = field(default_factory=dict)
    """Examples of what is lost, by what it is."""

    def lose(self, what: str, example: str) -> None:
        """Note a loss."""
        self.losses.setdefault(what, " ".join(example.split())[:60])

    def reduce_box(self, box: Box, depth: int = 0) -> Box:
        """Return a box as Markdown can show it."""
        reduced = Box(box.kind, text=box.text)
        if box.info and box.kind != "pre":
            self.lose(box.info, _first_text(box))
        elif box.kind == "pre":
            reduced.info = box.info
        before: Line | Box | None = None
        for child in box.children:
            if not isinstance(child, Box):
                if isinstance(before, Box) and before.kind == "p" and not self.has_paragraphs:
                    reduced.children.append(())
                reduced.children.append(self.reduce_line(child))
            elif child.kind == "p" and not self.has_paragraphs:
                self.lose(_SPACE, _first_text(child))
                if before is not None and not (isinstance(before, Box) and before.kind != "p"):
                    reduced.children.append(())
                reduced.children += self.reduce_box(child, depth).children
            else:
                reduced.children += self._reduce_child(child, box, depth)
            before = child
        return reduced

    def _reduce_child(self, child: Box, parent: Box, depth: int) -> Iterator[Line | Box]:
        kind = child.kind
        if kind in ("ul", "ol", "blockquote"):
            if depth >= _MAX_LISTS:
                self.lose("list or quotation that is nested too deep", _first_text(child))
                yield from map(self.reduce_line, list_lines(child))
                return
            if kind == "blockquote":
                yield from self._keep(self.reduce_box(child, depth + 1))
            elif parent.kind in ("ul", "ol"):
                # A list in a list without an item before it.
                self.lose("indentation of a list", _first_text(child))
                yield from self._reduce_list(child, depth).children
            else:
                yield from self._keep(self._reduce_list(child, depth))
        elif kind == "table":
            yield from self._reduce_table(child, depth)
        elif kind in ("tr", "td", "th") or (kind == "li" and parent.kind not in ("ul", "ol")):
            # They stand outside of a table or a list.
            self.lose("part of a table or a list", _first_text(child))
            yield from self.reduce_box(child, depth).children
        elif kind[0] == "h" and kind != "hr":
            heading = Box(kind)
            if any(True for _ in child.boxes()):
                self.lose("block in a heading", _first_text(child))
            heading.children += map(self.reduce_line, list_lines(child))
            yield heading
        else:
            yield self.reduce_box(child, depth)

    def _keep(self, box: Box) -> Iterator[Box]:
        """Yield a block unless there is nothing in it."""
        if is_seen(box):
            yield box
        else:
            self.lose(f"empty {_NAMES[box.kind]}", "")

    def _reduce_list(self, box: Box, depth: int) -> Box:
        """Return a list that has only items."""
        reduced = self.reduce_box(box, depth + 1)
        items: list[Line | Box] = []
        for child in reduced.children:
            if isinstance(child, Box) and child.kind == "li":
                items.append(child)
            else:
                self.lose("text of a list outside of its items", _first_text(Box("li", [child])))
                items.append(Box("li", [child]))
        reduced.children = items
        return reduced

    def _reduce_table(self, box: Box, depth: int) -> Iterator[Line | Box]:
        rows: list[Box] = []
        for child in _list_rows(box):
            if isinstance(child, Box) and child.kind == "tr":
                rows.append(child)
            elif isinstance(child, Box):
                yield from self._reduce_child(child, Box("root"), depth)
            else:
                yield self.reduce_line(child)
        if box.info:
            self.lose(box.info, _first_text(box))
        if rows:
            yield from self._keep(self._make_table(rows))

    def _make_table(self, rows: Sequence[Box]) -> Box:
        cells = [[self._reduce_cell(cell) for cell in row.boxes()] for row in rows]
        width = max(map(len, cells), default=1)
        if any(len(row) != width for row in cells):
            self.lose("merged cells of a table", _first_text(rows[0]))
        for row in cells:
            row.extend(Box("td") for _ in range(width - len(row)))
        has_head = bool(cells[0]) and all(cell.kind == "th" for cell in cells[0])
        for index, row in enumerate(cells):
            for cell in row:
                if cell.kind == "th" and not (index == 0 and has_head):
                    self.lose("head of a row", _first_text(cell))
                    cell.children = [_add_mark(line, BOLD) for line in list_lines(cell)]
                    cell.kind = "td"
        if not has_head and not self.has_plain_tables:
            self.lose("table without a head", _first_text(rows[0]))
            cells.insert(0, [Box("th") for _ in range(width)])
        self._align(cells)
        return Box("table", [Box("tr", list(row)) for row in cells])

    def _align(self, cells: Sequence[Sequence[Box]]) -> None:
        """Give each column the alignment that its cells agree on."""
        for column in zip(*cells, strict=True):
            aligned = {cell.text for cell in column if cell.children}
            shown = aligned.pop() if len(aligned) == 1 else ""
            for cell in column:
                if cell.text != shown and cell.children:
                    self.lose("alignment of text", _first_text(cell))
                cell.text = shown

    def _reduce_cell(self, cell: Box) -> Box:
        reduced = Box(cell.kind, text=cell.text)
        if cell.info:
            self.lose(cell.info, _first_text(cell))
        if any(True for _ in cell.boxes()):
            is_simple = all(box.kind == "p" for box in cell.boxes())
            what = _SPACE if is_simple else "block in the cell of a table"
            self.lose(what, _first_text(cell))
        for line in _flatten(cell):
            reduced.children.append(self.reduce_line(tidy(line)))
        while reduced.children and reduced.children[-1] == ():
            reduced.children.pop()
            self.lose("empty lines in the cell of a table", _first_text(cell))
        return reduced

    def reduce_line(self, line: Line) -> Line:
        """Return a line as Markdown can show it."""
        items = [self._reduce_item(item) for item in line]
        # A space that was underlined is none at the edge of a line any more.
        return tidy(self._reduce_scripts([item for item in items if item is not None]))

    def _reduce_item(self, item: Item) -> Item | None:
        if item.style:
            for what, value in list_lacking(item.style):
                self.lose(what, value or item.text)
            item = item._replace(style=self._reduce_style(item))
        if item.kind in ("image", "sound"):
            return self._reduce_media(item)
        if item.kind == "ruby":
            reading = item.data[0]
            if not (_RUBY_BASE.fullmatch(item.text) and _READING.fullmatch(reading)):
                self.lose("reading", f"{item.text} ({reading})")
                return Item("text", f"{item.text}({reading})" if reading else item.text, item.style)
            return item
        if item.kind == "maths":
            return self._reduce_formula(item)
        return item

    def _reduce_formula(self, item: Item) -> Item | None:
        """Return a formula, or its LaTeX as code if cards cannot contain it."""
        if not item.text.strip():
            return None
        if find_reaching_command(item.text) is not None:
            self.lose("formula whose commands act outside of it", item.text)
        elif find_fault(item.text) is not None:
            self.lose("formula that is not complete", item.text)
        else:
            return item
        return Item("text", " ".join(item.text.split()), item.style | {CODE})

    def _reduce_style(self, item: Item) -> Style:
        style = frozenset(mark for mark in item.style if not mark.startswith(LACKING))
        address, _ = read_link(style)
        if address and not (is_web_address(address) and is_followable(address)):
            self.lose("link that leads nowhere", address)
            style = frozenset(mark for mark in style if not mark.startswith(LINK))
        elif any(mark == LINK for mark in style):
            style -= {LINK}
        odd = style & {CODE, SUB, SUP}
        if odd and item.kind not in ("text", *GAPS):
            self.lose("code, subscript or superscript around what is no text", item.text)
        return style if item.kind in ("text", *GAPS) else style - odd

    def _reduce_media(self, item: Item) -> Item | None:
        name = item.text
        path = self.find_media(name)
        if path is None and "%" in name:
            path = self.find_media(unquote(name))
        if path is None or _UNFIT.search(path):
            self.lose("missing file", name)
            shown = (item.data[0] if item.data else "") or name
            return Item("text", shown, item.style)
        if item.kind == "sound" or path.rpartition(".")[2].lower() in SOUNDS:
            return Item("sound", path, item.style, item.data[:1])
        return item._replace(text=path)

    def _reduce_scripts(self, items: list[Item]) -> list[Item]:
        """Write sub- and superscripts that Markdown lacks as text."""
        items = list(_raise_gaps(items))
        reduced: list[Item] = []
        index = 0
        while index < len(items):
            script = items[index].style & {SUB, SUP}
            if not script:
                reduced.append(items[index])
                index += 1
                continue
            end = index
            while end < len(items) and items[end].style & {SUB, SUP} == script:
                end += 1
            reduced += self._reduce_script(items[index:end], script, reduced)
            index = end
        return reduced

    def _reduce_script(
        self, items: list[Item], script: Style, before: Sequence[Item]
    ) -> Iterator[Item]:
        text = "".join(item.text for item in items if item.kind == "text")
        style = frozenset.intersection(*(item.style for item in items)) - script
        around = before[-1].style if before else PLAIN
        is_text = CODE not in style and _is_closed(items)
        if len(script) == 1 and is_text and _SCRIPT.fullmatch(text) and before:
            inner = style & _EMPHASIS - around
            if inner or any(item.style - script != style for item in items):
                self.lose("emphasis in a subscript or superscript", text)
            yield from (item._replace(style=(style - inner) | script) for item in items)
            return
        self.lose("superscript" if SUP in script else "subscript", text)
        mark = "^" if SUP in script else "_"
        plain = [item._replace(style=item.style - script) for item in items]
        follows = bool(before) and before[-1].kind != "break" and before[-1].text[-1:].strip() != ""
        if not follows or _BRACKETED.fullmatch(text):
            yield from plain
        elif len(text) == 1:
            yield Item("text", mark, around & _EMPHASIS)
            yield from plain
        else:
            yield Item("text", f"{mark}(", around & _EMPHASIS)
            yield from plain
            yield Item("text", ")", around & _EMPHASIS)


def _raise_gaps(items: Sequence[Item]) -> Iterator[Item]:
    """Yield items in which a gap around nothing but a subscript is in it; so for a superscript."""
    for index, item in enumerate(items):
        inner = item
        if item.kind == "open" and [other.kind for other in items[index + 1 : index + 3]] == [
            "text",
            "close",
        ]:
            inner = items[index + 1]
        elif item.kind == "close" and [
            other.kind for other in items[max(index - 2, 0) : index]
        ] == [
            "open",
            "text",
        ]:
            inner = items[index - 1]
        yield item._replace(style=item.style | (inner.style & {SUB, SUP}))


def _is_closed(items: Sequence[Item]) -> bool:
    """Tell whether there are only text and whole gaps."""
    depth = 0
    for item in items:
        depth += {"open": 1, "close": -1}.get(item.kind, 0)
        if depth < 0 or item.kind not in ("text", "open", "close"):
            return False
    return depth == 0


def _list_rows(table: Box) -> Iterator[Line | Box]:
    yield from table.children


def _flatten(box: Box) -> Iterator[Line]:
    """Yield the lines of a box and those in it, with marks of lists."""
    for child in box.children:
        if not isinstance(child, Box):
            yield child
        elif child.kind == "li":
            for index, line in enumerate(_flatten(child)):
                yield line if index else (Item("text", "• "), *line)
        elif child.kind == "pre":
            for text in child.text.split("\n"):
                yield (Item("text", text, frozenset({CODE})),) if text.strip() else ()
        elif child.kind == "tr":
            yield tuple(_join_cells(child))
        elif child.kind != "hr":
            yield from _flatten(child)


def _join_cells(row: Box) -> Iterator[Item]:
    for index, cell in enumerate(row.boxes()):
        if index:
            yield Item("text", " | ")
        for number, line in enumerate(_flatten(cell)):
            if number:
                yield Item("text", " ")
            yield from line


def is_seen(box: Box) -> bool:
    """Tell whether there is anything to see in a box."""
    if box.kind == "pre":
        return not _UNSEEN.fullmatch(box.text)
    return any(
        is_seen(child) if isinstance(child, Box) else any(map(_is_item_seen, child))
        for child in box.children
    )


def _is_item_seen(item: Item) -> bool:
    return item.kind not in GAPS and _UNSEEN.fullmatch(item.text) is None


@dataclass(slots=True)
class _Gap:
    """A gap that is not closed yet."""

    places: set[tuple[int, int]]
    """Its marks, by the numbers of the line and the item."""
    is_answered: bool = False
    is_in_hint: bool = False


def drop_empty_gaps(root: Box, reduction: Reduction) -> Box:
    """Return boxes without gaps that have no answer; a hint stays as text."""
    lines = list(list_lines(root))
    dropped: set[tuple[int, int]] = set()
    gaps: list[_Gap] = []
    for place, item in (
        ((row, column), item) for row, line in enumerate(lines) for column, item in enumerate(line)
    ):
        if item.kind == "open":
            gaps.append(_Gap({place}))
        elif gaps and item.kind == "hint":
            gaps[-1].places.add(place)
            gaps[-1].is_in_hint = True
        elif gaps and item.kind == "close":
            gap = gaps.pop()
            if not gap.is_answered:
                dropped |= {*gap.places, place}
                reduction.lose("gap without an answer", "")
            elif gaps and not gaps[-1].is_in_hint:
                gaps[-1].is_answered = True
        elif gaps and not gaps[-1].is_in_hint and _is_item_seen(item):
            gaps[-1].is_answered = True
    return _drop_items(root, dropped, count()) if dropped else root


def _drop_items(box: Box, dropped: set[tuple[int, int]], rows: Iterator[int]) -> Box:
    children: list[Line | Box] = []
    for child in box.children:
        if isinstance(child, Box):
            children.append(_drop_items(child, dropped, rows))
        else:
            row = next(rows)
            kept = (item for column, item in enumerate(child) if (row, column) not in dropped)
            children.append(join_items(kept))
    return Box(box.kind, children, box.text, box.info)


def flatten_to_lines(root: Box, reduction: Reduction) -> Box:
    """Return a text as lines without blocks, for a field that is one line of Markdown."""
    lines: list[Line] = []
    before: Line | Box | None = None
    for child in root.children:
        if isinstance(child, Box):
            if child.kind != "p":
                name = _NAMES.get(child.kind, "heading")
                reduction.lose(f"{name} in a line", _first_text(child))
            else:
                reduction.lose(_SPACE, _first_text(child))
                if before is not None:
                    lines.append(())
            lines += map(tidy, _flatten(Box("root", [child])))
        else:
            if isinstance(before, Box) and before.kind == "p":
                lines.append(())
            lines.append(child)
        before = child
    return Box("root", list(map(reduction.reduce_line, lines)))


_SPACE: Final = "space around a paragraph"
_NAMES: Final = {
    "ul": "list",
    "ol": "list",
    "table": "table",
    "blockquote": "quotation",
    "pre": "code block",
    "hr": "horizontal line",
}


def _add_mark(line: Line, mark: str) -> Line:
    return tuple(item._replace(style=item.style | {mark}) for item in line)


def _first_text(box: Box) -> str:
    if box.kind == "pre":
        return box.text
    return next(
        (
            text
            for line in list_lines(box)
            if (text := "".join(item.text for item in line if item.kind == "text"))
        ),
        "",
    )
