"""What is not carried over, collected by sort."""

from __future__ import annotations

from collections.abc import Iterable

from cardwright.incoming import Loss


class LossCollector:
    """Counts losses by sort, and keeps the first place of each."""

    def __init__(self, losses: Iterable[Loss] = ()) -> None:
        """Begin with losses that are known."""
        self._found: dict[str, Loss] = {}
        for loss in losses:
            self.add(loss.what, loss.first, loss.example, count=loss.count)

    def add(self, what: str, first: str, example: str = "", *, count: int = 1) -> None:
        """Add what is lost at a place."""
        known = self._found.get(what)
        if known is not None:
            first, example, count = known.first, known.example, known.count + count
        self._found[what] = Loss(what=what, count=count, first=first, example=example)

    def list(self) -> tuple[Loss, ...]:
        """Return all of them, in the order in which they were found."""
        return tuple(self._found.values())
