"""Boxes of lines → Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cardwright.html.flow import Box, Line

_BREAK: Final = "<br>"
WriteLines = Callable[[Sequence[Line], "Context"], str]


@dataclass(frozen=True, slots=True)
class Context:
    """Where a paragraph stands."""

    kind: str = "p"
    """`p`, `li` for the first lines of an item, a heading, `td`, or `line`."""

    @property
    def is_line(self) -> bool:
        """Whether it must be on one line."""
        return self.kind not in ("p", "li")


PARAGRAPH: Final = Context()


def balance(lines: Sequence[Line]) -> int:
    """Return how many gaps are left open by lines."""
    return sum({"open": 1, "close": -1}.get(item.kind, 0) for line in lines for item in line)


class BlockWriter:
    """Writes the boxes of a text."""

    def __init__(self, write_lines: WriteLines, *, has_paragraphs: bool) -> None:
        """`write_lines` writes a paragraph; `has_paragraphs` tells whether fields have `<p>`."""
        self._write_lines = write_lines
        self._has_paragraphs = has_paragraphs
        self._open_gaps = 0

    def write(self, root: Box) -> str:
        """Return the Markdown of a text."""
        return "\n".join(self._write_children(root, is_root=True)).strip("\n")

    def _write_children(self, box: Box, *, is_root: bool = False) -> list[str]:
        """Return the lines of Markdown for what is in a box."""
        written: list[str] = []
        before = ""
        marker = ""
        for index, group in enumerate(groups := list(_group(box))):
            is_last = index == len(groups) - 1
            if isinstance(group, Box):
                alternate = before == group.kind and marker in ("-", ".")
                block, marker = self._write_box(group, alternate=alternate, is_root=is_root)
                before_kind, before = before, group.kind
                is_glued = (
                    before_kind == "text"
                    and box.kind == "li"
                    and (group.kind == "ul" or (group.kind == "ol" and not group.text))
                )
            else:
                context = Context("li") if box.kind == "li" and not written else PARAGRAPH
                block = self._write_group(group, context, is_last=is_last)
                before, is_glued = "text", False
            if not block:
                continue
            if written and not is_glued:
                written.append("")
            written += block
        return written

    def _write_group(self, lines: Sequence[Line], context: Context, *, is_last: bool) -> list[str]:
        """Write lines that follow one another, as paragraphs."""
        written: list[str] = []
        position = 0
        while position < len(lines):
            start = position
            while start < len(lines) and not lines[start]:
                start += 1
            empty = start - position
            end = start
            opened = self._open_gaps
            while end < len(lines) and (lines[end] or opened):
                opened += balance(lines[end : end + 1])
                end += 1
            while end > start and not lines[end - 1]:
                end -= 1
            is_between = bool(written)
            extra = empty - 1 if is_between else empty
            if self._has_paragraphs:
                extra = 0
            if end == start:
                # Only empty lines are left.
                if not is_last and not self._has_paragraphs:
                    count = empty + 1 if is_between else empty
                    self._append_breaks(written, count)
                break
            self._open_gaps += balance(lines[start:end])
            text = self._write_lines(lines[start:end], context if not written else PARAGRAPH)
            if written:
                written.append("")
            written += (_BREAK * max(extra, 0) + text).split("\n")
            position = end
        return written

    def _append_breaks(self, written: list[str], count: int) -> None:
        if written:
            written[-1] += _BREAK * count
        else:
            written.append(_BREAK * count)

    def _write_box(self, box: Box, *, alternate: bool, is_root: bool) -> tuple[list[str], str]:
        """Return the lines of a block, and the marker of a list."""
        written: list[str] = []
        marker = ""
        match box.kind:
            case "ul" | "ol":
                written, marker = self._write_list(box, alternate=alternate)
            case "blockquote":
                written = [f"> {line}".rstrip() for line in self._write_children(box)] or [">"]
            case "pre":
                written = _write_code(box)
            case "hr":
                written = ["---" if is_root else "***"]
            case "table":
                written = self._write_table(box)
            case "p":
                written = self._write_children(box, is_root=is_root)
            case _:
                written = self._write_heading(box)
        return written, marker

    def _write_heading(self, box: Box) -> list[str]:
        lines = [child for child in box.children if not isinstance(child, Box)]
        while lines and not lines[-1]:
            lines.pop()
        if not lines:
            return []
        self._open_gaps += balance(lines)
        level = int(box.kind[1:]) if box.kind[1:].isdigit() else 6
        return [f"{'#' * level} {self._write_lines(lines, Context(box.kind))}"]

    def _write_list(self, box: Box, *, alternate: bool) -> tuple[list[str], str]:
        written: list[str] = []
        number = int(box.text or "1")
        sign = ("*" if alternate else "-") if box.kind == "ul" else (")" if alternate else ".")
        is_loose = self._has_paragraphs and any(
            isinstance(child, Box) and child.kind == "p"
            for item in box.boxes()
            for child in item.children
        )
        for item in box.boxes():
            marker = sign if box.kind == "ul" else f"{number}{sign}"
            number += 1
            inner = self._write_children(item)
            indent = " " * (len(marker) + 1)
            if written and is_loose:
                written.append("")
            written.append(f"{marker} {inner[0]}".rstrip(" ") if inner else marker)
            written += (indent + line if line else "" for line in inner[1:])
        return written, sign

    def _write_table(self, box: Box) -> list[str]:
        rows = [[self._write_cell(cell) for cell in row.boxes()] for row in box.boxes()]
        first = next(box.boxes())
        cells = list(first.boxes())
        has_head = all(cell.kind == "th" for cell in cells)
        if not has_head:
            rows.insert(0, ["" for _ in cells])
        rules = [_RULES[cell.text] for cell in cells]
        rows.insert(1, rules)
        return [f"| {' | '.join(row)} |" for row in rows]

    def _write_cell(self, cell: Box) -> str:
        lines = [child for child in cell.children if not isinstance(child, Box)]
        if not any(lines):
            return ""
        self._open_gaps += balance(lines)
        return self._write_lines(lines, Context("td")).replace("|", "\\|")


_RULES: Final = {"": "---", "left": ":--", "center": ":-:", "right": "--:"}


def _group(box: Box) -> Iterator[Box | list[Line]]:
    """Yield the boxes in a box, and the lines between them together."""
    lines: list[Line] = []
    for child in box.children:
        if isinstance(child, Box):
            if lines:
                yield lines
                lines = []
            yield child
        else:
            lines.append(child)
    if lines:
        yield lines


def _write_code(box: Box) -> list[str]:
    runs = [len(run) for run in re.findall("`{3,}", box.text)]
    fence = "`" * max(3, max(runs, default=0) + 1)
    return [f"{fence}{box.info}", *box.text.split("\n"), fence]
