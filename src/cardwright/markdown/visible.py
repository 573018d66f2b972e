"""Comparing a text with what its rendering shows.

Readers see a text as its author wrote it, or a problem says what is lost and how to write it:

- `shows_nothing` finds renderings in which nothing can be seen.
- `compare_words` compares the letters and digits of a text with those of its tokens. It knows nothing
  of why they could be missing; the functions before it explain the usual causes at their places.
- `intent.py` judges marks that Markdown took, although they were meant literally.

In an evident text (`evident.py`), nothing could be lost.
"""

from __future__ import annotations

import html as html_entities
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from cardwright.diagnostic import TextProblem, cut_quote
from cardwright.markdown.cloze import Place, replace_spans
from cardwright.markdown.escape import drop_control
from cardwright.markdown.highlight import read_language
from cardwright.markdown.intent import (
    judge_blocks,
    judge_breaks,
    judge_emphasis,
    judge_escapes,
    judge_links,
    judge_network_paths,
)
from cardwright.markdown.links import is_web_address
from cardwright.markdown.marks import MARK
from cardwright.markdown.trace import Trace, Tracer, place_of
from cardwright.text import INVISIBLE, compile_late

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

CODE: Final = "lost-text"

_UNSEEN: Final = f"\\s{INVISIBLE}\u200c\u200d\u2800\ufe0f"
_SHOWS_NOTHING: Final = "<(?!img|audio|video|input|ol)[^>]*>"
_NOTHING: Final = f"(?:[{_UNSEEN}]|{_SHOWS_NOTHING})*+"
_SOMETHING: Final = re.compile(rf"(?:\s|{_SHOWS_NOTHING})*+[!-9;=-|~]")
"""The start of most HTML that shows something."""
_BLANK_MATHS: Final = r"\\[(\[](?:[\s~{}]|\\(?:[,;:!> ]|q?quad(?![a-zA-Z])))*\\[)\]]"
"""A formula that consists of spaces."""
_GAP: Final = re.compile(r"\{\{c[\d,]+::")
_REPLACED: Final = re.compile(
    r"&(?:#\w{1,8}|[A-Za-z]\w{1,31});|<[Bb][Rr] */?>"
    r"|(?<=[)\]])\{ *width *= *[0-9]{1,4}(?:px|%)? *\}"
    r"|(?<=[-+*.)][ \t])\[[xX]\](?=[ \t])"
)
"""Entities, line breaks, widths of images and tasks, whose letters are not shown."""
_WORD: Final = re.compile(r"[^\W_]+")
_CONTAINER: Final = re.compile(r"[\s>]*")
_ATTRIBUTE: Final = re.compile(
    r"\{[^{}]*+\}|(?<![\w-])[\w-]++=(?:\"[^\"]*+\"|'[^']*+'|\S*+)|[.#][\w-]++|[\d,:-]++"
)
_REFERENCE: Final = re.compile(r"[\s>]*(?:[-+*]\s+|\d+[.)]\s+)*\[")
_COMMENT: Final = re.compile(r"(?<!\\)(?:\\\\)*+%[^\n$]*")
_MAX_PROBLEMS: Final = 50


def shows_nothing(html: str) -> bool:
    """Tell whether nothing can be seen in HTML: no character, image or sound."""
    if "\\(" in html or "\\[" in html:
        html = compile_late(_BLANK_MATHS).sub("", drop_control(html))
    return not _SOMETHING.match(html) and compile_late(_NOTHING).fullmatch(html) is not None


def report_nothing(text: str) -> TextProblem:
    """Report a text that shows nothing."""
    quote = cut_quote(text.strip())
    if compile_late(_NOTHING).fullmatch(html_entities.unescape(quote)):
        message, help = "the text shows nothing: it has only invisible characters", "write a text"
    else:
        message = f"the text shows nothing: Markdown reads `{quote}` as marks without text"
        help = f"write `\\{quote}` to show it"
    return TextProblem(code="empty-field", message=message, quote=quote, start=0, help=help)


