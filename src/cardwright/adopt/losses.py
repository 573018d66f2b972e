"""What a reader cannot carry over, counted by sort."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cardwright.incoming import Loss


class Losses:
    """Losses by sort, in the order in which they are first found."""

    def __init__(self, losses: Iterable[Loss] = ()) -> None:
        """Begin with what was found before."""
        self._found = {loss.what: loss for loss in losses}

    def add(self, what: str, first: str, example: str = "", *, times: int = 1) -> None:
        """Count something; `first` and `example` are kept of its first time."""
        known = self._found.get(what)
        if known is None:
            self._found[what] = Loss(what=what, count=times, first=first, example=example)
        else:
            self._found[what] = replace(known, count=known.count + times)

    def list(self) -> list[Loss]:
        """Return them."""
        return list(self._found.values())
