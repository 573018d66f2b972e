"""HTML → Markdown whose rendering shows the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

from cardwright.diagnostic import SEVERITIES
from cardwright.html.build import Flow, read_flow, read_text
from cardwright.html.compare import write_normal
from cardwright.html.flow import GAPS, Box, Item, Line, list_lines, tidy
from cardwright.html.inline import InlineWriter, Manner, list_manners
from cardwright.html.parse import TooLargeError
from cardwright.html.reduce import (
    FindMedia,
    Reduction,
    drop_empty_gaps,
    flatten_to_lines,
    is_seen,
)
from cardwright.html.style import BOLD, ITALIC, LINK, STRUCK, SUB, SUP
from cardwright.html.write import BlockWriter, Context, balance

if TYPE_CHECKING:
    from cardwright.markdown.convert import Converter
    from cardwright.markdown.rendered import Rendered

_SIMPLE: Final = re.compile(r"[^\W\d_](?:[^\W_]|[,;?/–—’“”…](?! )|[ ,;?!.](?! ))*")
_LINE_START: Final = re.compile(r"\s*(?:[-+*>=#~`|:]|[0-9]{1,9}[.)])")
_ALWAYS_RISKY: Final = frozenset("\\`*_<&~^${|!=")
_NO_GAP: Final = "this text has no gap"
_MAX_SINGLE_TRIALS: Final = 12
_MAX_LENGTH: Final = 100_000
"""Longer texts, in characters that are seen, would take long to write, and each time to read."""
_BUDGET: Final = 100_000
"""How many characters are rendered for a paragraph or two that no manner fits."""
_COSTLY: Final = "*_`[<~^$"
"""Signs that take the parser longer."""
_COST: Final = 100
"""What rendering costs besides, in characters."""


class Layout(StrEnum):
    """How a field renders its Markdown."""

    INLINE = "inline"
    """One line."""
    BLOCK = "block"
    """Paragraphs are `<p>`, as in kinds of Cardwright's own."""
    BARE = "bare"
    """As Anki's editor writes it: no `<p>`, `<b>` and `<i>`; an empty line between paragraphs."""


@dataclass(frozen=True, slots=True)
class HtmlLoss:
    """Something that the Markdown of a text lacks."""

    what: str
    """As in `Loss.what`."""
    example: str


@dataclass(frozen=True, slots=True)
class Converted:
    """A text as Markdown."""

    markdown: str
    losses: tuple[HtmlLoss, ...]


def convert_html(
    html: str,
    layout: Layout,
    *,
    is_cloze: bool = False,
    find_media: Callable[[str], str | None] = lambda name: name,
    classes: Collection[str] = (),
) -> Converted:
    """Return a text as Markdown that renders the same in a field of this layout.

    `find_media` returns the path to write for a media file, by its name in the HTML; None if there
    is no such file. `classes` are those that the stylesheet of the note type names. Whatever the
    Markdown cannot express is in the losses, and its text is kept.

    Raises:
        TooLargeError: the text is longer than that of any note.

    """
    if _SIMPLE.fullmatch(html) and unicodedata.is_normalized("NFC", html):
        return Converted(html.rstrip(" "), ())
    try:
        flow = read_flow(html, is_cloze=is_cloze, classes=classes)
    except TooLargeError:
        flow = read_text(html, is_cloze=is_cloze)
    return _Conversion(layout, find_media, is_cloze=is_cloze).convert(flow)


