"""Gaps of other programs → `{{c1::answer::hint}}`."""

from __future__ import annotations

import re
from typing import Final

from cardwright.adopt.pieces import VERBATIM, cut

_MARKS: Final = re.compile(r"(?<!\\):(?=:)|(?<!\\)[{}]")


def write_gap(number: int | str, answer: str, hint: str = "") -> str:
    """Return a gap; what would end the answer early is escaped."""
    inside = f"{_protect(answer)}::{_protect(hint)}" if hint.strip() else _protect(answer)
    return f"{{{{c{number}::{inside}}}}}"


def _protect(text: str) -> str:
    return "".join(
        piece.text if piece.kind in VERBATIM else _MARKS.sub(r"\\\g<0>", piece.text)
        for piece in cut(text)
    )