def find_empty_gaps(html: str, text: str, places: Sequence[Place]) -> Iterator[TextProblem]:
    """Report deletions whose answer shows nothing.

    `places` are those in the HTML; a deletion without any answer has been reported.
    """
    for index, match in enumerate(_GAP.finditer(html)):
        if _SOMETHING.match(html, match.end()):
            continue
        empty = compile_late(_NOTHING).match(html, match.end())
        if empty is None or not html.startswith(("}}", "::"), empty.end()):
            continue
        place = places[index]
        stop = place.close if place.hint is None else place.hint
        if text[place.answer : stop].strip():
            yield TextProblem(
                code="bad-cloze",
                message="the answer of this gap shows nothing",
                quote=cut_quote(text, place.start),
                start=place.start,
                help="write {{c1::answer}} or {{c1::answer::hint}}",
            )


class Comparer:
    """Compares texts with what is shown of them."""

    def __init__(self, parser: MarkdownIt) -> None:
        """Take over a parser, which must not be shared with others."""
        self._tracer = Tracer(parser)

    def compare(
        self,
        text: str,
        render: Callable[[str], str],
        *,
        block: bool,
        marked: str | None = None,
        unmark: Callable[[str], str] = str,
    ) -> list[TextProblem]:
        """Return what is lost in a text.

        `render` renders a text like this one. Instead of a text with deletions, `marked` is parsed;
        `unmark` turns a part of that into the text.
        """
        source = text if marked is None else marked
        if "\r" in source:
            # The parser takes all of them for line ends; the places stay the same.
            source = source.replace("\r\n", " \n").replace("\r", "\n")
        trace = self._tracer.trace_block(source) if block else self._tracer.trace_inline(source)
        lost, excused = _explain_structure(trace) if block else ([], [])
        found = [
            *lost,
            *compare_words(trace, excused),
            *_find_unseen_links(trace),
            *_find_maths_comments(trace),
            *judge_emphasis(trace),
            *judge_network_paths(trace),
            *judge_breaks(trace),
            *judge_links(trace),
            *(judge_blocks(trace) if block else ()),
        ]
        restore = _make_restorer(source, unmark)
        if marked is not None:
            found = [_restore(problem, restore, text, unmark) for problem in found]
        found += judge_escapes(trace, render, restore, text)
        return sorted(found, key=lambda problem: problem.start)


def _make_restorer(marked: str, unmark: Callable[[str], str]) -> Callable[[int], int]:
    """Return a function from an index in a marked text to that in the text without marks."""
    ends, shifts = [0], [0]
    for match in MARK.finditer(marked):
        ends.append(match.end())
        shifts.append(shifts[-1] + len(unmark(match[0])) - len(match[0]))
    return lambda index: index + shifts[bisect_right(ends, index) - 1]


def _restore(
    problem: TextProblem, restore: Callable[[int], int], text: str, unmark: Callable[[str], str]
) -> TextProblem:
    start = restore(problem.start)
    quote = unmark(problem.quote)
    if not text.startswith(quote, start):
        quote = cut_quote(text, start)
    return TextProblem(
        code=problem.code,
        message=drop_control(unmark(problem.message)),
        quote=quote,
        start=start,
        help=drop_control(unmark(problem.help)),
    )


def _lose(message: str, quote: str, start: int, help: str) -> TextProblem:
    return TextProblem(code=CODE, message=message, quote=cut_quote(quote), start=start, help=help)


Spans = list[tuple[int, int]]


def _explain_structure(trace: Trace) -> tuple[list[TextProblem], Spans]:
    """Report what blocks lose; also return the parts of the source that need not be shown."""
    problems: list[TextProblem] = []
    excused: Spans = []
    for find in (_find_definitions, _find_excess_cells, _find_fence_words, _find_list_numbers):
        for problem, span in find(trace):
            problems += [problem] if problem else []
            excused.append(span)
    return problems[:_MAX_PROBLEMS], excused


