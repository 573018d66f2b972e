"""The tree of HTML → boxes of lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from cardwright.html.elements import SPECIAL, drop_controls, find_formula
from cardwright.html.flow import Box, Item, make_lines, split_text
from cardwright.html.parse import Element, parse_html
from cardwright.html.scan import APART, Scan, scan_html
from cardwright.html.style import (
    BOLD,
    PLAIN,
    Style,
    extend_style,
    has_margins,
    read_declarations,
)

_INLINE_TEXT: Final = """
    a abbr acronym b bdi bdo big blink cite code data del dfn em font i ins kbd label mark
    meter nobr output progress q s samp small span strike strong sub sup time tt u var o:p
    st1:place picture map slot button select option textarea rb
"""
_INLINE: Final = frozenset(_INLINE_TEXT.split())
"""Elements that end no line; others unknown to browsers do not, either."""
_DIVISIONS_TEXT: Final = """
    div section article header footer main nav aside hgroup address center form fieldset
    figure figcaption details summary dialog dl dt dd search legend optgroup caption body
    html marquee listing
"""
_DIVISIONS: Final = frozenset(_DIVISIONS_TEXT.split())
_BOXES_TEXT: Final = """
    p ul ol menu dir li blockquote h1 h2 h3 h4 h5 h6 table tr td th
