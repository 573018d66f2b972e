"""What is wrong with a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_NEEDLE_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class TextProblem:
    """A fault in a text; the caller knows where the text stands."""

    code: str
    """One of `diagnostic.SEVERITIES`."""
    message: str
    needle: str
    """A piece of the text that stands where the fault is; empty: the text as a whole."""
    help: str


def cut_needle(text: str, start: int = 0) -> str:
    """Cut the piece of a text by which a place is found again: never beyond its line."""
    return text[start : start + _NEEDLE_LENGTH].split("\n", 1)[0].rstrip()
