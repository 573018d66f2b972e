"""What HTML shows, as boxes of lines: the same for all HTML that looks the same.

A line break, a `<div>` and the start of a list end a line alike; spaces are collapsed as browsers do it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cardwright.html.scan import (
    APART,
    CLOSE,
    HINT,
    MARKS,
    OPEN,
    OPENED,
    STORED,
    STORED_END,
    find_formulas,
)
from cardwright.html.style import BOLD, CODE, ITALIC, LACKING, LINK, PLAIN, STRUCK, SUB, SUP, Style

SOUNDS_TEXT: Final = """
    mp3 m4a aac wav flac opus ogg oga amr 3gp spx wma aiff aif mka mp4 webm mkv mov avi mpg
    mpeg m4v ogv flv swf ogx
"""
SOUNDS: Final = frozenset(SOUNDS_TEXT.split())
"""The endings of sounds and videos."""


class Item(NamedTuple):
    """A piece of a line."""

    kind: str
    """`text`, `break`, `image`, `sound`, `ruby`, `maths`; `open`, `hint` and `close` of a gap."""
    text: str
    """Of an image or a sound, its address; of a formula, its LaTeX; of `open`, the numbers."""
    style: Style = PLAIN
    data: tuple[str, ...] = ()
    """Of an image, its description, width and title; of a sound, its description, if any; of `ruby`, the reading; of a formula, `block` or
    `inline`."""


Line = tuple[Item, ...]
_NOT_TEXT: Final = frozenset({"image", "sound", "maths"})
GAPS: Final = frozenset({"open", "hint", "close"})


@dataclass(slots=True)
class Box:
    """A block with lines and blocks in it."""

    kind: str
    """Its element: `p`, `ul`, `li`, `table`, `tr`, `td`, …; `pre` has its text in `text`."""
    children: list[Line | Box] = field(default_factory=list)
    text: str = ""
    """Of `pre`, the code; of `td` and `th`, the alignment; of `ol`, the first number if it is not 1."""
    info: str = ""
    """The language of `pre`; of others, what Markdown lacks."""

    def boxes(self) -> Iterator[Box]:
        """Yield the blocks directly in it."""
        return (child for child in self.children if isinstance(child, Box))


_SPACES: Final = re.compile("[ \t\n\f\r]+")
_EDGES: Final = re.compile("(?P<start>[ \xa0]*)(?P<core>.*?)(?P<end>[ \xa0]*)", re.DOTALL)
_PIECES: Final = re.compile(f"({OPEN}[0-9,]+{OPENED}|{HINT}|{CLOSE}|{STORED}[0-9]+{STORED_END})")
_UNSEEN_ON_SPACES: Final = (BOLD, ITALIC, SUB, SUP)
_SEEN_SORTS: Final = (
    "!underlined text	",
    "!line above text	",
    "!highlighted text	",
    "!coloured background	",
    "!border	",
)
"""What shows on spaces too."""
_MANY_SPACES: Final = re.compile(" {2,}|\t")


def split_text(
    text: str, style: Style, stored: Sequence[tuple[str, str]], *, is_pre: bool = False
) -> Iterator[Item]:
    """Yield the pieces of a text in which Anki's syntax is marked."""
    for piece in _PIECES.split(text) if any(mark in text for mark in MARKS) else (text,):
        first = piece[:1]
        if first == OPEN:
            yield Item("open", piece[1:-1], style)
        elif first == HINT:
            yield Item("hint", "", style)
        elif first == CLOSE:
            yield Item("close", "", style)
        elif first == STORED:
            kind, content = stored[int(piece[1:-1])]
            if kind == "sound":
                yield Item("sound", content, style)
            else:
                yield _make_formula(content, kind, style)
        elif piece and is_pre:
            yield from _split_lines(piece, style)
        elif piece:
            yield Item("text", piece, style)


def _split_lines(text: str, style: Style) -> Iterator[Item]:
    """Yield text whose spaces and line breaks are shown."""
    for index, line in enumerate(text.split("\n")):
        if index:
            yield Item("break", "\n")
        if line:
            kept = _MANY_SPACES.sub(
                lambda match: "\xa0" * (len(match[0]) - 1) + " ", line.expandtabs(4)
            )
            yield Item("text", kept, style)


