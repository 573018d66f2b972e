"""Markdown → HTML and its problems."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from cardwright.diagnostic import TextProblem
from cardwright.markdown.cloze import find_misplaced, report_crossing, scan_deletions
from cardwright.markdown.escape import drop_control, neutralise
from cardwright.markdown.evident import write_evident_block, write_evident_line
from cardwright.markdown.highlight import highlight
from cardwright.markdown.marks import mark_deletions, place_deletions, unmark
from cardwright.markdown.rendered import Rendered
from cardwright.markdown.tags import report_tags
from cardwright.markdown.visible import (
    Comparer,
    find_empty_gaps,
    report_nothing,
    shows_nothing,
)
from cardwright.markdown.write import Page, write_tokens

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

PLAIN_ADDRESS: Final = re.compile(
    r"https?://(?![a-z0-9.-]{254})[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9._~/-]*)?"
)
"""Most addresses of links, in which there is nothing to normalize."""


class Converter:
    """Converts texts one by one."""

    def __init__(self, *, highlights: bool) -> None:
        """Make a parser when the first text needs it."""
        self._highlight = highlight if highlights else _write_code

    @cached_property
    def _parser(self) -> MarkdownIt:
        from cardwright.markdown.parser import make_parser  # noqa: PLC0415  (slow)

        return make_parser()

    @cached_property
    def _comparer(self) -> Comparer:
        from cardwright.markdown.parser import make_parser  # noqa: PLC0415  (slow)

        return Comparer(make_parser())

    def convert_block(self, text: str, *, is_bare: bool = False) -> Rendered:
        """Convert a text with paragraphs, lists, tables and code."""
        return self._finish_plain(text, drop_control(text), block=True, is_bare=is_bare)

    def convert_inline(self, text: str, *, is_bare: bool = False) -> Rendered:
        """Convert a line without a surrounding paragraph."""
        return self._finish_plain(text, drop_control(text).strip(), block=False, is_bare=is_bare)

    def _finish_plain(self, text: str, source: str, *, block: bool, is_bare: bool) -> Rendered:
        page = self._make_page(is_bare=is_bare)
        if (write_evident_block if block else write_evident_line)(page, source):
            return _finish(text, page, neutralise("".join(page.parts)), [])
        parse = self._parser.parse if block else self._parser.parseInline
        tokens = parse(source)
        self._write(page, tokens)
        if "{{" in text:
            page.problems += find_misplaced(tokens)

        def render(other: str) -> str:
            return "".join(self._write(self._make_page(is_bare=False), parse(other)).parts)

        lost = self._comparer.compare(source, render, block=block)
        return _finish(text, page, neutralise("".join(page.parts)), lost)

    def convert_cloze(self, text: str, *, is_bare: bool = False) -> Rendered:
        """Convert a text with cloze deletions."""
        source = drop_control(text)
        places, problems = scan_deletions(source)
        marked = mark_deletions(source, places)

        def restore(piece: str) -> str:
            return unmark(piece, source, places)

        page = self._make_page(restore, is_bare=is_bare)
        is_evident = write_evident_block(page, marked)
        if not is_evident:
            self._write(page, self._parser.parse(marked))
        html, crossing = place_deletions(neutralise("".join(page.parts)), places)
        page.problems[:0] = (
            *problems,
            *(report_crossing(source, places[index], what) for index, what in crossing.items()),
        )
        kept = [place for index, place in enumerate(places) if index not in crossing]
        page.problems += find_empty_gaps(html, source, kept)
        lost: list[TextProblem] = []
        if not is_evident:
            render = self._show_cloze
            lost = self._comparer.compare(source, render, block=True, marked=marked, unmark=restore)
        return _finish(text, page, html, lost)

    def _show_cloze(self, source: str) -> str:
        places, _ = scan_deletions(source)
        page = self._make_page(is_bare=False)
        self._write(page, self._parser.parse(mark_deletions(source, places)))
        return place_deletions("".join(page.parts), places)[0]

    def _make_page(self, restore: Callable[[str], str] = str, *, is_bare: bool) -> Page:
        page = Page(normalize_address, restore, self._highlight)
        if is_bare:
            from cardwright.markdown.bare import BARE  # noqa: PLC0415  (rare)

            page.layout = BARE
        return page

    def _write(self, page: Page, tokens: list[Token]) -> Page:
        if page.layout is None:
            write_tokens(page, tokens)
        else:
            from cardwright.markdown.bare import space_paragraphs  # noqa: PLC0415  (rare)

            write_tokens(page, space_paragraphs(tokens))
        if page.tags:
            page.problems.append(report_tags(page.tags))
        return page


def _finish(text: str, page: Page, html: str, lost: list[TextProblem]) -> Rendered:
    problems = page.problems
    if shows_nothing(html) and text.strip():
        # An image that cannot be shown is the better reason.
        if not any(problem.code == "bad-link" for problem in problems):
            problems.append(report_nothing(text))
    else:
        problems += lost
    # A text may have lost control characters.
    quoted = (
        problem if problem.quote in text else replace(problem, quote="", start=-1)
        for problem in problems
    )
    return Rendered(
        drop_control(html),
        tuple(dict.fromkeys(quoted)) if problems else (),
        tuple(dict.fromkeys(page.media)) if page.media else (),
    )


def normalize_address(address: str) -> str:
    """Return the address of a link with characters other than those of addresses encoded."""
    if PLAIN_ADDRESS.fullmatch(address):
        return address
    from markdown_it.common.normalize_url import normalizeLink  # noqa: PLC0415  (slow)

    return str(normalizeLink(address))


def _write_code(code: str, _language: str) -> str:
    return highlight(code, "")
