r"""Formulas of a card, `\(…\)` and `\[…\]`, as MathML, which browsers render without scripts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree as ET

from cardwright.markdown.formula import parse_formula

_OPENING: Final = re.compile(r"\\[(\[]")
_AFTER: Final = re.compile(r"[.,:;!?)]*")
_ELEMENTS: Final = """
math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace
msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none
"""
_ATTRIBUTES: Final = """
accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form
height largeop linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize
movablelimits notation rowlines rowspacing rspace scriptlevel separator stretchy symmetric voffset
width xmlns
"""
_SAFE_ELEMENTS: Final = frozenset(_ELEMENTS.split())
_SAFE_ATTRIBUTES: Final = frozenset(_ATTRIBUTES.split())


def convert_maths(text: str) -> str:
    """Convert the formulas in a card's HTML to MathML; invalid ones stay text."""
    return "".join(_convert(text)) if "\\" in text else text


def _convert(text: str) -> Iterator[str]:
    ends = {mark: _Finder(text, f"\\{mark}") for mark in ")]"}
    tag = _Finder(text, "<")
    place = start = 0
    while match := _OPENING.search(text, start):
        is_inline = match[0] == "\\("
        end = ends[")" if is_inline else "]"].find(match.end())
        if end < 0 or 0 <= tag.find(match.end()) < end:
            start = match.start() + 1
            continue
        made = _make_mathml(text[match.end() : end], "inline" if is_inline else "block")
        start = end + 2
        after = _AFTER.match(text, start)
        if made and is_inline and after and after[0]:
            # The punctuation stays with the formula.
            made = f'<span class="whole">{made}{after[0]}</span>'
            start = after.end()
        if made:
            yield text[place : match.start()]
            yield made
            place = start
    yield text[place:]


class _Finder:
    """Finds the first of some equal marks from ever later places, and reads the text only once."""

    def __init__(self, text: str, mark: str) -> None:
        self._text = text
        self._mark = mark
        self._found = text.find(mark)

    def find(self, start: int) -> int:
        """Return the place of the first mark from a place on, -1 if there is none."""
        if 0 <= self._found < start:
            self._found = self._text.find(self._mark, start)
        return self._found


@lru_cache(maxsize=4096)
def _make_mathml(escaped: str, display: str) -> str | None:
    tree = parse_formula(html.unescape(escaped), display=display)
    return None if tree is None else _serialise(tree)


def _serialise(tree: ET.Element) -> str | None:
    """Serialise a tree; None if it contains anything but plain MathML.

    latex2mathml's own serialiser resolves entities last, so text could become tags.
    """
    for element in tree.iter():
        if element.tag not in _SAFE_ELEMENTS:
            return None
        for name in set(element.attrib) - _SAFE_ATTRIBUTES:
            del element.attrib[name]
    return ET.tostring(tree, encoding="unicode")