def _make_formula(latex: str, display: str, style: Style) -> Item:
    joined = (
        latex.replace("\xa0", " ") if "%" in latex else _SPACES.sub(" ", latex.replace("\xa0", " "))
    )
    return Item("maths", joined.strip(), style, (display,))


def make_lines(items: list[Item]) -> list[Line]:
    """Return the lines of what stands between the edges of blocks."""
    items = list(_find_formulas(items))
    if any(item.kind in GAPS for item in items):
        items = _style_gaps(items)
    lines: list[list[Item]] = [[]]
    for item in items:
        if item.kind == "break":
            lines.append([])
        else:
            lines[-1].append(item)
    if not any(_is_seen(item) for item in lines[-1]):
        # Nothing follows the last line break. Gaps must not be lost.
        rest = [item for item in lines.pop() if item.kind in GAPS]
        if rest and lines:
            lines[-1] += rest
        elif rest:
            lines.append(rest)
    return [tidy(map(_clear_code, line)) for line in lines]


def _clear_code(item: Item) -> Item:
    """Remove from images, sounds and formulas what shows on text only."""
    return item._replace(style=item.style - {CODE}) if item.kind in _NOT_TEXT else item


def _is_seen(item: Item) -> bool:
    if item.kind == "text":
        return bool(_SPACES.sub("", item.text).replace(APART, ""))
    return item.kind not in GAPS


def _find_formulas(items: Sequence[Item]) -> Iterator[Item]:
    """Yield the items with formulas for MathJax as items of their own, and without `APART`."""
    run: list[Item] = []
    for item in items:
        if item.kind in ("text", "break") and CODE not in item.style:
            run.append(item)
        else:
            yield from _find_in_run(run)
            run = []
            yield item._replace(text=item.text.replace(APART, "")) if item.kind == "text" else item
    yield from _find_in_run(run)


def _find_in_run(run: Sequence[Item]) -> Iterator[Item]:
    text = "".join(item.text for item in run) if len(run) != 1 else run[0].text
    starts = 0
    waiting = find_formulas(text)
    formula = next(waiting, None)
    for item in run:
        position, end = starts, starts + len(item.text)
        while formula is not None and formula.start < end:
            if formula.start >= position:
                if item.kind == "text":
                    yield from _cut(item, position - starts, formula.start - starts)
                latex = formula.latex.replace(APART, "")
                yield _make_formula(latex, formula.display, item.style)
            position = formula.end
            if formula.end > end:
                break
            formula = next(waiting, None)
        if position < end and item.kind == "text":
            yield from _cut(item, position - starts, len(item.text))
        elif position < end:
            yield item
        starts = end


def _cut(item: Item, start: int, stop: int) -> Iterator[Item]:
    text = item.text[start:stop].replace(APART, "")
    if text:
        yield item._replace(text=text)


@dataclass(slots=True)
class _Gap:
    """A gap that is not closed yet."""

    places: list[int]
    """The indices of its marks."""
    common: Style
    """What all in it have."""


def _style_gaps(items: Sequence[Item]) -> list[Item]:
    """Give the marks of each gap the style that everything in it has."""
    styled = list(items)
    gaps: list[_Gap] = []
    for index, item in enumerate(items):
        if item.kind == "open":
            gaps.append(_Gap([index], item.style))
        elif item.kind in GAPS:
            styled[index] = item._replace(style=PLAIN)
            if gaps:
                gaps[-1].places.append(index)
            if gaps and item.kind == "close":
                gap = gaps.pop()
                for place in gap.places:
                    styled[place] = styled[place]._replace(style=gap.common)
                if gaps:
                    gaps[-1].common &= gap.common
        elif gaps and item.kind != "break" and (item.kind != "text" or item.text.strip()):
            gaps[-1].common &= item.style
    for place in (place for gap in gaps for place in gap.places):
        styled[place] = styled[place]._replace(style=PLAIN)
    return styled


