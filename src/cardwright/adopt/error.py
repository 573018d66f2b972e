"""The error of decks that cannot be adopted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cardwright.error import CardwrightError

MAX_PROBLEMS: Final = 20
"""How many problems of a deck are listed."""


class AdoptError(CardwrightError):
    """A deck of another program cannot be adopted."""


def refuse(problems: Sequence[str], *, help: str = "") -> AdoptError:
    """Return an error that lists problems, each with its place in the form `words.csv:12: …`."""
    listed = list(problems[:MAX_PROBLEMS])
    if len(problems) > MAX_PROBLEMS:
        listed.append(f"… and {len(problems) - MAX_PROBLEMS:,} more")
    return AdoptError("\n".join(listed), help=help or "nothing was adopted; correct these first")
