"""How far long work has come, told to whoever shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Protocol, TypeVar

_T = TypeVar("_T")


class Progress(Protocol):
    """Shows how far work has come."""

    def show(self, what: str, done: int, total: int | None) -> None:
        """Show what is being done and how much of it is; called often, so it has to be quick."""

    def announce(self, what: str) -> None:
        """Show what is being done, of which nobody can say how far it has come."""

    def erase(self) -> None:
        """Show nothing, since the work is done."""


_shown_by: Progress | None = None


def show_progress(progress: Progress | None) -> None:
    """Tell `progress` from now on, or nobody."""
    global _shown_by  # noqa: PLW0603  (one process has one terminal)
    _shown_by = progress


def track(items: Iterable[_T], what: str, total: int | None = None) -> Iterator[_T]:
    """Yield the same items, and tell how many are done.

    `total` is how many there are, if they cannot be counted before.
    """
    if _shown_by is None:
        return iter(items)
    if total is None and isinstance(items, Sized):
        total = len(items)
    return _count(items, what, total, _shown_by)


@contextmanager
def announced(what: str) -> Iterator[None]:
    """Tell what is done meanwhile, if it is one step that may take long."""
    progress = _shown_by
    if progress is None:
        yield
        return
    progress.announce(what)
    try:
        yield
    finally:
        progress.erase()


def _count(items: Iterable[_T], what: str, total: int | None, progress: Progress) -> Iterator[_T]:
    try:
        for done, item in enumerate(items):
            progress.show(what, done, total)
            yield item
    finally:
        progress.erase()
