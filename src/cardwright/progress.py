"""How far long work has come, told to whoever shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Protocol, TypeVar

_T = TypeVar("_T")


class Progress(Protocol):
    """Shows how far work has come."""

    def show(self, what: str, done: int, total: int | None) -> None:
        """Show what is being done and how much of it is; called often, so it has to be quick."""

    def erase(self) -> None:
        """Show nothing, since the work is done."""


_shown_by: Progress | None = None


def show_progress(progress: Progress | None) -> None:
    """Tell `progress` from now on, or nobody."""
    global _shown_by  # noqa: PLW0603  (one process has one terminal)
    _shown_by = progress


def track(items: Iterable[_T], what: str, total: int | None = None) -> Iterable[_T]:
    """Return the same items, and tell how many are done while they are gone through.

    `total` is how many there are, if they cannot be counted before.
    """
    if _shown_by is None:
        return items
    if total is None and isinstance(items, Sized):
        total = len(items)
    return _count(items, what, total, _shown_by)


def _count(items: Iterable[_T], what: str, total: int | None, progress: Progress) -> Iterator[_T]:
    try:
        for done, item in enumerate(items):
            progress.show(what, done, total)
            yield item
    finally:
        progress.erase()