_Findings = Iterator[tuple[TextProblem | None, tuple[int, int]]]


def _find_definitions(trace: Trace) -> _Findings:
    """Report definitions of links that no link uses, and excuse the others."""
    used = {
        token.meta["label"]
        for inline in trace.inlines
        for token in inline.tokens
        if "label" in token.meta
    }
    for label, reference in trace.env.get("references", {}).items():
        span = _span_lines(trace, reference["map"])
        yield (None if label in used else _report_definition(trace, *span)), span
    for reference in trace.env.get("duplicate_refs", ()):
        span = _span_lines(trace, reference["map"])
        yield _report_definition(trace, *span, again=True), span


def _span_lines(trace: Trace, lines: list[int]) -> tuple[int, int]:
    first, last = lines
    match = _REFERENCE.match(trace.lines[first])
    indent = match.end() - 1 if match else 0
    return trace.starts[first] + indent, trace.starts[last] - 1


def _report_definition(trace: Trace, start: int, stop: int, *, again: bool = False) -> TextProblem:
    quote = cut_quote(trace.source[start:stop])
    label = quote.split("]")[0] + "]"
    if again:
        message, help = (
            f"`{label}` is defined twice, so this definition is ignored",
            "give it another name",
        )
    else:
        message = f"`{quote}` defines an address for links to `{label}`, but there is none"
        help = f"write `\\{quote}` to show it"
    return _lose(f"{message}: it is not shown", quote, start, help)


def _find_excess_cells(trace: Trace) -> _Findings:
    """Report rows with more cells than the head of their table."""
    columns = 0
    in_head = False
    for token in trace.tokens:
        if token.type == "thead_open":
            columns, in_head = 0, True
        elif token.type == "thead_close":
            in_head = False
        elif token.type == "th_open":
            columns += 1
        elif token.type == "tr_open" and token.map and not in_head:
            number = token.map[0]
            line = trace.lines[number]
            start = _end_of_cells(line, columns)
            if line[start:].strip(" \t|"):
                lead = len(line) - len(line[start:].lstrip(" \t|"))
                stop = trace.starts[number] + len(line.rstrip(" \t|"))
                problem = _lose(
                    f"the head of this table has {columns} cells: the rest of the row is not shown",
                    line[lead:].rstrip(" \t|"),
                    trace.starts[number] + lead,
                    "write `\\|` for a `|` within a cell, even in backticks, or widen the head",
                )
                yield problem, (trace.starts[number] + lead, stop)


def _end_of_cells(line: str, columns: int) -> int:
    """Return the index in a row of a table after this many cells."""
    match = _CONTAINER.match(line)
    index = match.end() if match else 0
    index += line.startswith("|", index)
    while columns and index < len(line):
        if line[index] == "\\":
            index += 1
        elif line[index] == "|":
            columns -= 1
        index += 1
    return min(index, len(line))


def _find_fence_words(trace: Trace) -> _Findings:
    """Report words after the opening of a code block; the first may name a language."""
    for token in trace.tokens:
        if token.type != "fence" or not token.map or not token.info.strip():
            continue
        info = token.info.strip()
        start, stop = _span_lines(trace, [token.map[0], token.map[0] + 1])
        line = trace.source[start:stop]
        rest = info[len(read_language(info)) :]
        span = (start, start + len(line))
        if _ATTRIBUTE.sub("", rest).strip():
            problem = _lose(
                "text on the line that opens a code block is not shown",
                rest.strip(),
                start + max(line.rfind(rest.strip()), 0),
                "start the code on the next line",
            )
            yield problem, span
        else:
            yield None, span


def _find_list_numbers(trace: Trace) -> _Findings:
    """Report numbers of list items that are counted on instead of being shown as written."""
    lists: list[list[tuple[int, Token]]] = []
    for token in trace.tokens:
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append([])
        elif token.type == "list_item_open" and token.map and token.info:
            lists[-1].append((token.map[0], token))
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            yield from _check_numbers(trace, lists.pop())