class _Conversion:
    """The conversion of one text."""

    def __init__(self, layout: Layout, find_media: FindMedia, *, is_cloze: bool) -> None:
        self._layout = layout
        self._is_cloze = is_cloze
        self._reduction = Reduction(
            find_media,
            has_paragraphs=layout is Layout.BLOCK,
            has_plain_tables=layout is Layout.BARE,
        )
        self._lost: dict[str, str] = {}
        self._budget = 0
        self._replaced: dict[Line, Line] = {}
        """Simpler lines that were written for others."""

    def convert(self, flow: Flow) -> Converted:
        """Return the Markdown for what a text shows."""
        lines = list(list_lines(flow.root))
        length = sum(len(item.text) for line in lines for item in line)
        if length > _MAX_LENGTH:
            raise TooLargeError
        self._budget = _BUDGET + 4 * length + 3 * _COST * len(lines)
        for what, example in flow.losses:
            self._reduction.lose(what, example)
        if self._layout is Layout.INLINE:
            shown = flatten_to_lines(flow.root, self._reduction)
        else:
            shown = self._reduction.reduce_box(flow.root)
        if self._is_cloze:
            shown = drop_empty_gaps(shown, self._reduction)
        _drop_edges(shown)
        markdown = self._write_checked(shown) if is_seen(shown) else ""
        if not markdown and shown.children:
            self._reduction.lose("lines without text", "")
        losses = {**self._reduction.losses, **self._lost}
        return Converted(markdown, tuple(HtmlLoss(what, losses[what]) for what in losses))

    def _write_checked(self, shown: Box) -> str:
        """Write the text, and look whether it renders as it should."""
        harmless = first = ""
        attempts: tuple[tuple[str, Callable[[Box], Box], bool], ...] = (
            ("", lambda box: box, False),
            ("", lambda box: box, True),
            ("gap over several paragraphs", self._divide_gaps, False),
            ("layout of lines", lambda box: _as_text(self._divide_gaps(box)), True),
        )
        for what, change, is_forced in attempts:
            changed = change(shown)
            if what and not is_forced and changed == shown:
                continue
            self._lost, self._replaced = {}, {}
            markdown = self._write(changed, is_forced=is_forced)
            if self._is_right(markdown, changed):
                if what:
                    self._lost.setdefault(what, _first_words(shown))
                return markdown
            first = first or markdown
            if not harmless and not _has_errors(self._render(markdown)):
                harmless = markdown
        self._lost.setdefault("layout of lines", _first_words(shown))
        return harmless or first

    def _divide_gaps(self, shown: Box) -> Box:
        """Return boxes in which each gap is within its line."""
        if not self._is_cloze:
            return shown
        return drop_empty_gaps(_split_gaps(shown), self._reduction)

    def _write(self, shown: Box, *, is_forced: bool) -> str:
        def write_lines(lines: Sequence[Line], context: Context) -> str:
            return self._write_lines(lines, context, is_forced=is_forced)

        if self._layout is Layout.INLINE:
            lines = [child for child in shown.children if not isinstance(child, Box)]
            return write_lines(lines, Context("line"))
        writer = BlockWriter(write_lines, has_paragraphs=self._layout is Layout.BLOCK)
        return writer.write(shown)

    def _is_right(self, markdown: str, shown: Box) -> bool:
        """Tell whether Markdown renders as what is to be shown, without errors."""
        rendered = self._render(markdown)
        found = None if _has_errors(rendered) else self._read(rendered)
        if found is None:
            return False
        if self._replaced:
            shown = _replace_lines(shown, self._replaced)
        if self._layout is Layout.BLOCK:
            return write_normal(loosen(found.root)) == write_normal(loosen(shown))
        return not found.losses and write_normal(found.root) == write_normal(shown)

    def _read(self, rendered: Rendered) -> Flow | None:
        """Return what is shown of Markdown; None if that is too much to compare."""
        try:
            return read_flow(rendered.html, is_cloze=self._is_cloze)
        except TooLargeError:
            return None

    def _render(self, markdown: str) -> Rendered:
        converter = _get_converter()
        is_bare = self._layout is not Layout.BLOCK
        if self._is_cloze:
            return converter.convert_cloze(markdown, is_bare=is_bare)
        if self._layout is Layout.INLINE:
            return converter.convert_inline(markdown, is_bare=True)
        return converter.convert_block(markdown, is_bare=is_bare)

    def _write_lines(self, lines: Sequence[Line], context: Context, *, is_forced: bool) -> str:
        """Write a paragraph in the first manner in which it renders as it should."""
        for what, simplify in _SIMPLIFICATIONS:
            simpler = [simplify(line) for line in lines]
            if what and simpler == list(lines):
                continue
            written = self._try_manners(simpler, context, is_forced=is_forced)
            if written is not None and what:
                simpler, written = self._restore_some(lines, simpler, context, written)
                self._lost.setdefault(what, _line_text(lines))
                self._replaced.update(zip(lines, simpler, strict=True))
            if written is not None:
                return written
        # As plainly as possible; the whole is compared once more.
        last = [_keep_text(line) for line in lines]
        self._replaced.update(zip(lines, last, strict=True))
        return _write(last, Manner(), context, escape_all=True)[0]

    def _restore_some(
        self, lines: Sequence[Line], simpler: Sequence[Line], context: Context, written: str
    ) -> tuple[list[Line], str]:
        """Write those lines as they were in which that does no harm."""
        kept = list(simpler)
        places = [place for place, line in enumerate(lines) if line != simpler[place]]
        for place in places[:_MAX_SINGLE_TRIALS] if len(places) > 1 else ():
            more = [*kept[:place], lines[place], *kept[place + 1 :]]
            better = self._try_manners(more, context, is_forced=False)
            if better is not None:
                kept, written = more, better
        return kept, written

    def _try_manners(
        self, lines: Sequence[Line], context: Context, *, is_forced: bool
    ) -> str | None:
        can_check = balance(lines) == 0 and self._budget > 0
        manners = list(list_manners(lines))
        if not can_check or is_forced:
            manner = _FORCED if is_forced else manners[0]
            return _write(lines, manner, context, escape_all=is_forced)[0]
        expected = _expect(lines, context)

        def judge(manner: Manner) -> int:
            return self._rank(_write(lines, manner, context)[0], expected, context)

        best: tuple[int, Manner] = _UNEQUAL, manners[0]
        for choose in (None, _find_risky, _find_all):
            for manner in manners:
                signs = _write(lines, manner, context)[1] if choose else []
                tried = manner._replace(escapes=choose(signs, lines)) if choose else manner
                rank = judge(tried)
                if rank < best[0]:
                    best = rank, _drop_needless(tried, signs, judge, rank)
                if rank == 0:
                    return _write(lines, best[1], context)[0]
        return None if best[0] == _UNEQUAL else _write(lines, best[1], context)[0]

    def _rank(self, markdown: str, expected: str, context: Context) -> int:
        """Judge Markdown for a paragraph: 0 if it is right, 1 with warnings, 2 with errors."""
        self._budget -= len(markdown) + _COST + 10 * sum(map(markdown.count, _COSTLY))
        if self._budget < 0:
            return _UNEQUAL
        rendered = self._render_part(markdown, context)
        found = self._read(rendered)
        if found is None or write_normal(found.root) != expected:
            return _UNEQUAL
        if _has_errors(rendered):
            return 2
        return int(any(problem.message != _NO_GAP for problem in rendered.problems))

    def _render_part(self, markdown: str, context: Context) -> Rendered:
        converter = _get_converter()
        if context.kind == "li":
            markdown = f"- {markdown.replace(chr(10), chr(10) + '  ')}"
        elif context.kind[0] == "h":
            markdown = f"{'#' * int(context.kind[1:])} {markdown}"
        elif context.kind == "td":
            markdown = "| {} |\n|---|".format(markdown.replace("|", "\\|"))
        if self._is_cloze:
            return converter.convert_cloze(markdown, is_bare=True)
        if context.kind == "line":
            return converter.convert_inline(markdown, is_bare=True)
        return converter.convert_block(markdown, is_bare=True)


