"""Whether the cells of a table contain HTML, if the file does not say so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

_TAG: Final = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>")
_LIKE_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_VOID: Final = frozenset({"br", "img", "hr", "wbr"})
_MAY_BE_OPEN: Final = frozenset({"p", "li", "td", "tr", "th", "dt", "dd"})
_FORMATTING: Final = (
    _VOID
    | _MAY_BE_OPEN
    | frozenset(
        [
            "a",
            "b",
            "strong",
            "i",
            "em",
            "u",
            "s",
            "del",
            "ins",
            "small",
            "big",
            "sub",
            "sup",
            "mark",
            "font",
            "span",
            "div",
            "center",
            "blockquote",
            "code",
            "pre",
            "kbd",
            "ul",
            "ol",
            "dl",
            "table",
            "thead",
            "tbody",
            "tfoot",
            "caption",
            "ruby",
            "rt",
            "rp",
            "rb",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
        ]
    )
)


def looks_like_html(cells: Iterable[str]) -> bool:
    """Tell whether texts use tags as HTML does.

    Texts about HTML, or about types such as `List<T>`, name other tags, or do not close them.
    """
    found = False
    for cell in cells:
        if "<" not in cell:
            continue
        opened: Counter[str] = Counter()
        for match in _LIKE_TAG.finditer(cell):
            tag = _TAG.fullmatch(match[0])
            if tag is None or (name := tag["name"].lower()) not in _FORMATTING:
                return False
            found = True
            if name not in _VOID | _MAY_BE_OPEN:
                opened[name] += -1 if tag["close"] else 1
        if any(opened.values()):
            return False
    return found
