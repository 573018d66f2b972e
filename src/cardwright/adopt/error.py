"""The error of decks that cannot be adopted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cardwright.error import CardwrightError

_PLACE: Final = re.compile(r"(.*?):([0-9]{1,9}): ")
MAX_PROBLEMS: Final = 20
"""How many problems of a deck are listed."""
_MAX_PROBLEM: Final = 300
"""Characters of a problem that are shown: it may name what somebody else called thus."""


class AdoptError(CardwrightError):
    """A deck of another program cannot be adopted."""


def refuse(problems: Sequence[str], *, help: str = "") -> AdoptError:
    """Return an error that lists problems by their places, as in `words.csv:12: …`."""
    listed = [_shorten(problem) for problem in sorted(problems, key=_find_place)[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        listed.append(f"… and {len(problems) - MAX_PROBLEMS:,} more")
    return AdoptError("\n".join(listed), help=help or "nothing was adopted; correct these first")


def _find_place(problem: str) -> tuple[str, int]:
    match = _PLACE.match(problem)
    return (match[1], int(match[2])) if match else (problem, 0)


def _shorten(problem: str) -> str:
    return problem if len(problem) <= _MAX_PROBLEM else f"{problem[:_MAX_PROBLEM]}…"