"""
_BOXES: Final = frozenset(_BOXES_TEXT.split())
_STYLED: Final = (
    "style",
    "href",
    "title",
    "color",
    "face",
    "size",
    "align",
    "dir",
    "bgcolor",
    "hidden",
)
_ALIGNMENTS: Final = frozenset({"left", "center", "right"})
_MAX_EXAMPLE: Final = 60


class _Frame(NamedTuple):
    """An element whose children are being read."""

    children: Iterator[Element | str]
    style: Style
    is_pre: bool
    leave: Callable[[], None] | None


@dataclass(slots=True)
class Flow:
    """What a text of HTML shows."""

    root: Box
    losses: list[tuple[str, str]] = field(default_factory=list)
    """What Markdown lacks and is not in the boxes, with examples."""


def read_flow(html: str, *, is_cloze: bool = False, classes: Collection[str] = ()) -> Flow:
    """Return what a text of HTML shows.

    Raises:
        TooLargeError: there are more tags, or deeper ones, than in any note.

    """
    scan = scan_html(html, is_cloze=is_cloze)
    return Builder(scan, frozenset(classes)).build()


def read_text(html: str, *, is_cloze: bool = False) -> Flow:
    """Return the text of HTML that is too large to parse, with its gaps, sounds and formulas."""
    from html import unescape  # noqa: PLC0415  (rare)

    scan = scan_html(re.sub(r"<[^<>]{0,10000}>", " ", html), is_cloze=is_cloze)
    flow = Flow(Box("root"), [("HTML that is too large", ""), *scan.losses])
    flow.root.children += make_lines([*split_text(unescape(scan.html), PLAIN, scan.stored)])
    return flow


class Builder:
    """Reads a tree into boxes."""

    def __init__(self, scan: Scan, classes: frozenset[str]) -> None:
        """`classes` are those of the stylesheet."""
        self._scan = scan
        self._classes = classes
        self._flow = Flow(Box("root"), list(scan.losses))
        self._boxes = [self._flow.root]
        self._items: list[Item] = []
        self._at_edge = False
        """Whether an element starts or ends between the last text and the next."""

    def build(self) -> Flow:
        """Read the tree."""
        root = parse_html(self._scan.html)
        frames = [_Frame(iter(root.children), PLAIN, is_pre=False, leave=None)]
        while frames:
            frame = frames[-1]
            node = next(frame.children, None)
            if node is None:
                frames.pop()
                self._at_edge = True
                if frame.leave is not None:
                    frame.leave()
            elif isinstance(node, str):
                self.add_text(node, frame.style, is_pre=frame.is_pre)
            else:
                self._at_edge = True
                entered = self._enter(node, frame)
                if entered is not None:
                    frames.append(entered)
        self.end_line()
        _drop_empty_end(self._flow.root)
        return self._flow

    def lose(self, what: str, example: str = "") -> None:
        """Note what Markdown lacks."""
        if what:
            shown = " ".join(self._scan.restore(example).split())
            self._flow.losses.append((what, shown[:_MAX_EXAMPLE]))

    def add_text(self, text: str, style: Style, *, is_pre: bool = False) -> None:
        """Add text in which Anki's syntax is marked."""
        text = drop_controls(text)
        if self._at_edge and self._items:
            last = self._items[-1]
            if last.kind == "text" and last.text[-1:] == "\\" and text[:1] in ("(", ")", "[", "]"):
                self._items.append(Item("text", APART, style))
        self._at_edge = False
        self._items += split_text(text, style, self._scan.stored, is_pre=is_pre)

    def add(self, item: Item) -> None:
        """Add something to the line."""
        self._items.append(item)

    def add_formula(self, kind: str, latex: str, style: Style) -> None:
        """Add a formula, `inline` or `block`."""
        mark = self._scan.store(kind, self.restore(latex))
        self._items += split_text(mark, style, self._scan.stored)

    def add_box(self, box: Box) -> None:
        """Add a block after the lines that precede it."""
        self.end_line()
        self._boxes[-1].children.append(box)

    def restore(self, text: str) -> str:
        """Return an attribute or code as it is in the note."""
        return self._scan.restore(text)

    def end_line(self) -> None:
        """End a line at the edge of a block."""
        if self._items:
            items = self._finish_gaps(self._items)
            self._boxes[-1].children += make_lines(items)
            self._items = []

    def _end_division(self) -> None:
        """End a line at the edge of a division: the start of a gap belongs to what follows it."""
        items = self._finish_gaps(self._items)
        self._items = items
        if not all(item.kind == "open" or _is_blank(item) for item in items):
            self.end_line()

    def _finish_gaps(self, items: list[Item]) -> list[Item]:
        """Put the ends of gaps into the line before, if a new one starts with them."""
        children = self._boxes[-1].children
        if not items or not children or isinstance(children[-1], Box):
            return items
        end = 0
        while end < len(items) and (items[end].kind == "close" or _is_blank(items[end])):
            end += 1
        closing = [item._replace(style=PLAIN) for item in items[:end] if item.kind == "close"]
        if not closing or not children[-1]:
            return items
        children[-1] = (*children[-1], *closing)
        return items[end:]

    def _enter(self, element: Element, frame: _Frame) -> _Frame | None:
        """Start an element; return None if its children need not be read."""
        name = element.name
        special = SPECIAL.get(name)
        if special is not None:
            special(self, element, frame.style)
            return None
        style = self.extend(element, frame.style)
        if self._read_copied(element, style):
            return None
        is_pre = _keeps_spaces(element, frame)
        if name in _BOXES:
            return self._enter_box(element, style, is_pre=is_pre)
        leave: Callable[[], None] | None = None
        if name in _DIVISIONS:
            self._end_division()
            leave = self._end_division
        elif name == "q":
            self.add(Item("text", "“", style))
            leave = partial(self.add, Item("text", "”", style))
        return _Frame(iter(element.children), style, is_pre, leave)

    def _read_copied(self, element: Element, style: Style) -> bool:
        """Read a formula as a web page shows it, by its LaTeX; tell whether there is one."""
        classes = element.attributes.get("class", "")
        if "katex" not in classes and "MathJax" not in classes:
            return False
        formula = find_formula(element)
        if formula:
            self.add_formula("block" if "display" in classes.lower() else "inline", formula, style)
        return bool(formula)

    def extend(self, element: Element, style: Style) -> Style:
        """Return the style of the text in an element."""
        given = element.attributes
        if not given and element.name in ("div", "span", "p", "li", "ul", "ol"):
            return style
        shown = tuple((name, given[name]) for name in _STYLED if name in given)
        style = extend_style(style, element.name, shown)
        if self._classes and (found := self._classes.intersection(given.get("class", "").split())):
            style |= {f"!class of the stylesheet\t{min(found)}"}
        return style

    def _enter_box(self, element: Element, style: Style, *, is_pre: bool) -> _Frame:
        name = element.name
        self.end_line()
        if name == "p" and not has_margins(element.attributes):
            return _Frame(iter(element.children), style, is_pre, self._end_division)
        kind = "ul" if name in ("menu", "dir") else name
        box = Box(kind)
        if kind in ("th", "h1", "h2", "h3", "h4", "h5", "h6"):
            # They are bold anyway.
            style -= {BOLD}
        if kind in ("td", "th"):
            box.text, style = self._read_alignment(element, style)
        self._describe_box(element, box)
        parent = self._boxes[-1]
        if kind in ("ul", "ol") and parent.kind in ("ul", "ol"):
            # A list right in a list looks like one in the item before it.
            before = parent.children[-1] if parent.children else None
            if isinstance(before, Box) and before.kind == "li":
                before.children.append(box)
            else:
                parent.children.append(box)
        else:
            parent.children.append(box)
        self._boxes.append(box)
        is_heading = kind == "th" or kind[0] == "h"
        is_text = kind == "p" or kind[0] == "h"

        def leave() -> None:
            self.end_line()
            self._boxes.pop()
            if is_text and not box.children and parent.children[-1] is box:
                parent.children.pop()
            if kind == "li":
                _drop_only_empty(box)

        return _Frame(
            iter(element.children), style - {BOLD} if is_heading else style, is_pre, leave
        )

    def _read_alignment(self, element: Element, style: Style) -> tuple[str, Style]:
        """Return the alignment of a cell, and the style of its text without it."""
        inner = self.extend(Element("td", element.attributes), PLAIN)
        own = [mark for mark in inner if mark.startswith("!alignment of text\t")]
        value = own[0].partition("\t")[2] if own else ""
        if value in _ALIGNMENTS:
            return value, style - set(own)
        return "", style

    def _describe_box(self, element: Element, box: Box) -> None:
        """Note what Markdown lacks of a block."""
        given = element.attributes
        if box.kind == "ol":
            start = given.get("start", "").strip()
            if re.fullmatch(r"[0-9]{1,9}", start) and int(start) != 1:
                box.text = str(int(start))
            if given.get("type", "1") != "1" or "reversed" in given:
                box.info = "numbers of a list"
        elif box.kind == "ul" and given.get("type", "disc").lower() != "disc":
            box.info = "marks of a list"
        elif box.kind == "li" and given.get("value"):
            box.info = "numbers of a list"
        elif box.kind == "table" and given.get("border", "0") not in ("0", ""):
            box.info = "border of a table"
        elif box.kind in ("td", "th") and _is_merged(given):
            box.info = "merged cells of a table"


def _keeps_spaces(element: Element, frame: _Frame) -> bool:
    """Tell whether spaces and line breaks are shown in an element."""
    if element.name in ("textarea", "listing", "xmp", "plaintext"):
        return True
    style = element.attributes.get("style", "")
    if "white-space" not in style.lower():
        return frame.is_pre
    for name, value in read_declarations(style):
        if name == "white-space":
            return value.startswith(("pre", "break-spaces"))
    return frame.is_pre


def _is_merged(given: dict[str, str]) -> bool:
    return any(
        given.get(name, "1").strip() not in ("1", "0", "") for name in ("colspan", "rowspan")
    )


def _is_blank(item: Item) -> bool:
    return item.kind == "text" and item.text.isspace()


def _drop_empty_end(root: Box) -> None:
    """Remove empty lines at the end of a text, which Anki's editor leaves there."""
    while root.children and root.children[-1] == ():
        root.children.pop()


def _drop_only_empty(box: Box) -> None:
    """Remove the line break that an editor puts into an empty item of a list."""
    if box.children == [()]:
        box.children = []