def _has_errors(rendered: Rendered) -> bool:
    return any(
        SEVERITIES[problem.code] == "error" and problem.message != _NO_GAP
        for problem in rendered.problems
    )


_UNEQUAL: Final = 3
_FORCED: Final = Manner(maths=2, are_hints_apart=True)
"""A manner that is never taken for another, with all signs escaped."""


def _drop_needless(
    manner: Manner, signs: Sequence[str], judge: Callable[[Manner], int], rank: int
) -> Manner:
    """Return a manner with only those backslashes and entities that are needed."""
    for sign in sorted({signs[place] for place in manner.escapes}):
        some = {place for place in manner.escapes if signs[place] == sign}
        fewer = manner._replace(escapes=manner.escapes - some)
        manner = fewer if judge(fewer) <= rank else manner
    if len(manner.escapes) <= _MAX_SINGLE_TRIALS:
        for place in sorted(manner.escapes, reverse=True):
            fewer = manner._replace(escapes=manner.escapes - {place})
            manner = fewer if judge(fewer) <= rank else manner
    for place in range(_MAX_SINGLE_TRIALS) if manner.shields else ():
        fewer = manner._replace(shields=manner.shields - {place})
        manner = fewer if judge(fewer) <= rank else manner
    return manner


@cache
def _get_converter() -> Converter:
    from cardwright.markdown.convert import Converter  # noqa: PLC0415  (slow, and few commands need it)

    return Converter(highlights=False)


