"""Cloze deletions as marks that pass through Markdown unchanged.

A mark consists of a control character that cannot be forged (`escape.py`), a character that
identifies the deletion, and a comma on the inner side. To Markdown the inner side is punctuation, so
that `{{c1::_x_}}` is emphasised, and the outer side is a letter, as if only the answer were there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cardwright.markdown.cloze import Place, find_hint, replace_spans
from cardwright.markdown.escape import CLOSE, HINT, MATHS_END, MATHS_START, OPEN

_FIRST: Final = 0x20000
"""Represents deletion 0; from here on there are no capitals, spaces or surrogates."""
_WHICH: Final = f"[{chr(_FIRST)}-\U0010ffff]"
MARK: Final = re.compile(f"({OPEN}{_WHICH},|,{HINT}{_WHICH},|,{CLOSE}{_WHICH})")
_STEP: Final = re.compile(
    rf"<(?P<close>/?)(?P<tag>[a-z][a-z0-9]*)[^>]*>"
    rf"|(?P<maths>[{MATHS_START}{MATHS_END}])"
    rf"|(?P<mark>{MARK.pattern})"
)
_VOID: Final = frozenset({"br", "hr", "img"})


def mark_deletions(text: str, places: Sequence[Place]) -> str:
    """Replace the parts that open, divide and close deletions with marks."""
    spans = []
    for index, place in enumerate(places):
        which = chr(_FIRST + index)
        spans.append((place.start, place.answer, f"{OPEN}{which},"))
        if place.hint is not None:
            spans.append((place.hint, find_hint(text, place.hint), f",{HINT}{which},"))
        spans.append((place.close, place.end, f",{CLOSE}{which}"))
    return replace_spans(text, spans)


def unmark(marked: str, text: str, places: Sequence[Place]) -> str:
    """Return a piece of a marked text as it is written in the source."""

    def write(match: re.Match[str]) -> str:
        place = places[_read_index(match[0])]
        if match[0][0] == OPEN:
            return text[place.start : place.answer]
        if match[0][1] == HINT and place.hint is not None:
            return text[place.hint : find_hint(text, place.hint)]
        return "}}"

    return MARK.sub(write, marked)


def place_deletions(html: str, places: Sequence[Place]) -> tuple[str, dict[int, str]]:
    """Write the deletions in Anki's syntax; also return those that cross an element, and which.

    Braces and `::` in the text itself become entities, so that Anki sees only these deletions.
    """
    crossing = _find_crossing(html, places)
    html = html.replace("{", "&#123;").replace("}", "&#125;").replace("::", ":&#58;")
    html = html.replace(f":,{HINT}", f"&#58;,{HINT}")

    def write(match: re.Match[str]) -> str:
        index = _read_index(match[0])
        if index in crossing:
            return ""
        if match[0][0] == OPEN:
            return f"{{{{c{','.join(map(str, places[index].numbers))}::"
        return "::" if match[0][1] == HINT else "}}"

    return MARK.sub(write, html), crossing


def _read_index(mark: str) -> int:
    return ord(mark[1] if mark[0] == OPEN else mark[2]) - _FIRST


def _find_crossing(html: str, places: Sequence[Place]) -> dict[int, str]:
    """Return the deletions whose marks are not all in the same element, and the element's tag."""
    stack: list[str | int] = []
    crossing = dict.fromkeys(range(len(places)), "")
    divided: set[int] = set()
    for match in _STEP.finditer(html):
        if match["mark"] is None:
            _step_over_tag(stack, match, crossing)
            continue
        index = _read_index(match["mark"])
        at_same_nesting = stack[-1:] == [index]
        if match["mark"][0] == OPEN:
            stack.append(index)
        elif match["mark"][1] == HINT:
            if at_same_nesting:
                divided.add(index)
            elif index in stack:
                crossing[index] = _name_inner(stack, index)
        elif at_same_nesting:
            stack.pop()
            if places[index].hint is None or index in divided:
                del crossing[index]
        elif index in stack:
            crossing[index] = _name_inner(stack, index)
            stack.remove(index)
    return crossing


def _name_inner(stack: Sequence[str | int], index: int) -> str:
    """Return the tag of the element that was opened within a deletion and is still open."""
    inner = stack[stack.index(index) + 1 :]
    return next((tag for tag in inner if isinstance(tag, str)), "")


def _step_over_tag(stack: list[str | int], match: re.Match[str], crossing: dict[int, str]) -> None:
    tag = match["tag"] or "maths"
    if match["close"] or match["maths"] == MATHS_END:
        while (last := stack.pop()) != tag:
            if isinstance(last, int):
                crossing[last] = tag
    elif tag not in _VOID:
        stack.append(tag)
