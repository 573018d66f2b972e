"""Markdown tokens with the places in the source from which they were read.

Parsing with places costs as much as parsing again, so it is done only to explain what a cheaper
comparison found (`visible.py`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_PLACE: Final = "place"
"""The key in a token's `meta` under which its index in the inline text is kept."""
_RUN: Final = "number"
"""The key under which delimiters of one run are numbered."""
_WIDE: Final = frozenset({"s_open", "s_close"})
"""Tokens of delimiters that consist of two characters from the start."""


@dataclass(slots=True)
class InlineText:
    """Text that was parsed at once, such as a paragraph or a table cell."""

    text: str
    tokens: list[Token]
    starts: list[tuple[int, int]]
    """For each line, its index in the text and in the source, ascending."""
    is_cell: bool = False
    """Whether its pipes have a backslash in the source."""

    def find(self, index: int) -> int:
        """Return the place in the source of a character of the text."""
        line = bisect_right(self.starts, (index, 1 << 60)) - 1
        start, place = self.starts[max(line, 0)]
        pipes = self.text.count("|", start, index) if self.is_cell else 0
        return place + index - start + pipes


@dataclass(slots=True)
class Trace:
    """A parsed text."""

    source: str
    tokens: list[Token]
    env: dict[str, Any]
    """What the parser noted: the link definitions."""
    lines: list[str]
    starts: list[int]
    """The index in the source of each line."""
    inlines: list[InlineText] = field(default_factory=list)


def place_of(token: Token) -> int:
    """Return the index in the inline text at which a token starts."""
    if "run" in token.meta:
        # The rules of emphasis keep the place themselves, with the first mark of a run.
        place: int = token.meta["run"].start
        return place
    start: int = token.meta.get(_PLACE, 0)
    number: int = token.meta.get(_RUN, 0)
    if token.type in _WIDE:
        return start + 2 * number
    # The two characters of a strong delimiter are two tokens, the outer one now empty.
    return start + number - (token.type == "strong_open")


class Tracer:
    """Parses texts and keeps the places of their tokens."""

    def __init__(self, parser: MarkdownIt) -> None:
        """Take over a parser, which must not be shared with others."""
        parser.options["store_labels"] = True
        _keep_places(parser)
        self._parser = parser

    def trace_block(self, source: str) -> Trace:
        """Parse a text with paragraphs, lists, tables and code."""
        env: dict[str, Any] = {}
        tokens = self._parser.parse(source, env)
        lines = source.split("\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        trace = Trace(source, tokens, env, lines, starts)
        trace.inlines += _place_inlines(trace)
        return trace

    def trace_inline(self, source: str) -> Trace:
        """Parse a line."""
        tokens = self._parser.parseInline(source, {})
        trace = Trace(source, tokens, {}, [source], [0])
        trace.inlines += (
            InlineText(token.content, token.children or [], [(0, 0)]) for token in tokens
        )
        return trace


def _place_inlines(trace: Trace) -> Iterator[InlineText]:
    """Yield the inline texts with their places."""
    line_number, column = -1, 0
    in_cell = False
    for token in trace.tokens:
        if token.type in ("th_open", "td_open"):
            in_cell = True
        elif token.type in ("th_close", "td_close"):
            in_cell = False
        elif token.type == "inline" and token.map:
            first = token.map[0]
            if not in_cell:
                starts = list(_place_lines(trace, token.content, first))
                yield InlineText(token.content, token.children or [], starts)
                continue
            if first != line_number:
                line_number, column = first, 0
            written = token.content.replace("|", "\\|")
            found = max(trace.lines[first].find(written, column), 0) if written else column
            column = found + len(written)
            starts = [(0, trace.starts[first] + found)]
            yield InlineText(token.content, token.children or [], starts, is_cell=True)


def _place_lines(trace: Trace, text: str, first: int) -> Iterator[tuple[int, int]]:
    """Yield the start of each line of a text; in the source, it may follow other marks."""
    index = 0
    for number, line in enumerate(text.split("\n"), first):
        whole = trace.lines[number] if number < len(trace.lines) else ""
        shown = line.strip()
        place = whole.rfind(shown) if shown else len(whole)
        lead = len(line) - len(line.lstrip())
        yield index, trace.starts[min(number, len(trace.lines))] + max(place, 0) - lead
        index += len(line) + 1


def _keep_places(parser: MarkdownIt) -> None:
    from markdown_it.parser_inline import ParserInline  # noqa: PLC0415  (slow; few texts need it)
    from markdown_it.rules_inline import StateInline, fragments_join  # noqa: PLC0415

    class State(StateInline):
        _run = (-1, -1)

        def pushPending(self) -> Token:  # noqa: N802  (markdown-it's name)
            end = self.pos
            if self.src[end : end + 1] == "\n":
                while end and self.src[end - 1] == " ":
                    end -= 1
            token = super().pushPending()
            token.meta = {_PLACE: max(end - len(token.content), 0)}
            return token

        def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
            token = super().push(ttype, tag, nesting)
            start, number = self._run
            self._run = (self.pos, number + 1 if start == self.pos and ttype == "text" else 0)
            token.meta = {_PLACE: self.pos, _RUN: self._run[1]}
            return token

    class Inline(ParserInline):
        def parse(self, src: str, md: MarkdownIt, env: Any, tokens: list[Token]) -> list[Token]:
            state = State(src, md, env, tokens)
            self.tokenize(state)
            for rule in self.ruler2.getRules(""):
                # Joined texts would lose their places.
                if rule is not fragments_join:
                    rule(state)
            return state.tokens

    parser.inline.__class__ = Inline