def tidy(items: Iterable[Item]) -> Line:
    """Return a line with its spaces collapsed, and texts of one style joined."""
    pieces: list[Item] = []
    after_space = True
    for item in items:
        if item.kind != "text":
            is_display = item.kind == "maths" and item.data == ("block",)
            if is_display:
                _strip_end(pieces)
            pieces.append(item)
            # Markdown drops spaces before a hint.
            after_space = is_display or item.kind == "hint" or (after_space and item.kind in GAPS)
            continue
        text = _SPACES.sub(" ", item.text)
        if after_space and text[:1] == " " and not _move_space(pieces):
            text = text[1:]
        if not text:
            continue
        after_space = text[-1] == " "
        match = _EDGES.fullmatch(text)
        if match is not None:
            pieces += (
                item._replace(text=part)
                for part in (match["start"], match["core"], match["end"])
                if part
            )
    _strip_start(pieces)
    _strip_end(pieces)
    return _join(_style_spaces(pieces))


def _move_space(pieces: list[Item]) -> bool:
    """Remove a space at the end of a gap, since there is one after the gap; tell whether there was."""
    index = len(pieces) - 1
    while index >= 0 and pieces[index].kind == "close":
        index -= 1
    if index < 0 or index == len(pieces) - 1 or pieces[index].text != " ":
        return False
    del pieces[index]
    return True


def _strip_start(pieces: list[Item]) -> None:
    """Remove spaces at the start of a line, of both sorts; they may stand in a gap."""
    index = 0
    while index < len(pieces):
        if _is_blank(pieces[index]):
            del pieces[index]
        elif pieces[index].kind in GAPS:
            index += 1
        else:
            return


def _strip_end(pieces: list[Item]) -> None:
    index = len(pieces) - 1
    while index >= 0:
        if _is_blank(pieces[index]):
            del pieces[index]
        elif pieces[index].kind not in GAPS:
            return
        index -= 1


def _is_blank(item: Item) -> bool:
    """Tell whether an item is a space in which nothing is seen."""
    if item.kind != "text" or item.text.strip(" \xa0"):
        return False
    return not any(mark in (CODE, STRUCK) or mark.startswith(_SEEN_SORTS) for mark in item.style)


def _style_spaces(pieces: Sequence[Item]) -> Iterator[Item]:
    """Give spaces the marks that are unseen on them if both neighbours have them."""
    for index, item in enumerate(pieces):
        if item.kind != "text" or item.text.strip(" \xa0"):
            yield item
            continue
        before = _find_neighbour(pieces, index, -1)
        after = _find_neighbour(pieces, index, 1)
        unseen = filter(_is_unseen, item.style)
        shared = filter(_is_unseen, before & after)
        yield item._replace(style=item.style.difference(unseen).union(shared))


def _is_unseen(mark: str) -> bool:
    """Tell whether a mark makes no difference to a space."""
    if mark.startswith(LACKING):
        return not mark.startswith(_SEEN_SORTS)
    return mark in _UNSEEN_ON_SPACES


def _find_neighbour(pieces: Sequence[Item], index: int, step: int) -> Style:
    """Return the style of the next item, before or after, that is seen."""
    for place in range(index + step, len(pieces) if step > 0 else -1, step):
        item = pieces[place]
        if item.kind != "text" or item.text.strip(" \xa0"):
            return item.style
    return PLAIN


def _join(items: Iterable[Item]) -> Line:
    joined: list[Item] = []
    for item in items:
        if joined and item.kind == joined[-1].kind == "text" and item.style == joined[-1].style:
            joined[-1] = item._replace(text=joined[-1].text + item.text)
        else:
            joined.append(item)
    return tuple(joined)


def join_items(items: Iterable[Item]) -> Line:
    """Return a line in which texts of one style are joined."""
    return _join(items)


def list_lines(box: Box) -> Iterator[Line]:
    """Yield all lines in a box and the boxes in it."""
    for child in box.children:
        if isinstance(child, Box):
            yield from list_lines(child)
        else:
            yield child


def read_link(style: Style) -> tuple[str, str]:
    """Return the address and the title of the link that a text is in, or two empty texts."""
    for mark in style:
        if mark.startswith(LINK):
            address, _, title = mark.removeprefix(LINK).partition("\t")
            return address, title
    return "", ""
