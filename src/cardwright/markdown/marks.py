"""Cloze deletions as marks that pass through Markdown unchanged.

A mark consists of a control character that cannot be forged (`escape.py`), a character that
identifies the deletion, and a comma on the inner side. To Markdown the inner side is punctuation, so
that `{{c1::_x_}}` is emphasised, and the outer side is a letter, as if only the answer were there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cardwright.markdown.cloze import Place, replace_spans
from cardwright.markdown.escape import CLOSE, HINT, MATHS_END, MATHS_START, OPEN

_FIRST: Final = 0x20000
"""Represents deletion 0; from here on there are no capitals, spaces or surrogates."""
_WHICH: Final = f"[{chr(_FIRST)}-\U0010ffff]"
_MARK: Final = re.compile(f"({OPEN}{_WHICH},|,{HINT}{_WHICH},|,{CLOSE}{_WHICH})")
_STEP: Final = re.compile(
    rf"<(?P<close>/?)(?P<tag>[a-z][a-z0-9]*)[^>]*>"
    rf"|(?P<maths>[{MATHS_START}{MATHS_END}])"
    rf"|(?P<mark>{_MARK.pattern})"
)
_VOID: Final = frozenset({"br", "hr", "img"})


def mark_deletions(text: str, places: Sequence[Place]) -> str:
    """Replace the parts that open, divide and close deletions with marks."""
    spans = []
    for index, place in enumerate(places):
        which = chr(_FIRST + index)
        spans.append((place.start, place.answer, f"{OPEN}{which},"))
        if place.hint is not None:
            spans.append((place.hint, place.hint + len("::"), f",{HINT}{which},"))
        spans.append((place.close, place.end, f",{CLOSE}{which}"))
    return replace_spans(text, spans)


def unmark(marked: str, text: str, places: Sequence[Place]) -> str:
    """Return a piece of a marked text as it is written in the source."""

    def write(match: re.Match[str]) -> str:
        place = places[_read_index(match[0])]
        if match[0][0] == OPEN:
            return text[place.start : place.answer]
        return "::" if match[0][1] == HINT else "}}"

    return _MARK.sub(write, marked)


def place_deletions(html: str, places: Sequence[Place]) -> tuple[str, list[Place]]:
    """Write the deletions in Anki's syntax; also return those that cross HTML elements.

    Braces and `::` in the text itself become entities, so that Anki sees only these deletions.
    """
    whole = _find_whole(html, places)
    html = html.replace("{", "&#123;").replace("}", "&#125;").replace("::", ":&#58;")
    html = html.replace(f":,{HINT}", f"&#58;,{HINT}")

    def write(match: re.Match[str]) -> str:
        index = _read_index(match[0])
        if index not in whole:
            return ""
        if match[0][0] == OPEN:
            return f"{{{{c{','.join(map(str, places[index].numbers))}::"
        return "::" if match[0][1] == HINT else "}}"

    return _MARK.sub(write, html), [
        place for index, place in enumerate(places) if index not in whole
    ]


def _read_index(mark: str) -> int:
    return ord(mark[1] if mark[0] == OPEN else mark[2]) - _FIRST


def _find_whole(html: str, places: Sequence[Place]) -> set[int]:
    """Return the deletions whose marks are all in the same element and formula."""
    stack: list[str | int] = []
    closed: set[int] = set()
    divided: set[int] = set()
    for match in _STEP.finditer(html):
        if match["mark"] is None:
            _step_over_tag(stack, match)
            continue
        index = _read_index(match["mark"])
        at_same_nesting = stack[-1:] == [index]
        if match["mark"][0] == OPEN:
            stack.append(index)
        elif match["mark"][1] == HINT:
            if at_same_nesting:
                divided.add(index)
        elif at_same_nesting:
            stack.pop()
            closed.add(index)
        elif index in stack:
            stack.remove(index)
    return {index for index in closed if places[index].hint is None or index in divided}


def _step_over_tag(stack: list[str | int], match: re.Match[str]) -> None:
    tag = match["tag"] or "maths"
    if match["close"] or match["maths"] == MATHS_END:
        while stack.pop() != tag:
            pass
    elif tag not in _VOID:
        stack.append(tag)
