"""A text of a YAML file in other words: as much as possible stays as it is written.

Every function yields candidates, the nearest to what is there first. Whoever calls reads them back.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import yaml

from cardwright.merge import Run, compare_words
from cardwright.project.compose import is_plain
from cardwright.text import to_nfc

_PIECE: Final = re.compile(r"\s+|\S+")
_ESCAPE: Final = re.compile(r"\\(?:x.{2}|u.{4}|U.{8}|\n[ \t]*|[^\n])", re.DOTALL)
_ESCAPED: Final = dict(
    zip("0abt\tnvfreN_LP", "\0\a\b\t\t\n\v\f\r\x1b\x85\xa0\u2028\u2029", strict=True)
)
_HEADER: Final = re.compile(r"([|>])([-+0-9]*)(.*)")
_MIN_WIDTH: Final = 80
_INDENT: Final = 2


class Replacement(NamedTuple):
    """Something to write instead of a part of a text."""

    start: int
    end: int
    text: str


class Place(NamedTuple):
    """Where a value is."""

    indent: int
    """The column of the key or the dash before it."""
    is_flow: bool
    """Whether it is within brackets, where there are no blocks."""


class _Piece(NamedTuple):
    """A word, or what is between two words."""

    value: str
    source: str


def rewrite_scalar(
    text: str, node: yaml.ScalarNode, end: int, old: str, new: str, place: Place
) -> Iterator[list[Replacement]]:
    """Yield ways to write `new` instead of the scalar of `node`, whose text is `old`.

    `end` is the index where it ends, as far as its text goes.
    """
    start = node.start_mark.index
    if node.style in {"|", ">"}:
        yield from _rewrite_block(text, node, old, new, place)
        return
    source = text[start:end]
    style = node.style or ""
    body = source[1:-1] if style else source
    is_wrapped = "\n" in source
    blocks = [] if place.is_flow else [_make_block(text, start, end, new, place)]
    if "\n" in new and "\n" not in old and blocks:
        yield from blocks
    merged = _merge(_align(body, old, style), new, style, " " * (place.indent + _INDENT))
    is_natural = style or is_plain(new.replace("\n", " ")) or not is_plain(old.replace("\n", " "))
    # Where there was no line break, one in single quotes would be hard to read.
    is_clear = "\n" not in new or "\n" in old or style == '"'
    if merged is not None and is_clear and is_natural:
        yield [Replacement(start, end, f"{style}{merged}{style}")]
    if is_wrapped and not style and "\n" not in new:
        yield [Replacement(start, end, new)]
    for written in write_scalar(new, first=style):
        yield [Replacement(start, end, written)]
    yield from blocks


def write_scalar(text: str, first: str = "") -> Iterator[str]:
    """Yield ways to write a text on one line, the plainest first or that with certain quotes."""
    single = "'{}'".format(text.replace("'", "''"))
    double = f'"{_escape(text)}"'
    is_simple = not set('"\\') & set(text)
    quoted = [double, single] if is_simple else [single, double]
    plain = [text] if is_plain(text) else []
    ways = {"": [*plain, *quoted], "'": [single, double], '"': [double, single]}[first]
    # Line breaks are kept only by escapes.
    yield from ways if "\n" not in text else [double]


def write_block(text: str, indent: int) -> str:
    """Return a text as a block, from its indicator on; the first character must not be a space."""
    margin = " " * indent
    return "|" + "".join(f"\n{margin}{line}" if line else "\n" for line in text.split("\n"))


def find_scalar_end(text: str, node: yaml.ScalarNode) -> int:
    """Return the index where a scalar ends: without the blank lines below a block."""
    start, end = node.start_mark.index, node.end_mark.index
    return start + len(text[start:end].rstrip()) if node.style in {"|", ">"} else end


def _make_block(text: str, start: int, end: int, new: str, place: Place) -> list[Replacement]:
    """Turn a scalar that is not a block into one; a comment behind it stays."""
    header, _, body = write_block(new, place.indent + _INDENT).partition("\n")
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    return [Replacement(start, end, header), Replacement(line_end, line_end, f"\n{body}")]


def _rewrite_block(
    text: str, node: yaml.ScalarNode, old: str, new: str, place: Place
) -> Iterator[list[Replacement]]:
    start, end = node.start_mark.index, find_scalar_end(text, node)
    head_end = text.find("\n", start, end)
    head_end = end if head_end < 0 else head_end
    header = _HEADER.match(text, start, head_end)
    body = text[head_end + 1 : end]
    digits = re.sub(r"\D", "", header[2] if header else "")
    lines = [line for line in body.split("\n") if line.strip()]
    indent = len(lines[0]) - len(lines[0].lstrip(" ")) if lines else place.indent + _INDENT
    if digits:
        indent = place.indent + int(digits)
    margin = " " * indent
    if lines:
        first = head_end + 1 + body.index(lines[0])
        aligned = _align(text[first + indent : end], old, node.style)
        merged = _merge(aligned, new, node.style, margin)
        if merged is not None:
            yield [Replacement(first + indent, end, merged)]
    width = max(_MIN_WIDTH, *map(len, lines)) if lines else _MIN_WIDTH
    if node.style == ">":
        yield [Replacement(head_end, end, f"\n{_fold(new, margin, width)}")]
    literal = write_block(new, indent).partition("\n")[2]
    yield [Replacement(start, start + 1, "|"), Replacement(head_end, end, f"\n{literal}")]
    if header:
        yield [
            Replacement(start, header.end(2), f'"{_escape(new)}"'),
            Replacement(head_end, end, ""),
        ]


def _align(source: str, value: str, style: str | None) -> list[_Piece] | None:
    """Return the pieces of a scalar's text, each as it is written; None if that cannot be told."""
    pieces = _PIECE.findall(value)
    found = _split_double(source) if style == '"' else _split(source, style)
    found = _strip(found)
    if [to_nfc(piece.value) for piece in found] == pieces:
        return found
    # Only white space differs from what is written: lines are joined.
    if style != '"' and len(found) == len(pieces):
        words = [
            piece._replace(value=text) if text.isspace() == piece.value.isspace() else None
            for piece, text in zip(found, pieces, strict=True)
        ]
        if all(
            word and (word.value.isspace() or word.value == to_nfc(piece.value))
            for word, piece in zip(words, found, strict=True)
        ):
            return [word for word in words if word]
    return None