def _write(
    lines: Sequence[Line], manner: Manner, context: Context, *, escape_all: bool = False
) -> tuple[str, list[str]]:
    """Return Markdown for lines, and the signs in it that could have a backslash."""
    line_break = "<br>" if context.is_line else "<br>\n"
    writer = InlineWriter(manner, line_break)
    text = writer.write(lines)
    if escape_all:
        everything = _find_all(writer.signs, lines)
        return InlineWriter(manner._replace(escapes=everything), line_break).write(
            lines
        ), writer.signs
    return text, writer.signs


def _find_risky(signs: Sequence[str], lines: Sequence[Line]) -> frozenset[int]:
    """Return the signs that Markdown may read as marks, where they stand."""
    chosen = {place for place, sign in enumerate(signs) if sign in _ALWAYS_RISKY}
    last = max((place for place, sign in enumerate(signs) if sign == "]"), default=-1)
    chosen |= {place for place, sign in enumerate(signs[: last + 1]) if sign == "["}
    count = 0
    for line in lines:
        text = _line_text([line])
        match = _LINE_START.match(text)
        first = count
        count += sum(1 for item in line if item.kind == "text" for c in item.text if c in _SIGNS)
        if match and first < len(signs):
            chosen.add(first)
    return frozenset(chosen)


_SIGNS: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def _find_all(signs: Sequence[str], lines: Sequence[Line]) -> frozenset[int]:
    r"""Return all signs that may have a backslash: `\(` begins a formula."""
    more = (place for place, sign in enumerate(signs) if sign in "#>}+-:.")
    return _find_risky(signs, lines).union(more)


def _expect(lines: Sequence[Line], context: Context) -> str:
    """Return the normal form of a paragraph where it stands."""
    box = Box("root", list(lines))
    if context.kind == "li":
        box = Box("root", [Box("ul", [Box("li", list(lines))])])
    elif context.kind[0] == "h":
        box = Box("root", [Box(context.kind, list(lines))])
    elif context.kind == "td":
        box = Box("root", [Box("table", [Box("tr", [Box("th", list(lines))])])])
    return write_normal(box)


def _scripts_as_text(line: Line) -> Line:
    """Write sub- and superscripts with signs that Markdown does not read."""
    items: list[Item] = []
    for item in line:
        script = item.style & {SUB, SUP}
        text = item.text
        if script and item.kind == "text":
            mark = "^" if SUP in script else "_"
            text = f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"
        items.append(item._replace(text=text, style=item.style - script))
    return tidy(items)


def _without(*marks: str) -> Callable[[Line], Line]:
    def simplify(line: Line) -> Line:
        return tidy(item._replace(style=item.style.difference(marks)) for item in line)

    return simplify


def _without_links(line: Line) -> Line:
    return tidy(
        item._replace(style=frozenset(m for m in item.style if not m.startswith(LINK)))
        for item in _without(BOLD, ITALIC, STRUCK)(line)
    )


def _keep_text(line: Line) -> Line:
    return tidy(item._replace(style=frozenset()) for item in _scripts_as_text(line))


