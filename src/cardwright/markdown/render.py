"""Markdown → HTML, rendering each text once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import unescape
from typing import TYPE_CHECKING, Final

from cardwright.diagnostic import TextProblem
from cardwright.markdown.cloze import find_misplaced, report_crossing, scan_deletions
from cardwright.markdown.escape import drop_control, escape_code, neutralise
from cardwright.markdown.marks import mark_deletions, place_deletions, unmark
from cardwright.markdown.tags import report_tags
from cardwright.markdown.visible import Comparer, find_empty_gaps, report_nothing, shows_nothing
from cardwright.markdown.write import Page, write_tokens

if TYPE_CHECKING:
    from markdown_it.token import Token

_IMAGE: Final = re.compile('(?<=<img src=")[^"]*')


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as HTML."""

    html: str
    problems: tuple[TextProblem, ...]
    images: tuple[str, ...]
    """The paths of its images as written, each once, in order."""


def replace_images(html: str, names: Mapping[str, str]) -> str:
    """Rename images; those not in `names` keep their paths."""

    def rename(match: re.Match[str]) -> str:
        name = names.get(unescape(match[0]))
        return match[0] if name is None else escape_code(name)

    return _IMAGE.sub(rename, html)


class Renderer:
    """Renders Markdown and remembers the results, so that checking and building share them."""

    def __init__(self) -> None:
        """Make the parser, which is slow to import."""
        from markdown_it.common.normalize_url import normalizeLink  # noqa: PLC0415

        from cardwright.markdown.parser import make_parser  # noqa: PLC0415

        self._parser = make_parser()
        self._normalize_link = normalizeLink
        self._comparer = Comparer(make_parser)
        self._known: dict[tuple[str, str], Rendered] = {}

    def render_block(self, text: str) -> Rendered:
        """Render a text with paragraphs, lists, tables and code."""
        return self._recall("block", text, self._make_block)

    def render_inline(self, text: str) -> Rendered:
        """Render a line without a surrounding paragraph; block syntax is plain text."""
        return self._recall("inline", text, self._make_inline)

    def render_cloze(self, text: str) -> Rendered:
        """Render a text with cloze deletions, for Anki's `cloze` filter."""
        return self._recall("cloze", text, self._make_cloze)

    def _recall(self, mode: str, text: str, make: Callable[[str], Rendered]) -> Rendered:
        known = self._known.get((mode, text))
        if known is None:
            known = self._known[mode, text] = make(text)
        return known

    def _make_block(self, text: str) -> Rendered:
        return self._finish_plain(text, drop_control(text), block=True)

    def _make_inline(self, text: str) -> Rendered:
        return self._finish_plain(text, drop_control(text).strip(), block=False)

    def _finish_plain(self, text: str, source: str, *, block: bool) -> Rendered:
        parse = self._parser.parse if block else self._parser.parseInline
        tokens = parse(source)
        page = self._write(tokens)
        if "{{" in text:
            page.problems += find_misplaced(tokens)
        lost = self._comparer.compare(
            source, lambda other: "".join(self._write(parse(other)).parts), block=block
        )
        return _finish(text, page, neutralise("".join(page.parts)), lost)

    def _make_cloze(self, text: str) -> Rendered:
        source = drop_control(text)
        places, problems = scan_deletions(source)
        marked = mark_deletions(source, places)

        def restore(piece: str) -> str:
            return unmark(piece, source, places)

        page = self._write(self._parser.parse(marked), restore)
        html, crossing = place_deletions(neutralise("".join(page.parts)), places)
        page.problems[:0] = (
            *problems,
            *(report_crossing(source, places[index], what) for index, what in crossing.items()),
        )
        kept = [place for index, place in enumerate(places) if index not in crossing]
        page.problems += find_empty_gaps(html, source, kept)
        lost = self._comparer.compare(
            source, self._show_cloze, block=True, marked=marked, unmark=restore
        )
        return _finish(text, page, html, lost)

    def _show_cloze(self, source: str) -> str:
        places, _ = scan_deletions(source)
        page = self._write(self._parser.parse(mark_deletions(source, places)))
        return place_deletions("".join(page.parts), places)[0]

    def _write(self, tokens: list[Token], restore: Callable[[str], str] = str) -> Page:
        page = Page(self._normalize_link, restore)
        write_tokens(page, tokens)
        if page.tags:
            page.problems.append(report_tags(page.tags))
        return page


def _finish(text: str, page: Page, html: str, lost: list[TextProblem]) -> Rendered:
    problems = page.problems
    if shows_nothing(html) and text.strip():
        problems.append(report_nothing(text))
    else:
        problems += lost
    # A text may have lost control characters.
    quoted = (
        problem if problem.quote in text else replace(problem, quote="", start=-1)
        for problem in problems
    )
    return Rendered(
        drop_control(html), tuple(dict.fromkeys(quoted)), tuple(dict.fromkeys(page.images))
    )
