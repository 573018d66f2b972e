r"""Formulas of a card, `\(…\)` and `\[…\]`, as MathML, which browsers render without scripts."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree as ET

from cardwright.markdown.formula import parse_formula

_FORMULA: Final = re.compile(
    r"\\\((?P<inline>[^<]*?)\\\)(?P<after>[.,:;!?)]*)|\\\[(?P<display>[^<]*?)\\\]"
)
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
    return _FORMULA.sub(_convert, text) if "\\" in text else text


def _convert(match: re.Match[str]) -> str:
    if match["inline"] is not None:
        made = _make_mathml(match["inline"], "inline")
        if made and match["after"]:
            # The punctuation stays with the formula.
            return f'<span class="whole">{made}{match["after"]}</span>'
        return made or match[0]
    return _make_mathml(match["display"], "block") or match[0]


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