_SIMPLIFICATIONS: Final[tuple[tuple[str, Callable[[Line], Line]], ...]] = (
    ("", lambda line: line),
    ("superscript or subscript", _scripts_as_text),
    ("italic part of a word", _without(ITALIC)),
    ("bold part of a word", _without(BOLD)),
    ("emphasis within a word", _without(BOLD, ITALIC, STRUCK)),
    ("link", _without_links),
    ("marks of text", _keep_text),
)


def _as_text(root: Box) -> Box:
    """Return the lines of a text without any blocks and marks."""
    lines: list[Line] = []
    for child in root.children:
        if not isinstance(child, Box):
            lines.append(_keep_text(child))
        elif child.kind == "pre":
            lines += ((Item("text", text),) for text in child.text.split("\n") if text)
        else:
            lines += (child for child in _as_text(child).children if not isinstance(child, Box))
    return Box("root", [tidy(line) for line in lines])


def loosen(root: Box) -> Box:
    """Return boxes in which it makes no difference how much space is between paragraphs."""
    loose = Box(root.kind, text=root.text, info=root.info if root.kind != "pre" else "")
    children = loose.children
    before = ""
    for child in root.children:
        if isinstance(child, Box) and child.kind == "p":
            inner = loosen(child).children
            if inner:
                _divide(children)
                children += inner
                before = "p"
        elif isinstance(child, Box):
            _trim(children)
            children.append(loosen(child))
            before = child.kind
        else:
            if before == "p" and child:
                _divide(children)
            if child or (children and children[-1] != ()):
                children.append(child)
            before = "line"
    _trim(children)
    if root.kind == "root" or children:
        while children and children[0] == ():
            children.pop(0)
    loose.children = [c for i, c in enumerate(children) if not _is_extra(children, i)]
    return loose


def _is_extra(children: Sequence[Line | Box], index: int) -> bool:
    """Tell whether an empty line stands beside a block."""
    if children[index] != ():
        return False
    return index > 0 and isinstance(children[index - 1], Box)


def _divide(children: list[Line | Box]) -> None:
    if children and not isinstance(children[-1], Box) and children[-1] != ():
        children.append(())


def _trim(children: list[Line | Box]) -> None:
    while children and children[-1] == ():
        children.pop()


def _drop_edges(shown: Box) -> None:
    while shown.children and shown.children[-1] == ():
        shown.children.pop()


def _replace_lines(box: Box, replaced: dict[Line, Line]) -> Box:
    """Return a box with other lines for some."""
    children = [
        _replace_lines(child, replaced) if isinstance(child, Box) else replaced.get(child, child)
        for child in box.children
    ]
    return Box(box.kind, children, box.text, box.info)


def _split_gaps(root: Box) -> Box:
    """Return boxes in which each gap is within its line."""
    open_gaps: list[Item] = []

    def split_line(line: Line) -> Line:
        items: list[Item] = [*open_gaps, *line] if line else []
        for item in line:
            if item.kind == "open":
                open_gaps.append(item._replace(style=frozenset()))
            elif item.kind == "close" and open_gaps:
                open_gaps.pop()
        if line:
            items += (Item("close", "") for _ in open_gaps)
        return tuple(_drop_empty_gaps(items))

    def split_box(box: Box) -> Box:
        children = [
            split_box(child) if isinstance(child, Box) else split_line(child)
            for child in box.children
        ]
        return Box(box.kind, children, box.text, box.info)

    return split_box(root)


def _drop_empty_gaps(items: list[Item]) -> list[Item]:
    """Remove gaps without an answer."""
    kept: list[Item] = []
    for item in items:
        if item.kind == "close" and kept and kept[-1].kind == "open":
            kept.pop()
        else:
            kept.append(item)
    return kept


def _line_text(lines: Sequence[Line]) -> str:
    return " ".join("".join(item.text for item in line if item.kind not in GAPS) for line in lines)[
        :60
    ]


def _first_words(root: Box) -> str:
    return _line_text(list(list_lines(root))[:3])
