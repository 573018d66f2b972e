"""Markdown whose lines are wrapped → Markdown for a reader that keeps line breaks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from cardwright.markdown.escape import drop_control

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_PARAGRAPH: Final = "\x00"
"""Begins the line of a paragraph; no text has it."""
_BETWEEN_PARAGRAPHS: Final = re.compile(rf"({_PARAGRAPH}[^\n]*)\n(?:[ \t]*\n)+{_PARAGRAPH}")


def unwrap(text: str) -> str:
    """Put each paragraph on one line, with `<br>` where a line break is meant.

    Paragraphs in a row become one, with an empty line between them: where line breaks are kept, those
    between the elements of the HTML would be seen too.
    """
    source = drop_control(text)
    lines = source.split("\n")
    for before, token in reversed(list(pairwise(_make_parser().parse(source)))):
        if before.type == "paragraph_open" and token.map:
            start, end = token.map
            mark = _PARAGRAPH if before.level == 0 else ""
            more = [line.lstrip(" \t") for line in token.content.split("\n")[1:]]
            lines[start:end] = [mark + _join([lines[start], *more])]
    joined, count = "\n".join(lines), 1
    while count:
        joined, count = _BETWEEN_PARAGRAPHS.subn(r"\1<br><br>", joined)
    return joined.replace(_PARAGRAPH, "").strip()


def _join(lines: Sequence[str]) -> str:
    """Join the lines of a paragraph; a backslash or two spaces at the end of one break it."""
    text = lines[0]
    for line in lines[1:]:
        if _ends_in_backslash(text):
            text = f"{text[:-1]}<br>{line}"
        elif text.endswith("  "):
            text = f"{text.rstrip()}<br>{line}"
        else:
            text = f"{text.rstrip()} {line}"
    # A backslash must not escape what comes next.
    return f"{text} " if _ends_in_backslash(text) else text.rstrip()


def _ends_in_backslash(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


@cache
def _make_parser() -> MarkdownIt:
    from cardwright.markdown.parser import make_parser  # noqa: PLC0415  (slow; few commands need it)

    return make_parser()
