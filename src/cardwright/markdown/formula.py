"""LaTeX → the tree of a formula, which every front end renders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

_MAX_LENGTH: Final = 4_000


def parse_formula(latex: str, *, display: str = "inline") -> ET.Element | None:
    """Return a formula as MathML elements, or None if it cannot be parsed.

    `display` is `inline` or `block`. The elements come from latex2mathml and may contain more than
    plain MathML, so callers must check each one.
    """
    from html import unescape  # noqa: PLC0415  (slow; few cards hold maths)

    from latex2mathml.converter import Converter  # noqa: PLC0415  (as above)

    if len(latex) > _MAX_LENGTH:
        return None
    try:
        tree: ET.Element = Converter(display=display).convert_to_element(latex)
    except Exception:  # noqa: BLE001  (it raises many types, all with the same meaning here)
        return None
    for element in tree.iter():
        if element.text:
            # latex2mathml writes characters as entities.
            element.text = unescape(element.text)
    return tree
