"""Gaps of other programs → `{{c1::answer::hint}}`."""

from __future__ import annotations

import re
from typing import Final

from cardwright.adopt.pieces import VERBATIM, cut

_MARKS: Final = re.compile(r"(?<!\\):(?=:)|(?<!\\)[{}]")
GAP: Final = re.compile(r"(?<!\\)\{\{c[0-9]+(?:,[0-9]+)*::")
_LIKE_GAP: Final = re.compile(r"(?<!\\)\{\{(?=\s*[cC]?\s*[0-9])")


def escape_gaps(text: str, *, has_brackets: bool = False) -> str:
    """Return a text in which nothing is a gap, unless it is in code or a formula."""
    if "{{" not in text:
        return text
    return "".join(
        piece.text if piece.kind in VERBATIM else _LIKE_GAP.sub(r"\\{{", piece.text)
        for piece in cut(text, has_brackets=has_brackets)
    )


def write_gap(number: int | str, answer: str, hint: str = "", *, has_brackets: bool = False) -> str:
    """Return a gap; what would end the answer early is escaped. For `has_brackets` see `cut`."""
    parts = (answer, hint) if hint.strip() else (answer,)
    inside = "::".join(_protect(part, has_brackets=has_brackets) for part in parts)
    return f"{{{{c{number}::{inside}}}}}"


def _protect(text: str, *, has_brackets: bool) -> str:
    return "".join(
        piece.text if piece.kind in VERBATIM else _MARKS.sub(r"\\\g<0>", piece.text)
        for piece in cut(text, has_brackets=has_brackets)
    )