def _check_numbers(trace: Trace, items: list[tuple[int, Token]]) -> _Findings:
    first = int(items[0][1].info) if items else 0
    is_told = False
    for shown, (number, item) in enumerate(items, first):
        line = trace.lines[number]
        start = trace.starts[number] + max(line.find(item.info), 0)
        problem = None
        # Authors who do not count write the same number everywhere.
        is_counted = int(item.info) in (shown, first) and item.info == str(int(item.info))
        if not is_counted and not is_told:
            is_told = True
            problem = _lose(
                f"this list item is shown with the number {shown}, as lists count on from the first number",
                f"{item.info}{item.markup}",
                start,
                f"write `{item.info}\\{item.markup}` if the number is part of the text",
            )
        yield problem, (start, start + len(item.info))


def compare_words(trace: Trace, excused: Spans) -> Iterator[TextProblem]:
    """Report letters and digits of the source that no token holds.

    `excused` are parts of the source that need not be shown, or have been reported.
    """
    blanks = ((start, stop, " " * (stop - start)) for start, stop in excused)
    source = replace_spans(trace.source, blanks)
    source = _REPLACED.sub(lambda match: " " * len(match[0]), source)
    held = list(_list_held(trace.tokens))
    if not Counter(filter(str.isalnum, source)) - Counter(filter(str.isalnum, "".join(held))):
        return
    left = Counter(word for text in held for word in _WORD.findall(text.casefold()))
    for match in _WORD.finditer(source):
        word = match[0].casefold()
        left[word] -= 1
        if left[word] < 0:
            yield _lose(
                f"`{cut_quote(match[0])}` is not shown",
                match[0],
                match.start(),
                "put the text in backticks, or write a backslash before its first mark",
            )
            return


def _list_held(tokens: Iterable[Token]) -> Iterator[str]:
    """Yield everything that tokens hold, also what is not for reading, such as addresses."""
    for token in tokens:
        if token.type == "inline":
            yield from _list_held(token.children or ())
            continue
        yield token.content
        for name, value in token.attrs.items():
            yield f"{name} {value} px" if name == "width" else str(value)
        yield str(token.meta.get("label", ""))
        for base, reading in token.meta.get("parts", ()):
            yield f"{base} {reading}"
        if token.info not in ("escape", "entity", "auto"):
            yield token.info
        if token.content == "☑":
            yield "x"


def _find_unseen_links(trace: Trace) -> Iterator[TextProblem]:
    """Report links without a text."""
    for inline in trace.inlines:
        for token, following in zip(inline.tokens, inline.tokens[1:], strict=False):
            if token.type == "link_open" and following.type == "link_close":
                place = max(place_of(token) - 1, 0)
                if not is_web_address(str(token.attrs.get("href"))):
                    continue  # reported as a link that leads nowhere
                yield _lose(
                    "this link has no text, so it is not shown",
                    cut_quote(inline.text, place),
                    inline.find(place),
                    "write the text of the link in the square brackets",
                )


def _find_maths_comments(trace: Trace) -> Iterator[TextProblem]:
    """Report `%` in formulas, which hides the rest of the line."""
    for inline in trace.inlines:
        for token in inline.tokens:
            if token.type == "maths" and (match := _COMMENT.search(token.content)):
                place = inline.text.find(match[0], place_of(token))
                yield _report_comment(match[0], inline.find(max(place, 0)))
    for token in trace.tokens:
        if token.type == "maths_block" and (match := _COMMENT.search(token.content)):
            yield _report_comment(match[0], max(trace.source.find(match[0]), 0))


def _report_comment(comment: str, start: int) -> TextProblem:
    return _lose(
        "in a formula, `%` and what follows on its line are not shown",
        comment.lstrip("\\"),
        start + comment.index("%"),
        "write `\\%`",
    )