def _strip(pieces: list[_Piece]) -> list[_Piece]:
    """Return pieces without the white space around them, which is not part of the text."""
    kept = list(pieces)
    for end in (0, -1):
        if len(kept) > 1 and kept[end].value.isspace():
            other = 1 if end == 0 else -2
            joined = (
                kept[end].source + kept[other].source
                if end == 0
                else kept[other].source + kept[end].source
            )
            kept[other] = kept[other]._replace(source=joined)
            del kept[end]
    return kept


def _split(source: str, style: str | None) -> list[_Piece]:
    return [
        _Piece(word.replace("''", "'") if style == "'" else word, word)
        for word in _PIECE.findall(source)
    ]


def _split_double(source: str) -> list[_Piece]:
    """Split the inside of double quotes into words, with their escapes."""
    pieces: list[_Piece] = []
    index = 0
    while index < len(source):
        match = _ESCAPE.match(source, index) if source[index] == "\\" else None
        if match:
            value, written = _unescape(match[0]), match[0]
        elif source[index] in " \t\n":
            gap = re.compile(r"[ \t\n]+").match(source, index)
            written = gap[0] if gap else source[index]
            breaks = written.count("\n")
            value = written if not breaks else " " if breaks == 1 else "\n" * (breaks - 1)
        else:
            value = written = source[index]
        index += len(written)
        same = pieces and (not value or value.isspace() == pieces[-1].value.isspace())
        if same:
            last = pieces.pop()
            value, written = last.value + value, last.source + written
        pieces.append(_Piece(value, written))
    return pieces


def _unescape(escape: str) -> str:
    code = escape[1]
    if code in "xuU":
        try:
            return chr(int(escape.lstrip("\\xuU"), 16))
        except ValueError:
            return ""
    return "" if code == "\n" else _ESCAPED.get(code, code)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")


def _merge(old: Sequence[_Piece] | None, new: str, style: str | None, margin: str) -> str | None:
    """Return a new text, in which the pieces that stay are as they were written."""
    if old is None:
        return None
    before = [to_nfc(piece.value) for piece in old]
    pieces = _PIECE.findall(new)
    made: list[str] = []
    for what, start, end, new_start, new_end in _compare(before, pieces):
        if what == "equal":
            made += (piece.source for piece in old[start:end])
        else:
            made += (_write_piece(piece, style, margin) for piece in pieces[new_start:new_end])
    return "".join(made)


def _compare(old: Sequence[str], new: Sequence[str]) -> Iterator[Run]:
    """Compare pieces that begin and end with a word: words first, then the white space between."""
    padded = [[*pieces, ""] for pieces in (old, new)]
    for what, start, end, new_start, new_end in compare_words(*padded, is_exact=True):
        yield what, start, min(end, len(old)), new_start, min(new_end, len(new))


def _write_piece(piece: str, style: str | None, margin: str) -> str:
    """Return a word, or the white space between two, in the style of a scalar."""
    match style:
        case "'":
            piece = piece.replace("'", "''")
        case '"':
            return _escape(piece)
    if "\n" not in piece:
        return piece
    breaks, rest = piece.count("\n"), piece[piece.rfind("\n") + 1 :]
    if style == "|":
        return _indent_gap(piece, margin)
    return "\n" * (breaks + 1) + margin + rest


def _indent_gap(gap: str, margin: str) -> str:
    """Return white space with line breaks; its last line continues, the others stay blank."""
    *lines, last = gap.split("\n")
    blank = [line and f"{margin}{line}" for line in lines[1:]]
    return "\n".join([lines[0], *blank, f"{margin}{last}"])


def _fold(text: str, margin: str, width: int) -> str:
    """Return a text as the lines of a folded block."""
    made = []
    for part in re.split(r"(\n+)", text):
        if part.startswith("\n"):
            made.append(f"{part}\n")
        elif part:
            lines = textwrap.wrap(
                part, width - len(margin), break_long_words=False, break_on_hyphens=False
            )
            made.append("\n".join(f"{margin}{line}" for line in lines))
    return "".join(made)
